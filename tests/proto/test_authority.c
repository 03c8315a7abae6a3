/* Verdicts: each rule of docs/protocol.md §7, and that nothing but the set of
 * records and the time has a part in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "tests/common/topic_maker.h"

#define NOW ((uint64_t)1000000)

#define TERMS                                                                  \
    "\"terms\":{\"pay\":\"none\",\"decision\":\"leader\",\"ml_use\":\"no\"}"
#define PROJECT                                                                \
    "{\"title\":\"Crown\",\"goal\":\"a film\",\"medium\":\"short_film\","      \
    "\"licence\":\"CC-BY-4.0\"," TERMS "}"
#define FILES                                                                  \
    "\"files\":[{\"blob\":{\"root\":\"00000000000000000000000000000000000000"  \
    "00000000000000000000000000\",\"size\":0},\"media_type\":\"image/png\","   \
    "\"name\":\"a.png\"}]"

/* One topic in the making: the records in order of making. */
struct scene {
    struct maker m;
    struct made made[64];
    uint32_t count;
};

static const struct made *keep(struct scene *s, struct made made)
{
    assert_true(s->count < 64);
    s->made[s->count] = made;
    return &s->made[s->count++];
}

static void scene_free(struct scene *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        made_free(&s->made[i]);
}

/* A's project. */
static const struct made *begin(struct scene *s)
{
    const struct made *p;

    memset(s, 0, sizeof *s);
    p = keep(s, make(&s->m, KIND_PROJECT, 'A', 100, PROJECT));
    memcpy(s->m.topic, p->id, ID_LEN);
    return p;
}

static const struct made *request(struct scene *s, char who, uint64_t at,
                                  const char *more)
{
    return keep(s, make(&s->m, KIND_REQUEST, who, at,
                        "{\"title\":\"Crown\",\"deliverable\":\"a crown\","
                        "\"media_kinds\":[\"image\"]%s}",
                        more));
}

static const struct made *work(struct scene *s, char who, uint64_t at,
                               const char *licence, const char *more)
{
    return keep(s,
                make(&s->m, KIND_CONTRIBUTION, who, at,
                     "{\"title\":\"T\",\"media_kind\":\"image\","
                     "\"work_kind\":\"original\"," FILES ",\"licence\":\"%s\","
                     "\"rights_statement\":\"own_work\"%s}",
                     licence, more));
}

static const struct made *cite(struct scene *s, char who, uint64_t at,
                               const struct made *child,
                               const struct made *source)
{
    return keep(s, make(&s->m, KIND_RESOURCE, who, at,
                        "{\"child\":\"%s\",\"source\":\"%s\",\"relation\":"
                        "\"adapted\",\"thanks\":\"thank you\"}",
                        child->hex, source->hex));
}

static const struct made *targeted(struct scene *s, enum kind_number kind,
                                   char who, uint64_t at,
                                   const struct made *target, const char *more)
{
    return keep(s, make(&s->m, kind, who, at, "{\"target\":\"%s\",%s}",
                        target->hex, more));
}

static const struct made *comment(struct scene *s, char who, uint64_t at,
                                  const struct made *target)
{
    return targeted(s, KIND_COMMENT, who, at, target, "\"text\":\"hi\"");
}

static const struct made *retract(struct scene *s, char who, uint64_t at,
                                  const struct made *target)
{
    return targeted(s, KIND_RETRACTION, who, at, target,
                    "\"reason\":\"changed my mind\"");
}

static const struct made *select_work(struct scene *s, char who, uint64_t at,
                                      const struct made *target)
{
    return keep(s, make(&s->m, KIND_SELECTION, who, at,
                        "{\"contribution\":\"%s\",\"state\":\"chosen\"}",
                        target->hex));
}

/* A release of one part with what `credits` says. */
static const struct made *publish(struct scene *s, char who, uint64_t at,
                                  const struct made *part, const char *credits)
{
    char project[2 * ID_LEN + 1];

    hex_encode(project, (struct bytes){ s->m.topic, ID_LEN });
    return keep(s, make(&s->m, KIND_RELEASE, who, at,
                        "{\"project\":\"%s\",\"title\":\"Film\",\"medium\":"
                        "\"short_film\"," FILES
                        ",\"parts\":[{\"contribution\":\"%s\"}],%s}",
                        project, part->hex, credits));
}

/* Credits of one role each for the letters in `who`. */
static const char *credits_of(const char *who)
{
    static char text[4096];
    size_t len = (size_t)snprintf(text, sizeof text, "\"credits\":[");

    for (size_t i = 0; who[i] != '\0'; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s{\"person\":\"%s\",\"role\":\"image\"}",
                                i > 0 ? "," : "", maker_person_hex(who[i]));
    (void)snprintf(text + len, sizeof text - len, "]");
    return text;
}

static struct topic_state *judge(const struct scene *s, const uint32_t *order,
                                 uint64_t now)
{
    struct topic_state *ts;

    assert_int_equal(topic_state_new(&ts, s->made[0].id, 64), ERR_OK);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct made *m = &s->made[order == NULL ? i : order[i]];

        assert_int_equal(
            topic_state_add(ts, (struct bytes){ m->whole, m->len }), ERR_OK);
    }
    assert_int_equal(authority_judge(ts, now), ERR_OK);
    return ts;
}

/* Heap's algorithm would do all; random orders do for larger sets. */
static void shuffle(uint32_t *order, uint32_t count, uint32_t *seed)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t k;
        uint32_t swap;

        *seed = *seed * 1664525u + 1013904223u;
        k = (*seed >> 8) % i;
        swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
}

/* The verdicts of a scene are the same in any order of arrival. */
static void assert_order_has_no_part(const struct scene *s)
{
    struct topic_state *ts = judge(s, NULL, NOW);
    uint32_t order[64];
    uint32_t seed = 7;

    for (uint32_t i = 0; i < s->count; i++)
        order[i] = i;
    for (int round = 0; round < 60; round++) {
        struct topic_state *other;

        shuffle(order, s->count, &seed);
        other = judge(s, order, NOW);
        for (uint32_t i = 0; i < s->count; i++) {
            const struct topic_entry *a = topic_state_find(ts, s->made[i].id);
            const struct topic_entry *b =
                topic_state_find(other, s->made[i].id);

            assert_memory_equal(&a->verdict, &b->verdict, sizeof a->verdict);
        }
        topic_state_free(other);
    }
    topic_state_free(ts);
}

/* Judges at NOW in several orders; the verdict of one record. */
static struct verdict verdict_of(const struct scene *s, const struct made *made)
{
    struct topic_state *ts = judge(s, NULL, NOW);
    struct verdict v = topic_state_find(ts, made->id)->verdict;

    topic_state_free(ts);
    assert_order_has_no_part(s);
    return v;
}

#define assert_state(s, made, want)                                            \
    assert_string_equal(verdict_state_text(verdict_of(s, made).state),         \
                        verdict_state_text(VERDICT_##want))
#define assert_void(s, made, want)                                             \
    assert_string_equal(void_reason_text(verdict_of(s, made).reason),          \
                        void_reason_text(VOID_##want))

static void only_the_founder_leads_a_project(void **state)
{
    struct scene s;
    const struct made *p = begin(&s);
    const struct made *by_leader = request(&s, 'A', 110, "");
    const struct made *by_other = request(&s, 'B', 111, "");
    const struct made *w = work(&s, 'C', 120, "CC0-1.0", "");
    const struct made *direct =
        targeted(&s, KIND_DIRECTION, 'A', 130, w, "\"text\":\"warmer\"");
    const struct made *meddle =
        targeted(&s, KIND_DIRECTION, 'C', 131, w, "\"text\":\"warmer\"");
    const struct made *chosen = select_work(&s, 'A', 140, w);
    const struct made *forged = select_work(&s, 'C', 141, w);

    (void)state;
    assert_state(&s, p, IN_FORCE);
    assert_state(&s, by_leader, IN_FORCE);
    assert_void(&s, by_other, NOT_LEADER);
    assert_memory_equal(verdict_of(&s, by_other).subject,
                        (maker_person(s.m.topic, 'B'), s.m.topic), ID_LEN);
    assert_state(&s, direct, IN_FORCE);
    assert_void(&s, meddle, NOT_LEADER);
    assert_state(&s, chosen, IN_FORCE);
    assert_void(&s, forged, NOT_LEADER);
    scene_free(&s);
}

static void a_standalone_request_is_led_by_its_author(void **state)
{
    struct scene s = { 0 };
    const struct made *r = request(&s, 'B', 100, "");
    const struct made *w;
    const struct made *chosen;

    (void)state;
    memcpy(s.m.topic, r->id, ID_LEN);
    w = work(&s, 'C', 110, "CC0-1.0", "");
    chosen = select_work(&s, 'B', 120, w);
    assert_state(&s, r, IN_FORCE);
    assert_state(&s, w, IN_FORCE);
    assert_state(&s, chosen, IN_FORCE);
    scene_free(&s);
}

static void the_newest_revision_of_the_author_is_in_force(void **state)
{
    struct scene s;
    const struct made *p = begin(&s);
    const struct made *first = request(&s, 'A', 110, "");
    const struct made *second;
    const struct made *third;
    const struct made *foreign;
    const struct made *nested;

    (void)state;
    s.m.revises = first;
    third = request(&s, 'A', 130, "");
    s.m.revises = first;
    second = request(&s, 'A', 120, "");
    s.m.revises = p;
    foreign = keep(&s, make(&s.m, KIND_PROJECT, 'B', 140, PROJECT));
    s.m.revises = second;
    nested = request(&s, 'A', 150, "");
    assert_state(&s, first, SUPERSEDED);
    assert_state(&s, second, SUPERSEDED);
    assert_state(&s, third, IN_FORCE);
    assert_void(&s, foreign, NOT_AUTHOR);
    assert_void(&s, nested, NOT_FIRST);
    scene_free(&s);
}

static void terms_stay_those_of_the_first_request(void **state)
{
    struct scene s;
    const struct made *p = begin(&s);
    const struct made *title;
    const struct made *licence;
    char more[128];

    (void)state;
    (void)snprintf(more, sizeof more, ",\"project_revision\":\"%s\"", p->hex);
    (void)request(&s, 'A', 110, more);
    s.m.revises = p;
    title = keep(&s, make(&s.m, KIND_PROJECT, 'A', 120,
                          "{\"title\":\"Other\",\"goal\":\"g\",\"medium\":"
                          "\"song\",\"licence\":\"CC-BY-4.0\"," TERMS "}"));
    s.m.revises = p;
    licence = keep(&s, make(&s.m, KIND_PROJECT, 'A', 130,
                            "{\"title\":\"Other\",\"goal\":\"g\",\"medium\":"
                            "\"song\",\"licence\":\"CC0-1.0\"," TERMS "}"));
    assert_state(&s, title, IN_FORCE);
    assert_void(&s, licence, TERMS_CHANGED);
    scene_free(&s);
}

static void a_record_dated_ahead_waits_and_is_not_seen(void **state)
{
    struct scene s;
    const struct made *w;
    const struct made *early;
    struct topic_state *ts;

    (void)state;
    (void)begin(&s);
    w = work(&s, 'B', NOW + 1, "CC0-1.0", "");
    early = comment(&s, 'C', 200, w);
    assert_state(&s, w, WAITING);
    assert_void(&s, early, NO_TARGET);
    ts = judge(&s, NULL, NOW + 1);
    assert_int_equal(topic_state_find(ts, w->id)->verdict.state,
                     VERDICT_IN_FORCE);
    assert_int_equal(topic_state_find(ts, early->id)->verdict.state,
                     VERDICT_IN_FORCE);
    assert_int_equal(authority_next_ms(ts, NOW), NOW + 1);
    assert_true(authority_next_ms(ts, NOW + 1) == UINT64_MAX);
    topic_state_free(ts);
    scene_free(&s);
}

static void a_malformed_body_is_void(void **state)
{
    struct scene s;
    const struct made *p = begin(&s);
    const struct made *c;

    (void)state;
    s.m.malformed = true;
    c = comment(&s, 'B', 120, p);
    assert_void(&s, c, MALFORMED);
    scene_free(&s);
}

static void nothing_stands_without_its_founder(void **state)
{
    struct scene s;
    const struct made *p = begin(&s);
    const struct made *w = work(&s, 'B', 120, "CC0-1.0", "");
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
    scene_free(&s);
}

static void a_retracted_body_is_absent_on_every_node(void **state)
{
    struct scene s;
    const struct made *p = begin(&s);
    const struct made *w = work(&s, 'B', 120, "CC0-1.0", "");
    const struct made *other = comment(&s, 'C', 125, w);
    const struct made *by_other = retract(&s, 'C', 130, w);
    const struct made *by_author = retract(&s, 'B', 131, w);
    const struct made *of_final = retract(&s, 'A', 132, p);
    struct topic_state *ts;
    struct mp_doc *doc;

    (void)state;
    assert_void(&s, by_other, NOT_AUTHOR);
    assert_void(&s, of_final, FINAL);
    assert_state(&s, by_author, IN_FORCE);
    assert_state(&s, other, IN_FORCE);
    assert_state(&s, w, RETRACTED);
    ts = judge(&s, NULL, NOW);
    assert_int_equal(topic_entry_body(&doc, topic_state_find(ts, w->id)),
                     ERR_NOT_FOUND);
    topic_state_free(ts);
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
    (void)begin(&held);
    held.m.malformed = true;
    (void)work(&held, 'B', 120, "CC0-1.0", "");
    (void)retract(&held, 'B', 130, &held.made[1]);
    (void)comment(&held, 'C', 140, &held.made[1]);
    erased = held;
    erased.made[1] = made_erased(&held.made[1]);
    a = judge(&held, NULL, NOW);
    b = judge(&erased, NULL, NOW);
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
    (void)begin(&s);
    w = work(&s, 'B', 120, "CC0-1.0", "");
    later = select_work(&s, 'A', 150, w);
    earlier = select_work(&s, 'A', 140, w);
    assert_state(&s, later, IN_FORCE);
    assert_state(&s, earlier, SUPERSEDED);
    scene_free(&s);
}

static void comments_need_their_target_in_the_topic(void **state)
{
    struct scene s;
    struct scene elsewhere;
    const struct made *p = begin(&s);
    const struct made *stray;
    const struct made *c = comment(&s, 'D', 120, p);

    (void)state;
    memset(&elsewhere, 0, sizeof elsewhere);
    stray = keep(&elsewhere, make(&elsewhere.m, KIND_PROJECT, 'E', 9, PROJECT));
    assert_state(&s, c, IN_FORCE);
    assert_void(&s, comment(&s, 'D', 130, stray), NO_TARGET);
    scene_free(&s);
    scene_free(&elsewhere);
}

static void only_the_author_of_a_work_states_its_sources(void **state)
{
    struct scene s;
    const struct made *child;
    const struct made *source;

    (void)state;
    (void)begin(&s);
    source = work(&s, 'B', 120, "CC0-1.0", "");
    child = work(&s, 'C', 121, "CC0-1.0", "");
    assert_state(&s, cite(&s, 'C', 130, child, source), IN_FORCE);
    assert_void(&s, cite(&s, 'B', 131, child, source), NOT_AUTHOR);
    scene_free(&s);
}

static void the_newest_citation_that_closes_a_cycle_is_void(void **state)
{
    struct scene s;
    const struct made *w[4];
    const struct made *edges[6];

    (void)state;
    (void)begin(&s);
    for (uint64_t i = 0; i < 4; i++)
        w[i] = work(&s, (char)('B' + i), 110 + i, "CC0-1.0", "");
    edges[0] = cite(&s, 'B', 150, w[0], w[1]); /* closes: made last */
    edges[1] = cite(&s, 'C', 130, w[1], w[2]);
    edges[2] = cite(&s, 'D', 140, w[2], w[0]);
    edges[3] = cite(&s, 'E', 160, w[3], w[0]);
    edges[4] = cite(&s, 'E', 161, w[3], w[3]);
    edges[5] = cite(&s, 'B', 170, w[0], w[3]); /* closes another */
    assert_void(&s, edges[0], CYCLE);
    assert_state(&s, edges[1], IN_FORCE);
    assert_state(&s, edges[2], IN_FORCE);
    assert_state(&s, edges[3], IN_FORCE);
    assert_void(&s, edges[4], CYCLE);
    assert_void(&s, edges[5], CYCLE);
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
    (void)begin(&s);
    poem = work(&s, 'C', 110, "CC0-1.0", "");
    drawing = work(&s, 'D', 120, "CC-BY-4.0", "");
    (void)cite(&s, 'D', 125, drawing, poem);
    good = publish(&s, 'A', 200, drawing, credits_of("DC"));
    bad = publish(&s, 'A', 201, drawing, credits_of("D"));
    forged = publish(&s, 'B', 203, drawing, credits_of("DC"));
    (void)snprintf(text, sizeof text,
                   "%s,\"omitted\":[{\"person\":\"%s\",\"reason\":\"asked\"}]",
                   credits_of("D"), maker_person_hex('C'));
    excused = publish(&s, 'A', 202, drawing, text);
    maker_person(person, 'C');
    assert_state(&s, good, IN_FORCE);
    assert_state(&s, excused, IN_FORCE);
    assert_void(&s, forged, NOT_LEADER);
    assert_void(&s, bad, OMITS);
    assert_int_equal(verdict_of(&s, bad).about, VERDICT_ABOUT_PERSON);
    assert_memory_equal(verdict_of(&s, bad).subject, person, ID_LEN);
    scene_free(&s);
}

static void performers_and_outside_sources_need_credit_too(void **state)
{
    struct scene s;
    const struct made *w;
    char more[512];

    (void)state;
    (void)begin(&s);
    (void)snprintf(more, sizeof more,
                   ",\"performers\":[{\"person\":\"%s\",\"role\":\"voice\"}]",
                   maker_person_hex('E'));
    w = work(&s, 'D', 120, "CC0-1.0", more);
    (void)keep(&s, make(&s.m, KIND_RESOURCE, 'D', 125,
                        "{\"child\":\"%s\",\"source_text\":\"an old song\","
                        "\"source_author\":\"%s\",\"upstream\":[\"%s\"],"
                        "\"thanks\":\"t\"}",
                        w->hex, maker_person_hex('F'), maker_person_hex('G')));
    assert_state(&s, publish(&s, 'A', 200, w, credits_of("DEFG")), IN_FORCE);
    assert_void(&s, publish(&s, 'A', 201, w, credits_of("DFG")), OMITS);
    assert_void(&s, publish(&s, 'A', 202, w, credits_of("DEG")), OMITS);
    assert_void(&s, publish(&s, 'A', 203, w, credits_of("DEF")), OMITS);
    scene_free(&s);
}

static void a_withdrawn_citation_binds_nobody(void **state)
{
    struct scene s;
    const struct made *source;
    const struct made *child;
    const struct made *r;

    (void)state;
    (void)begin(&s);
    source = work(&s, 'C', 110, "CC0-1.0", "");
    child = work(&s, 'D', 120, "CC0-1.0", "");
    r = cite(&s, 'D', 125, child, source);
    (void)publish(&s, 'A', 200, child, credits_of("D"));
    assert_void(&s, &s.made[s.count - 1], OMITS);
    (void)retract(&s, 'D', 130, r);
    assert_state(&s, &s.made[s.count - 2], IN_FORCE);
    assert_state(&s, r, RETRACTED);
    scene_free(&s);
}

static void licences_that_exclude_each_other_void_a_release(void **state)
{
    struct scene s;
    const struct made *source;
    const struct made *child;

    (void)state;
    (void)begin(&s);
    source = work(&s, 'C', 110, "CC-BY-SA-4.0", "");
    child = work(&s, 'D', 120, "CC-BY-NC-4.0", "");
    (void)cite(&s, 'D', 125, child, source);
    assert_void(&s, publish(&s, 'A', 200, child, credits_of("DC")),
                LICENCE_MIX);
    scene_free(&s);
}

static void a_revoked_device_signs_nothing_from_then_on(void **state)
{
    struct scene s;
    struct maker person = { .with_person_key = true };
    const struct made *p = begin(&s);
    const struct made *before = comment(&s, 'B', 120, p);
    const struct made *after = comment(&s, 'B', 150, p);
    const struct made *others = comment(&s, 'C', 150, p);
    const struct made *by_device;
    uint8_t seed[32] = { 'B', 1 };
    struct sign_key device;
    char hex[2 * KEY_LEN + 1];

    (void)state;
    sign_key_from_seed(&device, seed);
    hex_encode(hex, BYTES_ARRAY(device.public_key));
    maker_person(person.topic, 'B');
    (void)keep(&s, make(&person, KIND_DEVICE_REVOKE, 'B', 200,
                        "{\"device\":\"%s\",\"since\":150}", hex));
    person.with_person_key = false;
    by_device = keep(&s, make(&person, KIND_DEVICE_REVOKE, 'B', 201,
                              "{\"device\":\"%s\",\"since\":1}", hex));
    assert_state(&s, before, IN_FORCE);
    assert_void(&s, after, REVOKED_DEVICE);
    assert_state(&s, others, IN_FORCE);
    assert_void(&s, by_device, NOT_BY_PERSON);
    scene_free(&s);
}

static void an_unknown_even_kind_needs_a_newer_release(void **state)
{
    struct scene s;
    const struct made *w;

    (void)state;
    (void)begin(&s);
    w = work(&s, 'B', 120, "CC0-1.0", "");
    (void)keep(&s, make_unknown(&s.m, 1001, 'B', 130, w));
    (void)keep(&s, make_unknown(&s.m, 1000, 'C', 131, w));
    assert_state(&s, w, IN_FORCE); /* odd, or by a stranger */
    (void)keep(&s, make_unknown(&s.m, 1000, 'B', 132, w));
    assert_state(&s, w, NEWER);
    assert_state(&s, &s.made[s.count - 1], UNDECIDED);
    scene_free(&s);
}

static void a_dry_run_tells_the_verdict_before_publishing(void **state)
{
    struct scene s;
    struct topic_state *ts;
    struct verdict v;
    struct made forged;

    (void)state;
    (void)begin(&s);
    forged = make(&s.m, KIND_REQUEST, 'B', 110,
                  "{\"title\":\"t\",\"deliverable\":\"d\",\"media_kinds\":"
                  "[\"image\"]}");
    ts = judge(&s, NULL, NOW);
    assert_int_equal(
        authority_try(ts, &v, (struct bytes){ forged.whole, forged.len }, NOW),
        ERR_OK);
    assert_int_equal(v.reason, VOID_NOT_LEADER);
    topic_state_free(ts);
    made_free(&forged);
    scene_free(&s);
}

static void a_topic_takes_its_own_records_up_to_its_maximum(void **state)
{
    struct scene s;
    struct scene other = { 0 };
    struct topic_state *ts;
    const struct made *p = begin(&s);
    const struct made *c = comment(&s, 'B', 120, p);
    const struct made *q =
        keep(&other, make(&other.m, KIND_PROJECT, 'C', 1, PROJECT));

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
        cmocka_unit_test(a_record_dated_ahead_waits_and_is_not_seen),
        cmocka_unit_test(a_malformed_body_is_void),
        cmocka_unit_test(nothing_stands_without_its_founder),
        cmocka_unit_test(a_retracted_body_is_absent_on_every_node),
        cmocka_unit_test(an_erased_body_changes_no_verdict),
        cmocka_unit_test(the_newest_selection_of_a_contribution_is_in_force),
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
        cmocka_unit_test(a_topic_takes_its_own_records_up_to_its_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
