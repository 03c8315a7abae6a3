/* The handshake of a session: who gets in, and that all others learn nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mp.h"
#include "tests/proto/session_pair.h"

static struct pair pair; /* too large for the stack */

static int wipe_pair(void **state)
{
    (void)state;
    pair_wipe(&pair);
    return 0;
}

static void both_sides_open_and_agree(void **state)
{
    struct session *d = &pair.dialler.session;
    struct session *l = &pair.listener.session;

    (void)state;
    pair_open(&pair);
    assert_true(pair.dialler.event.opened && pair.listener.event.opened);
    assert_false(pair.listener.event.frames || pair.listener.event.closed);
    assert_memory_equal(d->ask, l->ask, HASH_LEN);
    assert_memory_equal(d->handshake_hash, l->handshake_hash, HASH_LEN);
    assert_memory_not_equal(d->ask, d->handshake_hash, HASH_LEN);
    assert_memory_equal(d->peer_node, pair.listener.keys.sign.public_key,
                        KEY_LEN);
    assert_memory_equal(l->peer_node, pair.dialler.keys.sign.public_key,
                        KEY_LEN);
    assert_int_equal(l->peer_version, INTRODUCTION_VERSION);
    assert_false(session_has_output(d, true) || session_has_output(l, true));
}

static void features_are_told_to_the_other_side(void **state)
{
    struct session_config config;

    (void)state;
    pair_prepare(&pair);
    config = side_config(&pair.dialler, true);
    config.features = MP_INT_MAX;
    session_init(&pair.dialler.session, &config, T0);
    side_start(&pair.listener, false);
    for (int i = 0; i < 3; i++) {
        bool up = i % 2 == 0;
        struct side *from = up ? &pair.dialler : &pair.listener;
        struct side *to = up ? &pair.listener : &pair.dialler;

        assert_true(carry(from, to, T0) > 0);
        assert_int_equal(deliver(to, T0), ERR_OK);
    }
    assert_int_equal(pair.listener.session.peer_features, MP_INT_MAX);
    assert_int_equal(pair.dialler.session.peer_features, 0);
}

/* Carries `messages` of the handshake, the last of them undelivered. */
static struct side *advance_to(int messages, size_t *len)
{
    struct side *to = NULL;

    pair_wipe(&pair);
    pair_start(&pair);
    for (int i = 0; i < messages; i++) {
        struct side *from = i % 2 == 0 ? &pair.dialler : &pair.listener;

        if (to != NULL)
            assert_int_equal(deliver(to, T0), ERR_OK);
        to = i % 2 == 0 ? &pair.listener : &pair.dialler;
        *len = carry(from, to, T0);
        assert_true(*len > 2);
    }
    return to;
}

static void assert_refused(struct side *to, enum err expected)
{
    assert_int_equal(deliver(to, T0), expected);
    assert_int_equal(to->session.state, SESSION_CLOSED);
    assert_int_equal(to->session.why, expected);
    assert_false(to->event.opened);
    assert_false(session_has_output(&to->session, true));
    assert_int_equal(session_deadline(&to->session), UINT64_MAX);
}

static void a_listener_says_nothing_first(void **state)
{
    (void)state;
    pair_start(&pair);
    assert_false(session_has_output(&pair.listener.session, true));
    assert_int_equal(carry(&pair.listener, &pair.dialler, T0), 0);
}

static void an_altered_byte_anywhere_ends_the_handshake(void **state)
{
    size_t len;

    (void)state;
    for (int message = 2; message <= 3; message++) {
        (void)advance_to(message, &len);
        for (size_t at = 2; at < len; at++) {
            struct side *to = advance_to(message, &len);

            to->rx[at] ^= (uint8_t)(1 << at % 8);
            assert_int_equal(deliver(to, T0), ERR_BAD_HANDSHAKE);
            assert_int_equal(to->session.state, SESSION_CLOSED);
            assert_false(session_has_output(&to->session, true));
            pair_wipe(&pair);
        }
    }
}

/* A stranger's message 1 is nothing but a key; altering it shows one later. */
static void an_altered_first_message_is_noticed_by_the_dialler(void **state)
{
    size_t len;

    (void)state;
    for (size_t at = 2; at < 34; at++) {
        struct side *to = advance_to(1, &len);

        assert_int_equal(len, 34);
        to->rx[at] ^= 1;
        assert_int_equal(deliver(to, T0), ERR_OK);
        assert_true(carry(to, &pair.dialler, T0) > 0);
        assert_refused(&pair.dialler, ERR_BAD_HANDSHAKE);
        pair_wipe(&pair);
    }
}

static void a_message_cut_short_waits_and_then_times_out(void **state)
{
    size_t len;

    (void)state;
    for (int message = 1; message <= 3; message++) {
        struct side *to = advance_to(message, &len);

        for (to->rx_len = 0; to->rx_len < len; to->rx_len++) {
            assert_int_equal(deliver(to, T0), ERR_OK);
            assert_int_equal(to->session.state, SESSION_HANDSHAKE);
        }
        assert_int_equal(session_deadline(&to->session),
                         T0 + HANDSHAKE_TIMEOUT_MS);
        assert_int_equal(
            session_tick(&to->session, T0 + HANDSHAKE_TIMEOUT_MS - 1), ERR_OK);
        assert_int_equal(session_tick(&to->session, T0 + HANDSHAKE_TIMEOUT_MS),
                         ERR_TIMEOUT);
        assert_int_equal(to->session.state, SESSION_CLOSED);
        assert_false(session_has_output(&to->session, true));
        pair_wipe(&pair);
    }
}

static void a_shorter_message_is_not_a_message(void **state)
{
    size_t len;

    (void)state;
    for (int message = 1; message <= 3; message++) {
        (void)advance_to(message, &len);
        for (size_t cut = 2; cut < len; cut++) {
            struct side *to = advance_to(message, &len);

            to->rx[0] = (uint8_t)((cut - 2) >> 8);
            to->rx[1] = (uint8_t)(cut - 2);
            to->rx_len = cut;
            assert_refused(to, ERR_BAD_HANDSHAKE);
            pair_wipe(&pair);
        }
    }
}

static void a_wrong_length_is_refused_before_its_bytes_come(void **state)
{
    size_t len;

    (void)state;
    for (int message = 1; message <= 3; message++) {
        struct side *to = advance_to(message, &len);

        to->rx[0] = 0xff;
        to->rx_len = 2;
        assert_refused(to, ERR_BAD_HANDSHAKE);
        pair_wipe(&pair);
    }
}

static void another_network_is_another_protocol(void **state)
{
    (void)state;
    pair_prepare(&pair);
    side_prepare(&pair.listener, "lab2", 2);
    side_start(&pair.dialler, true);
    side_start(&pair.listener, false);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_refused(&pair.dialler, ERR_BAD_HANDSHAKE);
}

static void the_wrong_node_never_gets_message_three(void **state)
{
    struct session_config config;

    (void)state;
    pair_prepare(&pair);
    config = side_config(&pair.dialler, true);
    config.expected_node = pair.dialler.keys.noise_public;
    session_init(&pair.dialler.session, &config, T0);
    side_start(&pair.listener, false);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_refused(&pair.dialler, ERR_WRONG_NODE);
}

static void a_node_that_dials_itself_notices(void **state)
{
    (void)state;
    pair_prepare(&pair);
    pair.listener.keys = pair.dialler.keys;
    side_start(&pair.dialler, true);
    side_start(&pair.listener, false);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_refused(&pair.dialler, ERR_SELF);
}

static void a_key_of_small_order_ends_the_handshake(void **state)
{
    struct side *to;
    size_t len;

    (void)state;
    to = advance_to(1, &len);
    memset(to->rx + 2, 0, KEY_LEN);
    assert_refused(to, ERR_BAD_KEY);
    pair_wipe(&pair);
    to = advance_to(2, &len);
    memset(to->rx + 2, 0, KEY_LEN);
    assert_refused(to, ERR_BAD_KEY);
}

static void a_replayed_handshake_is_refused(void **state)
{
    struct session_config config;
    uint8_t third[SESSION_MESSAGE_MAX];
    uint8_t first[SESSION_MESSAGE_MAX];
    size_t len, first_len;

    (void)state;
    (void)advance_to(1, &len);
    memcpy(first, pair.listener.rx, 34);
    pair_wipe(&pair);
    (void)advance_to(3, &len);
    memcpy(third, pair.listener.rx, len);
    pair_wipe(&pair);

    config = side_config(&pair.listener, false);
    config.ephemeral[0] ^= 8; /* as any new connection has */
    session_init(&pair.listener.session, &config, T0);
    side_lay(&pair.listener, (struct bytes){ first, 34 });
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    session_pull(&pair.listener.session, T0, first, sizeof first, &first_len,
                 true);
    side_lay(&pair.listener, (struct bytes){ third, len });
    assert_refused(&pair.listener, ERR_BAD_HANDSHAKE);
}

/* A dialler made by hand: its message 3 carries whatever payload is given. */
static void forge_third(struct noise *n, struct bytes payload)
{
    uint8_t ephemeral[KEY_LEN] = { 9, 9, 9 };
    uint8_t scratch[SESSION_MESSAGE_MAX];
    struct side *l = &pair.listener;
    struct side *d = &pair.dialler;
    struct writer w = writer_fixed(l->rx, sizeof l->rx);
    struct reader r;
    size_t len;

    noise_init(n, true, BYTES_LITERAL("troupe 1 lab"), d->keys.noise_secret,
               d->keys.noise_public, ephemeral);
    writer_u16(&w, NOISE_KEYS_0);
    assert_int_equal(noise_write_keys(n, &w), ERR_OK);
    assert_int_equal(noise_write_payload(n, &w, (struct bytes){ 0 }), ERR_OK);
    l->rx_len = w.len;
    l->rx_used = 0;
    assert_int_equal(deliver(l, T0), ERR_OK);
    assert_true(carry(l, d, T0) > 0);
    r = reader_of((struct bytes){ d->rx + 2, d->rx_len - 2 });
    assert_int_equal(noise_read_keys(n, &r), ERR_OK);
    assert_int_equal(noise_read_payload(n, &r, scratch, &len), ERR_OK);
    writer_reset(&w);
    writer_u16(&w,
               (uint16_t)(NOISE_KEYS_2 + (uint16_t)payload.len + AEAD_TAG_LEN));
    assert_int_equal(noise_write_keys(n, &w), ERR_OK);
    if (payload.data != NULL)
        assert_int_equal(noise_write_payload(n, &w, payload), ERR_OK);
    l->rx_len = w.len;
    l->rx_used = 0;
}

/* The same with the payload made from the hash; it always has 108 bytes. */
static void forge_introduction(enum domain domain, const char *network,
                               const uint8_t noise_public[KEY_LEN],
                               uint8_t hash_flip, size_t extra)
{
    struct noise n;
    uint8_t buf[512];
    uint8_t data[HASH_LEN + KEY_LEN + 12];
    uint8_t signature[SIGNATURE_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct writer signed_bytes = writer_fixed(data, sizeof data);
    struct network net;
    struct side *l = &pair.listener;
    struct writer message;

    forge_third(&n, (struct bytes){ NULL, 103 + extra });
    writer_bytes(&signed_bytes, BYTES_ARRAY(n.hash));
    data[0] ^= hash_flip;
    writer_bytes(&signed_bytes, (struct bytes){ noise_public, KEY_LEN });
    writer_u64(&signed_bytes, 0);
    writer_u32(&signed_bytes, 1);
    assert_int_equal(network_parse(&net, network), ERR_OK);
    domain_sign(signature, domain, &net, writer_view(&signed_bytes),
                &pair.dialler.keys.sign);
    mp_put_array(&w, 5 + (uint32_t)extra);
    mp_put_uint(&w, 1);
    mp_put_bin(&w, BYTES_ARRAY(pair.dialler.keys.sign.public_key));
    mp_put_uint(&w, 0);
    mp_put_uint(&w, 1);
    mp_put_bin(&w, BYTES_ARRAY(signature));
    for (size_t i = 0; i < extra; i++)
        mp_put_nil(&w);
    message = writer_fixed(l->rx, sizeof l->rx);
    message.len = l->rx_len;
    assert_int_equal(noise_write_payload(&n, &message, writer_view(&w)),
                     ERR_OK);
    l->rx_len = message.len;
    l->rx_used = 0;
    l->rx[0] = (uint8_t)((message.len - 2) >> 8);
    l->rx[1] = (uint8_t)(message.len - 2);
}

static void an_honest_introduction_made_by_hand_is_accepted(void **state)
{
    (void)state;
    pair_start(&pair);
    forge_introduction(DOMAIN_HANDSHAKE, "lab", pair.dialler.keys.noise_public,
                       0, 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(pair.listener.event.opened);
    pair_wipe(&pair);

    pair_start(&pair); /* a later release adds elements */
    forge_introduction(DOMAIN_HANDSHAKE, "lab", pair.dialler.keys.noise_public,
                       0, 3);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(pair.listener.event.opened);
}

static void a_signature_over_anything_else_is_refused(void **state)
{
    const uint8_t *own = pair.dialler.keys.noise_public;

    (void)state;
    for (int domain = 0; domain < DOMAIN_COUNT; domain++) {
        if (domain == DOMAIN_HANDSHAKE)
            continue;
        pair_start(&pair);
        forge_introduction((enum domain)domain, "lab", own, 0, 0);
        assert_refused(&pair.listener, ERR_BAD_SIGNATURE);
        pair_wipe(&pair);
    }
    pair_start(&pair);
    forge_introduction(DOMAIN_HANDSHAKE, "lab2", own, 0, 0);
    assert_refused(&pair.listener, ERR_BAD_SIGNATURE);
    pair_wipe(&pair);
    pair_start(&pair); /* another handshake's */
    forge_introduction(DOMAIN_HANDSHAKE, "lab", own, 1, 0);
    assert_refused(&pair.listener, ERR_BAD_SIGNATURE);
    pair_wipe(&pair);
    pair_start(&pair); /* for a static key that is not the sender's */
    forge_introduction(DOMAIN_HANDSHAKE, "lab", pair.listener.keys.noise_public,
                       0, 0);
    assert_refused(&pair.listener, ERR_BAD_SIGNATURE);
}

static void a_static_key_without_its_secret_is_refused(void **state)
{
    (void)state;
    pair_prepare(&pair);
    pair.dialler.keys.noise_secret[5] ^= 1;
    side_start(&pair.dialler, true);
    side_start(&pair.listener, false);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_int_equal(deliver(&pair.dialler, T0), ERR_OK);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_refused(&pair.listener, ERR_BAD_HANDSHAKE);
}

static void a_payload_that_is_no_introduction_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum err err;
    } cases[] = {
        { "\xc0", 1, ERR_MALFORMED },     /* nil */
        { "\x91\x01", 2, ERR_MALFORMED }, /* too few */
        { "\x95\x02\1\1\1\1", 6, ERR_MALFORMED },
        { "\x95\x01", 2, ERR_TRUNCATED },
        { "\xdc\x00\x01\x01", 4, ERR_NOT_CANONICAL },
        { "\x91\x01\x01", 3, ERR_TRAILING },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct noise n;

        pair_start(&pair);
        forge_third(&n, (struct bytes){ (const uint8_t *)cases[i].bytes,
                                        cases[i].len });
        assert_refused(&pair.listener, cases[i].err);
        pair_wipe(&pair);
    }
}

static void closing_a_handshake_says_nothing(void **state)
{
    (void)state;
    pair_start(&pair);
    session_close(&pair.dialler.session, ERR_SHUTDOWN);
    assert_int_equal(pair.dialler.session.state, SESSION_CLOSED);
    assert_int_equal(pair.dialler.session.why, ERR_SHUTDOWN);
    assert_int_equal(carry(&pair.dialler, &pair.listener, T0), 0);
}

static void frames_cannot_be_queued_before_the_peer_is_known(void **state)
{
    struct bytes part = BYTES_LITERAL("x");

    (void)state;
    pair_start(&pair);
    assert_int_equal(
        session_queue(&pair.dialler.session, FRAME_HELLO, &part, 1),
        ERR_OUT_OF_ORDER);
    assert_int_equal(session_room(&pair.dialler.session, FRAME_HELLO), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, wipe_pair)
    const struct CMUnitTest tests[] = {
        T(both_sides_open_and_agree),
        T(features_are_told_to_the_other_side),
        T(a_listener_says_nothing_first),
        T(an_altered_byte_anywhere_ends_the_handshake),
        T(an_altered_first_message_is_noticed_by_the_dialler),
        T(a_message_cut_short_waits_and_then_times_out),
        T(a_shorter_message_is_not_a_message),
        T(a_wrong_length_is_refused_before_its_bytes_come),
        T(another_network_is_another_protocol),
        T(the_wrong_node_never_gets_message_three),
        T(a_node_that_dials_itself_notices),
        T(a_key_of_small_order_ends_the_handshake),
        T(a_replayed_handshake_is_refused),
        T(an_honest_introduction_made_by_hand_is_accepted),
        T(a_signature_over_anything_else_is_refused),
        T(a_static_key_without_its_secret_is_refused),
        T(a_payload_that_is_no_introduction_is_refused),
        T(closing_a_handshake_says_nothing),
        T(frames_cannot_be_queued_before_the_peer_is_known),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
