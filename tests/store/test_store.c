/* Records in, records out: numbers, copies, scans, rows, rebuilt indexes. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    static struct fixture f;

    fixture_open(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

static void a_record_comes_back_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    struct made made = record_of(&(struct sketch){ .text_len = 50000 });
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct store_item item;

    assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                            made.record.certificate, 42),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->outcome, STORE_NEW);
    assert_int_equal(store_batch_result(f->batch, 0)->seq, 1);
    assert_int_equal(store_read(f->store, made.record.id, true, &w, &item),
                     ERR_OK);
    assert_int_equal(w.len, made.len);
    assert_memory_equal(w.data, made.bytes, made.len);
    assert_int_equal(item.seq, 1);
    assert_int_equal(item.received_ms, 42);
    assert_int_equal(item.kind, KIND_COMMENT);
    assert_int_equal(item.presence, RECORD_HELD);
    assert_true(item.has_body);
    writer_free(&w);
    made_free(&made);
}

static void what_is_stored_is_there_after_reopening(void **state)
{
    struct fixture *f = *state;
    struct store_item item;
    uint8_t id[ID_LEN];

    put(f, &(struct sketch){ .number = 1 }, id);
    fixture_reopen(f);
    assert_int_equal(store_find(f->store, id, &item), ERR_OK);
    assert_int_equal(put(f, &(struct sketch){ .number = 2 }, id), 2);
}

static void the_first_of_two_copies_stays(void **state)
{
    struct fixture *f = *state;
    struct made made = record_of(&(struct sketch){ .number = 1 });
    struct store_totals totals;
    struct store_item item;

    for (int i = 0; i < 2; i++)
        assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                                made.record.certificate,
                                                (uint64_t)i),
                         ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->outcome, STORE_NEW);
    assert_int_equal(store_batch_result(f->batch, 1)->outcome, STORE_KNOWN);
    assert_int_equal(store_batch_result(f->batch, 1)->seq, 1);
    assert_int_equal(store_find(f->store, made.record.id, &item), ERR_OK);
    assert_int_equal(item.received_ms, 0);
    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    assert_int_equal(totals.records, 1);
    assert_int_equal(totals.last_seq, 1);
    made_free(&made);
}

static void reads_see_one_moment_until_they_are_refreshed(void **state)
{
    struct fixture *f = *state;
    struct made made = record_of(&(struct sketch){ .number = 1 });
    struct store_item item;

    assert_int_equal(store_find(f->store, made.record.id, &item),
                     ERR_NOT_FOUND);
    assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                            made.record.certificate, 0),
                     ERR_OK);
    assert_int_equal(store_apply(f->store, f->batch), ERR_OK);
    assert_int_equal(store_find(f->store, made.record.id, &item),
                     ERR_NOT_FOUND);
    store_refresh(f->store);
    assert_int_equal(store_find(f->store, made.record.id, &item), ERR_OK);
    made_free(&made);
}

/* What was listed is read by its number, as long as it is there. */
static void what_was_listed_and_is_gone_is_not_sent(void **state)
{
    struct fixture *f = *state;
    struct record_set set = store_record_set(f->store);
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record_range all = { .lo = record_key_at(0),
                                .hi = record_key_at(RECORD_TIME_MAX_MS) };
    struct made made = record_of(&(struct sketch){ .number = 1 });
    struct store_trim trim = { .before_ms = RECORD_TIME_MAX_MS };
    struct record_key key;
    struct record_got got;
    size_t n;

    assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                            made.record.certificate, 0),
                     ERR_OK);
    apply(f);
    memcpy(trim.topic, made.record.topic, ID_LEN);
    assert_int_equal(set.ops->list(set.set, trim.topic, &all, &key, 1, &n),
                     ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(set.ops->get(set.set, key.id, false, &w, &got), ERR_OK);
    assert_int_equal(got.presence, RECORD_HELD);
    assert_true(w.len > made.record.head.len + made.record.body.len);

    writer_reset(&w);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_erase(f->batch, key.id, false), ERR_OK);
    apply(f);
    assert_int_equal(set.ops->get(set.set, key.id, false, &w, &got), ERR_OK);
    assert_int_equal(got.presence, RECORD_NOT_KEPT);

    writer_reset(&w);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_trim(f->batch, &trim), ERR_OK);
    apply(f);
    assert_int_equal(set.ops->get(set.set, key.id, false, &w, &got),
                     ERR_NOT_FOUND);
    assert_int_equal(w.len, 0);
    writer_free(&w);
    made_free(&made);
}

static void a_head_counts_but_cannot_be_read_as_a_record(void **state)
{
    struct fixture *f = *state;
    struct made made = record_of(&(struct sketch){ .number = 1 });
    struct record_set set = store_record_set(f->store);
    struct writer w = writer_growing(RECORD_LEN_MAX);
    enum record_presence presence;
    struct store_topic_size size;
    struct record_got got;

    assert_int_equal(store_batch_put_not_kept(f->batch, &made.record, 0),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_read(f->store, made.record.id, true, &w, NULL),
                     ERR_NOT_HELD);
    assert_int_equal(set.ops->presence(set.set, made.record.topic,
                                       made.record.id, &presence),
                     ERR_OK);
    assert_int_equal(presence, RECORD_NOT_KEPT);
    assert_int_equal(store_topic_size(f->store, made.record.topic, &size),
                     ERR_OK);
    assert_int_equal(size.count, 1);
    assert_int_equal(size.bytes, 0);
    assert_int_equal(set.ops->get(set.set, made.record.id, true, &w, &got),
                     ERR_OK);
    assert_int_equal(got.presence, RECORD_NOT_KEPT);
    assert_memory_equal(got.signer, made.record.signer, KEY_LEN);
    assert_int_equal(w.len, 10 + made.record.head.len + SIGNATURE_LEN);
    assert_int_equal(get_u64(w.data), made.record.created_ms);

    /* Kept after all: under its old number. */
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                            made.record.certificate, 0),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->outcome, STORE_KEPT);
    assert_int_equal(store_batch_result(f->batch, 0)->seq, 1);
    assert_int_equal(store_topic_size(f->store, made.record.topic, &size),
                     ERR_OK);
    assert_int_equal(size.count, 1);
    assert_int_equal(size.bytes, made.record.head.len + made.record.body.len);
    writer_free(&w);
    made_free(&made);
}

static void an_erased_body_leaves_the_record_or_the_head(void **state)
{
    struct fixture *f = *state;
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct store_item item;
    struct record r;
    uint8_t id[ID_LEN];

    put(f, &(struct sketch){ .number = 1 }, id);
    for (int keep = 1; keep >= 0; keep--) {
        store_batch_clear(f->batch);
        assert_int_equal(store_batch_erase(f->batch, id, keep == 1), ERR_OK);
        apply(f);
        assert_int_equal(store_find(f->store, id, &item), ERR_OK);
        assert_false(item.has_body);
        assert_int_equal(item.presence, keep ? RECORD_HELD : RECORD_NOT_KEPT);
        if (keep) {
            assert_int_equal(store_read(f->store, id, false, &w, NULL), ERR_OK);
            assert_int_equal(record_decode(&r, writer_view(&w)), ERR_OK);
            assert_null(r.body.data);
        }
    }
    id[0] ^= 1;
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_erase(f->batch, id, true), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->err, ERR_NOT_FOUND);
    writer_free(&w);
}

/* ---- Scans ------------------------------------------------------------ */

static size_t scan_all(struct store *store, struct store_scan scan,
                       uint64_t *seqs, size_t max)
{
    struct store_item items[3]; /* small pages */
    size_t count = 0;
    size_t n;

    do {
        assert_int_equal(store_scan_next(store, &scan, items, 3, &n), ERR_OK);
        for (size_t i = 0; i < n; i++) {
            assert_true(count < max);
            seqs[count++] = items[i].seq;
        }
    } while (n > 0);
    return count;
}

static void records_of_one_time_are_listed_by_their_ids(void **state)
{
    struct fixture *f = *state;
    struct store_scan scan;
    struct store_item items[8];
    uint8_t topic[ID_LEN];
    uint8_t id[ID_LEN];
    size_t n;

    put(f, &(struct sketch){ .kind = KIND_PROJECT, .created_ms = DAY0 }, topic);
    for (uint32_t i = 0; i < 7; i++)
        put(f,
            &(struct sketch){
                .topic = topic, .created_ms = DAY0 + 1, .number = i },
            id);
    store_scan_by_topic_kind(&scan, topic, KIND_COMMENT);
    assert_int_equal(store_scan_next(f->store, &scan, items, 8, &n), ERR_OK);
    assert_int_equal(n, 7);
    for (size_t i = 1; i < n; i++)
        assert_true(memcmp(items[i - 1].id, items[i].id, ID_LEN) < 0);
    store_scan_by_kind(&scan, KIND_COMMENT);
    assert_int_equal(store_scan_after(f->store, &scan, items[3].seq), ERR_OK);
    assert_int_equal(store_scan_next(f->store, &scan, items, 8, &n), ERR_OK);
    assert_int_equal(n, 3);
}

static void scans_walk_both_ways_in_pages(void **state)
{
    struct fixture *f = *state;
    struct store_scan scan;
    uint64_t seqs[32];
    uint8_t topic[ID_LEN];
    uint8_t id[ID_LEN];

    put(f, &(struct sketch){ .kind = KIND_PROJECT, .created_ms = DAY0 }, topic);
    for (uint32_t i = 0; i < 7; i++) /* numbers 2 to 8, the newest first */
        put(f,
            &(struct sketch){ .topic = topic,
                              .created_ms = DAY0 + 100 - i,
                              .author = author_of(1),
                              .number = i,
                              .links = { { 3, { 0 } } },
                              .links_count = 1 },
            id);
    store_scan_by_topic(&scan, topic);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 8);
    assert_int_equal(seqs[0], 1);
    assert_int_equal(seqs[1], 8);
    assert_int_equal(seqs[7], 2);
    scan.newest_first = true;
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 8);
    assert_int_equal(seqs[0], 2);
    assert_int_equal(seqs[7], 1);
    store_scan_by_topic_kind(&scan, topic, KIND_COMMENT);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 7);
    store_scan_by_topic_from(&scan, topic, 0);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 8);
    assert_int_equal(seqs[0], 1); /* the project's kind comes first */
    assert_int_equal(seqs[1], 8);
    store_scan_by_topic_from(&scan, topic, KIND_COMMENT);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 7);
    store_scan_by_topic_from(&scan, topic, KIND_COMMENT + 1);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 0);
    store_scan_by_kind(&scan, KIND_PROJECT);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 1);
    store_scan_by_author(&scan, author_of(1)->person);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 7);
    assert_int_equal(seqs[0], 8);
    store_scan_by_seq(&scan, 5);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 3);
    assert_int_equal(seqs[0], 6);
    store_scan_by_seq(&scan, 0);
    scan.newest_first = true;
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 8);
    assert_int_equal(seqs[0], 8);
    store_scan_by_link(&scan, (uint8_t[ID_LEN]){ 0 }, STORE_RELATION_ANY);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 7);
    store_scan_by_link(&scan, (uint8_t[ID_LEN]){ 0 }, 4);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 0);
    store_scan_by_link(&scan, (uint8_t[ID_LEN]){ 0 }, 3);
    assert_int_equal(store_scan_after(f->store, &scan, 4), ERR_OK);
    assert_int_equal(scan_all(f->store, scan, seqs, 32), 2);
    assert_int_equal(seqs[0], 3);
    assert_int_equal(store_scan_after(f->store, &scan, 1), ERR_NOT_FOUND);
}

static void revisions_are_found_by_the_first_record(void **state)
{
    struct fixture *f = *state;
    struct store_scan scan;
    uint64_t seqs[4];
    uint8_t first[ID_LEN];
    uint8_t id[ID_LEN];

    put(f, &(struct sketch){ .number = 1 }, first);
    put(f, &(struct sketch){ .number = 2, .topic = first, .revises = first },
        id);
    store_scan_by_revises(&scan, first);
    assert_int_equal(scan_all(f->store, scan, seqs, 4), 1);
    assert_int_equal(seqs[0], 2);
}

static void listed_records_are_on_the_call_board_too(void **state)
{
    struct fixture *f = *state;
    struct store_options options;
    struct store_scan scan;
    uint64_t seqs[4];
    uint8_t id[ID_LEN];

    fixture_options(&options);
    put(f, &(struct sketch){ .number = 1 }, id);
    put(f,
        &(struct sketch){
            .number = 2, .flags = RECORD_LISTED, .kind = KIND_REQUEST },
        id);
    assert_true(store_batch_result(f->batch, 0)->listed);
    store_scan_by_topic_kind(&scan, options.board, KIND_REQUEST);
    assert_int_equal(scan_all(f->store, scan, seqs, 4), 1);
    assert_int_equal(seqs[0], 2);
    store_scan_by_topic(&scan, id);
    assert_int_equal(scan_all(f->store, scan, seqs, 4), 1);
}

static void a_founder_joins_the_board_with_what_its_author_lists(void **state)
{
    struct fixture *f = *state;
    struct made founder = record_of(&(struct sketch){
        .number = 1, .kind = KIND_PROJECT, .author = author_of(1) });
    struct store_options options;
    struct store_scan scan;
    uint64_t seqs[8];
    uint8_t other[ID_LEN];
    uint8_t id[ID_LEN];

    fixture_options(&options);
    put(f,
        &(struct sketch){
            .number = 2, .kind = KIND_PROJECT, .author = author_of(1) },
        other);
    store_scan_by_topic(&scan, options.board);
    assert_int_equal(scan_all(f->store, scan, seqs, 8), 0); /* a draft */
    put(f,
        &(struct sketch){ .topic = other,
                          .flags = RECORD_LISTED,
                          .author = author_of(2),
                          .number = 3 },
        id);
    assert_int_equal(scan_all(f->store, scan, seqs, 8), 1); /* a stranger's */
    put(f,
        &(struct sketch){ .topic = other,
                          .flags = RECORD_LISTED,
                          .author = author_of(1),
                          .number = 4 },
        id);
    assert_int_equal(scan_all(f->store, scan, seqs, 8), 3);
    /* The other way round: what is listed comes before its founder. */
    put(f,
        &(struct sketch){ .topic = founder.record.id,
                          .flags = RECORD_LISTED,
                          .author = author_of(1),
                          .number = 5 },
        id);
    assert_int_equal(scan_all(f->store, scan, seqs, 8), 4);
    put(f,
        &(struct sketch){
            .number = 1, .kind = KIND_PROJECT, .author = author_of(1) },
        id);
    assert_memory_equal(id, founder.record.id, ID_LEN);
    assert_int_equal(scan_all(f->store, scan, seqs, 8), 5);
    made_free(&founder);
}

/* ---- Identity records ------------------------------------------------- */

static uint64_t topic_count(struct fixture *f, const uint8_t topic[ID_LEN])
{
    struct store_topic_size size;

    assert_int_equal(store_topic_size(f->store, topic, &size), ERR_OK);
    return size.count;
}

static void put_identity(struct fixture *f, uint64_t created_ms)
{
    uint8_t id[ID_LEN];

    put(f,
        &(struct sketch){ .kind = KIND_DEVICE_REVOKE,
                          .topic = author_of(1)->person,
                          .author = author_of(1),
                          .created_ms = created_ms },
        id);
}

static void identity_records_follow_their_person_into_topics(void **state)
{
    struct fixture *f = *state;
    uint8_t before[ID_LEN];
    uint8_t after[ID_LEN];
    uint8_t other[ID_LEN];

    put(f, &(struct sketch){ .author = author_of(1), .number = 1 }, before);
    put(f, &(struct sketch){ .author = author_of(2), .number = 1 }, other);
    put_identity(f, DAY0);
    put(f, &(struct sketch){ .author = author_of(1), .number = 2 }, after);
    assert_int_equal(topic_count(f, before), 2);
    assert_int_equal(topic_count(f, after), 2);
    assert_int_equal(topic_count(f, other), 1);
    assert_int_equal(topic_count(f, author_of(1)->person), 1);
}

/*
 * Two nodes of which only one has what the person listed before the window of
 * the other have the same set from there on.
 */
static void the_board_has_identity_records_whatever_else_it_has(void **state)
{
    struct fixture *f = *state;
    struct record_set set;
    struct record_range late = { .lo = record_key_at(DAY0 + 1),
                                 .hi = record_key_at(RECORD_TIME_MAX_MS) };
    struct record_sum with;
    struct record_sum without;
    struct fixture narrow = { .store = NULL };
    struct store_options options;
    uint8_t id[ID_LEN];

    fixture_options(&options);
    fixture_open(&narrow);
    put(f,
        &(struct sketch){ .author = author_of(1),
                          .flags = RECORD_LISTED,
                          .created_ms = DAY0 },
        id);
    for (uint64_t i = 1; i < 80; i++) {
        put_identity(f, DAY0 + i);
        put_identity(&narrow, DAY0 + i);
    }
    set = store_record_set(f->store);
    assert_int_equal(set.ops->sum(set.set, options.board, &late, &with),
                     ERR_OK);
    set = store_record_set(narrow.store);
    assert_int_equal(set.ops->sum(set.set, options.board, &late, &without),
                     ERR_OK);
    assert_int_equal(with.count, 79);
    assert_memory_equal(&with, &without, sizeof with);
    fixture_close(&narrow);
}

static void what_a_device_signs_is_no_identity_record(void **state)
{
    struct fixture *f = *state;
    uint8_t topic[ID_LEN];
    uint8_t id[ID_LEN];

    put(f, &(struct sketch){ .author = author_of(1), .number = 1 }, topic);
    put(f,
        &(struct sketch){ .kind = KIND_DEVICE_REVOKE,
                          .topic = author_of(1)->person,
                          .author = author_of(1),
                          .by_device = true },
        id);
    assert_int_equal(topic_count(f, topic), 1);
    put_identity(f, DAY0);
    assert_int_equal(topic_count(f, topic), 2);
}

static void of_many_identity_records_the_first_64_travel(void **state)
{
    struct fixture *f = *state;
    struct record_set set = store_record_set(f->store);
    struct record_key first;
    uint8_t topic[ID_LEN];

    put(f, &(struct sketch){ .author = author_of(1), .created_ms = DAY0 - 9 },
        topic);
    for (uint64_t i = 0; i < 66; i++) /* later ones are smaller */
        put_identity(f, DAY0 + 1000 - i);
    assert_int_equal(topic_count(f, topic), 1 + 64);
    assert_int_equal(topic_count(f, author_of(1)->person), 66);
    assert_int_equal(set.ops->select(set.set, topic, 1, &first), ERR_OK);
    assert_int_equal(first.created_ms, DAY0 + 1000 - 65);
    put_identity(f, DAY0 + 5000); /* one too late to travel */
    assert_int_equal(topic_count(f, topic), 1 + 64);
}

/* ---- Prefixes --------------------------------------------------------- */

static void a_prefix_names_one_record_or_none_or_several(void **state)
{
    struct fixture *f = *state;
    char hex[2 * ID_LEN + 1];
    uint8_t ids[20][ID_LEN];
    uint8_t out[ID_LEN];

    for (uint32_t i = 0; i < 20; i++)
        put(f, &(struct sketch){ .number = i }, ids[i]);
    hex_encode(hex, BYTES_ARRAY(ids[0]));
    assert_int_equal(store_resolve(f->store, hex, 64, out), ERR_OK);
    assert_memory_equal(out, ids[0], ID_LEN);
    for (size_t len = 1; len <= 64; len++) {
        size_t same = 0;

        for (int i = 0; i < 20; i++) {
            char other[2 * ID_LEN + 1];

            hex_encode(other, BYTES_ARRAY(ids[i]));
            same += memcmp(hex, other, len) == 0;
        }
        assert_int_equal(store_resolve(f->store, hex, len, out),
                         same == 1 ? ERR_OK : ERR_AMBIGUOUS);
    }
    hex[63] = hex[63] == '0' ? '1' : '0';
    assert_int_equal(store_resolve(f->store, hex, 64, out), ERR_NOT_FOUND);
    assert_int_equal(store_resolve(f->store, hex, 0, out), ERR_MALFORMED);
    assert_int_equal(store_resolve(f->store, "xyz", 3, out), ERR_MALFORMED);
    hex_encode(hex, BYTES_ARRAY(author_of(0)->person));
    assert_int_equal(store_resolve_author(f->store, hex, 7, out), ERR_OK);
    assert_memory_equal(out, author_of(0)->person, ID_LEN);
}

/* ---- Rows ------------------------------------------------------------- */

static void follows_come_and_go(void **state)
{
    struct fixture *f = *state;
    struct store_follow follow = { .policy = STORE_POLICY_SEED,
                                   .from_ms = 1,
                                   .since_ms = 2,
                                   .quota_bytes = 3,
                                   .until_ms = 4 };
    struct store_follow got[4];
    size_t n;

    for (uint8_t i = 0; i < 3; i++) {
        follow.topic[0] = i;
        assert_int_equal(store_batch_follow(f->batch, &follow), ERR_OK);
    }
    apply(f);
    assert_int_equal(store_follows(f->store, NULL, got, 2, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_follows(f->store, got[1].topic, got, 4, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_memory_equal(got[0].topic, follow.topic, ID_LEN);
    assert_int_equal(got[0].policy, STORE_POLICY_SEED);
    assert_int_equal(got[0].from_ms, 1);
    assert_int_equal(got[0].since_ms, 2);
    assert_int_equal(got[0].quota_bytes, 3);
    assert_int_equal(got[0].until_ms, 4);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_unfollow(f->batch, follow.topic), ERR_OK);
    assert_int_equal(store_batch_unfollow(f->batch, follow.topic), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->err, ERR_OK);
    assert_int_equal(store_batch_result(f->batch, 1)->err, ERR_NOT_FOUND);
    assert_int_equal(store_follow_find(f->store, follow.topic, got),
                     ERR_NOT_FOUND);
}

static void wants_are_due_in_the_order_of_their_time(void **state)
{
    struct fixture *f = *state;
    struct store_want want = { .why = STORE_WHY_SEED,
                               .blob = { .size = BLOB_SPAN_LEN + 1 } };
    struct store_want got[4];
    size_t n;

    for (uint8_t i = 0; i < 3; i++) {
        want.blob.root[0] = (uint8_t)(i + 1);
        want.next_try_ms = 100u - i;
        assert_int_equal(store_batch_want(f->batch, &want), ERR_OK);
    }
    apply(f);
    assert_int_equal(store_wants_due(f->store, 99, got, 4, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(got[0].next_try_ms, 98);
    store_batch_clear(f->batch);
    want.next_try_ms = 500; /* later, and no second row */
    want.tries = 1;
    assert_int_equal(store_batch_want(f->batch, &want), ERR_OK);
    apply(f);
    assert_int_equal(store_wants_due(f->store, 600, got, 4, &n), ERR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(got[2].tries, 1);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_unwant(f->batch, &want.blob, want.topic),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_wants_of(f->store, want.topic, NULL, got, 4, &n),
                     ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_want_find(f->store, &want.blob, want.topic, got),
                     ERR_NOT_FOUND);
}

static void wants_of_small_blobs_stand_apart(void **state)
{
    struct fixture *f = *state;
    struct store_want want = { .why = STORE_WHY_SEED,
                               .blob = { .size = BLOB_INLINE_MAX } };
    struct store_want got[4];
    size_t n;

    for (uint8_t i = 0; i < 3; i++) {
        want.blob.root[0] = (uint8_t)(i + 1);
        want.next_try_ms = 100u + i;
        assert_int_equal(store_batch_want(f->batch, &want), ERR_OK);
    }
    apply(f);
    assert_int_equal(store_wants_due(f->store, UINT64_MAX, got, 4, &n), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_wants_due_small(f->store, 101, NULL, got, 4, &n),
                     ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(got[0].next_try_ms, 100);
    assert_int_equal(
        store_wants_due_small(f->store, UINT64_MAX, &got[0], got, 1, &n),
        ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].next_try_ms, 101);
    assert_int_equal(
        store_wants_due_small(f->store, UINT64_MAX, &got[0], got, 4, &n),
        ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].blob.root[0], 3);
    assert_int_equal(
        store_wants_due_small(f->store, UINT64_MAX, &got[0], got, 4, &n),
        ERR_OK);
    assert_int_equal(n, 0);
}

static void wants_stand_apart_by_size_whatever_their_time(void **state)
{
    static const uint64_t sizes[] = { BLOB_INLINE_MAX, BLOB_INLINE_MAX + 1,
                                      BLOB_SPAN_LEN, BLOB_SPAN_LEN + 1 };
    struct fixture *f = *state;
    struct store_want want = { .why = STORE_WHY_SEED };
    struct store_want got[4];
    size_t n;

    for (uint8_t i = 0; i < 4; i++) {
        want.blob.root[0] = (uint8_t)(i + 1);
        want.blob.size = sizes[i];
        want.next_try_ms = i % 2 == 0 ? 0 : UINT64_MAX;
        assert_int_equal(store_batch_want(f->batch, &want), ERR_OK);
    }
    apply(f);
    assert_int_equal(
        store_wants_due_small(f->store, UINT64_MAX, NULL, got, 4, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].blob.root[0], 1);
    assert_int_equal(
        store_wants_due_middle(f->store, UINT64_MAX, NULL, got, 4, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(got[0].blob.root[0], 3);
    assert_int_equal(got[1].blob.root[0], 2);
    assert_int_equal(
        store_wants_due_middle(f->store, UINT64_MAX, &got[0], got, 4, &n),
        ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].blob.root[0], 2);
    assert_int_equal(store_wants_due_middle(f->store, 1, NULL, got, 4, &n),
                     ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_wants_due(f->store, UINT64_MAX, got, 4, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].blob.root[0], 4);
}

static void peers_and_named_values_are_kept(void **state)
{
    struct fixture *f = *state;
    struct store_peer peer = { .node = { 7 },
                               .address = "[::1]:7433",
                               .failures = 3,
                               .flags = STORE_PEER_MANUAL };
    struct store_peer got;
    struct writer w = writer_growing(64);
    size_t n;

    assert_int_equal(store_batch_peer(f->batch, &peer), ERR_OK);
    assert_int_equal(store_batch_meta(f->batch, "name", BYTES_LITERAL("v")),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_peers(f->store, NULL, &got, 1, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_memory_equal(got.node, peer.node, KEY_LEN);
    assert_string_equal(got.address, "[::1]:7433");
    assert_int_equal(got.failures, 3);
    assert_int_equal(store_meta(f->store, "name", &w), ERR_OK);
    assert_int_equal(w.len, 1);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_meta(f->batch, "name", (struct bytes){ 0 }),
                     ERR_OK);
    assert_int_equal(store_batch_forget_peer(f->batch, peer.node), ERR_OK);
    apply(f);
    assert_int_equal(store_meta(f->store, "name", &w), ERR_NOT_FOUND);
    assert_int_equal(store_peers(f->store, NULL, &got, 1, &n), ERR_OK);
    assert_int_equal(n, 0);
    writer_free(&w);
}

static void a_batch_is_full_at_its_limit(void **state)
{
    struct fixture *f = *state;
    uint8_t topic[ID_LEN] = { 0 };

    for (size_t i = 0; i < STORE_BATCH_OPS; i++) {
        assert_false(store_batch_full(f->batch));
        assert_int_equal(store_batch_unfollow(f->batch, topic), ERR_OK);
    }
    assert_true(store_batch_full(f->batch));
    assert_int_equal(store_batch_unfollow(f->batch, topic), ERR_NO_SPACE);
    assert_int_equal(store_batch_count(f->batch), STORE_BATCH_OPS);
}

/* ---- Opening ---------------------------------------------------------- */

static void a_lost_or_damaged_index_is_rebuilt_the_same(void **state)
{
    struct fixture *f = *state;
    struct record_range all = { record_key_at(0),
                                record_key_at(RECORD_TIME_MAX_MS) };
    struct record_sum before;
    struct record_sum after;
    struct record_set set;
    uint8_t topic[ID_LEN];
    uint8_t id[ID_LEN];
    int fd;

    put(f, &(struct sketch){ .author = author_of(1) }, topic);
    for (uint32_t i = 0; i < 70; i++)
        put_identity(f, DAY0 + 1000 - i);
    for (uint32_t i = 0; i < 20; i++)
        put(f, &(struct sketch){ .topic = topic, .number = i }, id);
    set = store_record_set(f->store);
    assert_int_equal(set.ops->sum(set.set, topic, &all, &before), ERR_OK);
    for (int damage = 0; damage < 2; damage++) {
        store_close(f->store);
        f->store = NULL;
        if (damage) {
            fd = open(fixture_path(f, "index.mdb"), O_WRONLY);
            assert_int_equal(ftruncate(fd, 5000), 0);
            close(fd);
        } else {
            assert_int_equal(unlink(fixture_path(f, "index.mdb")), 0);
        }
        fixture_reopen(f);
        set = store_record_set(f->store);
        assert_int_equal(set.ops->sum(set.set, topic, &all, &after), ERR_OK);
        assert_int_equal(after.count, 1 + 64 + 20);
        assert_memory_equal(&before, &after, sizeof before);
    }
}

static void
an_index_of_the_past_catches_up_and_one_of_the_future_goes(void **state)
{
    struct fixture *f = *state;
    char *old;
    char *old_records;
    uint8_t topic[ID_LEN];
    uint8_t id[ID_LEN];
    char command[512];

    put(f, &(struct sketch){ .number = 1 }, topic);
    store_close(f->store);
    f->store = NULL;
    old = strdup(fixture_path(f, "index.old"));
    old_records = strdup(fixture_path(f, "records.old"));
    snprintf(command, sizeof command,
             "cp %s/index.mdb %s && cp %s/records.mdb %s", f->dir, old, f->dir,
             old_records);
    assert_int_equal(system(command), 0);
    fixture_reopen(f);
    put(f, &(struct sketch){ .number = 2, .topic = topic }, id);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(rename(old, fixture_path(f, "index.mdb")), 0);
    fixture_reopen(f);
    assert_int_equal(topic_count(f, topic), 2);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(rename(old_records, fixture_path(f, "records.mdb")), 0);
    fixture_reopen(f);
    assert_int_equal(topic_count(f, topic), 1);
    free(old);
    free(old_records);
}

static void a_store_of_another_board_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_options options;
    struct store *store = NULL;

    store_close(f->store);
    f->store = NULL;
    fixture_options(&options);
    options.board[0] ^= 1;
    assert_int_equal(store_open(&store, f->dir, &options), ERR_VERSION);
    assert_null(store);
}

static void damaged_records_are_refused_at_open(void **state)
{
    struct fixture *f = *state;
    struct store_options options;
    struct store *store = NULL;
    uint8_t junk[8192];
    int fd;

    store_close(f->store);
    f->store = NULL;
    memset(junk, 0x5a, sizeof junk);
    fixture_options(&options);
    fd = open(fixture_path(f, "records.mdb"), O_WRONLY);
    assert_int_equal(write(fd, junk, sizeof junk), (ssize_t)sizeof junk);
    close(fd);
    assert_int_equal(store_open(&store, f->dir, &options), ERR_CORRUPT);
}

static void a_small_map_grows(void **state)
{
    struct fixture *f = *state;
    struct store_options options;
    struct store_totals totals;
    uint8_t id[ID_LEN];

    store_close(f->store);
    fixture_options(&options);
    options.map_bytes = 1 << 20;
    assert_int_equal(store_open(&f->store, f->dir, &options), ERR_OK);
    for (uint32_t i = 0; i < 60; i++) {
        put(f, &(struct sketch){ .number = i, .text_len = 50000 }, id);
        assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    }
    assert_int_equal(totals.records, 60);
}

static void a_nearly_full_disk_takes_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_options options;
    struct store_totals totals;
    struct made made = record_of(&(struct sketch){ .number = 1 });

    store_close(f->store);
    fixture_options(&options);
    options.reserve_bytes = UINT64_MAX;
    assert_int_equal(store_open(&f->store, f->dir, &options), ERR_OK);
    assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                            made.record.certificate, 0),
                     ERR_OK);
    assert_int_equal(store_apply(f->store, f->batch), ERR_NO_SPACE);
    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    assert_int_equal(totals.records, 0);
    made_free(&made);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_record_comes_back_byte_for_byte),
        TEST(what_is_stored_is_there_after_reopening),
        TEST(the_first_of_two_copies_stays),
        TEST(reads_see_one_moment_until_they_are_refreshed),
        TEST(what_was_listed_and_is_gone_is_not_sent),
        TEST(a_head_counts_but_cannot_be_read_as_a_record),
        TEST(an_erased_body_leaves_the_record_or_the_head),
        TEST(records_of_one_time_are_listed_by_their_ids),
        TEST(scans_walk_both_ways_in_pages),
        TEST(revisions_are_found_by_the_first_record),
        TEST(listed_records_are_on_the_call_board_too),
        TEST(a_founder_joins_the_board_with_what_its_author_lists),
        TEST(identity_records_follow_their_person_into_topics),
        TEST(the_board_has_identity_records_whatever_else_it_has),
        TEST(what_a_device_signs_is_no_identity_record),
        TEST(of_many_identity_records_the_first_64_travel),
        TEST(a_prefix_names_one_record_or_none_or_several),
        TEST(follows_come_and_go),
        TEST(wants_are_due_in_the_order_of_their_time),
        TEST(wants_of_small_blobs_stand_apart),
        TEST(wants_stand_apart_by_size_whatever_their_time),
        TEST(peers_and_named_values_are_kept),
        TEST(a_batch_is_full_at_its_limit),
        TEST(a_lost_or_damaged_index_is_rebuilt_the_same),
        TEST(an_index_of_the_past_catches_up_and_one_of_the_future_goes),
        TEST(a_store_of_another_board_is_refused),
        TEST(damaged_records_are_refused_at_open),
        TEST(a_small_map_grows),
        TEST(a_nearly_full_disk_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
