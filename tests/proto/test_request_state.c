/* Where requests stand and how works stand to them, beyond the main story. */
#include "proto/request_state.h"

#include <stdio.h>
#include <string.h>

#include "tests/common/scene.h"

static const struct made *answer(struct scene *s, uint64_t at,
                                 const struct made *request)
{
    char more[128];

    (void)snprintf(more, sizeof more, ",\"request\":\"%s\"", request->hex);
    return scene_work(s, 'C', at, "CC0-1.0", more);
}

static const struct made *shut(struct scene *s, uint64_t at,
                               const struct made *request, const char *more)
{
    return scene_keep(s, make(&s->m, KIND_REQUEST_CLOSE, 'A', at,
                              "{\"request\":\"%s\",\"note\":\"n\",%s}",
                              request->hex, more));
}

static enum contribution_timing timing(const struct topic_state *ts,
                                       const struct made *made)
{
    enum contribution_timing t;

    assert_int_equal(request_timing(&t, ts, topic_state_find(ts, made->id)),
                     ERR_OK);
    return t;
}

static void a_request_without_an_end_labels_nothing(void **state)
{
    static struct scene s;
    const struct made *request;
    const struct made *w;
    const struct made *unasked;
    struct topic_state *ts;
    struct request_state r;

    (void)state;
    (void)scene_begin(&s);
    request = scene_request(&s, 'A', 110, "");
    w = answer(&s, 120, request);
    unasked = scene_work(&s, 'C', 121, "CC0-1.0", "");
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(timing(ts, w), TIMING_NONE);
    assert_int_equal(timing(ts, unasked), TIMING_NONE);
    assert_int_equal(request_state_of(&r, ts, request->id), ERR_OK);
    assert_int_equal(r.phase, REQUEST_OPEN);
    assert_int_equal(request_state_of(&r, ts, w->id), ERR_NOT_FOUND);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_retracted_request_is_gone(void **state)
{
    static struct scene s;
    const struct made *request;
    const struct made *w;
    struct topic_state *ts;
    struct request_state r;

    (void)state;
    (void)scene_begin(&s);
    request = scene_request(&s, 'A', 110, ",\"deadline\":115");
    w = answer(&s, 120, request);
    (void)scene_retract(&s, 'A', 130, request);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(request_state_of(&r, ts, request->id), ERR_OK);
    assert_int_equal(r.phase, REQUEST_GONE);
    assert_int_equal(timing(ts, w), TIMING_NONE);
    topic_state_free(ts);
    scene_free(&s);
}

/* A page that goes on with another list says nothing of what is known. */
static void only_a_list_of_known_works_makes_others_claimed(void **state)
{
    static struct scene s;
    const struct made *request;
    const struct made *w;
    const struct made *page;
    struct topic_state *ts;
    char more[256];

    (void)state;
    (void)scene_begin(&s);
    request = scene_request(&s, 'A', 110, "");
    w = answer(&s, 120, request);
    page = scene_keep(&s, make(&s.m, KIND_PAGE, 'A', 130,
                               "{\"of\":\"used\",\"index\":0,\"items\":[]}"));
    (void)snprintf(more, sizeof more,
                   "\"outcome\":\"chosen\",\"pages\":[\"%s\"]", page->hex);
    (void)shut(&s, 140, request, more);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(timing(ts, w), TIMING_IN_TIME);
    topic_state_free(ts);

    page = scene_keep(&s, make(&s.m, KIND_PAGE, 'A', 131,
                               "{\"of\":\"known\",\"index\":0,\"items\":[]}"));
    (void)snprintf(more, sizeof more,
                   "\"outcome\":\"chosen\",\"pages\":[\"%s\"]", page->hex);
    (void)shut(&s, 141, request, more);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(timing(ts, w), TIMING_CLAIMED);
    topic_state_free(ts);
    scene_free(&s);
}

/* Until the pages of a close are held nobody is told that they were unseen. */
static void missing_pages_of_a_close_claim_nothing(void **state)
{
    static struct scene s;
    const struct made *request;
    const struct made *w;
    struct topic_state *ts;
    char more[256];

    (void)state;
    (void)scene_begin(&s);
    request = scene_request(&s, 'A', 110, "");
    w = answer(&s, 120, request);
    (void)snprintf(more, sizeof more,
                   "\"outcome\":\"chosen\",\"known\":[],\"pages\":[\"%064d\"]",
                   7);
    (void)shut(&s, 140, request, more);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(timing(ts, w), TIMING_IN_TIME);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_work_after_the_close_is_late(void **state)
{
    static struct scene s;
    const struct made *request;
    const struct made *at;
    const struct made *after;
    struct topic_state *ts;

    (void)state;
    (void)scene_begin(&s);
    request = scene_request(&s, 'A', 110, "");
    (void)shut(&s, 140, request, "\"outcome\":\"none_used\"");
    at = answer(&s, 140, request);
    after = answer(&s, 141, request);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(timing(ts, at), TIMING_IN_TIME);
    assert_int_equal(timing(ts, after), TIMING_LATE);
    topic_state_free(ts);
    scene_free(&s);
}

static void every_label_has_its_words(void **state)
{
    (void)state;
    assert_string_equal(contribution_timing_text(TIMING_NONE), "");
    assert_string_equal(contribution_timing_text(TIMING_IN_TIME), "in time");
    assert_string_equal(contribution_timing_text(TIMING_LATE), "late");
    assert_string_equal(contribution_timing_text(TIMING_CLAIMED),
                        "claimed in time, not seen by the leader");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_an_end_labels_nothing),
        cmocka_unit_test(a_retracted_request_is_gone),
        cmocka_unit_test(only_a_list_of_known_works_makes_others_claimed),
        cmocka_unit_test(missing_pages_of_a_close_claim_nothing),
        cmocka_unit_test(a_work_after_the_close_is_late),
        cmocka_unit_test(every_label_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
