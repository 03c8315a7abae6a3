#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include "daemon/control.h"

/*
 * Long work with progress, which a client may watch, leave, come back to and
 * cancel.  A job outlives the call that started it.  Loop thread only.
 */
struct job;
struct jobs;

#define JOB_WHAT_MAX 160
/* Finished jobs that stay in the list for whoever asks later. */
#define JOBS_FINISHED_MAX 32
#define JOBS_MAX          256

enum job_state { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

MUST_CHECK enum err jobs_open(struct jobs **out, uv_loop_t *loop,
                              struct control *control);
/* Cancels all jobs, waits for their ends, then calls `on_closed`, once. */
void jobs_close(struct jobs *jobs, void (*on_closed)(void *context),
                void *context);

/*
 * Starts a job and answers the call with its number; the caller of it becomes
 * its first watcher.  `unit` is "bytes", "records", ... .  On error (too many
 * jobs, no memory) the call has been failed and NULL is returned.
 */
struct job *job_start(struct jobs *jobs, struct call *call, const char *unit,
                      const char *what);
/*
 * Starts a job that is its call's: named after the method and `about`, it ends
 * as the call is answered, with the same answer.  The caller does not watch
 * it.  NULL if there are too many: that fails nothing.
 */
struct job *job_start_beside(struct jobs *jobs, struct call *call,
                             const char *unit, const char *about);
uint64_t job_number(const struct job *job);
/* Tells how far it is; watchers hear of it at most 5 times a second. */
void job_progress(struct job *job, uint64_t done, uint64_t total);
/* Says for what it waits, in words that stay where they are; NULL: it goes on.
 */
void job_waits(struct job *job, const char *what);
/* Called once when somebody cancels; the worker then ends the job itself.
 * With NULL it cannot be cancelled any more. */
void job_on_cancel(struct job *job, void (*on_cancel)(void *context),
                   void *context);
/* Whether the daemon ends: what was cancelled by that goes on another day. */
bool job_is_closing(const struct job *job);
/* The ends: one of them, once.  `result` is one encoded map. */
void job_done(struct job *job, struct bytes result);
void job_fail(struct job *job, enum err e, const char *text, const char *hint);

/* For "wait job:N": answers the call when that job has ended. */
void job_wait(struct jobs *jobs, struct call *call, uint64_t number);
/* Puts the array of jobs, as `status` and `job.list` show them. */
void jobs_put(const struct jobs *jobs, struct writer *w);

/* "job.attach": the caller watches; "job.cancel": the worker is asked to end.
 */
void jobs_attach(struct jobs *jobs, struct call *call);
void jobs_cancel(struct jobs *jobs, struct call *call);

#endif
