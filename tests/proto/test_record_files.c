/* The files that records and their pages name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/record_files.h"

static const uint8_t SALT[RECORD_SALT_LEN];

static void put_file(struct writer *w, const char *name)
{
    uint8_t root[HASH_LEN] = { 7 };

    mp_put_map(w, 3);
    mp_put_text(w, "blob");
    mp_put_array(w, 2);
    mp_put_bin(w, BYTES_ARRAY(root));
    mp_put_uint(w, 5);
    mp_put_text(w, "media_type");
    mp_put_text(w, "text/plain");
    mp_put_text(w, "name");
    mp_put_text(w, name);
}

/* A page that goes on with `of`: two files and something else between. */
static struct record page(struct writer *w, const char *of)
{
    *w = writer_growing(RECORD_BODY_MAX);
    writer_bytes(w, BYTES_ARRAY(SALT));
    mp_put_map(w, 3);
    mp_put_text(w, "index");
    mp_put_uint(w, 0);
    mp_put_text(w, "items");
    mp_put_array(w, 3);
    put_file(w, "one");
    mp_put_text(w, "no file");
    put_file(w, "two");
    mp_put_text(w, "of");
    mp_put_text(w, of);
    assert_int_equal(w->err, ERR_OK);
    return (struct record){ .kind = KIND_PAGE, .body = writer_view(w) };
}

static unsigned count(const struct record *r, const char *const *names)
{
    struct record_files it;
    struct record_file file;
    unsigned n = 0;

    assert_int_equal(record_files_open(&it, r), ERR_OK);
    while (record_files_next(&it, &file)) {
        assert_non_null(names[n]);
        assert_int_equal(file.name.len, strlen(names[n]));
        assert_memory_equal(file.name.data, names[n], file.name.len);
        assert_int_equal(file.blob.size, 5);
        assert_int_equal(file.blob.root[0], 7);
        n++;
    }
    record_files_close(&it);
    return n;
}

static void a_page_of_files_names_them(void **state)
{
    struct writer w;
    struct record r = page(&w, "files");

    (void)state;
    assert_int_equal(count(&r, (const char *[]){ "one", "two", NULL }), 2);
    writer_free(&w);
    r = page(&w, "making_of");
    assert_int_equal(count(&r, (const char *[]){ "one", "two", NULL }), 2);
    writer_free(&w);
}

static void a_page_of_anything_else_names_none(void **state)
{
    static const char *const LISTS[] = { "credits", "known",  "pages",
                                         "file",    "filesx", "cover" };
    struct writer w;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct record r = page(&w, LISTS[i]);

        assert_int_equal(count(&r, (const char *[]){ NULL }), 0);
        writer_free(&w);
    }
}

static void a_page_cut_short_names_none(void **state)
{
    struct writer w;
    struct record r = page(&w, "files");
    size_t whole = r.body.len;

    (void)state;
    for (r.body.len = RECORD_BODY_MIN; r.body.len < whole; r.body.len++)
        assert_int_equal(count(&r, (const char *[]){ NULL }), 0);
    writer_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_files_names_them),
        cmocka_unit_test(a_page_of_anything_else_names_none),
        cmocka_unit_test(a_page_cut_short_names_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
