/* Small blobs: what is on its way, what comes, what goes. */
#include "daemon/fetch_small_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/throttle.h"
#include "store/keep.h"
#include "store/thread_hash.h"

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
static bool waits_for_writer(const struct small_ask *ask)
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

/* ---- The end of an ask -------------------------------------------------- */

void small_ask_settle(struct fetch_small *s, struct small_ask *ask)
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

static void settle(struct small_piece *piece)
{
    struct small_ask *ask = piece->ask;
    struct fetch_small *s = ask->small;

    --*small_mark_of(s, &piece->want.blob);
    s->blocked = false;
    piece->settled = true;
    ask->open--;
    ask->coming.bytes -= piece->want.blob.size;
    if (piece->is_strangers)
        ask->coming.strangers_bytes -= piece->want.blob.size;
}

void small_ask_give_up(struct fetch_small *s, struct small_ask *ask)
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
        struct small_ask *ask = s->asks[i - 1];

        if (ask->conn != conn_number(conn))
            continue;
        ask->conn = 0;
        small_ask_give_up(s, ask);
        small_ask_settle(s, ask);
    }
}

void fetch_small_shutdown(struct fetch_small *s)
{
    s->stopping = true;
    s->walk.is_on = false;
    for (unsigned i = s->count; i > 0; i--) {
        s->asks[i - 1]->conn = 0;
        small_ask_give_up(s, s->asks[i - 1]);
        small_ask_settle(s, s->asks[i - 1]);
    }
}

/* Of those that are late, the one of which nothing was heard for longest. */
static struct small_ask *most_late(const struct fetch_small *s)
{
    struct small_ask *found = NULL;

    for (unsigned i = 0; i < s->count; i++) {
        struct small_ask *ask = s->asks[i];

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
    struct small_ask *ask = s->count == SMALL_ASKS ? most_late(s) : NULL;
    struct conn *c =
        ask == NULL ? NULL : peers_find(node_peer_table(s->node), ask->conn);

    if (c != NULL && conn_is_open(c))
        conn_close(c, ERR_TIMEOUT);
}

void fetch_small_tick(struct fetch_small *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct small_ask *ask = s->asks[i];

        if (!ask->is_late && ask->asked.next < ask->asked.count &&
            small_now_ms(s) - ask->heard_ms >= BLOB_TIMEOUT_MS)
            small_ask_give_up(s,
                              ask); /* it stays, for answers that still come */
    }
    make_place(s);
}

/* ---- Questions ---------------------------------------------------------- */

uint64_t fetch_small_reserved(const struct fetch_small *s)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < s->count; i++)
        bytes += s->asks[i]->coming.bytes;
    return bytes;
}

static void add_coming(struct room_coming *out, const struct small_ask *ask,
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

/* ---- Answers ------------------------------------------------------------ */

static void on_stored(void *context, enum err e,
                      const struct store_result *result)
{
    struct small_piece *piece = context;
    struct small_ask *ask = piece->ask;
    struct fetch_small *s = ask->small;

    (void)result;
    settle(piece);
    if (e == ERR_OK)
        s->owner->held(s->transfer, &piece->want);
    else if (!s->stopping)
        s->owner->put_off(s->transfer, &piece->want);
    small_ask_settle(s, ask);
}

/* Held for the topic, whose it is, and no longer wanted, in one batch or more
 * in order. */
static enum err store(struct fetch_small *s, struct small_piece *piece,
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
static enum err take(struct fetch_small *s, struct small_piece *piece,
                     struct bytes content)
{
    enum err e;

    if (piece->settled) /* late: it is somebody else's by now */
        return ERR_OK;
    e = content.data == NULL ? ERR_NOT_HELD
                             : blob_small_verify(thread_multi_hash(),
                                                 &piece->want.blob, content);
    if (e == ERR_OK)
        e = store(s, piece, content);
    if (e == ERR_OK)
        return ERR_OK;
    settle(piece);
    s->owner->put_off(s->transfer, &piece->want);
    return e == ERR_BAD_BLOB ? e : ERR_OK;
}

static struct small_ask *find_ask(struct fetch_small *s, uint64_t conn,
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
    struct small_ask *ask;
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
    ask->heard_ms = small_now_ms(s);
    throttle_received(node_throttle(s->node), &s->rate, payload.len);
    while (blob_small_next(&small.entries, &content))
        lies += take(s, &ask->pieces[at++], content) == ERR_OK ? 0 : 1;
    small_ask_settle(s, ask);
    if (lies > 0)
        tell_lies(s, c, lies);
    return ERR_OK;
}
