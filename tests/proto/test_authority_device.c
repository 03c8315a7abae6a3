/* Revoked devices (docs/protocol.md §7.2): which revocations hold, what they
 * hit of each kind, and what `known` and its pages save. */
#include "proto/split.h"
#include "tests/common/scene.h"

#include <stdio.h>
#include <string.h>

#include "proto/revocation.h"

/* 'B' revokes the device that signs B's records. */
struct revoking {
    struct scene s;
    struct maker person; /* of B's own topic */
    char device[2 * KEY_LEN + 1];
};

static const struct made *revoking_begin(struct revoking *r)
{
    uint8_t seed[32] = { 'B', 1 };
    const struct made *project = scene_begin(&r->s);
    struct sign_key device;

    memset(&r->person, 0, sizeof r->person);
    maker_person(r->person.topic, 'B');
    sign_key_from_seed(&device, seed);
    hex_encode(r->device, BYTES_ARRAY(device.public_key));
    return project;
}

static const struct made *revoke(struct revoking *r, uint64_t at,
                                 uint64_t since, const char *more)
{
    r->person.with_person_key = true;
    return scene_keep(&r->s, make(&r->person, KIND_DEVICE_REVOKE, 'B', at,
                                  "{\"device\":\"%s\",\"since\":%u%s}",
                                  r->device, (unsigned)since, more));
}

static void without_known_only_the_date_counts(void **state)
{
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *before = scene_comment(&r.s, 'B', 149, p);
    const struct made *at = scene_comment(&r.s, 'B', 150, p);
    const struct made *by;

    (void)state;
    by = revoke(&r, 200, 150, "");
    assert_state(&r.s, by, IN_FORCE);
    assert_state(&r.s, before, IN_FORCE);
    assert_void(&r.s, at, REVOKED_DEVICE);
    assert_int_equal(scene_verdict(&r.s, at).about, VERDICT_ABOUT_RECORD);
    assert_memory_equal(scene_verdict(&r.s, at).subject, by->id, ID_LEN);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

static void known_keeps_what_it_names_and_nothing_else(void **state)
{
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *mine[3];
    const struct made *backdated = scene_comment(&r.s, 'B', 121, p);
    const struct made *late;
    char known[256];

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        mine[i] = scene_comment(&r.s, 'B', 110 + i, p);
    late = scene_comment(&r.s, 'B', 150, p);
    (void)snprintf(known, sizeof known,
                   ",\"known\":[\"%.32s\",\"%.32s\",\"%.32s\",\"%.32s\"]",
                   mine[2]->hex, late->hex, mine[0]->hex, mine[1]->hex);
    (void)revoke(&r, 200, 150, known);
    for (uint64_t i = 0; i < 3; i++)
        assert_state(&r.s, mine[i], IN_FORCE);
    assert_void(&r.s, backdated, REVOKED_DEVICE);
    assert_void(&r.s, late, REVOKED_DEVICE); /* known, but not before since */
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

static void an_empty_known_keeps_nothing(void **state)
{
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *c = scene_comment(&r.s, 'B', 110, p);

    (void)state;
    (void)revoke(&r, 200, 150, ",\"known\":[]");
    assert_void(&r.s, c, REVOKED_DEVICE);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

/* In the person's own topic, where pages are: a journal is what is hit. */
static const struct made *journal(struct revoking *r, uint64_t at)
{
    return scene_keep(&r->s, make(&r->person, KIND_JOURNAL, 'B', at,
                                  "{\"title\":\"t\",\"text\":\"x\"}"));
}

static void begin_own_topic(struct revoking *r)
{
    (void)revoking_begin(r);
    scene_free(&r->s);
    r->s.count = 0;
    r->s.m = r->person;
}

static const struct made *page(struct revoking *r, uint64_t at, const char *of,
                               const char *items)
{
    return scene_keep(&r->s, make(&r->person, KIND_PAGE, 'B', at,
                                  "{\"of\":\"%s\",\"index\":0,\"items\":[%s]}",
                                  of, items));
}

/* Items of a page are any values: a prefix has to be bytes. */
static struct writer prefix_page(const struct made *named)
{
    struct writer w = writer_growing(RECORD_BODY_MAX);

    mp_put_map(&w, 3);
    mp_put_text(&w, "index");
    mp_put_uint(&w, 0);
    mp_put_text(&w, "items");
    mp_put_array(&w, 2);
    mp_put_bin(&w, (struct bytes){ named->id, REVOCATION_PREFIX_LEN });
    mp_put_text(&w, "no prefix");
    mp_put_text(&w, "of");
    mp_put_text(&w, "known");
    return w;
}

static void pages_go_on_with_what_is_known(void **state)
{
    static struct revoking r;
    const struct made *first;
    const struct made *second;
    const struct made *unknown;
    const struct made *known;
    struct writer body;
    char more[512];

    (void)state;
    begin_own_topic(&r);
    first = journal(&r, 110);
    second = journal(&r, 111);
    unknown = journal(&r, 112);
    body = prefix_page(second);
    r.person.body = writer_view(&body);
    known = page(&r, 190, "known", "");
    writer_free(&body);
    (void)snprintf(more, sizeof more,
                   ",\"known\":[\"%.32s\"],\"pages\":[\"%s\",\"%s\"]",
                   first->hex, known->hex, known->hex);
    (void)revoke(&r, 200, 150, more);
    assert_state(&r.s, first, IN_FORCE);
    assert_state(&r.s, second, IN_FORCE);
    assert_void(&r.s, unknown, REVOKED_DEVICE);
    assert_void(&r.s, known, REVOKED_DEVICE); /* made by that device late */
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

static void a_page_of_another_field_is_no_known(void **state)
{
    static struct revoking r;
    const struct made *entry;
    const struct made *other;
    char more[512];

    (void)state;
    begin_own_topic(&r);
    entry = journal(&r, 110);
    other = page(&r, 120, "pages", "");
    (void)snprintf(more, sizeof more, ",\"pages\":[\"%s\"]", other->hex);
    (void)revoke(&r, 200, 150, more);
    assert_state(&r.s, entry, IN_FORCE);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

/* Pages stay in the person's topic; elsewhere the body speaks alone. */
static void missing_pages_leave_the_body_alone(void **state)
{
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *named = scene_comment(&r.s, 'B', 110, p);
    const struct made *on_page = scene_comment(&r.s, 'B', 111, p);
    const struct made *here;
    struct writer body = prefix_page(on_page);
    char more[512];

    (void)state;
    /* Here lies one of that id, but its topic is not the revocation's. */
    r.s.m.body = writer_view(&body);
    here = scene_keep(&r.s, make(&r.s.m, KIND_PAGE, 'B', 112,
                                 "{\"of\":\"known\",\"index\":0,"
                                 "\"items\":[]}"));
    writer_free(&body);
    (void)snprintf(more, sizeof more,
                   ",\"known\":[\"%.32s\",\"%.32s\"],\"pages\":[\"%s\"]",
                   named->hex, here->hex, here->hex);
    (void)revoke(&r, 200, 150, more);
    assert_state(&r.s, named, IN_FORCE);
    assert_void(&r.s, on_page, REVOKED_DEVICE);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

static void the_first_of_several_revocations_is_named(void **state)
{
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *c = scene_comment(&r.s, 'B', 160, p);
    const struct made *second = revoke(&r, 201, 150, "");
    const struct made *first = revoke(&r, 200, 160, "");
    const struct made *earlier = revoke(&r, 199, 161, "");

    (void)state;
    assert_state(&r.s, second, IN_FORCE);
    assert_state(&r.s, earlier, IN_FORCE);
    assert_memory_equal(scene_verdict(&r.s, c).subject, first->id, ID_LEN);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

static void what_is_no_revocation_says_why(void **state)
{
    static struct revoking r;
    struct maker foreign;
    const struct made *p = revoking_begin(&r);
    const struct made *c = scene_comment(&r.s, 'B', 160, p);
    const struct made *malformed;
    const struct made *elsewhere;
    const struct made *by_device;
    const struct made *ahead;
    const struct made *empty;
    struct made erased;

    (void)state;
    r.person.malformed = true;
    malformed = revoke(&r, 200, 1, "");
    foreign = r.person;
    memcpy(foreign.topic, p->id, ID_LEN);
    foreign.with_person_key = true;
    elsewhere =
        scene_keep(&r.s, make(&foreign, KIND_DEVICE_REVOKE, 'B', 201,
                              "{\"device\":\"%s\",\"since\":1}", r.device));
    by_device =
        scene_keep(&r.s, make(&r.person, KIND_DEVICE_REVOKE, 'B', 202,
                              "{\"device\":\"%s\",\"since\":1}", r.device));
    ahead = revoke(&r, NOW + 1, 1, "");
    empty = revoke(&r, 203, 1, "");
    erased = made_erased(empty);
    made_free(&r.s.made[r.s.count - 1]);
    r.s.made[r.s.count - 1] = erased;
    assert_void(&r.s, malformed, MALFORMED);
    assert_void(&r.s, elsewhere, WRONG_TOPIC);
    assert_void(&r.s, by_device, NOT_BY_PERSON);
    assert_state(&r.s, ahead, WAITING);
    assert_state(&r.s, empty, UNDECIDED);
    assert_state(&r.s, c, IN_FORCE);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

static void of_one_person_sixty_four_count(void **state)
{
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *c = scene_comment(&r.s, 'B', 160, p);
    const struct made *last = NULL;

    (void)state;
    for (uint64_t i = 0; i < REVOCATIONS_MAX; i++)
        last = revoke(&r, 200 + i, 170, "");
    assert_state(&r.s, last, IN_FORCE);
    last = revoke(&r, 300, 160, "");
    assert_void(&r.s, last, TOO_MANY);
    assert_state(&r.s, c, IN_FORCE);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

/*
 * Each kind that others rely on is contested, all the rest is void.  Finals and
 * receipts that would be void anyway are void for what they say.
 */
static void finals_receipts_and_grants_are_contested(void **state)
{
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *early = scene_work(&r.s, 'B', 150, "CC0-1.0", "");
    const struct made *work = scene_work(&r.s, 'B', 160, "CC0-1.0", "");
    const struct made *record[6];

    (void)state;
    record[0] = scene_keep(
        &r.s,
        make(&r.s.m, KIND_SPLIT_FINAL, 'B', 161,
             "{\"proposal\":\"%s\",\"shares\":[],\"amounts\":[]}", p->hex));
    record[1] = scene_keep(
        &r.s,
        make(&r.s.m, KIND_RECEIPT, 'B', 162,
             "{\"final\":\"%s\",\"person\":\"%s\",\"amount\":1,\"currency\":"
             "\"EUR\",\"method\":\"cash\"}",
             p->hex, maker_person_hex('B')));
    record[2] = scene_keep(
        &r.s, make(&r.s.m, KIND_RIGHTS_GRANT, 'B', 163,
                   "{\"contribution\":\"%s\",\"scope\":\"film\"}", early->hex));
    record[3] = scene_retract(&r.s, 'B', 164, work);
    record[4] = scene_cite(&r.s, 'B', 165, work, p);
    record[5] = scene_keep(&r.s, make_unknown(&r.s.m, 1000, 'B', 166, work));
    (void)revoke(&r, 200, 160, "");
    assert_void(&r.s, record[0], NOT_LEADER);
    assert_void(&r.s, record[1], WRONG_TARGET);
    assert_state(&r.s, record[2], CONTESTED);
    for (size_t i = 3; i < 6; i++)
        assert_void(&r.s, record[i], REVOKED_DEVICE);
    assert_void(&r.s, work, REVOKED_DEVICE);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

/* The thief's retraction is void once the device is revoked: what it took back
 * stands again, for who has not erased it. */
static void what_a_stolen_device_took_back_stands_again(void **state)
{
    static struct revoking r;
    const struct made *work;
    const struct made *taken;

    (void)state;
    (void)revoking_begin(&r);
    work = scene_work(&r.s, 'B', 150, "CC0-1.0", "");
    taken = scene_retract(&r.s, 'B', 170, work);
    assert_state(&r.s, taken, IN_FORCE);
    assert_state(&r.s, work, RETRACTED);
    (void)revoke(&r, 200, 160, "");
    assert_void(&r.s, taken, REVOKED_DEVICE);
    assert_state(&r.s, work, IN_FORCE);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

/* Nobody can read the final, so nobody can say what a receipt for it means:
 * one that is hit as well is contested, another is undecided. */
static void
what_rests_on_an_encrypted_final_is_contested_if_it_is_hit(void **state)
{
    static const uint8_t sealed[24];
    static struct revoking r;
    const struct made *p = revoking_begin(&r);
    const struct made *final;
    const struct made *receipts[2];
    struct topic_state *ts;

    (void)state;
    r.s.m.flags = RECORD_OPAQUE;
    r.s.m.body = (struct bytes){ sealed, sizeof sealed };
    final = scene_keep(
        &r.s,
        make(&r.s.m, KIND_SPLIT_FINAL, 'B', 161,
             "{\"proposal\":\"%s\",\"shares\":[],\"amounts\":[]}", p->hex));
    r.s.m.flags = 0;
    for (unsigned i = 0; i < 2; i++)
        receipts[i] = scene_keep(
            &r.s, make(&r.s.m, KIND_RECEIPT, "BC"[i], 162 + i,
                       "{\"final\":\"%s\",\"person\":\"%s\",\"amount\":1,"
                       "\"currency\":\"EUR\",\"method\":\"cash\"}",
                       final->hex, maker_person_hex("BC"[i])));
    (void)revoke(&r, 200, 160, "");
    assert_state(&r.s, final, CONTESTED);
    assert_state(&r.s, receipts[0], CONTESTED);
    assert_state(&r.s, receipts[1], UNDECIDED);
    ts = scene_judge(&r.s, NULL, NOW);
    assert_null(split_final_of(ts, topic_state_find(ts, p->id)));
    topic_state_free(ts);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

/* A leader's stolen device: what stood before stands, the rest goes. */
static void a_founder_that_is_hit_founds_nothing(void **state)
{
    static struct revoking r;
    uint8_t seed[32] = { 'A', 1 };
    struct sign_key device;
    char hex[2 * KEY_LEN + 1];
    struct maker leader = { .with_person_key = true };
    const struct made *p = revoking_begin(&r);
    const struct made *w = scene_work(&r.s, 'B', 160, "CC0-1.0", "");

    (void)state;
    sign_key_from_seed(&device, seed);
    hex_encode(hex, BYTES_ARRAY(device.public_key));
    maker_person(leader.topic, 'A');
    (void)scene_keep(&r.s, make(&leader, KIND_DEVICE_REVOKE, 'A', 200,
                                "{\"device\":\"%s\",\"since\":100}", hex));
    assert_void(&r.s, p, REVOKED_DEVICE);
    assert_void(&r.s, w, NO_FOUNDER);
    scene_assert_any_order(&r.s);
    scene_free(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_known_only_the_date_counts),
        cmocka_unit_test(known_keeps_what_it_names_and_nothing_else),
        cmocka_unit_test(an_empty_known_keeps_nothing),
        cmocka_unit_test(pages_go_on_with_what_is_known),
        cmocka_unit_test(a_page_of_another_field_is_no_known),
        cmocka_unit_test(missing_pages_leave_the_body_alone),
        cmocka_unit_test(the_first_of_several_revocations_is_named),
        cmocka_unit_test(what_is_no_revocation_says_why),
        cmocka_unit_test(of_one_person_sixty_four_count),
        cmocka_unit_test(finals_receipts_and_grants_are_contested),
        cmocka_unit_test(what_a_stolen_device_took_back_stands_again),
        cmocka_unit_test(
            what_rests_on_an_encrypted_final_is_contested_if_it_is_hit),
        cmocka_unit_test(a_founder_that_is_hit_founds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
