/* Blobs of the middle size: what is on its way, what comes, what goes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/fetch_middle_parts.h"
#include "daemon/peers.h"
#include "daemon/throttle.h"

enum err fetch_middle_open(struct fetch_middle **out, struct node *node,
                           struct transfer *transfer,
                           const struct fetch_owner *owner)
{
    struct fetch_middle *m = calloc(1, sizeof *m);

    if (m == NULL)
        return ERR_NO_MEMORY;
    m->node = node;
    m->transfer = transfer;
    m->owner = owner;
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

void middle_piece_unask(struct fetch_middle *m, struct middle_piece *piece)
{
    struct fetch_source *source = fetch_source_find(&m->sources, piece->conn);

    if (piece->state == MIDDLE_ASKED && source != NULL)
        fetch_source_ended(source, piece->want.blob.size - piece->got);
    piece->state = MIDDLE_WHOLE;
}

void middle_piece_free(struct fetch_middle *m, struct middle_piece *piece)
{
    middle_piece_unask(m, piece);
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
        m->owner->put_off(m->transfer, &want);
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
    m->walk.is_on = false;
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
            m->owner->blame(m->transfer, c);
        leave(m, source->conn, true);
    }
    m->pass = m->blocked;
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

/* ---- Answers ------------------------------------------------------------ */

bool fetch_middle_owns(uint32_t request)
{
    return request >> 16 == 0;
}

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
        middle_piece_unask(m, piece);
        return ERR_OK;
    }
    assert(source != NULL);
    fetch_source_missed(source, middle_now_ms(m));
    if (!middle_piece_ask_another(m, piece))
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
