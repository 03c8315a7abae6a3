/* Ids that are named before they are there, also where they are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mp.h"
#include "proto/topic_state.h"

enum { RECORDS = 256, IDS = RECORDS * RECORD_LINKS_MAX };

/* Ids that differ in their first bytes only, the lowest of which are alike. */
static void made_up(uint8_t id[ID_LEN], uint32_t n)
{
    memset(id, 0, ID_LEN);
    memcpy(id, &n, sizeof n);
}

static void note_links(struct topic_named *named, const struct topic_state *ts,
                       uint32_t first)
{
    struct writer w = writer_growing(RECORD_HEAD_MAX);
    struct topic_entry e = { .record = { .created_ms = 1 } };

    for (uint32_t i = 0; i < RECORD_LINKS_MAX; i++) {
        uint8_t id[ID_LEN];

        made_up(id, first + i);
        mp_put_array(&w, 2);
        mp_put_uint(&w, 1);
        mp_put_bin(&w, BYTES_ARRAY(id));
    }
    e.record.links = writer_view(&w);
    assert_int_equal(topic_named_note(named, ts, &e), ERR_OK);
    writer_free(&w);
}

static uint32_t longest_run(const struct topic_named *named)
{
    uint32_t longest = 0;
    uint32_t run = 0;

    for (uint32_t i = 0; i < named->slots_count; i++) {
        run = named->slots[i] == 0 ? 0 : run + 1;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void ids_that_are_made_up_do_not_crowd_the_table(void **state)
{
    const uint8_t topic[ID_LEN] = { 1 };
    const struct slot_key key = { { 7 } };
    struct topic_state *ts;
    uint8_t id[ID_LEN];

    (void)state;
    assert_int_equal(topic_state_new(&ts, topic, 1), ERR_OK);
    topic_state_set_key(ts, &key);
    for (uint32_t i = 0; i < IDS; i += RECORD_LINKS_MAX)
        note_links(&ts->named, ts, i);
    assert_int_equal(ts->named.count, IDS);
    assert_true(longest_run(&ts->named) < 128);
    made_up(id, IDS - 1);
    assert_true(topic_named_has(&ts->named, id));
    made_up(id, IDS);
    assert_false(topic_named_has(&ts->named, id));
    topic_state_free(ts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_that_are_made_up_do_not_crowd_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
