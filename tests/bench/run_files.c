/* Files: taking one in. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { IMPORT_ROUNDS = 3 };

void file_project(struct node *n, char project[2 * ID_LEN + 1])
{
    node_start(n, "leader");
    node_init_person(n);
    node_id(project, node_run(n, "project", "create", "--title", "Bench",
                              "--goal", "A large file", "--medium",
                              "short_film", "--licence", "CC-BY-SA-4.0", NULL));
}

void file_contribute(struct node *n, const char *project, const char *path,
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

/* Another file, which stays where it is: hashed, and nothing else. */
static double import_in_place(struct node *n, const char *project, size_t i)
{
    char path[PATHS_LEN_MAX];
    char name[32];
    double begun;

    (void)snprintf(name, sizeof name, "place%zu.bin", i);
    bench_path(path, name);
    limit_random_file(path, BENCH_BLOB);
    begun = bench_now();
    node_do(n, "contribute", "--project", project, path, "--in-place",
            "--title", "A large file", "--kind", "video", "--licence",
            "CC-BY-SA-4.0", NULL);
    return mb_s(bench_now() - begun);
}

void bench_import(void)
{
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
    double speed[IMPORT_ROUNDS];
    double hash[IMPORT_ROUNDS];
    double copy[IMPORT_ROUNDS];
    double in_place[IMPORT_ROUNDS];
    struct watch *w;
    uint64_t peak;
    struct node n;

    file_project(&n, project);
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
        file_contribute(&n, project, path, work);
        speed[i] = mb_s(bench_now() - begun);
        in_place[i] = import_in_place(&n, project, i);
        (void)unlink(path);
    }
    peak = watch_stop(w);
    bench_row("import.to_hash", bench_median(speed, IMPORT_ROUNDS), "MB/s",
              bench_median(hash, IMPORT_ROUNDS));
    bench_row("import.to_copy", bench_median(speed, IMPORT_ROUNDS), "MB/s",
              bench_median(copy, IMPORT_ROUNDS));
    bench_row("import.in_place", bench_median(in_place, IMPORT_ROUNDS), "MB/s",
              bench_median(hash, IMPORT_ROUNDS));
    bench_row("import.anon_peak", (double)peak / BENCH_MIB, "MiB", 64);
    node_stop(&n);
}
