/* Bytes to and from the daemon; what they mean is for those who call. */
#include "ctl/client.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl/convert.h"

#define READ_LEN (64 * 1024)

struct client {
    int fd;
    uint32_t number;     /* of the last request */
    uint64_t timeout_ms; /* of each call; 0: none */
    uint64_t end_ms;     /* of all; 0: none */
    int64_t ahead_ms;    /* the node's clock, against ours */
    client_notice_fn on_notice;
    void *context;
    uint8_t *rx; /* RX_CAP bytes: one whole message and a part of the next */
    size_t rx_len;
    size_t rx_used; /* length of `message`, dropped before the next read */
    struct control_message message;
};

#define RX_CAP (CONTROL_MESSAGE_MAX + READ_LEN)

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t deadline_of(const struct client *c)
{
    uint64_t deadline = c->timeout_ms == 0 ? 0 : now_ms() + c->timeout_ms;

    if (c->end_ms != 0 && (deadline == 0 || c->end_ms < deadline))
        deadline = c->end_ms;
    return deadline;
}

static bool fail_lost(struct fail *f)
{
    return fail_set(f, EXIT_CODE_NOT_RUNNING,
                    "see `troupe status`; start it with `troupe start`",
                    "the daemon closed the connection");
}

/* Waits until the socket is ready for `events`; a deadline of 0 is none. */
static bool wait_ready(struct client *c, struct fail *f, short events,
                       uint64_t deadline)
{
    for (;;) { /* until ready, the deadline or an error */
        struct pollfd p = { .fd = c->fd, .events = events };
        uint64_t now = now_ms();
        uint64_t left = deadline > now ? deadline - now : 0;
        int wait = deadline == 0 ? -1 : left > 60000 ? 60000 : (int)left;
        int n = poll(&p, 1, wait);

        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return fail_errno(f, "cannot wait for the daemon");
        if (deadline != 0 && now_ms() >= deadline)
            return fail_set(f, EXIT_CODE_PARTIAL,
                            "give it longer with --timeout SECONDS",
                            "timed out while the daemon was at work");
    }
}

static bool send_all(struct client *c, struct fail *f, struct bytes src,
                     uint64_t deadline)
{
    while (src.len > 0) {
        ssize_t n;

        if (!wait_ready(c, f, POLLOUT, deadline))
            return false;
        n = send(c->fd, src.data, src.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return fail_lost(f);
        src.data += n;
        src.len -= (size_t)n;
    }
    return true;
}

static void drop_message(struct client *c)
{
    control_message_wipe(&c->message);
    if (c->rx_used == 0)
        return;
    memmove(c->rx, c->rx + c->rx_used, c->rx_len - c->rx_used);
    c->rx_len -= c->rx_used;
    /* Secrets pass here once, when a person is made. */
    explicit_bzero(c->rx + c->rx_len, c->rx_used);
    c->rx_used = 0;
}

/* Makes c->message the next message of the stream. */
static bool next_message(struct client *c, struct fail *f, uint64_t deadline)
{
    drop_message(c);
    for (;;) { /* each turn reads at least one byte, of at most RX_CAP */
        struct bytes stream = { c->rx, c->rx_len };
        enum err e = control_decode(&c->message, &c->rx_used, stream);
        ssize_t n;

        if (e == ERR_OK)
            return true;
        if (e != ERR_TRUNCATED)
            return fail_set(f, EXIT_CODE_FAILED, NULL,
                            "the daemon's answer is not understood: %s",
                            err_text(e));
        if (!wait_ready(c, f, POLLIN, deadline))
            return false;
        n = recv(c->fd, c->rx + c->rx_len, RX_CAP - c->rx_len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_lost(f);
        c->rx_len += (size_t)n;
    }
}

static void give_notice(struct client *c)
{
    char method[CONTROL_METHOD_MAX + 1] = { 0 };
    json_t *params;

    if (c->on_notice == NULL)
        return;
    memcpy(method, c->message.method.data, c->message.method.len);
    params = convert_to_json(c->message.params);
    if (params != NULL)
        c->on_notice(c->context, method, params);
    json_decref(params);
}

bool client_begin(struct client *c, struct fail *f, uint32_t *number,
                  const char *method, struct bytes params)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    bool sent;

    drop_message(c);
    control_put_request(&w, ++c->number, method);
    *number = c->number;
    if (params.len == 0)
        mp_put_nil(&w);
    writer_bytes(&w, params);
    if (w.err == ERR_OK)
        sent = send_all(c, f, writer_view(&w), deadline_of(c));
    else
        sent = fail_set(f, EXIT_CODE_LIMIT, NULL, "the command is too long");
    if (w.len > 0)
        explicit_bzero(w.data, w.len);
    writer_free(&w);
    return sent;
}

bool client_finish(struct client *c, struct fail *f,
                   const struct mp_value **result, uint32_t *number)
{
    uint64_t deadline = deadline_of(c);

    for (;;) { /* until a response: the daemon sends one for each request */
        if (!next_message(c, f, deadline))
            return false;
        if (c->message.type == CONTROL_NOTIFICATION)
            give_notice(c);
        else if (c->message.type == CONTROL_RESPONSE)
            break;
    }
    *number = c->message.number;
    if (c->message.error != NULL)
        return fail_from_daemon(f, c->message.error);
    *result = c->message.result;
    return true;
}

bool client_call_raw(struct client *c, struct fail *f,
                     const struct mp_value **result, const char *method,
                     struct bytes params)
{
    uint32_t asked;
    uint32_t answered;

    if (!client_begin(c, f, &asked, method, params))
        return false;
    do { /* what was asked before and given up on is answered, too */
        if (!client_finish(c, f, result, &answered))
            return false;
    } while (answered != asked);
    return true;
}

json_t *client_call(struct client *c, struct fail *f, const char *method,
                    const json_t *params)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    const struct mp_value *result;
    json_t *out = NULL;

    if (params != NULL)
        convert_from_json(&w, params);
    if (w.err != ERR_OK)
        (void)fail_set(f, EXIT_CODE_LIMIT, NULL, "the command is too long");
    else if (client_call_raw(c, f, &result, method, writer_view(&w)))
        out = convert_to_json(result);
    if (w.len > 0)
        explicit_bzero(w.data, w.len);
    writer_free(&w);
    return out;
}

bool client_wait_notice(struct client *c, struct fail *f)
{
    uint64_t deadline = deadline_of(c);

    do {
        if (!next_message(c, f, deadline))
            return false;
    } while (c->message.type != CONTROL_NOTIFICATION);
    give_notice(c);
    return true;
}

bool client_wait_closed(struct client *c, struct fail *f)
{
    uint64_t deadline = deadline_of(c);

    for (;;) { /* until the daemon hangs up or the deadline */
        ssize_t n;

        if (!wait_ready(c, f, POLLIN, deadline))
            return false;
        n = recv(c->fd, c->rx, RX_CAP, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
    }
}

int64_t client_clock_ahead_ms(const struct client *c)
{
    return c->ahead_ms;
}

int client_daemon_pid(const struct client *c)
{
    struct ucred peer = { .pid = -1 };
    socklen_t len = sizeof peer;

    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return -1;
    return peer.pid;
}

void client_listen(struct client *c, client_notice_fn on_notice, void *context)
{
    c->on_notice = on_notice;
    c->context = context;
}

void client_set_timeout(struct client *c, uint64_t timeout_ms)
{
    c->timeout_ms = timeout_ms;
}

void client_set_end(struct client *c, uint64_t timeout_ms)
{
    c->end_ms = timeout_ms == 0 ? 0 : now_ms() + timeout_ms;
}

/*
 * A socket's path has 108 bytes, a home may lie deeper: so the folder is
 * opened and the socket reached through it.
 */
static int connect_below(const char *dir)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = -1;

    if (folder < 0)
        return -1;
    (void)snprintf(address.sun_path, sizeof address.sun_path,
                   "/proc/self/fd/%d/control.sock", folder);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        fd = -1;
    }
    (void)close(folder);
    return fd;
}

static bool say_hello(struct client *c, struct fail *f)
{
    json_t *params = json_pack("{s:i}", "version", CONTROL_VERSION);
    json_t *hello = client_call(c, f, "hello", params);
    const json_t *now = json_object_get(hello, "now_ms");
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (json_is_integer(now))
        c->ahead_ms = json_integer_value(now) -
                      ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
    json_decref(params);
    json_decref(hello);
    return hello != NULL;
}

struct client *client_open(struct fail *f, const char *runtime_dir)
{
    struct client *c;
    int fd = connect_below(runtime_dir);

    if (fd < 0) {
        (void)fail_set(f, EXIT_CODE_NOT_RUNNING, "start it with `troupe start`",
                       "the daemon is not running");
        return NULL;
    }
    c = calloc(1, sizeof *c);
    if (c != NULL)
        c->rx = malloc(RX_CAP);
    if (c == NULL || c->rx == NULL) {
        (void)fail_set(f, EXIT_CODE_LIMIT, NULL, "out of memory");
        (void)close(fd);
        free(c);
        return NULL;
    }
    c->fd = fd;
    c->timeout_ms = 30000;
    if (!say_hello(c, f)) {
        client_close(c);
        return NULL;
    }
    return c;
}

void client_close(struct client *c)
{
    if (c == NULL)
        return;
    drop_message(c);
    (void)close(c->fd);
    free(c->rx);
    free(c);
}
