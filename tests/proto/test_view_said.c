/* Comments and feedback in pages, and what somebody does not want to see. */
#include "proto/view_said.h"

#include <stdio.h>
#include <string.h>

#include "tests/common/scene.h"

enum { ROOM = 4 << 20 };

/* Hides one person, as the daemon hides whom its owner has blocked. */
static bool hides_person(void *context, const struct topic_state *ts,
                         const struct topic_entry *e)
{
    (void)ts;
    return memcmp(e->record.author, context, ID_LEN) == 0;
}

struct shown {
    struct writer w;
    struct mp_doc *doc;
    const struct mp_value *items;
    struct view_page page;
};

static void shown_wipe(struct shown *s)
{
    mp_doc_free(s->doc);
    writer_free(&s->w);
}

static const struct mp_value *parsed(struct shown *s)
{
    assert_int_equal(mp_doc_parse(&s->doc, writer_view(&s->w), MP_WELL_FORMED),
                     ERR_OK);
    return mp_doc_root(s->doc);
}

static struct shown comments(const struct view *v, const struct made *about,
                             uint32_t limit, const uint8_t *after)
{
    struct shown s = { .w = writer_growing(ROOM),
                       .page = { .limit = limit, .after = after } };

    assert_int_equal(view_thread_show(&s.w, v, about->id, &s.page, 0), ERR_OK);
    s.items = mp_get(parsed(&s), "comments");
    return s;
}

static struct shown feedback(const struct view *v, const struct made *about,
                             uint32_t limit, const uint8_t *after)
{
    struct shown s = { .w = writer_growing(ROOM),
                       .page = { .limit = limit, .after = after } };

    assert_int_equal(view_feedback_list(&s.w, v, about->id, &s.page), ERR_OK);
    s.items = parsed(&s);
    return s;
}

static void assert_at(const struct shown *s, uint32_t i,
                      const struct made *made)
{
    struct bytes id = mp_bin(mp_get(mp_at(s->items, i), "id"));

    assert_int_equal(id.len, ID_LEN);
    assert_memory_equal(id.data, made->id, ID_LEN);
}

static const struct made *say(struct scene *s, char who, uint64_t at,
                              const struct made *about, const char *more)
{
    char text[256];

    (void)snprintf(text, sizeof text, "\"text\":\"said at %d\"%s", (int)at,
                   more);
    return scene_targeted(s, KIND_COMMENT, who, at, about, text);
}

static const struct made *judge_work(struct scene *s, char who, uint64_t at,
                                     const struct made *about)
{
    return scene_targeted(s, KIND_FEEDBACK, who, at, about,
                          "\"text\":\"warmer\",\"tone\":\"note\"");
}

static void pinned_comments_come_first_and_then_the_oldest(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    const struct made *first = say(&s, 'C', 120, work, "");
    const struct made *vain = say(&s, 'C', 121, work, ",\"pinned\":true");
    const struct made *top = say(&s, 'A', 122, work, ",\"pinned\":true");
    const struct made *answer;
    const struct made *elsewhere = say(&s, 'C', 124, p, "");
    struct topic_state *ts;
    struct shown got;
    char reply[128];

    (void)state;
    (void)elsewhere;
    (void)snprintf(reply, sizeof reply, ",\"reply_to\":\"%s\"", first->hex);
    answer = say(&s, 'B', 123, work, reply);
    ts = scene_judge(&s, NULL, NOW);
    got = comments(&(struct view){ .topic = ts }, work, 0, NULL);
    assert_int_equal(mp_count(got.items), 4);
    assert_at(&got, 0, top);
    assert_at(&got, 1, first);
    assert_at(&got, 2, vain); /* who does not lead pins nothing */
    assert_at(&got, 3, answer);
    assert_false(got.page.has_next);
    assert_false(got.page.has_hidden);
    shown_wipe(&got);
    topic_state_free(ts);
    scene_free(&s);
}

static void pages_follow_one_another_without_gap_or_repetition(void **state)
{
    struct scene s;
    const struct made *work;
    const struct made *said[5];
    uint8_t after[ID_LEN];
    struct topic_state *ts;
    struct view v = { 0 };
    struct shown got;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    for (unsigned i = 0; i < 5; i++)
        said[i] = say(&s, 'C', 120 + i, work, "");
    ts = scene_judge(&s, NULL, NOW);
    v.topic = ts;
    for (unsigned i = 0; i < 5; i += 2) {
        got = comments(&v, work, 2, i == 0 ? NULL : after);
        assert_int_equal(mp_count(got.items), i == 4 ? 1 : 2);
        for (unsigned k = 0; k < mp_count(got.items); k++)
            assert_at(&got, k, said[i + k]);
        assert_int_equal(got.page.has_next, i < 4);
        memcpy(after, got.page.next, ID_LEN);
        shown_wipe(&got);
    }
    /* What was last on a page may go meanwhile. */
    scene_retract(&s, 'C', 130, said[1]);
    topic_state_free(ts);
    ts = scene_judge(&s, NULL, NOW);
    v.topic = ts;
    got = comments(&v, work, 2, said[1]->id);
    assert_int_equal(mp_count(got.items), 2);
    assert_at(&got, 0, said[2]);
    shown_wipe(&got);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_cursor_of_another_topic_is_refused(void **state)
{
    static const uint8_t nothing[ID_LEN] = { 1 };
    struct scene s;
    const struct made *work;
    struct topic_state *ts;
    struct view_page page = { .after = nothing };
    struct writer w = writer_growing(ROOM);

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(
        view_thread_show(&w, &(struct view){ .topic = ts }, work->id, &page, 0),
        ERR_USAGE);
    writer_free(&w);
    topic_state_free(ts);
    scene_free(&s);
}

static void more_than_an_answer_holds_comes_page_by_page(void **state)
{
    static char text[RECORD_LEN_MAX];
    struct scene s;
    const struct made *work;
    struct topic_state *ts;
    struct view v = { 0 };
    struct shown got;
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    uint32_t count = 0;
    uint32_t pages = 0;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    memcpy(text, "\"text\":\"", 8);
    memset(text + 8, 'x', 16000);
    memcpy(text + 8 + 16000, "\"", 2);
    for (unsigned i = 0; i < 100; i++) /* 1.6 MB */
        (void)scene_targeted(&s, KIND_COMMENT, 'C', 120 + i, work, text);
    ts = scene_judge(&s, NULL, NOW);
    v.topic = ts;
    do {
        got = comments(&v, work, 500, after);
        assert_true(got.w.len < CONTROL_MESSAGE_MAX);
        assert_true(mp_count(got.items) > 0);
        count += mp_count(got.items);
        pages++;
        memcpy(last, got.page.next, ID_LEN);
        after = got.page.has_next ? last : NULL;
        shown_wipe(&got);
    } while (after != NULL);
    assert_int_equal(count, 100);
    assert_true(pages > 1);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_revision_stands_in_the_place_of_its_first_version(void **state)
{
    struct scene s;
    const struct made *work;
    const struct made *first;
    const struct made *later;
    struct topic_state *ts;
    struct shown got;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    first = say(&s, 'C', 120, work, "");
    later = say(&s, 'D', 121, work, "");
    s.m.revises = first;
    (void)say(&s, 'C', 122, work, "");
    ts = scene_judge(&s, NULL, NOW);
    got = comments(&(struct view){ .topic = ts }, work, 0, NULL);
    assert_int_equal(mp_count(got.items), 2);
    assert_at(&got, 0, first);
    assert_at(&got, 1, later);
    assert_true(bytes_equal(mp_str(mp_get(mp_at(got.items, 0), "text")),
                            BYTES_LITERAL("said at 122")));
    shown_wipe(&got);
    topic_state_free(ts);
    scene_free(&s);
}

static void what_is_hidden_is_left_out_and_said_to_be(void **state)
{
    struct scene s;
    const struct made *work;
    const struct made *kept;
    const struct made *judged;
    struct topic_state *ts;
    uint8_t hidden[ID_LEN];
    struct view_filter filter = { hides_person, hidden };
    struct view v = { .filter = &filter };
    struct shown got;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    (void)say(&s, 'D', 120, work, "");
    kept = say(&s, 'C', 121, work, "");
    (void)judge_work(&s, 'D', 122, work);
    judged = judge_work(&s, 'C', 123, work);
    maker_person(hidden, 'D');
    ts = scene_judge(&s, NULL, NOW);
    v.topic = ts;
    got = comments(&v, work, 0, NULL);
    assert_int_equal(mp_count(got.items), 1);
    assert_at(&got, 0, kept);
    assert_true(got.page.has_hidden);
    shown_wipe(&got);
    got = feedback(&v, work, 1, NULL);
    assert_int_equal(mp_count(got.items), 1);
    assert_at(&got, 0, judged);
    assert_true(got.page.has_hidden);
    assert_false(got.page.has_next);
    shown_wipe(&got);
    v.filter = NULL;
    got = feedback(&v, work, 1, NULL);
    assert_true(got.page.has_next);
    shown_wipe(&got);
    topic_state_free(ts);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pinned_comments_come_first_and_then_the_oldest),
        cmocka_unit_test(pages_follow_one_another_without_gap_or_repetition),
        cmocka_unit_test(a_cursor_of_another_topic_is_refused),
        cmocka_unit_test(more_than_an_answer_holds_comes_page_by_page),
        cmocka_unit_test(a_revision_stands_in_the_place_of_its_first_version),
        cmocka_unit_test(what_is_hidden_is_left_out_and_said_to_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
