#include "daemon/gossip.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address.h"
#include "daemon/conn.h"
#include "daemon/dial.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/reach.h"
#include "store/store.h"

struct gossip {
    struct node *node;
    struct mesh *mesh;
    uv_timer_t timer;
    bool stopping;
};

static uint64_t now_of(const struct gossip *g)
{
    return uv_now(node_loop(g->node));
}

/* ---- Life --------------------------------------------------------------- */

enum err gossip_open(struct gossip **out, struct node *node)
{
    struct gossip *g = calloc(1, sizeof *g);
    struct mesh_config config = {
        .key = &node_keys(node)->sign,
        .network = node_network(node),
        .set = store_record_set(node_store(node)),
        .now_ms = uv_now(node_loop(node)),
        .wall_ms = node_clock_ms(node),
    };
    enum err e;

    if (g == NULL)
        return ERR_NO_MEMORY;
    randombytes_buf(config.seed, sizeof config.seed);
    e = mesh_new(&g->mesh, &config);
    if (e != ERR_OK) {
        free(g);
        return e;
    }
    g->node = node;
    (void)uv_timer_init(node_loop(node), &g->timer);
    g->timer.data = g;
    *out = g;
    return ERR_OK;
}

void gossip_shutdown(struct gossip *g)
{
    if (g == NULL)
        return;
    g->stopping = true;
    uv_close((uv_handle_t *)&g->timer, NULL);
}

void gossip_free(struct gossip *g)
{
    if (g == NULL)
        return;
    mesh_free(g->mesh);
    free(g);
}

/* ---- This node ---------------------------------------------------------- */

void gossip_endpoints_changed(struct gossip *g)
{
    const char *listening[CONFIG_LISTEN_MAX];
    struct endpoint endpoints[REACH_MAX];
    struct reach reach;
    size_t n = 0;
    size_t count = 0;

    while (n < CONFIG_LISTEN_MAX && node_listening(g->node, n) != NULL) {
        listening[n] = node_listening(g->node, n);
        n++;
    }
    if (!node_config(g->node)->meet)
        return; /* nobody is told where we are */
    reach_of_machine(&reach, listening, n);
    for (size_t i = 0; i < reach.count; i++) {
        struct sockaddr_storage address;

        if (address_parse(&address, reach.at[i]) == ERR_OK)
            endpoints[count++] = address_endpoint((struct sockaddr *)&address);
    }
    mesh_set_endpoints(g->mesh, endpoints, count);
}

void gossip_clock_changed(struct gossip *g)
{
    mesh_set_clock(g->mesh, now_of(g), node_clock_ms(g->node));
}

static void on_timer(uv_timer_t *timer)
{
    struct gossip *g = timer->data;

    gossip_clock_changed(g);
    mesh_tick(g->mesh, now_of(g)); /* gossip_flush() does what it wishes */
}

/* ---- Links -------------------------------------------------------------- */

enum err gossip_up(struct gossip *g, struct conn *c)
{
    struct endpoint there = address_endpoint(conn_sockaddr(c));
    struct mesh_link_config config = {
        .link = conn_number(c),
        .peer = conn_peer(c),
        .is_dialled = conn_is_dialled(c),
        .is_manual = conn_is_manual(c),
        .scope = endpoint_scope(&there),
    };

    memcpy(config.node, conn_node(c), KEY_LEN);
    return mesh_link_up(g->mesh, &config, now_of(g));
}

struct sync_gate *gossip_gate(struct gossip *g)
{
    return mesh_gate(g->mesh);
}

void gossip_down(struct gossip *g, const struct conn *c)
{
    mesh_link_down(g->mesh, conn_number(c), now_of(g));
    /* This may come from where connections are flushed, after gossip. */
    if (!g->stopping)
        (void)uv_timer_start(&g->timer, on_timer, 0, 0);
}

enum err gossip_topics_changed(struct gossip *g, const struct conn *c)
{
    return mesh_link_changed(g->mesh, conn_number(c), now_of(g));
}

enum err gossip_event(struct gossip *g, const struct conn *c,
                      const struct peer_event *event)
{
    mesh_link_rtt(g->mesh, conn_number(c), conn_rtt_ms(c));
    return mesh_event(g->mesh, conn_number(c), event, now_of(g));
}

/* ---- Records ------------------------------------------------------------ */

void gossip_record_added(struct gossip *g, const uint8_t topic[ID_LEN],
                         const struct record_key *key, uint64_t body_len,
                         uint64_t source)
{
    mesh_record_added(g->mesh, topic, key, body_len, source, now_of(g));
}

enum err gossip_record_done(struct gossip *g, uint64_t source,
                            const uint8_t topic[ID_LEN], const uint8_t *id,
                            enum err result)
{
    return mesh_record_done(g->mesh, source, topic, id, result, now_of(g));
}

/* ---- Other nodes -------------------------------------------------------- */

void gossip_add_contact(struct gossip *g, const uint8_t node[KEY_LEN],
                        const char *address)
{
    struct sockaddr_storage parsed;
    struct endpoint endpoint;

    if (address_parse(&parsed, address) != ERR_OK)
        return; /* a name: the dialler knows what to do with it */
    endpoint = address_endpoint((struct sockaddr *)&parsed);
    mesh_add_contact(g->mesh, node, &endpoint, 1, now_of(g));
}

void gossip_dial_failed(struct gossip *g, const uint8_t node[KEY_LEN])
{
    mesh_dial_failed(g->mesh, node, now_of(g));
}

void gossip_count(const struct gossip *g, struct mesh_counts *out)
{
    mesh_count(g->mesh, out);
}

/* ---- Turns of the loop -------------------------------------------------- */

static void apply(struct gossip *g, const struct mesh_effect *effect)
{
    struct conn *c;

    if (effect->type == MESH_DIAL && !node_config(g->node)->meet) {
        gossip_dial_failed(g, effect->node);
        return;
    }
    if (effect->type == MESH_DIAL) {
        dialler_meet(node_dialler(g->node), effect->node, effect->endpoints,
                     effect->count);
        return;
    }
    c = peers_find(node_peer_table(g->node), effect->link);
    if (c == NULL)
        return;
    if (effect->type == MESH_CLOSE)
        conn_close(c, ERR_NOT_NEEDED);
    else
        conn_wake(c);
}

void gossip_flush(struct gossip *g)
{
    uint64_t now_ms = now_of(g);
    struct mesh_effect effect;
    uint64_t due;

    if (g->stopping)
        return;
    while (mesh_next_effect(g->mesh, &effect)) /* each wish has its cause */
        apply(g, &effect);
    due = mesh_deadline(g->mesh);
    if (due == UINT64_MAX)
        (void)uv_timer_stop(&g->timer);
    else
        (void)uv_timer_start(&g->timer, on_timer,
                             due > now_ms ? due - now_ms : 0, 0);
}
