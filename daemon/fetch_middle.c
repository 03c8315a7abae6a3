/* Blobs of the middle size: which, of whom, and what they send. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/fetch_middle_parts.h"
#include "daemon/peers.h"
#include "daemon/throttle.h"

enum {
    /* Rows that are looked at together, and in one turn of the loop. */
    WANTS_PAGE = 256,
    TURN_WANTS = 1024,
    /* Every so many tries a want goes the way of large blobs. */
    OTHER_TRIES = 4
};

bool fetch_middle_is_such(const struct blob_id *blob)
{
    return blob->size > BLOB_INLINE_MAX && blob->size <= BLOB_SPAN_LEN;
}

enum err fetch_middle_open(struct fetch_middle **out, struct node *node,
                           struct transfer *transfer,
                           const struct fetch_middle_config *config)
{
    struct fetch_middle *m = calloc(1, sizeof *m);

    if (m == NULL)
        return ERR_NO_MEMORY;
    m->node = node;
    m->transfer = transfer;
    m->config = *config;
    *out = m;
    return ERR_OK;
}

void fetch_middle_free(struct fetch_middle *m)
{
    if (m == NULL)
        return;
    assert(fetch_middle_is_idle(m));
    for (unsigned i = 0; i < MIDDLE_PIECES; i++)
        free(m->pieces[i].data);
    free(m);
}

bool fetch_middle_is_idle(const struct fetch_middle *m)
{
    for (unsigned i = 0; i < MIDDLE_GROUPS; i++)
        if (m->groups[i].count > 0)
            return false;
    return true;
}

/* ---- The end of a piece ------------------------------------------------- */

static void end_request(struct fetch_middle *m, struct middle_piece *piece)
{
    struct fetch_source *source = fetch_source_find(&m->sources, piece->conn);

    if (piece->state == MIDDLE_ASKED && source != NULL)
        fetch_source_ended(source, piece->want.blob.size - piece->got);
}

void middle_piece_free(struct fetch_middle *m, struct middle_piece *piece)
{
    end_request(m, piece);
    m->bytes -= piece->want.blob.size;
    m->blocked = false;
    free(piece->data);
    *piece = (struct middle_piece){ .state = MIDDLE_FREE };
}

void middle_piece_put_off(struct fetch_middle *m, struct middle_piece *piece)
{
    struct store_want want = piece->want;

    middle_piece_free(m, piece);
    if (!m->stopping)
        m->config.put_off(m->transfer, &want);
}

/* What still comes of it is dropped. */
static void call_off(struct fetch_middle *m, struct middle_piece *piece)
{
    struct fetch_source *source = fetch_source_find(&m->sources, piece->conn);
    struct conn *c = peers_find(node_peer_table(m->node), piece->conn);
    struct blob_msg msg = { .type = FRAME_BLOB_CANCEL,
                            .request = piece->request };
    uint8_t buf[16];
    struct writer w = writer_fixed(buf, sizeof buf);

    assert(piece->state == MIDDLE_ASKED && source != NULL);
    fetch_source_called_off(source, piece->want.blob.size - piece->got);
    piece->state = MIDDLE_WHOLE; /* it owes nothing, and ends now */
    blob_msg_encode(&w, &msg);
    assert(w.err == ERR_OK);
    if (c == NULL ||
        conn_queue(c, FRAME_BLOB_CANCEL, writer_view(&w)) != ERR_OK)
        return; /* all of it comes, then, or nothing any more */
}

static void leave(struct fetch_middle *m, uint64_t conn, bool is_there)
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++) {
        struct middle_piece *piece = &m->pieces[i];

        if (piece->state != MIDDLE_ASKED || piece->conn != conn)
            continue;
        if (is_there)
            call_off(m, piece);
        middle_piece_put_off(m, piece);
    }
}

void fetch_middle_peer_gone(struct fetch_middle *m, const struct conn *c)
{
    struct fetch_source *source =
        fetch_source_find(&m->sources, conn_number(c));

    leave(m, conn_number(c), false);
    if (source != NULL)
        *source = (struct fetch_source){ .conn = 0 };
}

void fetch_middle_shutdown(struct fetch_middle *m)
{
    m->stopping = true;
    m->look = false;
    for (unsigned i = 0; i < MIDDLE_PIECES; i++)
        if (m->pieces[i].state == MIDDLE_ASKED ||
            m->pieces[i].state == MIDDLE_WHOLE)
            middle_piece_free(m, &m->pieces[i]);
}

void fetch_middle_give_up(struct fetch_middle *m, const struct blob_id *blob,
                          const uint8_t *topic)
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++) {
        struct middle_piece *piece = &m->pieces[i];

        if (piece->state == MIDDLE_FREE ||
            !blob_id_equal(&piece->want.blob, blob) ||
            (topic != NULL && memcmp(piece->want.topic, topic, ID_LEN) != 0))
            continue;
        piece->is_dropped = true;
        if (piece->state == MIDDLE_ASKED)
            call_off(m, piece);
        if (piece->state == MIDDLE_WHOLE)
            middle_piece_free(m, piece);
    }
}

void fetch_middle_tick(struct fetch_middle *m)
{
    uint64_t now = middle_now_ms(m);

    for (unsigned i = 0; i < FETCH_SOURCES; i++) {
        struct fetch_source *source = &m->sources.list[i];
        const struct conn *c;

        if (source->conn == 0 || !fetch_source_is_slow(source, now))
            continue;
        c = peers_find(node_peer_table(m->node), source->conn);
        if (c != NULL)
            m->config.blame(m->transfer, c);
        leave(m, source->conn, true);
    }
    m->blocked = false;
    if (m->rested)
        fetch_middle_look(m, false);
}

/* ---- Questions ---------------------------------------------------------- */

static const struct middle_piece *find(const struct fetch_middle *m,
                                       const struct blob_id *blob)
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++)
        if (m->pieces[i].state != MIDDLE_FREE &&
            blob_id_equal(&m->pieces[i].want.blob, blob))
            return &m->pieces[i];
    return NULL;
}

bool fetch_middle_has(const struct fetch_middle *m, const struct blob_id *blob)
{
    return find(m, blob) != NULL;
}

uint64_t fetch_middle_bytes(const struct fetch_middle *m,
                            const struct blob_id *blob)
{
    const struct middle_piece *piece = find(m, blob);

    return piece == NULL ? 0 : piece->got;
}

uint64_t fetch_middle_reserved(const struct fetch_middle *m)
{
    return m->bytes;
}

void fetch_middle_coming(const struct fetch_middle *m,
                         const uint8_t pledge[ID_LEN], struct room_coming *out)
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++) {
        const struct middle_piece *piece = &m->pieces[i];

        if (piece->state == MIDDLE_FREE ||
            memcmp(piece->pledge, pledge, ID_LEN) != 0)
            continue;
        out->bytes += piece->want.blob.size;
        if (piece->is_strangers)
            out->strangers_bytes += piece->want.blob.size;
    }
}

void fetch_middle_reclaim(struct fetch_middle *m, const uint8_t topic[ID_LEN],
                          const uint8_t pledge[ID_LEN])
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++)
        if (m->pieces[i].state != MIDDLE_FREE &&
            memcmp(m->pieces[i].want.topic, topic, ID_LEN) == 0)
            memcpy(m->pieces[i].pledge, pledge, ID_LEN);
}

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
           !m->config.is_slow(m->transfer, c);
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
    if (s != NULL && !fetch_source_has_room(s, bytes, conn_rtt_ms(c)))
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

bool fetch_middle_owns(uint32_t request)
{
    return request >> 16 == 0;
}

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

    if (!peer_tag_of_topic(conn_peer(c), piece->want.topic, msg.ask.tag))
        return ERR_NOT_HELD;
    msg.ask.count =
        (uint32_t)((id->size + BLOB_BLOCK_LEN - 1) / BLOB_BLOCK_LEN);
    blob_msg_encode(&w, &msg);
    assert(w.err == ERR_OK);
    return conn_queue(c, FRAME_BLOB_ASK, writer_view(&w));
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
    if (!m->config.has_room(m->transfer, want, want->blob.size)) {
        m->config.put_off(m->transfer, want);
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
        m->look_more = true; /* it may be wanted for another topic, too */
        return CHANCE_NOW;
    }
    if (want->tries % OTHER_TRIES != OTHER_TRIES - 1)
        chance = provider(m, &fresh, &c);
    if (chance == CHANCE_NONE || m->config.is_taken(m->transfer, &want->blob))
        return m->config.other(m->transfer, want) ? CHANCE_NOW : CHANCE_FULL;
    if (chance == CHANCE_LATER)
        m->rested = true;
    if (chance < CHANCE_DOUBT ||
        m->config.is_settled(m->transfer, want, &claim))
        return chance;
    return begin(m, c, want, &claim);
}

/* It had it not: another one may. */
static bool ask_another(struct fetch_middle *m, struct middle_piece *piece)
{
    struct conn *c = NULL;

    end_request(m, piece);
    piece->state = MIDDLE_WHOLE; /* nobody owes it */
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
    m->eager = m->eager || eager;
    if (m->look)
        m->look_more = true;
    m->look = !m->stopping;
}

static void walk_end(struct fetch_middle *m)
{
    m->has_after = false;
    m->look = m->look_more;
    m->look_more = false;
    m->eager = m->eager && m->look;
}

/*
 * A page of wants.  The first that has to wait for a place keeps the walk from
 * going on; but those behind it in the page may be others' to send.
 */
static size_t walk_page(struct fetch_middle *m, uint64_t until)
{
    static struct store_want wants[WANTS_PAGE]; /* the loop alone is here */
    bool waits = false;
    size_t n = 0;

    if (store_wants_due_middle(node_store(m->node), until,
                               m->has_after ? &m->after : NULL, wants,
                               WANTS_PAGE, &n) != ERR_OK ||
        n == 0) {
        walk_end(m);
        return 0;
    }
    for (size_t i = 0; i < n && m->bytes < MIDDLE_BYTES; i++) {
        waits = gather(m, &wants[i]) == CHANCE_FULL || waits;
        if (waits)
            continue;
        m->after = wants[i];
        m->has_after = true;
    }
    m->blocked = waits || m->bytes >= MIDDLE_BYTES;
    return n;
}

void fetch_middle_flush(struct fetch_middle *m)
{
    uint64_t until = m->eager ? UINT64_MAX : node_clock_ms(m->node);

    for (size_t seen = 0, n = 1;
         m->look && !m->blocked && n > 0 && seen < TURN_WANTS; seen += n)
        n = walk_page(m, until);
    middle_group_begin(m);
}

/* ---- Answers ------------------------------------------------------------ */

static struct middle_piece *find_asked(struct fetch_middle *m, uint64_t conn,
                                       uint32_t request)
{
    for (unsigned i = 0; i < MIDDLE_PIECES; i++)
        if (m->pieces[i].state == MIDDLE_ASKED && m->pieces[i].conn == conn &&
            m->pieces[i].request == request)
            return &m->pieces[i];
    return NULL;
}

static enum err on_data(struct fetch_middle *m, struct conn *c,
                        struct middle_piece *piece, const struct blob_msg *msg)
{
    struct fetch_source *source = fetch_source_find(&m->sources, piece->conn);
    struct bytes bytes = msg->data.bytes;

    if (msg->data.offset != piece->got ||
        bytes.len > piece->want.blob.size - piece->got)
        return ERR_NOT_ASKED;
    memcpy(piece->data + piece->got, bytes.data, bytes.len);
    piece->got += bytes.len;
    assert(source != NULL); /* it owes this, and so keeps its place */
    fetch_source_came(source, bytes.len, middle_now_ms(m));
    throttle_received(node_throttle(m->node), conn_download(c), bytes.len);
    return ERR_OK;
}

static enum err on_end(struct fetch_middle *m, struct middle_piece *piece,
                       enum err code)
{
    struct fetch_source *source = fetch_source_find(&m->sources, piece->conn);

    if (code == ERR_OK && piece->got < piece->want.blob.size)
        return ERR_OUT_OF_ORDER;
    m->blocked = false;
    if (code == ERR_OK) {
        end_request(m, piece);
        piece->state = MIDDLE_WHOLE;
        return ERR_OK;
    }
    assert(source != NULL);
    fetch_source_missed(source, middle_now_ms(m));
    if (!ask_another(m, piece))
        middle_piece_put_off(m, piece);
    return ERR_OK;
}

enum err fetch_middle_recv(struct fetch_middle *m, struct conn *c,
                           const struct blob_msg *msg)
{
    struct middle_piece *piece = find_asked(m, conn_number(c), msg->request);
    struct fetch_source *source =
        fetch_source_find(&m->sources, conn_number(c));

    if (m->stopping)
        return ERR_OK;
    if (piece != NULL && msg->type == FRAME_BLOB_DATA)
        return on_data(m, c, piece, msg);
    if (piece != NULL && msg->type == FRAME_BLOB_END)
        return on_end(m, piece, msg->end);
    if (piece != NULL || source == NULL || source->called_off == 0)
        return ERR_NOT_ASKED;
    /* What was called off may have been on its way. */
    return msg->type != FRAME_BLOB_END || fetch_source_gave_up(source)
               ? ERR_OK
               : ERR_NOT_ASKED;
}
