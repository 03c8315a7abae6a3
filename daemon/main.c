#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/desk.h"
#include "daemon/home.h"
#include "daemon/log.h"
#include "daemon/node.h"
#include "daemon/options.h"
#include "daemon/version.h"

/* The daemon: options, home, lock, config, node, desk, loop, signals. */

/* A stop takes this long at most; what was said to be stored is durable. */
enum { STOP_MS = 4500 };

struct daemon {
    uv_loop_t loop;
    struct options options;
    struct home home;
    struct config config;
    struct node *node;
    struct desk *desk;
    uv_signal_t term;
    uv_signal_t interrupt;
    uv_signal_t hangup;
    uv_timer_t late;
    bool stopping;
};

static void on_late(uv_timer_t *timer)
{
    (void)timer;
    log_event(LOG_LEVEL_WARN, "daemon", "stop_cut_short", NULL);
    _exit(EXIT_SUCCESS);
}

static void on_desk_closed(void *context)
{
    struct daemon *d = context;

    node_shutdown(d->node);
}

static void stop(struct daemon *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    log_event(LOG_LEVEL_INFO, "daemon", "stopping", NULL);
    uv_close((uv_handle_t *)&d->term, NULL);
    uv_close((uv_handle_t *)&d->interrupt, NULL);
    uv_close((uv_handle_t *)&d->hangup, NULL);
    (void)uv_timer_start(&d->late, on_late, STOP_MS, 0);
    uv_unref((uv_handle_t *)&d->late);
    desk_close(d->desk, on_desk_closed, d);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;

    (void)number;
    node_reload(d->node);
}

static void start_signals(struct daemon *d)
{
    (void)signal(SIGPIPE, SIG_IGN); /* writes tell of it themselves */
    (void)uv_signal_init(&d->loop, &d->term);
    (void)uv_signal_init(&d->loop, &d->interrupt);
    (void)uv_signal_init(&d->loop, &d->hangup);
    (void)uv_timer_init(&d->loop, &d->late);
    d->term.data = d;
    d->interrupt.data = d;
    d->hangup.data = d;
    (void)uv_signal_start(&d->term, on_stop_signal, SIGTERM);
    (void)uv_signal_start(&d->interrupt, on_stop_signal, SIGINT);
    (void)uv_signal_start(&d->hangup, on_hangup, SIGHUP);
}

/* Runs until a signal, with everything open. */
static enum err run(struct daemon *d)
{
    enum err e =
        node_open(&d->node, &d->loop, &d->options, &d->home, &d->config);

    if (e != ERR_OK)
        return e;
    e = desk_open(&d->desk, d->node);
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "control", "open_failed", "why=%s folder=%s",
                  err_name(e), d->home.runtime);
        node_shutdown(d->node);
    } else {
        start_signals(d);
        (void)puts("ready");
        (void)fflush(stdout);
    }
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    if (e == ERR_OK) {
        uv_close((uv_handle_t *)&d->late, NULL);
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    }
    node_free(d->node);
    log_event(LOG_LEVEL_INFO, "daemon", "stopped", NULL);
    return e;
}

/* What is wrong goes to `to`, a line each. */
static enum err load_config(struct daemon *d, FILE *to)
{
    struct config_finding finding = { 0 };
    char path[HOME_PATH_MAX];
    enum err e = home_path(path, sizeof path, d->home.config, "troupe.conf");

    if (e != ERR_OK)
        return e;
    e = config_load(&d->config, &finding, path);
    if (e != ERR_OK)
        (void)fprintf(to, "%s:%u: %s\n", path, finding.line, finding.text);
    return e;
}

/* Takes the home, then runs; the lock goes last. */
static enum err run_at_home(struct daemon *d)
{
    pid_t owner = 0;
    int lock;
    enum err e = home_create(&d->home);

    if (e != ERR_OK) {
        (void)fprintf(stderr, "trouped: cannot make the folders of %s\n",
                      d->home.data);
        return e;
    }
    e = home_lock(&lock, &owner, &d->home);
    if (e == ERR_LOCKED)
        (void)fprintf(stderr,
                      "trouped: another daemon, pid %ld, uses %s already\n",
                      (long)owner, d->home.data);
    if (e != ERR_OK)
        return e;
    e = load_config(d, stderr);
    if (e == ERR_OK && uv_loop_init(&d->loop) != 0)
        e = ERR_NO_MEMORY;
    else if (e == ERR_OK) {
        e = run(d);
        (void)uv_loop_close(&d->loop);
    }
    (void)close(lock);
    return e;
}

/* A core dump would have the keys in it; where it fails, they are no worse. */
static void forbid_core_dumps(void)
{
    const struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
    static struct daemon d;
    enum err e;

    forbid_core_dumps();

    if (sodium_init() < 0) {
        (void)fputs("trouped: no source of randomness\n", stderr);
        return EXIT_CODE_FAILED;
    }
    e = options_parse(&d.options, argc, argv, stderr);
    if (e != ERR_OK)
        return (int)err_exit_code(e);
    if (d.options.help) {
        options_print_help(stdout);
        return EXIT_CODE_OK;
    }
    if (d.options.version) {
        (void)puts("trouped " TROUPE_VERSION);
        return EXIT_CODE_OK;
    }
    e = home_find(&d.home, d.options.home);
    if (e != ERR_OK)
        (void)fputs("trouped: neither --home nor $HOME says where to live\n",
                    stderr);
    else if (d.options.check_config)
        e = load_config(&d, stdout) == ERR_OK ? ERR_OK : ERR_USAGE;
    else
        e = run_at_home(&d);
    return (int)err_exit_code(e);
}
