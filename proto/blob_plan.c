/* Chooses provider, span and length of each request.  Judges nothing. */
#include "proto/blob_plan.h"

#include <assert.h>
#include <string.h>

/* Smaller asks only for what is smaller: frames and ENDs cost too. */
#define ASK_MIN (4 * (uint64_t)BLOB_BLOCK_LEN)
/* Pages of the layer that one provider is asked for at once. */
#define PAGES_OPEN_MAX 4
/* Time in which a provider should never run dry beside the round trip. */
#define SLACK_MS 20

uint64_t blob_plan_window(const struct blob_fetch_provider *p)
{
    uint64_t window = 2 * p->rate * (p->rtt_ms + SLACK_MS) / 1000;

    if (window < BLOB_WINDOW_MIN)
        return BLOB_WINDOW_MIN;
    return window > BLOB_WINDOW_MAX ? BLOB_WINDOW_MAX : window;
}

struct blob_fetch_request *blob_plan_find(struct blob_fetch_provider *p,
                                          uint32_t request)
{
    for (size_t i = 0; i < BLOB_FETCH_REQUESTS; i++) {
        struct blob_fetch_request *r = &p->requests[i];

        if (r->state != BLOB_REQUEST_FREE && r->request == request)
            return r;
    }
    return NULL;
}

const struct blob_fetch_request *
blob_plan_oldest(const struct blob_fetch *f,
                 const struct blob_fetch_provider *p)
{
    const struct blob_fetch_request *best = NULL;

    for (size_t i = 0; i < BLOB_FETCH_REQUESTS; i++) {
        const struct blob_fetch_request *r = &p->requests[i];

        /* Distances from the next turn, since turns may wrap. */
        if (r->state == BLOB_REQUEST_OPEN &&
            (best == NULL || f->turn - r->turn > f->turn - best->turn))
            best = r;
    }
    return best;
}

/* A slot for a new request if the provider may be asked now, or NULL. */
static struct blob_fetch_request *free_request(const struct blob_fetch *f,
                                               struct blob_fetch_provider *p)
{
    struct blob_fetch_request *room = NULL;
    unsigned open = 0;

    if (!p->used || p->banned || f->now_ms < p->rest_until_ms)
        return NULL;
    for (size_t i = 0; i < BLOB_FETCH_REQUESTS; i++) {
        if (p->requests[i].state == BLOB_REQUEST_FREE)
            room = &p->requests[i];
        else
            open++;
    }
    return open < p->requests_max ? room : NULL;
}

/* Fills in a request whose what, first, count, slot and charge are set. */
static void open_request(struct blob_fetch *f, struct blob_fetch_provider *p,
                         struct blob_fetch_request *r,
                         struct blob_fetch_effect *out)
{
    if (blob_plan_oldest(f, p) == NULL)
        p->head_ms = f->now_ms;
    if (p->in_flight == 0) { /* idle time says nothing about the rate */
        p->sample_ms = f->now_ms;
        p->sample_bytes = 0;
    }
    do /* at most BLOB_FETCH_REQUESTS + 1 turns */
        r->request = f->base | (f->turn++ & 0xffff);
    while (blob_plan_find(p, r->request) != NULL);
    r->turn = f->turn - 1;
    r->state = BLOB_REQUEST_OPEN;
    p->in_flight += r->charge;
    *out = (struct blob_fetch_effect){
        .kind = BLOB_FETCH_ASK,
        .provider = (unsigned)(p - f->providers),
        .request = r->request,
        .slot = r->slot,
        .ask = { .id = f->id,
                 .what = r->what,
                 .first = r->first,
                 .count = r->count },
    };
    memcpy(out->ask.tag, p->tag, sizeof p->tag);
}

static bool lacks(const struct blob_fetch *f,
                  const struct blob_fetch_provider *p,
                  const struct blob_fetch_span *s)
{
    return (s->lacking >> (p - f->providers) & 1) != 0;
}

/* Inner hashes of a bad span; of one at a time, whose hashes are kept. */
static bool ask_inner(struct blob_fetch *f, struct blob_fetch_provider *p,
                      struct blob_fetch_request *r,
                      struct blob_fetch_effect *out)
{
    struct blob_fetch_span *bad = NULL;

    for (size_t i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];

        if (s->state == BLOB_SPAN_LOCATING ||
            (s->state == BLOB_SPAN_BLAMING && s->told))
            return false;
        if (s->state == BLOB_SPAN_BLAMING && !lacks(f, p, s))
            bad = s;
    }
    if (bad == NULL)
        return false;
    bad->told = true;
    *r = (struct blob_fetch_request){ .what = BLOB_WHAT_INNER,
                                      .slot = (unsigned)(bad - f->spans),
                                      .first = bad->span };
    open_request(f, p, r, out);
    return true;
}

static bool page_is_stored(const struct blob_fetch *f, uint64_t page)
{
    return (f->pages[page / 8] >> (page % 8) & 1) != 0;
}

/* Open requests for pages: of page `page`, or of any if it is UINT64_MAX. */
static unsigned pages_open(const struct blob_fetch_provider *p, uint64_t page)
{
    unsigned open = 0;

    for (size_t i = 0; i < BLOB_FETCH_REQUESTS; i++) {
        const struct blob_fetch_request *r = &p->requests[i];

        if (r->state == BLOB_REQUEST_OPEN && r->what == BLOB_WHAT_LAYER &&
            !r->answered && (page == UINT64_MAX || r->first == page))
            open++;
    }
    return open;
}

static unsigned pages_open_anywhere(const struct blob_fetch *f, uint64_t page)
{
    unsigned open = 0;

    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++)
        open += pages_open(&f->providers[i], page);
    return open;
}

static bool ask_page(struct blob_fetch *f, struct blob_fetch_provider *p,
                     struct blob_fetch_request *r,
                     struct blob_fetch_effect *out)
{
    uint64_t count = blob_page_count(f->id.size);
    uint64_t page = f->page_cursor;

    if (pages_open_anywhere(f, UINT64_MAX) >= f->pages_left ||
        pages_open(p, UINT64_MAX) >= PAGES_OPEN_MAX)
        return false;
    while (page_is_stored(f, page) || pages_open_anywhere(f, page) > 0)
        page = (page + 1) % count; /* ends: one is neither */
    f->page_cursor = (page + 1) % count;
    *r = (struct blob_fetch_request){
        .what = BLOB_WHAT_LAYER,
        .first = page,
        .charge = blob_page_len(f->id.size, page) * HASH_LEN,
    };
    open_request(f, p, r, out);
    return true;
}

static bool span_is_active(const struct blob_fetch *f, uint64_t span)
{
    for (size_t i = 0; i < f->spans_max; i++)
        if (f->spans[i].state != BLOB_SPAN_FREE && f->spans[i].span == span)
            return true;
    return false;
}

/* The next span after the cursor that nobody works on; there is one. */
static uint64_t next_span(const struct blob_fetch *f)
{
    uint64_t count = blob_span_count(f->id.size);
    uint64_t span = f->cursor % count;

    for (;;) { /* at most `count` turns */
        if (span % 8 == 0 && f->held[span / 8] == 0xff && span + 8 <= count) {
            span = (span + 8) % count;
            continue;
        }
        if ((f->held[span / 8] >> (span % 8) & 1) == 0 &&
            !span_is_active(f, span))
            return span;
        span = (span + 1) % count;
    }
}

/* Copies the hash that a span must have; false until its page is here. */
static bool expect(struct blob_fetch *f, uint64_t span, uint8_t out[HASH_LEN])
{
    uint64_t page = span / BLOB_LAYER_PAGE;

    if (blob_page_count(f->id.size) == 0) {
        memcpy(out, f->id.root, HASH_LEN);
        return true;
    }
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

/* Takes up another span, or returns NULL if none is left or has room. */
static struct blob_fetch_span *start_span(struct blob_fetch *f)
{
    struct blob_fetch_span *room = NULL;
    uint64_t active = 0, span, blocks;
    struct blob_fetch_span s = { .state = BLOB_SPAN_FILLING };

    for (size_t i = f->spans_max; i-- > 0;) {
        if (f->spans[i].state == BLOB_SPAN_FREE)
            room = &f->spans[i];
        else
            active++;
    }
    if (room == NULL || active >= f->spans_left)
        return NULL;
    span = next_span(f);
    if (!expect(f, span, s.expected))
        return NULL;
    blocks = blob_block_count(blob_span_len(f->id.size, span));
    s.span = span;
    s.all = (uint16_t)((1U << blocks) - 1);
    memset(s.sender, BLOB_FETCH_NOBODY, sizeof s.sender);
    *room = s;
    f->cursor = span + 1;
    return room;
}

static unsigned wanted(const struct blob_fetch_span *s)
{
    if (s->state != BLOB_SPAN_FILLING)
        return 0;
    return s->all & ~(unsigned)s->asked & ~(unsigned)s->held;
}

/* The span that a provider should go on with: its own, a left one, a new. */
static struct blob_fetch_span *choose_span(struct blob_fetch *f,
                                           const struct blob_fetch_provider *p)
{
    uint8_t self = (uint8_t)(p - f->providers);
    struct blob_fetch_span *left = NULL;

    for (size_t i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];

        if (wanted(s) == 0)
            continue;
        if (s->owner == self)
            return s;
        if (s->owner == BLOB_FETCH_NOBODY && !lacks(f, p, s))
            left = s;
    }
    if (left == NULL)
        left = start_span(f);
    if (left != NULL)
        left->owner = self;
    return left;
}

static bool ask_blocks(struct blob_fetch *f, struct blob_fetch_provider *p,
                       struct blob_fetch_request *r,
                       struct blob_fetch_effect *out)
{
    uint64_t window = blob_plan_window(p);
    struct blob_fetch_span *s;
    unsigned want, at = 0, count = 0;
    struct blob_ask ask;

    if (p->in_flight > window || window - p->in_flight < ASK_MIN)
        return false;
    s = choose_span(f, p);
    if (s == NULL)
        return false;
    want = wanted(s);
    while ((want >> at & 1) == 0)
        at++;
    while ((want >> (at + count) & 1) != 0 &&
           (count + 1) * (uint64_t)BLOB_BLOCK_LEN <= window - p->in_flight)
        count++;
    s->asked = (uint16_t)(s->asked | ((1U << count) - 1) << at);
    *r = (struct blob_fetch_request){
        .what = BLOB_WHAT_BLOCKS,
        .slot = (unsigned)(s - f->spans),
        .first = s->span * BLOB_REQUEST_BLOCKS + at,
        .count = count,
    };
    ask = (struct blob_ask){
        .id = f->id, .what = BLOB_WHAT_BLOCKS, .first = r->first, .count = count
    };
    blob_ask_range(&ask, &r->next, &r->end);
    r->charge = r->end - r->next;
    open_request(f, p, r, out);
    return true;
}

bool blob_plan_ask(struct blob_fetch *f, struct blob_fetch_effect *out)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        unsigned who = (f->turn_who + i) % BLOB_FETCH_PROVIDERS;
        struct blob_fetch_provider *p = &f->providers[who];
        struct blob_fetch_request *r = free_request(f, p);

        if (r == NULL)
            continue;
        if (ask_inner(f, p, r, out) ||
            (f->state == BLOB_FETCH_LAYER && ask_page(f, p, r, out)) ||
            (f->state == BLOB_FETCH_IN_SPANS && ask_blocks(f, p, r, out))) {
            f->turn_who = (who + 1) % BLOB_FETCH_PROVIDERS;
            return true;
        }
    }
    return false;
}
