/* Whose turn it is to be asked, and how much may be asked.  What of the blob is
 * blob_choose.c. */
#include "proto/blob_plan.h"

#include <string.h>

#include "proto/blob_choose.h"
#include "proto/blob_holder.h"
#include "proto/blob_proof.h"
#include "proto/blob_request.h"

/* Smaller asks only for what is smaller: frames and ENDs cost too. */
#define ASK_MIN (4 * (uint64_t)BLOB_BLOCK_LEN)
/* Pages of the layer that one provider is asked for at once. */
#define PAGES_OPEN_MAX 4

uint64_t blob_plan_window(const struct blob_fetch_provider *p)
{
    /* A packet that is lost holds up all behind it for one more round trip. */
    uint64_t window = 2 * p->peak * (2 * p->rtt_ms + BLOB_SLACK_MS) / 1000;

    /* Nothing is known yet: twice what came may be on its way (slow start). */
    if (p->peak == 0)
        window = BLOB_WINDOW_MIN + 2 * p->sample_bytes;
    if (window < BLOB_WINDOW_MIN)
        return BLOB_WINDOW_MIN;
    return window > BLOB_WINDOW_MAX ? BLOB_WINDOW_MAX : window;
}

/* A slot for a new request if the provider may be asked now, or NULL. */
static struct blob_fetch_request *free_request(const struct blob_fetch *f,
                                               struct blob_fetch_provider *p)
{
    struct blob_fetch_request *room = NULL;
    unsigned open = 0;

    if (!blob_holder_is_usable(f, p) || f->now_ms < p->pause_until_ms)
        return NULL;
    for (size_t i = 0; i < BLOB_FETCH_REQUESTS; i++) {
        if (p->requests[i].state == BLOB_REQUEST_FREE)
            room = &p->requests[i];
        else
            open++;
    }
    return open < p->requests_max ? room : NULL;
}

/* One that is not in use; at most BLOB_FETCH_REQUESTS + 2 turns. */
static uint32_t next_number(struct blob_fetch *f, struct blob_fetch_provider *p)
{
    uint32_t number;

    do
        number = f->base | (f->turn++ & 0xffff);
    while (blob_request_find(p, number) != NULL ||
           (p->watch >= BLOB_WATCH_OPEN && p->watch_request == number));
    return number;
}

/* Fills in a request whose what, first, count, slot and charge are set. */
static void open_request(struct blob_fetch *f, struct blob_fetch_provider *p,
                         struct blob_fetch_request *r,
                         struct blob_fetch_effect *out)
{
    if (blob_request_oldest(f, p) == NULL)
        p->head_ms = f->now_ms;
    if (p->in_flight == 0) { /* idle time says nothing about the rate */
        p->sample_ms = f->now_ms;
        p->sample_bytes = 0;
    }
    r->request = next_number(f, p);
    r->turn = f->turn - 1;
    r->state = BLOB_REQUEST_OPEN;
    p->in_flight += r->charge;
    *out = (struct blob_fetch_effect){
        .kind = BLOB_FETCH_ASK,
        .provider = blob_fetch_number(f, p),
        .request = r->request,
        .slot = r->slot,
        .ask = { .id = f->id,
                 .what = r->what,
                 .first = r->first,
                 .count = r->count },
    };
    memcpy(out->ask.tag, p->tag, sizeof p->tag);
}

bool blob_plan_watch(struct blob_fetch *f, struct blob_fetch_effect *out)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        struct blob_fetch_provider *p = &f->providers[i];

        if (p->used && !p->banned && p->map == BLOB_MAP_NOTHING &&
            p->watch == BLOB_WATCH_NONE && f->now_ms >= p->rest_until_ms)
            p->watch = BLOB_WATCH_DUE; /* it may have got it meanwhile */
        if (p->watch != BLOB_WATCH_DUE)
            continue;
        p->watch_request = next_number(f, p);
        p->watch = BLOB_WATCH_OPEN;
        *out = (struct blob_fetch_effect){ .kind = BLOB_FETCH_WATCH,
                                           .provider = i,
                                           .request = p->watch_request };
        memcpy(out->ask.tag, p->tag, sizeof p->tag);
        out->ask.id = f->id;
        return true;
    }
    return false;
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
        if (s->state == BLOB_SPAN_BLAMING && blob_holder_gives(f, p, s))
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

/* Leaf hashes, before the blocks that they prove to a reader. */
static bool ask_proof(struct blob_fetch *f, struct blob_fetch_provider *p,
                      struct blob_fetch_request *r,
                      struct blob_fetch_effect *out)
{
    const struct blob_fetch_span *s = blob_choose_unproved(f, p);

    if (s == NULL)
        return false;
    blob_proof_begin(f, p, s->span);
    *r = (struct blob_fetch_request){
        .what = BLOB_WHAT_INNER,
        .is_proof = true,
        .slot = (unsigned)(s - f->spans),
        .first = s->span,
        .charge =
            blob_leaf_count(blob_span_len(f->id.size, s->span)) * HASH_LEN,
    };
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

/* The page that is needed first and nobody is asked for; false: none. */
static bool next_page(struct blob_fetch *f, const struct blob_fetch_provider *p,
                      uint64_t *out)
{
    uint64_t count = blob_page_count(f->id.size);
    uint64_t urgent = blob_choose_urgent(f);

    if (urgent != UINT64_MAX) {
        uint64_t last = (f->reader_end - 1) / BLOB_LAYER_PAGE;

        for (uint64_t page = urgent / BLOB_LAYER_PAGE; page <= last; page++) {
            *out = page;
            if (!page_is_stored(f, page) && pages_open_anywhere(f, page) == 0)
                return true;
        }
    }
    if (f->limited || blob_choose_can_urge(f, p) ||
        pages_open_anywhere(f, UINT64_MAX) >= f->pages_left)
        return false;
    *out = f->page_cursor;
    while (page_is_stored(f, *out) || pages_open_anywhere(f, *out) > 0)
        *out = (*out + 1) % count; /* ends: one is neither */
    f->page_cursor = (*out + 1) % count;
    return true;
}

static bool ask_page(struct blob_fetch *f, struct blob_fetch_provider *p,
                     struct blob_fetch_request *r,
                     struct blob_fetch_effect *out)
{
    uint64_t page;

    if (f->pages_left == 0 || pages_open(p, UINT64_MAX) >= PAGES_OPEN_MAX ||
        !next_page(f, p, &page))
        return false;
    *r = (struct blob_fetch_request){
        .what = BLOB_WHAT_LAYER,
        .first = page,
        .charge = blob_page_len(f->id.size, page) * HASH_LEN,
    };
    open_request(f, p, r, out);
    return true;
}

/* Notes who is asked for the blocks from now on, and who no longer. */
static void count_choice(struct blob_fetch_span *s,
                         const struct blob_choice *choice)
{
    unsigned mask = ((1U << choice->count) - 1) << choice->first;

    switch (choice->how) {
    case BLOB_CHOICE_NEW:
        s->asked = (uint16_t)(s->asked | mask);
        break;
    case BLOB_CHOICE_STOLEN:
        choice->victim->until =
            s->span * BLOB_SPAN_LEN + choice->first * (uint64_t)BLOB_BLOCK_LEN;
        break;
    case BLOB_CHOICE_COPIED:
        s->again = (uint16_t)(s->again | mask);
        break;
    }
}

static bool ask_blocks(struct blob_fetch *f, struct blob_fetch_provider *p,
                       struct blob_fetch_request *r,
                       struct blob_fetch_effect *out)
{
    uint64_t window = blob_plan_window(p);
    struct blob_choice choice;
    struct blob_ask ask = { .id = f->id, .what = BLOB_WHAT_BLOCKS };

    if (p->in_flight > window || window - p->in_flight < ASK_MIN ||
        !blob_choose(f, p, (unsigned)((window - p->in_flight) / BLOB_BLOCK_LEN),
                     &choice))
        return false;
    count_choice(choice.span, &choice);
    *r = (struct blob_fetch_request){
        .what = BLOB_WHAT_BLOCKS,
        .slot = (unsigned)(choice.span - f->spans),
        .first = choice.span->span * BLOB_REQUEST_BLOCKS + choice.first,
        .count = choice.count,
    };
    ask.first = r->first;
    ask.count = r->count;
    blob_ask_range(&ask, &r->next, &r->end);
    r->until = r->end;
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
        /* Without the page there is nothing to begin: so it goes first. */
        if (ask_inner(f, p, r, out) || ask_page(f, p, r, out) ||
            ask_proof(f, p, r, out) || ask_blocks(f, p, r, out)) {
            f->turn_who = (who + 1) % BLOB_FETCH_PROVIDERS;
            return true;
        }
    }
    return false;
}
