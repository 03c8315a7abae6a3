#ifndef DAEMON_INTEREST_PARTS_H
#define DAEMON_INTEREST_PARTS_H

#include "daemon/interest.h"
#include "proto/blob_tree.h"
#include "proto/standing.h"

/*
 * What the files of interest share: interest.c its life and judgements,
 * interest_standing.c who has standing, interest_work.c what goes in steps,
 * interest_blobs.c the files among it.  For nobody else.
 */

enum {
    INTEREST_TOPICS = 128,
    INTEREST_METERS = 256,
    INTEREST_JOBS = 64,
    INTEREST_LEAVING = 16
};

/* What is known of one topic; the least recently asked for goes. */
struct interest_topic {
    uint8_t topic[ID_LEN];
    bool is_used;
    bool is_known; /* `standing` is of some moment */
    bool is_stale; /* something that may change it has come since */
    uint64_t asked;
    uint64_t next_ms; /* not judged again before: judging costs */
    struct standing standing;
    uint8_t creator[ID_LEN]; /* who leads before all others; zeros: nobody */
    uint64_t sized_ms;       /* when `bytes` was asked for; 0: never */
    uint64_t bytes;
};

/* What goes in steps; the numbers are not stored. */
enum interest_job_kind {
    INTEREST_GIVE_UP, /* a topic that is not held any more */
    INTEREST_CUT,     /* the call board's oldest days */
    INTEREST_REVIEW /* who has gained standing, or lost the benefit of doubt */
};

struct interest_job {
    enum interest_job_kind kind;
    uint8_t topic[ID_LEN];
    uint64_t before_ms;     /* CUT */
    struct record_key from; /* GIVE_UP and CUT: go on here */
    bool has_author;        /* REVIEW: gone through up to this one */
    uint8_t author[ID_LEN];
    bool is_full_review;     /* the rules themselves are others */
    uint8_t current[ID_LEN]; /* the author for whom something is done */
    bool is_settling;        /* what they had over is forgotten already */
    uint64_t day_ms;         /* to go on settling from */
    bool is_trimmed;         /* GIVE_UP: its records went, now its blobs */
    bool has_blob;           /* gone through up to this one */
    struct blob_id blob;
};

/* Blobs of a topic that is given up: those that nothing names go. */
enum { INTEREST_BLOBS = 64 };
struct interest_sweep {
    struct blob_id blobs[INTEREST_BLOBS];
    size_t count;
    struct store_scan scan; /* of what stays in the topic */
    bool is_walking;
};

struct interest {
    struct node *node;
    uint64_t asked;
    struct interest_topic topics[INTEREST_TOPICS];
    struct {
        uint8_t node[KEY_LEN];
        struct budget_meter meter;
    } meters[INTEREST_METERS];
    uint64_t board_from_ms; /* the cut that was decided, perhaps not yet done */
    uint64_t board_day;     /* as last told to peers */
    struct interest_job jobs[INTEREST_JOBS]; /* the first is under way */
    size_t jobs_count;
    uint8_t leaving[INTEREST_LEAVING][ID_LEN]; /* being unfollowed */
    size_t leaving_count;
    struct interest_sweep sweep; /* of the first job */
    bool has_stale;              /* some topic is, perhaps */
    bool is_applying;
    bool is_stopping;
    unsigned since_look; /* records stored since quotas were looked at */
};

/* --- interest_standing.c --- */

/* The topic's entry, judged lately enough; never NULL. */
struct interest_topic *interest_topic_get(struct interest *interest,
                                          const uint8_t topic[ID_LEN]);
/* A record came that may change who has standing. */
void interest_topic_stale(struct interest *interest,
                          const uint8_t topic[ID_LEN]);
/* Judges again those whose time has come. */
void interest_topics_tick(struct interest *interest);
void interest_topics_wipe(struct interest *interest);

/* --- interest_work.c --- */

/* Puts it behind the others unless it waits there already. */
void interest_job_add(struct interest *interest,
                      const struct interest_job *job);
/* Remembers which topics are being given up, over restarts. */
void interest_jobs_load(struct interest *interest);

/* --- interest_blobs.c --- */

/*
 * The next step of freeing the blobs of `job`'s topic: puts some releases into
 * the batch, or nothing when it has to be called once more.
 *   ERR_NOT_FOUND  none are left
 */
MUST_CHECK enum err interest_blobs_step(struct interest *interest,
                                        struct interest_job *job,
                                        struct store_batch *batch);

#endif
