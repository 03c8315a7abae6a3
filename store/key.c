/* Keys of all tables: big-endian, fixed places. */
#include "store/key.h"

#include <assert.h>
#include <string.h>

static void add(struct key *key, const void *data, size_t len)
{
    assert(len <= KEY_MAX - key->len);
    memcpy(key->data + key->len, data, len);
    key->len += len;
}

struct key key_of(struct bytes prefix)
{
    struct key key = { .len = 0 };

    if (prefix.len > 0)
        add(&key, prefix.data, prefix.len);
    return key;
}

struct key key_of_id(const uint8_t id[ID_LEN])
{
    struct key key = { .len = 0 };

    key_add_id(&key, id);
    return key;
}

struct key key_of_u64(uint64_t v)
{
    struct key key = { .len = 0 };

    key_add_u64(&key, v);
    return key;
}

struct key key_of_name(const char *name)
{
    struct key key = key_of(BYTES_LITERAL("own."));
    size_t len = strnlen(name, KEY_NAME_MAX + 1);

    assert(len > 0 && len <= KEY_NAME_MAX);
    add(&key, name, len);
    return key;
}

struct key key_of_blob(const struct blob_id *blob)
{
    struct key key = { .len = 0 };

    key_add_blob(&key, blob);
    return key;
}

void key_add_id(struct key *key, const uint8_t id[ID_LEN])
{
    add(key, id, ID_LEN);
}

void key_add_u64(struct key *key, uint64_t v)
{
    uint8_t bytes[8];

    put_u64(bytes, v);
    add(key, bytes, sizeof bytes);
}

void key_add_place(struct key *key, uint64_t created_ms,
                   const uint8_t id[ID_LEN], uint64_t number)
{
    key_add_u64(key, created_ms);
    key_add_u64(key, get_u64(id));
    key_add_u64(key, number);
}

void key_add_blob(struct key *key, const struct blob_id *blob)
{
    add(key, blob->root, HASH_LEN);
    key_add_u64(key, blob->size);
}

struct bytes key_view(const struct key *key)
{
    return (struct bytes){ key->data, key->len };
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
