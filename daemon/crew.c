/* Some threads, one line, and the way back to the loop. */
#include "daemon/crew.h"

#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct line {
    struct crew_work *first;
    struct crew_work *last;
};

struct crew {
    uv_async_t heard; /* the way back */
    size_t under_way; /* the loop's: queued, and not done */
    uv_mutex_t lock;  /* guards what follows, but for `threads` */
    uv_cond_t changed;
    struct line waiting;
    struct line ended; /* `done` is still to be called */
    bool closing;
    int nice;       /* set once */
    unsigned count; /* of threads that run */
    uv_thread_t threads[];
};

static void append(struct line *line, struct crew_work *work)
{
    work->next = NULL;
    if (line->first == NULL)
        line->first = work;
    else
        line->last->next = work;
    line->last = work;
}

/* This thread alone, on Linux; that is allowed to everybody. */
static void stand_back(int nice)
{
    id_t self = (id_t)gettid();

    if (nice > 0)
        (void)setpriority(PRIO_PROCESS, self,
                          getpriority(PRIO_PROCESS, self) + nice);
}

static void thread_main(void *arg)
{
    struct crew *crew = arg;
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, NULL); /* they are the loop's */
    stand_back(crew->nice);
    uv_mutex_lock(&crew->lock);
    for (;;) { /* ends when it is told to */
        struct crew_work *work = crew->waiting.first;

        if (crew->closing)
            break;
        if (work == NULL) {
            uv_cond_wait(&crew->changed, &crew->lock);
            continue;
        }
        crew->waiting.first = work->next;
        uv_mutex_unlock(&crew->lock);
        work->run(work);
        uv_mutex_lock(&crew->lock);
        append(&crew->ended, work);
        (void)uv_async_send(&crew->heard); /* fails for no handle of ours */
    }
    uv_mutex_unlock(&crew->lock);
}

/* One call may be for several pieces, and another for none. */
static void on_heard(uv_async_t *heard)
{
    struct crew *crew = heard->data;
    struct crew_work *work;

    uv_mutex_lock(&crew->lock);
    work = crew->ended.first;
    crew->ended.first = NULL;
    uv_mutex_unlock(&crew->lock);
    while (work != NULL) { /* as many as were queued */
        struct crew_work *next = work->next;

        if (--crew->under_way == 0)
            uv_unref((uv_handle_t *)&crew->heard);
        work->done(work); /* which may free it */
        work = next;
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_threads(struct crew *crew)
{
    uv_mutex_lock(&crew->lock);
    crew->closing = true;
    uv_cond_broadcast(&crew->changed);
    uv_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->count; i++)
        (void)uv_thread_join(&crew->threads[i]);
}

static bool start_threads(struct crew *crew, unsigned count)
{
    for (; crew->count < count; crew->count++)
        if (uv_thread_create(&crew->threads[crew->count], thread_main, crew) !=
            0)
            return false;
    return true;
}

enum err crew_open(struct crew **out, uv_loop_t *loop, unsigned threads,
                   int nice)
{
    struct crew *crew =
        calloc(1, sizeof *crew + threads * sizeof crew->threads[0]);

    assert(threads > 0);
    if (crew == NULL)
        return ERR_NO_MEMORY;
    crew->nice = nice;
    if (uv_mutex_init(&crew->lock) != 0)
        goto free_crew;
    if (uv_cond_init(&crew->changed) != 0)
        goto destroy_lock;
    if (!start_threads(crew, threads) ||
        uv_async_init(loop, &crew->heard, on_heard) != 0)
        goto end_threads;
    crew->heard.data = crew;
    uv_unref((uv_handle_t *)&crew->heard); /* it waits for work alone */
    *out = crew;
    return ERR_OK;
end_threads:
    end_threads(crew);
    uv_cond_destroy(&crew->changed);
destroy_lock:
    uv_mutex_destroy(&crew->lock);
free_crew:
    free(crew);
    return ERR_NO_MEMORY;
}

void crew_close(struct crew *crew)
{
    if (crew == NULL)
        return;
    assert(crew->under_way == 0);
    end_threads(crew);
    uv_cond_destroy(&crew->changed);
    uv_mutex_destroy(&crew->lock);
    uv_close((uv_handle_t *)&crew->heard, on_closed);
}

void crew_queue(struct crew *crew, struct crew_work *work, crew_fn *run,
                crew_fn *done)
{
    assert(run != NULL && done != NULL);
    work->run = run;
    work->done = done;
    if (crew->under_way++ == 0)
        uv_ref((uv_handle_t *)&crew->heard);
    uv_mutex_lock(&crew->lock);
    append(&crew->waiting, work);
    uv_cond_signal(&crew->changed);
    uv_mutex_unlock(&crew->lock);
}
