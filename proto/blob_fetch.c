/*
 * The machine of a fetch: how it begins, who takes part, what is to be done
 * next, how it ends.  What to ask is in blob_plan.c.
 */
#include "proto/blob_fetch_parts.h"

#include <assert.h>
#include <string.h>

#include "proto/blob_choose.h"
#include "proto/blob_effect.h"
#include "proto/blob_holder.h"
#include "proto/blob_plan.h"
#include "proto/blob_proof.h"
#include "proto/blob_request.h"
#include "proto/blob_trial.h"
#include "proto/blob_urge.h"

#define RTT_MAX_MS 10000

static void leave_all(struct blob_fetch *f)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        if (!f->providers[i].used)
            continue;
        blob_request_leave(f, &f->providers[i]);
        blob_holder_leave(&f->providers[i]);
    }
}

void blob_fetch_settle(struct blob_fetch *f)
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
    blob_fetch_settle(f);
}

/* A span alone is had or not: who is asked for it will say. */
static void watch(const struct blob_fetch *f, struct blob_fetch_provider *p)
{
    uint64_t spans = blob_span_count(f->id.size);

    if (spans < 2 || f->have == NULL)
        return;
    p->bits = f->have + blob_fetch_number(f, p) * BLOB_BITMAP_LEN(spans);
    p->watch = BLOB_WATCH_DUE;
}

enum err blob_fetch_provider_add(struct blob_fetch *f, unsigned *provider,
                                 const uint8_t tag[BLOB_TAG_LEN],
                                 unsigned requests_max, uint64_t rtt_ms,
                                 uint64_t now_ms)
{
    assert(requests_max >= 1);
    blob_fetch_set_now(f, now_ms);
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
    blob_fetch_provider_at(f, provider)->rtt_ms =
        rtt_ms < RTT_MAX_MS ? rtt_ms : RTT_MAX_MS;
}

void blob_fetch_provider_pause(struct blob_fetch *f, unsigned provider,
                               uint64_t until_ms, uint64_t now_ms)
{
    blob_fetch_set_now(f, now_ms);
    blob_fetch_provider_at(f, provider)->pause_until_ms = until_ms;
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
    struct blob_fetch_provider *p = blob_fetch_provider_at(f, provider);

    blob_fetch_set_now(f, now_ms);
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
    blob_fetch_set_now(f, now_ms);
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
