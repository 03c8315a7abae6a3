/* What is searched for is found while its body is held, and then no more. */
#include "fixture.h"

#include <unistd.h>

#include "store/text.h"

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    fixture_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

/* How many records have it; the numbers of the first two. */
static size_t search(struct fixture *f, const char *text, uint64_t kind,
                     uint64_t seqs[2])
{
    struct store_term term = {
        .class = TEXT_WORD, .text = { (const uint8_t *)text, strlen(text) }
    };
    struct store_hits hits;
    size_t count;

    store_refresh(f->store);
    assert_int_equal(store_search(f->store, &term, 1, kind, &hits), ERR_OK);
    count = hits.count;
    for (size_t i = 0; i < 2; i++)
        seqs[i] = i < count ? hits.items[i].seq : 0;
    store_hits_free(&hits);
    return count;
}

/* A work of which the text is so many times x. */
static uint64_t put_work(struct fixture *f, size_t len, uint64_t at_ms,
                         uint8_t id[ID_LEN])
{
    return put(f,
               &(struct sketch){ .kind = KIND_CONTRIBUTION,
                                 .created_ms = DAY0 + at_ms,
                                 .text_len = len },
               id);
}

static void words_are_found_by_their_beginning_newest_first(void **state)
{
    struct fixture *f = *state;
    uint8_t id[ID_LEN];
    uint64_t older = put_work(f, 5, 1, id);
    uint64_t newer = put_work(f, 3, 2, id);
    uint64_t seqs[2];

    assert_int_equal(search(f, "XX", 0, seqs), 2);
    assert_int_equal(seqs[0], newer);
    assert_int_equal(seqs[1], older);
    assert_int_equal(search(f, "xxxx", 0, seqs), 1);
    assert_int_equal(seqs[0], older);
    assert_int_equal(search(f, "xxxx x", KIND_CONTRIBUTION, seqs), 1);
    assert_int_equal(search(f, "xx", KIND_PROFILE, seqs), 0);
    assert_int_equal(search(f, "xxxxxx", 0, seqs), 0);
    assert_int_equal(search(f, "xx y", 0, seqs), 0);
}

/* In the order of their ids, whichever came first. */
static void what_is_of_one_time_is_found_by_its_id(void **state)
{
    struct fixture *f = *state;
    struct store_term term = { .class = TEXT_WORD, .text = BYTES_LITERAL("x") };
    struct store_hits hits;
    struct store_item item;
    struct store_item last;

    for (uint32_t i = 0; i < 12; i++) {
        uint8_t id[ID_LEN];

        put(f,
            &(struct sketch){ .kind = KIND_CONTRIBUTION,
                              .created_ms = DAY0 + 1,
                              .number = i,
                              .text_len = 3 },
            id);
    }
    store_refresh(f->store);
    term.text = BYTES_LITERAL("xxx");
    assert_int_equal(store_search(f->store, &term, 1, 0, &hits), ERR_OK);
    assert_int_equal(hits.count, 12);
    for (size_t i = 0; i < hits.count; i++) {
        assert_int_equal(store_find_seq(f->store, hits.items[i].seq, &item),
                         ERR_OK);
        if (i > 0)
            assert_true(memcmp(last.id, item.id, ID_LEN) > 0);
        last = item;
    }
    store_hits_free(&hits);
}

static void a_search_without_a_word_is_none(void **state)
{
    struct fixture *f = *state;
    struct store_term term = { .class = TEXT_WORD,
                               .text = BYTES_LITERAL("?!") };
    struct store_hits hits;

    assert_int_equal(store_search(f->store, &term, 1, 0, &hits), ERR_NOT_FOUND);
    assert_int_equal(store_search(f->store, NULL, 0, 0, &hits), ERR_NOT_FOUND);
    term.text = BYTES_LITERAL("\xff");
    assert_int_equal(store_search(f->store, &term, 1, 0, &hits), ERR_MALFORMED);
}

static void what_is_erased_is_not_found_any_more(void **state)
{
    struct fixture *f = *state;
    uint8_t id[ID_LEN];
    uint64_t seqs[2];

    (void)put_work(f, 3, 1, id);
    assert_int_equal(search(f, "xxx", 0, seqs), 1);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_erase(f->batch, id, true), ERR_OK);
    apply(f);
    assert_int_equal(search(f, "xxx", 0, seqs), 0);
}

static void an_index_made_anew_finds_the_same(void **state)
{
    struct fixture *f = *state;
    uint8_t erased[ID_LEN];
    uint8_t id[ID_LEN];
    uint64_t kept;
    uint64_t seqs[2];

    (void)put_work(f, 3, 1, erased);
    kept = put_work(f, 4, 2, id);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_erase(f->batch, erased, false), ERR_OK);
    apply(f);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(unlink(fixture_path(f, "index.mdb")), 0);
    fixture_reopen(f);
    assert_int_equal(search(f, "xx", 0, seqs), 1);
    assert_int_equal(seqs[0], kept);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(words_are_found_by_their_beginning_newest_first),
        TEST(what_is_of_one_time_is_found_by_its_id),
        TEST(a_search_without_a_word_is_none),
        TEST(what_is_erased_is_not_found_any_more),
        TEST(an_index_made_anew_finds_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
