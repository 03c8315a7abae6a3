/*
 * Which files the records that are held name, by topic: what makes a blob worth
 * keeping.  The rows come and go with the bodies of the records.
 */
#include <string.h>

#include "proto/record_files.h"
#include "store/internal.h"
#include "store/page.h"

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

enum err named_keys(const struct record *r, uint64_t seq, key_fn *each,
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
    struct page page = { .txn = index,
                         .table = I_NAMED,
                         .from = named_prefix(topic, id),
                         .until = named_prefix(topic, id) };
    size_t n;
    enum err e = page_read(&page, 1, &n);

    if (e == ERR_OK)
        *out = n > 0;
    return e;
}

static enum err read_seq_at(void *context, size_t at, struct bytes key,
                            struct bytes value)
{
    uint64_t *seqs = context;

    (void)value;
    if (key.len != ID_LEN + ROOT_PART + 8 + 8)
        return ERR_CORRUPT;
    seqs[at] = get_u64(key.data + key.len - 8);
    return ERR_OK;
}

enum err keep_named_by(struct store *store, const uint8_t topic[ID_LEN],
                       const struct blob_id *id, uint64_t after, uint64_t *seqs,
                       size_t max, size_t *n)
{
    struct page page = { .table = I_NAMED,
                         .from = named_prefix(topic, id),
                         .until = named_prefix(topic, id),
                         .read = read_seq_at,
                         .context = seqs };
    struct look *look;
    enum err e = store_look(store, &look);

    if (e != ERR_OK)
        return e;
    page.txn = look->index;
    key_add_u64(&page.from, after + 1);
    return page_read(&page, max, n);
}
