#ifndef DAEMON_CONTROL_PARTS_H
#define DAEMON_CONTROL_PARTS_H

#include "daemon/client.h"
#include "daemon/control.h"
#include "daemon/desk.h"

/*
 * What the three files of the control server share: control.c the socket,
 * client.c a client's bytes, call.c a request on its way.  For nobody else.
 */

/* Bytes that are read at once. */
#define CONTROL_READ_CHUNK ((size_t)256 * 1024)

struct control {
    struct desk *desk;
    const struct method *methods;
    uv_pipe_t listener;
    bool listening;
    int folder_fd;
    struct client *clients;
    unsigned clients_count;
    size_t calls_count; /* not answered yet, their clients there or not */
    uint64_t next_number;
    bool closing;
    void (*on_closed)(void *context);
    void *context;
};

struct client {
    uv_pipe_t pipe;
    struct control *control;
    struct client *next;
    uint64_t number;
    struct writer input; /* bytes of a request that is not whole yet */
    struct call *calls;
    unsigned calls_count;
    bool greeted;
    bool reading;
    bool draining; /* in client_drain(): its calls must not start another */
    bool closing;
};

/* Memory that lives as long as its call. */
struct call_block {
    struct call_block *next;
    size_t size;
    max_align_t data[];
};

struct call {
    struct client *client; /* NULL once it has gone */
    struct control *control;
    struct call *next;
    uint8_t *bytes; /* what `message` points into */
    size_t bytes_len;
    struct control_message message;
    struct writer reply;
    struct call_block *blocks;
    size_t result_at; /* where in the reply the result begins */
    method_fn on_abandon;
    call_answer_fn *on_answer;
    void *answer_context;
    void *data;
};

/* --- client.c --- */

/* Takes over an accepted connection, which is in the control's list. */
void client_read(struct client *c);
/* Ends the client; its calls go on without it.  May be called twice. */
void client_close(struct client *c);
/* Sends the writer's content and takes it, whatever comes of it. */
void client_send(struct client *c, struct writer *bytes);
/* Reads again, or stops, by how much waits. */
void client_pace(struct client *c);
/* Frees a writer; passphrases and recovery words leave nothing behind. */
void client_wipe(struct writer *w);

/* --- call.c --- */

/*
 * Runs the method of the request in `bytes`, which it takes.
 *   ERR_MALFORMED  no request; the client must be closed.  ERR_NO_MEMORY
 */
MUST_CHECK enum err call_start(struct client *c, uint8_t *bytes, size_t len);

/* --- control.c --- */

/* Ends the closing server once nothing of it is left. */
void control_finish(struct control *control);

#endif
