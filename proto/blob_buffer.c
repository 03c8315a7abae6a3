/* Gives each block of a span one sender, who answers for it. */
#include "proto/blob_buffer.h"

#include "proto/blob_request.h"

/*
 * Whoever begins a block writes it: what another has brought of it before is
 * written over, and what that one still brings is dropped.
 */
bool blob_buffer_claim(struct blob_fetch_span *s,
                       const struct blob_fetch_request *r, uint64_t len,
                       unsigned sender, struct blob_place *out)
{
    uint64_t end = r->next + len < r->until ? r->next + len : r->until;
    uint64_t from = 0, to = 0, stop;

    for (uint64_t at = r->next; at < end; at = stop) {
        unsigned k = (unsigned)(at / BLOB_BLOCK_LEN % BLOB_REQUEST_BLOCKS);

        stop = at - at % BLOB_BLOCK_LEN + BLOB_BLOCK_LEN;
        stop = stop < end ? stop : end;
        if ((s->held >> k & 1) != 0)
            continue;
        if (at % BLOB_BLOCK_LEN == 0)
            s->sender[k] = (uint8_t)sender;
        if (s->sender[k] != sender)
            continue;
        if (to == 0)
            from = at;
        to = stop; /* a chunk lies in two blocks at most */
    }
    if (to == 0)
        return false;
    *out = (struct blob_place){
        .slot = r->slot,
        .offset = (size_t)(from - s->span * BLOB_SPAN_LEN),
        .skip = (size_t)(from - r->next),
        .len = (size_t)(to - from),
    };
    return true;
}

bool blob_buffer_take(struct blob_fetch *f, struct blob_fetch_span *s,
                      unsigned passed, unsigned sender)
{
    unsigned taken = 0;

    blob_request_uncount(s, passed);
    for (unsigned k = 0; passed >> k != 0; k++)
        if ((passed >> k & 1) != 0 && s->sender[k] == sender)
            taken |= 1U << k;
    s->held = (uint16_t)(s->held | taken);
    if ((s->asked & taken) != 0) /* a second copy is on its way */
        blob_request_cancel_held(f, (unsigned)(s - f->spans));
    return s->held == s->all;
}
