/* Lists of files that a method takes in, and what answers say of them. */
#include "daemon/importer.h"

#include <string.h>

#include "daemon/pair.h"
#include "proto/file_name.h"
#include "proto/kind.h"

static struct import_list *new_list(struct call *call, size_t max, bool folders)
{
    struct import_list *list = call_alloc(call, sizeof *list);

    if (list == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    list->max = max;
    list->folders = folders;
    return list;
}

struct import_list *import_list_new(struct call *call)
{
    return new_list(call, IMPORTER_FILES_MAX, false);
}

struct import_list *import_list_new_long(struct call *call)
{
    return new_list(call, IMPORTER_FOLDERS_MAX, true);
}

static bool make_room(struct call *call, struct import_list *list, size_t count)
{
    size_t cap = list->cap == 0 ? 16 : list->cap;
    struct import_file *files;

    if (count <= list->cap)
        return true;
    while (cap < count)
        cap *= 2;
    files = call_alloc(call, cap * sizeof *files);
    if (files == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return false;
    }
    if (list->count > 0)
        memcpy(files, list->files, list->count * sizeof *files);
    list->files = files;
    list->cap = cap;
    return true;
}

void import_list_fail_many(struct call *call, const struct import_list *list)
{
    call_failf(call, ERR_TOO_LARGE, "Send the rest as another work.",
               "one record takes at most %zu files", list->max);
}

void import_list_fail_name(struct call *call, const char *path)
{
    call_failf(call, ERR_USAGE,
               "File names are UTF-8 without control characters, at most 255 "
               "bytes with those of their folders.",
               "this file's name cannot be published: %s", path);
}

void import_list_fail_file(struct call *call, const struct import_list *list,
                           const char *path, enum err e)
{
    if (e == ERR_NOT_FOUND)
        call_failf(call, e,
                   list->folders ? "Check the path, and who may read it."
                                 : "Check the path; folders are not files.",
                   "there is no file to read at %s", path);
    else if (e == ERR_REFUSED)
        call_failf(call, e, "See why with: troupe takedown list",
                   "%s was taken down here, and is not held again", path);
    else if (e == ERR_NO_SPACE)
        call_failf(call, e, "Free some space, then run the command again.",
                   "the disk is full: %s was not taken in", path);
    else if (e == ERR_QUOTA)
        call_failf(
            call, e,
            "Raise quota below [node] in troupe.conf, or make room with: "
            "troupe drop RECORD",
            "%s and what else you named does not fit the quota for files",
            path);
    else if (e == ERR_CHANGED)
        call_failf(call, e, "Run the command again when it is finished.",
                   "%s changed while it was read", path);
    else
        call_failf(call, e, NULL, "%s: %s", path, err_text(e));
}

bool import_list_add(struct call *call, struct import_list *list,
                     struct bytes path, uint64_t role)
{
    struct import_file *file;
    char *copy = call_alloc(call, path.len + 1);

    if (list->count == list->max || copy == NULL) {
        import_list_fail_many(call, list);
        return false;
    }
    if (path.len > 0)
        memcpy(copy, path.data, path.len);
    if (path.len == 0 || copy[0] != '/' || strlen(copy) != path.len) {
        import_list_fail_name(call, copy);
        return false;
    }
    if (!make_room(call, list, list->count + 1))
        return false;
    file = &list->files[list->count++];
    *file = (struct import_file){ .path = copy, .role = role };
    file->name = strrchr(copy, '/') + 1;
    file->media_type = "application/octet-stream";
    if (!list->folders &&
        !file_name_is_good((struct bytes){ (const uint8_t *)file->name,
                                           strlen(file->name) })) {
        import_list_fail_name(call, copy);
        return false;
    }
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
    size_t count =
        list->count < IMPORTER_FILES_MAX ? list->count : IMPORTER_FILES_MAX;

    mp_put_array(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        mp_put_map(w, 3);
        pair_id(w, "root", list->files[i].blob.root);
        pair_uint(w, "size", list->files[i].blob.size);
        pair_text(w, "name", list->files[i].name);
    }
}
