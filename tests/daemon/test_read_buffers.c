/* Large pages that wait for the next use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/read_buffers.h"
#include "store/blob_disk.h"

/* All of it can be written; a sanitizer sees what is freed twice, or never. */
static uint8_t *take(struct read_buffers *b)
{
    uint8_t *buf = read_buffers_take(b);

    assert_non_null(buf);
    memset(buf, 1, BLOB_DISK_PAGE);
    return buf;
}

static void what_came_back_is_given_again(void **state)
{
    struct read_buffers b = { .count = 0 };
    uint8_t *first = take(&b);
    uint8_t *second = take(&b);

    (void)state;
    assert_ptr_not_equal(first, second);
    read_buffers_give(&b, first, 0);
    read_buffers_give(&b, NULL, 0);
    assert_int_equal(b.count, 1);
    assert_ptr_equal(take(&b), first);
    assert_int_equal(b.count, 0);
    free(first);
    free(second);
}

static void only_a_few_wait(void **state)
{
    struct read_buffers b = { .count = 0 };
    uint8_t *bufs[READ_BUFFERS_SPARE + 1];

    (void)state;
    for (size_t i = 0; i <= READ_BUFFERS_SPARE; i++)
        bufs[i] = take(&b);
    for (size_t i = 0; i <= READ_BUFFERS_SPARE; i++)
        read_buffers_give(&b, bufs[i], 0);
    assert_int_equal(b.count, READ_BUFFERS_SPARE);
    read_buffers_wipe(&b);
    assert_int_equal(b.count, 0);
}

static void what_nobody_needs_is_freed_in_time(void **state)
{
    struct read_buffers b = { .count = 0 };

    (void)state;
    read_buffers_give(&b, take(&b), 1000);
    read_buffers_give(&b, take(&b), 1500); /* the same: the clock starts anew */
    read_buffers_tick(&b, 1500 + READ_BUFFERS_SPARE_MS - 1);
    assert_int_equal(b.count, 1);
    read_buffers_tick(&b, 1500 + READ_BUFFERS_SPARE_MS);
    assert_int_equal(b.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_back_is_given_again),
        cmocka_unit_test(only_a_few_wait),
        cmocka_unit_test(what_nobody_needs_is_freed_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
