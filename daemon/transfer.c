/* The life of what is on its way, and what is wanted. */
#include "daemon/transfer_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/serve.h"
#include "daemon/topics.h"

static void on_timer(uv_timer_t *timer);

static const struct fetch_owner owner = {
    .other = transfer_consider,
    .put_off = transfer_put_off,
    .held = transfer_tell_held,
    .is_settled = transfer_is_settled,
    .has_room = transfer_has_room_for,
    .is_taken = transfer_is_taken,
    .is_slow = transfer_is_slow,
    .blame = transfer_blame,
};

enum err transfer_open(struct transfer **out, struct node *node)
{
    struct transfer *t = calloc(1, sizeof *t);

    if (t == NULL)
        return ERR_NO_MEMORY;
    if (watches_open(&t->watches, node) != ERR_OK) {
        free(t);
        return ERR_NO_MEMORY;
    }
    t->node = node;
    blob_turns_init(&t->turns);
    if (fetch_small_open(&t->small, node, t, &owner) != ERR_OK ||
        fetch_middle_open(&t->middle, node, t, &owner) != ERR_OK) {
        fetch_small_free(t->small);
        watches_free(t->watches);
        free(t);
        return ERR_NO_MEMORY;
    }
    t->look = true;
    t->catching_up = true;
    (void)uv_timer_init(node_loop(node), &t->timer);
    t->timer.data = t;
    (void)uv_timer_start(&t->timer, on_timer, 0, 0);
    *out = t;
    return ERR_OK;
}

void transfer_shutdown(struct transfer *t)
{
    t->stopping = true;
    watches_shutdown(t->watches);
    fetch_small_shutdown(t->small);
    fetch_middle_shutdown(t->middle);
    uv_close((uv_handle_t *)&t->timer, NULL);
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL)
            fetch_stop(t->slots[i].fetch, ERR_SHUTDOWN);
    }
}

bool transfer_is_idle(const struct transfer *t)
{
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL)
            return false;
    }
    return serve_reads() == 0 && fetch_small_is_idle(t->small) &&
           fetch_middle_is_idle(t->middle);
}

void transfer_free(struct transfer *t)
{
    if (t != NULL) {
        watches_free(t->watches);
        fetch_small_free(t->small);
        fetch_middle_free(t->middle);
        read_buffers_wipe(&t->spares);
    }
    free(t);
}

/* ---- Turns of the loop -------------------------------------------------- */

static bool any_fetch(const struct transfer *t)
{
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL)
            return true;
    }
    return fetch_middle_reserved(t->middle) > 0;
}

/*
 * A record may have become durable and its wants not, when the node was killed:
 * so the topics are walked through at the start, one after the other.
 */
static void catch_up(struct transfer *t)
{
    struct store_follow next;
    size_t n = 0;

    if (store_follows(node_store(t->node), t->has_caught ? t->caught : NULL,
                      &next, 1, &n) != ERR_OK ||
        n == 0) {
        t->catching_up = false;
        return;
    }
    memcpy(t->caught, next.topic, ID_LEN);
    t->has_caught = true;
    if (next.policy != STORE_POLICY_SHARE) /* of which nothing is wanted */
        wants_walk_init(&t->walks[t->walks_count++], &next);
}

static void walk(struct transfer *t)
{
    if (t->walks_count == 0 && t->catching_up)
        catch_up(t);
    if (t->walks_count == 0)
        return;
    if (!wants_walk_step(&t->walks[0], t->node))
        t->walks[0] = t->walks[--t->walks_count];
}

static void rearm(struct transfer *t)
{
    uint64_t wait = any_fetch(t) ? TICK_MS : LOOK_MS;
    uint64_t now = uv_now(node_loop(t->node));

    if (t->retry_at_ms != 0 && t->retry_at_ms < now + wait)
        wait = t->retry_at_ms > now ? t->retry_at_ms - now : 0;
    /* Never 0: libuv would call the timer again before it looks at sockets. */
    if (t->walks_count > 0 || t->catching_up || wait == 0)
        wait = 1;
    if (uv_timer_get_due_in(&t->timer) > wait ||
        !uv_is_active((uv_handle_t *)&t->timer))
        (void)uv_timer_start(&t->timer, on_timer, wait, 0);
}

/* True once for the wants that were put off till now. */
static bool retry_is_due(struct transfer *t)
{
    if (t->retry_at_ms == 0 || uv_now(node_loop(t->node)) < t->retry_at_ms)
        return false;
    t->retry_at_ms = 0;
    return true;
}

/* Where one of those who read it waits is fetched first. */
static void serve_reader(struct transfer *t, const struct blob_id *blob)
{
    uint64_t now = uv_now(node_loop(t->node));
    const struct node_reader *reader = readers_find(&t->readers, blob, now);
    struct slot *slot = transfer_find_fetch(t, blob);

    if (reader == NULL)
        return;
    if (slot == NULL || slot->ended) {
        t->look = true;
        return;
    }
    slot->read_ms = now;
    fetch_read(slot->fetch, reader->offset, readers_end(reader));
}

static void on_timer(uv_timer_t *timer)
{
    struct transfer *t = timer->data;

    walk(t);
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL && !t->slots[i].ended)
            fetch_tick(t->slots[i].fetch);
        if (t->slots[i].fetch != NULL && t->readers.first != NULL)
            serve_reader(t, &fetch_want(t->slots[i].fetch)->blob);
    }
    transfer_take_turns(t);
    transfer_leave_unread(t);
    fetch_small_tick(t->small);
    fetch_middle_tick(t->middle);
    read_buffers_tick(&t->spares, uv_now(node_loop(t->node)));
    if (retry_is_due(t) || !any_fetch(t))
        t->look = true;
    rearm(t);
}

void transfer_flush(struct transfer *t)
{
    transfer_sweep(t);
    if (t->stopping)
        return;
    if (t->look) {
        t->waiting = false;
        fetch_small_look(t->small, t->eager);
        fetch_middle_look(t->middle, t->eager);
        transfer_look(t);
        t->crowded = t->waiting;
    }
    fetch_small_flush(t->small);
    fetch_middle_flush(t->middle);
    rearm(t);
}

/* ---- What is wanted ----------------------------------------------------- */

/* A wish of the owner's, until it is durable. */
struct wish {
    struct transfer *transfer;
    node_done_fn *done;
    void *context;
};

static void on_wanted(void *context, enum err e,
                      const struct store_result *result)
{
    struct wish *wish = context;

    (void)result;
    wish->transfer->look = true;
    if (wish->done != NULL)
        wish->done(wish->context, e);
    free(wish);
}

void transfer_record_added(struct transfer *t, const struct record *record)
{
    struct store_follow policy;

    if (t->stopping || topics_policy(t->node, record->topic, &policy) != ERR_OK)
        return;
    wants_take_record(t->node, record, &policy);
}

void transfer_wants_added(struct transfer *t)
{
    t->look = true;
}

/* What is on its way for the topic takes of another pledge, perhaps. */
static void look_at_claims(struct transfer *t, const uint8_t topic[ID_LEN])
{
    struct room_pledge pledge;

    if (room_pledge_of(node_store(t->node), topic, &pledge) != ERR_OK)
        return;
    for (size_t i = 0; i < FETCHES; i++)
        if (t->slots[i].fetch != NULL &&
            memcmp(fetch_want(t->slots[i].fetch)->topic, topic, ID_LEN) == 0)
            memcpy(t->slots[i].claim.pledge, pledge.id, ID_LEN);
    fetch_small_reclaim(t->small, topic, pledge.id);
    fetch_middle_reclaim(t->middle, topic, pledge.id);
}

void transfer_topic_changed(struct transfer *t, const uint8_t topic[ID_LEN])
{
    struct store_follow policy;

    look_at_claims(t, topic);

    if (topics_policy(t->node, topic, &policy) != ERR_OK) {
        wants_drop_topic(t->node, topic, false);
        return;
    }
    /* A pledge may have ended; the walk finds what is wanted all the same. */
    if (policy.policy == STORE_POLICY_FOLLOW && !store_follow_shares(&policy))
        wants_drop_topic(t->node, topic, true);
    if (t->walks_count < WALKS) {
        wants_walk_init(&t->walks[t->walks_count++], &policy);
    } else { /* too many at once: all topics are gone through, in turn */
        t->catching_up = true;
        t->has_caught = false;
    }
    rearm(t);
}

void transfer_want(struct transfer *t, const struct blob_id *blob,
                   const uint8_t topic[ID_LEN], node_done_fn *done,
                   void *context)
{
    struct store_want want = {
        .blob = *blob,
        .why = STORE_WHY_ASKED,
        .since_ms = node_clock_ms(t->node),
    };
    struct wish *wish = calloc(1, sizeof *wish);
    struct store_batch *batch;
    enum err e = wish == NULL ? ERR_NO_MEMORY : blob_id_check(blob);

    memcpy(want.topic, topic, ID_LEN);
    if (e == ERR_OK)
        e = commits_batch(node_commits(t->node), &batch);
    if (e == ERR_OK)
        e = store_batch_want(batch, &want);
    if (e != ERR_OK) {
        free(wish);
        if (done != NULL)
            done(context, e);
        return;
    }
    *wish = (struct wish){ t, done, context };
    commits_expect(node_commits(t->node), on_wanted, wish);
}

void transfer_give_up(struct transfer *t, const struct blob_id *blob,
                      const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < FETCHES; i++) {
        struct fetch *f = t->slots[i].fetch;

        if (f != NULL && !t->slots[i].ended &&
            blob_id_equal(&fetch_want(f)->blob, blob) &&
            memcmp(fetch_want(f)->topic, topic, ID_LEN) == 0)
            fetch_stop(f, ERR_CANCELLED);
    }
    fetch_middle_give_up(t->middle, blob, topic);
}

enum err transfer_claim(struct transfer *t, const struct blob_id *blob)
{
    if (t->claims_count == TRANSFER_CLAIMS || transfer_has_claim(t, blob))
        return ERR_BUSY;
    t->claims[t->claims_count++] = *blob;
    for (size_t i = 0; i < FETCHES; i++) {
        struct fetch *f = t->slots[i].fetch;

        if (f != NULL && !t->slots[i].ended &&
            blob_id_equal(&fetch_want(f)->blob, blob))
            fetch_stop(f, ERR_CANCELLED);
    }
    fetch_middle_give_up(t->middle, blob, NULL);
    return ERR_OK;
}

bool transfer_is_claimed(struct transfer *t, const struct blob_id *blob)
{
    return transfer_has_claim(t, blob) &&
           transfer_find_fetch(t, blob) == NULL &&
           !fetch_middle_has(t->middle, blob);
}

void transfer_unclaim(struct transfer *t, const struct blob_id *blob)
{
    for (size_t i = 0; i < t->claims_count; i++) {
        if (blob_id_equal(&t->claims[i], blob)) {
            t->claims[i] = t->claims[--t->claims_count];
            break;
        }
    }
    t->look = true; /* whoever wants it may go on */
}

bool transfer_has_room(const struct transfer *t, const struct blob_id *blob,
                       const uint8_t topic[ID_LEN])
{
    struct store_want want = { .blob = *blob, .why = STORE_WHY_SEED };
    struct quota_claim claim;

    memcpy(want.topic, topic, ID_LEN);
    return transfer_may_have(t, &want, &claim);
}

enum want_state transfer_want_state(struct transfer *t,
                                    const struct store_want *want)
{
    struct quota_claim claim;

    if (transfer_find_fetch(t, &want->blob) != NULL ||
        fetch_middle_has(t->middle, &want->blob))
        return WANT_FETCHING;
    if (!transfer_may_have(t, want, &claim))
        return WANT_NO_ROOM;
    if (!transfer_has_provider(t, want->topic))
        return WANT_NO_PEER;
    return want->tries > 0 ? WANT_NOT_FOUND : WANT_DUE;
}

bool transfer_lacks_disk(const struct transfer *t)
{
    struct store *store = node_store(t->node);
    struct store_want wants[WANTS_PAGE];
    size_t n = 0;

    if (store_wants_due(store, UINT64_MAX, wants, WANTS_PAGE, &n) != ERR_OK)
        return false;
    if (n == 0 && store_wants_due_middle(store, UINT64_MAX, NULL, wants,
                                         WANTS_PAGE, &n) != ERR_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!blobs_have_room(store, transfer_missing(t, &wants[i].blob)))
            return true;
    return false;
}

uint64_t transfer_progress(const struct transfer *t, const struct blob_id *blob)
{
    struct blob_info info;

    for (size_t i = 0; i < FETCHES; i++) {
        const struct fetch *f = t->slots[i].fetch;

        if (f != NULL && blob_id_equal(&fetch_want(f)->blob, blob))
            return fetch_bytes(f);
    }
    if (fetch_middle_has(t->middle, blob))
        return fetch_middle_bytes(t->middle, blob);
    if (blobs_find(node_store(t->node), blob, &info) != ERR_OK)
        return 0;
    return info.have_bytes;
}

void transfer_reader_start(struct transfer *t, struct node_reader *reader)
{
    readers_add(&t->readers, reader, uv_now(node_loop(t->node)));
    serve_reader(t, &reader->blob);
}

void transfer_reader_end(struct transfer *t, struct node_reader *reader)
{
    readers_remove(&t->readers, reader);
    serve_reader(t, &reader->blob);
}

size_t transfer_reader_peek(struct transfer *t,
                            const struct node_reader *reader, uint8_t *out,
                            size_t len)
{
    const struct slot *slot = transfer_find_fetch(t, &reader->blob);

    if (slot == NULL || slot->ended)
        return 0;
    return fetch_peek(slot->fetch, reader->offset, out, len);
}
