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
                 "{\"device\":\"%s\",\"since\":%llu}", device,
                 (unsigned long long)(t->at - pick(t, 1000))));
}

/* ---- citations of others, rights ---- */

static void claim(struct story *t)
{
    keep(t, make(&t->s.m, KIND_RESOURCE, anyone(t), t->at,
                 "{\"child\":\"%s\",\"source\":\"%s\",\"claim\":true,"
                 "\"thanks\":\"for it\"}",
                 some(t, KIND_CONTRIBUTION)->hex,
                 some(t, KIND_CONTRIBUTION)->hex));
}

static void answer_claim(struct story *t)
{
    keep(t, make(&t->s.m, KIND_RESOURCE, anyone(t), t->at,
                 "{\"child\":\"%s\",\"source\":\"%s\",\"answers\":\"%s\","
                 "\"thanks\":\"for it\"%s}",
                 some(t, KIND_CONTRIBUTION)->hex,
                 some(t, KIND_CONTRIBUTION)->hex, some(t, KIND_RESOURCE)->hex,
                 pick(t, 2) == 0 ? ",\"declined\":\"no\"" : ""));
}

static void ask_rights(struct story *t)
{
    keep(t, make(&t->s.m, KIND_RIGHTS_REQUEST, leader(t), t->at,
                 "{\"contribution\":\"%s\",\"scope\":\"film\"}",
                 some(t, KIND_CONTRIBUTION)->hex));
}

static void grant_rights(struct story *t)
{
    keep(t, make(&t->s.m, KIND_RIGHTS_GRANT, anyone(t), t->at,
                 "{\"contribution\":\"%s\",\"scope\":\"film\"}",
                 some(t, KIND_CONTRIBUTION)->hex));
}

/* ---- words, classes, courage ---- */

static void give_feedback(struct story *t)
{
    (void)scene_targeted(&t->s, KIND_FEEDBACK, anyone(t), t->at, any(t),
                         "\"text\":\"warmer\",\"tone\":\"note\"");
}

static void lesson(struct story *t)
{
    keep(t, make(&t->s.m, KIND_LESSON, leader(t), t->at,
                 "{\"project\":\"%s\",\"index\":%u,\"call_to_action\":"
                 "\"draw\",\"demonstration\":[],\"expects\":{\"media_kind\":"
                 "\"image\",\"min\":1}}",
                 t->project, pick(t, 4)));
}

static void open_thread(struct story *t)
{
    keep(t, make(&t->s.m, KIND_THREAD, anyone(t), t->at,
                 "{\"title\":\"T\",\"text\":\"t\"}"));
}

static void dare(struct story *t)
{
    if (pick(t, 2) == 0)
        t->s.m.revises = some(t, KIND_COURAGE);
    keep(t, make(&t->s.m, KIND_COURAGE, anyone(t), t->at,
                 "{\"thread\":\"%s\",\"declaration\":\"sing\",\"helper\":"
                 "\"%s\",\"keepsake\":\"%s\"}",
                 some(t, KIND_THREAD)->hex, maker_person_hex(anyone(t)),
                 some(t, KIND_RELEASE)->hex));
}

static void help(struct story *t)
{
    keep(t, make(&t->s.m, KIND_COURAGE, anyone(t), t->at,
                 "{\"thread\":\"%s\",\"helps\":\"%s\",\"declaration\":"
                 "\"I do\",\"accept\":true}",
                 some(t, KIND_THREAD)->hex, some(t, KIND_COURAGE)->hex));
}

static void report(struct story *t)
{
    (void)scene_targeted(&t->s, KIND_REPORT, anyone(t), t->at, any(t),
                         "\"reason\":\"rude\"");
}

/* ---- money ---- */

/* What is void rests on nothing: A signs nearly all of it. */
static char treasurer(struct story *t)
{
    return pick(t, 10) != 0 ? 'A' : anyone(t);
}

/* Two ways to share a pool of 1,000, with what each gets of it. */
static const char *shares(struct story *t, const char **amounts)
{
    static char text[2][512];
    static char paid[2][512];
    unsigned way = pick(t, 3) == 0;

    (void)snprintf(text[0], sizeof text[0],
                   "[{\"person\":\"%s\",\"bp\":5000},"
                   "{\"person\":\"%s\",\"bp\":5000}]",
                   maker_person_hex('A'), maker_person_hex('B'));
    (void)snprintf(paid[0], sizeof paid[0],
                   "[{\"person\":\"%s\",\"amount\":500},"
                   "{\"person\":\"%s\",\"amount\":500}]",
                   maker_person_hex('A'), maker_person_hex('B'));
    (void)snprintf(text[1], sizeof text[1],
                   "[{\"person\":\"%s\",\"bp\":10000}]", maker_person_hex('C'));
    (void)snprintf(paid[1], sizeof paid[1],
                   "[{\"person\":\"%s\",\"amount\":1000}]",
                   maker_person_hex('C'));
    *amounts = paid[way];
    return text[way];
}

static void declare(struct story *t)
{
    keep(t, make(&t->s.m, KIND_INCOME, treasurer(t), t->at,
                 "{\"project\":\"%s\",\"mode\":\"%s\",\"gross\":1000,"
                 "\"costs\":0,\"currency\":\"EUR\",\"period\":\"2026\","
                 "\"source\":\"tickets\"}",
                 t->project, pick(t, 4) == 0 ? "fixed_pool" : "profit_share"));
}

static void propose(struct story *t)
{
    const char *amounts;

    keep(t,
         make(&t->s.m, KIND_SPLIT_PROPOSAL, treasurer(t), t->at,
              "{\"income\":\"%s\",\"opens_at\":%llu,\"closes_at\":%llu,"
              "\"shares\":%s}",
              some(t, KIND_INCOME)->hex, (unsigned long long)t->at,
              (unsigned long long)(t->at + (pick(t, 6) == 0 ? 13 : 14) * DAY),
              shares(t, &amounts)));
}

static void object(struct story *t)
{
    keep(t, make(&t->s.m, KIND_SPLIT_FEEDBACK, anyone(t), t->at,
                 "{\"proposal\":\"%s\",\"reason\":\"too_little\",\"text\":"
                 "\"look\"}",
                 some(t, KIND_SPLIT_PROPOSAL)->hex));
}

static void reply(struct story *t)
{
    keep(t, make(&t->s.m, KIND_SPLIT_REPLY, leader(t), t->at,
                 "{\"feedback\":\"%s\",\"answer\":\"partly\",\"text\":"
                 "\"I did\"}",
                 some(t, KIND_SPLIT_FEEDBACK)->hex));
}

static void agree(struct story *t)
{
    keep(t, make(&t->s.m, KIND_SPLIT_ACCEPT, anyone(t), t->at,
                 "{\"proposal\":\"%s\",\"accept\":%s}",
                 some(t, KIND_SPLIT_PROPOSAL)->hex,
                 pick(t, 5) == 0 ? "false" : "true"));
}

static void finish(struct story *t)
{
    const char *amounts;
    const char *text = shares(t, &amounts);

    if (pick(t, 4) != 0)
        t->at += 15 * DAY; /* most are early else */
    keep(t, make(&t->s.m, KIND_SPLIT_FINAL, treasurer(t), t->at,
                 "{\"proposal\":\"%s\",\"shares\":%s,\"amounts\":%s}",
                 some(t, KIND_SPLIT_PROPOSAL)->hex, text, amounts));
}

static void pay(struct story *t)
{
    char who = anyone(t);

    keep(t,
         make(&t->s.m, KIND_RECEIPT, pick(t, 3) == 0 ? leader(t) : who, t->at,
              "{\"final\":\"%s\",\"person\":\"%s\",\"amount\":100,"
              "\"currency\":\"EUR\",\"method\":\"cash\"}",
              some(t, KIND_SPLIT_FINAL)->hex, maker_person_hex(who)));
}

/* What happens in a story, and how often. */
struct step {
    void (*take)(struct story *t);
    uint32_t weight; /* the last one has none */
};

static const struct step work_steps[] = {
    { project, 2 },    { request, 3 },       { work, 12 },
    { cite, 8 },       { choose, 6 },        { direct, 4 },
    { comment, 14 },   { answer, 8 },        { retract, 3 },
    { publish, 2 },    { grant, 6 },         { accept, 6 },
    { hand_over, 1 },  { close_request, 2 }, { vouch, 4 },
    { news, 3 },       { unknown, 1 },       { revoke, 1 },
    { claim, 3 },      { report, 2 },        { answer_claim, 4 },
    { ask_rights, 2 }, { grant_rights, 3 },  { NULL, 0 },
};

static const struct step talk_steps[] = {
    { open_thread, 6 },    { dare, 10 },  { help, 10 },   { lesson, 6 },
    { give_feedback, 14 }, { work, 10 },  { publish, 6 }, { retract, 4 },
    { grant, 4 },          { accept, 4 }, { revoke, 1 },  { project, 1 },
    { unknown, 1 },        { NULL, 0 },
};

static const struct step money_steps[] = {
    { declare, 8 },   { propose, 12 }, { object, 3 },  { reply, 10 },
    { agree, 16 },    { finish, 14 },  { pay, 12 },    { work, 4 },
    { publish, 1 },   { grant, 3 },    { accept, 3 },  { retract, 3 },
    { revoke, 1 },    { unknown, 1 },  { request, 1 }, { project, 1 },
    { hand_over, 1 }, { NULL, 0 },
};

static void take_step(struct story *t, const struct step *steps)
{
    uint32_t sum = 0;
    uint32_t at;
    size_t i = 0;

    for (size_t k = 0; steps[k].take != NULL; k++)
        sum += steps[k].weight;
    at = pick(t, sum);
    while (at >= steps[i].weight)
        at -= steps[i++].weight;
    /* Most come in order, some are dated back, and some wait for a day. */
    t->at += pick(t, 20) == 0 ? DAY : 1 + pick(t, 50);
    if (pick(t, 6) == 0)
        t->at -= pick(t, 300);
    steps[i].take(t);
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

/* The records dated no later than `now`, and alone, judged long after. */
static struct topic_state *judge_appeared(const struct story *t, uint64_t now)
{
    struct topic_state *ts;

    assert_int_equal(topic_state_new(&ts, t->s.m.topic, SCENE_MAX), ERR_OK);
    for (uint32_t i = 0; i < t->s.count; i++) {
        struct bytes whole = { t->s.made[i].whole, t->s.made[i].len };
        struct record r;

        assert_int_equal(record_decode(&r, whole), ERR_OK);
        if (r.created_ms <= now)
            assert_int_equal(topic_state_add(ts, whole), ERR_OK);
    }
    assert_int_equal(authority_judge(ts, t->at + 5000 * DAY), ERR_OK);
    return ts;
}

static void try_time(const struct story *t, uint64_t now)
{
    struct topic_state *ts =
        permute_judge(t->s.made, NULL, t->s.count, t->s.m.topic, now);
    struct topic_state *appeared = judge_appeared(t, now);

    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        const struct topic_entry *same =
            topic_state_find(appeared, e->record.id);

        if (e->record.created_ms > now) {
            assert_int_equal(e->verdict.state, VERDICT_WAITING);
            assert_null(same);
            continue;
        }
        assert_non_null(same);
        assert_memory_equal(&e->verdict, &same->verdict, sizeof e->verdict);
    }
    topic_state_free(appeared);
    topic_state_free(ts);
}

/* A class that shares what it earns. */
static void begin(struct story *t, uint32_t seed)
{
    t->s = (struct scene){ 0 };
    t->seed = seed;
    t->at = 40 * DAY;
    keep(t, make(&t->s.m, KIND_PROJECT, 'A', 100,
                 "{\"title\":\"T\",\"goal\":\"g\",\"medium\":\"class\","
                 "\"licence\":\"CC-BY-4.0\",\"terms\":{\"pay\":"
                 "\"profit_share\",\"decision\":\"%s\",\"ml_use\":\"no\"}}",
                 pick(t, 3) == 0 ? "unanimous" : "leader"));
    memcpy(t->s.m.topic, t->s.made[0].id, ID_LEN);
    hex_encode(t->project, (struct bytes){ t->s.m.topic, ID_LEN });
}

/* Whether a record of that kind stands; what never does was not tried. */
static bool has_standing(const struct story *t, uint64_t kind)
{
    struct topic_state *ts = permute_judge(t->s.made, NULL, t->s.count,
                                           t->s.m.topic, t->at + 2 * DAY);
    bool found = false;

    for (uint32_t i = 0; i < topic_state_count(ts) && !found; i++) {
        const struct topic_entry *e = topic_state_at(ts, i);

        found = e->record.kind == kind && verdict_is_in_force(&e->verdict);
    }
    topic_state_free(ts);
    return found;
}

/* `last` rests on most of the others: it has to succeed in some story. */
static void play(const struct step *steps, uint32_t first_seed, uint64_t last)
{
    static struct story t;
    bool stands = false;

    for (uint32_t n = 0; n < STEPS / ROUND; n++) {
        print_message("seed %u\n", first_seed + n);
        begin(&t, first_seed + n);
        for (uint32_t i = 0; i < ROUND; i++)
            take_step(&t, steps);
        try_story(&t);
        stands = stands || has_standing(&t, last);
        scene_free(&t.s);
    }
    assert_true(stands);
}

static void whatever_five_people_make_is_judged_alike(void **state)
{
    (void)state;
    play(work_steps, 1, KIND_RELEASE);
}

static void whatever_five_people_say_is_judged_alike(void **state)
{
    (void)state;
    play(talk_steps, 1001, KIND_COURAGE);
}

static void whatever_five_people_share_is_judged_alike(void **state)
{
    (void)state;
    play(money_steps, 2001, KIND_RECEIPT);
}

/*
 * §7.2.1: only that records appear when their time has come.  What a judgement
 * says at any time is what it says of those that have appeared, later still;
 * between two dates of records nothing changes.
 */
static void the_time_only_lets_records_appear(void **state)
{
    static const struct step *const all[] = { work_steps, talk_steps,
                                              money_steps };
    static struct story t;

    (void)state;
    for (uint32_t n = 0; n < 30; n++) {
        begin(&t, 3001 + n);
        for (uint32_t i = 0; i < ROUND; i++)
            take_step(&t, all[n % 3]);
        for (uint32_t i = 0; i < 8; i++)
            try_time(&t, 40 * DAY + pick(&t, 60) * DAY + pick(&t, 1000));
        try_time(&t, 0);
        try_time(&t, t.at + 1000 * DAY);
        scene_free(&t.s);
    }
}

/* All but works, if they are left out, and what would make them matter. */
static struct topic_state *judge_outline(const struct story *t, bool with_works)
{
    struct topic_state *ts;

    assert_int_equal(topic_state_new(&ts, t->s.m.topic, SCENE_MAX), ERR_OK);
    for (uint32_t i = 0; i < t->s.count; i++) {
        struct bytes whole = { t->s.made[i].whole, t->s.made[i].len };
        struct record r;

        assert_int_equal(record_decode(&r, whole), ERR_OK);
        if (!authority_rests_on_works(r.kind) &&
            (with_works || r.kind != KIND_CONTRIBUTION))
            assert_int_equal(topic_state_add(ts, whole), ERR_OK);
    }
    assert_int_equal(authority_judge(ts, t->at + 2 * DAY), ERR_OK);
    return ts;
}

static bool is_in_outline(uint64_t kind)
{
    return kind == KIND_PROJECT || kind == KIND_REQUEST ||
           kind == KIND_REQUEST_CLOSE || kind == KIND_MEMBERSHIP ||
           kind == KIND_ACCEPT;
}

static void without_works_requests_and_roles_stand_or_fall_alike(void **state)
{
    static struct story t;
    uint32_t compared = 0;

    (void)state;
    for (uint32_t n = 0; n < 10; n++) {
        struct topic_state *whole;
        struct topic_state *outline;

        begin(&t, 4001 + n);
        for (uint32_t i = 0; i < ROUND; i++)
            take_step(&t, work_steps);
        whole = judge_outline(&t, true);
        outline = judge_outline(&t, false);
        for (uint32_t i = 0; i < topic_state_count(outline); i++) {
            const struct topic_entry *e = topic_state_at(outline, i);

            if (!is_in_outline(e->record.kind))
                continue;
            assert_int_equal(
                e->verdict.state,
                topic_state_find(whole, e->record.id)->verdict.state);
            compared++;
        }
        topic_state_free(outline);
        topic_state_free(whole);
        scene_free(&t.s);
    }
    assert_true(compared > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_five_people_make_is_judged_alike),
        cmocka_unit_test(whatever_five_people_say_is_judged_alike),
        cmocka_unit_test(whatever_five_people_share_is_judged_alike),
        cmocka_unit_test(without_works_requests_and_roles_stand_or_fall_alike),
        cmocka_unit_test(the_time_only_lets_records_appear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
