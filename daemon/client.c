/*
 * One client of the control socket: its bytes to requests, answers to bytes,
 * and what it may leave waiting.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control_parts.h"

enum {
    CALLS_MAX = 256, /* open at once, of one client */
    READ_CHUNK = CONTROL_READ_CHUNK,
    OUTPUT_MAX = 8 * 1024 * 1024, /* unsent answers: then reading stops */
    NOTIFY_MAX = 1024 * 1024      /* unsent bytes over which events are lost */
};

struct outgoing {
    uv_write_t request;
    struct writer bytes;
};

void client_wipe(struct writer *w)
{
    if (w->data != NULL)
        sodium_memzero(w->data, w->len);
    writer_free(w);
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
    client_wipe(&c->input);
    free(c);
    control_finish(control);
}

void client_close(struct client *c)
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

void client_pace(struct client *c)
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

    client_wipe(&out->bytes);
    free(out);
    if (status < 0)
        client_close(c);
    else
        client_pace(c);
}

void client_send(struct client *c, struct writer *bytes)
{
    struct outgoing *out = malloc(sizeof *out);
    uv_buf_t buf;

    if (out == NULL || c->closing || bytes->err != ERR_OK) {
        free(out);
        client_wipe(bytes);
        client_close(c);
        return;
    }
    out->bytes = *bytes;
    *bytes = (struct writer){ 0 };
    buf = uv_buf_init((char *)out->bytes.data, (unsigned)out->bytes.len);
    if (uv_write(&out->request, (uv_stream_t *)&c->pipe, &buf, 1, on_written) ==
        0)
        return;
    client_wipe(&out->bytes);
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

/* Starts a call for each whole message of the input. */
static bool client_drain(struct client *c)
{
    size_t done = 0;
    enum err e = ERR_OK;

    c->draining = true;
    while (!c->closing && done < c->input.len && !client_is_full(c)) {
        struct bytes rest = { c->input.data + done, c->input.len - done };
        size_t used;
        uint8_t *copy;

        e = control_measure(&used, rest);
        if (e != ERR_OK)
            break;
        copy = malloc(used);
        if (copy == NULL)
            e = ERR_NO_MEMORY;
        else
            memcpy(copy, rest.data, used);
        if (copy != NULL)
            e = call_start(c, copy, used);
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

void client_read(struct client *c)
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
