/* The control codec: both directions, every truncation, every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/control.h"

/* [0, 7, "hello", [{"version": 1}]] */
#define REQUEST "\x94\x00\x07\xa5hello\x91\x81\xa7version\x01"
/* [1, 7, nil, {"done": true}] */
#define RESPONSE                                                               \
    "\x94\x01\x07\xc0\x81\xa4"                                                 \
    "done\xc3"
/* [2, "event", [{"seq": 9}]] */
#define NOTIFICATION                                                           \
    "\x93\x02\xa5"                                                             \
    "event\x91\x81\xa3seq\x09"

static const struct bytes request = { (const uint8_t *)REQUEST,
                                      sizeof REQUEST - 1 };
static const struct bytes response = { (const uint8_t *)RESPONSE,
                                       sizeof RESPONSE - 1 };
static const struct bytes notification = { (const uint8_t *)NOTIFICATION,
                                           sizeof NOTIFICATION - 1 };

static struct control_message decode(struct bytes src)
{
    struct control_message m = { 0 };
    size_t used = 0;

    assert_int_equal(control_decode(&m, &used, src), ERR_OK);
    assert_int_equal(used, src.len);
    return m;
}

static void a_request_is_read(void **state)
{
    struct control_message m = decode(request);

    (void)state;
    assert_int_equal(m.type, CONTROL_REQUEST);
    assert_int_equal(m.number, 7);
    assert_true(control_method_is(&m, "hello"));
    assert_false(control_method_is(&m, "hell"));
    assert_int_equal(mp_uint(mp_get(m.params, "version")), 1);
    control_message_wipe(&m);
}

static void params_may_be_left_out(void **state)
{
    struct control_message none =
        decode(BYTES_LITERAL("\x94\x00\x01\xa1x\x90"));
    struct control_message nil =
        decode(BYTES_LITERAL("\x94\x00\x01\xa1x\x91\xc0"));

    (void)state;
    assert_null(none.params);
    assert_null(nil.params);
    control_message_wipe(&none);
    control_message_wipe(&nil);
}

static void a_response_is_read(void **state)
{
    struct control_message m = decode(response);

    (void)state;
    assert_int_equal(m.type, CONTROL_RESPONSE);
    assert_int_equal(m.number, 7);
    assert_null(m.error);
    assert_true(mp_bool(mp_get(m.result, "done")));
    control_message_wipe(&m);
}

static void a_notification_is_read(void **state)
{
    struct control_message m = decode(notification);

    (void)state;
    assert_int_equal(m.type, CONTROL_NOTIFICATION);
    assert_true(control_method_is(&m, "event"));
    assert_int_equal(mp_uint(mp_get(m.params, "seq")), 9);
    control_message_wipe(&m);
}

static void every_truncation_asks_for_more(void **state)
{
    const struct bytes all[] = { request, response, notification };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t len = 0; len < all[i].len; len++) {
            struct control_message m;
            size_t used;
            struct bytes part = { all[i].data, len };

            assert_int_equal(control_decode(&m, &used, part), ERR_TRUNCATED);
        }
    }
}

/* Its length is known before it is believed to be a message. */
static void a_value_is_measured(void **state)
{
    size_t used = 0;

    (void)state;
    for (size_t len = 0; len < request.len; len++)
        assert_int_equal(
            control_measure(&used, (struct bytes){ request.data, len }),
            ERR_TRUNCATED);
    assert_int_equal(control_measure(&used, request), ERR_OK);
    assert_int_equal(used, request.len);
    assert_int_equal(control_measure(&used, BYTES_LITERAL("\x2a\x2a")), ERR_OK);
    assert_int_equal(used, 1);
    assert_int_equal(control_measure(&used, BYTES_LITERAL("\xc1")),
                     ERR_MALFORMED);
}

static void messages_follow_one_another(void **state)
{
    struct bytes stream = BYTES_LITERAL(REQUEST RESPONSE NOTIFICATION "\x94");
    struct control_message m;
    size_t used;

    (void)state;
    for (int type = CONTROL_REQUEST; type <= CONTROL_NOTIFICATION; type++) {
        assert_int_equal(control_decode(&m, &used, stream), ERR_OK);
        assert_int_equal(m.type, type);
        control_message_wipe(&m);
        stream.data += used;
        stream.len -= used;
    }
    assert_int_equal(stream.len, 1);
    assert_int_equal(control_decode(&m, &used, stream), ERR_TRUNCATED);
}

static void other_shapes_are_refused(void **state)
{
    const struct bytes bad[] = {
        BYTES_LITERAL("\x00"),                      /* not an array */
        BYTES_LITERAL("\x90"),                      /* empty */
        BYTES_LITERAL("\x94\x03\x01\xa1x\x90"),     /* type 3 */
        BYTES_LITERAL("\x94\xff\x01\xa1x\x90"),     /* type -1 */
        BYTES_LITERAL("\x93\x00\x01\xa1x"),         /* no params */
        BYTES_LITERAL("\x95\x00\x01\xa1x\x90\xc0"), /* one too many */
        BYTES_LITERAL("\x94\x00\xa1n\xa1x\x90"),    /* text number */
        BYTES_LITERAL("\x94\x00\xff\xa1x\x90"),     /* negative */
        BYTES_LITERAL("\x94\x00\xcf\0\0\0\1\0\0\0\0\xa1x\x90"), /* 2^32 */
        BYTES_LITERAL("\x94\x00\x01\xa0\x90"),                  /* no method */
        BYTES_LITERAL("\x94\x00\x01\x05\x90"),          /* number as method */
        BYTES_LITERAL("\x94\x00\x01\xa1x\x80"),         /* params a map */
        BYTES_LITERAL("\x94\x00\x01\xa1x\x91\x01"),     /* param no map */
        BYTES_LITERAL("\x94\x00\x01\xa1x\x92\x80\x80"), /* two params */
        BYTES_LITERAL("\x94\x01\x01\xa1x\xc0"),         /* error a text */
        BYTES_LITERAL("\x93\x01\x01\xc0"),              /* no result */
        BYTES_LITERAL("\x94\x02\xa1x\x90\xc0"),         /* one too many */
        BYTES_LITERAL("\xc1"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct control_message m;
        size_t used;

        assert_int_equal(control_decode(&m, &used, bad[i]), ERR_MALFORMED);
    }
}

static void a_method_name_has_a_limit(void **state)
{
    (void)state;
    for (size_t len = CONTROL_METHOD_MAX - 1; len <= CONTROL_METHOD_MAX + 1;
         len++) {
        uint8_t name[CONTROL_METHOD_MAX + 1];
        struct writer w = writer_growing(4096);
        struct control_message m;
        size_t used;
        enum err e;

        memset(name, 'm', sizeof name);
        mp_put_array(&w, 4);
        mp_put_uint(&w, CONTROL_REQUEST);
        mp_put_uint(&w, UINT32_MAX);
        mp_put_str(&w, (struct bytes){ name, len });
        mp_put_array(&w, 0);
        e = control_decode(&m, &used, writer_view(&w));
        assert_int_equal(e, len <= CONTROL_METHOD_MAX ? ERR_OK : ERR_MALFORMED);
        if (e == ERR_OK)
            control_message_wipe(&m);
        writer_free(&w);
    }
}

/* A response whose result is a bin such that the whole is `total` long. */
static void put_of_length(struct writer *w, size_t total)
{
    size_t header = 4 + 5; /* array, type, number, nil; bin 32 */
    uint8_t *room;

    control_put_response(w, 1);
    writer_u8(w, 0xc6);
    writer_u32(w, (uint32_t)(total - header));
    room = writer_reserve(w, total - header);
    assert_non_null(room);
    memset(room, 0, total - header);
    assert_int_equal(writer_view(w).len, total);
}

static void a_message_has_a_limit(void **state)
{
    (void)state;
    for (size_t total = CONTROL_MESSAGE_MAX - 1;
         total <= CONTROL_MESSAGE_MAX + 1; total++) {
        struct writer w = writer_growing(CONTROL_MESSAGE_MAX + 1);
        struct control_message m;
        size_t used;
        bool fits = total <= CONTROL_MESSAGE_MAX;
        enum err e;

        put_of_length(&w, total);
        e = control_decode(&m, &used, writer_view(&w));
        assert_int_equal(e, fits ? ERR_OK : ERR_TOO_LARGE);
        if (fits)
            control_message_wipe(&m);
        writer_free(&w);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    for (size_t arrays = MP_DEPTH_MAX - 2; arrays <= MP_DEPTH_MAX; arrays++) {
        struct writer w = writer_growing(4096);
        struct control_message m;
        size_t used;
        enum err e;

        control_put_response(&w, 1);
        for (size_t i = 1; i < arrays; i++)
            mp_put_array(&w, 1);
        mp_put_array(&w, 0);
        e = control_decode(&m, &used, writer_view(&w));
        assert_int_equal(e, arrays < MP_DEPTH_MAX ? ERR_OK : ERR_TOO_DEEP);
        if (e == ERR_OK)
            control_message_wipe(&m);
        writer_free(&w);
    }
}

static void a_bomb_costs_nothing(void **state)
{
    struct bytes bomb = BYTES_LITERAL("\xdd\xff\xff\xff\xff");
    struct control_message m;
    size_t used;

    (void)state;
    assert_int_not_equal(control_decode(&m, &used, bomb), ERR_OK);
}

static void what_is_put_is_read(void **state)
{
    struct writer w = writer_growing(4096);
    struct control_message m;

    (void)state;
    control_put_request(&w, 7, "hello");
    mp_put_map(&w, 1);
    mp_put_text(&w, "version");
    mp_put_uint(&w, 1);
    assert_true(bytes_equal(writer_view(&w), request));
    writer_reset(&w);
    control_put_response(&w, 7);
    mp_put_map(&w, 1);
    mp_put_text(&w, "done");
    mp_put_bool(&w, true);
    assert_true(bytes_equal(writer_view(&w), response));
    writer_reset(&w);
    control_put_notification(&w, "event");
    mp_put_map(&w, 1);
    mp_put_text(&w, "seq");
    mp_put_uint(&w, 9);
    assert_true(bytes_equal(writer_view(&w), notification));
    m = decode(writer_view(&w));
    control_message_wipe(&m);
    writer_free(&w);
}

static void an_error_names_code_text_and_hint(void **state)
{
    struct writer w = writer_growing(4096);
    struct control_message m;
    struct control_error error;

    (void)state;
    control_put_error(&w, 3, ERR_NOT_FOUND, "no such project",
                      "see `troupe project list`");
    m = decode(writer_view(&w));
    assert_null(m.result);
    error = control_error_of(m.error);
    assert_int_equal(error.code, EXIT_CODE_NOT_FOUND);
    assert_true(bytes_equal(error.name, BYTES_LITERAL("NOT_FOUND")));
    assert_true(bytes_equal(error.text, BYTES_LITERAL("no such project")));
    assert_true(
        bytes_equal(error.hint, BYTES_LITERAL("see `troupe project list`")));
    control_message_wipe(&m);
    writer_free(&w);
}

static void an_error_without_texts_says_its_own(void **state)
{
    struct writer w = writer_growing(4096);
    struct control_message m;
    struct control_error error;

    (void)state;
    control_put_error(&w, 3, ERR_BUSY, NULL, NULL);
    m = decode(writer_view(&w));
    error = control_error_of(m.error);
    assert_int_equal(error.text.len, strlen(err_text(ERR_BUSY)));
    assert_int_equal(error.hint.len, 0);
    control_message_wipe(&m);
    writer_free(&w);
}

static void an_unknown_code_is_a_failure(void **state)
{
    static const uint8_t codes[] = { 0, 13, 99 };

    (void)state;
    for (size_t i = 0; i < sizeof codes; i++) {
        uint8_t map[] = { 0x94, 1, 1, 0x81, 0xa4, 'c', 'o', 'd', 'e', 0, 0xc0 };
        struct control_message m;

        map[9] = codes[i];
        m = decode(BYTES_ARRAY(map));
        assert_int_equal(control_error_of(m.error).code, EXIT_CODE_FAILED);
        control_message_wipe(&m);
    }
}

/* Decodes one value and answers whether it is a prefix of at least `min`. */
static enum err prefix_of(struct control_prefix *p, struct bytes value,
                          size_t min)
{
    struct mp_doc *doc;
    enum err e;

    assert_int_equal(mp_doc_parse(&doc, value, MP_WELL_FORMED), ERR_OK);
    e = control_prefix_of(p, mp_doc_root(doc), min);
    mp_doc_free(doc);
    return e;
}

static void a_prefix_matches_by_its_digits(void **state)
{
    uint8_t id[ID_LEN] = { 0xab, 0xcd, 0xef, 0x12 };
    struct control_prefix p;

    (void)state;
    assert_int_equal(prefix_of(&p,
                               BYTES_LITERAL("\xa7"
                                             "abcdef1"),
                               6),
                     ERR_OK);
    assert_int_equal(p.digits, 7);
    assert_true(control_prefix_matches(&p, id));
    id[3] = 0x1f;
    assert_true(control_prefix_matches(&p, id));
    id[3] = 0x21;
    assert_false(control_prefix_matches(&p, id));
    id[3] = 0x12;
    id[0] = 0xac;
    assert_false(control_prefix_matches(&p, id));
}

static void a_prefix_has_a_least_length(void **state)
{
    struct control_prefix p;

    (void)state;
    assert_int_equal(prefix_of(&p,
                               BYTES_LITERAL("\xa5"
                                             "abcde"),
                               6),
                     ERR_USAGE);
    assert_int_equal(prefix_of(&p,
                               BYTES_LITERAL("\xa6"
                                             "abcdef"),
                               6),
                     ERR_OK);
    assert_int_equal(prefix_of(&p,
                               BYTES_LITERAL("\xa6"
                                             "abcdeg"),
                               6),
                     ERR_USAGE);
    assert_int_equal(prefix_of(&p, BYTES_LITERAL("\xa0"), 0), ERR_USAGE);
    assert_int_equal(prefix_of(&p, BYTES_LITERAL("\x07"), 6), ERR_USAGE);
}

static void an_id_is_a_bin_or_64_digits(void **state)
{
    struct writer w = writer_growing(4096);
    uint8_t id[ID_LEN];
    uint8_t out[ID_LEN];

    (void)state;
    memset(id, 0x5a, sizeof id);
    for (size_t len = ID_LEN - 1; len <= ID_LEN + 1; len++) {
        uint8_t raw[ID_LEN + 1];
        char text[2 * sizeof raw + 1];
        struct bytes view = { raw, len };

        memset(raw, 0x5a, sizeof raw);
        hex_encode(text, view);
        for (int as_text = 0; as_text < 2; as_text++) {
            struct mp_doc *doc;
            enum err e;

            writer_reset(&w);
            if (as_text)
                mp_put_text(&w, text);
            else
                mp_put_bin(&w, view);
            assert_int_equal(
                mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED), ERR_OK);
            e = control_id_of(out, mp_doc_root(doc));
            assert_int_equal(e, len == ID_LEN ? ERR_OK : ERR_USAGE);
            mp_doc_free(doc);
        }
    }
    assert_memory_equal(out, id, ID_LEN);
    writer_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(params_may_be_left_out),
        cmocka_unit_test(a_response_is_read),
        cmocka_unit_test(a_notification_is_read),
        cmocka_unit_test(every_truncation_asks_for_more),
        cmocka_unit_test(a_value_is_measured),
        cmocka_unit_test(messages_follow_one_another),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(a_method_name_has_a_limit),
        cmocka_unit_test(a_message_has_a_limit),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(a_bomb_costs_nothing),
        cmocka_unit_test(what_is_put_is_read),
        cmocka_unit_test(an_error_names_code_text_and_hint),
        cmocka_unit_test(an_error_without_texts_says_its_own),
        cmocka_unit_test(an_unknown_code_is_a_failure),
        cmocka_unit_test(a_prefix_matches_by_its_digits),
        cmocka_unit_test(a_prefix_has_a_least_length),
        cmocka_unit_test(an_id_is_a_bin_or_64_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
