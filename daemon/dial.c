#include "daemon/dial.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address_book.h"
#include "daemon/backoff.h"
#include "daemon/conn.h"
#include "daemon/gossip.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "proto/hyparview.h"

/* How often interfaces are compared: a changed network shows there first. */
enum { LOOK_MS = 10000 };

/* A node that is being met, address after address. */
struct meeting {
    bool is_on;
    uint8_t node[KEY_LEN];
    size_t next;
    size_t count;
    struct endpoint endpoints[ANNOUNCEMENT_ENDPOINTS_MAX];
};

struct dialler {
    struct node *node;
    struct meeting meetings[HYPARVIEW_DIALS_MAX];
    uv_timer_t timer;
    uv_timer_t look;
    uint8_t interfaces[HASH_LEN];
    bool stopping;
};

/* A name being resolved; the entry may go meanwhile. */
struct lookup {
    uv_getaddrinfo_t request;
    struct dialler *dialler;
    uint8_t node[KEY_LEN];
};

static void rearm(struct dialler *d);

static void entry_failed(struct dialler *d, struct address_book_entry *entry,
                         enum err why)
{
    uint64_t wait_ms;

    entry->dialling = false;
    entry->last_error = why;
    entry->row.failures++;
    wait_ms = backoff_ms(entry->row.failures, randombytes_random());
    entry->next_dial_ms = uv_now(node_loop(d->node)) + wait_ms;
    log_event(LOG_LEVEL_INFO, "dial", "failed",
              "node=%s address=%s why=%s next_ms=%llu",
              log_id(entry->row.node).text, entry->row.address, err_name(why),
              (unsigned long long)wait_ms);
    rearm(d);
}

static void connect_to(struct dialler *d, struct address_book_entry *entry,
                       const struct sockaddr *address)
{
    struct conn *c;
    enum err e = conn_dial(&c, d->node, address, entry->row.node, true);

    if (e != ERR_OK)
        entry_failed(d, entry, e);
}

static void on_resolved(uv_getaddrinfo_t *request, int status,
                        struct addrinfo *found)
{
    struct lookup *lookup = request->data;
    struct dialler *d = lookup->dialler;
    struct address_book_entry *entry =
        address_book_find(node_address_book(d->node), lookup->node);

    if (!d->stopping && entry != NULL && entry->dialling) {
        if (status == 0 && found != NULL)
            connect_to(d, entry, found->ai_addr);
        else
            entry_failed(d, entry, ERR_UNREACHABLE);
    }
    uv_freeaddrinfo(found);
    free(lookup);
}

static enum err resolve(struct dialler *d,
                        const struct address_book_entry *entry)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct address_parts parts;
    struct lookup *lookup;
    char port[8];
    enum err e = address_split(&parts, entry->row.address);

    if (e != ERR_OK)
        return e;
    lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return ERR_NO_MEMORY;
    lookup->dialler = d;
    lookup->request.data = lookup;
    memcpy(lookup->node, entry->row.node, KEY_LEN);
    (void)snprintf(port, sizeof port, "%u", parts.port);
    if (uv_getaddrinfo(node_loop(d->node), &lookup->request, on_resolved,
                       parts.host, port, &hints) == 0)
        return ERR_OK;
    free(lookup);
    return ERR_UNREACHABLE;
}

static void dial(struct dialler *d, struct address_book_entry *entry)
{
    struct sockaddr_storage address;
    enum err e;

    entry->dialling = true;
    if (address_parse(&address, entry->row.address) == ERR_OK) {
        connect_to(d, entry, (struct sockaddr *)&address);
        return;
    }
    e = resolve(d, entry);
    if (e != ERR_OK)
        entry_failed(d, entry, e);
}

/* Others are for the overlay to choose. */
static bool is_wished(const struct address_book_entry *entry)
{
    return entry->from_config || (entry->row.flags & STORE_PEER_MANUAL) != 0;
}

/* Whether the entry waits for its time only. */
static bool is_waiting(const struct dialler *d,
                       const struct address_book_entry *entry)
{
    struct peers *peers = node_peer_table(d->node);

    return is_wished(entry) && !entry->dialling &&
           entry->row.address[0] != '\0' &&
           entry->row.ban_until_ms <= node_clock_ms(d->node) &&
           peers_find_node(peers, entry->row.node) == NULL;
}

static void on_timer(uv_timer_t *timer)
{
    struct dialler *d = timer->data;
    struct address_book *book = node_address_book(d->node);
    uint64_t now_ms = uv_now(timer->loop);
    struct address_book_entry *entry;

    for (size_t i = 0; (entry = address_book_at(book, i)) != NULL; i++) {
        if (is_waiting(d, entry) && entry->next_dial_ms <= now_ms)
            dial(d, entry);
    }
    rearm(d);
}

/* The timer goes to the entry that is due first. */
static void rearm(struct dialler *d)
{
    uint64_t now_ms = uv_now(node_loop(d->node));
    uint64_t due = UINT64_MAX;
    struct address_book_entry *entry;

    if (d->stopping)
        return;
    for (size_t i = 0;
         (entry = address_book_at(node_address_book(d->node), i)) != NULL;
         i++) {
        if (is_waiting(d, entry) && entry->next_dial_ms < due)
            due = entry->next_dial_ms;
    }
    if (due == UINT64_MAX)
        (void)uv_timer_stop(&d->timer);
    else
        (void)uv_timer_start(&d->timer, on_timer,
                             due > now_ms ? due - now_ms : 0, 0);
}

/* ---- Nodes that the overlay has chosen ---------------------------------- */

static struct meeting *find_meeting(struct dialler *d,
                                    const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; i < HYPARVIEW_DIALS_MAX; i++)
        if (d->meetings[i].is_on &&
            memcmp(d->meetings[i].node, node, KEY_LEN) == 0)
            return &d->meetings[i];
    return NULL;
}

/* Tries the next address; the end comes through dialler_ended(). */
static void go_on(struct dialler *d, struct meeting *m)
{
    while (m->next < m->count) {
        struct sockaddr_storage address;
        struct conn *c;

        address_of_endpoint(&address, &m->endpoints[m->next++]);
        if (conn_dial(&c, d->node, (struct sockaddr *)&address, m->node,
                      false) == ERR_OK)
            return;
    }
    m->is_on = false;
    gossip_dial_failed(node_gossip(d->node), m->node);
}

static struct meeting *free_meeting(struct dialler *d)
{
    for (size_t i = 0; i < HYPARVIEW_DIALS_MAX; i++)
        if (!d->meetings[i].is_on)
            return &d->meetings[i];
    return NULL;
}

void dialler_meet(struct dialler *d, const uint8_t node[KEY_LEN],
                  const struct endpoint *endpoints, size_t count)
{
    struct peers *peers = node_peer_table(d->node);
    struct meeting *m = free_meeting(d);

    assert(count <= ANNOUNCEMENT_ENDPOINTS_MAX);
    if (m == NULL || d->stopping || find_meeting(d, node) != NULL ||
        address_book_is_banned(node_address_book(d->node), node) ||
        peers_find_node(peers, node) != NULL ||
        peers_count_out(peers) >= PEERS_OUT_MAX) {
        gossip_dial_failed(node_gossip(d->node), node);
        return;
    }
    *m = (struct meeting){ .is_on = true, .count = count };
    memcpy(m->node, node, KEY_LEN);
    memcpy(m->endpoints, endpoints, count * sizeof *endpoints);
    go_on(d, m);
}

/* It was found where it said: a way back after a restart. */
static void remember(struct dialler *d, const struct conn *c)
{
    struct address_book_entry *entry;

    if (address_book_get(node_address_book(d->node), &entry, conn_node(c)) !=
        ERR_OK)
        return;
    if (is_wished(entry))
        return;
    entry->row.flags |= STORE_PEER_ANCHOR;
    conn_address(c, entry->row.address);
}

void dialler_start(struct dialler *d)
{
    struct address_book_entry *entry;

    for (size_t i = 0;
         (entry = address_book_at(node_address_book(d->node), i)) != NULL; i++)
        if ((entry->row.flags & STORE_PEER_ANCHOR) != 0 && !is_wished(entry) &&
            peers_find_node(node_peer_table(d->node), entry->row.node) == NULL)
            gossip_add_contact(node_gossip(d->node), entry->row.node,
                               entry->row.address);
}

/* ---- A changed network -------------------------------------------------- */

static void hash_interfaces(uint8_t out[HASH_LEN])
{
    crypto_hash_sha256_state state;
    uv_interface_address_t *list = NULL;
    int count = 0;

    (void)crypto_hash_sha256_init(&state);
    if (uv_interface_addresses(&list, &count) == 0) {
        for (int i = 0; i < count; i++) {
            char text[ADDRESS_TEXT_MAX];

            address_print(text, (struct sockaddr *)&list[i].address);
            (void)crypto_hash_sha256_update(&state, (const uint8_t *)text,
                                            strlen(text) + 1);
        }
        uv_free_interface_addresses(list, count);
    }
    (void)crypto_hash_sha256_final(&state, out);
}

static void on_look(uv_timer_t *timer)
{
    struct dialler *d = timer->data;
    uint8_t now[HASH_LEN];

    hash_interfaces(now);
    if (memcmp(now, d->interfaces, HASH_LEN) == 0)
        return;
    memcpy(d->interfaces, now, HASH_LEN);
    log_event(LOG_LEVEL_INFO, "dial", "network_changed", NULL);
    gossip_endpoints_changed(node_gossip(d->node));
    dialler_start(d);
    dialler_dial_all(d);
}

/* ---- Life --------------------------------------------------------------- */

enum err dialler_open(struct dialler **out, struct node *node)
{
    struct dialler *d = calloc(1, sizeof *d);

    if (d == NULL)
        return ERR_NO_MEMORY;
    d->node = node;
    (void)uv_timer_init(node_loop(node), &d->timer);
    (void)uv_timer_init(node_loop(node), &d->look);
    d->timer.data = d;
    d->look.data = d;
    hash_interfaces(d->interfaces);
    (void)uv_timer_start(&d->look, on_look, LOOK_MS, LOOK_MS);
    *out = d;
    return ERR_OK;
}

void dialler_shutdown(struct dialler *d)
{
    d->stopping = true;
    uv_close((uv_handle_t *)&d->timer, NULL);
    uv_close((uv_handle_t *)&d->look, NULL);
}

void dialler_free(struct dialler *d)
{
    free(d);
}

void dialler_take_config(struct dialler *d, const struct config *config)
{
    struct address_book *book = node_address_book(d->node);
    const uint8_t *ours = node_keys(d->node)->sign.public_key;
    struct address_book_entry *entry;

    for (size_t i = 0; (entry = address_book_at(book, i)) != NULL; i++)
        entry->from_config = false;
    for (size_t i = 0; i < config->peers_count; i++) {
        const struct config_peer *peer = &config->peers[i];

        if (memcmp(peer->node, ours, KEY_LEN) == 0 ||
            address_book_get(book, &entry, peer->node) != ERR_OK)
            continue;
        entry->from_config = true;
        (void)snprintf(entry->row.address, sizeof entry->row.address, "%s",
                       peer->address);
    }
    rearm(d);
}

static void reset(struct dialler *d, struct address_book_entry *entry)
{
    entry->row.failures = 0;
    entry->next_dial_ms = uv_now(node_loop(d->node));
}

void dialler_dial(struct dialler *d, const uint8_t node[KEY_LEN])
{
    struct address_book_entry *entry =
        address_book_find(node_address_book(d->node), node);

    if (entry == NULL)
        return;
    reset(d, entry);
    rearm(d);
}

void dialler_dial_all(struct dialler *d)
{
    struct address_book_entry *entry;

    for (size_t i = 0;
         (entry = address_book_at(node_address_book(d->node), i)) != NULL; i++)
        reset(d, entry);
    rearm(d);
}

void dialler_opened(struct dialler *d, const struct conn *c)
{
    struct meeting *m = find_meeting(d, conn_node(c));
    struct address_book_entry *entry;

    if (m != NULL)
        m->is_on = false;
    if (conn_is_dialled(c) && !conn_is_manual(c))
        remember(d, c);
    entry = address_book_find(node_address_book(d->node), conn_node(c));
    if (entry == NULL)
        return;
    entry->row.failures = 0;
    entry->last_error = ERR_OK;
    entry->row.last_seen_ms = node_clock_ms(d->node);
    if (!entry->from_config)
        address_book_save(node_address_book(d->node), entry, NULL, NULL);
}

void dialler_ended(struct dialler *d, const struct conn *c, enum err why)
{
    const uint8_t *node = conn_node(c);
    struct address_book_entry *entry;
    struct meeting *m;

    if (d->stopping || node == NULL)
        return;
    m = find_meeting(d, node);
    entry = address_book_find(node_address_book(d->node), node);
    if (conn_is_dialled(c) && !conn_is_manual(c)) {
        if (entry != NULL)
            entry->last_error = why;
        if (m != NULL && !conn_is_open(c))
            go_on(d, m);
        rearm(d); /* perhaps somebody wished for this node, too */
        return;
    }
    if (entry == NULL)
        return;
    if (conn_is_dialled(c)) {
        entry_failed(d, entry, why);
        return;
    }
    if (why != ERR_DUPLICATE)
        entry->last_error = why;
    rearm(d);
}
