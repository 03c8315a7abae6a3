/*
 * Fetches whole blobs through real frames from real serve machines, some of
 * which lie, lack, stall or vanish.  Time is a counter, chance is seeded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/blob_fetch.h"
#include "proto/blob_serve.h"

#define MIB   ((uint64_t)1024 * 1024)
#define PEERS 4

enum lie {
    HONEST,
    FLIPS_BYTES,
    FLIPS_ONE_BLOCK, /* of the spans it is asked for, only the third block */
    FLIPS_LAYER,
    FLIPS_UNCLE,
    FLIPS_INNER,
    HOLDS_NOTHING,
    HOLDS_EVEN, /* spans of even number */
    IS_SILENT,
    IS_SLOW /* answers at first, then never again */
};

struct peer {
    bool connected;
    enum lie lie;
    unsigned number;
    unsigned sent;
    unsigned vanishes_after; /* frames; 0: never */
    enum err banned;
    struct blob_serve serve;
    uint8_t buffers[BLOB_SERVE_BUFFERS][BLOB_SERVE_READ];
};

struct world {
    struct blob_id id;
    uint8_t *layer;
    uint8_t *page_roots;
    uint8_t *held;
    uint8_t (*stored)[BLOB_LAYER_PAGE * HASH_LEN]; /* pages given to store */
    struct blob_fetch fetch;
    uint8_t (*slots)[BLOB_SPAN_LEN];
    struct peer peers[PEERS];
    uint64_t now;
    uint64_t seed;
    uint64_t bytes;   /* placed */
    uint64_t written; /* spans */
    unsigned stored_count, need_count, stalled, done, cancels, inner_asks;
    unsigned checks; /* of blocks */
    bool lose_page;  /* the next page read back is lost */
    bool shy;        /* looks at the pool's answers only now and then */
};

static uint64_t chance(struct world *w)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return w->seed;
}

/* Byte i of span s; nothing of the blob is kept anywhere. */
static void fill(uint8_t *out, uint64_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t at = offset + i;

        out[i] = (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16) * 13 +
                           (at >> 20) * 101);
    }
}

/*
 * A blob of `size` bytes.  If it has more than `real` spans, only those that
 * `*list` names have real hashes in the layer; the others count as held.
 */
static struct world *world_new(uint64_t size, const uint64_t *list,
                               size_t list_len)
{
    struct world *w = calloc(1, sizeof *w);
    uint64_t spans = blob_span_count(size), pages = blob_page_count(size);
    uint8_t *span = malloc(BLOB_SPAN_LEN);

    assert_non_null(w);
    assert_non_null(span);
    w->seed = 88172645463325252U;
    w->id.size = size;
    w->layer = calloc((size_t)spans + 1, HASH_LEN);
    w->page_roots = calloc((size_t)pages + 1, HASH_LEN);
    w->held = calloc((size_t)spans / 8 + 1, 1);
    w->stored = calloc((size_t)pages + 1, sizeof *w->stored);
    w->slots = calloc(BLOB_FETCH_SPANS, BLOB_SPAN_LEN);
    for (uint64_t s = 0; s < spans; s++) {
        bool real = list == NULL;

        for (size_t i = 0; i < list_len; i++)
            real = real || list[i] == s;
        put_u64(w->layer + s * HASH_LEN, s + 1);
        if (!real) {
            w->held[s / 8] = (uint8_t)(w->held[s / 8] | 1U << (s % 8));
            continue;
        }
        fill(span, s * MIB, blob_span_len(size, s));
        assert_int_equal(
            blob_span_hash(NULL, w->layer + s * HASH_LEN, size,
                           (struct bytes){ span, blob_span_len(size, s) }),
            ERR_OK);
    }
    free(span);
    if (pages == 0) {
        memcpy(w->id.root, w->layer, HASH_LEN);
        return w;
    }
    assert_int_equal(
        blob_layer_root(w->id.root, size,
                        (struct bytes){ w->layer, (size_t)spans * HASH_LEN }),
        ERR_OK);
    for (uint64_t p = 0; p < pages; p++)
        assert_int_equal(
            blob_page_root(
                w->page_roots + p * HASH_LEN, size, p,
                (struct bytes){ w->layer + p * BLOB_LAYER_PAGE * HASH_LEN,
                                blob_page_len(size, p) * HASH_LEN }),
            ERR_OK);
    return w;
}

static void world_free(struct world *w)
{
    free(w->layer);
    free(w->page_roots);
    free(w->held);
    free(w->stored);
    free(w->slots);
    free(w);
}

static void start(struct world *w, unsigned spans_max, const uint8_t *pages)
{
    struct blob_fetch_config config = { .id = w->id,
                                        .base = 0x70000,
                                        .spans_max = spans_max,
                                        .held = w->held,
                                        .pages = pages };

    blob_fetch_init(&w->fetch, &config, w->now);
}

static struct peer *join(struct world *w, enum lie lie)
{
    static const uint8_t tag[BLOB_TAG_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    for (size_t i = 0; i < PEERS; i++) {
        struct peer *p = &w->peers[i];

        if (p->connected)
            continue;
        p->connected = true;
        p->lie = lie;
        blob_serve_init(&p->serve);
        assert_int_equal(
            blob_fetch_provider_add(&w->fetch, &p->number, tag, 32, 5, w->now),
            ERR_OK);
        return p;
    }
    fail();
    return NULL;
}

static struct peer *peer_of(struct world *w, unsigned number)
{
    for (size_t i = 0; i < PEERS; i++)
        if (w->peers[i].connected && w->peers[i].number == number)
            return &w->peers[i];
    fail();
    return NULL;
}

static void leave(struct world *w, struct peer *p)
{
    p->connected = false;
    blob_fetch_provider_remove(&w->fetch, p->number, w->now);
}

/* Every message goes through its bytes. */
static struct blob_msg through_bytes(const struct blob_msg *msg, uint8_t *buf)
{
    struct writer out = writer_fixed(buf, BLOB_MSG_MAX);
    struct blob_msg back;

    blob_msg_encode(&out, msg);
    assert_int_equal(out.err, ERR_OK);
    assert_int_equal(blob_msg_decode(&back, msg->type, writer_view(&out)),
                     ERR_OK);
    return back;
}

static enum err verdict(const struct peer *p, const struct blob_ask *ask)
{
    if (p->lie == HOLDS_NOTHING)
        return ERR_NOT_HELD;
    if (p->lie == HOLDS_EVEN && ask->what == BLOB_WHAT_BLOCKS &&
        ask->first / BLOB_REQUEST_BLOCKS % 2 != 0)
        return ERR_NOT_HELD;
    return ERR_OK;
}

static void peer_asked(struct world *w, const struct blob_fetch_effect *fx)
{
    struct peer *p = peer_of(w, fx->provider);
    struct blob_msg msg = { .type = FRAME_BLOB_ASK,
                            .request = fx->request,
                            .ask = fx->ask };
    uint8_t buf[BLOB_MSG_MAX];

    w->inner_asks += fx->ask.what == BLOB_WHAT_INNER;
    msg = through_bytes(&msg, buf);
    assert_int_equal(fx->request >> 16, 7);
    assert_int_equal(blob_serve_ask(&p->serve, &msg, verdict(p, &msg.ask)),
                     ERR_OK);
}

static void read_back(struct world *w, uint64_t page)
{
    struct bytes hashes = { w->stored[page],
                            blob_page_len(w->id.size, page) * HASH_LEN };

    w->need_count++;
    if (w->lose_page)
        hashes.len = 0;
    w->lose_page = false;
    blob_fetch_page_loaded(&w->fetch, page, hashes, w->now);
}

static void check_leaves(struct world *w, const struct blob_fetch_effect *fx)
{
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
    uint64_t good = 0;

    assert_int_equal(
        blob_span_leaves(NULL, leaves,
                         (struct bytes){ w->slots[fx->slot], fx->len }),
        ERR_OK);
    for (size_t i = 0; i < fx->hashes.len / HASH_LEN; i++)
        if (memcmp(leaves + i * HASH_LEN, fx->hashes.data + i * HASH_LEN,
                   HASH_LEN) == 0)
            good |= (uint64_t)1 << i;
    blob_fetch_leaves_checked(&w->fetch, fx->slot, good, w->now);
}

static void check_blocks(struct world *w, const struct blob_fetch_effect *fx)
{
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
    uint64_t good = 0;

    assert_int_equal(
        blob_span_leaves(
            NULL, leaves,
            (struct bytes){ w->slots[fx->slot] + fx->offset, fx->len }),
        ERR_OK);
    for (size_t i = 0; i < fx->hashes.len / HASH_LEN; i++)
        if (memcmp(leaves + i * HASH_LEN, fx->hashes.data + i * HASH_LEN,
                   HASH_LEN) == 0)
            good |= (uint64_t)1 << i;
    w->checks++;
    blob_fetch_blocks_checked(&w->fetch, fx->slot, good, w->now);
}

static void span_arrived(struct world *w, const struct blob_fetch_effect *fx)
{
    uint8_t hash[HASH_LEN];
    struct bytes span = { w->slots[fx->slot], fx->len };

    assert_int_equal(blob_span_hash(NULL, hash, w->id.size, span), ERR_OK);
    blob_fetch_span_verified(&w->fetch, fx->slot,
                             memcmp(hash, fx->expected, HASH_LEN) == 0, w->now);
}

static void write_span(struct world *w, const struct blob_fetch_effect *fx)
{
    uint8_t *right = malloc(BLOB_SPAN_LEN);

    assert_non_null(right);
    fill(right, fx->index * MIB, fx->len);
    assert_memory_equal(w->slots[fx->slot], right, fx->len);
    free(right);
    assert_int_equal(w->held[fx->index / 8] >> (fx->index % 8) & 1, 0);
    blob_fetch_span_written(&w->fetch, fx->slot, w->now);
    w->written++;
}

static void obey(struct world *w, const struct blob_fetch_effect *fx)
{
    struct blob_msg cancel = { .type = FRAME_BLOB_CANCEL,
                               .request = fx->request };

    switch (fx->kind) {
    case BLOB_FETCH_ASK:
        peer_asked(w, fx);
        break;
    case BLOB_FETCH_WATCH:
        fail(); /* without memory for maps nobody is asked for one */
        break;
    case BLOB_FETCH_CANCEL:
        w->cancels++;
        blob_serve_cancel(&peer_of(w, fx->provider)->serve, &cancel);
        break;
    case BLOB_FETCH_STORE_PAGE:
        w->stored_count++;
        memcpy(w->stored[fx->index], fx->hashes.data, fx->hashes.len);
        assert_memory_equal(fx->hashes.data,
                            w->layer + fx->index * BLOB_LAYER_PAGE * HASH_LEN,
                            fx->hashes.len);
        break;
    case BLOB_FETCH_NEED_PAGE:
        read_back(w, fx->index);
        break;
    case BLOB_FETCH_VERIFY_SPAN:
        span_arrived(w, fx);
        break;
    case BLOB_FETCH_WRITE_SPAN:
        write_span(w, fx);
        break;
    case BLOB_FETCH_CHECK_LEAVES:
        check_leaves(w, fx);
        break;
    case BLOB_FETCH_CHECK_BLOCKS:
        check_blocks(w, fx);
        break;
    case BLOB_FETCH_BAN:
        assert_int_equal(peer_of(w, fx->provider)->banned, ERR_OK);
        peer_of(w, fx->provider)->banned = fx->why;
        break;
    case BLOB_FETCH_STALLED:
        w->stalled++;
        break;
    case BLOB_FETCH_FINISHED:
        w->done++;
        break;
    }
}

static void drain(struct world *w)
{
    struct blob_fetch_effect fx;

    while (blob_fetch_next(&w->fetch, &fx))
        obey(w, &fx);
}

/* The message that a SEND effect stands for, with the peer's lies in it. */
static struct blob_msg compose(struct world *w, struct peer *p,
                               const struct blob_serve_effect *fx)
{
    static uint8_t hashes[BLOB_LAYER_PAGE * HASH_LEN];
    static uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN];
    struct blob_msg m = { .request = fx->request };
    uint64_t size = w->id.size, first = fx->ask.first;
    uint8_t *bytes = p->buffers[fx->buffer] + fx->start;

    switch (fx->kind) {
    case BLOB_SERVE_SEND_LAYER:
        m.type = FRAME_BLOB_LAYER;
        m.layer.page = first;
        m.layer.hashes =
            (struct bytes){ hashes, blob_page_len(size, first) * HASH_LEN };
        m.layer.uncles =
            (struct bytes){ uncles, blob_uncle_count(size) * HASH_LEN };
        memcpy(hashes, w->layer + first * BLOB_LAYER_PAGE * HASH_LEN,
               m.layer.hashes.len);
        assert_int_equal(
            blob_page_uncles(
                uncles, size, first,
                (struct bytes){ w->page_roots,
                                (size_t)blob_page_count(size) * HASH_LEN }),
            ERR_OK);
        if (p->lie == FLIPS_LAYER)
            hashes[chance(w) % m.layer.hashes.len] ^= 1;
        if (p->lie == FLIPS_UNCLE)
            uncles[chance(w) % m.layer.uncles.len] ^= 1;
        break;
    case BLOB_SERVE_SEND_INNER:
        m.type = FRAME_BLOB_INNER;
        m.inner.span = first;
        m.inner.hashes = (struct bytes){
            p->buffers[fx->buffer],
            (size_t)blob_leaf_count(blob_span_len(size, first)) * HASH_LEN
        };
        if (p->lie == FLIPS_INNER)
            p->buffers[fx->buffer][chance(w) % m.inner.hashes.len] ^= 1;
        break;
    case BLOB_SERVE_SEND_DATA:
        m.type = FRAME_BLOB_DATA;
        m.data.offset = fx->offset;
        if (p->lie == FLIPS_BYTES ||
            (p->lie == FLIPS_ONE_BLOCK &&
             fx->offset / BLOB_BLOCK_LEN % BLOB_REQUEST_BLOCKS == 2))
            bytes[chance(w) % fx->len] ^= 4;
        m.data.bytes = (struct bytes){ bytes, fx->len };
        break;
    default:
        m.type = FRAME_BLOB_END;
        m.end = fx->code;
    }
    return m;
}

static void deliver(struct world *w, struct peer *p,
                    const struct blob_serve_effect *fx)
{
    static uint8_t buf[BLOB_MSG_MAX];
    struct blob_msg m = compose(w, p, fx);
    struct blob_place place;
    enum err e;

    m = through_bytes(&m, buf);
    p->sent++;
    if (m.type != FRAME_BLOB_DATA) {
        assert_int_equal(blob_fetch_recv(&w->fetch, p->number, &m, w->now),
                         ERR_OK);
        return;
    }
    e = blob_fetch_place(&w->fetch, &place, p->number, &m, w->now);
    if (e == ERR_CANCELLED)
        return;
    assert_int_equal(e, ERR_OK);
    assert_true(place.slot < w->fetch.spans_max);
    assert_true(place.skip + place.len <= m.data.bytes.len);
    assert_true(place.len > 0 && place.offset + place.len <= BLOB_SPAN_LEN);
    memcpy(w->slots[place.slot] + place.offset, m.data.bytes.data + place.skip,
           place.len);
    w->bytes += place.len;
}

static void peer_reads(struct world *w, struct peer *p,
                       const struct blob_serve_effect *fx)
{
    static uint8_t span[BLOB_SPAN_LEN];
    size_t len;

    if (fx->kind == BLOB_SERVE_READ_DATA) {
        fill(p->buffers[fx->buffer], fx->offset, fx->len);
    } else if (fx->kind == BLOB_SERVE_READ_INNER) {
        len = blob_span_len(w->id.size, fx->ask.first);
        fill(span, fx->ask.first * MIB, len);
        assert_int_equal(blob_span_leaves(NULL, p->buffers[fx->buffer],
                                          (struct bytes){ span, len }),
                         ERR_OK);
    }
    blob_serve_read_done(&p->serve, fx->buffer, ERR_OK);
}

/* One peer does one thing; false if it has nothing to do. */
static bool peer_step(struct world *w, struct peer *p)
{
    struct blob_serve_effect fx;

    if (!p->connected || p->lie == IS_SILENT ||
        (p->lie == IS_SLOW && p->sent > 20) ||
        !blob_serve_next(&p->serve, true, &fx))
        return false;
    if (fx.kind <= BLOB_SERVE_READ_INNER)
        peer_reads(w, p, &fx);
    else
        deliver(w, p, &fx);
    if (p->vanishes_after != 0 && p->sent >= p->vanishes_after)
        leave(w, p);
    return true;
}

/* Runs until the blob is here or `limit_ms` have passed. */
static void run(struct world *w, uint64_t limit_ms)
{
    uint64_t until = w->now + limit_ms;

    drain(w);
    while (w->done == 0 && w->now < until) {
        size_t first = chance(w) % PEERS;
        bool busy = false;

        for (size_t i = 0; i < PEERS && !busy; i++)
            busy = peer_step(w, &w->peers[(first + i) % PEERS]);
        drain(w);
        if (busy) {
            w->now += chance(w) % 2;
            continue;
        }
        if (blob_fetch_deadline(&w->fetch) == UINT64_MAX)
            return; /* nothing will ever happen by itself */
        if (blob_fetch_deadline(&w->fetch) > w->now)
            w->now = blob_fetch_deadline(&w->fetch);
        blob_fetch_tick(&w->fetch, w->now);
        drain(w);
    }
}

static void assert_whole(const struct world *w, uint64_t spans)
{
    assert_int_equal(w->done, 1);
    assert_int_equal(w->fetch.state, BLOB_FETCH_DONE);
    assert_int_equal(w->written, spans);
}

static void blobs_of_every_shape_come_from_one_provider(void **state)
{
    static const uint64_t sizes[] = {
        1,       16383, 16384,   16385,       65536,          65537,
        MIB - 1, MIB,   MIB + 1, 3 * MIB + 5, 9 * MIB - 65536
    };

    (void)state;
    for (size_t i = 0; i < 2 * (sizeof sizes / sizeof *sizes); i++) {
        uint64_t size = sizes[i / 2];
        struct world *w = world_new(size, NULL, 0);

        start(w, i % 2 == 0 ? 1 : BLOB_FETCH_SPANS, NULL);
        (void)join(w, HONEST);
        run(w, 60000);
        assert_whole(w, blob_span_count(size));
        assert_int_equal(w->bytes, size); /* nothing came twice */
        assert_int_equal(w->stored_count, size > MIB);
        assert_int_equal(w->cancels, 0);
        world_free(w);
    }
}

static void the_empty_blob_is_done_at_once(void **state)
{
    struct world *w = world_new(0, NULL, 0);

    (void)state;
    memset(w->id.root, 0, HASH_LEN);
    start(w, 1, NULL);
    drain(w);
    assert_int_equal(w->done, 1);
    assert_true(blob_fetch_is_idle(&w->fetch));
    world_free(w);
}

static void several_providers_share_the_spans(void **state)
{
    struct world *w = world_new(12 * MIB + 7, NULL, 0);

    (void)state;
    start(w, 8, NULL);
    for (size_t i = 0; i < PEERS; i++)
        (void)join(w, HONEST);
    run(w, 60000);
    assert_whole(w, 13);
    /* Of what is left at the end a second one may be asked, too. */
    assert_in_range(w->bytes, 12 * MIB + 7, 13 * MIB + 7);
    for (size_t i = 0; i < PEERS; i++)
        assert_true(w->peers[i].serve.bytes_sent > 0);
    world_free(w);
}

static void pages_are_proved_stored_and_read_back(void **state)
{
    static const uint64_t list[] = { 3, 511, 512, 600, 1099 };
    struct world *w = world_new(1100 * MIB - 3, list, 5);

    (void)state;
    start(w, 4, NULL);
    w->lose_page = true;
    (void)join(w, HONEST);
    run(w, 60000);
    assert_whole(w, 5);
    assert_int_equal(w->stored_count, 3 + 1); /* the lost one again */
    assert_true(w->need_count >= 3);
    world_free(w);
}

static void a_stopped_fetch_resumes_from_its_bitmaps(void **state)
{
    struct world *w = world_new(6 * MIB, NULL, 0);
    uint8_t pages = 1;

    (void)state;
    w->held[0] = 0x15; /* spans 0, 2 and 4 */
    memcpy(w->stored[0], w->layer, 6 * HASH_LEN);
    start(w, 4, &pages);
    (void)join(w, HONEST);
    run(w, 60000);
    assert_whole(w, 3);
    assert_int_equal(w->bytes, 3 * MIB);
    assert_int_equal(w->stored_count, 0);
    assert_int_equal(w->held[0], 0x3f);
    world_free(w);
}

/* The liar is banned for `why`, the blob comes from the honest one. */
static void liar_is_banned(enum lie lie, enum err why, uint64_t size,
                           const uint64_t *list, size_t list_len)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world *w = world_new(size, list, list_len);
        struct peer *liar, *honest;

        w->seed = seed * 0x9e3779b97f4a7c15U;
        start(w, 8, NULL);
        liar = join(w, lie);
        run(w, 20); /* alone at first, so that it is asked */
        honest = join(w, HONEST);
        run(w, 300000);
        assert_whole(w, list == NULL ? blob_span_count(size) : list_len);
        assert_int_equal(liar->banned, why);
        assert_int_equal(honest->banned, ERR_OK);
        world_free(w);
    }
}

static void a_wrong_byte_bans_its_sender(void **state)
{
    (void)state;
    liar_is_banned(FLIPS_BYTES, ERR_BAD_BLOB, 5 * MIB + 5, NULL, 0);
    liar_is_banned(FLIPS_BYTES, ERR_BAD_BLOB, 100, NULL, 0);
}

static void a_wrong_layer_hash_bans_its_sender(void **state)
{
    (void)state;
    liar_is_banned(FLIPS_LAYER, ERR_BAD_PROOF, 3 * MIB, NULL, 0);
}

static void a_wrong_uncle_bans_its_sender(void **state)
{
    static const uint64_t list[] = { 513 };

    (void)state;
    liar_is_banned(FLIPS_UNCLE, ERR_BAD_PROOF, 600 * MIB, list, 1);
}

/*
 * A span whose blocks came from two: the first of them stops after its half.
 * Returns the world with the span in the buffer of slot 0 and judged bad.
 */
static struct world *mixed_span(enum lie first, enum lie second)
{
    struct world *w = world_new(MIB, NULL, 0);

    start(w, 2, NULL);
    w->peers[0].vanishes_after = 0;
    (void)join(w, first);
    drain(w);
    while (w->fetch.spans[0].held != 0x000f) {
        assert_true(peer_step(w, &w->peers[0]));
        drain(w);
    }
    (void)join(w, second);
    /* The first falls silent and is left; what it sent stays. */
    w->now += BLOB_TIMEOUT_MS;
    blob_fetch_tick(&w->fetch, w->now);
    drain(w);
    while (w->fetch.spans[0].state == BLOB_SPAN_FILLING && w->written == 0 &&
           w->inner_asks == 0) {
        if (!peer_step(w, &w->peers[1]))
            break;
        drain(w);
    }
    return w;
}

static void of_two_senders_only_the_one_of_the_bad_leaf_is_banned(void **state)
{
    struct world *w = mixed_span(FLIPS_ONE_BLOCK, HONEST);

    (void)state;
    assert_true(w->cancels > 0);
    assert_int_equal(w->inner_asks, 1);
    run(w, 60000);
    assert_whole(w, 1);
    assert_int_equal(w->peers[0].banned, ERR_BAD_BLOB);
    assert_int_equal(w->peers[1].banned, ERR_OK);
    /* Only the bad block came again: 4 + 12 + 1, and what was cancelled. */
    assert_in_range(w->bytes, MIB + BLOB_BLOCK_LEN, MIB + 2 * BLOB_BLOCK_LEN);
    world_free(w);
}

static void
wrong_inner_hashes_ban_their_sender_and_another_is_asked(void **state)
{
    struct world *w = mixed_span(FLIPS_ONE_BLOCK, FLIPS_INNER);

    (void)state;
    assert_int_equal(w->inner_asks, 1);
    (void)join(w, HONEST);
    run(w, 60000);
    assert_whole(w, 1);
    assert_int_equal(w->peers[0].banned, ERR_BAD_BLOB);
    assert_int_equal(w->peers[1].banned, ERR_BAD_PROOF);
    assert_true(w->inner_asks >= 2);
    assert_int_equal(w->peers[2].banned, ERR_OK);
    world_free(w);
}

static void who_has_it_not_is_left_for_the_next(void **state)
{
    struct world *w = world_new(4 * MIB, NULL, 0);
    struct peer *empty;

    (void)state;
    start(w, 4, NULL);
    empty = join(w, HOLDS_NOTHING);
    run(w, 10);
    assert_int_equal(w->stalled, 1); /* told once, not at each refusal */
    (void)join(w, HOLDS_EVEN);
    (void)join(w, HONEST);
    run(w, 600000);
    assert_whole(w, 4);
    assert_int_equal(empty->banned, ERR_OK);
    assert_int_equal(w->bytes, 4 * MIB);
    world_free(w);
}

static void a_partial_provider_gives_what_it_has(void **state)
{
    struct world *w = world_new(6 * MIB, NULL, 0);

    (void)state;
    start(w, 1, NULL); /* one buffer: a lacking span must not block it */
    (void)join(w, HOLDS_EVEN);
    run(w, 600000);
    assert_int_equal(w->done, 0);
    assert_int_equal(w->held[0], 0x15);
    assert_true(w->stalled > 0);
    world_free(w);
}

static void a_silent_provider_is_left_at_the_deadline(void **state)
{
    struct world *w = world_new(2 * MIB, NULL, 0);

    (void)state;
    start(w, 4, NULL);
    (void)join(w, IS_SILENT);
    drain(w);
    assert_int_equal(blob_fetch_deadline(&w->fetch), BLOB_TIMEOUT_MS);
    blob_fetch_tick(&w->fetch, w->now = BLOB_TIMEOUT_MS - 1);
    drain(w);
    assert_int_equal(w->cancels, 0);
    blob_fetch_tick(&w->fetch, w->now = BLOB_TIMEOUT_MS);
    drain(w);
    assert_int_equal(w->cancels, 1);
    (void)join(w, IS_SLOW);
    (void)join(w, HONEST);
    run(w, 600000);
    assert_whole(w, 2);
    world_free(w);
}

static void each_refusal_in_a_row_doubles_the_rest(void **state)
{
    struct world *w = world_new(4 * MIB, NULL, 0);
    struct peer *p;

    (void)state;
    start(w, 4, NULL);
    p = join(w, HOLDS_NOTHING);
    for (uint64_t rest = 250; rest <= 64000; rest *= 2) {
        drain(w);
        while (peer_step(w, p)) /* at most the refusals */
            ;
        drain(w);
        assert_int_equal(blob_fetch_deadline(&w->fetch),
                         w->now + (rest < 32000 ? rest : 32000));
        w->now = blob_fetch_deadline(&w->fetch);
        blob_fetch_tick(&w->fetch, w->now);
    }
    world_free(w);
}

static void a_span_begun_is_finished_by_who_gets_it_later(void **state)
{
    struct world *w = world_new(MIB, NULL, 0);
    struct peer *p;

    (void)state;
    start(w, 1, NULL);
    p = join(w, HONEST);
    drain(w);
    while (w->fetch.spans[0].held != 0x000f) {
        assert_true(peer_step(w, p));
        drain(w);
    }
    leave(w, p);
    p = join(w, HOLDS_NOTHING);
    run(w, 100);
    assert_int_equal(w->fetch.spans[0].held, 0x000f);
    p->lie = HONEST;
    run(w, 60000);
    assert_whole(w, 1);
    assert_int_equal(w->bytes, MIB);
    world_free(w);
}

static void providers_may_vanish_at_any_frame(void **state)
{
    (void)state;
    for (unsigned after = 1; after < 60; after += 3) {
        struct world *w = world_new(3 * MIB + 9, NULL, 0);

        w->seed += after;
        start(w, 4, NULL);
        join(w, HONEST)->vanishes_after = after;
        join(w, FLIPS_BYTES)->vanishes_after = after / 2 + 1;
        (void)join(w, HONEST);
        run(w, 600000);
        assert_whole(w, 4);
        world_free(w);
    }
}

static void a_stopped_machine_becomes_idle_and_asks_nothing(void **state)
{
    struct world *w = world_new(4 * MIB, NULL, 0);

    (void)state;
    start(w, 4, NULL);
    (void)join(w, HONEST);
    for (size_t i = 0; i < 12; i++) {
        drain(w);
        (void)peer_step(w, &w->peers[0]);
    }
    blob_fetch_stop(&w->fetch);
    assert_false(blob_fetch_is_idle(&w->fetch));
    run(w, 1000);
    assert_true(blob_fetch_is_idle(&w->fetch));
    assert_true(w->cancels > 0);
    assert_int_equal(w->done, 0);
    world_free(w);
}

/* A machine that has just asked for the only span of a small blob. */
static struct world *asked(uint32_t *request)
{
    struct world *w = world_new(100000, NULL, 0);
    struct blob_fetch_effect fx;

    start(w, 1, NULL);
    (void)join(w, HONEST);
    assert_true(blob_fetch_next(&w->fetch, &fx));
    assert_int_equal(fx.kind, BLOB_FETCH_ASK);
    *request = fx.request;
    return w;
}

static void what_was_not_asked_is_refused_and_changes_nothing(void **state)
{
    static const uint8_t bytes[BLOB_DATA_CHUNK_MAX];
    uint32_t request;
    struct world *w = asked(&request);
    struct blob_fetch before = w->fetch;
    struct blob_msg m = { .type = FRAME_BLOB_DATA, .request = request };
    struct blob_place place = { 77, 77, 77, 77 };

    (void)state;
    m.data.bytes = BYTES_ARRAY(bytes);
    m.data.offset = 1; /* not the next byte */
    assert_int_equal(blob_fetch_place(&w->fetch, &place, 0, &m, 0),
                     ERR_NOT_ASKED);
    m.data.offset = 0;
    m.request++;
    assert_int_equal(blob_fetch_place(&w->fetch, &place, 0, &m, 0),
                     ERR_NOT_ASKED);
    m = (struct blob_msg){ .type = FRAME_BLOB_LAYER, .request = request };
    assert_int_equal(blob_fetch_recv(&w->fetch, 0, &m, 0), ERR_NOT_ASKED);
    m.type = FRAME_BLOB_INNER;
    assert_int_equal(blob_fetch_recv(&w->fetch, 0, &m, 0), ERR_NOT_ASKED);
    m = (struct blob_msg){ .type = FRAME_BLOB_END, .request = request };
    assert_int_equal(blob_fetch_recv(&w->fetch, 0, &m, 0), ERR_OUT_OF_ORDER);
    m.request++;
    assert_int_equal(blob_fetch_recv(&w->fetch, 0, &m, 0), ERR_NOT_ASKED);
    assert_int_equal(place.offset, 77);
    assert_memory_equal(&before, &w->fetch, sizeof before);
    world_free(w);
}

static void more_bytes_than_asked_are_refused(void **state)
{
    static const uint8_t bytes[BLOB_DATA_CHUNK_MAX];
    uint32_t request;
    struct world *w = asked(&request);
    struct blob_msg m = { .type = FRAME_BLOB_DATA, .request = request };
    struct blob_place place;

    (void)state;
    m.data.bytes = BYTES_ARRAY(bytes);
    for (; m.data.offset + sizeof bytes < 100000; m.data.offset += sizeof bytes)
        assert_int_equal(blob_fetch_place(&w->fetch, &place, 0, &m, 0), ERR_OK);
    assert_int_equal(blob_fetch_place(&w->fetch, &place, 0, &m, 0),
                     ERR_NOT_ASKED);
    world_free(w);
}

static void a_ninth_provider_has_no_place(void **state)
{
    static const uint8_t tag[BLOB_TAG_LEN];
    struct world *w = world_new(2 * MIB, NULL, 0);
    unsigned number = 77;

    (void)state;
    start(w, 1, NULL);
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        assert_int_equal(
            blob_fetch_provider_add(&w->fetch, &number, tag, 1, 0, 0), ERR_OK);
        assert_int_equal(number, i);
    }
    assert_int_equal(blob_fetch_provider_add(&w->fetch, &number, tag, 1, 0, 0),
                     ERR_BUSY);
    blob_fetch_provider_remove(&w->fetch, 3, 0);
    assert_int_equal(blob_fetch_provider_add(&w->fetch, &number, tag, 1, 0, 0),
                     ERR_OK);
    assert_int_equal(number, 3);
    world_free(w);
}

/* ---- Readers ------------------------------------------------------------ */

static void who_sends_a_reader_false_leaf_hashes_is_banned(void **state)
{
    struct world *w = world_new(3 * MIB - 5, NULL, 0);
    struct peer *liar, *honest;

    (void)state;
    start(w, 4, NULL);
    blob_fetch_seek(&w->fetch, MIB + 9, 2 * MIB);
    liar = join(w, FLIPS_INNER);
    run(w, 10);
    honest = join(w, HONEST);
    run(w, 60000);
    assert_whole(w, 3);
    assert_int_equal(liar->banned, ERR_BAD_PROOF);
    assert_int_equal(honest->banned, ERR_OK);
    assert_int_equal(w->inner_asks, 2);
    world_free(w);
}

static void a_false_block_for_a_reader_is_found_before_its_span(void **state)
{
    struct world *w = world_new(1 * MIB, NULL, 0);
    struct peer *liar;

    (void)state;
    start(w, 4, NULL);
    blob_fetch_seek(&w->fetch, 0, MIB);
    liar = join(w, FLIPS_ONE_BLOCK);
    run(w, 1000);
    assert_int_equal(liar->banned, ERR_BAD_BLOB);
    /* Blocks 0 and 1 were good and stay; no span was ever hashed. */
    assert_int_equal(w->fetch.spans[0].held & 7, 3);
    assert_int_equal(w->fetch.spans[0].proved & 7, 3);
    (void)join(w, HONEST);
    run(w, 60000);
    assert_whole(w, 1);
    world_free(w);
}

static void a_reader_gets_the_short_end_of_a_blob_by_blocks(void **state)
{
    struct world *w = world_new(2 * MIB + BLOB_BLOCK_LEN + 1, NULL, 0);
    struct blob_place place;

    (void)state;
    start(w, 4, NULL);
    blob_fetch_limit(&w->fetch, true);
    blob_fetch_seek(&w->fetch, w->id.size - 1, w->id.size);
    (void)join(w, HONEST);
    for (int i = 0; w->checks == 0 && i < 1000; i++)
        run(w, 1);
    assert_true(blob_fetch_proved(&w->fetch, w->id.size - 1, &place));
    assert_int_equal(place.offset, BLOB_BLOCK_LEN);
    assert_int_equal(place.len, 1);
    assert_int_equal(w->checks, 1);
    assert_int_equal(w->bytes, 1); /* asked for before the block before it */
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs_of_every_shape_come_from_one_provider),
        cmocka_unit_test(the_empty_blob_is_done_at_once),
        cmocka_unit_test(several_providers_share_the_spans),
        cmocka_unit_test(pages_are_proved_stored_and_read_back),
        cmocka_unit_test(a_stopped_fetch_resumes_from_its_bitmaps),
        cmocka_unit_test(a_wrong_byte_bans_its_sender),
        cmocka_unit_test(a_wrong_layer_hash_bans_its_sender),
        cmocka_unit_test(a_wrong_uncle_bans_its_sender),
        cmocka_unit_test(of_two_senders_only_the_one_of_the_bad_leaf_is_banned),
        cmocka_unit_test(
            wrong_inner_hashes_ban_their_sender_and_another_is_asked),
        cmocka_unit_test(who_has_it_not_is_left_for_the_next),
        cmocka_unit_test(a_partial_provider_gives_what_it_has),
        cmocka_unit_test(a_silent_provider_is_left_at_the_deadline),
        cmocka_unit_test(each_refusal_in_a_row_doubles_the_rest),
        cmocka_unit_test(a_span_begun_is_finished_by_who_gets_it_later),
        cmocka_unit_test(providers_may_vanish_at_any_frame),
        cmocka_unit_test(a_stopped_machine_becomes_idle_and_asks_nothing),
        cmocka_unit_test(what_was_not_asked_is_refused_and_changes_nothing),
        cmocka_unit_test(more_bytes_than_asked_are_refused),
        cmocka_unit_test(a_ninth_provider_has_no_place),
        cmocka_unit_test(who_sends_a_reader_false_leaf_hashes_is_banned),
        cmocka_unit_test(a_false_block_for_a_reader_is_found_before_its_span),
        cmocka_unit_test(a_reader_gets_the_short_end_of_a_blob_by_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
