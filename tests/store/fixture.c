/* Folders, authors and records for the tests of the store. */
#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#define AUTHORS_MAX 8

const struct network LAB = { 3, "lab" };

void fixture_options(struct store_options *out)
{
    memset(out, 0, sizeof *out);
    out->map_bytes = (uint64_t)256 << 20;
    out->reserve_bytes = 1;
    record_board_topic(out->board, &LAB);
}

void fixture_reopen(struct fixture *f)
{
    struct store_options options;

    fixture_options(&options);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(store_open(&f->store, f->dir, &options), ERR_OK);
}

void fixture_open(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->dir, "/tmp/troupe-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(store_batch_new(&f->batch), ERR_OK);
    fixture_reopen(f);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void fixture_remove_tree(const char *dir)
{
    assert_int_equal(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void fixture_close(struct fixture *f)
{
    store_close(f->store);
    store_batch_free(f->batch);
    fixture_remove_tree(f->dir);
}

const char *fixture_path(const struct fixture *f, const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return path;
}

enum err fixture_import_finish(struct blob_import *import)
{
    size_t failed;
    enum err e = blob_import_end(import);

    return e == ERR_OK ? blob_imports_flush(&import, 1, &failed) : e;
}

enum err fixture_import_run(struct blob_import *import,
                            struct blob_progress *progress)
{
    enum err e = blob_import_begin(import, progress);

    if (e != ERR_OK)
        return e;
    progress->total = blob_import_size(import);
    blob_import_work(import, progress);
    return fixture_import_finish(import);
}

const struct author *author_of(unsigned n)
{
    static struct author authors[AUTHORS_MAX];
    struct author *a = &authors[n];
    uint8_t seed[32] = { (uint8_t)(n + 1) };
    uint8_t commitment[HASH_LEN] = { (uint8_t)(n + 1) };
    struct sign_key person;
    struct writer w = writer_fixed(a->certificate, sizeof a->certificate);

    assert_true(n < AUTHORS_MAX);
    if (a->certificate_len > 0)
        return a;
    sign_key_from_seed(&person, seed);
    seed[1] = 1;
    sign_key_from_seed(&a->device, seed);
    person_id(a->person, person.public_key, commitment);
    certificate_write(&w, &LAB, &person, commitment, a->device.public_key,
                      DAY0);
    assert_int_equal(w.err, ERR_OK);
    a->certificate_len = w.len;
    a->own = person;
    w = writer_fixed(a->own_certificate, sizeof a->own_certificate);
    certificate_write(&w, &LAB, &person, commitment, person.public_key, DAY0);
    assert_int_equal(w.err, ERR_OK);
    a->own_certificate_len = w.len;
    return a;
}

struct made record_of(const struct sketch *sketch)
{
    const struct author *a = sketch->author ? sketch->author : author_of(0);
    struct record_draft draft = { 0 };
    struct writer map = writer_growing(RECORD_BODY_MAX);
    struct writer w = writer_growing(RECORD_LEN_MAX);
    char *text = calloc(1, sketch->text_len + 1);
    uint8_t id[ID_LEN];
    struct made made;

    memset(text, 'x', sketch->text_len);
    mp_put_map(&map, 1);
    mp_put_str(&map, BYTES_LITERAL("text"));
    mp_put_str(&map, (struct bytes){ (uint8_t *)text, sketch->text_len });
    draft.kind = sketch->kind ? sketch->kind : KIND_COMMENT;
    memcpy(draft.author, a->person, ID_LEN);
    if (sketch->topic != NULL)
        memcpy(draft.topic, sketch->topic, ID_LEN);
    draft.created_ms = sketch->created_ms ? sketch->created_ms : DAY0;
    draft.revises = sketch->revises;
    draft.links = sketch->links;
    draft.links_count = sketch->links_count;
    draft.map = sketch->map.len > 0 ? sketch->map : writer_view(&map);
    draft.flags = sketch->flags;
    put_u32(draft.salt, sketch->number);
    if (draft.kind == KIND_DEVICE_REVOKE && !sketch->by_device)
        assert_int_equal(record_write(&w, id, &draft, &a->own,
                                      (struct bytes){ a->own_certificate,
                                                      a->own_certificate_len },
                                      &LAB),
                         ERR_OK);
    else
        assert_int_equal(
            record_write(&w, id, &draft, &a->device,
                         (struct bytes){ a->certificate, a->certificate_len },
                         &LAB),
            ERR_OK);
    made.bytes = w.data;
    made.len = w.len;
    assert_int_equal(
        record_decode(&made.record, (struct bytes){ made.bytes, made.len }),
        ERR_OK);
    writer_free(&map);
    free(text);
    return made;
}

void made_free(struct made *made)
{
    free(made->bytes);
}

void apply(struct fixture *f)
{
    assert_int_equal(store_apply(f->store, f->batch), ERR_OK);
    store_refresh(f->store);
}

uint64_t put(struct fixture *f, const struct sketch *sketch, uint8_t id[ID_LEN])
{
    struct made made = record_of(sketch);
    uint64_t seq;

    store_batch_clear(f->batch);
    assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                            made.record.certificate, DAY0 + 7),
                     ERR_OK);
    apply(f);
    memcpy(id, made.record.id, ID_LEN);
    seq = store_batch_result(f->batch, 0)->seq;
    made_free(&made);
    return seq;
}
