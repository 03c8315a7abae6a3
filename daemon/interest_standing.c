/*
 * Who has standing, topic by topic.  Not the whole topic is judged, which may
 * be large, but what can give or take standing; and not at each such record,
 * which anybody may write, but after a pause that grows with what it costs.
 */
#include <sodium.h>
#include <string.h>

#include "daemon/interest_parts.h"
#include "daemon/log.h"
#include "proto/authority.h"
#include "proto/kind.h"

enum {
    PAGE = 64,
    PAUSE_MIN_MS = 200,
    PAUSE_COSTS = 50 /* at most so small a part of the time is spent on it */
};

/* What is read of one topic. */
static const size_t bytes_max = (size_t)32 << 20;

/* Reading a topic's records into a state. */
struct reading {
    struct store *store;
    struct topic_state *state;
    struct writer w;
    size_t bytes;
};

/* ERR_TOO_LARGE: what has come so far has to do. */
static enum err add_seq(struct reading *r, uint64_t seq)
{
    enum err e;

    writer_reset(&r->w);
    e = store_read_seq(r->store, seq, true, &r->w, NULL);
    if (e != ERR_OK)
        return e == ERR_NOT_HELD || e == ERR_NOT_FOUND ? ERR_OK : e;
    r->bytes += r->w.len;
    if (r->bytes > bytes_max)
        return ERR_TOO_LARGE;
    e = topic_state_add(r->state, writer_view(&r->w));
    return e == ERR_USAGE ? ERR_OK : e; /* listed here, of another topic */
}

static enum err add_id(struct reading *r, const uint8_t id[ID_LEN])
{
    struct store_item item;
    enum err e = store_find(r->store, id, &item);

    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    return e == ERR_OK ? add_seq(r, item.seq) : e;
}

static enum err add_kind(struct reading *r, uint64_t kind)
{
    struct store_scan scan;
    struct store_item items[PAGE];
    size_t n = 1;
    enum err e = ERR_OK;

    store_scan_by_topic_kind(&scan, r->state->topic, kind);
    scan.held_only = true;
    while (e == ERR_OK && n > 0) {
        e = store_scan_next(r->store, &scan, items, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            e = add_seq(r, items[i].seq);
    }
    return e;
}

/* What a selection is judged by: the work, its first record, its request. */
static enum err add_selected(struct reading *r, const struct record *selection)
{
    const struct topic_entry *work;
    uint8_t id[ID_LEN];
    uint8_t request[ID_LEN];
    enum err e;

    if (!record_link_find(selection, RELATION_CONTRIBUTION, id))
        return ERR_OK;
    e = add_id(r, id);
    work = topic_state_find(r->state, id);
    if (e != ERR_OK || work == NULL)
        return e;
    if (work->record.has_revises) {
        memcpy(id, work->record.revises, ID_LEN);
        e = add_id(r, id);
    }
    work = topic_state_find(r->state, id);
    if (e == ERR_OK && work != NULL &&
        record_link_find(&work->record, RELATION_REQUEST, request))
        e = add_id(r, request);
    return e;
}

static enum err add_all(struct reading *r)
{
    static const uint64_t kinds[] = {
        KIND_PROFILE,       KIND_PROJECT,    KIND_MEMBERSHIP, KIND_ACCEPT,
        KIND_HANDOVER,      KIND_SELECTION,  KIND_VOUCH,      KIND_PAGE,
        KIND_DEVICE_REVOKE, KIND_SUCCESSION, KIND_RETRACTION
    };
    uint32_t last;
    enum err e = add_id(r, r->state->topic);

    for (size_t i = 0; e == ERR_OK && i < sizeof kinds / sizeof *kinds; i++)
        e = add_kind(r, kinds[i]);
    last = topic_state_count(r->state);
    for (uint32_t i = 0; e == ERR_OK && i < last; i++) {
        if (r->state->entries[i].record.kind == KIND_SELECTION) {
            /* Adding may move the entries, not the bytes that this borrows. */
            struct record selection = r->state->entries[i].record;

            e = add_selected(r, &selection);
        }
    }
    return e == ERR_TOO_LARGE ? ERR_OK : e;
}

/* `creator` is zeros while nobody can tell who leads. */
static enum err judge(struct interest *in, const uint8_t topic[ID_LEN],
                      struct standing *out, uint8_t creator[ID_LEN])
{
    static const uint8_t nobody[ID_LEN];
    const struct person_keys *own = node_person(in->node);
    struct reading r = { .store = node_store(in->node),
                         .w = writer_growing(RECORD_LEN_MAX) };
    const uint8_t *root = NULL;
    const uint8_t *leads;
    struct slot_key key;
    enum err e = topic_state_new(&r.state, topic, STANDING_MAX);

    if (e != ERR_OK)
        return e;
    randombytes_buf(&key, sizeof key);
    topic_state_set_key(r.state, &key);
    if (memcmp(topic, node_board(in->node), ID_LEN) == 0)
        root = own == NULL ? nobody : own->person;
    else if (own != NULL && memcmp(topic, own->person, ID_LEN) == 0)
        root = own->person;
    e = add_all(&r);
    if (e == ERR_OK)
        e = authority_judge(r.state, node_clock_ms(in->node));
    if (e == ERR_OK)
        e = standing_list(out, r.state, root);
    if (e == ERR_OK) {
        leads = authority_creator(r.state, node_clock_ms(in->node));
        memset(creator, 0, ID_LEN);
        if (leads != NULL)
            memcpy(creator, leads, ID_LEN);
    }
    topic_state_free(r.state);
    writer_free(&r.w);
    return e;
}

/* Whether somebody has standing now who had not. */
static bool has_gained(const struct standing *before,
                       const struct standing *after)
{
    for (uint32_t i = 0; i < after->count; i++)
        if (!standing_has(before, after->people[i]))
            return true;
    return false;
}

/* What follows from a new judgement for what was stored under the old one. */
static void review(struct interest *in, const struct interest_topic *t,
                   const struct standing *now)
{
    struct interest_job job = { .kind = INTEREST_REVIEW };

    memcpy(job.topic, t->topic, ID_LEN);
    job.is_full_review = t->is_known && !standing_same_rules(&t->standing, now);
    /* At the first look nobody knows who had standing before. */
    if (!t->is_known || job.is_full_review || has_gained(&t->standing, now))
        interest_job_add(in, &job);
}

static void judge_again(struct interest *in, struct interest_topic *t)
{
    uint64_t began_ns = uv_hrtime();
    struct standing now;
    uint8_t creator[ID_LEN];
    enum err e = judge(in, t->topic, &now, creator);
    uint64_t cost_ms = (uv_hrtime() - began_ns) / 1000000;
    uint64_t pause_ms = cost_ms * PAUSE_COSTS;

    t->next_ms = uv_now(node_loop(in->node)) +
                 (pause_ms > PAUSE_MIN_MS ? pause_ms : PAUSE_MIN_MS);
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "interest", "not_judged", "topic=%s why=%s",
                  log_id(t->topic).text, err_name(e));
        return; /* what was known before holds until the next try */
    }
    review(in, t, &now);
    standing_wipe(&t->standing);
    t->standing = now;
    memcpy(t->creator, creator, ID_LEN);
    t->is_known = true;
    t->is_stale = false;
}

static struct interest_topic *find(struct interest *in,
                                   const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < INTEREST_TOPICS; i++)
        if (in->topics[i].is_used &&
            memcmp(in->topics[i].topic, topic, ID_LEN) == 0)
            return &in->topics[i];
    return NULL;
}

/* A free entry, or the least recently asked for, emptied. */
static struct interest_topic *make(struct interest *in,
                                   const uint8_t topic[ID_LEN])
{
    struct interest_topic *t = &in->topics[0];

    for (size_t i = 1; i < INTEREST_TOPICS; i++)
        if (in->topics[i].asked < t->asked)
            t = &in->topics[i];
    standing_wipe(&t->standing);
    *t = (struct interest_topic){ .is_used = true, .is_stale = true };
    memcpy(t->topic, topic, ID_LEN);
    return t;
}

struct interest_topic *interest_topic_get(struct interest *in,
                                          const uint8_t topic[ID_LEN])
{
    struct interest_topic *t = find(in, topic);

    if (t == NULL)
        t = make(in, topic);
    t->asked = ++in->asked;
    if (t->is_stale && uv_now(node_loop(in->node)) >= t->next_ms)
        judge_again(in, t);
    return t;
}

void interest_topic_stale(struct interest *in, const uint8_t topic[ID_LEN])
{
    struct interest_topic *t = find(in, topic);

    if (t == NULL)
        return;
    t->is_stale = true;
    in->has_stale = true;
}

bool interest_is_settled(struct interest *in, const uint8_t topic[ID_LEN])
{
    const struct interest_topic *t = find(in, topic);

    if (t != NULL && t->is_stale)
        return false;
    for (size_t i = 0; i < in->jobs_count; i++)
        if (memcmp(in->jobs[i].topic, topic, ID_LEN) == 0)
            return false;
    return true;
}

void interest_topics_tick(struct interest *in)
{
    uint64_t now_ms = uv_now(node_loop(in->node));

    if (!in->has_stale)
        return;
    in->has_stale = false;
    for (size_t i = 0; i < INTEREST_TOPICS; i++) {
        struct interest_topic *t = &in->topics[i];

        if (t->is_used && t->is_stale && now_ms >= t->next_ms)
            judge_again(in, t);
        in->has_stale = in->has_stale || (t->is_used && t->is_stale);
    }
}

void interest_topics_wipe(struct interest *in)
{
    for (size_t i = 0; i < INTEREST_TOPICS; i++)
        standing_wipe(&in->topics[i].standing);
}
