/*
 * Hellos and the keys of sync.  The expected bytes were computed from
 * docs/protocol.md §5 by a program of its own, in another language.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/hello.h"

struct fixture {
    uint8_t ask[KEY_LEN];
    uint8_t topic[ID_LEN];
    uint8_t dialler[HELLO_SALT_LEN];
    uint8_t listener[HELLO_SALT_LEN];
    struct sync_key key;
};

static struct fixture fixture(void)
{
    struct fixture f;

    for (uint8_t i = 0; i < KEY_LEN; i++)
        f.ask[i] = i;
    memset(f.topic, 0x55, sizeof f.topic);
    memset(f.dialler, 1, sizeof f.dialler);
    memset(f.listener, 2, sizeof f.listener);
    sync_key_derive(&f.key, f.ask, f.topic, 3, f.dialler, f.listener);
    return f;
}

static void assert_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[2 * KEY_LEN + 1];

    assert_true(len <= KEY_LEN);
    hex_encode(text, (struct bytes){ data, len });
    assert_string_equal(text, hex);
}

static void the_first_of_equal_tags_counts(void **state)
{
    struct hello_entry entry = { .until_day = 1 };
    uint8_t salt[HELLO_SALT_LEN] = { 0 };
    struct writer w = writer_growing(1 << 16);
    struct hello h;
    const struct hello_entry *found;

    (void)state;
    hello_put_head(&w, salt, 4 * 200);
    for (uint32_t i = 0; i < 4 * 200; i++) { /* each tag four times */
        entry.tag[0] = (uint8_t)(i * 3 % 200);
        entry.until_day = i;
        hello_put_entry(&w, &entry);
    }
    assert_int_equal(hello_decode(&h, writer_view(&w)), ERR_OK);
    for (uint32_t i = 0; i < 200; i++) {
        entry.tag[0] = (uint8_t)(i * 3 % 200);
        found = hello_find(&h, entry.tag);
        assert_non_null(found);
        assert_int_equal(found->until_day, i);
        entry.tag[1] = 1;
        assert_null(hello_find(&h, entry.tag));
        entry.tag[1] = 0;
    }
    entry.tag[0] = 200;
    assert_null(hello_find(&h, entry.tag));
    hello_free(&h);
    assert_null(hello_find(&h, entry.tag));
    writer_free(&w);
}

static void a_topic_has_a_tag_in_each_role(void **state)
{
    struct fixture f = fixture();
    uint8_t tag[HELLO_TAG_LEN];

    (void)state;
    hello_tag(tag, f.ask, true, f.topic);
    assert_hex(tag, sizeof tag, "befe88c156041ec4");
    hello_tag(tag, f.ask, false, f.topic);
    assert_hex(tag, sizeof tag, "c9e045b4ee524875");
}

static void the_session_key_is_as_written(void **state)
{
    struct fixture f = fixture();

    (void)state;
    assert_hex(
        f.key.bytes, KEY_LEN,
        "8410a2edc43ce5e71f5950a7c6160d1ee75bf8c285a3b5a5f5cea1f50da7c199");
}

static void fingerprints_and_short_ids_are_as_written(void **state)
{
    struct fixture f = fixture();
    struct record_sum sum = { 0 };
    uint8_t id[ID_LEN];
    uint8_t out[8];

    (void)state;
    memset(id, 7, sizeof id);
    put_u64(out, sync_short_id(&f.key, id));
    assert_hex(out, 8, "9d5f854e9dc9087a");
    record_sum_add(&sum, id);
    memset(id, 8, sizeof id);
    record_sum_add(&sum, id);
    sync_fingerprint(out, &f.key, &sum);
    assert_hex(out, 8, "079f20f6dc013866");
}

static void a_window_holds_its_days_and_no_more(void **state)
{
    struct record_range window = hello_window(3, 3);

    (void)state;
    assert_true(window.lo.created_ms == 3 * (uint64_t)DAY_MS);
    assert_true(window.hi.created_ms == 4 * (uint64_t)DAY_MS);
    window = hello_window(0, HELLO_DAY_MAX);
    assert_true(window.hi.created_ms <= RECORD_TIME_MAX_MS);
}

static size_t write_hello(uint8_t *buf, size_t cap)
{
    static const uint8_t salt[HELLO_SALT_LEN] = { 9 };
    struct hello_entry plain = { .tag = { 1 }, .from_day = 5, .until_day = 5 };
    struct hello_entry full = { .tag = { 2 },
                                .until_day = HELLO_DAY_MAX,
                                .has_state = true,
                                .count = 300,
                                .fingerprint = { 4 } };
    struct writer w = writer_fixed(buf, cap);

    hello_put_head(&w, salt, 2);
    hello_put_entry(&w, &plain);
    hello_put_entry(&w, &full);
    assert_int_equal(w.err, ERR_OK);
    return w.len;
}

static void a_hello_is_read_as_it_was_written(void **state)
{
    uint8_t buf[100];
    size_t len = write_hello(buf, sizeof buf);
    struct hello h;

    (void)state;
    assert_int_equal(hello_decode(&h, (struct bytes){ buf, len }), ERR_OK);
    assert_int_equal(h.salt[0], 9);
    assert_int_equal(h.count, 2);
    assert_int_equal(h.entries[0].tag[0], 1);
    assert_int_equal(h.entries[0].from_day, 5);
    assert_int_equal(h.entries[0].until_day, 5);
    assert_false(h.entries[0].has_state);
    assert_int_equal(h.entries[1].until_day, HELLO_DAY_MAX);
    assert_true(h.entries[1].has_state);
    assert_int_equal(h.entries[1].count, 300);
    assert_int_equal(h.entries[1].fingerprint[0], 4);
    hello_free(&h);
}

static void every_truncation_and_trailing_byte_is_refused(void **state)
{
    uint8_t buf[100] = { 0 };
    size_t whole = write_hello(buf, sizeof buf);
    struct hello h;

    (void)state;
    for (size_t len = 0; len < whole; len++)
        assert_int_equal(hello_decode(&h, (struct bytes){ buf, len }),
                         ERR_TRUNCATED);
    assert_int_equal(hello_decode(&h, (struct bytes){ buf, whole + 1 }),
                     ERR_TRAILING);
}

static enum err decode_one(uint64_t from, uint64_t until, uint8_t flags)
{
    static const uint8_t zeros[HELLO_SALT_LEN];
    uint8_t buf[64];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct hello h;
    enum err e;

    hello_put_head(&w, zeros, 1);
    writer_u64(&w, 1);
    writer_varint(&w, from);
    writer_varint(&w, until);
    writer_u8(&w, flags);
    e = hello_decode(&h, writer_view(&w));
    if (e == ERR_OK)
        hello_free(&h);
    return e;
}

static void windows_and_flags_out_of_range_are_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_one(5, 5, 0), ERR_OK);
    assert_int_equal(decode_one(6, 5, 0), ERR_MALFORMED);
    assert_int_equal(decode_one(0, HELLO_DAY_MAX, 0), ERR_OK);
    assert_int_equal(decode_one(0, HELLO_DAY_MAX + 1, 0), ERR_MALFORMED);
    assert_int_equal(decode_one(UINT64_MAX, UINT64_MAX, 0), ERR_MALFORMED);
    assert_int_equal(decode_one(5, 5, 2), ERR_MALFORMED);
    assert_int_equal(decode_one(5, 5, 1), ERR_TRUNCATED);
}

static void more_topics_than_allowed_are_refused(void **state)
{
    static uint8_t buf[HELLO_SALT_LEN + 3 + 12 * (TOPICS_MAX + 1)];
    struct hello_entry entry = { .from_day = 1, .until_day = 1 };
    struct hello h;

    (void)state;
    for (uint64_t n = TOPICS_MAX - 1; n <= TOPICS_MAX + 1; n++) {
        struct writer w = writer_fixed(buf, sizeof buf);

        (void)writer_reserve(&w, HELLO_SALT_LEN);
        writer_varint(&w, n);
        for (uint64_t i = 0; i < n; i++)
            hello_put_entry(&w, &entry);
        assert_int_equal(hello_decode(&h, writer_view(&w)),
                         n <= TOPICS_MAX ? ERR_OK : ERR_TOO_LARGE);
        if (n <= TOPICS_MAX)
            hello_free(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_equal_tags_counts),
        cmocka_unit_test(a_topic_has_a_tag_in_each_role),
        cmocka_unit_test(the_session_key_is_as_written),
        cmocka_unit_test(fingerprints_and_short_ids_are_as_written),
        cmocka_unit_test(a_window_holds_its_days_and_no_more),
        cmocka_unit_test(a_hello_is_read_as_it_was_written),
        cmocka_unit_test(every_truncation_and_trailing_byte_is_refused),
        cmocka_unit_test(windows_and_flags_out_of_range_are_refused),
        cmocka_unit_test(more_topics_than_allowed_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
