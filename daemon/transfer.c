#include "daemon/transfer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/fetch.h"
#include "daemon/fetch_small.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/quota.h"
#include "daemon/readers.h"
#include "daemon/serve.h"
#include "daemon/topics.h"
#include "daemon/wants.h"
#include "daemon/watches.h"

/*
 * A few fetches at once, chosen among the wants that are due; the memory of all
 * is bounded by their span buffers.
 */
enum {
    FETCHES = 9,
    WANTED_FETCHES = 8, /* one place is left for who reads */
    SPANS_ALL = 24,     /* buffers of 1 MiB, of all fetches */
    SPANS_EACH = 16,
    SPANS_READ = 4, /* which none takes but who reads */
    /* What nobody wants but a reader is fetched for so long after the last. */
    LINGER_MS = 5000,
    WALKS = 16,
    WANTS_PAGE = 64,
    /* How often wants are looked at, with and without a fetch running. */
    TICK_MS = 250,
    LOOK_MS = 5000,
    /*
     * A want that nobody could serve waits, twice as long each time.  A peer
     * that is still fetching it will often have it soon.
     */
    RETRY_MIN_MS = 250,
    RETRY_MAX_MS = 300000,
    READ_RETRY_MS = 250,
    /* The wall clock, which wants go by, and the loop's may differ a little. */
    RETRY_SLACK_MS = 10
};

/* A request is a span; a few more are being ended meanwhile. */
enum { REQUESTS_A_SPAN = 2 };
static_assert(REQUESTS_A_SPAN * (SPANS_ALL + SPANS_READ) <= BLOB_REQUESTS_MAX,
              "all fetches fit the requests of a connection");

struct slot {
    struct fetch *fetch;
    unsigned spans;
    uint64_t read_ms; /* when it was read last */
    bool ended;       /* to be freed before the loop waits */
};

struct transfer {
    struct node *node;
    uv_timer_t timer;
    bool stopping;
    bool look;            /* wants may be due, or new peers be there */
    bool eager;           /* look at those that wait for their next try, too */
    uint64_t retry_at_ms; /* when the first put off is due; 0: none was */
    unsigned spans;       /* in use */
    struct readers readers;
    struct watches *watches;
    uint32_t bases; /* given to fetches so far */
    struct slot slots[FETCHES];
    struct blob_id claims[TRANSFER_CLAIMS];
    size_t claims_count;
    struct fetch_small *small;
    struct wants_walk walks[WALKS];
    size_t walks_count;
    bool catching_up; /* at the start: every topic is walked through once */
    bool has_caught;
    uint8_t caught[ID_LEN]; /* the last topic whose walk was begun */
};

static void on_timer(uv_timer_t *timer);
static void put_off(struct transfer *t, const struct store_want *want);
static void tell_held(struct transfer *t, const struct store_want *want);
static bool is_held(struct transfer *t, const struct store_want *want);
static bool small_is_settled(struct transfer *t, const struct store_want *want);
static bool small_has_room(struct transfer *t, const struct store_want *want,
                           uint64_t bytes);
static bool consider(struct transfer *t, const struct store_want *want);

enum err transfer_open(struct transfer **out, struct node *node)
{
    const struct fetch_small_config small = {
        .other = consider,
        .put_off = put_off,
        .held = tell_held,
        .is_held = small_is_settled,
        .has_room = small_has_room,
    };
    struct transfer *t = calloc(1, sizeof *t);

    if (t == NULL)
        return ERR_NO_MEMORY;
    if (watches_open(&t->watches, node) != ERR_OK) {
        free(t);
        return ERR_NO_MEMORY;
    }
    t->node = node;
    if (fetch_small_open(&t->small, node, t, &small) != ERR_OK) {
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
    return serve_reads() == 0 && fetch_small_is_idle(t->small);
}

void transfer_free(struct transfer *t)
{
    if (t != NULL) {
        watches_free(t->watches);
        fetch_small_free(t->small);
    }
    free(t);
}

/* ---- The end of a fetch ------------------------------------------------- */

static uint64_t retry_ms(uint32_t tries)
{
    uint64_t wait = RETRY_MIN_MS;

    for (uint32_t i = 1; i < tries && wait < RETRY_MAX_MS; i++)
        wait *= 2;
    return wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS;
}

/* The timer rings for the first of those that wait. */
static void retry_in(struct transfer *t, uint64_t wait)
{
    uint64_t at = uv_now(node_loop(t->node)) + wait + RETRY_SLACK_MS;

    if (t->retry_at_ms == 0 || at < t->retry_at_ms)
        t->retry_at_ms = at;
}

static void put_off(struct transfer *t, const struct store_want *want)
{
    struct store_want later = *want;
    struct store_batch *batch;
    uint64_t wait;

    if (later.tries < UINT32_MAX)
        later.tries++;
    wait = retry_ms(later.tries);
    later.next_try_ms = node_clock_ms(t->node) + wait;
    retry_in(t, wait);
    if (commits_batch(node_commits(t->node), &batch) == ERR_OK &&
        store_batch_want(batch, &later) == ERR_OK)
        commits_expect(node_commits(t->node), NULL, NULL);
}

static void tell_held(struct transfer *t, const struct store_want *want)
{
    struct node_event event = {
        .type = NODE_EVENT_BLOB,
        .blob = &want->blob,
        .topic = want->topic,
        .done_bytes = want->blob.size,
    };

    quota_begun(node_quota(t->node), want);
    node_emit(t->node, &event);
}

static void on_ended(void *context, struct fetch *fetch, enum err e)
{
    struct transfer *t = context;
    const struct store_want *want = fetch_want(fetch);

    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch == fetch)
            t->slots[i].ended = true;
    }
    t->look = true;
    log_event(e == ERR_OK ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "blob",
              e == ERR_OK ? "held" : "put_off",
              "root=%s size=%llu topic=%s why=%s", log_id(want->blob.root).text,
              (unsigned long long)want->blob.size, log_id(want->topic).text,
              err_name(e));
    if (e == ERR_OK)
        tell_held(t, want);
    else if (fetch_is_limited(fetch)) /* it is no row */
        retry_in(t, READ_RETRY_MS);
    else if (!t->stopping && e != ERR_CANCELLED)
        put_off(t, want);
}

static void sweep(struct transfer *t)
{
    for (size_t i = 0; i < FETCHES; i++) {
        if (!t->slots[i].ended)
            continue;
        fetch_free(t->slots[i].fetch);
        t->spans -= t->slots[i].spans;
        memset(&t->slots[i], 0, sizeof t->slots[i]);
    }
}

/* ---- The beginning of a fetch ------------------------------------------- */

static struct slot *find_free(struct transfer *t, size_t places)
{
    for (size_t i = 0; i < places; i++) {
        if (t->slots[i].fetch == NULL)
            return &t->slots[i];
    }
    return NULL;
}

static struct slot *find_fetch(struct transfer *t, const struct blob_id *blob)
{
    for (size_t i = 0; i < FETCHES; i++) {
        const struct fetch *f = t->slots[i].fetch;

        if (f != NULL && blob_id_equal(&fetch_want(f)->blob, blob))
            return &t->slots[i];
    }
    return NULL;
}

static bool is_claimed(const struct transfer *t, const struct blob_id *blob)
{
    for (size_t i = 0; i < t->claims_count; i++) {
        if (blob_id_equal(&t->claims[i], blob))
            return true;
    }
    return false;
}

static bool has_provider(const struct transfer *t, const uint8_t topic[ID_LEN])
{
    struct peers *peers = node_peer_table(t->node);

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        if (peer_shares(conn_peer(c), topic))
            return true;
    }
    return false;
}

/* What of the blob is not on the disk for good; external bytes are another's.
 */
static uint64_t missing(const struct transfer *t, const struct blob_id *blob)
{
    struct blob_info info;

    if (blobs_find(node_store(t->node), blob, &info) != ERR_OK)
        return blob->size;
    return blob->size - info.have_bytes;
}

/* What is read of it that is not here, where only that is fetched. */
static uint64_t reading(const struct transfer *t, const struct blob_id *blob)
{
    const struct node_reader *reader = readers_find(&t->readers, blob);
    uint64_t bytes = reader == NULL ? 0 : readers_end(reader) - reader->offset;
    uint64_t left = missing(t, blob);

    return bytes < left ? bytes : left;
}

uint64_t transfer_reserved(const struct transfer *t)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < FETCHES; i++) {
        const struct fetch *f = t->slots[i].fetch;

        if (f != NULL)
            bytes += fetch_is_limited(f) ? reading(t, &fetch_want(f)->blob)
                                         : missing(t, &fetch_want(f)->blob);
    }
    return bytes;
}

uint64_t transfer_beginning(const struct transfer *t,
                            const uint8_t topic[ID_LEN])
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < FETCHES; i++) {
        const struct store_want *want =
            t->slots[i].fetch == NULL ? NULL : fetch_want(t->slots[i].fetch);

        if (want != NULL && memcmp(want->topic, topic, ID_LEN) == 0 &&
            !blobs_held_for(node_store(t->node), &want->blob, topic))
            bytes += want->blob.size;
    }
    return bytes;
}

/*
 * Whether the disk and the quotas leave room.  A record may name sizes that no
 * disk has: nothing is begun for those.
 */
static bool has_room(const struct transfer *t, const struct store_want *want)
{
    uint64_t need = missing(t, &want->blob);

    return blobs_have_room(node_store(t->node), transfer_reserved(t) + need) &&
           quota_pledge_admits(node_quota(t->node), want) &&
           quota_admits(node_quota(t->node), want, need);
}

static void start(struct transfer *t, struct slot *slot,
                  const struct store_want *want,
                  const struct node_reader *reader)
{
    uint64_t spans = blob_span_count(want->blob.size);
    struct fetch_config config = {
        .want = *want,
        .base = ++t->bases << 16,
        .limited = reader != NULL,
        .ended = on_ended,
        .context = t,
    };
    unsigned all = reader == NULL ? SPANS_ALL : SPANS_ALL + SPANS_READ;
    unsigned left = all > t->spans ? all - t->spans : 0;
    enum err e;

    if (spans > SPANS_EACH)
        spans = SPANS_EACH;
    config.spans_max = (unsigned)(spans < left ? spans : left);
    if (config.spans_max == 0)
        config.spans_max = 1; /* the empty blob has no span, and needs none */
    config.requests_max = REQUESTS_A_SPAN * config.spans_max;
    e = fetch_open(&slot->fetch, t->node, &config);
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_WARN, "blob", "fetch_failed", "root=%s why=%s",
                  log_id(want->blob.root).text, err_name(e));
        slot->fetch = NULL;
        if (reader == NULL)
            put_off(t, want);
        return;
    }
    if (reader != NULL)
        fetch_read(slot->fetch, reader->offset, readers_end(reader));
    slot->read_ms = uv_now(node_loop(t->node));
    slot->spans = config.spans_max;
    t->spans += slot->spans;
}

/* Some at once, of which each has been looked at by small_is_settled(). */
static bool small_has_room(struct transfer *t, const struct store_want *want,
                           uint64_t bytes)
{
    return blobs_have_room(node_store(t->node), transfer_reserved(t) + bytes) &&
           quota_admits(node_quota(t->node), want, bytes);
}

/* Held already, or the pledge to its topic has no room for it now. */
static bool small_is_settled(struct transfer *t, const struct store_want *want)
{
    if (is_held(t, want))
        return true;
    if (quota_pledge_admits(node_quota(t->node), want))
        return false;
    put_off(t, want);
    return true;
}

/* Held by now, perhaps imported: true, and the want is dropped. */
static bool is_held(struct transfer *t, const struct store_want *want)
{
    struct store *store = node_store(t->node);
    struct store_batch *batch;
    struct blob_info info;

    if (!blobs_held_for(store, &want->blob, want->topic) ||
        blobs_find(store, &want->blob, &info) != ERR_OK ||
        info.state == BLOB_PARTIAL)
        return false;
    if (commits_batch(node_commits(t->node), &batch) == ERR_OK &&
        store_batch_unwant(batch, &want->blob, want->topic) == ERR_OK)
        commits_expect(node_commits(t->node), NULL, NULL);
    tell_held(t, want);
    return true;
}

/* One want: true if it was started or has to wait for reasons of its own. */
static bool consider(struct transfer *t, const struct store_want *want)
{
    struct slot *slot = find_free(t, WANTED_FETCHES);
    struct slot *running = find_fetch(t, &want->blob);

    if (is_held(t, want))
        return true;
    if (running != NULL && !running->ended &&
        memcmp(fetch_want(running->fetch)->topic, want->topic, ID_LEN) == 0 &&
        fetch_is_limited(running->fetch) && has_room(t, want)) {
        fetch_widen(running->fetch);
        quota_begun(node_quota(t->node), want);
        return true;
    }
    if (slot == NULL || t->spans >= SPANS_ALL)
        return false;
    if (running != NULL || is_claimed(t, &want->blob) ||
        !has_provider(t, want->topic))
        return true;
    if (!has_room(t, want)) {
        put_off(t, want);
        return true;
    }
    start(t, slot, want, NULL);
    quota_begun(node_quota(t->node), want);
    return true;
}

/* Who reads what nobody wants: only that much is fetched. */
static void look_at_readers(struct transfer *t)
{
    for (const struct node_reader *r = t->readers.first; r != NULL;
         r = r->next) {
        struct store_want want = { .blob = r->blob, .why = STORE_WHY_ASKED };
        struct slot *slot = find_free(t, FETCHES);

        memcpy(want.topic, r->topic, ID_LEN);
        if (slot != NULL && t->spans < SPANS_ALL + SPANS_READ &&
            find_fetch(t, &r->blob) == NULL && !is_claimed(t, &r->blob) &&
            has_provider(t, r->topic) &&
            blobs_have_room(node_store(t->node), transfer_reserved(t) +
                                                     readers_end(r) -
                                                     r->offset) &&
            quota_admits(node_quota(t->node), &want,
                         readers_end(r) - r->offset))
            start(t, slot, &want, r);
    }
}

/* What was fetched for readers alone ends some time after the last of them. */
static void leave_unread(struct transfer *t)
{
    uint64_t now = uv_now(node_loop(t->node));

    for (size_t i = 0; i < FETCHES; i++) {
        struct slot *s = &t->slots[i];

        if (s->fetch == NULL || s->ended || !fetch_is_limited(s->fetch))
            continue;
        if (readers_find(&t->readers, &fetch_want(s->fetch)->blob) != NULL)
            s->read_ms = now;
        else if (now - s->read_ms > LINGER_MS)
            fetch_stop(s->fetch, ERR_CANCELLED);
    }
}

static void look_at_wants(struct transfer *t)
{
    struct store_want wants[WANTS_PAGE];
    uint64_t now = node_clock_ms(t->node);
    uint64_t until = now + LOOK_MS; /* what is due sooner needs the timer */
    bool eager = t->eager;
    size_t n = 0;

    /* All: if the clock was put back, some may wait for another year. */
    if (eager)
        until = UINT64_MAX;
    t->look = false;
    t->eager = false;
    look_at_readers(t);
    if (store_wants_due(node_store(t->node), until, wants, WANTS_PAGE, &n) !=
        ERR_OK)
        return;
    for (size_t i = 0; i < n; i++) { /* the earliest first */
        if (!eager && wants[i].next_try_ms > now) {
            retry_in(t, wants[i].next_try_ms - now);
            return;
        }
        if (!consider(t, &wants[i]))
            return;
    }
    /* A page of wants that nobody here can serve must not hide the others. */
    for (size_t i = 0; n == WANTS_PAGE && i < n; i++) {
        if (!has_provider(t, wants[i].topic))
            put_off(t, &wants[i]);
    }
}

/* ---- Turns of the loop -------------------------------------------------- */

static bool any_fetch(const struct transfer *t)
{
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL)
            return true;
    }
    return false;
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
    if (next.policy != STORE_POLICY_BOARD)
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

static void on_timer(uv_timer_t *timer)
{
    struct transfer *t = timer->data;

    walk(t);
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL && !t->slots[i].ended)
            fetch_tick(t->slots[i].fetch);
    }
    leave_unread(t);
    fetch_small_tick(t->small);
    if (retry_is_due(t) || !any_fetch(t))
        t->look = true;
    rearm(t);
}

void transfer_flush(struct transfer *t)
{
    sweep(t);
    if (t->stopping)
        return;
    if (t->look) {
        fetch_small_look(t->small, t->eager);
        look_at_wants(t);
    }
    fetch_small_flush(t->small);
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

void transfer_topic_changed(struct transfer *t, const uint8_t topic[ID_LEN])
{
    struct store_follow policy;

    if (topics_policy(t->node, topic, &policy) != ERR_OK) {
        wants_drop_topic(t->node, topic);
        return;
    }
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
}

enum err transfer_claim(struct transfer *t, const struct blob_id *blob)
{
    if (t->claims_count == TRANSFER_CLAIMS || is_claimed(t, blob))
        return ERR_BUSY;
    t->claims[t->claims_count++] = *blob;
    for (size_t i = 0; i < FETCHES; i++) {
        struct fetch *f = t->slots[i].fetch;

        if (f != NULL && !t->slots[i].ended &&
            blob_id_equal(&fetch_want(f)->blob, blob))
            fetch_stop(f, ERR_CANCELLED);
    }
    return ERR_OK;
}

bool transfer_is_claimed(struct transfer *t, const struct blob_id *blob)
{
    return is_claimed(t, blob) && find_fetch(t, blob) == NULL;
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

    memcpy(want.topic, topic, ID_LEN);
    return has_room(t, &want);
}

enum want_state transfer_want_state(struct transfer *t,
                                    const struct store_want *want)
{
    if (find_fetch(t, &want->blob) != NULL)
        return WANT_FETCHED;
    if (!has_room(t, want))
        return WANT_NO_ROOM;
    if (!has_provider(t, want->topic))
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
    for (size_t i = 0; i < n; i++)
        if (!blobs_have_room(store, missing(t, &wants[i].blob)))
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
    if (blobs_find(node_store(t->node), blob, &info) != ERR_OK)
        return 0;
    return info.have_bytes;
}

void transfer_reader_start(struct transfer *t, struct node_reader *reader)
{
    struct slot *slot = find_fetch(t, &reader->blob);

    readers_add(&t->readers, reader);
    if (slot == NULL || slot->ended) {
        t->look = true;
        return;
    }
    slot->read_ms = uv_now(node_loop(t->node));
    fetch_read(slot->fetch, reader->offset, readers_end(reader));
}

void transfer_reader_end(struct transfer *t, struct node_reader *reader)
{
    readers_remove(&t->readers, reader);
}

/* ---- Peers and frames --------------------------------------------------- */

void transfer_peer_changed(struct transfer *t, struct conn *c)
{
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL && !t->slots[i].ended)
            fetch_peer_changed(t->slots[i].fetch, c);
    }
    t->look = true;
    t->eager = true;
}

void transfer_peer_gone(struct transfer *t, struct conn *c)
{
    struct serve *serve = conn_transfer(c);

    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL && !t->slots[i].ended)
            fetch_peer_gone(t->slots[i].fetch, c);
    }
    fetch_small_peer_gone(t->small, c);
    conn_set_transfer(c, NULL);
    watches_peer_gone(t->watches, c);
    if (serve != NULL)
        serve_close(serve);
}

/* What serves this peer, from its first request on. */
static enum err find_serve(struct transfer *t, struct conn *c,
                           struct serve **out)
{
    struct serve *serve = conn_transfer(c);
    enum err e = ERR_OK;

    if (serve == NULL)
        e = serve_open(&serve, t->node, c);
    if (e != ERR_OK)
        return e;
    conn_set_transfer(c, serve);
    *out = serve;
    return ERR_OK;
}

static enum err to_serve(struct transfer *t, struct conn *c,
                         const struct blob_msg *msg)
{
    struct serve *serve;
    enum err e = find_serve(t, c, &serve);

    return e == ERR_OK ? serve_recv(serve, msg) : e;
}

static enum err recv_small(struct transfer *t, struct conn *c,
                           const struct frame *frame)
{
    struct serve *serve;
    enum err e;

    if (frame->type == FRAME_BLOB_SMALL)
        return fetch_small_recv(t->small, c, frame->payload);
    e = find_serve(t, c, &serve);
    return e == ERR_OK ? serve_recv_many(serve, frame->payload) : e;
}

static enum err to_fetch(struct transfer *t, struct conn *c,
                         const struct blob_msg *msg)
{
    for (size_t i = 0; i < FETCHES; i++) {
        struct fetch *f = t->slots[i].fetch;

        if (f != NULL && fetch_owns(f, msg->request))
            return fetch_recv(f, c, msg);
    }
    /* An answer to a fetch that has ended: it crossed our CANCEL.  What never
     * was asked has a number that was never given. */
    return msg->request >> 16 <= t->bases ? ERR_OK : ERR_NOT_ASKED;
}

enum err transfer_recv(struct transfer *t, struct conn *c,
                       const struct frame *frame)
{
    struct blob_msg msg;
    enum err e;

    if (frame->type == FRAME_BLOB_MANY || frame->type == FRAME_BLOB_SMALL)
        return recv_small(t, c, frame);
    e = blob_msg_decode(&msg, (enum frame_type)frame->type, frame->payload);
    if (e != ERR_OK)
        return e;
    if (msg.type == FRAME_BLOB_WATCH)
        return watches_add(t->watches, c, &msg);
    if (msg.type == FRAME_BLOB_CANCEL &&
        watches_cancel(t->watches, c, msg.request))
        return ERR_OK;
    if (msg.type == FRAME_BLOB_ASK || msg.type == FRAME_BLOB_CANCEL)
        return to_serve(t, c, &msg);
    return to_fetch(t, c, &msg);
}

void transfer_fill(struct transfer *t, struct conn *c)
{
    struct serve *serve = conn_transfer(c);

    (void)t;
    if (serve != NULL)
        serve_fill(serve);
}
