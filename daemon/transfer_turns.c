/* A place among those that are fetched, for whoever has to wait for slow ones.
 */
#include "daemon/conn.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/transfer_parts.h"

/* The clock of the turns alone. */
static uint64_t now_of(const struct transfer *t)
{
    return node_elapsed_ms(t->node);
}

/* A node, by whatever connection: to come anew makes nobody faster. */
static uint64_t source_of(const struct conn *c)
{
    return get_u64(conn_node(c)) | 1;
}

static bool is_slow(const struct transfer *t, const struct conn *c)
{
    return blob_turns_is_slow(&t->turns, source_of(c), now_of(t));
}

bool transfer_is_slow(struct transfer *t, const struct conn *c)
{
    return is_slow(t, c);
}

void transfer_blame(struct transfer *t, const struct conn *c)
{
    blob_turns_blame(&t->turns, source_of(c), now_of(t));
}

/* Whether a peer that shares the topic is not known to be slow. */
static bool has_quick_provider(const struct transfer *t,
                               const uint8_t topic[ID_LEN])
{
    struct peers *peers = node_peer_table(t->node);

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        if (peer_shares(conn_peer(c), topic) && !is_slow(t, c))
            return true;
    }
    return false;
}

void transfer_note_waiting(struct transfer *t, const struct store_want *want)
{
    struct quota_claim claim;

    if (!t->waiting && transfer_find_fetch(t, &want->blob) == NULL &&
        !transfer_has_claim(t, &want->blob) &&
        has_quick_provider(t, want->topic))
        t->waiting = transfer_may_have(t, want, &claim);
}

bool transfer_is_outrun(const struct transfer *t, const struct store_want *want)
{
    return t->crowded && !has_quick_provider(t, want->topic);
}

void transfer_let_pass(struct transfer *t, const struct store_want *wants,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (transfer_find_fetch(t, &wants[i].blob) != NULL)
            continue;
        transfer_put_off(t, &wants[i]);
        t->hidden = true;
    }
}

/* The last place is not for slow ones, so that nobody else waits for it. */
static bool is_full(const struct transfer *t)
{
    for (size_t i = 0; i < WANTED_FETCHES; i++) {
        if (t->slots[i].fetch == NULL)
            return t->spans >= SPANS_ALL;
    }
    return true;
}

bool transfer_avoids(void *context, const struct conn *conn)
{
    const struct transfer *t = context;

    return (t->crowded || is_full(t)) && is_slow(t, conn);
}

/* Its want is put off; whoever owes it something is remembered. */
static void give_way(struct transfer *t, struct slot *slot)
{
    uint64_t owing[BLOB_FETCH_PROVIDERS];
    size_t n = fetch_owing(slot->fetch, owing);

    for (size_t i = 0; i < n; i++) {
        const struct conn *c = peers_find(node_peer_table(t->node), owing[i]);

        if (c != NULL)
            transfer_blame(t, c);
    }
    log_event(LOG_LEVEL_INFO, "blob", "gave_way", "root=%s useful=%llu",
              log_id(fetch_want(slot->fetch)->blob.root).text,
              (unsigned long long)fetch_useful(slot->fetch));
    fetch_stop(slot->fetch, ERR_TIMEOUT);
}

void transfer_take_turns(struct transfer *t)
{
    uint64_t now = now_of(t);
    unsigned candidates = 0, place;

    for (unsigned i = 0; i < FETCHES; i++) {
        const struct fetch *f = t->slots[i].fetch;

        if (f == NULL || t->slots[i].ended)
            continue;
        if (fetch_is_held_up(f))
            blob_turns_excuse(&t->turns, i, now);
        else
            blob_turns_note(&t->turns, i, fetch_useful(f), now);
        /* Whoever reads it may be as patient as they like. */
        if (!fetch_is_limited(f) &&
            readers_find(&t->readers, &fetch_want(f)->blob,
                         uv_now(node_loop(t->node))) == NULL)
            candidates |= 1U << i;
    }
    if (t->crowded && blob_turns_give(&t->turns, candidates, now, &place))
        give_way(t, &t->slots[place]);
}
