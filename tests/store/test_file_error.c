/* What the errors of files are called. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "store/file_error.h"

static void a_full_disk_and_a_wrong_path_are_told_apart(void **state)
{
    static const struct {
        int number;
        enum err err;
    } rows[] = {
        { ENOSPC, ERR_NO_SPACE },
        { EDQUOT, ERR_NO_SPACE },
        { EFBIG, ERR_NO_SPACE },
        { ENOENT, ERR_NOT_FOUND },
        { EACCES, ERR_NOT_FOUND },
        { EROFS, ERR_NOT_FOUND },
        { EISDIR, ERR_NOT_FOUND },
        { ENAMETOOLONG, ERR_NOT_FOUND },
        { EEXIST, ERR_EXISTS },
        { EPIPE, ERR_CLOSED },
        { ENOMEM, ERR_NO_MEMORY },
        { EIO, ERR_IO },
        { 0, ERR_IO },
        { -1, ERR_IO },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(file_error(rows[i].number), rows[i].err);
}

static void the_error_of_a_real_call_is_understood(void **state)
{
    (void)state;
    assert_int_equal(open("/nobody/has/this", O_RDONLY | O_CLOEXEC), -1);
    assert_int_equal(file_error(errno), ERR_NOT_FOUND);
    assert_int_equal(mkdir("/", 0700), -1);
    assert_int_equal(file_error(errno), ERR_EXISTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_and_a_wrong_path_are_told_apart),
        cmocka_unit_test(the_error_of_a_real_call_is_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
