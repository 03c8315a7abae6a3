/* Addresses and the signed announcements that carry them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/announcement.h"

struct made {
    struct network network;
    struct sign_key key;
    struct announcement a;
    uint8_t bytes[ANNOUNCEMENT_MAX];
    size_t len;
};

static struct endpoint endpoint_v6(uint8_t first, uint16_t port)
{
    return (struct endpoint){ .ip = { first, [15] = 9 }, .port = port };
}

static void make(struct made *m, size_t count)
{
    const uint8_t seed[32] = { 5 };
    struct writer w = writer_fixed(m->bytes, sizeof m->bytes);

    memset(&m->a, 0, sizeof m->a);
    assert_int_equal(network_parse(&m->network, "lab"), ERR_OK);
    sign_key_from_seed(&m->key, seed);
    memcpy(m->a.node, m->key.public_key, KEY_LEN);
    m->a.time_ms = 1800000000000;
    m->a.count = (uint8_t)count;
    for (size_t i = 0; i < count; i++)
        m->a.endpoints[i] = i % 2 == 0 ? endpoint_v6(0x20, (uint16_t)(i + 1))
                                       : endpoint_v4(9, 9, 9, (uint8_t)i, 7433);
    announcement_write(&w, &m->a, &m->network, &m->key);
    assert_int_equal(w.err, ERR_OK);
    m->len = w.len;
}

static struct bytes view(const struct made *m)
{
    return (struct bytes){ m->bytes, m->len };
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    for (size_t count = 0; count <= ANNOUNCEMENT_ENDPOINTS_MAX; count++) {
        struct announcement a;
        struct made m;

        make(&m, count);
        assert_int_equal(announcement_read(&a, view(&m)), ERR_OK);
        assert_int_equal(announcement_verify(view(&m), &m.network), ERR_OK);
        assert_memory_equal(a.node, m.a.node, KEY_LEN);
        assert_true(a.time_ms == m.a.time_ms && a.count == count);
        for (size_t i = 0; i < count; i++)
            assert_true(endpoint_equal(&a.endpoints[i], &m.a.endpoints[i]));
    }
}

static void every_truncation_is_refused(void **state)
{
    struct announcement a;
    struct made m;

    (void)state;
    make(&m, 3);
    for (size_t len = 0; len < m.len; len++)
        assert_int_not_equal(
            announcement_read(&a, (struct bytes){ m.bytes, len }), ERR_OK);
    m.bytes[m.len] = 0;
    assert_int_not_equal(
        announcement_read(&a, (struct bytes){ m.bytes, m.len + 1 }), ERR_OK);
}

static void every_changed_byte_spoils_it(void **state)
{
    struct made m;

    (void)state;
    make(&m, 2);
    for (size_t i = 0; i < m.len; i++) {
        m.bytes[i] ^= 1;
        assert_int_not_equal(announcement_verify(view(&m), &m.network), ERR_OK);
        m.bytes[i] ^= 1;
    }
}

static void another_network_is_another_signature(void **state)
{
    struct network other;
    struct made m;

    (void)state;
    make(&m, 1);
    assert_int_equal(network_parse(&other, "lab2"), ERR_OK);
    assert_int_equal(announcement_verify(view(&m), &other), ERR_BAD_SIGNATURE);
}

static void nine_endpoints_are_too_many(void **state)
{
    struct announcement a;
    struct made m;

    (void)state;
    make(&m, 0);
    m.bytes[m.len - SIGNATURE_LEN - 1] = 0x99; /* an array of nine */
    assert_int_not_equal(announcement_read(&a, view(&m)), ERR_OK);
}

static void it_lives_a_week(void **state)
{
    struct made m;
    uint64_t made_ms;

    (void)state;
    make(&m, 1);
    made_ms = m.a.time_ms;
    assert_true(announcement_is_fresh(&m.a, made_ms + ANNOUNCEMENT_LIVE_MS));
    assert_false(
        announcement_is_fresh(&m.a, made_ms + ANNOUNCEMENT_LIVE_MS + 1));
    assert_true(announcement_is_fresh(&m.a, made_ms - DAY_MS));
    assert_false(announcement_is_fresh(&m.a, made_ms - DAY_MS - 1));
}

static void addresses_have_their_scope(void **state)
{
    static const struct {
        uint8_t ip[4];
        enum endpoint_scope scope;
    } v4[] = {
        { { 127, 0, 0, 1 }, ENDPOINT_LOOPBACK },
        { { 10, 1, 2, 3 }, ENDPOINT_PRIVATE },
        { { 172, 16, 0, 1 }, ENDPOINT_PRIVATE },
        { { 172, 31, 255, 1 }, ENDPOINT_PRIVATE },
        { { 172, 32, 0, 1 }, ENDPOINT_PUBLIC },
        { { 192, 168, 9, 9 }, ENDPOINT_PRIVATE },
        { { 100, 64, 0, 1 }, ENDPOINT_PRIVATE },
        { { 100, 128, 0, 1 }, ENDPOINT_PUBLIC },
        { { 169, 254, 1, 1 }, ENDPOINT_NOWHERE },
        { { 0, 0, 0, 0 }, ENDPOINT_NOWHERE },
        { { 224, 0, 0, 1 }, ENDPOINT_NOWHERE },
        { { 255, 255, 255, 255 }, ENDPOINT_NOWHERE },
        { { 9, 9, 9, 9 }, ENDPOINT_PUBLIC },
    };
    struct endpoint e;

    (void)state;
    for (size_t i = 0; i < sizeof v4 / sizeof v4[0]; i++) {
        e = endpoint_v4(v4[i].ip[0], v4[i].ip[1], v4[i].ip[2], v4[i].ip[3], 1);
        assert_int_equal(endpoint_scope(&e), v4[i].scope);
        e.port = 0;
        assert_int_equal(endpoint_scope(&e), ENDPOINT_NOWHERE);
    }
    e = (struct endpoint){ .ip = { [15] = 1 }, .port = 1 };
    assert_int_equal(endpoint_scope(&e), ENDPOINT_LOOPBACK);
    e = endpoint_v6(0xfd, 1);
    assert_int_equal(endpoint_scope(&e), ENDPOINT_PRIVATE);
    e = endpoint_v6(0x2a, 1);
    assert_int_equal(endpoint_scope(&e), ENDPOINT_PUBLIC);
    e.ip[0] = 0x20; /* 6to4: 10.0.0.1 in disguise */
    e.ip[1] = 0x02;
    e.ip[2] = 10;
    assert_int_equal(endpoint_scope(&e), ENDPOINT_NOWHERE);
    e = endpoint_v6(0x20, 1); /* Teredo: 2001:0::/32 */
    e.ip[1] = 0x01;
    assert_int_equal(endpoint_scope(&e), ENDPOINT_NOWHERE);
    e = endpoint_v6(0xfe, 1);
    assert_int_equal(endpoint_scope(&e), ENDPOINT_NOWHERE);
    e = endpoint_v6(0xff, 1);
    assert_int_equal(endpoint_scope(&e), ENDPOINT_NOWHERE);
}

static void only_who_is_there_speaks_of_a_private_network(void **state)
{
    struct endpoint loopback = endpoint_v4(127, 0, 0, 1, 1);
    struct endpoint private = endpoint_v4(10, 0, 0, 1, 1);
    struct endpoint public = endpoint_v4(9, 0, 0, 1, 1);
    struct endpoint nowhere = endpoint_v4(224, 0, 0, 1, 1);

    (void)state;
    assert_true(endpoint_may_dial(&public, ENDPOINT_PUBLIC));
    assert_false(endpoint_may_dial(&private, ENDPOINT_PUBLIC));
    assert_true(endpoint_may_dial(&private, ENDPOINT_PRIVATE));
    assert_false(endpoint_may_dial(&loopback, ENDPOINT_PUBLIC));
    assert_false(endpoint_may_dial(&loopback, ENDPOINT_PRIVATE));
    assert_true(endpoint_may_dial(&loopback, ENDPOINT_LOOPBACK));
    assert_false(endpoint_may_dial(&nowhere, ENDPOINT_LOOPBACK));
}

/* One address, one form. */
static void ipv4_in_the_long_form_is_refused(void **state)
{
    struct endpoint v4 = endpoint_v4(9, 9, 9, 9, 7433);
    uint8_t buf[ENDPOINT_V6_LEN] = { 0 };
    struct endpoint e;

    (void)state;
    assert_int_equal(endpoint_write(buf, &v4).len, ENDPOINT_V4_LEN);
    memcpy(buf, v4.ip, sizeof v4.ip);
    assert_int_equal(endpoint_read(&e, BYTES_ARRAY(buf)), ERR_MALFORMED);
    for (size_t len = 0; len < sizeof buf; len++)
        if (len != ENDPOINT_V4_LEN)
            assert_int_equal(endpoint_read(&e, (struct bytes){ buf, len }),
                             ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_byte_spoils_it),
        cmocka_unit_test(another_network_is_another_signature),
        cmocka_unit_test(nine_endpoints_are_too_many),
        cmocka_unit_test(it_lives_a_week),
        cmocka_unit_test(addresses_have_their_scope),
        cmocka_unit_test(only_who_is_there_speaks_of_a_private_network),
        cmocka_unit_test(ipv4_in_the_long_form_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
