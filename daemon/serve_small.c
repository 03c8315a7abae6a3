/* Answers for small blobs, one frame after another in the order of the asks. */
#include "daemon/serve_small.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "proto/frame.h"
#include "store/blobs.h"

/* Of one frame: about what others send at once, and one blob at least. */
enum { FRAME_BYTES = BLOB_DATA_CHUNK_MAX };

void serve_small_wipe(struct serve_small *s)
{
    free(s->asks);
    *s = (struct serve_small){ NULL, 0, 0 };
}

bool serve_small_is_idle(const struct serve_small *s)
{
    return s->count == 0;
}

static struct small_ask *nth(const struct serve_small *s, unsigned i)
{
    return &s->asks[(s->first + i) % BLOB_MANY_OPEN];
}

enum err serve_small_ask(struct serve_small *s, struct bytes payload)
{
    struct blob_many many;
    struct small_ask *ask;
    enum err e = blob_many_decode(&many, payload);

    if (e != ERR_OK)
        return e;
    if (s->count == BLOB_MANY_OPEN)
        return ERR_FLOOD;
    for (unsigned i = 0; i < s->count; i++)
        if (nth(s, i)->request == many.request)
            return ERR_MALFORMED;
    if (s->asks == NULL)
        s->asks = calloc(BLOB_MANY_OPEN, sizeof *s->asks);
    if (s->asks == NULL)
        return ERR_NO_MEMORY;
    ask = nth(s, s->count++);
    ask->request = many.request;
    memcpy(ask->tag, many.tag, sizeof ask->tag);
    ask->count = many.count;
    ask->next = 0;
    for (unsigned i = 0; i < many.count; i++)
        blob_many_at(&many, i, &ask->ids[i]);
    return ERR_OK;
}

/* Reads a blob that is held for the topic; false if it is not here as a row. */
static bool read_blob(struct node *node, const struct blob_id *id,
                      const uint8_t *topic, uint8_t *out)
{
    struct blob_reader *reader;
    struct blob_info info;
    bool good;

    if (blob_reader_open(&reader, node_store(node), id, topic) != ERR_OK)
        return false;
    blob_reader_info(reader, &info);
    good = info.state == BLOB_INLINE &&
           blob_reader_read(reader, 0, out, (size_t)id->size) == ERR_OK;
    blob_reader_close(reader);
    return good;
}

enum err serve_small_send(struct serve_small *s, struct node *node,
                          struct conn *conn, bool may, size_t *bytes)
{
    static uint8_t buf[BLOB_SMALL_HEADER + FRAME_BYTES +
                       BLOB_SMALL_ENTRY * BLOB_MANY_MAX + BLOB_INLINE_MAX];
    static uint8_t content[BLOB_INLINE_MAX]; /* the loop alone comes here */
    struct writer w = writer_fixed(buf, sizeof buf);
    struct small_ask *ask = nth(s, 0);
    uint8_t topic[ID_LEN];

    assert(s->count > 0);
    may = may && peer_topic_of_tag(conn_peer(conn), ask->tag, topic);
    blob_small_begin(&w, ask->request, ask->next);
    while (ask->next < ask->count && w.len < FRAME_BYTES) {
        const struct blob_id *id = &ask->ids[ask->next++];
        bool held = may && read_blob(node, id, topic, content);

        blob_small_put(&w, (struct bytes){ held ? content : NULL,
                                           held ? (size_t)id->size : 0 });
    }
    if (ask->next == ask->count) {
        s->first = (s->first + 1) % BLOB_MANY_OPEN;
        s->count--;
    }
    *bytes = w.len;
    assert(w.err == ERR_OK);
    return conn_queue(conn, FRAME_BLOB_SMALL, writer_view(&w));
}
