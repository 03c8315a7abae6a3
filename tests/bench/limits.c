/* What this machine can do at best: the same work with nothing around it. */
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/trouped.h"
#include "proto/mp.h"
#include "proto/record.h"
#include "tests/bench/bench.h"

enum { CHUNK = 1000, FSYNCS = 50, EXECS = 5, THREADS_MAX = 16 };

extern char **environ;

/* --- records --- */

struct verifying {
    const struct pile *pile;
    struct record *records;
    struct certificate certificate;
    struct network network;
    size_t chunks;
    atomic_size_t next;
    atomic_bool *done; /* of each chunk */
};

static size_t chunk_end(const struct verifying *v, size_t chunk)
{
    size_t end = (chunk + 1) * CHUNK;

    return end < v->pile->count ? end : v->pile->count;
}

static void *verify(void *arg)
{
    struct verifying *v = arg;

    for (size_t c = v->next++; c < v->chunks; c = v->next++) {
        for (size_t i = c * CHUNK; i < chunk_end(v, c); i++)
            bench_check(record_admit(&v->records[i], &v->certificate,
                                     &v->network) == ERR_OK,
                        "verifying a record");
        v->done[c] = true;
    }
    return NULL;
}

static void open_database(MDB_env **env, MDB_dbi *dbi)
{
    char path[PATHS_LEN_MAX];
    MDB_txn *txn = NULL;

    bench_path(path, "limit.mdb");
    (void)unlink(path);
    bench_check(mdb_env_create(env) == 0 &&
                    mdb_env_set_mapsize(*env, (size_t)1 << 32) == 0 &&
                    mdb_env_open(*env, path, MDB_NOSUBDIR, 0600) == 0 &&
                    mdb_txn_begin(*env, NULL, 0, &txn) == 0 &&
                    mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, dbi) == 0 &&
                    mdb_txn_commit(txn) == 0,
                "a database");
}

static double own_cpu(int who)
{
    struct rusage u;

    bench_check(getrusage(who, &u) == 0, "the processor's time");
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* A record is its head, body and signature: where its bytes begin and end. */
static void append(MDB_env *env, MDB_dbi dbi, const struct verifying *v,
                   size_t chunk)
{
    MDB_txn *txn = NULL;

    bench_check(mdb_txn_begin(env, NULL, 0, &txn) == 0, "a transaction");
    for (size_t i = chunk * CHUNK; i < chunk_end(v, chunk); i++) {
        const struct record *r = &v->records[i];
        MDB_val key = { sizeof i, &i };
        MDB_val value = { (size_t)(r->signature + SIGNATURE_LEN - r->head.data),
                          (void *)(uintptr_t)r->head.data };

        bench_check(mdb_put(txn, dbi, &key, &value, MDB_APPEND) == 0,
                    "appending a record");
    }
    bench_check(mdb_txn_commit(txn) == 0, "a commit");
}

static void decode_all(struct verifying *v)
{
    const struct pile *p = v->pile;
    size_t at = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct bytes left = { p->data + at, p->len - at };
        enum mp_grade grade;
        size_t used;

        bench_check(mp_walk(&grade, &used, left) == ERR_OK &&
                        record_decode(&v->records[i],
                                      (struct bytes){ left.data, used }) ==
                            ERR_OK,
                    "decoding a record");
        at += used;
    }
}

void limit_sign_and_append(struct limit_rate *out, const struct pile *p)
{
    struct verifying v = { .pile = p,
                           .chunks = (p->count + CHUNK - 1) / CHUNK };
    uint8_t seed[32] = { 1 };
    uint8_t signature[SIGNATURE_LEN];
    struct sign_key key;
    MDB_env *env = NULL;
    MDB_dbi dbi = 0;
    double begun;
    double cpu;

    v.records = calloc(p->count, sizeof *v.records);
    bench_check(v.records != NULL &&
                    network_parse(&v.network, BENCH_NETWORK) == ERR_OK,
                "memory");
    sign_key_from_seed(&key, seed);
    decode_all(&v);
    open_database(&env, &dbi);
    begun = bench_now();
    cpu = own_cpu(RUSAGE_SELF);
    for (size_t c = 0; c < v.chunks; c++) {
        for (size_t i = c * CHUNK; i < chunk_end(&v, c); i++)
            domain_sign(signature, DOMAIN_RECORD, &v.network,
                        (struct bytes){ v.records[i].id, ID_LEN }, &key);
        append(env, dbi, &v, c);
    }
    out->per_s = (double)p->count / (bench_now() - begun);
    out->cpu_us = (own_cpu(RUSAGE_SELF) - cpu) * 1e6 / (double)p->count;
    mdb_env_close(env);
    free(v.records);
}

void limit_verify_and_append(struct limit_rate *out, const struct pile *p)
{
    struct verifying v = { .pile = p,
                           .chunks = (p->count + CHUNK - 1) / CHUNK };
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = cpus > THREADS_MAX ? THREADS_MAX : (size_t)cpus;
    pthread_t thread[THREADS_MAX];
    MDB_env *env = NULL;
    MDB_dbi dbi = 0;
    double begun;
    double cpu;

    v.records = calloc(p->count, sizeof *v.records);
    v.done = calloc(v.chunks, sizeof *v.done);
    bench_check(v.records != NULL && v.done != NULL &&
                    network_parse(&v.network, BENCH_NETWORK) == ERR_OK,
                "memory");
    decode_all(&v);
    bench_check(certificate_verify(&v.certificate, v.records[0].certificate,
                                   &v.network) == ERR_OK,
                "a certificate");
    open_database(&env, &dbi);
    begun = bench_now();
    cpu = own_cpu(RUSAGE_SELF);
    for (size_t i = 0; i < threads; i++)
        bench_check(pthread_create(&thread[i], NULL, verify, &v) == 0,
                    "a thread");
    for (size_t c = 0; c < v.chunks; c++) {
        while (!v.done[c])
            bench_sleep_ms(1);
        append(env, dbi, &v, c);
    }
    out->per_s = (double)p->count / (bench_now() - begun);
    for (size_t i = 0; i < threads; i++)
        (void)pthread_join(thread[i], NULL);
    out->cpu_us = (own_cpu(RUSAGE_SELF) - cpu) * 1e6 / (double)p->count;
    mdb_env_close(env);
    free(v.records);
    free(v.done);
}

/* --- the disk --- */

int limit_fsync_open(void)
{
    char path[PATHS_LEN_MAX];
    int fd;

    bench_path(path, "limit.fsync");
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bench_check(fd >= 0 && unlink(path) == 0, "a file");
    return fd;
}

double limit_fsync_one(int fd, size_t len)
{
    uint8_t *data = calloc(1, len);
    double begun = bench_now();

    bench_check(data != NULL && write(fd, data, len) == (ssize_t)len &&
                    fdatasync(fd) == 0,
                "fdatasync");
    free(data);
    return (bench_now() - begun) * 1000;
}

void limit_fsync_close(int fd)
{
    (void)close(fd);
}

double limit_fsync_ms(size_t len)
{
    int fd = limit_fsync_open();
    double ms[FSYNCS];

    for (size_t i = 0; i < FSYNCS; i++)
        ms[i] = limit_fsync_one(fd, len);
    limit_fsync_close(fd);
    return bench_median(ms, FSYNCS);
}

void limit_random_file(const char *path, uint64_t len)
{
    static uint8_t buf[1 << 20];
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    uint8_t key[crypto_stream_chacha20_KEYBYTES];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    bench_check(fd >= 0, "a file");
    for (uint64_t at = 0; at < len; at += sizeof buf) {
        size_t n = len - at < sizeof buf ? (size_t)(len - at) : sizeof buf;

        randombytes_buf(key, sizeof key);
        (void)crypto_stream_chacha20(buf, sizeof buf, nonce, key);
        bench_check(write(fd, buf, n) == (ssize_t)n, "writing a file");
    }
    bench_check(fsync(fd) == 0 && close(fd) == 0, "flushing a file");
}

/* --- programs --- */

/* Runs it without output; seconds. */
static double run(const char *const words[])
{
    posix_spawn_file_actions_t actions;
    double begun = bench_now();
    int status = 0;
    pid_t pid;

    bench_check(
        posix_spawn_file_actions_init(&actions) == 0 &&
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
                                             "/dev/null", O_WRONLY, 0) == 0 &&
            posix_spawnp(&pid, words[0], &actions, NULL,
                         (char *const *)(uintptr_t)words, environ) == 0 &&
            waitpid(pid, &status, 0) == pid && status == 0,
        words[0]);
    (void)posix_spawn_file_actions_destroy(&actions);
    return bench_now() - begun;
}

double limit_copy(const char *path)
{
    char copy[PATHS_LEN_MAX];
    double begun = bench_now();
    double took;

    bench_path(copy, "limit.copy");
    (void)run((const char *[]){ "cp", path, copy, NULL });
    (void)run((const char *[]){ "sync", copy, NULL });
    took = bench_now() - begun;
    (void)unlink(copy);
    return took;
}

double limit_copy_folder(const char *path)
{
    char copy[PATHS_LEN_MAX];
    double begun = bench_now();

    /* It stays: ext4 is slow to make files just after many were removed. */
    bench_path(copy, "limit.copies");
    (void)run((const char *[]){ "cp", "-r", path, copy, NULL });
    (void)run((const char *[]){ "sync", "-f", copy, NULL });
    return bench_now() - begun;
}

double limit_hash(const char *path)
{
    return run((const char *[]){ "openssl", "dgst", "-sha256", path, NULL });
}

double limit_cpu(void)
{
    return own_cpu(RUSAGE_CHILDREN);
}

double limit_exec_ms(void)
{
    char program[PATHS_LEN_MAX];
    double ms[EXECS];
    struct fail f;

    bench_check(trouped_find(program, &f), "finding trouped");
    for (size_t i = 0; i < EXECS; i++)
        ms[i] = run((const char *[]){ program, "--version", NULL }) * 1000;
    return bench_median(ms, EXECS);
}
