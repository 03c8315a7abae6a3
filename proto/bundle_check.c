/*
 * Records are admitted as a node would, judged once the last one has come, and
 * then blobs are compared with what the subject names.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/bundle_check_parts.h"
#include "proto/kind.h"
#include "proto/record_files.h"

enum { RECORDS_MAX = 1 << 20 };

enum err bundle_check_new(struct bundle_check **out, uint64_t now_ms,
                          const uint8_t seed[16])
{
    struct bundle_check *c = calloc(1, sizeof *c);

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->buf = malloc(BUNDLE_ITEM_MAX);
    if (c->buf == NULL) {
        free(c);
        return ERR_NO_MEMORY;
    }
    c->now_ms = now_ms;
    static_assert(sizeof c->key.bytes == 16, "the seed is the key");
    memcpy(c->key.bytes, seed, sizeof c->key.bytes);
    c->people.key = c->key;
    c->multi = multi_hash_new();
    bundle_reader_init(&c->reader, c->multi);
    *out = c;
    return ERR_OK;
}

void bundle_check_free(struct bundle_check *c)
{
    if (c == NULL)
        return;
    bundle_reader_wipe(&c->reader);
    multi_hash_free(c->multi);
    topic_state_free(c->topic);
    bundle_people_wipe(&c->people);
    free(c->files);
    free(c->buf);
    free(c);
}

uint64_t bundle_check_offset(const struct bundle_check *c)
{
    return c->offset;
}

/* ---- Records ------------------------------------------------------------ */

/* To the others, with the certificate that topic_state wants beside it. */
static enum err add_record(struct bundle_check *c, const struct record *r,
                           struct bytes certificate)
{
    struct writer whole = writer_growing(RECORD_LEN_MAX);
    enum err e;

    record_join(&whole, r->head, r->body, r->signature, certificate);
    c->bytes += whole.len;
    e = c->bytes > BUNDLE_CHECK_RECORDS_MAX ? ERR_TOO_LARGE : whole.err;
    if (e == ERR_OK)
        e = topic_state_add(c->topic, writer_view(&whole));
    writer_free(&whole);
    return e;
}

/* An error of the record's own; others end the check. */
static bool is_own_error(enum err e)
{
    return e != ERR_OK && e != ERR_NO_MEMORY && e != ERR_TOO_LARGE;
}

static enum err take_record(struct bundle_check *c, struct bytes whole)
{
    const struct certificate *certificate = NULL;
    const struct kind *kind;
    struct record r;
    bool identity;
    enum err e = record_decode(&r, whole);

    if (e == ERR_OK && !record_is_by_node(&r))
        e = bundle_people_certificate(&c->people, &certificate, &r,
                                      &c->about.network);
    if (e == ERR_OK)
        e = record_admit(&r, certificate, &c->about.network);
    if (e != ERR_OK)
        return e;
    kind = kind_find(r.kind);
    identity = kind != NULL && kind->author == AUTHOR_PERSON_KEY;
    if (r.kind == KIND_PROFILE)
        e = bundle_people_profile(&c->people, &r);
    if (e != ERR_OK)
        return e;
    if (!identity && memcmp(r.topic, c->about.topic, ID_LEN) != 0)
        return r.kind == KIND_PROFILE ? ERR_OK : ERR_MALFORMED;
    return add_record(c, &r,
                      certificate == NULL ? (struct bytes){ NULL, 0 }
                                          : certificate->whole);
}

/* ---- Files -------------------------------------------------------------- */

static int by_blob(const void *a, const void *b)
{
    const struct checked_file *x = a;
    const struct checked_file *y = b;

    return blob_id_compare(&x->blob, &y->blob);
}

/* What is to be in the bundle, of one record. */
static enum err note_files(struct bundle_check *c, const struct record *r,
                           size_t *cap)
{
    struct record_file file;
    struct record_files it;
    enum err e = record_files_open(&it, r);

    while (e == ERR_OK && record_files_next(&it, &file)) {
        if (blob_id_check(&file.blob) != ERR_OK)
            continue;
        if (c->files_count == *cap) {
            size_t more = *cap == 0 ? 64 : 2 * *cap;
            struct checked_file *files =
                realloc(c->files, more * sizeof *files);

            if (files == NULL || more > 2 * (size_t)BUNDLE_CHECK_FILES_MAX)
                e = files == NULL ? ERR_NO_MEMORY : ERR_TOO_LARGE;
            c->files = files == NULL ? c->files : files;
            if (e != ERR_OK)
                break;
            *cap = more;
        }
        c->files[c->files_count++] =
            (struct checked_file){ .blob = file.blob, .name = file.name };
    }
    record_files_close(&it);
    return e;
}

/* The subject itself and the pages that it names. */
static enum err note_subject(struct bundle_check *c, size_t *cap)
{
    const struct topic_entry *entry =
        topic_state_find(c->topic, c->about.subject);
    const struct mp_value *pages;
    struct mp_doc *doc;
    enum err e;

    if (entry == NULL)
        return ERR_OK; /* told at the end */
    e = note_files(c, &entry->record, cap);
    if (e != ERR_OK)
        return e;
    e = topic_entry_body(&doc, entry);
    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    pages = mp_get(mp_doc_root(doc), "pages");
    for (uint32_t i = 0; e == ERR_OK && i < mp_count(pages); i++) {
        uint8_t id[ID_LEN];
        const struct topic_entry *page =
            mp_bin_exact(mp_at(pages, i), id, ID_LEN)
                ? topic_state_find(c->topic, id)
                : NULL;

        if (page != NULL)
            e = note_files(c, &page->record, cap);
    }
    mp_doc_free(doc);
    return e;
}

static void drop_doubles(struct bundle_check *c)
{
    size_t n = 0;

    if (c->files_count > 0)
        qsort(c->files, c->files_count, sizeof *c->files, by_blob);
    for (size_t i = 0; i < c->files_count; i++)
        if (n == 0 || by_blob(&c->files[i], &c->files[n - 1]) != 0)
            c->files[n++] = c->files[i];
    c->files_count = n;
}

/* The last record has come. */
static enum err judge(struct bundle_check *c)
{
    size_t cap = 0;
    enum err e;

    if (c->is_judged)
        return ERR_OK;
    c->is_judged = true;
    e = authority_judge(c->topic, c->now_ms);
    if (e == ERR_OK && c->about.has_subject)
        e = note_subject(c, &cap);
    for (uint32_t i = 0; e == ERR_OK && !c->about.has_subject &&
                         i < topic_state_count(c->topic);
         i++)
        e = note_files(c, &topic_state_at(c->topic, i)->record, &cap);
    if (e == ERR_OK)
        drop_doubles(c);
    return e;
}

/* Both ascend: names and blobs are gone through side by side. */
static void take_blob(struct bundle_check *c, const struct blob_id *blob)
{
    struct checked_file wanted = { .blob = *blob };

    while (c->at < c->files_count && by_blob(&c->files[c->at], &wanted) < 0)
        c->at++;
    c->file = c->at < c->files_count && by_blob(&c->files[c->at], &wanted) == 0
                  ? &c->files[c->at]
                  : NULL;
    if (c->file != NULL)
        c->file->is_seen = true;
    else
        c->unnamed++;
}

static void take_span(struct bundle_check *c, bool is_good)
{
    c->damaged += !is_good;
    if (c->file != NULL && is_good)
        c->file->spans++;
    else if (c->file != NULL)
        c->file->is_damaged = true;
}

/* ---- Items -------------------------------------------------------------- */

static enum err take_begin(struct bundle_check *c,
                           const struct bundle_begin *begin)
{
    enum err e = topic_state_new(&c->topic, begin->topic, RECORDS_MAX);

    c->about = *begin;
    if (e == ERR_OK)
        topic_state_set_key(c->topic, &c->key);
    return e;
}

static enum err take_item(struct bundle_check *c, struct bundle_item *item)
{
    struct bytes whole = { c->buf, item->len };
    enum err e;

    if (item->type == BUNDLE_BLOB || item->type == BUNDLE_END) {
        e = judge(c);
        if (e != ERR_OK)
            return e;
    }
    e = bundle_reader_take(&c->reader, item, whole);
    if (item->type == BUNDLE_SPAN && (e == ERR_OK || e == ERR_BAD_BLOB)) {
        take_span(c, e == ERR_OK);
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    if (item->type == BUNDLE_BEGIN)
        return take_begin(c, &item->at.begin);
    if (item->type == BUNDLE_BLOB)
        take_blob(c, &item->at.blob);
    if (item->type == BUNDLE_RECORD)
        e = take_record(c, item->at.record);
    if (!is_own_error(e))
        return e;
    c->refused++;
    return ERR_OK;
}

/* Appends to the item as many bytes as it still wants, up to `want` in all. */
static void append(struct bundle_check *c, struct bytes *bytes, size_t want)
{
    size_t more = want - c->len;

    if (more > bytes->len)
        more = bytes->len;
    if (more > 0)
        memcpy(c->buf + c->len, bytes->data, more);
    c->len += more;
    bytes->data += more;
    bytes->len -= more;
}

static enum err feed(struct bundle_check *c, struct bytes bytes)
{
    while (bytes.len > 0) {
        struct bundle_item item;
        enum err e;

        if (bundle_reader_is_done(&c->reader))
            return ERR_TRAILING;
        e = bundle_reader_look(&c->reader, &item,
                               (struct bytes){ c->buf, c->len });
        if (e == ERR_TRUNCATED) {
            append(c, &bytes, c->len + 1);
            e = bundle_reader_look(&c->reader, &item,
                                   (struct bytes){ c->buf, c->len });
            if (e == ERR_TRUNCATED)
                continue;
        }
        if (e != ERR_OK)
            return e;
        assert(item.len <= BUNDLE_ITEM_MAX);
        append(c, &bytes, item.len);
        if (c->len < item.len)
            return ERR_OK;
        e = take_item(c, &item);
        if (e != ERR_OK)
            return e;
        c->offset += item.len;
        c->len = 0;
    }
    return ERR_OK;
}

enum err bundle_check_feed(struct bundle_check *c, struct bytes bytes)
{
    if (c->err == ERR_OK)
        c->err = feed(c, bytes);
    return c->err;
}
