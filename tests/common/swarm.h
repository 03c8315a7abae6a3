#ifndef TESTS_COMMON_SWARM_H
#define TESTS_COMMON_SWARM_H

#include "proto/blob_fetch.h"

/*
 * A fetch among peers of every speed, of which some have but parts, lie, fall
 * silent or vanish.  Time is a counter, chance is seeded: no byte is moved, but
 * it is known of each chunk in each buffer whether it is the right one.  What
 * must hold at every step is asserted by it.
 */

#define SWARM_MIB       ((uint64_t)1024 * 1024)
#define SWARM_PEERS     BLOB_FETCH_PROVIDERS
#define SWARM_SPANS_MAX 256
#define SWARM_CHUNK     BLOB_DATA_CHUNK_MAX
#define SWARM_CHUNKS    (BLOB_SPAN_LEN / SWARM_CHUNK)
#define SWARM_QUEUE     4096 /* messages on their way to or from one peer */

struct swarm_mail {
    uint64_t at;
    enum frame_type type;
    uint32_t request;
    struct blob_ask ask;
    uint64_t offset;
    enum err code;
    uint64_t first; /* BLOB_HAVE: the byte of the map, and how many */
    size_t len;
    uint8_t bits[SWARM_SPANS_MAX / 8];
};

struct swarm_queue {
    struct swarm_mail mail[SWARM_QUEUE];
    size_t from, to;
};

struct swarm_peer {
    bool here;
    unsigned number;
    uint64_t rate; /* bytes a millisecond */
    uint64_t delay;
    uint64_t credit;
    uint64_t silent_from, gone_at; /* 0: never */
    uint64_t gains_each_ms;        /* a span more so often; 0: never */
    bool lies;
    bool tells; /* answers BLOB_WATCH */
    bool whole;
    uint8_t bits[SWARM_SPANS_MAX / 8];
    uint8_t told[SWARM_SPANS_MAX / 8];
    uint32_t watch;
    bool watched;
    enum err banned;
    uint64_t sent;
    struct swarm_queue in, out;
};

struct swarm {
    uint64_t now, seed, spans;
    uint8_t hash[HASH_LEN]; /* of every span: all bytes are zero */
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
    uint8_t held[SWARM_SPANS_MAX / 8];
    uint8_t have[BLOB_FETCH_PROVIDERS][SWARM_SPANS_MAX / 8];
    bool right[BLOB_FETCH_SPANS][SWARM_CHUNKS];
    struct swarm_peer peers[SWARM_PEERS];
    uint64_t order[SWARM_SPANS_MAX]; /* in which spans were written */
    unsigned written, done, stalled, bans, cancels;
    uint64_t arrived; /* bytes */
    struct blob_fetch fetch;
};

uint64_t swarm_chance(struct swarm *w);
bool swarm_bit(const uint8_t *bits, uint64_t span);
void swarm_set_bit(uint8_t *bits, uint64_t span);

/* A blob of so many spans, of which nothing is here; for free(). */
struct swarm *swarm_new(uint64_t spans, uint64_t seed);
/* One who has all and is honest: `rate` bytes and `delay` milliseconds. */
struct swarm_peer *swarm_join(struct swarm *w, uint64_t rate, uint64_t delay);
/* Does what the fetch wants done now. */
void swarm_drain(struct swarm *w);
/* A millisecond passes. */
void swarm_step(struct swarm *w);
/* Until all is here or so much time has passed; how much it took. */
uint64_t swarm_run(struct swarm *w, uint64_t limit_ms);

void swarm_assert_whole(const struct swarm *w);
/* Bytes that came and were not needed. */
uint64_t swarm_wasted(const struct swarm *w);

#endif
