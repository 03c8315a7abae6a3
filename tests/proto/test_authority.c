/* Verdicts: each rule of docs/protocol.md §7, and that nothing but the set of
 * records and the time has a part in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/scene.h"

static void only_the_founder_leads_a_project(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *by_leader = scene_request(&s, 'A', 110, "");
    const struct made *by_other = scene_request(&s, 'B', 111, "");
    const struct made *w = scene_work(&s, 'C', 120, "CC0-1.0", "");
    const struct made *direct =
        scene_targeted(&s, KIND_DIRECTION, 'A', 130, w, "\"text\":\"warmer\"");
    const struct made *meddle =
        scene_targeted(&s, KIND_DIRECTION, 'C', 131, w, "\"text\":\"warmer\"");
    const struct made *chosen = scene_select(&s, 'A', 140, w);
    const struct made *forged = scene_select(&s, 'C', 141, w);
    uint8_t person[ID_LEN];

    (void)state;
    maker_person(person, 'B');
    assert_state(&s, p, IN_FORCE);
    assert_state(&s, by_leader, IN_FORCE);
    assert_void(&s, by_other, NOT_LEADER);
    assert_memory_equal(scene_verdict(&s, by_other).subject, person, ID_LEN);
    assert_state(&s, direct, IN_FORCE);
    assert_void(&s, meddle, NOT_LEADER);
    assert_state(&s, chosen, IN_FORCE);
    assert_void(&s, forged, NOT_LEADER);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_standalone_request_is_led_by_its_author(void **state)
{
    struct scene s = { 0 };
    const struct made *r = scene_request(&s, 'B', 100, "");
    const struct made *w;
    const struct made *chosen;

    (void)state;
    memcpy(s.m.topic, r->id, ID_LEN);
    w = scene_work(&s, 'C', 110, "CC0-1.0", "");
    chosen = scene_select(&s, 'B', 120, w);
    assert_state(&s, r, IN_FORCE);
    assert_state(&s, w, IN_FORCE);
    assert_state(&s, chosen, IN_FORCE);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void the_newest_revision_of_the_author_is_in_force(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *first = scene_request(&s, 'A', 110, "");
    const struct made *second;
    const struct made *third;
    const struct made *foreign;
    const struct made *nested;

    (void)state;
    s.m.revises = first;
    third = scene_request(&s, 'A', 130, "");
    s.m.revises = first;
    second = scene_request(&s, 'A', 120, "");
    s.m.revises = p;
    foreign = scene_keep(&s, make(&s.m, KIND_PROJECT, 'B', 140, PROJECT));
    s.m.revises = second;
    nested = scene_request(&s, 'A', 150, "");
    assert_state(&s, first, SUPERSEDED);
    assert_state(&s, second, SUPERSEDED);
    assert_state(&s, third, IN_FORCE);
    assert_void(&s, foreign, NOT_CREATOR);
    assert_void(&s, nested, NOT_FIRST);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void terms_stay_those_of_the_first_request(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *title;
    const struct made *licence;
    char more[128];

    (void)state;
    (void)snprintf(more, sizeof more, ",\"project_revision\":\"%s\"", p->hex);
    (void)scene_request(&s, 'A', 110, more);
    s.m.revises = p;
    title =
        scene_keep(&s, make(&s.m, KIND_PROJECT, 'A', 120,
                            "{\"title\":\"Other\",\"goal\":\"g\",\"medium\":"
                            "\"song\",\"licence\":\"CC-BY-4.0\"," TERMS "}"));
    s.m.revises = p;
    licence =
        scene_keep(&s, make(&s.m, KIND_PROJECT, 'A', 130,
                            "{\"title\":\"Other\",\"goal\":\"g\",\"medium\":"
                            "\"song\",\"licence\":\"CC0-1.0\"," TERMS "}"));
    assert_state(&s, title, IN_FORCE);
    assert_void(&s, licence, TERMS_CHANGED);
    scene_assert_any_order(&s);
    scene_free(&s);
}

/* A project whose terms have a long field that nobody knows yet. */
static void put_long_terms(struct writer *w)
{
    static const uint8_t zeal[50000];

    mp_put_map(w, 5);
    mp_put_text(w, "goal");
    mp_put_text(w, "a film");
    mp_put_text(w, "licence");
    mp_put_text(w, "CC-BY-4.0");
    mp_put_text(w, "medium");
    mp_put_uint(w, MEDIUM_SHORT_FILM);
    mp_put_text(w, "terms");
    mp_put_map(w, 4);
    mp_put_text(w, "decision");
    mp_put_uint(w, DECISION_LEADER);
    mp_put_text(w, "ml_use");
    mp_put_uint(w, ML_USE_NO);
    mp_put_text(w, "pay");
    mp_put_uint(w, PAY_NONE);
    mp_put_text(w, "zeal");
    mp_put_bin(w, (struct bytes){ zeal, sizeof zeal });
    mp_put_text(w, "title");
    mp_put_text(w, "Crown");
}

/* What a newer release puts into the terms is hashed too, however long. */
static void terms_of_any_length_are_compared(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *longer;
    struct writer map = writer_growing(RECORD_BODY_MAX);

    (void)state;
    (void)scene_request(&s, 'A', 110, "");
    s.m.revises = p;
    put_long_terms(&map);
    s.m.body = writer_view(&map);
    longer = scene_keep(&s, make(&s.m, KIND_PROJECT, 'A', 120, PROJECT));
    assert_void(&s, longer, TERMS_CHANGED);
    assert_state(&s, p, IN_FORCE);
    writer_free(&map);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_record_dated_ahead_waits_and_is_not_seen(void **state)
{
    struct scene s;
    const struct made *w;
    const struct made *early;
    struct topic_state *ts;

    (void)state;
    (void)scene_begin(&s);
    w = scene_work(&s, 'B', NOW + 1, "CC0-1.0", "");
    early = scene_comment(&s, 'C', 200, w);
    assert_state(&s, w, WAITING);
    assert_void(&s, early, NO_TARGET);
    ts = scene_judge(&s, NULL, NOW + 1);
    assert_int_equal(topic_state_find(ts, w->id)->verdict.state,
                     VERDICT_IN_FORCE);
    assert_int_equal(topic_state_find(ts, early->id)->verdict.state,
                     VERDICT_IN_FORCE);
    topic_state_free(ts);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_malformed_body_is_void(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *c;

    (void)state;
    s.m.malformed = true;
    c = scene_comment(&s, 'B', 120, p);
    assert_void(&s, c, MALFORMED);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void nothing_stands_without_its_founder(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *w = scene_work(&s, 'B', 120, "CC0-1.0", "");
    struct topic_state *ts;

    (void)state;
    assert_int_equal(topic_state_new(&ts, p->id, 8), ERR_OK);
    assert_int_equal(topic_state_add(ts, (struct bytes){ w->whole, w->len }),
                     ERR_OK);
    assert_int_equal(authority_judge(ts, NOW), ERR_OK);
    assert_int_equal(topic_state_find(ts, w->id)->verdict.reason,
                     VOID_NO_FOUNDER);
    assert_int_equal(topic_state_add(ts, (struct bytes){ p->whole, p->len }),
                     ERR_OK);
    assert_int_equal(authority_judge(ts, NOW), ERR_OK);
    assert_int_equal(topic_state_find(ts, w->id)->verdict.state,
                     VERDICT_IN_FORCE);
    topic_state_free(ts);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_retracted_body_is_absent_on_every_node(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *w = scene_work(&s, 'B', 120, "CC0-1.0", "");
    const struct made *other = scene_comment(&s, 'C', 125, w);
    const struct made *by_other = scene_retract(&s, 'C', 130, w);
    const struct made *by_author = scene_retract(&s, 'B', 131, w);
    const struct made *of_final = scene_retract(&s, 'A', 132, p);
    struct topic_state *ts;
    struct mp_doc *doc;

    (void)state;
    assert_void(&s, by_other, NOT_AUTHOR);
    assert_void(&s, of_final, FINAL);
    assert_state(&s, by_author, IN_FORCE);
    assert_state(&s, other, IN_FORCE);
    assert_state(&s, w, RETRACTED);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(topic_entry_body(&doc, topic_state_find(ts, w->id)),
                     ERR_NOT_FOUND);
    topic_state_free(ts);
    scene_assert_any_order(&s);
    scene_free(&s);
}

/* Which nodes erased the body, and whether it was well formed, is no matter. */
static void an_erased_body_changes_no_verdict(void **state)
{
    struct scene held;
    struct scene erased;
    struct topic_state *a;
    struct topic_state *b;

    (void)state;
    (void)scene_begin(&held);
    held.m.malformed = true;
    (void)scene_work(&held, 'B', 120, "CC0-1.0", "");
    (void)scene_retract(&held, 'B', 130, &held.made[1]);
    (void)scene_comment(&held, 'C', 140, &held.made[1]);
    erased = held;
    erased.made[1] = made_erased(&held.made[1]);
    a = scene_judge(&held, NULL, NOW);
    b = scene_judge(&erased, NULL, NOW);
    for (uint32_t i = 0; i < held.count; i++)
        assert_memory_equal(&topic_state_find(a, held.made[i].id)->verdict,
                            &topic_state_find(b, held.made[i].id)->verdict,
                            sizeof(struct verdict));
    assert_int_equal(topic_state_find(a, held.made[1].id)->verdict.state,
                     VERDICT_RETRACTED);
    topic_state_free(a);
    topic_state_free(b);
    made_free(&erased.made[1]);
    scene_free(&held);
}

static void the_newest_selection_of_a_contribution_is_in_force(void **state)
{
    struct scene s;
    const struct made *w;
    const struct made *later;
    const struct made *earlier;

    (void)state;
    (void)scene_begin(&s);
    w = scene_work(&s, 'B', 120, "CC0-1.0", "");
    later = scene_select(&s, 'A', 150, w);
    earlier = scene_select(&s, 'A', 140, w);
    assert_state(&s, later, IN_FORCE);
    assert_state(&s, earlier, SUPERSEDED);
    scene_assert_any_order(&s);
    scene_free(&s);
}

/* A revision of a void work is void before anything names it. */
static void a_selection_of_a_void_works_revision_is_void(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *bad;
    const struct made *revised;
    char more[128];

    (void)state;
    (void)snprintf(more, sizeof more, ",\"request\":\"%s\"", p->hex);
    bad = scene_work(&s, 'B', 120, "CC0-1.0", more);
    s.m.revises = bad;
    revised = scene_work(&s, 'B', 110, "CC0-1.0", "");
    assert_void(&s, bad, WRONG_TARGET);
    assert_void(&s, revised, VOID_TARGET);
    assert_void(&s, scene_select(&s, 'A', 140, revised), VOID_TARGET);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void comments_need_their_target_in_the_topic(void **state)
{
    struct scene s;
    struct scene elsewhere;
    const struct made *p = scene_begin(&s);
    const struct made *stray;
    const struct made *c = scene_comment(&s, 'D', 120, p);

    (void)state;
    memset(&elsewhere, 0, sizeof elsewhere);
    stray = scene_keep(&elsewhere,
                       make(&elsewhere.m, KIND_PROJECT, 'E', 9, PROJECT));
    assert_state(&s, c, IN_FORCE);
    assert_void(&s, scene_comment(&s, 'D', 130, stray), NO_TARGET);
    scene_assert_any_order(&s);
    scene_free(&s);
    scene_free(&elsewhere);
}

static void only_the_author_of_a_work_states_its_sources(void **state)
{
    struct scene s;
    const struct made *child;
    const struct made *source;

    (void)state;
    (void)scene_begin(&s);
    source = scene_work(&s, 'B', 120, "CC0-1.0", "");
    child = scene_work(&s, 'C', 121, "CC0-1.0", "");
    assert_state(&s, scene_cite(&s, 'C', 130, child, source), IN_FORCE);
    assert_void(&s, scene_cite(&s, 'B', 131, child, source), NOT_AUTHOR);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void the_newest_citation_that_closes_a_cycle_is_void(void **state)
{
    struct scene s;
    const struct made *w[4];
    const struct made *edges[6];

    (void)state;
    (void)scene_begin(&s);
    for (uint64_t i = 0; i < 4; i++)
        w[i] = scene_work(&s, (char)('B' + i), 110 + i, "CC0-1.0", "");
    edges[0] = scene_cite(&s, 'B', 150, w[0], w[1]); /* closes: made last */
    edges[1] = scene_cite(&s, 'C', 130, w[1], w[2]);
    edges[2] = scene_cite(&s, 'D', 140, w[2], w[0]);
    edges[3] = scene_cite(&s, 'E', 160, w[3], w[0]);
    edges[4] = scene_cite(&s, 'E', 161, w[3], w[3]);
    edges[5] = scene_cite(&s, 'B', 170, w[0], w[3]); /* closes another */
    assert_void(&s, edges[0], CYCLE);
    assert_state(&s, edges[1], IN_FORCE);
    assert_state(&s, edges[2], IN_FORCE);
    assert_state(&s, edges[3], IN_FORCE);
    assert_void(&s, edges[4], CYCLE);
    assert_void(&s, edges[5], CYCLE);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_release_that_omits_somebody_is_void_and_names_them(void **state)
{
    struct scene s;
    const struct made *poem;
    const struct made *drawing;
    const struct made *good;
    const struct made *bad;
    const struct made *excused;
    const struct made *forged;
    uint8_t person[ID_LEN];
    char text[4096];

    (void)state;
    (void)scene_begin(&s);
    poem = scene_work(&s, 'C', 110, "CC0-1.0", "");
    drawing = scene_work(&s, 'D', 120, "CC-BY-4.0", "");
    (void)scene_cite(&s, 'D', 125, drawing, poem);
    good = scene_publish(&s, 'A', 200, drawing, scene_credits("DC"));
    bad = scene_publish(&s, 'A', 201, drawing, scene_credits("D"));
    forged = scene_publish(&s, 'B', 203, drawing, scene_credits("DC"));
    (void)snprintf(text, sizeof text,
                   "%s,\"omitted\":[{\"person\":\"%s\",\"reason\":\"asked\"}]",
                   scene_credits("D"), maker_person_hex('C'));
    excused = scene_publish(&s, 'A', 202, drawing, text);
    maker_person(person, 'C');
    assert_state(&s, good, IN_FORCE);
    assert_state(&s, excused, IN_FORCE);
    assert_void(&s, forged, NOT_LEADER);
    assert_void(&s, bad, OMITS);
    assert_int_equal(scene_verdict(&s, bad).about, VERDICT_ABOUT_PERSON);
    assert_memory_equal(scene_verdict(&s, bad).subject, person, ID_LEN);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void performers_and_outside_sources_need_credit_too(void **state)
{
    struct scene s;
    const struct made *w;
    char more[512];

    (void)state;
    (void)scene_begin(&s);
    (void)snprintf(more, sizeof more,
                   ",\"performers\":[{\"person\":\"%s\",\"role\":\"voice\"}]",
                   maker_person_hex('E'));
    w = scene_work(&s, 'D', 120, "CC0-1.0", more);
    (void)scene_keep(
        &s, make(&s.m, KIND_RESOURCE, 'D', 125,
                 "{\"child\":\"%s\",\"source_text\":\"an old song\","
                 "\"source_author\":\"%s\",\"upstream\":[\"%s\"],"
                 "\"thanks\":\"t\"}",
                 w->hex, maker_person_hex('F'), maker_person_hex('G')));
    assert_state(&s, scene_publish(&s, 'A', 200, w, scene_credits("DEFG")),
                 IN_FORCE);
    assert_void(&s, scene_publish(&s, 'A', 201, w, scene_credits("DFG")),
                OMITS);
    assert_void(&s, scene_publish(&s, 'A', 202, w, scene_credits("DEG")),
                OMITS);
    assert_void(&s, scene_publish(&s, 'A', 203, w, scene_credits("DEF")),
                OMITS);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_withdrawn_citation_binds_nobody(void **state)
{
    struct scene s;
    const struct made *source;
    const struct made *child;
    const struct made *r;

    (void)state;
    (void)scene_begin(&s);
    source = scene_work(&s, 'C', 110, "CC0-1.0", "");
    child = scene_work(&s, 'D', 120, "CC0-1.0", "");
    r = scene_cite(&s, 'D', 125, child, source);
    (void)scene_publish(&s, 'A', 200, child, scene_credits("D"));
    assert_void(&s, &s.made[s.count - 1], OMITS);
    (void)scene_retract(&s, 'D', 130, r);
    assert_state(&s, &s.made[s.count - 2], IN_FORCE);
    assert_state(&s, r, RETRACTED);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void licences_that_exclude_each_other_void_a_release(void **state)
{
    struct scene s;
    const struct made *source;
    const struct made *child;

    (void)state;
    (void)scene_begin(&s);
    source = scene_work(&s, 'C', 110, "CC-BY-SA-4.0", "");
    child = scene_work(&s, 'D', 120, "CC-BY-NC-4.0", "");
    (void)scene_cite(&s, 'D', 125, child, source);
    assert_void(&s, scene_publish(&s, 'A', 200, child, scene_credits("DC")),
                LICENCE_MIX);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_revoked_device_signs_nothing_from_then_on(void **state)
{
    struct scene s;
    struct maker person = { .with_person_key = true };
    const struct made *p = scene_begin(&s);
    const struct made *before = scene_comment(&s, 'B', 120, p);
    const struct made *after = scene_comment(&s, 'B', 150, p);
    const struct made *others = scene_comment(&s, 'C', 150, p);
    const struct made *by_device;
    uint8_t seed[32] = { 'B', 1 };
    struct sign_key device;
    char hex[2 * KEY_LEN + 1];

    (void)state;
    sign_key_from_seed(&device, seed);
    hex_encode(hex, BYTES_ARRAY(device.public_key));
    maker_person(person.topic, 'B');
    (void)scene_keep(&s, make(&person, KIND_DEVICE_REVOKE, 'B', 200,
                              "{\"device\":\"%s\",\"since\":150}", hex));
    person.with_person_key = false;
    by_device = scene_keep(&s, make(&person, KIND_DEVICE_REVOKE, 'B', 201,
                                    "{\"device\":\"%s\",\"since\":1}", hex));
    assert_state(&s, before, IN_FORCE);
    assert_void(&s, after, REVOKED_DEVICE);
    assert_state(&s, others, IN_FORCE);
    assert_void(&s, by_device, NOT_BY_PERSON);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void an_unknown_even_kind_needs_a_newer_release(void **state)
{
    struct scene s;
    const struct made *w;

    (void)state;
    (void)scene_begin(&s);
    w = scene_work(&s, 'B', 120, "CC0-1.0", "");
    (void)scene_keep(&s, make_unknown(&s.m, 1001, 'B', 130, w));
    (void)scene_keep(&s, make_unknown(&s.m, 1000, 'C', 131, w));
    assert_state(&s, w, IN_FORCE); /* odd, or by a stranger */
    (void)scene_keep(&s, make_unknown(&s.m, 1000, 'B', 132, w));
    assert_state(&s, w, NEWER);
    assert_state(&s, &s.made[s.count - 1], UNDECIDED);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_dry_run_tells_the_verdict_before_publishing(void **state)
{
    struct scene s;
    struct topic_state *ts;
    struct verdict v;
    struct made forged;

    (void)state;
    (void)scene_begin(&s);
    forged = make(&s.m, KIND_REQUEST, 'B', 110,
                  "{\"title\":\"t\",\"deliverable\":\"d\",\"media_kinds\":"
                  "[\"image\"]}");
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(
        authority_try(ts, &v, (struct bytes){ forged.whole, forged.len }, NOW),
        ERR_OK);
    assert_int_equal(v.reason, VOID_NOT_LEADER);
    assert_int_equal(topic_state_count(ts), 1);
    assert_null(topic_state_find(ts, forged.id));
    topic_state_free(ts);
    made_free(&forged);
    scene_assert_any_order(&s);
    scene_free(&s);
}

/* A trial that would void or supersede others leaves them as they were. */
static void a_dry_run_changes_nothing(void **state)
{
    struct scene s;
    struct topic_state *before;
    struct topic_state *ts;
    struct verdict v;
    const struct made *first;
    const struct made *held;

    (void)state;
    (void)scene_begin(&s);
    first = scene_work(&s, 'B', 110, "CC0-1.0", "");
    held = scene_comment(&s, 'C', 120, first);
    for (uint64_t i = 0; i < 200; i++) /* the table grows on the way */
        (void)scene_comment(&s, 'C', 130 + i, first);
    before = scene_judge(&s, NULL, NOW);
    ts = scene_judge(&s, NULL, NOW);
    for (uint64_t i = 0; i < 3; i++) {
        struct made trial[3];

        s.m.revises = first;
        trial[0] =
            make(&s.m, KIND_CONTRIBUTION, 'B', 500 + i,
                 "{\"title\":\"T\",\"media_kind\":\"image\","
                 "\"work_kind\":\"original\"," FILES ",\"licence\":\"CC0-1.0\","
                 "\"rights_statement\":\"own_work\"}");
        trial[1] = make(&s.m, KIND_RETRACTION, 'B', 500 + i,
                        "{\"target\":\"%s\",\"reason\":\"r\"}", first->hex);
        trial[2] = make(&s.m, KIND_RESOURCE, 'B', 500 + i,
                        "{\"child\":\"%s\",\"source\":\"%s\",\"thanks\":"
                        "\"t\"}",
                        first->hex, held->hex);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(
                authority_try(ts, &v,
                              (struct bytes){ trial[k].whole, trial[k].len },
                              NOW),
                ERR_OK);
            assert_int_equal(v.state, VERDICT_IN_FORCE);
            scene_assert_same(before, ts);
            made_free(&trial[k]);
        }
    }
    assert_int_equal(
        authority_try(ts, &v, (struct bytes){ held->whole, held->len }, NOW),
        ERR_OK); /* held already: it stays */
    assert_int_equal(v.state, VERDICT_IN_FORCE);
    scene_assert_same(before, ts);
    assert_int_equal(authority_try(ts, &v,
                                   (struct bytes){ held->whole, held->len - 1 },
                                   NOW),
                     ERR_TRUNCATED);
    topic_state_free(before);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_founder_is_tried_in_an_empty_topic(void **state)
{
    struct scene s;
    struct topic_state *ts;
    struct verdict v;
    const struct made *p = scene_begin(&s);

    (void)state;
    assert_int_equal(topic_state_new(&ts, p->id, 1), ERR_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            authority_try(ts, &v, (struct bytes){ p->whole, p->len }, NOW),
            ERR_OK);
        assert_int_equal(v.state, VERDICT_IN_FORCE);
        assert_int_equal(topic_state_count(ts), 0);
        assert_int_equal(ts->founder, TOPIC_NONE);
    }
    topic_state_free(ts);
    scene_free(&s);
}

static void a_topic_takes_its_own_records_up_to_its_maximum(void **state)
{
    struct scene s;
    struct scene other = { 0 };
    struct topic_state *ts;
    const struct made *p = scene_begin(&s);
    const struct made *c = scene_comment(&s, 'B', 120, p);
    const struct made *q =
        scene_keep(&other, make(&other.m, KIND_PROJECT, 'C', 1, PROJECT));

    (void)state;
    assert_int_equal(topic_state_new(&ts, p->id, 1), ERR_OK);
    assert_int_equal(topic_state_add(ts, (struct bytes){ q->whole, q->len }),
                     ERR_USAGE);
    assert_int_equal(topic_state_add(ts, (struct bytes){ p->whole, p->len }),
                     ERR_OK);
    assert_int_equal(topic_state_add(ts, (struct bytes){ p->whole, p->len }),
                     ERR_OK); /* it is there already */
    assert_int_equal(topic_state_add(ts, (struct bytes){ c->whole, c->len }),
                     ERR_TOO_LARGE);
    for (size_t len = 0; len < p->len; len++)
        assert_int_not_equal(
            topic_state_add(ts, (struct bytes){ p->whole, len }), ERR_OK);
    assert_int_equal(topic_state_count(ts), 1);
    topic_state_free(ts);
    scene_assert_any_order(&s);
    scene_free(&s);
    scene_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_founder_leads_a_project),
        cmocka_unit_test(a_standalone_request_is_led_by_its_author),
        cmocka_unit_test(the_newest_revision_of_the_author_is_in_force),
        cmocka_unit_test(terms_stay_those_of_the_first_request),
        cmocka_unit_test(terms_of_any_length_are_compared),
        cmocka_unit_test(a_record_dated_ahead_waits_and_is_not_seen),
        cmocka_unit_test(a_malformed_body_is_void),
        cmocka_unit_test(nothing_stands_without_its_founder),
        cmocka_unit_test(a_retracted_body_is_absent_on_every_node),
        cmocka_unit_test(an_erased_body_changes_no_verdict),
        cmocka_unit_test(the_newest_selection_of_a_contribution_is_in_force),
        cmocka_unit_test(a_selection_of_a_void_works_revision_is_void),
        cmocka_unit_test(comments_need_their_target_in_the_topic),
        cmocka_unit_test(only_the_author_of_a_work_states_its_sources),
        cmocka_unit_test(the_newest_citation_that_closes_a_cycle_is_void),
        cmocka_unit_test(a_release_that_omits_somebody_is_void_and_names_them),
        cmocka_unit_test(performers_and_outside_sources_need_credit_too),
        cmocka_unit_test(a_withdrawn_citation_binds_nobody),
        cmocka_unit_test(licences_that_exclude_each_other_void_a_release),
        cmocka_unit_test(a_revoked_device_signs_nothing_from_then_on),
        cmocka_unit_test(an_unknown_even_kind_needs_a_newer_release),
        cmocka_unit_test(a_dry_run_tells_the_verdict_before_publishing),
        cmocka_unit_test(a_dry_run_changes_nothing),
        cmocka_unit_test(a_founder_is_tried_in_an_empty_topic),
        cmocka_unit_test(a_topic_takes_its_own_records_up_to_its_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
