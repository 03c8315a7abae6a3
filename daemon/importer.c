/* Importing files for a method. */
#include "daemon/importer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pair.h"
#include "daemon/safety.h"
#include "proto/kind.h"
#include "store/blobs.h"

/* One run: its files go through the pool one after another. */
struct importer {
    uv_work_t work;
    struct call *call;
    struct import_list *list;
    importer_fn *done;
    struct blob_import *imports[IMPORTER_FILES_MAX];
    struct blob_progress progress;
    size_t failed; /* the file that err is about */
    enum err err;
};

struct import_list *import_list_new(struct call *call)
{
    struct import_list *list = call_alloc(call, sizeof *list);

    if (list != NULL)
        list->files =
            call_alloc(call, IMPORTER_FILES_MAX * sizeof *list->files);
    if (list == NULL || list->files == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    return list;
}

/* The last part of the path, if it can stand in a record. */
static bool name_of(char out[IMPORTER_NAME_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    struct bytes text = { (const uint8_t *)name, strlen(name) };

    if (text.len == 0 || text.len >= IMPORTER_NAME_MAX ||
        !mp_utf8_valid(text) || !kind_is_line(text))
        return false;
    memcpy(out, name, text.len + 1);
    return true;
}

bool import_list_add(struct call *call, struct import_list *list,
                     struct bytes path, uint64_t role)
{
    struct import_file *file = &list->files[list->count];
    char *copy = call_alloc(call, path.len + 1);

    if (list->count == IMPORTER_FILES_MAX || copy == NULL) {
        call_failf(call, ERR_TOO_LARGE, "Send the rest as another work.",
                   "one record takes at most %d files", IMPORTER_FILES_MAX);
        return false;
    }
    if (path.len > 0)
        memcpy(copy, path.data, path.len);
    if (path.len == 0 || copy[0] != '/' || strlen(copy) != path.len ||
        !name_of(file->name, copy)) {
        call_failf(call, ERR_USAGE,
                   "File names are UTF-8 without control characters, at most "
                   "255 bytes.",
                   "this file's name cannot be published: %s", copy);
        return false;
    }
    file->path = copy;
    file->role = role;
    list->count++;
    return true;
}

bool import_list_take(struct call *call, struct import_list *list,
                      const struct mp_value *v)
{
    for (uint32_t i = 0; i < mp_count(v); i++) {
        const struct mp_value *file = mp_at(v, i);
        struct bytes role = mp_str(mp_get(file, "role"));
        uint64_t number = kind_choice_value(CHOICES_FILE_ROLE, role);

        if (role.len > 0 && number == 0) {
            call_failf(call, ERR_USAGE,
                       "Roles are preview, master, stem, source, document.",
                       "there is no role \"%.*s\"", (int)role.len,
                       (const char *)role.data);
            return false;
        }
        if (!import_list_add(call, list, mp_str(mp_get(file, "path")), number))
            return false;
    }
    return true;
}

static void importer_free(struct importer *run)
{
    for (size_t i = 0; i < IMPORTER_FILES_MAX; i++)
        blob_import_free(run->imports[i]);
    free(run);
}

static void importer_fail(struct importer *run)
{
    struct call *call = run->call;
    enum err e = run->err;
    const char *path = run->list->files[run->failed].path;

    importer_free(run);
    if (e == ERR_NOT_FOUND)
        call_failf(call, e, "Check the path; folders are not files.",
                   "there is no file to read at %s", path);
    else if (e == ERR_REFUSED)
        call_failf(call, e, "See why with: troupe takedown list",
                   "%s was taken down here, and is not held again", path);
    else if (e == ERR_NO_SPACE)
        call_failf(call, e, "Free some space, then run the command again.",
                   "the disk is full: %s was not taken in", path);
    else
        call_failf(call, e, NULL, "%s: %s", path, err_text(e));
}

static void on_work(uv_work_t *work)
{
    struct importer *run = work->data;

    for (size_t i = 0; i < run->list->count && run->err == ERR_OK; i++) {
        struct import_file *file = &run->list->files[i];

        run->failed = i;
        run->err = blob_import_run(run->imports[i], &run->progress);
        if (run->err != ERR_OK)
            return;
        blob_import_id(run->imports[i], &file->blob);
        media_type_of(file->media_type, file->path);
    }
}

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    struct importer *run = context;
    struct importer kept = *run;

    store_batch_free(batch);
    run->err = e;
    if (e != ERR_OK) {
        importer_fail(run);
        return;
    }
    importer_free(run);
    kept.done(kept.call, kept.list);
}

/* Taken down here: not held again, whoever brings it. */
static bool is_refused(const struct importer *run, size_t i)
{
    if (!safety_has(call_node(run->call), LAW_NO_BLOB,
                    run->list->files[i].blob.root))
        return false;
    blob_import_discard(run->imports[i]);
    return true;
}

static void on_worked(uv_work_t *work, int status)
{
    struct importer *run = work->data;
    struct store_batch *batch = NULL;

    if (status < 0)
        run->err = ERR_CANCELLED;
    if (run->err == ERR_OK)
        run->err = store_batch_new(&batch);
    for (size_t i = 0; i < run->list->count && run->err == ERR_OK; i++) {
        run->failed = i;
        run->err = is_refused(run, i) ? ERR_REFUSED
                                      : blob_import_put(run->imports[i], batch);
    }
    if (run->err != ERR_OK) {
        store_batch_free(batch);
        importer_fail(run);
        return;
    }
    node_apply(call_node(run->call), batch, on_applied, run);
}

void importer_run(struct call *call, struct import_list *list,
                  const uint8_t topic[ID_LEN], importer_fn *done)
{
    struct node *node = call_node(call);
    struct importer *run;

    if (list->count == 0) {
        done(call, list);
        return;
    }
    run = calloc(1, sizeof *run);
    if (run == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    run->work.data = run;
    run->call = call;
    run->list = list;
    run->done = done;
    for (size_t i = 0; i < list->count && run->err == ERR_OK; i++) {
        run->failed = i;
        run->err = blob_import_new(&run->imports[i], node_store(node),
                                   list->files[i].path, topic, false);
    }
    if (run->err != ERR_OK)
        importer_fail(run);
    else
        (void)uv_queue_work(node_loop(node), &run->work, on_work, on_worked);
}

void importer_hold(struct call *call, struct import_list *list,
                   const uint8_t topic[ID_LEN], importer_fn *done)
{
    struct importer *run = calloc(1, sizeof *run);
    struct store_batch *batch = NULL;
    enum err e = run == NULL ? ERR_NO_MEMORY : store_batch_new(&batch);

    for (size_t i = 0; i < list->count && e == ERR_OK; i++)
        e = blobs_put_hold(batch, &list->files[i].blob, topic);
    if (e != ERR_OK) {
        store_batch_free(batch);
        free(run);
        call_fail(call, e, NULL, NULL);
        return;
    }
    run->call = call;
    run->list = list;
    run->done = done;
    node_apply(call_node(call), batch, on_applied, run);
}

void import_file_put(struct writer *w, const struct import_file *file)
{
    mp_put_map(w, file->role == 0 ? 3 : 4);
    pair_array(w, "blob", 2);
    mp_put_bin(w, BYTES_ARRAY(file->blob.root));
    mp_put_uint(w, file->blob.size);
    pair_text(w, "media_type", file->media_type);
    pair_text(w, "name", file->name);
    if (file->role != 0)
        pair_uint(w, "role", file->role);
}

void import_list_put(struct writer *w, const struct import_list *list)
{
    mp_put_array(w, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++) {
        mp_put_map(w, 3);
        pair_id(w, "root", list->files[i].blob.root);
        pair_uint(w, "size", list->files[i].blob.size);
        pair_text(w, "name", list->files[i].name);
    }
}
