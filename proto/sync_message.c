/* The codec of SYNC's payloads; what they mean is sync.c's business. */
#include <assert.h>
#include <string.h>

#include "proto/sync.h"

static void read_days(struct reader *r, struct sync_message *m)
{
    uint64_t from = reader_varint(r);
    uint64_t until = reader_varint(r);

    if (from > until || until > HELLO_DAY_MAX)
        reader_fail(r, ERR_MALFORMED);
    if (r->err != ERR_OK)
        return;
    m->from_day = (uint32_t)from;
    m->until_day = (uint32_t)until;
}

bool sync_message_opens(enum sync_kind kind)
{
    return kind == SYNC_OPEN || kind == SYNC_OPEN_CODED;
}

/* A number of items, at most `max`, and the items of `len` bytes each. */
static struct bytes read_items(struct reader *r, size_t len, uint64_t max)
{
    uint64_t n = reader_varint(r);

    if (n > max)
        reader_fail(r, ERR_TOO_LARGE);
    return reader_bytes(r, r->err == ERR_OK ? (size_t)n * len : 0);
}

/* Ascending, so that nothing is asked for twice. */
static void read_take(struct reader *r, struct sync_message *m)
{
    m->body = read_items(r, IBLT_ID_LEN, SYNC_TAKE_MAX);
    for (size_t i = IBLT_ID_LEN; r->err == ERR_OK && i < m->body.len;
         i += IBLT_ID_LEN)
        if (memcmp(m->body.data + i - IBLT_ID_LEN, m->body.data + i,
                   IBLT_ID_LEN) >= 0)
            reader_fail(r, ERR_NOT_CANONICAL);
}

static void read_rest(struct reader *r, struct sync_message *m)
{
    switch (m->kind) {
    case SYNC_OPEN:
    case SYNC_OPEN_CODED:
        read_days(r, m);
        m->body = reader_bytes(r, r->left);
        break;
    case SYNC_RANGES:
        m->body = reader_bytes(r, r->left);
        break;
    case SYNC_END:
        m->state.count = reader_varint(r);
        reader_copy(r, m->state.fingerprint, FINGERPRINT_LEN);
        break;
    case SYNC_SYMBOLS:
        m->body = read_items(r, IBLT_SYMBOL_LEN, SYNC_SYMBOLS_MESSAGE_MAX);
        if (m->body.len == 0)
            reader_fail(r, ERR_MALFORMED);
        break;
    case SYNC_MORE:
        m->more = reader_varint(r);
        if (m->more > SYNC_SYMBOLS_MESSAGE_MAX)
            reader_fail(r, ERR_TOO_LARGE);
        break;
    case SYNC_TAKE:
        read_take(r, m);
        break;
    case SYNC_DONE:
    case SYNC_STOP:
        break;
    }
}

enum err sync_message_decode(struct sync_message *out, struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct sync_message m = { 0 };
    uint8_t kind;
    enum err e;

    reader_copy(&r, m.tag, HELLO_TAG_LEN);
    m.number = reader_varint(&r);
    kind = reader_u8(&r);
    if (kind > SYNC_TAKE || (r.err == ERR_OK && m.number == 0))
        reader_fail(&r, ERR_MALFORMED);
    if (r.err != ERR_OK)
        return r.err;
    m.kind = (enum sync_kind)kind;
    read_rest(&r, &m);
    e = reader_finish(&r);
    if (e == ERR_OK)
        *out = m;
    return e;
}

void sync_message_put(struct writer *w, const struct sync_message *m)
{
    assert(m->number > 0);
    writer_bytes(w, BYTES_ARRAY(m->tag));
    writer_varint(w, m->number);
    writer_u8(w, (uint8_t)m->kind);
    if (sync_message_opens(m->kind)) {
        writer_varint(w, m->from_day);
        writer_varint(w, m->until_day);
    }
    writer_bytes(w, m->body);
    if (m->kind == SYNC_MORE)
        writer_varint(w, m->more);
    if (m->kind == SYNC_END) {
        writer_varint(w, m->state.count);
        writer_bytes(w, BYTES_ARRAY(m->state.fingerprint));
    }
}
