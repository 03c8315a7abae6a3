/*
 * Names that are made safe and told apart, and bencode of them.  Its keys must
 * ascend as bytes: the fixed ones do as they stand here, names and roots are
 * sorted.  Inside, the parts of a name are divided by NUL, which no part has:
 * so the order of whole names is that of folders in folders.
 */
#include "proto/torrent.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file_name.h"

struct entry {
    struct blob_id blob;
    uint8_t *name; /* ours */
    size_t len;
};

struct torrent {
    uint8_t title[TORRENT_NAME_MAX];
    size_t title_len;
    struct entry *entries;
    size_t count;
    size_t cap;
    struct blob_id *layers; /* ascending, each once */
    size_t layers_count;
};

/* ---- Names -------------------------------------------------------------- */

static bool is_dots(struct bytes name)
{
    return bytes_equal(name, BYTES_LITERAL(".")) ||
           bytes_equal(name, BYTES_LITERAL(".."));
}

/* Copies what may be a name, with or without folders; the rest becomes '_'. */
static size_t make_safe(uint8_t *out, struct bytes name, bool has_folders)
{
    if (name.len == 0 || is_dots(name)) {
        out[0] = '_';
        return 1;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];

        out[i] = c == '\\' || c == 0 ? '_' : c;
        if (c == '/')
            out[i] = has_folders ? 0 : '_';
    }
    return name.len;
}

/* As many bytes of it as fit, without cutting a character. */
static struct bytes cut(struct bytes text)
{
    if (text.len <= TORRENT_NAME_MAX)
        return text;
    text.len = TORRENT_NAME_MAX;
    while (text.len > 0 && (text.data[text.len] & 0xc0) == 0x80)
        text.len--;
    return text;
}

enum err torrent_new(struct torrent **out, struct bytes title)
{
    struct torrent *t = calloc(1, sizeof *t);

    if (t == NULL)
        return ERR_NO_MEMORY;
    t->title_len = make_safe(t->title, cut(title), false);
    *out = t;
    return ERR_OK;
}

void torrent_free(struct torrent *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->entries[i].name);
    free(t->entries);
    free(t->layers);
    free(t);
}

enum err torrent_add(struct torrent *t, const struct blob_id *blob,
                     struct bytes name)
{
    struct entry *entry;

    if (name.len == 0 || name.len > TORRENT_NAME_MAX)
        return ERR_MALFORMED;
    if (t->count == t->cap) {
        size_t cap = t->cap == 0 ? 16 : 2 * t->cap;
        struct entry *more = realloc(t->entries, cap * sizeof *more);

        if (more == NULL)
            return ERR_NO_MEMORY;
        t->entries = more;
        t->cap = cap;
    }
    entry = &t->entries[t->count];
    entry->name = malloc(name.len);
    if (entry->name == NULL)
        return ERR_NO_MEMORY;
    entry->blob = *blob;
    entry->len = make_safe(entry->name, name, file_name_is_good(name));
    t->count++;
    return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int order = bytes_compare((struct bytes){ x->name, x->len },
                              (struct bytes){ y->name, y->len });

    if (order == 0)
        order = memcmp(x->blob.root, y->blob.root, HASH_LEN);
    if (order == 0)
        order = (x->blob.size > y->blob.size) - (x->blob.size < y->blob.size);
    return order;
}

/* Whether the first name is a folder in the second. */
static bool is_folder_of(struct bytes folder, struct bytes name)
{
    return name.len > folder.len && name.data[folder.len] == 0 &&
           memcmp(name.data, folder.data, folder.len) == 0;
}

/* Whether one of the sorted entries has this name, or stands in it. */
static bool is_taken(const struct entry *sorted, size_t count,
                     struct bytes name)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct bytes at = { sorted[middle].name, sorted[middle].len };
        int order = bytes_compare(at, name);

        if (order == 0 || is_folder_of(name, at))
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static size_t put_decimal(uint8_t out[20], uint64_t v)
{
    uint8_t digits[20];
    size_t n = 0;

    do {
        digits[n++] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

/* `base` with " (number)" before its last dot. */
static void put_numbered(struct writer *w, struct bytes base, uint64_t number)
{
    uint8_t digits[20];
    size_t stem = base.len;

    for (size_t i = base.len; i-- > 1 && base.data[i] != 0;)
        if (base.data[i] == '.' && base.data[i - 1] != 0) {
            stem = i;
            break;
        }
    writer_bytes(w, (struct bytes){ base.data, stem });
    writer_bytes(w, BYTES_LITERAL(" ("));
    writer_bytes(w, (struct bytes){ digits, put_decimal(digits, number) });
    writer_u8(w, ')');
    writer_bytes(w, (struct bytes){ base.data + stem, base.len - stem });
}

/* The first name of that kind, from *number on, that no entry has. */
static enum err rename_entry(const struct torrent *t, struct entry *out,
                             struct bytes base, uint64_t *number)
{
    struct writer w = writer_growing(TORRENT_NAME_MAX + 32);

    do {
        writer_reset(&w);
        put_numbered(&w, base, (*number)++);
    } while (w.err == ERR_OK &&
             is_taken(t->entries, t->count, writer_view(&w)));
    if (w.err != ERR_OK) {
        writer_free(&w);
        return w.err;
    }
    out->name = w.data; /* the writer's own, and ours from now on */
    out->len = w.len;
    return ERR_OK;
}

/*
 * Whether other entries stand in a folder of this one's name: they follow it
 * and what has the same name.
 */
static bool is_a_folder(const struct torrent *t, size_t i)
{
    struct bytes name = { t->entries[i].name, t->entries[i].len };

    for (size_t next = i + 1; next < t->count; next++) {
        struct bytes other = { t->entries[next].name, t->entries[next].len };

        if (!bytes_equal(name, other))
            return is_folder_of(name, other);
    }
    return false;
}

/*
 * Tells apart what has one name, or the name of a folder.  The same file twice
 * under one name is the same file.  New names are made beside the sorted ones,
 * which are looked into.
 */
static enum err tell_apart(struct torrent *t)
{
    struct entry *out = calloc(t->count + 1, sizeof *out);
    uint64_t number = 2;
    size_t first = 0;
    size_t n = 0;
    enum err e = out == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (size_t i = 0; i < t->count && e == ERR_OK; i++) {
        const struct entry *at = &t->entries[i];
        struct bytes base = { t->entries[first].name, t->entries[first].len };
        bool same =
            i > 0 && bytes_equal(base, (struct bytes){ at->name, at->len });

        if (!same) {
            first = i;
            number = 2;
            base = (struct bytes){ at->name, at->len };
        } else if (by_name(at, at - 1) == 0) {
            continue;
        }
        out[n] = *at;
        out[n].name = NULL;
        if (same || is_a_folder(t, i))
            e = rename_entry(t, &out[n], base, &number);
        else if ((out[n].name = malloc(at->len)) != NULL)
            memcpy(out[n].name, at->name, at->len);
        if (e == ERR_OK && out[n].name == NULL)
            e = ERR_NO_MEMORY;
        if (e == ERR_OK)
            n++;
    }
    for (size_t i = 0; e != ERR_OK && i < n; i++)
        free(out[i].name);
    if (e != ERR_OK) {
        free(out);
        return e;
    }
    for (size_t i = 0; i < t->count; i++)
        free(t->entries[i].name);
    free(t->entries);
    t->entries = out;
    t->count = n;
    return ERR_OK;
}

static int by_root(const void *a, const void *b)
{
    return memcmp(((const struct blob_id *)a)->root,
                  ((const struct blob_id *)b)->root, HASH_LEN);
}

static enum err list_layers(struct torrent *t)
{
    size_t n = 0;

    t->layers = calloc(t->count + 1, sizeof *t->layers);
    if (t->layers == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < t->count; i++)
        if (t->entries[i].blob.size > BLOB_SPAN_LEN)
            t->layers[n++] = t->entries[i].blob;
    qsort(t->layers, n, sizeof *t->layers, by_root);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_root(&t->layers[i], &t->layers[i - 1]) != 0)
            t->layers[t->layers_count++] = t->layers[i];
    return ERR_OK;
}

/* ---- Bencode ------------------------------------------------------------ */

static void put_number(struct writer *w, uint64_t v)
{
    uint8_t digits[20];

    writer_u8(w, 'i');
    writer_bytes(w, (struct bytes){ digits, put_decimal(digits, v) });
    writer_u8(w, 'e');
}

/* The length of a string; its bytes follow. */
static void put_length(struct writer *w, uint64_t len)
{
    uint8_t digits[20];

    writer_bytes(w, (struct bytes){ digits, put_decimal(digits, len) });
    writer_u8(w, ':');
}

static void put_string(struct writer *w, struct bytes text)
{
    put_length(w, text.len);
    writer_bytes(w, text);
}

static void put_file(struct writer *w, const struct entry *entry,
                     struct bytes last)
{
    put_string(w, last);
    writer_bytes(w, BYTES_LITERAL("d0:d6:length"));
    put_number(w, entry->blob.size);
    if (entry->blob.size > 0) {
        put_string(w, BYTES_LITERAL("pieces root"));
        put_string(w, BYTES_ARRAY(entry->blob.root));
    }
    writer_bytes(w, BYTES_LITERAL("ee"));
}

/* How many of the first bytes, up to a divider, both names share. */
static size_t shared_folders(struct bytes a, struct bytes b)
{
    size_t shared = 0;

    for (size_t i = 0; i < a.len && i < b.len && a.data[i] == b.data[i]; i++)
        if (a.data[i] == 0)
            shared = i + 1;
    return shared;
}

static void close_folders(struct writer *w, struct bytes name, size_t from)
{
    for (size_t i = from; i < name.len; i++)
        if (name.data[i] == 0)
            writer_u8(w, 'e');
}

/* Opens the folders behind `from`; where the last part begins. */
static size_t open_folders(struct writer *w, struct bytes name, size_t from)
{
    for (size_t i = from; i < name.len; i++) {
        if (name.data[i] != 0)
            continue;
        put_string(w, (struct bytes){ name.data + from, i - from });
        writer_u8(w, 'd');
        from = i + 1;
    }
    return from;
}

static void put_tree(const struct torrent *t, struct writer *w)
{
    struct bytes before = { (const uint8_t *)"", 0 };

    for (size_t i = 0; i < t->count; i++) {
        struct bytes name = { t->entries[i].name, t->entries[i].len };
        size_t from = shared_folders(before, name);

        close_folders(w, before, from);
        from = open_folders(w, name, from);
        put_file(w, &t->entries[i],
                 (struct bytes){ name.data + from, name.len - from });
        before = name;
    }
    close_folders(w, before, 0);
}

static void put_info(const struct torrent *t, struct writer *w)
{
    writer_bytes(w, BYTES_LITERAL("d9:file treed"));
    put_tree(t, w);
    writer_bytes(w, BYTES_LITERAL("e12:meta versioni2e4:name"));
    put_string(w, (struct bytes){ t->title, t->title_len });
    put_string(w, BYTES_LITERAL("piece length"));
    put_number(w, BLOB_SPAN_LEN);
    writer_u8(w, 'e');
}

enum err torrent_put_info(struct torrent *t, struct writer *w,
                          uint8_t infohash[HASH_LEN])
{
    struct merkle m;
    size_t from;
    enum err e;

    if (t->count > 0)
        qsort(t->entries, t->count, sizeof *t->entries, by_name);
    e = tell_apart(t);
    if (e != ERR_OK)
        return e;
    qsort(t->entries, t->count, sizeof *t->entries, by_name);
    e = list_layers(t);
    if (e != ERR_OK)
        return e;
    writer_bytes(w, BYTES_LITERAL("d4:info"));
    from = w->len;
    put_info(t, w);
    if (w->err != ERR_OK)
        return w->err;
    merkle_init(&m);
    merkle_hash(&m, infohash, (struct bytes){ w->data + from, w->len - from });
    e = m.err;
    merkle_wipe(&m);
    writer_bytes(w, BYTES_LITERAL("12:piece layersd"));
    return e == ERR_OK ? w->err : e;
}

size_t torrent_layers(const struct torrent *t)
{
    return t->layers_count;
}

const struct blob_id *torrent_layer_at(const struct torrent *t, size_t i)
{
    assert(i < t->layers_count);
    return &t->layers[i];
}

void torrent_put_layer(const struct torrent *t, struct writer *w, size_t i)
{
    assert(i < t->layers_count);
    put_string(w, BYTES_ARRAY(t->layers[i].root));
    put_length(w, blob_span_count(t->layers[i].size) * HASH_LEN);
}

void torrent_put_end(struct writer *w)
{
    writer_bytes(w, BYTES_LITERAL("ee"));
}
