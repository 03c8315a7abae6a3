/* Keys from seeds.  Where they are kept, and under what, is keyfile.c. */
#include "proto/identity.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"

void node_keys_from_seed(struct node_keys *out,
                         const uint8_t seed[NODE_SEED_LEN])
{
    int failed;

    sign_key_from_seed(&out->sign, seed);
    memcpy(out->noise_secret, seed + 32, KEY_LEN);
    failed = crypto_scalarmult_base(out->noise_public, out->noise_secret);
    assert(failed == 0);
    (void)failed;
}

void node_keys_wipe(struct node_keys *keys)
{
    if (keys != NULL)
        sodium_memzero(keys, sizeof *keys);
}

void person_key_derive(struct sign_key *out, const uint8_t entropy[ENTROPY_LEN],
                       uint32_t n)
{
    static const char name[] = "troupe person 1";
    uint8_t info[sizeof name - 1 + 4];
    uint8_t seed[1][HASH_LEN];

    memcpy(info, name, sizeof name - 1);
    put_u32(info + sizeof name - 1, n);
    hash_hkdf(seed, 1, (struct bytes){ NULL, 0 },
              (struct bytes){ entropy, ENTROPY_LEN }, BYTES_ARRAY(info));
    sign_key_from_seed(out, seed[0]);
    sodium_memzero(seed, sizeof seed);
}

void person_key_commit(uint8_t out[HASH_LEN], const uint8_t public_key[KEY_LEN])
{
    hash_bytes(out, (struct bytes){ public_key, KEY_LEN });
}
