/*
 * A blob on its way here: the effects of the machine and the frames that come,
 * the beginning and the end.  Who is asked is fetch_peers.c; what runs on other
 * threads is fetch_job.c; who reads it meanwhile is fetch_read.c.
 */
#include "daemon/fetch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/fetch_parts.h"
#include "daemon/log.h"
#include "daemon/open_asks.h"
#include "daemon/peers.h"
#include "daemon/throttle.h"
#include "store/blob_disk.h"

static void tell(struct fetch *f, const struct blob_fetch_effect *ef,
                 enum frame_type type);

/* ---- The end ------------------------------------------------------------ */

void fetch_settle(struct fetch *f)
{
    if (f->state != FETCH_STOPPING || f->jobs > 0 || f->commits > 0 ||
        f->stepping)
        return;
    if (f->part != NULL && !f->is_left && !f->concluded) {
        f->is_left = true;
        fetch_job_with_batch(f, FETCH_JOB_LEAVE);
        if (f->jobs > 0)
            return;
    }
    f->state = FETCH_ENDED;
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
    if (f->state == FETCH_STOPPING || f->state == FETCH_ENDED)
        return;
    if (f->state == FETCH_RUNNING)
        cancel_all(f);
    f->state = FETCH_STOPPING;
    f->why = why;
    fetch_settle(f);
}

void fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    assert(f->jobs == 0 && f->commits == 0);
    blob_part_close(f->part);
    for (unsigned i = 0; i < FETCH_BUFFERS; i++)
        free(f->buffers[i]);
    free(f->held);
    free(f->pages);
    free(f->have);
    free(f);
}

/* ---- Effects of the machine --------------------------------------------- */

static enum err send_to(struct conn *c, const struct blob_msg *msg)
{
    uint8_t buf[128];
    struct writer w = writer_fixed(buf, sizeof buf);
    enum err e;

    if (!open_asks_may_send(conn_asks(c), msg))
        return ERR_BUSY;
    blob_msg_encode(&w, msg);
    assert(w.err == ERR_OK);
    e = conn_queue(c, (uint8_t)msg->type, writer_view(&w));
    if (e == ERR_OK)
        open_asks_sent(conn_asks(c), msg);
    return e;
}

static void tell(struct fetch *f, const struct blob_fetch_effect *ef,
                 enum frame_type type)
{
    struct blob_msg msg = { .type = type, .request = ef->request };
    struct conn *c =
        peers_find(node_peer_table(f->node), f->providers[ef->provider]);

    if (type == FRAME_BLOB_ASK) {
        msg.ask = ef->ask;
    } else if (type == FRAME_BLOB_WATCH) {
        msg.watch.id = ef->ask.id;
        memcpy(msg.watch.tag, ef->ask.tag, sizeof msg.watch.tag);
    }
    if (c == NULL || send_to(c, &msg) != ERR_OK) {
        blob_fetch_provider_remove(&f->machine, ef->provider, fetch_now_ms(f));
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
        e = blobs_put_layer_page(batch, fetch_blob(f), ef->index, ef->hashes,
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
    if (blobs_layer_page(node_store(f->node), fetch_blob(f), page, &h, &u) !=
            ERR_OK ||
        blob_page_verify(fetch_blob(f), page, writer_view(&h),
                         writer_view(&u)) != ERR_OK)
        h.len = 0;
    blob_fetch_page_loaded(&f->machine, page, writer_view(&h), fetch_now_ms(f));
}

/* A second lie of one peer ends the connection, wherever the first was. */
static void ban(struct fetch *f, const struct blob_fetch_effect *ef)
{
    uint64_t source = f->providers[ef->provider];

    log_event(LOG_LEVEL_WARN, "blob", "provider_lied",
              "root=%s source=%llu "
              "why=%s",
              log_id(fetch_blob(f)->root).text, (unsigned long long)source,
              err_name(ef->why));
    fetch_note_liar(f, source);
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
    case BLOB_FETCH_WATCH:
        tell(f, ef, FRAME_BLOB_WATCH);
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
        fetch_job_on_slot(f, FETCH_JOB_VERIFY, ef->slot,
                          (struct bytes){ ef->expected, HASH_LEN });
        break;
    case BLOB_FETCH_WRITE_SPAN:
        take_slot(f, ef);
        fetch_job_write(f, ef->slot);
        break;
    case BLOB_FETCH_CHECK_LEAVES:
        take_slot(f, ef);
        fetch_job_on_slot(f, FETCH_JOB_LEAVES, ef->slot, ef->hashes);
        break;
    case BLOB_FETCH_CHECK_BLOCKS:
        fetch_job_on_blocks(f, ef);
        break;
    case BLOB_FETCH_BAN:
        ban(f, ef);
        break;
    case BLOB_FETCH_STALLED:
        fetch_stop(f, ERR_NOT_HELD);
        break;
    case BLOB_FETCH_FINISHED:
        f->state = FETCH_FINISHING;
        break;
    }
}

/* Who has sent as much as they may is asked for more later. */
static void keep_limits(struct fetch *f)
{
    struct throttle *throttle = node_throttle(f->node);
    bool was_bound = f->is_bound;

    f->is_bound = throttle_bind_downloads(throttle);
    if (!f->is_bound && !was_bound)
        return;
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        struct conn *c =
            f->providers[i] == 0
                ? NULL
                : peers_find(node_peer_table(f->node), f->providers[i]);

        if (c != NULL)
            blob_fetch_provider_pause(
                &f->machine, i, throttle_ask_ms(throttle, conn_download(c)),
                fetch_now_ms(f));
    }
}

void fetch_step(struct fetch *f)
{
    struct blob_fetch_effect ef;

    if (f->stepping ||
        (f->state != FETCH_RUNNING && f->state != FETCH_FINISHING))
        return;
    f->stepping = true;
    keep_limits(f);
    blob_fetch_allow(&f->machine, fetch_job_spans_allowed(f));
    while (f->state == FETCH_RUNNING && blob_fetch_next(&f->machine, &ef))
        act(f, &ef);
    fetch_job_flush_if_due(f);
    if (f->state == FETCH_FINISHING && !f->concluded && f->jobs == 0 &&
        f->commits == 0)
        fetch_job_with_batch(f, FETCH_JOB_FINISH);
    f->stepping = false;
    fetch_settle(f);
}

/* ---- The beginning ------------------------------------------------------ */

static void note_held(struct fetch *f)
{
    uint64_t spans = blob_span_count(fetch_blob(f)->size);

    for (uint64_t i = 0; f->part != NULL && i < spans; i++) {
        if (!blob_part_has(f->part, i))
            continue;
        f->held[i / 8] = (uint8_t)(f->held[i / 8] | 1u << (i % 8));
        f->verified += blob_span_len(fetch_blob(f)->size, i);
    }
}

/* Pages that were stored before are proved when they are read. */
static void note_pages(struct fetch *f)
{
    uint64_t pages = blob_page_count(fetch_blob(f)->size);
    struct writer h = writer_growing(BLOB_LAYER_PAGE * HASH_LEN);
    struct writer u = writer_growing(BLOB_UNCLES_MAX * HASH_LEN);

    for (uint64_t i = 0; i < pages; i++) {
        writer_reset(&h);
        writer_reset(&u);
        if (blobs_layer_page(node_store(f->node), fetch_blob(f), i, &h, &u) ==
            ERR_OK)
            f->pages[i / 8] = (uint8_t)(f->pages[i / 8] | 1u << (i % 8));
    }
    writer_free(&h);
    writer_free(&u);
}

static enum err start_machine(struct fetch *f)
{
    struct blob_fetch_config config = {
        .id = *fetch_blob(f),
        .base = f->config.base,
        .spans_max = f->config.spans_max,
        .limited = f->config.limited,
    };
    uint64_t spans = blob_span_count(fetch_blob(f)->size);
    enum err e = blob_part_open(&f->part, node_store(f->node), fetch_blob(f));

    if (e == ERR_EXISTS)
        f->part = NULL;
    else if (e != ERR_OK)
        return e;
    f->held = calloc(1, BLOB_BITMAP_LEN(spans) + 1);
    f->have = calloc(BLOB_FETCH_PROVIDERS, BLOB_BITMAP_LEN(spans) + 1);
    f->pages =
        calloc(1, BLOB_BITMAP_LEN(blob_page_count(fetch_blob(f)->size)) + 1);
    if (f->held == NULL || f->pages == NULL || f->have == NULL)
        return ERR_NO_MEMORY;
    note_held(f);
    note_pages(f);
    config.held = f->held;
    config.pages = f->pages;
    config.have = f->have;
    if (spans > 0 && spans < UINT32_MAX)
        config.start = randombytes_uniform((uint32_t)spans);
    blob_fetch_init(&f->machine, &config, fetch_now_ms(f));
    fetch_seek(f);
    f->sync_ms = fetch_now_ms(f);
    f->state = FETCH_RUNNING;
    return ERR_OK;
}

static void on_begun(void *context, enum err e,
                     const struct store_result *result)
{
    struct fetch *f = context;

    (void)result;
    f->commits--;
    if (f->state == FETCH_BEGINNING) {
        if (e == ERR_OK)
            e = start_machine(f);
        if (e != ERR_OK)
            fetch_stop(f, e);
        else
            fetch_ask_all_peers(f);
    }
    fetch_settle(f);
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
    enum err e = blobs_find(node_store(f->node), fetch_blob(f), &info);
    bool whole = e == ERR_OK && info.state != BLOB_PARTIAL;

    e = commits_batch(commits, &batch);
    if (e == ERR_OK && whole)
        e = store_batch_want(batch, &f->config.want);
    else if (e == ERR_OK)
        e = blobs_put_begin(batch, fetch_blob(f), f->config.want.topic);
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

/* ---- Frames ------------------------------------------------------------- */

/* Slots share buffers, which are made when the first of them is needed. */
static uint8_t *slot_buffer(struct fetch *f, unsigned slot)
{
    uint64_t size = fetch_blob(f)->size;
    uint8_t **buffer = &f->buffers[slot / FETCH_BUFFER_SPANS];

    if (*buffer == NULL)
        *buffer = blob_disk_buffer(size < BLOB_SPAN_LEN ? (size_t)size
                                                        : FETCH_BUFFER_LEN);
    if (*buffer == NULL)
        return NULL;
    return *buffer + slot % FETCH_BUFFER_SPANS * BLOB_SPAN_LEN;
}

static enum err on_data(struct fetch *f, unsigned provider,
                        const struct blob_msg *msg)
{
    struct blob_place place;
    struct fetch_slot *slot;
    enum err e =
        blob_fetch_place(&f->machine, &place, provider, msg, fetch_now_ms(f));

    if (e == ERR_CANCELLED)
        return ERR_OK;
    if (e != ERR_OK)
        return e;
    slot = &f->slots[place.slot];
    if (slot->data == NULL)
        slot->data = slot_buffer(f, place.slot);
    if (slot->data == NULL) {
        fetch_stop(f, ERR_NO_MEMORY);
        return ERR_OK;
    }
    memcpy(slot->data + place.offset, msg->data.bytes.data + place.skip,
           place.len);
    f->useful += place.len;
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
    unsigned provider = fetch_provider_of(f, c);
    enum err e;

    if (f->state != FETCH_RUNNING || provider == BLOB_FETCH_NOBODY)
        return ERR_OK; /* it was given up while the answer was on its way */
    if (msg->type == FRAME_BLOB_DATA) {
        throttle_received(node_throttle(f->node), conn_download(c),
                          msg->data.bytes.len);
        e = on_data(f, provider, msg);
    } else {
        if (msg->type == FRAME_BLOB_LAYER)
            keep_uncles(f, msg);
        e = blob_fetch_recv(&f->machine, provider, msg, fetch_now_ms(f));
    }
    if (e == ERR_NO_MEMORY) {
        fetch_stop(f, e);
        e = ERR_OK;
    }
    if (e == ERR_OK)
        fetch_step(f);
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

uint64_t fetch_useful(const struct fetch *f)
{
    return f->useful;
}

bool fetch_is_held_up(const struct fetch *f)
{
    return f->state != FETCH_RUNNING || f->is_bound ||
           fetch_job_spans_allowed(f) == 0;
}

void fetch_widen(struct fetch *f)
{
    f->config.limited = false;
    if (f->state == FETCH_RUNNING)
        blob_fetch_limit(&f->machine, false);
    fetch_step(f);
}

bool fetch_is_limited(const struct fetch *f)
{
    return f->config.limited;
}

void fetch_tick(struct fetch *f)
{
    if (f->state == FETCH_RUNNING)
        blob_fetch_tick(&f->machine, fetch_now_ms(f));
    fetch_replace_peer(f);
    fetch_step(f);
}
