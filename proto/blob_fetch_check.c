/* What the caller found out about the buffers of a fetch, and who is to blame.
 */
#include <assert.h>
#include <string.h>

#include "proto/blob_fetch_parts.h"
#include "proto/blob_proof.h"
#include "proto/blob_trial.h"

static struct blob_fetch_span *span_at(struct blob_fetch *f, unsigned slot,
                                       enum blob_span_state state)
{
    assert(slot < f->spans_max);
    assert(f->spans[slot].state == state && f->spans[slot].told);
    return &f->spans[slot];
}

void blob_fetch_drop(struct blob_fetch_span *s, unsigned blocks)
{
    for (unsigned k = 0; k < BLOB_REQUEST_BLOCKS; k++)
        if ((blocks >> k & 1) != 0)
            s->sender[k] = BLOB_FETCH_NOBODY;
    s->held = (uint16_t)(s->held & ~blocks);
    s->proved = (uint16_t)(s->proved & ~blocks);
    s->owner = BLOB_FETCH_NOBODY;
    s->lacking = 0;
    blob_fetch_enter(s, BLOB_SPAN_FILLING);
}

/* One sender of all that is in doubt is guilty; among several the leaves will
 * tell. */
static void blame(struct blob_fetch *f, struct blob_fetch_span *s)
{
    unsigned doubted = s->all & ~(unsigned)s->proved, first = 0;

    if (doubted == 0) /* the buffer is not what was compared */
        doubted = s->all;
    while ((doubted >> first & 1) == 0)
        first++;
    for (unsigned k = first; k < BLOB_REQUEST_BLOCKS; k++) {
        if ((doubted >> k & 1) != 0 && s->sender[k] != s->sender[first]) {
            s->lacking = 0;
            blob_fetch_enter(s, BLOB_SPAN_BLAMING);
            return;
        }
    }
    blob_trial_ban(f, s->sender[first], ERR_BAD_BLOB);
    blob_fetch_drop(s, doubted);
}

void blob_fetch_span_verified(struct blob_fetch *f, unsigned slot, bool good,
                              uint64_t now_ms)
{
    struct blob_fetch_span *s = span_at(f, slot, BLOB_SPAN_HASHING);

    blob_fetch_set_now(f, now_ms);
    if (good) {
        s->proved = s->all;
        blob_fetch_enter(s, BLOB_SPAN_WRITING);
    } else {
        blame(f, s);
    }
}

/* Bans who sent blocks from `first` on with bad leaves; a bit for each. */
static unsigned ban_senders(struct blob_fetch *f, struct blob_fetch_span *s,
                            unsigned first, uint64_t leaves, uint64_t good)
{
    unsigned per_block = BLOB_BLOCK_LEN / BLOB_LEAF_LEN, bad = 0;

    for (unsigned i = 0; i < leaves; i++) {
        if ((good >> i & 1) != 0)
            continue;
        blob_trial_ban(f, s->sender[first + i / per_block], ERR_BAD_BLOB);
        bad |= 1U << (first + i / per_block);
    }
    return bad;
}

void blob_fetch_leaves_checked(struct blob_fetch *f, unsigned slot,
                               uint64_t good, uint64_t now_ms)
{
    struct blob_fetch_span *s = span_at(f, slot, BLOB_SPAN_LOCATING);
    uint64_t leaves = blob_leaf_count(blob_span_len(f->id.size, s->span));
    unsigned bad;

    blob_fetch_set_now(f, now_ms);
    bad = ban_senders(f, s, 0, leaves, good);
    /* All good leaves of a bad span: the buffer is not what was hashed. */
    blob_fetch_drop(s, bad != 0 ? bad : s->all);
}

void blob_fetch_blocks_checked(struct blob_fetch *f, unsigned slot,
                               uint64_t good, uint64_t now_ms)
{
    struct blob_fetch_span *s;
    unsigned tested, first = 0, bad;
    size_t offset, len;

    assert(slot < f->spans_max && f->spans[slot].tested != 0);
    blob_fetch_set_now(f, now_ms);
    s = &f->spans[slot];
    tested = s->tested;
    blob_proof_range(f, s, tested, &offset, &len);
    while ((tested >> first & 1) == 0)
        first++;
    s->tested = 0;
    bad = ban_senders(f, s, first, blob_leaf_count(len), good);
    s->proved = (uint16_t)(s->proved | (tested & ~bad));
    if (bad != 0)
        blob_fetch_drop(s, bad);
}

void blob_fetch_span_written(struct blob_fetch *f, unsigned slot,
                             uint64_t now_ms)
{
    struct blob_fetch_span *s = span_at(f, slot, BLOB_SPAN_WRITING);

    blob_fetch_set_now(f, now_ms);
    f->held[s->span / 8] =
        (uint8_t)(f->held[s->span / 8] | 1U << (s->span % 8));
    f->spans_left--;
    f->stall_told = false;
    blob_fetch_enter(s, BLOB_SPAN_FREE);
    blob_fetch_settle(f);
}

void blob_fetch_page_loaded(struct blob_fetch *f, uint64_t page,
                            struct bytes hashes, uint64_t now_ms)
{
    assert(f->page_state == BLOB_PAGE_LOADING && f->page_index == page);
    blob_fetch_set_now(f, now_ms);
    if (hashes.len == blob_page_len(f->id.size, page) * HASH_LEN) {
        memcpy(f->page, hashes.data, hashes.len);
        f->page_state = BLOB_PAGE_READY;
        return;
    }
    f->page_state = BLOB_PAGE_NONE;
    f->pages[page / 8] = (uint8_t)(f->pages[page / 8] & ~(1U << (page % 8)));
    f->pages_left++;
    f->page_cursor = page;
    blob_fetch_settle(f);
}
