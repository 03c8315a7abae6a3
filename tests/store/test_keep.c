/*
 * What of the blobs stays and what goes: any sequence of imports, fetches,
 * records, pins, releases, evictions, collections, crashes and lost indexes.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/mp.h"
#include "store/law.h"
#include "store/room.h"

enum { TOPICS = 3, BLOBS = 10, RECORDS = 60, STEPS = 120, SEEDS = 3 };
#define HOUR  ((uint64_t)3600000)
#define GRACE (24 * HOUR)
#define SPAN  ((uint64_t)BLOB_SPAN_LEN)
#define QUOTA (5 * SPAN)

/* What the store ought to know. */
struct said {
    bool is_there; /* a record that is held */
    uint8_t id[ID_LEN];
    unsigned topic;
    unsigned blob;
};

struct world {
    struct fixture f;
    uint64_t random;
    uint64_t now_ms;
    uint8_t topics[TOPICS][ID_LEN];
    struct blob_id blobs[BLOBS]; /* the first half are small */
    struct said said[RECORDS];
    size_t said_count;
    enum keep_pin pins[TOPICS][BLOBS];
    bool taken_down[BLOBS];
};

static struct world w;

static unsigned pick(unsigned n)
{
    w.random = w.random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((w.random >> 33) % n);
}

static void tick(uint64_t ms)
{
    w.now_ms += ms;
    store_set_clock(w.f.store, w.now_ms);
}

static struct bytes small_content(unsigned b)
{
    static uint8_t bytes[BLOBS][64];

    memset(bytes[b], (int)b + 1, sizeof bytes[b]);
    return (struct bytes){ bytes[b], 20 + b };
}

static void begin(uint64_t seed)
{
    memset(&w, 0, sizeof w);
    fixture_open(&w.f);
    w.random = seed;
    w.now_ms = DAY0;
    tick(0);
    for (unsigned t = 0; t < TOPICS; t++)
        memset(w.topics[t], (int)t + 0x10, ID_LEN);
    for (unsigned b = 0; b < BLOBS; b++) {
        if (b < BLOBS / 2) {
            struct bytes content = small_content(b);

            w.blobs[b].size = content.len;
            assert_int_equal(
                blob_span_hash(NULL, w.blobs[b].root, content.len, content),
                ERR_OK);
        } else {
            memset(w.blobs[b].root, (int)(0xa0 + b), HASH_LEN);
            w.blobs[b].size = SPAN + 30000 * b;
        }
    }
}

static bool is_small(unsigned b)
{
    return b < BLOBS / 2;
}

/* ---- What is done ------------------------------------------------------- */

static void say(unsigned t, unsigned b)
{
    struct record_link link = { 1, { 0 } };
    struct record_draft draft = { .kind = KIND_UPDATE,
                                  .created_ms = DAY0 + w.said_count,
                                  .links = &link,
                                  .links_count = 1 };
    const struct author *a = author_of(0);
    struct writer map = writer_growing(4096);
    struct writer raw = writer_growing(RECORD_LEN_MAX);
    struct said *said = &w.said[w.said_count];
    struct record r;

    if (w.said_count == RECORDS)
        return;
    memcpy(link.id, w.topics[t], ID_LEN);
    memcpy(draft.author, a->person, ID_LEN);
    memcpy(draft.topic, w.topics[t], ID_LEN);
    put_u32(draft.salt, (uint32_t)w.said_count);
    mp_put_map(&map, 2);
    mp_put_text(&map, "media");
    mp_put_array(&map, 2); /* the same twice */
    for (int i = 0; i < 2; i++) {
        mp_put_map(&map, 3);
        mp_put_text(&map, "blob");
        mp_put_array(&map, 2);
        mp_put_bin(&map, BYTES_ARRAY(w.blobs[b].root));
        mp_put_uint(&map, w.blobs[b].size);
        mp_put_text(&map, "media_type");
        mp_put_text(&map, "image/png");
        mp_put_text(&map, "name");
        mp_put_text(&map, "a.png");
    }
    mp_put_text(&map, "text");
    mp_put_text(&map, "see");
    draft.map = writer_view(&map);
    assert_int_equal(
        record_write(&raw, said->id, &draft, &a->device,
                     (struct bytes){ a->certificate, a->certificate_len },
                     &LAB),
        ERR_OK);
    assert_int_equal(record_decode(&r, writer_view(&raw)), ERR_OK);
    store_batch_clear(w.f.batch);
    assert_int_equal(
        store_batch_put_record(w.f.batch, &r, r.certificate, w.now_ms), ERR_OK);
    apply(&w.f);
    writer_free(&raw);
    writer_free(&map);
    said->is_there = true;
    said->topic = t;
    said->blob = b;
    w.said_count++;
}

static void unsay(void)
{
    struct said *said = &w.said[pick(RECORDS)];

    if (!said->is_there)
        return;
    store_batch_clear(w.f.batch);
    assert_int_equal(store_batch_erase(w.f.batch, said->id, pick(2) == 0),
                     ERR_OK);
    apply(&w.f);
    said->is_there = false;
}

static bool fits(uint64_t more)
{
    return room_fits(w.f.store, QUOTA, 0, more);
}

static void apply_blob_op(void)
{
    assert_int_equal(store_apply(w.f.store, w.f.batch), ERR_OK);
    store_refresh(w.f.store);
}

static void import_small(unsigned t, unsigned b)
{
    struct blob_id id;

    store_batch_clear(w.f.batch);
    assert_int_equal(
        blobs_put_inline(w.f.batch, w.topics[t], small_content(b), &id),
        ERR_OK);
    if (!w.taken_down[b])
        assert_int_equal(
            keep_put_pin(w.f.batch, &id, w.topics[t], KEEP_PIN_OWN), ERR_OK);
    apply_blob_op();
    if (w.taken_down[b]) {
        assert_int_equal(store_batch_result(w.f.batch, 0)->err, ERR_REFUSED);
        return;
    }
    assert_true(blob_id_equal(&id, &w.blobs[b]));
    w.pins[t][b] = KEEP_PIN_OWN;
}

/* Some of it, or all: what was not synced is as if it never came. */
static void fetch(unsigned t, unsigned b)
{
    static uint8_t bytes[BLOB_SPAN_LEN];
    struct blob_part *part;
    struct blob_info info = { .have_bytes = 0 };
    uint64_t spans = blob_span_count(w.blobs[b].size);

    if (blobs_find(w.f.store, &w.blobs[b], &info) != ERR_OK)
        info.have_bytes = 0;
    if (!fits(w.blobs[b].size - info.have_bytes))
        return;
    store_batch_clear(w.f.batch);
    assert_int_equal(blobs_put_begin(w.f.batch, &w.blobs[b], w.topics[t]),
                     ERR_OK);
    if (pick(2) == 0)
        assert_int_equal(
            keep_put_mark(w.f.batch, &w.blobs[b], w.topics[t], pick(2) == 0),
            ERR_OK);
    apply_blob_op();
    if (blob_part_open(&part, w.f.store, &w.blobs[b]) != ERR_OK)
        return; /* taken down, or whole */
    for (uint64_t i = 0; i < spans; i++)
        if (!blob_part_has(part, i) && pick(2) == 0)
            assert_int_equal(
                blob_part_write(
                    part, i,
                    (struct bytes){ bytes, blob_span_len(w.blobs[b].size, i) }),
                ERR_OK);
    store_batch_clear(w.f.batch);
    if (blob_part_missing(part) == 0)
        assert_int_equal(blob_part_finish(part, w.f.batch), ERR_OK);
    else
        assert_int_equal(blob_part_sync(part, w.f.batch), ERR_OK);
    if (pick(4) != 0) /* else it ends before the bitmap is committed */
        apply_blob_op();
    blob_part_close(part);
}

static void take_down(unsigned b)
{
    struct law law = { .kind = LAW_NO_BLOB, .since_ms = w.now_ms };
    struct law_place places[TOPICS];
    size_t n;

    memcpy(law.id, w.blobs[b].root, ID_LEN);
    assert_int_equal(law_places(w.f.store, law.id, false, places, TOPICS, &n),
                     ERR_OK);
    store_batch_clear(w.f.batch);
    assert_int_equal(law_put(w.f.batch, &law), ERR_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(
            blobs_put_release(w.f.batch, &places[i].blob, places[i].topic),
            ERR_OK);
    apply_blob_op();
    w.taken_down[b] = true;
}

static bool is_named(unsigned t, unsigned b)
{
    for (size_t i = 0; i < w.said_count; i++)
        if (w.said[i].is_there && w.said[i].topic == t && w.said[i].blob == b)
            return true;
    return false;
}

static void pin(unsigned t, unsigned b, enum keep_pin pin)
{
    store_batch_clear(w.f.batch);
    assert_int_equal(keep_put_pin(w.f.batch, &w.blobs[b], w.topics[t], pin),
                     ERR_OK);
    apply_blob_op();
    if (pin != KEEP_PIN_ASKED || w.pins[t][b] != KEEP_PIN_OWN)
        w.pins[t][b] = pin;
}

static void evict(unsigned t, unsigned b)
{
    bool was_held = blobs_held_for(w.f.store, &w.blobs[b], w.topics[t]);
    bool may = w.pins[t][b] != KEEP_PIN_OWN && w.pins[t][b] != KEEP_PIN_ASKED;

    store_batch_clear(w.f.batch);
    assert_int_equal(keep_put_evict(w.f.batch, &w.blobs[b], w.topics[t]),
                     ERR_OK);
    apply_blob_op();
    assert_int_equal(blobs_held_for(w.f.store, &w.blobs[b], w.topics[t]),
                     was_held && !may);
}

/* What nothing refers to goes, and nothing else. */
static void collect(void)
{
    for (unsigned t = 0; t < TOPICS; t++) {
        for (unsigned b = 0; b < BLOBS; b++) {
            struct keep_row row = { .since_ms = 0 };
            uint64_t before = w.now_ms - GRACE;
            bool was_held =
                keep_find(w.f.store, &w.blobs[b], w.topics[t], &row) == ERR_OK;
            bool is_old = row.since_ms <= before;

            store_batch_clear(w.f.batch);
            assert_int_equal(
                keep_put_collect(w.f.batch, &w.blobs[b], w.topics[t], before),
                ERR_OK);
            apply_blob_op();
            if (is_named(t, b) || !is_old) {
                assert_int_equal(
                    blobs_held_for(w.f.store, &w.blobs[b], w.topics[t]),
                    was_held);
            } else if (keep_pin_of(w.f.store, &w.blobs[b], w.topics[t]) ==
                       KEEP_PIN_NONE) { /* else the pin is young */
                assert_false(
                    blobs_held_for(w.f.store, &w.blobs[b], w.topics[t]));
                w.pins[t][b] = KEEP_PIN_NONE;
            }
        }
    }
}

/* A day later nothing is left that no record names. */
static void collect_all(void)
{
    tick(GRACE + 1);
    collect();
    for (unsigned t = 0; t < TOPICS; t++)
        for (unsigned b = 0; b < BLOBS; b++)
            if (!is_named(t, b)) {
                assert_false(
                    blobs_held_for(w.f.store, &w.blobs[b], w.topics[t]));
                assert_int_equal(
                    keep_pin_of(w.f.store, &w.blobs[b], w.topics[t]),
                    KEEP_PIN_NONE);
            }
}

/* The process ends at any moment; perhaps the index is lost besides. */
static void crash(void)
{
    struct store_options options;

    store_close(w.f.store);
    w.f.store = NULL;
    if (pick(2) == 0) {
        (void)unlink(fixture_path(&w.f, "index.mdb"));
        (void)unlink(fixture_path(&w.f, "index.mdb-lock"));
    }
    fixture_options(&options);
    assert_int_equal(store_open(&w.f.store, w.f.dir, &options), ERR_OK);
    tick(0);
}

/* ---- What must be so ---------------------------------------------------- */

static void check_usage(void)
{
    struct keep_usage sums[TOPICS] = { 0 };
    struct keep_row rows[7]; /* odd, so that pages begin everywhere */
    struct keep_row last;
    struct keep_row *after = NULL;
    size_t n = 1;

    while (n > 0) {
        assert_int_equal(keep_page(w.f.store, after, rows, 7, &n), ERR_OK);
        for (size_t i = 0; i < n; i++) {
            unsigned t = rows[i].topic[0] - 0x10u;

            sums[t].blobs++;
            sums[t].bytes += rows[i].info.id.size;
            if (rows[i].is_strangers)
                sums[t].strangers_bytes += rows[i].info.id.size;
        }
        if (n > 0)
            last = rows[n - 1];
        after = &last;
    }
    for (unsigned t = 0; t < TOPICS; t++) {
        struct keep_usage usage;

        assert_int_equal(keep_usage(w.f.store, w.topics[t], &usage), ERR_OK);
        assert_memory_equal(&usage, &sums[t], sizeof usage);
    }
}

static bool has_file(const struct blob_id *id, bool is_part)
{
    char name[128];
    char *at = name + sprintf(name, "blobs/%02x/", id->root[0]);

    for (size_t i = 1; i < HASH_LEN; i++)
        at += sprintf(at, "%02x", id->root[i]);
    sprintf(at, ".%llu%s", (unsigned long long)id->size,
            is_part ? ".part" : "");
    return access(fixture_path(&w.f, name), F_OK) == 0;
}

static void check_totals(void)
{
    struct store_totals totals;
    uint64_t blobs = 0;
    uint64_t bytes = 0;
    uint64_t parts = 0;

    for (unsigned b = 0; b < BLOBS; b++) {
        struct blob_info info;
        uint32_t topics = 0;

        for (unsigned t = 0; t < TOPICS; t++)
            topics +=
                blobs_held_for(w.f.store, &w.blobs[b], w.topics[t]) ? 1 : 0;
        if (blobs_find(w.f.store, &w.blobs[b], &info) != ERR_OK) {
            assert_int_equal(topics, 0);
            continue;
        }
        assert_int_equal(info.topics, topics);
        assert_true(topics > 0);
        assert_false(w.taken_down[b]);
        if (info.state == BLOB_FILE)
            assert_true(has_file(&info.id, false));
        blobs += info.state == BLOB_PARTIAL ? 0 : 1;
        bytes += info.state == BLOB_PARTIAL ? 0 : info.id.size;
        parts += info.state == BLOB_PARTIAL ? info.have_bytes : 0;
    }
    assert_int_equal(store_totals(w.f.store, &totals), ERR_OK);
    assert_int_equal(totals.blobs, blobs);
    assert_int_equal(totals.blob_bytes, bytes);
    assert_int_equal(totals.part_bytes, parts);
    assert_true(bytes + parts <= QUOTA + SPAN);
}

static void check_named(void)
{
    for (unsigned t = 0; t < TOPICS; t++)
        for (unsigned b = 0; b < BLOBS; b++) {
            uint64_t seq;
            size_t n;

            assert_int_equal(keep_named_by(w.f.store, w.topics[t], &w.blobs[b],
                                           0, &seq, 1, &n),
                             ERR_OK);
            assert_int_equal(n, is_named(t, b));
            assert_int_equal(keep_pin_of(w.f.store, &w.blobs[b], w.topics[t]),
                             w.pins[t][b]);
        }
}

static void step(void)
{
    unsigned t = pick(TOPICS);
    unsigned b = pick(BLOBS);

    tick(pick(4) * HOUR);
    switch (pick(14)) {
    case 0:
    case 1:
    case 2:
        say(t, b);
        break;
    case 3:
        unsay();
        break;
    case 4:
    case 5:
    case 6:
        if (is_small(b))
            import_small(t, b);
        else
            fetch(t, b);
        break;
    case 7:
        store_batch_clear(w.f.batch);
        assert_int_equal(blobs_put_hold(w.f.batch, &w.blobs[b], w.topics[t]),
                         ERR_OK);
        apply_blob_op();
        break;
    case 8:
        store_batch_clear(w.f.batch);
        assert_int_equal(blobs_put_release(w.f.batch, &w.blobs[b], w.topics[t]),
                         ERR_OK);
        apply_blob_op();
        break;
    case 9:
        pin(t, b, (enum keep_pin)pick(4));
        break;
    case 10:
        evict(t, b);
        break;
    case 11:
        collect();
        break;
    case 12:
        if (pick(6) == 0)
            crash();
        break;
    default:
        if (pick(20) == 0)
            take_down(b);
        break;
    }
}

static void any_sequence_keeps_what_is_named_and_counts_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        for (unsigned i = 0; i < STEPS; i++) {
            step();
            check_usage();
            check_totals();
            check_named();
        }
        collect_all();
        check_usage();
        check_totals();
        check_named();
        crash();
        check_usage();
        check_totals();
        check_named();
        fixture_close(&w.f);
    }
}

/* ---- One thing at a time ------------------------------------------------ */

static void what_was_begun_lately_stays_though_nothing_names_it(void **state)
{
    (void)state;
    begin(1);
    import_small(0, 0);
    tick(GRACE - 1);
    collect();
    assert_true(blobs_held_for(w.f.store, &w.blobs[0], w.topics[0]));
    import_small(0, 0); /* again: its time begins anew */
    tick(GRACE - 1);
    collect();
    assert_true(blobs_held_for(w.f.store, &w.blobs[0], w.topics[0]));
    tick(1);
    collect();
    assert_false(blobs_held_for(w.f.store, &w.blobs[0], w.topics[0]));
    fixture_close(&w.f);
}

static void what_is_on_its_way_does_not_make_room(void **state)
{
    struct store_want want = { .why = STORE_WHY_ASKED };

    (void)state;
    begin(1);
    fetch(0, 9);
    want.blob = w.blobs[9];
    memcpy(want.topic, w.topics[0], ID_LEN);
    store_batch_clear(w.f.batch);
    assert_int_equal(store_batch_want(w.f.batch, &want), ERR_OK);
    assert_int_equal(keep_put_evict(w.f.batch, &w.blobs[9], w.topics[0]),
                     ERR_OK);
    apply_blob_op();
    assert_int_equal(store_batch_result(w.f.batch, 1)->err, ERR_NOT_FOUND);
    assert_true(blobs_held_for(w.f.store, &w.blobs[9], w.topics[0]));
    fixture_close(&w.f);
}

static void collect_part(unsigned b, bool goes)
{
    store_batch_clear(w.f.batch);
    assert_int_equal(keep_put_collect_part(w.f.batch, &w.blobs[b], w.topics[0],
                                           w.now_ms - GRACE),
                     ERR_OK);
    apply_blob_op();
    assert_int_equal(store_batch_result(w.f.batch, 0)->err,
                     goes ? ERR_OK : ERR_NOT_FOUND);
    assert_int_equal(store_batch_result(w.f.batch, 0)->removed, goes);
    assert_int_equal(blobs_held_for(w.f.store, &w.blobs[b], w.topics[0]),
                     !goes);
}

static void begin_part(unsigned b)
{
    store_batch_clear(w.f.batch);
    assert_int_equal(blobs_put_begin(w.f.batch, &w.blobs[b], w.topics[0]),
                     ERR_OK);
    apply_blob_op();
}

/* Named or not: somebody looked into it, and went away. */
static void a_part_that_nobody_wants_goes_a_day_after_its_last_use(void **state)
{
    struct store_want want = { .why = STORE_WHY_ASKED };

    (void)state;
    begin(1);
    say(0, 9);
    begin_part(9);
    tick(GRACE - 1);
    collect_part(9, false);
    store_batch_clear(w.f.batch);
    assert_int_equal(keep_put_used(w.f.batch, &w.blobs[9], w.topics[0]),
                     ERR_OK);
    apply_blob_op();
    tick(GRACE - 1);
    collect_part(9, false);
    tick(1);
    pin(0, 9, KEEP_PIN_ASKED);
    collect_part(9, false);
    pin(0, 9, KEEP_PIN_DROPPED);
    want.blob = w.blobs[9];
    memcpy(want.topic, w.topics[0], ID_LEN);
    store_batch_clear(w.f.batch);
    assert_int_equal(store_batch_want(w.f.batch, &want), ERR_OK);
    apply_blob_op();
    collect_part(9, false);
    store_batch_clear(w.f.batch);
    assert_int_equal(store_batch_unwant(w.f.batch, &w.blobs[9], w.topics[0]),
                     ERR_OK);
    apply_blob_op();
    collect_part(9, true);
    begin_part(9); /* anew: its time begins anew, too */
    collect_part(9, false);
    import_small(0, 0);
    tick(GRACE);
    collect_part(0, false); /* it is whole */
    fixture_close(&w.f);
}

static void touch(const char *name)
{
    int fd;

    (void)mkdir(fixture_path(&w.f, "blobs/ab"), 0700);
    fd = open(fixture_path(&w.f, name), O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

#define HEX62 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

static void only_files_of_blobs_without_a_row_are_strays(void **state)
{
    static const char *const others[] = {
        "blobs/ab/notes",
        "blobs/ab/" HEX62,
        "blobs/ab/" HEX62 ".",
        "blobs/ab/" HEX62 ".0",
        "blobs/ab/" HEX62 ".01",
        "blobs/ab/" HEX62 ".20000.part.bak",
        "blobs/ab/" HEX62 ".99999999999999999999",
        "blobs/ab/" HEX62 "cd.20000",
    };
    struct keep_orphan found[8];
    size_t n;

    (void)state;
    begin(1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        touch(others[i]);
    touch("blobs/ab/" HEX62 ".20000");
    touch("blobs/ab/" HEX62 ".20000.part");
    assert_int_equal(keep_orphans(w.f.store, 0xab, 0, found, 8, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(keep_orphans(w.f.store, 0xab, 3600, found, 8, &n), ERR_OK);
    assert_int_equal(n, 0); /* too young */
    assert_int_equal(keep_orphans(w.f.store, 0xac, 0, found, 8, &n), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(keep_orphans(w.f.store, 0xab, 0, found, 8, &n), ERR_OK);
    store_batch_clear(w.f.batch);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found[i].id.size, 20000);
        assert_int_equal(
            keep_put_orphan(w.f.batch, &found[i].id, found[i].is_part), ERR_OK);
    }
    apply_blob_op();
    assert_false(has_file(&found[0].id, false));
    assert_false(has_file(&found[0].id, true));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(access(fixture_path(&w.f, others[i]), F_OK), 0);
    fixture_close(&w.f);
}

/* A fetch that began since the folder was read keeps its part. */
static void a_part_that_has_a_row_by_now_stays(void **state)
{
    struct blob_part *part;

    (void)state;
    begin(1);
    begin_part(9);
    assert_int_equal(blob_part_open(&part, w.f.store, &w.blobs[9]), ERR_OK);
    blob_part_close(part);
    assert_true(has_file(&w.blobs[9], true));
    store_batch_clear(w.f.batch);
    assert_int_equal(keep_put_orphan(w.f.batch, &w.blobs[9], true), ERR_OK);
    apply_blob_op();
    assert_int_equal(store_batch_result(w.f.batch, 0)->err, ERR_NOT_FOUND);
    assert_true(has_file(&w.blobs[9], true));
    fixture_close(&w.f);
}

static void use_is_noted_and_changes_nothing_else(void **state)
{
    struct keep_row before;
    struct keep_row after;

    (void)state;
    begin(1);
    import_small(0, 0);
    assert_int_equal(keep_find(w.f.store, &w.blobs[0], w.topics[0], &before),
                     ERR_OK);
    assert_true(before.used_ms == before.since_ms);
    w.now_ms += 7;
    store_set_clock(w.f.store, w.now_ms);
    store_batch_clear(w.f.batch);
    for (unsigned t = 0; t < 2; t++)
        assert_int_equal(keep_put_used(w.f.batch, &w.blobs[0], w.topics[t]),
                         ERR_OK);
    apply_blob_op();
    assert_int_equal(store_batch_result(w.f.batch, 0)->err, ERR_OK);
    assert_int_equal(store_batch_result(w.f.batch, 1)->err, ERR_NOT_FOUND);
    assert_int_equal(keep_find(w.f.store, &w.blobs[0], w.topics[0], &after),
                     ERR_OK);
    assert_true(after.used_ms == w.now_ms);
    assert_true(after.since_ms == before.since_ms);
    assert_int_equal(after.pin, before.pin);
    assert_false(blobs_held_for(w.f.store, &w.blobs[0], w.topics[1]));
    fixture_close(&w.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_sequence_keeps_what_is_named_and_counts_it),
        cmocka_unit_test(what_was_begun_lately_stays_though_nothing_names_it),
        cmocka_unit_test(what_is_on_its_way_does_not_make_room),
        cmocka_unit_test(
            a_part_that_nobody_wants_goes_a_day_after_its_last_use),
        cmocka_unit_test(only_files_of_blobs_without_a_row_are_strays),
        cmocka_unit_test(a_part_that_has_a_row_by_now_stays),
        cmocka_unit_test(use_is_noted_and_changes_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
