/* One file from several nodes, read while it comes, and after a kill. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { ROUNDS = 5, OTHERS = 2, READS = 5 };

static const char *const other_names[OTHERS] = { "other0", "other1" };

static double mb_s(double seconds)
{
    return (double)BENCH_BLOB / 1e6 / seconds;
}

static void contribute(struct node *n, char project[2 * ID_LEN + 1],
                       char work[2 * ID_LEN + 1])
{
    char path[PATHS_LEN_MAX];

    bench_path(path, "file.bin");
    limit_random_file(path, BENCH_BLOB);
    node_start(n, "leader");
    node_init_person(n);
    node_id(project, node_run(n, "project", "create", "--title", "Bench",
                              "--goal", "A large file", "--medium",
                              "short_film", "--licence", "CC-BY-SA-4.0", NULL));
    node_id(work, node_run(n, "contribute", "--project", project, path,
                           "--title", "A large file", "--kind", "video",
                           "--licence", "CC-BY-SA-4.0", NULL));
    (void)unlink(path);
}

/* A node that knows the project and is connected with its holders. */
static void meet(struct node *to, const char *name, const char *project,
                 struct node *const *holders, size_t count)
{
    node_start(to, name);
    node_do(to, "init", "--node-only", NULL);
    node_do(to, "project", "follow", project, NULL);
    for (size_t i = 0; i < count; i++)
        node_dial(to, holders[i]);
    (void)node_await(to, project, "records",
                     node_topic(holders[0], project, "records"));
}

/* Until it is held, verified and durable; seconds. */
static double seed(struct node *to, const char *project)
{
    double begun = bench_now();

    node_do(to, "seed", project, NULL);
    (void)node_await(to, project, "blobs_held", 1);
    return bench_now() - begun;
}

/* A new node fetches from these; MB/s.  What is to be started again stays. */
static double fetch(const char *name, bool stays, const char *project,
                    struct node *const *holders, size_t count)
{
    struct node n;
    double speed;

    meet(&n, name, project, holders, count);
    speed = mb_s(seed(&n, project));
    if (stays)
        node_stop(&n);
    else
        node_end(&n);
    return speed;
}

/*
 * A node that has just begun reads what it serves from the disk, and later,
 * what several ask for, from memory: these are all to do the same.
 */
static void begin_anew(struct node *leader, struct node others[OTHERS])
{
    node_stop(leader);
    node_start(leader, "leader");
    for (size_t i = 0; i < OTHERS; i++)
        node_start(&others[i], other_names[i]);
}

/* From one and from three in turn, so that a busy machine slows both. */
static void one_and_three(struct node *leader, const char *project)
{
    struct node others[OTHERS];
    struct node *const holders[] = { leader, &others[0], &others[1] };
    double one[ROUNDS];
    double three[ROUNDS];

    for (size_t i = 0; i < OTHERS; i++)
        (void)fetch(other_names[i], true, project, holders, 1);
    for (size_t i = 0; i < ROUNDS; i++) {
        begin_anew(leader, others);
        one[i] = fetch("one", false, project, holders, 1);
        for (size_t k = 0; k < OTHERS; k++)
            node_stop(&others[k]);
        begin_anew(leader, others);
        three[i] = fetch("three", false, project, holders, 1 + OTHERS);
        for (size_t k = 0; k < OTHERS; k++)
            node_stop(&others[k]);
    }
    bench_row("swarm.three", bench_median(three, ROUNDS), "MB/s",
              bench_median(one, ROUNDS));
}

/* The first byte of places in the file that are not here; ms. */
static double first_byte(struct node *leader, const char *project,
                         const char *work)
{
    struct node *const holders[] = { leader };
    double took[READS];
    struct node n;
    int out = dup(STDOUT_FILENO);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    bench_check(out >= 0 && null >= 0, "a place for what is read");
    meet(&n, "reader", project, holders, 1);
    (void)fflush(stdout);
    (void)dup2(null, STDOUT_FILENO);
    for (size_t i = 0; i < READS; i++) {
        char range[64];
        double begun = bench_now();

        (void)snprintf(range, sizeof range, "%zu-%zu", i * 150000000,
                       i * 150000000);
        node_do(&n, "cat", work, "--range", range, NULL);
        took[i] = (bench_now() - begun) * 1000;
    }
    (void)dup2(out, STDOUT_FILENO);
    (void)close(out);
    (void)close(null);
    node_stop(&n);
    bench_row("swarm.first_byte", took[0], "ms", 100);
    return bench_median(took + 1, READS - 1);
}

/* MiB that come twice when the receiver is killed half way. */
static double resume(struct node *leader, const char *project)
{
    struct node *const holders[] = { leader };
    uint64_t before = watch_wire(leader->port);
    uint64_t bytes;
    struct node n;

    meet(&n, "killed", project, holders, 1);
    node_do(&n, "seed", project, NULL);
    do {
        bench_sleep_ms(2);
        bytes = watch_wire(leader->port) - before;
    } while (bytes < BENCH_BLOB / 2);
    (void)kill(n.pid, SIGKILL);
    (void)waitpid(n.pid, NULL, 0);
    run_wipe(&n.ctl);
    node_start(&n, "killed");
    node_dial(&n, leader);
    (void)node_await(&n, project, "blobs_held", 1);
    bytes += watch_wire(leader->port);
    node_stop(&n);
    return ((double)bytes - (double)BENCH_BLOB) / BENCH_MIB;
}

void bench_swarm(void)
{
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    struct node leader;
    double seek;

    contribute(&leader, project, work);
    seek = first_byte(&leader, project, work);
    bench_row("swarm.seek", seek, "ms", 100);
    bench_row("swarm.resume", resume(&leader, project), "MiB", 64);
    one_and_three(&leader, project);
    node_stop(&leader);
}
