/*
 * Jobs beside calls.  The loop and the list of jobs are real; the call, whose
 * answer is all that matters of it, is the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/client.h"
#include "daemon/job.h"

enum { CLIENTS = 10 };

struct rig {
    uv_loop_t loop;
    struct jobs *jobs;
    const char *method;
    call_answer_fn *on_answer;
    void *context;
    unsigned failed; /* calls */
    unsigned cancelled;
    bool closed;
    const struct mp_value *named; /* by the param of a call */
    struct writer list;
    struct mp_doc *doc;
    uint64_t client;           /* whose it is; 0: nobody's */
    uint64_t clients[CLIENTS]; /* their numbers, 0: has left */
    unsigned told[CLIENTS];
    struct writer reply;
};

static struct rig rig;

/* ---- What jobs ask of others --------------------------------------------- */

struct bytes call_method(const struct call *call)
{
    (void)call;
    return (struct bytes){ (const uint8_t *)rig.method, strlen(rig.method) };
}

void call_on_answer(struct call *call, call_answer_fn *on_answer, void *context)
{
    (void)call;
    rig.on_answer = on_answer;
    rig.context = context;
}

void call_fail(struct call *call, enum err e, const char *text,
               const char *hint)
{
    (void)call;
    (void)e;
    (void)text;
    (void)hint;
    rig.failed++;
}

const struct mp_value *call_param(const struct call *call, const char *name)
{
    (void)call;
    (void)name;
    return rig.named;
}

struct client *call_client(const struct call *call)
{
    void *c = &rig.clients[rig.client];

    (void)call;
    return rig.client == 0 ? NULL : c;
}

/* What only jobs with waiters ask for. */
void call_set_data(struct call *call, void *data)
{
    (void)call;
    (void)data;
}

void *call_data(const struct call *call)
{
    (void)call;
    return NULL;
}

void call_on_abandon(struct call *call, method_fn on_abandon)
{
    (void)call;
    (void)on_abandon;
}

struct writer *call_reply(struct call *call)
{
    (void)call;
    writer_free(&rig.reply);
    rig.reply = writer_growing(CONTROL_MESSAGE_MAX);
    return &rig.reply;
}

void call_send(struct call *call)
{
    (void)call;
}

struct client *control_find(struct control *control, uint64_t client_number)
{
    void *c = &rig.clients[client_number];

    (void)control;
    return rig.clients[client_number] == 0 ? NULL : c;
}

uint64_t client_number(const struct client *client)
{
    const void *c = client;
    const uint64_t *number = c;

    return *number;
}

bool client_notify(struct client *client, const char *name, struct bytes params)
{
    (void)name;
    (void)params;
    rig.told[client_number(client)]++;
    return true;
}

/* ---- The rig ------------------------------------------------------------ */

static int setup(void **state)
{
    void *control = &rig;

    (void)state;
    memset(&rig, 0, sizeof rig);
    rig.method = "contribute";
    for (uint64_t i = 1; i < CLIENTS; i++)
        rig.clients[i] = i;
    assert_int_equal(uv_loop_init(&rig.loop), 0);
    assert_int_equal(jobs_open(&rig.jobs, &rig.loop, control), ERR_OK);
    return 0;
}

static void on_closed(void *context)
{
    (void)context;
    rig.closed = true;
}

static void forget_list(void)
{
    mp_doc_free(rig.doc);
    writer_free(&rig.list);
    rig.doc = NULL;
}

static int teardown(void **state)
{
    (void)state;
    forget_list();
    writer_free(&rig.reply);
    jobs_close(rig.jobs, on_closed, NULL);
    assert_int_equal(uv_run(&rig.loop, UV_RUN_DEFAULT), 0);
    assert_true(rig.closed);
    assert_int_equal(uv_loop_close(&rig.loop), 0);
    return 0;
}

static struct job *begin(const char *about)
{
    return job_start_beside(rig.jobs, NULL, "bytes", about);
}

static void answer(enum err e, const char *text, struct bytes result)
{
    const struct call_answer given = { e, text, NULL, result };

    rig.on_answer(rig.context, &given);
}

/* The newest job, as the list has it. */
static const struct mp_value *newest(void)
{
    forget_list();
    rig.list = writer_growing(CONTROL_MESSAGE_MAX);
    jobs_put(rig.jobs, &rig.list);
    assert_int_equal(
        mp_doc_parse(&rig.doc, writer_view(&rig.list), MP_WELL_FORMED), ERR_OK);
    return mp_at(mp_doc_root(rig.doc), 0);
}

static void assert_text(const struct mp_value *v, const char *text)
{
    struct bytes is = mp_str(v);

    assert_int_equal(is.len, strlen(text));
    assert_memory_equal(is.data, text, is.len);
}

/* A client asks to be told of job 1. */
static void attach(uint64_t client)
{
    static const uint8_t one[] = { 0x01 };
    struct mp_doc *doc;

    assert_int_equal(mp_doc_parse(&doc, BYTES_ARRAY(one), MP_WELL_FORMED),
                     ERR_OK);
    rig.named = mp_doc_root(doc);
    rig.client = client;
    jobs_attach(rig.jobs, NULL);
    rig.client = 0;
    rig.named = NULL;
    mp_doc_free(doc);
}

static void count_cancel(void *context)
{
    (void)context;
    rig.cancelled++;
}

/* ---- The tests ---------------------------------------------------------- */

static void it_runs_until_its_call_is_answered(void **state)
{
    static const uint8_t map[] = { 0x80 };
    struct job *job = begin("crown.svg");

    (void)state;
    job_progress(job, 3, 5);
    assert_text(mp_get(newest(), "what"), "contribute crown.svg");
    assert_text(mp_get(newest(), "state"), "running");
    assert_int_equal(mp_uint(mp_get(newest(), "done")), 3);
    assert_int_equal(mp_uint(mp_get(newest(), "total")), 5);
    assert_int_equal(mp_uint(mp_get(newest(), "id")), job_number(job));
    answer(ERR_OK, NULL, BYTES_ARRAY(map));
    assert_text(mp_get(newest(), "state"), "done");
}

static void it_fails_with_its_call(void **state)
{
    (void)state;
    assert_non_null(begin("crown.svg"));
    answer(ERR_REFUSED, "the rules refuse this", (struct bytes){ NULL, 0 });
    assert_text(mp_get(newest(), "state"), "failed");
    assert_non_null(begin("crown.svg"));
    answer(ERR_CANCELLED, NULL, (struct bytes){ NULL, 0 });
    assert_text(mp_get(newest(), "state"), "cancelled");
}

static void a_list_says_why_it_failed(void **state)
{
    struct job *job = begin("crown.svg");

    (void)state;
    assert_int_equal(mp_type(mp_get(newest(), "error")), MP_NIL);
    job_waits(job, "room on the disk");
    assert_text(mp_get(newest(), "waits"), "room on the disk");
    answer(ERR_NO_SPACE, "the disk is full", (struct bytes){ NULL, 0 });
    assert_text(mp_get(newest(), "error"), "the disk is full");
    assert_int_equal(mp_type(mp_get(newest(), "waits")), MP_NIL);
    assert_non_null(begin("crown.svg"));
    answer(ERR_CANCELLED, NULL, (struct bytes){ NULL, 0 });
    assert_int_equal(mp_type(mp_get(newest(), "error")), MP_NIL);
}

static void what_has_ended_is_not_cancelled(void **state)
{
    static const uint8_t map[] = { 0x80 };
    static const uint8_t one[] = { 0x01 };
    struct mp_doc *doc;
    struct job *job = begin("a");

    (void)state;
    job_on_cancel(job, count_cancel, NULL);
    assert_int_equal(job_number(job), 1);
    answer(ERR_OK, NULL, BYTES_ARRAY(map));
    assert_int_equal(mp_doc_parse(&doc, BYTES_ARRAY(one), MP_WELL_FORMED),
                     ERR_OK);
    rig.named = mp_doc_root(doc);
    jobs_cancel(rig.jobs, NULL);
    assert_int_equal(rig.failed, 1); /* the call, with a sentence */
    assert_int_equal(rig.cancelled, 0);
    assert_text(mp_get(newest(), "state"), "done");
    mp_doc_free(doc);
}

static void its_rate_stays_when_it_has_ended(void **state)
{
    static const uint8_t map[] = { 0x80 };
    struct job *job = begin("a");
    uint64_t rate;

    (void)state;
    uv_update_time(&rig.loop);
    for (uint64_t from = uv_now(&rig.loop); uv_now(&rig.loop) == from;)
        uv_update_time(&rig.loop);
    job_progress(job, 5000000, 5000000);
    answer(ERR_OK, NULL, BYTES_ARRAY(map));
    rate = mp_uint(mp_get(newest(), "rate"));
    for (uint64_t from = uv_now(&rig.loop); uv_now(&rig.loop) == from;)
        uv_update_time(&rig.loop);
    assert_int_equal(mp_uint(mp_get(newest(), "rate")), rate);
}

static void it_is_named_as_its_command_is_written(void **state)
{
    char name[300];

    (void)state;
    rig.method = "release.publish";
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_non_null(begin("a.film"));
    assert_text(mp_get(newest(), "what"), "release publish a.film");
    answer(ERR_NOT_FOUND, NULL, (struct bytes){ NULL, 0 });
    assert_non_null(begin(name));
    assert_int_equal(mp_str(mp_get(newest(), "what")).len, JOB_WHAT_MAX - 1);
    answer(ERR_NOT_FOUND, NULL, (struct bytes){ NULL, 0 });
    assert_non_null(begin("a.film\xff and more")); /* no text */
    assert_text(mp_get(newest(), "what"), "release publish a.film");
    answer(ERR_NOT_FOUND, NULL, (struct bytes){ NULL, 0 });
}

static void one_too_many_is_none_and_no_failure(void **state)
{
    static void *contexts[JOBS_MAX];

    (void)state;
    for (size_t i = 0; i < JOBS_MAX; i++) {
        assert_non_null(begin("a"));
        contexts[i] = rig.context;
    }
    rig.on_answer = NULL;
    assert_null(begin("one more"));
    assert_null(rig.on_answer);
    assert_int_equal(rig.failed, 0);
    assert_null(job_start(rig.jobs, NULL, "bytes", "get a"));
    assert_int_equal(rig.failed, 1);
    for (size_t i = 0; i < JOBS_MAX; i++)
        job_fail(contexts[i], ERR_CANCELLED, NULL, NULL);
}

static void the_daemons_end_cancels_what_can_be(void **state)
{
    struct job *job = begin("a");

    (void)state;
    job_on_cancel(job, count_cancel, NULL);
    jobs_close(rig.jobs, on_closed, NULL);
    assert_int_equal(rig.cancelled, 1);
    (void)uv_run(&rig.loop, UV_RUN_NOWAIT);
    assert_false(rig.closed); /* not before the call is answered */
    answer(ERR_CANCELLED, NULL, (struct bytes){ NULL, 0 });
    assert_int_equal(uv_run(&rig.loop, UV_RUN_DEFAULT), 0);
    assert_true(rig.closed);
    assert_int_equal(jobs_open(&rig.jobs, &rig.loop, NULL), ERR_OK);
    rig.closed = false;
}

static void one_too_many_to_watch_is_refused(void **state)
{
    (void)state;
    assert_non_null(begin("a"));
    for (uint64_t i = 1; i <= 8; i++)
        attach(i);
    assert_int_equal(rig.failed, 0);
    attach(9);
    assert_int_equal(rig.failed, 1);
    rig.clients[3] = 0; /* it leaves */
    attach(9);
    assert_int_equal(rig.failed, 1);
    answer(ERR_NOT_FOUND, NULL, (struct bytes){ NULL, 0 });
    assert_int_equal(rig.told[9], 2); /* as it came, and of the end */
}

static void who_attaches_twice_is_told_once(void **state)
{
    unsigned before;

    (void)state;
    assert_non_null(begin("a"));
    for (unsigned i = 0; i < 20; i++)
        attach(1);
    before = rig.told[1];
    assert_int_equal(before, 20);
    answer(ERR_NOT_FOUND, NULL, (struct bytes){ NULL, 0 });
    assert_int_equal(rig.told[1], before + 1);
    assert_int_equal(rig.failed, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_runs_until_its_call_is_answered),
        TEST(it_fails_with_its_call),
        TEST(a_list_says_why_it_failed),
        TEST(what_has_ended_is_not_cancelled),
        TEST(its_rate_stays_when_it_has_ended),
        TEST(it_is_named_as_its_command_is_written),
        TEST(one_too_many_is_none_and_no_failure),
        TEST(the_daemons_end_cancels_what_can_be),
        TEST(one_too_many_to_watch_is_refused),
        TEST(who_attaches_twice_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
