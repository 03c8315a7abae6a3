/* Daemons as children, driven by the commands that people type. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "ctl/service.h"
#include "tests/bench/bench.h"

enum {
    WORDS_MAX = 32,
    PATIENCE_MS = 200000,
    PATIENCE_FULL_MS = 3600000, /* no limit is set there */
    LOOK_MS = 20
};

static json_t *run(struct node *n, va_list args)
{
    const char *words[WORDS_MAX];
    json_t *result = NULL;
    int count = 0;

    while (count < WORDS_MAX &&
           (words[count] = va_arg(args, const char *)) != NULL)
        count++;
    n->ctl.globals =
        (struct globals){ .home = n->home,
                          .quiet = true,
                          .no_input = true,
                          .timeout_ms = bench_is_full() ? PATIENCE_FULL_MS
                                                        : PATIENCE_MS };
    if (!run_line(&n->ctl, &result, count, words))
        bench_die("%s: %s %s: %s", n->name, words[0], count > 1 ? words[1] : "",
                  n->ctl.fail.text);
    return result;
}

json_t *node_run(struct node *n, ...)
{
    va_list args;
    json_t *result;

    va_start(args, n);
    result = run(n, args);
    va_end(args);
    return result;
}

void node_do(struct node *n, ...)
{
    va_list args;

    va_start(args, n);
    json_decref(run(n, args));
    va_end(args);
}

void node_id(char out[2 * ID_LEN + 1], json_t *take)
{
    const char *id = run_text(take, "id");

    bench_check(id != NULL && strlen(id) == 2 * ID_LEN, "a new id");
    (void)snprintf(out, 2 * ID_LEN + 1, "%s", id);
    json_decref(take);
}

static void learn(struct node *n)
{
    json_t *status = node_run(n, "status", NULL);
    const char *listen =
        json_string_value(json_array_get(json_object_get(status, "listen"), 0));
    const char *id = run_text(status, "node");

    bench_check(listen != NULL && id != NULL, "learning an address");
    (void)snprintf(n->address, sizeof n->address, "%s", listen);
    (void)snprintf(n->id, sizeof n->id, "%s", id);
    n->port = (unsigned)strtoul(strrchr(listen, ':') + 1, NULL, 10);
    json_decref(status);
}

void node_start(struct node *n, const char *name)
{
    struct fail f = { 0 };
    char log[PATHS_LEN_MAX];

    memset(n, 0, sizeof *n);
    n->name = name;
    bench_path(n->home, name);
    {
        const char *const options[] = {
            "--home",      n->home,       "--listen", "127.0.0.1:0",
            "--network",   BENCH_NETWORK, "--no-lan", "--no-portmap",
            "--log-level", "warn",        NULL
        };

        if (!paths_make(&f, n->home) || !paths_join(log, &f, n->home, "log") ||
            !service_start(&f, &n->pid, options, log, 0))
            bench_die("%s: %s", name, f.text);
    }
    run_init(&n->ctl);
    learn(n);
}

void node_stop(struct node *n)
{
    int status = 0;

    run_wipe(&n->ctl);
    (void)kill(n->pid, SIGTERM);
    bench_check(waitpid(n->pid, &status, 0) == n->pid && WIFEXITED(status) &&
                    WEXITSTATUS(status) == 0,
                "ending a daemon");
}

void node_end(struct node *n)
{
    node_stop(n);
    bench_remove(n->home);
    sync();
}

void node_init_person(struct node *n)
{
    char words[PATHS_LEN_MAX];
    struct fail f;

    bench_check(paths_join(words, &f, n->home, "words"), "a path that fits");
    node_do(n, "init", "--name", n->name, "--no-passphrase", "--words-out",
            words, NULL);
}

void node_dial(struct node *from, const struct node *to)
{
    char peer[2 * KEY_LEN + 1 + sizeof to->address + 1];

    (void)snprintf(peer, sizeof peer, "%s@%s", to->id, to->address);
    node_do(from, "peer", "add", peer, NULL);
}

uint64_t node_topic(struct node *n, const char *topic, const char *field)
{
    json_t *status = node_run(n, "status", NULL);
    const json_t *topics = json_object_get(status, "topics");
    json_int_t found = 0;

    for (size_t i = 0; i < json_array_size(topics); i++) {
        const json_t *item = json_array_get(topics, i);
        const char *id = run_text(item, "id");

        if (id != NULL && strcmp(id, topic) == 0)
            found = json_integer_value(json_object_get(item, field));
    }
    json_decref(status);
    return (uint64_t)found;
}

double node_await(struct node *n, const char *topic, const char *field,
                  uint64_t least)
{
    double longest = 0;
    uint64_t now;

    do { /* the alarm ends it */
        double begun = bench_now();
        double took;

        now = node_topic(n, topic, field);
        took = bench_now() - begun;
        longest = took > longest ? took : longest;
        if (now < least)
            bench_sleep_ms(LOOK_MS);
    } while (now < least);
    return longest;
}
