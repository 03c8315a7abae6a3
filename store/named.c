/*
 * Which files the records that are held name, by topic: what makes a blob worth
 * keeping.  The rows come and go with the bodies of the records.
 */
#include <string.h>

#include "proto/record_files.h"
#include "store/internal.h"

/* Of a root stand so many bytes in a key: a hash that long has no equal. */
enum { ROOT_PART = 24 };

struct key named_prefix(const uint8_t topic[ID_LEN], const struct blob_id *id)
{
    struct key key = key_of_id(topic);

    for (size_t at = 0; at < ROOT_PART; at += 8)
        key_add_u64(&key, get_u64(id->root + at));
    key_add_u64(&key, id->size);
    return key;
}

enum err named_keys(const struct record *r, uint64_t seq, named_key_fn *each,
                    void *context)
{
    struct record_files files;
    struct record_file file;
    enum err e = record_files_open(&files, r);

    if (e != ERR_OK)
        return e;
    while (e == ERR_OK && record_files_next(&files, &file)) {
        struct key key = named_prefix(r->topic, &file.blob);

        key_add_u64(&key, seq);
        e = each(context, &key);
    }
    record_files_close(&files);
    return e;
}

enum err named_is(struct txn *index, const uint8_t topic[ID_LEN],
                  const struct blob_id *id, bool *out)
{
    struct key prefix = named_prefix(topic, id);
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    enum err e = cursor_open(&cursor, index, I_NAMED);

    if (e != ERR_OK)
        return e;
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&prefix), &at, &value);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        *out = e == ERR_OK && key_has_prefix(at, key_view(&prefix));
    cursor_close(cursor);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err keep_named_by(struct store *store, const uint8_t topic[ID_LEN],
                       const struct blob_id *id, uint64_t after, uint64_t *seqs,
                       size_t max, size_t *n)
{
    struct key prefix = named_prefix(topic, id);
    struct key from = prefix;
    struct cursor *cursor;
    struct look *look;
    struct bytes at;
    struct bytes value;
    size_t count = 0;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = cursor_open(&cursor, look->index, I_NAMED);
    if (e != ERR_OK)
        return e;
    key_add_u64(&from, after + 1);
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at, &value);
    while (e == ERR_OK && count < max &&
           key_has_prefix(at, key_view(&prefix))) {
        if (at.len != prefix.len + 8) {
            e = ERR_CORRUPT;
            break;
        }
        seqs[count++] = get_u64(at.data + prefix.len);
        e = cursor_move(cursor, CURSOR_NEXT, key_view(&from), &at, &value);
    }
    cursor_close(cursor);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *n = count;
    return ERR_OK;
}
