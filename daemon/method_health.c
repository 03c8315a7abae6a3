/* How well whole topics are held. */
#include <stdlib.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/copies.h"
#include "daemon/holders.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/param_topic.h"
#include "store/store.h"

enum { TOPICS_MAX_SHOWN = 1024, LOOK_AGAIN_MS = 20 };

/* A question that waits until the records have been gone through. */
struct checkup {
    uv_timer_t timer;
    struct call *call; /* NULL: it was answered, or nobody waits any more */
    size_t count;
    uint8_t topics[TOPICS_MAX_SHOWN][ID_LEN]; /* ascending */
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct call *checkup_end(struct checkup *c)
{
    struct call *call = c->call;

    c->call = NULL;
    uv_close((uv_handle_t *)&c->timer, on_closed);
    return call;
}

static void on_gone(struct call *call)
{
    call_fail(checkup_end(call_data(call)), ERR_CANCELLED, NULL, NULL);
}

static void put_topic(struct node *node, struct writer *w,
                      const uint8_t topic[ID_LEN])
{
    struct holders_sum sum;
    struct body body;

    (void)holders_sum(node, topic, &sum);
    mp_put_map(w, 8);
    pair_id(w, "id", topic);
    pair_str(w, "title", body_open_title(&body, node_store(node), topic));
    body_close(&body);
    pair_uint(w, "blobs", sum.blobs);
    pair_uint(w, "held_here", sum.here);
    pair_uint(w, "under_target", sum.under_target);
    pair_uint(w, "only_here", sum.only_here);
    pair_uint(w, "nowhere", sum.nowhere);
    pair_bool(w, "cut", sum.is_cut);
}

/* Where the page before ended: a topic and a blob of it. */
struct cursor_at {
    bool is_given;
    uint8_t topic[ID_LEN];
    struct blob_id blob;
};

#define CURSOR_LEN (2 * (ID_LEN + HASH_LEN + 8))

static bool read_cursor(struct call *call, struct cursor_at *out)
{
    struct bytes text = mp_str(call_param(call, "after"));
    uint8_t raw[ID_LEN + HASH_LEN + 8];

    out->is_given = text.len > 0;
    if (!out->is_given)
        return true;
    if (text.len != CURSOR_LEN ||
        hex_decode(raw, sizeof raw, (const char *)text.data, text.len) !=
            ERR_OK)
        return false;
    memcpy(out->topic, raw, ID_LEN);
    memcpy(out->blob.root, raw + ID_LEN, HASH_LEN);
    out->blob.size = get_u64(raw + ID_LEN + HASH_LEN);
    return true;
}

static void put_next(struct writer *w, const struct cursor_at *last)
{
    uint8_t raw[ID_LEN + HASH_LEN + 8];
    char text[CURSOR_LEN + 1];

    memcpy(raw, last->topic, ID_LEN);
    memcpy(raw + ID_LEN, last->blob.root, HASH_LEN);
    put_u64(raw + ID_LEN + HASH_LEN, last->blob.size);
    hex_encode(text, BYTES_ARRAY(raw));
    pair_text(w, "next", text);
}

/* Up to `limit` files of the topics, by topic and name, behind the cursor. */
static uint32_t put_blobs(const struct checkup *c, struct writer *items,
                          uint32_t limit, bool only_under, struct cursor_at *at)
{
    static struct holders_blob page[FILE_NAMES_ASKED];
    static struct blob_id blobs[FILE_NAMES_ASKED];
    static struct file_names_set names;
    struct node *node = call_node(c->call);
    uint32_t count = 0;

    for (size_t i = 0; i < c->count && count < limit; i++) {
        const uint8_t *topic = c->topics[i];
        int order = at->is_given ? memcmp(topic, at->topic, ID_LEN) : 1;
        size_t n;

        if (order < 0)
            continue;
        n = holders_list(node, topic, order == 0 ? &at->blob : NULL, only_under,
                         page, limit - count);
        for (size_t k = 0; k < n; k++)
            blobs[k] = page[k].id;
        copies_names(node, topic, blobs, n, &names);
        for (size_t k = 0; k < n; k++)
            copies_put_item(node, items,
                            &(struct copies_item){ .topic = topic,
                                                   .blob = page[k].id,
                                                   .target = page[k].target,
                                                   .names = &names.of[k] });
        file_names_wipe(&names);
        count += (uint32_t)n;
        if (n > 0) {
            at->is_given = true;
            memcpy(at->topic, topic, ID_LEN);
            at->blob = page[n - 1].id;
        }
    }
    return count;
}

static void reply_health(struct checkup *c)
{
    struct call *call = c->call;
    uint32_t limit = param_limit(call);
    bool only_under = mp_bool(call_param(call, "under"));
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    struct cursor_at at;
    struct writer *w;
    uint32_t count;

    if (!read_cursor(call, &at)) {
        call_fail(checkup_end(c), ERR_USAGE, "this is no cursor of this list",
                  "Take `next` of the answer before.");
        return;
    }
    count = put_blobs(c, &items, limit, only_under, &at);
    w = call_reply(call);
    mp_put_map(w, 3);
    pair_array(w, "topics", (uint32_t)c->count);
    for (size_t i = 0; i < c->count; i++)
        put_topic(call_node(call), w, c->topics[i]);
    pair_array(w, "items", count);
    writer_bytes(w, writer_view(&items));
    if (count == limit)
        put_next(w, &at);
    else
        pair_nil(w, "next");
    if (items.err != ERR_OK)
        writer_fail(w, ERR_TOO_LARGE);
    writer_free(&items);
    call_send(checkup_end(c));
}

static bool is_board(struct call *call, const uint8_t id[ID_LEN])
{
    return memcmp(id, node_board(call_node(call)), ID_LEN) == 0;
}

/* Held here with its files: of the call board nobody holds any, though a pledge
 * to everybody has a row for it. */
static bool is_topic(struct call *call, const uint8_t id[ID_LEN])
{
    const struct person_keys *person = node_person(call_node(call));
    struct store_follow follow;

    return (person != NULL && memcmp(person->person, id, ID_LEN) == 0) ||
           (!is_board(call, id) &&
            store_follow_find(node_store(call_node(call)), id, &follow) ==
                ERR_OK);
}

/* Whether there is anything to wait for: it may have been given up since. */
static bool is_ready(struct call *call, const uint8_t topic[ID_LEN])
{
    struct holders_sum sum;

    return holders_sum(call_node(call), topic, &sum) || !is_topic(call, topic);
}

static void on_look(uv_timer_t *timer)
{
    struct checkup *c = timer->data;

    for (size_t i = 0; i < c->count; i++) {
        if (!is_ready(c->call, c->topics[i])) {
            (void)uv_timer_start(&c->timer, on_look, LOOK_AGAIN_MS, 0);
            return;
        }
    }
    reply_health(c);
}

/* All topics that this node holds files of. */
static void gather_topics(struct call *call, struct checkup *c)
{
    const struct person_keys *person = node_person(call_node(call));
    struct store_follow page[64];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    bool has_own = person == NULL;
    size_t n = 1;

    while (n > 0 && store_follows(node_store(call_node(call)), after, page, 64,
                                  &n) == ERR_OK) {
        for (size_t i = 0; i < n && c->count + 1 < TOPICS_MAX_SHOWN; i++) {
            int order =
                has_own ? 1 : memcmp(person->person, page[i].topic, ID_LEN);

            if (order <= 0) {
                memcpy(c->topics[c->count++], person->person, ID_LEN);
                has_own = true;
            }
            if (order != 0 && !is_board(call, page[i].topic))
                memcpy(c->topics[c->count++], page[i].topic, ID_LEN);
        }
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
    if (!has_own)
        memcpy(c->topics[c->count++], person->person, ID_LEN);
}

void method_health(struct call *call)
{
    struct checkup *c;
    uint8_t id[ID_LEN];

    if (param_is_given(call, "project")) {
        if (!param_topic(call, "project", id))
            return;
        if (!is_topic(call, id)) {
            call_fail(call, ERR_NOT_FOUND, "this is not held here",
                      "Hold it with: troupe project follow PROJECT, or troupe "
                      "seed PROJECT");
            return;
        }
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    c->call = call;
    if (param_is_given(call, "project"))
        memcpy(c->topics[c->count++], id, ID_LEN);
    else
        gather_topics(call, c);
    (void)uv_timer_init(node_loop(call_node(call)), &c->timer);
    c->timer.data = c;
    call_set_data(call, c);
    call_on_abandon(call, on_gone);
    (void)uv_timer_start(&c->timer, on_look, 0, 0);
}
