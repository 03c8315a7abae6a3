/* What whoever passes a work on has to say of it. */
#include <stdio.h>
#include <string.h>

#include "proto/view_work.h"
#include "tests/common/scene.h"

enum { ROOM = 1 << 20 };

struct shown {
    struct topic_state *ts;
    struct writer w;
    struct mp_doc *doc;
    const struct mp_value *works;
};

static struct shown attribute(const struct scene *s, const struct made *made)
{
    struct shown a = { .ts = scene_judge(s, NULL, NOW),
                       .w = writer_growing(ROOM) };
    const struct view v = { .topic = a.ts };

    assert_int_equal(view_attribution(&a.w, &v, made->id, 0), ERR_OK);
    assert_int_equal(mp_doc_parse(&a.doc, writer_view(&a.w), MP_WELL_FORMED),
                     ERR_OK);
    a.works = mp_get(mp_doc_root(a.doc), "works");
    return a;
}

static void shown_wipe(struct shown *a)
{
    mp_doc_free(a->doc);
    writer_free(&a->w);
    topic_state_free(a->ts);
}

static void assert_id(const struct mp_value *map, const char *key,
                      const struct made *want)
{
    struct bytes id = mp_bin(mp_get(map, key));

    assert_int_equal(id.len, ID_LEN);
    assert_memory_equal(id.data, want->id, ID_LEN);
}

static void assert_text(const struct mp_value *map, const char *key,
                        const char *want)
{
    struct bytes text = mp_str(mp_get(map, key));

    assert_int_equal(text.len, strlen(want));
    assert_memory_equal(text.data, want, text.len);
}

static void a_work_is_named_with_all_that_it_is_built_on(void **state)
{
    struct scene s;
    const struct made *poem;
    const struct made *song;
    const struct made *film;
    const struct mp_value *use;
    struct shown a;

    (void)state;
    (void)scene_begin(&s);
    poem = scene_work(&s, 'B', 110, "CC-BY-4.0", "");
    song = scene_work(&s, 'C', 120, "CC-BY-SA-4.0", "");
    film = scene_work(&s, 'D', 130, "CC0-1.0", "");
    (void)scene_cite(&s, 'C', 140, song, poem);
    (void)scene_cite(&s, 'D', 141, film, song);
    (void)scene_cite(&s, 'D', 142, film, poem);
    a = attribute(&s, film);
    assert_int_equal(mp_count(a.works), 3); /* the poem once */
    assert_id(mp_at(a.works, 0), "id", film);
    assert_id(mp_at(a.works, 1), "id", song);
    assert_id(mp_at(a.works, 2), "id", poem);
    assert_text(mp_at(a.works, 1), "licence", "CC-BY-SA-4.0");
    assert_text(mp_at(a.works, 1), "licence_url",
                "https://creativecommons.org/licenses/by-sa/4.0/");
    assert_int_equal(mp_count(mp_get(mp_at(a.works, 0), "uses")), 2);
    assert_int_equal(mp_count(mp_get(mp_at(a.works, 2), "uses")), 0);
    use = mp_at(mp_get(mp_at(a.works, 1), "uses"), 0);
    assert_id(use, "source", poem);
    assert_text(use, "relation", "adapted");
    assert_text(use, "thanks", "thank you");
    assert_false(mp_bool(mp_get(mp_doc_root(a.doc), "cut")));
    shown_wipe(&a);
    scene_free(&s);
}

static void a_release_is_attributed_as_it_was_released(void **state)
{
    struct scene s;
    const struct made *part;
    const struct made *later;
    const struct made *release;
    struct shown a;

    (void)state;
    (void)scene_begin(&s);
    part = scene_work(&s, 'B', 110, "CC-BY-4.0", "");
    later = scene_work(&s, 'C', 111, "CC-BY-4.0", "");
    release = scene_publish(&s, 'A', 120, part, scene_credits("B"));
    (void)scene_cite(&s, 'B', 130, part, later); /* too late for it */
    s.m.revises = part;
    (void)scene_work(&s, 'B', 131, "CC0-1.0", "");
    a = attribute(&s, release);
    assert_text(mp_doc_root(a.doc), "kind", "release");
    assert_int_equal(mp_count(mp_get(mp_doc_root(a.doc), "credits")), 1);
    assert_int_equal(mp_count(a.works), 1);
    assert_id(mp_at(a.works, 0), "id", part);
    assert_text(mp_at(a.works, 0), "licence", "CC-BY-4.0");
    assert_int_equal(mp_count(mp_get(mp_at(a.works, 0), "uses")), 0);
    shown_wipe(&a);
    a = attribute(&s, part); /* the work itself, as it is now */
    assert_int_equal(mp_count(a.works), 2);
    assert_text(mp_at(a.works, 0), "licence", "CC0-1.0");
    shown_wipe(&a);
    scene_free(&s);
}

/* A void release may name anything: a request, or what no kind is known of. */
static void parts_that_are_no_works_are_left_out(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *odd;
    const struct made *releases[3];
    struct shown a;

    (void)state;
    odd = scene_keep(&s, make_unknown(&s.m, 1000, 'B', 110, p));
    releases[0] = scene_publish(&s, 'A', 120, odd, scene_credits("B"));
    releases[1] = scene_publish(&s, 'A', 121, p, scene_credits("B"));
    releases[2] =
        scene_publish(&s, 'B', 122, scene_work(&s, 'B', 111, "CC0-1.0", ""),
                      scene_credits("A"));
    for (unsigned i = 0; i < 3; i++) {
        assert_state(&s, releases[i], VOID);
        a = attribute(&s, releases[i]);
        assert_int_equal(mp_count(a.works), i == 2 ? 1 : 0);
        shown_wipe(&a);
    }
    scene_free(&s);
}

static void of_a_retracted_work_its_author_stays(void **state)
{
    struct scene s;
    const struct made *source;
    const struct made *remix;
    const struct mp_value *work;
    struct shown a;

    (void)state;
    (void)scene_begin(&s);
    source = scene_work(&s, 'B', 110, "CC-BY-4.0", "");
    remix = scene_work(&s, 'C', 120, "CC-BY-4.0", "");
    (void)scene_cite(&s, 'C', 130, remix, source);
    (void)scene_retract(&s, 'B', 140, source);
    a = attribute(&s, remix);
    assert_int_equal(mp_count(a.works), 2);
    work = mp_at(a.works, 1);
    assert_id(work, "id", source);
    assert_int_equal(mp_bin(mp_get(work, "author")).len, ID_LEN);
    assert_null(mp_get(work, "title"));
    assert_null(mp_get(work, "licence"));
    shown_wipe(&a);
    scene_free(&s);
}

static void only_works_are_attributed(void **state)
{
    static const uint8_t nothing[ID_LEN] = { 1 };
    struct scene s;
    const struct made *p = scene_begin(&s);
    struct topic_state *ts = scene_judge(&s, NULL, NOW);
    const struct view v = { .topic = ts };
    struct writer w = writer_growing(ROOM);

    (void)state;
    assert_int_equal(view_attribution(&w, &v, p->id, 0), ERR_NOT_FOUND);
    assert_int_equal(view_attribution(&w, &v, nothing, 0), ERR_NOT_FOUND);
    assert_int_equal(w.len, 0);
    writer_free(&w);
    topic_state_free(ts);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_work_is_named_with_all_that_it_is_built_on),
        cmocka_unit_test(a_release_is_attributed_as_it_was_released),
        cmocka_unit_test(parts_that_are_no_works_are_left_out),
        cmocka_unit_test(of_a_retracted_work_its_author_stays),
        cmocka_unit_test(only_works_are_attributed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
