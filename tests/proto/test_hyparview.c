/* The overlay: who becomes a neighbour, who is dialled, what is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hyparview_parts.h"

#define T0      1000
#define WALL_MS UINT64_C(1800000000000)

struct view {
    struct hyparview h;
    struct network network;
    struct sign_key key;
};

static struct sign_key key_of(uint8_t n)
{
    const uint8_t seed[32] = { n, 1 };
    struct sign_key key;

    sign_key_from_seed(&key, seed);
    return key;
}

static void start(struct view *v, const char *network)
{
    struct hyparview_config config = {
        .key = &v->key, .network = &v->network, .now_ms = T0, .wall_ms = WALL_MS
    };

    assert_int_equal(network_parse(&v->network, network), ERR_OK);
    v->key = key_of(0);
    hyparview_init(&v->h, &config);
}

static int setup(void **state)
{
    static struct view view;

    memset(&view, 0, sizeof view);
    start(&view, "lab");
    *state = &view;
    return 0;
}

static int teardown(void **state)
{
    struct view *v = *state;

    hyparview_wipe(&v->h);
    return 0;
}

/* An announcement of node `n`, at 9.9.9.n or at `at`. */
static void put_node(struct writer *w, const struct view *v, uint8_t n,
                     const struct endpoint *at, uint64_t time_ms)
{
    uint8_t buf[ANNOUNCEMENT_MAX];
    struct writer inner = writer_fixed(buf, sizeof buf);
    struct sign_key key = key_of(n);
    struct announcement a = { .time_ms = time_ms, .count = 1 };

    a.endpoints[0] = at != NULL ? *at : endpoint_v4(9, 9, 9, n, 7433);
    announcement_write(&inner, &a, &v->network, &key);
    hyparview_put(w, writer_view(&inner));
}

static enum err say(struct view *v, uint64_t link, enum hyparview_kind kind,
                    uint8_t number, uint8_t node, uint64_t now_ms)
{
    uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);

    writer_u8(&w, (uint8_t)kind);
    if (kind != HYPARVIEW_DISCONNECT) {
        writer_u8(&w, number);
        put_node(&w, v, node, NULL, WALL_MS);
    }
    return hyparview_recv(&v->h, link, writer_view(&w), now_ms);
}

/* Counts effects and frees them; the last of the wanted ones is copied. */
static size_t take(struct view *v, enum hyparview_effect_type type, int kind,
                   struct hyparview_effect *out)
{
    struct hyparview_effect *e;
    size_t n = 0;

    while ((e = hyparview_next(&v->h)) != NULL) {
        if (e->type == type && (type != HYPARVIEW_SAY || e->bytes[0] == kind)) {
            n++;
            if (out != NULL)
                *out = *e;
        }
        free(e);
    }
    return n;
}

static void up(struct view *v, uint64_t link, bool is_dialled)
{
    struct sign_key key = key_of((uint8_t)link);

    assert_int_equal(hyparview_link_up(&v->h, link, key.public_key, is_dialled,
                                       false, ENDPOINT_PUBLIC, T0),
                     ERR_OK);
}

/* Links 1 to n, dialled by others, all neighbours. */
static void neighbours(struct view *v, uint64_t n)
{
    for (uint64_t link = 1; link <= n; link++) {
        up(v, link, false);
        assert_int_equal(say(v, link, HYPARVIEW_NEIGHBOUR, HYPARVIEW_HIGH,
                             (uint8_t)link, T0),
                         ERR_OK);
    }
    (void)take(v, HYPARVIEW_DIAL, 0, NULL);
}

static void the_first_link_is_asked_to_join(void **state)
{
    struct view *v = *state;
    struct hyparview_effect e;

    up(v, 1, true);
    assert_int_equal(take(v, HYPARVIEW_SAY, HYPARVIEW_NEIGHBOUR, &e), 1);
    assert_true(e.link == 1);
    assert_int_equal(hyparview_active(&v->h), 0);
    assert_int_equal(say(v, 1, HYPARVIEW_ANSWER, 1, 1, T0), ERR_OK);
    assert_int_equal(hyparview_active(&v->h), 1);
    hyparview_tick(&v->h, T0); /* and asked for others at once */
    assert_int_equal(take(v, HYPARVIEW_SAY, HYPARVIEW_SHUFFLE, NULL), 1);
}

static void who_joins_is_told_of_to_all_neighbours(void **state)
{
    struct view *v = *state;

    neighbours(v, 4);
    up(v, 9, false);
    assert_int_equal(say(v, 9, HYPARVIEW_NEIGHBOUR, HYPARVIEW_JOIN, 9, T0),
                     ERR_OK);
    assert_int_equal(take(v, HYPARVIEW_SAY, HYPARVIEW_FORWARD_JOIN, NULL), 4);
}

static void who_joins_over_and_over_does_not_make_us_flood(void **state)
{
    struct view *v = *state;
    size_t told = 0;

    neighbours(v, 1);
    up(v, 2, false);
    (void)take(v, HYPARVIEW_SAY, 0, NULL);
    for (unsigned i = 0; i < 3 * OVERLAY_JOINS_MAX; i++) {
        assert_int_equal(say(v, 2, HYPARVIEW_NEIGHBOUR, HYPARVIEW_JOIN, 2, T0),
                         ERR_OK);
        assert_int_equal(say(v, 2, HYPARVIEW_DISCONNECT, 0, 2, T0), ERR_OK);
        told += take(v, HYPARVIEW_SAY, HYPARVIEW_FORWARD_JOIN, NULL);
    }
    assert_int_equal(told, OVERLAY_JOINS_MAX);
    assert_int_equal(
        say(v, 2, HYPARVIEW_NEIGHBOUR, HYPARVIEW_JOIN, 2, T0 + OVERLAY_JOIN_MS),
        ERR_OK);
    assert_int_equal(take(v, HYPARVIEW_SAY, HYPARVIEW_FORWARD_JOIN, NULL), 1);
}

static void places_are_kept_for_nodes_of_our_own_choice(void **state)
{
    struct view *v = *state;
    struct hyparview_effect e;

    neighbours(v, 6);
    for (uint8_t n = 20; n < 30; n++) { /* more than few are known */
        uint8_t buf[512];
        struct writer w = writer_fixed(buf, sizeof buf);
        struct reader r;

        put_node(&w, v, n, NULL, WALL_MS);
        r = reader_of(writer_view(&w));
        hyparview_learn(&v->h, reader_bytes(&r, reader_u16(&r)),
                        ENDPOINT_PUBLIC);
    }
    up(v, 7, false);
    (void)take(v, HYPARVIEW_DIAL, 0, NULL);
    assert_int_equal(say(v, 7, HYPARVIEW_NEIGHBOUR, HYPARVIEW_LOW, 7, T0),
                     ERR_OK);
    assert_int_equal(take(v, HYPARVIEW_SAY, HYPARVIEW_ANSWER, &e), 1);
    assert_int_equal(hyparview_active(&v->h), 6);
    /* Who needs it more takes the place of another that found us. */
    assert_int_equal(say(v, 7, HYPARVIEW_NEIGHBOUR, HYPARVIEW_HIGH, 7, T0),
                     ERR_OK);
    assert_int_equal(take(v, HYPARVIEW_SAY, HYPARVIEW_DISCONNECT, &e), 1);
    assert_true(e.link != 7);
    assert_int_equal(hyparview_active(&v->h), 6);
}

/* How many contacts the one shuffle, or reply, among the effects names. */
static int contacts_said(struct view *v, int kind)
{
    struct hyparview_effect *e;
    int count = -1;

    while ((e = hyparview_next(&v->h)) != NULL) {
        if (e->type == HYPARVIEW_SAY && e->bytes[0] == kind)
            count = count < 0 ? e->bytes[1] : 255;
        free(e);
    }
    return count;
}

static void a_shuffle_names_two_where_nothing_changes(void **state)
{
    struct view *v = *state;

    neighbours(v, 6);
    for (uint8_t node = 20; node < 40; node++)
        assert_int_equal(
            say(v, 1, HYPARVIEW_FORWARD_JOIN, OVERLAY_PASSIVE_WALK, node, T0),
            ERR_OK);
    (void)take(v, HYPARVIEW_SAY, HYPARVIEW_SHUFFLE, NULL);
    hyparview_tick(&v->h, v->h.shuffle_ms);
    assert_int_equal(contacts_said(v, HYPARVIEW_SHUFFLE), OVERLAY_SHUFFLE_MAX);
    hyparview_tick(&v->h, v->h.shuffle_ms);
    assert_int_equal(contacts_said(v, HYPARVIEW_SHUFFLE), OVERLAY_SHUFFLE_IDLE);
}

static void a_shuffle_is_answered_with_as_many_but_for_one_alone(void **state)
{
    struct view *v = *state;
    uint8_t buf[1024];

    neighbours(v, 6);
    for (uint8_t node = 20; node < 40; node++)
        assert_int_equal(
            say(v, 1, HYPARVIEW_FORWARD_JOIN, OVERLAY_PASSIVE_WALK, node, T0),
            ERR_OK);
    (void)take(v, HYPARVIEW_SAY, HYPARVIEW_SHUFFLE, NULL);
    for (uint8_t count = 1; count <= 3; count++) {
        struct writer w = writer_fixed(buf, sizeof buf);

        writer_u8(&w, HYPARVIEW_SHUFFLE);
        writer_u8(&w, count);
        for (uint8_t i = 0; i < count; i++)
            put_node(&w, v, 50 + i, NULL, WALL_MS);
        assert_int_equal(hyparview_recv(&v->h, 1, writer_view(&w), T0), ERR_OK);
        assert_int_equal(contacts_said(v, HYPARVIEW_SHUFFLE_REPLY),
                         count == 1 ? OVERLAY_SHUFFLE_MAX : count);
    }
}

static void another_nodes_announcement_is_refused(void **state)
{
    struct view *v = *state;

    up(v, 1, false);
    assert_int_equal(say(v, 1, HYPARVIEW_NEIGHBOUR, HYPARVIEW_LOW, 2, T0),
                     ERR_MALFORMED);
    assert_int_equal(hyparview_active(&v->h), 0);
}

static void every_truncation_and_each_byte_too_many_is_refused(void **state)
{
    struct view *v = *state;
    uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);

    neighbours(v, 1);
    writer_u8(&w, HYPARVIEW_SHUFFLE);
    writer_u8(&w, 2);
    put_node(&w, v, 20, NULL, WALL_MS);
    put_node(&w, v, 21, NULL, WALL_MS);
    for (size_t len = 0; len < w.len; len++)
        assert_int_not_equal(
            hyparview_recv(&v->h, 1, (struct bytes){ buf, len }, T0), ERR_OK);
    assert_int_equal(v->h.passive_count, 0);
    writer_u8(&w, 0);
    assert_int_not_equal(hyparview_recv(&v->h, 1, writer_view(&w), T0), ERR_OK);
    w.len--;
    assert_int_equal(hyparview_recv(&v->h, 1, writer_view(&w), T0), ERR_OK);
    assert_int_equal(v->h.passive_count, 2);
}

static void numbers_over_their_limit_are_refused(void **state)
{
    struct view *v = *state;

    neighbours(v, 1);
    assert_int_equal(say(v, 1, HYPARVIEW_NEIGHBOUR, 3, 1, T0), ERR_MALFORMED);
    assert_int_equal(say(v, 1, HYPARVIEW_ANSWER, 2, 1, T0), ERR_MALFORMED);
    assert_int_equal(
        say(v, 1, HYPARVIEW_FORWARD_JOIN, OVERLAY_ACTIVE_WALK + 1, 9, T0),
        ERR_MALFORMED);
    assert_int_equal(
        say(v, 1, HYPARVIEW_SHUFFLE, OVERLAY_SHUFFLE_MAX + 1, 9, T0),
        ERR_MALFORMED);
    assert_int_equal(say(v, 1, HYPARVIEW_KINDS, 1, 9, T0), ERR_OK);
}

/* A contact from `source`; whether it is dialled, being alone. */
static bool is_dialled(struct view *v, const struct endpoint *at,
                       enum endpoint_scope source, bool is_forged)
{
    uint8_t buf[512];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct reader r;

    put_node(&w, v, 30, at, WALL_MS);
    buf[w.len - 1] ^= is_forged;
    r = reader_of(writer_view(&w));
    hyparview_learn(&v->h, reader_bytes(&r, reader_u16(&r)), source);
    hyparview_seek(&v->h);
    return take(v, HYPARVIEW_DIAL, 0, NULL) == 1;
}

static void a_private_address_from_afar_is_not_dialled(void **state)
{
    struct endpoint at = endpoint_v4(192, 168, 1, 1, 7433);

    assert_false(is_dialled(*state, &at, ENDPOINT_PUBLIC, false));
}

static void a_private_address_from_a_neighbour_there_is_dialled(void **state)
{
    struct endpoint at = endpoint_v4(192, 168, 1, 1, 7433);

    assert_true(is_dialled(*state, &at, ENDPOINT_PRIVATE, false));
}

static void
a_loopback_address_from_afar_is_dialled_by_test_networks_only(void **state)
{
    struct endpoint at = endpoint_v4(127, 0, 0, 1, 7433);
    struct view *v = *state;

    assert_false(is_dialled(v, &at, ENDPOINT_PUBLIC, false));
    hyparview_wipe(&v->h);
    start(v, "test-1");
    assert_true(is_dialled(v, &at, ENDPOINT_PUBLIC, false));
}

static void a_forged_announcement_is_not_dialled(void **state)
{
    struct view *v = *state;

    assert_false(is_dialled(v, NULL, ENDPOINT_PUBLIC, true));
    assert_int_equal(v->h.passive_count, 0);
}

static void an_address_is_dialled_once_in_ten_minutes(void **state)
{
    struct endpoint at = endpoint_v4(9, 1, 1, 1, 7433);
    struct view *v = *state;
    struct sign_key key = key_of(30);

    assert_true(is_dialled(v, &at, ENDPOINT_PUBLIC, false));
    hyparview_dial_failed(&v->h, key.public_key, T0 + 1000);
    assert_false(is_dialled(v, &at, ENDPOINT_PUBLIC, false));
    v->h.now_ms = T0 + OVERLAY_REDIAL_MS - 1;
    assert_false(is_dialled(v, &at, ENDPOINT_PUBLIC, false));
    hyparview_tick(&v->h, T0 + OVERLAY_REDIAL_MS + 60000);
    assert_int_equal(take(v, HYPARVIEW_DIAL, 0, NULL), 1);
}

static void only_a_newer_signed_one_replaces_an_announcement(void **state)
{
    struct view *v = *state;
    uint8_t buf[512];
    struct hyparview_contact *c;

    for (unsigned round = 0; round < 3; round++) {
        struct writer w = writer_fixed(buf, sizeof buf);
        struct endpoint at = endpoint_v4(9, 1, 1, (uint8_t)round, 7433);
        struct reader r;

        put_node(&w, v, 30, &at, WALL_MS + round);
        buf[w.len - 1] ^= round == 1; /* the second is forged */
        r = reader_of(writer_view(&w));
        hyparview_learn(&v->h, reader_bytes(&r, reader_u16(&r)),
                        ENDPOINT_PUBLIC);
        c = &v->h.passive[0];
        assert_int_equal(v->h.passive_count, 1);
        assert_true(c->time_ms == WALL_MS + (round == 2 ? 2 : 0));
    }
}

static void the_passive_view_has_a_bound(void **state)
{
    struct view *v = *state;

    for (uint8_t n = 30; n < 30 + 3 * OVERLAY_PASSIVE; n++) {
        uint8_t buf[512];
        struct writer w = writer_fixed(buf, sizeof buf);
        struct reader r;

        put_node(&w, v, n, NULL, WALL_MS);
        r = reader_of(writer_view(&w));
        hyparview_learn(&v->h, reader_bytes(&r, reader_u16(&r)),
                        ENDPOINT_PUBLIC);
    }
    assert_int_equal(v->h.passive_count, OVERLAY_PASSIVE);
}

static void a_failed_neighbour_is_replaced_from_the_passive_view(void **state)
{
    struct view *v = *state;
    struct hyparview_effect e;
    struct sign_key key = key_of(30);

    neighbours(v, 8);
    assert_false(is_dialled(v, NULL, ENDPOINT_PUBLIC, false));
    hyparview_link_down(&v->h, 3, T0);
    assert_int_equal(take(v, HYPARVIEW_DIAL, 0, &e), 1);
    assert_memory_equal(e.node, key.public_key, KEY_LEN);
    assert_int_equal(e.count, 1);
}

static void a_dialled_link_that_nobody_wants_is_closed(void **state)
{
    struct view *v = *state;
    struct hyparview_effect e;

    up(v, 1, true);
    assert_int_equal(say(v, 1, HYPARVIEW_ANSWER, 0, 1, T0), ERR_OK);
    (void)take(v, HYPARVIEW_CLOSE, 0, NULL);
    hyparview_tick(&v->h, T0 + 4999);
    assert_int_equal(take(v, HYPARVIEW_CLOSE, 0, NULL), 0);
    hyparview_tick(&v->h, T0 + 5000);
    assert_int_equal(take(v, HYPARVIEW_CLOSE, 0, &e), 1);
    assert_true(e.link == 1);
}

static void who_never_answers_is_not_waited_for(void **state)
{
    struct view *v = *state;

    up(v, 1, true);
    (void)take(v, HYPARVIEW_SAY, HYPARVIEW_NEIGHBOUR, NULL);
    hyparview_tick(&v->h, T0 + 10000);
    hyparview_tick(&v->h, T0 + 15000);
    assert_int_equal(take(v, HYPARVIEW_CLOSE, 0, NULL), 1);
}

/* The priority of the one NEIGHBOUR that is said, and to nobody else. */
static int said_priority(struct view *v, uint64_t link)
{
    struct hyparview_effect *e;
    int priority = -1;

    while ((e = hyparview_next(&v->h)) != NULL) {
        if (e->type == HYPARVIEW_SAY && e->bytes[0] == HYPARVIEW_NEIGHBOUR) {
            assert_true(priority == -1 && e->link == link);
            priority = e->bytes[1];
        }
        free(e);
    }
    return priority;
}

/* Six others are enough, but they may all be of one half of a broken network.
 */
static void a_lost_neighbour_is_looked_for_and_taken_back(void **state)
{
    struct view *v = *state;
    const uint64_t found_ms = T0 + 60000 + OVERLAY_REDIAL_MS;
    struct sign_key lost = key_of(3);
    struct hyparview_effect e;

    neighbours(v, 5);
    for (uint64_t link = 6; link <= 7; link++) {
        up(v, link, true);
        assert_int_equal(say(v, link, HYPARVIEW_ANSWER, 1, (uint8_t)link, T0),
                         ERR_OK);
    }
    hyparview_link_down(&v->h, 3, T0);
    (void)take(v, HYPARVIEW_DIAL, 0, NULL);
    hyparview_tick(&v->h, T0 + 59999);
    assert_int_equal(take(v, HYPARVIEW_DIAL, 0, NULL), 0);
    assert_true(hyparview_deadline(&v->h) <= T0 + 60000);
    hyparview_tick(&v->h, T0 + 60000);
    assert_int_equal(take(v, HYPARVIEW_DIAL, 0, &e), 1);
    assert_memory_equal(e.node, lost.public_key, KEY_LEN);
    hyparview_dial_failed(&v->h, lost.public_key, T0 + 60000);
    hyparview_tick(&v->h, found_ms - 1);
    assert_int_equal(take(v, HYPARVIEW_DIAL, 0, NULL), 0);
    hyparview_tick(&v->h, found_ms);
    assert_int_equal(take(v, HYPARVIEW_DIAL, 0, NULL), 1);
    assert_int_equal(hyparview_link_up(&v->h, 8, lost.public_key, true, false,
                                       ENDPOINT_PUBLIC, found_ms),
                     ERR_OK);
    assert_int_equal(said_priority(v, 8), HYPARVIEW_HIGH);
    assert_int_equal(say(v, 8, HYPARVIEW_ANSWER, 1, 3, found_ms), ERR_OK);
    assert_true(hyparview_is_active(&v->h, 8));
}

static void a_lost_neighbour_is_given_up_in_the_end(void **state)
{
    struct view *v = *state;
    struct sign_key lost = key_of(3);
    uint64_t now_ms = T0 + 60000;
    size_t dials = 0;

    neighbours(v, 5);
    for (uint64_t link = 6; link <= 7; link++) {
        up(v, link, true);
        assert_int_equal(say(v, link, HYPARVIEW_ANSWER, 1, (uint8_t)link, T0),
                         ERR_OK);
    }
    hyparview_link_down(&v->h, 3, T0);
    for (unsigned i = 0; i < 20; i++, now_ms += OVERLAY_REDIAL_MS) {
        hyparview_tick(&v->h, now_ms);
        dials += take(v, HYPARVIEW_DIAL, 0, NULL);
        hyparview_dial_failed(&v->h, lost.public_key, now_ms);
    }
    assert_int_equal(dials, 6);
    assert_null(hyparview_find_contact(&v->h, lost.public_key));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_link_is_asked_to_join),
        TEST(who_joins_is_told_of_to_all_neighbours),
        TEST(who_joins_over_and_over_does_not_make_us_flood),
        TEST(places_are_kept_for_nodes_of_our_own_choice),
        TEST(a_shuffle_names_two_where_nothing_changes),
        TEST(a_shuffle_is_answered_with_as_many_but_for_one_alone),
        TEST(another_nodes_announcement_is_refused),
        TEST(every_truncation_and_each_byte_too_many_is_refused),
        TEST(numbers_over_their_limit_are_refused),
        TEST(a_private_address_from_afar_is_not_dialled),
        TEST(a_private_address_from_a_neighbour_there_is_dialled),
        TEST(a_loopback_address_from_afar_is_dialled_by_test_networks_only),
        TEST(a_forged_announcement_is_not_dialled),
        TEST(an_address_is_dialled_once_in_ten_minutes),
        TEST(only_a_newer_signed_one_replaces_an_announcement),
        TEST(the_passive_view_has_a_bound),
        TEST(a_failed_neighbour_is_replaced_from_the_passive_view),
        TEST(a_dialled_link_that_nobody_wants_is_closed),
        TEST(who_never_answers_is_not_waited_for),
        TEST(a_lost_neighbour_is_looked_for_and_taken_back),
        TEST(a_lost_neighbour_is_given_up_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
