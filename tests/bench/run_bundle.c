/* A project with one large file, out into a bundle, checked, and in again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { ROUNDS = 5 };

struct figures {
    double out[ROUNDS];
    double check[ROUNDS];
    double in[ROUNDS];
    double copy[ROUNDS];
    double hash[ROUNDS];
};

/* MB/s, as disks are measured. */
static double mb_s(double seconds)
{
    return (double)BENCH_BLOB / 1e6 / seconds;
}

static double export(struct node *n, const char *project, const char *path)
{
    double begun = bench_now();

    node_do(n, "archive", "export", project, "--out", path, NULL);
    return mb_s(bench_now() - begun);
}

/* By the client, with no daemon there. */
static double check(struct node *nobody, const char *path)
{
    double begun = bench_now();

    node_do(nobody, "release", "verify", path, NULL);
    return mb_s(bench_now() - begun);
}

/* Into a daemon that has nothing; `peak` is raised to the most it had. */
static double import(const char *path, double *peak)
{
    struct node n;
    struct watch *w;
    char line[PATHS_LEN_MAX + 16];
    double begun;
    double took;
    double seen;

    node_start(&n, "archive");
    node_do(&n, "init", "--node-only", NULL);
    w = watch_start(n.pid);
    begun = bench_now();
    node_do(&n, "archive", "import", path, NULL);
    took = bench_now() - begun;
    seen = (double)watch_stop(w) / BENCH_MIB;
    *peak = seen > *peak ? seen : *peak;
    node_stop(&n);
    (void)snprintf(line, sizeof line, "rm -rf '%s'", n.home);
    bench_check(system(line) == 0, "removing a folder");
    return mb_s(took);
}

void bench_bundle(void)
{
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    char file[PATHS_LEN_MAX];
    char path[PATHS_LEN_MAX];
    struct figures f;
    struct node n;
    struct watch *w;
    double in_peak = 0;
    double copy;
    double begun;
    size_t i = 0;

    bench_path(file, "file.bin");
    bench_path(path, "film.troupe");
    limit_random_file(file, BENCH_BLOB);
    file_project(&n, project);
    file_contribute(&n, project, file, work);
    w = watch_start(n.pid);
    for (begun = bench_now(); bench_again(i, ROUNDS, begun, 200); i++) {
        (void)unlink(path);
        f.hash[i] = mb_s(limit_hash(file));
        f.copy[i] = mb_s(limit_copy(file));
        f.out[i] = export(&n, project, path);
        f.check[i] = check(&n, path);
        f.in[i] = import(path, &in_peak);
    }
    copy = bench_median(f.copy, i);
    bench_row("bundle.export", bench_median(f.out, i), "MB/s", copy);
    bench_row("bundle.export_anon_peak", (double)watch_stop(w) / BENCH_MIB,
              "MiB", 64);
    bench_row("bundle.verify", bench_median(f.check, i), "MB/s",
              bench_median(f.hash, i));
    bench_row("bundle.import_to_copy", bench_median(f.in, i), "MB/s", copy);
    bench_row("bundle.import_to_hash", bench_median(f.in, i), "MB/s",
              bench_median(f.hash, i));
    bench_row("bundle.import_anon_peak", in_peak, "MiB", 64);
    node_stop(&n);
}
