#ifndef DAEMON_CALL_H
#define DAEMON_CALL_H

#include <uv.h>

#include "proto/control.h"

/*
 * One request of a control client on its way through the daemon.  A method
 * answers it exactly once, at once or later; then the call is gone.  A client
 * that leaves first is no concern of the method: the answer is dropped.
 * Loop thread only.
 */

struct call;
struct client;
struct control;
struct desk;
struct node;

typedef void (*method_fn)(struct call *call);

/* A row of a method table. */
struct method {
    const char *name;
    method_fn run;
};

/* The name of the method. */
struct bytes call_method(const struct call *call);
/* A param by name, or NULL; valid until the call is answered. */
const struct mp_value *call_param(const struct call *call, const char *name);
/* A param that is text, as a NUL-terminated copy that lives as long as the
 * call; NULL where it is absent, empty, no text or has a NUL inside. */
const char *call_text(struct call *call, const char *name);
/* Who waits for the answer; NULL if the client has left. */
struct client *call_client(const struct call *call);
struct desk *call_desk(const struct call *call);
struct node *call_node(const struct call *call);
/* Memory that lives as long as the call, zeroed; NULL if there is none. */
void *call_alloc(struct call *call, size_t size);
/* A pointer that the method keeps with the call. */
void call_set_data(struct call *call, void *data);
void *call_data(const struct call *call);

/*
 * Tells the client that waits how many bytes are done: "progress" {request,
 * job, state, done, total, unit, rate}, rate per second.  `job` is the number
 * of the call's own, or 0.
 */
void call_progress(struct call *call, uint64_t job, uint64_t done,
                   uint64_t total, uint64_t rate);

/* What a call is answered with. */
struct call_answer {
    enum err err;
    const char *text; /* of an error; both may be NULL */
    const char *hint;
    struct bytes result; /* one encoded value, without an error */
};

/*
 * `on_answer` hears of the answer as it is given, whether or not the client is
 * there to get it.  One at most; it must leave the call alone.
 */
typedef void call_answer_fn(void *context, const struct call_answer *answer);
void call_on_answer(struct call *call, call_answer_fn *on_answer,
                    void *context);

/*
 * What is done if nobody waits for the answer any more: the client has left or
 * the daemon ends.  `on_abandon` must fail the call, at once.  Without it the
 * call runs to its own end.
 */
void call_on_abandon(struct call *call, method_fn on_abandon);

/* Opens the response: put exactly one value, then call_send(). */
struct writer *call_reply(struct call *call);
/* Sends what was put.  A value that did not fit becomes ERR_TOO_LARGE. */
void call_send(struct call *call);
/* Answers with an error; `text` and `hint` may be NULL, texts of proto/err.h
 * and none then. */
void call_fail(struct call *call, enum err e, const char *text,
               const char *hint);
/* As call_fail, the text made as printf would. */
void call_failf(struct call *call, enum err e, const char *hint,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
