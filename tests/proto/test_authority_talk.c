/* Feedback, lessons and courage: docs/protocol.md §7.13. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/class_state.h"
#include "tests/common/scene.h"

#define SAID "\"text\":\"warmer\",\"tone\":\"note\""

static const struct made *feedback(struct scene *s, char who, uint64_t at,
                                   const struct made *target)
{
    return scene_targeted(s, KIND_FEEDBACK, who, at, target, SAID);
}

static void feedback_is_one_voice_by_others_for_each_work(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    const struct made *second;
    const struct made *own = feedback(&s, 'B', 120, work);
    const struct made *first = feedback(&s, 'C', 121, work);
    const struct made *other = feedback(&s, 'A', 122, work);
    const struct made *again = feedback(&s, 'C', 123, work);
    const struct made *elsewhere = feedback(&s, 'C', 124, p);
    const struct made *of_second;

    (void)state;
    s.m.revises = work;
    second = scene_work(&s, 'B', 125, "CC0-1.0", "");
    of_second = feedback(&s, 'A', 126, second);
    assert_void(&s, own, OWN_WORK);
    assert_state(&s, first, SUPERSEDED);
    assert_state(&s, again, IN_FORCE);
    assert_state(&s, other, SUPERSEDED); /* versions of a work are one */
    assert_state(&s, of_second, IN_FORCE);
    assert_state(&s, elsewhere, IN_FORCE);
    scene_assert_any_order(&s);
    scene_free(&s);
}

#define CLASS                                                                  \
    "{\"title\":\"Draw\",\"goal\":\"cats\",\"medium\":\"class\","              \
    "\"licence\":\"CC-BY-4.0\"," TERMS "}"

static void begin_class(struct scene *s)
{
    const struct made *p;

    *s = (struct scene){ 0 };
    p = scene_keep(s, make(&s->m, KIND_PROJECT, 'A', 100, CLASS));
    memcpy(s->m.topic, p->id, ID_LEN);
}

static const struct made *lesson(struct scene *s, char who, uint64_t at,
                                 unsigned index, unsigned min)
{
    return scene_keep(
        s, make(&s->m, KIND_LESSON, who, at,
                "{\"project\":\"%s\",\"index\":%u,\"call_to_action\":\"draw\","
                "\"demonstration\":[],\"expects\":{\"media_kind\":\"image\","
                "\"min\":%u}}",
                s->made[0].hex, index, min));
}

static const struct made *work_for(struct scene *s, char who, uint64_t at,
                                   const struct made *made_for)
{
    char more[128];

    (void)snprintf(more, sizeof more, ",\"lesson\":\"%s\"", made_for->hex);
    return scene_work(s, who, at, "CC0-1.0", more);
}

static void lessons_are_by_teachers_and_in_classes(void **state)
{
    struct scene s;
    const struct made *good;
    const struct made *meddle;
    const struct made *stray;

    (void)state;
    begin_class(&s);
    good = lesson(&s, 'A', 110, 1, 1);
    meddle = lesson(&s, 'B', 111, 2, 1);
    assert_state(&s, good, IN_FORCE);
    assert_void(&s, meddle, NOT_LEADER);
    scene_assert_any_order(&s);
    scene_free(&s);
    (void)scene_begin(&s); /* a film */
    stray = lesson(&s, 'A', 110, 1, 1);
    assert_void(&s, stray, NO_CLASS);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_lesson_is_done_by_as_many_works_as_it_asks(void **state)
{
    struct scene s;
    const struct made *two;
    const struct made *one;
    struct topic_state *ts;
    struct class_state c;
    uint8_t b[ID_LEN];
    uint8_t other[ID_LEN];

    (void)state;
    begin_class(&s);
    two = lesson(&s, 'A', 110, 2, 2);
    one = lesson(&s, 'A', 111, 1, 0); /* no work at all is no lesson */
    (void)work_for(&s, 'B', 120, two);
    (void)work_for(&s, 'C', 121, one);
    (void)work_for(&s, 'B', 122, one);
    (void)work_for(&s, 'C', 123, two);
    (void)work_for(&s, 'C', 124, two);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(class_state_of(&c, ts), ERR_OK);
    assert_int_equal(c.lessons_count, 2);
    assert_memory_equal(c.lessons[0].first->record.id, one->id, ID_LEN);
    maker_person(b, 'B');
    maker_person(other, 'C');
    assert_true(class_is_done(&c, 0, b));
    assert_true(class_is_done(&c, 0, other));
    assert_false(class_is_done(&c, 1, b));
    assert_true(class_is_done(&c, 1, other));
    assert_int_equal(class_part_of(ts, b, NOW), CLASS_STUDENT);
    maker_person(b, 'A');
    assert_int_equal(class_part_of(ts, b, NOW), CLASS_TEACHER);
    maker_person(b, 'D');
    assert_int_equal(class_part_of(ts, b, NOW), CLASS_VISITOR);
    class_state_wipe(&c);
    topic_state_free(ts);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static const struct made *thread(struct scene *s, char who, uint64_t at)
{
    return scene_keep(s, make(&s->m, KIND_THREAD, who, at,
                              "{\"title\":\"I cannot\",\"text\":\"sing\"}"));
}

static const struct made *courage(struct scene *s, char who, uint64_t at,
                                  const struct made *in, const char *more)
{
    return scene_keep(s, make(&s->m, KIND_COURAGE, who, at,
                              "{\"thread\":\"%s\",\"declaration\":\"sing\"%s}",
                              in->hex, more));
}

static const char *link_to(const char *name, const struct made *target)
{
    static char text[256];

    (void)snprintf(text, sizeof text, ",\"%s\":\"%s\",\"helper\":\"%s\"", name,
                   target->hex, maker_person_hex('A'));
    return text;
}

static void courage_is_answered_by_somebody_else(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *in = thread(&s, 'B', 110);
    const struct made *declared = courage(&s, 'B', 111, in, "");
    const struct made *alone =
        courage(&s, 'B', 112, in, link_to("helps", declared));
    const struct made *help =
        courage(&s, 'A', 113, in, link_to("helps", declared));
    const struct made *nested =
        courage(&s, 'C', 114, in, link_to("helps", help));
    const struct made *nowhere = courage(&s, 'C', 115, p, "");

    (void)state;
    assert_state(&s, declared, IN_FORCE);
    assert_void(&s, alone, OWN_WORK);
    assert_state(&s, help, IN_FORCE);
    assert_void(&s, nested, WRONG_TARGET);
    assert_void(&s, nowhere, WRONG_TARGET);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void help_answers_the_first_record_of_a_declaration(void **state)
{
    struct scene s;
    const struct made *in = (scene_begin(&s), thread(&s, 'B', 110));
    const struct made *declared = courage(&s, 'B', 111, in, "");
    const struct made *again;

    (void)state;
    s.m.revises = declared;
    again = courage(&s, 'B', 112, in, "");
    assert_state(&s, again, IN_FORCE);
    assert_void(&s, courage(&s, 'A', 113, in, link_to("helps", again)),
                NOT_FIRST);
    assert_state(&s, courage(&s, 'A', 114, in, link_to("helps", declared)),
                 IN_FORCE);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_keepsake_credits_both(void **state)
{
    struct scene s;
    const struct made *in = (scene_begin(&s), thread(&s, 'B', 110));
    const struct made *work = scene_work(&s, 'B', 112, "CC0-1.0", "");
    const struct made *one =
        scene_publish(&s, 'A', 120, work, scene_credits("B"));
    const struct made *both =
        scene_publish(&s, 'A', 121, work, scene_credits("AB"));
    const struct made *half =
        courage(&s, 'B', 130, in, link_to("keepsake", one));
    const struct made *whole =
        courage(&s, 'B', 131, in, link_to("keepsake", both));
    char nobody[128];
    const struct made *lonely;

    (void)state;
    (void)snprintf(nobody, sizeof nobody, ",\"keepsake\":\"%s\"", both->hex);
    lonely = courage(&s, 'B', 132, in, nobody);
    assert_void(&s, half, NO_KEEPSAKE);
    assert_state(&s, whole, IN_FORCE);
    assert_void(&s, lonely, NO_HELPER);
    scene_assert_any_order(&s);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feedback_is_one_voice_by_others_for_each_work),
        cmocka_unit_test(lessons_are_by_teachers_and_in_classes),
        cmocka_unit_test(a_lesson_is_done_by_as_many_works_as_it_asks),
        cmocka_unit_test(courage_is_answered_by_somebody_else),
        cmocka_unit_test(help_answers_the_first_record_of_a_declaration),
        cmocka_unit_test(a_keepsake_credits_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
