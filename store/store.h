#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "proto/budget.h"
#include "proto/record.h"
#include "proto/record_set.h"
#include "store/types.h"

/*
 * Everything a node keeps but the bytes of large blobs: two LMDB environments
 * in one folder.  `records.mdb` is precious; `index.mdb` follows from it and is
 * rebuilt when it is lost, damaged or behind (docs/storage.md).
 *
 * Threads: one *loop* thread opens, closes and reads; beside it one *writer*
 * thread may be inside store_apply(), store_settle() or store_catch_up(), and
 * one thread of the pool inside a verify step (store/verify.h).  A read sees
 * one moment, fixed at its first read after store_refresh(); so all answers
 * between two refreshes agree.  Pointers into the database never leave a call.
 *
 * Errors common to all reads: ERR_CORRUPT (a stored value does not parse),
 * ERR_IO, ERR_NO_MEMORY.  Outputs are written only on ERR_OK.
 */
struct store;
struct store_batch;

/* Of records.mdb, and of index.mdb, which is made anew when its own changes. */
#define STORE_SCHEMA       5
#define STORE_INDEX_SCHEMA 9
/* One transaction takes at most this many operations or bytes. */
#define STORE_BATCH_OPS   1000
#define STORE_BATCH_BYTES (8 * 1024 * 1024)
/* The map is address space, not disk; it doubles when it is full. */
#define STORE_MAP_BYTES ((uint64_t)64 << 30)
/* Applying stops while less of the disk is free, so that nothing half-fails. */
#define STORE_RESERVE_BYTES ((uint64_t)32 << 20)

struct store_options {
    uint64_t map_bytes;     /* of each environment; 0: STORE_MAP_BYTES */
    uint64_t reserve_bytes; /* 0: STORE_RESERVE_BYTES; 1 turns it off */
    const char *boot;       /* names the machine's start; NULL: the system's */
    uint8_t board[ID_LEN];  /* the call board's topic of the network */
    /* Called now and then while the index is rebuilt, and when it is done. */
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

/*
 * Opens, or creates, the store in folder `dir`, which exists and is locked by
 * the caller; brings the index up to date.  The caller must store_close() it.
 *   ERR_VERSION   made by a later release, or for another call board
 *   ERR_CORRUPT   records.mdb is no store, or damaged
 *   ERR_NO_SPACE  no room even for that
 */
MUST_CHECK enum err store_open(struct store **out, const char *dir,
                               const struct store_options *options);
/* Accepts NULL.  No apply may be running. */
void store_close(struct store *store);
/*
 * Ends the moment that reads see.  Call it before every poll of the event loop
 * (a uv_prepare handle) and when an apply has come back from the writer.
 */
void store_refresh(struct store *store);
/* The wall clock, for rows that say since when; from any thread. */
void store_set_clock(struct store *store, uint64_t now_ms);

/* ---- Writing ---------------------------------------------------------- */

enum store_outcome {
    STORE_NEW,   /* a record or not-kept id that was not in the store */
    STORE_KNOWN, /* was there already: the first copy stays */
    STORE_KEPT,  /* was known, not held; now held under its old number */
    STORE_OVER,  /* new and over its author's budget: known, not held */
    STORE_DONE   /* any other operation */
};

/* What became of one operation; valid after store_apply gave ERR_OK. */
struct store_result {
    enum err err; /* ERR_NOT_FOUND where the operation needs what is absent */
    enum store_outcome outcome;
    uint64_t seq; /* of records; else 0 */
    uint8_t id[ID_LEN];
    uint8_t topic[ID_LEN]; /* the record's own; identity records join more */
    bool listed;           /* in the call board's set besides */
    uint64_t removed;      /* of charged records: made mere heads by this one */
    /* Of store_batch_trim() and its kind: */
    bool is_more; /* not done: go on */
    struct record_key at;
};

/*
 * A batch is filled on the loop, applied by the writer, read on the loop.  All
 * that is put is copied.  Putting gives the operation's place among the
 * results, and fails with ERR_NO_SPACE once store_batch_full(), ERR_NO_MEMORY.
 */
MUST_CHECK enum err store_batch_new(struct store_batch **out);
void store_batch_free(struct store_batch *batch);
/* Forgets all operations and results. */
void store_batch_clear(struct store_batch *batch);
bool store_batch_full(const struct store_batch *batch);
size_t store_batch_count(const struct store_batch *batch);
/* Valid until the batch is cleared. */
const struct store_result *store_batch_result(const struct store_batch *batch,
                                              size_t op);

/*
 * An admitted record, with the certificate of its signer (empty: none needed,
 * or stored before).
 */
MUST_CHECK enum err store_batch_put_record(struct store_batch *batch,
                                           const struct record *record,
                                           struct bytes certificate,
                                           uint64_t received_ms);
/* Head and signature of a record that is known, but not kept. */
MUST_CHECK enum err store_batch_put_not_kept(struct store_batch *batch,
                                             const struct record *head,
                                             uint64_t received_ms);
/*
 * A record that counts against its author's budget of the day: over it, it is
 * known, not held, and the largest ids held may have to go for it.  With
 * `or_nothing` one that is over, or for which another would have to go, leaves
 * no trace: ERR_OVER_BUDGET in the result.
 */
MUST_CHECK enum err
store_batch_put_charged(struct store_batch *batch, const struct record *record,
                        struct bytes certificate, uint64_t received_ms,
                        enum store_account account, const struct budget *budget,
                        bool or_nothing);
/*
 * Erases the body of a record: `keep` true leaves it held with a nil body
 * (retracted; what was known alone is held so from then on), false makes it
 * known, not held.  ERR_NOT_FOUND in the result.
 */
MUST_CHECK enum err store_batch_erase(struct store_batch *batch,
                                      const uint8_t id[ID_LEN], bool keep);
MUST_CHECK enum err store_batch_follow(struct store_batch *batch,
                                       const struct store_follow *follow);
MUST_CHECK enum err store_batch_unfollow(struct store_batch *batch,
                                         const uint8_t topic[ID_LEN]);
/* Adds a want or replaces the row of the same blob and topic. */
MUST_CHECK enum err store_batch_want(struct store_batch *batch,
                                     const struct store_want *want);
MUST_CHECK enum err store_batch_unwant(struct store_batch *batch,
                                       const struct blob_id *blob,
                                       const uint8_t topic[ID_LEN]);
MUST_CHECK enum err store_batch_peer(struct store_batch *batch,
                                     const struct store_peer *peer);
MUST_CHECK enum err store_batch_forget_peer(struct store_batch *batch,
                                            const uint8_t node[KEY_LEN]);
/*
 * Takes entries dated before `before_ms` out of the topic's set, the oldest
 * first, some hundreds at a time, and removes the records that are in the set
 * of no other topic that is held.  Those of `own` and identity records stay in
 * the store.  The call board has none of before that time from then on.  While
 * the result says is_more, go on from its `at`.
 */
struct store_trim {
    uint8_t topic[ID_LEN];
    uint8_t own[ID_LEN]; /* the node's person, or zeros */
    uint64_t before_ms;
    struct record_key from; /* zeros at first */
};
MUST_CHECK enum err store_batch_trim(struct store_batch *batch,
                                     const struct store_trim *trim);
/*
 * Forgets what an author has over the budget of `topic`, some hundreds at a
 * time, so that it is wanted again; until the result has no is_more.
 */
MUST_CHECK enum err store_batch_forget_over(struct store_batch *batch,
                                            const uint8_t topic[ID_LEN],
                                            const uint8_t author[ID_LEN]);
/*
 * Demotes what an author has over that budget now, a day at a time from
 * `from_ms` on; while the result has is_more, go on from at.created_ms.
 */
MUST_CHECK enum err store_batch_settle(struct store_batch *batch,
                                       const uint8_t topic[ID_LEN],
                                       const uint8_t author[ID_LEN],
                                       const struct budget *budget,
                                       uint64_t from_ms);
/* Any small value of the daemon's, by name; an empty value removes it. */
MUST_CHECK enum err store_batch_meta(struct store_batch *batch,
                                     const char *name, struct bytes value);
/* Operations on blobs are in store/blobs.h. */

/*
 * Writer: carries out the batch in one durable transaction.  On an error
 * nothing of it has happened and the batch may be applied again.
 *   ERR_NO_SPACE  the disk is (nearly) full
 *   ERR_IO        after it, store_failed() tells whether to reopen
 */
MUST_CHECK enum err store_apply(struct store *store, struct store_batch *batch);
/*
 * Writer: flushes the index, of which changes are otherwise left to the system
 * to write: after a power cut it need not be made anew.  For when nothing has
 * been applied for a while; store_close() does it, too.
 */
MUST_CHECK enum err store_settle(struct store *store);
/*
 * True if the last batches are durable, but reads do not find all of them yet,
 * since the index could not be written: the next batch sees to it, or this:
 */
bool store_is_behind(const struct store *store);
/*
 * Writer: brings the index up to date.
 *   ERR_IO, ERR_NO_SPACE  it is as far as it got
 *   ERR_CORRUPT           it has to be made anew: store_failed() is true
 */
MUST_CHECK enum err store_catch_up(struct store *store);
/* True if the database can only be reopened: LMDB's panic, or a stale index. */
bool store_failed(const struct store *store);
/* Closes and opens both environments, on the loop while nothing is applied. */
MUST_CHECK enum err store_reopen(struct store *store);

/* ---- Reading ---------------------------------------------------------- */

/* One entry, as its head tells. */
struct store_item {
    uint64_t seq;
    uint8_t id[ID_LEN];
    uint64_t kind;
    uint8_t author[ID_LEN];
    uint8_t topic[ID_LEN];
    uint64_t created_ms;
    uint64_t received_ms;
    uint64_t flags;
    enum record_presence presence; /* RECORD_HELD or RECORD_NOT_KEPT */
    bool has_body;
};

/* Whether the id has a record here, or a mere head; true if none can tell. */
bool store_knows(struct store *store, const uint8_t id[ID_LEN]);
MUST_CHECK enum err store_find(struct store *store, const uint8_t id[ID_LEN],
                               struct store_item *out);
MUST_CHECK enum err store_find_seq(struct store *store, uint64_t seq,
                                   struct store_item *out);
/*
 * Appends the whole record to `w`; without its certificate (nil) unless asked.
 * `item` may be NULL.  ERR_NOT_HELD if only its head is known.
 */
MUST_CHECK enum err store_read(struct store *store, const uint8_t id[ID_LEN],
                               bool with_certificate, struct writer *w,
                               struct store_item *item);
MUST_CHECK enum err store_read_seq(struct store *store, uint64_t seq,
                                   bool with_certificate, struct writer *w,
                                   struct store_item *item);
/*
 * What is known of a record that is not held, as one with a nil body and
 * without a certificate.
 */
MUST_CHECK enum err store_read_head_seq(struct store *store, uint64_t seq,
                                        struct writer *w);
/* Appends the certificate by which `signer` signs for `person`. */
MUST_CHECK enum err store_certificate(struct store *store,
                                      const uint8_t person[ID_LEN],
                                      const uint8_t signer[KEY_LEN],
                                      struct writer *w);
/*
 * The one id that begins with `len` hex digits, among records, or among
 * authors.
 *   ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_MALFORMED (no digits, or more than 64)
 */
MUST_CHECK enum err store_resolve(struct store *store, const char *hex,
                                  size_t len, uint8_t out[ID_LEN]);
MUST_CHECK enum err store_resolve_author(struct store *store, const char *hex,
                                         size_t len, uint8_t out[ID_LEN]);

/*
 * Scans: begin one with a store_scan_by_*(), set `newest_first` or `held_only`
 * if wanted, perhaps continue after an earlier item, then take pages until one
 * is empty.  A scan is plain data: it holds nothing open and may wait for days
 * between pages.  All but by_seq are ordered by created_ms (links first by
 * relation).
 */
struct store_scan {
    bool newest_first;
    bool held_only;
    /* Private. */
    unsigned table;
    uint8_t prefix[ID_LEN + 16];
    size_t prefix_len;
    uint8_t pos[2 * ID_LEN + 32];
    size_t pos_len; /* 0: not begun */
};

#define STORE_RELATION_ANY UINT64_MAX

/* All with a number over `after` (0 if newest_first), in order of arrival. */
void store_scan_by_seq(struct store_scan *scan, uint64_t after);
/* The whole set of a topic, ordered by (created_ms, id). */
void store_scan_by_topic(struct store_scan *scan, const uint8_t topic[ID_LEN]);
/* Those of one kind in a topic; the board's topic has what is listed. */
void store_scan_by_topic_kind(struct store_scan *scan,
                              const uint8_t topic[ID_LEN], uint64_t kind);
/* All of a topic, ordered by their kinds, from `kind` on. */
void store_scan_by_topic_from(struct store_scan *scan,
                              const uint8_t topic[ID_LEN], uint64_t kind);
void store_scan_by_kind(struct store_scan *scan, uint64_t kind);
void store_scan_by_author(struct store_scan *scan,
                          const uint8_t author[ID_LEN]);
/* Those that link to `target` by `relation`, or STORE_RELATION_ANY. */
void store_scan_by_link(struct store_scan *scan, const uint8_t target[ID_LEN],
                        uint64_t relation);
/* Those that revise the object whose first record is `first`. */
void store_scan_by_revises(struct store_scan *scan,
                           const uint8_t first[ID_LEN]);
/*
 * Goes on after the item with number `seq`; if that was removed meanwhile, from
 * near it.  ERR_NOT_FOUND if it is no item of this list.
 */
MUST_CHECK enum err store_scan_after(struct store *store,
                                     struct store_scan *scan, uint64_t seq);
/* The next items, at most `max`; *n is 0 only at the end. */
MUST_CHECK enum err store_scan_next(struct store *store,
                                    struct store_scan *scan,
                                    struct store_item *items, size_t max,
                                    size_t *n);

/*
 * Searches among the words and tags of records that are held (store/text.h):
 * of kind `kind` (0: any) and with all that the terms say.  Each word of a
 * TEXT_WORD term is the beginning of one in the record, a term of another class
 * is a whole tag.  Newest first.  Revisions are records of their own: whether
 * one is in force is for the caller to tell.
 *   ERR_NOT_FOUND  there is no word in the terms
 *   ERR_TOO_LARGE  one of them leads to more than STORE_HITS_MAX rows
 *   ERR_MALFORMED  no UTF-8
 */
#define STORE_HITS_MAX 200000
struct store_term {
    unsigned class; /* enum text_class */
    struct bytes text;
};
struct store_hit {
    uint64_t created_ms;
    uint64_t place; /* the first 8 bytes of its id */
    uint64_t seq;
    uint64_t kind;
};
struct store_hits {
    struct store_hit *items;
    size_t count;
};
MUST_CHECK enum err store_search(struct store *store,
                                 const struct store_term *terms, size_t count,
                                 uint64_t kind, struct store_hits *out);
void store_hits_free(struct store_hits *hits);

/* Sizes of a topic's set: entries known, and bytes of the records held. */
struct store_topic_size {
    uint64_t count;
    uint64_t bytes;
};
MUST_CHECK enum err store_topic_size(struct store *store,
                                     const uint8_t topic[ID_LEN],
                                     struct store_topic_size *out);
/* The same of what was created from `from_ms` up to, not at, `until_ms`. */
MUST_CHECK enum err store_range_size(struct store *store,
                                     const uint8_t topic[ID_LEN],
                                     uint64_t from_ms, uint64_t until_ms,
                                     struct store_topic_size *out);
/* Entries of a topic that are over their author's budget. */
MUST_CHECK enum err store_topic_over(struct store *store,
                                     const uint8_t topic[ID_LEN],
                                     uint64_t *out);
/* Authors whose records count against a budget of the topic, ascending. */
struct store_charged {
    uint8_t author[ID_LEN];
    bool has_over;
};
MUST_CHECK enum err store_charged_authors(struct store *store,
                                          const uint8_t topic[ID_LEN],
                                          const uint8_t *after,
                                          struct store_charged *out, size_t max,
                                          size_t *n);
/* Where store_batch_trim() has cut the call board; 0: nowhere. */
MUST_CHECK enum err store_board_from(struct store *store, uint64_t *out);
/* What record sync asks; the view lives as long as the store. */
struct record_set store_record_set(struct store *store);

/*
 * Keeps coded symbols of a topic's window ready for sync, at least the eight
 * that were last named; nothing if the topic is small.  Those of a window that
 * was named before follow to where it has moved.
 */
MUST_CHECK enum err store_symbols_keep(struct store *store,
                                       const uint8_t topic[ID_LEN],
                                       const struct record_range *range);
/*
 * Makes some of the symbols that are not ready, for about 2 ms.  *more: call it
 * again, in a while.
 */
MUST_CHECK enum err store_symbols_work(struct store *store, bool *more);

/* Rows in ascending key order after `after` (NULL: from the first). */
MUST_CHECK enum err store_follows(struct store *store, const uint8_t *after,
                                  struct store_follow *out, size_t max,
                                  size_t *n);
MUST_CHECK enum err store_follow_find(struct store *store,
                                      const uint8_t topic[ID_LEN],
                                      struct store_follow *out);
/* Whether it is held for the pledge of another row, whose quota it shares. */
bool store_follow_shares(const struct store_follow *row);
MUST_CHECK enum err store_peers(struct store *store, const uint8_t *after,
                                struct store_peer *out, size_t max, size_t *n);
/*
 * Wants with next_try_ms at or before `now_ms`, the earliest first: of blobs of
 * more than a span; of those of at most a span; and of those of at most
 * BLOB_INLINE_MAX bytes.  The latter two go on after `after` (NULL: from the
 * first).
 */
MUST_CHECK enum err store_wants_due(struct store *store, uint64_t now_ms,
                                    struct store_want *out, size_t max,
                                    size_t *n);
MUST_CHECK enum err store_wants_due_middle(struct store *store, uint64_t now_ms,
                                           const struct store_want *after,
                                           struct store_want *out, size_t max,
                                           size_t *n);
MUST_CHECK enum err store_wants_due_small(struct store *store, uint64_t now_ms,
                                          const struct store_want *after,
                                          struct store_want *out, size_t max,
                                          size_t *n);
/* Every want of a topic, after that of blob `after` (NULL: from the first). */
MUST_CHECK enum err store_wants_of(struct store *store,
                                   const uint8_t topic[ID_LEN],
                                   const struct blob_id *after,
                                   struct store_want *out, size_t max,
                                   size_t *n);
/* Every want, by topic and blob, after that one (NULL: from the first). */
MUST_CHECK enum err store_wants(struct store *store,
                                const struct store_want *after,
                                struct store_want *out, size_t max, size_t *n);
MUST_CHECK enum err store_want_find(struct store *store,
                                    const struct blob_id *blob,
                                    const uint8_t topic[ID_LEN],
                                    struct store_want *out);
/* Appends the value of store_batch_meta(); ERR_NOT_FOUND. */
MUST_CHECK enum err store_meta(struct store *store, const char *name,
                               struct writer *w);

struct store_totals {
    uint64_t records; /* held */
    uint64_t bytes;   /* of the records held */
    uint64_t known;   /* known, not held */
    uint64_t last_seq;
    uint64_t blobs;      /* whole */
    uint64_t blob_bytes; /* of whole blobs, external ones not counted */
    uint64_t part_bytes; /* of partial blobs, what is durable */
    uint64_t changes;    /* counts what happened to records that were there */
};
MUST_CHECK enum err store_totals(struct store *store, struct store_totals *out);

#endif
