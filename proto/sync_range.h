#ifndef PROTO_SYNC_RANGE_H
#define PROTO_SYNC_RANGE_H

#include "proto/hello.h"

/*
 * The ranges of which SYNC messages consist (protocol.md §5.3).  They cover a
 * window without gap, newest first: each begins where the one before it ended,
 * so that a list with overlaps cannot even be written.
 */

enum sync_mode {
    SYNC_SKIP,        /* nothing more about this range */
    SYNC_FINGERPRINT, /* I have this many, with this fingerprint */
    SYNC_IDS,         /* I have exactly these */
    SYNC_ALL,         /* I have none: send all you have */
    SYNC_WANT,        /* of the ids you listed here, send these */
    SYNC_ONLY         /* never on the wire: to be sent are only these */
};

struct sync_range {
    enum sync_mode mode;
    struct record_range range;
    uint64_t count;    /* records, listed ids, or bits */
    struct bytes data; /* fingerprint, short ids (8 bytes each), bitmap */
};

/* Reads ranges from the newest down. */
struct sync_cursor {
    struct reader r;
    struct record_range left; /* what no range has covered yet */
    bool is_wire;             /* SYNC_ONLY is refused */
};

struct sync_cursor sync_cursor_of(struct bytes body,
                                  const struct record_range *window,
                                  bool is_wire);
/* False at the end or on an error, which sync_cursor_finish() then tells. */
bool sync_cursor_next(struct sync_cursor *c, struct sync_range *out);
/* ERR_OK if the whole window was covered and every byte used. */
MUST_CHECK enum err sync_cursor_finish(const struct sync_cursor *c);

/* Number i of the short ids of an id list. */
uint64_t sync_range_id(const struct sync_range *range, uint64_t i);
bool sync_range_has_id(const struct sync_range *range, uint64_t short_id);

/* Writes ranges from the newest down; neighbouring SKIPs become one. */
struct sync_builder {
    struct writer *w;
    struct record_key at;  /* written down to here */
    struct record_key end; /* skipped down to here, not written yet */
    size_t count;
    bool is_open; /* one of the ranges asks for an answer */
};

/* The longest encoding of a range without its data. */
#define SYNC_RANGE_HEAD_MAX (1 + 10 + 31 + 10)

struct sync_builder sync_builder_of(struct writer *w,
                                    const struct record_range *window);
/* The range reaches from `to` up to where the one before it ended. */
void sync_builder_skip(struct sync_builder *b, const struct record_key *to);
void sync_builder_put(struct sync_builder *b, enum sync_mode mode,
                      const struct record_key *to, uint64_t count,
                      struct bytes data);
/* Writes what was skipped last, down to the end of the window. */
void sync_builder_finish(struct sync_builder *b);

/* The shortest bound that lies above `below` and not above `above`. */
struct record_key sync_bound_between(const struct record_key *below,
                                     const struct record_key *above);

#endif
