/* Small blobs: which are asked for next, together, and of whom. */
#include "daemon/fetch_small_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/peers.h"
#include "daemon/throttle.h"
#include "proto/frame.h"

enum {
    /* Rows that are looked at together, and in one turn of the loop. */
    WANTS_PAGE = 256,
    TURN_WANTS = 1024,
    /* Every so many tries a want goes the way of large blobs, which asks
     * everybody. */
    OTHER_TRIES = 4
};

/* ---- Whom to ask -------------------------------------------------------- */

static unsigned asks_of(const struct fetch_small *s, uint64_t conn)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->count; i++)
        n += s->asks[i]->conn == conn ? 1 : 0;
    return n;
}

static bool is_late(const struct fetch_small *s, uint64_t conn)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->asks[i]->conn == conn && s->asks[i]->is_late)
            return true;
    return false;
}

/* Who is late is not waited for again before it has answered all. */
static bool answers(const struct fetch_small *s, struct conn *c,
                    const uint8_t topic[ID_LEN])
{
    return conn_is_open(c) && (conn_features(c) & FEATURE_BLOB_MANY) != 0 &&
           peer_shares(conn_peer(c), topic) && !is_late(s, conn_number(c));
}

/*
 * Who shares the topic and answers such asks: the one with the fewest, and at
 * each further try the next one.  NULL if it has as many as it may; *any:
 * whether there is one at all.
 */
static struct conn *provider(const struct fetch_small *s,
                             const struct store_want *want, bool *any)
{
    struct peers *peers = node_peer_table(s->node);
    unsigned best = BLOB_MANY_OPEN;
    struct conn *found = NULL;
    unsigned count = 0;
    unsigned i = 0;

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c))
        count += answers(s, c, want->topic) ? 1 : 0;
    *any = count > 0 && want->tries % OTHER_TRIES != OTHER_TRIES - 1;
    for (struct conn *c = peers_next(peers, NULL); *any && c != NULL;
         c = peers_next(peers, c)) {
        unsigned n;

        if (!answers(s, c, want->topic) ||
            (want->tries > 0 && i++ != want->tries % count))
            continue;
        n = asks_of(s, conn_number(c));
        if (n < best) {
            best = n;
            found = c;
        }
    }
    return found;
}

/* ---- Asking ------------------------------------------------------------- */

static bool is_asked(struct fetch_small *s, const struct store_want *want)
{
    if (*small_mark_of(s, &want->blob) == 0)
        return false;
    for (unsigned i = 0; i < s->count; i++) {
        const struct small_ask *ask = s->asks[i];

        for (unsigned k = 0; k < ask->asked.count; k++)
            if (!ask->pieces[k].settled &&
                get_u64(ask->asked.ids[k].root) == get_u64(want->blob.root) &&
                blob_id_equal(&ask->asked.ids[k], &want->blob) &&
                memcmp(ask->pieces[k].want.topic, want->topic, ID_LEN) == 0)
                return true;
    }
    return false;
}

/* Sends what was gathered for that peer; an error leaves nothing asked. */
static enum err ask_send(struct fetch_small *s, struct small_ask *ask,
                         struct conn *c)
{
    static uint8_t buf[BLOB_MANY_LEN_MAX]; /* the loop alone comes here */
    struct writer w = writer_fixed(buf, sizeof buf);
    uint8_t tag[HELLO_TAG_LEN];

    if (!peer_tag_of_topic(conn_peer(c), ask->pieces[0].want.topic, tag))
        return ERR_NOT_HELD;
    ask->asked.request = ++s->requests;
    blob_many_begin(&w, ask->asked.request, tag);
    for (unsigned i = 0; i < ask->asked.count; i++)
        blob_many_put(&w, &ask->asked.ids[i]);
    ask->conn = conn_number(c);
    ask->heard_ms = small_now_ms(s);
    return conn_queue(c, FRAME_BLOB_MANY, writer_view(&w));
}

static void ask_add(struct small_ask *ask, const struct store_want *want,
                    const struct quota_claim *claim)
{
    struct small_piece *piece = &ask->pieces[ask->asked.count];

    *piece = (struct small_piece){ .ask = ask,
                                   .want = *want,
                                   .is_strangers = claim->is_strangers };
    memcpy(ask->pledge, claim->pledge, ID_LEN);
    ask->coming.bytes += want->blob.size;
    if (claim->is_strangers)
        ask->coming.strangers_bytes += want->blob.size;
    ask->asked.ids[ask->asked.count++] = want->blob;
    ++*small_mark_of(ask->small, &want->blob);
    ask->bytes += want->blob.size;
    ask->open++;
}

/* Of what was gathered nothing is reserved before there is room for it. */
static void gather_end(struct fetch_small *s, struct conn *conn)
{
    struct small_ask *ask = s->gathered;
    bool has_room;

    if (ask == NULL)
        return;
    has_room =
        s->owner->has_room(s->transfer, &ask->pieces[0].want, ask->bytes);
    s->gathered = NULL;
    s->asks[s->count++] = ask;
    if (has_room && ask_send(s, ask, conn) == ERR_OK)
        return;
    ask->conn = 0;
    small_ask_give_up(s, ask);
    small_ask_settle(s, ask);
}

/* Whether one ask can have it with what was gathered. */
static bool goes_with(const struct small_ask *ask,
                      const struct store_want *want,
                      const struct quota_claim *claim)
{
    return ask->asked.count < BLOB_MANY_MAX &&
           ask->bytes + want->blob.size <= BLOB_MANY_BYTES &&
           memcmp(ask->pieces[0].want.topic, want->topic, ID_LEN) == 0 &&
           memcmp(ask->pledge, claim->pledge, ID_LEN) == 0 &&
           ask->pieces[0].want.tries == want->tries &&
           ask->pieces[0].want.why == want->why;
}

/* Takes one want, of `*conn` as long as nothing else was gathered; false if it
 * has to wait until an ask has ended. */
static bool gather(struct fetch_small *s, struct conn **conn,
                   const struct store_want *want)
{
    struct quota_claim claim;
    bool any = true;

    if (is_asked(s, want) || s->owner->is_settled(s->transfer, want, &claim))
        return true;
    if (s->gathered != NULL && !goes_with(s->gathered, want, &claim))
        gather_end(s, *conn);
    if (s->gathered == NULL) {
        *conn = provider(s, want, &any);
        if (!any)
            return s->owner->other(s->transfer, want);
        if (*conn == NULL || s->count == SMALL_ASKS)
            return false;
        s->gathered = calloc(1, sizeof *s->gathered);
        if (s->gathered == NULL)
            return false;
        s->gathered->small = s;
    }
    ask_add(s->gathered, want, &claim);
    return true;
}

/* ---- The walk ----------------------------------------------------------- */

void fetch_small_look(struct fetch_small *s, bool eager)
{
    s->blocked = false;
    if (!s->stopping)
        due_walk_begin(&s->walk, eager);
}

void fetch_small_flush(struct fetch_small *s)
{
    static struct store_want wants[WANTS_PAGE]; /* the loop alone is here */
    uint64_t until = due_walk_until(&s->walk, node_clock_ms(s->node));
    struct conn *conn = NULL;
    bool goes_on = true;

    if (throttle_ask_ms(node_throttle(s->node), &s->rate) > small_now_ms(s))
        return; /* the tick comes by again */
    for (unsigned seen = 0;
         s->walk.is_on && !s->blocked && goes_on && seen < TURN_WANTS;) {
        size_t n = 0;

        if (store_wants_due_small(node_store(s->node), until,
                                  due_walk_after(&s->walk), wants, WANTS_PAGE,
                                  &n) != ERR_OK ||
            n == 0) {
            due_walk_end(&s->walk);
            break;
        }
        for (size_t i = 0; i < n && goes_on; i++) {
            goes_on = gather(s, &conn, &wants[i]);
            if (goes_on)
                due_walk_pass(&s->walk, &wants[i]);
        }
        seen += (unsigned)n;
    }
    gather_end(s, conn);
    s->blocked = s->blocked || !goes_on;
}
