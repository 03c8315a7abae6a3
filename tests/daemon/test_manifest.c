/* From a record and its pages to one list of files. */
#include "daemon/manifest.h"

#include "tests/store/fixture.h"

static const uint8_t topic[ID_LEN] = { 9 };
static const uint8_t nowhere[ID_LEN] = { 8 };

static void put_file(struct writer *w, const char *name)
{
    static const uint8_t root[HASH_LEN] = { 7 };

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

static void put_files(struct writer *w, const char *const *names, size_t count)
{
    mp_put_array(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_file(w, names[i]);
}

static uint64_t keep(struct fixture *f, uint64_t kind, unsigned author,
                     const uint8_t in[ID_LEN], struct writer *map,
                     uint8_t id[ID_LEN])
{
    static uint32_t number;
    struct sketch sketch = { .kind = kind,
                             .author = author_of(author),
                             .topic = in,
                             .number = ++number,
                             .map = writer_view(map) };
    uint64_t seq = put(f, &sketch, id);

    writer_free(map);
    return seq;
}

/* A page of the list `files` with one file, or two. */
static void page(struct fixture *f, unsigned author, const uint8_t in[ID_LEN],
                 const char *const *names, size_t count, uint8_t id[ID_LEN])
{
    struct writer w = writer_growing(RECORD_BODY_MAX);

    mp_put_map(&w, 3);
    mp_put_text(&w, "index");
    mp_put_uint(&w, 0);
    mp_put_text(&w, "items");
    put_files(&w, names, count);
    mp_put_text(&w, "of");
    mp_put_text(&w, "files");
    (void)keep(f, KIND_PAGE, author, in, &w, id);
}

/* A work with these files and pages; its number. */
static uint64_t work(struct fixture *f, const char *const *names, size_t count,
                     const uint8_t *const *pages, size_t pages_count)
{
    struct writer w = writer_growing(RECORD_BODY_MAX);
    uint8_t id[ID_LEN];

    mp_put_map(&w, 7);
    mp_put_text(&w, "files");
    put_files(&w, names, count);
    mp_put_text(&w, "licence");
    mp_put_text(&w, "CC0-1.0");
    mp_put_text(&w, "media_kind");
    mp_put_uint(&w, 1);
    mp_put_text(&w, "pages");
    mp_put_array(&w, (uint32_t)pages_count);
    for (size_t i = 0; i < pages_count; i++)
        mp_put_bin(&w, (struct bytes){ pages[i], ID_LEN });
    mp_put_text(&w, "rights_statement");
    mp_put_text(&w, "mine");
    mp_put_text(&w, "title");
    mp_put_text(&w, "T");
    mp_put_text(&w, "work_kind");
    mp_put_uint(&w, 1);
    return keep(f, KIND_CONTRIBUTION, 0, topic, &w, id);
}

static void assert_names(struct fixture *f, uint64_t seq, const char *only,
                         const char *const *names, size_t count)
{
    struct bytes one = { (const uint8_t *)only, strlen(only) };
    struct manifest m;

    assert_int_equal(manifest_read(&m, f->store, seq, one), ERR_OK);
    assert_int_equal(m.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(m.files[i].name, names[i]);
        assert_int_equal(m.files[i].blob.size, 5);
        assert_int_equal(m.files[i].blob.root[0], 7);
    }
    manifest_wipe(&m);
}

static void assert_error(struct fixture *f, uint64_t seq, const char *only,
                         enum err want)
{
    struct bytes one = { (const uint8_t *)only, strlen(only) };
    struct manifest m;

    assert_int_equal(manifest_read(&m, f->store, seq, one), want);
    manifest_wipe(&m);
}

static int open_store(void **state)
{
    static struct fixture f;

    fixture_open(&f);
    *state = &f;
    return 0;
}

static int close_store(void **state)
{
    fixture_close(*state);
    return 0;
}

static void its_own_files_come_before_those_of_its_pages(void **state)
{
    static const char *const names[] = { "a", "b", "c", "d", "e" };
    struct fixture *f = *state;
    uint8_t first[ID_LEN];
    uint8_t second[ID_LEN];
    const uint8_t *const pages[] = { first, second };
    uint64_t seq;

    page(f, 0, topic, names + 4, 1, second); /* made first, named second */
    page(f, 0, topic, names + 2, 2, first);
    seq = work(f, names, 2, pages, 2);
    assert_names(f, seq, "", names, 5);
}

static void a_page_that_is_named_twice_counts_once(void **state)
{
    static const char *const names[] = { "a", "b" };
    struct fixture *f = *state;
    uint8_t id[ID_LEN];
    const uint8_t *const pages[] = { id, id };

    page(f, 0, topic, names + 1, 1, id);
    assert_names(f, work(f, names, 1, pages, 2), "", names, 2);
}

static void pages_of_others_and_of_other_topics_are_passed_over(void **state)
{
    static const char *const names[] = { "a", "b" };
    static const uint8_t elsewhere[ID_LEN] = { 10 };
    struct fixture *f = *state;
    uint8_t strangers[ID_LEN];
    uint8_t others[ID_LEN];
    const uint8_t *const pages[] = { strangers, others };

    page(f, 1, topic, names + 1, 1, strangers);
    page(f, 0, elsewhere, names + 1, 1, others);
    assert_names(f, work(f, names, 1, pages, 2), "", names, 1);
}

static void a_page_that_is_not_here_is_waited_for(void **state)
{
    static const char *const names[] = { "a", "b" };
    struct fixture *f = *state;
    uint8_t id[ID_LEN];
    const uint8_t *const pages[] = { id, nowhere };
    uint64_t seq;

    page(f, 0, topic, names + 1, 1, id);
    seq = work(f, names, 1, pages, 2);
    assert_error(f, seq, "", ERR_NOT_HELD);
    assert_names(f, seq, "a", names, 1); /* but not by who needs none of it */
    assert_error(f, seq, "b", ERR_NOT_HELD);
}

static void one_file_is_found_by_its_name(void **state)
{
    static const char *const names[] = { "a", "b/c", "d", "d" };
    struct fixture *f = *state;
    uint8_t id[ID_LEN];
    const uint8_t *const pages[] = { id };
    uint64_t seq;

    page(f, 0, topic, names + 1, 3, id);
    seq = work(f, names, 1, pages, 1);
    assert_names(f, seq, "b/c", names + 1, 1);
    assert_names(f, seq, "d", names + 2, 2); /* the user gets both */
    assert_error(f, seq, "c", ERR_NOT_FOUND);
    assert_error(f, seq, "b", ERR_NOT_FOUND);
}

static void names_that_lead_elsewhere_are_passed_over(void **state)
{
    static const char *const names[] = { "../a", "/a", "a/../b", "a//b", "",
                                         ".",    "a/", "a\nb",   "good" };
    struct fixture *f = *state;
    uint8_t id[ID_LEN];
    const uint8_t *const pages[] = { id };
    uint64_t seq;

    page(f, 0, topic, names, 9, id);
    seq = work(f, names + 2, 1, pages, 1);
    assert_names(f, seq, "", names + 8, 1);
    assert_error(f, seq, "../a", ERR_NOT_FOUND);
}

static void what_has_no_files_has_none(void **state)
{
    struct fixture *f = *state;
    struct sketch comment = { .topic = topic, .text_len = 3 };
    uint8_t id[ID_LEN];

    assert_error(f, put(f, &comment, id), "", ERR_NOT_FOUND);
    assert_error(f, work(f, NULL, 0, NULL, 0), "", ERR_NOT_FOUND);
    assert_error(f, 999, "", ERR_NOT_FOUND); /* no such record */
}

static void a_body_of_another_shape_names_nothing(void **state)
{
    struct fixture *f = *state;
    struct writer w = writer_growing(RECORD_BODY_MAX);
    uint8_t id[ID_LEN];

    mp_put_map(&w, 2);
    mp_put_text(&w, "files");
    mp_put_text(&w, "none");
    mp_put_text(&w, "pages");
    mp_put_array(&w, 2);
    mp_put_uint(&w, 7);
    mp_put_bin(&w, BYTES_LITERAL("too short"));
    assert_error(f, keep(f, KIND_CONTRIBUTION, 0, topic, &w, id), "",
                 ERR_NOT_FOUND);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)
    const struct CMUnitTest tests[] = {
        T(its_own_files_come_before_those_of_its_pages),
        T(a_page_that_is_named_twice_counts_once),
        T(pages_of_others_and_of_other_topics_are_passed_over),
        T(a_page_that_is_not_here_is_waited_for),
        T(one_file_is_found_by_its_name),
        T(names_that_lead_elsewhere_are_passed_over),
        T(what_has_no_files_has_none),
        T(a_body_of_another_shape_names_nothing),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
