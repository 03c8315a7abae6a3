#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/config.h"

#define NODE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static enum err parse(struct config *out, struct config_finding *finding,
                      const char *text)
{
    return config_parse(out, finding,
                        (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void an_empty_file_is_the_default(void **state)
{
    struct config c;
    struct config_finding f;

    (void)state;
    assert_int_equal(parse(&c, &f, ""), ERR_OK);
    assert_string_equal(c.network.name, "lab");
    assert_true(c.lan && c.portmap && c.meet && c.tell_leases);
    assert_int_equal(c.log_level, LOG_LEVEL_INFO);
    assert_int_equal(c.listen_count, 0);
}

static void every_setting_is_read(void **state)
{
    struct config c;
    struct config_finding f;

    (void)state;
    assert_int_equal(parse(&c, &f,
                           "# mine\n[node]\nnetwork = test-1\n"
                           "listen = 127.0.0.1:0\nlisten = [::1]:7433\n"
                           "lan = no\nportmap = off\nmeet = no\n"
                           "log_level = debug\n"
                           "quota = 3 GiB ; enough\n"
                           "[limits]\nupload = 2 MiB/s\n"
                           "upload_each = 4096\ndownload = 0\n"
                           "download_each = 7KiB/s\n"
                           "upload_at = 08:00-22:00 1 MiB\n"
                           "upload_at = 23:30-24:00 0\n"
                           "download_at = 22:00-06:05   3 GiB/s\n"
                           "[leases]\ntell = no\n"
                           "[peers]\nadd = " NODE "@10.0.0.1:7433\n"),
                     ERR_OK);
    assert_string_equal(c.network.name, "test-1");
    assert_int_equal(c.listen_count, 2);
    assert_string_equal(c.listen[1], "[::1]:7433");
    assert_false(c.lan || c.portmap || c.meet || c.tell_leases);
    assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(c.quota_bytes, (uint64_t)3 << 30);
    assert_int_equal(c.limits.upload.otherwise, 2u << 20);
    assert_int_equal(c.limits.upload_each, 4096);
    assert_int_equal(c.limits.download.otherwise, 0);
    assert_int_equal(c.limits.download_each, 7 * 1024);
    assert_int_equal(c.limits.upload.count, 2);
    assert_int_equal(day_plan_rate(&c.limits.upload, 12 * 60), 1u << 20);
    assert_int_equal(day_plan_rate(&c.limits.upload, 23 * 60 + 59), 0);
    assert_int_equal(day_plan_rate(&c.limits.upload, 0), 2u << 20);
    assert_int_equal(day_plan_rate(&c.limits.download, 6 * 60 + 4),
                     (uint64_t)3 << 30);
    assert_int_equal(c.peers_count, 1);
    assert_int_equal(c.peers[0].node[1], 0x11);
    assert_string_equal(c.peers[0].address, "10.0.0.1:7433");
}

static void sizes_have_the_units_that_the_client_takes(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {
        { "[node]\nquota = 5\n", 5 },
        { "[node]\nquota = 500MB\n", 500000000 },
        { "[node]\nquota = 5 kB\n", 5000 },
        { "[node]\nquota = 9 GB\n", 9000000000 },
        { "[node]\nquota = 2 TB\n", 2000000000000 },
        { "[node]\nquota = 9007 TB\n", 9007000000000000 },
        { "[node]\nquota = 8191 TiB\n", (uint64_t)8191 << 40 },
    };
    struct config c;
    struct config_finding f;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(parse(&c, &f, sizes[i].text), ERR_OK);
        assert_int_equal(c.quota_bytes, sizes[i].bytes);
    }
}

static void an_unknown_key_names_its_line_and_the_nearest(void **state)
{
    struct config c = { .quota_bytes = 77 };
    struct config_finding f;

    (void)state;
    assert_int_equal(parse(&c, &f, "[node]\n\nnetwrok = lab\n"), ERR_USAGE);
    assert_int_equal(f.line, 3);
    assert_non_null(strstr(f.text, "the nearest is [node] network"));
    assert_int_equal(parse(&c, &f, "[peer]\nad = x\n"), ERR_USAGE);
    assert_non_null(strstr(f.text, "the nearest is [peers] add"));
    assert_int_equal(c.quota_bytes, 77);
}

static void a_bad_value_is_told_what_is_expected(void **state)
{
    static const char *const bad[] = {
        "[node]\nnetwork = No Caps\n",
        "[node]\nlisten = 7433\n",
        "[node]\nlisten = name:7433\n",
        "[node]\nlisten = 1.2.3.4:65536\n",
        "[node]\nlan = maybe\n",
        "[leases]\ntell = some\n",
        "[node]\nlog_level = loud\n",
        "[node]\nquota = many\n",
        "[node]\nquota = 99999999999 TiB\n",
        "[node]\nquota = 8192 TiB\n",
        "[node]\nquota = 9008 TB\n",
        "[node]\nquota = 5 mb\n",
        "[node]\nquota = 5 MBs\n",
        "[peers]\nadd = 1.2.3.4:1\n",
        "[peers]\nadd = abc@1.2.3.4:1\n",
        "[limits]\nupload = fast\n",
        "[limits]\nupload = 1 MiB/h\n",
        "[limits]\nupload = /s\n",
        "[limits]\nupload = -1\n",
        "[limits]\nupload = 1025 GiB\n",
        "[limits]\nupload_at = 1 MiB\n",
        "[limits]\nupload_at = 08:00-22:00\n",
        "[limits]\nupload_at = 08:00-22:001 MiB\n",
        "[limits]\nupload_at = 8:00-22:00 1 MiB\n",
        "[limits]\nupload_at = 08:60-22:00 1 MiB\n",
        "[limits]\nupload_at = 08:00-24:01 1 MiB\n",
        "[limits]\nupload_at = 08:00 22:00 1 MiB\n",
        "[limits]\ndownload_at = 08:00-22:00 \n",
    };
    struct config c;
    struct config_finding f;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.line = 0;
        assert_int_equal(parse(&c, &f, bad[i]), ERR_USAGE);
        assert_int_equal(f.line, 2);
    }
}

static void a_line_that_is_no_setting_is_an_error(void **state)
{
    struct config c;
    struct config_finding f;

    (void)state;
    assert_int_equal(parse(&c, &f, "[node]\nhello\n"), ERR_USAGE);
    assert_int_equal(f.line, 2);
}

static void lists_are_full_at_their_limit(void **state)
{
    char text[4096] = "[node]\n";
    struct config c;
    struct config_finding f;

    (void)state;
    for (int i = 0; i < CONFIG_LISTEN_MAX; i++)
        strcat(text, "listen = 127.0.0.1:0\n");
    assert_int_equal(parse(&c, &f, text), ERR_OK);
    strcat(text, "listen = 127.0.0.1:0\n");
    assert_int_equal(parse(&c, &f, text), ERR_USAGE);
    strcpy(text, "[limits]\n");
    for (int i = 0; i < DAY_PLAN_ROWS; i++)
        strcat(text, "upload_at = 08:00-22:00 1\n");
    assert_int_equal(parse(&c, &f, text), ERR_OK);
    strcat(text, "upload_at = 08:00-22:00 1\n");
    assert_int_equal(parse(&c, &f, text), ERR_USAGE);
}

static void note(void *context, const char *key, const char *before,
                 const char *after, bool restart)
{
    (void)snprintf(context, 256, "%s: %s -> %s%s", key, before, after,
                   restart ? " (restart)" : "");
}

static void only_what_differs_is_told(void **state)
{
    struct config a;
    struct config b;
    struct config_finding f;
    char told[256] = "";

    (void)state;
    assert_int_equal(parse(&a, &f, "[node]\nlan = yes\n"), ERR_OK);
    assert_int_equal(parse(&b, &f, ""), ERR_OK);
    config_each_difference(&a, &b, note, told);
    assert_string_equal(told, "");
    assert_int_equal(parse(&b, &f, "[node]\nnetwork = test\n"), ERR_OK);
    config_each_difference(&a, &b, note, told);
    assert_string_equal(told, "network: lab -> test (restart)");
}

static void a_file_that_is_not_there_is_empty(void **state)
{
    struct config c;
    struct config_finding f;

    (void)state;
    assert_int_equal(config_load(&c, &f, "/nonexistent/troupe.conf"), ERR_OK);
    assert_string_equal(c.network.name, "lab");
    assert_int_equal(config_load(&c, &f, "/"), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_the_default),
        cmocka_unit_test(every_setting_is_read),
        cmocka_unit_test(sizes_have_the_units_that_the_client_takes),
        cmocka_unit_test(an_unknown_key_names_its_line_and_the_nearest),
        cmocka_unit_test(a_bad_value_is_told_what_is_expected),
        cmocka_unit_test(a_line_that_is_no_setting_is_an_error),
        cmocka_unit_test(lists_are_full_at_their_limit),
        cmocka_unit_test(only_what_differs_is_told),
        cmocka_unit_test(a_file_that_is_not_there_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
