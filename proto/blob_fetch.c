/* What came, who sent it, and what follows.  What to ask is in blob_plan.c. */
#include "proto/blob_fetch.h"

#include <assert.h>
#include <string.h>

#include "proto/blob_buffer.h"
#include "proto/blob_choose.h"
#include "proto/blob_effect.h"
#include "proto/blob_holder.h"
#include "proto/blob_plan.h"
#include "proto/blob_proof.h"
#include "proto/blob_request.h"
#include "proto/blob_trial.h"
#include "proto/blob_urge.h"

#define RTT_MAX_MS 10000
#define SAMPLE_MS  100
#define PEAK_FADES 16 /* by so much with each sample */

static void set_now(struct blob_fetch *f, uint64_t now_ms)
{
    assert(now_ms >= f->now_ms);
    f->now_ms = now_ms;
}

static unsigned number_of(const struct blob_fetch *f,
                          const struct blob_fetch_provider *p)
{
    return (unsigned)(p - f->providers);
}

static struct blob_fetch_provider *provider_at(struct blob_fetch *f,
                                               unsigned provider)
{
    assert(provider < BLOB_FETCH_PROVIDERS && f->providers[provider].used);
    return &f->providers[provider];
}

static struct blob_fetch_span *span_at(struct blob_fetch *f, unsigned slot,
                                       enum blob_span_state state)
{
    assert(slot < f->spans_max);
    assert(f->spans[slot].state == state && f->spans[slot].told);
    return &f->spans[slot];
}

static void enter(struct blob_fetch_span *s, enum blob_span_state state)
{
    s->state = state;
    s->told = false;
}

static void leave_all(struct blob_fetch *f)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        if (!f->providers[i].used)
            continue;
        blob_request_leave(f, &f->providers[i]);
        blob_holder_leave(&f->providers[i]);
    }
}

/* The state that follows from what is still missing. */
static void settle(struct blob_fetch *f)
{
    if (f->spans_left == 0) {
        f->state = BLOB_FETCH_DONE;
        leave_all(f);
    } else {
        f->state = f->pages_left > 0 ? BLOB_FETCH_LAYER : BLOB_FETCH_IN_SPANS;
    }
}

static uint64_t count_bits(const uint8_t *bits, uint64_t count)
{
    uint64_t set = 0;

    for (uint64_t i = 0; i < count; i++)
        set += bits[i / 8] >> (i % 8) & 1;
    return set;
}

void blob_fetch_init(struct blob_fetch *f,
                     const struct blob_fetch_config *config, uint64_t now_ms)
{
    uint64_t spans = blob_span_count(config->id.size);
    uint64_t pages = blob_page_count(config->id.size);

    assert(blob_id_check(&config->id) == ERR_OK);
    assert(config->spans_max >= 1 && config->spans_max <= BLOB_FETCH_SPANS);
    assert((config->base & 0xffff) == 0);
    assert(config->start == 0 || config->start < spans);
    memset(f, 0, sizeof *f);
    f->id = config->id;
    f->base = config->base;
    f->spans_max = config->spans_max;
    f->spans_allowed = config->spans_max;
    f->start = config->start;
    f->limited = config->limited;
    f->have = config->have;
    f->reader = UINT64_MAX;
    f->hurried = UINT64_MAX;
    f->now_ms = now_ms;
    f->news_ms = now_ms;
    f->bytes_ms = now_ms;
    f->held = config->held;
    f->spans_left = spans - count_bits(config->held, spans);
    f->pages_left = pages;
    if (config->pages != NULL) {
        memcpy(f->pages, config->pages, (size_t)BLOB_BITMAP_LEN(pages));
        f->pages_left -= count_bits(f->pages, pages);
    }
    settle(f);
}

/* A span alone is had or not: who is asked for it will say. */
static void watch(const struct blob_fetch *f, struct blob_fetch_provider *p)
{
    uint64_t spans = blob_span_count(f->id.size);

    if (spans < 2 || f->have == NULL)
        return;
    p->bits = f->have + number_of(f, p) * BLOB_BITMAP_LEN(spans);
    p->watch = BLOB_WATCH_DUE;
}

enum err blob_fetch_provider_add(struct blob_fetch *f, unsigned *provider,
                                 const uint8_t tag[BLOB_TAG_LEN],
                                 unsigned requests_max, uint64_t rtt_ms,
                                 uint64_t now_ms)
{
    assert(requests_max >= 1);
    set_now(f, now_ms);
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        struct blob_fetch_provider *p = &f->providers[i];

        if (p->used)
            continue;
        *p = (struct blob_fetch_provider){ .used = true,
                                           .requests_max = requests_max,
                                           .last_ms = now_ms };
        memcpy(p->tag, tag, BLOB_TAG_LEN);
        watch(f, p);
        blob_fetch_provider_rtt(f, i, rtt_ms);
        f->stall_told = false;
        *provider = i;
        return ERR_OK;
    }
    return ERR_BUSY;
}

bool blob_fetch_provider_spare(const struct blob_fetch *f, unsigned *provider)
{
    bool found = false;

    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        const struct blob_fetch_provider *p = &f->providers[i];

        if (!p->used)
            return false;
        if (p->banned || p->map == BLOB_MAP_NOTHING) {
            *provider = i;
            found = true;
        }
    }
    return found;
}

bool blob_fetch_owes(const struct blob_fetch *f, unsigned provider)
{
    assert(provider < BLOB_FETCH_PROVIDERS);
    return blob_request_oldest(f, &f->providers[provider]) != NULL;
}

void blob_fetch_provider_rtt(struct blob_fetch *f, unsigned provider,
                             uint64_t rtt_ms)
{
    provider_at(f, provider)->rtt_ms =
        rtt_ms < RTT_MAX_MS ? rtt_ms : RTT_MAX_MS;
}

void blob_fetch_provider_pause(struct blob_fetch *f, unsigned provider,
                               uint64_t until_ms, uint64_t now_ms)
{
    set_now(f, now_ms);
    provider_at(f, provider)->pause_until_ms = until_ms;
}

/* Somebody who is asked again when the caller's limit allows. */
static bool is_anyone_paused(const struct blob_fetch *f)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++)
        if (f->providers[i].used && !f->providers[i].banned &&
            f->providers[i].pause_until_ms > f->now_ms)
            return true;
    return false;
}

void blob_fetch_provider_remove(struct blob_fetch *f, unsigned provider,
                                uint64_t now_ms)
{
    struct blob_fetch_provider *p = provider_at(f, provider);

    set_now(f, now_ms);
    blob_request_leave(f, p);
    *p = (struct blob_fetch_provider){ .used = false };
    for (size_t i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];

        s->lacking = (uint8_t)(s->lacking & ~(1U << provider));
        for (size_t k = 0; k < BLOB_REQUEST_BLOCKS; k++)
            if (s->sender[k] == provider)
                s->sender[k] = BLOB_FETCH_NOBODY;
    }
}

/* `len` bytes came for a request: the window opens, the rate is measured. */
static void progress(struct blob_fetch *f, struct blob_fetch_provider *p,
                     struct blob_fetch_request *r, uint64_t len)
{
    uint64_t elapsed = f->now_ms - p->sample_ms;

    r->charge -= len;
    p->in_flight -= len;
    p->misses = 0;
    p->last_ms = f->now_ms;
    f->news_ms = f->now_ms;
    f->bytes_ms = f->now_ms;
    f->stall_told = false;
    if (blob_request_oldest(f, p) == r)
        p->head_ms = f->now_ms;
    p->sample_bytes += len;
    if (elapsed < SAMPLE_MS)
        return;
    len = p->sample_bytes * 1000 / elapsed;
    p->rate = p->rate == 0 ? len : (p->rate + len) / 2;
    /* Behind each lost packet all waits, and then comes at once. */
    p->peak -= p->peak / PEAK_FADES;
    if (p->peak < len)
        p->peak = len;
    p->sample_bytes = 0;
    p->sample_ms = f->now_ms;
}

enum err blob_fetch_place(struct blob_fetch *f, struct blob_place *out,
                          unsigned provider, const struct blob_msg *msg,
                          uint64_t now_ms)
{
    struct blob_fetch_provider *p = provider_at(f, provider);
    struct blob_fetch_request *r = blob_request_find(p, msg->request);
    size_t len = msg->data.bytes.len;
    struct blob_fetch_span *s;
    unsigned due;
    bool kept;

    assert(msg->type == FRAME_BLOB_DATA);
    set_now(f, now_ms);
    if (r == NULL || r->what != BLOB_WHAT_BLOCKS)
        return ERR_NOT_ASKED;
    if (r->state != BLOB_REQUEST_OPEN)
        return ERR_CANCELLED;
    if (msg->data.offset != r->next || len > r->end - r->next)
        return ERR_NOT_ASKED;
    s = &f->spans[r->slot];
    kept = blob_buffer_claim(s, r, len, provider, out);
    due = blob_request_due(r);
    r->next += len;
    r->answered = r->next == r->end;
    progress(f, p, r, len);
    if (blob_buffer_take(f, s, due & ~blob_request_due(r), provider))
        enter(s, BLOB_SPAN_HASHING);
    if (r->state == BLOB_REQUEST_OPEN && !r->answered && r->next >= r->until)
        blob_request_cancel(f, p, r);
    return kept ? ERR_OK : ERR_CANCELLED;
}

/* A page that leads to the root is given to the caller and kept. */
static enum err on_layer(struct blob_fetch *f, struct blob_fetch_provider *p,
                         struct blob_fetch_request *r,
                         const struct blob_msg *msg)
{
    uint64_t page = msg->layer.page;
    enum err e;

    if (page != r->first)
        return ERR_NOT_ASKED;
    e = blob_page_verify(&f->id, page, msg->layer.hashes, msg->layer.uncles);
    if (e == ERR_NO_MEMORY) {
        blob_request_cancel(f, p, r); /* it is asked again */
        return e;
    }
    if (e != ERR_OK) {
        blob_trial_ban(f, number_of(f, p), ERR_BAD_PROOF);
        return ERR_OK;
    }
    assert(f->page_state != BLOB_PAGE_TO_STORE); /* it was to be taken */
    r->answered = true;
    progress(f, p, r, r->charge);
    memcpy(f->page, msg->layer.hashes.data, msg->layer.hashes.len);
    f->page_index = page;
    f->page_state = BLOB_PAGE_TO_STORE;
    f->pages[page / 8] = (uint8_t)(f->pages[page / 8] | 1U << (page % 8));
    f->pages_left--;
    settle(f);
    return ERR_OK;
}

static enum err on_inner(struct blob_fetch *f, struct blob_fetch_provider *p,
                         struct blob_fetch_request *r,
                         const struct blob_msg *msg)
{
    struct blob_fetch_span *s = &f->spans[r->slot];
    struct bytes hashes = msg->inner.hashes;
    enum err e;

    if (msg->inner.span != r->first)
        return ERR_NOT_ASKED;
    if (r->is_proof)
        s = blob_proof_span(f, r);
    e = s == NULL ? ERR_OK : blob_proof_verify(f, s, hashes);
    if (e == ERR_NO_MEMORY) {
        blob_request_cancel(f, p, r); /* it is asked again */
        return e;
    }
    if (e != ERR_OK) {
        blob_trial_ban(f, number_of(f, p), ERR_BAD_PROOF);
        return ERR_OK;
    }
    r->answered = true;
    progress(f, p, r, r->charge);
    if (r->is_proof) {
        blob_proof_take(f, r, hashes);
        return ERR_OK;
    }
    memcpy(f->inner, hashes.data, hashes.len);
    enter(s, BLOB_SPAN_LOCATING);
    return ERR_OK;
}

/* Throws blocks away, to be asked for again by whoever comes first. */
static void drop_blocks(struct blob_fetch_span *s, unsigned blocks)
{
    for (unsigned k = 0; k < BLOB_REQUEST_BLOCKS; k++)
        if ((blocks >> k & 1) != 0)
            s->sender[k] = BLOB_FETCH_NOBODY;
    s->held = (uint16_t)(s->held & ~blocks);
    s->proved = (uint16_t)(s->proved & ~blocks);
    s->owner = BLOB_FETCH_NOBODY;
    s->lacking = 0;
    enter(s, BLOB_SPAN_FILLING);
}

static bool somebody_may_have(const struct blob_fetch *f,
                              const struct blob_fetch_span *s)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++)
        if (f->providers[i].used && !f->providers[i].banned &&
            blob_holder_gives(f, &f->providers[i], s))
            return true;
    return false;
}

/* A provider has not what it was asked for: the next one, or another span. */
static void on_refusal(struct blob_fetch *f, struct blob_fetch_provider *p,
                       const struct blob_fetch_request *r, enum err code)
{
    struct blob_fetch_span *s =
        r->is_proof ? blob_proof_span(f, r) : &f->spans[r->slot];

    /* Who has told what it has need not rest: one span less is known of it. */
    if (p->map != BLOB_MAP_PARTIAL || r->what == BLOB_WHAT_LAYER ||
        code == ERR_BUSY)
        blob_trial_rest(f, p);
    if (r->what == BLOB_WHAT_LAYER || r->answered || code == ERR_BUSY ||
        s == NULL)
        return;
    if (s->owner == number_of(f, p))
        s->owner = BLOB_FETCH_NOBODY;
    blob_holder_lacks(f, p, s);
    if (somebody_may_have(f, s))
        return;
    s->lacking = 0; /* all are asked again after their rest */
    if (s->state == BLOB_SPAN_BLAMING)
        drop_blocks(s, s->all);
    else if (s->held == 0 && s->asked == 0)
        enter(s, BLOB_SPAN_FREE); /* its place is better used by another */
}

static enum err on_end(struct blob_fetch *f, struct blob_fetch_provider *p,
                       struct blob_fetch_request *r, enum err code)
{
    bool was_open = r->state == BLOB_REQUEST_OPEN;

    if (was_open && !r->answered && code == ERR_OK)
        return ERR_OUT_OF_ORDER;
    blob_request_close(f, p, r);
    if (was_open && code != ERR_OK) {
        on_refusal(f, p, r, code);
        blob_urge_refused(f);
    }
    return ERR_OK;
}

static bool is_of_watch(const struct blob_fetch_provider *p,
                        const struct blob_msg *msg)
{
    return p->watch >= BLOB_WATCH_OPEN && p->watch_request == msg->request;
}

static enum err on_watch_end(struct blob_fetch *f,
                             struct blob_fetch_provider *p, enum err code)
{
    blob_holder_end(f, p, code);
    if (p->map == BLOB_MAP_NOTHING) {
        blob_request_leave(f, p);
        blob_trial_rest(f, p);
    }
    return ERR_OK;
}

enum err blob_fetch_recv(struct blob_fetch *f, unsigned provider,
                         const struct blob_msg *msg, uint64_t now_ms)
{
    struct blob_fetch_provider *p = provider_at(f, provider);
    struct blob_fetch_request *r = blob_request_find(p, msg->request);
    enum blob_what what =
        msg->type == FRAME_BLOB_LAYER ? BLOB_WHAT_LAYER : BLOB_WHAT_INNER;

    set_now(f, now_ms);
    if (msg->type == FRAME_BLOB_HAVE)
        return blob_holder_take(f, p, msg);
    if (msg->type == FRAME_BLOB_END && is_of_watch(p, msg))
        return on_watch_end(f, p, msg->end);
    if (r == NULL)
        return ERR_NOT_ASKED;
    if (msg->type == FRAME_BLOB_END)
        return on_end(f, p, r, msg->end);
    assert(msg->type == FRAME_BLOB_LAYER || msg->type == FRAME_BLOB_INNER);
    if (r->what != what || r->answered)
        return ERR_NOT_ASKED;
    if (r->state != BLOB_REQUEST_OPEN)
        return ERR_OK;
    if (what == BLOB_WHAT_LAYER)
        return on_layer(f, p, r, msg);
    return on_inner(f, p, r, msg);
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
            enter(s, BLOB_SPAN_BLAMING);
            return;
        }
    }
    blob_trial_ban(f, s->sender[first], ERR_BAD_BLOB);
    drop_blocks(s, doubted);
}

void blob_fetch_span_verified(struct blob_fetch *f, unsigned slot, bool good,
                              uint64_t now_ms)
{
    struct blob_fetch_span *s = span_at(f, slot, BLOB_SPAN_HASHING);

    set_now(f, now_ms);
    if (good) {
        s->proved = s->all;
        enter(s, BLOB_SPAN_WRITING);
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

    set_now(f, now_ms);
    bad = ban_senders(f, s, 0, leaves, good);
    /* All good leaves of a bad span: the buffer is not what was hashed. */
    drop_blocks(s, bad != 0 ? bad : s->all);
}

void blob_fetch_blocks_checked(struct blob_fetch *f, unsigned slot,
                               uint64_t good, uint64_t now_ms)
{
    struct blob_fetch_span *s;
    unsigned tested, first = 0, bad;
    size_t offset, len;

    assert(slot < f->spans_max && f->spans[slot].tested != 0);
    set_now(f, now_ms);
    s = &f->spans[slot];
    tested = s->tested;
    blob_proof_range(f, s, tested, &offset, &len);
    while ((tested >> first & 1) == 0)
        first++;
    s->tested = 0;
    bad = ban_senders(f, s, first, blob_leaf_count(len), good);
    s->proved = (uint16_t)(s->proved | (tested & ~bad));
    if (bad != 0)
        drop_blocks(s, bad);
}

void blob_fetch_span_written(struct blob_fetch *f, unsigned slot,
                             uint64_t now_ms)
{
    struct blob_fetch_span *s = span_at(f, slot, BLOB_SPAN_WRITING);

    set_now(f, now_ms);
    f->held[s->span / 8] =
        (uint8_t)(f->held[s->span / 8] | 1U << (s->span % 8));
    f->spans_left--;
    f->stall_told = false;
    enter(s, BLOB_SPAN_FREE);
    settle(f);
}

void blob_fetch_page_loaded(struct blob_fetch *f, uint64_t page,
                            struct bytes hashes, uint64_t now_ms)
{
    assert(f->page_state == BLOB_PAGE_LOADING && f->page_index == page);
    set_now(f, now_ms);
    if (hashes.len == blob_page_len(f->id.size, page) * HASH_LEN) {
        memcpy(f->page, hashes.data, hashes.len);
        f->page_state = BLOB_PAGE_READY;
        return;
    }
    f->page_state = BLOB_PAGE_NONE;
    f->pages[page / 8] = (uint8_t)(f->pages[page / 8] & ~(1U << (page % 8)));
    f->pages_left++;
    f->page_cursor = page;
    settle(f);
}

void blob_fetch_seek(struct blob_fetch *f, uint64_t at, uint64_t end)
{
    assert(at < f->id.size && end > at);
    f->stall_told = false;
    blob_urge_seek(f, at, end);
}

bool blob_fetch_proved(const struct blob_fetch *f, uint64_t at,
                       struct blob_place *out)
{
    assert(at < f->id.size);
    return blob_proof_find(f, at, out);
}

void blob_fetch_limit(struct blob_fetch *f, bool limited)
{
    f->limited = limited;
    f->stall_told = false;
}

void blob_fetch_allow(struct blob_fetch *f, unsigned spans)
{
    f->spans_allowed = spans < f->spans_max ? spans : f->spans_max;
}

void blob_fetch_tick(struct blob_fetch *f, uint64_t now_ms)
{
    set_now(f, now_ms);
    blob_trial_tick(f);
}

uint64_t blob_fetch_deadline(const struct blob_fetch *f)
{
    return f->state == BLOB_FETCH_DONE ? UINT64_MAX : blob_trial_deadline(f);
}

static bool next_once(bool *told, enum blob_fetch_kind kind,
                      struct blob_fetch_effect *out)
{
    if (*told)
        return false;
    *told = true;
    *out = (struct blob_fetch_effect){ .kind = kind };
    return true;
}

/* The reader has what it wants, and nobody wants the rest. */
static bool is_satisfied(const struct blob_fetch *f)
{
    return f->limited && blob_choose_urgent(f) == UINT64_MAX;
}

bool blob_fetch_next(struct blob_fetch *f, struct blob_fetch_effect *out)
{
    if (blob_effect_notice(f, out))
        return true;
    if (f->stopped)
        return false;
    if (f->state == BLOB_FETCH_DONE)
        return next_once(&f->done_told, BLOB_FETCH_FINISHED, out);
    /* A page may be wanted only by planning; so it is looked at twice. */
    if (blob_plan_watch(f, out) || blob_effect_page(f, out) ||
        blob_effect_span(f, out) || blob_plan_ask(f, out) ||
        blob_effect_page(f, out))
        return true;
    return f->spans_allowed > 0 && !blob_effect_is_due(f) &&
           !blob_trial_may_hear(f) && !is_satisfied(f) &&
           !is_anyone_paused(f) &&
           next_once(&f->stall_told, BLOB_FETCH_STALLED, out);
}

void blob_fetch_stop(struct blob_fetch *f)
{
    f->stopped = true;
    leave_all(f);
}

bool blob_fetch_is_idle(const struct blob_fetch *f)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        if (f->providers[i].watch >= BLOB_WATCH_OPEN)
            return false;
        for (size_t k = 0; k < BLOB_FETCH_REQUESTS; k++)
            if (f->providers[i].requests[k].state != BLOB_REQUEST_FREE)
                return false;
    }
    return true;
}
