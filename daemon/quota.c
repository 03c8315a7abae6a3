/*
 * Accounting and admission are looked up each time in the store's totals;
 * making room goes in steps, a page of rows a turn of the loop.
 */
#include "daemon/quota.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/elsewhere.h"
#include "daemon/interest.h"
#include "daemon/log.h"
#include "daemon/transfer.h"
#include "store/room.h"

enum {
    PAGE = 64,
    /* Blobs that go at once, of those gone through. */
    VICTIMS = 64,
    /* Records looked at to tell whose a blob is. */
    NAMES = 16,
    /* A refusal is told for longer than its want waits for the next try. */
    REFUSAL_MS = 360000,
    /* How exactly it is known when a blob was last of use. */
    USED_MS = 3600000
};

/* Somebody who waits for room; nobody (done NULL): a want, tried again. */
struct asking {
    struct asking *next;
    uint64_t bytes;
    node_done_fn *done;
    void *context;
};

struct victim {
    struct blob_id blob;
    uint8_t topic[ID_LEN];
    uint64_t used_ms;
    uint64_t bytes;
};

struct quota {
    struct node *node;
    struct asking *first;
    uint64_t promised; /* to imports */
    uint64_t refused;
    uint64_t refused_ms;
    uint64_t wanted; /* room that wants would like, without waiting for it */
    uv_timer_t timer;
    bool is_scanning;
    bool is_applying;
    bool is_stopping;
    bool has_row;
    struct keep_row row; /* gone through up to this one */
    struct victim victims[VICTIMS];
    size_t victims_count;
};

static uint64_t limit_of(const struct quota *q)
{
    return node_config(q->node)->quota_bytes;
}

/* What is still to be written of what was begun. */
static uint64_t coming_of(const struct quota *q)
{
    return q->promised + transfer_reserved(node_transfer(q->node));
}

static bool fits(const struct quota *q, uint64_t bytes)
{
    return room_fits(node_store(q->node), limit_of(q), coming_of(q), bytes);
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* the loop turns */
}

enum err quota_open(struct quota **out, struct node *node)
{
    struct quota *q = calloc(1, sizeof *q);

    if (q == NULL)
        return ERR_NO_MEMORY;
    q->node = node;
    (void)uv_timer_init(node_loop(node), &q->timer);
    q->timer.data = q;
    *out = q;
    return ERR_OK;
}

static void answer_first(struct quota *q, enum err e)
{
    struct asking *a = q->first;

    q->first = a->next;
    if (e == ERR_OK)
        q->promised += a->bytes;
    a->done(a->context, e);
    free(a);
}

void quota_shutdown(struct quota *q)
{
    q->is_stopping = true;
    uv_close((uv_handle_t *)&q->timer, NULL);
    while (q->first != NULL)
        answer_first(q, ERR_SHUTDOWN);
}

bool quota_is_idle(const struct quota *q)
{
    return !q->is_applying;
}

void quota_free(struct quota *q)
{
    free(q);
}

/* ---- Making room -------------------------------------------------------- */

/* Pledged, or the owner's own choice, or nobody else's: it stays. */
static bool may_go(const struct quota *q, const struct keep_row *row)
{
    struct room_pledge pledge;
    bool is_pledged =
        room_pledge_of(node_store(q->node), row->topic, &pledge) == ERR_OK &&
        pledge.is_pledged;

    return room_is_spare(row, is_pledged) &&
           room_may_go(
               row, is_pledged,
               elsewhere_count(q->node, row->topic, &row->info.id, NULL));
}

/* Keeps those that were of use longest ago. */
static void add_victim(struct quota *q, const struct keep_row *row)
{
    size_t at = q->victims_count;

    if (at == VICTIMS && q->victims[at - 1].used_ms <= row->used_ms)
        return;
    at -= at == VICTIMS ? 1 : 0;
    for (; at > 0 && q->victims[at - 1].used_ms > row->used_ms; at--)
        q->victims[at] = q->victims[at - 1];
    q->victims[at] = (struct victim){ .blob = row->info.id,
                                      .used_ms = row->used_ms,
                                      .bytes = row->info.have_bytes };
    memcpy(q->victims[at].topic, row->topic, ID_LEN);
    if (q->victims_count < VICTIMS)
        q->victims_count++;
}

static uint64_t room_wanted(const struct quota *q)
{
    return q->first != NULL ? q->first->bytes : q->wanted;
}

/* All have been tried for this; nothing more can go. */
static void give_up(struct quota *q)
{
    q->is_scanning = false;
    q->wanted = 0;
    if (q->first != NULL)
        answer_first(q, ERR_QUOTA);
}

static void on_evicted(void *context, enum err e, struct store_batch *batch)
{
    struct quota *q = context;
    uint64_t gone = 0;

    q->is_applying = false;
    for (size_t i = 0; e == ERR_OK && i < store_batch_count(batch); i++)
        gone += store_batch_result(batch, i)->removed;
    store_batch_free(batch);
    if (q->is_stopping)
        return;
    log_event(e == ERR_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "quota",
              "evicted", "blobs=%llu why=%s", (unsigned long long)gone,
              err_name(e));
    if (gone == 0)
        give_up(q);
    else if (fits(q, room_wanted(q)))
        transfer_wants_added(node_transfer(q->node));
}

static void evict(struct quota *q)
{
    struct store_batch *batch;
    uint64_t freed = 0;
    enum err e = store_batch_new(&batch);

    if (e != ERR_OK)
        return; /* again at the next turn */
    for (size_t i = 0; e == ERR_OK && i < q->victims_count; i++) {
        const struct victim *v = &q->victims[i];

        if (fits(q, room_wanted(q) > freed ? room_wanted(q) - freed : 0))
            break;
        e = keep_put_evict(batch, &v->blob, v->topic);
        freed += v->bytes;
    }
    q->is_scanning = false;
    if (e != ERR_OK || store_batch_count(batch) == 0) {
        store_batch_free(batch);
        give_up(q);
        return;
    }
    q->is_applying = true;
    commits_give(node_commits(q->node), batch, on_evicted, q);
}

/* One page; at the end, those that were found go. */
static void scan(struct quota *q)
{
    struct keep_row rows[PAGE];
    size_t n = 0;
    enum err e = keep_page(node_store(q->node), q->has_row ? &q->row : NULL,
                           rows, PAGE, &n);

    for (size_t i = 0; e == ERR_OK && i < n; i++)
        if (may_go(q, &rows[i]))
            add_victim(q, &rows[i]);
    if (e == ERR_OK && n > 0) {
        q->row = rows[n - 1];
        q->has_row = true;
        return;
    }
    evict(q);
}

static void begin_scan(struct quota *q)
{
    q->is_scanning = true;
    q->has_row = false;
    q->victims_count = 0;
}

void quota_flush(struct quota *q)
{
    if (q->is_stopping)
        return;
    while (q->first != NULL && fits(q, q->first->bytes))
        answer_first(q, ERR_OK);
    if (room_wanted(q) == 0 || q->is_applying)
        return;
    if (fits(q, room_wanted(q))) {
        q->wanted = 0;
        q->is_scanning = false;
        transfer_wants_added(node_transfer(q->node));
        return;
    }
    if (!q->is_scanning)
        begin_scan(q);
    scan(q);
    if (q->is_scanning || q->first != NULL)
        (void)uv_timer_start(&q->timer, on_timer, 1, 0);
}

/* ---- Asking for it ------------------------------------------------------ */

void quota_ask(struct quota *q, uint64_t bytes, node_done_fn *done,
               void *context)
{
    struct asking **last = &q->first;
    struct asking *a;

    if (q->is_stopping) {
        done(context, ERR_SHUTDOWN);
        return;
    }
    if (q->first == NULL && fits(q, bytes)) {
        q->promised += bytes;
        done(context, ERR_OK);
        return;
    }
    a = calloc(1, sizeof *a);
    if (a == NULL) {
        done(context, ERR_NO_MEMORY);
        return;
    }
    *a = (struct asking){ NULL, bytes, done, context };
    while (*last != NULL)
        last = &(*last)->next;
    *last = a;
    (void)uv_timer_start(&q->timer, on_timer, 1, 0);
}

void quota_give_back(struct quota *q, uint64_t bytes)
{
    assert(bytes <= q->promised);
    q->promised -= bytes;
}

/* ---- Wants -------------------------------------------------------------- */

bool quota_is_strangers(const struct quota *q, const struct blob_id *blob,
                        const uint8_t topic[ID_LEN])
{
    struct store *store = node_store(q->node);
    uint64_t seqs[NAMES];
    size_t n = 0;

    if (keep_named_by(store, topic, blob, 0, seqs, NAMES, &n) != ERR_OK)
        return true;
    for (size_t i = 0; i < n; i++) {
        struct store_item item;

        if (store_find_seq(store, seqs[i], &item) == ERR_OK &&
            !interest_is_stranger(node_interest(q->node), topic, item.author))
            return false;
    }
    return true;
}

/* A pledge counts its partial blobs as whole ones. */
bool quota_pledge_admits(const struct quota *q, const struct store_want *want,
                         struct quota_claim *claim)
{
    struct store *store = node_store(q->node);
    struct room_coming coming = { 0 };
    struct room_pledge pledge;

    memcpy(claim->pledge, want->topic, ID_LEN);
    claim->is_strangers = false;
    if (room_pledge_of(store, want->topic, &pledge) != ERR_OK)
        return true;
    memcpy(claim->pledge, pledge.id, ID_LEN);
    if (want->why == STORE_WHY_ASKED ||
        blobs_held_for(store, &want->blob, want->topic))
        return true; /* what was begun goes on */
    claim->is_strangers =
        pledge.is_pledged && quota_is_strangers(q, &want->blob, want->topic);
    transfer_coming(node_transfer(q->node), pledge.id, &coming);
    return room_admits(&pledge, &coming, limit_of(q), want->blob.size,
                       claim->is_strangers);
}

bool quota_admits(struct quota *q, const struct store_want *want, uint64_t need)
{
    if (fits(q, need))
        return true;
    q->refused = need;
    q->refused_ms = uv_now(node_loop(q->node));
    /* Nothing goes for a preview: it is what goes first. */
    if (want->why != STORE_WHY_RECORD && need > q->wanted) {
        q->wanted = need;
        (void)uv_timer_start(&q->timer, on_timer, 1, 0);
    }
    return false;
}

void quota_begun(struct quota *q, const struct store_want *want)
{
    struct commits *commits = node_commits(q->node);
    struct store_batch *batch;
    struct keep_row row;

    if (want->why != STORE_WHY_SEED ||
        (keep_find(node_store(q->node), &want->blob, want->topic, &row) ==
             ERR_OK &&
         row.is_strangers) ||
        !quota_is_strangers(q, &want->blob, want->topic) ||
        commits_batch(commits, &batch) != ERR_OK ||
        keep_put_mark(batch, &want->blob, want->topic, true) != ERR_OK)
        return; /* looked at again when rubbish is collected */
    commits_expect(commits, NULL, NULL);
}

void quota_used(const struct quota *q, const struct blob_id *blob,
                const uint8_t topic[ID_LEN])
{
    struct commits *commits = node_commits(q->node);
    uint64_t now = node_clock_ms(q->node);
    struct store_batch *batch;
    struct keep_row row;

    if (keep_find(node_store(q->node), blob, topic, &row) != ERR_OK ||
        now < row.used_ms + USED_MS)
        return;
    if (commits_batch(commits, &batch) == ERR_OK &&
        keep_put_used(batch, blob, topic) == ERR_OK)
        commits_expect(commits, NULL, NULL);
}

void quota_look(const struct quota *q, struct quota_state *out)
{
    uint64_t now = uv_now(node_loop(q->node));
    struct store_totals totals;

    if (store_totals(node_store(q->node), &totals) != ERR_OK)
        memset(&totals, 0, sizeof totals);
    out->used = totals.blob_bytes + totals.part_bytes + coming_of(q);
    out->bytes = limit_of(q);
    out->refused = 0;
    if (q->refused != 0 && now - q->refused_ms < REFUSAL_MS &&
        !fits(q, q->refused))
        out->refused = q->refused;
}
