/* Files of works and releases as they are shown: the first, and how many. */
#include "tests/common/scene.h"

#include <stdio.h>
#include <string.h>

#include "proto/view.h"
#include "proto/view_files.h"

/* A page of A's with so many files, called "0", "1" and so on from `from`. */
static const struct made *files_page(struct scene *s, const char *of,
                                     unsigned from, unsigned count)
{
    static const uint8_t root[HASH_LEN] = { 7 };
    struct writer w = writer_growing(RECORD_BODY_MAX);
    const struct made *page;
    char name[16];

    mp_put_map(&w, 3);
    mp_put_text(&w, "index");
    mp_put_uint(&w, 0);
    mp_put_text(&w, "items");
    mp_put_array(&w, count);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%u", from + i);
        mp_put_map(&w, 3);
        mp_put_text(&w, "blob");
        mp_put_array(&w, 2);
        mp_put_bin(&w, BYTES_ARRAY(root));
        mp_put_uint(&w, from + i);
        mp_put_text(&w, "media_type");
        mp_put_text(&w, "image/png");
        mp_put_text(&w, "name");
        mp_put_text(&w, name);
    }
    mp_put_text(&w, "of");
    mp_put_text(&w, of);
    s->m.body = writer_view(&w);
    page = scene_keep(s, make(&s->m, KIND_PAGE, 'A', 105,
                              "{\"of\":\"files\",\"index\":0,\"items\":[]}"));
    writer_free(&w);
    return page;
}

/* The field that names these pages. */
static const char *pages_of(const char *first, const char *second)
{
    static char text[256];

    (void)snprintf(text, sizeof text, ",\"pages\":[\"%s\"%s%s%s]", first,
                   second != NULL ? ",\"" : "", second != NULL ? second : "",
                   second != NULL ? "\"" : "");
    return text;
}

/* The bytes of the map that was shown last, which its document borrows. */
static struct writer answer;

static int free_answer(void **state)
{
    (void)state;
    writer_free(&answer);
    return 0;
}

/* The map of the work or release, as `contribution show` has it. */
static struct mp_doc *show(const struct scene *s, const struct made *made)
{
    struct topic_state *ts = scene_judge(s, NULL, NOW);
    struct view v = { .topic = ts };
    struct view_page page = { 0 };
    struct mp_doc *doc;

    writer_free(&answer);
    answer = writer_growing(CONTROL_MESSAGE_MAX);
    if (topic_state_find(ts, made->id)->record.kind == KIND_RELEASE)
        assert_int_equal(view_release_show(&answer, &v, made->id, 0), ERR_OK);
    else
        assert_int_equal(
            view_contribution_show(&answer, &v, made->id, &page, 0), ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&answer), MP_WELL_FORMED),
                     ERR_OK);
    topic_state_free(ts);
    return doc;
}

static void assert_name(const struct mp_value *files, uint32_t at,
                        const char *name)
{
    struct bytes text = mp_str(mp_get(mp_at(files, at), "name"));

    assert_int_equal(text.len, strlen(name));
    assert_memory_equal(text.data, name, text.len);
}

/* `more` are those on pages; FILES has "a.png" before them. */
static void assert_shown(const struct mp_value *map, uint32_t more)
{
    uint32_t all = more + 1;
    const struct mp_value *files = mp_get(map, "files");
    char last[16];

    (void)snprintf(last, sizeof last, "%u",
                   (all < VIEW_FILES_MAX ? all : VIEW_FILES_MAX) - 2);
    assert_int_equal(mp_uint(mp_get(map, "files_count")), all);
    assert_int_equal(mp_count(files),
                     all < VIEW_FILES_MAX ? all : VIEW_FILES_MAX);
    assert_name(files, 0, "a.png");
    assert_name(files, mp_count(files) - 1, last);
}

static void a_work_shows_the_first_files_of_its_pages(void **state)
{
    static struct scene s;
    static const unsigned counts[] = { 1, VIEW_FILES_MAX - 2,
                                       VIEW_FILES_MAX - 1, VIEW_FILES_MAX,
                                       300 };

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const struct made *page;
        const struct made *work;
        struct mp_doc *doc;

        (void)scene_begin(&s);
        page = files_page(&s, "files", 0, counts[i]);
        work = scene_work(&s, 'A', 110, "CC0-1.0", pages_of(page->hex, NULL));
        doc = show(&s, work);
        assert_shown(mp_doc_root(doc), counts[i]);
        mp_doc_free(doc);
        scene_free(&s);
    }
}

static void pages_come_in_the_order_of_their_names(void **state)
{
    static struct scene s;
    const struct made *pages[2];
    const struct made *work;
    struct mp_doc *doc;

    (void)state;
    (void)scene_begin(&s);
    pages[1] = files_page(&s, "files", 40, 50);
    pages[0] = files_page(&s, "files", 0, 40);
    work = scene_work(&s, 'A', 110, "CC0-1.0",
                      pages_of(pages[0]->hex, pages[1]->hex));
    doc = show(&s, work);
    assert_shown(mp_doc_root(doc), 90);
    mp_doc_free(doc);
    scene_free(&s);
}

/* How many there are, nobody can say; what is in the body is there. */
static void while_a_page_is_not_held_the_works_own_are_shown(void **state)
{
    static struct scene s;
    const struct made *page;
    const struct made *work;
    struct mp_doc *doc;
    char nowhere[2 * ID_LEN + 1];

    (void)state;
    (void)scene_begin(&s);
    (void)snprintf(nowhere, sizeof nowhere, "%064d", 0);
    page = files_page(&s, "files", 0, 9);
    work = scene_work(&s, 'A', 110, "CC0-1.0", pages_of(page->hex, nowhere));
    doc = show(&s, work);
    assert_null(mp_get(mp_doc_root(doc), "files_count"));
    assert_int_equal(mp_count(mp_get(mp_doc_root(doc), "files")), 1);
    mp_doc_free(doc);
    scene_free(&s);
}

static void a_list_of_works_has_each_ones_own(void **state)
{
    static struct scene s;
    const struct made *page;
    const struct made *work;
    struct topic_state *ts;
    struct view v = { 0 };
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    struct mp_doc *doc;

    (void)state;
    (void)scene_begin(&s);
    page = files_page(&s, "files", 0, 9);
    work = scene_work(&s, 'A', 110, "CC0-1.0", pages_of(page->hex, NULL));
    ts = scene_judge(&s, NULL, NOW);
    v.topic = ts;
    assert_int_equal(view_contribution_item(&w, &v, work->id, 0), ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED),
                     ERR_OK);
    assert_int_equal(mp_count(mp_get(mp_doc_root(doc), "files")), 1);
    assert_null(mp_get(mp_doc_root(doc), "files_count"));
    mp_doc_free(doc);
    writer_free(&w);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_release_shows_the_first_of_both_its_lists(void **state)
{
    static struct scene s;
    const struct made *files;
    const struct made *making_of;
    const struct made *part;
    const struct made *release;
    struct mp_doc *doc;
    char more[512];

    (void)state;
    (void)scene_begin(&s);
    files = files_page(&s, "files", 0, 300);
    making_of = files_page(&s, "making_of", 0, 200);
    part = scene_work(&s, 'A', 110, "CC0-1.0", "");
    (void)snprintf(more, sizeof more, "%s%s", scene_credits("A"),
                   pages_of(files->hex, making_of->hex));
    release = scene_publish(&s, 'A', 120, part, more);
    doc = show(&s, release);
    assert_shown(mp_doc_root(doc), 300);
    assert_int_equal(mp_uint(mp_get(mp_doc_root(doc), "making_of_count")), 200);
    assert_int_equal(mp_count(mp_get(mp_doc_root(doc), "making_of")),
                     VIEW_FILES_MAX);
    assert_int_equal(
        mp_count(mp_get(mp_at(mp_get(mp_doc_root(doc), "parts"), 0), "files")),
        1);
    mp_doc_free(doc);
    scene_free(&s);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, free_answer)
    const struct CMUnitTest tests[] = {
        T(a_work_shows_the_first_files_of_its_pages),
        T(pages_come_in_the_order_of_their_names),
        T(while_a_page_is_not_held_the_works_own_are_shown),
        T(a_list_of_works_has_each_ones_own),
        T(a_release_shows_the_first_of_both_its_lists),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
