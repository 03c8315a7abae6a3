/* Maps of what providers have.  Asks for nothing. */
#include "proto/blob_holder.h"

#include <assert.h>
#include <string.h>

bool blob_holder_is_usable(const struct blob_fetch *f,
                           const struct blob_fetch_provider *p)
{
    return p->used && !p->banned && p->map != BLOB_MAP_NOTHING &&
           f->now_ms >= p->rest_until_ms;
}

bool blob_holder_has(const struct blob_fetch_provider *p, uint64_t span)
{
    if (p->map == BLOB_MAP_PARTIAL)
        return (p->bits[span / 8] >> (span % 8) & 1) != 0;
    return p->map != BLOB_MAP_NOTHING;
}

bool blob_holder_gives(const struct blob_fetch *f,
                       const struct blob_fetch_provider *p,
                       const struct blob_fetch_span *s)
{
    return (s->lacking >> blob_fetch_number(f, p) & 1) == 0 &&
           blob_holder_has(p, s->span);
}

unsigned blob_holder_count(const struct blob_fetch *f, uint64_t span)
{
    unsigned count = 0;

    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        const struct blob_fetch_provider *p = &f->providers[i];

        count += p->used && !p->banned && blob_holder_has(p, span);
    }
    return count;
}

void blob_holder_lacks(const struct blob_fetch *f,
                       struct blob_fetch_provider *p, struct blob_fetch_span *s)
{
    if (p->map == BLOB_MAP_PARTIAL)
        p->bits[s->span / 8] =
            (uint8_t)(p->bits[s->span / 8] & ~(1U << (s->span % 8)));
    else
        s->lacking = (uint8_t)(s->lacking | 1U << blob_fetch_number(f, p));
}

/* Bits past the last span, which stand for nothing, are 0. */
static bool is_of_blob(const struct blob_fetch *f, const struct blob_msg *msg)
{
    uint64_t spans = blob_span_count(f->id.size);
    uint64_t bytes = BLOB_BITMAP_LEN(spans);
    uint64_t first = msg->have.first / 8;
    size_t len = msg->have.bits.len;

    if (first >= bytes || len > bytes - first)
        return false;
    return first + len < bytes || spans % 8 == 0 ||
           msg->have.bits.data[len - 1] >> (spans % 8) == 0;
}

enum err blob_holder_take(struct blob_fetch *f, struct blob_fetch_provider *p,
                          const struct blob_msg *msg)
{
    if (p->watch < BLOB_WATCH_OPEN || msg->request != p->watch_request)
        return ERR_NOT_ASKED;
    if (!is_of_blob(f, msg))
        return ERR_MALFORMED;
    if (p->watch != BLOB_WATCH_OPEN)
        return ERR_OK;
    if (p->map != BLOB_MAP_PARTIAL) {
        uint64_t spans = blob_span_count(f->id.size);

        memset(p->bits, 0, (size_t)BLOB_BITMAP_LEN(spans));
        p->map = BLOB_MAP_PARTIAL;
    }
    memcpy(p->bits + msg->have.first / 8, msg->have.bits.data,
           msg->have.bits.len);
    if (!f->scattered) {
        /* Those who fetch the same at once do well to begin elsewhere. */
        f->scattered = true;
        f->cursor = f->start;
    }
    f->news_ms = f->now_ms;
    f->stall_told = false;
    return ERR_OK;
}

void blob_holder_end(struct blob_fetch *f, struct blob_fetch_provider *p,
                     enum err code)
{
    bool was_open = p->watch == BLOB_WATCH_OPEN;

    assert(p->watch >= BLOB_WATCH_OPEN);
    p->watch = BLOB_WATCH_NONE;
    if (!was_open)
        return;
    if (code == ERR_OK) {
        p->map = BLOB_MAP_WHOLE;
        f->stall_told = false;
    } else if (code == ERR_BUSY) {
        p->map = BLOB_MAP_UNKNOWN; /* it tells no more: who asks will see */
    } else {
        p->map = BLOB_MAP_NOTHING;
    }
}

void blob_holder_leave(struct blob_fetch_provider *p)
{
    if (p->watch == BLOB_WATCH_OPEN)
        p->watch = BLOB_WATCH_CANCEL_DUE;
    else if (p->watch == BLOB_WATCH_DUE)
        p->watch = BLOB_WATCH_NONE;
}
