/*
 * An item on its way from the queue over the pool and the writer to all who
 * are told.  What may join the queue is ingest_take.c.
 */
#include "daemon/ingest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/gossip.h"
#include "daemon/ingest_parts.h"
#include "daemon/interest.h"
#include "daemon/leases.h"
#include "daemon/log.h"
#include "daemon/missing_links.h"
#include "daemon/peers.h"
#include "daemon/renew.h"
#include "daemon/safety.h"
#include "daemon/transfer.h"
#include "store/store.h"

/* Of the pool's four threads, one is always left to others: files. */
enum {
    VERIFY_ITEMS = 64,      /* of a job, so that all threads have some */
    VERIFY_ITEMS_MAX = 256, /* where thousands wait: threads wake less */
    VERIFY_JOBS = 3,
    QUICK_BYTES = 4096
};

struct verify_job {
    uv_work_t work;
    struct ingest *ingest;
    struct item *items[VERIFY_ITEMS_MAX];
    size_t count;
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
    if (g == NULL)
        return;
    assert(g->items == 0);
    signers_wipe(&g->signers);
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

void ingest_expect_more(struct ingest *g, size_t count)
{
    g->expected += count;
}

void ingest_expect_less(struct ingest *g, size_t count)
{
    assert(count <= g->expected);
    g->expected -= count;
}

bool ingest_has_many(const struct ingest *g)
{
    return g->verifying + g->expected > VERIFY_ITEMS;
}

void ingest_source_gone(struct ingest *g, uint64_t source)
{
    signers_forget(&g->signers, source);
}

/* ---- The queue ---------------------------------------------------------- */

struct item *ingest_item_new(struct ingest *g, uint64_t source,
                             struct bytes bytes)
{
    struct item *item = malloc(sizeof *item + bytes.len);

    if (item == NULL)
        return NULL;
    memset(item, 0, sizeof *item);
    item->ingest = g;
    item->source = source;
    item->len = bytes.len;
    if (bytes.len > 0)
        memcpy(item->bytes, bytes.data, bytes.len);
    g->items++;
    g->bytes += bytes.len;
    return item;
}

void ingest_enqueue(struct item *item)
{
    struct ingest *g = item->ingest;

    item->next = NULL;
    if (g->last == NULL)
        g->first = item;
    else
        g->last->next = item;
    g->last = item;
    g->verifying++;
}

/* ---- The end of an item ------------------------------------------------- */

static void tell_sender(struct item *item, enum err e,
                        const struct store_result *result)
{
    if (item->done != NULL)
        item->done(item->context, e, result);
    if (item->import != NULL)
        ingest_import_told(item->import, item->offset, e, result);
    if (item->is_local)
        return;
    if (e == ERR_OK && result->outcome == STORE_KNOWN)
        e = ERR_EXISTS;
    peers_record_done(node_peer_table(item->ingest->node), item->source,
                      item->topic, item->is_head ? NULL : item->record.id, e);
}

void ingest_finish(struct item *item, enum err e,
                   const struct store_result *result)
{
    struct ingest *g = item->ingest;
    bool was_full = ingest_is_full(g);

    tell_sender(item, e, result);
    g->items--;
    g->bytes -= item->len;
    signers_proof_unref(item->proof);
    free(item);
    if (was_full && !ingest_is_full(g))
        peers_resume(node_peer_table(g->node));
}

void ingest_refuse(struct item *item, enum err e)
{
    struct peers *peers = node_peer_table(item->ingest->node);
    uint64_t source = item->source;
    bool is_local = item->is_local;
    /* Such a record says nothing of its sender, who may send many. */
    bool is_usual = err_blame(e) == BLAME_AUTHOR;

    log_event(is_usual ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "record", "refused",
              "id=%s why=%s source=%llu", log_id(item->record.id).text,
              err_name(e), (unsigned long long)source);
    ingest_finish(item, e, NULL);
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
    gossip_record_added(node_gossip(node), node_board(node), &key, 0, 0);
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
        .author = r->author,
        .kind = r->kind,
    };

    memcpy(key.id, r->id, ID_LEN);
    gossip_record_added(node_gossip(node), r->topic, &key, r->body_len,
                        item->source);
    if (result->listed) {
        announce_founder(node, r);
        gossip_record_added(node_gossip(node), node_board(node), &key,
                            r->body_len, item->source);
    }
    transfer_record_added(node_transfer(node), r);
    leases_record_added(node_leases(node), r);
    missing_links_ask(node, r, item->source);
    renew_stored(node_renew(node), r);
    node_emit(node, &event);
}

static void on_committed(void *context, enum err e,
                         const struct store_result *result)
{
    struct item *item = context;

    if (e == ERR_OK && !item->is_head && item->proof != NULL)
        item->proof->is_stored = true;
    if (e == ERR_OK)
        interest_stored(node_interest(item->ingest->node), &item->record,
                        item->is_head || item->is_refused, result,
                        item->source);
    if (e == ERR_OK && result->outcome != STORE_KNOWN)
        safety_stored(node_safety(item->ingest->node), &item->record);
    if (e == ERR_OK && !item->is_head && !item->is_refused &&
        result->outcome != STORE_KNOWN && result->outcome != STORE_OVER)
        announce(item, result);
    ingest_finish(item, e, result);
}

/* After its proof was verified. */
static bool is_by_person_key(const struct item *item)
{
    return item->proof != NULL && item->proof->is_verified &&
           memcmp(item->proof->certificate.person_key, item->record.signer,
                  KEY_LEN) == 0;
}

static enum err put(struct store_batch *batch, struct item *item)
{
    const struct record *r = &item->record;
    uint64_t now_ms = node_clock_ms(item->ingest->node);
    const struct signers_proof *proof = item->proof;
    struct bytes certificate = { NULL, 0 };
    struct interest_terms terms = { .account = STORE_ACCOUNT_NONE };

    item->is_refused =
        safety_refuses(item->ingest->node, r->id, r->author, r->topic, r->kind);
    if (item->is_head || item->is_refused)
        return store_batch_put_not_kept(batch, &item->record, now_ms);
    if (proof != NULL && !proof->is_stored)
        certificate = (struct bytes){ proof->bytes, proof->len };
    if (!item->is_local || item->is_judged)
        interest_judge(node_interest(item->ingest->node), &item->record,
                       is_by_person_key(item), item->source, &terms);
    if (item->is_judged)
        terms.or_nothing = true; /* a file makes us remember nothing */
    if (terms.account == STORE_ACCOUNT_NONE)
        return store_batch_put_record(batch, &item->record, certificate,
                                      now_ms);
    return store_batch_put_charged(batch, &item->record, certificate, now_ms,
                                   terms.account, &terms.budget,
                                   terms.or_nothing);
}

/*
 * Not of a window that has moved since the peer was asked, nor one head more by
 * a peer that is paused (§5.9): that is nobody's fault.
 */
static bool is_taken(const struct item *item)
{
    const struct interest *interest = node_interest(item->ingest->node);

    return item->is_local ||
           (interest_is_in_window(interest, item->topic, &item->record) &&
            (!item->is_head || interest_may_remember(interest, item->source)));
}

void ingest_commit(struct item *item)
{
    struct commits *commits = node_commits(item->ingest->node);
    struct store_batch *batch;
    enum err e;

    if (!is_taken(item)) {
        ingest_finish(item, ERR_NOT_HELD, NULL);
        return;
    }
    e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = put(batch, item);
    if (e != ERR_OK) {
        ingest_finish(item, e, NULL);
        return;
    }
    commits_expect(commits, on_committed, item);
    commits_hurry(commits);
}

/* ---- On the pool -------------------------------------------------------- */

/* `before` is another item of the job, verified already, or NULL. */
static enum err verify_proof(struct item *item, const struct item *before,
                             const struct network *network)
{
    const struct signers_proof *proof = item->proof;

    if (before != NULL && before->proof == proof && before->err == ERR_OK) {
        item->certificate = before->certificate;
        return ERR_OK;
    }
    return certificate_verify(&item->certificate,
                              (struct bytes){ proof->bytes, proof->len },
                              network);
}

static void verify(struct item *item, const struct item *before,
                   const struct network *network)
{
    const struct certificate *certificate = NULL;

    if (item->err == ERR_OK && item->proof != NULL) {
        certificate =
            item->proof_known ? &item->proof->certificate : &item->certificate;
        if (!item->proof_known)
            item->err = verify_proof(item, before, network);
    }
    if (item->err == ERR_OK)
        item->err = record_admit(&item->record, certificate, network);
}

/*
 * A small record that came alone, by a signer who is known: to verify it takes
 * about as long as the pool takes to wake and to be heard.  Where more wait, or
 * more is to be hashed or verified, the loop must not.
 */
static bool is_quick(const struct ingest *g)
{
    const struct item *item = g->first;

    return g->jobs == 0 && item->next == NULL && item->len <= QUICK_BYTES &&
           (item->proof == NULL || item->proof->is_verified);
}

static void on_verify(uv_work_t *work)
{
    struct verify_job *job = work->data;
    const struct network *network = node_network(job->ingest->node);

    for (size_t i = 0; i < job->count; i++)
        verify(job->items[i], i > 0 ? job->items[i - 1] : NULL, network);
}

/* From now on nobody has to verify the proof again. */
static void remember(struct item *item)
{
    const struct record *r = &item->record;

    signers_proof_verified(item->proof, &item->certificate);
    signers_add(&item->ingest->signers, item->source, r->author, r->signer,
                item->proof);
}

static void take_verified(struct item *item)
{
    if (item->err != ERR_OK) {
        ingest_refuse(item, item->err);
        return;
    }
    if (item->proof != NULL && !item->proof_known)
        remember(item);
    ingest_commit(item);
}

static void on_verified(uv_work_t *work, int status)
{
    struct verify_job *job = work->data;
    struct ingest *g = job->ingest;

    g->jobs--;
    g->verifying -= job->count;
    for (size_t i = 0; i < job->count; i++) {
        struct item *item = job->items[i];

        if (status != 0)
            item->err = ERR_SHUTDOWN;
        take_verified(item);
    }
    free(job);
}

static struct item *dequeue(struct ingest *g)
{
    struct item *item = g->first;

    item->proof_known = item->proof != NULL && item->proof->is_verified;
    g->first = item->next;
    if (g->first == NULL)
        g->last = NULL;
    return item;
}

static void verify_here(struct ingest *g)
{
    struct item *item = dequeue(g);

    g->verifying--;
    verify(item, NULL, node_network(g->node));
    take_verified(item);
}

static size_t job_items(const struct ingest *g)
{
    size_t share = g->verifying / (4 * VERIFY_JOBS);

    if (share < VERIFY_ITEMS)
        return VERIFY_ITEMS;
    return share < VERIFY_ITEMS_MAX ? share : VERIFY_ITEMS_MAX;
}

void ingest_flush(struct ingest *g)
{
    size_t most = job_items(g);

    if (g->first != NULL && is_quick(g))
        verify_here(g);
    while (g->first != NULL && g->jobs < VERIFY_JOBS) {
        struct verify_job *job = calloc(1, sizeof *job);
        int status;

        if (job == NULL)
            return; /* again at the next turn */
        job->ingest = g;
        job->work.data = job;
        while (g->first != NULL && job->count < most)
            job->items[job->count++] = dequeue(g);
        g->jobs++;
        status = uv_queue_work(node_loop(g->node), &job->work, on_verify,
                               on_verified);
        assert(status == 0); /* it fails without a work function only */
    }
}
