/* Records that a person makes by the thousand, as from another system. */
#include <stdio.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { ROUNDS = 5, ROUNDS_UNTIL_S = 200 };

/* The client is this process. */
static double both_cpu(const struct node *n)
{
    return watch_cpu(n->pid) + watch_cpu(getpid());
}

/* A person makes the comments of the pile anew. */
static void author_all(struct limit_rate *out, size_t round,
                       const struct pile *p)
{
    char project[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
    char name[32];
    struct node author;
    double begun;
    double cpu;

    (void)snprintf(name, sizeof name, "author%zu", round);
    node_start(&author, name);
    node_init_person(&author);
    node_id(project, node_run(&author, "project", "create", "--title", "Bench",
                              "--goal", "Many comments", "--medium", "song",
                              "--licence", "CC-BY-SA-4.0", NULL));
    drafts_make(path, project, p->count - 1);
    begun = bench_now();
    cpu = both_cpu(&author);
    node_do(&author, "record", "import", path, NULL);
    out->per_s = (double)p->count / (bench_now() - begun);
    out->cpu_us = (both_cpu(&author) - cpu) * 1e6 / (double)p->count;
    bench_check(node_topic(&author, project, "records") >= p->count,
                "all comments stored");
    node_stop(&author);
}

void bench_author(void)
{
    double per_s[ROUNDS];
    double cpu_us[ROUNDS];
    double limit_per_s[ROUNDS];
    double limit_cpu_us[ROUNDS];
    double begun = bench_now();
    size_t n = 0;
    struct pile p;

    pile_make(&p, "records", BENCH_RECORDS);
    for (; bench_again(n, ROUNDS, begun, ROUNDS_UNTIL_S); n++) {
        struct limit_rate limit;
        struct limit_rate reached;

        limit_sign_and_append(&limit, &p);
        author_all(&reached, n, &p);
        per_s[n] = reached.per_s;
        cpu_us[n] = reached.cpu_us;
        limit_per_s[n] = limit.per_s;
        limit_cpu_us[n] = limit.cpu_us;
    }
    bench_row("sync.author", bench_median(per_s, n), "records/s",
              bench_median(limit_per_s, n));
    bench_row("sync.author_cpu", bench_median(cpu_us, n), "us/record",
              bench_median(limit_cpu_us, n));
    pile_free(&p);
}
