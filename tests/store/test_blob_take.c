/* Blobs that came from others, many at once: true ones, false ones, no room. */
#include "fixture.h"

#include <dirent.h>
#include <stdio.h>

#include "store/blob_take.h"
#include "store/internal.h"

enum { COUNT = 12, LEN = BLOB_INLINE_MAX + 1 };

static const uint8_t T1[ID_LEN] = { 1 };

static struct blob_taken items[COUNT];
static uint8_t contents[COUNT][BLOB_SPAN_LEN];

static int setup(void **state)
{
    static struct fixture f;

    fixture_open(&f);
    for (size_t i = 0; i < COUNT; i++) {
        size_t len = i == 0 ? BLOB_SPAN_LEN : LEN + i;

        memset(contents[i], (int)i + 1, len);
        items[i] = (struct blob_taken){ .content = { contents[i], len } };
        items[i].id.size = len;
        assert_int_equal(
            blob_span_hash(NULL, items[i].id.root, len, items[i].content),
            ERR_OK);
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

static unsigned left_in_tmp(const struct fixture *f)
{
    DIR *dir = opendir(fixture_path(f, "blobs/tmp"));
    unsigned count = 0;

    assert_non_null(dir);
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
        count += d->d_name[0] == '.' ? 0 : 1;
    assert_int_equal(closedir(dir), 0);
    return count;
}

static void hold(struct fixture *f)
{
    store_batch_clear(f->batch);
    for (size_t i = 0; i < COUNT; i++)
        if (items[i].good)
            assert_int_equal(blob_take_put(&items[i], T1, f->batch), ERR_OK);
    apply(f);
}

static void assert_held(struct fixture *f, size_t i)
{
    struct blob_progress progress = { 0 };
    struct blob_reader *reader;

    assert_int_equal(blob_reader_open(&reader, f->store, &items[i].id, T1),
                     ERR_OK);
    assert_int_equal(blob_reader_verify(reader, &progress), ERR_OK);
    blob_reader_close(reader);
}

static void what_is_true_is_held(void **state)
{
    assert_int_equal(blob_take(((struct fixture *)*state)->store, items, COUNT),
                     ERR_OK);
    hold(*state);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(items[i].good);
        assert_held(*state, i);
    }
    assert_int_equal(left_in_tmp(*state), 0);
}

static void a_false_one_is_not_written_and_harms_no_other(void **state)
{
    struct fixture *f = *state;
    struct blob_info info;

    contents[3][LEN / 2] ^= 1;
    assert_int_equal(blob_take(f->store, items, COUNT), ERR_OK);
    assert_false(items[3].good);
    hold(f);
    assert_int_equal(blobs_find(f->store, &items[3].id, &info), ERR_NOT_FOUND);
    assert_held(f, 2);
    assert_held(f, 4);
    assert_int_equal(left_in_tmp(f), 0);
}

static void none_that_is_true_is_no_error(void **state)
{
    struct fixture *f = *state;

    contents[1][0] ^= 1;
    assert_int_equal(blob_take(f->store, &items[1], 1), ERR_OK);
    assert_false(items[1].good);
}

static void without_room_nothing_is_taken(void **state)
{
    struct fixture *f = *state;

    f->store->options.reserve_bytes = UINT64_MAX;
    assert_int_equal(blob_take(f->store, items, COUNT), ERR_NO_SPACE);
    for (size_t i = 0; i < COUNT; i++)
        assert_false(items[i].good);
    assert_int_equal(left_in_tmp(f), 0);
    f->store->options.reserve_bytes = 0;
    assert_int_equal(blob_take(f->store, items, COUNT), ERR_OK);
}

static void what_is_here_already_may_be_taken_again(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(blob_take(f->store, items, COUNT), ERR_OK);
        hold(f);
    }
    assert_held(f, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_true_is_held),
        TEST(a_false_one_is_not_written_and_harms_no_other),
        TEST(none_that_is_true_is_no_error),
        TEST(without_room_nothing_is_taken),
        TEST(what_is_here_already_may_be_taken_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
