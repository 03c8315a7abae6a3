/*
 * Which blocks a provider is asked for: what a reader waits for, what it has
 * begun, the rarest span, and then what others are slow with.
 */
#include "proto/blob_choose.h"

#include <string.h>

#include "proto/blob_holder.h"
#include "proto/blob_proof.h"
#include "proto/blob_request.h"

/* §6.5: only of so much at the end are there two copies on their way. */
#define LAST_SPANS 8
/* While other spans are left, only who is so late loses blocks. */
#define LATE_MS 1000
/* Candidates whose holders are counted in one search for the rarest. */
#define RARE_MAX 1024

/* ---- Spans in work ------------------------------------------------------ */

static bool is_held(const struct blob_fetch *f, uint64_t span)
{
    return (f->held[span / 8] >> (span % 8) & 1) != 0;
}

static struct blob_fetch_span *find_active(struct blob_fetch *f, uint64_t span)
{
    for (size_t i = 0; i < f->spans_max; i++)
        if (f->spans[i].state != BLOB_SPAN_FREE && f->spans[i].span == span)
            return &f->spans[i];
    return NULL;
}

/* Blocks that nobody is asked for. */
static unsigned wanted(const struct blob_fetch_span *s)
{
    if (s->state != BLOB_SPAN_FILLING)
        return 0;
    return s->all & ~(unsigned)s->asked & ~(unsigned)s->held;
}

/* Copies the hash that a span must have; false until its page is here. */
static bool expect(struct blob_fetch *f, uint64_t span, uint8_t out[HASH_LEN])
{
    uint64_t page = span / BLOB_LAYER_PAGE;

    if (blob_page_count(f->id.size) == 0) {
        memcpy(out, f->id.root, HASH_LEN);
        return true;
    }
    if ((f->pages[page / 8] >> (page % 8) & 1) == 0)
        return false;
    if (f->page_state == BLOB_PAGE_READY && f->page_index == page) {
        memcpy(out, f->page + span % BLOB_LAYER_PAGE * HASH_LEN, HASH_LEN);
        return true;
    }
    if (f->page_state == BLOB_PAGE_NONE || f->page_state == BLOB_PAGE_READY) {
        f->page_state = BLOB_PAGE_WANTED;
        f->page_index = page;
    }
    return false;
}

/* Begun, and left by all who had it: its place is better used by another. */
static bool is_orphan(const struct blob_fetch *f,
                      const struct blob_fetch_span *s)
{
    if (s->state != BLOB_SPAN_FILLING || s->asked != 0 || s->tested != 0)
        return false;
    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        const struct blob_fetch_provider *p = &f->providers[i];

        if (p->used && !p->banned && blob_holder_gives(f, p, s))
            return false;
    }
    return true;
}

/*
 * What was begun and nobody is asked for, farthest from the reader, whom it is
 * in the way; or NULL.
 */
static struct blob_fetch_span *find_in_the_way(struct blob_fetch *f)
{
    struct blob_fetch_span *best = NULL;

    for (size_t i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];

        if (s->state == BLOB_SPAN_FILLING && s->asked == 0 && s->tested == 0 &&
            (best == NULL || s->span - f->reader > best->span - f->reader))
            best = s; /* those before the reader are farther than any */
    }
    return best;
}

/* Room for this span to begin. */
static struct blob_fetch_span *find_room(struct blob_fetch *f, uint64_t span)
{
    struct blob_fetch_span *room = NULL, *orphan = NULL;
    unsigned active = 0;

    for (size_t i = f->spans_max; i-- > 0;) {
        struct blob_fetch_span *s = &f->spans[i];

        if (s->state == BLOB_SPAN_FREE) {
            room = s;
        } else {
            active++;
            if (is_orphan(f, s))
                orphan = s;
        }
    }
    if (room != NULL && active < f->spans_allowed)
        return room;
    if (orphan == NULL && span == blob_choose_urgent(f))
        orphan = find_in_the_way(f);
    return orphan;
}

/* Takes up a span that is not in work; NULL without room or its hash. */
static struct blob_fetch_span *start_span(struct blob_fetch *f, uint64_t span)
{
    struct blob_fetch_span *room = find_room(f, span);
    struct blob_fetch_span s = { .state = BLOB_SPAN_FILLING, .span = span };
    uint64_t blocks = blob_block_count(blob_span_len(f->id.size, span));

    if (room == NULL || !expect(f, span, s.expected))
        return NULL;
    s.all = (uint16_t)((1U << blocks) - 1);
    s.owner = BLOB_FETCH_NOBODY;
    memset(s.sender, BLOB_FETCH_NOBODY, sizeof s.sender);
    *room = s;
    f->cursor = span + 1;
    return room;
}

/* ---- What nobody is asked for ------------------------------------------- */

/* The block of the span that a reader waits for, else the first. */
static unsigned first_block(const struct blob_fetch *f,
                            const struct blob_fetch_span *s)
{
    if (s->span != f->reader)
        return 0;
    return (unsigned)(f->reader_at / BLOB_BLOCK_LEN % BLOB_REQUEST_BLOCKS);
}

/* The wanted block that is needed first and those that follow it. */
static bool choose_blocks(struct blob_fetch *f, struct blob_fetch_provider *p,
                          struct blob_fetch_span *s, unsigned room,
                          struct blob_choice *out)
{
    unsigned want = wanted(s), first = first_block(f, s), count = 0;

    if (want >> first == 0)
        first = 0;
    while ((want >> first & 1) == 0)
        first++;
    while (count < room && (want >> (first + count) & 1) != 0)
        count++;
    if (s->owner == BLOB_FETCH_NOBODY)
        s->owner = (uint8_t)blob_fetch_number(f, p);
    *out = (struct blob_choice){ BLOB_CHOICE_NEW, s, first, count, NULL };
    return true;
}

uint64_t blob_choose_urgent(const struct blob_fetch *f)
{
    for (uint64_t span = f->reader; span < f->reader_end; span++)
        if (!is_held(f, span))
            return span;
    return UINT64_MAX;
}

bool blob_choose_can_urge(struct blob_fetch *f,
                          const struct blob_fetch_provider *p)
{
    for (uint64_t span = f->reader; span < f->reader_end; span++)
        if (!is_held(f, span) && blob_holder_has(p, span) &&
            find_active(f, span) == NULL)
            return true;
    return false;
}

struct blob_fetch_span *
blob_choose_unproved(struct blob_fetch *f, const struct blob_fetch_provider *p)
{
    for (uint64_t span = f->reader; span < f->reader_end; span++) {
        struct blob_fetch_span *s;

        if (is_held(f, span) || !blob_holder_has(p, span))
            continue;
        s = find_active(f, span);
        if (s == NULL && blob_proof_helps(f, p, span))
            s = start_span(f, span);
        if (s == NULL)
            return NULL;
        if (wanted(s) != 0 && blob_holder_gives(f, p, s))
            return blob_proof_helps(f, p, span) ? s : NULL;
    }
    return NULL;
}

static bool choose_for_reader(struct blob_fetch *f,
                              struct blob_fetch_provider *p, unsigned room,
                              struct blob_choice *out)
{
    for (uint64_t span = f->reader; span < f->reader_end; span++) {
        struct blob_fetch_span *s;

        if (is_held(f, span) || !blob_holder_has(p, span))
            continue;
        s = find_active(f, span);
        if (s == NULL) {
            s = start_span(f, span);
            if (s == NULL)
                return false;
        }
        if (wanted(s) != 0 && blob_holder_gives(f, p, s))
            return choose_blocks(f, p, s, room, out);
    }
    return false;
}

/* A span that it owns, or one that somebody has left. */
static struct blob_fetch_span *find_begun(struct blob_fetch *f,
                                          const struct blob_fetch_provider *p)
{
    struct blob_fetch_span *left = NULL;

    for (size_t i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];

        if (wanted(s) == 0 || !blob_holder_gives(f, p, s))
            continue;
        if (s->owner == blob_fetch_number(f, p))
            return s;
        if (s->owner == BLOB_FETCH_NOBODY)
            left = s;
    }
    return left;
}

/* Eight spans that are missing here and, it says, not there. */
static unsigned candidates(const struct blob_fetch *f,
                           const struct blob_fetch_provider *p, uint64_t byte)
{
    uint64_t spans = blob_span_count(f->id.size);
    unsigned bits = ~(unsigned)f->held[byte] & 0xff;

    if (p->map == BLOB_MAP_PARTIAL)
        bits &= p->bits[byte];
    if (byte == spans / 8)
        bits &= (1U << spans % 8) - 1;
    return bits;
}

/*
 * The rarest span that it has and nobody works on, from the cursor on; of
 * equals the first.  While all have all, that is the next one.
 */
static bool find_next(struct blob_fetch *f, const struct blob_fetch_provider *p,
                      uint64_t *out)
{
    uint64_t spans = blob_span_count(f->id.size);
    uint64_t bytes = BLOB_BITMAP_LEN(spans), from = f->cursor % spans;
    unsigned best = BLOB_FETCH_PROVIDERS + 1, counted = 0;

    /* The byte of the cursor comes first and last. */
    for (uint64_t i = 0; i <= bytes; i++) {
        uint64_t byte = (from / 8 + i) % bytes;
        unsigned bits = candidates(f, p, byte), count;

        if (i == 0)
            bits &= ~0U << from % 8;
        for (uint64_t k = 0; bits >> k != 0; k++) {
            if ((bits >> k & 1) == 0 || find_active(f, byte * 8 + k) != NULL)
                continue;
            count = f->scattered ? blob_holder_count(f, byte * 8 + k) : 1;
            if (count < best) {
                best = count;
                *out = byte * 8 + k;
            }
            if (best <= 1 || ++counted == RARE_MAX)
                return true;
        }
    }
    return best <= BLOB_FETCH_PROVIDERS;
}

/* Of a span that another owns and has not come to: the upper half. */
static bool choose_ahead(struct blob_fetch *f, struct blob_fetch_provider *p,
                         unsigned room, struct blob_choice *out)
{
    for (size_t i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];
        unsigned skip;

        if (wanted(s) == 0 || !blob_holder_gives(f, p, s))
            continue;
        (void)choose_blocks(f, p, s, BLOB_REQUEST_BLOCKS, out);
        skip = out->count / 2;
        out->first += skip;
        out->count -= skip;
        if (out->count > room)
            out->count = room;
        return true;
    }
    return false;
}

/* ---- What another is slow with ------------------------------------------ */

static uint64_t ms_for(const struct blob_fetch_provider *p, uint64_t bytes)
{
    uint64_t rate = p->rate;

    if (rate == 0) /* as if it needed a round trip for the least window */
        rate = BLOB_WINDOW_MIN * 1000 / (p->rtt_ms + BLOB_SLACK_MS);
    return bytes * 1000 / (rate + 1);
}

/* When an open request will have been answered; silence makes it later. */
static uint64_t ms_until(const struct blob_fetch *f,
                         const struct blob_fetch_provider *p,
                         const struct blob_fetch_request *r)
{
    uint64_t bytes = blob_request_bytes_before(f, p, r) + r->charge;

    return ms_for(p, bytes) + 2 * (f->now_ms - p->head_ms);
}

/*
 * What could be taken over of a request: the upper half of the blocks that have
 * not begun to come; or a copy of the last one, where copies are allowed.
 */
static bool take_from(const struct blob_fetch *f, struct blob_fetch_request *r,
                      unsigned room, bool may_copy, struct blob_choice *out)
{
    const struct blob_fetch_span *s = &f->spans[r->slot];
    unsigned due = blob_request_due(r), first = 0, count = 0, begun;

    if (due == 0 || (due & s->again) != 0)
        return false;
    while ((due >> first & 1) == 0)
        first++;
    while ((due >> (first + count) & 1) != 0)
        count++;
    begun = r->next % BLOB_BLOCK_LEN != 0;
    out->victim = r;
    out->how = count - begun < 2 ? BLOB_CHOICE_COPIED : BLOB_CHOICE_STOLEN;
    if (out->how == BLOB_CHOICE_STOLEN) {
        unsigned half = (count - begun) / 2;

        out->first = first + count - half;
        out->count = half < room ? half : room;
        out->first += half - out->count;
        return true;
    }
    out->first = first;
    out->count = count < room ? count : room;
    return may_copy;
}

static bool may_copy(const struct blob_fetch *f,
                     const struct blob_fetch_span *s)
{
    return f->spans_left <= LAST_SPANS || s->span == blob_choose_urgent(f);
}

/* When a provider would have sent so much more. */
static uint64_t ms_more(const struct blob_fetch_provider *p, uint64_t bytes)
{
    return p->rtt_ms + ms_for(p, p->in_flight + bytes);
}

/* Somebody else, who is busy now, will be there sooner all the same. */
static bool is_better_left(const struct blob_fetch *f,
                           const struct blob_fetch_provider *p,
                           const struct blob_fetch_span *s, uint64_t bytes,
                           uint64_t mine)
{
    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        const struct blob_fetch_provider *q = &f->providers[i];

        if (q != p && blob_holder_is_usable(f, q) &&
            blob_holder_gives(f, q, s) && ms_more(q, bytes) < mine / 2)
            return true;
    }
    return false;
}

/* From the request that will take longest, if that is longer than here. */
static bool take_over(struct blob_fetch *f, struct blob_fetch_provider *p,
                      unsigned room, bool is_last, struct blob_choice *out)
{
    uint64_t longest = 0, mine, bytes;

    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        struct blob_fetch_provider *v = &f->providers[i];

        for (size_t k = 0; v->used && v != p && k < BLOB_FETCH_REQUESTS; k++) {
            struct blob_fetch_request *r = &v->requests[k];
            struct blob_choice c = { .span = &f->spans[r->slot] };
            uint64_t takes;

            if (blob_request_due(r) == 0 || !blob_holder_gives(f, p, c.span) ||
                !take_from(f, r, room, may_copy(f, c.span), &c))
                continue;
            takes = ms_until(f, v, r);
            if (takes > longest) {
                longest = takes;
                *out = c;
            }
        }
    }
    if (longest == 0)
        return false;
    bytes = out->count * (uint64_t)BLOB_BLOCK_LEN;
    mine = ms_more(p, bytes);
    if (is_better_left(f, p, out->span, bytes, mine))
        return false;
    if (!is_last && out->span->span != blob_choose_urgent(f))
        mine = 4 * mine + LATE_MS;
    return longest > mine;
}

bool blob_choose(struct blob_fetch *f, struct blob_fetch_provider *p,
                 unsigned room, struct blob_choice *out)
{
    bool may_start = f->state == BLOB_FETCH_IN_SPANS && !f->limited;
    bool has_next = false;
    uint64_t next = 0;
    struct blob_fetch_span *s;

    if (choose_for_reader(f, p, room, out))
        return true;
    s = find_begun(f, p);
    if (s == NULL && may_start) {
        has_next = find_next(f, p, &next);
        if (has_next)
            s = start_span(f, next);
    }
    if (s != NULL)
        return choose_blocks(f, p, s, room, out);
    if (f->page_state == BLOB_PAGE_WANTED || f->page_state == BLOB_PAGE_LOADING)
        return false; /* there is more to begin with when it is here */
    return choose_ahead(f, p, room, out) ||
           take_over(f, p, room, !has_next, out);
}
