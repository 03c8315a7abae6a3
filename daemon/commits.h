#ifndef DAEMON_COMMITS_H
#define DAEMON_COMMITS_H

#include "daemon/node.h"
#include "store/store.h"

/*
 * The one writer of the store.  Operations gather in a batch while the batch
 * before them is made durable on a thread of its own; so a quiet node commits
 * at once and a busy one in groups of up to STORE_BATCH_OPS, whatever a flush
 * costs here.
 */
struct commits;

enum {
    /* So long a batch waits for what is about to come. */
    COMMITS_GATHER_MS = 20,
    /* So long after a record bulk leaves it to the next to be quick: those of a
     * talk come closer than that, and one alone is not to slow a film down. */
    COMMITS_SHARE_MS = 100
};

/* The end of one operation; `result` is NULL unless `e` is ERR_OK. */
typedef void commits_done_fn(void *context, enum err e,
                             const struct store_result *result);

MUST_CHECK enum err commits_open(struct commits **out, uv_loop_t *loop,
                                 struct store *store);
/* Nothing may be under way; the loop has to turn once more.  Accepts NULL. */
void commits_close(struct commits *commits);

/*
 * The batch to put one operation into; it has room.  Having put it, call
 * commits_expect() at once.  ERR_NO_MEMORY
 */
MUST_CHECK enum err commits_batch(struct commits *commits,
                                  struct store_batch **out);
/* Whom to tell of the operation put last; `done` may be NULL. */
void commits_expect(struct commits *commits, commits_done_fn *done,
                    void *context);

/*
 * Somebody waits for what was put last, and for more of the kind: for
 * COMMITS_SHARE_MS the disk is given bulk in small pieces, behind which a flush
 * is short.
 */
void commits_hurry(struct commits *commits);

/* As node_apply(). */
void commits_give(struct commits *commits, struct store_batch *take,
                  node_applied_fn *done, void *context);

/*
 * Starts the next commit unless one runs: before the loop waits.  `more` says
 * that many operations are about to come, of which this will be told: then the
 * batch gathers them for COMMITS_GATHER_MS.
 */
void commits_flush(struct commits *commits, bool more);
/* From time to time: has the index flushed when all is quiet. */
void commits_tick(struct commits *commits);
bool commits_is_idle(const struct commits *commits);

#endif
