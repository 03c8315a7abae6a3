/* One thread, one piece of work, and the way back to the loop. */
#include "daemon/worker.h"

#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * The loop sets `run` and wakes the thread; the thread clears it and wakes the
 * loop.  `busy`, `done` and `context` are the loop's alone to change, and it
 * does so only while the thread has nothing to do.
 */
struct worker {
    uv_async_t heard; /* the way back */
    uv_thread_t thread;
    uv_mutex_t lock; /* guards what follows */
    uv_cond_t changed;
    worker_fn *run;
    bool ending;

    bool busy;
    worker_fn *done;
    void *context;
};

static void thread_main(void *arg)
{
    struct worker *w = arg;
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, NULL); /* they are the loop's */
    uv_mutex_lock(&w->lock);
    for (;;) { /* ends when it is told to */
        worker_fn *run = w->run;

        if (w->ending)
            break;
        if (run == NULL) {
            uv_cond_wait(&w->changed, &w->lock);
            continue;
        }
        uv_mutex_unlock(&w->lock);
        run(w->context);
        uv_mutex_lock(&w->lock);
        w->run = NULL;
        (void)uv_async_send(&w->heard); /* fails for no handle of ours */
    }
    uv_mutex_unlock(&w->lock);
}

/* The system may wake it twice for one piece of work, or early. */
static void on_heard(uv_async_t *heard)
{
    struct worker *w = heard->data;
    bool ended;

    uv_mutex_lock(&w->lock);
    ended = w->busy && w->run == NULL;
    uv_mutex_unlock(&w->lock);
    if (!ended)
        return;
    w->busy = false;
    uv_unref((uv_handle_t *)&w->heard);
    w->done(w->context);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_thread(struct worker *w)
{
    uv_mutex_lock(&w->lock);
    w->ending = true;
    uv_cond_signal(&w->changed);
    uv_mutex_unlock(&w->lock);
    (void)uv_thread_join(&w->thread);
}

enum err worker_open(struct worker **out, uv_loop_t *loop)
{
    struct worker *w = calloc(1, sizeof *w);

    if (w == NULL)
        return ERR_NO_MEMORY;
    if (uv_mutex_init(&w->lock) != 0)
        goto free_worker;
    if (uv_cond_init(&w->changed) != 0)
        goto destroy_lock;
    if (uv_thread_create(&w->thread, thread_main, w) != 0)
        goto destroy_changed;
    if (uv_async_init(loop, &w->heard, on_heard) != 0)
        goto end_thread;
    w->heard.data = w;
    uv_unref((uv_handle_t *)&w->heard); /* it waits for work alone */
    *out = w;
    return ERR_OK;
end_thread:
    end_thread(w);
destroy_changed:
    uv_cond_destroy(&w->changed);
destroy_lock:
    uv_mutex_destroy(&w->lock);
free_worker:
    free(w);
    return ERR_NO_MEMORY;
}

void worker_close(struct worker *w)
{
    if (w == NULL)
        return;
    assert(!w->busy);
    end_thread(w);
    uv_cond_destroy(&w->changed);
    uv_mutex_destroy(&w->lock);
    uv_close((uv_handle_t *)&w->heard, on_closed);
}

void worker_start(struct worker *w, worker_fn *run, worker_fn *done,
                  void *context)
{
    assert(!w->busy && run != NULL && done != NULL);
    w->busy = true;
    w->done = done;
    uv_ref((uv_handle_t *)&w->heard);
    uv_mutex_lock(&w->lock);
    w->context = context;
    w->run = run;
    uv_cond_signal(&w->changed);
    uv_mutex_unlock(&w->lock);
}
