/* Works of many files, and one that is too large to copy. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { FILE_BYTES = 3072, FOLDER_FILES = 500, RANGES = 3 };

#define SPARSE_BYTES ((uint64_t)64 << 30)
#define RANGE_BYTES  ((uint64_t)64 << 20)

/* --- many files --- */

struct many {
    const char *name; /* of the rows */
    unsigned count;
    size_t bytes; /* of each */
    double bar;   /* files/s from end to end; 0: there is none */
};

static void write_one(const char *path, uint8_t *content, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    randombytes_buf(content, len);
    bench_check(fd >= 0 && write(fd, content, len) == (ssize_t)len &&
                    close(fd) == 0,
                "writing a file");
}

static void make_folder(const char *top, const struct many *many)
{
    uint8_t *content = malloc(many->bytes);
    char path[2 * PATHS_LEN_MAX];

    bench_check(content != NULL && mkdir(top, 0700) == 0, "making a folder");
    for (unsigned i = 0; i < many->count; i++) {
        if (i % FOLDER_FILES == 0) {
            (void)snprintf(path, sizeof path, "%s/%u", top, i / FOLDER_FILES);
            bench_check(mkdir(path, 0700) == 0, "making a folder");
        }
        (void)snprintf(path, sizeof path, "%s/%u/%05u.bin", top,
                       i / FOLDER_FILES, i);
        write_one(path, content, many->bytes);
    }
    free(content);
    sync();
}

static void check_same(const char *top, const char *out)
{
    char line[3 * PATHS_LEN_MAX];
    FILE *f;

    (void)snprintf(line, sizeof line, "diff -r '%s' '%s'/'%s' && echo same",
                   top, out, strrchr(top, '/') + 1);
    f = popen(line, "r");
    bench_check(f != NULL && fgets(line, sizeof line, f) != NULL &&
                    strcmp(line, "same\n") == 0,
                "the same files");
    (void)pclose(f);
}

static void row(const struct many *many, const char *what, double seconds,
                double limit)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s.%s", many->name, what);
    bench_row(name, many->count / seconds, "files/s", limit);
}

static void bench_many(const struct many *many)
{
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    char top[PATHS_LEN_MAX];
    char out[PATHS_LEN_MAX];
    char name[64];
    struct node from;
    struct node to;
    struct watch *w;
    double begun[4];
    double copy;

    bench_path(top, many->name);
    bench_path(out, "out");
    make_folder(top, many);
    file_project(&from, project);
    node_start(&to, "archive");
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "seed", project, NULL);
    node_dial(&to, &from);
    (void)node_await(&to, project, "records", 1);
    copy = many->count / limit_copy_folder(top);
    w = watch_start(to.pid);
    begun[0] = bench_now();
    file_contribute(&from, project, top, work);
    begun[1] = bench_now();
    (void)node_await(&to, project, "blobs_held", many->count);
    begun[2] = bench_now();
    node_do(&to, "get", work, "--out", out, NULL);
    begun[3] = bench_now();
    row(many, "contribute", begun[1] - begun[0], copy);
    row(many, "held", begun[2] - begun[0], copy);
    row(many, "get", begun[3] - begun[2], copy);
    if (many->bar > 0)
        row(many, "end_to_end", begun[3] - begun[0], many->bar);
    row(many, "end_to_end_to_copy", begun[3] - begun[0], copy);
    (void)snprintf(name, sizeof name, "%s.anon_peak", many->name);
    bench_row(name, (double)watch_stop(w) / BENCH_MIB, "MiB", 64);
    check_same(top, out);
    node_stop(&to);
    node_stop(&from);
}

void bench_files(void)
{
    bench_many(&(struct many){ "files", 10000, FILE_BYTES, 5000 });
}

/* Photos, samples, pages: each a file of its own, and none a large one. */
void bench_middle(void)
{
    bench_many(&(struct many){ "middle", 2000, 100 * 1024, 0 });
}

/* --- a file of 64 GiB, mostly holes --- */

/* Some bytes in each GiB, so that there is something to find. */
static void make_sparse(const char *path)
{
    uint8_t content[FILE_BYTES];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    bench_check(fd >= 0 && ftruncate(fd, (off_t)SPARSE_BYTES) == 0,
                "a sparse file");
    for (uint64_t at = 12345; at < SPARSE_BYTES; at += (uint64_t)1 << 30) {
        randombytes_buf(content, sizeof content);
        bench_check(pwrite(fd, content, sizeof content, (off_t)at) ==
                        FILE_BYTES,
                    "writing a sparse file");
    }
    bench_check(fsync(fd) == 0 && close(fd) == 0, "flushing a file");
}

/* The client beside this program in the build folder. */
static void find_client(char out[PATHS_LEN_MAX])
{
    char here[PATHS_LEN_MAX / 2] = "";

    bench_check(readlink("/proc/self/exe", here, sizeof here - 1) > 0 &&
                    strrchr(here, '/') != NULL,
                "finding the client");
    *strrchr(here, '/') = '\0';
    (void)snprintf(out, PATHS_LEN_MAX, "%s/../../ctl/troupe", here);
}

/* A range as the peer reads it is that of the file. */
static void check_range(const struct node *to, const char *work,
                        const char *path, uint64_t at)
{
    char line[9 * PATHS_LEN_MAX];
    char client[PATHS_LEN_MAX];
    FILE *f;

    find_client(client);
    (void)snprintf(line, sizeof line,
                   "'%s' --home '%s' cat %s --range %llu-%llu >'%s.out' && "
                   "cmp -n %llu -i %llu:0 '%s' '%s.out' && rm '%s.out' && "
                   "echo same",
                   client, to->home, work, (unsigned long long)at,
                   (unsigned long long)(at + RANGE_BYTES - 1), path,
                   (unsigned long long)RANGE_BYTES, (unsigned long long)at,
                   path, path, path);
    f = popen(line, "r");
    bench_check(f != NULL && fgets(line, sizeof line, f) != NULL &&
                    strcmp(line, "same\n") == 0,
                "the same range");
    (void)pclose(f);
}

void bench_sparse(void)
{
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
    struct node from;
    struct node to;
    struct watch *peaks[2];
    double begun;
    double took;

    bench_path(path, "sparse.bin");
    make_sparse(path);
    file_project(&from, project);
    node_start(&to, "reader");
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "project", "follow", project, NULL);
    node_dial(&to, &from);
    peaks[0] = watch_start(from.pid);
    peaks[1] = watch_start(to.pid);
    begun = bench_now();
    node_id(work, node_run(&from, "contribute", "--project", project, path,
                           "--in-place", "--title", "64 GiB", "--kind", "video",
                           "--licence", "CC-BY-SA-4.0", NULL));
    bench_row("sparse.import", bench_now() - begun, "s", 10);
    (void)node_await(&to, project, "records",
                     node_topic(&from, project, "records"));
    begun = bench_now();
    for (unsigned i = 0; i < RANGES; i++)
        check_range(
            &to, work, path,
            randombytes_uniform((uint32_t)((SPARSE_BYTES - RANGE_BYTES) >> 12))
                << 12);
    took = bench_now() - begun;
    bench_row("sparse.ranges",
              (double)RANGES * (double)RANGE_BYTES / 1e6 / took, "MB/s", 100);
    bench_row("sparse.holder_anon_peak",
              (double)watch_stop(peaks[0]) / BENCH_MIB, "MiB", 64);
    bench_row("sparse.reader_anon_peak",
              (double)watch_stop(peaks[1]) / BENCH_MIB, "MiB", 64);
    node_stop(&to);
    node_stop(&from);
}
