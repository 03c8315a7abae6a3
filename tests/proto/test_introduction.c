/* The payload by which a node proves in the handshake which one it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/introduction.h"
#include "proto/mp.h"

static struct network lab;
static struct node_keys keys;
static const uint8_t hash[HASH_LEN] = { 4, 5, 6 };

static int make_keys(void **state)
{
    static const uint8_t seed[NODE_SEED_LEN] = { 1, 2, 3 };

    (void)state;
    node_keys_from_seed(&keys, seed);
    return network_parse(&lab, "lab") == ERR_OK ? 0 : -1;
}

static struct bytes write_own(uint8_t buf[INTRODUCTION_MAX], uint64_t features)
{
    struct writer w = writer_fixed(buf, INTRODUCTION_MAX);

    introduction_write(&w, &keys, &lab, features, hash);
    assert_int_equal(w.err, ERR_OK);
    return writer_view(&w);
}

/* Reads, and demands that an error leaves the output as it was. */
static enum err read_with(struct bytes payload, const struct network *network,
                          const uint8_t *noise_public, const uint8_t *hashed)
{
    struct introduction out, before;
    enum err e;

    memset(&out, 0x55, sizeof out);
    before = out;
    e = introduction_read(&out, payload, network, noise_public, hashed);
    if (e != ERR_OK)
        assert_memory_equal(&out, &before, sizeof out);
    return e;
}

static enum err read_plain(struct bytes payload)
{
    return read_with(payload, &lab, keys.noise_public, hash);
}

static void what_is_written_is_read(void **state)
{
    static const uint64_t features[] = { 0, 1, 127, 128, 65536, MP_INT_MAX };
    uint8_t buf[INTRODUCTION_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        struct introduction out;
        struct bytes payload = write_own(buf, features[i]);

        assert_int_equal(
            introduction_read(&out, payload, &lab, keys.noise_public, hash),
            ERR_OK);
        assert_memory_equal(out.node, keys.sign.public_key, KEY_LEN);
        assert_int_equal(out.features, features[i]);
        assert_int_equal(out.version, INTRODUCTION_VERSION);
    }
}

static void every_truncation_and_every_flipped_bit_is_refused(void **state)
{
    uint8_t buf[INTRODUCTION_MAX];
    struct bytes whole = write_own(buf, 300);

    (void)state;
    for (size_t len = 0; len < whole.len; len++)
        assert_int_not_equal(read_plain((struct bytes){ buf, len }), ERR_OK);
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(read_plain(whole), ERR_OK);
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(read_plain(whole), ERR_OK);
}

static void a_trailing_byte_is_refused(void **state)
{
    uint8_t buf[INTRODUCTION_MAX];
    struct bytes whole = write_own(buf, 0);

    (void)state;
    buf[whole.len] = 0;
    whole.len++;
    assert_int_equal(read_plain(whole), ERR_TRAILING);
}

static void it_holds_for_one_network_one_key_and_one_handshake(void **state)
{
    uint8_t buf[INTRODUCTION_MAX];
    struct bytes whole = write_own(buf, 0);
    struct network other;
    uint8_t changed[KEY_LEN];

    (void)state;
    assert_int_equal(network_parse(&other, "lab2"), ERR_OK);
    assert_int_equal(read_with(whole, &other, keys.noise_public, hash),
                     ERR_BAD_SIGNATURE);
    for (size_t i = 0; i < KEY_LEN; i++) {
        memcpy(changed, keys.noise_public, KEY_LEN);
        changed[i] ^= 0x80;
        assert_int_equal(read_with(whole, &lab, changed, hash),
                         ERR_BAD_SIGNATURE);
        memcpy(changed, hash, HASH_LEN);
        changed[i] ^= 0x80;
        assert_int_equal(read_with(whole, &lab, keys.noise_public, changed),
                         ERR_BAD_SIGNATURE);
    }
}

/* One made by hand, rightly signed, with `version` and `extra` elements. */
static struct bytes forge(uint8_t buf[2 * INTRODUCTION_MAX], uint64_t form,
                          uint64_t version, size_t extra)
{
    struct writer w = writer_fixed(buf, 2 * INTRODUCTION_MAX);
    uint8_t data[HASH_LEN + KEY_LEN + 12];
    struct writer d = writer_fixed(data, sizeof data);
    uint8_t signature[SIGNATURE_LEN];

    writer_bytes(&d, BYTES_ARRAY(hash));
    writer_bytes(&d, BYTES_ARRAY(keys.noise_public));
    writer_u64(&d, 9);
    writer_u32(&d, (uint32_t)version);
    domain_sign(signature, DOMAIN_HANDSHAKE, &lab, writer_view(&d), &keys.sign);
    mp_put_array(&w, (uint32_t)(5 + extra));
    mp_put_uint(&w, form);
    mp_put_bin(&w, BYTES_ARRAY(keys.sign.public_key));
    mp_put_uint(&w, 9);
    mp_put_uint(&w, version);
    mp_put_bin(&w, BYTES_ARRAY(signature));
    for (size_t i = 0; i < extra; i++)
        mp_put_nil(&w);
    assert_int_equal(w.err, ERR_OK);
    return writer_view(&w);
}

static void versions_of_later_releases_are_read(void **state)
{
    uint8_t buf[2 * INTRODUCTION_MAX];

    (void)state;
    assert_int_equal(read_plain(forge(buf, 1, 1, 0)), ERR_OK);
    assert_int_equal(read_plain(forge(buf, 1, UINT32_MAX, 0)), ERR_OK);
    assert_int_equal(read_plain(forge(buf, 1, 2, 5)), ERR_OK);
    assert_int_equal(read_plain(forge(buf, 1, 0, 0)), ERR_MALFORMED);
    assert_int_equal(read_plain(forge(buf, 2, 1, 0)), ERR_MALFORMED);
    /* Its low 32 bits are signed; the whole number must be. */
    assert_int_equal(read_plain(forge(buf, 1, ((uint64_t)1 << 32) + 1, 0)),
                     ERR_MALFORMED);
}

static void the_size_is_limited_to_the_byte(void **state)
{
    uint8_t buf[2 * INTRODUCTION_MAX];
    size_t least = forge(buf, 1, 1, 0).len + 2; /* array 16: 2 bytes more */
    struct bytes payload = forge(buf, 1, 1, INTRODUCTION_MAX - least);

    (void)state;
    assert_int_equal(payload.len, INTRODUCTION_MAX);
    assert_int_equal(read_plain(payload), ERR_OK);
    payload = forge(buf, 1, 1, INTRODUCTION_MAX - least + 1);
    assert_int_equal(payload.len, INTRODUCTION_MAX + 1);
    assert_int_equal(read_plain(payload), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(every_truncation_and_every_flipped_bit_is_refused),
        cmocka_unit_test(a_trailing_byte_is_refused),
        cmocka_unit_test(it_holds_for_one_network_one_key_and_one_handshake),
        cmocka_unit_test(versions_of_later_releases_are_read),
        cmocka_unit_test(the_size_is_limited_to_the_byte),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
