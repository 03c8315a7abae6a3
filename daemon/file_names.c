/*
 * Finds the records that name the files, and reads each of them once: one
 * manifest names hundreds.
 */
#include "daemon/file_names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/record_files.h"
#include "store/keep.h"

/* All names of one question: 512 files of 4 names of 255 bytes. */
#define TEXT_MAX ((size_t)512 << 10)

/* One question, its files in the order of their names. */
struct search {
    struct file_names_set *out;
    const struct blob_id *files;
    size_t count;
    size_t sorted[FILE_NAMES_ASKED];
    uint64_t seqs[FILE_NAMES_ASKED * FILE_NAMES_MAX];
    size_t seqs_count;
};

/* Where the file stands in `sorted`, or where it would. */
static size_t place_of(const struct search *s, size_t sorted,
                       const struct blob_id *id)
{
    size_t low = 0;
    size_t high = sorted;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (blob_id_compare(&s->files[s->sorted[middle]], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void sort_files(struct search *s)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t at = place_of(s, i, &s->files[i]);

        memmove(&s->sorted[at + 1], &s->sorted[at],
                (i - at) * sizeof s->sorted[0]);
        s->sorted[at] = i;
    }
}

static int compare_seqs(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;

    return (*x > *y) - (*x < *y);
}

/* Each record that names some of them, the earliest first. */
static enum err find_records(struct search *s, struct store *store,
                             const uint8_t topic[ID_LEN])
{
    size_t kept = 0;
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < s->count; i++) {
        size_t n = 0;

        e = keep_named_by(store, topic, &s->files[i], 0,
                          &s->seqs[s->seqs_count], FILE_NAMES_MAX, &n);
        s->seqs_count += n;
    }
    qsort(s->seqs, s->seqs_count, sizeof s->seqs[0], compare_seqs);
    for (size_t i = 0; i < s->seqs_count; i++)
        if (kept == 0 || s->seqs[i] != s->seqs[kept - 1])
            s->seqs[kept++] = s->seqs[i];
    s->seqs_count = kept;
    return e;
}

static bool has_name(const struct file_names *f, struct bytes name)
{
    for (size_t i = 0; i < f->count; i++)
        if (bytes_equal(f->names[i], name))
            return true;
    return false;
}

static void take(struct search *s, const struct record_file *file)
{
    size_t at = place_of(s, s->count, &file->blob);
    struct writer *text = &s->out->text;
    struct file_names *f;

    if (at == s->count ||
        blob_id_compare(&s->files[s->sorted[at]], &file->blob) != 0)
        return;
    f = &s->out->of[s->sorted[at]];
    f->roles |= (uint8_t)(1u << (file->role < 8 ? file->role : 0));
    if (f->count == FILE_NAMES_MAX || file->name.len == 0 ||
        file->name.len > TEXT_MAX - text->len || has_name(f, file->name))
        return;
    f->names[f->count++] =
        (struct bytes){ text->data + text->len, file->name.len };
    writer_bytes(text, file->name);
}

/* One that cannot be read gives no names. */
static void read_record(struct search *s, struct store *store, uint64_t seq)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record_files files;
    struct record_file file;
    struct record record;
    enum err e = store_read_seq(store, seq, false, &w, NULL);

    if (e == ERR_OK)
        e = record_decode(&record, writer_view(&w));
    if (e == ERR_OK)
        e = record_files_open(&files, &record);
    if (e == ERR_OK) {
        while (record_files_next(&files, &file))
            take(s, &file);
        record_files_close(&files);
    }
    writer_free(&w);
}

enum err file_names_find(struct file_names_set *out, struct store *store,
                         const uint8_t topic[ID_LEN],
                         const struct blob_id *files, size_t count)
{
    struct search *s = calloc(1, sizeof *s);
    uint8_t *text = malloc(TEXT_MAX);
    enum err e = ERR_NO_MEMORY;

    assert(count <= FILE_NAMES_ASKED);
    memset(out, 0, sizeof *out);
    if (s == NULL || text == NULL) {
        free(text);
        goto free_search;
    }
    out->text = writer_fixed(text, TEXT_MAX); /* names point into it */
    *s = (struct search){ .out = out, .files = files, .count = count };
    sort_files(s);
    e = find_records(s, store, topic);
    for (size_t i = 0; e == ERR_OK && i < s->seqs_count; i++)
        read_record(s, store, s->seqs[i]);
free_search:
    free(s);
    return e;
}

void file_names_wipe(struct file_names_set *set)
{
    free(set->text.data);
    memset(set, 0, sizeof *set);
}
