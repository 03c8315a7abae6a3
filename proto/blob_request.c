/* Keeps the count of what is asked of whom.  Chooses nothing. */
#include "proto/blob_request.h"

#include "proto/blob_proof.h"

struct blob_fetch_request *blob_request_find(struct blob_fetch_provider *p,
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
blob_request_oldest(const struct blob_fetch *f,
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

unsigned blob_request_due(const struct blob_fetch_request *r)
{
    uint64_t at = r->next / BLOB_BLOCK_LEN;
    uint64_t end = (r->until + BLOB_BLOCK_LEN - 1) / BLOB_BLOCK_LEN;

    if (r->state != BLOB_REQUEST_OPEN || r->what != BLOB_WHAT_BLOCKS ||
        r->next >= r->until)
        return 0;
    return ((1U << (end - at)) - 1) << at % BLOB_REQUEST_BLOCKS;
}

uint64_t blob_request_bytes_before(const struct blob_fetch *f,
                                   const struct blob_fetch_provider *p,
                                   const struct blob_fetch_request *r)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < BLOB_FETCH_REQUESTS; i++) {
        const struct blob_fetch_request *q = &p->requests[i];

        if (q->state == BLOB_REQUEST_OPEN &&
            f->turn - q->turn > f->turn - r->turn)
            bytes += q->charge;
    }
    return bytes;
}

void blob_request_uncount(struct blob_fetch_span *s, unsigned blocks)
{
    unsigned once = blocks & ~(unsigned)s->again;

    s->asked = (uint16_t)(s->asked & ~once);
    s->again = (uint16_t)(s->again & ~blocks);
}

/* Its bytes count no more, and what of a block has come is worth nothing. */
static void release(struct blob_fetch *f, struct blob_fetch_provider *p,
                    struct blob_fetch_request *r)
{
    struct blob_fetch_span *s = &f->spans[r->slot];
    unsigned due = blob_request_due(r);

    p->in_flight -= r->charge;
    r->charge = 0;
    if (r->is_proof)
        blob_proof_lose(f, p, r);
    else if (r->what == BLOB_WHAT_INNER && !r->answered)
        s->told = false;
    if (due == 0) /* the slot may serve another span by now */
        return;
    blob_request_uncount(s, due);
    for (unsigned k = 0; k < BLOB_REQUEST_BLOCKS; k++)
        if ((due & ~(unsigned)s->held) >> k & 1 &&
            s->sender[k] == blob_fetch_number(f, p))
            s->sender[k] = BLOB_FETCH_NOBODY;
}

void blob_request_cancel(struct blob_fetch *f, struct blob_fetch_provider *p,
                         struct blob_fetch_request *r)
{
    if (blob_request_oldest(f, p) == r)
        p->head_ms = f->now_ms;
    release(f, p, r);
    r->state = BLOB_REQUEST_CANCEL_DUE;
}

void blob_request_close(struct blob_fetch *f, struct blob_fetch_provider *p,
                        struct blob_fetch_request *r)
{
    if (blob_request_oldest(f, p) == r)
        p->head_ms = f->now_ms;
    if (r->state == BLOB_REQUEST_OPEN)
        release(f, p, r);
    r->state = BLOB_REQUEST_FREE;
}

void blob_request_cancel_held(struct blob_fetch *f, unsigned slot)
{
    unsigned held = f->spans[slot].held;

    for (size_t i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        struct blob_fetch_provider *p = &f->providers[i];

        for (size_t k = 0; p->used && k < BLOB_FETCH_REQUESTS; k++) {
            struct blob_fetch_request *r = &p->requests[k];

            if (r->state == BLOB_REQUEST_OPEN && !r->answered &&
                r->what == BLOB_WHAT_BLOCKS && r->slot == slot &&
                (blob_request_due(r) & ~held) == 0)
                blob_request_cancel(f, p, r);
        }
    }
}

void blob_request_disown(struct blob_fetch *f,
                         const struct blob_fetch_provider *p)
{
    for (size_t i = 0; i < f->spans_max; i++)
        if (f->spans[i].owner == blob_fetch_number(f, p))
            f->spans[i].owner = BLOB_FETCH_NOBODY;
}

void blob_request_leave(struct blob_fetch *f, struct blob_fetch_provider *p)
{
    for (size_t i = 0; i < BLOB_FETCH_REQUESTS; i++)
        if (p->requests[i].state == BLOB_REQUEST_OPEN &&
            !p->requests[i].answered)
            blob_request_cancel(f, p, &p->requests[i]);
    blob_request_disown(f, p);
}
