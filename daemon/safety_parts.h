#ifndef DAEMON_SAFETY_PARTS_H
#define DAEMON_SAFETY_PARTS_H

#include "daemon/safety.h"

/*
 * What the files of safety share: safety.c its life and judgements,
 * safety_work.c what goes in steps.  For nobody else.
 */

enum {
    SAFETY_JOBS = 256,
    SAFETY_VICTIMS = 256, /* records that are erased together */
    SAFETY_BLOBS = 4096   /* files that they name */
};

enum safety_job_kind {
    SAFETY_ERASE_PERSON,   /* what a blocked person made */
    SAFETY_ERASE_RECORD,   /* what was taken down: its head stays */
    SAFETY_RETRACT,        /* what its author took back: it stays, bodiless */
    SAFETY_ERASE_BLOB,     /* files of one root, for every topic */
    SAFETY_RESTORE_PERSON, /* the law has ended: forgotten heads come again */
    SAFETY_RESTORE_RECORD,
    SAFETY_RESTORE_BLOB
};

struct safety_job {
    enum safety_job_kind kind;
    uint8_t id[ID_LEN];
};

/* Records of one topic on their way out, with the files that only they name. */
struct safety_sweep {
    uint8_t topic[ID_LEN];
    uint8_t victims[SAFETY_VICTIMS][ID_LEN];
    size_t victims_count;
    struct blob_id blobs[SAFETY_BLOBS];
    size_t blobs_count;
    bool is_walking; /* all victims are known: who else names their files? */
    bool is_walked;
    bool has_more; /* others are left for another sweep */
    struct store_scan scan;
    bool is_begun;
};

struct safety {
    struct node *node;
    uv_timer_t timer; /* so that the loop does not wait while there is work */
    struct safety_job jobs[SAFETY_JOBS]; /* the first is under way */
    size_t jobs_count;
    bool has_missed; /* there was no room for a job: look at everything */
    bool is_looking; /* at all retractions, at the start */
    struct store_scan looked;
    uint64_t day;
    bool is_applying;
    bool is_stopping;
    struct safety_sweep sweep;
};

/* Puts it behind the others unless it waits there already. */
void safety_job_add(struct safety *safety, enum safety_job_kind kind,
                    const uint8_t id[ID_LEN]);

#endif
