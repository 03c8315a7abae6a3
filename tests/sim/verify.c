#include "tests/sim/verify.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "proto/bytes.h"
#include "tests/sim/heap.h"

/* An open table of what was asked, at most half full; 0: free. */
static struct answer {
    uint64_t hash;
    int result;
} * answers;
static uint32_t answers_count;
static uint32_t answers_cap;

int __real_crypto_sign_verify_detached(const unsigned char *signature,
                                       const unsigned char *message,
                                       unsigned long long len,
                                       const unsigned char *key);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature,
                                       const unsigned char *message,
                                       unsigned long long len,
                                       const unsigned char *key);

static struct answer *find(uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (answers_cap - 1);

    while (answers[at].hash != 0 && answers[at].hash != hash)
        at = (at + 1) & (answers_cap - 1);
    return &answers[at];
}

static void grow(void)
{
    struct answer *old = answers;
    uint32_t old_cap = answers_cap;
    uint32_t owner = heap_switch(HEAP_NOBODY);

    answers_cap = old_cap == 0 ? 1024 : 2 * old_cap;
    answers = calloc(answers_cap, sizeof *answers);
    assert(answers != NULL);
    for (uint32_t i = 0; i < old_cap; i++)
        if (old[i].hash != 0)
            *find(old[i].hash) = old[i];
    free(old);
    (void)heap_switch(owner);
}

/* Of all that the answer depends on. */
static uint64_t hash_of(const unsigned char *signature,
                        const unsigned char *message, size_t len,
                        const unsigned char *key)
{
    static const uint8_t salt[crypto_shorthash_KEYBYTES] = { 's', 'i', 'm' };
    uint8_t parts[3 * crypto_shorthash_BYTES];
    uint8_t out[crypto_shorthash_BYTES];

    (void)crypto_shorthash(parts, signature, crypto_sign_BYTES, salt);
    (void)crypto_shorthash(parts + sizeof out, key, crypto_sign_PUBLICKEYBYTES,
                           salt);
    (void)crypto_shorthash(parts + 2 * sizeof out, message, len, salt);
    (void)crypto_shorthash(out, parts, sizeof parts, salt);
    return get_u64(out) | 1;
}

int __wrap_crypto_sign_verify_detached(const unsigned char *signature,
                                       const unsigned char *message,
                                       unsigned long long len,
                                       const unsigned char *key)
{
    uint64_t hash = hash_of(signature, message, (size_t)len, key);
    struct answer *answer;

    if (answers_count >= answers_cap / 2)
        grow();
    answer = find(hash);
    if (answer->hash == 0) {
        answer->hash = hash;
        answer->result =
            __real_crypto_sign_verify_detached(signature, message, len, key);
        answers_count++;
    }
    return answer->result;
}

void verify_close(void)
{
    free(answers);
    answers = NULL;
    answers_count = 0;
    answers_cap = 0;
}

uint64_t verify_count(void)
{
    return answers_count;
}
