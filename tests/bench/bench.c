/* Measures by name; prints a line of JSON a figure. */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A name ends within this, or it is a failure. */
#define LIMIT_S 240

static char folder[PATHS_LEN_MAX];
static bool is_full;
static double started;

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void clean_up(void)
{
    if (folder[0] != '\0')
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int ending[2]; /* a pipe: what a signal may use */

static void on_signal(int number)
{
    ssize_t n = write(ending[1], "", 1);

    (void)number;
    (void)n; /* a full pipe says it, too */
}

/* The daemons end with us. */
static void *wait_for_end(void *none)
{
    char byte;

    if (read(ending[0], &byte, 1) == 1) {
        (void)fputs("bench: interrupted, or it took too long\n", stderr);
        clean_up();
        _exit(1);
    }
    return none;
}

/* Whatever ends the program, its folder goes. */
static void watch_end(void)
{
    static const int numbers[] = { SIGALRM, SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal };
    pthread_t thread;

    bench_check(pipe2(ending, O_CLOEXEC) == 0 &&
                    pthread_create(&thread, NULL, wait_for_end, NULL) == 0,
                "watching for signals");
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)sigaction(numbers[i], &action, NULL);
    (void)atexit(clean_up);
    if (!is_full)
        (void)alarm(LIMIT_S);
}

_Noreturn void bench_die(const char *format, ...)
{
    va_list args;

    (void)fputs("bench: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1); /* the daemons end with us */
}

void bench_check(bool ok, const char *what)
{
    if (!ok)
        bench_die("failed: %s", what);
}

double bench_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_sleep_ms(unsigned ms)
{
    struct timespec t = { .tv_sec = ms / 1000,
                          .tv_nsec = (long)(ms % 1000) * 1000000 };

    (void)nanosleep(&t, NULL);
}

bool bench_is_full(void)
{
    return is_full;
}

bool bench_again(size_t done, size_t rounds, double begun, double seconds)
{
    double now = bench_now();

    if (done == 0 || done >= rounds)
        return done == 0;
    return is_full || now - started + (now - begun) / (double)done < seconds;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

double bench_median(double *values, size_t n)
{
    bench_check(n > 0, "median of something");
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

double bench_p99(double *values, size_t n)
{
    bench_check(n > 0, "p99 of something");
    qsort(values, n, sizeof *values, compare);
    return values[(n * 99 + 99) / 100 - 1];
}

/* Four digits that mean something are enough. */
static double rounded(double v)
{
    double scale;

    if (!isfinite(v) || v == 0)
        return 0;
    scale = pow(10, 3 - floor(log10(fabs(v))));
    return round(v * scale) / scale;
}

void bench_row(const char *name, double value, const char *unit, double limit)
{
    double ratio = limit > 0 ? value / limit : 0;

    (void)printf("{\"name\": \"%s\", \"value\": %.10g, \"unit\": \"%s\", "
                 "\"limit\": %.10g, \"ratio\": %.10g}\n",
                 name, rounded(value), unit, rounded(limit), rounded(ratio));
    (void)fflush(stdout);
}

const char *bench_folder(void)
{
    return folder;
}

void bench_path(char out[PATHS_LEN_MAX], const char *name)
{
    struct fail f;

    bench_check(paths_join(out, &f, folder, name), "a path that fits");
}

void bench_remove(const char *path)
{
    char line[PATHS_LEN_MAX + 16];
    FILE *f;

    (void)snprintf(line, sizeof line, "rm -rf '%s'", path);
    f = popen(line, "r");
    bench_check(f != NULL && pclose(f) == 0, "removing a folder");
}

/* The daemons are those of the same build. */
static void find_daemons(void)
{
    char self[PATHS_LEN_MAX];
    char path[3 * PATHS_LEN_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    const char *old = getenv("PATH");

    bench_check(len > 0, "finding this program");
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    (void)snprintf(path, sizeof path, "%s/../../daemon:%.8000s", self,
                   old == NULL ? "/usr/bin:/bin" : old);
    (void)setenv("PATH", path, 1);
}

static const struct {
    const char *name;
    void (*run)(void);
} measures[] = {
    { "author", bench_author },       { "sync", bench_sync },
    { "reconcile", bench_reconcile }, { "million", bench_million },
    { "live", bench_live },           { "idle", bench_idle },
    { "start", bench_start },         { "blob", bench_blob },
    { "bulk", bench_bulk },           { "import", bench_import },
    { "files", bench_files },         { "middle", bench_middle },
    { "sparse", bench_sparse },       { "swarm", bench_swarm },
    { "find", bench_find },           { "bundle", bench_bundle },
};
enum { MEASURES = sizeof measures / sizeof measures[0] };

int main(int argc, char **argv)
{
    const char *base = getenv("TMPDIR");

    is_full = argc == 3 && strcmp(argv[2], "full") == 0;
    started = bench_now();
    for (size_t i = 0; (argc == 2 || is_full) && i < MEASURES; i++) {
        if (strcmp(argv[1], measures[i].name) != 0)
            continue;
        find_daemons();
        (void)snprintf(folder, sizeof folder, "%.4000s/troupe-bench.XXXXXX",
                       base == NULL || base[0] != '/' ? "/var/tmp" : base);
        bench_check(mkdtemp(folder) != NULL, "making a folder");
        watch_end();
        measures[i].run();
        return 0;
    }
    (void)fputs("usage: bench NAME [full]\nNAMEs:", stderr);
    for (size_t i = 0; i < MEASURES; i++)
        (void)fprintf(stderr, " %s", measures[i].name);
    (void)fputc('\n', stderr);
    return 2;
}
