/* What a record, or the time, tells one person. */
#include "proto/inbox.h"

#include <stdio.h>
#include <string.h>

#include "tests/common/scene.h"

#define DAY ((uint64_t)DAY_MS)

struct told {
    bool tells;
    struct inbox_item item;
};

static struct inbox_reader reader_of_letter(char who)
{
    static uint8_t me[ID_LEN]; /* until the next is asked for */

    maker_person(me, who);
    return (struct inbox_reader){ .me = me, .follows = true };
}

static struct told told(const struct topic_state *ts, const struct made *made,
                        char who)
{
    struct inbox_reader reader = reader_of_letter(who);
    struct told t = { 0 };

    assert_int_equal(inbox_of_record(&t.tells, &t.item, ts,
                                     topic_state_find(ts, made->id), &reader),
                     ERR_OK);
    return t;
}

#define assert_told(ts, made, who, want, of)                                   \
    do {                                                                       \
        struct told told_ = told(ts, made, who);                               \
        assert_true(told_.tells);                                              \
        assert_string_equal(inbox_kind_name(told_.item.kind), want);           \
        assert_memory_equal(told_.item.about, (of)->id, ID_LEN);               \
    } while (0)
#define assert_silent(ts, made, who) assert_false(told(ts, made, who).tells)

static void each_record_tells_whom_it_concerns(void **state)
{
    static struct scene s;
    const struct made *request;
    const struct made *work;
    const struct made *second;
    const struct made *other;
    const struct made *said[4];
    struct topic_state *ts;
    char more[128];

    (void)state;
    (void)scene_begin(&s);
    request = scene_request(&s, 'A', 110, "");
    (void)snprintf(more, sizeof more, ",\"request\":\"%s\"", request->hex);
    work = scene_work(&s, 'B', 120, "CC-BY-4.0", more);
    second = scene_work(&s, 'B', 121, "CC-BY-4.0", more);
    other = scene_work(&s, 'C', 122, "CC-BY-4.0", "");
    said[0] = scene_cite(&s, 'C', 130, other, work);
    said[1] = scene_comment(&s, 'C', 131, work);
    said[2] = scene_select(&s, 'A', 132, work);
    said[3] = scene_select(&s, 'C', 133, work); /* void: C leads nothing */
    ts = scene_judge(&s, NULL, NOW);
    assert_told(ts, work, 'A', "welcome", request);
    assert_told(ts, second, 'A', "answered", request);
    assert_told(ts, other, 'A', "welcome", &s.made[0]);
    assert_silent(ts, work, 'B');
    assert_silent(ts, work, 'C');
    assert_told(ts, said[0], 'B', "cited", work);
    assert_silent(ts, said[0], 'A');
    assert_silent(ts, said[0], 'C');
    assert_told(ts, said[1], 'B', "comment", work);
    assert_told(ts, said[2], 'B', "chosen", work);
    assert_silent(ts, said[2], 'C');
    assert_silent(ts, said[3], 'B');
    topic_state_free(ts);
    scene_free(&s);
}

struct due {
    bool tells;
    struct inbox_item item;
    uint64_t since_ms;
    uint64_t next_ms;
};

static struct due due(struct topic_state *ts, const struct made *request,
                      char who, uint64_t now_ms)
{
    struct inbox_reader reader = reader_of_letter(who);
    struct due d = { .next_ms = UINT64_MAX };

    assert_int_equal(authority_judge(ts, now_ms), ERR_OK);
    assert_int_equal(inbox_of_time(&d.tells, &d.item, &d.since_ms, &d.next_ms,
                                   ts, topic_state_find(ts, request->id),
                                   &reader),
                     ERR_OK);
    return d;
}

static void a_deadline_tells_watchers_a_day_before_and_leaders_after(void **st)
{
    static struct scene s;
    const struct made *request;
    struct topic_state *ts;
    struct due d;
    uint64_t end = 10 * DAY;

    (void)st;
    (void)scene_begin(&s);
    request = scene_request(&s, 'A', 110, ",\"deadline\":864000000");
    ts = scene_judge(&s, NULL, NOW);
    d = due(ts, request, 'B', end - DAY - 1);
    assert_false(d.tells);
    assert_int_equal(d.next_ms, end - DAY);
    d = due(ts, request, 'B', end - DAY);
    assert_true(d.tells);
    assert_int_equal(d.item.kind, INBOX_CLOSING);
    assert_int_equal(d.since_ms, end - DAY);
    assert_true(due(ts, request, 'B', end).tells);
    assert_false(due(ts, request, 'B', end + 1).tells);
    d = due(ts, request, 'A', end);
    assert_false(d.tells);
    assert_int_equal(d.next_ms, end + 1);
    d = due(ts, request, 'A', end + 1);
    assert_true(d.tells);
    assert_int_equal(d.item.kind, INBOX_UNDECIDED);
    assert_memory_equal(d.item.about, request->id, ID_LEN);
    topic_state_free(ts);
    scene_free(&s);
}

static void every_kind_is_found_by_its_name(void **state)
{
    enum inbox_kind kind;

    (void)state;
    for (unsigned i = 0; i < INBOX_KINDS; i++) {
        const char *name = inbox_kind_name((enum inbox_kind)i);

        assert_true(inbox_kind_find(
            (struct bytes){ (const uint8_t *)name, strlen(name) }, &kind));
        assert_int_equal(kind, i);
    }
    assert_false(inbox_kind_find(BYTES_LITERAL("liked"), &kind));
    assert_false(inbox_kind_find(BYTES_LITERAL(""), &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_tells_whom_it_concerns),
        cmocka_unit_test(
            a_deadline_tells_watchers_a_day_before_and_leaders_after),
        cmocka_unit_test(every_kind_is_found_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
