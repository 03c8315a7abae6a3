/*
 * Bytes become a topic of records whose heads say anything and whose bodies are
 * any canonical map; whatever is added must be judged and shown, and judged
 * alike in the opposite order, step by step.  Each record is: kind, author,
 * relation of one link and which record it names, what it revises, date, flags,
 * length of the body's map, the map.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/credits.h"
#include "proto/kind.h"
#include "proto/view_said.h"

#define RECORDS_MAX 32
#define HEAD_LEN    8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_record {
    uint8_t id[ID_LEN];
    struct bytes whole; /* owned */
};

static const struct network *network(void)
{
    static struct network n;

    if (n.len == 0 && network_parse(&n, "test") != ERR_OK)
        abort();
    return &n;
}

/* Takes one record off the input; false at its end. */
static bool take(struct reader *r, struct fuzz_record *made, uint32_t count,
                 const uint8_t topic[ID_LEN])
{
    static const uint8_t seed[32] = { 1 };
    struct sign_key key;
    struct record_link link = { 0 };
    struct record_draft draft = { 0 };
    struct writer w = writer_growing(RECORD_LEN_MAX);
    uint8_t head[HEAD_LEN];

    reader_copy(r, head, sizeof head);
    if (r->err != ERR_OK)
        return false;
    sign_key_from_seed(&key, seed);
    draft.kind = head[0];
    memset(draft.author, head[1] % 4, ID_LEN);
    memcpy(draft.topic, topic, ID_LEN);
    draft.created_ms = head[5];
    draft.flags = head[6] % 4;
    link.relation = head[2] % 32;
    if (count > 0) {
        memcpy(link.id, made[head[3] % count].id, ID_LEN);
        draft.links = &link;
        draft.links_count = 1;
        if (head[4] != 0)
            draft.revises = made[head[4] % count].id;
    }
    draft.map = reader_bytes(r, head[7]);
    if (r->err == ERR_OK &&
        record_write(&w, made[count].id, &draft, &key, (struct bytes){ 0 },
                     network()) == ERR_OK) {
        made[count].whole = writer_view(&w); /* taken from the writer */
        return true;
    }
    writer_free(&w);
    return false;
}

/* What any record may be answered with: it is shown, or of another kind or
 * topic, or longer than a message. */
static void expect(enum err e)
{
    assert(e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_USAGE ||
           e == ERR_NO_SPACE);
}

static struct topic_state *judge(const struct fuzz_record *made, uint32_t count,
                                 bool backwards)
{
    struct topic_state *ts;

    if (topic_state_new(&ts, made[0].id, RECORDS_MAX) != ERR_OK)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        expect(topic_state_add(ts, made[backwards ? count - 1 - i : i].whole));
        if (backwards) /* step by step, at times that go back and forth */
            assert(authority_judge(ts, 50 * (i % 5)) == ERR_OK);
    }
    assert(authority_judge(ts, 200) == ERR_OK);
    return ts;
}

/* Whatever a record is, showing it must not fail for want of meaning. */
static void show(const struct topic_state *ts)
{
    struct view v = { .topic = ts };
    struct view_page page = { 0 };
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const uint8_t *id = topic_state_at(ts, i)->record.id;

        expect(view_record_show(&w, &v, id, 0));
        expect(view_request_show(&w, &v, id, 0));
        expect(view_contribution_show(&w, &v, id, &page, 0));
        expect(view_thread_show(&w, &v, id, &page, 0));
        expect(view_release_show(&w, &v, id, 0));
        expect(view_split_show(&w, &v, id, 0));
        expect(view_tree(&w, &v, id, 0));
        writer_reset(&w);
    }
    expect(view_project_show(&w, &v, 0));
    writer_free(&w);
}

static void compare(const struct topic_state *a, const struct topic_state *b)
{
    for (uint32_t i = 0; i < topic_state_count(a); i++) {
        const struct topic_entry *e = topic_state_at(a, i);
        const struct topic_entry *f = topic_state_find(b, e->record.id);

        assert(f != NULL);
        assert(memcmp(&e->verdict, &f->verdict, sizeof e->verdict) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[ID_LEN];
    struct fuzz_record made[RECORDS_MAX] = { 0 };
    struct reader r = reader_of((struct bytes){ data, size });
    uint32_t count = 0;

    while (count < RECORDS_MAX &&
           take(&r, made, count, count == 0 ? zeros : made[0].id))
        count++;
    if (count > 0) {
        struct topic_state *a = judge(made, count, false);
        struct topic_state *b = judge(made, count, true);

        compare(a, b);
        show(a);
        topic_state_free(a);
        topic_state_free(b);
    }
    for (uint32_t i = 0; i < count; i++)
        free((void *)(uintptr_t)made[i].whole.data);
    return 0;
}
