#include "daemon/ingest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/signers.h"
#include "daemon/transfer.h"
#include "proto/kind.h"
#include "store/store.h"

/*
 *          pool, up to VERIFY_ITEMS        the writer's batch
 *   WAITING ---------------------> VERIFYING ---------> COMMITTING --> told
 *      |                               |
 *      `------- refused: told <--------'
 *
 * An item is one block of memory: itself, the bytes, the certificate's bytes.
 */

enum { VERIFY_ITEMS = 64, VERIFY_JOBS = 2 };

/* Many records of the owner's, told of together. */
struct import {
    struct node_import result;
    uint64_t left; /* items under way, and 1 while it is being split */
    node_imported_fn *done;
    void *context;
};

struct item {
    struct item *next;
    struct ingest *ingest;
    uint64_t source; /* connection, or a number of its own for the owner's */
    bool is_local;
    bool is_head;
    uint8_t topic[ID_LEN]; /* for which a peer sent it */

    node_published_fn *done; /* of node_publish() */
    void *context;
    struct import *import; /* of node_import() */
    uint64_t offset;

    enum err err;
    struct record record;
    bool certificate_known; /* `certificate` is verified */
    struct certificate certificate;
    uint8_t certificate_bytes[RECORD_CERTIFICATE_MAX];
    size_t certificate_len;
    size_t len;
    uint8_t bytes[];
};

struct verify_job {
    uv_work_t work;
    struct ingest *ingest;
    struct item *items[VERIFY_ITEMS];
    size_t count;
};

struct ingest {
    struct node *node;
    struct signers signers;
    struct item *first; /* WAITING */
    struct item *last;
    size_t items; /* in all states */
    size_t bytes;
    unsigned jobs;
};

enum err ingest_open(struct ingest **out, struct node *node)
{
    struct ingest *g = calloc(1, sizeof *g);

    if (g == NULL)
        return ERR_NO_MEMORY;
    g->node = node;
    *out = g;
    return ERR_OK;
}

void ingest_close(struct ingest *g)
{
    assert(g == NULL || g->items == 0);
    free(g);
}

bool ingest_is_idle(const struct ingest *g)
{
    return g->items == 0;
}

bool ingest_is_full(const struct ingest *g)
{
    return g->items >= INGEST_ITEMS_MAX || g->bytes >= INGEST_BYTES_MAX;
}

void ingest_source_gone(struct ingest *g, uint64_t source)
{
    signers_forget(&g->signers, source);
}

/* ---- The end of an item ------------------------------------------------- */

static void import_release(struct import *import)
{
    if (--import->left > 0)
        return;
    import->done(import->context, &import->result);
    free(import);
}

static void import_count(struct import *import, uint64_t offset, enum err e,
                         const struct store_result *result)
{
    struct node_import *r = &import->result;

    if (e == ERR_OK && result->outcome == STORE_KNOWN) {
        r->known++;
    } else if (e == ERR_OK) {
        r->stored++;
    } else {
        r->refused++;
        if (r->errors_count < NODE_IMPORT_ERRORS_MAX) {
            r->errors[r->errors_count].offset = offset;
            r->errors[r->errors_count++].err = e;
        }
    }
}

static void tell_sender(struct item *item, enum err e,
                        const struct store_result *result)
{
    if (item->done != NULL)
        item->done(item->context, e, result);
    if (item->import != NULL) {
        import_count(item->import, item->offset, e, result);
        import_release(item->import);
    }
    if (item->is_local)
        return;
    if (e == ERR_OK && result->outcome == STORE_KNOWN)
        e = ERR_EXISTS;
    peers_record_done(node_peer_table(item->ingest->node), item->source,
                      item->topic, e);
}

static void finish(struct item *item, enum err e,
                   const struct store_result *result)
{
    struct ingest *g = item->ingest;
    bool was_full = ingest_is_full(g);

    tell_sender(item, e, result);
    g->items--;
    g->bytes -= item->len;
    free(item);
    if (was_full && !ingest_is_full(g))
        peers_resume(node_peer_table(g->node));
}

static void refuse(struct item *item, enum err e)
{
    struct peers *peers = node_peer_table(item->ingest->node);
    uint64_t source = item->source;
    bool is_local = item->is_local;
    /* Such a record says nothing of its sender, who may send many. */
    bool is_usual = err_blame(e) == BLAME_AUTHOR;

    log_event(is_usual ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "record", "refused",
              "id=%s why=%s source=%llu", log_id(item->record.id).text,
              err_name(e), (unsigned long long)source);
    finish(item, e, NULL);
    if (!is_local && err_blame(e) == BLAME_PEER)
        peers_blame(peers, source, e);
}

/* ---- Durable: tell all who care ----------------------------------------- */

/*
 * What is listed brings the record that founds its topic onto the call board
 * (docs/storage.md §4); peers of the board may not have it yet.
 */
static void announce_founder(struct node *node, const struct record *r)
{
    struct store_item founder;
    struct record_key key;

    if (r->founds_topic ||
        store_find(node_store(node), r->topic, &founder) != ERR_OK ||
        memcmp(founder.author, r->author, ID_LEN) != 0)
        return;
    key.created_ms = founder.created_ms;
    memcpy(key.id, founder.id, ID_LEN);
    peers_record_added(node_peer_table(node), node_board(node), &key, 0);
}

static void announce(struct item *item, const struct store_result *result)
{
    struct node *node = item->ingest->node;
    const struct record *r = &item->record;
    struct record_key key = { .created_ms = r->created_ms };
    struct node_event event = {
        .type = NODE_EVENT_RECORD,
        .seq = result->seq,
        .id = r->id,
        .topic = r->topic,
        .kind = r->kind,
    };

    memcpy(key.id, r->id, ID_LEN);
    peers_record_added(node_peer_table(node), r->topic, &key, item->source);
    if (result->listed) {
        announce_founder(node, r);
        peers_record_added(node_peer_table(node), node_board(node), &key,
                           item->source);
    }
    transfer_record_added(node_transfer(node), r);
    node_emit(node, &event);
}

static void on_committed(void *context, enum err e,
                         const struct store_result *result)
{
    struct item *item = context;

    if (e == ERR_OK && !item->is_head && result->outcome != STORE_KNOWN)
        announce(item, result);
    finish(item, e, result);
}

static enum err put(struct store_batch *batch, const struct item *item)
{
    uint64_t now_ms = node_clock_ms(item->ingest->node);

    if (item->is_head)
        return store_batch_put_not_kept(batch, &item->record, now_ms);
    return store_batch_put_record(
        batch, &item->record,
        (struct bytes){ item->certificate_bytes, item->certificate_len },
        now_ms);
}

static void commit(struct item *item)
{
    struct commits *commits = node_commits(item->ingest->node);
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = put(batch, item);
    if (e != ERR_OK)
        finish(item, e, NULL);
    else
        commits_expect(commits, on_committed, item);
}

/* ---- On the pool -------------------------------------------------------- */

static void verify(struct item *item, const struct network *network)
{
    const struct certificate *certificate = NULL;

    if (item->err != ERR_OK)
        return;
    if (item->certificate_len > 0) {
        if (!item->certificate_known)
            item->err =
                certificate_verify(&item->certificate,
                                   (struct bytes){ item->certificate_bytes,
                                                   item->certificate_len },
                                   network);
        if (item->err != ERR_OK)
            return;
        certificate = &item->certificate;
    }
    item->err = record_admit(&item->record, certificate, network);
}

static void on_verify(uv_work_t *work)
{
    struct verify_job *job = work->data;

    for (size_t i = 0; i < job->count; i++)
        verify(job->items[i], node_network(job->ingest->node));
}

static void on_verified(uv_work_t *work, int status)
{
    struct verify_job *job = work->data;
    struct ingest *g = job->ingest;

    g->jobs--;
    for (size_t i = 0; i < job->count; i++) {
        struct item *item = job->items[i];

        if (status != 0)
            item->err = ERR_SHUTDOWN;
        if (item->err != ERR_OK) {
            refuse(item, item->err);
            continue;
        }
        if (item->certificate_len > 0)
            signers_add(&g->signers, &item->certificate);
        commit(item);
    }
    free(job);
}

void ingest_flush(struct ingest *g)
{
    while (g->first != NULL && g->jobs < VERIFY_JOBS) {
        struct verify_job *job = calloc(1, sizeof *job);
        int status;

        if (job == NULL)
            return; /* again at the next turn */
        job->ingest = g;
        job->work.data = job;
        while (g->first != NULL && job->count < VERIFY_ITEMS) {
            job->items[job->count++] = g->first;
            g->first = g->first->next;
        }
        if (g->first == NULL)
            g->last = NULL;
        g->jobs++;
        status = uv_queue_work(node_loop(g->node), &job->work, on_verify,
                               on_verified);
        assert(status == 0); /* it fails without a work function only */
    }
}

/* ---- Taking an item in -------------------------------------------------- */

static struct item *item_new(struct ingest *g, uint64_t source,
                             struct bytes bytes)
{
    struct item *item = malloc(sizeof *item + bytes.len);

    if (item == NULL)
        return NULL;
    memset(item, 0, sizeof *item);
    item->ingest = g;
    item->source = source;
    item->len = bytes.len;
    memcpy(item->bytes, bytes.data, bytes.len);
    g->items++;
    g->bytes += bytes.len;
    return item;
}

static void enqueue(struct item *item)
{
    struct ingest *g = item->ingest;

    item->next = NULL;
    if (g->last == NULL)
        g->first = item;
    else
        g->last->next = item;
    g->last = item;
}

static void take_certificate(struct item *item, struct bytes bytes)
{
    assert(bytes.len <= sizeof item->certificate_bytes);
    memcpy(item->certificate_bytes, bytes.data, bytes.len);
    item->certificate_len = bytes.len;
}

/*
 * Finds the certificate of the record's signer: verified lately, or brought by
 * this record or one before it from the same source, or in the store.
 */
static void find_certificate(struct item *item)
{
    struct ingest *g = item->ingest;
    const struct record *r = &item->record;
    const struct signers_entry *known;
    struct writer w;

    if (record_is_by_node(r))
        return;
    known = signers_find(&g->signers, item->source, r->author, r->signer);
    if (known != NULL && (known->source == 0 || r->certificate.len == 0)) {
        take_certificate(item, (struct bytes){ known->bytes, known->len });
        item->certificate_known = known->source == 0;
        item->certificate = known->certificate;
        item->certificate.whole =
            (struct bytes){ item->certificate_bytes, item->certificate_len };
        return;
    }
    if (r->certificate.len > 0) {
        take_certificate(item, r->certificate);
        signers_add_unverified(&g->signers, item->source, r->author, r->signer,
                               r->certificate);
        return;
    }
    w = writer_fixed(item->certificate_bytes, sizeof item->certificate_bytes);
    if (store_certificate(node_store(g->node), r->author, r->signer, &w) ==
        ERR_OK)
        item->certificate_len = w.len;
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
        finish(item, e, NULL);
        return;
    }
    if (e != ERR_OK) {
        refuse(item, e);
        return;
    }
    find_certificate(item);
    enqueue(item);
}

enum err ingest_record(struct ingest *g, uint64_t source,
                       const uint8_t topic[ID_LEN], struct bytes record)
{
    struct item *item = item_new(g, source, record);

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
    item = item_new(g, source, writer_view(&w));
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

/* The owner's records go through the pool even if refused: `done` comes later
 * than the call that asked. */
static struct item *local_item(struct ingest *g, uint64_t source,
                               struct bytes record)
{
    struct item *item = item_new(g, source, record);

    if (item == NULL)
        return NULL;
    item->is_local = true;
    item->err =
        record_decode(&item->record, (struct bytes){ item->bytes, item->len });
    if (item->err == ERR_OK)
        item->err = check_body(item);
    if (item->err == ERR_OK)
        find_certificate(item);
    enqueue(item);
    return item;
}

void ingest_publish(struct ingest *g, struct bytes record,
                    node_published_fn *done, void *context)
{
    uint64_t source = peers_next_number(node_peer_table(g->node));
    struct item *item = local_item(g, source, record);

    if (item == NULL) {
        done(context, ERR_NO_MEMORY, NULL);
        return;
    }
    item->done = done;
    item->context = context;
}

/* Takes the next record off `left`; what is no whole value is one refusal. */
static void import_next(struct ingest *g, struct import *import,
                        uint64_t source, struct bytes *left, uint64_t offset)
{
    enum mp_grade grade;
    size_t used;
    struct item *item;
    enum err e = mp_walk(&grade, &used, *left);

    if (e != ERR_OK) {
        import_count(import, offset, e, NULL);
        left->len = 0;
        return;
    }
    item = local_item(g, source, (struct bytes){ left->data, used });
    if (item == NULL) {
        import_count(import, offset, ERR_NO_MEMORY, NULL);
        left->len = 0;
        return;
    }
    item->import = import;
    item->offset = offset;
    import->left++;
    left->data += used;
    left->len -= used;
}

void ingest_import(struct ingest *g, struct bytes records,
                   node_imported_fn *done, void *context)
{
    struct import *import = calloc(1, sizeof *import);
    uint64_t source = peers_next_number(node_peer_table(g->node));
    struct bytes left = records;

    if (import == NULL) {
        struct node_import none = { .refused = 1, .errors_count = 1 };

        none.errors[0].err = ERR_NO_MEMORY;
        done(context, &none);
        return;
    }
    import->left = 1;
    import->done = done;
    import->context = context;
    while (left.len > 0)
        import_next(g, import, source, &left, records.len - left.len);
    import_release(import);
}
