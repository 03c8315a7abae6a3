/*
 * How the machines of one node are driven: what comes in, what goes out, and
 * its clock.  It mirrors daemon/conn*.c, daemon/ingest*.c and daemon/peers.c.
 */
#include "tests/sim/node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/lease_msg.h"
#include "tests/sim/heap.h"
#include "tests/sim/hostile.h"
#include "tests/sim/sim.h"

enum { LONELY_MIN_MS = 3000, LONELY_MAX_MS = 60000, WINDOW_DAYS = 30 };

static void settle(struct sim *sim, struct node *n);

static void *grow(void *array, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    *cap = *cap == 0 ? 8 : 2 * *cap;
    array = realloc(array, *cap * size);
    assert(array != NULL);
    return array;
}

static void check(enum err e)
{
    assert(e == ERR_OK);
    (void)e;
}

bool node_is_honest(const struct node *n)
{
    return n->hostile == NULL;
}

uint64_t node_wall_ms(const struct sim *sim, const struct node *n)
{
    return SIM_WALL_MS + sim_now(sim) + (uint64_t)n->skew_ms;
}

/* A node lives at an address made of its number. */
static struct endpoint address_of(uint32_t number)
{
    return endpoint_v4(20, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                       (uint8_t)number, 7433);
}

static uint32_t node_at(const struct sim *sim, const struct mesh_effect *dial)
{
    for (uint32_t i = 0; i < dial->count; i++) {
        const uint8_t *ip = dial->endpoints[i].ip;
        uint32_t number =
            (uint32_t)ip[13] << 16 | (uint32_t)ip[14] << 8 | (uint32_t)ip[15];

        if (ip[12] == 20 && number < sim->nodes_count &&
            memcmp(sim->nodes[number].key.public_key, dial->node, KEY_LEN) == 0)
            return number;
    }
    return UINT32_MAX;
}

static struct node_end *find_end(struct node *n, uint32_t link)
{
    for (uint32_t i = 0; i < n->ends_count; i++)
        if (n->ends[i].link == link)
            return &n->ends[i];
    return NULL;
}

static void prefetch(const void *at, size_t len)
{
    for (size_t i = 0; i < len; i += 64)
        __builtin_prefetch((const char *)at + i);
}

void node_prefetch(const struct node *n)
{
    prefetch(n->mesh, 192);
    for (uint32_t i = 0; i < n->ends_count; i++)
        prefetch(n->ends[i].peer, 256);
}

/* ---- Beginning and end -------------------------------------------------- */

void node_init(struct sim *sim, uint32_t number)
{
    struct node *n = &sim->nodes[number];
    uint8_t seed[32];

    *n = (struct node){ .number = number,
                        .rng = rng_fork(&sim->rng),
                        .timer_ms = UINT64_MAX };
    rng_bytes(&n->rng, seed, sizeof seed);
    sign_key_from_seed(&n->key, seed);
    set_init(&n->set, &sim->records);
}

void node_add_contact(struct node *n, uint32_t other)
{
    for (uint32_t i = 0; i < n->contacts_count && i < NODE_CONTACTS_MAX; i++)
        if (n->contacts[i] == other)
            return;
    n->contacts[n->contacts_count++ % NODE_CONTACTS_MAX] = other;
}

static void ask_contacts(struct sim *sim, struct node *n)
{
    for (uint32_t i = 0; i < n->contacts_count && i < NODE_CONTACTS_MAX; i++) {
        const struct node *other = &sim->nodes[n->contacts[i]];
        struct endpoint at = address_of(other->number);

        mesh_add_contact(n->mesh, other->key.public_key, &at, 1, sim_now(sim));
    }
}

void node_start(struct sim *sim, struct node *n)
{
    struct endpoint at = address_of(n->number);
    struct mesh_config config = { .key = &n->key,
                                  .network = &sim->records.network,
                                  .set = set_view(&n->set),
                                  .now_ms = sim_now(sim),
                                  .wall_ms = node_wall_ms(sim, n) };
    uint32_t owner = heap_switch(n->number);

    assert(!n->is_alive);
    n->is_alive = true;
    n->has_vanished = false;
    n->epoch++;
    n->timer_ms = UINT64_MAX;
    n->lonely_ms = LONELY_MIN_MS;
    rng_bytes(&n->rng, config.seed, sizeof config.seed);
    check(mesh_new(&n->mesh, &config));
    mesh_set_endpoints(n->mesh, &at, 1);
    ask_contacts(sim, n);
    settle(sim, n);
    (void)heap_switch(owner);
}

static void free_end(struct node *n, struct node_end *end)
{
    peer_wipe(end->peer);
    free(end->peer);
    *end = n->ends[--n->ends_count];
}

static void stop(struct node *n)
{
    while (n->ends_count > 0)
        free_end(n, &n->ends[0]);
    mesh_free(n->mesh);
    n->mesh = NULL;
    n->pending_count = 0;
    n->committing = 0;
    n->meters_count = 0;
    n->is_alive = false;
}

void node_crash(struct sim *sim, struct node *n, bool silently)
{
    assert(n->is_alive);
    n->has_vanished = silently;
    if (silently)
        net_sides_changed(sim);
    for (uint32_t i = 0; i < n->ends_count; i++) {
        if (silently)
            net_vanish(sim, n->ends[i].link, n->ends[i].side);
        else
            net_close(sim, n->ends[i].link, n->ends[i].side);
    }
    stop(n);
}

void node_wipe(struct sim *sim, struct node *n)
{
    (void)sim;
    if (n->is_alive)
        stop(n);
    set_wipe(&n->set);
    free(n->ends);
    free(n->pending);
    free(n->meters);
    free(n->banned);
    sign_key_wipe(&n->key);
}

/* ---- What others make it remember --------------------------------------- */

/* NULL: that node has added nothing yet. */
static struct budget_meter *find_meter(const struct node *n, uint32_t other)
{
    for (uint32_t i = 0; i < n->meters_count; i++)
        if (n->meters[i].other == other)
            return &n->meters[i].meter;
    return NULL;
}

static uint64_t paused_until(const struct sim *sim, const struct node *n,
                             uint32_t other)
{
    const struct budget_meter *meter = find_meter(n, other);

    return meter == NULL ? 0 : budget_meter_until(meter, sim_now(sim));
}

static bool may_remember(const struct sim *sim, struct node *n, uint32_t link)
{
    const struct node_end *end = find_end(n, link);

    return end == NULL || paused_until(sim, n, end->other) == 0;
}

/* One more that is known and not held, through this link. */
static void count_known(struct sim *sim, struct node *n, uint32_t link)
{
    struct node_end *end = find_end(n, link);
    struct budget_meter *meter;

    if (end == NULL)
        return;
    meter = find_meter(n, end->other);
    if (meter == NULL) {
        n->meters =
            grow(n->meters, n->meters_count, &n->meters_cap, sizeof *n->meters);
        n->meters[n->meters_count] = (struct node_meter){ .other = end->other };
        meter = &n->meters[n->meters_count++].meter;
    }
    budget_meter_add(meter, sim_now(sim));
    if (meter->count != KNOWN_PEER_MAX)
        return;
    sim->stats.pauses++;
    peer_set_paused(end->peer, paused_until(sim, n, end->other), sim_now(sim));
    end->is_awake = true;
}

/* ---- Links -------------------------------------------------------------- */

/* The daemon looks into its address book from time to time when it is alone. */
static void on_lonely(struct sim *sim, const struct event *ev)
{
    struct node *n = &sim->nodes[ev->node];
    uint32_t owner;

    if (!n->is_alive || n->epoch != ev->number || n->ends_count > 0)
        return;
    owner = heap_switch(n->number);
    ask_contacts(sim, n);
    settle(sim, n);
    (void)heap_switch(owner);
}

static void be_lonely(struct sim *sim, struct node *n)
{
    struct event ev = { .run = on_lonely,
                        .at_ms = sim_now(sim) + n->lonely_ms,
                        .node = n->number,
                        .number = n->epoch };

    n->lonely_ms *= 2;
    if (n->lonely_ms > LONELY_MAX_MS)
        n->lonely_ms = LONELY_MAX_MS;
    queue_add(&sim->queue, &ev);
}

static void end_down(struct sim *sim, struct node *n, struct node_end *end)
{
    uint32_t link = end->link;

    mesh_link_down(n->mesh, link, sim_now(sim));
    free_end(n, end);
    if (n->ends_count == 0)
        be_lonely(sim, n);
}

static void end_close(struct sim *sim, struct node *n, struct node_end *end)
{
    net_close(sim, end->link, end->side);
    end_down(sim, n, end);
}

static bool is_banned(const struct node *n, uint32_t other)
{
    for (uint32_t i = 0; i < n->banned_count; i++)
        if (n->banned[i] == other)
            return true;
    return false;
}

static void ban(struct node *n, uint32_t other)
{
    n->banned = realloc(n->banned, (n->banned_count + 1) * sizeof *n->banned);
    assert(n->banned != NULL);
    n->banned[n->banned_count++] = other;
}

/* The error of a peer's doing ends its connection, and perhaps all later. */
static void blame(struct sim *sim, struct node *n, struct node_end *end,
                  enum err e)
{
    const struct node *other = &sim->nodes[end->other];
    struct stats *s = &sim->stats;

    if (node_is_honest(n) && err_blame(e) == BLAME_PEER) {
        if (!node_is_honest(other))
            s->blamed_hostile++;
        else if (s->blamed_honest++ == 0)
            s->blamed_for = err_name(e);
    }
    assert(err_blame(e) != BLAME_LOCAL);
    if (err_blame(e) == BLAME_PEER && e != ERR_NO_CERTIFICATE)
        ban(n, end->other);
    end_close(sim, n, end);
}

/* The secret of a connection follows from its number. */
static void config_secrets(const struct sim *sim, struct peer_config *config,
                           uint32_t link, unsigned side)
{
    struct rng r;

    rng_init(&r, sim->params.seed ^ (uint64_t)link << 32);
    rng_bytes(&r, config->ask, sizeof config->ask);
    for (unsigned i = 0; i <= side; i++)
        rng_bytes(&r, config->salt, sizeof config->salt);
}

static struct peer *peer_new(struct sim *sim, struct node *n, uint32_t link,
                             unsigned side, const struct node *other)
{
    struct peer_config config = { .is_dialler = side == 0,
                                  .set = hostile_set(n),
                                  .gate = mesh_gate(n->mesh) };
    struct peer_topic topic;
    struct peer *peer = malloc(sizeof *peer);
    uint64_t day = node_wall_ms(sim, n) / DAY_MS;

    assert(peer != NULL);
    config_secrets(sim, &config, link, side);
    memcpy(config.node, n->key.public_key, KEY_LEN);
    memcpy(config.peer_node, other->key.public_key, KEY_LEN);
    peer_init(peer, &config);
    memcpy(topic.topic, sim->records.topic, ID_LEN);
    topic.from_day = (uint32_t)day - WINDOW_DAYS;
    topic.until_day = (uint32_t)day + 1;
    check(peer_topics_set(peer, &topic, 1, sim_now(sim)));
    return peer;
}

/* Of two connections to one node that dialled by the smaller key stays. */
static bool is_one_too_many(struct sim *sim, struct node *n, unsigned side,
                            const struct node *other)
{
    bool ours_stays =
        memcmp(n->key.public_key, other->key.public_key, KEY_LEN) < 0;

    for (uint32_t i = 0; i < n->ends_count; i++) {
        struct node_end *end = &n->ends[i];

        if (end->other != other->number)
            continue;
        if (end->side != side && (side == 0) != ours_stays)
            return true;
        end_close(sim, n, end);
        return false;
    }
    return false;
}

static void add_end(struct sim *sim, struct node *n, uint32_t link,
                    unsigned side, const struct node *other)
{
    struct mesh_link_config config = { .link = link,
                                       .is_dialled = side == 0,
                                       .scope = ENDPOINT_PUBLIC };
    struct node_end *end;

    n->ends = grow(n->ends, n->ends_count, &n->ends_cap, sizeof *n->ends);
    end = &n->ends[n->ends_count++];
    *end = (struct node_end){ .link = link,
                              .side = side,
                              .other = other->number,
                              .peer = peer_new(sim, n, link, side, other),
                              .is_awake = true };
    config.peer = end->peer;
    memcpy(config.node, other->key.public_key, KEY_LEN);
    check(mesh_link_up(n->mesh, &config, sim_now(sim)));
    mesh_link_rtt(n->mesh, link, 2 * net_link(sim, link)->latency_ms);
    if (paused_until(sim, n, other->number) > 0)
        peer_set_paused(end->peer, paused_until(sim, n, other->number),
                        sim_now(sim));
    n->lonely_ms = LONELY_MIN_MS;
    node_add_contact(n, other->number);
}

void node_link_up(struct sim *sim, uint32_t node, uint32_t link, unsigned side)
{
    struct node *n = &sim->nodes[node];
    const struct node *other =
        &sim->nodes[net_link(sim, link)->end[1 - side].node];
    uint32_t owner = heap_switch(node);

    if (is_banned(n, other->number) || n->ends_count >= PEERS_IN_MAX ||
        is_one_too_many(sim, n, side, other))
        net_close(sim, link, side);
    else
        add_end(sim, n, link, side, other);
    settle(sim, n);
    (void)heap_switch(owner);
}

void node_link_down(struct sim *sim, uint32_t node, uint32_t link)
{
    struct node *n = &sim->nodes[node];
    struct node_end *end = find_end(n, link);
    uint32_t owner = heap_switch(node);

    assert(n->is_alive && end != NULL);
    end_down(sim, n, end);
    settle(sim, n);
    (void)heap_switch(owner);
}

void node_dial_failed(struct sim *sim, uint32_t node, uint32_t to)
{
    struct node *n = &sim->nodes[node];
    uint32_t owner = heap_switch(node);

    mesh_dial_failed(n->mesh, sim->nodes[to].key.public_key, sim_now(sim));
    if (n->ends_count == 0)
        be_lonely(sim, n);
    settle(sim, n);
    (void)heap_switch(owner);
}

/* ---- Records: in flight, durable, told ---------------------------------- */

static void on_commit(struct sim *sim, const struct event *ev);

static void start_commit(struct sim *sim, struct node *n)
{
    struct event ev = { .run = on_commit,
                        .at_ms = sim_now(sim) + sim->params.commit_ms,
                        .node = n->number,
                        .number = n->epoch };

    if (n->committing > 0 || n->pending_count == 0)
        return;
    n->committing = n->pending_count;
    queue_add(&sim->queue, &ev);
}

static void finish(struct sim *sim, struct node *n, uint32_t link,
                   const uint8_t *id, enum err result)
{
    struct node_end *end = find_end(n, link);
    enum err e;

    if (end == NULL)
        return;
    end->is_awake = true;
    e = mesh_record_done(n->mesh, link, sim->records.topic, id, result,
                         sim_now(sim));
    if (e != ERR_OK)
        blame(sim, n, end, e);
}

static void make_visible(struct sim *sim, struct node *n,
                         const struct node_pending *p)
{
    const struct world_record *record = &sim->records.all[p->number];
    bool may_stay = !node_is_honest(n) || may_remember(sim, n, p->link) ||
                    (p->is_held && set_over(&n->set, p->number) == 0);
    enum record_presence before;
    enum record_presence after;

    if (!may_stay) {
        finish(sim, n, p->link, record->key.id, ERR_NOT_HELD);
        return;
    }
    before = set_add(&n->set, p->number, p->is_held);
    for (uint32_t i =
             p->is_held && node_is_honest(n) ? set_trim(&n->set, p->number) : 0;
         i > 0; i--)
        count_known(sim, n, p->link);
    after = set_presence(&n->set, p->number);
    if (after != before) {
        mesh_record_added(n->mesh, sim->records.topic, &record->key,
                          record->body_len, p->link, sim_now(sim));
        if (after == RECORD_HELD)
            stats_visible(sim, n, p->number);
        else if (!p->is_held)
            count_known(sim, n, p->link);
    }
    finish(sim, n, p->link, record->key.id,
           after != before ? ERR_OK : ERR_EXISTS);
}

static void on_commit(struct sim *sim, const struct event *ev)
{
    struct node *n = &sim->nodes[ev->node];
    uint32_t owner = heap_switch(n->number);

    if (n->is_alive && n->epoch == ev->number) {
        uint32_t done = n->committing;

        for (uint32_t i = 0; i < done; i++) {
            struct node_pending p = n->pending[i];

            make_visible(sim, n, &p);
        }
        n->committing = 0;
        n->pending_count -= done;
        memmove(n->pending, n->pending + done,
                n->pending_count * sizeof *n->pending);
        start_commit(sim, n);
        settle(sim, n);
    }
    (void)heap_switch(owner);
}

static bool is_pending(const struct node *n, uint32_t number)
{
    for (uint32_t i = 0; i < n->pending_count; i++)
        if (n->pending[i].number == number)
            return true;
    return false;
}

static void add_pending(struct node *n, uint32_t number, uint32_t link,
                        bool is_held)
{
    n->pending =
        grow(n->pending, n->pending_count, &n->pending_cap, sizeof *n->pending);
    n->pending[n->pending_count++] =
        (struct node_pending){ number, link, is_held };
}

void node_publish(struct sim *sim, struct node *n, uint32_t number)
{
    uint32_t owner = heap_switch(n->number);

    stats_published(sim, number);
    add_pending(n, number, 0, true);
    start_commit(sim, n);
    (void)heap_switch(owner);
}

/* What is dated after tomorrow waits where it is (§5.5). */
static bool is_from_future(const struct sim *sim, const struct node *n,
                           uint32_t number)
{
    return sim->records.all[number].key.created_ms / DAY_MS >
           node_wall_ms(sim, n) / DAY_MS + 1;
}

/* One record or head that a peer sent. */
static void take_entry(struct sim *sim, struct node *n, uint32_t link,
                       struct admission a, bool is_held)
{
    enum record_presence there;
    const uint8_t *id;

    if (a.err == ERR_OK && is_from_future(sim, n, a.number))
        a.err = ERR_FUTURE;
    if (a.err != ERR_OK) {
        finish(sim, n, link, NULL, a.err);
        if (err_blame(a.err) == BLAME_PEER && find_end(n, link) != NULL)
            blame(sim, n, find_end(n, link), a.err);
        return;
    }
    id = sim->records.all[a.number].key.id;
    there = set_presence(&n->set, a.number);
    if (is_held) {
        sim->stats.received++;
        sim->stats.duplicates +=
            there == RECORD_HELD || is_pending(n, a.number);
    }
    if (there == RECORD_HELD || (there == RECORD_NOT_KEPT && !is_held)) {
        finish(sim, n, link, id, ERR_EXISTS);
        return;
    }
    add_pending(n, a.number, link, is_held);
    start_commit(sim, n);
}

static void take_heads(struct sim *sim, struct node *n, uint32_t link,
                       const struct peer_event *ev)
{
    struct reader entries = reader_of(ev->bytes);
    struct not_held entry;

    while (find_end(n, link) != NULL && not_held_next(&entries, &entry))
        take_entry(sim, n, link,
                   records_admit_head(&sim->records, entry.head,
                                      entry.created_ms, entry.signature),
                   false);
}

/* ---- Frames in and out -------------------------------------------------- */

static enum err take_frame(struct sim *sim, struct node *n,
                           struct node_end *end, const struct frame *f)
{
    struct peer_event ev = { .type = PEER_NOTHING };
    uint32_t link = end->link;
    uint64_t now_ms = sim_now(sim);
    enum err e;

    if (!frame_is_known(f->type))
        return f->type % 2 == 0 ? ERR_UNKNOWN_FRAME : ERR_OK;
    if (lease_msg_is(f->type))
        return ERR_OK; /* of blobs, which are not simulated */
    e = peer_recv(end->peer, &ev, f->type, f->payload, now_ms);
    if (e == ERR_OK)
        e = mesh_event(n->mesh, link, &ev, now_ms);
    if (e != ERR_OK)
        return e;
    if (ev.type == PEER_RECORD)
        take_entry(sim, n, link, records_admit(&sim->records, ev.bytes), true);
    else if (ev.type == PEER_NOT_KEPT)
        take_heads(sim, n, link, &ev);
    return ERR_OK;
}

void node_link_message(struct sim *sim, uint32_t node, uint32_t link,
                       struct bytes message)
{
    struct node *n = &sim->nodes[node];
    struct reader r = reader_of(message);
    struct node_end *end = find_end(n, link);
    uint32_t owner = heap_switch(node);

    while (end != NULL && r.left > 0) {
        struct frame f;
        enum err e = frame_next(&f, &r);

        end->is_awake = true;
        if (e == ERR_OK)
            e = take_frame(sim, n, end, &f);
        end = find_end(n, link); /* it may be gone, or elsewhere */
        if (e != ERR_OK && end != NULL) {
            blame(sim, n, end, e);
            break;
        }
    }
    settle(sim, n);
    (void)heap_switch(owner);
}

void node_link_ready(struct sim *sim, uint32_t node, uint32_t link)
{
    struct node *n = &sim->nodes[node];
    struct node_end *end = find_end(n, link);
    uint32_t owner = heap_switch(node);

    if (end != NULL)
        end->is_awake = true;
    settle(sim, n);
    (void)heap_switch(owner);
}

static void count_frames(struct stats *s, struct bytes frames)
{
    struct reader r = reader_of(frames);
    struct frame f;

    while (r.left > 0 && frame_next(&f, &r) == ERR_OK) {
        s->frames[f.type]++;
        s->frame_bytes[f.type] += f.payload.len;
    }
}

static void pull(struct sim *sim, struct node *n, struct node_end *end)
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];

    end->is_awake = false;
    while (net_may_send(sim, end->link, end->side) &&
           peer_has_output(end->peer)) {
        struct writer w = writer_fixed(buf, sizeof buf);

        check(peer_pull(end->peer, &w, sim_now(sim)));
        hostile_alter(n, &w);
        if (w.len == 0)
            break;
        count_frames(&sim->stats, writer_view(&w));
        net_send(sim, end->link, end->side, writer_view(&w));
    }
    end->deadline_ms = peer_deadline(end->peer);
}

/* ---- The clock, and what the machines want ------------------------------ */

static void obey(struct sim *sim, struct node *n,
                 const struct mesh_effect *effect)
{
    struct node_end *end = find_end(n, (uint32_t)effect->link);
    uint32_t to;

    switch (effect->type) {
    case MESH_WAKE:
        if (end != NULL)
            end->is_awake = true;
        break;
    case MESH_CLOSE:
        if (end != NULL)
            end_close(sim, n, end);
        break;
    case MESH_DIAL:
        to = node_at(sim, effect);
        if (to == UINT32_MAX || is_banned(n, to))
            mesh_dial_failed(n->mesh, effect->node, sim_now(sim));
        else
            net_dial(sim, n->number, to);
        break;
    }
}

static void on_timer(struct sim *sim, const struct event *ev);

static void set_timer(struct sim *sim, struct node *n)
{
    struct event ev = { .run = on_timer,
                        .at_ms = mesh_deadline(n->mesh),
                        .node = n->number,
                        .number = n->epoch };

    for (uint32_t i = 0; i < n->ends_count; i++)
        if (n->ends[i].deadline_ms < ev.at_ms)
            ev.at_ms = n->ends[i].deadline_ms;
    if (ev.at_ms >= n->timer_ms)
        return; /* that one will look again */
    if (ev.at_ms < sim_now(sim))
        ev.at_ms = sim_now(sim);
    n->timer_ms = ev.at_ms;
    queue_add(&sim->queue, &ev);
}

/* After anything has happened to a node. */
static void settle(struct sim *sim, struct node *n)
{
    struct mesh_effect effect;

    while (mesh_next_effect(n->mesh, &effect)) /* each is told once */
        obey(sim, n, &effect);
    for (uint32_t i = 0; i < n->ends_count; i++)
        if (n->ends[i].is_awake)
            pull(sim, n, &n->ends[i]);
    set_timer(sim, n);
}

static void on_timer(struct sim *sim, const struct event *ev)
{
    struct node *n = &sim->nodes[ev->node];
    uint64_t now_ms = sim_now(sim);
    uint32_t owner;

    if (!n->is_alive || n->epoch != ev->number || n->timer_ms != now_ms)
        return;
    owner = heap_switch(n->number);
    n->timer_ms = UINT64_MAX;
    for (uint32_t i = 0; i < n->ends_count; i++) {
        struct node_end *end = &n->ends[i];

        if (end->deadline_ms > now_ms)
            continue;
        check(peer_tick(end->peer, now_ms));
        end->is_awake = true;
    }
    if (mesh_deadline(n->mesh) <= now_ms)
        mesh_tick(n->mesh, now_ms);
    settle(sim, n);
    (void)heap_switch(owner);
}
