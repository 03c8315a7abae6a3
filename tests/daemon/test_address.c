#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/address.h"

static struct sockaddr_storage addr(const char *text)
{
    struct sockaddr_storage out;

    assert_int_equal(address_parse(&out, text), ERR_OK);
    return out;
}

static void addresses_print_as_they_were_written(void **state)
{
    static const char *const texts[] = { "127.0.0.1:0", "[::1]:7433",
                                         "255.255.255.255:65535",
                                         "[2001:db8::1]:1" };
    char out[ADDRESS_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sockaddr_storage a = addr(texts[i]);

        address_print(out, (struct sockaddr *)&a);
        assert_string_equal(out, texts[i]);
    }
}

static void ipv4_inside_ipv6_is_ipv4(void **state)
{
    struct sockaddr_storage inside = addr("[::ffff:10.1.2.3]:5");
    struct sockaddr_storage plain = addr("10.1.2.3:6");
    char out[ADDRESS_TEXT_MAX];

    (void)state;
    address_print(out, (struct sockaddr *)&inside);
    assert_string_equal(out, "10.1.2.3:5");
    assert_true(address_same_host((struct sockaddr *)&inside,
                                  (struct sockaddr *)&plain));
    assert_int_equal(address_network((struct sockaddr *)&inside),
                     address_network((struct sockaddr *)&plain));
}

static void networks_are_16_bits_of_ipv4_and_32_of_ipv6(void **state)
{
    struct sockaddr_storage a = addr("10.1.2.3:1");
    struct sockaddr_storage b = addr("10.1.9.9:2");
    struct sockaddr_storage c = addr("10.2.2.3:1");
    struct sockaddr_storage d = addr("[2001:db8:1::1]:1");
    struct sockaddr_storage e = addr("[2001:db8:2::1]:1");
    struct sockaddr_storage f = addr("[2001:db9::1]:1");

    (void)state;
#define NET(x) address_network((struct sockaddr *)&(x))
    assert_int_equal(NET(a), NET(b));
    assert_int_not_equal(NET(a), NET(c));
    assert_int_equal(NET(d), NET(e));
    assert_int_not_equal(NET(d), NET(f));
#undef NET
}

static void malformed_addresses_are_refused(void **state)
{
    static const char *const bad[] = {
        "",          ":1",       "host",  "1.2.3.4", "::1:1",
        "1.2.3.4:",  "a:123456", "a:1x",  "[]:1",    "1.2.3.4:65536",
        "1\xb1.0:1", "a b:1",    "a\n:1", "\x7f:1"
    };
    struct address_parts parts;
    char long_host[ADDRESS_TEXT_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(address_split(&parts, bad[i]), ERR_USAGE);
    memset(long_host, 'a', sizeof long_host);
    memcpy(long_host + ADDRESS_TEXT_MAX - 2, ":1", 3);
    assert_int_equal(address_split(&parts, long_host), ERR_USAGE);
    memcpy(long_host + ADDRESS_TEXT_MAX - 3, ":1", 3);
    assert_int_equal(address_split(&parts, long_host), ERR_OK);
}

static void an_endpoint_is_the_same_address_again(void **state)
{
    static const char *const texts[] = { "9.8.7.6:7433", "[2001:db8::1]:1" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage addr;
        struct sockaddr_storage back;
        struct endpoint endpoint;
        char text[ADDRESS_TEXT_MAX];

        assert_int_equal(address_parse(&addr, texts[i]), ERR_OK);
        endpoint = address_endpoint((struct sockaddr *)&addr);
        assert_true(endpoint_is_v4(&endpoint) == (i == 0));
        address_of_endpoint(&back, &endpoint);
        address_print(text, (struct sockaddr *)&back);
        assert_string_equal(text, texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_is_the_same_address_again),
        cmocka_unit_test(addresses_print_as_they_were_written),
        cmocka_unit_test(ipv4_inside_ipv6_is_ipv4),
        cmocka_unit_test(networks_are_16_bits_of_ipv4_and_32_of_ipv6),
        cmocka_unit_test(malformed_addresses_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
