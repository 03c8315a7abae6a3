/*
 * An external merge sort.  The file has no name and no other reader, so rows
 * lie in it as they do in memory.
 */
#include "store/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_ROWS 65536 /* sorted at once: 7 MB */
#define BUF_ROWS 64    /* read at once of each run */

/* A sorted part of the file, and what of it is in memory. */
struct run {
    uint64_t at; /* the row of the file to be read next */
    uint64_t end;
    size_t next; /* in buf */
    size_t filled;
    struct spool_row buf[BUF_ROWS];
};

struct spool {
    int fd;
    uint64_t count;
    size_t used; /* rows that wait to be sorted */
    struct spool_row *rows;
    struct run *runs;
    size_t runs_count;
    size_t *heap; /* runs with rows left, the smallest row first */
    size_t heap_len;
    bool has_last;
    struct spool_row last; /* seen, and perhaps said again */
};

static enum err err_of_file(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ERR_NO_SPACE
                                                                : ERR_IO;
}

static enum err open_file(struct spool *spool, const char *dir)
{
    char *path = NULL;

    if (asprintf(&path, "%s/rebuild-XXXXXX", dir) < 0)
        return ERR_NO_MEMORY;
    spool->fd = mkostemp(path, O_CLOEXEC);
    if (spool->fd >= 0)
        (void)unlink(path); /* a name that stays does no harm */
    free(path);
    return spool->fd >= 0 ? ERR_OK : err_of_file();
}

enum err spool_new(struct spool **out, const char *dir)
{
    struct spool *spool = calloc(1, sizeof *spool);
    enum err e = ERR_NO_MEMORY;

    if (spool == NULL)
        return ERR_NO_MEMORY;
    spool->fd = -1;
    spool->rows = malloc(RUN_ROWS * sizeof *spool->rows);
    if (spool->rows != NULL)
        e = open_file(spool, dir);
    if (e != ERR_OK) {
        spool_free(spool);
        return e;
    }
    *out = spool;
    return ERR_OK;
}

void spool_free(struct spool *spool)
{
    if (spool == NULL)
        return;
    if (spool->fd >= 0)
        (void)close(spool->fd);
    free(spool->rows);
    free(spool->runs);
    free(spool->heap);
    free(spool);
}

struct spool_row spool_row_of(unsigned table, const struct key *key)
{
    struct spool_row row;

    assert(key->len <= SPOOL_KEY_MAX && table <= UINT8_MAX);
    memset(&row, 0, sizeof row); /* it will be written as it lies */
    memcpy(row.key, key->data, key->len);
    row.key_len = (uint8_t)key->len;
    row.table = (uint8_t)table;
    return row;
}

/* ---- Runs ------------------------------------------------------------- */

static int compare_keys(const struct spool_row *a, const struct spool_row *b)
{
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return bytes_compare((struct bytes){ a->key, a->key_len },
                         (struct bytes){ b->key, b->key_len });
}

static int compare_rows(const void *left, const void *right)
{
    const struct spool_row *a = left;
    const struct spool_row *b = right;
    int order = compare_keys(a, b);

    if (order != 0)
        return order;
    return a->order < b->order ? -1 : a->order > b->order;
}

static enum err write_all(int fd, const struct spool_row *rows, size_t n)
{
    const uint8_t *at = (const uint8_t *)rows;
    size_t left = n * sizeof *rows;

    while (left > 0) {
        ssize_t wrote = write(fd, at, left);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return err_of_file();
        at += wrote;
        left -= (size_t)wrote;
    }
    return ERR_OK;
}

static enum err end_run(struct spool *spool)
{
    enum err e;

    if (spool->used == 0)
        return ERR_OK;
    qsort(spool->rows, spool->used, sizeof *spool->rows, compare_rows);
    e = write_all(spool->fd, spool->rows, spool->used);
    if (e != ERR_OK)
        return e;
    spool->used = 0;
    spool->runs_count++;
    return ERR_OK;
}

enum err spool_add(struct spool *spool, const struct spool_row *row)
{
    enum err e = ERR_OK;

    assert(spool->runs == NULL);
    if (spool->used == RUN_ROWS)
        e = end_run(spool);
    if (e != ERR_OK)
        return e;
    spool->rows[spool->used] = *row;
    spool->rows[spool->used++].order = spool->count++;
    return ERR_OK;
}

uint64_t spool_count(const struct spool *spool)
{
    return spool->count;
}

/* ---- Merging ---------------------------------------------------------- */

/* Reads the next rows of a run whose buffer is used up. */
static enum err fill(struct spool *spool, struct run *run)
{
    uint64_t left = run->end - run->at;
    size_t n = left < BUF_ROWS ? (size_t)left : BUF_ROWS;
    size_t len = n * sizeof run->buf[0];
    uint8_t *to = (uint8_t *)run->buf;
    off_t from = (off_t)(run->at * sizeof run->buf[0]);

    for (size_t got = 0; got < len;) {
        ssize_t r = pread(spool->fd, to + got, len - got, from + (off_t)got);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return ERR_IO;
        got += (size_t)r;
    }
    run->next = 0;
    run->filled = n;
    run->at += n;
    return ERR_OK;
}

static bool is_less(const struct spool *spool, size_t a, size_t b)
{
    const struct run *x = &spool->runs[spool->heap[a]];
    const struct run *y = &spool->runs[spool->heap[b]];

    return compare_rows(&x->buf[x->next], &y->buf[y->next]) < 0;
}

static void sink(struct spool *spool, size_t at)
{
    for (;;) { /* one level down each time */
        size_t least = at;
        size_t child = 2 * at + 1;
        size_t swap;

        if (child < spool->heap_len && is_less(spool, child, least))
            least = child;
        if (child + 1 < spool->heap_len && is_less(spool, child + 1, least))
            least = child + 1;
        if (least == at)
            return;
        swap = spool->heap[at];
        spool->heap[at] = spool->heap[least];
        spool->heap[least] = swap;
        at = least;
    }
}

enum err spool_sort(struct spool *spool)
{
    uint64_t at = 0;
    enum err e = end_run(spool);

    assert(spool->runs == NULL);
    if (e != ERR_OK)
        return e;
    free(spool->rows);
    spool->rows = NULL;
    spool->runs = calloc(spool->runs_count + 1, sizeof *spool->runs);
    spool->heap = calloc(spool->runs_count + 1, sizeof *spool->heap);
    if (spool->runs == NULL || spool->heap == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < spool->runs_count && e == ERR_OK; i++) {
        struct run *run = &spool->runs[i];

        run->at = at;
        at = spool->count - at < RUN_ROWS ? spool->count : at + RUN_ROWS;
        run->end = at;
        spool->heap[spool->heap_len++] = i;
        e = fill(spool, run);
    }
    for (size_t i = spool->heap_len / 2; i-- > 0;)
        sink(spool, i);
    return e;
}

/* The smallest row of all runs. */
static enum err pop(struct spool *spool, struct spool_row *out)
{
    struct run *run;
    enum err e = ERR_OK;

    if (spool->heap_len == 0)
        return ERR_NOT_FOUND;
    run = &spool->runs[spool->heap[0]];
    *out = run->buf[run->next++];
    if (run->next == run->filled) {
        if (run->at < run->end)
            e = fill(spool, run);
        else
            spool->heap[0] = spool->heap[--spool->heap_len];
    }
    if (e == ERR_OK)
        sink(spool, 0);
    return e;
}

enum err spool_next(struct spool *spool, struct spool_row *out)
{
    struct spool_row row;

    assert(spool->runs != NULL);
    for (;;) { /* to the next key that is not gone, or the end */
        bool had = spool->has_last;
        struct spool_row last = spool->last;
        enum err e = pop(spool, &row);

        if (e != ERR_OK && e != ERR_NOT_FOUND)
            return e;
        spool->has_last = e == ERR_OK;
        spool->last = row;
        if (had && !last.gone && (e != ERR_OK || compare_keys(&last, &row))) {
            *out = last;
            return ERR_OK;
        }
        if (e != ERR_OK)
            return e;
    }
}
