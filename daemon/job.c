/* Jobs: what runs long, who watches it, and what became of it. */
#include "daemon/job.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/client.h"
#include "daemon/pair.h"

enum { WATCHERS_MAX = 8, WAITERS_MAX = 8, PROGRESS_MS = 200, WHY_MAX = 256 };

struct job {
    struct jobs *jobs;
    struct job *next;
    uint64_t number;
    char what[JOB_WHAT_MAX];
    char unit[16];
    uint64_t done;
    uint64_t total;
    uint64_t started_ms;
    uint64_t ended_ms;
    const char *waits; /* for what it waits; NULL while it goes on */
    char why[WHY_MAX]; /* it failed */
    enum job_state state;
    bool ending;                     /* its waiters are being answered */
    bool moved;                      /* since watchers were told */
    uint64_t watchers[WATCHERS_MAX]; /* numbers of clients, 0 for none */
    struct call *waiters[WAITERS_MAX];
    void (*on_cancel)(void *context);
    void *context;
    struct writer result; /* of a finished one: map of result, or of error */
};

struct jobs {
    struct control *control;
    uv_timer_t timer;
    struct job *first; /* newest first */
    uint64_t next_number;
    unsigned count;
    bool closing;
    void (*on_closed)(void *context);
    void *context;
};

static const char *const state_names[] = {
    [JOB_RUNNING] = "running",
    [JOB_DONE] = "done",
    [JOB_FAILED] = "failed",
    [JOB_CANCELLED] = "cancelled",
};

static void job_free(struct job *job)
{
    writer_free(&job->result);
    free(job);
}

/* Bytes a second since it began, until it ended. */
static uint64_t job_rate(const struct job *job)
{
    uint64_t end_ms = job->state == JOB_RUNNING ? uv_now(job->jobs->timer.loop)
                                                : job->ended_ms;
    uint64_t ms = end_ms - job->started_ms;

    return ms == 0 ? 0 : job->done / ms * 1000 + job->done % ms * 1000 / ms;
}

static void job_put(const struct job *job, struct writer *w)
{
    mp_put_map(w, 9);
    pair_uint(w, "id", job->number);
    pair_text(w, "what", job->what);
    pair_text(w, "state", state_names[job->state]);
    pair_uint(w, "done", job->done);
    pair_uint(w, "total", job->total);
    pair_text(w, "unit", job->unit);
    pair_uint(w, "rate", job_rate(job));
    pair_text(w, "waits", job->waits);
    pair_text(w, "error", job->state == JOB_FAILED ? job->why : NULL);
}

/* The params of a "progress": of a running job, or with its outcome. */
static void job_put_progress(const struct job *job, struct writer *w)
{
    bool ended = job->state != JOB_RUNNING;

    mp_put_map(w, 7);
    pair_uint(w, "job", job->number);
    pair_text(w, "state", state_names[job->state]);
    pair_uint(w, "done", job->done);
    pair_uint(w, "total", job->total);
    pair_text(w, "unit", job->unit);
    pair_uint(w, "rate", job_rate(job));
    if (!ended) {
        pair_text(w, "waits", job->waits);
        return;
    }
    mp_put_text(w, job->state == JOB_DONE ? "result" : "error");
    writer_bytes(w, writer_view(&job->result));
}

/* NULL: a free place. */
static struct client *watcher(const struct job *job, size_t i)
{
    struct control *control = job->jobs->control;

    return job->watchers[i] == 0 || control == NULL
               ? NULL
               : control_find(control, job->watchers[i]);
}

static void job_tell(struct job *job)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    job->moved = false;
    job_put_progress(job, &w);
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct client *c = watcher(job, i);

        if (c == NULL)
            job->watchers[i] = 0;
        else
            (void)client_notify(c, "progress", writer_view(&w));
    }
    writer_free(&w);
}

static void on_timer(uv_timer_t *timer)
{
    struct jobs *jobs = timer->data;
    bool running = false;

    for (struct job *job = jobs->first; job != NULL; job = job->next) {
        running = running || job->state == JOB_RUNNING;
        if (job->moved && job->state == JOB_RUNNING)
            job_tell(job);
    }
    if (!running)
        (void)uv_timer_stop(timer);
}

enum err jobs_open(struct jobs **out, uv_loop_t *loop, struct control *control)
{
    struct jobs *jobs = calloc(1, sizeof *jobs);

    if (jobs == NULL)
        return ERR_NO_MEMORY;
    jobs->control = control;
    (void)uv_timer_init(loop, &jobs->timer);
    jobs->timer.data = jobs;
    *out = jobs;
    return ERR_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct jobs *jobs = handle->data;
    void (*on_closed)(void *context) = jobs->on_closed;
    void *context = jobs->context;

    while (jobs->first != NULL) {
        struct job *job = jobs->first;

        jobs->first = job->next;
        job_free(job);
    }
    free(jobs);
    on_closed(context);
}

/* Closes for good once the last job has ended. */
static void jobs_finish(struct jobs *jobs)
{
    for (struct job *job = jobs->first; job != NULL; job = job->next)
        if (job->state == JOB_RUNNING)
            return;
    if (!uv_is_closing((uv_handle_t *)&jobs->timer))
        uv_close((uv_handle_t *)&jobs->timer, on_timer_closed);
}

static void job_cancel(struct job *job)
{
    void (*on_cancel)(void *context) = job->on_cancel;

    job->on_cancel = NULL;
    if (job->state == JOB_RUNNING && on_cancel != NULL)
        on_cancel(job->context);
}

void jobs_close(struct jobs *jobs, void (*on_closed)(void *context),
                void *context)
{
    jobs->closing = true;
    jobs->control = NULL; /* it is closed: there are no clients to tell */
    jobs->on_closed = on_closed;
    jobs->context = context;
    for (struct job *job = jobs->first; job != NULL; job = job->next)
        job_cancel(job);
    jobs_finish(jobs);
}

static struct job *job_find(const struct jobs *jobs, uint64_t number)
{
    for (struct job *job = jobs->first; job != NULL; job = job->next)
        if (job->number == number)
            return job;
    return NULL;
}

/* The client is told of it from now on, once; false if too many are. */
static bool job_watch(struct job *job, const struct call *call)
{
    struct client *c = call_client(call);
    size_t place = WATCHERS_MAX;

    if (c == NULL)
        return true;
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        if (job->watchers[i] == client_number(c))
            return true;
        if (watcher(job, i) == NULL)
            place = i;
    }
    if (place == WATCHERS_MAX)
        return false;
    job->watchers[place] = client_number(c);
    return true;
}

static void reply_number(struct call *call, const struct job *job)
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 1);
    pair_uint(w, "job", job->number);
    call_send(call);
}

/* Forgets the oldest finished ones beyond what is kept. */
static void jobs_trim(struct jobs *jobs)
{
    unsigned finished = 0;
    struct job **at = &jobs->first;

    while (*at != NULL) {
        struct job *job = *at;

        if (job->state == JOB_RUNNING || job->ending ||
            ++finished <= JOBS_FINISHED_MAX) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        jobs->count--;
        job_free(job);
    }
}

/* A name that was cut may end within a character. */
static void trim_utf8(char *text)
{
    size_t len = strlen(text);

    while (!mp_utf8_valid((struct bytes){ (const uint8_t *)text, len }))
        text[--len] = '\0';
}

/* NULL if there are too many, or there is no memory. */
static struct job *job_new(struct jobs *jobs, const char *unit,
                           const char *what)
{
    struct job *job;

    jobs_trim(jobs);
    job = jobs->count < JOBS_MAX ? calloc(1, sizeof *job) : NULL;
    if (job == NULL)
        return NULL;
    job->jobs = jobs;
    job->number = ++jobs->next_number;
    (void)snprintf(job->what, sizeof job->what, "%s", what);
    trim_utf8(job->what);
    (void)snprintf(job->unit, sizeof job->unit, "%s", unit);
    job->started_ms = uv_now(jobs->timer.loop);
    job->result = writer_growing(CONTROL_MESSAGE_MAX);
    job->next = jobs->first;
    jobs->first = job;
    jobs->count++;
    if (!uv_is_active((uv_handle_t *)&jobs->timer))
        (void)uv_timer_start(&jobs->timer, on_timer, PROGRESS_MS, PROGRESS_MS);
    return job;
}

struct job *job_start(struct jobs *jobs, struct call *call, const char *unit,
                      const char *what)
{
    struct job *job = job_new(jobs, unit, what);

    if (job == NULL) {
        call_fail(call, ERR_QUOTA, "too many jobs are running",
                  "See them with: troupe job list");
        return NULL;
    }
    (void)job_watch(job, call); /* it is the first */
    reply_number(call, job);
    return job;
}

static void on_call_answered(void *context, const struct call_answer *answer)
{
    struct job *job = context;

    if (answer->err == ERR_OK)
        job_done(job, answer->result);
    else
        job_fail(job, answer->err, answer->text, answer->hint);
}

struct job *job_start_beside(struct jobs *jobs, struct call *call,
                             const char *unit, const char *about)
{
    struct bytes method = call_method(call);
    char what[JOB_WHAT_MAX];
    struct job *job;

    (void)snprintf(what, sizeof what, "%.*s %s", (int)method.len,
                   (const char *)method.data, about);
    for (size_t i = 0; i < method.len; i++)
        if (what[i] == '.')
            what[i] = ' '; /* as the command is written */
    job = job_new(jobs, unit, what);
    if (job != NULL)
        call_on_answer(call, on_call_answered, job);
    return job;
}

uint64_t job_number(const struct job *job)
{
    return job->number;
}

void job_progress(struct job *job, uint64_t done, uint64_t total)
{
    job->moved = true;
    job->done = done;
    job->total = total;
}

void job_waits(struct job *job, const char *what)
{
    job->moved = job->moved || job->waits != what;
    job->waits = what;
}

void job_on_cancel(struct job *job, void (*on_cancel)(void *context),
                   void *context)
{
    job->on_cancel = on_cancel;
    job->context = context;
}

bool job_is_closing(const struct job *job)
{
    return job->jobs->closing;
}

static void reply_waiter(struct call *call, const struct job *job)
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 2);
    pair_bool(w, "done", job->state == JOB_DONE);
    pair_text(w, "state", state_names[job->state]);
    call_send(call);
}

static void job_end(struct job *job, enum job_state state)
{
    assert(job->state == JOB_RUNNING);
    job->state = state;
    job->ended_ms = uv_now(job->jobs->timer.loop);
    job->waits = NULL;
    job->on_cancel = NULL;
    /* An answer lets its client go on asking, perhaps for another job. */
    job->ending = true;
    job_tell(job);
    for (size_t i = 0; i < WAITERS_MAX; i++) {
        struct call *call = job->waiters[i];

        job->waiters[i] = NULL;
        if (call != NULL)
            reply_waiter(call, job);
    }
    job->ending = false;
    if (job->jobs->closing)
        jobs_finish(job->jobs);
}

void job_done(struct job *job, struct bytes result)
{
    writer_bytes(&job->result, result);
    job_end(job, JOB_DONE);
}

void job_fail(struct job *job, enum err e, const char *text, const char *hint)
{
    struct writer *w = &job->result;

    (void)snprintf(job->why, sizeof job->why, "%s",
                   text == NULL ? err_text(e) : text);
    trim_utf8(job->why);
    mp_put_map(w, 4);
    pair_uint(w, "code", (uint64_t)err_exit_code(e));
    pair_text(w, "name", err_name(e));
    pair_text(w, "text", text == NULL ? err_text(e) : text);
    pair_text(w, "hint", hint == NULL ? "" : hint);
    job_end(job, e == ERR_CANCELLED ? JOB_CANCELLED : JOB_FAILED);
}

/* The job that a call names, or NULL after the call has been failed. */
static struct job *job_of(struct jobs *jobs, struct call *call, uint64_t number)
{
    struct job *job = job_find(jobs, number);

    if (job == NULL)
        call_fail(call, ERR_NOT_FOUND, "there is no job of that number",
                  "See them with: troupe job list");
    return job;
}

/* Who waited has left. */
static void on_waiter_gone(struct call *call)
{
    struct job *job = call_data(call);

    for (size_t i = 0; i < WAITERS_MAX; i++)
        if (job->waiters[i] == call)
            job->waiters[i] = NULL;
    call_fail(call, ERR_CANCELLED, NULL, NULL);
}

void job_wait(struct jobs *jobs, struct call *call, uint64_t number)
{
    struct job *job = job_of(jobs, call, number);

    if (job == NULL)
        return;
    if (job->state != JOB_RUNNING) {
        reply_waiter(call, job);
        return;
    }
    for (size_t i = 0; i < WAITERS_MAX; i++)
        if (job->waiters[i] == NULL) {
            job->waiters[i] = call;
            call_set_data(call, job);
            call_on_abandon(call, on_waiter_gone);
            return;
        }
    call_fail(call, ERR_QUOTA, "too many wait for this job", NULL);
}

void jobs_put(const struct jobs *jobs, struct writer *w)
{
    mp_put_array(w, jobs->count);
    for (const struct job *job = jobs->first; job != NULL; job = job->next)
        job_put(job, w);
}

void jobs_attach(struct jobs *jobs, struct call *call)
{
    struct job *job = job_of(jobs, call, mp_uint(call_param(call, "job")));

    if (job == NULL)
        return;
    if (!job_watch(job, call)) {
        call_fail(call, ERR_QUOTA, "too many watch this job", NULL);
        return;
    }
    reply_number(call, job);
    job_tell(job);
}

void jobs_cancel(struct jobs *jobs, struct call *call)
{
    struct job *job = job_of(jobs, call, mp_uint(call_param(call, "job")));

    if (job == NULL)
        return;
    if (job->state != JOB_RUNNING) {
        call_fail(call, ERR_REFUSED, "this job has ended already",
                  "See what became of it with: troupe job list");
        return;
    }
    if (job->on_cancel == NULL) {
        call_fail(call, ERR_REFUSED, "this job cannot be cancelled", NULL);
        return;
    }
    job_cancel(job);
    reply_number(call, job);
}
