/* Credits: who is drafted, who is missing, what a release states, in pages. */
#include "proto/credits.h"

#include <stdio.h>
#include <string.h>

#include "tests/common/scene.h"

#define LINES 426

static struct credits draft(const struct topic_state *ts,
                            const struct made *part)
{
    struct credits c;
    uint8_t parts[1][ID_LEN];

    memcpy(parts[0], part->id, ID_LEN);
    assert_int_equal(credits_draft(&c, ts, (const uint8_t(*)[ID_LEN])parts, 1),
                     ERR_OK);
    return c;
}

/* The id of the i-th made-up person, who signs nothing. */
static void person_at(uint8_t out[ID_LEN], unsigned i)
{
    memset(out, 0, ID_LEN);
    out[0] = (uint8_t)(i >> 8);
    out[1] = (uint8_t)i;
    out[2] = 1;
}

/* A work by D with so many performers, 64 a work at most: others are cited. */
static const struct made *choir(struct scene *s, unsigned people)
{
    const struct made *part = scene_work(s, 'D', 110, "CC0-1.0", "");
    static char text[1 << 15];
    unsigned at = 0;

    for (uint64_t n = 0; at < people; n++) {
        int len = snprintf(text, sizeof text, ",\"performers\":[");
        const struct made *voices;

        for (unsigned k = 0; k < 64 && at < people; k++, at++) {
            uint8_t id[ID_LEN];
            char hex[2 * ID_LEN + 1];

            person_at(id, at);
            hex_encode(hex, BYTES_ARRAY(id));
            len += snprintf(text + len, sizeof text - (size_t)len,
                            "%s{\"person\":\"%s\",\"role\":\"voice\"}",
                            k > 0 ? "," : "", hex);
        }
        (void)snprintf(text + len, sizeof text - (size_t)len, "]");
        voices = scene_work(s, 'D', 120 + n, "CC0-1.0", text);
        (void)scene_cite(s, 'D', 300 + n, part, voices);
    }
    return part;
}

static void put_credits(struct writer *w, unsigned from, unsigned to)
{
    mp_put_array(w, to - from);
    for (unsigned i = from; i < to; i++) {
        uint8_t id[ID_LEN];

        person_at(id, i);
        mp_put_map(w, 2);
        mp_put_text(w, "person");
        mp_put_bin(w, BYTES_ARRAY(id));
        mp_put_text(w, "role");
        mp_put_text(w, "voice");
    }
}

/* A page of credits by A, from one person to before another. */
static const struct made *credits_page(struct scene *s, char who, uint64_t at,
                                       unsigned from, unsigned to)
{
    struct writer w = writer_growing(RECORD_BODY_MAX);
    const struct made *page;

    mp_put_map(&w, 3);
    mp_put_text(&w, "index");
    mp_put_uint(&w, 0);
    mp_put_text(&w, "items");
    put_credits(&w, from, to);
    mp_put_text(&w, "of");
    mp_put_text(&w, "credits");
    s->m.body = writer_view(&w);
    page = scene_keep(s, make(&s->m, KIND_PAGE, who, at,
                              "{\"of\":\"credits\",\"index\":0,"
                              "\"items\":[]}"));
    writer_free(&w);
    return page;
}

/* The field credits with D alone, then the pages. */
static const char *with_pages(const struct made *const *pages, size_t count)
{
    static char text[4096];
    int len = snprintf(text, sizeof text, "%s,\"pages\":[", scene_credits("D"));

    for (size_t i = 0; i < count; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s\"%s\"",
                        i > 0 ? "," : "", pages[i]->hex);
    (void)snprintf(text + len, sizeof text - (size_t)len, "]");
    return text;
}

static void four_hundred_and_more_lines_stand_on_pages(void **state)
{
    static struct scene s;
    const struct made *part;
    const struct made *pages[2];
    const struct made *whole;
    const struct made *lacking;
    struct topic_state *ts;
    struct credits c;
    uint8_t id[ID_LEN];

    (void)state;
    (void)scene_begin(&s);
    part = choir(&s, LINES - 1);
    pages[0] = credits_page(&s, 'A', 400, 0, 200);
    pages[1] = credits_page(&s, 'A', 401, 200, LINES - 1);
    whole = scene_publish(&s, 'A', 500, part, with_pages(pages, 2));
    lacking = scene_publish(&s, 'A', 499, part, with_pages(pages, 1));
    assert_state(&s, whole, IN_FORCE);
    assert_void(&s, lacking, OMITS);
    person_at(id, 200);
    assert_memory_equal(scene_verdict(&s, lacking).subject, id, ID_LEN);
    ts = scene_judge(&s, NULL, NOW);
    c = draft(ts, part);
    assert_int_equal(c.count, LINES);
    assert_false(c.is_cut);
    credits_wipe(&c);
    assert_int_equal(credits_of_release(&c, ts, whole->id), ERR_OK);
    assert_int_equal(c.count, LINES);
    person_at(id, LINES - 2);
    assert_memory_equal(c.lines[LINES - 1].person, id, ID_LEN);
    credits_wipe(&c);
    topic_state_free(ts);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void pages_must_be_held_and_by_the_same_author(void **state)
{
    static struct scene s;
    const struct made *part;
    const struct made *page;
    const struct made *foreign;
    const struct made *missing;
    const struct made *not_a_page;
    const struct made *extra;
    const struct made *late;
    struct made stray;

    (void)state;
    (void)scene_begin(&s);
    part = scene_work(&s, 'D', 110, "CC0-1.0", "");
    page = credits_page(&s, 'A', 120, 0, 2);
    foreign = credits_page(&s, 'B', 121, 0, 2);
    late = credits_page(&s, 'A', NOW + 1, 0, 2);
    stray = make(&s.m, KIND_PAGE, 'A', 122,
                 "{\"of\":\"credits\",\"index\":0,\"items\":[]}");
    missing = &stray;
    extra = scene_publish(&s, 'A', 200, part,
                          with_pages((const struct made *[]){ page, page }, 2));
    assert_state(&s, extra, IN_FORCE);
    assert_void(&s, scene_publish(&s, 'A', 201, part, with_pages(&foreign, 1)),
                INCOMPLETE);
    assert_void(&s, scene_publish(&s, 'A', 202, part, with_pages(&missing, 1)),
                INCOMPLETE);
    assert_void(&s, scene_publish(&s, 'A', 203, part, with_pages(&late, 1)),
                INCOMPLETE);
    not_a_page = part;
    assert_void(&s,
                scene_publish(&s, 'A', 204, part, with_pages(&not_a_page, 1)),
                INCOMPLETE);
    s.m.malformed = true;
    page = credits_page(&s, 'A', 123, 0, 2); /* body set: stays well formed */
    assert_state(&s, scene_publish(&s, 'A', 206, part, with_pages(&page, 1)),
                 IN_FORCE);
    scene_assert_any_order(&s);
    made_free(&stray);
    scene_free(&s);
}

static void a_release_states_lines_by_person_and_by_name(void **state)
{
    static struct scene s;
    const struct made *part;
    const struct made *r;
    struct topic_state *ts;
    struct credits c;
    char text[2048];

    (void)state;
    (void)scene_begin(&s);
    part = scene_work(&s, 'D', 110, "CC0-1.0", "");
    (void)snprintf(text, sizeof text,
                   "\"credits\":["
                   "{\"person\":\"%s\",\"role\":\"image\",\"contribution\":"
                   "\"%s\"},"
                   "{\"person\":\"%s\",\"role\":\"colour\",\"influence\":true},"
                   "{\"name\":\"Old Choir\",\"role\":\"voices\","
                   "\"influence\":true},"
                   "{\"name\":\"Old Choir\",\"role\":\"voices\","
                   "\"influence\":true}]",
                   maker_person_hex('D'), part->hex, maker_person_hex('D'));
    r = scene_publish(&s, 'A', 200, part, text);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(credits_of_release(&c, ts, r->id), ERR_OK);
    assert_int_equal(c.count, 2);
    assert_true(c.lines[0].has_person);
    assert_false(c.lines[0].influence);
    assert_int_equal(c.lines[0].roles_count, 2);
    assert_int_equal(c.lines[0].contributions_count, 1);
    assert_memory_equal(c.lines[0].contributions[0], part->id, ID_LEN);
    assert_false(c.lines[1].has_person);
    assert_true(c.lines[1].influence);
    assert_int_equal(c.lines[1].roles_count, 1);
    assert_memory_equal(c.lines[1].name.data, "Old Choir", 9);
    credits_wipe(&c);
    assert_int_equal(credits_of_release(&c, ts, part->id), ERR_NOT_FOUND);
    topic_state_free(ts);
    scene_free(&s);
}

/* The body of a release that is not signed yet. */
static void who_is_missing_is_told_before_publishing(void **state)
{
    static struct scene s;
    const struct made *poem;
    const struct made *part;
    struct topic_state *ts;
    struct credits c;
    struct writer w = writer_growing(RECORD_BODY_MAX);
    struct mp_doc *doc;
    uint8_t person[ID_LEN];

    (void)state;
    (void)scene_begin(&s);
    poem = scene_work(&s, 'C', 110, "CC0-1.0", "");
    part = scene_work(&s, 'D', 111, "CC0-1.0", "");
    (void)scene_cite(&s, 'D', 120, part, poem);
    ts = scene_judge(&s, NULL, NOW);
    maker_person(person, 'D');
    mp_put_map(&w, 3);
    mp_put_text(&w, "credits");
    mp_put_array(&w, 1);
    mp_put_map(&w, 1);
    mp_put_text(&w, "person");
    mp_put_bin(&w, BYTES_ARRAY(person));
    mp_put_text(&w, "omitted"); /* without a reason it does not count */
    mp_put_array(&w, 1);
    mp_put_map(&w, 1);
    maker_person(person, 'C');
    mp_put_text(&w, "person");
    mp_put_bin(&w, BYTES_ARRAY(person));
    mp_put_text(&w, "parts");
    mp_put_array(&w, 1);
    mp_put_map(&w, 1);
    mp_put_text(&w, "contribution");
    mp_put_bin(&w, (struct bytes){ part->id, ID_LEN });
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_CANONICAL), ERR_OK);
    assert_int_equal(credits_missing(&c, ts, mp_doc_root(doc)), ERR_OK);
    assert_int_equal(c.count, 1);
    assert_memory_equal(c.lines[0].person, person, ID_LEN);
    assert_true(c.lines[0].influence);
    assert_true(licence_mix_has(c.bears.mix, LICENCE_CC0));
    credits_wipe(&c);
    mp_doc_free(doc);
    writer_free(&w);
    topic_state_free(ts);
    scene_free(&s);
}

/* More roles and works than a line keeps are left out, not written past it. */
static void a_line_keeps_its_limit_of_roles_and_works(void **state)
{
    static struct scene s;
    const struct made *part;
    struct topic_state *ts;
    struct credits c;

    (void)state;
    (void)scene_begin(&s);
    part = scene_work(&s, 'D', 100, "CC0-1.0", "");
    for (uint64_t i = 0; i <= CREDITS_CONTRIBUTIONS_MAX; i++) {
        char more[64];
        const struct made *w;

        (void)snprintf(more, sizeof more, ",\"role_played\":\"part %u\"",
                       (unsigned)i);
        w = scene_work(&s, 'D', 110 + i, "CC0-1.0", more);
        (void)scene_cite(&s, 'D', 200 + i, part, w);
    }
    ts = scene_judge(&s, NULL, NOW);
    c = draft(ts, part);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.lines[0].roles_count, CREDITS_ROLES_MAX);
    assert_int_equal(c.lines[0].contributions_count, CREDITS_CONTRIBUTIONS_MAX);
    credits_wipe(&c);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_retracted_part_still_credits_its_author(void **state)
{
    static struct scene s;
    const struct made *part;
    struct topic_state *ts;
    struct credits c;

    (void)state;
    (void)scene_begin(&s);
    part = scene_work(&s, 'D', 110, "CC0-1.0", "");
    (void)scene_retract(&s, 'D', 120, part);
    ts = scene_judge(&s, NULL, NOW);
    c = draft(ts, part);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.lines[0].roles_count, 0);
    assert_true(licence_mix_is_empty(c.bears.mix));
    credits_wipe(&c);
    topic_state_free(ts);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_hundred_and_more_lines_stand_on_pages),
        cmocka_unit_test(pages_must_be_held_and_by_the_same_author),
        cmocka_unit_test(a_release_states_lines_by_person_and_by_name),
        cmocka_unit_test(who_is_missing_is_told_before_publishing),
        cmocka_unit_test(a_line_keeps_its_limit_of_roles_and_works),
        cmocka_unit_test(a_retracted_part_still_credits_its_author),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
