#ifndef STORE_KEY_H
#define STORE_KEY_H

#include <assert.h>
#include <string.h>

#include "proto/blob_tree.h"

/*
 * Keys of all tables (docs/storage.md §3), built here alone: numbers are
 * big-endian, so that order on disk is order in meaning.
 */
#define KEY_MAX 128

struct key {
    uint8_t data[KEY_MAX];
    size_t len;
};

/* Each key_add_… appends one part; a record takes dozens of such steps. */
static inline void key_add(struct key *key, const void *data, size_t len)
{
    assert(len <= KEY_MAX - key->len);
    memcpy(key->data + key->len, data, len);
    key->len += len;
}

static inline void key_add_id(struct key *key, const uint8_t id[ID_LEN])
{
    key_add(key, id, ID_LEN);
}

static inline void key_add_u64(struct key *key, uint64_t v)
{
    assert(sizeof v <= KEY_MAX - key->len);
    put_u64(key->data + key->len, v);
    key->len += sizeof v;
}

/* What is done with each of several keys; an error ends it. */
typedef enum err key_fn(void *context, const struct key *key);

void key_add_blob(struct key *key, const struct blob_id *blob);

/*
 * The place of a record in a list: by time, then by the first 8 bytes of its
 * id, so that it does not depend on when this node learned of it; its number.
 */
static inline void key_add_place(struct key *key, uint64_t created_ms,
                                 const uint8_t id[ID_LEN], uint64_t number)
{
    key_add_u64(key, created_ms);
    key_add_u64(key, get_u64(id));
    key_add_u64(key, number);
}

/* A key that begins with `prefix`, which may be empty. */
struct key key_of(struct bytes prefix);

/*
 * Bytes beyond `len` are nobody's and not cleared: that would take longer than
 * the rest.  The compiler sees them copied, and would warn.
 */
#pragma GCC diagnostic push
#ifndef __clang__ /* which does not know that one */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

static inline struct key key_of_id(const uint8_t id[ID_LEN])
{
    struct key key;

    key.len = 0;

    key_add_id(&key, id);
    return key;
}

static inline struct key key_of_u64(uint64_t v)
{
    struct key key;

    key.len = 0;
    key_add_u64(&key, v);
    return key;
}

#pragma GCC diagnostic pop

/* Key of a named value of the daemon's, apart from the store's own names. */
#define KEY_NAME_MAX 63
struct key key_of_name(const char *name);
struct key key_of_blob(const struct blob_id *blob);

/* Valid while the key is. */
static inline struct bytes key_view(const struct key *key)
{
    return (struct bytes){ key->data, key->len };
}

/*
 * The smallest key that is larger than all that begin with this one; false if
 * there is none (all bytes are 0xff).
 */
bool key_after_prefix(struct key *key);
bool key_has_prefix(struct bytes key, struct bytes prefix);

/* Reads what key_add_blob() wrote. */
void key_read_blob(struct reader *r, struct blob_id *out);

#endif
