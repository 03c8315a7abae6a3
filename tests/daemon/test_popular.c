/* Which files are read through the page cache for peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/popular.h"

static struct blob_id file(uint8_t number)
{
    return (struct blob_id){ .root = { number }, .size = 1 };
}

static bool ask(struct popular *p, uint8_t number, uint64_t peer,
                uint64_t now_ms)
{
    struct blob_id id = file(number);

    return popular_note(p, &id, peer, now_ms);
}

static void one_peer_alone_makes_no_file_popular(void **state)
{
    struct popular p = { 0 };

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        assert_false(ask(&p, 1, 7, i));
}

static void a_second_peer_does_for_both(void **state)
{
    struct popular p = { 0 };

    (void)state;
    assert_false(ask(&p, 1, 7, 0));
    assert_true(ask(&p, 1, 8, 1));
    assert_true(ask(&p, 1, 7, 2));
    assert_false(ask(&p, 2, 8, 3));
}

static void after_an_hour_without_questions_it_is_forgotten(void **state)
{
    struct popular p = { 0 };

    (void)state;
    assert_false(ask(&p, 1, 7, 5));
    assert_true(ask(&p, 1, 8, 5 + POPULAR_MS - 1));
    assert_true(ask(&p, 1, 9, 5 + 2 * (POPULAR_MS - 1)));
    assert_false(ask(&p, 1, 9, 5 + 3 * POPULAR_MS));
}

static void of_two_sizes_with_one_root_each_is_its_own(void **state)
{
    struct popular p = { 0 };
    struct blob_id id = file(1);

    (void)state;
    assert_false(popular_note(&p, &id, 7, 0));
    id.size = 2;
    assert_false(popular_note(&p, &id, 8, 0));
}

static void what_was_asked_for_longest_ago_gives_its_place(void **state)
{
    struct popular p = { 0 };

    (void)state;
    for (uint8_t i = 0; i < POPULAR_FILES; i++)
        assert_false(ask(&p, i, 7, i));
    assert_false(ask(&p, 0, 7, POPULAR_FILES));
    assert_false(ask(&p, POPULAR_FILES, 7, POPULAR_FILES + 1));
    assert_true(ask(&p, 0, 8, POPULAR_FILES + 2));
    assert_true(ask(&p, 2, 8, POPULAR_FILES + 3));
    assert_false(ask(&p, 1, 8, POPULAR_FILES + 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_peer_alone_makes_no_file_popular),
        cmocka_unit_test(a_second_peer_does_for_both),
        cmocka_unit_test(after_an_hour_without_questions_it_is_forgotten),
        cmocka_unit_test(of_two_sizes_with_one_root_each_is_its_own),
        cmocka_unit_test(what_was_asked_for_longest_ago_gives_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
