/* Peers and invites. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "proto/invite.h"

enum { NODES_IN_INVITE = 4 };

static const uint64_t invite_ms = 14 * (uint64_t)DAY_MS;

static void put_peer(struct writer *w, const struct node_peer *peer)
{
    mp_put_map(w, 8);
    pair_id(w, "node", peer->node);
    pair_text(w, "address", peer->address);
    pair_text(w, "direction", peer->dialled_by_us ? "out" : "in");
    pair_text(w, "state", node_peer_state_name(peer->state));
    pair_text(w, "path", peer->path);
    pair_uint(w, "topics", peer->topics);
    pair_uint(w, "rtt_ms", peer->rtt_ms);
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

/* Where others may find this node: its listeners, then its nearest peers. */
static size_t invite_nodes(struct call *call, struct invite *invite)
{
    struct node *node = call_node(call);
    struct node_peer *peers = call_alloc(call, NODE_PEERS_MAX * sizeof *peers);
    size_t n = peers == NULL ? 0 : node_peers(node, peers, NODE_PEERS_MAX);
    size_t count = 0;

    for (size_t i = 0; i < NODES_IN_INVITE; i++) {
        const char *address = node_listening(node, i);

        if (address == NULL)
            break;
        memcpy(invite->nodes[count].node, node_keys(node)->sign.public_key,
               KEY_LEN);
        invite->nodes[count++].address =
            (struct bytes){ (const uint8_t *)address, strlen(address) };
    }
    /* Somebody else who is reachable helps when this machine sleeps. */
    for (size_t i = 0; i < n && count < INVITE_NODES_MAX; i++) {
        if (peers[i].state != NODE_PEER_CONNECTED || !peers[i].dialled_by_us)
            continue;
        memcpy(invite->nodes[count].node, peers[i].node, KEY_LEN);
        invite->nodes[count++].address =
            (struct bytes){ (const uint8_t *)peers[i].address,
                            strlen(peers[i].address) };
    }
    return count;
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
    if (invite.has_topic && !param_id(call, "topic", invite.topic))
        return;
    invite.expires_ms = mp_uint(call_param(call, "expires_ms"));
    if (invite.expires_ms == 0)
        invite.expires_ms = node_clock_ms(node) + invite_ms;
    invite.nodes_count = invite_nodes(call, &invite);
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

static void put_invite(struct call *call, const struct invite *invite)
{
    struct bytes name = desk_name(call_desk(call), invite->signer);
    struct writer *w = call_reply(call);

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
    if (!a->followed && a->next < a->invite.nodes_count) {
        a->next++;
        memcpy(address, at->address.data, at->address.len);
        address[at->address.len] = '\0';
        node_peer_add(call_node(call), at->node, address, accept_next, call);
        return;
    }
    if (a->added == 0) {
        call_fail(call, ERR_REFUSED, "this invite names only this node itself",
                  NULL);
        return;
    }
    if (!a->followed && a->invite.has_topic) {
        struct store_follow follow = { .policy = STORE_POLICY_FOLLOW,
                                       .since_ms =
                                           node_clock_ms(call_node(call)) };

        a->followed = true;
        memcpy(follow.topic, a->invite.topic, ID_LEN);
        node_follow(call_node(call), &follow, accept_next, call);
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
