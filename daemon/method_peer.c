/* Peers and invites. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/param_topic.h"
#include "daemon/reach.h"
#include "proto/invite.h"
#include "proto/kind.h"
#include "store/store.h"

/* How many profiles are looked at for whoever made an invite. */
enum { PROFILES_MAX = 4096 };

static const uint64_t invite_ms = 14 * (uint64_t)DAY_MS;

static void put_peer(struct writer *w, const struct node_peer *peer)
{
    bool is_up = peer->state == NODE_PEER_CONNECTED;

    mp_put_map(w, 8);
    pair_id(w, "node", peer->node);
    pair_text(w, "address", peer->address);
    pair_text(w, "direction",
              !is_up                ? NULL
              : peer->dialled_by_us ? "out"
                                    : "in");
    pair_text(w, "state", node_peer_state_name(peer->state));
    pair_text(w, "path", is_up ? peer->path : NULL);
    pair_uint(w, "topics", peer->topics);
    if (is_up)
        pair_uint(w, "rtt_ms", peer->rtt_ms);
    else
        pair_nil(w, "rtt_ms");
    pair_text(w, "last_error",
              peer->last_error == ERR_OK ? NULL : err_text(peer->last_error));
}

void method_peer_list(struct call *call)
{
    struct node_peer *peers = call_alloc(call, NODE_PEERS_MAX * sizeof *peers);
    struct writer *w;
    size_t n;

    if (peers == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    n = node_peers(call_node(call), peers, NODE_PEERS_MAX);
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_array(w, "items", (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        put_peer(w, &peers[i]);
    pair_nil(w, "next");
    call_send(call);
}

/* Answers with the node that the call was about. */
static void on_peer_done(void *context, enum err e)
{
    struct call *call = context;
    struct writer *w;

    if (e == ERR_SELF)
        call_fail(call, e, "this is the node itself", NULL);
    else if (e == ERR_USAGE)
        call_fail(call, e, "this is not an address",
                  "Write NODE@HOST:PORT, for example with [::1]:7433.");
    else if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    if (e != ERR_OK)
        return;
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_id(w, "node", call_data(call));
    pair_text(w, "address", call_text(call, "address"));
    call_send(call);
}

/* The node of the call, kept with it; NULL after the call has been failed. */
static uint8_t *node_of(struct call *call)
{
    uint8_t *id = call_alloc(call, KEY_LEN);

    if (id == NULL || control_id_of(id, call_param(call, "node")) != ERR_OK) {
        call_fail(call, id == NULL ? ERR_NO_MEMORY : ERR_USAGE,
                  "a node is named by 64 hex digits",
                  "Its owner sees them with: troupe status");
        return NULL;
    }
    call_set_data(call, id);
    return id;
}

void method_peer_add(struct call *call)
{
    const uint8_t *id = node_of(call);
    const char *address;

    if (id == NULL)
        return;
    address = call_text(call, "address");
    if (address == NULL)
        on_peer_done(call, ERR_USAGE);
    else
        node_peer_add(call_node(call), id, address, on_peer_done, call);
}

/* A peer by a prefix of its node id; NULL after the call has been failed. */
static const uint8_t *known_node(struct call *call)
{
    struct node_peer *peers = call_alloc(call, NODE_PEERS_MAX * sizeof *peers);
    uint8_t *id = call_alloc(call, KEY_LEN);
    struct control_prefix prefix;
    size_t found = 0;
    size_t n;

    if (peers == NULL || id == NULL ||
        control_prefix_of(&prefix, call_param(call, "node"),
                          CONTROL_PREFIX_MIN) != ERR_OK) {
        call_fail(call, ERR_USAGE, "this does not name a node",
                  "See them with: troupe peer list");
        return NULL;
    }
    n = node_peers(call_node(call), peers, NODE_PEERS_MAX);
    for (size_t i = 0; i < n; i++)
        if (control_prefix_matches(&prefix, peers[i].node) &&
            (found == 0 || memcmp(id, peers[i].node, KEY_LEN) != 0)) {
            memcpy(id, peers[i].node, KEY_LEN);
            found++;
        }
    if (found == 0 && prefix.digits == 2 * ID_LEN) {
        memcpy(id, prefix.id, KEY_LEN); /* one may ban who was never met */
        found = 1;
    }
    if (found != 1) {
        call_fail(call, found == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS,
                  found == 0 ? "no peer has this id"
                             : "more than one peer begins like this",
                  "See them with: troupe peer list");
        return NULL;
    }
    call_set_data(call, id);
    return id;
}

void method_peer_remove(struct call *call)
{
    const uint8_t *id = known_node(call);

    if (id != NULL)
        node_peer_remove(call_node(call), id, on_peer_done, call);
}

void method_peer_ban(struct call *call)
{
    const uint8_t *id = known_node(call);
    uint64_t until_ms = mp_uint(call_param(call, "until_ms"));

    if (id == NULL)
        return;
    /* Without an end it lasts until somebody removes the peer. */
    node_peer_ban(call_node(call), id,
                  until_ms == 0 ? RECORD_TIME_MAX_MS : until_ms, on_peer_done,
                  call);
}

/* --- invites --- */

/* The addresses of this machine's own listeners; kept with the call. */
static struct reach *own_addresses(struct call *call)
{
    struct reach *reach = call_alloc(call, sizeof *reach);
    const char *listening[CONFIG_LISTEN_MAX];
    size_t count = 0;

    while (count < CONFIG_LISTEN_MAX) {
        listening[count] = node_listening(call_node(call), count);
        if (listening[count] == NULL)
            break;
        count++;
    }
    if (reach != NULL)
        reach_of_machine(reach, listening, count);
    return reach;
}

static void add_node(struct invite *invite, const uint8_t node[KEY_LEN],
                     const char *address)
{
    struct invite_node *out = &invite->nodes[invite->nodes_count++];

    memcpy(out->node, node, KEY_LEN);
    out->address = (struct bytes){ (const uint8_t *)address, strlen(address) };
}

/* Where others may find this node: its listeners, then its nearest peers. */
static enum err invite_nodes(struct call *call, struct invite *invite)
{
    struct node *node = call_node(call);
    struct node_peer *peers = call_alloc(call, NODE_PEERS_MAX * sizeof *peers);
    struct reach *own = own_addresses(call);
    size_t n;

    if (peers == NULL || own == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < own->count; i++)
        add_node(invite, node_keys(node)->sign.public_key, own->at[i]);
    /* Somebody else who is reachable helps when this machine sleeps. */
    n = node_peers(node, peers, NODE_PEERS_MAX);
    for (size_t i = 0; i < n && invite->nodes_count < INVITE_NODES_MAX; i++)
        if (peers[i].state == NODE_PEER_CONNECTED && peers[i].dialled_by_us)
            add_node(invite, peers[i].node, peers[i].address);
    return invite->nodes_count == 0 ? ERR_REFUSED : ERR_OK;
}

void method_invite_create(struct call *call)
{
    struct node *node = call_node(call);
    const struct person_keys *person = node_person(node);
    const struct sign_key *signer =
        person == NULL ? &node_keys(node)->sign : &person->device;
    struct invite invite = { .network = *node_network(node) };
    char link[INVITE_LINK_MAX];
    struct writer *w;
    enum err e;

    invite.has_topic = param_is_given(call, "topic");
    if (invite.has_topic && !param_topic(call, "topic", invite.topic))
        return;
    invite.expires_ms = mp_uint(call_param(call, "expires_ms"));
    if (invite.expires_ms == 0)
        invite.expires_ms = node_clock_ms(node) + invite_ms;
    e = invite_nodes(call, &invite);
    if (e == ERR_REFUSED) {
        call_fail(call, e, "this machine has no address to invite to",
                  "Connect it to a network, or let it listen on an address "
                  "of its own: listen below [node] in troupe.conf.");
        return;
    }
    if (e == ERR_OK)
        e = invite_write(link, &invite, signer);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_text(w, "link", link);
    pair_uint(w, "expires_ms", invite.expires_ms);
    call_send(call);
}

/* The invite of the call's link; false after the call has been failed. */
static bool invite_of(struct call *call, struct invite *invite)
{
    uint8_t *buf = call_alloc(call, INVITE_BYTES_MAX);
    struct node *node = call_node(call);
    enum err e = ERR_NO_MEMORY;

    if (buf != NULL)
        e = invite_read(invite, buf, mp_str(call_param(call, "link")));
    if (e == ERR_OK &&
        strcmp(invite->network.name, node_network(node)->name) != 0)
        call_failf(call, ERR_REFUSED,
                   "Start trouped with --network to join another network.",
                   "this invite is for the network \"%s\", this node is on "
                   "\"%s\"",
                   invite->network.name, node_network(node)->name);
    else if (e == ERR_OK && invite->expires_ms < node_clock_ms(node))
        call_fail(call, ERR_REFUSED, "this invite has expired",
                  "Ask for a new one.");
    else if (e != ERR_OK)
        call_fail(call, ERR_USAGE,
                  "this is no whole invite link: it was cut or mistyped",
                  "Copy the whole line that begins with troupe:");
    else
        return true;
    return false;
}

/* True if the person is known to have let this device sign. */
static bool has_device(struct call *call, const uint8_t person[ID_LEN],
                       const uint8_t device[KEY_LEN])
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    bool has = store_certificate(node_store(call_node(call)), person, device,
                                 &w) == ERR_OK;

    writer_free(&w);
    return has;
}

/* The person whose device it is, among those whose profiles are held here. */
static bool person_of_device(struct call *call, uint8_t out[ID_LEN],
                             const uint8_t device[KEY_LEN])
{
    struct store *store = node_store(call_node(call));
    struct store_scan scan;
    struct store_item item;
    size_t n;

    store_scan_by_kind(&scan, KIND_PROFILE);
    scan.held_only = true;
    for (size_t i = 0; i < PROFILES_MAX; i++) {
        if (store_scan_next(store, &scan, &item, 1, &n) != ERR_OK || n == 0)
            return false;
        if (has_device(call, item.author, device)) {
            memcpy(out, item.author, ID_LEN);
            return true;
        }
    }
    return false;
}

static void put_invite(struct call *call, const struct invite *invite)
{
    struct bytes name = { NULL, 0 };
    struct writer *w = call_reply(call);
    uint8_t person[ID_LEN];

    if (person_of_device(call, person, invite->signer))
        name = desk_name(call_desk(call), person);
    mp_put_map(w, 6);
    pair_text(w, "network", invite->network.name);
    pair_array(w, "nodes", (uint32_t)invite->nodes_count);
    for (size_t i = 0; i < invite->nodes_count; i++) {
        mp_put_map(w, 2);
        pair_id(w, "node", invite->nodes[i].node);
        pair_str(w, "address", invite->nodes[i].address);
    }
    pair_id(w, "topic", invite->has_topic ? invite->topic : NULL);
    pair_uint(w, "expires_ms", invite->expires_ms);
    pair_id(w, "signer", invite->signer);
    pair_str(w, "name", name);
    call_send(call);
}

void method_invite_show(struct call *call)
{
    struct invite invite;

    if (invite_of(call, &invite))
        put_invite(call, &invite);
}

/* An invite that is being carried out: its peers first, then its topic. */
struct accepting {
    struct invite invite;
    size_t next;
    size_t added;
    size_t self; /* how many of its nodes are this one */
    bool followed;
};

static void accept_next(void *context, enum err e)
{
    struct call *call = context;
    struct accepting *a = call_data(call);
    const struct invite_node *at = &a->invite.nodes[a->next];
    char address[INVITE_ADDRESS_MAX + 1];

    if (a->followed && e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    if (!a->followed && a->next > 0 && e == ERR_OK)
        a->added++;
    a->self += !a->followed && e == ERR_SELF;
    if (!a->followed && a->next < a->invite.nodes_count) {
        a->next++;
        memcpy(address, at->address.data, at->address.len);
        address[at->address.len] = '\0';
        node_peer_add(call_node(call), at->node, address, accept_next, call);
        return;
    }
    if (a->added == 0) {
        if (a->self > 0 && a->self == a->invite.nodes_count)
            call_fail(call, ERR_REFUSED,
                      "this invite names only this node itself",
                      "It is for somebody else: send them the link.");
        else
            call_fail(call, ERR_REFUSED,
                      "this invite names no address that could be used",
                      "Ask for a new one from a machine that can be reached.");
        return;
    }
    if (!a->followed && a->invite.has_topic) {
        a->followed = true;
        node_follow_also(call_node(call), a->invite.topic, accept_next, call);
        return;
    }
    put_invite(call, &a->invite);
}

void method_invite_accept(struct call *call)
{
    struct accepting *a = call_alloc(call, sizeof *a);

    if (a == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    if (!invite_of(call, &a->invite))
        return;
    call_set_data(call, a);
    accept_next(call, ERR_OK);
}
