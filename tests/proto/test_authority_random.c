/*
 * Five people do anything to anything, for two thousand steps: judging step by
 * step must agree with judging at once, in any order of arrival.  A step is a
 * row of `steps`; further kinds are further rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/scene.h"

#define STEPS 2000
#define ROUND 100 /* steps after which a story begins anew */
#define DAY   ((uint64_t)86400000)

struct story {
    struct scene s;
    uint32_t seed;
    uint64_t at; /* of the next record */
    char project[2 * ID_LEN + 1];
};

static uint32_t pick(struct story *t, uint32_t below)
{
    return permute_random(&t->seed, below);
}

static char anyone(struct story *t)
{
    return (char)('A' + pick(t, 5));
}

/* A leads more often than not: else most of what is tried is void. */
static char leader(struct story *t)
{
    return pick(t, 3) != 0 ? 'A' : anyone(t);
}

static const struct made *any(struct story *t)
{
    return &t->s.made[pick(t, t->s.count)];
}

/* One of that kind, or, sometimes and where there is none, anything. */
static const struct made *some(struct story *t, uint64_t kind)
{
    for (uint32_t i = 0; i < 20; i++) {
        const struct made *m = any(t);
        struct record r;

        assert_int_equal(record_decode(&r, (struct bytes){ m->whole, m->len }),
                         ERR_OK);
        if (r.kind == kind)
            return m;
    }
    return any(t);
}

static void keep(struct story *t, struct made made)
{
    (void)scene_keep(&t->s, made);
}

static void project(struct story *t)
{
    static const char *const admissions[] = { "open", "vouched", "members" };

    t->s.m.revises = &t->s.made[0];
    keep(t, make(&t->s.m, KIND_PROJECT, leader(t), t->at,
                 "{\"title\":\"T\",\"goal\":\"g\",\"medium\":\"song\","
                 "\"admission\":\"%s\",\"licence\":\"%s\",\"terms\":{"
                 "\"pay\":\"none\",\"decision\":\"leader\",\"ml_use\":\"no\","
                 "\"silence_days\":%u}}",
                 admissions[pick(t, 3)],
                 pick(t, 4) == 0 ? "CC0-1.0" : "CC-BY-4.0", pick(t, 3)));
}

static void request(struct story *t)
{
    if (pick(t, 3) == 0)
        t->s.m.revises = some(t, KIND_REQUEST);
    (void)scene_request(&t->s, leader(t), t->at, "");
}

static void work(struct story *t)
{
    static const char *const licences[] = { "CC0-1.0", "CC-BY-SA-4.0",
                                            "CC-BY-NC-4.0", "CC-BY-ND-4.0" };
    char more[128] = "";

    if (pick(t, 2) == 0)
        (void)snprintf(more, sizeof more, ",\"request\":\"%s\"",
                       some(t, KIND_REQUEST)->hex);
    if (pick(t, 4) == 0)
        t->s.m.revises = some(t, KIND_CONTRIBUTION);
    (void)scene_work(&t->s, anyone(t), t->at, licences[pick(t, 4)], more);
}

static void cite(struct story *t)
{
    if (pick(t, 5) == 0)
        t->s.m.revises = some(t, KIND_RESOURCE);
    (void)scene_cite(&t->s, anyone(t), t->at, some(t, KIND_CONTRIBUTION),
                     some(t, KIND_CONTRIBUTION));
}

static void choose(struct story *t)
{
    (void)scene_select(&t->s, leader(t), t->at, some(t, KIND_CONTRIBUTION));
}

static void direct(struct story *t)
{
    (void)scene_targeted(&t->s, KIND_DIRECTION, leader(t), t->at, any(t),
                         "\"text\":\"warmer\"");
}

static void comment(struct story *t)
{
    (void)scene_comment(&t->s, anyone(t), t->at, any(t));
}

static void answer(struct story *t)
{
    char more[160];

    (void)snprintf(more, sizeof more, "\"text\":\"yes\",\"reply_to\":\"%s\"",
                   some(t, KIND_COMMENT)->hex);
    (void)scene_targeted(&t->s, KIND_COMMENT, anyone(t), t->at, any(t), more);
}

static void retract(struct story *t)
{
    (void)scene_retract(&t->s, anyone(t), t->at, any(t));
}

static void publish(struct story *t)
{
    (void)scene_publish(&t->s, leader(t), t->at, some(t, KIND_CONTRIBUTION),
                        scene_credits(pick(t, 2) == 0 ? "ABCDE" : "AB"));
}

static void close_request(struct story *t)
{
    keep(t, make(&t->s.m, KIND_REQUEST_CLOSE, leader(t), t->at,
                 "{\"request\":\"%s\",\"note\":\"n\",\"outcome\":\"chosen\"}",
                 some(t, KIND_REQUEST)->hex));
}

static void grant(struct story *t)
{
    static const char *const roles[] = { "leader", "co_leader", "curator",
                                         "member", "none" };

    keep(t, make(&t->s.m, KIND_MEMBERSHIP, leader(t), t->at,
                 "{\"project\":\"%s\",\"person\":\"%s\",\"role\":\"%s\"}",
                 t->project, maker_person_hex(anyone(t)), roles[pick(t, 5)]));
}

static void accept(struct story *t)
{
    keep(t, make(&t->s.m, KIND_ACCEPT, anyone(t), t->at,
                 "{\"project\":\"%s\",\"membership\":\"%s\"}", t->project,
                 some(t, KIND_MEMBERSHIP)->hex));
}

static void hand_over(struct story *t)
{
    keep(t, make(&t->s.m, KIND_HANDOVER, anyone(t), t->at,
                 "{\"project\":\"%s\",\"new_creator\":\"%s\"}", t->project,
                 maker_person_hex(anyone(t))));
}

static void vouch(struct story *t)
{
    keep(t, make(&t->s.m, KIND_VOUCH, anyone(t), t->at, "{\"person\":\"%s\"}",
                 maker_person_hex(anyone(t))));
}

static void news(struct story *t)
{
    keep(t, make(&t->s.m, KIND_UPDATE, leader(t), t->at,
                 "{\"project\":\"%s\",\"text\":\"news\"}", t->project));
}

static void unknown(struct story *t)
{
    keep(t, make_unknown(&t->s.m, 1000 + pick(t, 2), leader(t), t->at, any(t)));
}

/* The device that signs everything of that person, from some time on. */
static void revoke(struct story *t)
{
    struct maker own = { .with_person_key = true };
    const struct made *m = any(t);
    char device[2 * KEY_LEN + 1];
    struct record r;
    char who = anyone(t);

    assert_int_equal(record_decode(&r, (struct bytes){ m->whole, m->len }),
                     ERR_OK);
    hex_encode(device, (struct bytes){ r.signer, KEY_LEN });
    maker_person(own.topic, who);
    keep(t, make(&own, KIND_DEVICE_REVOKE, who, t->at,
                 "{\"device\":\"%s\",\"since\":%u}", device,
                 (unsigned)(t->at - pick(t, 1000))));
}

static const struct {
    void (*step)(struct story *t);
    uint32_t weight;
} steps[] = {
    { project, 2 },   { request, 3 },       { work, 12 },    { cite, 8 },
    { choose, 6 },    { direct, 4 },        { comment, 14 }, { answer, 8 },
    { retract, 3 },   { publish, 2 },       { grant, 6 },    { accept, 6 },
    { hand_over, 1 }, { close_request, 2 }, { vouch, 4 },    { news, 3 },
    { unknown, 1 },   { revoke, 1 },
};

static void take_step(struct story *t)
{
    uint32_t sum = 0;
    uint32_t at;
    size_t i = 0;

    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
        sum += steps[k].weight;
    at = pick(t, sum);
    while (at >= steps[i].weight)
        at -= steps[i++].weight;
    /* Most come in order, some are dated back, and some wait for a day. */
    t->at += pick(t, 20) == 0 ? DAY : 1 + pick(t, 50);
    if (pick(t, 6) == 0)
        t->at -= pick(t, 300);
    steps[i].step(t);
}

/* Whether the story means the same, record by record and in any order. */
static void try_story(struct story *t)
{
    struct topic_state *ts;
    uint64_t last = t->at + 2 * DAY;

    assert_int_equal(topic_state_new(&ts, t->s.m.topic, SCENE_MAX), ERR_OK);
    for (uint32_t i = 0; i < t->s.count; i++) {
        const struct made *m = &t->s.made[i];
        struct bytes whole = { m->whole, m->len };
        struct topic_state *scratch =
            permute_judge(t->s.made, NULL, i + 1, t->s.m.topic, last);
        struct verdict tried;

        assert_int_equal(authority_try(ts, &tried, whole, last), ERR_OK);
        assert_int_equal(topic_state_add(ts, whole), ERR_OK);
        assert_int_equal(authority_judge(ts, last), ERR_OK);
        permute_assert_same(scratch, ts);
        assert_memory_equal(&tried, &topic_state_find(ts, m->id)->verdict,
                            sizeof tried);
        topic_state_free(scratch);
    }
    topic_state_free(ts);
    permute_assert(t->s.made, t->s.count, t->s.m.topic, last);
    permute_assert(t->s.made, t->s.count, t->s.m.topic, t->at - DAY);
}

static void whatever_five_people_do_is_judged_alike(void **state)
{
    static struct story t;

    (void)state;
    for (uint32_t seed = 1; seed <= STEPS / ROUND; seed++) {
        print_message("seed %u\n", seed);
        (void)scene_begin(&t.s);
        t.seed = seed;
        t.at = 40 * DAY;
        hex_encode(t.project, (struct bytes){ t.s.m.topic, ID_LEN });
        for (uint32_t i = 0; i < ROUND; i++)
            take_step(&t);
        try_story(&t);
        scene_free(&t.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_five_people_do_is_judged_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
