/* What the owner laid down, and that it binds every batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/law.h"
#include "tests/store/fixture.h"

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
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

static void lay(struct fixture *f, enum law_kind kind, const uint8_t id[ID_LEN],
                uint64_t until_ms)
{
    struct law law = { .kind = kind, .since_ms = 5, .until_ms = until_ms };

    memcpy(law.id, id, ID_LEN);
    memcpy(law.reason, "why", 3);
    law.reason_len = 3;
    store_batch_clear(f->batch);
    assert_int_equal(law_put(f->batch, &law), ERR_OK);
    apply(f);
}

static void laws_are_found_listed_and_removed(void **state)
{
    struct fixture *f = *state;
    uint8_t ids[5][ID_LEN] = { { 1 }, { 2 }, { 3 }, { 4 }, { 5 } };
    struct law out[5];
    size_t n;

    for (int i = 0; i < 5; i++)
        lay(f, LAW_BLOCKED, ids[i], 0);
    lay(f, LAW_KEEPER, ids[0], 0);
    assert_int_equal(law_find(f->store, LAW_KEEPER, ids[0], &out[0]), ERR_OK);
    assert_string_equal(out[0].reason, "why");
    assert_int_equal(out[0].since_ms, 5);
    assert_int_equal(law_find(f->store, LAW_KEEPER, ids[1], &out[0]),
                     ERR_NOT_FOUND);
    assert_int_equal(law_page(f->store, LAW_BLOCKED, NULL, out, 2, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(law_page(f->store, LAW_BLOCKED, out[1].id, out, 5, &n),
                     ERR_OK);
    assert_int_equal(n, 3); /* and not the keeper */
    assert_memory_equal(out[0].id, ids[2], ID_LEN);
    store_batch_clear(f->batch);
    assert_int_equal(law_remove(f->batch, LAW_BLOCKED, ids[2]), ERR_OK);
    assert_int_equal(law_remove(f->batch, LAW_BLOCKED, ids[2]), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->err, ERR_OK);
    assert_int_equal(store_batch_result(f->batch, 1)->err, ERR_NOT_FOUND);
    fixture_reopen(f);
    assert_int_equal(law_page(f->store, LAW_BLOCKED, NULL, out, 5, &n), ERR_OK);
    assert_int_equal(n, 4);
}

static enum record_presence presence_of(struct fixture *f,
                                        const uint8_t id[ID_LEN])
{
    struct store_item item;

    if (store_find(f->store, id, &item) != ERR_OK)
        return RECORD_ABSENT;
    return item.presence;
}

static void what_was_taken_down_is_known_and_not_held(void **state)
{
    struct fixture *f = *state;
    struct made made = record_of(&(struct sketch){ .number = 1 });
    uint8_t id[ID_LEN];

    lay(f, LAW_NO_RECORD, made.record.id, 0);
    put(f, &(struct sketch){ .number = 1 }, id);
    assert_memory_equal(id, made.record.id, ID_LEN);
    assert_int_equal(presence_of(f, id), RECORD_NOT_KEPT);
    put(f, &(struct sketch){ .number = 1 }, id); /* and again */
    assert_int_equal(presence_of(f, id), RECORD_NOT_KEPT);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(unlink(fixture_path(f, "index.mdb")), 0);
    fixture_reopen(f);
    assert_int_equal(presence_of(f, id), RECORD_NOT_KEPT);
    /* Once the law has ended it may be forgotten, and comes as any other. */
    lay(f, LAW_NO_RECORD, id, 1);
    store_batch_clear(f->batch);
    assert_int_equal(law_forget(f->batch, id), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->removed, 1);
    assert_int_equal(presence_of(f, id), RECORD_ABSENT);
    put(f, &(struct sketch){ .number = 1 }, id);
    assert_int_equal(presence_of(f, id), RECORD_HELD);
    store_batch_clear(f->batch);
    assert_int_equal(law_forget(f->batch, id), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->removed, 0);
    assert_int_equal(presence_of(f, id), RECORD_HELD);
    made_free(&made);
}

static void a_root_that_was_taken_down_is_not_held_nor_wanted(void **state)
{
    struct fixture *f = *state;
    const struct bytes content = BYTES_LITERAL("a file");
    struct store_want want = { .why = STORE_WHY_ASKED };
    struct law_place places[8];
    uint8_t topics[3][ID_LEN] = { { 1 }, { 2 }, { 3 } };
    struct blob_id blob;
    struct blob_id other;
    size_t n;

    store_batch_clear(f->batch);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(blobs_put_inline(f->batch, topics[i], content, &blob),
                         ERR_OK);
        assert_int_equal(blobs_put_inline(f->batch, topics[i],
                                          BYTES_LITERAL("other"), &other),
                         ERR_OK);
    }
    apply(f);
    assert_int_equal(law_places(f->store, blob.root, false, places, 8, &n),
                     ERR_OK);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_memory_equal(places[i].topic, topics[i], ID_LEN);
        assert_true(blob_id_equal(&places[i].blob, &blob));
    }
    lay(f, LAW_NO_BLOB, blob.root, 0);
    store_batch_clear(f->batch);
    for (int i = 0; i < 3; i++)
        assert_int_equal(blobs_put_release(f->batch, &blob, topics[i]), ERR_OK);
    assert_int_equal(blobs_put_inline(f->batch, topics[0], content, &blob),
                     ERR_OK);
    assert_int_equal(blobs_put_begin(f->batch, &blob, topics[0]), ERR_OK);
    want.blob = blob;
    assert_int_equal(store_batch_want(f->batch, &want), ERR_OK);
    apply(f);
    for (size_t i = 3; i < 6; i++)
        assert_int_equal(store_batch_result(f->batch, i)->err, ERR_REFUSED);
    for (int wanted = 0; wanted < 2; wanted++) {
        assert_int_equal(
            law_places(f->store, blob.root, wanted == 1, places, 8, &n),
            ERR_OK);
        assert_int_equal(n, 0);
    }
    assert_true(blobs_held_for(f->store, &other, topics[2]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(laws_are_found_listed_and_removed),
        TEST(what_was_taken_down_is_known_and_not_held),
        TEST(a_root_that_was_taken_down_is_not_held_nor_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
