/* The envelope: what is admitted, what is refused, and with which error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/mp.h"
#include "proto/record.h"

static const struct network LAB = { 3, "lab" };
static const struct network OTHER = { 5, "other" };
static const uint8_t MAP[] = "\x81\xa4text\xa2hi";

/* A draft of a comment with one link, and the key that signs it. */
struct author {
    struct sign_key key;
    struct certificate certificate;
    struct record_link link;
    struct record_draft draft;
};

static struct author author_new(void)
{
    static const uint8_t seed[32] = { 7 };
    struct author a = { .link = { .relation = RELATION_TARGET } };

    sign_key_from_seed(&a.key, seed);
    memset(a.draft.author, 0xaa, ID_LEN);
    memset(a.draft.topic, 0xbb, ID_LEN);
    memset(a.draft.salt, 0xcc, RECORD_SALT_LEN);
    memset(a.link.id, 0xdd, ID_LEN);
    a.draft.kind = KIND_COMMENT;
    a.draft.created_ms = 1700000000000;
    a.draft.map = (struct bytes){ MAP, sizeof MAP - 1 };
    memcpy(a.certificate.person, a.draft.author, ID_LEN);
    memcpy(a.certificate.device_key, a.key.public_key, KEY_LEN);
    return a;
}

static struct writer author_write(struct author *a)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    uint8_t id[ID_LEN];

    a->draft.links = &a->link;
    a->draft.links_count = 1;
    assert_int_equal(record_write(&w, id, &a->draft, &a->key,
                                  (struct bytes){ NULL, 0 }, &LAB),
                     ERR_OK);
    return w;
}

/* Puts a head together by hand; what each test spoils is an argument. */
struct head {
    uint64_t version;
    uint64_t created_ms;
    uint32_t links;
    uint64_t body_len;
    uint64_t flags;
    bool spare; /* further elements */
    bool drop;  /* one element too few */
};

#define HEAD_GOOD                                                              \
    {                                                                          \
        .version = 1, .created_ms = 1, .body_len = 17                          \
    }

static enum err head_decode(struct record *out, const struct head *h,
                            uint8_t buf[8192])
{
    static const uint8_t zeros[ID_LEN];
    static const uint8_t signature[SIGNATURE_LEN];
    struct writer w = writer_fixed(buf, 8192);

    mp_put_array(&w, h->drop ? 10 : (h->spare ? 13 : 11));
    mp_put_uint(&w, h->version);
    mp_put_uint(&w, 999999);
    mp_put_bin(&w, BYTES_ARRAY(zeros));
    mp_put_bin(&w, BYTES_ARRAY(zeros));
    mp_put_bin(&w, BYTES_ARRAY(zeros));
    mp_put_uint(&w, h->created_ms);
    mp_put_nil(&w);
    mp_put_array(&w, h->links);
    for (uint32_t i = 0; i < h->links; i++) {
        mp_put_array(&w, 2);
        mp_put_uint(&w, i);
        mp_put_bin(&w, BYTES_ARRAY(zeros));
    }
    mp_put_bin(&w, BYTES_ARRAY(zeros));
    mp_put_uint(&w, h->body_len);
    if (!h->drop)
        mp_put_uint(&w, h->flags);
    if (h->spare) {
        mp_put_text(&w, "later");
        mp_put_nil(&w);
    }
    assert_int_equal(w.err, ERR_OK);
    return record_decode_head(out, writer_view(&w), signature);
}

static void what_is_written_is_read_back_and_admitted(void **state)
{
    struct author a = author_new();
    struct writer w = author_write(&a);
    struct record r;
    uint8_t target[ID_LEN];

    (void)state;
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
    assert_int_equal(r.kind, KIND_COMMENT);
    assert_memory_equal(r.author, a.draft.author, ID_LEN);
    assert_memory_equal(r.topic, a.draft.topic, ID_LEN);
    assert_false(r.founds_topic);
    assert_false(r.has_revises);
    assert_int_equal(r.created_ms, 1700000000000);
    assert_true(record_link_find(&r, RELATION_TARGET, target));
    assert_memory_equal(target, a.link.id, ID_LEN);
    assert_false(record_link_find(&r, RELATION_CHILD, target));
    assert_true(bytes_equal(record_body_map(&r), a.draft.map));
    assert_int_equal(record_admit(&r, &a.certificate, &LAB), ERR_OK);
    writer_free(&w);
}

static void
a_record_is_refused_with_another_network_or_certificate(void **state)
{
    struct author a = author_new();
    struct writer w = author_write(&a);
    struct certificate c = a.certificate;
    struct record r;

    (void)state;
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
    assert_int_equal(record_admit(&r, &c, &OTHER), ERR_BAD_SIGNATURE);
    assert_int_equal(record_admit(&r, NULL, &LAB), ERR_NO_CERTIFICATE);
    c.person[0] ^= 1;
    assert_int_equal(record_admit(&r, &c, &LAB), ERR_BAD_CERTIFICATE);
    c = a.certificate;
    c.device_key[0] ^= 1;
    assert_int_equal(record_admit(&r, &c, &LAB), ERR_BAD_CERTIFICATE);
    writer_free(&w);
}

static void node_kinds_are_signed_by_their_author_and_no_one_else(void **state)
{
    struct author a = author_new();
    struct record r;
    struct writer w;

    (void)state;
    a.draft.kind = KIND_PLEDGE;
    w = author_write(&a);
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
    assert_true(record_is_by_node(&r));
    assert_int_equal(record_admit(&r, NULL, &LAB), ERR_BAD_CERTIFICATE);
    assert_int_equal(record_admit(&r, &a.certificate, &LAB),
                     ERR_BAD_CERTIFICATE);
    writer_free(&w);
    memcpy(a.draft.author, a.key.public_key, KEY_LEN);
    w = author_write(&a);
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
    assert_int_equal(record_admit(&r, NULL, &LAB), ERR_OK);
    writer_free(&w);
}

/* Whatever byte is lost, added or changed, nothing is admitted. */
static void every_truncation_and_flipped_bit_is_refused(void **state)
{
    struct author a = author_new();
    struct writer w = author_write(&a);
    struct record r;

    (void)state;
    for (size_t len = 0; len < w.len; len++)
        assert_int_equal(record_decode(&r, (struct bytes){ w.data, len }),
                         ERR_TRUNCATED);
    for (size_t i = 0; i < 8 * w.len; i++) {
        w.data[i / 8] ^= (uint8_t)(1 << (i % 8));
        if (record_decode(&r, writer_view(&w)) == ERR_OK)
            assert_int_not_equal(record_admit(&r, &a.certificate, &LAB),
                                 ERR_OK);
        w.data[i / 8] ^= (uint8_t)(1 << (i % 8));
    }
    writer_u8(&w, 0);
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_TRAILING);
    writer_free(&w);
}

static void a_record_with_zeros_for_topic_founds_its_own(void **state)
{
    struct author a = author_new();
    struct record r;
    struct writer w;

    (void)state;
    memset(a.draft.topic, 0, ID_LEN);
    w = author_write(&a);
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
    assert_true(r.founds_topic);
    assert_memory_equal(r.topic, r.id, ID_LEN);
    writer_free(&w);
}

static void a_body_must_match_its_hash_and_be_a_canonical_map(void **state)
{
    static const uint8_t no_map[] = { 0x90 };
    static const uint8_t unsorted[] = "\x82\xa1z\x01\xa1y\x01";
    struct author a = author_new();
    struct writer w = author_write(&a);
    struct writer joined = writer_growing(RECORD_LEN_MAX);
    uint8_t body[RECORD_BODY_MIN] = { 0 };
    uint8_t id[ID_LEN];
    struct record r;

    (void)state;
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
    record_join(&joined, r.head, r.body, r.signature, r.certificate);
    assert_true(bytes_equal(writer_view(&joined), writer_view(&w)));
    writer_reset(&joined);
    record_join(&joined, r.head, BYTES_ARRAY(body), r.signature, r.certificate);
    assert_int_equal(record_decode(&r, writer_view(&joined)), ERR_BAD_BODY);
    writer_reset(&joined);
    record_join(&joined, r.head, (struct bytes){ NULL, 0 }, r.signature,
                r.certificate);
    assert_int_equal(record_decode(&r, writer_view(&joined)), ERR_OK);
    assert_null(r.body.data);
    assert_int_equal(record_body_map(&r).len, 0);
    a.draft.map = (struct bytes){ no_map, sizeof no_map };
    assert_int_equal(record_write(&joined, id, &a.draft, &a.key,
                                  (struct bytes){ NULL, 0 }, &LAB),
                     ERR_NOT_CANONICAL);
    a.draft.map = (struct bytes){ unsorted, sizeof unsorted - 1 };
    assert_int_equal(record_write(&joined, id, &a.draft, &a.key,
                                  (struct bytes){ NULL, 0 }, &LAB),
                     ERR_NOT_CANONICAL);
    writer_free(&joined);
    writer_free(&w);
}

static void an_opaque_body_is_not_looked_into(void **state)
{
    static const uint8_t noise[] = { 0xc1, 0xc1 };
    struct author a = author_new();
    struct record r;
    struct writer w;

    (void)state;
    a.draft.flags = RECORD_OPAQUE;
    a.draft.map = (struct bytes){ noise, sizeof noise };
    w = author_write(&a);
    assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
    assert_int_equal(r.body.len, RECORD_SALT_LEN + 2);
    assert_int_equal(record_body_map(&r).len, 0);
    writer_free(&w);
}

static void heads_are_taken_up_to_their_limits_and_no_further(void **state)
{
    static uint8_t buf[8192];
    struct record r;
    struct {
        struct head head;
        enum err want;
    } cases[] = {
        { HEAD_GOOD, ERR_OK },
        { { .version = 0, .created_ms = 1, .body_len = 17 }, ERR_VERSION },
        { { .version = 2, .created_ms = 1, .body_len = 17 }, ERR_VERSION },
        { { 1, RECORD_TIME_MAX_MS, 0, 17, 0, false, false }, ERR_OK },
        { { 1, RECORD_TIME_MAX_MS + 1, 0, 17, 0, false, false },
          ERR_TOO_LARGE },
        { { 1, 1, 64, 17, 0, false, false }, ERR_OK },
        { { 1, 1, 65, 17, 0, false, false }, ERR_TOO_LARGE },
        { { 1, 1, 0, 16, 0, false, false }, ERR_MALFORMED },
        { { 1, 1, 0, 16, RECORD_OPAQUE, false, false }, ERR_OK },
        { { 1, 1, 0, 15, RECORD_OPAQUE, false, false }, ERR_MALFORMED },
        { { 1, 1, 0, RECORD_BODY_MAX, 0, false, false }, ERR_OK },
        { { 1, 1, 0, RECORD_BODY_MAX + 1, 0, false, false }, ERR_TOO_LARGE },
        { { 1, 1, 0, 17, MP_INT_MAX, false, false }, ERR_OK },
        { { 1, 1, 2, 17, 0, true, false }, ERR_OK },
        { { 1, 1, 0, 17, 0, false, true }, ERR_MALFORMED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum err e = head_decode(&r, &cases[i].head, buf);

        if (e != cases[i].want)
            fail_msg("case %zu: %s", i, err_name(e));
    }
}

static void a_head_of_4096_bytes_is_the_largest(void **state)
{
    static const uint8_t signature[SIGNATURE_LEN];
    static uint8_t small[8192];
    static uint8_t buf[8192];
    static uint8_t filler[RECORD_HEAD_MAX];
    struct head h = HEAD_GOOD;
    struct record r;

    (void)state;
    assert_int_equal(head_decode(&r, &h, small), ERR_OK);
    for (size_t len = RECORD_HEAD_MAX - 1; len <= RECORD_HEAD_MAX + 1; len++) {
        struct writer w = writer_fixed(buf, sizeof buf);

        writer_u8(&w, 0x9c); /* one element more */
        writer_bytes(&w, (struct bytes){ small + 1, r.head.len - 1 });
        mp_put_bin(&w, (struct bytes){ filler, len - w.len - 3 });
        assert_int_equal(w.len, len);
        assert_int_equal(record_decode_head(&r, writer_view(&w), signature),
                         len <= RECORD_HEAD_MAX ? ERR_OK : ERR_TOO_LARGE);
        r.head.len = 0; /* a view of w, and refreshed below */
        assert_int_equal(head_decode(&r, &h, small), ERR_OK);
    }
}

static void drafts_over_a_limit_are_not_written(void **state)
{
    struct author a = author_new();
    struct writer w = writer_growing(RECORD_LEN_MAX);
    uint8_t id[ID_LEN];
    struct bytes none = { NULL, 0 };

    (void)state;
    a.draft.created_ms = RECORD_TIME_MAX_MS + 1;
    assert_int_equal(record_write(&w, id, &a.draft, &a.key, none, &LAB),
                     ERR_TOO_LARGE);
    a = author_new();
    a.draft.links = &a.link;
    a.draft.links_count = RECORD_LINKS_MAX + 1;
    assert_int_equal(record_write(&w, id, &a.draft, &a.key, none, &LAB),
                     ERR_TOO_LARGE);
    a = author_new();
    a.draft.map.len = RECORD_BODY_MAX - RECORD_SALT_LEN + 1;
    assert_int_equal(record_write(&w, id, &a.draft, &a.key, none, &LAB),
                     ERR_TOO_LARGE);
    assert_int_equal(w.len, 0);
    writer_free(&w);
}

static void the_call_board_is_one_topic_a_network(void **state)
{
    uint8_t ours[ID_LEN];
    uint8_t theirs[ID_LEN];

    (void)state;
    record_board_topic(ours, &LAB);
    crypto_hash_sha256(theirs, (const uint8_t *)"troupe board 1\0\3lab", 19);
    assert_memory_equal(ours, theirs, ID_LEN);
    record_board_topic(theirs, &OTHER);
    assert_memory_not_equal(ours, theirs, ID_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_and_admitted),
        cmocka_unit_test(
            a_record_is_refused_with_another_network_or_certificate),
        cmocka_unit_test(node_kinds_are_signed_by_their_author_and_no_one_else),
        cmocka_unit_test(every_truncation_and_flipped_bit_is_refused),
        cmocka_unit_test(a_record_with_zeros_for_topic_founds_its_own),
        cmocka_unit_test(a_body_must_match_its_hash_and_be_a_canonical_map),
        cmocka_unit_test(an_opaque_body_is_not_looked_into),
        cmocka_unit_test(heads_are_taken_up_to_their_limits_and_no_further),
        cmocka_unit_test(a_head_of_4096_bytes_is_the_largest),
        cmocka_unit_test(drafts_over_a_limit_are_not_written),
        cmocka_unit_test(the_call_board_is_one_topic_a_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
