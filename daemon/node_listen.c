/* Where a node listens: as it is told to, or at the usual port. */
#include <stdio.h>
#include <string.h>

#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/node_state.h"

static enum err open_listener(struct node *n, const char *address,
                              enum log_level level)
{
    enum err e = listener_open(&n->listeners[n->listeners_count], n, address);

    if (e == ERR_OK)
        n->listeners_count++;
    else
        log_event(level, "listen", "failed", "address=%s why=%s", address,
                  e == ERR_LOCKED ? "taken" : err_name(e));
    return e;
}

/* One of the two families may be missing; a port that is taken is replaced. */
static void open_usual_listeners(struct node *n)
{
    static const char *const usual[][2] = { { "0.0.0.0:7433", "0.0.0.0:0" },
                                            { "[::]:7433", "[::]:0" } };

    for (size_t i = 0; i < 2; i++)
        if (open_listener(n, usual[i][0], LOG_LEVEL_WARN) == ERR_LOCKED) {
            n->port_taken = true;
            (void)open_listener(n, usual[i][1], LOG_LEVEL_WARN);
        }
}

/* The last line of the log is what `troupe start` shows to people. */
static void tell_not_listening(const char *address, enum err e)
{
    const char *colon = strrchr(address, ':');

    if (e == ERR_LOCKED)
        (void)fprintf(stderr,
                      "port %s is used by another program; set listen below "
                      "[node] in troupe.conf, or use --listen\n",
                      colon == NULL ? address : colon + 1);
    else
        (void)fprintf(stderr,
                      "cannot listen on %s: this machine has no such address; "
                      "see listen below [node] in troupe.conf, or --listen\n",
                      address);
}

enum err node_listen_open(struct node *n)
{
    for (size_t i = 0; i < n->config.listen_count; i++) {
        enum err e = open_listener(n, n->config.listen[i], LOG_LEVEL_ERROR);

        if (e != ERR_OK) {
            tell_not_listening(n->config.listen[i], e);
            return e;
        }
    }
    if (n->config.listen_count == 0)
        open_usual_listeners(n);
    return ERR_OK;
}

bool node_port_is_makeshift(const struct node *n)
{
    return n->port_taken;
}

void node_listen_close(struct node *n)
{
    for (size_t i = 0; i < n->listeners_count; i++)
        listener_close(n->listeners[i]);
    n->listeners_count = 0;
}

const char *node_listening(const struct node *n, size_t i)
{
    return i < n->listeners_count ? listener_address(n->listeners[i]) : NULL;
}
