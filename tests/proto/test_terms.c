/* Which terms hold for works made now, and under which one was made. */
#include "proto/terms.h"

#include <stdio.h>
#include <string.h>

#include "proto/kind.h"
#include "tests/common/scene.h"

/* What the work says of the terms, its hash as hex or NULL. */
static enum terms_label label_of(const struct topic_state *ts,
                                 const uint8_t *hash)
{
    uint8_t raw[64];
    struct writer w = writer_fixed(raw, sizeof raw);
    struct mp_doc *doc;
    enum terms_label label;

    mp_put_map(&w, hash == NULL ? 0 : 1);
    if (hash != NULL) {
        mp_put_text(&w, "accepted_terms");
        mp_put_bin(&w, (struct bytes){ hash, HASH_LEN });
    }
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED),
                     ERR_OK);
    label = terms_label_of(ts, mp_doc_root(doc));
    mp_doc_free(doc);
    return label;
}

/* A's project under another licence. */
static const struct made *revise(struct scene *s, uint64_t at,
                                 const char *licence)
{
    s->m.revises = &s->made[0];
    return scene_keep(
        s, make(&s->m, KIND_PROJECT, 'A', at,
                "{\"title\":\"Crown\",\"goal\":\"a film\",\"medium\":"
                "\"short_film\",\"licence\":\"%s\"," TERMS "}",
                licence));
}

static void a_work_carries_the_hash_that_holds_or_not(void **state)
{
    static const uint8_t other[HASH_LEN] = { 7 };
    struct scene s;
    uint8_t hash[HASH_LEN];
    struct topic_state *ts;

    (void)state;
    (void)scene_begin(&s);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(terms_hash(hash, ts), ERR_OK);
    assert_int_equal(label_of(ts, hash), TERMS_ACCEPTED);
    assert_int_equal(label_of(ts, other), TERMS_OTHER);
    assert_int_equal(label_of(ts, NULL), TERMS_UNSAID);
    topic_state_free(ts);
    scene_free(&s);
}

static void the_first_request_decides_which_version_holds(void **state)
{
    struct scene s;
    const struct made *second;
    const struct made *late;
    char more[2 * ID_LEN + 64];
    struct topic_state *ts;

    (void)state;
    (void)scene_begin(&s);
    second = revise(&s, 110, "CC0-1.0");
    ts = scene_judge(&s, NULL, NOW);
    assert_memory_equal(terms_entry(ts)->record.id, s.made[0].id, ID_LEN);
    topic_state_free(ts);
    (void)snprintf(more, sizeof more, ",\"project_revision\":\"%s\"",
                   second->hex);
    (void)scene_request(&s, 'A', 120, more);
    late = revise(&s, 130, "CC-BY-SA-4.0");
    assert_void(&s, late, TERMS_CHANGED);
    ts = scene_judge(&s, NULL, NOW);
    assert_memory_equal(terms_entry(ts)->record.id, second->id, ID_LEN);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_request_that_stands_alone_has_no_terms(void **state)
{
    struct scene s = { 0 };
    uint8_t hash[HASH_LEN] = { 9 };
    struct topic_state *ts;

    (void)state;
    (void)scene_keep(&s, make(&s.m, KIND_REQUEST, 'A', 100,
                              "{\"title\":\"Crown\",\"deliverable\":\"one\","
                              "\"media_kinds\":[\"image\"]}"));
    ts = scene_judge(&s, NULL, NOW);
    assert_null(terms_entry(ts));
    assert_int_equal(terms_hash(hash, ts), ERR_NOT_FOUND);
    assert_int_equal(hash[0], 9);
    assert_int_equal(label_of(ts, hash), TERMS_NONE);
    topic_state_free(ts);
    scene_free(&s);
}

static void each_label_has_its_words(void **state)
{
    (void)state;
    assert_string_equal(terms_label_text(TERMS_NONE), "none");
    assert_string_equal(terms_label_text(TERMS_ACCEPTED), "accepted");
    assert_string_equal(terms_label_text(TERMS_UNSAID), "not stated");
    assert_string_equal(terms_label_text(TERMS_OTHER), "other terms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_work_carries_the_hash_that_holds_or_not),
        cmocka_unit_test(the_first_request_decides_which_version_holds),
        cmocka_unit_test(a_request_that_stands_alone_has_no_terms),
        cmocka_unit_test(each_label_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
