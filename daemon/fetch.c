#include "daemon/fetch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/log.h"
#include "daemon/peers.h"

/* What is written is flushed after this much or this long (docs/storage.md). */
enum { SYNC_BYTES = 64 * 1024 * 1024, SYNC_MS = 2000 };

enum fetch_state { BEGINNING, RUNNING, FINISHING, STOPPING, ENDED };

enum job_what { JOB_VERIFY, JOB_WRITE, JOB_LEAVES, JOB_SYNC, JOB_FINISH };

/* Work on the pool, with copies of all that may change meanwhile. */
struct job {
    uv_work_t work;
    struct fetch *fetch;
    enum job_what what;
    unsigned slot;
    uint64_t span;
    struct bytes bytes; /* of the slot's buffer, which nobody else touches */
    uint8_t expected[BLOB_SPAN_LEAVES * HASH_LEN];
    struct store_batch *batch;
    uint64_t good;
    enum err result;
};

struct slot {
    uint8_t *data;
    uint64_t span;
    size_t len;
};

struct fetch {
    struct node *node;
    struct fetch_config config;
    enum fetch_state state;
    enum err why; /* once STOPPING */
    bool stepping;
    bool flushing;          /* JOB_SYNC is on the pool */
    bool concluded;         /* the last batch is with the writer */
    unsigned jobs;          /* on the pool */
    unsigned commits;       /* on their way through the writer */
    uint64_t sync_ms;       /* when the last flush began */
    uint64_t verified;      /* bytes written, or compared */
    struct blob_part *part; /* NULL for a blob that is whole here */
    uint8_t *held;
    uint8_t *pages;
    uint64_t uncles_page; /* whose uncles these are */
    size_t uncles_len;
    uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN];
    uint64_t providers[BLOB_FETCH_PROVIDERS]; /* connections; 0: none */
    struct slot slots[BLOB_FETCH_SPANS];
    struct blob_fetch machine;
};

static void step(struct fetch *f);
static void tell(struct fetch *f, const struct blob_fetch_effect *ef,
                 enum frame_type type);

static uint64_t now_ms(const struct fetch *f)
{
    return uv_now(node_loop(f->node));
}

static const struct blob_id *blob(const struct fetch *f)
{
    return &f->config.want.blob;
}

/* ---- The end ------------------------------------------------------------ */

/* Tells once that nothing of it is on the pool or with the writer any more. */
static void settle(struct fetch *f)
{
    if (f->state != STOPPING || f->jobs > 0 || f->commits > 0 || f->stepping)
        return;
    f->state = ENDED;
    blob_part_close(f->part);
    f->part = NULL;
    f->config.ended(f->config.context, f, f->why);
}

/* Calls off what is open with the peers; what they still send is dropped. */
static void cancel_all(struct fetch *f)
{
    struct blob_fetch_effect ef;

    blob_fetch_stop(&f->machine);
    while (blob_fetch_next(&f->machine, &ef)) {
        if (ef.kind == BLOB_FETCH_CANCEL)
            tell(f, &ef, FRAME_BLOB_CANCEL);
    }
    memset(f->providers, 0, sizeof f->providers);
}

void fetch_stop(struct fetch *f, enum err why)
{
    if (f->state == STOPPING || f->state == ENDED)
        return;
    if (f->state == RUNNING)
        cancel_all(f);
    f->state = STOPPING;
    f->why = why;
    settle(f);
}

void fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    assert(f->jobs == 0 && f->commits == 0);
    blob_part_close(f->part);
    for (unsigned i = 0; i < BLOB_FETCH_SPANS; i++)
        free(f->slots[i].data);
    free(f->held);
    free(f->pages);
    free(f);
}

/* ---- The pool ----------------------------------------------------------- */

static uint64_t compare_leaves(const struct job *job)
{
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
    size_t count = (job->bytes.len + BLOB_LEAF_LEN - 1) / BLOB_LEAF_LEN;
    uint64_t good = 0;

    if (blob_span_leaves(leaves, job->bytes) != ERR_OK)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(leaves + i * HASH_LEN, job->expected + i * HASH_LEN,
                   HASH_LEN) == 0)
            good |= (uint64_t)1 << i;
    }
    return good;
}

static void on_work(uv_work_t *work)
{
    struct job *job = work->data;
    struct fetch *f = job->fetch;
    uint8_t hash[HASH_LEN];

    switch (job->what) {
    case JOB_VERIFY:
        job->result = blob_span_hash(hash, blob(f)->size, job->bytes);
        job->good =
            job->result == ERR_OK && memcmp(hash, job->expected, HASH_LEN) == 0;
        break;
    case JOB_WRITE:
        job->result = blob_part_write(f->part, job->span, job->bytes);
        break;
    case JOB_LEAVES:
        job->good = compare_leaves(job);
        break;
    case JOB_SYNC:
        job->result = blob_part_sync(f->part, job->batch);
        break;
    case JOB_FINISH:
        if (f->part != NULL)
            job->result = blob_part_finish(f->part, job->batch);
        break;
    }
}

static void on_committed(void *context, enum err e, struct store_batch *batch)
{
    struct fetch *f = context;

    store_batch_free(batch);
    f->commits--;
    if (e != ERR_OK) {
        fetch_stop(f, e);
    } else if (f->concluded) {
        f->state = STOPPING;
        f->why = ERR_OK;
    }
    step(f);
    settle(f);
}

static void give_batch(struct job *job)
{
    struct fetch *f = job->fetch;

    f->commits++;
    commits_give(node_commits(f->node), job->batch, on_committed, f);
    job->batch = NULL;
}

/* The last operations: held for the topic, and no longer wanted for it. */
static enum err conclude(struct job *job)
{
    struct fetch *f = job->fetch;
    enum err e = ERR_OK;

    if (f->part == NULL)
        e = blobs_put_hold(job->batch, blob(f), f->config.want.topic);
    if (e == ERR_OK)
        e = store_batch_unwant(job->batch, blob(f), f->config.want.topic);
    return e;
}

static void on_written(struct fetch *f, const struct job *job)
{
    struct node_event event = {
        .type = NODE_EVENT_PROGRESS,
        .blob = blob(f),
        .topic = f->config.want.topic,
    };

    f->verified += job->bytes.len;
    event.done_bytes = f->verified;
    blob_fetch_span_written(&f->machine, job->slot, now_ms(f));
    node_emit(f->node, &event);
}

/* The outcome of a job whose fetch still runs. */
static enum err on_outcome(struct job *job)
{
    struct fetch *f = job->fetch;

    if (job->result != ERR_OK)
        return job->result;
    switch (job->what) {
    case JOB_VERIFY:
        blob_fetch_span_verified(&f->machine, job->slot, job->good != 0,
                                 now_ms(f));
        break;
    case JOB_WRITE:
        on_written(f, job);
        break;
    case JOB_LEAVES:
        blob_fetch_leaves_checked(&f->machine, job->slot, job->good, now_ms(f));
        break;
    case JOB_SYNC:
        f->flushing = false;
        give_batch(job);
        break;
    case JOB_FINISH:
        job->result = conclude(job);
        if (job->result != ERR_OK)
            return job->result;
        f->concluded = true;
        give_batch(job);
        break;
    }
    return ERR_OK;
}

static void on_job_done(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct fetch *f = job->fetch;
    enum err e = status == 0 ? ERR_OK : ERR_SHUTDOWN;

    f->jobs--;
    if (f->state == RUNNING || f->state == FINISHING) {
        if (e == ERR_OK)
            e = on_outcome(job);
        if (e != ERR_OK)
            fetch_stop(f, e);
    }
    store_batch_free(job->batch);
    free(job);
    step(f);
    settle(f);
}

static struct job *job_new(struct fetch *f, enum job_what what)
{
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL) {
        fetch_stop(f, ERR_NO_MEMORY);
        return NULL;
    }
    job->fetch = f;
    job->what = what;
    job->work.data = job;
    return job;
}

static void job_start(struct job *job)
{
    struct fetch *f = job->fetch;
    int status;

    f->jobs++;
    status =
        uv_queue_work(node_loop(f->node), &job->work, on_work, on_job_done);
    assert(status == 0); /* it fails without a work function only */
}

static void start_on_slot(struct fetch *f, enum job_what what, unsigned slot,
                          struct bytes expected)
{
    struct job *job = job_new(f, what);

    if (job == NULL)
        return;
    assert(expected.len <= sizeof job->expected);
    if (expected.len > 0)
        memcpy(job->expected, expected.data, expected.len);
    job->slot = slot;
    job->span = f->slots[slot].span;
    job->bytes = (struct bytes){ f->slots[slot].data, f->slots[slot].len };
    job_start(job);
}

static void start_with_batch(struct fetch *f, enum job_what what)
{
    struct job *job = job_new(f, what);

    if (job == NULL)
        return;
    if (store_batch_new(&job->batch) != ERR_OK) {
        free(job);
        fetch_stop(f, ERR_NO_MEMORY);
        return;
    }
    job_start(job);
}

/* ---- Flushes ------------------------------------------------------------ */

static bool flush_is_due(const struct fetch *f)
{
    uint64_t bytes = f->part == NULL ? 0 : blob_part_unsynced(f->part);

    return bytes >= SYNC_BYTES ||
           (bytes > 0 && now_ms(f) - f->sync_ms >= SYNC_MS);
}

/* Writes go on beside a flush; its bitmap names those before it. */
static void flush_if_due(struct fetch *f)
{
    if (f->state != RUNNING || f->flushing || !flush_is_due(f))
        return;
    f->sync_ms = now_ms(f);
    f->flushing = true;
    start_with_batch(f, JOB_SYNC);
}

static void write_slot(struct fetch *f, unsigned slot)
{
    const struct bytes none = { NULL, 0 };

    if (f->part == NULL) { /* whole here already: the bytes were proof */
        f->verified += f->slots[slot].len;
        blob_fetch_span_written(&f->machine, slot, now_ms(f));
    } else {
        start_on_slot(f, JOB_WRITE, slot, none);
    }
}

/* ---- Effects of the machine --------------------------------------------- */

static void tell(struct fetch *f, const struct blob_fetch_effect *ef,
                 enum frame_type type)
{
    struct blob_msg msg = { .type = type, .request = ef->request };
    struct conn *c =
        peers_find(node_peer_table(f->node), f->providers[ef->provider]);
    uint8_t buf[128];
    struct writer w = writer_fixed(buf, sizeof buf);

    if (type == FRAME_BLOB_ASK)
        msg.ask = ef->ask;
    blob_msg_encode(&w, &msg);
    assert(w.err == ERR_OK);
    if (c == NULL || conn_queue(c, (uint8_t)type, writer_view(&w)) != ERR_OK) {
        blob_fetch_provider_remove(&f->machine, ef->provider, now_ms(f));
        f->providers[ef->provider] = 0;
    }
}

static void store_page(struct fetch *f, const struct blob_fetch_effect *ef)
{
    struct commits *commits = node_commits(f->node);
    struct store_batch *batch;
    enum err e;

    if (f->part == NULL || ef->index != f->uncles_page)
        return;
    e = commits_batch(commits, &batch);
    if (e == ERR_OK)
        e = blobs_put_layer_page(batch, blob(f), ef->index, ef->hashes,
                                 (struct bytes){ f->uncles, f->uncles_len });
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    else
        fetch_stop(f, e);
}

static void load_page(struct fetch *f, uint64_t page)
{
    uint8_t hashes[BLOB_LAYER_PAGE * HASH_LEN];
    uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN];
    struct writer h = writer_fixed(hashes, sizeof hashes);
    struct writer u = writer_fixed(uncles, sizeof uncles);

    /* One that is not there, or damaged, is fetched again. */
    if (blobs_layer_page(node_store(f->node), blob(f), page, &h, &u) !=
            ERR_OK ||
        blob_page_verify(blob(f), page, writer_view(&h), writer_view(&u)) !=
            ERR_OK)
        h.len = 0;
    blob_fetch_page_loaded(&f->machine, page, writer_view(&h), now_ms(f));
}

/* A second lie of one peer ends the connection, wherever the first was. */
static void ban(struct fetch *f, const struct blob_fetch_effect *ef)
{
    uint64_t source = f->providers[ef->provider];

    log_event(LOG_LEVEL_WARN, "blob", "provider_lied",
              "root=%s source=%llu "
              "why=%s",
              log_id(blob(f)->root).text, (unsigned long long)source,
              err_name(ef->why));
    peers_lied(node_peer_table(f->node), source, ef->why);
}

static void take_slot(struct fetch *f, const struct blob_fetch_effect *ef)
{
    f->slots[ef->slot].span = ef->index;
    f->slots[ef->slot].len = ef->len;
    assert(f->slots[ef->slot].data != NULL);
}

static void act(struct fetch *f, const struct blob_fetch_effect *ef)
{
    switch (ef->kind) {
    case BLOB_FETCH_ASK:
        tell(f, ef, FRAME_BLOB_ASK);
        break;
    case BLOB_FETCH_CANCEL:
        tell(f, ef, FRAME_BLOB_CANCEL);
        break;
    case BLOB_FETCH_STORE_PAGE:
        store_page(f, ef);
        break;
    case BLOB_FETCH_NEED_PAGE:
        load_page(f, ef->index);
        break;
    case BLOB_FETCH_VERIFY_SPAN:
        take_slot(f, ef);
        start_on_slot(f, JOB_VERIFY, ef->slot,
                      (struct bytes){ ef->expected, HASH_LEN });
        break;
    case BLOB_FETCH_WRITE_SPAN:
        take_slot(f, ef);
        write_slot(f, ef->slot);
        break;
    case BLOB_FETCH_CHECK_LEAVES:
        take_slot(f, ef);
        start_on_slot(f, JOB_LEAVES, ef->slot, ef->hashes);
        break;
    case BLOB_FETCH_BAN:
        ban(f, ef);
        break;
    case BLOB_FETCH_STALLED:
        fetch_stop(f, ERR_NOT_HELD);
        break;
    case BLOB_FETCH_FINISHED:
        f->state = FINISHING;
        break;
    }
}

/* Does all that is to be done now. */
static void step(struct fetch *f)
{
    struct blob_fetch_effect ef;

    if (f->stepping || (f->state != RUNNING && f->state != FINISHING))
        return;
    f->stepping = true;
    while (f->state == RUNNING && blob_fetch_next(&f->machine, &ef))
        act(f, &ef);
    flush_if_due(f);
    if (f->state == FINISHING && !f->concluded && f->jobs == 0 &&
        f->commits == 0)
        start_with_batch(f, JOB_FINISH);
    f->stepping = false;
    settle(f);
}

/* ---- The beginning ------------------------------------------------------ */

static void note_held(struct fetch *f)
{
    uint64_t spans = blob_span_count(blob(f)->size);

    for (uint64_t i = 0; f->part != NULL && i < spans; i++) {
        if (!blob_part_has(f->part, i))
            continue;
        f->held[i / 8] = (uint8_t)(f->held[i / 8] | 1u << (i % 8));
        f->verified += blob_span_len(blob(f)->size, i);
    }
}

/* Pages that were stored before are proved when they are read. */
static void note_pages(struct fetch *f)
{
    uint64_t pages = blob_page_count(blob(f)->size);
    struct writer h = writer_growing(BLOB_LAYER_PAGE * HASH_LEN);
    struct writer u = writer_growing(BLOB_UNCLES_MAX * HASH_LEN);

    for (uint64_t i = 0; i < pages; i++) {
        writer_reset(&h);
        writer_reset(&u);
        if (blobs_layer_page(node_store(f->node), blob(f), i, &h, &u) == ERR_OK)
            f->pages[i / 8] = (uint8_t)(f->pages[i / 8] | 1u << (i % 8));
    }
    writer_free(&h);
    writer_free(&u);
}

static enum err start_machine(struct fetch *f)
{
    struct blob_fetch_config config = {
        .id = *blob(f),
        .base = f->config.base,
        .spans_max = f->config.spans_max,
    };
    enum err e = blob_part_open(&f->part, node_store(f->node), blob(f));

    if (e == ERR_EXISTS)
        f->part = NULL;
    else if (e != ERR_OK)
        return e;
    f->held = calloc(1, BLOB_BITMAP_LEN(blob_span_count(blob(f)->size)) + 1);
    f->pages = calloc(1, BLOB_BITMAP_LEN(blob_page_count(blob(f)->size)) + 1);
    if (f->held == NULL || f->pages == NULL)
        return ERR_NO_MEMORY;
    note_held(f);
    note_pages(f);
    config.held = f->held;
    config.pages = f->pages;
    blob_fetch_init(&f->machine, &config, now_ms(f));
    f->sync_ms = now_ms(f);
    f->state = RUNNING;
    return ERR_OK;
}

static void add_all_peers(struct fetch *f)
{
    struct peers *peers = node_peer_table(f->node);

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c))
        fetch_peer_changed(f, c);
    step(f);
}

static void on_begun(void *context, enum err e,
                     const struct store_result *result)
{
    struct fetch *f = context;

    (void)result;
    f->commits--;
    if (f->state == BEGINNING) {
        if (e == ERR_OK)
            e = start_machine(f);
        if (e != ERR_OK)
            fetch_stop(f, e);
        else
            add_all_peers(f);
    }
    settle(f);
}

/*
 * Puts what makes the blob's row, unless it is whole here: then it is not to be
 * held for this topic before somebody has shown the bytes.
 */
static enum err put_begin(struct fetch *f)
{
    struct commits *commits = node_commits(f->node);
    struct store_batch *batch;
    struct blob_info info;
    enum err e = blobs_find(node_store(f->node), blob(f), &info);
    bool whole = e == ERR_OK && info.state != BLOB_PARTIAL;

    e = commits_batch(commits, &batch);
    if (e == ERR_OK && whole)
        e = store_batch_want(batch, &f->config.want);
    else if (e == ERR_OK)
        e = blobs_put_begin(batch, blob(f), f->config.want.topic);
    if (e != ERR_OK)
        return e;
    f->commits++;
    commits_expect(commits, on_begun, f);
    return ERR_OK;
}

enum err fetch_open(struct fetch **out, struct node *node,
                    const struct fetch_config *config)
{
    struct fetch *f = calloc(1, sizeof *f);
    enum err e;

    if (f == NULL)
        return ERR_NO_MEMORY;
    f->node = node;
    f->config = *config;
    e = put_begin(f);
    if (e != ERR_OK) {
        free(f);
        return e;
    }
    *out = f;
    return ERR_OK;
}

/* ---- Peers and frames --------------------------------------------------- */

/* The number of this connection among the providers, or NOBODY. */
static unsigned provider_of(const struct fetch *f, const struct conn *c)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        if (f->providers[i] == conn_number(c))
            return i;
    }
    return BLOB_FETCH_NOBODY;
}

void fetch_peer_changed(struct fetch *f, struct conn *c)
{
    unsigned provider = provider_of(f, c);
    uint8_t tag[HELLO_TAG_LEN];
    bool shares = conn_is_open(c) &&
                  peer_tag_of_topic(conn_peer(c), f->config.want.topic, tag);

    if (f->state != RUNNING)
        return;
    if (!shares) {
        fetch_peer_gone(f, c);
        return;
    }
    if (provider != BLOB_FETCH_NOBODY)
        return;
    /* With as many as it may have, it needs no more. */
    if (blob_fetch_provider_add(&f->machine, &provider, tag,
                                f->config.requests_max, conn_rtt_ms(c),
                                now_ms(f)) == ERR_OK)
        f->providers[provider] = conn_number(c);
    step(f);
}

void fetch_peer_gone(struct fetch *f, const struct conn *c)
{
    unsigned provider = provider_of(f, c);

    if (f->state != RUNNING || provider == BLOB_FETCH_NOBODY)
        return;
    f->providers[provider] = 0;
    blob_fetch_provider_remove(&f->machine, provider, now_ms(f));
    step(f);
}

static enum err on_data(struct fetch *f, unsigned provider,
                        const struct blob_msg *msg)
{
    struct blob_place place;
    struct slot *slot;
    enum err e =
        blob_fetch_place(&f->machine, &place, provider, msg, now_ms(f));

    if (e == ERR_CANCELLED)
        return ERR_OK;
    if (e != ERR_OK)
        return e;
    slot = &f->slots[place.slot];
    if (slot->data == NULL)
        slot->data =
            malloc(blob(f)->size < BLOB_SPAN_LEN ? (size_t)blob(f)->size
                                                 : BLOB_SPAN_LEN);
    if (slot->data == NULL) {
        fetch_stop(f, ERR_NO_MEMORY);
        return ERR_OK;
    }
    memcpy(slot->data + place.offset, msg->data.bytes.data,
           msg->data.bytes.len);
    return ERR_OK;
}

static void keep_uncles(struct fetch *f, const struct blob_msg *msg)
{
    assert(msg->layer.uncles.len <= sizeof f->uncles);
    f->uncles_page = msg->layer.page;
    f->uncles_len = msg->layer.uncles.len;
    if (f->uncles_len > 0)
        memcpy(f->uncles, msg->layer.uncles.data, f->uncles_len);
}

enum err fetch_recv(struct fetch *f, struct conn *c, const struct blob_msg *msg)
{
    unsigned provider = provider_of(f, c);
    enum err e;

    if (f->state != RUNNING || provider == BLOB_FETCH_NOBODY)
        return ERR_OK; /* it was given up while the answer was on its way */
    if (msg->type == FRAME_BLOB_DATA) {
        e = on_data(f, provider, msg);
    } else {
        if (msg->type == FRAME_BLOB_LAYER)
            keep_uncles(f, msg);
        e = blob_fetch_recv(&f->machine, provider, msg, now_ms(f));
    }
    if (e == ERR_NO_MEMORY) {
        fetch_stop(f, e);
        e = ERR_OK;
    }
    if (e == ERR_OK)
        step(f);
    return e;
}

/* ---- Questions ---------------------------------------------------------- */

const struct store_want *fetch_want(const struct fetch *f)
{
    return &f->config.want;
}

bool fetch_owns(const struct fetch *f, uint32_t request)
{
    return request >> 16 == f->config.base >> 16;
}

uint64_t fetch_bytes(const struct fetch *f)
{
    return f->verified;
}

void fetch_seek(struct fetch *f, uint64_t offset)
{
    if (f->state == RUNNING && offset < blob(f)->size)
        blob_fetch_seek(&f->machine, offset / BLOB_SPAN_LEN);
    step(f);
}

void fetch_tick(struct fetch *f)
{
    if (f->state == RUNNING)
        blob_fetch_tick(&f->machine, now_ms(f));
    step(f);
}

uint64_t fetch_deadline(const struct fetch *f)
{
    return f->state == RUNNING ? blob_fetch_deadline(&f->machine) : UINT64_MAX;
}
