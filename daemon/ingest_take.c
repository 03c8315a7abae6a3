/*
 * What may join the queue: the form of a record, what can be judged of it at
 * once, and the certificate of its signer.
 */
#include <assert.h>
#include <string.h>

#include "daemon/ingest_parts.h"
#include "daemon/peers.h"
#include "proto/kind.h"

static struct signers_proof *stored_proof(const struct item *item)
{
    const struct record *r = &item->record;
    uint8_t bytes[RECORD_CERTIFICATE_MAX];
    struct writer w = writer_fixed(bytes, sizeof bytes);
    struct signers_proof *proof;

    if (store_certificate(node_store(item->ingest->node), r->author, r->signer,
                          &w) != ERR_OK ||
        w.len == 0)
        return NULL;
    proof = signers_proof_new(writer_view(&w));
    if (proof != NULL)
        proof->is_stored = true;
    return proof;
}

/*
 * Finds the certificate of the record's signer: verified lately, or brought by
 * this record or one before it from the same source, or in the store.
 */
static void find_certificate(struct item *item)
{
    struct ingest *g = item->ingest;
    const struct record *r = &item->record;
    struct signers_proof *known;

    if (record_is_by_node(r))
        return;
    known = signers_find(&g->signers, item->source, r->author, r->signer);
    if (known != NULL && (known->is_verified || r->certificate.len == 0)) {
        item->proof = signers_proof_ref(known);
        return;
    }
    item->proof = r->certificate.len > 0 ? signers_proof_new(r->certificate)
                                         : stored_proof(item);
    if (item->proof != NULL)
        signers_add(&g->signers, item->source, r->author, r->signer,
                    item->proof);
}

/*
 * §3.3: whether a record may travel in the topic that its sender named.  A
 * founder joins the call board with what its author lists; the identity of
 * authors goes wherever they are.
 */
static bool belongs(const struct item *item)
{
    const struct record *r = &item->record;
    const struct kind *kind = kind_find(r->kind);

    if (memcmp(r->topic, item->topic, ID_LEN) == 0)
        return true;
    if (memcmp(node_board(item->ingest->node), item->topic, ID_LEN) == 0 &&
        ((r->flags & RECORD_LISTED) != 0 || r->founds_topic))
        return true;
    return kind != NULL && kind->author == AUTHOR_PERSON_KEY;
}

/*
 * What can be judged at once of a record from a peer.  ERR_EXISTS: it is here.
 * A time after the last day that anybody may name in a hello is nobody's fault
 * but the author's: such a record waits where it is.
 */
static enum err check_peer_item(const struct item *item)
{
    const struct record *r = &item->record;
    struct node *node = item->ingest->node;
    struct store_item there;

    if (!belongs(item))
        return ERR_MALFORMED;
    if (r->created_ms / DAY_MS > node_clock_ms(node) / DAY_MS + 1)
        return ERR_FUTURE;
    if (store_find(node_store(node), r->id, &there) == ERR_OK &&
        (item->is_head || there.presence == RECORD_HELD))
        return ERR_EXISTS;
    return ERR_OK;
}

/* A nil body stands only beside its author's retraction (§3). */
static enum err check_body(const struct item *item)
{
    const struct record *r = &item->record;
    struct store *store = node_store(item->ingest->node);
    struct store_scan scan;
    struct store_item found[16];
    size_t n = 0;

    if (item->is_head || r->body.data != NULL)
        return ERR_OK;
    store_scan_by_link(&scan, r->id, STORE_RELATION_ANY);
    while (store_scan_next(store, &scan, found, 16, &n) == ERR_OK && n > 0) {
        for (size_t i = 0; i < n; i++) {
            if (found[i].kind == KIND_RETRACTION &&
                memcmp(found[i].author, r->author, ID_LEN) == 0)
                return ERR_OK;
        }
    }
    return ERR_NO_BODY;
}

static void take_peer_item(struct item *item, enum err e)
{
    if (e == ERR_OK)
        e = check_peer_item(item);
    if (e == ERR_OK)
        e = check_body(item);
    if (e == ERR_EXISTS) {
        ingest_finish(item, e, NULL);
        return;
    }
    if (e != ERR_OK) {
        ingest_refuse(item, e);
        return;
    }
    find_certificate(item);
    ingest_enqueue(item);
}

enum err ingest_record(struct ingest *g, uint64_t source,
                       const uint8_t topic[ID_LEN], struct bytes record)
{
    struct item *item = ingest_item_new(g, source, record);

    if (item == NULL)
        return ERR_NO_MEMORY;
    memcpy(item->topic, topic, ID_LEN);
    take_peer_item(
        item,
        record_decode(&item->record, (struct bytes){ item->bytes, item->len }));
    return ERR_OK;
}

enum err ingest_head(struct ingest *g, uint64_t source,
                     const uint8_t topic[ID_LEN], struct bytes head,
                     const uint8_t signature[SIGNATURE_LEN])
{
    uint8_t bytes[RECORD_HEAD_MAX + SIGNATURE_LEN];
    struct writer w = writer_fixed(bytes, sizeof bytes);
    struct item *item;

    writer_bytes(&w, head);
    writer_bytes(&w, (struct bytes){ signature, SIGNATURE_LEN });
    if (w.err != ERR_OK)
        return ERR_TOO_LARGE;
    item = ingest_item_new(g, source, writer_view(&w));
    if (item == NULL)
        return ERR_NO_MEMORY;
    memcpy(item->topic, topic, ID_LEN);
    item->is_head = true;
    take_peer_item(item,
                   record_decode_head(&item->record,
                                      (struct bytes){ item->bytes, head.len },
                                      item->bytes + head.len));
    return ERR_OK;
}

static void take_local_item(struct item *item, enum err e)
{
    item->is_local = true;
    item->err = e == ERR_OK ? check_body(item) : e;
    if (item->err == ERR_OK)
        find_certificate(item);
}

static struct item *local_item(struct ingest *g, uint64_t source,
                               struct bytes record)
{
    struct item *item = ingest_item_new(g, source, record);

    if (item != NULL)
        take_local_item(
            item, record_decode(&item->record,
                                (struct bytes){ item->bytes, item->len }));
    return item;
}

struct item *ingest_local_item(struct ingest *g, uint64_t source,
                               struct bytes record)
{
    struct item *item = local_item(g, source, record);

    if (item != NULL)
        ingest_enqueue(item);
    return item;
}

/* Takes an item, or NULL where memory is wanting. */
static void publish(struct item *item, node_published_fn *done, void *context)
{
    if (item == NULL) {
        done(context, ERR_NO_MEMORY, NULL);
        return;
    }
    item->done = done;
    item->context = context;
    if (item->err != ERR_OK)
        ingest_enqueue(item);
    else
        ingest_commit(item); /* our own signature needs no second look */
}

void ingest_publish(struct ingest *g, struct bytes record,
                    node_published_fn *done, void *context)
{
    uint64_t source = peers_next_number(node_peer_table(g->node));

    publish(local_item(g, source, record), done, context);
}

void ingest_publish_record(struct ingest *g, const struct record *record,
                           node_published_fn *done, void *context)
{
    uint64_t source = peers_next_number(node_peer_table(g->node));
    struct item *item = ingest_item_new(g, source, (struct bytes){ NULL, 0 });

    if (item != NULL) {
        item->record = *record;
        take_local_item(item, ERR_OK);
    }
    publish(item, done, context);
}
