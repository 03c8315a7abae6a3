/*
 * Comparing ranges.  All cost is bounded: a message has at most
 * SYNC_RANGES_MAX ranges, its reply as many, each costs one range sum and each
 * cut one look-up, and id lists may look at SYNC_SCAN_MAX entries together.
 */
#include "proto/sync_answer.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* Room that any one answer, and after it the rest of the window, may need. */
#define SKIP_ROOM  SYNC_RANGE_HEAD_MAX
#define STATE_ROOM (SYNC_RANGE_HEAD_MAX + FINGERPRINT_LEN)
#define SPLIT_ROOM (SYNC_SPLIT * STATE_ROOM)
#define LIST_ROOM  (SYNC_RANGE_HEAD_MAX + 8 * SYNC_FIRST_LIST_MAX)
#define REPLY_ROOM (SPLIT_ROOM + STATE_ROOM + 2 * SKIP_ROOM)
#define BODY_MAX   (SYNC_MESSAGE_MAX - HELLO_TAG_LEN - 32)

static_assert(LIST_ROOM <= SPLIT_ROOM, "a list is not longer than a split");
static_assert(SYNC_FIRST_LIST_MAX <= 64, "a list's bitmap fits 64 bits");

static enum err range_sum(const struct sync_answer *a,
                          const struct record_range *range,
                          struct record_sum *out)
{
    *out = (struct record_sum){ 0 };
    return a->set->ops->sum(a->set->set, a->topic, range, out);
}

/* Says what we have between `lo` and where the reply has come to. */
static void put_state(struct sync_answer *a, const struct record_key *lo,
                      const struct record_sum *sum)
{
    uint8_t fingerprint[FINGERPRINT_LEN];

    if (sum->count == 0) {
        sync_builder_put(&a->reply, SYNC_ALL, lo, 0, (struct bytes){ 0 });
        return;
    }
    sync_fingerprint(fingerprint, a->key, sum);
    sync_builder_put(&a->reply, SYNC_FINGERPRINT, lo, sum->count,
                     BYTES_ARRAY(fingerprint));
}

static enum err put_state_down_to(struct sync_answer *a,
                                  const struct record_key *lo)
{
    struct record_range range = { *lo, a->reply.end };
    struct record_sum sum;
    enum err e = range_sum(a, &range, &sum);

    if (e == ERR_OK)
        put_state(a, lo, &sum);
    return e;
}

static enum err put_ids(struct sync_answer *a, const struct record_range *range)
{
    struct record_key keys[SYNC_FIRST_LIST_MAX];
    uint8_t ids[8 * SYNC_FIRST_LIST_MAX];
    size_t n = 0;
    enum err e = a->set->ops->list(a->set->set, a->topic, range, keys,
                                   SYNC_FIRST_LIST_MAX, &n);

    if (e != ERR_OK)
        return e;
    if (n == 0 || n > SYNC_FIRST_LIST_MAX) /* the sum said otherwise */
        return ERR_CORRUPT;
    for (size_t i = 0; i < n; i++)
        put_u64(ids + 8 * i, sync_short_id(a->key, keys[i].id));
    sync_builder_put(&a->reply, SYNC_IDS, &range->lo, n,
                     (struct bytes){ ids, 8 * n });
    return ERR_OK;
}

/* The bound below which the topic has exactly `rank` entries; rank >= 1. */
static enum err cut_at(const struct sync_answer *a, uint64_t rank,
                       struct record_key *out)
{
    struct record_range range = { .hi = a->window.hi };
    struct record_key pair[2];
    size_t n = 0;
    enum err e;

    e = a->set->ops->select(a->set->set, a->topic, rank - 1, &range.lo);
    if (e == ERR_OK)
        e = a->set->ops->list(a->set->set, a->topic, &range, pair, 2, &n);
    if (e != ERR_OK)
        return e;
    if (n != 2) /* rank and sum of this set contradict each other */
        return ERR_CORRUPT;
    *out = sync_bound_between(&pair[0], &pair[1]);
    return ERR_OK;
}

/*
 * Cuts move by up to an eighth of a part, as K has it: whoever makes records
 * cannot know where a session will cut.
 */
static uint64_t jittered(const struct sync_answer *a,
                         const struct record_range *range, uint64_t count,
                         unsigned i)
{
    uint8_t data[8 + ID_LEN + 1];
    uint8_t out[crypto_shorthash_siphash24_BYTES];
    uint64_t spread = count / (SYNC_SPLIT * 8);

    put_u64(data, range->lo.created_ms);
    memcpy(data + 8, range->lo.id, ID_LEN);
    data[8 + ID_LEN] = (uint8_t)i;
    (void)crypto_shorthash_siphash24(out, data, sizeof data,
                                     a->key->bytes + 16);
    return count * i / SYNC_SPLIT - spread + get_u64(out) % (2 * spread + 1);
}

static enum err put_split(struct sync_answer *a,
                          const struct record_range *range, uint64_t count)
{
    struct record_key lo;
    uint64_t base;
    enum err e = a->set->ops->rank(a->set->set, a->topic, &range->lo, &base);

    for (unsigned i = SYNC_SPLIT - 1; e == ERR_OK && i > 0; i--) {
        e = cut_at(a, base + jittered(a, range, count, i), &lo);
        if (e == ERR_OK)
            e = put_state_down_to(a, &lo);
    }
    return e == ERR_OK ? put_state_down_to(a, &range->lo) : e;
}

/* The range differs: tells more of what we have in it. */
static enum err put_more(struct sync_answer *a,
                         const struct record_range *range,
                         const struct record_sum *sum)
{
    if (sum->count == 0) {
        put_state(a, &range->lo, sum);
        return ERR_OK;
    }
    if (sum->count <= SYNC_ID_LIST_MAX)
        return put_ids(a, range);
    return put_split(a, range, sum->count);
}

/*
 * The smallest growth, in 256ths, with which SYNC_FIRST_RANGES ranges, the
 * first of one record, cover `count`.  Ends: at 1024 they cover 4^30, and
 * no number on the way passes 2^58.
 */
static uint64_t growth_for(uint64_t count)
{
    for (uint64_t growth = 256;; growth++) {
        uint64_t size = 1 << 16;
        uint64_t total = 0;

        for (unsigned i = 0; i < SYNC_FIRST_RANGES; i++) {
            total += size;
            if (total >= count << 16)
                return growth;
            size = size * growth / 256;
        }
    }
}

/* The ranges behind the newest ids, each longer than the one after it. */
static enum err put_geometric(struct sync_answer *a, uint64_t base,
                              uint64_t count)
{
    uint64_t growth = growth_for(count);
    uint64_t size = 1 << 16;
    uint64_t total = size;
    struct record_key lo;
    enum err e = ERR_OK;

    while (e == ERR_OK && total >> 16 < count) { /* at most 31 turns */
        e = cut_at(a, base + count - (total >> 16), &lo);
        if (e == ERR_OK)
            e = put_state_down_to(a, &lo);
        size = size * growth / 256;
        total += size;
    }
    return e == ERR_OK ? put_state_down_to(a, &a->window.lo) : e;
}

enum err sync_answer_opening(struct sync_answer *a)
{
    struct record_range newest = a->window;
    struct record_sum sum;
    uint64_t base;
    uint64_t older;
    enum err e = range_sum(a, &a->window, &sum);

    if (e == ERR_OK && sum.count == 0)
        put_state(a, &a->window.lo, &sum);
    if (e != ERR_OK || sum.count == 0)
        return e;
    if (sum.count < SYNC_FIRST_LIST_MAX)
        return put_ids(a, &a->window);
    if (sum.count >= (uint64_t)1 << 32) /* no set is so large */
        return ERR_CORRUPT;
    older = sum.count - SYNC_FIRST_NEWEST;
    e = a->set->ops->rank(a->set->set, a->topic, &a->window.lo, &base);
    if (e == ERR_OK)
        e = cut_at(a, base + older, &newest.lo);
    if (e == ERR_OK)
        e = put_ids(a, &newest);
    return e == ERR_OK ? put_geometric(a, base, older) : e;
}

static void put_job(struct sync_answer *a, enum sync_mode mode,
                    const struct sync_range *r, uint64_t count,
                    struct bytes data)
{
    sync_builder_skip(&a->jobs, &r->range.hi);
    sync_builder_put(&a->jobs, mode, &r->range.lo, count, data);
}

static enum err on_fingerprint(struct sync_answer *a,
                               const struct sync_range *r)
{
    uint8_t fingerprint[FINGERPRINT_LEN];
    struct record_sum sum;
    enum err e = range_sum(a, &r->range, &sum);

    if (e != ERR_OK)
        return e;
    sync_fingerprint(fingerprint, a->key, &sum);
    if (sum.count != r->count ||
        memcmp(fingerprint, r->data.data, FINGERPRINT_LEN) != 0)
        return put_more(a, &r->range, &sum);
    sync_builder_skip(&a->reply, &r->range.lo);
    return ERR_OK;
}

/* What comes of comparing an id list with the set. */
struct listing {
    uint64_t found;  /* bit i: we have number i */
    bool has_others; /* we have, or may have, some that are not listed */
    bool is_decided; /* false: too many entries to look at */
};

static bool mark_listed(const struct sync_range *r, uint64_t short_id,
                        uint64_t *found)
{
    bool is_listed = false;

    for (uint64_t i = 0; i < r->count; i++)
        if (sync_range_id(r, i) == short_id) {
            *found |= (uint64_t)1 << i;
            is_listed = true;
        }
    return is_listed;
}

/* Stops as soon as all are found: the newest often begin a long range. */
static enum err compare_list(struct sync_answer *a, const struct sync_range *r,
                             struct listing *out)
{
    uint64_t all = UINT64_MAX >> (64 - r->count);
    struct record_range range = r->range;
    struct record_key keys[64];
    size_t n = 0;
    enum err e;

    *out = (struct listing){ .is_decided = true };
    while (out->found != all) {
        if (a->scan_left == 0) {
            out->is_decided = false;
            return ERR_OK;
        }
        e = a->set->ops->list(a->set->set, a->topic, &range, keys, 64, &n);
        if (e != ERR_OK || n == 0)
            return e;
        a->scan_left -= n < a->scan_left ? n : a->scan_left;
        for (size_t i = 0; i < n; i++)
            if (!mark_listed(r, sync_short_id(a->key, keys[i].id), &out->found))
                out->has_others = true;
        if (n < 64)
            return ERR_OK;
        range.lo = record_key_after(&keys[n - 1]);
    }
    out->has_others = true;
    return ERR_OK;
}

static void put_want(struct sync_answer *a, const struct sync_range *r,
                     uint64_t wanted)
{
    uint8_t bitmap[8];
    size_t len = (size_t)(r->count + 7) / 8;

    for (size_t i = 0; i < len; i++)
        bitmap[i] = (uint8_t)(wanted >> (8 * i));
    sync_builder_put(&a->reply, SYNC_WANT, &r->range.lo, r->count,
                     (struct bytes){ bitmap, len });
}

static enum err on_ids(struct sync_answer *a, const struct sync_range *r)
{
    uint64_t all = UINT64_MAX >> (64 - r->count);
    struct listing listing;
    struct record_sum sum;
    enum err e = compare_list(a, r, &listing);

    if (e != ERR_OK)
        return e;
    if (!listing.is_decided) {
        e = range_sum(a, &r->range, &sum);
        return e == ERR_OK ? put_more(a, &r->range, &sum) : e;
    }
    if (listing.has_others)
        put_job(a, SYNC_IDS, r, r->count, r->data);
    if (listing.found != all)
        put_want(a, r, all & ~listing.found);
    else
        sync_builder_skip(&a->reply, &r->range.lo);
    return ERR_OK;
}

bool sync_answer_find_list(struct sync_cursor *sent,
                           const struct sync_range *want,
                           struct sync_range *out)
{
    while (record_key_compare(&want->range.lo, &sent->left.hi) < 0 &&
           sync_cursor_next(sent, out))
        if (record_key_compare(&want->range.lo, &out->range.lo) == 0)
            return out->mode == SYNC_IDS && out->count == want->count &&
                   record_key_compare(&want->range.hi, &out->range.hi) == 0;
    return false;
}

/* Turns the bitmap into the ids it means: our list may be gone soon. */
static void on_want(struct sync_answer *a, const struct sync_range *r)
{
    uint8_t ids[8 * SYNC_FIRST_LIST_MAX];
    struct sync_range list;
    size_t n = 0;
    bool found = sync_answer_find_list(&a->sent, r, &list);

    assert(found); /* checked when it came in */
    (void)found;
    for (uint64_t i = 0; i < r->count; i++)
        if ((r->data.data[i / 8] >> (i % 8) & 1) != 0)
            put_u64(ids + 8 * n++, sync_range_id(&list, i));
    if (n > 0)
        put_job(a, SYNC_ONLY, r, n, (struct bytes){ ids, 8 * n });
    sync_builder_skip(&a->reply, &r->range.lo);
}

static enum err on_range(struct sync_answer *a, const struct sync_range *r)
{
    switch (r->mode) {
    case SYNC_FINGERPRINT:
        return on_fingerprint(a, r);
    case SYNC_IDS:
        return on_ids(a, r);
    case SYNC_WANT:
        on_want(a, r);
        return ERR_OK;
    case SYNC_ALL:
        put_job(a, SYNC_ALL, r, 0, (struct bytes){ 0 });
        break;
    case SYNC_SKIP:
    case SYNC_ONLY:
        break;
    }
    sync_builder_skip(&a->reply, &r->range.lo);
    return ERR_OK;
}

static bool is_full(const struct sync_answer *a)
{
    return a->reply.w->len > BODY_MAX - REPLY_ROOM ||
           a->reply.count > SYNC_RANGES_MAX - SYNC_SPLIT - 4;
}

enum err sync_answer_ranges(struct sync_answer *a, struct bytes body)
{
    struct sync_cursor c = sync_cursor_of(body, &a->window, true);
    struct sync_range r;
    enum err e = ERR_OK;

    while (e == ERR_OK && !is_full(a) && sync_cursor_next(&c, &r))
        e = on_range(a, &r);
    if (e == ERR_OK && c.r.left > 0) /* what does not fit: one fingerprint */
        e = put_state_down_to(a, &a->window.lo);
    if (e != ERR_OK)
        return e;
    sync_builder_finish(&a->reply);
    if (a->reply.w->err != ERR_OK)
        return a->reply.w->err;
    return a->jobs.w->err;
}
