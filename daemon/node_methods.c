#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address_book.h"
#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/dial.h"
#include "daemon/done.h"
#include "daemon/exports.h"
#include "daemon/ingest.h"
#include "daemon/interest.h"
#include "daemon/leases.h"
#include "daemon/peers.h"
#include "daemon/transfer.h"

/* What node.h offers to control methods: each is handed to the part it is of.
 */

void node_publish_record(struct node *n, const struct record *record,
                         node_published_fn *done, void *context)
{
    ingest_publish_record(node_ingest(n), record, done, context);
}

void node_publish(struct node *n, struct bytes record, node_published_fn *done,
                  void *context)
{
    ingest_publish(node_ingest(n), record, done, context);
}

void node_import(struct node *n, struct bytes records, node_imported_fn *done,
                 void *context)
{
    ingest_import(node_ingest(n), records, false, done, context);
}

void node_import_judged(struct node *n, struct bytes records,
                        node_imported_fn *done, void *context)
{
    ingest_import(node_ingest(n), records, true, done, context);
}

void node_apply(struct node *n, struct store_batch *take, node_applied_fn *done,
                void *context)
{
    commits_give(node_commits(n), take, done, context);
}

/* ---- Topics ------------------------------------------------------------- */

/* A change of what is held, until it is durable. */
struct change {
    struct node *node;
    node_done_fn *done;
    void *context;
    bool is_given_up;
    uint8_t topic[ID_LEN];
};

static void on_changed(void *context, enum err e,
                       const struct store_result *result)
{
    struct change *change = context;

    (void)result;
    if (change->is_given_up)
        interest_given_up(node_interest(change->node), change->topic,
                          e == ERR_OK);
    if (e == ERR_OK && change->is_given_up)
        leases_take_back(node_leases(change->node), change->topic);
    if (e == ERR_OK) {
        transfer_topic_changed(node_transfer(change->node), change->topic);
        node_topics_changed(change->node);
    }
    if (change->done != NULL)
        change->done(change->context, e);
    free(change);
}

/* `follow` NULL: unfollow. */
static void change_topic(struct node *n, const uint8_t topic[ID_LEN],
                         const struct store_follow *follow, node_done_fn *done,
                         void *context)
{
    struct change *change = calloc(1, sizeof *change);
    struct store_batch *batch;
    enum err e = ERR_NO_MEMORY;

    if (change != NULL)
        e = follow != NULL ? ERR_OK
                           : interest_giving_up(node_interest(n), topic);
    if (e == ERR_OK)
        e = commits_batch(node_commits(n), &batch);
    if (e == ERR_OK)
        e = follow != NULL ? store_batch_follow(batch, follow)
                           : store_batch_unfollow(batch, topic);
    if (e != ERR_OK) {
        if (follow == NULL)
            interest_given_up(node_interest(n), topic, false);
        free(change);
        if (done != NULL)
            done(context, e);
        return;
    }
    change->node = n;
    change->done = done;
    change->context = context;
    change->is_given_up = follow == NULL;
    memcpy(change->topic, topic, ID_LEN);
    commits_expect(node_commits(n), on_changed, change);
}

void node_follow(struct node *n, const struct store_follow *follow,
                 node_done_fn *done, void *context)
{
    change_topic(n, follow->topic, follow, done, context);
}

void node_follow_also(struct node *n, const uint8_t topic[ID_LEN],
                      node_done_fn *done, void *context)
{
    struct store_follow row = { .policy = STORE_POLICY_FOLLOW,
                                .since_ms = node_clock_ms(n) };
    struct store_follow before;

    memcpy(row.topic, topic, ID_LEN);
    if (memcmp(topic, node_board(n), ID_LEN) == 0) { /* it is always held */
        done(context, ERR_OK);
    } else if (store_follow_find(node_store(n), topic, &before) != ERR_OK) {
        node_follow(n, &row, done, context);
    } else if (before.policy != STORE_POLICY_SHARE) {
        done(context, ERR_OK);
    } else {
        before.policy = STORE_POLICY_FOLLOW;
        node_follow(n, &before, done, context);
    }
}

void node_unfollow(struct node *n, const uint8_t topic[ID_LEN],
                   node_done_fn *done, void *context)
{
    change_topic(n, topic, NULL, done, context);
}

void node_kept(const struct node *n, const uint8_t topic[ID_LEN],
               struct node_kept *out)
{
    interest_look(node_interest(n), topic, out);
}

/* 1: agrees; 0: does not; -1: does not share the topic. */
static int agrees(struct conn *c, const uint8_t topic[ID_LEN])
{
    struct peer_shared shared[16];
    size_t first = 0;
    size_t n;

    if (!peer_shares(conn_peer(c), topic))
        return -1;
    do {
        n = peer_list_shared(conn_peer(c), shared, first, 16);
        for (size_t i = 0; i < n; i++) {
            if (memcmp(shared[i].topic, topic, ID_LEN) == 0)
                return shared[i].in_sync && shared[i].awaited == 0;
        }
        first += n;
    } while (n == 16);
    return -1;
}

bool node_caught_up(const struct node *n, const uint8_t topic[ID_LEN])
{
    struct peers *peers = node_peer_table(n);
    bool any = false;

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        int answer = agrees(c, topic);

        if (answer == 0)
            return false;
        any = any || answer > 0;
    }
    return any;
}

/* ---- Blobs -------------------------------------------------------------- */

void node_want_blob(struct node *n, const struct blob_id *blob,
                    const uint8_t topic[ID_LEN], node_done_fn *done,
                    void *context)
{
    transfer_want(node_transfer(n), blob, topic, done, context);
}

void node_wants_changed(struct node *n)
{
    transfer_wants_added(node_transfer(n));
}

uint64_t node_blob_progress(const struct node *n, const struct blob_id *blob)
{
    return transfer_progress(node_transfer(n), blob);
}

void node_reader_start(struct node *n, struct node_reader *reader)
{
    transfer_reader_start(node_transfer(n), reader);
}

void node_reader_end(struct node *n, struct node_reader *reader)
{
    transfer_reader_end(node_transfer(n), reader);
}

size_t node_reader_peek(struct node *n, const struct node_reader *reader,
                        uint8_t *out, size_t len)
{
    return transfer_reader_peek(node_transfer(n), reader, out, len);
}

enum err node_copy_begin(struct node *n, struct blob_copy *copy)
{
    return exports_add(node_exports(n), copy);
}

void node_copy_end(struct node *n, struct blob_copy *copy)
{
    exports_remove(node_exports(n), copy);
}

/* ---- Peers -------------------------------------------------------------- */

const char *node_peer_state_name(enum node_peer_state state)
{
    static const char *const names[] = {
        [NODE_PEER_WAITING] = "waiting",
        [NODE_PEER_CONNECTING] = "connecting",
        [NODE_PEER_CONNECTED] = "connected",
        [NODE_PEER_BANNED] = "banned",
    };

    return names[state];
}

static unsigned count_shared(struct conn *c)
{
    struct peer_shared shared[16];
    size_t first = 0;
    size_t n;

    do {
        n = peer_list_shared(conn_peer(c), shared, first, 16);
        first += n;
    } while (n == 16);
    return (unsigned)first;
}

static void describe_connected(const struct node *n, struct conn *c,
                               struct node_peer *out)
{
    const struct address_book_entry *entry =
        address_book_find(node_address_book(n), conn_node(c));

    *out = (struct node_peer){
        .state = NODE_PEER_CONNECTED,
        .dialled_by_us = conn_is_dialled(c),
        .manual = conn_is_manual(c) ||
                  (entry != NULL && (entry->row.flags & STORE_PEER_MANUAL)),
        .path = "direct",
        .topics = count_shared(c),
        .rtt_ms = conn_rtt_ms(c),
    };
    memcpy(out->node, conn_node(c), KEY_LEN);
    conn_address(c, out->address);
}

static void describe_known(const struct node *n,
                           const struct address_book_entry *entry,
                           struct node_peer *out)
{
    bool banned = entry->row.ban_until_ms > node_clock_ms(n);

    *out = (struct node_peer){
        .state = banned            ? NODE_PEER_BANNED
                 : entry->dialling ? NODE_PEER_CONNECTING
                                   : NODE_PEER_WAITING,
        .manual =
            entry->from_config || (entry->row.flags & STORE_PEER_MANUAL) != 0,
        .path = "direct",
        .last_error = entry->last_error,
    };
    memcpy(out->node, entry->row.node, KEY_LEN);
    (void)snprintf(out->address, sizeof out->address, "%s", entry->row.address);
}

size_t node_peers(const struct node *n, struct node_peer *out, size_t max)
{
    struct peers *peers = node_peer_table(n);
    struct address_book_entry *entry;
    size_t count = 0;

    for (struct conn *c = peers_next(peers, NULL); c != NULL && count < max;
         c = peers_next(peers, c))
        describe_connected(n, c, &out[count++]);
    for (size_t i = 0;
         count < max &&
         (entry = address_book_at(node_address_book(n), i)) != NULL;
         i++) {
        if (peers_find_node(peers, entry->row.node) == NULL)
            describe_known(n, entry, &out[count++]);
    }
    return count;
}

size_t node_peers_connected(const struct node *n)
{
    return peers_count(node_peer_table(n));
}

void node_peer_add(struct node *n, const uint8_t id[KEY_LEN],
                   const char *address, node_done_fn *done, void *context)
{
    struct address_parts parts;
    struct address_book_entry *entry;
    enum err e = address_split(&parts, address);

    if (e == ERR_OK && memcmp(id, node_keys(n)->sign.public_key, KEY_LEN) == 0)
        e = ERR_SELF;
    if (e == ERR_OK)
        e = address_book_get(node_address_book(n), &entry, id);
    if (e != ERR_OK) {
        if (done != NULL)
            done(context, e);
        return;
    }
    (void)snprintf(entry->row.address, sizeof entry->row.address, "%s",
                   address);
    entry->row.flags |= STORE_PEER_MANUAL;
    entry->row.ban_until_ms = 0;
    address_book_save(node_address_book(n), entry, done, context);
    dialler_dial(node_dialler(n), id);
}

static void hang_up(struct node *n, const uint8_t id[KEY_LEN], enum err why)
{
    struct conn *c = peers_find_node(node_peer_table(n), id);

    if (c != NULL)
        conn_close(c, why);
}

void node_peer_remove(struct node *n, const uint8_t id[KEY_LEN],
                      node_done_fn *done, void *context)
{
    uint8_t node[KEY_LEN];

    memcpy(node, id, KEY_LEN); /* it may lie in what goes */
    if (address_book_find(node_address_book(n), node) == NULL) {
        if (done != NULL)
            done(context, ERR_NOT_FOUND);
        return;
    }
    address_book_forget(node_address_book(n), node, done, context);
    hang_up(n, node, ERR_CLOSED);
}

void node_peer_ban(struct node *n, const uint8_t id[KEY_LEN], uint64_t until_ms,
                   node_done_fn *done, void *context)
{
    struct address_book_entry *entry;
    enum err e = address_book_get(node_address_book(n), &entry, id);

    if (e != ERR_OK) {
        if (done != NULL)
            done(context, e);
        return;
    }
    entry->row.ban_until_ms = until_ms;
    address_book_save(node_address_book(n), entry, done, context);
    hang_up(n, id, ERR_BANNED);
}
