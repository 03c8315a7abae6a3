#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/reach.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* An interface with this address, as the system tells of it. */
static uv_interface_address_t interface(const char *address)
{
    uv_interface_address_t out = { 0 };
    struct sockaddr_storage addr = { 0 };

    assert_int_equal(address_parse(&addr, address), ERR_OK);
    memcpy(&out.address, &addr, sizeof out.address);
    return out;
}

/* What is told of `listening` on a machine with all sorts of addresses. */
static struct reach reach(const char *const listening[], size_t count)
{
    uv_interface_address_t interfaces[] = {
        interface("127.0.0.1:0"),     interface("[::1]:0"),
        interface("[fe80::1]:0"),     interface("[2001:db8::7]:0"),
        interface("169.254.3.4:0"),   interface("192.0.2.10:0"),
        interface("198.51.100.20:0"),
    };
    struct reach out;

    reach_collect(&out, listening, count, interfaces, COUNT(interfaces));
    return out;
}

static void a_listener_on_all_is_told_by_the_interfaces(void **state)
{
    static const char *const listening[] = { "[::]:7000", "0.0.0.0:7433" };
    struct reach r = reach(listening, 2);

    (void)state;
    assert_int_equal(r.count, 3);
    assert_string_equal(r.at[0], "192.0.2.10:7433");
    assert_string_equal(r.at[1], "198.51.100.20:7433");
    assert_string_equal(r.at[2], "[2001:db8::7]:7000");
}

static void a_listener_of_one_family_is_not_told_by_the_other(void **state)
{
    static const char *const listening[] = { "[::]:7433" };
    struct reach r = reach(listening, 1);

    (void)state;
    assert_int_equal(r.count, 1);
    assert_string_equal(r.at[0], "[2001:db8::7]:7433");
}

static void loopback_is_told_last_and_only_if_it_is_bound(void **state)
{
    static const char *const listening[] = { "127.0.0.1:4000", "[::1]:4001",
                                             "0.0.0.0:5000" };
    struct reach r = reach(listening, 3);

    (void)state;
    assert_int_equal(r.count, 4);
    assert_string_equal(r.at[0], "192.0.2.10:5000");
    assert_string_equal(r.at[1], "198.51.100.20:5000");
    assert_string_equal(r.at[2], "127.0.0.1:4000");
    assert_string_equal(r.at[3], "[::1]:4001");
}

static void an_address_is_told_once(void **state)
{
    static const char *const listening[] = { "192.0.2.10:7433", "0.0.0.0:7433",
                                             "192.0.2.10:7433" };
    struct reach r = reach(listening, 3);

    (void)state;
    assert_int_equal(r.count, 2);
    assert_string_equal(r.at[0], "192.0.2.10:7433");
    assert_string_equal(r.at[1], "198.51.100.20:7433");
}

static void no_more_than_four_are_told(void **state)
{
    static const char *const listening[] = { "0.0.0.0:1", "0.0.0.0:2",
                                             "0.0.0.0:3" };
    struct reach r = reach(listening, 3);

    (void)state;
    assert_int_equal(r.count, REACH_MAX);
}

static void a_machine_without_a_network_has_nothing_to_tell(void **state)
{
    static const char *const listening[] = { "0.0.0.0:7433", "[::]:7433" };
    uv_interface_address_t only[] = { interface("127.0.0.1:0") };
    struct reach r;

    (void)state;
    reach_collect(&r, listening, 2, only, 1);
    assert_int_equal(r.count, 0);
    reach_collect(&r, listening, 2, NULL, 0);
    assert_int_equal(r.count, 0);
    reach_collect(&r, NULL, 0, only, 1);
    assert_int_equal(r.count, 0);
}

static void the_interfaces_of_this_machine_can_be_asked(void **state)
{
    static const char *const listening[] = { "127.0.0.1:4000" };
    struct reach r;

    (void)state;
    reach_of_machine(&r, listening, 1);
    assert_int_equal(r.count, 1);
    assert_string_equal(r.at[0], "127.0.0.1:4000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_on_all_is_told_by_the_interfaces),
        cmocka_unit_test(a_listener_of_one_family_is_not_told_by_the_other),
        cmocka_unit_test(loopback_is_told_last_and_only_if_it_is_bound),
        cmocka_unit_test(an_address_is_told_once),
        cmocka_unit_test(no_more_than_four_are_told),
        cmocka_unit_test(a_machine_without_a_network_has_nothing_to_tell),
        cmocka_unit_test(the_interfaces_of_this_machine_can_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
