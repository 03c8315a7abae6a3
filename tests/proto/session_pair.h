#ifndef TESTS_PROTO_SESSION_PAIR_H
#define TESTS_PROTO_SESSION_PAIR_H

#include <assert.h>
#include <string.h>

#include "proto/session.h"

/* Two sessions joined by memory, with fixed keys, for the tests of sessions. */

#define T0 ((uint64_t)1000000)

struct side {
    struct session session;
    struct node_keys keys;
    struct network network;
    uint8_t rx[2 * SESSION_MESSAGE_MAX];
    size_t rx_len;
    size_t rx_used; /* at its start: of the last delivery, frames may lie in */
    struct session_event event; /* of the last delivery */
};

struct pair {
    struct side dialler;
    struct side listener;
};

/* A side with keys made from `seed`, not yet started. */
static inline void side_prepare(struct side *side, const char *network,
                                uint8_t seed)
{
    uint8_t bytes[NODE_SEED_LEN];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(seed + i * (i < 32 ? 3 : 5));
    node_keys_from_seed(&side->keys, bytes);
    assert(network_parse(&side->network, network) == ERR_OK);
    side->rx_len = 0;
    side->rx_used = 0;
    side->event = (struct session_event){ 0 };
}

static inline struct session_config side_config(struct side *side, bool dialler)
{
    struct session_config config = { .dialler = dialler,
                                     .network = &side->network,
                                     .keys = &side->keys };

    for (size_t i = 0; i < KEY_LEN; i++)
        config.ephemeral[i] = (uint8_t)(i * 7 + (dialler ? 11 : 13));
    return config;
}

static inline void side_start(struct side *side, bool dialler)
{
    struct session_config config = side_config(side, dialler);

    session_init(&side->session, &config, T0);
}

static inline void pair_prepare(struct pair *p)
{
    side_prepare(&p->dialler, "lab", 1);
    side_prepare(&p->listener, "lab", 2);
}

static inline void pair_start(struct pair *p)
{
    pair_prepare(p);
    side_start(&p->dialler, true);
    side_start(&p->listener, false);
}

/* Makes room of what the last delivery used. */
static inline void side_compact(struct side *side)
{
    side->rx_len -= side->rx_used;
    if (side->rx_len > 0 && side->rx_used > 0)
        memmove(side->rx, side->rx + side->rx_used, side->rx_len);
    side->rx_used = 0;
}

/* Lays `message` before a side in place of all that waits there. */
static inline void side_lay(struct side *side, struct bytes message)
{
    memmove(side->rx, message.data, message.len);
    side->rx_len = message.len;
    side->rx_used = 0;
}

/* Pulls one message of `from` behind what waits at `to`; its length or 0. */
static inline size_t carry(struct side *from, struct side *to, uint64_t now_ms)
{
    size_t len;

    side_compact(to);
    session_pull(&from->session, now_ms, to->rx + to->rx_len,
                 sizeof to->rx - to->rx_len, &len, true);
    to->rx_len += len;
    return len;
}

/* Gives the first waiting message to its session. */
static inline enum err deliver(struct side *to, uint64_t now_ms)
{
    side_compact(to);
    return session_recv(&to->session, now_ms, to->rx, to->rx_len, &to->rx_used,
                        &to->event);
}

/* Brings both to OPEN. */
static inline void pair_open(struct pair *p)
{
    pair_start(p);
    assert(carry(&p->dialler, &p->listener, T0) > 0);
    assert(deliver(&p->listener, T0) == ERR_OK);
    assert(carry(&p->listener, &p->dialler, T0) > 0);
    assert(deliver(&p->dialler, T0) == ERR_OK);
    assert(carry(&p->dialler, &p->listener, T0) > 0);
    assert(deliver(&p->listener, T0) == ERR_OK);
    side_compact(&p->dialler);
    side_compact(&p->listener);
    assert(p->dialler.session.state == SESSION_OPEN);
    assert(p->listener.session.state == SESSION_OPEN);
}

static inline void pair_wipe(struct pair *p)
{
    session_wipe(&p->dialler.session);
    session_wipe(&p->listener.session);
}

#endif
