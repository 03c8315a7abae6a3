/* Frames of a fetch: where their bytes belong, and what follows from them. */
#include <assert.h>
#include <string.h>

#include "proto/blob_buffer.h"
#include "proto/blob_fetch_parts.h"
#include "proto/blob_holder.h"
#include "proto/blob_proof.h"
#include "proto/blob_request.h"
#include "proto/blob_trial.h"
#include "proto/blob_urge.h"

#define SAMPLE_MS  100
#define PEAK_FADES 16 /* by so much with each sample */

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
    struct blob_fetch_provider *p = blob_fetch_provider_at(f, provider);
    struct blob_fetch_request *r = blob_request_find(p, msg->request);
    size_t len = msg->data.bytes.len;
    struct blob_fetch_span *s;
    unsigned due;
    bool kept;

    assert(msg->type == FRAME_BLOB_DATA);
    blob_fetch_set_now(f, now_ms);
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
        blob_fetch_enter(s, BLOB_SPAN_HASHING);
    if (r->state == BLOB_REQUEST_OPEN && !r->answered && r->next >= r->until)
        blob_request_cancel(f, p, r);
    return kept ? ERR_OK : ERR_CANCELLED;
}

/*
 * Hashes came, with what their check says: good ones answer the request.  Who
 * sent others is banned; and those that could not be checked are asked again.
 */
static bool is_answered(struct blob_fetch *f, struct blob_fetch_provider *p,
                        struct blob_fetch_request *r, enum err e)
{
    if (e == ERR_NO_MEMORY)
        blob_request_cancel(f, p, r);
    else if (e != ERR_OK)
        blob_trial_ban(f, blob_fetch_number(f, p), ERR_BAD_PROOF);
    if (e != ERR_OK)
        return false;
    r->answered = true;
    progress(f, p, r, r->charge);
    return true;
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
    if (!is_answered(f, p, r, e))
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    assert(f->page_state != BLOB_PAGE_TO_STORE); /* it was to be taken */
    memcpy(f->page, msg->layer.hashes.data, msg->layer.hashes.len);
    f->page_index = page;
    f->page_state = BLOB_PAGE_TO_STORE;
    f->pages[page / 8] = (uint8_t)(f->pages[page / 8] | 1U << (page % 8));
    f->pages_left--;
    blob_fetch_settle(f);
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
    if (!is_answered(f, p, r, e))
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    if (r->is_proof) {
        blob_proof_take(f, r, hashes);
        return ERR_OK;
    }
    memcpy(f->inner, hashes.data, hashes.len);
    blob_fetch_enter(s, BLOB_SPAN_LOCATING);
    return ERR_OK;
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
    if (s->owner == blob_fetch_number(f, p))
        s->owner = BLOB_FETCH_NOBODY;
    blob_holder_lacks(f, p, s);
    if (somebody_may_have(f, s))
        return;
    s->lacking = 0; /* all are asked again after their rest */
    if (s->state == BLOB_SPAN_BLAMING)
        blob_fetch_drop(s, s->all);
    else if (s->held == 0 && s->asked == 0)
        blob_fetch_enter(
            s, BLOB_SPAN_FREE); /* its place is better used by another */
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
    struct blob_fetch_provider *p = blob_fetch_provider_at(f, provider);
    struct blob_fetch_request *r = blob_request_find(p, msg->request);
    enum blob_what what =
        msg->type == FRAME_BLOB_LAYER ? BLOB_WHAT_LAYER : BLOB_WHAT_INNER;

    blob_fetch_set_now(f, now_ms);
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
