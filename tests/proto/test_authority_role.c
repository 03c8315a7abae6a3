/* Who creates, leads, chooses and is let in: docs/protocol.md §7.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/common/scene.h"

#define DAY ((uint64_t)86400000)

static const struct made *grant(struct scene *s, char who, uint64_t at,
                                char person, const char *role)
{
    char project[2 * ID_LEN + 1];

    hex_encode(project, (struct bytes){ s->m.topic, ID_LEN });
    return scene_keep(s, make(&s->m, KIND_MEMBERSHIP, who, at,
                              "{\"project\":\"%s\",\"person\":\"%s\","
                              "\"role\":\"%s\"}",
                              project, maker_person_hex(person), role));
}

static const struct made *accepts(struct scene *s, char who, uint64_t at,
                                  const struct made *membership)
{
    char project[2 * ID_LEN + 1];

    hex_encode(project, (struct bytes){ s->m.topic, ID_LEN });
    return scene_keep(s, make(&s->m, KIND_ACCEPT, who, at,
                              "{\"project\":\"%s\",\"membership\":\"%s\"}",
                              project, membership->hex));
}

/* From the grant's date and one on, the person has that role. */
static void give(struct scene *s, uint64_t at, char person, const char *role)
{
    accepts(s, person, at + 1, grant(s, 'A', at, person, role));
}

static const struct made *handover(struct scene *s, char who, uint64_t at,
                                   char to)
{
    char project[2 * ID_LEN + 1];

    hex_encode(project, (struct bytes){ s->m.topic, ID_LEN });
    return scene_keep(s, make(&s->m, KIND_HANDOVER, who, at,
                              "{\"project\":\"%s\",\"new_creator\":\"%s\"}",
                              project, maker_person_hex(to)));
}

static const struct made *vouch(struct scene *s, char who, uint64_t at, char to)
{
    return scene_keep(s, make(&s->m, KIND_VOUCH, who, at, "{\"person\":\"%s\"}",
                              maker_person_hex(to)));
}

/* A's project with further fields, a comma after each. */
static const struct made *begin(struct scene *s, uint64_t at, const char *more,
                                const char *terms)
{
    const struct made *p;

    memset(s, 0, sizeof *s);
    p = scene_keep(
        s, make(&s->m, KIND_PROJECT, 'A', at,
                "{%s\"title\":\"Crown\",\"goal\":\"a film\",\"medium\":"
                "\"short_film\",\"licence\":\"CC-BY-4.0\",\"terms\":{%s"
                "\"pay\":\"none\",\"decision\":\"leader\",\"ml_use\":\"no\"}}",
                more, terms));
    memcpy(s->m.topic, p->id, ID_LEN);
    return p;
}

/* What holds at the end of a scene, in any order of arrival. */
static void finish(struct scene *s)
{
    scene_assert_any_order(s);
    scene_free(s);
}

static void a_role_counts_from_its_acceptance_until_revoked(void **state)
{
    static struct scene s;
    const struct made *w;
    const struct made *before;
    const struct made *during;
    const struct made *after;

    (void)state;
    (void)scene_begin(&s);
    w = scene_work(&s, 'C', 110, "CC0-1.0", "");
    accepts(&s, 'B', 130, grant(&s, 'A', 120, 'B', "co_leader"));
    before = scene_select(&s, 'B', 125, w);
    during = scene_select(&s, 'B', 140, w);
    (void)grant(&s, 'A', 150, 'B', "none");
    after = scene_select(&s, 'B', 160, w);
    assert_void(&s, before, NOT_LEADER);
    assert_state(&s, during, IN_FORCE);
    assert_void(&s, after, NOT_LEADER);
    finish(&s);
}

/* What each rank may do: its own record, judged after all grants. */
static void each_role_may_do_what_it_says_and_no_more(void **state)
{
    static const struct {
        const char *role;
        bool leads;
        bool selects;
    } rows[] = {
        { "leader", true, true },   { "co_leader", true, true },
        { "curator", false, true }, { "member", false, false },
        { "none", false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct scene s;
        const struct made *w;
        const struct made *selects;
        const struct made *directs;
        const struct made *grants;
        const struct made *leads;
        const struct made *news;
        char project[2 * ID_LEN + 1];

        (void)scene_begin(&s);
        w = scene_work(&s, 'C', 110, "CC0-1.0", "");
        hex_encode(project, (struct bytes){ s.m.topic, ID_LEN });
        give(&s, 120, 'B', rows[i].role);
        selects = scene_select(&s, 'B', 130, w);
        directs = scene_targeted(&s, KIND_DIRECTION, 'B', 131, w,
                                 "\"text\":\"warmer\"");
        grants = grant(&s, 'B', 132, 'D', "curator");
        leads = grant(&s, 'B', 133, 'D', "leader");
        news = scene_keep(&s, make(&s.m, KIND_UPDATE, 'B', 134,
                                   "{\"project\":\"%s\",\"text\":\"news\"}",
                                   project));
        assert_int_equal(verdict_is_in_force(&(struct verdict){
                             .state = scene_verdict(&s, selects).state }),
                         rows[i].selects);
        assert_int_equal(scene_verdict(&s, directs).state,
                         rows[i].leads ? VERDICT_IN_FORCE : VERDICT_VOID);
        assert_int_equal(scene_verdict(&s, grants).state,
                         rows[i].leads ? VERDICT_IN_FORCE : VERDICT_VOID);
        assert_int_equal(scene_verdict(&s, news).state,
                         rows[i].leads ? VERDICT_IN_FORCE : VERDICT_VOID);
        assert_int_equal(scene_verdict(&s, leads).reason,
                         rows[i].leads ? VOID_NOT_CREATOR : VOID_NOT_LEADER);
        finish(&s);
    }
}

static void
only_the_invited_accepts_and_only_the_newest_invitation(void **state)
{
    static struct scene s;
    const struct made *first;
    const struct made *second;
    const struct made *foreign;
    const struct made *early;
    const struct made *stale;
    const struct made *good;
    const struct made *p = scene_begin(&s);

    (void)state;
    first = grant(&s, 'A', 110, 'B', "curator");
    early = accepts(&s, 'B', 105, first);
    foreign = accepts(&s, 'C', 120, first);
    second = grant(&s, 'A', 130, 'B', "member");
    stale = accepts(&s, 'B', 140, first);
    good = accepts(&s, 'B', 141, second);
    assert_void(&s, early, NOT_INVITED);
    assert_void(&s, foreign, NOT_INVITED);
    assert_void(&s, stale, STALE);
    assert_memory_equal(scene_verdict(&s, stale).subject, second->id, ID_LEN);
    assert_state(&s, good, IN_FORCE);
    assert_void(&s, accepts(&s, 'B', 142, p), WRONG_TARGET);
    finish(&s);
}

/* §7.4.2 is asked before the walk begins, 7.4.7 on it: an acceptance meets an
 * invitation that lies in the wrong topic as void, whenever that was made. */
static void an_acceptance_may_be_older_than_what_it_names(void **state)
{
    static struct scene s;
    const struct made *misplaced;
    const struct made *idle;
    const struct made *early[2];
    const struct made *late[2];

    (void)state;
    (void)scene_begin(&s);
    misplaced =
        scene_keep(&s, make(&s.m, KIND_MEMBERSHIP, 'A', 120,
                            "{\"project\":\"%s\",\"person\":\"%s\",\"role\":"
                            "\"curator\"}",
                            maker_person_hex('A'), maker_person_hex('B')));
    idle = grant(&s, 'C', 121, 'B', "curator");
    for (unsigned i = 0; i < 2; i++) {
        const struct made *named = i == 0 ? misplaced : idle;

        early[i] = accepts(&s, 'B', 110 + i, named);
        late[i] = accepts(&s, 'B', 130 + i, named);
    }
    assert_void(&s, misplaced, WRONG_TOPIC);
    assert_void(&s, idle, NOT_LEADER);
    assert_void(&s, early[0], VOID_TARGET);
    assert_void(&s, late[0], VOID_TARGET);
    assert_void(&s, early[1], NOT_INVITED);
    assert_void(&s, late[1], VOID_TARGET);
    finish(&s);
}

static void less_needs_no_consent_and_more_does(void **state)
{
    static struct scene s;
    const struct made *w;
    const struct made *as_curator;
    const struct made *as_leader;

    (void)state;
    (void)scene_begin(&s);
    w = scene_work(&s, 'C', 110, "CC0-1.0", "");
    give(&s, 120, 'B', "leader");
    (void)grant(&s, 'A', 130, 'B', "curator"); /* not accepted */
    as_curator = scene_select(&s, 'B', 131, w);
    as_leader =
        scene_targeted(&s, KIND_DIRECTION, 'B', 132, w, "\"text\":\"warmer\"");
    assert_state(&s, as_curator, IN_FORCE);
    assert_void(&s, as_leader, NOT_LEADER);
    (void)grant(&s, 'A', 140, 'B', "leader"); /* not accepted either */
    as_leader =
        scene_targeted(&s, KIND_DIRECTION, 'B', 141, w, "\"text\":\"warmer\"");
    assert_void(&s, as_leader, NOT_LEADER);
    finish(&s);
}

static void leaders_do_not_unseat_leaders_and_anybody_may_leave(void **state)
{
    static struct scene s;
    const struct made *coup;
    const struct made *own;

    (void)state;
    (void)scene_begin(&s);
    give(&s, 110, 'B', "leader");
    give(&s, 120, 'C', "co_leader");
    coup = grant(&s, 'C', 130, 'B', "none");
    own = grant(&s, 'C', 131, 'C', "none");
    assert_void(&s, coup, NOT_CREATOR);
    assert_state(&s, own, IN_FORCE);
    assert_void(&s, grant(&s, 'C', 132, 'D', "member"), NOT_LEADER);
    finish(&s);
}

static void a_handover_makes_another_creator(void **state)
{
    static struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *grant_before;
    const struct made *revision;
    const struct made *late;

    (void)state;
    grant_before = grant(&s, 'B', 110, 'C', "leader");
    (void)handover(&s, 'A', 120, 'B');
    s.m.revises = p;
    revision = scene_keep(&s, make(&s.m, KIND_PROJECT, 'B', 130, PROJECT));
    s.m.revises = p;
    late = scene_keep(&s, make(&s.m, KIND_PROJECT, 'A', 131, PROJECT));
    assert_void(&s, grant_before, NOT_LEADER);
    assert_state(&s, revision, IN_FORCE);
    assert_void(&s, late, NOT_CREATOR);
    assert_void(&s, scene_request(&s, 'A', 140, ""), NOT_LEADER);
    assert_state(&s, scene_request(&s, 'B', 141, ""), IN_FORCE);
    finish(&s);
}

/* The creator's last word, the silence that terms name, and the verdict. */
static void a_leader_takes_over_after_the_silence_of_the_terms(void **state)
{
    static const struct {
        const char *terms;
        uint64_t after; /* days since the creator's last record */
        bool is_void;
    } rows[] = {
        { "\"silence_days\":10,", 10, false },
        { "\"silence_days\":10,", 9, true },
        { "", 90, false },
        { "", 89, true },
        { "\"silence_days\":0,", 30000, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct scene s;
        const struct made *taken;
        struct topic_state *ts;
        uint64_t last = 5 * DAY; /* what A says then breaks the silence */
        uint8_t person[ID_LEN];
        uint64_t at = last + rows[i].after * DAY;

        (void)begin(&s, 100, "", rows[i].terms);
        give(&s, 110, 'B', "leader");
        (void)scene_comment(&s, 'A', last, &s.made[0]);
        taken = handover(&s, 'B', at, 'B');
        ts = permute_judge(s.made, NULL, s.count, s.m.topic, at);
        assert_int_equal(topic_state_find(ts, taken->id)->verdict.reason,
                         rows[i].is_void ? VOID_NOT_SILENT : VOID_NONE);
        maker_person(person, 'B');
        assert_int_equal(memcmp(authority_creator(ts, at), person, ID_LEN) == 0,
                         !rows[i].is_void);
        topic_state_free(ts);
        permute_assert(s.made, s.count, s.m.topic, at);
        scene_free(&s);
    }
}

/* What 7.4.2 calls void is a sign of life all the same; what is malformed is
 * none. */
static void what_lies_in_the_wrong_topic_breaks_the_silence(void **state)
{
    static const struct {
        bool malformed;
        enum void_reason reason;
    } rows[] = { { false, VOID_NOT_SILENT }, { true, VOID_NONE } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        static struct scene s;
        const struct made *taken;
        struct topic_state *ts;

        (void)begin(&s, 100, "", "\"silence_days\":10,");
        give(&s, 110, 'B', "leader");
        s.m.malformed = rows[i].malformed;
        (void)scene_keep(&s,
                         make(&s.m, KIND_MEMBERSHIP, 'A', 200,
                              "{\"project\":\"%s\",\"person\":\"%s\","
                              "\"role\":\"none\"}",
                              maker_person_hex('A'), maker_person_hex('B')));
        s.m.malformed = false;
        taken = handover(&s, 'B', 111 + 10 * DAY, 'B');
        ts = permute_judge(s.made, NULL, s.count, s.m.topic, 20 * DAY);
        assert_int_equal(topic_state_find(ts, taken->id)->verdict.reason,
                         rows[i].reason);
        topic_state_free(ts);
        permute_assert(s.made, s.count, s.m.topic, 20 * DAY);
        scene_free(&s);
    }
}

static void a_stranger_hands_nothing_over(void **state)
{
    static struct scene s;

    (void)state;
    (void)scene_begin(&s);
    assert_void(&s, handover(&s, 'C', 900000, 'C'), NOT_LEADER);
    finish(&s);
}

/* Who contributes to projects of each admission. */
static void admission_says_who_contributes(void **state)
{
    static const struct {
        const char *admission;
        bool lets[3]; /* a stranger, one vouched for, a member */
    } rows[] = {
        { "open", { true, true, true } },
        { "vouched", { false, true, true } },
        { "members", { false, false, true } },
    };
    char more[64];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct scene s;
        const struct made *works[3];
        const struct made *own;

        (void)snprintf(more, sizeof more, "\"admission\":\"%s\",",
                       rows[i].admission);
        (void)begin(&s, 100, more, "");
        give(&s, 110, 'D', "member");
        (void)vouch(&s, 'A', 120, 'C');
        for (uint32_t who = 0; who < 3; who++)
            works[who] =
                scene_work(&s, (char)('B' + who), 130 + who, "CC0-1.0", "");
        own = scene_work(&s, 'A', 140, "CC0-1.0", "");
        for (uint32_t who = 0; who < 3; who++)
            assert_int_equal(scene_verdict(&s, works[who]).reason,
                             rows[i].lets[who] ? VOID_NONE : VOID_NOT_ADMITTED);
        assert_state(&s, own, IN_FORCE);
        finish(&s);
    }
}

static void vouches_count_in_any_order_once_they_lead_to_a_role(void **state)
{
    static struct scene s;
    const struct made *early;
    const struct made *late;
    const struct made *circle;

    (void)state;
    (void)begin(&s, 100, "\"admission\":\"vouched\",", "");
    (void)vouch(&s, 'C', 110, 'D'); /* before anybody vouched for C */
    (void)vouch(&s, 'E', 111, 'F');
    (void)vouch(&s, 'F', 112, 'E');
    early = scene_work(&s, 'D', 120, "CC0-1.0", "");
    (void)vouch(&s, 'A', 130, 'C');
    late = scene_work(&s, 'D', 140, "CC0-1.0", "");
    circle = scene_work(&s, 'E', 141, "CC0-1.0", "");
    assert_void(&s, early, NOT_ADMITTED);
    assert_state(&s, late, IN_FORCE);
    assert_void(&s, circle, NOT_ADMITTED);
    finish(&s);
}

static void a_new_members_vouches_count_from_then_on(void **state)
{
    static struct scene s;
    const struct made *early;
    const struct made *late;

    (void)state;
    (void)begin(&s, 100, "\"admission\":\"vouched\",", "");
    (void)vouch(&s, 'B', 110, 'C');
    early = scene_work(&s, 'C', 115, "CC0-1.0", "");
    give(&s, 120, 'B', "member");
    late = scene_work(&s, 'C', 130, "CC0-1.0", "");
    assert_void(&s, early, NOT_ADMITTED);
    assert_state(&s, late, IN_FORCE);
    finish(&s);
}

static void roles_are_never_revised(void **state)
{
    static struct scene s;
    const struct made *first;
    const struct made *again;

    (void)state;
    (void)scene_begin(&s);
    first = grant(&s, 'A', 110, 'B', "member");
    s.m.revises = first;
    again = grant(&s, 'A', 120, 'B', "leader");
    assert_state(&s, first, IN_FORCE);
    assert_void(&s, again, NO_REVISION);
    finish(&s);
}

static void there_are_no_roles_outside_of_projects(void **state)
{
    static struct scene s;
    const struct made *r;

    (void)state;
    memset(&s, 0, sizeof s);
    r = scene_request(&s, 'A', 100, "");
    memcpy(s.m.topic, r->id, ID_LEN);
    assert_void(&s, grant(&s, 'A', 110, 'B', "leader"), WRONG_TOPIC);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_counts_from_its_acceptance_until_revoked),
        cmocka_unit_test(each_role_may_do_what_it_says_and_no_more),
        cmocka_unit_test(
            only_the_invited_accepts_and_only_the_newest_invitation),
        cmocka_unit_test(an_acceptance_may_be_older_than_what_it_names),
        cmocka_unit_test(less_needs_no_consent_and_more_does),
        cmocka_unit_test(leaders_do_not_unseat_leaders_and_anybody_may_leave),
        cmocka_unit_test(a_handover_makes_another_creator),
        cmocka_unit_test(a_leader_takes_over_after_the_silence_of_the_terms),
        cmocka_unit_test(what_lies_in_the_wrong_topic_breaks_the_silence),
        cmocka_unit_test(a_stranger_hands_nothing_over),
        cmocka_unit_test(admission_says_who_contributes),
        cmocka_unit_test(vouches_count_in_any_order_once_they_lead_to_a_role),
        cmocka_unit_test(a_new_members_vouches_count_from_then_on),
        cmocka_unit_test(roles_are_never_revised),
        cmocka_unit_test(there_are_no_roles_outside_of_projects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
