/* Files: taking one in, and sending it to another node. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { IMPORT_ROUNDS = 3 };

static void make_project(struct node *n, char project[2 * ID_LEN + 1])
{
    node_start(n, "leader");
    node_init_person(n);
    node_id(project, node_run(n, "project", "create", "--title", "Bench",
                              "--goal", "A large file", "--medium",
                              "short_film", "--licence", "CC-BY-SA-4.0", NULL));
}

static void contribute(struct node *n, const char *project, const char *path,
                       char work[2 * ID_LEN + 1])
{
    node_id(work, node_run(n, "contribute", "--project", project, path,
                           "--title", "A large file", "--kind", "video",
                           "--licence", "CC-BY-SA-4.0", NULL));
}

/* MB/s, as disks are measured. */
static double mb_s(double seconds)
{
    return (double)BENCH_BLOB / 1e6 / seconds;
}

/* --- import --- */

void bench_import(void)
{
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
    double speed[IMPORT_ROUNDS];
    double hash[IMPORT_ROUNDS];
    double copy[IMPORT_ROUNDS];
    struct watch *w;
    uint64_t peak;
    struct node n;

    make_project(&n, project);
    w = watch_start(n.pid);
    for (size_t i = 0; i < IMPORT_ROUNDS; i++) {
        char name[32];
        double begun;

        (void)snprintf(name, sizeof name, "file%zu.bin", i);
        bench_path(path, name);
        limit_random_file(path, BENCH_BLOB);
        hash[i] = mb_s(limit_hash(path));
        copy[i] = mb_s(limit_copy(path));
        begun = bench_now();
        contribute(&n, project, path, work);
        speed[i] = mb_s(bench_now() - begun);
        (void)unlink(path);
    }
    peak = watch_stop(w);
    bench_row("import.to_hash", bench_median(speed, IMPORT_ROUNDS), "MB/s",
              bench_median(hash, IMPORT_ROUNDS));
    bench_row("import.to_copy", bench_median(speed, IMPORT_ROUNDS), "MB/s",
              bench_median(copy, IMPORT_ROUNDS));
    bench_row("import.anon_peak", (double)peak / BENCH_MIB, "MiB", 64);
    node_stop(&n);
}

/* --- blob --- */

static void check_same(const char *path, const char *folder)
{
    char line[3 * PATHS_LEN_MAX];
    FILE *f;

    (void)snprintf(line, sizeof line, "cmp '%s' '%s'/* && echo same", path,
                   folder);
    f = popen(line, "r");
    bench_check(f != NULL && fgets(line, sizeof line, f) != NULL &&
                    strcmp(line, "same\n") == 0,
                "the same bytes");
    (void)pclose(f);
}

/* Until the bytes are in the store of a node that seeds; seconds. */
static double seed(struct node *from, const char *project, double *peak,
                   double *cpu)
{
    struct node to;
    struct watch *w;
    double begun;
    double took;

    *cpu = watch_cpu(from->pid);

    node_start(&to, "archive");
    w = watch_start(to.pid);
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "seed", project, NULL);
    begun = bench_now();
    node_dial(&to, from);
    (void)node_await(&to, project, "blobs_held", 1);
    took = bench_now() - begun;
    *cpu = watch_cpu(from->pid) + watch_cpu(to.pid) - *cpu;
    *peak = (double)watch_stop(w) / BENCH_MIB;
    node_stop(&to);
    return took;
}

/* Until `get --out` has written the file, from a node that is connected. */
static double get(struct node *from, const char *project, const char *work,
                  const char *out, double *peak)
{
    struct node to;
    struct watch *w;
    double begun;
    double took;

    node_start(&to, "reader");
    w = watch_start(to.pid);
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "project", "follow", project, NULL);
    node_dial(&to, from);
    (void)node_await(&to, project, "records",
                     node_topic(from, project, "records"));
    begun = bench_now();
    node_do(&to, "get", work, "--out", out, NULL);
    took = bench_now() - begun;
    *peak = (double)watch_stop(w) / BENCH_MIB;
    node_stop(&to);
    return took;
}

void bench_blob(void)
{
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
    char out[PATHS_LEN_MAX];
    struct node from;
    struct watch *w;
    double peak = 0;
    double copy;
    double took;
    double cpu;
    double cpu_raw;

    bench_path(path, "file.bin");
    bench_path(out, "out");
    limit_random_file(path, BENCH_BLOB);
    make_project(&from, project);
    contribute(&from, project, path, work);
    w = watch_start(from.pid);
    cpu_raw = limit_cpu();
    copy = mb_s(limit_copy(path));
    (void)limit_hash(path);
    cpu_raw = limit_cpu() - cpu_raw;
    took = seed(&from, project, &peak, &cpu);
    bench_row("blob.seed", mb_s(took), "MB/s", copy);
    bench_row("blob.seed_cpu_both", cpu, "s", cpu_raw);
    bench_row("blob.seed_anon_peak", peak, "MiB", 64);
    copy = mb_s(limit_copy(path));
    took = get(&from, project, work, out, &peak);
    bench_row("blob.get", mb_s(took), "MB/s", copy);
    bench_row("blob.get_anon_peak", peak, "MiB", 64);
    bench_row("blob.sender_anon_peak", (double)watch_stop(w) / BENCH_MIB, "MiB",
              64);
    check_same(path, out);
    node_stop(&from);
}
