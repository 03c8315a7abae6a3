/* Leases: the topics that have them, the timer, the events, and what comes in
 * from peers. */
#include "daemon/leases.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/lease_parts.h"
#include "daemon/log.h"
#include "daemon/topics.h"

/* How often it is looked at what is due, with peers and without; and how long
 * other work has its turn between two steps of a walk. */
enum { BUSY_MS = 500, IDLE_MS = 10000, WALK_MS = 2, SOON_MS = 50 };

static void on_timer(uv_timer_t *timer);

void lease_wake(struct leases *l, uint64_t wait_ms)
{
    if (l->is_stopping)
        return;
    if (!uv_is_active((uv_handle_t *)&l->timer) ||
        uv_timer_get_due_in(&l->timer) > wait_ms)
        (void)uv_timer_start(&l->timer, on_timer, wait_ms, 0);
}

/* ---- Topics ------------------------------------------------------------- */

static void mark_held(struct leases *l, const uint8_t topic[ID_LEN],
                      bool is_seeded)
{
    struct lease_topic *t = lease_topic_get(l, topic);

    if (t == NULL)
        return;
    t->is_held = true;
    t->is_seeded = is_seeded;
}

/* Which topics are held now; what is known of others goes. */
static void look_at_topics(struct leases *l)
{
    enum { PAGE = 64 };
    const struct person_keys *person = node_person(l->node);
    struct store_follow page[PAGE];
    uint8_t last[ID_LEN];
    size_t n = PAGE;

    for (struct lease_topic *t = l->topics; t != NULL; t = t->next)
        t->is_held = false;
    if (person != NULL)
        mark_held(l, person->person, false);
    for (const uint8_t *after = NULL; n == PAGE; after = last) {
        if (store_follows(node_store(l->node), after, page, PAGE, &n) != ERR_OK)
            return;
        for (size_t i = 0; i < n; i++)
            if (memcmp(page[i].topic, node_board(l->node), ID_LEN) != 0)
                mark_held(l, page[i].topic,
                          page[i].policy != STORE_POLICY_FOLLOW ||
                              store_follow_shares(&page[i]));
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
    }
    for (struct lease_topic **at = &l->topics; *at != NULL;) {
        struct lease_topic *t = *at;

        if (t->is_held || t->is_writing) {
            at = &t->next;
            continue;
        }
        while (t->count > 0)
            lease_drop_row(l, t, t->count - 1);
        named_wipe(&t->named);
        free(t->rows);
        *at = t->next;
        free(t);
    }
}

/* ---- Frames ------------------------------------------------------------- */

struct lease_peer *lease_peer_of(struct leases *l, const struct conn *conn)
{
    for (size_t i = 0; i < LEASE_PEERS_MAX; i++)
        if (l->peers[i].conn == conn)
            return &l->peers[i];
    return NULL;
}

/* One lease that a peer brought. */
static enum err take_one(struct leases *l, struct lease_peer *p,
                         const uint8_t topic[ID_LEN], struct bytes bytes)
{
    struct lease_topic *t = lease_topic_find(l, topic);
    struct lease_row *row;
    struct lease lease;
    enum err e = lease_read(&lease, bytes);

    if (e != ERR_OK)
        return e;
    if (t == NULL || !t->is_held || memcmp(lease.topic, topic, ID_LEN) != 0 ||
        !lease_is_live(&lease, node_clock_ms(l->node)) ||
        memcmp(lease.node, node_keys(l->node)->sign.public_key, KEY_LEN) == 0)
        return ERR_OK;
    row = lease_row_find(t, lease.node);
    if (row != NULL && !lease_is_newer(&lease, &row->at.lease))
        return ERR_OK; /* the signature need not be looked at */
    if (!lease_meter_take(&p->brought, LEASES_BURST_MAX, LEASES_PER_SEC,
                          lease_now_ms(l)))
        return ERR_OK;
    e = lease_verify(bytes, node_network(l->node));
    if (e != ERR_OK)
        return e;
    if (lease_take(l, t, &lease, bytes)) {
        lease_pass_on(l, &lease_row_find(t, lease.node)->at, p);
        lease_wake(l, SOON_MS);
    }
    return ERR_OK;
}

static enum err take_leases(struct leases *l, struct lease_peer *p,
                            const struct lease_msg *msg)
{
    struct reader r = reader_of(msg->leases);
    uint8_t topic[ID_LEN];
    struct bytes one;
    enum err e = ERR_OK;

    if (!peer_topic_of_tag(conn_peer(p->conn), msg->tag, topic))
        return ERR_OK; /* it has just ceased to be shared */
    if (lease_topic_find(l, topic) == NULL)
        look_at_topics(l); /* it has just begun to be held */
    while (e == ERR_OK && lease_msg_next(&r, &one))
        e = take_one(l, p, topic, one);
    return e;
}

enum err leases_recv(struct leases *l, struct conn *conn,
                     const struct frame *frame)
{
    struct lease_peer *p = lease_peer_of(l, conn);
    struct lease_msg msg;
    enum err e =
        lease_msg_decode(&msg, (enum frame_type)frame->type, frame->payload);

    if (e != ERR_OK || p == NULL || l->is_stopping)
        return e;
    switch (msg.type) {
    case FRAME_LEASES:
        return take_leases(l, p, &msg);
    case FRAME_HELD_ASK:
        lease_answer_held(l, p, &msg);
        break;
    case FRAME_HELD:
        lease_ask_held(l, p, &msg);
        break;
    case FRAME_CHALLENGE:
        lease_answer_challenge(l, p, &msg);
        break;
    default:
        lease_ask_leaf(l, p, &msg);
        break;
    }
    return ERR_OK;
}

/* ---- Peers -------------------------------------------------------------- */

void leases_peer_changed(struct leases *l, struct conn *conn)
{
    struct lease_peer *p = lease_peer_of(l, conn);

    if (p == NULL)
        p = lease_peer_of(l, NULL);
    if (p == NULL || l->is_stopping)
        return; /* more than there can be: it is told nothing */
    if (p->conn == NULL) {
        memset(p, 0, sizeof *p);
        p->conn = conn;
        p->number = conn_number(conn);
    }
    lease_tell(l, p);
    lease_wake(l, SOON_MS);
}

void leases_peer_gone(struct leases *l, struct conn *conn)
{
    struct lease_peer *p = lease_peer_of(l, conn);

    if (p == NULL)
        return;
    lease_ask_gone(l, p);
    lease_forget_told(p);
    memset(p, 0, sizeof *p);
}

/* ---- Time --------------------------------------------------------------- */

static void mark_dirty(struct leases *l, struct lease_topic *t)
{
    t->is_dirty = true;
    t->dirty_ms = lease_now_ms(l);
    lease_uncount(t);
}

void lease_look_at_changes(struct leases *l)
{
    uint8_t topics[LEASE_ROWS_CHANGED_MAX][ID_LEN];
    struct lease_topic *t;
    size_t n;

    if (!lease_rows_changed(node_store(l->node), topics, &n))
        for (t = l->topics; t != NULL; t = t->next)
            mark_dirty(l, t);
    for (size_t i = 0; i < n; i++) {
        t = lease_topic_find(l, topics[i]);
        if (t != NULL)
            mark_dirty(l, t);
    }
}

/* Its owner may wish otherwise now. */
static void look_at_config(struct leases *l)
{
    bool tells = node_config(l->node)->tell_leases;

    for (struct lease_topic *t = l->topics; t != NULL && tells != l->tells;
         t = t->next)
        mark_dirty(l, t);
    l->tells = tells;
}

/* Some of a walk; true while there is more. */
static bool walk(struct leases *l)
{
    for (struct lease_topic *t = l->topics; t != NULL; t = t->next) {
        if ((t->has_named && t->named.is_whole) ||
            (t->count == 0 && !t->is_asked))
            continue; /* nobody has anything of it */
        if (!t->has_named)
            named_init(&t->named, t->topic);
        t->has_named = true;
        if (named_walk(&t->named, l->node) != ERR_OK) {
            named_wipe(&t->named); /* again from the beginning, later */
            t->has_named = false;
            t->count_again_ms = 0;
            return false;
        }
        lease_uncount(t);
        return true;
    }
    return false;
}

/* A lease that is over stays for a while, so that it can be said so. */
static void forget_old(struct leases *l)
{
    uint64_t now_ms = node_clock_ms(l->node);

    for (struct lease_topic *t = l->topics; t != NULL; t = t->next)
        for (size_t i = t->count; i-- > 0;)
            if (now_ms > t->rows[i].at.lease.until_ms + LEASE_LIVE_MS)
                lease_drop_row(l, t, i);
}

static bool has_peers(const struct leases *l)
{
    for (size_t i = 0; i < LEASE_PEERS_MAX; i++)
        if (l->peers[i].conn != NULL)
            return true;
    return false;
}

static void on_timer(uv_timer_t *timer)
{
    struct leases *l = timer->data;
    bool more = walk(l);

    if (!more) {
        look_at_topics(l);
        lease_look_at_changes(l);
        look_at_config(l);
        for (struct lease_topic *t = l->topics; t != NULL; t = t->next)
            lease_own_look(l, t);
        lease_ask_look(l);
        for (size_t i = 0; i < LEASE_PEERS_MAX; i++)
            if (l->peers[i].conn != NULL)
                lease_tell(l, &l->peers[i]);
    }
    lease_wake(l, more ? WALK_MS : has_peers(l) ? BUSY_MS : IDLE_MS);
}

void leases_tick(struct leases *l)
{
    if (l->is_stopping)
        return;
    forget_old(l);
    lease_wake(l, 0);
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    struct leases *l = (struct leases *)listener;
    struct lease_topic *t;

    if (event->type == NODE_EVENT_BLOB) {
        t = lease_topic_find(l, event->topic);
        if (t != NULL)
            mark_dirty(l, t);
        lease_wake(l, BUSY_MS);
    } else if (event->type == NODE_EVENT_RECORD) {
        lease_wake(l, BUSY_MS); /* its files may have been imported */
    }
}

void leases_record_added(struct leases *l, const struct record *record)
{
    struct lease_topic *t = lease_topic_find(l, record->topic);

    if (t == NULL || !t->has_named)
        return; /* the walk will see it */
    if (named_take(&t->named, l->node, record) != ERR_OK) {
        named_wipe(&t->named);
        t->has_named = false;
        t->count_again_ms = 0;
    }
    lease_uncount(t);
}

/* ---- Life --------------------------------------------------------------- */

/* Rows of an earlier run; those of topics not held any more go soon. */
static enum err load(struct leases *l)
{
    enum { PAGE = 32 };
    struct store_lease *page = calloc(PAGE, sizeof *page);
    uint8_t topic[ID_LEN];
    uint8_t node[KEY_LEN];
    bool is_first = true;
    size_t n = PAGE;
    enum err e = page == NULL ? ERR_NO_MEMORY : ERR_OK;

    while (e == ERR_OK && n == PAGE) {
        e = lease_rows_page(node_store(l->node), is_first ? NULL : topic, node,
                            page, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            struct lease_topic *t = lease_topic_get(l, page[i].lease.topic);
            struct lease_row *row =
                t == NULL ? NULL : lease_row_insert(t, page[i].lease.node);

            if (row == NULL) {
                e = ERR_NO_MEMORY;
            } else {
                row->at = page[i];
                l->rows++;
            }
        }
        if (e == ERR_OK && n > 0) {
            memcpy(topic, page[n - 1].lease.topic, ID_LEN);
            memcpy(node, page[n - 1].lease.node, KEY_LEN);
        }
        is_first = false;
    }
    free(page);
    return e;
}

enum err leases_open(struct leases **out, struct node *node)
{
    struct leases *l = calloc(1, sizeof *l);
    enum err e;

    if (l == NULL)
        return ERR_NO_MEMORY;
    l->node = node;
    l->tells = node_config(node)->tell_leases;
    l->listener.on_event = on_event;
    e = load(l);
    (void)uv_timer_init(node_loop(node), &l->timer);
    l->timer.data = l;
    lane_init(&l->lane, node_loop(node), LEASE_READS_MAX);
    node_subscribe(node, &l->listener);
    lease_wake(l, BUSY_MS);
    *out = l; /* to be shut down in any case: it has a handle */
    return e;
}

void leases_shutdown(struct leases *l)
{
    l->is_stopping = true;
    node_unsubscribe(l->node, &l->listener);
    uv_close((uv_handle_t *)&l->timer, NULL);
}

bool leases_is_idle(const struct leases *l)
{
    for (const struct lease_topic *t = l->topics; t != NULL; t = t->next)
        if (t->is_writing)
            return false;
    return l->reads == 0;
}

void leases_free(struct leases *l)
{
    struct lease_topic *next;

    if (l == NULL)
        return;
    for (struct lease_topic *t = l->topics; t != NULL; t = next) {
        next = t->next;
        for (size_t i = 0; i < t->count; i++)
            writer_free(&t->rows[i].roots);
        named_wipe(&t->named);
        free(t->rows);
        free(t);
    }
    for (size_t i = 0; i < LEASE_PEERS_MAX; i++)
        lease_forget_told(&l->peers[i]);
    free(l);
}
