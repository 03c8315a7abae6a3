#include "daemon/peers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address_book.h"
#include "daemon/conn.h"
#include "daemon/crowd.h"
#include "daemon/dial.h"
#include "daemon/gossip.h"
#include "daemon/ingest.h"
#include "daemon/interest.h"
#include "daemon/leases.h"
#include "daemon/log.h"
#include "daemon/transfer.h"

/*
 * Connections in a list, the addresses of strangers who broke the rules, and
 * the nodes that have lied.
 */

enum { BANNED_HOSTS = 64, LIARS = 64 };

struct peers {
    struct node *node;
    struct conn *first;
    size_t open;
    size_t open_in;
    uint64_t numbers; /* the last one given */
    struct {
        struct sockaddr_storage host;
        uint64_t until_ms; /* of the wall clock; 0: free */
    } banned[BANNED_HOSTS];
    uint8_t liars[LIARS][KEY_LEN]; /* who lied once, the last of them; or 0 */
    size_t liars_count;
};

enum err peers_open(struct peers **out, struct node *node)
{
    struct peers *p = calloc(1, sizeof *p);

    if (p == NULL)
        return ERR_NO_MEMORY;
    p->node = node;
    *out = p;
    return ERR_OK;
}

void peers_shutdown(struct peers *p)
{
    struct conn *next;

    for (struct conn *c = p->first; c != NULL; c = next) {
        next = conn_links(c)->next;
        conn_close(c, ERR_SHUTDOWN);
    }
}

void peers_free(struct peers *p)
{
    assert(p == NULL || p->first == NULL);
    free(p);
}

uint64_t peers_next_number(struct peers *p)
{
    return ++p->numbers;
}

/* ---- Who may come in ---------------------------------------------------- */

static bool host_is_banned(const struct peers *p, const struct sockaddr *host)
{
    uint64_t now_ms = node_clock_ms(p->node);

    for (size_t i = 0; i < BANNED_HOSTS; i++) {
        const struct sockaddr *banned =
            (const struct sockaddr *)&p->banned[i].host;

        if (p->banned[i].until_ms > now_ms && address_same_host(banned, host))
            return true;
    }
    return false;
}

/* A stranger's fault; many share a loopback address, so that is spared. */
static void ban_host(struct peers *p, const struct sockaddr *host)
{
    size_t eldest = 0;

    if (address_is_loopback(host))
        return;
    for (size_t i = 1; i < BANNED_HOSTS; i++) {
        if (p->banned[i].until_ms < p->banned[eldest].until_ms)
            eldest = i;
    }
    memcpy(&p->banned[eldest].host, host,
           host->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                      : sizeof(struct sockaddr_in6));
    p->banned[eldest].until_ms = node_clock_ms(p->node) + BAN_MS;
}

/*
 * Makes room for one more handshake.  ERR_BUSY: it is the newcomer that has to
 * go, of a burst whose members are all of one age.
 */
static enum err thin_out(struct peers *p, const struct conn *newcomer)
{
    struct crowd_member members[HANDSHAKES_MAX + 1];
    struct conn *conns[HANDSHAKES_MAX + 1];
    size_t count = 0;
    struct conn *out;

    for (struct conn *c = p->first; c != NULL; c = conn_links(c)->next) {
        if (conn_is_open(c) || conn_is_dialled(c))
            continue;
        assert(count <= HANDSHAKES_MAX);
        members[count].network = address_network(conn_sockaddr(c));
        members[count].since_ms = conn_started_ms(c);
        conns[count++] = c;
    }
    if (count <= HANDSHAKES_MAX)
        return ERR_OK;
    out = conns[crowd_pick(members, count)];
    if (out == newcomer)
        return ERR_BUSY;
    conn_close(out, ERR_BUSY);
    return ERR_OK;
}

void peers_add(struct peers *p, struct conn *c)
{
    struct conn_links *links = conn_links(c);

    links->next = p->first;
    links->prev = NULL;
    if (p->first != NULL)
        conn_links(p->first)->prev = c;
    p->first = c;
}

enum err peers_accepted(struct peers *p, struct conn *c)
{
    if (host_is_banned(p, conn_sockaddr(c)))
        return ERR_BANNED;
    return thin_out(p, c);
}

/* Which of two connections to `theirs` stays: the one that we dialled? */
static bool ours_stays(const uint8_t ours[KEY_LEN],
                       const uint8_t theirs[KEY_LEN])
{
    return memcmp(ours, theirs, KEY_LEN) < 0;
}

/*
 * Of two connections to one node, that dialled by the smaller key stays: both
 * ends decide alike.  Of two dialled by the same end the newer one stays: the
 * other end has lost the older.
 */
static enum err settle_duplicate(struct peers *p, struct conn *c)
{
    struct conn *other = peers_find_node(p, conn_node(c));
    const uint8_t *ours = node_keys(p->node)->sign.public_key;

    if (other == NULL)
        return ERR_OK;
    if (conn_is_dialled(c) != conn_is_dialled(other) &&
        conn_is_dialled(c) != ours_stays(ours, conn_node(c)))
        return ERR_DUPLICATE;
    conn_close(other, ERR_DUPLICATE);
    return ERR_OK;
}

/*
 * All places are taken: that network which has most of them gives one up, or
 * gets no more.  ERR_BUSY: it is the newcomer's.
 */
static enum err make_place(struct peers *p, const struct conn *newcomer)
{
    struct crowd_member members[PEERS_IN_MAX + 1];
    struct conn *conns[PEERS_IN_MAX];
    size_t count = 0;
    size_t out;

    for (struct conn *c = p->first; c != NULL; c = conn_links(c)->next) {
        if (!conn_is_open(c) || conn_is_dialled(c))
            continue;
        assert(count < PEERS_IN_MAX);
        members[count].network = address_network(conn_sockaddr(c));
        members[count].since_ms = conn_started_ms(c);
        conns[count++] = c;
    }
    members[count].network = address_network(conn_sockaddr(newcomer));
    members[count].since_ms = UINT64_MAX;
    out = crowd_pick_latest(members, count + 1);
    if (out == count)
        return ERR_BUSY;
    conn_close(conns[out], ERR_BUSY);
    return ERR_OK;
}

enum err peers_opened(struct peers *p, struct conn *c)
{
    enum err e;

    if (node_is_stopping(p->node))
        return ERR_SHUTDOWN;
    if (address_book_is_banned(node_address_book(p->node), conn_node(c)))
        return ERR_BANNED;
    e = settle_duplicate(p, c);
    if (e == ERR_OK && !conn_is_dialled(c) && p->open_in >= PEERS_IN_MAX)
        e = make_place(p, c);
    return e;
}

void peers_up(struct peers *p, struct conn *c)
{
    struct node_event event = {
        .type = NODE_EVENT_PEER_UP,
        .id = conn_node(c),
    };
    char address[ADDRESS_TEXT_MAX];

    p->open++;
    p->open_in += !conn_is_dialled(c);
    conn_address(c, address);
    log_event(LOG_LEVEL_INFO, "peer", "up", "node=%s address=%s direction=%s",
              log_id(conn_node(c)).text, address,
              conn_is_dialled(c) ? "out" : "in");
    interest_peer_up(node_interest(p->node), c);
    dialler_opened(node_dialler(p->node), c);
    node_emit(p->node, &event);
}

/* ---- The end ------------------------------------------------------------ */

static void log_end(const struct conn *c, enum err why)
{
    char address[ADDRESS_TEXT_MAX];
    const uint8_t *node = conn_node(c);

    conn_address(c, address);
    log_event(conn_is_open(c) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "peer",
              conn_is_open(c) ? "down" : "not_up", "node=%s address=%s why=%s",
              node == NULL ? "-" : log_id(node).text, address, err_name(why));
}

void peers_remove(struct peers *p, struct conn *c, enum err why)
{
    struct conn_links *links = conn_links(c);
    struct node_event event = {
        .type = NODE_EVENT_PEER_DOWN,
        .id = conn_node(c),
        .err = why,
    };

    log_end(c, why);
    if (links->prev == NULL)
        p->first = links->next;
    else
        conn_links(links->prev)->next = links->next;
    if (links->next != NULL)
        conn_links(links->next)->prev = links->prev;
    if (conn_is_open(c)) {
        p->open--;
        p->open_in -= !conn_is_dialled(c);
        gossip_down(node_gossip(p->node), c);
        transfer_peer_gone(node_transfer(p->node), c);
        leases_peer_gone(node_leases(p->node), c);
        ingest_source_gone(node_ingest(p->node), conn_number(c));
    }
    dialler_ended(node_dialler(p->node), c, why);
    if (conn_is_open(c))
        node_emit(p->node, &event);
}

/*
 * A certificate may be missing because it was on its way through us when a
 * connection ended: worth a new beginning, not a ban.
 */
static bool deserves_ban(enum err e)
{
    return err_blame(e) == BLAME_PEER && e != ERR_NO_CERTIFICATE;
}

void peers_blame(struct peers *p, uint64_t source, enum err e)
{
    struct conn *c = peers_find(p, source);

    if (c == NULL)
        return;
    if (deserves_ban(e) && conn_is_open(c))
        address_book_ban(node_address_book(p->node), conn_node(c),
                         node_clock_ms(p->node) + BAN_MS);
    else if (deserves_ban(e) && !conn_is_dialled(c))
        ban_host(p, conn_sockaddr(c));
    conn_close(c, e);
}

void peers_lied(struct peers *p, uint64_t source, enum err e)
{
    const struct conn *c = peers_find(p, source);

    if (c != NULL && conn_node(c) != NULL)
        peers_node_lied(p, conn_node(c), e);
}

/* Whether it has lied before, which is forgotten then: it begins anew. */
static bool has_lied(struct peers *p, const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; i < LIARS; i++) {
        if (memcmp(p->liars[i], node, KEY_LEN) == 0) {
            memset(p->liars[i], 0, KEY_LEN);
            return true;
        }
    }
    memcpy(p->liars[p->liars_count++ % LIARS], node, KEY_LEN);
    return false;
}

void peers_node_lied(struct peers *p, const uint8_t node[KEY_LEN], enum err e)
{
    const struct conn *c = peers_find_node(p, node);

    if (address_book_is_banned(node_address_book(p->node), node) ||
        !has_lied(p, node))
        return;
    if (c != NULL)
        peers_blame(p, conn_number(c), e);
    else if (deserves_ban(e))
        address_book_ban(node_address_book(p->node), node,
                         node_clock_ms(p->node) + BAN_MS);
}

/* ---- Finding and telling ------------------------------------------------ */

struct conn *peers_find(const struct peers *p, uint64_t number)
{
    for (struct conn *c = p->first; c != NULL; c = conn_links(c)->next) {
        if (conn_number(c) == number)
            return c;
    }
    return NULL;
}

struct conn *peers_find_node(const struct peers *p, const uint8_t node[KEY_LEN])
{
    for (struct conn *c = p->first; c != NULL; c = conn_links(c)->next) {
        if (conn_is_open(c) && memcmp(conn_node(c), node, KEY_LEN) == 0)
            return c;
    }
    return NULL;
}

/* The first open one from `c` on. */
static struct conn *first_open(struct conn *c)
{
    while (c != NULL && !conn_is_open(c))
        c = conn_links(c)->next;
    return c;
}

struct conn *peers_next(const struct peers *p, struct conn *after)
{
    return first_open(after == NULL ? p->first : conn_links(after)->next);
}

size_t peers_count(const struct peers *p)
{
    return p->open;
}

size_t peers_count_out(const struct peers *p)
{
    size_t n = 0;

    for (struct conn *c = p->first; c != NULL; c = conn_links(c)->next)
        n += conn_is_dialled(c) && !conn_is_manual(c);
    return n;
}

/* Calls `f` for all, who may end one another but not the next one. */
static void for_all(struct peers *p, void (*f)(struct conn *c))
{
    struct conn *next;

    for (struct conn *c = p->first; c != NULL; c = next) {
        next = conn_links(c)->next;
        f(c);
    }
}

void peers_topics_changed(struct peers *p)
{
    for_all(p, conn_topics_changed);
}

void peers_resume(struct peers *p)
{
    for_all(p, conn_resume);
}

void peers_flush(struct peers *p)
{
    for_all(p, conn_flush);
}

void peers_record_done(struct peers *p, uint64_t source,
                       const uint8_t topic[ID_LEN], const uint8_t *id,
                       enum err result)
{
    struct conn *c = peers_find(p, source);
    enum err e;

    if (c == NULL || !conn_is_open(c))
        return;
    e = gossip_record_done(node_gossip(p->node), source, topic, id, result);
    if (e != ERR_OK)
        peers_blame(p, source, e);
    else
        conn_wake(c);
}
