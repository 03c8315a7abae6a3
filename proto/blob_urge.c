/* What stands in the way of a reader is called off. */
#include "proto/blob_urge.h"

#include "proto/blob_choose.h"
#include "proto/blob_holder.h"
#include "proto/blob_request.h"

/* Bytes that come while a cancel and a new question are on their way. */
static uint64_t cheap(const struct blob_fetch_provider *p)
{
    return BLOB_BLOCK_LEN + p->rate * p->rtt_ms / 1000;
}

/* Whether the block comes from this provider as soon as if asked for now. */
static bool comes_from(const struct blob_fetch *f,
                       const struct blob_fetch_provider *p, uint64_t block)
{
    for (size_t i = 0; p->used && i < BLOB_FETCH_REQUESTS; i++) {
        const struct blob_fetch_request *r = &p->requests[i];
        uint64_t from = block * BLOB_BLOCK_LEN;

        if (blob_request_due(r) == 0 || from >= r->until ||
            from + BLOB_BLOCK_LEN <= r->next)
            continue;
        from = from > r->next ? from - r->next : 0;
        if (blob_request_bytes_before(f, p, r) + from <= cheap(p))
            return true;
    }
    return false;
}

static bool comes_soon(const struct blob_fetch *f, uint64_t block)
{
    for (size_t i = 0; i < f->spans_max; i++) {
        const struct blob_fetch_span *s = &f->spans[i];

        if (s->state != BLOB_SPAN_FREE &&
            s->span == block / BLOB_REQUEST_BLOCKS &&
            (s->held >> block % BLOB_REQUEST_BLOCKS & 1) != 0)
            return true;
    }
    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++)
        if (comes_from(f, &f->providers[i], block))
            return true;
    return false;
}

/* Whether it could be asked for a block of the span at once. */
static bool could_send(const struct blob_fetch *f,
                       const struct blob_fetch_provider *p, uint64_t span)
{
    if (!blob_holder_is_usable(f, p) || f->now_ms < p->pause_until_ms)
        return false;
    for (size_t i = 0; i < f->spans_max; i++)
        if (f->spans[i].state != BLOB_SPAN_FREE && f->spans[i].span == span)
            return blob_holder_gives(f, p, &f->spans[i]);
    return blob_holder_has(p, span);
}

/* What has begun to come and will have come soon goes on. */
static void call_off(struct blob_fetch *f, struct blob_fetch_provider *p)
{
    for (size_t k = 0; k < BLOB_FETCH_REQUESTS; k++) {
        struct blob_fetch_request *r = &p->requests[k];

        if (r->state == BLOB_REQUEST_OPEN && r->what == BLOB_WHAT_BLOCKS &&
            !r->answered &&
            (r->next == r->first * BLOB_BLOCK_LEN ||
             r->end - r->next > cheap(p)))
            blob_request_cancel(f, p, r);
    }
}

/* The first block that the reader has not; false: it waits for none. */
static bool find_block(const struct blob_fetch *f, uint64_t *out)
{
    uint64_t urgent = blob_choose_urgent(f);

    if (urgent == UINT64_MAX)
        return false;
    *out = urgent == f->reader ? f->reader_at / BLOB_BLOCK_LEN
                               : urgent * BLOB_REQUEST_BLOCKS;
    return true;
}

/* Calls off what is in the way, a few times for a block: whoever asks or
 * refuses again and again shall not waste more. */
static void urge(struct blob_fetch *f, unsigned times)
{
    uint64_t block;

    if (!find_block(f, &block) ||
        (block == f->hurried && f->hurries >= times) || comes_soon(f, block))
        return;
    f->hurries = block == f->hurried ? f->hurries + 1 : 1;
    f->hurried = block;
    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++)
        if (could_send(f, &f->providers[i], block / BLOB_REQUEST_BLOCKS))
            call_off(f, &f->providers[i]);
    for (size_t i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];

        if (s->state == BLOB_SPAN_FILLING && s->asked == 0 && s->held == 0)
            s->state = BLOB_SPAN_FREE;
    }
}

void blob_urge_seek(struct blob_fetch *f, uint64_t at, uint64_t end)
{
    uint64_t count = blob_span_count(f->id.size);

    f->reader_at = at;
    f->reader = at / BLOB_SPAN_LEN;
    f->reader_end = (end - 1) / BLOB_SPAN_LEN + 1;
    if (f->reader_end - f->reader > BLOB_AHEAD_MAX)
        f->reader_end = f->reader + BLOB_AHEAD_MAX;
    if (f->reader_end > count)
        f->reader_end = count;
    urge(f, 1);
}

void blob_urge_refused(struct blob_fetch *f)
{
    urge(f, BLOB_FETCH_PROVIDERS);
}
