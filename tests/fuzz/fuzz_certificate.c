/*
 * Any bytes as a certificate.  Input: a byte, then the certificate.  If the
 * byte is odd the certificate is signed anew: its key becomes person key
 * number byte / 2, its person that of the first two keys, which no fuzzer
 * could forge; whatever else it says is the fuzzer's.
 */
#include <string.h>

#include "proto/certificate.h"
#include "proto/identity.h"
#include "proto/mp.h"
#include "tests/fuzz/fuzz.h"

/* Where a core has its person and its key: §2.3. */
#define PERSON_AT 4
#define KEY_AT    38
#define FIXED_LEN (KEY_AT + KEY_LEN)

#define KEYS_COUNT (CERTIFICATE_STEPS_MAX + 1)

static const struct network lab = { 3, "lab" };
static const struct network other = { 5, "other" };

static const struct sign_key *person_key(size_t n)
{
    static const uint8_t entropy[ENTROPY_LEN] = { 3, 1, 4 };
    static struct sign_key keys[KEYS_COUNT];
    static bool are_made;

    for (uint32_t i = 0; !are_made && i < KEYS_COUNT; i++)
        person_key_derive(&keys[i], entropy, i);
    are_made = true;
    return &keys[n % KEYS_COUNT];
}

static void sign_anew(uint8_t *data, size_t size, size_t n)
{
    uint8_t commitment[HASH_LEN];
    const struct sign_key *key = person_key(n);
    size_t core_len = size - SIGNATURE_LEN;

    if (core_len < FIXED_LEN)
        return;
    person_key_commit(commitment, person_key(1)->public_key);
    if (n == 0 && core_len >= FIXED_LEN + 2 + HASH_LEN)
        memcpy(commitment, data + FIXED_LEN + 2, HASH_LEN);
    person_id(data + PERSON_AT, person_key(0)->public_key, commitment);
    memcpy(data + KEY_AT, key->public_key, KEY_LEN);
    domain_sign(data + core_len, DOMAIN_CERTIFICATE, &lab,
                (struct bytes){ data, core_len }, key);
}

/* A first certificate of a key we have is written again to the same bytes. */
static void check_written(const struct certificate *c, struct bytes src)
{
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    const struct sign_key *first = person_key(0);

    if (c->generation != 0 ||
        memcmp(c->person_key, first->public_key, KEY_LEN) != 0)
        return;
    certificate_write(&w, &lab, first, c->next_commitment, c->device_key,
                      c->issued_ms);
    check(bytes_equal(writer_view(&w), src));
}

static void check_certificate(uint8_t *data, size_t size)
{
    struct bytes src = { data, size };
    struct certificate c;

    if (certificate_verify(&c, src, &lab) != ERR_OK)
        return;
    check(bytes_equal(c.whole, src) && c.generation <= CERTIFICATE_STEPS_MAX);
    check_written(&c, src);
    check(certificate_verify(&c, src, &other) == ERR_BAD_SIGNATURE);
    data[size - 1 - data[KEY_AT] % SIGNATURE_LEN] ^= 1;
    check(certificate_verify(&c, src, &lab) == ERR_BAD_SIGNATURE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size);

    if (size > 0 && copy != NULL) {
        memcpy(copy, data, size);
        if (copy[0] % 2 == 1 && size > SIGNATURE_LEN)
            sign_anew(copy + 1, size - 1, copy[0] / 2);
        check_certificate(copy + 1, size - 1);
    }
    free(copy);
    return 0;
}
