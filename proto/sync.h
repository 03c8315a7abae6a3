#ifndef PROTO_SYNC_H
#define PROTO_SYNC_H

#include "proto/sync_range.h"

/*
 * One reconciliation session of one topic (protocol.md §5.3).  Messages of
 * ranges go to and fro until nothing is open; both sides send what the other
 * lacks; each says DONE after its last record and END when all it got is
 * durable.
 *
 *   opener   OPEN ->   <- RANGES   RANGES -> ...   DONE ->   END ->
 *   both may at any time send records between; STOP ends it without a result.
 */

enum sync_kind { SYNC_OPEN, SYNC_RANGES, SYNC_DONE, SYNC_END, SYNC_STOP };

/* What a side has in the window, under the key of the session or hello. */
struct sync_state {
    uint64_t count;
    uint8_t fingerprint[FINGERPRINT_LEN];
};

void sync_state_of(struct sync_state *out, const struct sync_key *key,
                   const struct record_sum *sum);
bool sync_state_equal(const struct sync_state *a, const struct sync_state *b);

/* A decoded SYNC payload; `body` is a view. */
struct sync_message {
    uint8_t tag[HELLO_TAG_LEN];
    uint64_t number;
    enum sync_kind kind;
    uint32_t from_day; /* OPEN */
    uint32_t until_day;
    struct bytes body;       /* OPEN, RANGES: ranges, not looked into yet */
    struct sync_state state; /* END */
};

/* ERR_MALFORMED, ERR_TRAILING, ERR_TRUNCATED, ERR_NOT_CANONICAL */
MUST_CHECK enum err sync_message_decode(struct sync_message *out,
                                        struct bytes payload);
/* The bytes before an OPEN's or RANGES' ranges, or all of DONE and STOP. */
void sync_message_put(struct writer *w, const struct sync_message *m);

struct sync_session {
    uint8_t topic[ID_LEN];
    struct sync_key key;
    uint64_t number; /* 0 until OPEN is said */
    uint32_t from_day;
    uint32_t until_day;
    struct record_range window;
    bool is_ours;       /* we opened it */
    bool must_open;     /* OPEN is not sent yet */
    bool is_answered;   /* the peer has said something in it */
    bool is_awaiting;   /* we sent ranges that ask for an answer */
    bool is_settled;    /* no range is open on either side */
    bool has_inbox;     /* `inbox` is to be answered once `jobs` is empty */
    bool inbox_is_open; /* it asks for an answer */
    bool done_sent;
    bool done_received;
    bool end_sent;
    bool end_received;
    bool has_moved; /* a record went either way */
    uint32_t rounds;
    uint64_t heard_ms;
    struct sync_state ours; /* of END */
    struct sync_state theirs;

    struct writer sent;  /* our last ranges: WANT refers to them */
    struct writer inbox; /* the peer's last ranges */
    struct writer jobs;  /* what we are to send, as ranges */
    struct sync_cursor job_cursor;
    bool has_job;
    struct sync_range job;      /* from its lower bound on it is to be done */
    struct record_key keys[32]; /* looked up and not sent yet */
    size_t keys_count;
    size_t keys_next;
};

/*
 * A session that the peer opened has its number from the start; ours get one
 * with sync_set_number() just before OPEN is said, so that numbers rise on the
 * wire.  The caller owns *out and must sync_free() it.  ERR_NO_MEMORY.
 */
MUST_CHECK enum err sync_new(struct sync_session **out,
                             const uint8_t topic[ID_LEN], bool is_ours);
void sync_set_number(struct sync_session *s, uint64_t number,
                     const struct sync_key *key);
void sync_set_window(struct sync_session *s, uint32_t from_day,
                     uint32_t until_day);
void sync_free(struct sync_session *s); /* accepts NULL; wipes the key */

/*
 * Takes any message but STOP; of OPEN, the window must be set before.
 * Everything is checked before anything changes.
 *   ERR_OUT_OF_ORDER, ERR_MALFORMED and the other errors of decoding
 *   ERR_TOO_LARGE  more than SYNC_RANGES_MAX ranges
 *   ERR_NOT_ASKED  a WANT for a list that was not sent
 */
MUST_CHECK enum err sync_recv(struct sync_session *s,
                              const struct sync_message *m);

/* Whether sync_say() or sync_next_record() has something to do. */
bool sync_has_output(const struct sync_session *s, size_t awaited);

/*
 * Writes the next message that is due to `w`, at most one, or nothing;
 * `awaited` is the number of records received and not durable yet.  Errors of
 * the set and ERR_NO_MEMORY.
 */
MUST_CHECK enum err sync_say(struct sync_session *s,
                             const struct record_set *set,
                             const uint8_t tag[HELLO_TAG_LEN], size_t awaited,
                             struct writer *w);

/*
 * The next entry that the peer lacks; the same again until it is taken.
 * ERR_NOT_FOUND if there is none (now), or an error of the set.
 */
MUST_CHECK enum err sync_next_record(struct sync_session *s,
                                     const struct record_set *set,
                                     struct record_key *out);
void sync_take_record(struct sync_session *s);

/* Both sides have said END. */
bool sync_is_over(const struct sync_session *s);

#endif
