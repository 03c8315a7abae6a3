#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <pthread.h>

#include "store/blobs.h"
#include "store/env.h"
#include "store/keep.h"
#include "store/key.h"
#include "store/lease_rows.h"
#include "store/row.h"
#include "store/spool.h"
#include "store/tree_cache.h"

/* What the files of the store share and nobody else sees. */

/* Tables of records.mdb; names and layout in docs/storage.md §3. */
enum records_table {
    T_RECORDS,      /* seq -> record */
    T_CERTIFICATES, /* person, signer -> certificate */
    T_FOLLOWS,      /* topic -> follow */
    T_WANTS,        /* topic, blob -> want */
    T_WANTS_DUE,    /* next_try_ms, topic, blob -> nothing */
    T_WANTS_LAST,   /* topic, blob -> who had it last */
    T_PEERS,        /* node -> peer */
    T_BLOBS,        /* blob -> state */
    T_BLOB_TOPICS,  /* topic, blob -> since when, by whom */
    T_BLOB_USAGE,   /* topic -> blobs and bytes */
    T_PINS,         /* topic, blob -> what the owner wants */
    T_LAYERS,       /* blob, page -> uncles and hashes */
    T_META,         /* name -> value */
    T_LAWS,         /* kind of law, id -> law */
    T_LEASES,       /* topic, node -> lease */
    T_LEASE_NAMES,  /* topic, node, page -> names of blobs */
    T_RECORDS_COUNT
};

/* Tables of index.mdb. */
enum index_table {
    I_TREE,         /* topic, number -> node */
    I_IDS,          /* id -> seq */
    I_TOPIC_KIND,   /* topic, kind, created_ms, seq -> nothing */
    I_KIND,         /* kind, created_ms, seq -> nothing */
    I_AUTHOR,       /* author, created_ms, seq -> nothing */
    I_LINK,         /* target, relation, created_ms, seq -> nothing */
    I_IDENTITY,     /* person, created_ms, id -> seq */
    I_AUTHOR_TOPIC, /* author, topic -> nothing */
    I_BUDGET,       /* topic, author, over, day, id -> seq, bytes */
    I_WORDS,        /* class, word, kind, created_ms, seq -> nothing */
    I_NAMED,        /* topic, blob, seq -> nothing */
    I_META,         /* name -> value */
    I_INDEX_COUNT
};

/* Where `revises` stands among the relations; no head can say it. */
#define RELATION_REVISES (UINT64_MAX - 1)

/* One moment of both environments. */
struct look {
    struct txn *records;
    struct txn *index;
    uint64_t applied; /* records with a larger number are not there yet */
};

/* Records that were listed lately, by a byte of their id. */
#define LISTED_MAX 256

struct listed {
    uint8_t id[ID_LEN];
    uint64_t seq; /* 0: none; only a hint, for the index may be made anew */
};

struct store {
    char *dir;
    struct store_options options;
    struct env *records;
    struct env *index;
    struct tree_cache *trees; /* of the one change that is being made */
    struct spool *spool;      /* of an index that is being made anew, or NULL */

    char *boot;              /* names the machine's start; empty: unknown */
    bool index_is_loose;     /* commits of the index wait to be flushed */
    _Atomic bool is_behind;  /* records are durable that the index lacks */
    _Atomic bool is_stale;   /* it lacks changes, and is to be made anew */
    struct symbols *symbols; /* of the loop; NULL until some are kept */

    _Atomic uint64_t now_ms; /* see store_set_clock() */

    /* Older records are not on the call board; changed by who writes. */
    _Atomic uint64_t board_from_ms;
    struct look look; /* the loop's; records is NULL between refreshes */
    struct listed listed[LISTED_MAX]; /* of the loop */
    pthread_t look_thread;

    pthread_mutex_t gate; /* guards what follows */
    pthread_cond_t changed;
    unsigned looks; /* looks that are open */
    bool growing;   /* no look may begin */
    /* Whose blobs came or went since lease_rows_changed(). */
    uint8_t changed_topics[LEASE_ROWS_CHANGED_MAX][ID_LEN];
    size_t changed_count;
    bool changed_any;
};

/* look.c: a look of one's own, off the loop. */
MUST_CHECK enum err look_begin(struct store *store, struct look *out);
void look_end(struct store *store, struct look *look);
/* The loop's look, begun if it is not. */
MUST_CHECK enum err store_look(struct store *store, struct look **out);

/* One write transaction over both environments. */
struct change {
    struct store *store;
    struct txn *records;
    struct txn *index;
    struct row_totals totals;
};

/* index.c, and index_step.c, index_topic.c, index_identity.c behind it. */
MUST_CHECK enum err index_add(struct store *store, struct txn *records,
                              struct txn *index, uint64_t seq,
                              const struct row_record *row);
/* The row of `seq` has changed: words of its body come and go. */
MUST_CHECK enum err index_reword(struct store *store, struct txn *index,
                                 uint64_t seq, const struct row_record *before,
                                 const struct row_record *after);
/* The bytes that a record counts for in its topics are those of `row` now. */
MUST_CHECK enum err index_resize(struct store *store, struct txn *index,
                                 const struct row_record *row);
/*
 * Gives the id number `*seq`, or tells the one that it has: ERR_EXISTS.  Before
 * index_add(), which wants a record that is new.
 */
MUST_CHECK enum err index_number(struct txn *index, const uint8_t id[ID_LEN],
                                 uint64_t *seq);
/* Takes the number back. */
MUST_CHECK enum err index_forget(struct txn *index, const uint8_t id[ID_LEN]);
/* Takes it out of every table: its row is about to go. */
MUST_CHECK enum err index_remove(struct store *store, struct txn *index,
                                 uint64_t seq, const struct row_record *row);
/* The keys under which `link` has it: one a link, and one if it revises. */
MUST_CHECK enum err index_link_keys(const struct record *r, uint64_t seq,
                                    key_fn *each, void *context);
/* Takes it out of the topic's set alone, if it is there. */
MUST_CHECK enum err index_leave(struct store *store, struct txn *index,
                                const uint8_t topic[ID_LEN], uint64_t seq,
                                const struct row_record *row);
/* An identity record, signed by its person's own key. */
bool index_is_identity(struct txn *records, const struct record *r);
/* Whether its kind says so, whoever signed it. */
bool index_identity_kind(uint64_t kind);
/* What the call board may need beyond its window. */
bool index_is_anchor(const struct record *r);
MUST_CHECK enum err index_applied(struct txn *index, uint64_t *out);
/* Every change of the index begins and ends with these. */
void index_begin(struct store *store, struct txn *index);
MUST_CHECK enum err index_finish(struct store *store, struct txn *index,
                                 uint64_t applied);
MUST_CHECK enum err index_set_applied(struct txn *index, uint64_t seq);
/* Adds records `from` to `to` out of `records`, without those that are lost. */
MUST_CHECK enum err index_add_all(struct store *store, struct txn *records,
                                  struct txn *index, uint64_t from,
                                  uint64_t to);
/* Indexes records `from` to `to` out of `records` into `index`. */
MUST_CHECK enum err index_catch_up(struct store *store, struct txn *records,
                                   struct txn *index, uint64_t from,
                                   uint64_t to);

/*
 * How many changes of rows that were there the index has seen, as
 * row_totals.changes; one that has seen others is made anew.
 */
MUST_CHECK enum err index_changes(struct txn *index, uint64_t *out);
MUST_CHECK enum err index_set_changes(struct txn *index, uint64_t changes);

/* trust.c: whether the index of an earlier run can be believed. */

/* Learns the name of the machine's start. */
MUST_CHECK enum err trust_name_boot(struct store *store);
/* Whether the index was loose when the machine stopped. */
MUST_CHECK enum err trust_judge(struct store *store, bool *damaged);
/* In the transaction of records before the index is changed lazily. */
MUST_CHECK enum err trust_withdraw(struct store *store, struct txn *records);
/* Says that the index on the disk is whole. */
MUST_CHECK enum err trust_settled(struct store *store);
/* Flushes the index and says so; does nothing if it is flushed. */
MUST_CHECK enum err trust_restore(struct store *store);

/* apply_record.c: what happens to a record that is there already. */
#define APPLY_ROW_MAX (32 + RECORD_HEAD_MAX + SIGNATURE_LEN + RECORD_BODY_MAX)
/* A copy of its row in `buf`, which survives writing; views into it. */
MUST_CHECK enum err apply_copy_row(struct change *c, uint64_t seq,
                                   uint8_t buf[APPLY_ROW_MAX],
                                   struct row_record *out);
/* Known, not held, from now on. */
MUST_CHECK enum err apply_demote(struct change *c, uint64_t seq);
/* Not known any more. */
MUST_CHECK enum err apply_remove(struct change *c, uint64_t seq,
                                 const struct row_record *row);

/* charge.c: rows of I_BUDGET come and go with those of records. */
MUST_CHECK enum err charge_enter(const struct store *store, struct txn *index,
                                 uint64_t seq, const struct row_record *row);
MUST_CHECK enum err charge_leave(const struct store *store, struct txn *index,
                                 const struct row_record *row);

/* settle.c: the records of an author's day, and those over their budget. */

/*
 * Whether the row, new or newly whole, is held: if not, `row` is made the mere
 * head.  Larger ids that its author's budget has no room for any more are
 * `*demoted`; with `or_nothing` it is rather the row that is not held.
 */
MUST_CHECK enum err settle_decide(struct change *c, const struct budget *budget,
                                  bool or_nothing, struct row_record *row,
                                  uint64_t *demoted);
struct op;
MUST_CHECK enum err settle_apply(struct change *c, struct op *op);

/* trim.c: what is too old, or in no topic that is held. */

/* Reads where the call board is cut. */
MUST_CHECK enum err trim_open(struct store *store);
MUST_CHECK enum err trim_apply(struct change *c, struct op *op);

/* rows.c: the key of a want, and that in the order in which they are due. */
struct key rows_want_key(const uint8_t topic[ID_LEN],
                         const struct blob_id *blob);
struct key rows_due_key(const struct store_want *want);

/* law.c: the owner's law binds every batch, whatever put it together. */
MUST_CHECK enum err law_apply(struct change *c, const struct op *op);
MUST_CHECK enum err law_forbids(struct change *c, const struct op *op,
                                bool *out);

/* lease_rows.c: rows of leases, and topics of which the blobs have changed. */
MUST_CHECK enum err lease_rows_apply(struct change *c, const struct op *op);
void lease_rows_note(struct store *store, const uint8_t topic[ID_LEN]);

/*
 * rebuild.c: an empty index gets all records.  ERR_EXISTS if two of them have
 * one id: then it has to be made record by record.
 */
MUST_CHECK enum err rebuild_index(struct store *store, struct txn *records,
                                  const struct row_totals *totals);
/* Whether the index is one that is only half made. */
bool rebuild_was_cut_short(struct txn *index);

/* catch_up.c: how an index is brought up to date. */
enum catch_up {
    CATCH_UP_WHOLE,      /* an empty one is made as a whole */
    CATCH_UP_STEPS,      /* record by record */
    CATCH_UP_UNDER_READS /* the same, while reads hold its map in place */
};
/* A map is doubled so often at most: from 1 MiB to 4 PiB. */
#define MAP_DOUBLINGS_MAX 32
/* ERR_CORRUPT: this one cannot be, and is to be made anew. */
MUST_CHECK enum err catch_up_index(struct store *store, enum catch_up how);

/* look.c: doubles whichever map is full; writer: waits for looks to end. */
MUST_CHECK enum err store_grow(struct store *store);
/* No look begins between these two, which hold the gate, and none is open. */
void looks_stop(struct store *store);
void looks_go_on(struct store *store);

/* read.c: what several files need. */
MUST_CHECK enum err store_totals_read(struct txn *records,
                                      struct row_totals *out);
MUST_CHECK enum err look_record(const struct look *look, uint64_t seq,
                                struct row_record *out);
/* The same of a record whose id it is to have: ERR_CORRUPT if it has not. */
MUST_CHECK enum err look_record_known(const struct look *look, uint64_t seq,
                                      const uint8_t id[ID_LEN],
                                      struct row_record *out);
MUST_CHECK enum err look_find(const struct look *look, const uint8_t id[ID_LEN],
                              uint64_t *seq, struct row_record *out);
/* Appends the whole record; ERR_NOT_HELD if only its head is known. */
MUST_CHECK enum err look_join(const struct look *look,
                              const struct row_record *row,
                              bool with_certificate, struct writer *w);
void item_of(struct store_item *out, uint64_t seq,
             const struct row_record *row);

/* batch.c: one operation. */
enum op_kind {
    OP_PUT_RECORD,
    OP_PUT_NOT_KEPT,
    OP_ERASE,
    OP_FOLLOW,
    OP_UNFOLLOW,
    OP_WANT,
    OP_UNWANT,
    OP_PEER,
    OP_FORGET_PEER,
    OP_TRIM,
    OP_FORGET_OVER,
    OP_SETTLE,
    OP_META,
    OP_LAW, /* key in data, value in data2 */
    OP_UNLAW,
    OP_FORGET,
    OP_LEASE, /* key in data, value in data2 */
    OP_UNLEASE,
    OP_LEASE_UNLIST,
    OP_LEASE_NAMES,
    OP_BLOB_WHOLE, /* state, detail, topic; layer in data2 */
    OP_BLOB_BEGIN,
    OP_BLOB_HOLD,
    OP_BLOB_RELEASE,
    OP_BLOB_PAGE,
    OP_BLOB_BITMAP,
    OP_BLOB_FINISH,
    OP_KEEP_PIN, /* number */
    OP_KEEP_MARK,
    OP_KEEP_USED,
    OP_KEEP_COLLECT,      /* before number */
    OP_KEEP_COLLECT_PART, /* the same */
    OP_KEEP_EVICT,
    OP_KEEP_ORPHAN
};

struct op {
    enum op_kind kind;
    struct store_result result;
    uint8_t *copy; /* owns what the views below show */
    struct bytes data;
    struct bytes data2;
    struct record record;
    uint64_t number;
    bool flag;
    bool is_own;                /* of OP_BLOB_WHOLE: imported here */
    bool is_again;              /* of OP_BLOB_WHOLE: only if it is held still */
    enum store_account account; /* of a record; its budget is below */
    uint8_t topic[ID_LEN];
    struct blob_id blob;
    union {
        struct store_trim trim;
        struct budget budget;
        struct store_follow follow;
        struct store_want want;
        struct store_peer peer;
    } row;
};

struct store_batch {
    struct op *ops;
    size_t count;
    size_t cap;
    size_t bytes;
};

/* Adds an operation with copies of `data` and `data2`. */
MUST_CHECK enum err batch_add(struct store_batch *batch, struct op **out,
                              enum op_kind kind, struct bytes data,
                              struct bytes data2);

/* named.c: which files the records that are held name. */
MUST_CHECK enum err named_keys(const struct record *r, uint64_t seq,
                               key_fn *each, void *context);
/* All keys of a blob's records begin with this. */
struct key named_prefix(const uint8_t topic[ID_LEN], const struct blob_id *id);
/* Whether a record that is held names it. */
MUST_CHECK enum err named_is(struct txn *index, const uint8_t topic[ID_LEN],
                             const struct blob_id *id, bool *out);

/* keep_rows.c: blobs by topic, counted; pins. */
struct row_keep {
    uint8_t flags; /* bit 0: by somebody without standing */
    uint64_t since_ms;
    uint64_t used_ms;
};
#define KEEP_STRANGERS 0x01
MUST_CHECK enum err row_keep_read(struct row_keep *out, struct bytes value);
MUST_CHECK enum err row_pin_read(enum keep_pin *out, uint64_t *since_ms,
                                 struct bytes value);
/* A blob is held for a topic from now on: ERR_EXISTS if it was, and then that
 * is anew. */
MUST_CHECK enum err keep_enter(struct change *c, const uint8_t topic[ID_LEN],
                               const struct blob_id *id);
/* Not any more.  ERR_NOT_FOUND */
MUST_CHECK enum err keep_leave(struct change *c, const uint8_t topic[ID_LEN],
                               const struct blob_id *id);
/* Other flags; or NULL: somebody has use of it now.  ERR_NOT_FOUND */
MUST_CHECK enum err keep_change(struct change *c, const uint8_t topic[ID_LEN],
                                const struct blob_id *id, const uint8_t *flags);
/*
 * The topic is about to be held by that row, or (NULL) no more: what its blobs
 * take moves from the sum of one pledge to that of another.
 */
MUST_CHECK enum err keep_follow(struct change *c, const uint8_t topic[ID_LEN],
                                const struct store_follow *row);
/* What topics take that share the quota of that one, itself apart. */
MUST_CHECK enum err keep_sum(struct txn *records, const uint8_t pledge[ID_LEN],
                             struct keep_usage *out);
MUST_CHECK enum err keep_pin_apply(struct change *c,
                                   const uint8_t topic[ID_LEN],
                                   const struct blob_id *id, enum keep_pin pin);
/* keep.c */
MUST_CHECK enum err keep_apply(struct change *c, struct op *op);
void keep_after(struct store *store, const struct op *op);

/* apply_record.c: operations on records. */
MUST_CHECK enum err apply_put_record(struct change *c, struct op *op,
                                     bool forbidden);
MUST_CHECK enum err apply_erase(struct change *c, struct op *op);
/* ERR_NOT_FOUND if there is none. */
MUST_CHECK enum err apply_forget(struct change *c, struct op *op);

/*
 * apply_row.c: follows, wants, peers and named values.  ERR_NOT_FOUND if what
 * is to be removed is not there.
 */
MUST_CHECK enum err apply_row(struct change *c, const struct op *op);
MUST_CHECK enum err apply_unwant(struct change *c, const struct store_want *w);
/* blob_rows.c: ends a holding; with the last one op->flag says that files go.
 */
MUST_CHECK enum err blob_rows_release(struct change *c, struct op *op);

/* blob_rows.c: operations on blobs within a change. */
MUST_CHECK enum err blob_rows_apply(struct change *c, struct op *op);
/* After the commit: removes the files of blobs that were released. */
void blob_rows_after(struct store *store, const struct op *op);

/* Whole: what an import made; `layer` is all its hashes. */
MUST_CHECK enum err blobs_put_whole(struct store_batch *batch,
                                    const struct blob_id *id,
                                    const uint8_t topic[ID_LEN],
                                    enum blob_state state, struct bytes detail,
                                    struct bytes layer);
MUST_CHECK enum err blobs_put_bitmap(struct store_batch *batch,
                                     const struct blob_id *id,
                                     struct bytes bitmap);
MUST_CHECK enum err blobs_put_finish(struct store_batch *batch,
                                     const struct blob_id *id,
                                     enum blob_state state,
                                     struct bytes detail);

/* blob_file.c: names under the store's folder. */
#define BLOB_NAME_MAX 128
void blob_file_name(char out[BLOB_NAME_MAX], const struct blob_id *id,
                    bool part);
/* Makes the folders; removes what a crash left of imports. */
MUST_CHECK enum err blob_file_prepare(struct store *store);
void blob_file_remove(const struct store *store, const struct blob_id *id,
                      bool part);

#endif
