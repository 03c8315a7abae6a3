/* Keys of all tables: big-endian, fixed places. */
#include "store/key.h"

#include <assert.h>
#include <string.h>

struct key key_of(struct bytes prefix)
{
    struct key key = { .len = 0 };

    if (prefix.len > 0)
        key_add(&key, prefix.data, prefix.len);
    return key;
}

struct key key_of_name(const char *name)
{
    struct key key = key_of(BYTES_LITERAL("own."));
    size_t len = strnlen(name, KEY_NAME_MAX + 1);

    assert(len > 0 && len <= KEY_NAME_MAX);
    key_add(&key, name, len);
    return key;
}

struct key key_of_blob(const struct blob_id *blob)
{
    struct key key = { .len = 0 };

    key_add_blob(&key, blob);
    return key;
}

void key_add_blob(struct key *key, const struct blob_id *blob)
{
    key_add(key, blob->root, HASH_LEN);
    key_add_u64(key, blob->size);
}

bool key_after_prefix(struct key *key)
{
    while (key->len > 0) {
        if (key->data[key->len - 1] != 0xff) {
            key->data[key->len - 1]++;
            return true;
        }
        key->len--;
    }
    return false;
}

bool key_has_prefix(struct bytes key, struct bytes prefix)
{
    return key.len >= prefix.len &&
           (prefix.len == 0 || memcmp(key.data, prefix.data, prefix.len) == 0);
}

void key_read_blob(struct reader *r, struct blob_id *out)
{
    reader_copy(r, out->root, HASH_LEN);
    out->size = reader_u64(r);
}
