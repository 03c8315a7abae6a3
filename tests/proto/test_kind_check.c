/* Schema: bodies are compared with the table, bound by bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/kind.h"

static const uint8_t ID[ID_LEN] = { 5 };

/* A record of a kind, with one link, whose body is being written to `w`. */
struct body {
    uint8_t bytes[RECORD_BODY_MAX];
    uint8_t links[64];
    struct writer w;
    uint64_t kind;
    uint64_t relation;
};

static struct body *body_start(uint64_t kind, uint64_t relation, uint32_t pairs)
{
    static struct body b;

    b.w = writer_fixed(b.bytes, sizeof b.bytes);
    b.kind = kind;
    b.relation = relation;
    (void)memset(writer_reserve(&b.w, RECORD_SALT_LEN), 0, RECORD_SALT_LEN);
    mp_put_map(&b.w, pairs);
    return &b;
}

static void put_pair(struct body *b, const char *key, const char *text)
{
    mp_put_text(&b->w, key);
    mp_put_text(&b->w, text);
}

/* The field at fault, or NULL if the schema is kept. */
static const char *body_check(struct body *b)
{
    struct writer links = writer_fixed(b->links, sizeof b->links);
    struct record r = { .kind = b->kind, .body = writer_view(&b->w) };
    const char *field = NULL;
    enum err e;

    assert_int_equal(b->w.err, ERR_OK);
    if (b->relation != 0) {
        mp_put_array(&links, 2);
        mp_put_uint(&links, b->relation);
        mp_put_bin(&links, BYTES_ARRAY(ID));
        r.links = writer_view(&links);
        r.links_count = 1;
    }
    e = kind_check(&r, &field);
    assert_int_equal(e, field == NULL ? ERR_OK : ERR_MALFORMED_BODY);
    return field;
}

static const char *check_title(size_t len, char fill)
{
    struct body *b = body_start(KIND_THREAD, 0, 2);
    static char title[256];

    memset(title, fill, sizeof title);
    title[len] = '\0';
    put_pair(b, "text", "Text");
    put_pair(b, "title", title);
    return body_check(b);
}

static void lines_have_1_to_their_most_bytes(void **state)
{
    (void)state;
    assert_string_equal(check_title(0, 'x'), "title");
    assert_null(check_title(1, 'x'));
    assert_null(check_title(200, 'x'));
    assert_string_equal(check_title(201, 'x'), "title");
    assert_string_equal(check_title(3, '\t'), "title");
}

static void characters_that_break_or_turn_a_line_are_told(void **state)
{
    static const struct {
        const char *text;
        bool is_line;
    } cases[] = {
        { "plain", true },
        { "\x1f", false },
        { " ", true },
        { "~", true },
        { "\x7f", false },
        { "\xc2\x80", false },
        { "\xc2\x9f", false },
        { "\xc2\xa0", true },
        { "\xe2\x80\xa7", true },
        { "\xe2\x80\xa8", false },
        { "\xe2\x80\xa9", false },
        { "\xe2\x80\xaa", false },
        { "\xe2\x80\xae", false },
        { "\xe2\x80\xaf", true },
        { "\xe2\x81\xa5", true },
        { "\xe2\x81\xa6", false },
        { "\xe2\x81\xa9", false },
        { "\xe2\x81\xaa", true },
        { "\xf0\x9f\x8e\xbb", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes text = { (const uint8_t *)cases[i].text,
                              strlen(cases[i].text) };

        assert_int_equal(kind_is_line(text), cases[i].is_line);
    }
    assert_false(kind_is_line(BYTES_LITERAL("\0")));
}

static const char *check_selection(uint64_t state_value, bool with_link)
{
    struct body *b =
        body_start(KIND_SELECTION, with_link ? RELATION_CONTRIBUTION : 0, 1);

    mp_put_text(&b->w, "state");
    mp_put_uint(&b->w, state_value);
    return body_check(b);
}

static void choices_of_later_releases_are_taken(void **state)
{
    (void)state;
    assert_string_equal(check_selection(0, true), "state");
    assert_null(check_selection(SELECTION_CHOSEN, true));
    assert_null(check_selection(999, true));
}

static void required_links_must_stand_in_the_head(void **state)
{
    struct body *b;

    (void)state;
    assert_string_equal(check_selection(SELECTION_CHOSEN, false),
                        "contribution");
    b = body_start(KIND_SELECTION, 0, 2); /* a key is no link */
    mp_put_text(&b->w, "contribution");
    mp_put_bin(&b->w, BYTES_ARRAY(ID));
    mp_put_text(&b->w, "state");
    mp_put_uint(&b->w, SELECTION_CHOSEN);
    assert_string_equal(body_check(b), "contribution");
}

static const char *check_performer(bool person, bool name)
{
    struct body *b = body_start(KIND_CONTRIBUTION, 0, 7);

    mp_put_text(&b->w, "files");
    mp_put_array(&b->w, 0);
    put_pair(b, "licence", "CC0-1.0");
    mp_put_text(&b->w, "media_kind");
    mp_put_uint(&b->w, MEDIA_KIND_AUDIO);
    mp_put_text(&b->w, "performers");
    mp_put_array(&b->w, 1);
    mp_put_map(&b->w, 1u + (person ? 1u : 0) + (name ? 1u : 0));
    if (name)
        put_pair(b, "name", "Ada");
    if (person) {
        mp_put_text(&b->w, "person");
        mp_put_bin(&b->w, BYTES_ARRAY(ID));
    }
    put_pair(b, "role", "violin");
    put_pair(b, "rights_statement", "own_work");
    put_pair(b, "title", "Song");
    mp_put_text(&b->w, "work_kind");
    mp_put_uint(&b->w, WORK_KIND_ORIGINAL);
    return body_check(b);
}

static void of_fields_that_stand_for_each_other_one_must_be_there(void **state)
{
    (void)state;
    assert_string_equal(check_performer(false, false), "person");
    assert_null(check_performer(true, false));
    assert_null(check_performer(false, true));
    assert_null(check_performer(true, true));
}

static const char *check_items(uint32_t count)
{
    struct body *b = body_start(KIND_COLLECTION, 0, 2);

    mp_put_text(&b->w, "items");
    mp_put_array(&b->w, count);
    for (uint32_t i = 0; i < count; i++)
        mp_put_bin(&b->w, BYTES_ARRAY(ID));
    put_pair(b, "title", "Songs");
    return body_check(b);
}

static void lists_have_up_to_their_most_elements(void **state)
{
    (void)state;
    assert_null(check_items(0));
    assert_null(check_items(1000));
    assert_string_equal(check_items(1001), "items");
}

static const char *check_receipt(uint64_t amount, const char *currency)
{
    struct body *b = body_start(KIND_RECEIPT, RELATION_FINAL, 4);

    mp_put_text(&b->w, "amount");
    mp_put_uint(&b->w, amount);
    put_pair(b, "currency", currency);
    put_pair(b, "method", "bank");
    mp_put_text(&b->w, "person");
    mp_put_bin(&b->w, BYTES_ARRAY(ID));
    return body_check(b);
}

static void numbers_keep_to_their_bounds(void **state)
{
    (void)state;
    assert_null(check_receipt(0, "EUR"));
    assert_null(check_receipt(MP_INT_MAX, "EUR"));
    assert_string_equal(check_receipt(1, "EURO"), "currency");
}

static const char *check_share(uint64_t bp)
{
    struct body *b = body_start(KIND_SPLIT_FEEDBACK, RELATION_PROPOSAL, 3);

    mp_put_text(&b->w, "proposed_bp");
    mp_put_uint(&b->w, bp);
    mp_put_text(&b->w, "reason");
    mp_put_uint(&b->w, SPLIT_REASON_TOO_LITTLE);
    put_pair(b, "text", "I sang it.");
    return body_check(b);
}

static void basis_points_go_up_to_ten_thousand(void **state)
{
    (void)state;
    assert_null(check_share(9999));
    assert_null(check_share(10000));
    assert_string_equal(check_share(10001), "proposed_bp");
}

static void unknown_keys_are_passed_over_wherever_they_stand(void **state)
{
    struct body *b = body_start(KIND_COMMENT, RELATION_TARGET, 4);

    (void)state;
    put_pair(b, "alpha", "first");
    put_pair(b, "reply_to", "the name of a link");
    put_pair(b, "text", "Text");
    mp_put_text(&b->w, "zebra");
    mp_put_array(&b->w, 1);
    mp_put_nil(&b->w);
    assert_null(body_check(b));
}

static void what_cannot_be_compared_passes(void **state)
{
    uint8_t bytes[RECORD_SALT_LEN + 1] = { 0 };
    struct record nil = { .kind = KIND_COMMENT };
    struct record opaque = { .kind = KIND_COMMENT,
                             .flags = RECORD_OPAQUE,
                             .body = BYTES_ARRAY(bytes) };
    struct record unknown = { .kind = 9999, .body = BYTES_ARRAY(bytes) };
    const char *field;

    (void)state;
    bytes[RECORD_SALT_LEN] = 0x80;
    assert_int_equal(kind_check(&nil, &field), ERR_OK);
    assert_int_equal(kind_check(&opaque, &field), ERR_OK);
    assert_int_equal(kind_check(&unknown, &field), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_1_to_their_most_bytes),
        cmocka_unit_test(characters_that_break_or_turn_a_line_are_told),
        cmocka_unit_test(choices_of_later_releases_are_taken),
        cmocka_unit_test(required_links_must_stand_in_the_head),
        cmocka_unit_test(of_fields_that_stand_for_each_other_one_must_be_there),
        cmocka_unit_test(lists_have_up_to_their_most_elements),
        cmocka_unit_test(numbers_keep_to_their_bounds),
        cmocka_unit_test(basis_points_go_up_to_ten_thousand),
        cmocka_unit_test(unknown_keys_are_passed_over_wherever_they_stand),
        cmocka_unit_test(what_cannot_be_compared_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
