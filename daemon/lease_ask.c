/*
 * What is asked of peers, one thing at a time of each: the lists of leases,
 * page by page, and leaves of blobs that those lists name (§6.7, §6.8).
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address.h"
#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/lease_parts.h"
#include "daemon/log.h"
#include "daemon/peers.h"

enum {
    /* Whoever passed is challenged again after a day; whose list has changed,
     * after a minute. */
    AGAIN_MS = DAY_MS,
    CHANGED_MS = 60000,
    FAILED_MIN_MS = 60000,
    FAILED_MAX_MS = DAY_MS / 4,
    BUSY_MS = 10000,
    LIST_AGAIN_MS = 30000,
    ASK_SOON_MS = 20,
};

/* ---- The row that is asked about ---------------------------------------- */

/* NULL if it is another lease by now. */
static struct lease_row *asked_row(struct leases *l, const struct lease_peer *p,
                                   struct lease_topic **topic)
{
    struct lease_topic *t = lease_topic_find(l, p->topic);
    struct lease_row *row = t == NULL ? NULL : lease_row_find(t, p->node);

    if (row == NULL || memcmp(row->at.lease.root, p->root, HASH_LEN) != 0)
        return NULL;
    *topic = t;
    return row;
}

/* Ends what is open with the peer. */
static void close_ask(struct leases *l, struct lease_peer *p)
{
    struct lease_topic *t = lease_topic_find(l, p->topic);
    struct lease_row *row = t == NULL ? NULL : lease_row_find(t, p->node);

    if (row != NULL)
        row->is_asked = false;
    p->open = LEASE_NOTHING;
    lease_check_judged(l, p, ERR_CANCELLED);
    lease_wake(l, ASK_SOON_MS);
}

void lease_ask_gone(struct leases *l, struct lease_peer *p)
{
    if (p->open != LEASE_NOTHING)
        close_ask(l, p);
}

static void open_ask(struct leases *l, struct lease_peer *p,
                     enum lease_asked what, const struct lease_topic *t,
                     struct lease_row *row)
{
    p->open = what;
    p->request = ++l->requests;
    p->deadline_ms = lease_now_ms(l) + LEASE_ANSWER_MS;
    memcpy(p->topic, t->topic, ID_LEN);
    memcpy(p->node, row->at.lease.node, KEY_LEN);
    memcpy(p->root, row->at.lease.root, HASH_LEN);
    row->is_asked = true;
}

/* ---- Lists -------------------------------------------------------------- */

static bool send_list_ask(struct lease_peer *p)
{
    struct lease_msg msg = { .type = FRAME_HELD_ASK, .request = p->request };

    memcpy(msg.held_ask.node, p->node, KEY_LEN);
    memcpy(msg.held_ask.root, p->root, HASH_LEN);
    msg.held_ask.what = LEASE_WHAT_PAGE;
    msg.held_ask.page = p->page;
    return peer_tag_of_topic(conn_peer(p->conn), p->topic, msg.tag) &&
           lease_send(p, &msg);
}

/* `names` are in the lists of the topic that are here or on their way. */
static bool try_list(struct leases *l, struct lease_peer *p,
                     struct lease_topic *t, struct lease_row *row,
                     uint64_t names)
{
    uint64_t now_ms = lease_now_ms(l);

    if (row->at.has_list || row->is_bogus || row->is_asked ||
        now_ms < row->list_ms || lease_row_is_own(l, row) || !t->has_named ||
        !t->named.is_whole ||
        !lease_list_fits(t->named.count, names, row->at.lease.count))
        return false;
    /* The node itself if it is here; else whoever may have the list. */
    if (memcmp(conn_node(p->conn), row->at.lease.node, KEY_LEN) != 0 &&
        peers_find_node(node_peer_table(l->node), row->at.lease.node) != NULL)
        return false;
    open_ask(l, p, LEASE_LIST, t, row);
    row->list_ms = now_ms + LIST_AGAIN_MS;
    p->page = 0;
    memset(p->last, 0, sizeof p->last);
    if (!send_list_ask(p))
        close_ask(l, p);
    return p->open != LEASE_NOTHING;
}

/* A list that became durable. */
struct listed {
    struct leases *leases;
    uint8_t topic[ID_LEN];
    uint8_t node[KEY_LEN];
    uint8_t root[HASH_LEN];
};

static void on_listed(void *context, enum err e,
                      const struct store_result *result)
{
    struct listed *d = context;
    struct lease_topic *t = lease_topic_find(d->leases, d->topic);
    struct lease_row *row = t == NULL ? NULL : lease_row_find(t, d->node);

    (void)result;
    if (e == ERR_OK && row != NULL &&
        memcmp(row->at.lease.root, d->root, HASH_LEN) == 0) {
        row->at.has_list = true;
        row->next_ms = 0;
        lease_write_row(d->leases, row);
        lease_uncount(t);
        lease_wake(d->leases, ASK_SOON_MS);
    }
    free(d);
}

/* Puts a page behind those before it; the first one takes the old list away. */
static enum err put_page(struct leases *l, struct lease_peer *p,
                         struct bytes names, bool is_last)
{
    struct commits *commits = node_commits(l->node);
    struct listed *d = NULL;
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK && p->page == 0) {
        e = lease_rows_drop_list(batch, p->topic, p->node);
        if (e == ERR_OK) {
            commits_expect(commits, NULL, NULL);
            e = commits_batch(commits, &batch);
        }
    }
    if (e == ERR_OK && is_last) {
        d = calloc(1, sizeof *d);
        if (d == NULL)
            return ERR_NO_MEMORY;
        d->leases = l;
        memcpy(d->topic, p->topic, ID_LEN);
        memcpy(d->node, p->node, KEY_LEN);
        memcpy(d->root, p->root, HASH_LEN);
    }
    if (e == ERR_OK)
        e = lease_rows_put_page(batch, p->topic, p->node, p->page, names);
    if (e == ERR_OK)
        commits_expect(commits, d == NULL ? NULL : on_listed, d);
    else
        free(d);
    return e;
}

/* The page that was asked for, in order behind the one before it. */
static enum err check_page(const struct lease_peer *p,
                           const struct lease *lease,
                           const struct lease_proof *proof)
{
    enum err e;

    if (proof->first != p->page * LEASE_PAGE ||
        proof->names.len !=
            lease_page_len(lease->count, p->page) * LEASE_NAME_LEN)
        return ERR_BAD_PROOF;
    e = lease_proof_verify(lease, proof);
    if (e == ERR_OK && p->page > 0 &&
        memcmp(p->last, proof->names.data, LEASE_NAME_LEN) >= 0)
        return ERR_MALFORMED; /* the node signed for it, whoever sent it */
    return e;
}

void lease_ask_held(struct leases *l, struct lease_peer *p,
                    const struct lease_msg *msg)
{
    const struct lease_proof *proof = &msg->held.proof;
    struct lease_topic *t;
    struct lease_row *row;
    bool is_last;
    enum err e;

    if (p->open != LEASE_LIST || p->request != msg->request)
        return;
    row = asked_row(l, p, &t);
    if (row == NULL || msg->held.code != ERR_OK) {
        close_ask(l, p);
        return;
    }
    e = check_page(p, &row->at.lease, proof);
    is_last = p->page + 1 == lease_page_count(row->at.lease.count);
    if (e == ERR_OK)
        e = put_page(l, p, proof->names, is_last);
    else
        row->is_bogus = e == ERR_MALFORMED;
    if (e == ERR_OK && !is_last) {
        memcpy(p->last, proof->names.data + proof->names.len - LEASE_NAME_LEN,
               LEASE_NAME_LEN);
        p->page++;
        p->request = ++l->requests;
        p->deadline_ms = lease_now_ms(l) + LEASE_ANSWER_MS;
        if (send_list_ask(p))
            return;
    }
    close_ask(l, p);
}

/* ---- Challenges --------------------------------------------------------- */

/* A blob of the list that has bytes; false if none was drawn. */
static bool draw(struct leases *l, const struct lease_row *row,
                 struct blob_id *out)
{
    const struct lease *lease = &row->at.lease;
    struct writer names = writer_growing(LEASE_PAGE * LEASE_NAME_LEN);
    uint32_t at = randombytes_uniform((uint32_t)lease->count);
    size_t place = at % LEASE_PAGE;
    bool is_drawn =
        lease_rows_names(node_store(l->node), lease->topic, lease->node,
                         at / LEASE_PAGE, &names) == ERR_OK &&
        place < names.len / LEASE_NAME_LEN &&
        lease_name_read(out, names.data + place * LEASE_NAME_LEN) == ERR_OK &&
        out->size > 0;

    writer_free(&names);
    return is_drawn;
}

/* What it could not show, as long as it says that it has it; else any. */
static bool choose(struct leases *l, const struct lease_row *row,
                   struct blob_id *out)
{
    bool found = false;
    uint64_t number;

    if (row->at.failed_ms != 0 &&
        lease_rows_look_up(node_store(l->node), &row->at.lease, &row->at.failed,
                           &found, &number) == ERR_OK &&
        found) {
        *out = row->at.failed;
        return true;
    }
    return draw(l, row, out);
}

static bool is_challenge_due(const struct leases *l,
                             const struct lease_row *row)
{
    uint64_t now_ms = node_clock_ms(l->node);

    if (!row->at.has_list || row->is_asked || row->at.lease.count == 0 ||
        lease_now_ms(l) < row->next_ms ||
        !lease_is_live(&row->at.lease, now_ms))
        return false;
    return row->at.challenged_ms == 0 || row->at.failed_ms != 0 ||
           row->at.challenged_ms > now_ms ||
           now_ms - row->at.challenged_ms >= AGAIN_MS ||
           (now_ms - row->at.challenged_ms >= CHANGED_MS &&
            memcmp(row->at.root, row->at.lease.root, HASH_LEN) != 0);
}

/* A random leaf of the peer's blob. */
static bool challenge(struct leases *l, struct lease_peer *p,
                      struct lease_topic *t, struct lease_row *row)
{
    struct lease_msg msg = { .type = FRAME_CHALLENGE };
    uint64_t leaves = blob_leaf_count(p->blob.size);

    p->leaf =
        ((uint64_t)randombytes_random() << 32 | randombytes_random()) % leaves;
    open_ask(l, p, LEASE_LEAF, t, row);
    msg.request = p->request;
    msg.challenge.blob = p->blob;
    msg.challenge.leaf = p->leaf;
    if (!peer_tag_of_topic(conn_peer(p->conn), t->topic, msg.tag) ||
        !lease_send(p, &msg)) {
        lease_check_judged(l, p, ERR_BUSY); /* there is no room */
        close_ask(l, p);
    }
    return p->open != LEASE_NOTHING;
}

static bool try_challenge(struct leases *l, struct lease_peer *p,
                          struct lease_topic *t, struct lease_row *row)
{
    if (memcmp(conn_node(p->conn), row->at.lease.node, KEY_LEN) != 0 ||
        !is_challenge_due(l, row))
        return false;
    if (!choose(l, row, &p->blob)) {
        row->next_ms = lease_now_ms(l) + BUSY_MS; /* the empty blob, likely */
        return false;
    }
    return challenge(l, p, t, row);
}

/* One that somebody waits for, whatever is due. */
static bool try_check(struct leases *l, struct lease_peer *p)
{
    struct lease_topic *t;
    struct lease_row *row = lease_check_next(l, p, &t);

    return row != NULL && challenge(l, p, t, row);
}

static void passed(struct leases *l, const struct lease_peer *p,
                   struct lease_row *row)
{
    /* Who could not show one file is not cleared by another, chosen here. */
    if (p->checks != NULL && row->at.failed_ms != 0 &&
        !blob_id_equal(&row->at.failed, &p->blob))
        return;
    row->at.challenged_ms = node_clock_ms(l->node);
    row->at.failed_ms = 0;
    row->at.network = address_network(conn_sockaddr(p->conn));
    memcpy(row->at.root, row->at.lease.root, HASH_LEN);
    row->failures = 0;
}

static void failed(struct leases *l, const struct lease_peer *p,
                   struct lease_row *row, const char *why)
{
    uint64_t wait_ms = FAILED_MIN_MS;

    for (unsigned i = 0; i < row->failures && wait_ms < FAILED_MAX_MS; i++)
        wait_ms *= 2;
    row->failures++;
    row->at.failed_ms = node_clock_ms(l->node);
    row->at.failed = p->blob;
    row->next_ms = lease_now_ms(l) + wait_ms;
    log_event(LOG_LEVEL_WARN, "lease", "challenge_failed",
              "node=%s root=%s why=%s", log_id(p->node).text,
              log_id(p->blob.root).text, why);
}

static void judge(struct leases *l, struct lease_peer *p, enum err e)
{
    struct lease_topic *t;
    struct lease_row *row = asked_row(l, p, &t);

    if (row == NULL) { /* it has said something else meanwhile */
        lease_check_judged(l, p, ERR_NOT_FOUND);
        close_ask(l, p);
        return;
    }
    if (e == ERR_BUSY || e == ERR_NO_MEMORY) {
        row->next_ms = lease_now_ms(l) + BUSY_MS;
    } else {
        if (e == ERR_OK)
            passed(l, p, row);
        else
            failed(l, p, row, err_name(e));
        lease_write_row(l, row);
        lease_uncount(t);
    }
    lease_check_judged(l, p, e);
    close_ask(l, p);
}

void lease_ask_leaf(struct leases *l, struct lease_peer *p,
                    const struct lease_msg *msg)
{
    enum err e = msg->leaf.code;

    if (p->open != LEASE_LEAF || p->request != msg->request)
        return;
    if (e == ERR_OK)
        e = leaf_proof_verify(&p->blob, p->leaf, msg->leaf.bytes,
                              msg->leaf.siblings);
    judge(l, p, e);
}

/* ---- What is due -------------------------------------------------------- */

static void look_at_deadline(struct leases *l, struct lease_peer *p)
{
    if (p->open == LEASE_NOTHING || lease_now_ms(l) < p->deadline_ms)
        return;
    if (p->open == LEASE_LEAF)
        judge(l, p, ERR_TIMEOUT);
    else
        close_ask(l, p);
}

static void look_for(struct leases *l, struct lease_peer *p)
{
    if (try_check(l, p))
        return;
    for (struct lease_topic *t = l->topics; t != NULL; t = t->next) {
        uint64_t names;

        if (!t->is_held || !peer_shares(conn_peer(p->conn), t->topic))
            continue;
        names = lease_table_names(t);
        for (size_t i = 0; i < t->count; i++)
            if (try_list(l, p, t, &t->rows[i], names) ||
                try_challenge(l, p, t, &t->rows[i]))
                return;
    }
}

void lease_ask_look(struct leases *l)
{
    for (size_t i = 0; i < LEASE_PEERS_MAX; i++) {
        struct lease_peer *p = &l->peers[i];

        if (p->conn == NULL)
            continue;
        look_at_deadline(l, p);
        if (p->open == LEASE_NOTHING)
            look_for(l, p);
    }
    lease_check_look(l);
}
