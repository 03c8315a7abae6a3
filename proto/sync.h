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
 *
 * Where the first ranges show that many of them differ by little, the answer is
 * coded symbols in the place of ranges, if the opener has said that it can
 * decode them:
 *
 *   OPEN_CODED ->   <- SYMBOLS   MORE ->   <- SYMBOLS   TAKE ->   then as above
 *   MORE of none:   <- RANGES, and all goes on as if symbols were not known
 */

enum sync_kind {
    SYNC_OPEN,
    SYNC_RANGES,
    SYNC_DONE,
    SYNC_END,
    SYNC_STOP,
    SYNC_OPEN_CODED,
    SYNC_SYMBOLS,
    SYNC_MORE,
    SYNC_TAKE
};

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
    uint32_t from_day; /* OPEN, OPEN_CODED */
    uint32_t until_day;
    uint64_t more; /* MORE */
    /* Ranges, not looked into yet, or whole symbols, or ascending ids without
     * their number. */
    struct bytes body;
    struct sync_state state; /* END */
};

/* Whether a message of this kind begins a session. */
bool sync_message_opens(enum sync_kind kind);

/* ERR_MALFORMED, ERR_TRAILING, ERR_TRUNCATED, ERR_NOT_CANONICAL */
MUST_CHECK enum err sync_message_decode(struct sync_message *out,
                                        struct bytes payload);
/* The whole message; ranges, and symbols and ids with their number, may follow
 * by themselves. */
void sync_message_put(struct writer *w, const struct sync_message *m);

/*
 *            SYMBOLS in/out          MORE in/out
 *  WELCOME ---------------> TURN <---------------- one of both waits
 *     |                       |
 *     `------ ranges ---------`--- ranges, TAKE --> OFF
 *
 * In TURN, `is_coding_due` says whether it is ours to speak.
 */
enum sync_coding { SYNC_CODING_OFF, SYNC_CODING_WELCOME, SYNC_CODING_TURN };

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
    bool may_code;  /* symbols may be used, if both sides have them */
    bool was_coded; /* symbols have been said or heard */
    uint32_t rounds;
    uint64_t heard_ms;
    struct sync_state ours; /* of END */
    struct sync_state theirs;

    enum sync_coding coding;
    bool is_coding_due;
    uint32_t coding_rounds;
    size_t asked;           /* symbols asked for: of the last MORE */
    size_t symbols_sent;    /* by us, the answerer */
    uint64_t symbols_count; /* entries that those we sent stand for */
    struct writer symbols;  /* received by us, the opener */
    struct writer takes;    /* first bytes of ids that we are to send */
    size_t takes_next;

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
/* Allows symbols; a session that has failed with them is followed by one
 * without. */
void sync_set_coding(struct sync_session *s, bool may_code);
void sync_free(struct sync_session *s); /* accepts NULL; wipes the key */

/*
 * Takes any message but STOP; of one that opens, the window must be set before.
 * Everything is checked before anything changes.
 *   ERR_OUT_OF_ORDER, ERR_MALFORMED and the other errors of decoding
 *   ERR_TOO_LARGE  more than SYNC_RANGES_MAX ranges
 *   ERR_NOT_ASKED  a WANT for a list that was not sent, or more symbols than
 *                  were asked for
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
