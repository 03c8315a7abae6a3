/* Many small blobs for one request: both frames, and what the asker keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/blob_small.h"

static const uint8_t TAG[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static struct blob_id name_of(const char *text)
{
    struct blob_id id = { .size = strlen(text) };

    if (id.size > 0)
        assert_int_equal(
            blob_span_hash(NULL, id.root, id.size,
                           (struct bytes){ (const uint8_t *)text, id.size }),
            ERR_OK);
    return id;
}

static void put_u16(uint8_t out[2], unsigned v)
{
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
}

static struct bytes text(const char *s)
{
    return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void an_ask_names_blobs_in_order(void **state)
{
    uint8_t buf[BLOB_MANY_LEN_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_id one = name_of("one");
    struct blob_id none = name_of("");
    struct blob_many many;
    struct blob_id got;

    (void)state;
    blob_many_begin(&w, 7, TAG);
    blob_many_put(&w, &one);
    blob_many_put(&w, &none);
    assert_int_equal(w.len, 12 + 2 * 34);
    assert_memory_equal(buf, "\0\0\0\7\1\2\3\4\5\6\7\10", 12);
    assert_memory_equal(buf + 12, one.root, HASH_LEN);
    assert_memory_equal(buf + 44, "\0\3", 2);
    assert_int_equal(blob_many_decode(&many, writer_view(&w)), ERR_OK);
    assert_int_equal(many.request, 7);
    assert_memory_equal(many.tag, TAG, 8);
    assert_int_equal(many.count, 2);
    blob_many_at(&many, 0, &got);
    assert_true(blob_id_equal(&got, &one));
    blob_many_at(&many, 1, &got);
    assert_true(blob_id_equal(&got, &none));
}

static void an_ask_of_another_length_is_refused(void **state)
{
    uint8_t buf[BLOB_MANY_LEN_MAX + BLOB_MANY_ENTRY];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_id one = name_of("one");
    struct blob_many many;

    (void)state;
    blob_many_begin(&w, 7, TAG);
    for (size_t i = 0; i <= BLOB_MANY_MAX; i++)
        blob_many_put(&w, &one);
    assert_int_equal(blob_many_decode(&many, writer_view(&w)), ERR_TOO_LARGE);
    for (size_t len = 0; len < BLOB_MANY_LEN_MAX; len++) {
        enum err e = blob_many_decode(&many, (struct bytes){ buf, len });
        bool whole = len > BLOB_MANY_HEADER &&
                     (len - BLOB_MANY_HEADER) % BLOB_MANY_ENTRY == 0;

        assert_int_equal(e, whole ? ERR_OK : ERR_TRUNCATED);
    }
    assert_int_equal(
        blob_many_decode(&many, (struct bytes){ buf, BLOB_MANY_LEN_MAX }),
        ERR_OK);
    assert_int_equal(many.count, BLOB_MANY_MAX);
}

static void an_ask_names_only_what_can_be(void **state)
{
    uint8_t buf[BLOB_MANY_LEN_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_id one = name_of("one");
    struct blob_many many;

    (void)state;
    blob_many_begin(&w, 7, TAG);
    blob_many_put(&w, &one);
    put_u16(buf + 44, BLOB_INLINE_MAX);
    assert_int_equal(blob_many_decode(&many, writer_view(&w)), ERR_OK);
    put_u16(buf + 44, BLOB_INLINE_MAX + 1);
    assert_int_equal(blob_many_decode(&many, writer_view(&w)), ERR_TOO_LARGE);
    put_u16(buf + 44, 0); /* only zeros name the empty blob */
    assert_int_equal(blob_many_decode(&many, writer_view(&w)), ERR_MALFORMED);
    put_u16(buf + 44, 3);
    memset(buf + 12, 0, HASH_LEN); /* and nothing else */
    assert_int_equal(blob_many_decode(&many, writer_view(&w)), ERR_MALFORMED);
}

static void answers_come_with_their_bytes(void **state)
{
    uint8_t buf[64];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_small small;
    struct bytes left;
    struct bytes got;

    (void)state;
    blob_small_begin(&w, 9, 3);
    blob_small_put(&w, text("one"));
    blob_small_put(&w, (struct bytes){ NULL, 0 });
    blob_small_put(&w, text(""));
    assert_int_equal(w.len, 15);
    assert_memory_equal(buf, "\0\0\0\11\0\3\0\3one\377\377\0\0", 15);
    assert_int_equal(blob_small_decode(&small, writer_view(&w)), ERR_OK);
    assert_int_equal(small.request, 9);
    assert_int_equal(small.first, 3);
    assert_int_equal(small.count, 3);
    left = small.entries;
    assert_true(blob_small_next(&left, &got));
    assert_true(bytes_equal(got, text("one")));
    assert_true(blob_small_next(&left, &got));
    assert_null(got.data);
    assert_true(blob_small_next(&left, &got));
    assert_non_null(got.data);
    assert_int_equal(got.len, 0);
    assert_false(blob_small_next(&left, &got));
}

static void a_cut_answer_is_refused(void **state)
{
    uint8_t buf[64];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_small small;

    (void)state;
    blob_small_begin(&w, 9, 3);
    blob_small_put(&w, text("one"));
    blob_small_put(&w, text("three"));
    for (size_t len = 0; len < w.len; len++) /* one whole answer is well */
        assert_int_equal(blob_small_decode(&small, (struct bytes){ buf, len }),
                         len == 11 ? ERR_OK : ERR_TRUNCATED);
    put_u16(buf + 6, BLOB_INLINE_MAX + 1);
    assert_int_equal(blob_small_decode(&small, writer_view(&w)), ERR_TOO_LARGE);
}

static void more_answers_than_any_ask_has_are_refused(void **state)
{
    uint8_t buf[BLOB_SMALL_HEADER + 2 * (BLOB_MANY_MAX + 1)];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_small small;

    (void)state;
    blob_small_begin(&w, 9, 0);
    for (size_t i = 0; i < BLOB_MANY_MAX; i++)
        blob_small_put(&w, (struct bytes){ NULL, 0 });
    assert_int_equal(blob_small_decode(&small, writer_view(&w)), ERR_OK);
    assert_int_equal(small.count, BLOB_MANY_MAX);
    blob_small_put(&w, (struct bytes){ NULL, 0 });
    assert_int_equal(blob_small_decode(&small, writer_view(&w)), ERR_TOO_LARGE);
}

/* What three answers, "one", none and "", from `first` on, do to the ask. */
static enum err take(struct blob_asked *asked, unsigned first, unsigned *at)
{
    uint8_t buf[64];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_small small;

    blob_small_begin(&w, asked->request, first);
    blob_small_put(&w, text("one"));
    blob_small_put(&w, (struct bytes){ NULL, 0 });
    blob_small_put(&w, text(""));
    assert_int_equal(blob_small_decode(&small, writer_view(&w)), ERR_OK);
    return blob_asked_take(asked, at, &small);
}

static void answers_are_taken_in_order_and_as_long_as_asked(void **state)
{
    struct blob_asked asked = { .request = 5, .count = 4 };
    unsigned at = 77;

    (void)state;
    asked.ids[1] = name_of("one");
    asked.ids[2] = name_of("anything");
    asked.ids[3] = name_of("");
    asked.next = 1;
    assert_int_equal(take(&asked, 0, &at), ERR_OUT_OF_ORDER);
    assert_int_equal(take(&asked, 2, &at), ERR_OUT_OF_ORDER);
    asked.count = 3; /* one less than comes */
    assert_int_equal(take(&asked, 1, &at), ERR_NOT_ASKED);
    asked.count = 4;
    asked.ids[1].size = 4;
    assert_int_equal(take(&asked, 1, &at), ERR_NOT_ASKED);
    asked.ids[1].size = 3;
    assert_int_equal(asked.next, 1);
    assert_int_equal(at, 77);
    assert_int_equal(take(&asked, 1, &at), ERR_OK);
    assert_int_equal(asked.next, 4);
    assert_int_equal(at, 1);
    assert_int_equal(take(&asked, 4, &at), ERR_NOT_ASKED);
}

static void only_the_bytes_of_the_root_are_its_blob(void **state)
{
    struct blob_id one = name_of("one");
    struct blob_id none = name_of("");

    (void)state;
    assert_int_equal(blob_small_verify(NULL, &one, text("one")), ERR_OK);
    assert_int_equal(blob_small_verify(NULL, &one, text("onf")), ERR_BAD_BLOB);
    assert_int_equal(blob_small_verify(NULL, &one, text("")), ERR_BAD_BLOB);
    assert_int_equal(blob_small_verify(NULL, &none, text("")), ERR_OK);
    assert_int_equal(blob_small_verify(NULL, &none, text("x")), ERR_BAD_BLOB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ask_names_blobs_in_order),
        cmocka_unit_test(an_ask_of_another_length_is_refused),
        cmocka_unit_test(an_ask_names_only_what_can_be),
        cmocka_unit_test(answers_come_with_their_bytes),
        cmocka_unit_test(a_cut_answer_is_refused),
        cmocka_unit_test(more_answers_than_any_ask_has_are_refused),
        cmocka_unit_test(answers_are_taken_in_order_and_as_long_as_asked),
        cmocka_unit_test(only_the_bytes_of_the_root_are_its_blob),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
