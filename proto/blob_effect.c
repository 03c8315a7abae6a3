/* Turns what a fetch has decided into effects.  Decides nothing itself. */
#include "proto/blob_effect.h"

#include "proto/blob_proof.h"
#include "proto/blob_request.h"

bool blob_effect_notice(struct blob_fetch *f, struct blob_fetch_effect *out)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        struct blob_fetch_provider *p = &f->providers[i];

        *out = (struct blob_fetch_effect){ .provider = i };
        if (p->ban_due) {
            p->ban_due = false;
            out->kind = BLOB_FETCH_BAN;
            out->why = p->ban_why;
            return true;
        }
        if (p->used && p->watch == BLOB_WATCH_CANCEL_DUE) {
            p->watch = BLOB_WATCH_CANCELLING;
            out->kind = BLOB_FETCH_CANCEL;
            out->request = p->watch_request;
            return true;
        }
        for (size_t k = 0; p->used && k < BLOB_FETCH_REQUESTS; k++) {
            if (p->requests[k].state != BLOB_REQUEST_CANCEL_DUE)
                continue;
            p->requests[k].state = BLOB_REQUEST_CANCELLING;
            out->kind = BLOB_FETCH_CANCEL;
            out->request = p->requests[k].request;
            return true;
        }
    }
    return false;
}

bool blob_effect_span(struct blob_fetch *f, struct blob_fetch_effect *out)
{
    static const enum blob_fetch_kind kinds[] = {
        [BLOB_SPAN_HASHING] = BLOB_FETCH_VERIFY_SPAN,
        [BLOB_SPAN_LOCATING] = BLOB_FETCH_CHECK_LEAVES,
        [BLOB_SPAN_WRITING] = BLOB_FETCH_WRITE_SPAN,
    };

    for (unsigned i = 0; i < f->spans_max; i++) {
        struct blob_fetch_span *s = &f->spans[i];

        if (blob_proof_next(f, s, out))
            return true;
        if (s->told || s->tested != 0 ||
            (s->state != BLOB_SPAN_HASHING && s->state != BLOB_SPAN_LOCATING &&
             s->state != BLOB_SPAN_WRITING))
            continue;
        s->told = true;
        *out = (struct blob_fetch_effect){ .kind = kinds[s->state],
                                           .slot = i,
                                           .index = s->span,
                                           .expected = s->expected };
        out->len = blob_span_len(f->id.size, s->span);
        if (s->state == BLOB_SPAN_LOCATING)
            out->hashes =
                (struct bytes){ f->inner,
                                (size_t)blob_leaf_count(out->len) * HASH_LEN };
        return true;
    }
    return false;
}

bool blob_effect_page(struct blob_fetch *f, struct blob_fetch_effect *out)
{
    size_t len;

    if (f->page_state != BLOB_PAGE_TO_STORE &&
        f->page_state != BLOB_PAGE_WANTED)
        return false;
    *out = (struct blob_fetch_effect){ .kind = BLOB_FETCH_NEED_PAGE,
                                       .index = f->page_index };
    if (f->page_state == BLOB_PAGE_WANTED) {
        f->page_state = BLOB_PAGE_LOADING;
        return true;
    }
    len = blob_page_len(f->id.size, f->page_index) * HASH_LEN;
    out->kind = BLOB_FETCH_STORE_PAGE;
    out->hashes = (struct bytes){ f->page, len };
    f->page_state = BLOB_PAGE_READY;
    return true;
}

bool blob_effect_is_due(const struct blob_fetch *f)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++)
        if (blob_request_oldest(f, &f->providers[i]) != NULL)
            return true;
    for (unsigned i = 0; i < f->spans_max; i++)
        if (f->spans[i].tested != 0 || f->spans[i].state == BLOB_SPAN_HASHING ||
            f->spans[i].state == BLOB_SPAN_LOCATING ||
            f->spans[i].state == BLOB_SPAN_WRITING)
            return true;
    return f->page_state == BLOB_PAGE_LOADING;
}
