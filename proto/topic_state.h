#ifndef PROTO_TOPIC_STATE_H
#define PROTO_TOPIC_STATE_H

#include "proto/mp.h"
#include "proto/record.h"
#include "proto/topic_links.h"
#include "proto/topic_named.h"
#include "proto/topic_roles.h"
#include "proto/verdict.h"

/*
 * All held records of one topic, in memory, to be judged together: the argument
 * of verdict(records of the topic, now).  Fill it in any order, then call
 * authority_judge() (authority.h); lineage, credits and views read the result.
 * A state is used by one thread at a time and never changes by being read.
 */

/* What a resource says (§7.7). */
enum topic_citation {
    CITATION_CLAIM = 1 << 0,     /* by somebody else than its child's author */
    CITATION_WITHDRAWN = 1 << 1, /* taken back with a reason */
    CITATION_DECLINES = 1 << 2,  /* answers a claim with no */
    CITATION_INSPIRED = 1 << 3   /* which binds nobody by its licence */
};

struct topic_entry {
    struct record record; /* borrows `whole` */
    uint8_t *whole;       /* ours */
    bool is_malformed;    /* its body does not follow the schema */
    struct verdict verdict;

    /* Below: written by authority_judge(); indices into `entries`. */
    bool is_settled;   /* the verdict is final within this judgement */
    bool is_ahead;     /* dated after now: nobody sees it yet */
    bool is_erased;    /* retracted: its body is absent on every node */
    bool is_contested; /* signed by a revoked device, and stands all the same */
    bool is_left;      /* no rule can say what it means, contested or not */
    bool is_noted;     /* what it names is in `named` */
    struct mp_doc *body; /* parsed by a rule, or NULL */
    uint8_t citation;    /* of a resource: bits of enum topic_citation */
    uint32_t first;      /* first record of its object; itself if it is that */
    /* Of the first record of an object alone, or TOPIC_NONE: */
    uint32_t current;   /* its version in force */
    uint32_t selection; /* the selection in force of a contribution; of a claim
                           the answer that stands */
    uint32_t grant;     /* the first rights_grant in force of a contribution */
};

#define TOPIC_NONE UINT32_MAX

/* A citation in force. */
struct topic_edge {
    uint32_t resource; /* the version in force */
    uint32_t child;    /* first record of the citing object */
    uint32_t source; /* first record of the cited one; TOPIC_NONE if outside */
};

struct split_share;

/* A device whose records a device_revoke in force may hit. */
struct topic_revoked {
    uint8_t person[ID_LEN];
    uint8_t device[KEY_LEN];
};

struct topic_state {
    uint8_t topic[ID_LEN];
    size_t records_max;
    uint64_t now_ms; /* of the last judgement */

    struct topic_entry *entries; /* in order of adding */
    uint32_t count;
    uint32_t cap;
    uint32_t *slots;      /* open addressing: id -> index + 1; 0 is free */
    uint32_t slots_count; /* a power of two, more than twice `count` */

    uint32_t *order;       /* indices by (created_ms, id), once judged */
    uint32_t order_count;  /* so many are in it */
    bool is_judged;        /* the first judged_count entries are, at now_ms */
    uint32_t judged_count; /* what was added since waits to be judged */
    uint32_t founder;      /* the usable record whose id is the topic */
    uint32_t terms;        /* the revision that fixes a project's terms */

    struct slot_key key;
    struct topic_roles roles;
    struct topic_links back; /* who names whom, of all entries */

    struct topic_edge *edges;  /* by (child, resource's order) */
    uint32_t *edges_by_source; /* indices into edges, by (source, order) */
    uint32_t edges_count;

    /* Private to judging step by step. */
    struct topic_named named;
    struct topic_revoked *revoked;
    uint32_t revoked_count;
    uint64_t looked_back_ms; /* of the newest record that looks back; or 0 */

    /* Private to the rules: bodies that are parsed, shares that are read, and
     * who stands among rivals, in an open table of index + 1. */
    uint32_t *bodies;
    uint32_t bodies_count;
    uint32_t bodies_cap;
    /* The shares of the proposal or final that was asked for last, whose index
     * this is; for a page's verdict is final before any rule reads it. */
    struct split_share *shares;
    uint32_t shares_count;
    uint32_t shares_of;
    uint32_t *rivals;
    uint32_t rivals_count;
    uint32_t rivals_cap; /* a power of two */
};

/*
 * An empty state for `topic` that takes at most `records_max` records (up to
 * 2^28).  On ERR_OK the caller owns *out.  ERR_NO_MEMORY.
 */
MUST_CHECK enum err topic_state_new(struct topic_state **out,
                                    const uint8_t topic[ID_LEN],
                                    size_t records_max);
void topic_state_free(struct topic_state *ts); /* accepts NULL */

/*
 * Random bytes, so that nobody can make up ids that are slow to find; before
 * the first record.  Without them everything is found all the same.
 */
void topic_state_set_key(struct topic_state *ts, const struct slot_key *key);

/*
 * Adds one whole record, which must have been admitted, and copies it.  A nil
 * body is taken as held without its body.  Identity records of any person
 * belong to every topic.  Identity records need their certificate beside them.
 * A record that is there already changes nothing, unless it brings the body
 * that was missing.  After it, judge anew.
 *   ERR_USAGE     the record is of another topic
 *   ERR_TOO_LARGE there are records_max records already
 *   ERR_NO_MEMORY, and the errors of record_decode()
 * The state is as before on every error.
 */
MUST_CHECK enum err topic_state_add(struct topic_state *ts, struct bytes whole);

/*
 * The same in two steps, the first of which needs no topic and may run
 * anywhere: a private copy of `whole`, decoded and compared with its schema.
 * On ERR_OK wipe *out, unless it was taken.
 */
MUST_CHECK enum err topic_entry_make(struct topic_entry *out,
                                     struct bytes whole);
void topic_entry_wipe(struct topic_entry *entry); /* accepts a zeroed one */
/* Zeroes *take on ERR_OK; after an error it is still the caller's. */
MUST_CHECK enum err topic_state_put(struct topic_state *ts,
                                    struct topic_entry *take);

/*
 * Takes the record that was added last out again; its bytes are the caller's to
 * free.  After it, judge anew.
 */
uint8_t *topic_state_take_last(struct topic_state *ts);

/* The entry with that id or NULL; valid until the next add or judgement. */
const struct topic_entry *topic_state_find(const struct topic_state *ts,
                                           const uint8_t id[ID_LEN]);
/* The entries in order of (created_ms, id), after a judgement. */
const struct topic_entry *topic_state_at(const struct topic_state *ts,
                                         uint32_t i);
uint32_t topic_state_count(const struct topic_state *ts);

/*
 * The version in force of the object that `e` belongs to, or NULL if none is
 * (void, retracted, waiting).  For kinds without revisions that is `e` itself.
 */
const struct topic_entry *topic_state_current(const struct topic_state *ts,
                                              const struct topic_entry *e);

/*
 * The body of `e` as a tree, or ERR_NOT_FOUND if it is absent: nil, retracted,
 * encrypted or malformed.  The caller frees *out.  Texts and bins in it borrow
 * from `e` and stay valid after that.
 */
MUST_CHECK enum err topic_entry_body(struct mp_doc **out,
                                     const struct topic_entry *e);

/* Puts what was added into `order`.  ERR_NO_MEMORY */
MUST_CHECK enum err topic_state_sort(struct topic_state *ts);

/* Frees the bodies that rules have parsed, and the shares; or these alone. */
void topic_state_drop_bodies(struct topic_state *ts);
void topic_state_drop_shares(struct topic_state *ts);

/* The index of that id among the entries, or TOPIC_NONE. */
uint32_t topic_state_index(const struct topic_state *ts,
                           const uint8_t id[ID_LEN]);
/* Order of (created_ms, id): < 0, 0 or > 0. */
int topic_entry_compare(const struct topic_entry *a,
                        const struct topic_entry *b);

/* The citations by `child` or of `source`: count of them, first in *out. */
uint32_t topic_edges_of_child(const struct topic_state *ts, uint32_t child,
                              uint32_t *out);
uint32_t topic_edges_of_source(const struct topic_state *ts, uint32_t source,
                               uint32_t *out);

#endif
