/*
 * The control socket: who may connect, and the end of it all.  What clients
 * say is client.c, what is done for them call.c and the methods.
 */
#include "daemon/control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control_parts.h"

enum { CLIENTS_MAX = 64 };

void control_finish(struct control *control)
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

struct client *control_find(struct control *control, uint64_t number)
{
    for (struct client *c = control->clients; c != NULL; c = c->next)
        if (c->number == number && !c->closing)
            return c;
    return NULL;
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
    c->input = writer_growing(CONTROL_MESSAGE_MAX + CONTROL_READ_CHUNK);
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
