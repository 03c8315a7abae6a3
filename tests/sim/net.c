/*
 * Links and what travels over them.  What an end does with what it hears is
 * node.c's.
 */
#include "tests/sim/net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/heap.h"
#include "tests/sim/sim.h"

enum { SEGMENT = 1448, RESEND_MIN_MS = 200, SMALLEST = 6 };

struct net_message {
    struct net_message *next;
    struct net_message *older; /* made before this one, in use or not */
    uint32_t len;
    uint32_t room; /* 1 << (SMALLEST + room) bytes */
    uint8_t bytes[];
};

/* ---- Messages, whose memory is used again ------------------------------- */

static struct net_message *message_new(struct net *net, struct bytes bytes)
{
    struct net_message *m;
    uint32_t room = 0;

    while (((size_t)1 << (SMALLEST + room)) < bytes.len)
        room++;
    assert(room < sizeof net->spare / sizeof net->spare[0]);
    m = net->spare[room];
    if (m != NULL)
        net->spare[room] = m->next;
    else {
        uint32_t owner = heap_switch(HEAP_NOBODY);

        m = malloc(sizeof *m + ((size_t)1 << (SMALLEST + room)));
        assert(m != NULL);
        (void)heap_switch(owner);
        m->older = net->newest;
        net->newest = m;
    }
    m->next = NULL;
    m->len = (uint32_t)bytes.len;
    m->room = room;
    memcpy(m->bytes, bytes.data, bytes.len);
    return m;
}

static void message_free(struct net *net, struct net_message *m)
{
    m->next = net->spare[m->room];
    net->spare[m->room] = m;
}

static void free_held(struct net *net, struct net_end *end)
{
    struct net_message *next;

    for (struct net_message *m = end->held; m != NULL; m = next) {
        next = m->next;
        message_free(net, m);
    }
    end->held = NULL;
}

/* ---- Links -------------------------------------------------------------- */

void net_init(struct net *net, struct rng *rng)
{
    *net = (struct net){ .rng = rng_fork(rng),
                         .pair_seed = rng_next(rng),
                         .links_count = 1 };
}

void net_wipe(struct net *net)
{
    struct net_message *older;

    for (struct net_message *m = net->newest; m != NULL; m = older) {
        older = m->older;
        free(m);
    }
    free(net->links);
    *net = (struct net){ 0 };
}

struct net_link *net_link(struct sim *sim, uint32_t link)
{
    assert(link > 0 && link < sim->net.links_count);
    return &sim->net.links[link];
}

uint32_t net_latency_ms(const struct sim *sim, uint32_t a, uint32_t b)
{
    uint64_t low = a < b ? a : b;
    uint64_t high = a < b ? b : a;
    uint32_t place = sim->nodes[a].place;
    struct rng r;

    if (place != 0 && place == sim->nodes[b].place)
        return 1;
    rng_init(&r, sim->net.pair_seed ^ (low << 32 | high));
    return (uint32_t)rng_between(&r, sim->params.latency_min_ms,
                                 sim->params.latency_max_ms);
}

static bool is_apart(const struct sim *sim, const struct net_link *l)
{
    const struct node *a = &sim->nodes[l->end[0].node];
    const struct node *b = &sim->nodes[l->end[1].node];

    return a->side != b->side || a->has_vanished || b->has_vanished;
}

static uint32_t add_link(struct sim *sim, uint32_t from, uint32_t to)
{
    struct net *net = &sim->net;
    struct net_link *l;

    if (net->links_count >= net->links_cap) {
        uint32_t owner = heap_switch(HEAP_NOBODY);

        net->links_cap = net->links_cap == 0 ? 256 : 2 * net->links_cap;
        net->links = realloc(net->links, net->links_cap * sizeof *net->links);
        assert(net->links != NULL);
        (void)heap_switch(owner);
    }
    l = &net->links[net->links_count];
    *l = (struct net_link){ .latency_ms = net_latency_ms(sim, from, to) };
    l->end[0].node = from;
    l->end[1].node = to;
    l->is_cut = is_apart(sim, l);
    l->cut_ms = sim_now(sim);
    return net->links_count++;
}

static void add_event(struct sim *sim, event_fn *run, uint64_t at_ms,
                      uint32_t link, unsigned side, struct net_message *data)
{
    struct event ev = { .run = run,
                        .data = data,
                        .at_ms = at_ms,
                        .node = net_link(sim, link)->end[side].node,
                        .link = link,
                        .number = side };

    queue_add(&sim->queue, &ev);
}

/* ---- The end ------------------------------------------------------------ */

void net_vanish(struct sim *sim, uint32_t link, unsigned side)
{
    struct net_end *end = &net_link(sim, link)->end[side];

    end->is_up = false;
    end->peer = NULL;
    free_held(&sim->net, end);
}

/* The end learns that the connection is over. */
static void on_end(struct sim *sim, const struct event *ev)
{
    struct net_end *end = &net_link(sim, ev->link)->end[ev->number];

    if (!end->is_up)
        return;
    node_link_down(sim, ev->node, ev->link);
    net_vanish(sim, ev->link, ev->number);
}

void net_close(struct sim *sim, uint32_t link, unsigned side)
{
    struct net_link *l = net_link(sim, link);
    struct net_end *end = &l->end[side];
    uint64_t at_ms = sim_now(sim) + l->latency_ms;

    net_vanish(sim, link, side);
    if (l->is_cut)
        return;
    if (at_ms < end->arrives_ms)
        at_ms = end->arrives_ms;
    add_event(sim, on_end, at_ms, link, 1 - side, NULL);
}

/* ---- The beginning ------------------------------------------------------ */

static void on_accepted(struct sim *sim, const struct event *ev)
{
    struct net_link *l = net_link(sim, ev->link);

    if (!l->end[0].is_up)
        return;
    if (!sim->nodes[ev->node].is_alive || l->is_cut) {
        add_event(sim, on_end, sim_now(sim) + l->latency_ms, ev->link, 0, NULL);
        return;
    }
    l->end[1].is_up = true;
    sim->net.handshakes++;
    sim->net.bytes += NET_HANDSHAKE_BYTES;
    node_link_up(sim, ev->node, ev->link, 1);
}

static void on_dialled(struct sim *sim, const struct event *ev)
{
    struct net_link *l = net_link(sim, ev->link);
    uint32_t to = l->end[1].node;

    if (!sim->nodes[ev->node].is_alive)
        return;
    if (!sim->nodes[to].is_alive || l->is_cut) {
        node_dial_failed(sim, ev->node, to);
        return;
    }
    l->end[0].is_up = true;
    l->end[0].arrives_ms = sim_now(sim) + l->latency_ms;
    add_event(sim, on_accepted, l->end[0].arrives_ms, ev->link, 1, NULL);
    node_link_up(sim, ev->node, ev->link, 0);
}

/* SYN and its answer, then two of the handshake's three messages. */
void net_dial(struct sim *sim, uint32_t from, uint32_t to)
{
    uint32_t link = add_link(sim, from, to);
    const struct net_link *l = net_link(sim, link);
    uint64_t wait_ms = 4 * l->latency_ms;

    if (l->is_cut)
        wait_ms = HANDSHAKE_TIMEOUT_MS;
    add_event(sim, on_dialled, sim_now(sim) + wait_ms, link, 0, NULL);
}

/* ---- Messages on their way ---------------------------------------------- */

bool net_may_send(struct sim *sim, uint32_t link, unsigned side)
{
    struct net_end *end = &net_link(sim, link)->end[side];

    if (end->under_way >= NET_WINDOW)
        end->is_full = true;
    return end->is_up && !end->is_full;
}

static void on_room(struct sim *sim, const struct event *ev)
{
    struct net_end *end = &net_link(sim, ev->link)->end[ev->number];

    if (!end->is_up || !end->is_full)
        return;
    end->is_full = false;
    node_link_ready(sim, ev->node, ev->link);
}

static void on_arrival(struct sim *sim, const struct event *ev)
{
    struct net_link *l = net_link(sim, ev->link);
    struct net_end *from = &l->end[1 - ev->number];
    struct net_message *m = ev->data;
    uint64_t back_ms = sim_now(sim) + l->latency_ms;

    from->under_way -= m->len;
    if (from->is_full && from->under_way < NET_WINDOW / 2)
        add_event(sim, on_room, back_ms, ev->link, 1 - ev->number, NULL);
    if (l->end[ev->number].is_up)
        node_link_message(sim, ev->node, ev->link,
                          (struct bytes){ m->bytes, m->len });
    else if (from->is_up) /* a reset */
        add_event(sim, on_end, back_ms, ev->link, 1 - ev->number, NULL);
    message_free(&sim->net, m);
}

/* A lost segment is sent again, and all that was sent later waits for it. */
static uint64_t resend_ms(struct sim *sim, const struct net_link *l,
                          uint32_t len)
{
    uint64_t ppm = (len / SEGMENT + 1) * sim->params.loss_ppm;

    if (!rng_chance(&sim->net.rng, ppm > 1000000 ? 1000000 : (uint32_t)ppm))
        return 0;
    return RESEND_MIN_MS + 2 * l->latency_ms;
}

static void carry(struct sim *sim, uint32_t link, unsigned side,
                  struct net_message *m)
{
    struct net_link *l = net_link(sim, link);
    struct net_end *end = &l->end[side];
    const struct sim_params *p = &sim->params;
    uint64_t at_ms = sim_now(sim);

    if (at_ms < end->leaves_ms)
        at_ms = end->leaves_ms;
    if (p->bytes_per_ms > 0)
        at_ms += (m->len + NET_OVERHEAD) / p->bytes_per_ms;
    end->leaves_ms = at_ms;
    at_ms += l->latency_ms + resend_ms(sim, l, m->len);
    if (p->jitter_ms > 0)
        at_ms += rng_below(&sim->net.rng, p->jitter_ms + 1);
    if (at_ms < end->arrives_ms)
        at_ms = end->arrives_ms;
    end->arrives_ms = at_ms;
    add_event(sim, on_arrival, at_ms, link, 1 - side, m);
}

/* What was sent into the void has not been acknowledged for too long. */
static void on_unacked(struct sim *sim, const struct event *ev)
{
    const struct net_link *l = net_link(sim, ev->link);
    const struct net_end *end = &l->end[ev->number];

    if (l->is_cut && end->held != NULL &&
        sim_now(sim) == end->held_ms + NET_UNACKED_MS)
        on_end(sim, ev);
}

static void hold(struct sim *sim, uint32_t link, unsigned side,
                 struct net_message *m)
{
    struct net_end *end = &net_link(sim, link)->end[side];

    if (end->held == NULL) {
        end->held = m;
        end->held_ms = sim_now(sim);
        add_event(sim, on_unacked, end->held_ms + NET_UNACKED_MS, link, side,
                  NULL);
    } else {
        end->held_last->next = m;
    }
    end->held_last = m;
}

void net_send(struct sim *sim, uint32_t link, unsigned side,
              struct bytes message)
{
    struct net_link *l = net_link(sim, link);
    struct net_message *m = message_new(&sim->net, message);

    assert(l->end[side].is_up);
    sim->net.bytes += message.len + NET_OVERHEAD;
    sim->net.messages++;
    l->end[side].under_way += m->len;
    if (l->is_cut)
        hold(sim, link, side, m);
    else
        carry(sim, link, side, m);
}

/* ---- Partitions --------------------------------------------------------- */

static void on_idle(struct sim *sim, const struct event *ev)
{
    const struct net_link *l = net_link(sim, ev->link);

    if (l->is_cut && sim_now(sim) == l->cut_ms + NET_IDLE_DEAD_MS)
        on_end(sim, ev);
}

static void cut(struct sim *sim, uint32_t link)
{
    struct net_link *l = net_link(sim, link);

    l->is_cut = true;
    l->cut_ms = sim_now(sim);
    for (unsigned side = 0; side < 2; side++)
        if (l->end[side].is_up)
            add_event(sim, on_idle, l->cut_ms + NET_IDLE_DEAD_MS, link, side,
                      NULL);
}

static void mend(struct sim *sim, uint32_t link)
{
    net_link(sim, link)->is_cut = false;
    for (unsigned side = 0; side < 2; side++) {
        struct net_end *end = &net_link(sim, link)->end[side];
        struct net_message *next;

        for (struct net_message *m = end->held; m != NULL; m = next) {
            next = m->next;
            carry(sim, link, side, m);
        }
        end->held = NULL;
    }
}

void net_sides_changed(struct sim *sim)
{
    for (uint32_t i = 1; i < sim->net.links_count; i++) {
        const struct net_link *l = net_link(sim, i);
        bool apart = is_apart(sim, l);

        if (apart && !l->is_cut)
            cut(sim, i);
        else if (!apart && l->is_cut)
            mend(sim, i);
    }
}
