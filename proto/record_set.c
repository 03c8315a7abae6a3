/*
 * The order of records and the sums over them (protocol.md §5.2).  Who keeps
 * the records and how fast a sum is found is the business of others.
 */
#include "proto/record_set.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define LANES_LEN (SYNC_LANES * 8)

static_assert(ID_LEN == crypto_stream_chacha20_ietf_KEYBYTES,
              "an id is the key of its own keystream");

int record_key_compare(const struct record_key *a, const struct record_key *b)
{
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms ? -1 : 1;
    return memcmp(a->id, b->id, ID_LEN);
}

struct record_key record_key_at(uint64_t ms)
{
    return (struct record_key){ .created_ms = ms };
}

struct record_key record_key_after(const struct record_key *key)
{
    struct record_key after = *key;

    for (size_t i = ID_LEN; i-- > 0;)
        if (++after.id[i] != 0)
            return after;
    after.created_ms++; /* the id was all ones and is all zeros now */
    return after;
}

/* Portable: the lanes are little-endian by protocol, whatever the machine. */
static uint64_t lane_read(const uint8_t in[8])
{
    uint64_t v = 0;

    for (size_t i = 8; i-- > 0;)
        v = (v << 8) | in[i];
    return v;
}

void record_sum_add(struct record_sum *sum, const uint8_t id[ID_LEN])
{
    static const uint8_t nonce[crypto_stream_chacha20_ietf_NONCEBYTES];
    uint8_t stream[LANES_LEN];
    int failed = crypto_stream_chacha20_ietf(stream, sizeof stream, nonce, id);

    assert(failed == 0);
    (void)failed;
    for (size_t i = 0; i < SYNC_LANES; i++)
        sum->lanes[i] += lane_read(stream + 8 * i);
    sum->count++;
}

void record_sum_join(struct record_sum *sum, const struct record_sum *other)
{
    for (size_t i = 0; i < SYNC_LANES; i++)
        sum->lanes[i] += other->lanes[i];
    sum->count += other->count;
}
