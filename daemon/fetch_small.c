/* Asks for small blobs: which, of whom, and what becomes of the answers. */
#include "daemon/fetch_small.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/throttle.h"
#include "proto/frame.h"
#include "store/keep.h"
#include "store/thread_lanes.h"

enum {
    /* Asks of all peers, waiting for answers or for the writer: 16 MiB. */
    ASKS_MAX = 16,
    WANTS_PAGE = 256,
    /* Rows that one turn of the loop goes through. */
    TURN_WANTS = 1024,
    /* Every so many tries a want goes the way of large blobs, which asks
     * everybody. */
    OTHER_TRIES = 4,
    MARKS = 1 << 16
};

struct ask;

/* One blob of an ask, until it is durable. */
struct piece {
    struct ask *ask;
    struct store_want want;
    bool is_strangers;
    bool settled; /* durable, put off or given up */
};

struct ask {
    struct fetch_small *small;
    uint64_t conn; /* 0: it is gone */
    bool is_late;  /* what has not come was put off */
    uint64_t heard_ms;
    uint64_t bytes;
    uint8_t pledge[ID_LEN];    /* that bounds them all */
    struct room_coming coming; /* of pieces that have not settled */
    unsigned open;             /* how many those are */
    struct blob_asked asked;
    struct piece pieces[BLOB_MANY_MAX];
};

struct fetch_small {
    struct node *node;
    struct transfer *transfer;
    const struct fetch_owner *owner;
    struct ask *asks[ASKS_MAX];
    unsigned count;
    struct ask *gathered; /* not sent yet: none of those above */
    uint32_t requests;    /* the number of the last one */
    bool stopping;
    bool blocked;   /* until an ask has ended, or a peer has come */
    bool eager;     /* those that wait for their next try, too */
    bool look;      /* a walk through the wants is under way */
    bool look_more; /* and another is due after it */
    bool has_after;
    struct store_want after; /* the last that the walk has seen */
    struct rate rate;
    uint16_t marks[MARKS]; /* pieces by the beginning of their root */
};

enum err fetch_small_open(struct fetch_small **out, struct node *node,
                          struct transfer *transfer,
                          const struct fetch_owner *owner)
{
    struct fetch_small *s = calloc(1, sizeof *s);

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->node = node;
    s->transfer = transfer;
    s->owner = owner;
    *out = s;
    return ERR_OK;
}

void fetch_small_free(struct fetch_small *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < s->count; i++)
        free(s->asks[i]);
    free(s);
}

/* Pieces that wait for the writer hold a pointer to their ask. */
static bool waits_for_writer(const struct ask *ask)
{
    for (unsigned i = 0; i < ask->asked.next; i++)
        if (!ask->pieces[i].settled)
            return true;
    return false;
}

bool fetch_small_is_idle(const struct fetch_small *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (waits_for_writer(s->asks[i]))
            return false;
    return true;
}

static uint64_t now_ms(const struct fetch_small *s)
{
    return uv_now(node_loop(s->node));
}

/* ---- The end of an ask -------------------------------------------------- */

/* Goes with its last piece, unless its peer may still answer. */
static void ask_settle(struct fetch_small *s, struct ask *ask)
{
    unsigned i = 0;

    if (ask->open > 0 || (ask->conn != 0 && ask->asked.next < ask->asked.count))
        return;
    while (s->asks[i] != ask)
        i++;
    s->blocked = false;
    s->asks[i] = s->asks[--s->count];
    free(ask);
}

static uint16_t *mark_of(struct fetch_small *s, const struct blob_id *blob)
{
    return &s->marks[(unsigned)blob->root[0] << 8 | blob->root[1]];
}

static void settle(struct piece *piece)
{
    struct ask *ask = piece->ask;
    struct fetch_small *s = ask->small;

    --*mark_of(s, &piece->want.blob);
    s->blocked = false;
    piece->settled = true;
    ask->open--;
    ask->coming.bytes -= piece->want.blob.size;
    if (piece->is_strangers)
        ask->coming.strangers_bytes -= piece->want.blob.size;
}

/* What has not come will be tried again later, perhaps of somebody else. */
static void give_up(struct fetch_small *s, struct ask *ask)
{
    for (unsigned i = ask->asked.next; i < ask->asked.count; i++) {
        if (ask->pieces[i].settled)
            continue;
        settle(&ask->pieces[i]);
        if (!s->stopping)
            s->owner->put_off(s->transfer, &ask->pieces[i].want);
    }
    ask->is_late = true;
}

void fetch_small_peer_gone(struct fetch_small *s, const struct conn *conn)
{
    for (unsigned i = s->count; i > 0; i--) {
        struct ask *ask = s->asks[i - 1];

        if (ask->conn != conn_number(conn))
            continue;
        ask->conn = 0;
        give_up(s, ask);
        ask_settle(s, ask);
    }
}

void fetch_small_shutdown(struct fetch_small *s)
{
    s->stopping = true;
    s->look = false;
    for (unsigned i = s->count; i > 0; i--) {
        s->asks[i - 1]->conn = 0;
        give_up(s, s->asks[i - 1]);
        ask_settle(s, s->asks[i - 1]);
    }
}

/* Of those that are late, the one of which nothing was heard for longest. */
static struct ask *most_late(const struct fetch_small *s)
{
    struct ask *found = NULL;

    for (unsigned i = 0; i < s->count; i++) {
        struct ask *ask = s->asks[i];

        if (ask->is_late && ask->conn != 0 &&
            ask->asked.next < ask->asked.count &&
            (found == NULL || ask->heard_ms < found->heard_ms))
            found = ask;
    }
    return found;
}

/* Peers that never answer do not keep the places of those that do. */
static void make_place(struct fetch_small *s)
{
    struct ask *ask = s->count == ASKS_MAX ? most_late(s) : NULL;
    struct conn *c =
        ask == NULL ? NULL : peers_find(node_peer_table(s->node), ask->conn);

    if (c != NULL && conn_is_open(c))
        conn_close(c, ERR_TIMEOUT);
}

void fetch_small_tick(struct fetch_small *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct ask *ask = s->asks[i];

        if (!ask->is_late && ask->asked.next < ask->asked.count &&
            now_ms(s) - ask->heard_ms >= BLOB_TIMEOUT_MS)
            give_up(s, ask); /* it stays, for answers that still come */
    }
    make_place(s);
}

/* ---- Asking ------------------------------------------------------------- */

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

static bool is_asked(struct fetch_small *s, const struct store_want *want)
{
    if (*mark_of(s, &want->blob) == 0)
        return false;
    for (unsigned i = 0; i < s->count; i++) {
        const struct ask *ask = s->asks[i];

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
static enum err ask_send(struct fetch_small *s, struct ask *ask, struct conn *c)
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
    ask->heard_ms = now_ms(s);
    return conn_queue(c, FRAME_BLOB_MANY, writer_view(&w));
}

static void ask_add(struct ask *ask, const struct store_want *want,
                    const struct quota_claim *claim)
{
    struct piece *piece = &ask->pieces[ask->asked.count];

    *piece = (struct piece){ .ask = ask,
                             .want = *want,
                             .is_strangers = claim->is_strangers };
    memcpy(ask->pledge, claim->pledge, ID_LEN);
    ask->coming.bytes += want->blob.size;
    if (claim->is_strangers)
        ask->coming.strangers_bytes += want->blob.size;
    ask->asked.ids[ask->asked.count++] = want->blob;
    ++*mark_of(ask->small, &want->blob);
    ask->bytes += want->blob.size;
    ask->open++;
}

/* Of what was gathered nothing is reserved before there is room for it. */
static void gather_end(struct fetch_small *s, struct conn *conn)
{
    struct ask *ask = s->gathered;
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
    give_up(s, ask);
    ask_settle(s, ask);
}

/* Whether one ask can have it with what was gathered. */
static bool goes_with(const struct ask *ask, const struct store_want *want,
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
        if (*conn == NULL || s->count == ASKS_MAX)
            return false;
        s->gathered = calloc(1, sizeof *s->gathered);
        if (s->gathered == NULL)
            return false;
        s->gathered->small = s;
    }
    ask_add(s->gathered, want, &claim);
    return true;
}

uint64_t fetch_small_reserved(const struct fetch_small *s)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < s->count; i++)
        bytes += s->asks[i]->coming.bytes;
    return bytes;
}

static void add_coming(struct room_coming *out, const struct ask *ask,
                       const uint8_t pledge[ID_LEN])
{
    if (ask == NULL || memcmp(ask->pledge, pledge, ID_LEN) != 0)
        return;
    out->bytes += ask->coming.bytes;
    out->strangers_bytes += ask->coming.strangers_bytes;
}

void fetch_small_coming(const struct fetch_small *s,
                        const uint8_t pledge[ID_LEN], struct room_coming *out)
{
    add_coming(out, s->gathered, pledge);
    for (unsigned i = 0; i < s->count; i++)
        add_coming(out, s->asks[i], pledge);
}

void fetch_small_reclaim(struct fetch_small *s, const uint8_t topic[ID_LEN],
                         const uint8_t pledge[ID_LEN])
{
    for (unsigned i = 0; i < s->count; i++)
        if (memcmp(s->asks[i]->pieces[0].want.topic, topic, ID_LEN) == 0)
            memcpy(s->asks[i]->pledge, pledge, ID_LEN);
}

void fetch_small_look(struct fetch_small *s, bool eager)
{
    s->blocked = false;
    s->eager = s->eager || eager;
    if (s->look)
        s->look_more = true;
    s->look = !s->stopping;
}

static void walk_end(struct fetch_small *s)
{
    s->has_after = false;
    s->look = s->look_more;
    s->look_more = false;
    s->eager = s->eager && s->look;
}

void fetch_small_flush(struct fetch_small *s)
{
    static struct store_want wants[WANTS_PAGE]; /* the loop alone is here */
    uint64_t until = s->eager ? UINT64_MAX : node_clock_ms(s->node);
    struct conn *conn = NULL;
    bool goes_on = true;

    if (throttle_ask_ms(node_throttle(s->node), &s->rate) > now_ms(s))
        return; /* the tick comes by again */
    for (unsigned seen = 0;
         s->look && !s->blocked && goes_on && seen < TURN_WANTS;) {
        size_t n = 0;

        if (store_wants_due_small(node_store(s->node), until,
                                  s->has_after ? &s->after : NULL, wants,
                                  WANTS_PAGE, &n) != ERR_OK ||
            n == 0) {
            walk_end(s);
            break;
        }
        for (size_t i = 0; i < n && goes_on; i++) {
            goes_on = gather(s, &conn, &wants[i]);
            if (goes_on) {
                s->after = wants[i];
                s->has_after = true;
            }
        }
        seen += (unsigned)n;
    }
    gather_end(s, conn);
    s->blocked = s->blocked || !goes_on;
}

/* ---- Answers ------------------------------------------------------------ */

static void on_stored(void *context, enum err e,
                      const struct store_result *result)
{
    struct piece *piece = context;
    struct ask *ask = piece->ask;
    struct fetch_small *s = ask->small;

    (void)result;
    settle(piece);
    if (e == ERR_OK)
        s->owner->held(s->transfer, &piece->want);
    else if (!s->stopping)
        s->owner->put_off(s->transfer, &piece->want);
    ask_settle(s, ask);
}

/* Held for the topic, whose it is, and no longer wanted, in one batch or more
 * in order. */
static enum err store(struct fetch_small *s, struct piece *piece,
                      struct bytes content)
{
    struct commits *commits = node_commits(s->node);
    const struct store_want *want = &piece->want;
    struct store_batch *batch;
    struct blob_id id;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = blobs_put_inline(batch, want->topic, content, &id);
    if (e != ERR_OK)
        return e;
    commits_expect(commits, NULL, NULL);
    if (piece->is_strangers) {
        e = commits_batch(commits, &batch);
        if (e == ERR_OK)
            e = keep_put_mark(batch, &want->blob, want->topic, true);
        if (e != ERR_OK)
            return e;
        commits_expect(commits, NULL, NULL);
    }
    e = commits_batch(commits, &batch);
    if (e == ERR_OK)
        e = store_batch_unwant(batch, &want->blob, want->topic);
    if (e == ERR_OK)
        commits_expect(commits, on_stored, piece);
    return e;
}

/* One answer: an error is the peer's. */
static enum err take(struct fetch_small *s, struct piece *piece,
                     struct bytes content)
{
    enum err e;

    if (piece->settled) /* late: it is somebody else's by now */
        return ERR_OK;
    e = content.data == NULL
            ? ERR_NOT_HELD
            : blob_small_verify(thread_lanes(), &piece->want.blob, content);
    if (e == ERR_OK)
        e = store(s, piece, content);
    if (e == ERR_OK)
        return ERR_OK;
    settle(piece);
    s->owner->put_off(s->transfer, &piece->want);
    return e == ERR_BAD_BLOB ? e : ERR_OK;
}

static struct ask *find_ask(struct fetch_small *s, uint64_t conn,
                            uint32_t request)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->asks[i]->conn == conn && s->asks[i]->asked.request == request &&
            s->asks[i]->asked.next < s->asks[i]->asked.count)
            return s->asks[i];
    return NULL;
}

/* Each wrong blob counts: with the second the connection ends. */
static void tell_lies(struct fetch_small *s, struct conn *c, unsigned lies)
{
    log_event(LOG_LEVEL_WARN, "blob", "provider_lied",
              "source=%llu blobs=%u why=%s", (unsigned long long)conn_number(c),
              lies, err_name(ERR_BAD_BLOB));
    for (unsigned i = 0; i < lies && conn_is_open(c); i++)
        peers_lied(node_peer_table(s->node), conn_number(c), ERR_BAD_BLOB);
}

enum err fetch_small_recv(struct fetch_small *s, struct conn *c,
                          struct bytes payload)
{
    struct blob_small small;
    struct bytes content;
    struct ask *ask;
    unsigned at = 0;
    unsigned lies = 0;
    enum err e = blob_small_decode(&small, payload);

    if (e != ERR_OK || s->stopping)
        return e;
    ask = find_ask(s, conn_number(c), small.request);
    if (ask == NULL)
        return ERR_NOT_ASKED;
    e = blob_asked_take(&ask->asked, &at, &small);
    if (e != ERR_OK)
        return e;
    ask->heard_ms = now_ms(s);
    throttle_received(node_throttle(s->node), &s->rate, payload.len);
    while (blob_small_next(&small.entries, &content))
        lies += take(s, &ask->pieces[at++], content) == ERR_OK ? 0 : 1;
    ask_settle(s, ask);
    if (lies > 0)
        tell_lies(s, c, lies);
    return ERR_OK;
}
