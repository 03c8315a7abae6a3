/* Topics in memory for those who look at them; the store stays the truth. */
#include "daemon/topic_cache.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/safety.h"
#include "proto/kind.h"
#include "store/store.h"

enum {
    TOPICS_KEPT = 2048,
    RECORDS_KEPT = 100000, /* of all topics but the one asked for */
    TOPIC_RECORDS_MAX = 1 << 20,
    AHEAD_MAX_MS = 1000,
    HEADS_MAX = 4096,
    PAGE = 256,
    OUTLINE_PAGE = 32 /* fewer works are looked at in vain */
};

/* Of one topic: anybody may put records into a topic that is followed. */
static const size_t bytes_max = (size_t)512 << 20;

struct entry {
    struct topic_state *state; /* NULL: free */
    uint64_t last_seq;         /* of the store when it was brought up to date */
    uint64_t changes;          /* likewise */
    uint64_t used;
    size_t bytes;    /* about what its records take */
    unsigned heads;  /* of records that the owner refuses */
    bool is_outline; /* works are left out */
    bool is_bare;    /* an outline, and there may be more to say */
};

struct topic_cache {
    struct node *node;
    struct entry entries[TOPICS_KEPT];
    size_t found; /* the entry that was asked for last */
    uint64_t turn;
};

enum err topic_cache_new(struct topic_cache **out, struct node *node)
{
    struct topic_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL)
        return ERR_NO_MEMORY;
    cache->node = node;
    *out = cache;
    return ERR_OK;
}

static void entry_drop(struct entry *e)
{
    topic_state_free(e->state);
    *e = (struct entry){ 0 };
}

void topic_cache_clear(struct topic_cache *cache)
{
    for (size_t i = 0; i < TOPICS_KEPT; i++)
        entry_drop(&cache->entries[i]);
}

void topic_cache_free(struct topic_cache *cache)
{
    if (cache == NULL)
        return;
    topic_cache_clear(cache);
    free(cache);
}

static struct entry *entry_find(struct topic_cache *cache,
                                const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < TOPICS_KEPT; i++) {
        size_t at = (cache->found + i) % TOPICS_KEPT;
        struct entry *e = &cache->entries[at];

        if (e->state == NULL || memcmp(e->state->topic, topic, ID_LEN) != 0)
            continue;
        cache->found = at;
        return e;
    }
    return NULL;
}

/* A free entry, or the least recently used one, emptied. */
static struct entry *entry_make(struct topic_cache *cache)
{
    struct entry *oldest = &cache->entries[0];

    for (size_t i = 1; i < TOPICS_KEPT; i++)
        if (cache->entries[i].used < oldest->used)
            oldest = &cache->entries[i];
    entry_drop(oldest);
    return oldest;
}

/*
 * What the owner refuses is judged by its head, as one whose body is absent:
 * releases and choices of others that name it go on to stand.  Anybody can make
 * such heads, so they are counted.
 */
static bool is_missed(struct entry *e, const struct node *node,
                      const struct store_item *item)
{
    if (e->heads == HEADS_MAX ||
        !safety_refuses(node, item->id, item->author, item->topic, item->kind))
        return false;
    e->heads++;
    return true;
}

/*
 * Some records make works matter to what an outline shows; and of heads that
 * are too many, which ones count depends on their order.
 */
static void outline_note(struct entry *e, const struct store_item *item)
{
    if (e->is_outline &&
        (authority_rests_on_works(item->kind) || e->heads == HEADS_MAX))
        e->is_bare = true;
}

/* Adds what a scan yields, if it belongs to the topic. */
static enum err entry_fill(struct entry *e, struct node *node,
                           struct store_scan *scan)
{
    struct store *store = node_store(node);
    struct store_item items[PAGE];
    struct writer w = writer_growing(RECORD_LEN_MAX);
    bool leaps = e->is_outline && e->last_seq == 0; /* by kinds */
    enum err err = ERR_OK;
    size_t n = 1;

    while (err == ERR_OK && n > 0) {
        err = store_scan_next(store, scan, items, leaps ? OUTLINE_PAGE : PAGE,
                              &n);
        for (size_t i = 0; err == ERR_OK && i < n; i++) {
            bool identity = items[i].kind == KIND_DEVICE_REVOKE ||
                            items[i].kind == KIND_SUCCESSION;

            if (e->is_outline && items[i].kind == KIND_CONTRIBUTION) {
                if (!leaps)
                    continue;
                store_scan_by_topic_from(scan, e->state->topic,
                                         KIND_CONTRIBUTION + 1);
                break;
            }
            outline_note(e, &items[i]);
            if ((items[i].presence != RECORD_HELD &&
                 !is_missed(e, node, &items[i])) ||
                (!identity &&
                 memcmp(items[i].topic, e->state->topic, ID_LEN) != 0))
                continue;
            writer_reset(&w);
            err = items[i].presence == RECORD_HELD
                      ? store_read_seq(store, items[i].seq, true, &w, NULL)
                      : store_read_head_seq(store, items[i].seq, &w);
            e->bytes += sizeof(struct topic_entry) + w.len;
            if (err == ERR_OK && e->bytes > bytes_max)
                err = ERR_TOO_LARGE;
            if (err == ERR_OK)
                err = topic_state_add(e->state, writer_view(&w));
        }
    }
    writer_free(&w);
    return err;
}

static enum err state_new(struct topic_state **out, const uint8_t topic[ID_LEN])
{
    struct slot_key key;
    enum err err = topic_state_new(out, topic, TOPIC_RECORDS_MAX);

    randombytes_buf(&key, sizeof key);
    if (err == ERR_OK)
        topic_state_set_key(*out, &key);
    return err;
}

/* Records that were there have changed or are gone: begins anew. */
static enum err entry_restart(struct entry *e)
{
    bool is_outline = e->is_outline;
    uint8_t topic[ID_LEN];

    memcpy(topic, e->state->topic, ID_LEN);
    entry_drop(e);
    e->is_outline = is_outline;
    return state_new(&e->state, topic);
}

/*
 * Records that are made here faster than one a millisecond are dated on from
 * the clock, and were tried at their date: whoever made them sees them.
 */
static uint64_t now_of(const struct entry *e, struct node *node)
{
    uint64_t now_ms = node_clock_ms(node);
    uint64_t judged_ms = e->state->now_ms;

    return judged_ms > now_ms && judged_ms - now_ms <= AHEAD_MAX_MS ? judged_ms
                                                                    : now_ms;
}

/* Brings the entry to what the store has now. */
static enum err entry_update(struct entry *e, struct node *node)
{
    struct store *store = node_store(node);
    uint64_t now_ms = now_of(e, node);
    struct store_totals totals;
    struct store_scan scan;
    enum err err = store_totals(store, &totals);

    if (err == ERR_OK && e->last_seq != 0 && totals.changes != e->changes)
        err = entry_restart(e);
    if (err != ERR_OK)
        return err;
    if (e->last_seq == 0 && e->is_outline)
        store_scan_by_topic_from(&scan, e->state->topic, 0);
    else if (e->last_seq == 0)
        store_scan_by_topic(&scan, e->state->topic);
    else
        store_scan_by_seq(&scan, e->last_seq);
    if (totals.last_seq != e->last_seq)
        err = entry_fill(e, node, &scan);
    if (err == ERR_OK)
        err = authority_judge(e->state, now_ms);
    if (err != ERR_OK)
        return err;
    e->last_seq = totals.last_seq;
    e->changes = totals.changes;
    return ERR_OK;
}

/* Lets go of the least recently used until the others fit. */
static void cache_trim(struct topic_cache *cache, const struct entry *asked)
{
    for (;;) { /* one entry less each time */
        struct entry *oldest = NULL;
        size_t records = 0;
        size_t bytes = 0;

        for (size_t i = 0; i < TOPICS_KEPT; i++) {
            struct entry *e = &cache->entries[i];

            if (e->state == NULL || e == asked)
                continue;
            records += topic_state_count(e->state);
            bytes += e->bytes;
            if (oldest == NULL || e->used < oldest->used)
                oldest = e;
        }
        if (oldest == NULL ||
            (records <= RECORDS_KEPT && bytes <= bytes_max / 4))
            return;
        entry_drop(oldest);
    }
}

/* The topic's entry, or a new one; what is there may be more than is asked. */
static enum err entry_get(struct topic_cache *cache,
                          const uint8_t topic[ID_LEN], bool as_outline,
                          struct entry **out)
{
    struct entry *e = entry_find(cache, topic);
    enum err err = ERR_OK;

    if (e != NULL && e->is_outline && !as_outline) {
        entry_drop(e);
        e = NULL;
    }
    if (e == NULL) {
        e = entry_make(cache);
        e->is_outline = as_outline;
        err = state_new(&e->state, topic);
    }
    if (err == ERR_OK)
        err = entry_update(e, cache->node);
    if (err != ERR_OK) {
        entry_drop(e);
        return err;
    }
    e->used = ++cache->turn;
    cache_trim(cache, e);
    *out = e;
    return ERR_OK;
}

enum err topic_cache_get(struct topic_cache *cache, const uint8_t topic[ID_LEN],
                         struct topic_state **out)
{
    struct entry *e;
    enum err err = entry_get(cache, topic, false, &e);

    if (err == ERR_OK)
        *out = e->state;
    return err;
}

enum err topic_cache_outline(struct topic_cache *cache,
                             const uint8_t topic[ID_LEN],
                             struct topic_state **out, bool *is_whole)
{
    struct entry *e;
    enum err err = entry_get(cache, topic, true, &e);

    if (err == ERR_OK && e->is_bare)
        err = entry_get(cache, topic, false, &e);
    if (err != ERR_OK)
        return err;
    *out = e->state;
    *is_whole = !e->is_outline;
    return ERR_OK;
}

uint64_t topic_cache_turn(const struct topic_cache *cache)
{
    return cache->turn;
}

enum err topic_cache_get_since(struct topic_cache *cache,
                               const uint8_t topic[ID_LEN], uint64_t turn,
                               struct topic_state **out)
{
    struct entry *e = entry_find(cache, topic);
    enum err err;

    if (e == NULL || e->is_outline || e->used <= turn)
        return topic_cache_get(cache, topic, out);
    err = authority_judge(e->state, now_of(e, cache->node));
    if (err == ERR_OK)
        *out = e->state;
    else
        entry_drop(e);
    return err;
}

void topic_cache_put(struct topic_cache *cache, const uint8_t topic[ID_LEN],
                     uint64_t seq, struct topic_entry *take)
{
    struct entry *e = entry_find(cache, topic);

    if (e != NULL && !e->is_outline && e->last_seq != 0 &&
        e->last_seq + 1 == seq && e->bytes <= bytes_max) {
        size_t len = take->record.head.len + take->record.body.len;

        if (topic_state_put(e->state, take) == ERR_OK) {
            e->bytes += sizeof *take + len + SIGNATURE_LEN;
            e->last_seq = seq;
        }
    }
    topic_entry_wipe(take);
}
