#ifndef PROTO_BLOB_TURN_H
#define PROTO_BLOB_TURN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which of the blobs that are being fetched gives its place to one that waits
 * (docs/protocol.md §6.5).  A blob whose only provider sends a few bytes now
 * and then would else keep its place for ever.  Nobody is banned: what gave way
 * is fetched when there is nothing else to do.  Fixed memory, one thread.
 */

#define BLOB_TURN_PLACES 16
/* Of so many it is remembered that they are slow. */
#define BLOB_TURN_SOURCES 64
/* A place has so long to show so many useful bytes a second. */
#define BLOB_TURN_WINDOW_MS 15000
#define BLOB_TURN_FLOOR     4096
/* Whoever was waited for in vain is thought slow for so long. */
#define BLOB_TURN_SLOW_MS 300000

/* A place: FREE, ON TRIAL or FAST in its window, or SLOW since its last one. */
struct blob_turn {
    bool used;
    bool slow;             /* as of the last window that has ended */
    uint64_t total;        /* useful bytes since it was taken */
    uint64_t window_ms;    /* when the window began */
    uint64_t window_total; /* and the bytes by then */
};

struct blob_turns {
    struct blob_turn places[BLOB_TURN_PLACES];
    uint64_t next_ms; /* before then no other place is given */
    struct {
        uint64_t source; /* 0: none */
        uint64_t until_ms;
    } slow[BLOB_TURN_SOURCES];
};

void blob_turns_init(struct blob_turns *t);

/* A fetch begins in this place, or ends. */
void blob_turns_take(struct blob_turns *t, unsigned place, uint64_t now_ms);
void blob_turns_leave(struct blob_turns *t, unsigned place);

/* So many useful bytes have come in all since the place was taken. */
void blob_turns_note(struct blob_turns *t, unsigned place, uint64_t total,
                     uint64_t now_ms);
/* What came is no measure: a limit or the disk of our own held it up. */
void blob_turns_excuse(struct blob_turns *t, unsigned place, uint64_t now_ms);

/*
 * Somebody waits who could be served by others: which of the places among
 * `candidates`, a bit each, is given up for it, if any.  One in each window
 * and, of those that are slow, the one that has brought least: so on a link on
 * which all is slow the others are left to finish.
 */
bool blob_turns_give(struct blob_turns *t, unsigned candidates, uint64_t now_ms,
                     unsigned *place);

/* This source, any number but 0, owed bytes to who had to give way. */
void blob_turns_blame(struct blob_turns *t, uint64_t source, uint64_t now_ms);
bool blob_turns_is_slow(const struct blob_turns *t, uint64_t source,
                        uint64_t now_ms);

#endif
