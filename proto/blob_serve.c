/* Which request is read and sent next.  Reads no file and encodes nothing. */
#include "proto/blob_serve.h"

#include <assert.h>
#include <string.h>

void blob_serve_init(struct blob_serve *s)
{
    memset(s, 0, sizeof *s);
    s->piece_max = BLOB_DATA_CHUNK_MAX;
}

static struct blob_serve_request *find(struct blob_serve *s, uint32_t request)
{
    for (size_t i = 0; i < BLOB_REQUESTS_MAX; i++)
        if (s->requests[i].open && s->requests[i].request == request)
            return &s->requests[i];
    return NULL;
}

static struct blob_serve_request *find_free(struct blob_serve *s)
{
    for (size_t i = 0; i < BLOB_REQUESTS_MAX; i++)
        if (!s->requests[i].open)
            return &s->requests[i];
    return NULL;
}

static void end(struct blob_serve_request *r, enum err code)
{
    r->ended = true;
    r->code = code;
}

/* What it takes to answer it, in bytes read or made. */
static uint64_t cost_of(const struct blob_serve_request *r)
{
    uint64_t first;
    uint64_t end;

    if (r->ask.what != BLOB_WHAT_BLOCKS)
        return BLOB_BLOCK_LEN;
    blob_ask_range(&r->ask, &first, &end);
    return end - first;
}

/*
 * Fair queueing: a request begins when those before it for the same blob have
 * ended, but not in the past; the one that begins first is served first.
 */
static uint64_t start_of(const struct blob_serve *s, const struct blob_id *blob)
{
    uint64_t start = s->now;

    for (size_t i = 0; i < BLOB_REQUESTS_MAX; i++) {
        const struct blob_serve_request *r = &s->requests[i];

        if (r->open && !r->ended && blob_id_equal(&r->ask.id, blob) &&
            r->start + cost_of(r) > start)
            start = r->start + cost_of(r);
    }
    return start;
}

enum err blob_serve_ask(struct blob_serve *s, const struct blob_msg *msg,
                        enum err verdict)
{
    struct blob_serve_request *r = find_free(s);

    assert(msg->type == FRAME_BLOB_ASK);
    if (r == NULL)
        return ERR_FLOOD;
    if (find(s, msg->request) != NULL)
        return ERR_MALFORMED;
    *r = (struct blob_serve_request){ .open = true,
                                      .request = msg->request,
                                      .turn = s->turn++,
                                      .start = start_of(s, &msg->ask.id),
                                      .ask = msg->ask,
                                      .read_end = 1 };
    if (msg->ask.what == BLOB_WHAT_BLOCKS)
        blob_ask_range(&r->ask, &r->read_at, &r->read_end);
    r->sent_at = r->read_at;
    if (verdict != ERR_OK)
        end(r, verdict);
    return ERR_OK;
}

/* What was read for a request that has ended is not sent. */
static void drop_buffers(struct blob_serve *s,
                         const struct blob_serve_request *r)
{
    for (size_t i = 0; i < BLOB_SERVE_BUFFERS; i++) {
        struct blob_serve_buffer *b = &s->buffers[i];

        if (b->state == BLOB_BUFFER_FREE || &s->requests[b->request] != r)
            continue;
        b->state = b->state == BLOB_BUFFER_FULL ? BLOB_BUFFER_FREE
                                                : BLOB_BUFFER_DROPPED;
    }
}

void blob_serve_cancel(struct blob_serve *s, const struct blob_msg *msg)
{
    struct blob_serve_request *r = find(s, msg->request);

    assert(msg->type == FRAME_BLOB_CANCEL);
    if (r == NULL || r->ended)
        return;
    end(r, ERR_CANCELLED);
    drop_buffers(s, r);
}

void blob_serve_read_done(struct blob_serve *s, unsigned buffer, enum err e)
{
    struct blob_serve_buffer *b;
    struct blob_serve_request *r;

    assert(buffer < BLOB_SERVE_BUFFERS);
    b = &s->buffers[buffer];
    r = &s->requests[b->request];
    if (b->state == BLOB_BUFFER_DROPPED) {
        b->state = BLOB_BUFFER_FREE;
        return;
    }
    assert(b->state == BLOB_BUFFER_READING);
    b->state = BLOB_BUFFER_FULL;
    if (e == ERR_OK)
        return;
    end(r, ERR_NOT_HELD);
    drop_buffers(s, r);
}

/* Turns may wrap. */
static bool is_before(const struct blob_serve *s,
                      const struct blob_serve_request *a,
                      const struct blob_serve_request *b)
{
    return a->start != b->start ? a->start < b->start
                                : s->turn - a->turn > s->turn - b->turn;
}

/* Of those for which `wanted` is true, the one to be served first. */
static struct blob_serve_request *
first(struct blob_serve *s, bool (*wanted)(const struct blob_serve_request *))
{
    struct blob_serve_request *best = NULL;

    for (size_t i = 0; i < BLOB_REQUESTS_MAX; i++) {
        struct blob_serve_request *r = &s->requests[i];

        if (r->open && wanted(r) && (best == NULL || is_before(s, r, best)))
            best = r;
    }
    return best;
}

static bool has_unread(const struct blob_serve_request *r)
{
    return !r->ended && r->read_at < r->read_end;
}

static bool has_ended(const struct blob_serve_request *r)
{
    return r->ended;
}

static bool is_open(const struct blob_serve_request *r)
{
    return r->open;
}

static struct blob_serve_effect effect_of(const struct blob_serve_request *r,
                                          enum blob_serve_kind kind)
{
    return (struct blob_serve_effect){ .kind = kind,
                                       .request = r->request,
                                       .ask = r->ask };
}

static bool next_read(struct blob_serve *s, struct blob_serve_effect *out)
{
    static const enum blob_serve_kind kinds[] = {
        [BLOB_WHAT_LAYER] = BLOB_SERVE_READ_LAYER,
        [BLOB_WHAT_BLOCKS] = BLOB_SERVE_READ_DATA,
        [BLOB_WHAT_INNER] = BLOB_SERVE_READ_INNER,
    };
    struct blob_serve_request *r = first(s, has_unread);
    struct blob_serve_buffer *b = NULL;
    uint64_t left;

    for (size_t i = 0; i < BLOB_SERVE_BUFFERS && b == NULL; i++)
        if (s->buffers[i].state == BLOB_BUFFER_FREE)
            b = &s->buffers[i];
    if (r == NULL || b == NULL)
        return false;
    left = r->read_end - r->read_at;
    *b = (struct blob_serve_buffer){
        .state = BLOB_BUFFER_READING,
        .request = (unsigned)(r - s->requests),
        .offset = r->read_at,
        .len = left < BLOB_SERVE_READ ? (size_t)left : BLOB_SERVE_READ,
    };
    r->read_at += b->len;
    s->now = r->start;
    *out = effect_of(r, kinds[r->ask.what]);
    out->buffer = (unsigned)(b - s->buffers);
    out->offset = b->offset;
    out->len = b->len;
    return true;
}

/* The full buffer that holds what the request must send next, or NULL. */
static struct blob_serve_buffer *buffer_due(struct blob_serve *s,
                                            const struct blob_serve_request *r)
{
    for (size_t i = 0; i < BLOB_SERVE_BUFFERS; i++) {
        struct blob_serve_buffer *b = &s->buffers[i];

        if (b->state == BLOB_BUFFER_FULL && &s->requests[b->request] == r &&
            b->offset + b->sent == r->sent_at)
            return b;
    }
    return NULL;
}

static void send_from(struct blob_serve *s, struct blob_serve_request *r,
                      struct blob_serve_buffer *b,
                      struct blob_serve_effect *out)
{
    static const enum blob_serve_kind kinds[] = {
        [BLOB_WHAT_LAYER] = BLOB_SERVE_SEND_LAYER,
        [BLOB_WHAT_BLOCKS] = BLOB_SERVE_SEND_DATA,
        [BLOB_WHAT_INNER] = BLOB_SERVE_SEND_INNER,
    };
    size_t left = b->len - b->sent;

    *out = effect_of(r, kinds[r->ask.what]);
    out->buffer = (unsigned)(b - s->buffers);
    out->offset = r->sent_at;
    out->start = b->sent;
    out->len = left < s->piece_max ? left : s->piece_max;
    b->sent += out->len;
    r->sent_at += out->len;
    if (r->ask.what == BLOB_WHAT_BLOCKS)
        s->bytes_sent += out->len;
    if (b->sent == b->len)
        b->state = BLOB_BUFFER_FREE;
    if (r->sent_at == r->read_end)
        end(r, ERR_OK);
}

static bool next_send(struct blob_serve *s, struct blob_serve_effect *out)
{
    struct blob_serve_request *r = first(s, has_ended);
    struct blob_serve_buffer *b;

    if (r != NULL) {
        *out = effect_of(r, BLOB_SERVE_SEND_END);
        out->code = r->code;
        r->open = false;
        return true;
    }
    if (s->no_pieces)
        return false;
    r = first(s, is_open);
    b = r == NULL ? NULL : buffer_due(s, r);
    if (b == NULL)
        return false;
    send_from(s, r, b, out);
    return true;
}

bool blob_serve_is_idle(const struct blob_serve *s)
{
    for (size_t i = 0; i < BLOB_REQUESTS_MAX; i++)
        if (s->requests[i].open)
            return false;
    return true;
}

void blob_serve_hold(struct blob_serve *s, bool pieces, bool reads)
{
    s->no_pieces = pieces;
    s->no_reads = reads;
}

void blob_serve_set_piece(struct blob_serve *s, size_t max)
{
    assert(max >= 1 && max <= BLOB_DATA_CHUNK_MAX);
    s->piece_max = max;
}

bool blob_serve_next(struct blob_serve *s, bool room,
                     struct blob_serve_effect *out)
{
    return (room && next_send(s, out)) || (!s->no_reads && next_read(s, out));
}
