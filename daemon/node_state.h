#ifndef DAEMON_NODE_STATE_H
#define DAEMON_NODE_STATE_H

#include "daemon/crew.h"
#include "daemon/node_parts.h"

/*
 * What a node is made of, for the files that are the node: node.c, which gives
 * it its life, node_config.c, node_listen.c and node_parts.c.
 */
struct node {
    uv_loop_t *loop;
    const struct options *options;
    const struct home *home;
    struct config config;
    struct clock clock;
    uint64_t started_ms;
    uint64_t day;
    struct node_keys keys;
    struct person_keys person;
    bool has_person;
    bool stopping;
    bool closed;
    uint8_t board[ID_LEN];
    struct store *store;
    struct commits *commits;
    struct ingest *ingest;
    struct interest *interest;
    struct leases *leases;
    struct pledge *pledge;
    struct throttle *throttle;
    struct quota *quota;
    struct gc *gc;
    struct rehash *rehash;
    struct renew *renew;
    struct safety *safety;
    struct address_book *book;
    struct peers *peers;
    struct exports *exports;
    struct crew *disk;
    struct crew *hashers;
    struct transfer *transfer;
    struct coder *coder;
    struct dialler *dialler;
    struct gossip *gossip;
    struct listener *listeners[CONFIG_LISTEN_MAX];
    size_t listeners_count;
    bool port_taken;                  /* the usual one: another is used */
    struct node_listener *events;     /* those who listen */
    struct node_listener *next_event; /* while telling them: who is next */
    uv_prepare_t prepare;
    uv_timer_t timer;
};

/* node_config.c: the command line wins over the file. */
MUST_CHECK enum err node_config_override(struct config *config,
                                         const struct options *options);
/* node_listen.c: an address that was asked for has to work. */
MUST_CHECK enum err node_listen_open(struct node *node);
void node_listen_close(struct node *node);

#endif
