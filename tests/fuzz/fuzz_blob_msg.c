/*
 * Feeds blob frames to the decoder, to a fetch and to a serve machine.  Input:
 * one byte for the shape of the blob, then steps: an action byte and, for a
 * frame, a 16-bit length and its payload.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/blob_fetch.h"
#include "proto/blob_serve.h"

static const uint8_t frame_types[] = { FRAME_BLOB_ASK,   FRAME_BLOB_LAYER,
                                       FRAME_BLOB_DATA,  FRAME_BLOB_END,
                                       FRAME_BLOB_INNER, FRAME_BLOB_CANCEL };
/* What may stand for them, with a bit of the action set. */
static const uint8_t map_types[] = { FRAME_BLOB_WATCH, FRAME_BLOB_HAVE };
static const uint64_t sizes[] = { 1, 70000, 1 << 20, 3 << 20, 700 << 20 };

struct machines {
    struct blob_fetch fetch;
    struct blob_serve serve;
    uint8_t held[128]; /* 700 spans at most */
    uint8_t have[128 * BLOB_FETCH_PROVIDERS];
    uint64_t now;
    bool good; /* what the pool says of the next span */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is good is proved, and lies in a buffer. */
static void check_blocks(struct machines *m, const struct blob_fetch_effect *fx)
{
    uint64_t at = fx->index * BLOB_SPAN_LEN + fx->offset;
    struct blob_place place;

    assert(fx->len > 0 && fx->offset + fx->len <= BLOB_SPAN_LEN);
    blob_fetch_blocks_checked(&m->fetch, fx->slot,
                              m->good ? UINT64_MAX : m->now, m->now);
    if (!m->good)
        return;
    assert(blob_fetch_proved(&m->fetch, at, &place));
    assert(place.slot == fx->slot && place.offset == fx->offset);
    assert(place.len >= fx->len && place.offset + place.len <= BLOB_SPAN_LEN);
}

/* Does at once what a caller would do later. */
static void drain_fetch(struct machines *m)
{
    static const uint8_t page[BLOB_LAYER_PAGE * HASH_LEN];
    struct blob_fetch_effect fx;
    struct bytes hashes = { page, sizeof page };

    while (blob_fetch_next(&m->fetch, &fx)) {
        if (fx.kind == BLOB_FETCH_VERIFY_SPAN)
            blob_fetch_span_verified(&m->fetch, fx.slot, m->good, m->now);
        else if (fx.kind == BLOB_FETCH_WRITE_SPAN)
            blob_fetch_span_written(&m->fetch, fx.slot, m->now);
        else if (fx.kind == BLOB_FETCH_CHECK_LEAVES)
            blob_fetch_leaves_checked(&m->fetch, fx.slot, m->now, m->now);
        else if (fx.kind == BLOB_FETCH_CHECK_BLOCKS)
            check_blocks(m, &fx);
        else if (fx.kind == BLOB_FETCH_NEED_PAGE)
            blob_fetch_page_loaded(&m->fetch, fx.index, hashes, m->now);
    }
}

static void drain_serve(struct machines *m, bool room)
{
    struct blob_serve_effect fx;

    while (blob_serve_next(&m->serve, room, &fx))
        if (fx.kind <= BLOB_SERVE_READ_INNER)
            blob_serve_read_done(&m->serve, fx.buffer,
                                 m->good ? ERR_OK : ERR_IO);
}

/* What decodes must encode to the same bytes, but for unknown codes. */
static void check_round_trip(const struct blob_msg *msg, struct bytes payload)
{
    static uint8_t buf[BLOB_MSG_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    blob_msg_encode(&w, msg);
    assert(w.err == ERR_OK);
    assert(msg->type == FRAME_BLOB_END ||
           bytes_equal(writer_view(&w), payload));
}

/* What a refusal leaves behind is what is looked at, not the refusal. */
static enum err take_frame(struct machines *m, enum frame_type type,
                           struct bytes payload)
{
    struct blob_msg msg;
    struct blob_place place;
    enum err e = blob_msg_decode(&msg, type, payload);

    if (e != ERR_OK)
        return e;
    check_round_trip(&msg, payload);
    switch (type) {
    case FRAME_BLOB_ASK:
        return blob_serve_ask(&m->serve, &msg, m->good ? ERR_OK : ERR_NOT_HELD);
    case FRAME_BLOB_WATCH:
        return ERR_OK; /* what is told follows from the store */
    case FRAME_BLOB_CANCEL:
        blob_serve_cancel(&m->serve, &msg);
        return ERR_OK;
    case FRAME_BLOB_DATA:
        e = blob_fetch_place(&m->fetch, &place, 0, &msg, m->now);
        if (e != ERR_OK)
            return e;
        assert(place.slot < m->fetch.spans_max);
        assert(place.skip + place.len <= msg.data.bytes.len);
        assert(place.len > 0 && place.offset + place.len <= BLOB_SPAN_LEN);
        return ERR_OK;
    default:
        return blob_fetch_recv(&m->fetch, 0, &msg, m->now);
    }
}

/* A reader comes to the fetch, or the fetch is for readers only. */
static void seek(struct machines *m, uint8_t span, uint8_t ahead)
{
    uint64_t spans = blob_span_count(m->fetch.id.size);
    uint64_t at =
        span % spans * BLOB_SPAN_LEN + span / 16 * (uint64_t)BLOB_BLOCK_LEN;

    if (at >= m->fetch.id.size)
        at = m->fetch.id.size - 1;
    blob_fetch_seek(&m->fetch, at, at + ahead % 70 * BLOB_SPAN_LEN + 1);
    blob_fetch_limit(&m->fetch, ahead % 2 != 0);
    blob_fetch_allow(&m->fetch, ahead % 3);
}

static void step(struct machines *m, struct reader *r)
{
    uint8_t action = reader_u8(r);
    size_t kinds = sizeof frame_types;
    size_t len;
    enum err e = ERR_OK;

    m->good = (action & 0x40) != 0;
    if (action % 8 < kinds) {
        uint8_t type = (action & 0x20) != 0 ? map_types[action % 2]
                                            : frame_types[action % 8];

        len = reader_u16(r);
        len = len < r->left ? len : r->left;
        e = take_frame(m, (enum frame_type)type, reader_bytes(r, len));
    } else if (action % 8 == 6 && (action & 0x20) != 0) {
        seek(m, reader_u8(r), reader_u8(r));
    } else if (action % 8 == 6) {
        m->now += (uint64_t)reader_u8(r) * 100;
        blob_fetch_tick(&m->fetch, m->now);
    } else {
        drain_serve(m, m->good);
    }
    assert(e < ERR_COUNT);
    drain_fetch(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t tag[BLOB_TAG_LEN];
    struct reader r = reader_of((struct bytes){ data, size });
    struct machines *m = calloc(1, sizeof *m);
    struct blob_fetch_config config = { .spans_max = 2 };
    unsigned provider;
    enum err e;

    if (m == NULL)
        return 0;
    config.id.size = sizes[reader_u8(&r) % (sizeof sizes / sizeof *sizes)];
    config.id.root[0] = 1;
    config.held = m->held;
    config.have = m->have;
    blob_fetch_init(&m->fetch, &config, 0);
    blob_serve_init(&m->serve);
    e = blob_fetch_provider_add(&m->fetch, &provider, tag, 4, 1, 0);
    assert(e == ERR_OK && provider == 0);
    drain_fetch(m);
    while (r.err == ERR_OK && r.left > 0)
        step(m, &r);
    free(m);
    return 0;
}
