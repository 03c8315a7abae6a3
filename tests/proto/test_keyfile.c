/* Key files: each form there and back, and every way in which one is damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/keyfile.h"

static const uint8_t SEED[NODE_SEED_LEN] = { 5, 6, 7, [40] = 9 };
static const uint8_t ENTROPY[ENTROPY_LEN] = { 1, 2, 3, [31] = 4 };
static const uint8_t RANDOM[SEAL_RANDOM_LEN] = { 11, 12, [39] = 13 };
static const struct seal_cost CHEAP = { 1, SEAL_MEMORY_KIB_MIN };

static void a_node_key_comes_back(void **state)
{
    uint8_t buf[KEYFILE_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct node_keys keys, back;

    (void)state;
    node_keys_from_seed(&keys, SEED);
    keyfile_write_node(&w, &keys);
    assert_int_equal(w.len, 12 + 64 + 32);
    assert_int_equal(keyfile_read_node(&back, writer_view(&w)), ERR_OK);
    assert_memory_equal(&back, &keys, sizeof keys);
}

static void a_device_key_comes_back_with_and_without_certificate(void **state)
{
    static uint8_t certificate[RECORD_CERTIFICATE_MAX] = { 8 };
    static const size_t lens[] = { 0, 1, sizeof certificate };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint8_t buf[KEYFILE_MAX];
        struct writer w = writer_fixed(buf, sizeof buf);
        struct bytes given = { certificate, lens[i] };
        struct bytes found;
        struct sign_key key, back;

        sign_key_from_seed(&key, SEED);
        keyfile_write_device(&w, &key, given);
        assert_int_equal(keyfile_read_device(&back, &found, writer_view(&w)),
                         ERR_OK);
        assert_memory_equal(&back, &key, sizeof key);
        assert_true(bytes_equal(found, given));
    }
}

static void an_open_person_key_needs_no_passphrase(void **state)
{
    uint8_t buf[KEYFILE_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    uint8_t back[ENTROPY_LEN];
    bool sealed = true;

    (void)state;
    keyfile_write_person(&w, ENTROPY);
    assert_int_equal(keyfile_is_sealed(&sealed, writer_view(&w)), ERR_OK);
    assert_false(sealed);
    assert_int_equal(
        keyfile_read_person(back, writer_view(&w), (struct bytes){ NULL, 0 }),
        ERR_OK);
    assert_memory_equal(back, ENTROPY, ENTROPY_LEN);
}

static size_t write_sealed(uint8_t buf[KEYFILE_MAX])
{
    struct writer w = writer_fixed(buf, KEYFILE_MAX);

    assert_int_equal(keyfile_write_person_sealed(&w, ENTROPY,
                                                 BYTES_LITERAL("open sesame"),
                                                 CHEAP, RANDOM),
                     ERR_OK);
    return w.len;
}

static void a_sealed_person_key_opens_with_its_passphrase_alone(void **state)
{
    uint8_t buf[KEYFILE_MAX];
    struct bytes file = { buf, write_sealed(buf) };
    uint8_t back[ENTROPY_LEN] = { 0 };
    uint8_t zeros[ENTROPY_LEN] = { 0 };
    bool sealed = false;

    (void)state;
    assert_int_equal(keyfile_is_sealed(&sealed, file), ERR_OK);
    assert_true(sealed);
    assert_null(memmem(buf, file.len, ENTROPY, 8));
    assert_int_equal(keyfile_read_person(back, file, BYTES_LITERAL("Open")),
                     ERR_KEY_SEALED);
    assert_int_equal(keyfile_read_person(back, file, (struct bytes){ NULL, 0 }),
                     ERR_KEY_SEALED);
    assert_memory_equal(back, zeros, ENTROPY_LEN);
    assert_int_equal(
        keyfile_read_person(back, file, BYTES_LITERAL("open sesame")), ERR_OK);
    assert_memory_equal(back, ENTROPY, ENTROPY_LEN);
}

/* Every reader on every damaged copy of every file. */
static void assert_damaged(struct bytes file)
{
    struct node_keys node;
    struct sign_key device;
    struct bytes certificate;
    uint8_t entropy[ENTROPY_LEN];
    bool sealed;

    assert_int_equal(keyfile_read_node(&node, file), ERR_KEY_DAMAGED);
    assert_int_equal(keyfile_read_device(&device, &certificate, file),
                     ERR_KEY_DAMAGED);
    assert_int_equal(keyfile_is_sealed(&sealed, file), ERR_KEY_DAMAGED);
    assert_int_equal(keyfile_read_person(entropy, file, BYTES_LITERAL("x")),
                     ERR_KEY_DAMAGED);
}

static size_t write_kind(uint8_t buf[KEYFILE_MAX], int kind)
{
    struct writer w = writer_fixed(buf, KEYFILE_MAX);
    struct node_keys node;

    node_keys_from_seed(&node, SEED);
    if (kind == 0)
        keyfile_write_node(&w, &node);
    else if (kind == 1)
        keyfile_write_device(&w, &node.sign, BYTES_LITERAL("certificate"));
    else if (kind == 2)
        keyfile_write_person(&w, ENTROPY);
    else
        return write_sealed(buf);
    return w.len;
}

static void every_changed_byte_and_every_length_is_damage(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        uint8_t buf[KEYFILE_MAX] = { 0 };
        size_t len = write_kind(buf, kind);

        for (size_t at = 0; at < len; at++) {
            buf[at] ^= (uint8_t)(1 << at % 8);
            assert_damaged((struct bytes){ buf, len });
            buf[at] ^= (uint8_t)(1 << at % 8);
            assert_damaged((struct bytes){ buf, at });
        }
        assert_damaged((struct bytes){ buf, len + 1 });
    }
}

static void one_kind_is_never_read_as_another(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        uint8_t buf[KEYFILE_MAX];
        struct bytes file = { buf, write_kind(buf, kind) };
        struct node_keys node;
        struct sign_key device;
        struct bytes certificate;
        bool sealed;

        assert_int_equal(keyfile_read_node(&node, file),
                         kind == 0 ? ERR_OK : ERR_KEY_DAMAGED);
        assert_int_equal(keyfile_read_device(&device, &certificate, file),
                         kind == 1 ? ERR_OK : ERR_KEY_DAMAGED);
        assert_int_equal(keyfile_is_sealed(&sealed, file),
                         kind >= 2 ? ERR_OK : ERR_KEY_DAMAGED);
    }
}

/* Makes the checksum right again after a deliberate change. */
static void amend(uint8_t *file, size_t len)
{
    hash_bytes(file + len - HASH_LEN, (struct bytes){ file, len - HASH_LEN });
}

static void a_later_version_is_told_from_damage(void **state)
{
    uint8_t buf[KEYFILE_MAX];
    size_t len = write_kind(buf, 0);
    struct node_keys node;

    (void)state;
    buf[8] = 2;
    amend(buf, len);
    assert_int_equal(keyfile_read_node(&node, (struct bytes){ buf, len }),
                     ERR_VERSION);
}

static void a_cost_out_of_bounds_is_not_paid(void **state)
{
    static const struct {
        uint32_t passes, memory_kib;
    } wrong[] = { { 0, 8 },
                  { SEAL_PASSES_MAX + 1, 8 },
                  { UINT32_MAX, 8 },
                  { 1, 0 },
                  { 1, SEAL_MEMORY_KIB_MIN - 1 },
                  { 1, SEAL_MEMORY_KIB_MAX + 1 },
                  { 1, UINT32_MAX } };
    uint8_t buf[KEYFILE_MAX];
    size_t len = write_sealed(buf);
    uint8_t entropy[ENTROPY_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_u32(buf + 12, wrong[i].passes);
        put_u32(buf + 16, wrong[i].memory_kib);
        amend(buf, len);
        assert_int_equal(keyfile_read_person(entropy,
                                             (struct bytes){ buf, len },
                                             BYTES_LITERAL("open sesame")),
                         ERR_KEY_DAMAGED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_key_comes_back),
        cmocka_unit_test(a_device_key_comes_back_with_and_without_certificate),
        cmocka_unit_test(an_open_person_key_needs_no_passphrase),
        cmocka_unit_test(a_sealed_person_key_opens_with_its_passphrase_alone),
        cmocka_unit_test(every_changed_byte_and_every_length_is_damage),
        cmocka_unit_test(one_kind_is_never_read_as_another),
        cmocka_unit_test(a_later_version_is_told_from_damage),
        cmocka_unit_test(a_cost_out_of_bounds_is_not_paid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
