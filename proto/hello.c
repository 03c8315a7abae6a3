/*
 * The codec of hellos, and the keys that only the two ends of one connection
 * can know (protocol.md §5.1, §5.2).
 */
#include "proto/hello.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FLAG_STATE    1
#define ENTRY_LEN_MIN (HELLO_TAG_LEN + 3)

static_assert(FINGERPRINT_LEN == crypto_shorthash_siphash24_BYTES,
              "short ids and fingerprints are of one size");

static uint32_t read_day(struct reader *r)
{
    uint64_t day = reader_varint(r);

    if (day > HELLO_DAY_MAX)
        reader_fail(r, ERR_MALFORMED);
    return r->err == ERR_OK ? (uint32_t)day : 0;
}

static void read_entry(struct reader *r, struct hello_entry *out)
{
    uint8_t flags;

    *out = (struct hello_entry){ 0 };
    reader_copy(r, out->tag, HELLO_TAG_LEN);
    out->from_day = read_day(r);
    out->until_day = read_day(r);
    flags = reader_u8(r);
    if (out->from_day > out->until_day || (flags & ~FLAG_STATE) != 0)
        reader_fail(r, ERR_MALFORMED);
    out->has_state = (flags & FLAG_STATE) != 0;
    if (!out->has_state)
        return;
    out->count = reader_varint(r);
    reader_copy(r, out->fingerprint, FINGERPRINT_LEN);
}

/* Equal tags in the order of the message: the first of them counts. */
static int compare_entries(const void *a, const void *b, void *context)
{
    const struct hello_entry *entries = context;
    uint16_t one = *(const uint16_t *)a;
    uint16_t other = *(const uint16_t *)b;
    int order = memcmp(entries[one].tag, entries[other].tag, HELLO_TAG_LEN);

    return order != 0 ? order : (one < other ? -1 : 1);
}

static void sort_entries(struct hello *h)
{
    static_assert(TOPICS_MAX <= UINT16_MAX, "numbers of entries fit");
    for (size_t i = 0; i < h->count; i++)
        h->by_tag[i] = (uint16_t)i;
    if (h->count > 1)
        qsort_r(h->by_tag, h->count, sizeof *h->by_tag, compare_entries,
                h->entries);
}

const struct hello_entry *hello_find(const struct hello *h,
                                     const uint8_t tag[HELLO_TAG_LEN])
{
    size_t low = 0;
    size_t high = h->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct hello_entry *e = &h->entries[h->by_tag[middle]];

        if (memcmp(e->tag, tag, HELLO_TAG_LEN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == h->count ||
        memcmp(h->entries[h->by_tag[low]].tag, tag, HELLO_TAG_LEN) != 0)
        return NULL;
    return &h->entries[h->by_tag[low]];
}

enum err hello_decode(struct hello *out, struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct hello h = { 0 };
    uint64_t count;
    enum err e;

    reader_copy(&r, h.salt, sizeof h.salt);
    count = reader_varint(&r);
    if (r.err != ERR_OK)
        return r.err;
    if (count > TOPICS_MAX)
        return ERR_TOO_LARGE;
    if (count > r.left / ENTRY_LEN_MIN) /* before anything is allocated */
        return ERR_TRUNCATED;
    h.count = (size_t)count;
    if (h.count > 0) {
        h.entries = calloc(h.count, sizeof *h.entries);
        h.by_tag = calloc(h.count, sizeof *h.by_tag);
        if (h.entries == NULL || h.by_tag == NULL) {
            hello_free(&h);
            return ERR_NO_MEMORY;
        }
    }
    for (size_t i = 0; i < h.count; i++)
        read_entry(&r, &h.entries[i]);
    e = reader_finish(&r);
    if (e != ERR_OK) {
        hello_free(&h);
        return e;
    }
    sort_entries(&h);
    *out = h;
    return ERR_OK;
}

void hello_free(struct hello *h)
{
    free(h->entries);
    free(h->by_tag);
    *h = (struct hello){ 0 };
}

void hello_put_head(struct writer *w, const uint8_t salt[HELLO_SALT_LEN],
                    size_t count)
{
    assert(count <= TOPICS_MAX);
    writer_bytes(w, (struct bytes){ salt, HELLO_SALT_LEN });
    writer_varint(w, count);
}

void hello_put_entry(struct writer *w, const struct hello_entry *entry)
{
    assert(entry->from_day <= entry->until_day);
    assert(entry->until_day <= HELLO_DAY_MAX);
    writer_bytes(w, (struct bytes){ entry->tag, HELLO_TAG_LEN });
    writer_varint(w, entry->from_day);
    writer_varint(w, entry->until_day);
    writer_u8(w, entry->has_state ? FLAG_STATE : 0);
    if (!entry->has_state)
        return;
    writer_varint(w, entry->count);
    writer_bytes(w, (struct bytes){ entry->fingerprint, FINGERPRINT_LEN });
}

/* HMAC-SHA-256 over the parts of a writer that cannot have overflowed. */
static void mac(uint8_t out[HASH_LEN], const uint8_t key[KEY_LEN],
                const struct writer *data)
{
    assert(data->err == ERR_OK);
    (void)crypto_auth_hmacsha256(out, data->data, data->len, key);
}

void hello_tag(uint8_t out[HELLO_TAG_LEN], const uint8_t ask[KEY_LEN],
               bool is_dialler, const uint8_t topic[ID_LEN])
{
    uint8_t buf[1 + ID_LEN];
    uint8_t hash[HASH_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);

    writer_u8(&w, is_dialler ? 0 : 1);
    writer_bytes(&w, (struct bytes){ topic, ID_LEN });
    mac(hash, ask, &w);
    memcpy(out, hash, HELLO_TAG_LEN);
}

void sync_key_derive(struct sync_key *out, const uint8_t ask[KEY_LEN],
                     const uint8_t topic[ID_LEN], uint64_t number,
                     const uint8_t dialler_salt[HELLO_SALT_LEN],
                     const uint8_t listener_salt[HELLO_SALT_LEN])
{
    static const char purpose[] = "troupe sync 1"; /* with its zero byte */
    uint8_t buf[sizeof purpose + ID_LEN + 8 + 2 * HELLO_SALT_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);

    writer_bytes(&w,
                 (struct bytes){ (const uint8_t *)purpose, sizeof purpose });
    writer_bytes(&w, (struct bytes){ topic, ID_LEN });
    writer_u64(&w, number);
    writer_bytes(&w, (struct bytes){ dialler_salt, HELLO_SALT_LEN });
    writer_bytes(&w, (struct bytes){ listener_salt, HELLO_SALT_LEN });
    mac(out->bytes, ask, &w);
}

void sync_fingerprint(uint8_t out[FINGERPRINT_LEN], const struct sync_key *key,
                      const struct record_sum *sum)
{
    uint8_t buf[5 + 8 + 8 * SYNC_LANES];
    uint8_t hash[HASH_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);

    writer_bytes(&w, BYTES_LITERAL("range"));
    writer_u64(&w, sum->count);
    for (size_t i = 0; i < SYNC_LANES; i++)
        for (unsigned shift = 0; shift < 64; shift += 8)
            writer_u8(&w, (uint8_t)(sum->lanes[i] >> shift));
    mac(hash, key->bytes, &w);
    memcpy(out, hash, FINGERPRINT_LEN);
}

uint64_t sync_short_id(const struct sync_key *key, const uint8_t id[ID_LEN])
{
    uint8_t out[crypto_shorthash_siphash24_BYTES];

    (void)crypto_shorthash_siphash24(out, id, ID_LEN, key->bytes);
    return get_u64(out);
}

struct record_range hello_window(uint32_t from_day, uint32_t until_day)
{
    assert(from_day <= until_day && until_day <= HELLO_DAY_MAX);
    return (struct record_range){
        .lo = record_key_at((uint64_t)from_day * DAY_MS),
        .hi = record_key_at(((uint64_t)until_day + 1) * DAY_MS)
    };
}
