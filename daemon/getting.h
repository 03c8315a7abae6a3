#ifndef DAEMON_GETTING_H
#define DAEMON_GETTING_H

#include <uv.h>

#include "daemon/job.h"
#include "daemon/manifest.h"
#include "daemon/node.h"
#include "store/blob_copy.h"
#include "store/blob_group.h"
#include "store/keep.h"

/*
 * Getting the files of a record: what is missing is wanted and awaited, then
 * each file is checked against its root and written out.  A job.  What its
 * files share: method_get.c how it begins, getting.c what is next and how it
 * ends, getting_want.c what it wants and lets go, getting_write.c how it is
 * written.  For nobody else.
 */

enum {
    GETTING_COPIES_MAX = 8,       /* written while they come: open, twice */
    GETTING_GROUP_MAX = 800,      /* small ones, written together */
    GETTING_LOOKED_AT_MAX = 2000, /* in one turn of the loop */
    GETTING_SHOWN_MAX = 128,      /* in the answer */
    GETTING_TICK_MS = 250
};

struct getting_file {
    struct blob_id blob;
    const char *name;
    size_t place;           /* in the record */
    char *path;             /* where it went, of the first GETTING_SHOWN_MAX */
    struct blob_copy *copy; /* written while the file comes, or NULL */
    bool is_ours;           /* nothing else here wanted it */
    enum keep_pin pin;      /* before, of what is ours */
};

struct getting {
    struct node_listener listener; /* first: getting_on_event casts back */
    struct getting *behind;        /* among those that run */
    uv_work_t work;
    uv_timer_t timer;
    struct node *node;
    struct job *job;
    uint8_t topic[ID_LEN];
    char out[BLOB_PATH_MAX];
    struct manifest manifest; /* owns the names */
    struct getting_file *files;
    size_t count;
    uint64_t bytes; /* of all files */
    uint64_t written;
    size_t wanted;    /* files whose want was put */
    size_t wanting;   /* of those, not durable yet */
    size_t next;      /* the file to be written next */
    uint64_t next_ms; /* since when; monotonic */
    size_t copies;    /* open */
    uint64_t missing; /* bytes to come, at the beginning */
    struct blob_reader *reader;
    struct blob_group_item *items; /* GETTING_GROUP_MAX of them */
    size_t group;                  /* being written; 0: a file by itself */
    struct blob_progress progress;
    bool cancelled;
    uint64_t told;     /* bytes that were done, and since when; monotonic */
    uint64_t told_ms;
    unsigned unwanted; /* ticks for which nobody here wants the next file */
    bool ended;
    bool working;
    enum err err;
};

/* --- getting.c --- */

/* Accepts NULL, and what was never begun. */
void getting_free(struct getting *g);
/* It runs from now on: it has a node, a job and files. */
void getting_begin(struct getting *g);
/* Wants each file, then writes each that is whole, in order if that can be. */
void getting_step(struct getting *g);
/* Ends it; `g` is gone with the loop's next turn. */
void getting_fail(struct getting *g, enum err e);
/* The first of those that run; the others are behind it. */
struct getting *getting_first(void);

bool getting_is_whole(const struct getting *g, const struct blob_id *blob);
/* Of one span: read into memory, and written with others. */
bool getting_is_one_span(const struct getting_file *file);

/* --- getting_want.c --- */

/* Wants what is missing, some hundred at once; false if it has to go on. */
bool getting_want_some(struct getting *g);
/* What this one alone asked for does not come after it was cancelled. */
void getting_let_go(struct getting *g);

/* --- getting_write.c --- */

/*
 * The next files are written while they come.  Where that cannot be, they are
 * written afterwards: so no error matters here.
 */
void getting_copies_begin(struct getting *g);
void getting_copy_end(struct getting *g, struct getting_file *file);
/* What was written in a group, or was to be. */
void getting_group_end(struct getting *g);
/* The next file, which is whole, and such as can be written with it. */
void getting_write_next(struct getting *g);

#endif
