/* Blobs of the middle size: which is asked for next, and of whom. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/fetch_middle_parts.h"
#include "daemon/open_asks.h"
#include "daemon/peers.h"
#include "daemon/throttle.h"

enum {
    /* Rows that are looked at together, and in one turn of the loop. */
    WANTS_PAGE = 256,
    TURN_WANTS = 1024,
    /* Every so many tries a want goes the way of large blobs. */
    OTHER_TRIES = 4
};

/* ---- Whom to ask -------------------------------------------------------- */

enum chance {
    CHANCE_NONE, /* nobody answers such questions here */
    CHANCE_LATER,
    CHANCE_FULL,  /* all of them have enough to send */
    CHANCE_DOUBT, /* it did not have what it was asked for last */
    CHANCE_NOW
};

static bool is_usable(const struct fetch_middle *m, struct conn *c,
                      const struct middle_piece *piece)
{
    for (unsigned i = 0; i < piece->tried_count; i++)
        if (piece->tried[i] == conn_number(c))
            return false;
    return conn_is_open(c) && peer_shares(conn_peer(c), piece->want.topic) &&
           !m->owner->is_slow(m->transfer, c);
}

static enum chance chance_of(struct fetch_middle *m, struct conn *c,
                             uint64_t bytes)
{
    const struct fetch_source *s =
        fetch_source_find(&m->sources, conn_number(c));

    if (throttle_ask_ms(node_throttle(m->node), conn_download(c)) >
            middle_now_ms(m) ||
        (s != NULL && fetch_source_rests(s, middle_now_ms(m))))
        return CHANCE_LATER;
    if (conn_asks(c)->count >= BLOB_REQUESTS_MAX)
        return CHANCE_FULL;
    if (s == NULL ? !fetch_source_has_place(&m->sources)
                  : !fetch_source_has_room(s, bytes, conn_rtt_ms(c)))
        return CHANCE_FULL;
    return s != NULL && fetch_source_is_doubtful(s) ? CHANCE_DOUBT : CHANCE_NOW;
}

static uint64_t owed_by(struct fetch_middle *m, const struct conn *c)
{
    const struct fetch_source *s =
        fetch_source_find(&m->sources, conn_number(c));

    return s == NULL ? 0 : s->in_flight;
}

/* Of those that were not tried and may be asked now, the one that owes least.
 */
static enum chance provider(struct fetch_middle *m,
                            const struct middle_piece *piece, struct conn **out)
{
    struct peers *peers = node_peer_table(m->node);
    enum chance best = CHANCE_NONE;

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        enum chance chance;

        if (!is_usable(m, c, piece))
            continue;
        chance = chance_of(m, c, piece->want.blob.size);
        if (chance > best ||
            (chance == best && owed_by(m, c) < owed_by(m, *out))) {
            best = chance;
            *out = c;
        }
    }
    return best;
}

/* ---- Asking ------------------------------------------------------------- */

static struct middle_piece *find_free(struct fetch_middle *m)
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++)
        if (m->pieces[i].state == MIDDLE_FREE)
            return &m->pieces[i];
    return NULL;
}

static enum err send_ask(struct conn *c, const struct middle_piece *piece)
{
    const struct blob_id *id = &piece->want.blob;
    struct blob_msg msg = {
        .type = FRAME_BLOB_ASK,
        .request = piece->request,
        .ask = { .id = *id, .what = BLOB_WHAT_BLOCKS },
    };
    uint8_t buf[128];
    struct writer w = writer_fixed(buf, sizeof buf);
    enum err e;

    if (!peer_tag_of_topic(conn_peer(c), piece->want.topic, msg.ask.tag))
        return ERR_NOT_HELD;
    msg.ask.count =
        (uint32_t)((id->size + BLOB_BLOCK_LEN - 1) / BLOB_BLOCK_LEN);
    blob_msg_encode(&w, &msg);
    assert(w.err == ERR_OK);
    e = conn_queue(c, FRAME_BLOB_ASK, writer_view(&w));
    if (e == ERR_OK)
        open_asks_sent(conn_asks(c), &msg);
    return e;
}

/* False if it cannot be asked after all: nothing has changed. */
static bool ask(struct fetch_middle *m, struct middle_piece *piece,
                struct conn *c)
{
    struct fetch_source *source =
        fetch_source_take(&m->sources, conn_number(c));

    piece->request = ++m->requests;
    if (source == NULL || send_ask(c, piece) != ERR_OK)
        return false;
    fetch_source_asked(source, piece->want.blob.size, middle_now_ms(m));
    piece->conn = conn_number(c);
    memcpy(piece->node, conn_node(c), KEY_LEN);
    piece->state = MIDDLE_ASKED;
    piece->got = 0;
    return true;
}

/* A place for what it brings, if there is one, and room on the disk. */
static enum chance begin(struct fetch_middle *m, struct conn *c,
                         const struct store_want *want,
                         const struct quota_claim *claim)
{
    struct middle_piece *piece = find_free(m);
    uint8_t *data;

    if (piece == NULL || m->bytes + want->blob.size > MIDDLE_BYTES)
        return CHANCE_FULL;
    if (!m->owner->has_room(m->transfer, want, want->blob.size)) {
        m->owner->put_off(m->transfer, want);
        return CHANCE_NOW;
    }
    data = malloc((size_t)want->blob.size);
    if (data == NULL)
        return CHANCE_FULL;
    *piece = (struct middle_piece){ .state = MIDDLE_WHOLE,
                                    .want = *want,
                                    .is_strangers = claim->is_strangers,
                                    .data = data };
    memcpy(piece->pledge, claim->pledge, ID_LEN);
    m->bytes += want->blob.size;
    if (!ask(m, piece, c))
        middle_piece_put_off(m, piece);
    return CHANCE_NOW;
}

/* Takes one want: FULL if it has to wait until there is place. */
static enum chance gather(struct fetch_middle *m, const struct store_want *want)
{
    const struct middle_piece fresh = { .want = *want };
    struct quota_claim claim;
    struct conn *c = NULL;
    enum chance chance = CHANCE_NONE;

    if (fetch_middle_has(m, &want->blob)) {
        /* It may be wanted for another topic, too. */
        m->walk.is_due_again = true;
        return CHANCE_NOW;
    }
    if (want->tries % OTHER_TRIES != OTHER_TRIES - 1)
        chance = provider(m, &fresh, &c);
    if (chance == CHANCE_NONE || m->owner->is_taken(m->transfer, &want->blob))
        return m->owner->other(m->transfer, want) ? CHANCE_NOW : CHANCE_FULL;
    if (chance == CHANCE_LATER)
        m->rested = true;
    if (chance < CHANCE_DOUBT ||
        m->owner->is_settled(m->transfer, want, &claim))
        return chance;
    return begin(m, c, want, &claim);
}

bool middle_piece_ask_another(struct fetch_middle *m,
                              struct middle_piece *piece)
{
    struct conn *c = NULL;

    middle_piece_unask(m, piece);
    if (piece->tried_count == MIDDLE_TRIED)
        return false;
    piece->tried[piece->tried_count++] = piece->conn;
    return provider(m, piece, &c) >= CHANCE_DOUBT && ask(m, piece, c);
}

/* ---- The walk ----------------------------------------------------------- */

void fetch_middle_look(struct fetch_middle *m, bool eager)
{
    m->blocked = false;
    m->rested = false;
    if (!m->stopping)
        due_walk_begin(&m->walk, eager);
}

static bool has_place(const struct fetch_middle *m)
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++)
        if (m->pieces[i].state == MIDDLE_FREE)
            return m->bytes + BLOB_SPAN_LEN <= MIDDLE_BYTES;
    return false;
}

/*
 * A page of wants.  The first that has to wait for a place keeps the walk from
 * going on; but those behind it in the page may be others' to send.  A page of
 * which nothing can be asked for is passed over now and then, so that whoever
 * is slow and has many keeps nobody else's waiting.
 */
static size_t walk_page(struct fetch_middle *m, uint64_t until)
{
    static struct store_want wants[WANTS_PAGE]; /* the loop alone is here */
    uint64_t before = m->bytes;
    bool waits = false;
    size_t n = 0;

    if (store_wants_due_middle(node_store(m->node), until,
                               due_walk_after(&m->walk), wants, WANTS_PAGE,
                               &n) != ERR_OK ||
        n == 0) {
        due_walk_end(&m->walk);
        return 0;
    }
    for (size_t i = 0; i < n && m->bytes < MIDDLE_BYTES; i++) {
        waits = gather(m, &wants[i]) == CHANCE_FULL || waits;
        if (!waits)
            due_walk_pass(&m->walk, &wants[i]);
    }
    if (waits && m->pass && m->bytes == before && has_place(m)) {
        due_walk_pass(&m->walk, &wants[n - 1]);
        m->walk.is_due_again = true;
        waits = false;
    }
    m->blocked = waits || m->bytes >= MIDDLE_BYTES;
    return n;
}

void fetch_middle_flush(struct fetch_middle *m)
{
    uint64_t until = due_walk_until(&m->walk, node_clock_ms(m->node));

    for (size_t seen = 0, n = 1;
         m->walk.is_on && !m->blocked && n > 0 && seen < TURN_WANTS; seen += n)
        n = walk_page(m, until);
    m->pass = false;
    middle_group_begin(m);
}
