/*
 * What peers ask of this node: parts of lists, its own and those that it has of
 * others, and leaves of blobs, which are read and hashed on the pool.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/in_place.h"
#include "daemon/lease_parts.h"
#include "daemon/peers.h"
#include "store/thread_hash.h"

static bool may_ask(struct leases *l, struct lease_peer *p)
{
    return lease_meter_take(&p->asked, LEASE_ASKS_BURST_MAX, LEASE_ASKS_PER_SEC,
                            lease_now_ms(l));
}

/* ---- Lists -------------------------------------------------------------- */

/* Of a long list this takes long, so it is done once. */
static enum err page_roots(struct leases *l, struct lease_row *row)
{
    const struct lease *lease = &row->at.lease;
    struct writer names = writer_growing(LEASE_PAGE * LEASE_NAME_LEN);
    enum err e = ERR_OK;

    lease_row_forget_roots(row);
    for (uint64_t p = 0; e == ERR_OK && p < lease_page_count(lease->count);
         p++) {
        uint8_t root[HASH_LEN];

        writer_reset(&names);
        e = lease_rows_names(node_store(l->node), lease->topic, lease->node, p,
                             &names);
        if (e == ERR_OK &&
            names.len != lease_page_len(lease->count, p) * LEASE_NAME_LEN)
            e = ERR_CORRUPT;
        if (e == ERR_OK)
            e = lease_page_root(root, lease->count, p, writer_view(&names));
        if (e == ERR_OK)
            writer_bytes(&row->roots, BYTES_ARRAY(root));
    }
    writer_free(&names);
    return e == ERR_OK ? row->roots.err : e;
}

/* The siblings of a page, from the lists of others as from our own. */
static enum err page_uncles(struct leases *l, struct lease_row *row,
                            uint64_t page, struct writer *uncles)
{
    uint64_t count = row->at.lease.count;
    enum err e = ERR_OK;

    if (lease_page_count(count) < 2)
        return ERR_OK;
    if (row->roots.len != lease_page_count(count) * HASH_LEN)
        e = page_roots(l, row);
    return e == ERR_OK ? lease_page_uncles(uncles, count, page,
                                           writer_view(&row->roots))
                       : e;
}

/* Fills the answer; `names` and `uncles` are what it borrows. */
static enum err prove(struct leases *l, struct lease_row *row,
                      const struct lease_msg *ask, struct lease_proof *out,
                      struct writer *names, struct writer *uncles)
{
    const struct lease *lease = &row->at.lease;
    uint64_t page = ask->held_ask.page;
    uint64_t number = 0;
    bool found = true;
    enum err e = ERR_OK;

    if (ask->held_ask.what == LEASE_WHAT_BLOB) {
        e = lease_rows_look_up(node_store(l->node), lease, &ask->held_ask.blob,
                               &found, &number);
        page = number / LEASE_PAGE;
    }
    if (e != ERR_OK || !found || page >= lease_page_count(lease->count))
        return ERR_NOT_HELD;
    e = lease_rows_names(node_store(l->node), lease->topic, lease->node, page,
                         names);
    if (e != ERR_OK)
        return e;
    *out = (struct lease_proof){ .first = page * LEASE_PAGE,
                                 .names = writer_view(names) };
    if (ask->held_ask.what == LEASE_WHAT_BLOB) {
        size_t place = (size_t)(number % LEASE_PAGE);

        e = lease_name_uncles(uncles, lease->count, page, writer_view(names),
                              place);
        out->first = number;
        out->names = (struct bytes){ names->data + place * LEASE_NAME_LEN,
                                     LEASE_NAME_LEN };
    } else {
        while (out->level < 10 && (uint64_t)1 << out->level < lease->count)
            out->level++;
    }
    if (e == ERR_OK)
        e = page_uncles(l, row, page, uncles);
    out->uncles = writer_view(uncles);
    return e;
}

/* The list that is meant, whosever it is. */
static struct lease_row *meant(struct leases *l, const struct lease_peer *p,
                               const struct lease_msg *ask)
{
    uint8_t topic[ID_LEN];
    struct lease_topic *t;
    struct lease_row *row;

    if (!peer_topic_of_tag(conn_peer(p->conn), ask->tag, topic))
        return NULL;
    t = lease_topic_find(l, topic);
    row = t == NULL ? NULL : lease_row_find(t, ask->held_ask.node);
    if (row == NULL || !row->at.has_list ||
        memcmp(row->at.lease.root, ask->held_ask.root, HASH_LEN) != 0)
        return NULL;
    return row;
}

void lease_answer_held(struct leases *l, struct lease_peer *p,
                       const struct lease_msg *ask)
{
    struct writer names = writer_growing(LEASE_PAGE * LEASE_NAME_LEN);
    struct writer uncles = writer_growing(LEASE_UNCLES_MAX * HASH_LEN);
    struct lease_msg msg = { .type = FRAME_HELD, .request = ask->request };
    struct lease_row *row = meant(l, p, ask);

    if (!may_ask(l, p))
        msg.held.code = ERR_BUSY;
    else if (row == NULL)
        msg.held.code = ERR_NOT_HELD;
    else
        msg.held.code = prove(l, row, ask, &msg.held.proof, &names, &uncles);
    if (msg.held.code != ERR_OK && msg.held.code != ERR_BUSY)
        msg.held.code = ERR_NOT_HELD;
    (void)lease_send(p, &msg); /* who gets no answer asks again later */
    writer_free(&names);
    writer_free(&uncles);
}

/* ---- Challenges --------------------------------------------------------- */

/* A leaf that is read on the pool; whoever asked may be gone by then. */
struct reading {
    struct lane_work turn;
    struct leases *leases;
    uint64_t conn; /* its number */
    uint32_t request;
    struct blob_reader *reader;
    struct blob_id blob;
    uint64_t leaf;
    struct writer page;     /* of the layer */
    struct writer uncles;   /* of that page */
    struct writer siblings; /* the answer */
    size_t len;
    enum err err;
    uint8_t leaf_bytes[BLOB_LEAF_LEN];
};

static void reading_free(struct reading *r)
{
    blob_reader_close(r->reader);
    writer_free(&r->page);
    writer_free(&r->uncles);
    writer_free(&r->siblings);
    free(r);
}

/* Hashes the leaf's whole span, since its siblings are not kept. */
static void on_read_work(uv_work_t *work)
{
    struct reading *r = work->data;
    uint64_t span = r->leaf / BLOB_SPAN_LEAVES;
    size_t len = blob_span_len(r->blob.size, span);
    size_t at = (size_t)(r->leaf % BLOB_SPAN_LEAVES) * BLOB_LEAF_LEN;
    size_t leaves = (len + BLOB_LEAF_LEN - 1) / BLOB_LEAF_LEN;
    uint8_t hashes[BLOB_SPAN_LEAVES * HASH_LEN];
    uint8_t *bytes = malloc(len);
    enum err e = bytes == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK)
        e = blob_reader_read(r->reader, span * BLOB_SPAN_LEN, bytes, len);
    if (e == ERR_OK)
        e = blob_span_leaves(thread_multi_hash(), hashes,
                             (struct bytes){ bytes, len });
    if (e == ERR_OK)
        e = leaf_proof_build(&r->siblings, r->blob.size, r->leaf,
                             (struct bytes){ hashes, leaves * HASH_LEN },
                             writer_view(&r->page), writer_view(&r->uncles));
    if (e == ERR_OK) {
        r->len = leaf_proof_len(r->blob.size, r->leaf);
        memcpy(r->leaf_bytes, bytes + at, r->len);
    }
    free(bytes);
    r->err = e;
}

/* What the asker is told of an error here. */
static enum err code_of(enum err e)
{
    return e == ERR_OK || e == ERR_BUSY || e == ERR_NO_MEMORY
               ? e == ERR_NO_MEMORY ? ERR_BUSY : e
               : ERR_NOT_HELD;
}

static void on_read_done(uv_work_t *work, int status)
{
    struct reading *r = work->data;
    struct leases *l = r->leases;
    struct conn *conn = peers_find(node_peer_table(l->node), r->conn);
    struct lease_peer *p = conn == NULL ? NULL : lease_peer_of(l, conn);
    struct lease_msg msg = { .type = FRAME_LEAF, .request = r->request };

    l->reads--;
    if (r->err == ERR_CHANGED)
        in_place_look(l->node, &r->blob);
    if (p != NULL && status == 0) {
        p->is_reading = false;
        msg.leaf.code = code_of(r->err);
        msg.leaf.siblings = writer_view(&r->siblings);
        msg.leaf.bytes = (struct bytes){ r->leaf_bytes, r->len };
        (void)lease_send(p, &msg);
    }
    reading_free(r);
}

static enum err begin(struct leases *l, struct lease_peer *p,
                      const struct lease_msg *ask)
{
    const struct blob_id *blob = &ask->challenge.blob;
    uint64_t span = ask->challenge.leaf / BLOB_SPAN_LEAVES;
    struct reading *r = calloc(1, sizeof *r);
    uint8_t topic[ID_LEN];
    enum err e = ERR_OK;

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->turn.work.data = r;
    r->leases = l;
    r->conn = conn_number(p->conn);
    r->request = ask->request;
    r->blob = *blob;
    r->leaf = ask->challenge.leaf;
    r->page = writer_growing(BLOB_LAYER_PAGE * HASH_LEN);
    r->uncles = writer_growing(BLOB_UNCLES_MAX * HASH_LEN);
    r->siblings = writer_growing(LEAF_UNCLES_MAX * HASH_LEN);
    if (!l->tells || !peer_topic_of_tag(conn_peer(p->conn), ask->tag, topic))
        e = ERR_NOT_HELD;
    if (e == ERR_OK)
        e = blob_reader_open(&r->reader, node_store(l->node), blob, topic);
    if (e == ERR_CHANGED)
        in_place_look(l->node, blob);
    if (e == ERR_OK && blob->size > BLOB_SPAN_LEN)
        e = blobs_layer_page(node_store(l->node), blob, span / BLOB_LAYER_PAGE,
                             &r->page, &r->uncles);
    if (e != ERR_OK) {
        reading_free(r);
        return e;
    }
    l->reads++;
    p->is_reading = true;
    lane_queue(&l->lane, &r->turn, on_read_work, on_read_done);
    return ERR_OK;
}

void lease_answer_challenge(struct leases *l, struct lease_peer *p,
                            const struct lease_msg *ask)
{
    struct lease_msg msg = { .type = FRAME_LEAF, .request = ask->request };

    /* Who comes and goes may leave more in line than there are peers. */
    if (p->is_reading || l->reads >= LEASE_PEERS_MAX || !may_ask(l, p) ||
        lease_check_is_leaving(l, &ask->challenge.blob))
        msg.leaf.code = ERR_BUSY;
    else
        msg.leaf.code = code_of(begin(l, p, ask));
    if (msg.leaf.code != ERR_OK)
        (void)lease_send(p, &msg);
}
