#ifndef DAEMON_FETCH_SOURCE_H
#define DAEMON_FETCH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is known of the peers that blobs of the middle size are asked of: how
 * much may be on its way from each, and who is not asked for a while
 * (docs/protocol.md §6.5).  Fixed memory, no clock.
 */

enum {
    FETCH_SOURCES = 32,
    /* Requests of one connection; the others are for large blobs. */
    FETCH_SOURCE_OPEN = 64
};

struct fetch_source {
    uint64_t conn; /* 0: a free place */
    unsigned open; /* requests, with those that were called off */
    unsigned called_off;
    uint64_t in_flight; /* bytes */
    uint64_t peak;      /* bytes a second, the highest of late */
    uint64_t sample_ms; /* since then this many came */
    uint64_t sample_bytes;
    uint64_t watch_ms; /* the same, to see whether it is too slow */
    uint64_t watch_bytes;
    uint64_t rest_until_ms;
    unsigned misses; /* in a row; each doubles the rest */
};

struct fetch_sources {
    struct fetch_source list[FETCH_SOURCES];
};

/* NULL if it was never asked. */
struct fetch_source *fetch_source_find(struct fetch_sources *sources,
                                       uint64_t conn);
/* The same, or a place for it, of one that owes nothing; NULL: all owe. */
struct fetch_source *fetch_source_take(struct fetch_sources *sources,
                                       uint64_t conn);
/* Whether there is one for somebody new. */
bool fetch_source_has_place(struct fetch_sources *sources);

/* Whether it may be asked for so many bytes more now. */
bool fetch_source_has_room(const struct fetch_source *source, uint64_t bytes,
                           uint64_t rtt_ms);
bool fetch_source_rests(const struct fetch_source *source, uint64_t now_ms);
/* It has sent nothing since it had not what it was asked for. */
bool fetch_source_is_doubtful(const struct fetch_source *source);
/* It owes bytes, and nearly none came for BLOB_TIMEOUT_MS. */
bool fetch_source_is_slow(struct fetch_source *source, uint64_t now_ms);

void fetch_source_asked(struct fetch_source *source, uint64_t bytes,
                        uint64_t now_ms);
void fetch_source_came(struct fetch_source *source, size_t bytes,
                       uint64_t now_ms);
/* A request has ended, of which so many bytes have not come. */
void fetch_source_ended(struct fetch_source *source, uint64_t bytes);
/* The same of one that it is still to end, and of that end: false if there was
 * none to come. */
void fetch_source_called_off(struct fetch_source *source, uint64_t bytes);
bool fetch_source_gave_up(struct fetch_source *source);
/* It had not what it was asked for, or was busy: it rests. */
void fetch_source_missed(struct fetch_source *source, uint64_t now_ms);

#endif
