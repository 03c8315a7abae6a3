#include "daemon/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/log.h"

enum { BACKLOG = 128 };

struct listener {
    uv_tcp_t tcp;
    struct node *node;
    enum err result;
    char address[ADDRESS_TEXT_MAX];
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void listener_close(struct listener *l)
{
    uv_close((uv_handle_t *)&l->tcp, on_closed);
}

const char *listener_address(const struct listener *l)
{
    return l->address;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;

    if (status < 0)
        log_event(LOG_LEVEL_WARN, "listen", "accept_failed", "why=%s",
                  uv_err_name(status));
    else
        conn_accept(l->node, stream);
}

/* Names are asked for before the loop runs, so that this may block. */
static enum err find_address(struct sockaddr_storage *out, uv_loop_t *loop,
                             const char *address)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE };
    struct address_parts parts;
    uv_getaddrinfo_t request;
    char port[8];
    enum err e = address_parse(out, address);

    if (e == ERR_OK)
        return ERR_OK;
    e = address_split(&parts, address);
    if (e != ERR_OK)
        return e;
    (void)snprintf(port, sizeof port, "%u", parts.port);
    if (uv_getaddrinfo(loop, &request, NULL, parts.host, port, &hints) != 0)
        return ERR_UNREACHABLE;
    memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    return ERR_OK;
}

static enum err start(struct listener *l, const struct sockaddr *address)
{
    struct sockaddr_storage bound;
    int len = sizeof bound;
    /* Both families are listened on, each by a listener of its own. */
    unsigned flags = address->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
    int status = uv_tcp_bind(&l->tcp, address, flags);

    if (status == 0)
        status = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
    if (status == 0)
        status = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&bound, &len);
    if (status == UV_EADDRINUSE)
        return ERR_LOCKED;
    if (status == UV_EADDRNOTAVAIL || status == UV_EAFNOSUPPORT)
        return ERR_UNREACHABLE;
    if (status != 0)
        return ERR_IO;
    address_print(l->address, (struct sockaddr *)&bound);
    return ERR_OK;
}

enum err listener_open(struct listener **out, struct node *node,
                       const char *address)
{
    struct sockaddr_storage addr = { 0 };
    struct listener *l;
    enum err e = find_address(&addr, node_loop(node), address);

    if (e != ERR_OK)
        return e;
    l = calloc(1, sizeof *l);
    if (l == NULL)
        return ERR_NO_MEMORY;
    l->node = node;
    if (uv_tcp_init(node_loop(node), &l->tcp) != 0) {
        free(l);
        return ERR_IO;
    }
    l->tcp.data = l;
    e = start(l, (struct sockaddr *)&addr);
    if (e != ERR_OK) {
        listener_close(l);
        return e;
    }
    log_event(LOG_LEVEL_INFO, "listen", "open", "address=%s", l->address);
    *out = l;
    return ERR_OK;
}
