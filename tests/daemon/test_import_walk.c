/* What a path stands for: a file, or all files below a folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/import_walk.h"

static char top[] = "/tmp/troupe-walk.XXXXXX";
static char path[256];

static const char *at(const char *name)
{
    (void)snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static void make(const char *name, const char *text)
{
    FILE *out = fopen(at(name), "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int remove_one(const char *name, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

static int setup(void **state)
{
    static const char *const FOLDERS[] = { "f", "f/b", "f/.git", "home" };

    (void)state;
    memcpy(top + strlen(top) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(top));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mkdir(at(FOLDERS[i]), 0700), 0);
    make("f/z", "12345");
    make("f/b/2", "1");
    make("f/b/10", "");
    make("f/.hidden", "no");
    make("f/.git/config", "no");
    make("home/key", "secret");
    assert_int_equal(symlink("/etc/passwd", at("f/link")), 0);
    assert_int_equal(mkfifo(at("f/fifo"), 0600), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum err walk(struct import_walk *w, const char *name, bool folders,
                     size_t max)
{
    char home[256];
    char *wrong;
    enum err e;

    (void)snprintf(home, sizeof home, "%s", at("home"));
    import_walk_init(w, max, home);
    e = import_walk_add(w, at(name), folders, &wrong);
    assert_int_equal(wrong != NULL, e != ERR_OK);
    free(wrong);
    return e;
}

static const char *name_of(const struct import_walk *w, size_t i)
{
    return w->files[i].path + w->files[i].name_at;
}

static void a_folder_is_its_files_in_the_order_of_their_names(void **state)
{
    struct import_walk w;

    (void)state;
    assert_int_equal(walk(&w, "f", true, 10), ERR_OK);
    assert_int_equal(w.count, 3);
    assert_string_equal(name_of(&w, 0), "f/b/10");
    assert_string_equal(name_of(&w, 1), "f/b/2");
    assert_string_equal(name_of(&w, 2), "f/z");
    assert_int_equal(w.bytes, 6);
    assert_int_equal(w.passed_over, 4); /* two hidden, a link, a fifo */
    import_walk_wipe(&w);
    /* However it is written. */
    assert_int_equal(walk(&w, "f/b/../", true, 10), ERR_OK);
    assert_string_equal(name_of(&w, 2), "f/z");
    import_walk_wipe(&w);
}

static void a_file_is_itself(void **state)
{
    struct import_walk w;

    (void)state;
    assert_int_equal(walk(&w, "f/.hidden", true, 10), ERR_OK);
    assert_int_equal(w.count, 1);
    assert_string_equal(name_of(&w, 0), ".hidden");
    import_walk_wipe(&w);
    assert_int_equal(walk(&w, "missing", true, 10), ERR_NOT_FOUND);
    import_walk_wipe(&w);
    /* What may be no folder is left to whoever reads it. */
    assert_int_equal(walk(&w, "f", false, 10), ERR_OK);
    assert_int_equal(w.count, 1);
    import_walk_wipe(&w);
}

static void too_many_files_are_refused(void **state)
{
    struct import_walk w;

    (void)state;
    assert_int_equal(walk(&w, "f", true, 3), ERR_OK);
    import_walk_wipe(&w);
    assert_int_equal(walk(&w, "f", true, 2), ERR_TOO_LARGE);
    import_walk_wipe(&w);
}

static void names_that_cannot_be_published_are_refused(void **state)
{
    struct import_walk w;

    (void)state;
    make("f/b/new\nline", "");
    assert_int_equal(walk(&w, "f", true, 10), ERR_USAGE);
    import_walk_wipe(&w);
}

static void the_daemons_own_folder_is_no_work(void **state)
{
    struct import_walk w;

    (void)state;
    assert_int_equal(walk(&w, "home", true, 10), ERR_REFUSED);
    import_walk_wipe(&w);
    assert_int_equal(walk(&w, ".", true, 10), ERR_OK);
    assert_int_equal(w.count, 3);
    assert_int_equal(w.passed_over, 5);
    import_walk_wipe(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_folder_is_its_files_in_the_order_of_their_names, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_is_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_files_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            names_that_cannot_be_published_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_daemons_own_folder_is_no_work,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
