/* The identity payload.  Whether its node is the wanted one is session.c's. */
#include "proto/introduction.h"

#include <assert.h>

#include "proto/mp.h"

#define FORM       1
#define SIGNED_LEN (HASH_LEN + KEY_LEN + 8 + 4)

static struct bytes signed_bytes(uint8_t buf[SIGNED_LEN], uint64_t features,
                                 uint32_t version,
                                 const uint8_t noise_public[KEY_LEN],
                                 const uint8_t hash[HASH_LEN])
{
    struct writer w = writer_fixed(buf, SIGNED_LEN);

    writer_bytes(&w, (struct bytes){ hash, HASH_LEN });
    writer_bytes(&w, (struct bytes){ noise_public, KEY_LEN });
    writer_u64(&w, features);
    writer_u32(&w, version);
    assert(w.err == ERR_OK && w.len == SIGNED_LEN);
    return writer_view(&w);
}

void introduction_write(struct writer *w, const struct node_keys *keys,
                        const struct network *network, uint64_t features,
                        const uint8_t hash[HASH_LEN])
{
    uint8_t buf[SIGNED_LEN];
    uint8_t signature[SIGNATURE_LEN];

    assert(features <= MP_INT_MAX);
    domain_sign(signature, DOMAIN_HANDSHAKE, network,
                signed_bytes(buf, features, INTRODUCTION_VERSION,
                             keys->noise_public, hash),
                &keys->sign);
    mp_put_array(w, 5);
    mp_put_uint(w, FORM);
    mp_put_bin(w, BYTES_ARRAY(keys->sign.public_key));
    mp_put_uint(w, features);
    mp_put_uint(w, INTRODUCTION_VERSION);
    mp_put_bin(w, BYTES_ARRAY(signature));
}

enum err introduction_read(struct introduction *out, struct bytes payload,
                           const struct network *network,
                           const uint8_t noise_public[KEY_LEN],
                           const uint8_t hash[HASH_LEN])
{
    struct reader r = reader_of(payload);
    struct introduction i;
    uint8_t buf[SIGNED_LEN];
    uint8_t signature[SIGNATURE_LEN];
    uint32_t count;
    enum err e;

    if (payload.len > INTRODUCTION_MAX)
        return ERR_TOO_LARGE;
    e = mp_check_canonical(payload);
    if (e != ERR_OK)
        return e;
    count = mp_read_array(&r, INTRODUCTION_MAX);
    if (mp_read_uint(&r) != FORM || count < 5)
        reader_fail(&r, ERR_MALFORMED);
    mp_read_bin_exact(&r, i.node, KEY_LEN);
    i.features = mp_read_uint(&r);
    i.version = mp_read_uint(&r);
    mp_read_bin_exact(&r, signature, SIGNATURE_LEN);
    if (i.version == 0 || i.version > UINT32_MAX)
        reader_fail(&r, ERR_MALFORMED);
    if (r.err != ERR_OK)
        return r.err;
    e = domain_verify(
        signature, DOMAIN_HANDSHAKE, network,
        signed_bytes(buf, i.features, (uint32_t)i.version, noise_public, hash),
        i.node);
    if (e == ERR_OK)
        *out = i;
    return e;
}
