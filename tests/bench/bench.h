#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdatomic.h>
#include <sys/types.h>

#include "ctl/run.h"
#include "proto/domain.h"

/*
 * Figures of real daemons, each beside a limit that the same machine reached
 * in the same run.  A measurement that fails ends the program: it has no
 * result to save.
 */

#define BENCH_NETWORK "test-bench"
#define BENCH_RECORDS 100000
#define BENCH_RECENT  1000 /* the newest, which one side lacks */
#define BENCH_BLOB    ((uint64_t)1 << 30)
#define BENCH_MIB     (1024.0 * 1024.0)

/* Ends the program with what failed. */
_Noreturn void bench_die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void bench_check(bool ok, const char *what);
/* Seconds of the monotonic clock. */
double bench_now(void);
void bench_sleep_ms(unsigned ms);
double bench_median(double *values, size_t n); /* sorts them */
double bench_p99(double *values, size_t n);
/* One line of JSON: {name, value, unit, limit, ratio}. */
void bench_row(const char *name, double value, const char *unit, double limit);
/* Asked for with `bench NAME full`: longer windows, more records. */
bool bench_is_full(void);
/*
 * Whether there is time for another round, if it takes as long as those of
 * `done` since `begun`: it is to end `seconds` after the program's start.
 */
bool bench_again(size_t done, size_t rounds, double begun, double seconds);
/* The folder of this run, which is removed at its end. */
const char *bench_folder(void);
void bench_path(char out[PATHS_LEN_MAX], const char *name);
/* With all that is in it. */
void bench_remove(const char *path);

/* --- daemons (node.c) --- */

struct node {
    const char *name;
    char home[PATHS_LEN_MAX];
    char id[2 * KEY_LEN + 1];
    char address[80];
    unsigned port;
    pid_t pid;
    struct ctl ctl;
};

/* Starts a daemon on the home `name` and learns its address. */
void node_start(struct node *n, const char *name);
void node_stop(struct node *n);
/* And removes its home: the disk lets go of its files before anything else is
 * measured. */
void node_end(struct node *n);
/* A command's result; the words end with NULL.  The caller decrefs it. */
json_t *node_run(struct node *n, ...) __attribute__((sentinel));
/* The same for commands of which nothing but success matters. */
void node_do(struct node *n, ...) __attribute__((sentinel));
/* The id that a command made. */
void node_id(char out[2 * ID_LEN + 1], json_t *take);
void node_init_person(struct node *n);
/* Makes `from` dial `to`; does not wait. */
void node_dial(struct node *from, const struct node *to);
/* A number of a topic in `status`. */
uint64_t node_topic(struct node *n, const char *topic, const char *field);
/*
 * Waits until that number is at least `least`.  The longest that an answer
 * took meanwhile, in seconds: so long somebody else was served.
 */
double node_await(struct node *n, const char *topic, const char *field,
                  uint64_t least);

/* --- what the system says of daemons (watch.c) --- */

/* Starts to watch the RssAnon of a process, every few ms. */
struct watch;
struct watch *watch_start(pid_t pid);
/* Ends it; the highest that was seen, in bytes. */
uint64_t watch_stop(struct watch *w);
uint64_t watch_anon(pid_t pid);     /* bytes, now */
double watch_cpu(pid_t pid);        /* seconds of both kinds so far */
uint64_t watch_wire(unsigned port); /* bytes both ways of its connections */
/* The same with the headers of TCP and IPv4, timestamps among them. */
uint64_t watch_wire_whole(unsigned port);

/* --- records (records.c) --- */

/*
 * A project of a made-up person with `count` of their comments of 100
 * characters, each linking to it, as a file for `record import`.
 */
struct pile {
    char topic[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
    uint8_t *data;
    size_t len;
    size_t count; /* records, with the project */
};
void pile_make(struct pile *p, const char *name, size_t count);
void pile_free(struct pile *p);
/* The same comments as lines of JSON, for the person of a node to make. */
void drafts_make(char path[PATHS_LEN_MAX], const char *project, size_t count);

/* --- raw limits (limits.c) --- */

/*
 * Verifying with all processors beside one LMDB writer, and nothing else.
 * What it takes of the processor says the same on a busy machine.
 */
struct limit_rate {
    double per_s;
    double cpu_us; /* a record */
};
void limit_verify_and_append(struct limit_rate *out, const struct pile *p);
/* Signing and appending with a flush per 1,000, on one thread. */
void limit_sign_and_append(struct limit_rate *out, const struct pile *p);
/* An append of `len` bytes and its fdatasync; median of 50, in ms. */
double limit_fsync_ms(size_t len);
/* The same, one at a time; ms. */
int limit_fsync_open(void);
double limit_fsync_one(int fd, size_t len);
void limit_fsync_close(int fd);
/* `cp` of a file and fsync; seconds. */
double limit_copy(const char *path);
/* `cp -r` of a folder and a flush of its file system; seconds. */
double limit_copy_folder(const char *path);
/* `openssl dgst -sha256` of a file; seconds. */
double limit_hash(const char *path);
/* What the programs of limits took of the processor so far; seconds. */
double limit_cpu(void);
/* A daemon's program that only says its version; ms. */
double limit_exec_ms(void);
void limit_random_file(const char *path, uint64_t len);

/* --- files (run_files.c) --- */

/* A person of this node, and a project. */
void file_project(struct node *n, char project[2 * ID_LEN + 1]);
void file_contribute(struct node *n, const char *project, const char *path,
                     char work[2 * ID_LEN + 1]);

/* --- single records (run_live.c) --- */

/* Somebody who hears of comments that come to a node. */
struct live {
    struct node *to;
    char id[2 * ID_LEN + 1];
    bool seen;
    double durable_ms; /* since 1970: when its author was told that it is */
};
void live_listen(struct live *l, struct node *to);
/* Milliseconds from the command to the other node's event. */
double live_publish(struct live *l, struct node *from, const char *project);

/* --- the measurements --- */

void bench_author(void);
void bench_sync(void);
void bench_reconcile(void);
/* What the machines of daemons need for the same, in memory. */
void messages_rows(void);
void bench_million(void);
void bench_live(void);
void bench_idle(void);
void bench_start(void);
void bench_blob(void);
void bench_bulk(void);
void bench_import(void);
void bench_bundle(void);
void bench_files(void);
void bench_middle(void);
void bench_sparse(void);
void bench_swarm(void);
void bench_find(void);

#endif
