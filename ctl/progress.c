#include "ctl/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/text.h"

#define BAR_WIDTH 24

enum { MOMENT_MS = 400, SEEN_MS = 1000 };

static double number_at(const json_t *params, const char *key)
{
    return json_number_value(json_object_get(params, key));
}

/* "3.4 MiB" for bytes, "12 records" for anything else. */
static void amount(char out[TEXT_SHORT], double n, const char *unit)
{
    if (unit == NULL || strcmp(unit, "bytes") == 0)
        text_size(out, (uint64_t)(n < 0 ? 0 : n));
    else
        (void)snprintf(out, TEXT_SHORT, "%.0f %.16s", n, unit);
}

double progress_rate(struct progress_pace *pace, uint64_t now_ms, double done,
                     double said)
{
    unsigned n = pace->count;
    uint64_t span_ms;

    if (n == 0 || now_ms - pace->at[n - 1].ms >= MOMENT_MS) {
        if (n == PROGRESS_MOMENTS)
            memmove(pace->at, pace->at + 1, --n * sizeof pace->at[0]);
        pace->at[n].ms = now_ms;
        pace->at[n].done = done;
        pace->count = n + 1;
    }
    span_ms = now_ms - pace->at[0].ms;
    if (span_ms < SEEN_MS)
        return said;
    return done > pace->at[0].done
               ? (done - pace->at[0].done) * 1000 / (double)span_ms
               : 0;
}

static uint64_t now_ms(void)
{
    struct timespec t = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void draw(struct progress *p, double done, double total, double rate,
                 const char *unit, const char *waits)
{
    unsigned filled = total > 0 ? (unsigned)(BAR_WIDTH * done / total) : 0;
    char texts[4][TEXT_SHORT] = { "", "?", "", "" };

    amount(texts[0], done, unit);
    if (total > 0)
        amount(texts[1], total, unit);
    if (rate > 0)
        amount(texts[2], rate, unit);
    if (rate > 0 && total > done)
        text_span(texts[3], (uint64_t)((total - done) / rate * 1000));
    filled = filled > BAR_WIDTH ? BAR_WIDTH : filled;
    (void)fputs("\r[", stderr);
    for (unsigned i = 0; i < BAR_WIDTH; i++)
        (void)fputc(i < filled ? '#' : '.', stderr);
    (void)fprintf(stderr, "] %s of %s", texts[0], texts[1]);
    if (rate > 0)
        (void)fprintf(stderr, ", %s/s", texts[2]);
    if (texts[3][0] != '\0')
        (void)fprintf(stderr, ", %s left", texts[3]);
    if (waits != NULL && rate <= 0)
        (void)fprintf(stderr, ", waits for %s: troupe want list", waits);
    (void)fputs("\033[K", stderr);
    (void)fflush(stderr);
    p->drawn = true;
}

void progress_tell(struct progress *p, uint64_t done, uint64_t total,
                   uint64_t took_ms)
{
    double rate = took_ms > 0 ? (double)done * 1000 / (double)took_ms : 0;

    if (p->visible)
        draw(p, (double)done, (double)total, rate, NULL, NULL);
}

/* Of the job, or, before there is one, of the call that waits. */
static bool is_ours(const struct progress *p, const json_t *params)
{
    if (p->job == 0)
        return json_object_get(params, "request") != NULL;
    return json_integer_value(json_object_get(params, "job")) == p->job;
}

void progress_take(struct progress *p, json_t *params)
{
    const char *state = json_string_value(json_object_get(params, "state"));

    if (!is_ours(p, params))
        return;
    if (state != NULL && strcmp(state, "running") != 0) {
        json_decref(p->last);
        p->last = json_incref(params);
    } else if (p->visible) {
        double done = number_at(params, "done");

        draw(p, done, number_at(params, "total"),
             progress_rate(&p->pace, now_ms(), done, number_at(params, "rate")),
             json_string_value(json_object_get(params, "unit")),
             json_string_value(json_object_get(params, "waits")));
    }
}

void progress_clear(struct progress *p)
{
    if (p->drawn)
        (void)fputs("\r\033[K", stderr);
    p->drawn = false;
}
