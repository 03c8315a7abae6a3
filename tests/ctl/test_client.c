/* The client against a daemon that follows a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/run.h"

/*
 * What the script answers to each method:
 *   hello  {}            echo    its params
 *   fail   an error      hang    nothing
 *   bye    closes        job     {job: 5}, progress, its result
 *   spoil  the byte c1   many    3 notifications, then {}
 */

static char folder[] = "/tmp/troupe-test-XXXXXX";
static pid_t server;

static void send_writer(int fd, struct writer *w)
{
    struct bytes v = writer_view(w);

    if (w->err != ERR_OK || send(fd, v.data, v.len, MSG_NOSIGNAL) < 0)
        _exit(1);
    writer_free(w);
}

static void put_progress(struct writer *w, const char *state)
{
    control_put_notification(w, "progress");
    mp_put_map(w, 3);
    mp_put_text(w, "job");
    mp_put_uint(w, 5);
    mp_put_text(w, "state");
    mp_put_text(w, state);
    mp_put_text(w, "result");
    mp_put_map(w, 1);
    mp_put_text(w, "sum");
    mp_put_uint(w, 42);
}

static void answer_job(struct writer *w, const struct control_message *m)
{
    control_put_response(w, m->number);
    mp_put_map(w, 1);
    mp_put_text(w, "job");
    mp_put_uint(w, 5);
    put_progress(w, "running");
    put_progress(w, "done");
}

/* False when the connection shall end. */
static bool answer(int fd, const struct control_message *m)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    if (control_method_is(m, "bye"))
        return false;
    if (control_method_is(m, "hang"))
        return true;
    if (control_method_is(m, "fail")) {
        control_put_error(&w, m->number, ERR_NOT_FOUND, "no such thing",
                          "look elsewhere");
    } else if (control_method_is(m, "spoil")) {
        writer_u8(&w, 0xc1);
    } else if (control_method_is(m, "job")) {
        answer_job(&w, m);
    } else {
        for (int i = 0; control_method_is(m, "many") && i < 3; i++)
            put_progress(&w, "running");
        control_put_response(&w, m->number);
        mp_put_value(&w, m->params);
    }
    send_writer(fd, &w);
    return true;
}

static void serve(int listener)
{
    for (;;) { /* until killed: a client each turn */
        static uint8_t buf[CONTROL_MESSAGE_MAX];
        int fd = accept(listener, NULL, NULL);
        size_t len = 0;
        bool open = fd >= 0;

        while (open) {
            struct control_message m;
            size_t used;
            ssize_t n = recv(fd, buf + len, sizeof buf - len, 0);

            if (n <= 0)
                break;
            len += (size_t)n;
            while (open &&
                   control_decode(&m, &used, (struct bytes){ buf, len }) ==
                       ERR_OK) {
                open = answer(fd, &m);
                control_message_wipe(&m);
                memmove(buf, buf + used, len - used);
                len -= used;
            }
        }
        (void)close(fd);
    }
}

static int start_server(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char run_dir[64];
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(run_dir, sizeof run_dir, "%s/run", folder);
    if (mkdir(run_dir, 0700) != 0)
        return -1;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock",
                   run_dir);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4) != 0)
        return -1;
    server = fork();
    if (server == 0)
        serve(listener);
    (void)close(listener);
    return 0;
}

static int stop_server(void **state)
{
    char path[80];

    (void)state;
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    (void)snprintf(path, sizeof path, "%s/run/control.sock", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/run", folder);
    (void)rmdir(path);
    return rmdir(folder);
}

static struct ctl ctl;

static int begin(void **state)
{
    (void)state;
    run_init(&ctl);
    ctl.globals.home = folder;
    ctl.globals.quiet = true;
    return 0;
}

static int end(void **state)
{
    (void)state;
    run_wipe(&ctl);
    return 0;
}

static void params_come_back_as_they_went(void **state)
{
    json_t *params = json_pack("{s:s,s:I,s:b,s:n,s:[i,{s:s}],s:f}", "text",
                               "Zoë", "big", (json_int_t)MP_INT_MAX, "yes", 1,
                               "nothing", "list", -5, "b", "c", "half", 0.5);
    json_t *result = run_call(&ctl, "echo", params);

    (void)state;
    assert_non_null(result);
    assert_true(json_equal(params, result));
    json_decref(params);
    json_decref(result);
}

static void bins_become_hex(void **state)
{
    struct writer w = writer_growing(64);
    const struct mp_value *result;
    struct bytes bin = BYTES_LITERAL("\x00\xab");

    (void)state;
    assert_true(run_connect(&ctl));
    mp_put_map(&w, 1);
    mp_put_text(&w, "id");
    mp_put_bin(&w, bin);
    assert_true(client_call_raw(ctl.client, &ctl.fail, &result, "echo",
                                writer_view(&w)));
    assert_true(bytes_equal(mp_bin(mp_get(result, "id")), bin));
    writer_free(&w);
}

static void an_error_is_told_with_its_hint(void **state)
{
    (void)state;
    assert_null(run_call(&ctl, "fail", NULL));
    assert_int_equal(ctl.fail.code, EXIT_CODE_NOT_FOUND);
    assert_string_equal(ctl.fail.text, "no such thing");
    assert_string_equal(ctl.fail.hint, "look elsewhere");
    fail_clear(&ctl.fail);
    json_decref(run_call(&ctl, "echo", NULL));
    assert_int_equal(ctl.fail.code, EXIT_CODE_OK);
}

static void a_job_ends_with_its_result(void **state)
{
    json_t *result = run_job(&ctl, "job", NULL);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(result, "sum")), 42);
    json_decref(result);
}

static void notifications_do_not_disturb_a_call(void **state)
{
    json_t *result = run_call(&ctl, "many", NULL);

    (void)state;
    assert_non_null(result);
    json_decref(result);
}

static void silence_ends_at_the_timeout(void **state)
{
    (void)state;
    assert_true(run_connect(&ctl));
    client_set_timeout(ctl.client, 1);
    assert_null(run_call(&ctl, "hang", NULL));
    assert_int_equal(ctl.fail.code, EXIT_CODE_PARTIAL);
}

static void calls_end_together_however_long_each_may_take(void **state)
{
    (void)state;
    assert_true(run_connect(&ctl));
    client_set_timeout(ctl.client, 0);
    client_set_end(ctl.client, 1);
    assert_null(run_call(&ctl, "hang", NULL));
    assert_int_equal(ctl.fail.code, EXIT_CODE_PARTIAL);
}

static void
a_time_limit_holds_for_a_daemon_that_is_yet_to_be_reached(void **state)
{
    (void)state;
    ctl.globals.timeout_ms = 1;
    assert_null(run_call(&ctl, "hang", NULL));
    assert_int_equal(ctl.fail.code, EXIT_CODE_PARTIAL);
}

static void a_daemon_that_goes_is_noticed(void **state)
{
    (void)state;
    assert_null(run_call(&ctl, "bye", NULL));
    assert_int_equal(ctl.fail.code, EXIT_CODE_NOT_RUNNING);
}

static void a_spoilt_answer_is_an_error(void **state)
{
    (void)state;
    assert_null(run_call(&ctl, "spoil", NULL));
    assert_int_equal(ctl.fail.code, EXIT_CODE_FAILED);
}

static void nobody_there_is_told_with_the_next_command(void **state)
{
    (void)state;
    ctl.globals.home = "/nonexistent";
    assert_false(run_connect(&ctl));
    assert_int_equal(ctl.fail.code, EXIT_CODE_NOT_RUNNING);
    assert_non_null(strstr(ctl.fail.hint, "troupe start"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(params_come_back_as_they_went),
        TEST(bins_become_hex),
        TEST(an_error_is_told_with_its_hint),
        TEST(a_job_ends_with_its_result),
        TEST(notifications_do_not_disturb_a_call),
        TEST(silence_ends_at_the_timeout),
        TEST(calls_end_together_however_long_each_may_take),
        TEST(a_time_limit_holds_for_a_daemon_that_is_yet_to_be_reached),
        TEST(a_daemon_that_goes_is_noticed),
        TEST(a_spoilt_answer_is_an_error),
        TEST(nobody_there_is_told_with_the_next_command),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
