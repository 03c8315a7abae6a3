/*
 * Rows of blobs by topic, with what they add up to, and of pins.  The totals of
 * a topic always equal its rows: both change here alone.
 */
#include <assert.h>
#include <string.h>

#include "store/internal.h"

enum { FORMAT = 1, ROW_MAX = 32 };

static struct key topic_key(const uint8_t topic[ID_LEN],
                            const struct blob_id *id)
{
    struct key key = key_of_id(topic);

    key_add_blob(&key, id);
    return key;
}

/* ---- Values ------------------------------------------------------------- */

enum err row_keep_read(struct row_keep *out, struct bytes value)
{
    struct reader r = reader_of(value);
    uint8_t format = reader_u8(&r);
    struct row_keep row;

    row.flags = reader_u8(&r);
    row.since_ms = reader_u64(&r);
    row.used_ms = reader_u64(&r);
    if (reader_finish(&r) != ERR_OK || format != FORMAT ||
        (row.flags & ~KEEP_STRANGERS) != 0)
        return ERR_CORRUPT;
    *out = row;
    return ERR_OK;
}

static enum err put_keep(struct change *c, const struct key *key,
                         const struct row_keep *row)
{
    uint8_t buf[ROW_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    writer_u8(&w, FORMAT);
    writer_u8(&w, row->flags);
    writer_u64(&w, row->since_ms);
    writer_u64(&w, row->used_ms);
    assert(w.err == ERR_OK);
    return txn_put(c->records, T_BLOB_TOPICS, key_view(key), writer_view(&w));
}

static enum err get_keep(struct txn *records, const struct key *key,
                         struct row_keep *out)
{
    struct bytes value;
    enum err e = txn_get(records, T_BLOB_TOPICS, key_view(key), &value);

    return e == ERR_OK ? row_keep_read(out, value) : e;
}

static enum err read_usage(struct keep_usage *out, struct bytes value)
{
    struct reader r = reader_of(value);
    uint8_t format = reader_u8(&r);
    struct keep_usage row;

    row.blobs = reader_u64(&r);
    row.bytes = reader_u64(&r);
    row.strangers_bytes = reader_u64(&r);
    if (reader_finish(&r) != ERR_OK || format != FORMAT ||
        row.strangers_bytes > row.bytes)
        return ERR_CORRUPT;
    *out = row;
    return ERR_OK;
}

enum err row_pin_read(enum keep_pin *out, uint64_t *since_ms,
                      struct bytes value)
{
    struct reader r = reader_of(value);
    uint8_t format = reader_u8(&r);
    uint8_t pin = reader_u8(&r);
    uint64_t since = reader_u64(&r);

    if (reader_finish(&r) != ERR_OK || format != FORMAT || pin == 0 ||
        pin > KEEP_PIN_DROPPED)
        return ERR_CORRUPT;
    *out = (enum keep_pin)pin;
    *since_ms = since;
    return ERR_OK;
}

/* ---- What a topic's blobs take ------------------------------------------ */

/* The sum of a pledge stands behind what its own topic takes. */
static struct key sum_key(const uint8_t pledge[ID_LEN])
{
    struct key key = key_of_id(pledge);

    key_add_u64(&key, 0);
    return key;
}

static enum err get_usage(struct txn *records, const struct key *key,
                          struct keep_usage *out)
{
    struct bytes value;
    enum err e = txn_get(records, T_BLOB_USAGE, key_view(key), &value);

    if (e == ERR_NOT_FOUND) {
        *out = (struct keep_usage){ 0 };
        return ERR_OK;
    }
    return e == ERR_OK ? read_usage(out, value) : e;
}

static enum err put_usage(struct change *c, const struct key *key,
                          const struct keep_usage *usage)
{
    uint8_t buf[ROW_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    if (usage->blobs == 0)
        return txn_delete(c->records, T_BLOB_USAGE, key_view(key));
    writer_u8(&w, FORMAT);
    writer_u64(&w, usage->blobs);
    writer_u64(&w, usage->bytes);
    writer_u64(&w, usage->strangers_bytes);
    assert(w.err == ERR_OK);
    return txn_put(c->records, T_BLOB_USAGE, key_view(key), writer_view(&w));
}

static enum err add_usage(struct change *c, const struct key *key,
                          const struct keep_usage *more)
{
    struct keep_usage usage;
    enum err e =
        more->blobs == 0 ? ERR_NOT_FOUND : get_usage(c->records, key, &usage);

    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    usage.blobs += more->blobs;
    usage.bytes += more->bytes;
    usage.strangers_bytes += more->strangers_bytes;
    return put_usage(c, key, &usage);
}

static enum err take_usage(struct change *c, const struct key *key,
                           const struct keep_usage *less)
{
    struct keep_usage usage;
    enum err e =
        less->blobs == 0 ? ERR_NOT_FOUND : get_usage(c->records, key, &usage);

    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (usage.blobs < less->blobs || usage.bytes < less->bytes ||
        usage.strangers_bytes < less->strangers_bytes)
        return ERR_CORRUPT;
    usage.blobs -= less->blobs;
    usage.bytes -= less->bytes;
    usage.strangers_bytes -= less->strangers_bytes;
    return put_usage(c, key, &usage);
}

/* Which pledge the topic shares; false: none. */
static enum err find_pledge(struct txn *records, const uint8_t topic[ID_LEN],
                            struct key *out, bool *found)
{
    struct key key = key_of_id(topic);
    struct store_follow row;
    struct bytes value;
    enum err e = txn_get(records, T_FOLLOWS, key_view(&key), &value);

    *found = false;
    if (e == ERR_OK)
        e = row_follow_read(&row, key_view(&key), value);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    *found = store_follow_shares(&row);
    if (*found)
        *out = sum_key(row.pledge);
    return ERR_OK;
}

static enum err count(struct change *c, const uint8_t topic[ID_LEN],
                      uint64_t size, const struct row_keep *row, bool comes)
{
    struct keep_usage one = {
        .blobs = 1,
        .bytes = size,
        .strangers_bytes = (row->flags & KEEP_STRANGERS) != 0 ? size : 0
    };
    struct key keys[2] = { key_of_id(topic) };
    bool shares;
    enum err e = find_pledge(c->records, topic, &keys[1], &shares);

    for (size_t i = 0; e == ERR_OK && i < (shares ? 2 : 1); i++)
        e = comes ? add_usage(c, &keys[i], &one)
                  : take_usage(c, &keys[i], &one);
    return e;
}

enum err keep_follow(struct change *c, const uint8_t topic[ID_LEN],
                     const struct store_follow *row)
{
    struct key own = key_of_id(topic);
    struct keep_usage usage;
    struct key before;
    struct key after;
    bool shares;
    enum err e = get_usage(c->records, &own, &usage);

    if (e == ERR_OK)
        e = find_pledge(c->records, topic, &before, &shares);
    if (e == ERR_OK && shares)
        e = take_usage(c, &before, &usage);
    if (e != ERR_OK || row == NULL || !store_follow_shares(row))
        return e;
    after = sum_key(row->pledge);
    return add_usage(c, &after, &usage);
}

enum err keep_sum(struct txn *records, const uint8_t pledge[ID_LEN],
                  struct keep_usage *out)
{
    struct key key = sum_key(pledge);

    return get_usage(records, &key, out);
}

enum err keep_usage(struct store *store, const uint8_t topic[ID_LEN],
                    struct keep_usage *out)
{
    struct key key = key_of_id(topic);
    struct look *look;
    enum err e = store_look(store, &look);

    return e == ERR_OK ? get_usage(look->records, &key, out) : e;
}

/* ---- Holding ------------------------------------------------------------ */

enum err keep_enter(struct change *c, const uint8_t topic[ID_LEN],
                    const struct blob_id *id)
{
    struct key key = topic_key(topic, id);
    struct row_keep row;
    enum err e = get_keep(c->records, &key, &row);
    bool is_new = e == ERR_NOT_FOUND;

    if (is_new)
        row = (struct row_keep){ .flags = 0 };
    else if (e != ERR_OK)
        return e;
    row.since_ms = c->store->now_ms;
    row.used_ms = row.since_ms;
    e = put_keep(c, &key, &row);
    if (e == ERR_OK && is_new)
        e = count(c, topic, id->size, &row, true);
    return e == ERR_OK && !is_new ? ERR_EXISTS : e;
}

enum err keep_leave(struct change *c, const uint8_t topic[ID_LEN],
                    const struct blob_id *id)
{
    struct key key = topic_key(topic, id);
    struct row_keep row;
    enum err e = get_keep(c->records, &key, &row);

    if (e == ERR_OK)
        e = txn_delete(c->records, T_BLOB_TOPICS, key_view(&key));
    if (e != ERR_OK)
        return e;
    lease_rows_note(c->store, topic);
    return count(c, topic, id->size, &row, false);
}

enum err keep_change(struct change *c, const uint8_t topic[ID_LEN],
                     const struct blob_id *id, const uint8_t *flags)
{
    struct key key = topic_key(topic, id);
    struct row_keep row;
    enum err e = get_keep(c->records, &key, &row);

    if (e != ERR_OK)
        return e;
    if (flags == NULL) {
        row.used_ms = c->store->now_ms;
        return put_keep(c, &key, &row);
    }
    e = count(c, topic, id->size, &row, false);
    row.flags = *flags;
    if (e == ERR_OK)
        e = count(c, topic, id->size, &row, true);
    return e == ERR_OK ? put_keep(c, &key, &row) : e;
}

/* ---- Pins --------------------------------------------------------------- */

enum err keep_pin_apply(struct change *c, const uint8_t topic[ID_LEN],
                        const struct blob_id *id, enum keep_pin pin)
{
    uint8_t buf[ROW_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = topic_key(topic, id);
    enum keep_pin old = KEEP_PIN_NONE;
    uint64_t since_ms;
    struct bytes value;
    enum err e = txn_get(c->records, T_PINS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_pin_read(&old, &since_ms, value);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    if (pin == KEEP_PIN_NONE)
        return old == KEEP_PIN_NONE
                   ? ERR_OK
                   : txn_delete(c->records, T_PINS, key_view(&key));
    if (pin == KEEP_PIN_ASKED && old == KEEP_PIN_OWN)
        return ERR_OK;
    writer_u8(&w, FORMAT);
    writer_u8(&w, (uint8_t)pin);
    writer_u64(&w, c->store->now_ms);
    assert(w.err == ERR_OK);
    return txn_put(c->records, T_PINS, key_view(&key), writer_view(&w));
}
