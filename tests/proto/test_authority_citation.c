/* Claims and their answers (§7.7), grants and what they lift (§7.10.4). */
#include "tests/common/scene.h"

#include <stdio.h>

#include "proto/kind.h"

/* What `who` says about the work `child`: `more` are further fields. */
static const struct made *say(struct scene *s, char who, uint64_t at,
                              const struct made *child, const char *more)
{
    return scene_keep(s, make(&s->m, KIND_RESOURCE, who, at,
                              "{\"child\":\"%s\",\"source_text\":\"the sea\","
                              "\"thanks\":\"thank you\"%s}",
                              child->hex, more));
}

static const struct made *answer(struct scene *s, char who, uint64_t at,
                                 const struct made *child,
                                 const struct made *claim, const char *more)
{
    char fields[256];

    (void)snprintf(fields, sizeof fields, ",\"answers\":\"%s\"%s", claim->hex,
                   more);
    return say(s, who, at, child, fields);
}

#define CLAIM    ",\"claim\":true"
#define DECLINED ",\"declined\":\"I had not heard it\""
#define TAKEN    ",\"withdrawn\":\"I was wrong\""

static void
a_claim_waits_for_the_author_and_follows_the_newest_answer(void **state)
{
    static struct scene s;
    const struct made *work;
    const struct made *claim;
    const struct made *no;
    const struct made *yes;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    claim = say(&s, 'C', 120, work, CLAIM);
    assert_state(&s, claim, UNDECIDED);
    no = answer(&s, 'B', 130, work, claim, DECLINED);
    assert_void(&s, claim, DECLINED);
    assert_state(&s, no, IN_FORCE);
    yes = answer(&s, 'B', 140, work, claim, "");
    assert_state(&s, claim, IN_FORCE);
    assert_state(&s, no, SUPERSEDED);
    assert_state(&s, yes, IN_FORCE);
    (void)answer(&s, 'B', 150, work, claim, TAKEN);
    assert_state(&s, claim, UNDECIDED);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void
answers_are_by_the_author_and_name_a_claim_about_the_same_work(void **state)
{
    static struct scene s;
    const struct made *work;
    const struct made *other;
    const struct made *claim;
    const struct made *own;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    other = scene_work(&s, 'B', 111, "CC0-1.0", "");
    claim = say(&s, 'C', 120, work, CLAIM);
    own = say(&s, 'B', 121, work, "");
    assert_void(&s, say(&s, 'C', 122, work, ""), NOT_AUTHOR);
    assert_void(&s, answer(&s, 'D', 130, work, claim, ""), NOT_AUTHOR);
    assert_void(&s, answer(&s, 'D', 131, work, claim, CLAIM), NOT_AUTHOR);
    assert_void(&s, answer(&s, 'B', 132, other, claim, ""), WRONG_TARGET);
    assert_void(&s, answer(&s, 'B', 133, work, own, ""), WRONG_TARGET);
    assert_void(&s, answer(&s, 'B', 134, work, work, ""), WRONG_TARGET);
    assert_state(&s, claim, UNDECIDED);
    /* One's own word needs no answer. */
    assert_state(&s, say(&s, 'B', 140, work, CLAIM), IN_FORCE);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static const struct made *grant(struct scene *s, char who, uint64_t at,
                                const struct made *work)
{
    return scene_keep(s, make(&s->m, KIND_RIGHTS_GRANT, who, at,
                              "{\"contribution\":\"%s\",\"scope\":\"film\"}",
                              work->hex));
}

static void
a_grant_before_the_release_lifts_the_licence_of_its_work(void **state)
{
    static struct scene s;
    const struct made *work;
    const struct made *early;
    const struct made *late;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "all-rights-reserved", "");
    early = scene_publish(&s, 'A', 120, work, scene_credits("B"));
    assert_void(&s, early, NO_GRANT);
    assert_void(&s, grant(&s, 'A', 130, work), NOT_AUTHOR);
    assert_state(&s, grant(&s, 'B', 131, work), IN_FORCE);
    late = scene_publish(&s, 'A', 140, work, scene_credits("B"));
    assert_void(&s, early, NO_GRANT);
    assert_state(&s, late, IN_FORCE);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_release_stays_what_it_was_whatever_is_cited_later(void **state)
{
    static struct scene s;
    const struct made *work;
    const struct made *source;
    const struct made *before;
    const struct made *after;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC-BY-4.0", "");
    source = scene_work(&s, 'C', 111, "CC-BY-4.0", "");
    before = scene_publish(&s, 'A', 120, work, scene_credits("B"));
    (void)scene_cite(&s, 'B', 130, work, source);
    after = scene_publish(&s, 'A', 140, work, scene_credits("B"));
    assert_state(&s, before, IN_FORCE);
    assert_void(&s, after, OMITS);
    scene_assert_any_order(&s);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_claim_waits_for_the_author_and_follows_the_newest_answer),
        cmocka_unit_test(
            answers_are_by_the_author_and_name_a_claim_about_the_same_work),
        cmocka_unit_test(
            a_grant_before_the_release_lifts_the_licence_of_its_work),
        cmocka_unit_test(a_release_stays_what_it_was_whatever_is_cited_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
