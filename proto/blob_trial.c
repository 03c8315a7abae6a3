/* Who is asked no more, for a while or at all. */
#include "proto/blob_trial.h"

#include "proto/blob_holder.h"
#include "proto/blob_request.h"

#define REST_MIN_MS    250
#define REST_DOUBLINGS 7 /* 32 s at most */
#define LOOK_MS        250
/* Maps cost their sender nothing: so long they are news without bytes. */
#define RUMOUR_MS (4 * BLOB_TIMEOUT_MS)

void blob_trial_ban(struct blob_fetch *f, unsigned provider, enum err why)
{
    struct blob_fetch_provider *p;

    if (provider == BLOB_FETCH_NOBODY || f->providers[provider].banned)
        return;
    p = &f->providers[provider];
    p->banned = true;
    p->ban_due = true;
    p->ban_why = why;
    blob_request_leave(f, p);
    blob_holder_leave(p);
}

void blob_trial_rest(struct blob_fetch *f, struct blob_fetch_provider *p)
{
    unsigned doublings =
        p->misses < REST_DOUBLINGS ? p->misses : REST_DOUBLINGS;

    if (f->now_ms < p->rest_until_ms)
        return; /* many requests failed at once: that counts once */
    blob_request_disown(f, p);
    p->rest_until_ms = f->now_ms + ((uint64_t)REST_MIN_MS << doublings);
    p->misses++;
}

/* Silence is suffered for long only while nobody else sends anything. */
static uint64_t patience(const struct blob_fetch *f,
                         const struct blob_fetch_provider *p)
{
    uint64_t snub = BLOB_SNUB_MS + 4 * p->rtt_ms;

    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        const struct blob_fetch_provider *q = &f->providers[i];

        if (q != p && blob_holder_is_usable(f, q) && q->last_ms > p->last_ms &&
            snub < BLOB_TIMEOUT_MS)
            return snub;
    }
    return BLOB_TIMEOUT_MS;
}

/* Until then more may be told; later, others have their turn. */
static uint64_t hears_until(const struct blob_fetch *f)
{
    uint64_t news = f->news_ms + BLOB_TIMEOUT_MS;
    uint64_t bytes = f->bytes_ms + RUMOUR_MS;

    return news < bytes ? news : bytes;
}

bool blob_trial_may_hear(const struct blob_fetch *f)
{
    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        const struct blob_fetch_provider *p = &f->providers[i];

        if (p->used && !p->banned && p->map == BLOB_MAP_PARTIAL &&
            p->watch == BLOB_WATCH_OPEN)
            return f->now_ms < hears_until(f);
    }
    return false;
}

void blob_trial_tick(struct blob_fetch *f)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        struct blob_fetch_provider *p = &f->providers[i];

        if (!p->used || blob_request_oldest(f, p) == NULL ||
            f->now_ms - p->head_ms < patience(f, p))
            continue;
        blob_request_leave(f, p);
        blob_trial_rest(f, p);
    }
}

uint64_t blob_trial_deadline(const struct blob_fetch *f)
{
    uint64_t at = UINT64_MAX;
    bool idle = false, busy = false;

    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        const struct blob_fetch_provider *p = &f->providers[i];

        if (!p->used || p->banned)
            continue;
        if (p->rest_until_ms > f->now_ms && p->rest_until_ms < at)
            at = p->rest_until_ms;
        if (p->pause_until_ms > f->now_ms && p->pause_until_ms < at)
            at = p->pause_until_ms;
        if (blob_request_oldest(f, p) == NULL) {
            idle = idle || blob_holder_is_usable(f, p);
            continue;
        }
        busy = true;
        if (p->head_ms + patience(f, p) < at)
            at = p->head_ms + patience(f, p);
    }
    if (idle && busy && f->now_ms + LOOK_MS < at)
        at = f->now_ms + LOOK_MS; /* what another is late with is taken over */
    if (blob_trial_may_hear(f) && hears_until(f) < at)
        at = hears_until(f);
    return at;
}
