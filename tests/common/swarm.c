/* The peers and the fetch of a swarm, on a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/swarm.h"

uint64_t swarm_chance(struct swarm *w)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return w->seed;
}

bool swarm_bit(const uint8_t *bits, uint64_t span)
{
    return (bits[span / 8] >> (span % 8) & 1) != 0;
}

void swarm_set_bit(uint8_t *bits, uint64_t span)
{
    bits[span / 8] = (uint8_t)(bits[span / 8] | 1U << (span % 8));
}

struct swarm *swarm_new(uint64_t spans, uint64_t seed)
{
    static uint8_t zeros[BLOB_SPAN_LEN];
    static const uint8_t all_pages[1] = { 1 };
    struct swarm *w = calloc(1, sizeof *w);
    struct blob_fetch_config config = {
        .id = { .root = { 1 }, .size = spans * SWARM_MIB },
        .spans_max = 16,
        .pages = all_pages,
    };

    assert_non_null(w);
    w->seed = seed * 2654435761U + 88172645463325252U;
    w->spans = spans;
    w->now = 1000;
    assert_int_equal(
        blob_span_hash(NULL, w->hash, spans * SWARM_MIB, BYTES_ARRAY(zeros)),
        ERR_OK);
    assert_int_equal(blob_span_leaves(NULL, w->leaves, BYTES_ARRAY(zeros)),
                     ERR_OK);
    config.held = w->held;
    config.have = w->have[0];
    config.start = swarm_chance(w) % spans;
    /* The maps of the providers lie one after the other. */
    assert_true(BLOB_BITMAP_LEN(spans) <= sizeof w->have[0]);
    blob_fetch_init(&w->fetch, &config, w->now);
    return w;
}

struct swarm_peer *swarm_join(struct swarm *w, uint64_t rate, uint64_t delay)
{
    static const uint8_t tag[BLOB_TAG_LEN] = { 1 };

    for (size_t i = 0; i < SWARM_PEERS; i++) {
        struct swarm_peer *p = &w->peers[i];

        if (p->here)
            continue;
        p->here = p->tells = p->whole = true;
        p->rate = rate;
        p->delay = delay;
        assert_int_equal(blob_fetch_provider_add(&w->fetch, &p->number, tag, 32,
                                                 2 * delay, w->now),
                         ERR_OK);
        return p;
    }
    fail();
    return NULL;
}

/* ---- Messages on their way ---------------------------------------------- */

static struct swarm_mail *post(struct swarm_queue *q, uint64_t at)
{
    struct swarm_mail *m = &q->mail[q->to++ % SWARM_QUEUE];

    assert_true(q->to - q->from < SWARM_QUEUE);
    *m = (struct swarm_mail){ .at = at };
    return m;
}

static struct swarm_mail *arrived(struct swarm_queue *q, uint64_t now)
{
    struct swarm_mail *m = &q->mail[q->from % SWARM_QUEUE];

    return q->from < q->to && m->at <= now ? m : NULL;
}

static bool peer_has(const struct swarm_peer *p, uint64_t span)
{
    return p->whole || swarm_bit(p->bits, span);
}

static void say_end(struct swarm *w, struct swarm_peer *p, uint32_t request,
                    enum err code)
{
    struct swarm_mail *m = post(&p->out, w->now + p->delay);

    m->type = FRAME_BLOB_END;
    m->request = request;
    m->code = code;
}

/* ---- A peer ------------------------------------------------------------- */

static void tell_map(struct swarm *w, struct swarm_peer *p)
{
    struct swarm_mail *m;

    if (p->whole) {
        p->watched = false;
        say_end(w, p, p->watch, ERR_OK);
        return;
    }
    m = post(&p->out, w->now + p->delay);
    m->type = FRAME_BLOB_HAVE;
    m->request = p->watch;
    m->len = (size_t)BLOB_BITMAP_LEN(w->spans);
    memcpy(m->bits, p->bits, m->len);
    memcpy(p->told, p->bits, m->len);
}

/* A cancelled request ends where it stands in the queue. */
static void take_cancel(struct swarm *w, struct swarm_peer *p, uint32_t request)
{
    if (p->watched && p->watch == request) {
        p->watched = false;
        say_end(w, p, request, ERR_CANCELLED);
        return;
    }
    for (size_t i = p->in.from; i < p->in.to; i++) {
        struct swarm_mail *m = &p->in.mail[i % SWARM_QUEUE];

        if (m->type == FRAME_BLOB_ASK && m->request == request &&
            m->code == ERR_OK)
            m->code = ERR_CANCELLED;
    }
}

/* Sends of its oldest request as far as its rate allows. */
static void serve(struct swarm *w, struct swarm_peer *p, struct swarm_mail *m)
{
    struct swarm_mail *out;
    uint64_t from, to, cost;

    if (m->code != ERR_OK ||
        !peer_has(p, m->ask.what == BLOB_WHAT_INNER
                         ? m->ask.first
                         : m->ask.first / BLOB_REQUEST_BLOCKS)) {
        say_end(w, p, m->request, m->code != ERR_OK ? m->code : ERR_NOT_HELD);
        p->in.from++;
        return;
    }
    cost = m->ask.what == BLOB_WHAT_INNER ? sizeof w->leaves : SWARM_CHUNK;
    if (p->credit < cost)
        return;
    p->credit -= cost;
    out = post(&p->out, w->now + p->delay);
    out->request = m->request;
    if (m->ask.what == BLOB_WHAT_INNER) {
        out->type = FRAME_BLOB_INNER;
        out->offset = m->ask.first;
        p->in.from++;
        say_end(w, p, m->request, ERR_OK);
        return;
    }
    blob_ask_range(&m->ask, &from, &to);
    out->type = FRAME_BLOB_DATA;
    out->offset = from + m->offset;
    m->offset += SWARM_CHUNK;
    p->sent += SWARM_CHUNK;
    if (from + m->offset == to) {
        p->in.from++;
        say_end(w, p, m->request, ERR_OK);
    }
}

static void peer_step(struct swarm *w, struct swarm_peer *p)
{
    struct swarm_mail *m;

    if (p->silent_from != 0 && w->now >= p->silent_from)
        return;
    if (p->gains_each_ms != 0 && w->now % p->gains_each_ms == 0)
        swarm_set_bit(p->bits, swarm_chance(w) % w->spans);
    if (p->watched && w->now % 40 == 0 &&
        memcmp(p->told, p->bits, sizeof p->bits) != 0)
        tell_map(w, p);
    p->credit += p->rate;
    if (p->credit > 8 * SWARM_CHUNK + p->rate)
        p->credit = 8 * SWARM_CHUNK + p->rate;
    while ((m = arrived(&p->in, w->now)) != NULL) {
        size_t was = p->in.from;
        uint64_t offset = m->offset;

        if (m->type == FRAME_BLOB_ASK) {
            serve(w, p, m);
            if (p->in.from == was && m->offset == offset)
                return; /* it has no credit left */
            continue;
        }
        p->in.from++;
        if (m->type == FRAME_BLOB_WATCH && p->tells) {
            p->watch = m->request;
            p->watched = true;
            tell_map(w, p);
        }
    }
}

/* ---- The fetch ---------------------------------------------------------- */

static struct swarm_peer *peer_of(struct swarm *w, unsigned number)
{
    for (size_t i = 0; i < SWARM_PEERS; i++)
        if (w->peers[i].here && w->peers[i].number == number)
            return &w->peers[i];
    fail();
    return NULL;
}

/* How often a block is asked for by requests whose bytes are awaited. */
static void check_copies(struct swarm *w, const struct blob_ask *ask)
{
    uint64_t span = ask->first / BLOB_REQUEST_BLOCKS;

    for (uint64_t b = ask->first; b < ask->first + ask->count; b++) {
        unsigned copies = 0;

        for (size_t i = 0; i < SWARM_PEERS; i++)
            for (size_t k = 0; k < BLOB_FETCH_REQUESTS; k++) {
                const struct blob_fetch_request *r =
                    &w->fetch.providers[i].requests[k];

                copies += r->state == BLOB_REQUEST_OPEN && !r->answered &&
                          r->what == BLOB_WHAT_BLOCKS &&
                          r->next < (b + 1) * BLOB_BLOCK_LEN &&
                          r->next / BLOB_BLOCK_LEN <= b &&
                          r->until > b * BLOB_BLOCK_LEN;
            }
        assert_in_range(copies, 1, 2);
        assert_true(copies == 1 || w->fetch.spans_left <= 8 ||
                    (span >= w->fetch.reader && span < w->fetch.reader_end));
    }
}

static void ask(struct swarm *w, const struct blob_fetch_effect *fx)
{
    struct swarm_peer *p = peer_of(w, fx->provider);
    struct swarm_mail *m = post(&p->in, w->now + p->delay);

    m->type = fx->kind == BLOB_FETCH_WATCH ? FRAME_BLOB_WATCH : FRAME_BLOB_ASK;
    m->request = fx->request;
    m->ask = fx->ask;
    if (fx->kind == BLOB_FETCH_ASK && fx->ask.what == BLOB_WHAT_BLOCKS)
        check_copies(w, &fx->ask);
}

static bool is_right(const struct swarm *w, unsigned slot)
{
    for (size_t i = 0; i < SWARM_CHUNKS; i++)
        if (!w->right[slot][i])
            return false;
    return true;
}

/* Which of the leaves from `offset` of the buffer on are right. */
static uint64_t good_leaves(const struct swarm *w, unsigned slot, size_t offset,
                            size_t len)
{
    uint64_t good = 0;

    for (size_t i = 0; i < len / BLOB_LEAF_LEN; i++)
        if (w->right[slot][(offset + i * BLOB_LEAF_LEN) / SWARM_CHUNK])
            good |= (uint64_t)1 << i;
    return good;
}

static void obey(struct swarm *w, const struct blob_fetch_effect *fx)
{
    uint8_t page[BLOB_LAYER_PAGE * HASH_LEN];

    switch (fx->kind) {
    case BLOB_FETCH_ASK:
    case BLOB_FETCH_WATCH:
        ask(w, fx);
        break;
    case BLOB_FETCH_CANCEL:
        w->cancels++;
        take_cancel(w, peer_of(w, fx->provider), fx->request);
        break;
    case BLOB_FETCH_STORE_PAGE:
        fail(); /* all were here */
        break;
    case BLOB_FETCH_NEED_PAGE:
        for (size_t i = 0; i < w->spans; i++)
            memcpy(page + i * HASH_LEN, w->hash, HASH_LEN);
        blob_fetch_page_loaded(
            &w->fetch, fx->index,
            (struct bytes){ page, (size_t)w->spans * HASH_LEN }, w->now);
        break;
    case BLOB_FETCH_VERIFY_SPAN:
        blob_fetch_span_verified(&w->fetch, fx->slot, is_right(w, fx->slot),
                                 w->now);
        break;
    case BLOB_FETCH_WRITE_SPAN:
        assert_true(is_right(w, fx->slot));
        memset(w->right[fx->slot], 0, sizeof w->right[fx->slot]);
        w->order[w->written++] = fx->index;
        blob_fetch_span_written(&w->fetch, fx->slot, w->now);
        break;
    case BLOB_FETCH_CHECK_LEAVES:
        blob_fetch_leaves_checked(&w->fetch, fx->slot,
                                  good_leaves(w, fx->slot, 0, BLOB_SPAN_LEN),
                                  w->now);
        break;
    case BLOB_FETCH_CHECK_BLOCKS:
        blob_fetch_blocks_checked(&w->fetch, fx->slot,
                                  good_leaves(w, fx->slot, fx->offset, fx->len),
                                  w->now);
        break;
    case BLOB_FETCH_BAN:
        assert_true(peer_of(w, fx->provider)->lies);
        peer_of(w, fx->provider)->banned = fx->why;
        w->bans++;
        break;
    case BLOB_FETCH_STALLED:
        w->stalled++;
        break;
    case BLOB_FETCH_FINISHED:
        w->done++;
        break;
    }
}

void swarm_drain(struct swarm *w)
{
    struct blob_fetch_effect fx;

    while (blob_fetch_next(&w->fetch, &fx))
        obey(w, &fx);
}

static void take_data(struct swarm *w, struct swarm_peer *p,
                      const struct blob_msg *msg)
{
    struct blob_place place;
    enum err e = blob_fetch_place(&w->fetch, &place, p->number, msg, w->now);

    w->arrived += msg->data.bytes.len;
    if (e == ERR_CANCELLED)
        return;
    assert_int_equal(e, ERR_OK);
    assert_int_equal(place.len, SWARM_CHUNK);
    w->right[place.slot][place.offset / SWARM_CHUNK] =
        !(p->lies && swarm_chance(w) % 4 == 0);
}

static void deliver(struct swarm *w, struct swarm_peer *p,
                    const struct swarm_mail *m)
{
    static const uint8_t chunk[SWARM_CHUNK];
    struct blob_msg msg = { .type = m->type, .request = m->request };

    switch (m->type) {
    case FRAME_BLOB_DATA:
        msg.data.offset = m->offset;
        msg.data.bytes = BYTES_ARRAY(chunk);
        take_data(w, p, &msg);
        return;
    case FRAME_BLOB_INNER:
        msg.inner.span = m->offset;
        msg.inner.hashes = BYTES_ARRAY(w->leaves);
        break;
    case FRAME_BLOB_HAVE:
        msg.have.bits = (struct bytes){ m->bits, m->len };
        break;
    default:
        msg.end = m->code;
    }
    assert_int_equal(blob_fetch_recv(&w->fetch, p->number, &msg, w->now),
                     ERR_OK);
}

/* What a reader may have is right. */
static void check_proved(const struct swarm *w)
{
    size_t per_block = BLOB_BLOCK_LEN / SWARM_CHUNK;

    for (size_t i = 0; i < w->fetch.spans_max; i++) {
        const struct blob_fetch_span *s = &w->fetch.spans[i];

        for (size_t k = 0; k < SWARM_CHUNKS; k++)
            if (s->state != BLOB_SPAN_FREE &&
                (s->proved >> k / per_block & 1) != 0)
                assert_true(w->right[i][k]);
    }
}

void swarm_step(struct swarm *w)
{
    size_t first = swarm_chance(w) % SWARM_PEERS;

    w->now++;
    for (size_t i = 0; i < SWARM_PEERS; i++) {
        struct swarm_peer *p = &w->peers[(first + i) % SWARM_PEERS];
        struct swarm_mail *m;

        if (p->here && p->gone_at != 0 && w->now >= p->gone_at) {
            blob_fetch_provider_remove(&w->fetch, p->number, w->now);
            p->here = false;
        }
        if (!p->here)
            continue;
        peer_step(w, p);
        while (p->here && (m = arrived(&p->out, w->now)) != NULL) {
            p->out.from++;
            deliver(w, p, m);
            swarm_drain(w);
        }
    }
    if (blob_fetch_deadline(&w->fetch) <= w->now)
        blob_fetch_tick(&w->fetch, w->now);
    swarm_drain(w);
    check_proved(w);
}

/* Runs until all is here or so much time has passed; how much it took. */
uint64_t swarm_run(struct swarm *w, uint64_t limit_ms)
{
    uint64_t begun = w->now;

    swarm_drain(w);
    while (w->done == 0 && w->now < begun + limit_ms)
        swarm_step(w);
    return w->now - begun;
}

void swarm_assert_whole(const struct swarm *w)
{
    assert_int_equal(w->done, 1);
    assert_int_equal(w->written, w->spans);
}

uint64_t swarm_wasted(const struct swarm *w)
{
    return w->arrived - w->spans * SWARM_MIB;
}
