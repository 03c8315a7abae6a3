#include "tests/common/mesh_net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/peer_pair.h"

const uint8_t NET_TOPIC[ID_LEN] = { 0x6e, 0x65, 0x74 };

/* One payload on its way. */
struct net_frame {
    struct net_frame *next; /* of the same time */
    size_t node;
    uint64_t number; /* of the link there */
    uint8_t type;
    size_t len;
    uint8_t bytes[];
};

static size_t below(struct net *net, size_t n)
{
    return (size_t)(pair_random(&net->random) >> 33) % n;
}

static void fail(struct net *net, enum err e)
{
    if (net->err == ERR_OK)
        net->err = e;
}

struct endpoint net_endpoint(size_t node)
{
    return endpoint_v4(127, 0, 0, 1, (uint16_t)(node + 1));
}

static struct record_key key_of(uint64_t n)
{
    struct record_key key = pair_key(n);

    key.created_ms = NET_WALL_MS + n;
    return key;
}

/* ---- Links -------------------------------------------------------------- */

static struct net_link *find_link(struct net_node *node, uint64_t number)
{
    for (size_t i = 0; i < NET_LINKS_MAX; i++)
        if (node->links[i].is_up && node->links[i].number == number)
            return &node->links[i];
    return NULL;
}

static size_t free_link(const struct net_node *node)
{
    size_t i = 0;

    while (i < NET_LINKS_MAX && node->links[i].is_up)
        i++;
    return i;
}

static bool are_linked(const struct net *net, size_t a, size_t b)
{
    for (size_t i = 0; i < NET_LINKS_MAX; i++)
        if (net->nodes[a].links[i].is_up && net->nodes[a].links[i].other == b)
            return true;
    return false;
}

static void settle(struct net *net, size_t at);

static void link_up(struct net *net, size_t at, size_t link, size_t other,
                    bool is_dialled, bool is_manual)
{
    struct net_node *node = &net->nodes[at];
    struct net_link *l = &node->links[link];
    struct peer_topic topic = { .from_day = 20000, .until_day = 20400 };
    struct peer_config config = {
        .ask = { (uint8_t)(at + other), (uint8_t)(at * other) },
        .salt = { (uint8_t)(is_dialled + 1) },
        .is_dialler = is_dialled,
        .set = memory_set_view(&node->set),
    };
    struct mesh_link_config up = { .link = l->number,
                                   .peer = &l->peer,
                                   .is_dialled = is_dialled,
                                   .is_manual = is_manual,
                                   .scope = ENDPOINT_LOOPBACK };

    memcpy(config.node, node->key.public_key, KEY_LEN);
    memcpy(config.peer_node, net->nodes[other].key.public_key, KEY_LEN);
    memcpy(up.node, config.peer_node, KEY_LEN);
    memcpy(topic.topic, NET_TOPIC, ID_LEN);
    peer_init(&l->peer, &config);
    fail(net, mesh_link_up(node->mesh, &up, net->now_ms));
    mesh_link_rtt(node->mesh, l->number, 2 * l->latency_ms);
    fail(net, peer_topics_set(&l->peer, &topic, 1, net->now_ms));
    fail(net, mesh_link_changed(node->mesh, l->number, net->now_ms));
}

void net_connect(struct net *net, size_t from, size_t to, bool is_manual)
{
    size_t a = free_link(&net->nodes[from]);
    size_t b = free_link(&net->nodes[to]);
    uint64_t latency_ms = 10 + below(net, 41);

    assert(a < NET_LINKS_MAX && b < NET_LINKS_MAX);
    net->nodes[from].links[a] =
        (struct net_link){ true, ++net->numbers, to,
                           b,    latency_ms,     { .set = { NULL, NULL } } };
    net->nodes[to].links[b] =
        (struct net_link){ true, ++net->numbers, from,
                           a,    latency_ms,     { .set = { NULL, NULL } } };
    link_up(net, from, a, to, true, is_manual);
    link_up(net, to, b, from, false, false);
    settle(net, from);
    settle(net, to);
}

static void link_down(struct net *net, size_t at, struct net_link *l)
{
    l->is_up = false;
    if (net->nodes[at].is_alive)
        mesh_link_down(net->nodes[at].mesh, l->number, net->now_ms);
    peer_wipe(&l->peer);
}

static void disconnect(struct net *net, size_t at, struct net_link *l)
{
    size_t other = l->other;

    link_down(net, at, l);
    link_down(net, other, &net->nodes[other].links[l->other_link]);
    if (net->nodes[other].is_alive)
        settle(net, other);
}

void net_kill(struct net *net, size_t at)
{
    net->nodes[at].is_alive = false;
    for (size_t i = 0; i < NET_LINKS_MAX; i++)
        if (net->nodes[at].links[i].is_up)
            disconnect(net, at, &net->nodes[at].links[i]);
}

void net_introduce(struct net *net, size_t node, size_t other)
{
    struct endpoint e = net_endpoint(other);

    mesh_add_contact(net->nodes[node].mesh, net->nodes[other].key.public_key,
                     &e, 1, net->now_ms);
    settle(net, node);
}

/* ---- Frames ------------------------------------------------------------- */

static void send(struct net *net, const struct net_link *l, uint8_t type,
                 struct bytes payload)
{
    struct net_frame *f = malloc(sizeof *f + payload.len);
    size_t slot = (net->now_ms + l->latency_ms) % NET_SLOTS;
    uint64_t number = net->nodes[l->other].links[l->other_link].number;

    assert(f != NULL);
    *f = (struct net_frame){
        .node = l->other, .number = number, .type = type, .len = payload.len
    };
    if (payload.len > 0)
        memcpy(f->bytes, payload.data, payload.len);
    if (net->first[slot] == NULL)
        net->first[slot] = f;
    else
        net->last[slot]->next = f;
    net->last[slot] = f;
    net->waiting++;
    net->frames[type]++;
}

void net_say(struct net *net, size_t node, size_t link, uint8_t type,
             struct bytes payload)
{
    if (net->nodes[node].links[link].is_up)
        send(net, &net->nodes[node].links[link], type, payload);
}

static void pull(struct net *net, struct net_link *l)
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];

    while (peer_has_output(&l->peer) && net->err == ERR_OK) {
        struct writer w = writer_fixed(buf, sizeof buf);
        struct reader r;

        fail(net, peer_pull(&l->peer, &w, net->now_ms));
        r = reader_of(writer_view(&w));
        while (r.left > 0) {
            uint8_t type = reader_u8(&r);

            send(net, l, type, reader_bytes(&r, reader_varint(&r)));
        }
    }
}

static size_t node_at(const struct mesh_effect *effect)
{
    return effect->endpoints[0].port - (size_t)1;
}

static void dial(struct net *net, size_t at, const struct mesh_effect *effect)
{
    size_t other = node_at(effect);

    net->nodes[at].dials++;
    assert(other < net->count && effect->count == 1);
    if (net->nodes[other].is_alive && !are_linked(net, at, other) &&
        free_link(&net->nodes[other]) < NET_LINKS_MAX &&
        free_link(&net->nodes[at]) < NET_LINKS_MAX)
        net_connect(net, at, other, false);
    else
        mesh_dial_failed(net->nodes[at].mesh, effect->node, net->now_ms);
}

static uint64_t due_of(const struct net_node *node)
{
    uint64_t due = mesh_deadline(node->mesh);

    for (size_t i = 0; i < NET_LINKS_MAX; i++) {
        uint64_t at = UINT64_MAX;

        if (node->links[i].is_up)
            at = peer_deadline(&node->links[i].peer);
        due = at < due ? at : due;
    }
    return due;
}

/* Does what the node's mesh wishes, and sends what there is to send. */
static void settle(struct net *net, size_t at)
{
    struct net_node *node = &net->nodes[at];
    struct mesh_effect effect;

    while (mesh_next_effect(node->mesh, &effect)) {
        struct net_link *l = find_link(node, effect.link);

        if (effect.type == MESH_DIAL)
            dial(net, at, &effect);
        else if (l != NULL && effect.type == MESH_CLOSE)
            disconnect(net, at, l);
        else if (l != NULL)
            pull(net, l);
    }
    for (size_t i = 0; i < NET_LINKS_MAX; i++)
        if (node->links[i].is_up)
            pull(net, &node->links[i]);
    node->due_ms = due_of(node);
}

static void take_record(struct net *net, struct net_node *node,
                        struct net_link *l, const struct peer_event *ev,
                        const struct record_key *key, uint64_t body_len,
                        bool is_held)
{
    bool is_new = memory_set_add(&node->set, ev->topic, key, is_held);

    node->records += is_held;
    node->records_known += is_held && !is_new;
    if (is_new)
        mesh_record_added(node->mesh, ev->topic, key, body_len, l->number,
                          net->now_ms);
    fail(net, mesh_record_done(node->mesh, l->number, ev->topic, key->id,
                               is_new ? ERR_OK : ERR_EXISTS, net->now_ms));
}

static void arrive(struct net *net, const struct net_frame *f)
{
    struct net_node *node = &net->nodes[f->node];
    struct net_link *l = find_link(node, f->number);
    struct record_key key;
    struct peer_event ev;
    struct reader r;

    if (l == NULL)
        return;
    fail(net, peer_recv(&l->peer, &ev, f->type,
                        (struct bytes){ f->bytes, f->len }, net->now_ms));
    if (net->err != ERR_OK)
        return;
    if (ev.type == PEER_RECORD) {
        r = reader_of(ev.bytes);
        key.created_ms = reader_u64(&r);
        reader_copy(&r, key.id, ID_LEN);
        take_record(net, node, l, &ev, &key, ev.bytes.len, true);
    } else {
        fail(net, mesh_event(node->mesh, f->number, &ev, net->now_ms));
    }
    settle(net, f->node);
}

/* ---- Time --------------------------------------------------------------- */

static uint64_t next_ms(const struct net *net)
{
    uint64_t due = UINT64_MAX;

    for (size_t i = 0; net->waiting > 0 && i < NET_SLOTS && due == UINT64_MAX;
         i++)
        if (net->first[(net->now_ms + i) % NET_SLOTS] != NULL)
            due = net->now_ms + i;
    for (size_t n = 0; n < net->count; n++) {
        const struct net_node *node = &net->nodes[n];

        if (node->is_alive && node->due_ms < due)
            due = node->due_ms;
    }
    return due;
}

static void tick(struct net *net, size_t at)
{
    struct net_node *node = &net->nodes[at];

    if (!node->is_alive || node->due_ms > net->now_ms)
        return;
    for (size_t i = 0; i < NET_LINKS_MAX; i++)
        if (node->links[i].is_up &&
            peer_deadline(&node->links[i].peer) <= net->now_ms)
            fail(net, peer_tick(&node->links[i].peer, net->now_ms));
    if (mesh_deadline(node->mesh) <= net->now_ms)
        mesh_tick(node->mesh, net->now_ms);
    settle(net, at);
}

void net_run(struct net *net, uint64_t ms)
{
    uint64_t end_ms = net->now_ms + ms;
    unsigned turns = 0; /* without time: a machine that never rests */

    while (net->err == ERR_OK) {
        uint64_t due = next_ms(net);
        size_t slot;

        if (due > end_ms)
            break;
        turns = due > net->now_ms ? 0 : turns + 1;
        assert(turns < 100000);
        net->now_ms = due > net->now_ms ? due : net->now_ms;
        slot = net->now_ms % NET_SLOTS;
        if (net->first[slot] != NULL) {
            struct net_frame *f = net->first[slot];

            net->first[slot] = f->next;
            net->waiting--;
            arrive(net, f);
            free(f);
            continue;
        }
        for (size_t n = 0; n < net->count; n++)
            tick(net, n);
    }
    net->now_ms = end_ms;
}

/* ---- The whole ---------------------------------------------------------- */

void net_init(struct net *net, size_t count, uint64_t seed)
{
    memset(net, 0, sizeof *net);
    assert(count <= NET_NODES_MAX &&
           network_parse(&net->network, "test-net") == ERR_OK);
    net->now_ms = 1000;
    net->random = seed;
    net->count = count;
    net->nodes = calloc(count, sizeof *net->nodes);
    assert(net->nodes != NULL);
    for (size_t n = 0; n < count; n++) {
        struct net_node *node = &net->nodes[n];
        uint8_t key_seed[32] = { (uint8_t)n, (uint8_t)(n >> 8), 1 };
        struct mesh_config config = { .key = &node->key,
                                      .network = &net->network,
                                      .set = memory_set_view(&node->set),
                                      .now_ms = net->now_ms,
                                      .wall_ms = NET_WALL_MS };
        struct endpoint own = net_endpoint(n);

        sign_key_from_seed(&node->key, key_seed);
        put_u64(config.seed, seed);
        put_u64(config.seed + 8, n);
        fail(net, mesh_new(&node->mesh, &config));
        mesh_set_endpoints(node->mesh, &own, 1);
        node->is_alive = true;
        node->due_ms = UINT64_MAX;
    }
}

void net_wipe(struct net *net)
{
    struct net_frame *next;

    for (size_t n = 0; n < net->count; n++) {
        struct net_node *node = &net->nodes[n];

        mesh_free(node->mesh);
        memory_set_wipe(&node->set);
        for (size_t i = 0; i < NET_LINKS_MAX; i++)
            if (node->links[i].is_up)
                peer_wipe(&node->links[i].peer);
    }
    for (size_t i = 0; i < NET_SLOTS; i++)
        for (struct net_frame *f = net->first[i]; f != NULL; f = next) {
            next = f->next;
            free(f);
        }
    free(net->nodes);
}

void net_publish_all(struct net *net, size_t at, uint64_t from, uint64_t until)
{
    struct net_node *node = &net->nodes[at];

    for (; from < until; from++) {
        struct record_key key = key_of(from);

        assert(memory_set_add(&node->set, NET_TOPIC, &key, true));
        mesh_record_added(node->mesh, NET_TOPIC, &key, 100, 0, net->now_ms);
    }
    settle(net, at);
}

void net_publish(struct net *net, size_t at, uint64_t n, uint64_t body_len)
{
    struct net_node *node = &net->nodes[at];
    struct record_key key = key_of(n);

    assert(memory_set_add(&node->set, NET_TOPIC, &key, true));
    mesh_record_added(node->mesh, NET_TOPIC, &key, body_len, 0, net->now_ms);
    settle(net, at);
}

size_t net_reached(const struct net *net, uint64_t n)
{
    struct record_key key = key_of(n);
    size_t count = 0;

    for (size_t i = 0; i < net->count; i++) {
        struct record_set set = memory_set_view(&net->nodes[i].set);
        enum record_presence presence = RECORD_ABSENT;

        if (!net->nodes[i].is_alive)
            continue;
        assert(set.ops->presence(set.set, NET_TOPIC, key.id, &presence) ==
               ERR_OK);
        count += presence == RECORD_HELD;
    }
    return count;
}

size_t net_alive(const struct net *net)
{
    size_t n = 0;

    for (size_t i = 0; i < net->count; i++)
        n += net->nodes[i].is_alive;
    return n;
}

struct mesh_counts net_counts(const struct net *net, size_t node)
{
    struct mesh_counts counts;

    mesh_count(net->nodes[node].mesh, &counts);
    return counts;
}
