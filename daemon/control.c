/*
 * Clients of the control socket: bytes to requests, requests to the table of
 * methods, answers back.  What a method does is none of this file's business.
 */
#include "daemon/control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/desk.h"

enum {
    CLIENTS_MAX = 64,
    CALLS_MAX = 256, /* open at once, of one client */
    READ_CHUNK = 64 * 1024,
    OUTPUT_MAX = 8 * 1024 * 1024, /* unsent answers: then reading stops */
    NOTIFY_MAX = 1024 * 1024      /* unsent bytes over which events are lost */
};

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
    method_fn on_abandon;
    void *data;
};

struct outgoing {
    uv_write_t request;
    struct writer bytes;
};

static void client_read(struct client *c);

/* Passphrases and recovery words pass through here: nothing is left of them. */
static void wipe(struct writer *w)
{
    if (w->data != NULL)
        sodium_memzero(w->data, w->len);
    writer_free(w);
}

static void control_finish(struct control *control)
{
    void (*on_closed)(void *context) = control->on_closed;
    void *context = control->context;

    if (!control->closing || control->listening || control->clients != NULL ||
        control->calls_count > 0)
        return;
    if (control->folder_fd >= 0)
        (void)close(control->folder_fd);
    free(control);
    on_closed(context);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;
    struct control *control = c->control;
    struct client **at = &control->clients;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    control->clients_count--;
    wipe(&c->input);
    free(c);
    control_finish(control);
}

static void client_close(struct client *c)
{
    if (c->closing)
        return;
    c->closing = true;
    while (c->calls != NULL) {
        struct call *call = c->calls;

        c->calls = call->next;
        call->client = NULL;
        if (call->on_abandon != NULL)
            call->on_abandon(call);
    }
    uv_close((uv_handle_t *)&c->pipe, on_client_closed);
}

/* Answers that wait bound what a client may still ask. */
static bool client_is_full(const struct client *c)
{
    return c->pipe.write_queue_size > OUTPUT_MAX || c->calls_count >= CALLS_MAX;
}

static void client_pace(struct client *c)
{
    bool full = client_is_full(c);

    if (c->closing || c->draining || full != c->reading)
        return;
    if (full) {
        (void)uv_read_stop((uv_stream_t *)&c->pipe);
        c->reading = false;
    } else {
        client_read(c);
    }
}

static void on_written(uv_write_t *request, int status)
{
    struct outgoing *out = (struct outgoing *)request;
    struct client *c = request->handle->data;

    wipe(&out->bytes);
    free(out);
    if (status < 0)
        client_close(c);
    else
        client_pace(c);
}

/* Takes the writer's content, whatever comes of it. */
static void client_send(struct client *c, struct writer *bytes)
{
    struct outgoing *out = malloc(sizeof *out);
    uv_buf_t buf;

    if (out == NULL || c->closing || bytes->err != ERR_OK) {
        free(out);
        writer_free(bytes);
        client_close(c);
        return;
    }
    out->bytes = *bytes;
    *bytes = (struct writer){ 0 };
    buf = uv_buf_init((char *)out->bytes.data, (unsigned)out->bytes.len);
    if (uv_write(&out->request, (uv_stream_t *)&c->pipe, &buf, 1, on_written) ==
        0)
        return;
    writer_free(&out->bytes);
    free(out);
    client_close(c);
}

bool client_notify(struct client *c, const char *name, struct bytes params)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    if (c->closing || c->pipe.write_queue_size > NOTIFY_MAX)
        return false;
    control_put_notification(&w, name);
    writer_bytes(&w, params);
    client_send(c, &w);
    return true;
}

uint64_t client_number(const struct client *client)
{
    return client->number;
}

struct client *control_find(struct control *control, uint64_t number)
{
    for (struct client *c = control->clients; c != NULL; c = c->next)
        if (c->number == number && !c->closing)
            return c;
    return NULL;
}

/* --- calls --- */

static void call_free(struct call *call)
{
    struct control *control = call->control;

    control_message_wipe(&call->message);
    sodium_memzero(call->bytes, call->bytes_len);
    free(call->bytes);
    wipe(&call->reply);
    while (call->blocks != NULL) {
        struct call_block *block = call->blocks;

        call->blocks = block->next;
        sodium_memzero(block->data, block->size);
        free(block);
    }
    free(call);
    if (control != NULL) { /* NULL: it never started */
        control->calls_count--;
        control_finish(control);
    }
}

/* Out of its client's list; the answer is on its way or nobody waits. */
static void call_end(struct call *call)
{
    struct client *c = call->client;

    if (c != NULL) {
        struct call **at = &c->calls;

        while (*at != call)
            at = &(*at)->next;
        *at = call->next;
        c->calls_count--;
        client_pace(c);
    }
    call_free(call);
}

const struct mp_value *call_params(const struct call *call)
{
    return call->message.params;
}

const struct mp_value *call_param(const struct call *call, const char *name)
{
    return mp_get(call->message.params, name);
}

void *call_alloc(struct call *call, size_t size)
{
    struct call_block *block = calloc(1, sizeof *block + size);

    if (block == NULL)
        return NULL;
    block->size = size;
    block->next = call->blocks;
    call->blocks = block;
    return block->data;
}

const char *call_text(struct call *call, const char *name)
{
    struct bytes text = mp_str(call_param(call, name));
    char *copy;

    if (text.len == 0 || memchr(text.data, 0, text.len) != NULL)
        return NULL;
    copy = call_alloc(call, text.len + 1);
    if (copy != NULL)
        memcpy(copy, text.data, text.len);
    return copy;
}

struct desk *call_desk(const struct call *call)
{
    return call->control->desk;
}

struct node *call_node(const struct call *call)
{
    return desk_node(call->control->desk);
}

struct client *call_client(const struct call *call)
{
    return call->client;
}

void call_on_abandon(struct call *call, method_fn on_abandon)
{
    call->on_abandon = on_abandon;
}

void call_set_data(struct call *call, void *data)
{
    call->data = data;
}

void *call_data(const struct call *call)
{
    return call->data;
}

struct writer *call_reply(struct call *call)
{
    assert(call->reply.max == 0);
    call->reply = writer_growing(CONTROL_MESSAGE_MAX);
    control_put_response(&call->reply, call->message.number);
    return &call->reply;
}

void call_send(struct call *call)
{
    assert(call->reply.max > 0);
    if (call->reply.err != ERR_OK) {
        enum err e =
            call->reply.err == ERR_NO_SPACE ? ERR_TOO_LARGE : call->reply.err;
        call_fail(call, e, "the answer is too long for one message",
                  "Ask for less at once, with --limit.");
        return;
    }
    if (call->client != NULL)
        client_send(call->client, &call->reply);
    call_end(call);
}

void call_fail(struct call *call, enum err e, const char *text,
               const char *hint)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    assert(e != ERR_OK);
    control_put_error(&w, call->message.number, e, text, hint);
    if (call->client != NULL)
        client_send(call->client, &w);
    else
        writer_free(&w);
    call_end(call);
}

void call_failf(struct call *call, enum err e, const char *hint,
                const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    call_fail(call, e, text, hint);
}

static const struct method *method_find(const struct control *control,
                                        const struct control_message *m)
{
    for (const struct method *row = control->methods; row->name != NULL; row++)
        if (control_method_is(m, row->name))
            return row;
    return NULL;
}

static void call_run(struct call *call)
{
    struct client *c = call->client;
    bool hello = control_method_is(&call->message, "hello");
    const struct method *row = method_find(c->control, &call->message);

    if (hello && mp_uint(call_param(call, "version")) != CONTROL_VERSION) {
        call_fail(call, ERR_VERSION, "client and daemon do not match",
                  "Run the troupe and trouped of one release.");
        return;
    }
    if (!hello && !c->greeted) {
        call_fail(call, ERR_OUT_OF_ORDER, "hello comes first", NULL);
        return;
    }
    if (row == NULL) {
        call_failf(call, ERR_USAGE, "See docs/control-api.md.",
                   "there is no method \"%.*s\"", (int)call->message.method.len,
                   (const char *)call->message.method.data);
        return;
    }
    c->greeted = true;
    row->run(call);
}

/* A call of the message in `bytes`, which it takes; false ends the client. */
static bool call_start(struct client *c, uint8_t *bytes, size_t len)
{
    struct call *call = calloc(1, sizeof *call);
    size_t used;

    if (call == NULL) {
        free(bytes);
        return false;
    }
    call->bytes = bytes;
    call->bytes_len = len;
    if (control_decode(&call->message, &used, (struct bytes){ bytes, len }) !=
            ERR_OK ||
        call->message.type != CONTROL_REQUEST) {
        call_free(call);
        return false;
    }
    call->client = c;
    call->control = c->control;
    call->next = c->calls;
    c->calls = call;
    c->calls_count++;
    c->control->calls_count++;
    call_run(call);
    return true;
}

/* --- bytes in --- */

/* Starts a call for each whole message of the input. */
static bool client_drain(struct client *c)
{
    size_t done = 0;
    enum err e = ERR_OK;

    c->draining = true;
    while (!c->closing && done < c->input.len && !client_is_full(c)) {
        struct bytes rest = { c->input.data + done, c->input.len - done };
        struct control_message probe;
        size_t used;
        uint8_t *copy;

        e = control_decode(&probe, &used, rest);
        if (e != ERR_OK)
            break;
        control_message_wipe(&probe);
        copy = malloc(used);
        if (copy == NULL)
            e = ERR_NO_MEMORY;
        else
            memcpy(copy, rest.data, used);
        if (copy != NULL && !call_start(c, copy, used))
            e = ERR_MALFORMED; /* no request, or no memory for one */
        if (e != ERR_OK)
            break;
        done += used;
    }
    c->draining = false;
    if (done > 0) {
        memmove(c->input.data, c->input.data + done, c->input.len - done);
        c->input.len -= done;
        sodium_memzero(c->input.data + c->input.len, done);
    }
    return e == ERR_OK || e == ERR_TRUNCATED;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *c = handle->data;
    size_t left = c->input.max - c->input.len;
    size_t len = left < READ_CHUNK ? left : READ_CHUNK;
    uint8_t *at = writer_reserve(&c->input, len);

    (void)suggested;
    c->input.len -= at == NULL ? 0 : len; /* on_read counts what came */
    *buf = uv_buf_init((char *)at, at == NULL ? 0 : (unsigned)len);
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct client *c = stream->data;

    (void)buf;
    if (nread == 0)
        return;
    if (nread < 0) { /* the end, or UV_ENOBUFS: a message over the maximum */
        client_close(c);
        return;
    }
    c->input.len += (size_t)nread;
    if (!client_drain(c))
        client_close(c);
    else
        client_pace(c);
}

static void client_read(struct client *c)
{
    if (!client_drain(c) || c->closing) {
        client_close(c);
        return;
    }
    if (client_is_full(c))
        return; /* client_pace() comes back when answers have gone */
    if (uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) < 0)
        client_close(c);
    c->reading = true;
}

/* Only this user, and root, may command this user's daemon. */
static bool client_is_owner(const struct client *c)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    uv_os_fd_t fd;

    return uv_fileno((const uv_handle_t *)&c->pipe, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == getuid() || peer.uid == 0);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *control = listener->data;
    struct client *c;

    if (status < 0 || control->closing)
        return;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return;
    (void)uv_pipe_init(listener->loop, &c->pipe, 0);
    c->pipe.data = c;
    c->control = control;
    c->number = ++control->next_number;
    /* One chunk more than a message: a longer one shows by not being whole. */
    c->input = writer_growing(CONTROL_MESSAGE_MAX + READ_CHUNK);
    c->next = control->clients;
    control->clients = c;
    control->clients_count++;
    if (uv_accept(listener, (uv_stream_t *)&c->pipe) < 0 ||
        control->clients_count > CLIENTS_MAX || !client_is_owner(c)) {
        client_close(c);
        return;
    }
    client_read(c);
}

/* --- the socket --- */

static void on_listener_closed(uv_handle_t *handle)
{
    struct control *control = handle->data;

    control->listening = false;
    control_finish(control);
}

/*
 * Binds through the open folder, because a socket's path may have 107 bytes
 * and a home may be deeper than that.
 */
static enum err control_bind(struct control *control, const char *folder)
{
    char path[64];

    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return ERR_IO;
    control->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (control->folder_fd < 0 || fchmod(control->folder_fd, 0700) < 0)
        return ERR_IO;
    if (unlinkat(control->folder_fd, "control.sock", 0) < 0 && errno != ENOENT)
        return ERR_IO;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/control.sock",
                   control->folder_fd);
    if (uv_pipe_bind(&control->listener, path) < 0 ||
        fchmodat(control->folder_fd, "control.sock", 0600, 0) < 0 ||
        uv_listen((uv_stream_t *)&control->listener, 16, on_connection) < 0)
        return ERR_IO;
    return ERR_OK;
}

static void forget(void *context)
{
    (void)context;
}

enum err control_open(struct control **out, struct desk *desk, uv_loop_t *loop,
                      const char *folder, const struct method *methods)
{
    struct control *control = calloc(1, sizeof *control);
    enum err e;

    if (control == NULL)
        return ERR_NO_MEMORY;
    control->desk = desk;
    control->methods = methods;
    control->folder_fd = -1;
    (void)uv_pipe_init(loop, &control->listener, 0);
    control->listener.data = control;
    control->listening = true;
    e = control_bind(control, folder);
    if (e != ERR_OK) {
        control_close(control, forget, NULL);
        return e;
    }
    *out = control;
    return ERR_OK;
}

void control_close(struct control *control, void (*on_closed)(void *context),
                   void *context)
{
    assert(!control->closing);
    control->closing = true;
    control->on_closed = on_closed;
    control->context = context;
    if (control->folder_fd >= 0)
        (void)unlinkat(control->folder_fd, "control.sock", 0);
    for (struct client *c = control->clients; c != NULL; c = c->next)
        client_close(c);
    uv_close((uv_handle_t *)&control->listener, on_listener_closed);
}
