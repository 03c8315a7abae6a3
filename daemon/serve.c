#include "daemon/serve.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/in_place.h"
#include "daemon/quota.h"
#include "daemon/serve_small.h"
#include "daemon/throttle.h"
#include "store/blob_disk.h"
#include "store/blobs.h"
#include "store/thread_hash.h"

/* Frames of one turn: about what one write to the socket takes. */
enum { FILL_FRAMES = 4 };

/* A page and its uncles, or the leaves of a span, fit a read buffer. */
static_assert((BLOB_LAYER_PAGE + BLOB_UNCLES_MAX) * HASH_LEN <= BLOB_SERVE_READ,
              "a page fits");
static_assert(BLOB_SERVE_BUFFERS * BLOB_SERVE_READ <= BLOB_DISK_PAGE,
              "all fit a large page");

/* An open blob; kept until another one is asked for, and its reads are done. */
struct opened {
    struct blob_reader *reader;
    struct blob_id id;
    uint8_t topic[ID_LEN];
    unsigned users;
    bool orphan; /* closed with its last user */
};

/* One of the read buffers, and the work that fills it. */
struct read {
    uv_work_t work;
    struct serve *serve;
    struct opened *opened;
    unsigned buffer;
    bool is_inner; /* the leaf hashes of a span, not its bytes */
    uint64_t offset;
    size_t len;
    enum err result;
    size_t hashes_len; /* of a page; its uncles follow */
    size_t filled;     /* bytes in `data`, of what is no plain read */
    uint8_t *data;     /* BLOB_SERVE_READ bytes of the connection's */
};

struct serve {
    struct node *node;
    struct popular *popular;
    struct read_buffers *spares;
    struct conn *conn; /* NULL once it is gone */
    struct opened *opened;
    unsigned reads;
    unsigned place; /* among those that throttle.h shares the line out to */
    uint8_t *bytes; /* of all buffers; NULL while nothing is asked for */
    struct read buffers[BLOB_SERVE_BUFFERS];
    struct blob_serve machine;
    struct serve_small small;
};

static unsigned reads_under_way;

unsigned serve_reads(void)
{
    return reads_under_way;
}

enum err serve_open(struct serve **out, struct node *node,
                    struct popular *popular, struct read_buffers *spares,
                    struct conn *conn)
{
    struct serve *s = calloc(1, sizeof *s);

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->node = node;
    s->popular = popular;
    s->spares = spares;
    s->conn = conn;
    s->place = throttle_join(node_throttle(node), conn);
    blob_serve_init(&s->machine);
    for (unsigned i = 0; i < BLOB_SERVE_BUFFERS; i++) {
        s->buffers[i].serve = s;
        s->buffers[i].buffer = i;
        s->buffers[i].work.data = &s->buffers[i];
    }
    *out = s;
    return ERR_OK;
}

/* ---- Open blobs --------------------------------------------------------- */

static void opened_drop(struct opened *opened)
{
    if (opened == NULL || opened->users > 0)
        return;
    blob_reader_close(opened->reader);
    free(opened);
}

static void opened_release(struct opened *opened)
{
    opened->users--;
    if (opened->orphan)
        opened_drop(opened);
}

/* Lets go of the blob that is open; its reads go on. */
static void opened_leave(struct serve *s)
{
    if (s->opened != NULL && s->opened->users > 0)
        s->opened->orphan = true;
    else
        opened_drop(s->opened);
    s->opened = NULL;
}

/* Of a blob that is still coming in, a reader sees what was there before it. */
static bool opened_fits(const struct opened *opened, const struct blob_id *id,
                        const uint8_t topic[ID_LEN], uint64_t offset,
                        uint64_t len)
{
    return opened != NULL && blob_id_equal(&opened->id, id) &&
           memcmp(opened->topic, topic, ID_LEN) == 0 &&
           blob_reader_has(opened->reader, offset, len);
}

static enum err opened_new(struct serve *s, const struct blob_ask *ask,
                           uint64_t offset, uint64_t len)
{
    struct opened *opened;
    uint8_t topic[ID_LEN];
    enum err e;

    if (!peer_topic_of_tag(conn_peer(s->conn), ask->tag, topic))
        return ERR_NOT_HELD;
    if (opened_fits(s->opened, &ask->id, topic, offset, len))
        return ERR_OK;
    opened_leave(s);
    opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return ERR_NO_MEMORY;
    e = blob_reader_open(&opened->reader, node_store(s->node), &ask->id, topic);
    if (e == ERR_CHANGED)
        in_place_look(s->node, &ask->id);
    if (e != ERR_OK) {
        free(opened);
        return e;
    }
    opened->id = ask->id;
    memcpy(opened->topic, topic, ID_LEN);
    s->opened = opened;
    /* What others ask for, too, stays in memory. */
    if (!popular_note(s->popular, &ask->id, conn_number(s->conn),
                      uv_now(node_loop(s->node))))
        blob_reader_pass_by(opened->reader);
    quota_used(node_quota(s->node), &ask->id, topic);
    return blob_reader_has(opened->reader, offset, len) ? ERR_OK : ERR_NOT_HELD;
}

/* ---- The end ------------------------------------------------------------ */

static void free_if_done(struct serve *s)
{
    if (s->conn != NULL || s->reads > 0)
        return;
    opened_leave(s);
    serve_small_wipe(&s->small);
    free(s->bytes);
    free(s);
}

void serve_close(struct serve *s)
{
    throttle_leave(node_throttle(s->node), s->place);
    s->conn = NULL;
    free_if_done(s);
}

/* ---- Reading ------------------------------------------------------------ */

static enum err read_inner(struct read *r)
{
    uint8_t *span = malloc(r->len);
    enum err e;

    if (span == NULL)
        return ERR_NO_MEMORY;
    e = blob_reader_read(r->opened->reader, r->offset, span, r->len);
    if (e == ERR_OK)
        e = blob_span_leaves(thread_multi_hash(), r->data,
                             (struct bytes){ span, r->len });
    free(span);
    return e;
}

static void on_read_work(uv_work_t *work)
{
    struct read *r = work->data;

    if (r->is_inner)
        r->result = read_inner(r);
    else
        r->result =
            blob_reader_read(r->opened->reader, r->offset, r->data, r->len);
}

static void on_read_done(uv_work_t *work, int status)
{
    struct read *r = work->data;
    struct serve *s = r->serve;

    reads_under_way--;
    s->reads--;
    if (r->result == ERR_CHANGED)
        in_place_look(s->node, &r->opened->id);
    opened_release(r->opened);
    r->opened = NULL;
    if (s->conn == NULL) {
        free_if_done(s);
        return;
    }
    blob_serve_read_done(&s->machine, r->buffer,
                         status == 0 ? r->result : ERR_SHUTDOWN);
    conn_wake(s->conn);
}

/* Begins to read bytes, or a span for its leaf hashes. */
static enum err start_read(struct serve *s, const struct blob_serve_effect *ef)
{
    struct read *r = &s->buffers[ef->buffer];
    int status;
    enum err e;

    r->is_inner = ef->kind == BLOB_SERVE_READ_INNER;
    r->offset = r->is_inner ? ef->ask.first * BLOB_SPAN_LEN : ef->offset;
    r->len =
        r->is_inner ? blob_span_len(ef->ask.id.size, ef->ask.first) : ef->len;
    r->filled = r->is_inner
                    ? (r->len + BLOB_LEAF_LEN - 1) / BLOB_LEAF_LEN * HASH_LEN
                    : r->len;
    e = opened_new(s, &ef->ask, r->offset, r->len);
    if (e != ERR_OK)
        return e;
    r->opened = s->opened;
    r->opened->users++;
    s->reads++;
    reads_under_way++;
    status =
        uv_queue_work(node_loop(s->node), &r->work, on_read_work, on_read_done);
    assert(status == 0); /* it fails without a work function only */
    return ERR_OK;
}

/* A page of the layer lies in the database: a short read. */
static enum err read_layer(struct serve *s, const struct blob_serve_effect *ef)
{
    struct read *r = &s->buffers[ef->buffer];
    uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN];
    struct writer h = writer_fixed(r->data, BLOB_LAYER_PAGE * HASH_LEN);
    struct writer u = writer_fixed(uncles, sizeof uncles);
    uint8_t topic[ID_LEN];
    enum err e;

    if (!peer_topic_of_tag(conn_peer(s->conn), ef->ask.tag, topic) ||
        !blobs_held_for(node_store(s->node), &ef->ask.id, topic))
        return ERR_NOT_HELD;
    e = blobs_layer_page(node_store(s->node), &ef->ask.id, ef->ask.first, &h,
                         &u);
    if (e != ERR_OK)
        return e;
    memcpy(r->data + h.len, uncles, u.len);
    r->hashes_len = h.len;
    r->filled = h.len + u.len;
    return ERR_OK;
}

/* They lie in one large page, which the disk fills fastest. */
static bool have_buffers(struct serve *s)
{
    if (s->bytes != NULL)
        return true;
    s->bytes = read_buffers_take(s->spares);
    for (size_t i = 0; s->bytes != NULL && i < BLOB_SERVE_BUFFERS; i++)
        s->buffers[i].data = s->bytes + i * BLOB_SERVE_READ;
    return s->bytes != NULL;
}

static void give_buffers(struct serve *s)
{
    if (s->reads > 0)
        return;
    read_buffers_give(s->spares, s->bytes, uv_now(node_loop(s->node)));
    s->bytes = NULL;
}

static void read_for(struct serve *s, const struct blob_serve_effect *ef)
{
    enum err e;

    if (!have_buffers(s))
        e = ERR_NO_MEMORY;
    else if (ef->kind == BLOB_SERVE_READ_LAYER)
        e = read_layer(s, ef);
    else
        e = start_read(s, ef);
    /* What was begun on the pool is told of when it is done. */
    if (e != ERR_OK || ef->kind == BLOB_SERVE_READ_LAYER)
        blob_serve_read_done(&s->machine, ef->buffer, e);
}

/* ---- Sending ------------------------------------------------------------ */

static enum err send_data(struct serve *s, const struct blob_serve_effect *ef)
{
    uint8_t head[12];
    struct writer w = writer_fixed(head, sizeof head);
    struct bytes parts[2];

    /* Written by hand, so that the bytes are copied once (§6.3). */
    writer_u32(&w, ef->request);
    writer_u64(&w, ef->offset);
    parts[0] = writer_view(&w);
    parts[1] =
        (struct bytes){ s->buffers[ef->buffer].data + ef->start, ef->len };
    return conn_queue_parts(s->conn, FRAME_BLOB_DATA, parts, 2);
}

static enum err send_message(struct serve *s,
                             const struct blob_serve_effect *ef)
{
    static uint8_t buf[BLOB_MSG_MAX]; /* the loop alone comes here */
    const struct read *r = &s->buffers[ef->buffer];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_msg msg = { .request = ef->request };

    if (ef->kind == BLOB_SERVE_SEND_END) {
        msg.type = FRAME_BLOB_END;
        msg.end = ef->code;
    } else if (ef->kind == BLOB_SERVE_SEND_LAYER) {
        msg.type = FRAME_BLOB_LAYER;
        msg.layer.page = ef->ask.first;
        msg.layer.hashes = (struct bytes){ r->data, r->hashes_len };
        msg.layer.uncles = (struct bytes){ r->data + r->hashes_len,
                                           r->filled - r->hashes_len };
    } else {
        msg.type = FRAME_BLOB_INNER;
        msg.inner.span = ef->ask.first;
        msg.inner.hashes = (struct bytes){ r->data, r->filled };
    }
    blob_msg_encode(&w, &msg);
    assert(w.err == ERR_OK);
    return conn_queue(s->conn, (uint8_t)msg.type, writer_view(&w));
}

static enum err act(struct serve *s, const struct blob_serve_effect *ef,
                    unsigned *frames)
{
    switch (ef->kind) {
    case BLOB_SERVE_READ_DATA:
    case BLOB_SERVE_READ_LAYER:
    case BLOB_SERVE_READ_INNER:
        read_for(s, ef);
        return ERR_OK;
    case BLOB_SERVE_SEND_DATA:
        upload_sent(throttle_upload(node_throttle(s->node)), s->place, ef->len,
                    uv_now(node_loop(s->node)));
        *frames += 1;
        return send_data(s, ef);
    default:
        *frames += 1;
        return send_message(s, ef);
    }
}

static enum err send_small(struct serve *s, unsigned *frames)
{
    size_t bytes = 0;
    enum err e = serve_small_send(&s->small, s->node, s->conn, true, &bytes);

    upload_sent(throttle_upload(node_throttle(s->node)), s->place, bytes,
                uv_now(node_loop(s->node)));
    *frames += 1;
    return e;
}

/* Whether a piece may go now; if not, this is called again in time. */
static bool may_send(const struct serve *s, bool room)
{
    return room && s->place != UPLOAD_NOBODY &&
           upload_may_send(throttle_upload(node_throttle(s->node)), s->place,
                           uv_now(node_loop(s->node)));
}

static bool may_read(const struct serve *s)
{
    return s->place != UPLOAD_NOBODY &&
           upload_has_slot(throttle_upload(node_throttle(s->node)), s->place);
}

/*
 * Until there is nothing to do, or no room, or it is not its turn: *waits tells
 * whether it is this alone.  After an error `s` may be gone.
 */
static enum err fill(struct serve *s, bool *waits)
{
    struct blob_serve_effect ef;
    size_t piece = conn_piece(s->conn);
    unsigned frames = 0;
    enum err e = ERR_OK;

    blob_serve_set_piece(
        &s->machine, piece < BLOB_DATA_CHUNK_MAX ? piece : BLOB_DATA_CHUNK_MAX);
    while (e == ERR_OK) {
        bool room = frames < FILL_FRAMES &&
                    conn_room(s->conn, FRAME_BLOB_DATA) >= BLOB_MSG_MAX;
        bool may = may_send(s, room);

        *waits = room && !may;
        if (may && !serve_small_is_idle(&s->small)) {
            e = send_small(s, &frames);
            continue;
        }
        blob_serve_hold(&s->machine, !may, !may_read(s));
        if (!blob_serve_next(&s->machine, room, &ef))
            return ERR_OK;
        e = act(s, &ef, &frames);
    }
    conn_close(s->conn, e); /* no memory: the stream has a hole now */
    return e;
}

void serve_fill(struct serve *s)
{
    struct upload *upload = throttle_upload(node_throttle(s->node));
    bool waits;

    if (fill(s, &waits) != ERR_OK || s->place == UPLOAD_NOBODY)
        return;
    if (!waits)
        upload_pause(upload, s->place);
    if (!blob_serve_is_idle(&s->machine))
        return;
    give_buffers(s);
    if (serve_small_is_idle(&s->small))
        upload_end(upload, s->place, uv_now(node_loop(s->node)));
}

/* ---- What is asked ------------------------------------------------------ */

static enum err verdict(struct serve *s, const struct blob_ask *ask)
{
    uint8_t topic[ID_LEN];

    if (!peer_topic_of_tag(conn_peer(s->conn), ask->tag, topic) ||
        !blobs_held_for(node_store(s->node), &ask->id, topic))
        return ERR_NOT_HELD;
    /* More wait than could be served before they lose patience. */
    if (s->place == UPLOAD_NOBODY ||
        !upload_begin(throttle_upload(node_throttle(s->node)), s->place,
                      uv_now(node_loop(s->node))))
        return ERR_BUSY;
    return ERR_OK;
}

/* More wait than can be served: nothing is said to be here. */
static enum err decline_small(struct serve *s)
{
    size_t bytes;
    enum err e = ERR_OK;

    while (e == ERR_OK && !serve_small_is_idle(&s->small))
        e = serve_small_send(&s->small, s->node, s->conn, false, &bytes);
    return e;
}

enum err serve_recv_many(struct serve *s, struct bytes payload)
{
    enum err e = serve_small_ask(&s->small, payload);

    if (e == ERR_OK && (s->place == UPLOAD_NOBODY ||
                        !upload_begin(throttle_upload(node_throttle(s->node)),
                                      s->place, uv_now(node_loop(s->node)))))
        e = decline_small(s);
    conn_wake(s->conn);
    return e;
}

enum err serve_recv(struct serve *s, const struct blob_msg *msg)
{
    enum err e = ERR_OK;

    if (msg->type == FRAME_BLOB_ASK)
        e = blob_serve_ask(&s->machine, msg, verdict(s, &msg->ask));
    else
        blob_serve_cancel(&s->machine, msg);
    conn_wake(s->conn);
    return e;
}
