#ifndef DAEMON_INTEREST_PARTS_H
#define DAEMON_INTEREST_PARTS_H

#include "daemon/interest.h"
#include "proto/standing.h"

/*
 * What the files of interest share: interest.c its life and judgements,
 * interest_standing.c who has standing, interest_work.c what goes in steps.
 * For nobody else.
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
    uint64_t sized_ms; /* when `bytes` was asked for; 0: never */
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
    bool has_stale; /* some topic is, perhaps */
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

#endif
