#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/options.h"

#define ARGS(...)                                                              \
    (char *[])                                                                 \
    {                                                                          \
        (char[]){ "trouped" }, __VA_ARGS__, NULL                               \
    }
#define ARG(text) ((char[]){ text })

static char complaint[256];

static enum err parse(struct options *out, char **argv)
{
    int argc = 0;
    FILE *to;
    enum err e;

    while (argv[argc] != NULL)
        argc++;
    memset(complaint, 0, sizeof complaint);
    to = fmemopen(complaint, sizeof complaint, "w");
    assert_non_null(to);
    e = options_parse(out, argc, argv, to);
    (void)fclose(to);
    return e;
}

static void every_option_is_understood(void **state)
{
    struct options o;

    (void)state;
    assert_int_equal(
        parse(&o,
              ARGS(ARG("--home"), ARG("/h"), ARG("--listen"),
                   ARG("127.0.0.1:0"), ARG("--listen=[::1]:7"),
                   ARG("--network"), ARG("test-a"), ARG("--no-lan"),
                   ARG("--no-portmap"), ARG("--no-meet"), ARG("--test-clock"),
                   ARG("--check-config"), ARG("--log-level"), ARG("debug"))),
        ERR_OK);
    assert_string_equal(o.home, "/h");
    assert_int_equal(o.listen_count, 2);
    assert_string_equal(o.listen[0], "127.0.0.1:0");
    assert_string_equal(o.listen[1], "[::1]:7");
    assert_string_equal(o.network, "test-a");
    assert_string_equal(o.log_level, "debug");
    assert_true(o.no_lan && o.no_portmap && o.no_meet && o.test_clock);
    assert_true(o.check_config);
    assert_false(o.help || o.version);
}

static void nothing_said_is_nothing_set(void **state)
{
    struct options o;

    (void)state;
    assert_int_equal(parse(&o, (char *[]){ ARG("trouped"), NULL }), ERR_OK);
    assert_null(o.home);
    assert_int_equal(o.listen_count, 0);
    assert_string_equal(complaint, "");
}

static void what_is_no_option_is_named(void **state)
{
    struct options o = { .home = "kept" };

    (void)state;
    assert_int_equal(parse(&o, ARGS(ARG("--hime"), ARG("x"))), ERR_USAGE);
    assert_non_null(strstr(complaint, "--hime"));
    assert_int_equal(parse(&o, ARGS(ARG("--network"))), ERR_USAGE);
    assert_non_null(strstr(complaint, "--network needs a value"));
    assert_int_equal(parse(&o, ARGS(ARG("stray"))), ERR_USAGE);
    assert_non_null(strstr(complaint, "stray"));
    assert_string_equal(o.home, "kept");
}

static void eight_listeners_are_the_most(void **state)
{
    static char listen[] = "--listen=h:1";
    char *argv[2 + OPTIONS_LISTEN_MAX + 1] = { ARG("trouped") };
    struct options o;

    (void)state;
    for (int i = 1; i <= OPTIONS_LISTEN_MAX; i++)
        argv[i] = listen;
    assert_int_equal(parse(&o, argv), ERR_OK);
    assert_int_equal(o.listen_count, OPTIONS_LISTEN_MAX);
    argv[OPTIONS_LISTEN_MAX + 1] = listen;
    assert_int_equal(parse(&o, argv), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_understood),
        cmocka_unit_test(nothing_said_is_nothing_set),
        cmocka_unit_test(what_is_no_option_is_named),
        cmocka_unit_test(eight_listeners_are_the_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
