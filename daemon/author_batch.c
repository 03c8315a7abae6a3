/* Authoring in batches: what author.c does for one record, for thousands. */
#include "daemon/author_batch.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/desk.h"
#include "daemon/field_error.h"
#include "daemon/ingest.h"
#include "daemon/keys.h"
#include "daemon/node_parts.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/topic_cache.h"
#include "proto/authority.h"
#include "store/store.h"

/* Of the pool's four threads, one is always left to others: files. */
enum { JOB_DRAFTS = 256, JOBS = 3, ERRORS_MAX = 100 };

/* One draft on its way: read, made on the pool, tried, published. */
struct draft {
    struct batch *batch;
    const struct kind *kind;
    const struct mp_value *fields; /* of the call's params */
    uint8_t topic[ID_LEN];         /* zeros: it founds one */
    uint8_t revises[ID_LEN];
    bool has_revises;
    bool listed;
    uint64_t created_ms;

    bool has_ended;
    enum err err;
    struct bytes wrong; /* the field that was */
    uint8_t id[ID_LEN];
    struct topic_entry made; /* the record, until it is durable */
};

struct batch {
    struct call *call;
    struct node *node;
    struct person_keys keys;
    uint64_t turn; /* of the topics in memory, when it came */
    struct draft *drafts;
    size_t count;
    size_t next; /* the first that no job has taken */
    size_t left; /* not ended yet */
    unsigned jobs;
    uint64_t stored;
    uint64_t known;
    uint64_t refused;
    struct writer errors; /* as they will be answered */
    uint32_t errors_count;
};

struct sign_job {
    uv_work_t work;
    struct batch *batch;
    size_t first;
    size_t end;
};

static void start_jobs(struct batch *b);

/* ---- The answer ---------------------------------------------------------- */

static void put_ids(struct writer *w, const struct batch *b)
{
    pair_array(w, "ids", (uint32_t)b->count);
    for (size_t i = 0; i < b->count; i++) {
        char hex[2 * ID_LEN + 1];

        hex_encode(hex, BYTES_ARRAY(b->drafts[i].id));
        if (b->drafts[i].err == ERR_OK)
            mp_put_text(w, hex);
        else
            mp_put_nil(w);
    }
}

static void batch_free(struct batch *b)
{
    for (size_t i = 0; b->drafts != NULL && i < b->count; i++)
        topic_entry_wipe(&b->drafts[i].made);
    free(b->drafts);
    writer_free(&b->errors);
    person_keys_wipe(&b->keys);
    free(b);
}

static void answer(struct batch *b)
{
    bool ids = mp_bool(call_param(b->call, "ids"));
    struct writer *w = call_reply(b->call);

    mp_put_map(w, ids ? 5 : 4);
    pair_uint(w, "stored", b->stored);
    pair_uint(w, "known", b->known);
    pair_uint(w, "refused", b->refused);
    pair_array(w, "errors", b->errors_count);
    writer_bytes(w, writer_view(&b->errors));
    if (ids)
        put_ids(w, b);
    call_send(b->call);
    batch_free(b);
}

static void release(struct batch *b)
{
    assert(b->left > 0);
    if (--b->left == 0)
        answer(b);
}

/* ---- The end of a draft -------------------------------------------------- */

static void refuse(struct draft *d, enum err e, const char *text)
{
    struct batch *b = d->batch;
    struct writer *w = &b->errors;

    d->err = e;
    d->has_ended = true;
    b->refused++;
    if (b->errors_count < ERRORS_MAX) {
        b->errors_count++;
        mp_put_map(w, 3);
        pair_uint(w, "line", (uint64_t)(d - b->drafts));
        pair_text(w, "name", err_name(e));
        pair_text(w, "text", text == NULL ? err_text(e) : text);
    }
    release(b);
}

/* A record that founds a topic is the first of its own. */
static const uint8_t *topic_of(const struct draft *d)
{
    return sodium_is_zero(d->topic, ID_LEN) ? d->id : d->topic;
}

static void on_published(void *context, enum err e,
                         const struct store_result *result)
{
    struct draft *d = context;

    if (e != ERR_OK) {
        refuse(d, e, NULL);
        return;
    }
    if (result->outcome == STORE_KNOWN) {
        d->batch->known++;
    } else {
        d->batch->stored++;
        topic_cache_put(desk_topics(call_desk(d->batch->call)), topic_of(d),
                        result->seq, &d->made);
    }
    release(d->batch);
}

/* ---- Tried by the rules -------------------------------------------------- */

static void refuse_void(struct draft *d, const struct verdict *verdict)
{
    struct desk *desk = call_desk(d->batch->call);
    struct bytes name = { NULL, 0 };
    char text[VERDICT_TEXT_MAX];

    if (verdict->about == VERDICT_ABOUT_PERSON)
        name = desk_name(desk, verdict->subject);
    verdict_text(verdict, name, text);
    refuse(d, ERR_REFUSED, text);
}

/* `state` is that of the draft's topic, judged. */
static void try_one(struct draft *d, struct topic_state *state)
{
    /* Going back in time would judge the whole topic anew. */
    uint64_t now_ms =
        state->now_ms > d->created_ms ? state->now_ms : d->created_ms;
    struct verdict verdict;
    enum err e = authority_try_made(state, &verdict, &d->made, now_ms);

    if (e != ERR_OK)
        refuse(d, e, NULL);
    else if (verdict.state == VERDICT_VOID)
        refuse_void(d, &verdict);
    else
        node_publish_record(d->batch->node, &d->made.record, on_published, d);
}

/* Topics are judged once for all drafts of a job that lie side by side. */
static void try_all(struct batch *b, size_t first, size_t end)
{
    struct topic_cache *topics = desk_topics(call_desk(b->call));
    struct topic_state *state = NULL;
    const uint8_t *topic = NULL;

    for (size_t i = first; i < end; i++) {
        struct draft *d = &b->drafts[i];
        enum err e = ERR_OK;

        if (d->has_ended)
            continue;
        if (d->err != ERR_OK) {
            char text[FIELD_ERROR_MAX];

            if (d->err == ERR_USAGE)
                field_error_text(text, d->kind, d->wrong, d->fields);
            refuse(d, d->err, d->err == ERR_USAGE ? text : NULL);
            continue;
        }
        if (topic == NULL || memcmp(topic, topic_of(d), ID_LEN) != 0) {
            topic = topic_of(d);
            e = topic_cache_get_since(topics, topic, b->turn, &state);
        }
        if (e == ERR_OK) {
            try_one(d, state);
            continue;
        }
        topic = NULL;
        refuse(d, e, NULL);
    }
}

/* ---- On the pool --------------------------------------------------------- */

static enum err sign(struct draft *d, struct writer *whole, struct bytes map,
                     const struct kind_links *links)
{
    const struct person_keys *keys = &d->batch->keys;
    struct record_draft record = {
        .kind = d->kind->number,
        .created_ms = d->created_ms,
        .revises = d->has_revises ? d->revises : NULL,
        .links = links->at,
        .links_count = links->count,
        .map = map,
        .flags = d->listed ? RECORD_LISTED : 0,
    };

    memcpy(record.author, keys->person, ID_LEN);
    memcpy(record.topic, d->topic, ID_LEN);
    randombytes_buf(record.salt, sizeof record.salt);
    return record_write(
        whole, d->id, &record, &keys->device,
        (struct bytes){ keys->certificate, keys->certificate_len },
        node_network(d->batch->node));
}

static void make(struct draft *d, struct writer *map, struct writer *whole)
{
    struct kind_links links;

    writer_reset(map);
    writer_reset(whole);
    d->err = kind_encode(d->kind, map, &links, &d->wrong, d->fields);
    if (d->err == ERR_OK)
        d->err = sign(d, whole, writer_view(map), &links);
    if (d->err == ERR_OK)
        d->err = topic_entry_make(&d->made, writer_view(whole));
}

static void on_sign(uv_work_t *work)
{
    struct sign_job *job = work->data;
    struct writer map = writer_growing(RECORD_BODY_MAX);
    struct writer whole = writer_growing(RECORD_LEN_MAX);

    for (size_t i = job->first; i < job->end; i++) {
        if (job->batch->drafts[i].err == ERR_OK)
            make(&job->batch->drafts[i], &map, &whole);
    }
    writer_free(&map);
    writer_free(&whole);
}

static void on_signed(uv_work_t *work, int status)
{
    struct sign_job *job = work->data;
    struct batch *b = job->batch;

    b->jobs--;
    ingest_expect_less(node_ingest(b->node), job->end - job->first);
    for (size_t i = job->first; status != 0 && i < job->end; i++)
        b->drafts[i].err = ERR_SHUTDOWN;
    start_jobs(b);
    try_all(b, job->first, job->end);
    free(job);
}

/* Their time is that of now, so that none is dated ahead. */
static void date(struct batch *b, size_t first, size_t end)
{
    struct desk *desk = call_desk(b->call);

    for (size_t i = first; i < end; i++) {
        struct draft *d = &b->drafts[i];

        d->created_ms =
            d->has_revises ? desk_next_ms(desk) : desk_same_ms(desk);
    }
}

static void start_jobs(struct batch *b)
{
    while (b->next < b->count && b->jobs < JOBS) {
        struct sign_job *job = calloc(1, sizeof *job);
        size_t left = b->count - b->next;
        size_t end = b->next + (left < JOB_DRAFTS ? left : JOB_DRAFTS);
        int status;

        if (job == NULL) { /* these without it, the next ones with it */
            for (size_t i = b->next; i < end; i++)
                b->drafts[i].err = ERR_NO_MEMORY;
            try_all(b, b->next, end);
            b->next = end;
            continue;
        }
        job->batch = b;
        job->first = b->next;
        job->end = end;
        job->work.data = job;
        date(b, job->first, job->end);
        ingest_expect_more(node_ingest(b->node), end - b->next);
        b->next = end;
        b->jobs++;
        status =
            uv_queue_work(node_loop(b->node), &job->work, on_sign, on_signed);
        assert(status == 0); /* it fails without a work function only */
    }
}

/* ---- Reading the drafts -------------------------------------------------- */

static bool is_key(struct bytes name)
{
    static const char *const KEYS[] = { "kind",   "topic",  "project",
                                        "fields", "listed", "revises" };

    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (bytes_equal(name, (struct bytes){ (const uint8_t *)KEYS[i],
                                              strlen(KEYS[i]) }))
            return true;
    return false;
}

/* A whole id, or the prefix of one that is held here. */
static enum err read_id(const struct batch *b, const struct mp_value *v,
                        uint8_t out[ID_LEN], size_t digits_min)
{
    struct bytes hex = mp_str(v);
    char digits[2 * ID_LEN];

    if (hex.len < digits_min || hex.len > sizeof digits)
        return ERR_NOT_FOUND;
    memcpy(digits, hex.data, hex.len);
    if (hex.len == sizeof digits)
        return hex_decode(out, ID_LEN, digits, hex.len);
    return store_resolve(node_store(b->node), digits, hex.len, out);
}

static const char *read_revises(struct draft *d, const struct mp_value *v)
{
    struct store_item item;

    if (mp_type(v) == MP_NIL)
        return NULL;
    if (read_id(d->batch, v, d->revises, 16) != ERR_OK ||
        store_find(node_store(d->batch->node), d->revises, &item) != ERR_OK ||
        item.kind != d->kind->number)
        return "revises: no record of this kind is held here by that id";
    d->has_revises = true;
    return NULL;
}

/* What is wrong with the draft before its fields are looked at, or NULL. */
static const char *read_draft(struct draft *d, const struct mp_value *v)
{
    const struct mp_value *topic = mp_get(v, "topic");

    if (mp_type(v) != MP_MAP)
        return "a draft is a map of kind, topic and fields";
    for (uint32_t i = 0; i < mp_count(v); i++)
        if (!is_key(mp_key_at(v, i)))
            return "a draft has no other keys than kind, topic or project, "
                   "fields, listed and revises";
    d->kind = kind_by_name(mp_str(mp_get(v, "kind")));
    if (d->kind == NULL || d->kind->author != AUTHOR_PERSON)
        return "people make no records of that kind";
    d->fields = mp_get(v, "fields");
    d->listed = mp_bool(mp_get(v, "listed"));
    if (mp_type(topic) == MP_NIL)
        topic = mp_get(v, "project");
    if (mp_type(topic) != MP_NIL &&
        read_id(d->batch, topic, d->topic, 6) != ERR_OK)
        return "topic: nothing that is held here has that id";
    return read_revises(d, mp_get(v, "revises"));
}

/* Drafts that say nothing good take no part in what follows. */
static void read_all(struct batch *b, const struct mp_value *given)
{
    for (size_t i = 0; i < b->count; i++) {
        struct draft *d = &b->drafts[i];
        const char *wrong;

        d->batch = b;
        wrong = read_draft(d, mp_at(given, (uint32_t)i));
        if (wrong != NULL)
            refuse(d, ERR_MALFORMED, wrong);
    }
}

void author_batch(struct call *call)
{
    const struct mp_value *given = call_param(call, "drafts");
    const struct person_keys *keys = param_signer(call);
    struct batch *b;

    if (keys == NULL)
        return;
    if (mp_type(given) != MP_ARRAY || mp_count(given) == 0 ||
        mp_count(given) > AUTHOR_BATCH_MAX) {
        call_failf(call, ERR_USAGE, NULL, "drafts is a list of 1 to %d",
                   AUTHOR_BATCH_MAX);
        return;
    }
    b = calloc(1, sizeof *b);
    if (b != NULL)
        b->drafts = calloc(mp_count(given), sizeof *b->drafts);
    if (b == NULL || b->drafts == NULL) {
        free(b);
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    b->call = call;
    b->node = call_node(call);
    b->keys = *keys;
    b->turn = topic_cache_turn(desk_topics(call_desk(call)));
    b->count = mp_count(given);
    b->left = b->count + 1; /* one while it is being read and started */
    b->errors = writer_growing(CONTROL_MESSAGE_MAX / 4);
    read_all(b, given);
    start_jobs(b);
    release(b);
}
