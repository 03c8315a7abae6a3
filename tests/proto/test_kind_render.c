/* Showing records: nothing is hidden, and no reply nests too deep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/kind.h"

static const uint8_t ID[ID_LEN] = { 5 };

struct shown {
    uint8_t bytes[4096];
    struct mp_doc *doc;
};

/* The record shown, parsed; with `links_count` links in `links`. */
static const struct mp_value *show(struct shown *s, uint64_t kind,
                                   struct bytes map, struct bytes links,
                                   uint32_t links_count)
{
    static uint8_t body[2048];
    struct writer w = writer_fixed(body, sizeof body);
    struct writer out = writer_fixed(s->bytes, sizeof s->bytes);
    struct record r = { .kind = kind,
                        .links = links,
                        .links_count = links_count };

    (void)memset(writer_reserve(&w, RECORD_SALT_LEN), 0, RECORD_SALT_LEN);
    writer_bytes(&w, map);
    if (map.data != NULL)
        r.body = writer_view(&w);
    assert_int_equal(kind_render(&r, &out), ERR_OK);
    assert_int_equal(mp_doc_parse(&s->doc, writer_view(&out), MP_WELL_FORMED),
                     ERR_OK);
    return mp_doc_root(s->doc);
}

static bool is_text(const struct mp_value *v, const char *text)
{
    return bytes_equal(mp_str(v),
                       (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void unknown_keys_and_choices_are_shown_as_other(void **state)
{
    struct bytes map = BYTES_LITERAL("\x83\xa5state\x63\xa1x\x07\xa1y\x91\x01");
    struct shown s;
    const struct mp_value *root =
        show(&s, KIND_SELECTION, map, (struct bytes){ NULL, 0 }, 0);

    (void)state;
    assert_true(is_text(mp_get(root, "state"), "other"));
    assert_int_equal(mp_count(root), 2);
    assert_int_equal(mp_uint(mp_get(mp_get(root, "other"), "x")), 7);
    assert_int_equal(mp_type(mp_get(mp_get(root, "other"), "y")), MP_ARRAY);
    mp_doc_free(s.doc);
}

static void an_unknown_choice_is_not_taken_for_one_called_other(void **state)
{
    struct bytes map = BYTES_LITERAL("\x81\xabmedia_kinds\x93\x01\x06\x5b");
    struct shown s;
    const struct mp_value *kinds =
        mp_get(show(&s, KIND_REQUEST, map, (struct bytes){ NULL, 0 }, 0),
               "media_kinds");

    (void)state;
    assert_int_equal(mp_count(kinds), 3);
    assert_true(is_text(mp_at(kinds, 0), "video"));
    assert_true(is_text(mp_at(kinds, 1), "other"));
    assert_int_equal(mp_uint(mp_at(kinds, 2)), 0x5b);
    mp_doc_free(s.doc);
}

static void links_stand_under_their_field_and_extra_ones_apart(void **state)
{
    static const uint64_t relations[] = { RELATION_TARGET, RELATION_TARGET,
                                          9999, RELATION_REPLY_TO };
    uint8_t buf[256];
    struct writer links = writer_fixed(buf, sizeof buf);
    struct shown s;
    const struct mp_value *root;
    const struct mp_value *extra;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        mp_put_array(&links, 2);
        mp_put_uint(&links, relations[i]);
        mp_put_bin(&links, BYTES_ARRAY(ID));
    }
    root = show(&s, KIND_COMMENT, (struct bytes){ NULL, 0 },
                writer_view(&links), 4); /* of a nil body, links remain */
    assert_int_equal(mp_count(root), 3);
    assert_int_equal(mp_bin(mp_get(root, "target")).len, ID_LEN);
    assert_int_equal(mp_bin(mp_get(root, "reply_to")).len, ID_LEN);
    extra = mp_get(root, "other_links");
    assert_int_equal(mp_count(extra), 2);
    assert_int_equal(mp_uint(mp_at(mp_at(extra, 0), 0)), RELATION_TARGET);
    assert_int_equal(mp_uint(mp_at(mp_at(extra, 1), 0)), 9999);
    mp_doc_free(s.doc);
}

static void records_of_unknown_kinds_are_shown_whole(void **state)
{
    struct bytes map = BYTES_LITERAL("\x81\xa5title\xa2hi");
    struct shown s;
    const struct mp_value *root =
        show(&s, 424242, map, (struct bytes){ NULL, 0 }, 0);

    (void)state;
    assert_int_equal(mp_count(root), 1);
    assert_true(is_text(mp_get(mp_get(root, "other"), "title"), "hi"));
    mp_doc_free(s.doc);
}

/* Five deep in a reply, what is shown may nest three deep itself. */
static void values_that_nest_deep_are_shown_as_their_bytes(void **state)
{
    struct bytes map =
        BYTES_LITERAL("\x82\xa1x\x91\x91\x01\xa1y\x91\x91\x91\x01");
    struct shown s;
    const struct mp_value *root =
        show(&s, KIND_COMMENT, map, (struct bytes){ NULL, 0 }, 0);
    const struct mp_value *other = mp_get(root, "other");

    (void)state;
    assert_int_equal(mp_type(mp_get(other, "x")), MP_ARRAY);
    assert_true(bytes_equal(mp_bin(mp_get(other, "y")),
                            BYTES_LITERAL("\x91\x91\x91\x01")));
    mp_doc_free(s.doc);
}

static void what_breaks_the_schema_is_shown_as_it_stands(void **state)
{
    struct bytes map = BYTES_LITERAL("\x82\xa5media\x91\x81\xa4"
                                     "blob\x90\xa4text\x07");
    struct shown s;
    const struct mp_value *root =
        show(&s, KIND_COMMENT, map, (struct bytes){ NULL, 0 }, 0);
    const struct mp_value *blob =
        mp_get(mp_at(mp_get(root, "media"), 0), "blob");

    (void)state;
    assert_int_equal(mp_uint(mp_get(root, "text")), 7);
    assert_int_equal(mp_type(mp_get(blob, "root")), MP_NIL);
    mp_doc_free(s.doc);
}

static void what_does_not_fit_is_an_error(void **state)
{
    uint8_t small[4];
    uint8_t body[RECORD_SALT_LEN + 9] = { 0 };
    struct writer out = writer_fixed(small, sizeof small);
    struct record r = { .kind = KIND_COMMENT, .body = BYTES_ARRAY(body) };

    (void)state;
    memcpy(body + RECORD_SALT_LEN, "\x81\xa4text\xa2hi", 9);
    assert_int_equal(kind_render(&r, &out), ERR_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys_and_choices_are_shown_as_other),
        cmocka_unit_test(an_unknown_choice_is_not_taken_for_one_called_other),
        cmocka_unit_test(links_stand_under_their_field_and_extra_ones_apart),
        cmocka_unit_test(records_of_unknown_kinds_are_shown_whole),
        cmocka_unit_test(values_that_nest_deep_are_shown_as_their_bytes),
        cmocka_unit_test(what_breaks_the_schema_is_shown_as_it_stands),
        cmocka_unit_test(what_does_not_fit_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
