#ifndef DAEMON_GC_H
#define DAEMON_GC_H

#include "daemon/node_parts.h"
#include "store/keep.h"

/*
 * Collecting what nothing refers to any more (docs/storage.md §6): slowly by
 * itself, some times a day, and at once when the owner asks.  What is found is
 * looked at again within the transaction that removes it.
 */
struct gc;

/* What nothing names stays so long after somebody began to hold it. */
#define GC_GRACE_MS ((uint64_t)DAY_MS)

MUST_CHECK enum err gc_open(struct gc **out, struct node *node);
void gc_shutdown(struct gc *gc);
bool gc_is_idle(const struct gc *gc);
void gc_free(struct gc *gc); /* accepts NULL */
/* Time has passed, or the clock was moved. */
void gc_tick(struct gc *gc);

enum gc_what {
    GC_UNNAMED, /* held for a topic, named by no record */
    GC_LEFT,    /* partly here, wanted by nobody, and whole elsewhere */
    GC_STRAY    /* a file that no row speaks of */
};

struct gc_finding {
    enum gc_what what;
    struct blob_id blob;
    bool is_part;
    uint8_t topic[ID_LEN]; /* of UNNAMED and LEFT */
    uint64_t bytes;        /* that are there of it */
};

/*
 * Goes through all.  `found` for each that goes, or would with `dry`; `done` at
 * the end.  ERR_BUSY at once, if another round is under way that somebody
 * asked for.  gc_cancel() ends it with ERR_CANCELLED.
 */
struct gc_watch {
    void (*found)(void *context, const struct gc_finding *finding);
    node_done_fn *done;
    void *context;
    bool dry;
};
MUST_CHECK enum err gc_run(struct gc *gc, const struct gc_watch *watch);
void gc_cancel(struct gc *gc);

#endif
