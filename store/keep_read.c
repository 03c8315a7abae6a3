/* What is held, pages of it, and files that nothing speaks of. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/blob_file.h"
#include "store/page.h"

/* Parts of a folder that are looked at in one round. */
enum { PARTS_MAX = 64 };

static struct key key_of_row(const struct keep_row *row)
{
    struct key key = key_of_id(row->topic);

    key_add_blob(&key, &row->info.id);
    return key;
}

static enum err read_key(struct keep_row *out, struct bytes at)
{
    struct reader r = reader_of(at);

    reader_copy(&r, out->topic, ID_LEN);
    key_read_blob(&r, &out->info.id);
    return reader_finish(&r) != ERR_OK || blob_id_check(&out->info.id) != ERR_OK
               ? ERR_CORRUPT
               : ERR_OK;
}

static enum err read_pin(const struct look *look, struct keep_row *out)
{
    struct key key = key_of_row(out);
    uint64_t since_ms;
    struct bytes value;
    enum err e = txn_get(look->records, T_PINS, key_view(&key), &value);

    out->pin = KEEP_PIN_NONE;
    if (e == ERR_OK)
        e = row_pin_read(&out->pin, &since_ms, value);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* All that is known of the row at `at`. */
static enum err read_row(const struct look *look, struct bytes at,
                         struct bytes value, struct keep_row *out)
{
    struct row_keep keep;
    struct row_blob blob;
    struct keep_row row = { .pin = KEEP_PIN_NONE };
    struct blob_id id;
    enum err e = read_key(&row, at);

    id = row.info.id;
    if (e == ERR_OK)
        e = row_keep_read(&keep, value);
    if (e == ERR_OK)
        e = look_blob(look, &row.info.id, &blob);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
    blob_info_of(&row.info, &id, &blob);
    row.is_strangers = (keep.flags & KEEP_STRANGERS) != 0;
    row.since_ms = keep.since_ms;
    row.used_ms = keep.used_ms;
    e = read_pin(look, &row);
    if (e == ERR_OK)
        *out = row;
    return e;
}

struct reading {
    const struct look *look;
    struct keep_row *out;
};

static enum err read_held_at(void *context, size_t at, struct bytes key,
                             struct bytes value)
{
    const struct reading *r = context;

    return read_row(r->look, key, value, &r->out[at]);
}

static enum err read_pinned_at(void *context, size_t at, struct bytes key,
                               struct bytes value)
{
    const struct reading *r = context;
    struct keep_row row = { .pin = KEEP_PIN_NONE };
    enum err e = read_key(&row, key);

    if (e == ERR_OK)
        e = row_pin_read(&row.pin, &row.since_ms, value);
    if (e == ERR_OK)
        r->out[at] = row;
    return e;
}

static enum err read_rows(struct store *store, struct page *page,
                          const struct keep_row *after, struct keep_row *out,
                          size_t max, size_t *n)
{
    struct reading r = { .out = out };
    struct look *look;
    enum err e = store_look(store, &look);

    if (e != ERR_OK)
        return e;
    r.look = look;
    page->context = &r;
    page->from = key_of_u64(0);
    if (after != NULL) {
        page->from = key_of_row(after);
        page->from = page_after(&page->from);
    }
    return page_read_records(store, page, max, n);
}

enum err keep_page(struct store *store, const struct keep_row *after,
                   struct keep_row *out, size_t max, size_t *n)
{
    struct page page = { .table = T_BLOB_TOPICS, .read = read_held_at };

    return read_rows(store, &page, after, out, max, n);
}

enum err keep_pins(struct store *store, const struct keep_row *after,
                   struct keep_row *out, size_t max, size_t *n)
{
    struct page page = { .table = T_PINS, .read = read_pinned_at };

    return read_rows(store, &page, after, out, max, n);
}

enum err keep_find(struct store *store, const struct blob_id *id,
                   const uint8_t topic[ID_LEN], struct keep_row *out)
{
    struct key key = key_of_id(topic);
    struct look *look;
    struct bytes value;
    enum err e = store_look(store, &look);

    key_add_blob(&key, id);
    if (e == ERR_OK)
        e = txn_get(look->records, T_BLOB_TOPICS, key_view(&key), &value);
    return e == ERR_OK ? read_row(look, key_view(&key), value, out) : e;
}

enum keep_pin keep_pin_of(struct store *store, const struct blob_id *id,
                          const uint8_t topic[ID_LEN])
{
    struct keep_row row = { .info = { .id = *id } };
    struct look *look;

    memcpy(row.topic, topic, ID_LEN);
    if (store_look(store, &look) != ERR_OK || read_pin(look, &row) != ERR_OK)
        return KEEP_PIN_NONE;
    return row.pin;
}

/* ---- Files without a row ------------------------------------------------ */

static bool read_hex(const char *text, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < 2 * len; i++) {
        const char *digits = "0123456789abcdef";
        const char *at = text[i] == '\0' ? NULL : strchr(digits, text[i]);

        if (at == NULL)
            return false;
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (uint8_t)(at - digits));
    }
    return true;
}

static bool read_size(const char *text, uint64_t *out, const char **end)
{
    uint64_t size = 0;
    const char *c = text;

    for (; *c >= '0' && *c <= '9' && size <= BLOB_SIZE_MAX; c++)
        size = size * 10 + (uint64_t)(*c - '0');
    *out = size;
    *end = c;
    return c > text && size <= BLOB_SIZE_MAX &&
           (text[0] != '0' || c == text + 1);
}

/* Which blob's file has that name in that folder; false: nobody's. */
static bool read_name(unsigned folder, const char *name,
                      struct keep_orphan *out)
{
    struct keep_orphan o = { .id.root[0] = (uint8_t)folder };
    const char *end;

    if (!read_hex(name, o.id.root + 1, HASH_LEN - 1) ||
        name[2 * HASH_LEN - 2] != '.' ||
        !read_size(name + 2 * HASH_LEN - 1, &o.id.size, &end))
        return false;
    o.is_part = strcmp(end, ".part") == 0;
    if ((!o.is_part && *end != '\0') || blob_id_check(&o.id) != ERR_OK)
        return false;
    *out = o;
    return true;
}

static bool is_orphan(const struct look *look, const struct keep_orphan *o,
                      bool *is_partial)
{
    struct row_blob row;
    enum err e = look_blob(look, &o->id, &row);

    *is_partial = e == ERR_OK && row.state == BLOB_PARTIAL && o->is_part;
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND;
    return row.state != BLOB_PARTIAL && (o->is_part || row.state != BLOB_FILE);
}

static bool is_old(int dir, const char *name, uint64_t age_s,
                   struct keep_orphan *out)
{
    time_t now = time(NULL);
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || st.st_mtime > now ||
        (uint64_t)(now - st.st_mtime) < age_s)
        return false;
    out->bytes = (uint64_t)st.st_blocks * 512;
    return true;
}

enum err keep_orphans(struct store *store, unsigned folder, uint64_t age_s,
                      struct keep_orphan *out, size_t max, size_t *n)
{
    struct look look;
    struct dirent *entry;
    char *path = NULL;
    DIR *dir;
    struct blob_id parts[PARTS_MAX];
    size_t parts_count = 0;
    size_t count = 0;
    enum err e;

    assert(folder < KEEP_FOLDERS);
    if (asprintf(&path, "%s/blobs/%02x", store->dir, folder) < 0)
        return ERR_NO_MEMORY;
    dir = opendir(path);
    free(path);
    *n = 0;
    if (dir == NULL)
        return errno == ENOENT ? ERR_OK : ERR_IO;
    e = look_begin(store, &look);
    while (e == ERR_OK && count < max && (entry = readdir(dir)) != NULL) {
        bool is_partial = false;

        if (!read_name(folder, entry->d_name, &out[count]))
            continue;
        if (is_orphan(&look, &out[count], &is_partial) &&
            is_old(dirfd(dir), entry->d_name, age_s, &out[count]))
            count++;
        else if (is_partial && parts_count < PARTS_MAX)
            parts[parts_count++] = out[count].id;
    }
    if (e == ERR_OK)
        look_end(store, &look);
    (void)closedir(dir);
    for (size_t i = 0; e == ERR_OK && i < parts_count; i++)
        e = blob_part_trim_closed(store, &parts[i]);
    *n = count;
    return e;
}
