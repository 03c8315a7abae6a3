/* The blob frames of docs/protocol.md §6.3, from and to bytes. */
#include "proto/blob_msg.h"

#include <assert.h>

/* §6.3: what is asked for exists in the blob, and blocks lie in one span. */
static enum err ask_check(const struct blob_ask *ask)
{
    uint64_t size = ask->id.size;
    uint64_t blocks = blob_block_count(size);
    bool good = false;

    if (blob_id_check(&ask->id) != ERR_OK)
        return ERR_MALFORMED;
    switch (ask->what) {
    case BLOB_WHAT_LAYER:
        good = ask->count == 0 && ask->first < blob_page_count(size);
        break;
    case BLOB_WHAT_BLOCKS:
        good = ask->first < blocks && ask->count >= 1 &&
               ask->count <= blocks - ask->first &&
               ask->count <=
                   BLOB_REQUEST_BLOCKS - ask->first % BLOB_REQUEST_BLOCKS;
        break;
    case BLOB_WHAT_INNER:
        good = ask->count == 0 && ask->first < blob_span_count(size);
        break;
    }
    return good ? ERR_OK : ERR_MALFORMED;
}

void blob_ask_range(const struct blob_ask *ask, uint64_t *from, uint64_t *to)
{
    uint64_t end = (ask->first + ask->count) * BLOB_BLOCK_LEN;

    assert(ask->what == BLOB_WHAT_BLOCKS && ask_check(ask) == ERR_OK);
    *from = ask->first * BLOB_BLOCK_LEN;
    *to = end < ask->id.size ? end : ask->id.size;
}

static void read_ask(struct reader *r, struct blob_ask *ask)
{
    uint8_t what;

    reader_copy(r, ask->tag, sizeof ask->tag);
    reader_copy(r, ask->id.root, sizeof ask->id.root);
    ask->id.size = reader_u64(r);
    what = reader_u8(r);
    ask->first = reader_u64(r);
    ask->count = reader_u32(r);
    if (what > BLOB_WHAT_INNER) {
        reader_fail(r, ERR_MALFORMED);
        return;
    }
    ask->what = (enum blob_what)what;
    if (r->err == ERR_OK && ask_check(ask) != ERR_OK)
        reader_fail(r, ERR_MALFORMED);
}

/* All that is left: 1 to `max` hashes. */
static struct bytes read_hashes(struct reader *r, size_t max)
{
    if (r->left / HASH_LEN > max)
        reader_fail(r, ERR_TOO_LARGE);
    else if (r->left == 0 || r->left % HASH_LEN != 0)
        reader_fail(r, ERR_TRUNCATED);
    return reader_bytes(r, r->left);
}

static void read_watch(struct reader *r, struct blob_msg *msg)
{
    reader_copy(r, msg->watch.tag, sizeof msg->watch.tag);
    reader_copy(r, msg->watch.id.root, sizeof msg->watch.id.root);
    msg->watch.id.size = reader_u64(r);
    if (r->err == ERR_OK && blob_id_check(&msg->watch.id) != ERR_OK)
        reader_fail(r, ERR_MALFORMED);
}

static void read_have(struct reader *r, struct blob_msg *msg)
{
    msg->have.first = reader_u64(r);
    if (r->err == ERR_OK && (msg->have.first % 8 != 0 ||
                             msg->have.first >= BLOB_SIZE_MAX / BLOB_SPAN_LEN))
        reader_fail(r, ERR_MALFORMED);
    if (r->left == 0)
        reader_fail(r, ERR_TRUNCATED);
    if (r->left > BLOB_HAVE_MAX)
        reader_fail(r, ERR_TOO_LARGE);
    msg->have.bits = reader_bytes(r, r->left);
}

static void read_layer(struct reader *r, struct blob_msg *msg)
{
    size_t uncles;

    msg->layer.page = reader_u64(r);
    uncles = reader_u8(r);
    if (uncles > BLOB_UNCLES_MAX)
        reader_fail(r, ERR_TOO_LARGE);
    msg->layer.uncles = reader_bytes(r, uncles * HASH_LEN);
    msg->layer.hashes = read_hashes(r, BLOB_LAYER_PAGE);
}

static void read_data(struct reader *r, struct blob_msg *msg)
{
    msg->data.offset = reader_u64(r);
    if (r->left == 0)
        reader_fail(r, ERR_TRUNCATED);
    if (r->left > BLOB_DATA_CHUNK_MAX)
        reader_fail(r, ERR_TOO_LARGE);
    msg->data.bytes = reader_bytes(r, r->left);
}

static enum err read_end(struct reader *r)
{
    uint64_t code = reader_varint(r);

    return code < ERR_COUNT ? (enum err)code : ERR_NOT_HELD;
}

enum err blob_msg_decode(struct blob_msg *out, enum frame_type type,
                         struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct blob_msg msg = { .type = type };
    enum err e;

    msg.request = reader_u32(&r);
    switch (type) {
    case FRAME_BLOB_ASK:
        read_ask(&r, &msg.ask);
        break;
    case FRAME_BLOB_WATCH:
        read_watch(&r, &msg);
        break;
    case FRAME_BLOB_HAVE:
        read_have(&r, &msg);
        break;
    case FRAME_BLOB_LAYER:
        read_layer(&r, &msg);
        break;
    case FRAME_BLOB_DATA:
        read_data(&r, &msg);
        break;
    case FRAME_BLOB_INNER:
        msg.inner.span = reader_u64(&r);
        msg.inner.hashes = read_hashes(&r, BLOB_SPAN_LEAVES);
        break;
    case FRAME_BLOB_END:
        msg.end = read_end(&r);
        break;
    case FRAME_BLOB_CANCEL:
        break;
    default:
        assert(false); /* callers sort out the frames of blobs */
    }
    e = reader_finish(&r);
    if (e == ERR_OK)
        *out = msg;
    return e;
}

static void write_ask(struct writer *w, const struct blob_ask *ask)
{
    assert(ask_check(ask) == ERR_OK);
    writer_bytes(w, BYTES_ARRAY(ask->tag));
    writer_bytes(w, BYTES_ARRAY(ask->id.root));
    writer_u64(w, ask->id.size);
    writer_u8(w, (uint8_t)ask->what);
    writer_u64(w, ask->first);
    writer_u32(w, ask->count);
}

void blob_msg_encode(struct writer *w, const struct blob_msg *msg)
{
    writer_u32(w, msg->request);
    switch (msg->type) {
    case FRAME_BLOB_ASK:
        write_ask(w, &msg->ask);
        break;
    case FRAME_BLOB_WATCH:
        assert(blob_id_check(&msg->watch.id) == ERR_OK);
        writer_bytes(w, BYTES_ARRAY(msg->watch.tag));
        writer_bytes(w, BYTES_ARRAY(msg->watch.id.root));
        writer_u64(w, msg->watch.id.size);
        break;
    case FRAME_BLOB_HAVE:
        assert(msg->have.first % 8 == 0 && msg->have.bits.len >= 1 &&
               msg->have.bits.len <= BLOB_HAVE_MAX);
        writer_u64(w, msg->have.first);
        writer_bytes(w, msg->have.bits);
        break;
    case FRAME_BLOB_LAYER:
        assert(msg->layer.uncles.len <= BLOB_UNCLES_MAX * HASH_LEN);
        writer_u64(w, msg->layer.page);
        writer_u8(w, (uint8_t)(msg->layer.uncles.len / HASH_LEN));
        writer_bytes(w, msg->layer.uncles);
        writer_bytes(w, msg->layer.hashes);
        break;
    case FRAME_BLOB_DATA:
        assert(msg->data.bytes.len >= 1 &&
               msg->data.bytes.len <= BLOB_DATA_CHUNK_MAX);
        writer_u64(w, msg->data.offset);
        writer_bytes(w, msg->data.bytes);
        break;
    case FRAME_BLOB_INNER:
        writer_u64(w, msg->inner.span);
        writer_bytes(w, msg->inner.hashes);
        break;
    case FRAME_BLOB_END:
        writer_varint(w, msg->end);
        break;
    case FRAME_BLOB_CANCEL:
        break;
    default:
        assert(false); /* callers sort out the frames of blobs */
    }
}
