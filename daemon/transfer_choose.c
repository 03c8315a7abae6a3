/* Which of the wants is fetched next, if there is room, and its end. */
#include "daemon/transfer_parts.h"

#include <string.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/quota.h"

static bool is_held(struct transfer *t, const struct store_want *want);

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

void transfer_put_off(struct transfer *t, const struct store_want *want)
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

void transfer_tell_held(struct transfer *t, const struct store_want *want)
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
    t->eager = t->eager || t->hidden;
    t->hidden = false;
    log_event(e == ERR_OK ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "blob",
              e == ERR_OK ? "held" : "put_off",
              "root=%s size=%llu topic=%s why=%s", log_id(want->blob.root).text,
              (unsigned long long)want->blob.size, log_id(want->topic).text,
              err_name(e));
    if (e == ERR_OK)
        transfer_tell_held(t, want);
    else if (fetch_is_limited(fetch)) /* it is no row */
        retry_in(t, READ_RETRY_MS);
    else if (!t->stopping && e != ERR_CANCELLED)
        transfer_put_off(t, want);
}

static void on_proved(void *context, struct fetch *fetch)
{
    struct transfer *t = context;

    readers_tell(&t->readers, &fetch_want(fetch)->blob);
}

void transfer_sweep(struct transfer *t)
{
    for (size_t i = 0; i < FETCHES; i++) {
        if (!t->slots[i].ended)
            continue;
        fetch_free(t->slots[i].fetch);
        blob_turns_leave(&t->turns, (unsigned)i);
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

struct slot *transfer_find_fetch(struct transfer *t, const struct blob_id *blob)
{
    for (size_t i = 0; i < FETCHES; i++) {
        const struct fetch *f = t->slots[i].fetch;

        if (f != NULL && blob_id_equal(&fetch_want(f)->blob, blob))
            return &t->slots[i];
    }
    return NULL;
}

bool transfer_has_claim(const struct transfer *t, const struct blob_id *blob)
{
    for (size_t i = 0; i < t->claims_count; i++) {
        if (blob_id_equal(&t->claims[i], blob))
            return true;
    }
    return false;
}

bool transfer_is_taken(struct transfer *t, const struct blob_id *blob)
{
    return transfer_find_fetch(t, blob) != NULL || transfer_has_claim(t, blob);
}

bool transfer_has_provider(const struct transfer *t,
                           const uint8_t topic[ID_LEN])
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
uint64_t transfer_missing(const struct transfer *t, const struct blob_id *blob)
{
    struct blob_info info;

    if (blobs_find(node_store(t->node), blob, &info) != ERR_OK)
        return blob->size;
    return blob->size - info.have_bytes;
}

/* What is read of it that is not here, where only that is fetched. */
static uint64_t reading(const struct transfer *t, const struct blob_id *blob)
{
    const struct node_reader *reader =
        readers_find(&t->readers, blob, uv_now(node_loop(t->node)));
    uint64_t bytes = reader == NULL ? 0 : readers_end(reader) - reader->offset;
    uint64_t left = transfer_missing(t, blob);

    return bytes < left ? bytes : left;
}

uint64_t transfer_reserved(const struct transfer *t)
{
    uint64_t bytes =
        fetch_small_reserved(t->small) + fetch_middle_reserved(t->middle);

    for (size_t i = 0; i < FETCHES; i++) {
        const struct fetch *f = t->slots[i].fetch;

        if (f != NULL)
            bytes += fetch_is_limited(f)
                         ? reading(t, &fetch_want(f)->blob)
                         : transfer_missing(t, &fetch_want(f)->blob);
    }
    return bytes;
}

void transfer_coming(const struct transfer *t, const uint8_t pledge[ID_LEN],
                     struct room_coming *out)
{
    *out = (struct room_coming){ 0 };
    for (size_t i = 0; i < FETCHES; i++) {
        const struct slot *slot = &t->slots[i];
        const struct store_want *want =
            slot->fetch == NULL ? NULL : fetch_want(slot->fetch);

        if (want == NULL || memcmp(slot->claim.pledge, pledge, ID_LEN) != 0 ||
            blobs_held_for(node_store(t->node), &want->blob, want->topic))
            continue;
        out->bytes += want->blob.size;
        if (slot->claim.is_strangers)
            out->strangers_bytes += want->blob.size;
    }
    fetch_small_coming(t->small, pledge, out);
    fetch_middle_coming(t->middle, pledge, out);
}

/*
 * Whether the disk and the quotas leave room.  A record may name sizes that no
 * disk has: nothing is begun for those.
 */
bool transfer_may_have(const struct transfer *t, const struct store_want *want,
                       struct quota_claim *claim)
{
    uint64_t need = transfer_missing(t, &want->blob);

    return quota_pledge_admits(node_quota(t->node), want, claim) &&
           blobs_have_room(node_store(t->node), transfer_reserved(t) + need) &&
           quota_admits(node_quota(t->node), want, need);
}

/* Requests of which the upper half is 0 are those of fetch_middle.h. */
static uint32_t next_base(struct transfer *t)
{
    if ((++t->bases & UINT16_MAX) == 0)
        t->bases++;
    return t->bases << 16;
}

static void start(struct transfer *t, struct slot *slot,
                  const struct store_want *want,
                  const struct quota_claim *claim,
                  const struct node_reader *reader)
{
    uint64_t spans = blob_span_count(want->blob.size);
    struct fetch_config config = {
        .want = *want,
        .base = next_base(t),
        .limited = reader != NULL,
        .ended = on_ended,
        .proved = on_proved,
        .avoids = reader == NULL ? transfer_avoids : NULL,
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
            transfer_put_off(t, want);
        return;
    }
    if (reader != NULL)
        fetch_read(slot->fetch, reader->offset, readers_end(reader));
    slot->read_ms = uv_now(node_loop(t->node));
    blob_turns_take(&t->turns, (unsigned)(slot - t->slots), slot->read_ms);
    slot->spans = config.spans_max;
    slot->claim = *claim;
    t->spans += slot->spans;
}

/* Some at once, of which each has been looked at by
 * transfer_is_settled(). */
bool transfer_has_room_for(struct transfer *t, const struct store_want *want,
                           uint64_t bytes)
{
    return blobs_have_room(node_store(t->node), transfer_reserved(t) + bytes) &&
           quota_admits(node_quota(t->node), want, bytes);
}

/* Held already, or the pledge to its topic has no room for it now. */
bool transfer_is_settled(struct transfer *t, const struct store_want *want,
                         struct quota_claim *claim)
{
    if (is_held(t, want))
        return true;
    if (quota_pledge_admits(node_quota(t->node), want, claim))
        return false;
    transfer_put_off(t, want);
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
    transfer_tell_held(t, want);
    return true;
}

/* One want: true if it was started or has to wait for reasons of its own. */
bool transfer_consider(struct transfer *t, const struct store_want *want)
{
    struct slot *slot = find_free(t, WANTED_FETCHES);
    struct slot *running = transfer_find_fetch(t, &want->blob);
    struct quota_claim claim;

    if (is_held(t, want))
        return true;
    if (running != NULL && !running->ended &&
        memcmp(fetch_want(running->fetch)->topic, want->topic, ID_LEN) == 0 &&
        fetch_is_limited(running->fetch) &&
        transfer_may_have(t, want, &claim)) {
        running->claim = claim;
        fetch_widen(running->fetch);
        quota_begun(node_quota(t->node), want);
        return true;
    }
    if (slot == NULL || t->spans >= SPANS_ALL) {
        transfer_note_waiting(t, want);
        return false;
    }
    if (running != NULL || transfer_has_claim(t, &want->blob) ||
        !transfer_has_provider(t, want->topic))
        return true;
    if (transfer_is_outrun(t, want) || !transfer_may_have(t, want, &claim)) {
        transfer_put_off(t, want);
        return true;
    }
    start(t, slot, want, &claim, NULL);
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
        struct quota_claim claim;

        memcpy(want.topic, r->topic, ID_LEN);
        if (slot != NULL && t->spans < SPANS_ALL + SPANS_READ &&
            transfer_find_fetch(t, &r->blob) == NULL &&
            !transfer_has_claim(t, &r->blob) &&
            transfer_has_provider(t, r->topic) &&
            quota_pledge_admits(node_quota(t->node), &want, &claim) &&
            blobs_have_room(node_store(t->node), transfer_reserved(t) +
                                                     readers_end(r) -
                                                     r->offset) &&
            quota_admits(node_quota(t->node), &want,
                         readers_end(r) - r->offset))
            start(t, slot, &want, &claim, r);
    }
}

/* What was fetched for readers alone ends some time after the last of them. */
void transfer_leave_unread(struct transfer *t)
{
    uint64_t now = uv_now(node_loop(t->node));

    for (size_t i = 0; i < FETCHES; i++) {
        struct slot *s = &t->slots[i];

        if (s->fetch == NULL || s->ended || !fetch_is_limited(s->fetch))
            continue;
        if (readers_find(&t->readers, &fetch_want(s->fetch)->blob, now) != NULL)
            s->read_ms = now;
        else if (now - s->read_ms > LINGER_MS)
            fetch_stop(s->fetch, ERR_CANCELLED);
    }
}

/*
 * For these there is no place, nor for those behind them if the page ends here:
 * is one to be made for any that is due?
 */
static void look_behind(struct transfer *t, const struct store_want *wants,
                        size_t n, uint64_t until_ms, bool is_cut)
{
    size_t due = 0;

    while (due < n && wants[due].next_try_ms <= until_ms && !t->waiting)
        transfer_note_waiting(t, &wants[due++]);
    if (!t->waiting && due == n && is_cut)
        transfer_let_pass(t, wants, n);
}

void transfer_look(struct transfer *t)
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
        if (transfer_consider(t, &wants[i]))
            continue;
        look_behind(t, wants + i, n - i, eager ? UINT64_MAX : now,
                    n == WANTS_PAGE);
        return;
    }
    /* A page of wants that nobody here can serve must not hide the others. */
    for (size_t i = 0; n == WANTS_PAGE && i < n; i++) {
        if (!transfer_has_provider(t, wants[i].topic))
            transfer_put_off(t, &wants[i]);
    }
}
