/* Whole bundles of made-up projects, checked by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bundle.h"
#include "proto/bundle_check.h"
#include "proto/mp.h"
#include "tests/common/topic_maker.h"

#define T0 1700000000000u

/* A project of A's with one release by A of two files. */
struct story {
    struct maker m;
    struct made project;
    struct made work;
    struct made release;
    struct made profile;
    uint8_t small[500];
    struct blob_id blob;
};

static struct story *story;

static int set_up(void **state)
{
    char root[2 * HASH_LEN + 1];

    (void)state;
    story = calloc(1, sizeof *story);
    if (story == NULL)
        return -1;
    for (size_t i = 0; i < sizeof story->small; i++)
        story->small[i] = (uint8_t)i;
    story->blob.size = sizeof story->small;
    if (blob_span_hash(NULL, story->blob.root, story->blob.size,
                       BYTES_ARRAY(story->small)) != ERR_OK)
        return -1;
    hex_encode(root, BYTES_ARRAY(story->blob.root));
    story->project = make(&story->m, KIND_PROJECT, 'A', T0,
                          "{\"title\": \"Film\", \"goal\": \"One film\", "
                          "\"medium\": \"short_film\", "
                          "\"licence\": \"CC0-1.0\", \"terms\": {\"pay\": "
                          "\"none\", \"decision\": "
                          "\"leader\", \"ml_use\": \"no\"}}");
    memcpy(story->m.topic, story->project.id, ID_LEN);
    story->work = make(&story->m, KIND_CONTRIBUTION, 'A', T0 + 1,
                       "{\"title\": \"Cut\", \"licence\": \"CC0-1.0\", "
                       "\"media_kind\": \"video\", "
                       "\"work_kind\": \"original\", \"rights_statement\": "
                       "\"own\", \"project\": "
                       "\"%s\", \"files\": [{\"name\": \"cut.mkv\", "
                       "\"media_type\": \"video/x\", "
                       "\"blob\": {\"root\": \"%s\", \"size\": 500}}]}",
                       story->project.hex, root);
    story->release =
        make(&story->m, KIND_RELEASE, 'A', T0 + 2,
             "{\"title\": \"The Film\", \"medium\": \"short_film\", "
             "\"project\": \"%s\", "
             "\"files\": [{\"name\": \"film.mkv\", \"media_type\": "
             "\"video/x\", \"blob\": "
             "{\"root\": \"%s\", \"size\": 500}}], \"parts\": "
             "[{\"contribution\": \"%s\"}], "
             "\"credits\": "
             "[{\"role\": \"all\", \"person\": \"%s\"}]}",
             story->project.hex, root, story->work.hex, maker_person_hex('A'));
    maker_person(story->m.topic, 'A');
    story->profile =
        make(&story->m, KIND_PROFILE, 'A', T0, "{\"name\": \"Ada\"}");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_free(&story->project);
    made_free(&story->work);
    made_free(&story->release);
    made_free(&story->profile);
    free(story);
    return 0;
}

/* What goes into a bundle of the release; bits. */
enum part {
    WITH_PROJECT = 1 << 0,
    WITH_WORK = 1 << 1,
    WITH_RELEASE = 1 << 2,
    WITH_BYTES = 1 << 3,
    WITH_PROFILE = 1 << 4,
    WITH_ALL = (1 << 5) - 1,
    NO_SUBJECT = 1 << 5,
    BAD_SPAN = 1 << 6,
    BAD_RECORD = 1 << 7,
    UNNAMED = 1 << 8
};

static void put_record(struct bundle_writer *b, struct writer *w,
                       const struct made *made, bool wanted)
{
    if (wanted)
        bundle_writer_record(b, w, (struct bytes){ made->whole, made->len });
}

static struct writer bundle_of(unsigned parts)
{
    struct bundle_begin about = { .network = { 4, "test" },
                                  .has_subject = !(parts & NO_SUBJECT) };
    struct writer w = writer_growing(1 << 20);
    struct blob_id odd = { .root = { 0 }, .size = 7 };
    struct bundle_writer b;

    memcpy(about.topic, story->project.id, ID_LEN);
    memcpy(about.subject, story->release.id, ID_LEN);
    bundle_writer_init(&b);
    bundle_writer_begin(&b, &w, &about);
    put_record(&b, &w, &story->project, parts & WITH_PROJECT);
    put_record(&b, &w, &story->work, parts & WITH_WORK);
    put_record(&b, &w, &story->release, parts & WITH_RELEASE);
    put_record(&b, &w, &story->profile, parts & WITH_PROFILE);
    if (parts & BAD_RECORD)
        bundle_writer_record(&b, &w, BYTES_LITERAL("nonsense"));
    if (parts & UNNAMED) {
        odd.root[31] = 1;
        bundle_writer_blob(&b, &w, &odd);
    }
    bundle_writer_blob(&b, &w, &story->blob);
    if (parts & WITH_BYTES) {
        bundle_writer_span(&b, &w, 0);
        writer_bytes(&w, BYTES_ARRAY(story->small));
        if (parts & BAD_SPAN)
            w.data[w.len - 1] ^= 1;
    }
    bundle_writer_end(&b, &w);
    bundle_writer_wipe(&b);
    assert_int_equal(w.err, ERR_OK);
    return w;
}

/* Checks it; *doc is what was told, of bytes that `told` keeps. */
static enum err check(struct bytes file, size_t piece, struct writer *told,
                      enum err *verdict)
{
    static const uint8_t seed[16] = { 1 };
    struct bundle_check *c;
    enum err e = ERR_OK;

    *told = writer_growing(1 << 20);
    assert_int_equal(bundle_check_new(&c, T0 + 1000, seed), ERR_OK);
    while (e == ERR_OK && file.len > 0) {
        size_t len = file.len < piece ? file.len : piece;

        e = bundle_check_feed(c, (struct bytes){ file.data, len });
        file.data += len;
        file.len -= len;
    }
    if (e == ERR_OK)
        e = bundle_check_finish(c, told);
    if (e == ERR_OK)
        *verdict = bundle_check_verdict(c);
    bundle_check_free(c);
    return e;
}

static enum err verdict_of(unsigned parts)
{
    struct writer w = bundle_of(parts);
    struct writer told;
    enum err verdict = ERR_INTERNAL;

    assert_int_equal(check(writer_view(&w), 100, &told, &verdict), ERR_OK);
    writer_free(&told);
    writer_free(&w);
    return verdict;
}

static void expect_text(const struct mp_value *map, const char *key,
                        const char *text)
{
    struct bytes is = mp_str(mp_get(map, key));

    assert_int_equal(is.len, strlen(text));
    assert_memory_equal(is.data, text, is.len);
}

static void a_good_release_says_who_made_it(void **state)
{
    struct writer w = bundle_of(WITH_ALL);
    enum err verdict = ERR_INTERNAL;
    const struct mp_value *map;
    const struct mp_value *file;
    struct writer told;
    struct mp_doc *doc;

    (void)state;
    assert_int_equal(check(writer_view(&w), 1, &told, &verdict), ERR_OK);
    assert_int_equal(verdict, ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&told), MP_WELL_FORMED),
                     ERR_OK);
    map = mp_doc_root(doc);
    expect_text(map, "network", "test");
    expect_text(map, "kind", "release");
    expect_text(map, "title", "The Film");
    expect_text(map, "verdict", "");
    assert_true(mp_bool(mp_get(map, "in_force")));
    expect_text(mp_get(map, "author"), "name", "Ada");
    assert_int_equal(mp_uint(mp_get(map, "records")), 4);
    assert_int_equal(mp_uint(mp_get(map, "refused")), 0);
    assert_int_equal(mp_count(mp_get(map, "credits")), 1);
    expect_text(mp_at(mp_get(map, "credits"), 0), "name", "Ada");
    assert_int_equal(mp_uint(mp_get(map, "files_count")), 1);
    file = mp_at(mp_get(map, "files"), 0);
    expect_text(file, "name", "film.mkv");
    expect_text(file, "state", "whole");
    mp_doc_free(doc);
    writer_free(&told);
    writer_free(&w);
}

static void what_is_wrong_decides_the_verdict(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(WITH_ALL), ERR_OK);
    assert_int_equal(verdict_of(WITH_ALL & ~WITH_PROFILE), ERR_OK);
    assert_int_equal(verdict_of(WITH_ALL | UNNAMED), ERR_OK);
    assert_int_equal(verdict_of(WITH_ALL & ~WITH_BYTES), ERR_NOT_HELD);
    assert_int_equal(verdict_of(WITH_ALL | BAD_SPAN), ERR_BAD_BLOB);
    assert_int_equal(verdict_of(WITH_ALL | BAD_RECORD), ERR_BAD_SIGNATURE);
    assert_int_equal(verdict_of(WITH_ALL & ~WITH_RELEASE), ERR_REFUSED);
    assert_int_equal(verdict_of(WITH_ALL & ~WITH_PROJECT), ERR_REFUSED);
    assert_int_equal(verdict_of(WITH_ALL & ~WITH_WORK), ERR_REFUSED);
    assert_int_equal(verdict_of(0), ERR_REFUSED);
}

static void an_archive_is_judged_by_its_project(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(WITH_ALL | NO_SUBJECT), ERR_OK);
    assert_int_equal(verdict_of((WITH_ALL & ~WITH_RELEASE) | NO_SUBJECT),
                     ERR_OK);
    assert_int_equal(verdict_of((WITH_ALL & ~WITH_PROJECT) | NO_SUBJECT),
                     ERR_REFUSED);
    assert_int_equal(verdict_of((WITH_ALL & ~WITH_BYTES) | NO_SUBJECT),
                     ERR_NOT_HELD);
}

/* Signed on another network, every record is a stranger's. */
static void networks_are_kept_apart(void **state)
{
    struct writer w = bundle_of(WITH_ALL);
    enum err verdict = ERR_OK;
    struct writer told;

    (void)state;
    memcpy(w.data + 16 + BUNDLE_HEADER_LEN + 2, "tesu", 4);
    assert_int_equal(check(writer_view(&w), 100, &told, &verdict), ERR_CORRUPT);
    writer_free(&told);
    writer_free(&w);
}

static void every_truncation_is_cut_off(void **state)
{
    struct writer w = bundle_of(WITH_ALL);
    enum err verdict = ERR_OK;

    (void)state;
    for (size_t len = 0; len < w.len; len += len < 100 ? 1 : 37) {
        struct writer told;

        assert_int_equal(
            check((struct bytes){ w.data, len }, SIZE_MAX, &told, &verdict),
            ERR_TRUNCATED);
        assert_int_equal(told.len, 0);
        writer_free(&told);
    }
    writer_free(&w);
}

static void no_flipped_bit_goes_unnoticed(void **state)
{
    struct writer w = bundle_of(WITH_ALL);

    (void)state;
    for (size_t i = 0; i < w.len * 8; i += 11) {
        enum err verdict = ERR_OK;
        struct writer told;
        enum err e;

        w.data[i / 8] = (uint8_t)(w.data[i / 8] ^ (1u << (i % 8)));
        e = check(writer_view(&w), SIZE_MAX, &told, &verdict);
        assert_true(e != ERR_OK || verdict != ERR_OK);
        w.data[i / 8] = (uint8_t)(w.data[i / 8] ^ (1u << (i % 8)));
        writer_free(&told);
    }
    writer_free(&w);
}

static void bytes_after_the_end_are_refused(void **state)
{
    struct writer w = bundle_of(WITH_ALL);
    enum err verdict = ERR_OK;
    struct writer told;

    (void)state;
    writer_u8(&w, 0);
    assert_int_equal(check(writer_view(&w), 50, &told, &verdict), ERR_TRAILING);
    writer_free(&told);
    writer_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_release_says_who_made_it),
        cmocka_unit_test(what_is_wrong_decides_the_verdict),
        cmocka_unit_test(an_archive_is_judged_by_its_project),
        cmocka_unit_test(networks_are_kept_apart),
        cmocka_unit_test(every_truncation_is_cut_off),
        cmocka_unit_test(no_flipped_bit_goes_unnoticed),
        cmocka_unit_test(bytes_after_the_end_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
