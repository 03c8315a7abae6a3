/* Whether a request has been answered, asked of the store's links. */
#include "daemon/answered.h"

#include <assert.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/kind.h"
#include "store/store.h"

enum { PAGE = 8, TRIED_MAX = 8, LOOKED_MAX = 256 };

/* One search: of the topic without its works. */
struct asking {
    struct store *store;
    struct topic_state *topic;
    struct writer whole;
    unsigned looked;
    unsigned tried;
    bool is_answered; /* for certain */
    bool is_unsure;   /* there is a work of which only the whole topic tells */
};

/*
 * The verdict of a work rests on what is there and on its own versions (§7.6):
 * of one that has no others it is known without the rest.  Where that would
 * have the topic judged anew for each work, the whole of it is read instead.
 */
static enum err try_work(struct asking *s, const struct store_item *item)
{
    struct store_scan revisions;
    struct store_item revision;
    struct verdict verdict;
    struct topic_entry made;
    size_t n;
    enum err e;

    s->is_unsure = true; /* unless it answers */
    if (item->presence != RECORD_HELD || s->tried++ == TRIED_MAX)
        return ERR_OK;
    store_scan_by_revises(&revisions, item->id);
    e = store_scan_next(s->store, &revisions, &revision, 1, &n);
    if (e != ERR_OK || n > 0)
        return e;
    writer_reset(&s->whole);
    e = store_read_seq(s->store, item->seq, true, &s->whole, NULL);
    if (e == ERR_OK)
        e = topic_entry_make(&made, writer_view(&s->whole));
    if (e != ERR_OK)
        return e;
    if (authority_tries_alone(s->topic, &made)) { /* so it revises nothing */
        e = authority_try_made(s->topic, &verdict, &made, s->topic->now_ms);
        s->is_answered = e == ERR_OK && verdict_is_in_force(&verdict);
    }
    topic_entry_wipe(&made);
    return e;
}

/* Works that name this version. */
static enum err look_at(struct asking *s, const uint8_t version[ID_LEN])
{
    struct store_item items[PAGE];
    struct store_scan scan;
    enum err e = ERR_OK;
    size_t n = 1;

    store_scan_by_link(&scan, version, STORE_RELATION_ANY);
    while (e == ERR_OK && n > 0 && !s->is_answered) {
        e = store_scan_next(s->store, &scan, items, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n && !s->is_answered; i++) {
            if (++s->looked > LOOKED_MAX || s->tried > TRIED_MAX) {
                s->is_unsure = true;
                return ERR_OK;
            }
            if (items[i].kind == KIND_CONTRIBUTION &&
                memcmp(items[i].topic, s->topic->topic, ID_LEN) == 0)
                e = try_work(s, &items[i]);
        }
    }
    return e;
}

/* The versions of the request, which all are in the topic. */
static enum err look(struct asking *s, const struct topic_entry *request)
{
    const struct topic_state *ts = s->topic;
    uint32_t first = request->first;
    uint8_t id[ID_LEN];
    enum err e;

    memcpy(id, ts->entries[first].record.id, ID_LEN);
    e = look_at(s, id);
    for (uint32_t i = 0; e == ERR_OK && !s->is_answered && i < ts->count; i++) {
        if (i == first || ts->entries[i].first != first ||
            !ts->entries[i].record.has_revises)
            continue;
        memcpy(id, ts->entries[i].record.id, ID_LEN);
        e = look_at(s, id);
    }
    return e;
}

enum err answered_find(bool *out, struct topic_cache *cache, struct node *node,
                       const uint8_t topic[ID_LEN],
                       const uint8_t request[ID_LEN])
{
    struct asking s = { .store = node_store(node),
                        .whole = writer_growing(RECORD_LEN_MAX) };
    const struct topic_entry *entry;
    bool is_whole;
    enum err e = topic_cache_outline(cache, topic, &s.topic, &is_whole);

    if (e == ERR_OK && !is_whole) {
        entry = topic_state_find(s.topic, request);
        e = entry == NULL ? ERR_NOT_FOUND : look(&s, entry);
        writer_free(&s.whole);
        if (e == ERR_OK && (s.is_answered || !s.is_unsure)) {
            *out = s.is_answered;
            return ERR_OK;
        }
        if (e == ERR_OK)
            e = topic_cache_get(cache, topic, &s.topic);
    }
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(s.topic, request);
    *out = entry != NULL &&
           topic_is_named(s.topic, entry->first, KIND_CONTRIBUTION);
    return ERR_OK;
}
