#ifndef TESTS_DAEMON_FETCH_STAGE_H
#define TESTS_DAEMON_FETCH_STAGE_H

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/fetch_owner.h"
#include "daemon/fetch_source.h"
#include "daemon/open_asks.h"
#include "proto/blob_small.h"
#include "tests/store/fixture.h"

/*
 * Around those who fetch small blobs and such of the middle size: a real store,
 * loop, pool and writer; the transfer that owns the wants, the peers and the
 * time are the test's, and say and remember what is here.
 */
enum { STAGE_PEERS = FETCH_SOURCES + 2, STAGE_ASKS = 256 };

/* A connection, as far as this is concerned. */
struct conn {
    uint64_t number;       /* from 1 on */
    uint8_t node[KEY_LEN]; /* it begins with 100 more */
    uint64_t features;
    bool is_open;
    bool is_slow;
    const uint8_t *topic; /* the one that it shares */
    struct open_asks open_asks;
    /* What was sent to it. */
    unsigned asks;
    unsigned cancels;
    struct blob_msg asked[STAGE_ASKS]; /* each for one blob */
    struct blob_many many;             /* the last for many */
    uint8_t frame[BLOB_MANY_LEN_MAX];  /* of that */
};

/* What became of wants and of peers. */
struct fate {
    unsigned held;
    unsigned put_off;
    unsigned other;
    unsigned blamed;
    unsigned lies;
    unsigned liar; /* the first byte of its node, where that was told */
};

extern const uint8_t topic[ID_LEN];
extern const struct fetch_owner stage_owner;
extern struct fixture store;
extern uv_loop_t loop;
extern struct commits *commits;
extern uint64_t now_ms;
extern struct conn peers[STAGE_PEERS]; /* the first is open */
extern struct fate fate;
extern bool has_room;
extern bool is_taken;

void stage_open(void);
/* After who fetches was freed. */
void stage_close(void);
/* What is in the writer's batch goes on its way; something happens. */
void stage_turn(void);

/* Wanted once the batch is full, or stage_want_end() was called. */
void stage_want(const struct blob_id *blob, const uint8_t of[ID_LEN],
                uint32_t tries);
void stage_want_end(void);
/* Whole, right, and for the topic. */
bool stage_is_held(const struct blob_id *blob);

#endif
