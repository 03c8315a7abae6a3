/*
 * Room for blobs: limits, and a node that fetches, imports, pins, drops, seeds
 * and makes room in any sequence, and decides all of it by store/room.h.
 */
#include "fixture.h"

#include "store/room.h"

#define HOUR  ((uint64_t)3600000)
#define GRACE (24 * HOUR)
#define KIB   ((uint64_t)1024)

enum { TOPICS = 7, BLOBS = 32, SMALL = 20, FLYING = 6, STEPS = 500, SEEDS = 4 };
/* Topics: one that is followed, one with a quota of its own, a person's with
 * two of theirs, two of the call board's. */
enum { LOOSE, OWN, PERSON, FIRST, SECOND, THIRD, FOURTH };

#define ALL_BYTES   (2800 * KIB)
#define OWN_BYTES   (1000 * KIB)
#define GIVEN_BYTES (2500 * KIB)
#define BOARD_BYTES (2000 * KIB)

/* A fetch that runs. */
struct flight {
    bool is_flying;
    unsigned topic;
    unsigned blob;
    bool is_strangers;
    uint8_t pledge[ID_LEN];
};

/* What may not be passed: the quota, or what there was when rows changed. */
struct ceiling {
    uint64_t bytes;
    uint64_t strangers_bytes;
};

struct world {
    struct fixture f;
    uint64_t random;
    uint64_t now_ms;
    uint8_t board[ID_LEN];
    uint8_t topics[TOPICS][ID_LEN];
    struct blob_id blobs[BLOBS];
    uint64_t promised; /* to an import that runs */
    unsigned promised_blob;
    struct flight flights[FLYING];
    unsigned elsewhere[BLOBS]; /* nodes that have shown it */
    struct ceiling ceilings[TOPICS];
    bool may_lose; /* this step may take the last copy */
    unsigned begun;
    unsigned refused_by_pledge;
    unsigned refused_strangers;
    unsigned refused_by_all;
    unsigned kept_last;
    unsigned made_room;
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
    static uint8_t bytes[16 << 10];

    memset(bytes, (int)b + 1, sizeof bytes);
    return (struct bytes){ bytes, 9000 + 350 * b };
}

/* Every other one is by somebody without standing. */
static bool is_strangers(unsigned b)
{
    return b % 2 == 1;
}

static void do_batch(void)
{
    assert_int_equal(store_apply(w.f.store, w.f.batch), ERR_OK);
    store_refresh(w.f.store);
    store_batch_clear(w.f.batch);
}

static void follow(unsigned t, enum store_policy policy, uint64_t bytes,
                   const uint8_t *pledge)
{
    struct store_follow row = { .policy = policy, .quota_bytes = bytes };

    memcpy(row.topic, w.topics[t], ID_LEN);
    if (pledge != NULL)
        memcpy(row.pledge, pledge, ID_LEN);
    assert_int_equal(store_batch_follow(w.f.batch, &row), ERR_OK);
    do_batch();
}

static void begin(uint64_t seed)
{
    struct store_follow board = { .policy = STORE_POLICY_SHARE,
                                  .quota_bytes = BOARD_BYTES };

    memset(&w, 0, sizeof w);
    fixture_open(&w.f);
    w.random = seed;
    w.now_ms = DAY0;
    tick(0);
    memset(w.board, 0xbb, ID_LEN);
    for (unsigned t = 0; t < TOPICS; t++)
        memset(w.topics[t], (int)t + 0x10, ID_LEN);
    for (unsigned b = 0; b < BLOBS; b++) {
        struct bytes content = small_content(b);

        w.blobs[b].size = content.len;
        if (b < SMALL) {
            assert_int_equal(
                blob_span_hash(NULL, w.blobs[b].root, content.len, content),
                ERR_OK);
        } else {
            memset(w.blobs[b].root, (int)(0x90 + b), HASH_LEN);
            w.blobs[b].size = 100 * KIB + 85 * KIB * (b - SMALL);
        }
    }
    memcpy(board.topic, w.board, ID_LEN);
    store_batch_clear(w.f.batch);
    assert_int_equal(store_batch_follow(w.f.batch, &board), ERR_OK);
    follow(LOOSE, STORE_POLICY_FOLLOW, 0, NULL);
    follow(OWN, STORE_POLICY_SEED, OWN_BYTES, NULL);
    follow(PERSON, STORE_POLICY_SEED, GIVEN_BYTES, NULL);
    follow(FIRST, STORE_POLICY_SEED, 0, w.topics[PERSON]);
    follow(SECOND, STORE_POLICY_SEED, 0, w.topics[PERSON]);
    follow(THIRD, STORE_POLICY_SHARE, 0, w.board);
    follow(FOURTH, STORE_POLICY_SHARE, 0, w.board);
}

/* ---- What is on its way ------------------------------------------------- */

static bool is_held(unsigned t, unsigned b)
{
    return blobs_held_for(w.f.store, &w.blobs[b], w.topics[t]);
}

static bool is_whole(unsigned b)
{
    struct blob_info info;

    return blobs_find(w.f.store, &w.blobs[b], &info) == ERR_OK &&
           info.state != BLOB_PARTIAL;
}

static uint64_t missing(unsigned b)
{
    struct blob_info info;

    if (blobs_find(w.f.store, &w.blobs[b], &info) != ERR_OK)
        return w.blobs[b].size;
    return w.blobs[b].size - info.have_bytes;
}

static uint64_t coming_all(void)
{
    uint64_t bytes = w.promised;

    for (unsigned i = 0; i < FLYING; i++)
        if (w.flights[i].is_flying)
            bytes += missing(w.flights[i].blob);
    return bytes;
}

static struct room_coming coming_of(const uint8_t pledge[ID_LEN])
{
    struct room_coming sum = { 0 };

    for (unsigned i = 0; i < FLYING; i++) {
        const struct flight *f = &w.flights[i];

        if (!f->is_flying || memcmp(f->pledge, pledge, ID_LEN) != 0 ||
            is_held(f->topic, f->blob))
            continue;
        sum.bytes += w.blobs[f->blob].size;
        if (f->is_strangers)
            sum.strangers_bytes += w.blobs[f->blob].size;
    }
    return sum;
}

static struct flight *flight_of(unsigned b)
{
    for (unsigned i = 0; i < FLYING; i++)
        if (w.flights[i].is_flying && w.flights[i].blob == b)
            return &w.flights[i];
    return NULL;
}

/* ---- Steps -------------------------------------------------------------- */

/* A want that is due. */
static void ask(unsigned t, unsigned b)
{
    struct flight *f = &w.flights[pick(FLYING)];
    struct room_pledge pledge;
    struct room_coming coming;
    bool strangers;

    if (f->is_flying || flight_of(b) != NULL || b == w.promised_blob ||
        (is_held(t, b) && is_whole(b)) ||
        room_pledge_of(w.f.store, w.topics[t], &pledge) != ERR_OK)
        return;
    strangers = pledge.is_pledged && is_strangers(b);
    coming = coming_of(pledge.id);
    if (!is_held(t, b) &&
        !room_admits(&pledge, &coming, ALL_BYTES, w.blobs[b].size, strangers)) {
        w.refused_by_pledge++;
        if (room_admits(&pledge, &coming, ALL_BYTES, w.blobs[b].size, false))
            w.refused_strangers++;
        return;
    }
    if (!room_fits(w.f.store, ALL_BYTES, coming_all(), missing(b))) {
        w.refused_by_all++;
        return;
    }
    *f = (struct flight){ true, t, b, strangers, { 0 } };
    memcpy(f->pledge, pledge.id, ID_LEN);
    w.begun++;
}

static void put_mark(const struct flight *f)
{
    if (f->is_strangers)
        assert_int_equal(keep_put_mark(w.f.batch, &w.blobs[f->blob],
                                       w.topics[f->topic], true),
                         ERR_OK);
}

/* Something of it comes: its row, some of its bytes, or all. */
static void land(struct flight *f)
{
    static uint8_t bytes[BLOB_SPAN_LEN];
    const struct blob_id *id = &w.blobs[f->blob];
    struct blob_part *part;
    struct blob_id got;

    if (!f->is_flying)
        return;
    if (f->blob < SMALL) {
        assert_int_equal(blobs_put_inline(w.f.batch, w.topics[f->topic],
                                          small_content(f->blob), &got),
                         ERR_OK);
        put_mark(f);
        do_batch();
        f->is_flying = false;
        return;
    }
    if (!is_held(f->topic, f->blob)) {
        assert_int_equal(blobs_put_begin(w.f.batch, id, w.topics[f->topic]),
                         ERR_OK);
        put_mark(f);
        do_batch();
        f->is_flying = !is_whole(f->blob);
        return;
    }
    if (blob_part_open(&part, w.f.store, id) != ERR_OK) {
        f->is_flying = false; /* whole by now, or dropped */
        return;
    }
    for (uint64_t i = 0; i < blob_span_count(id->size); i++)
        if (!blob_part_has(part, i) && pick(2) == 0)
            assert_int_equal(
                blob_part_write(
                    part, i,
                    (struct bytes){ bytes, blob_span_len(id->size, i) }),
                ERR_OK);
    f->is_flying = blob_part_missing(part) > 0;
    assert_int_equal(f->is_flying ? blob_part_sync(part, w.f.batch)
                                  : blob_part_finish(part, w.f.batch),
                     ERR_OK);
    do_batch();
    blob_part_close(part);
}

/* Somebody brings a file of their own: first room, then the file. */
static void import(unsigned b)
{
    struct blob_id id;

    if (w.promised > 0) {
        b = w.promised_blob;
        assert_int_equal(
            blobs_put_inline(w.f.batch, w.topics[LOOSE], small_content(b), &id),
            ERR_OK);
        assert_int_equal(
            keep_put_pin(w.f.batch, &w.blobs[b], w.topics[LOOSE], KEEP_PIN_OWN),
            ERR_OK);
        do_batch();
        w.promised = 0;
        w.promised_blob = BLOBS;
    } else if (flight_of(b) == NULL && !is_whole(b) &&
               room_fits(w.f.store, ALL_BYTES, coming_all(), w.blobs[b].size)) {
        w.promised = w.blobs[b].size;
        w.promised_blob = b;
    }
}

static void pin(unsigned t, unsigned b, enum keep_pin pin)
{
    assert_int_equal(keep_put_pin(w.f.batch, &w.blobs[b], w.topics[t], pin),
                     ERR_OK);
    do_batch();
}

/* By the owner's word, now and then with --last-copy. */
static void drop(unsigned t, unsigned b)
{
    struct flight *f = flight_of(b);
    struct blob_info info;

    if (!is_held(t, b) || blobs_find(w.f.store, &w.blobs[b], &info) != ERR_OK)
        return;
    w.may_lose = pick(8) == 0;
    if (room_is_last(&info, 1, w.elsewhere[b]) && !w.may_lose) {
        w.kept_last++;
        return;
    }
    if (f != NULL && f->topic == t)
        f->is_flying = false;
    assert_int_equal(
        keep_put_pin(w.f.batch, &w.blobs[b], w.topics[t], KEEP_PIN_DROPPED),
        ERR_OK);
    assert_int_equal(blobs_put_release(w.f.batch, &w.blobs[b], w.topics[t]),
                     ERR_OK);
    do_batch();
}

static unsigned blob_of(const struct blob_id *id)
{
    unsigned b = 0;

    while (!blob_id_equal(&w.blobs[b], id))
        b++;
    return b;
}

static void make_room(void)
{
    struct keep_row rows[16];
    size_t n;

    assert_int_equal(keep_page(w.f.store, NULL, rows, 16, &n), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        unsigned b = blob_of(&rows[i].info.id);
        struct room_pledge pledge;
        bool is_pledged =
            room_pledge_of(w.f.store, rows[i].topic, &pledge) == ERR_OK &&
            pledge.is_pledged;

        if (flight_of(b) != NULL || /* it is wanted */
            !room_may_go(&rows[i], is_pledged, w.elsewhere[b]))
            continue;
        assert_false(is_pledged);
        assert_true(rows[i].pin != KEEP_PIN_OWN);
        assert_int_equal(
            keep_put_evict(w.f.batch, &rows[i].info.id, rows[i].topic), ERR_OK);
        w.made_room++;
    }
    do_batch();
}

/* No record names anything here: what is old goes, wanted or not. */
static void collect(unsigned t)
{
    w.may_lose = true;
    for (unsigned b = 0; b < BLOBS; b++)
        if (flight_of(b) == NULL)
            assert_int_equal(keep_put_collect(w.f.batch, &w.blobs[b],
                                              w.topics[t], w.now_ms - GRACE),
                             ERR_OK);
    do_batch();
}

static unsigned topic_of(const uint8_t id[ID_LEN])
{
    return id[0] == 0xbb ? LOOSE : id[0] - 0x10u; /* LOOSE gives nothing */
}

/* What there is now may stay, though the quota be smaller. */
static void raise_ceilings(void)
{
    for (unsigned t = 1; t < TOPICS; t++) {
        struct room_pledge p;
        struct room_coming coming;
        struct ceiling *c;
        uint64_t bound;

        if (room_pledge_of(w.f.store, w.topics[t], &p) != ERR_OK)
            continue;
        c = &w.ceilings[topic_of(p.id)];
        coming = coming_of(p.id);
        bound = p.bytes != 0 ? p.bytes : ALL_BYTES;
        c->bytes = p.usage.bytes + coming.bytes;
        c->bytes = c->bytes > bound ? c->bytes : bound;
        c->strangers_bytes = p.usage.strangers_bytes + coming.strangers_bytes;
        if (c->strangers_bytes < bound / ROOM_STRANGERS_PART)
            c->strangers_bytes = bound / ROOM_STRANGERS_PART;
    }
}

/* Follows, seeds, or gives up; what is on its way goes with the row. */
static void change_row(unsigned t)
{
    switch (pick(5)) {
    case 0:
        assert_int_equal(store_batch_unfollow(w.f.batch, w.topics[t]), ERR_OK);
        do_batch();
        break;
    case 1:
        follow(t, STORE_POLICY_FOLLOW, 0, NULL);
        break;
    case 2:
        follow(t, STORE_POLICY_SEED, OWN_BYTES, NULL);
        break;
    case 3:
        if (t == PERSON)
            follow(t, STORE_POLICY_SEED, GIVEN_BYTES, NULL);
        else
            follow(t, STORE_POLICY_SEED, 0, w.topics[PERSON]);
        break;
    default:
        if (t != PERSON)
            follow(t, STORE_POLICY_SHARE, 0, w.board);
        break;
    }
    for (unsigned i = 0; i < FLYING; i++) {
        struct flight *f = &w.flights[i];
        struct room_pledge pledge;

        if (f->is_flying &&
            room_pledge_of(w.f.store, w.topics[f->topic], &pledge) == ERR_OK)
            memcpy(f->pledge, pledge.id, ID_LEN);
    }
    raise_ceilings();
}

static void crash(void)
{
    memset(w.flights, 0, sizeof w.flights);
    w.promised = 0;
    w.promised_blob = BLOBS;
    fixture_reopen(&w.f);
    tick(0);
}

static void step(void)
{
    unsigned t = pick(TOPICS);
    unsigned b = pick(BLOBS);

    switch (pick(24)) {
    case 0:
        w.flights[pick(FLYING)].is_flying = false; /* nobody has it */
        break;
    case 1:
        pin(t, b, (enum keep_pin)pick(4));
        break;
    case 2:
    case 3:
        drop(t, b);
        break;
    case 4:
        make_room();
        break;
    case 5:
        tick(pick(12) * HOUR);
        if (pick(30) == 0)
            collect(t);
        break;
    case 6:
        if (pick(4) == 0)
            change_row(1 + pick(TOPICS - 1));
        break;
    case 7:
    case 8:
        import(pick(SMALL));
        break;
    case 9:
        w.elsewhere[b] = pick(3);
        break;
    case 10:
        if (pick(12) == 0)
            crash();
        break;
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
        land(&w.flights[pick(FLYING)]);
        break;
    default:
        for (unsigned i = 0; i < 3; i++)
            ask(t, pick(BLOBS));
        break;
    }
}

/* ---- What must be so ---------------------------------------------------- */

/* No more than the quota, what is coming included. */
static void check_all(void)
{
    struct store_totals totals;

    assert_int_equal(store_totals(w.f.store, &totals), ERR_OK);
    assert_true(totals.blob_bytes + totals.part_bytes + coming_all() <=
                ALL_BYTES);
}

static void add(struct keep_usage *sum, const struct keep_usage *usage)
{
    sum->blobs += usage->blobs;
    sum->bytes += usage->bytes;
    sum->strangers_bytes += usage->strangers_bytes;
}

/* Each sum is that of its topics, and within its quota. */
static void check_pledge(const uint8_t giver[ID_LEN],
                         const struct room_pledge *p)
{
    struct room_coming coming = coming_of(giver);
    const struct ceiling *c = &w.ceilings[topic_of(giver)];
    struct keep_usage sum;

    assert_int_equal(keep_usage(w.f.store, giver, &sum), ERR_OK);
    for (unsigned t = 0; t < TOPICS; t++) {
        struct keep_usage usage;
        struct store_follow row;

        assert_int_equal(keep_usage(w.f.store, w.topics[t], &usage), ERR_OK);
        if (store_follow_find(w.f.store, w.topics[t], &row) == ERR_OK &&
            memcmp(row.pledge, giver, ID_LEN) == 0)
            add(&sum, &usage);
    }
    assert_memory_equal(&p->usage, &sum, sizeof sum);
    if (p->bytes != 0)
        assert_true(sum.bytes + coming.bytes <= c->bytes);
    if (p->is_pledged)
        assert_true(sum.strangers_bytes + coming.strangers_bytes <=
                    c->strangers_bytes);
}

static void check_pledges(void)
{
    for (unsigned t = 1; t < TOPICS; t++) {
        struct room_pledge p;

        if (room_pledge_of(w.f.store, w.topics[t], &p) == ERR_OK)
            check_pledge(p.id, &p);
    }
}

static void run(uint64_t seed)
{
    begin(seed);
    w.promised_blob = BLOBS;
    raise_ceilings();
    for (unsigned i = 0; i < STEPS; i++) {
        bool was_last[BLOBS];

        for (unsigned b = 0; b < BLOBS; b++)
            was_last[b] = is_whole(b) && w.elsewhere[b] == 0;
        w.may_lose = false;
        step();
        for (unsigned b = 0; b < BLOBS; b++)
            assert_true(!was_last[b] || w.may_lose || is_whole(b));
        check_all();
        check_pledges();
    }
    fixture_close(&w.f);
}

static void no_sequence_passes_a_quota_or_loses_the_last_copy(void **state)
{
    unsigned begun = 0;
    unsigned kept = 0;
    unsigned made = 0;
    unsigned pledge = 0;
    unsigned strangers = 0;
    unsigned all = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run(seed);
        begun += w.begun;
        kept += w.kept_last;
        made += w.made_room;
        pledge += w.refused_by_pledge;
        strangers += w.refused_strangers;
        all += w.refused_by_all;
    }
    /* Each rule has had its say. */
    assert_true(begun > 100);
    assert_true(kept > 0);
    assert_true(made > 0);
    assert_true(pledge > strangers);
    assert_true(strangers > 0);
    assert_true(all > 0);
}

/* ---- Limits ------------------------------------------------------------- */

static void a_pledge_is_full_at_its_last_byte(void **state)
{
    struct room_pledge p = { .is_pledged = true,
                             .bytes = 1000,
                             .usage = { 3, 600, 60 } };
    struct room_coming coming = { 300, 30 };

    (void)state;
    assert_true(room_admits(&p, &coming, 0, 99, false));
    assert_true(room_admits(&p, &coming, 0, 100, false));
    assert_false(room_admits(&p, &coming, 0, 101, false));
    assert_false(room_admits(&p, &coming, 0, UINT64_MAX, false));
    /* Strangers have a tenth of it, of which what is coming takes. */
    assert_true(room_admits(&p, &coming, 0, 9, true));
    assert_true(room_admits(&p, &coming, 0, 10, true));
    assert_false(room_admits(&p, &coming, 0, 11, true));
    p.usage.bytes = 1001; /* it was larger once */
    assert_false(room_admits(&p, &coming, 0, 0, false));
    coming.bytes = UINT64_MAX;
    p.usage.bytes = 600;
    assert_false(room_admits(&p, &coming, 0, 1, false));
}

static void
without_a_bound_that_of_all_blobs_gives_strangers_theirs(void **state)
{
    struct room_pledge p = { .is_pledged = true, .usage = { 3, 600, 60 } };
    struct room_coming coming = { 0 };

    (void)state;
    assert_true(room_admits(&p, &coming, 0, 1 << 30, true));
    assert_true(room_admits(&p, &coming, 700, 1 << 30, false));
    assert_true(room_admits(&p, &coming, 700, 10, true));
    assert_false(room_admits(&p, &coming, 700, 11, true));
    p.is_pledged = false; /* what is only followed is asked for by name */
    assert_true(room_admits(&p, &coming, 700, 11, true));
}

static void all_blobs_together_are_full_at_the_last_byte(void **state)
{
    struct blob_id id;

    (void)state;
    begin(1);
    assert_int_equal(
        blobs_put_inline(w.f.batch, w.topics[LOOSE], small_content(0), &id),
        ERR_OK);
    do_batch();
    assert_true(room_fits(w.f.store, 10000, 500, 500));
    assert_true(room_fits(w.f.store, 10000, 499, 500));
    assert_false(room_fits(w.f.store, 10000, 501, 500));
    assert_false(room_fits(w.f.store, 8999, 0, 0));
    assert_false(room_fits(w.f.store, 10000, UINT64_MAX, 1));
    assert_true(room_fits(w.f.store, 0, UINT64_MAX, UINT64_MAX));
    fixture_close(&w.f);
}

static void only_what_nobody_claims_and_others_have_makes_room(void **state)
{
    const struct keep_row spare = {
        .info = { .state = BLOB_FILE, .topics = 1, .have_bytes = 1 }
    };
    struct keep_row row = spare;

    (void)state;
    assert_true(room_may_go(&row, false, 1));
    assert_false(room_may_go(&row, false, 0));
    assert_false(room_may_go(&row, true, 9));
    row.pin = KEEP_PIN_OWN;
    assert_false(room_may_go(&row, false, 9));
    row.pin = KEEP_PIN_ASKED;
    assert_false(room_may_go(&row, false, 9));
    row.pin = KEEP_PIN_DROPPED;
    assert_true(room_may_go(&row, false, 1));
    row = spare;
    row.info.topics = 2;
    assert_false(room_may_go(&row, false, 9));
    row = spare;
    row.info.state = BLOB_EXTERNAL; /* another's file: no room would come */
    assert_false(room_may_go(&row, false, 9));
    row = spare;
    row.info.have_bytes = 0;
    assert_false(room_may_go(&row, false, 9));
}

static void the_last_copy_is_the_whole_one_that_nobody_else_has(void **state)
{
    struct blob_info info = { .state = BLOB_FILE, .topics = 2 };

    (void)state;
    assert_true(room_is_last(&info, 2, 0));
    assert_false(room_is_last(&info, 1, 0)); /* another topic keeps it */
    assert_false(room_is_last(&info, 2, 1));
    info.state = BLOB_PARTIAL;
    assert_false(room_is_last(&info, 2, 0));
}

static void a_pledge_that_is_over_bounds_nothing(void **state)
{
    struct room_pledge p;

    (void)state;
    begin(1);
    assert_int_equal(room_pledge_of(w.f.store, w.topics[FIRST], &p), ERR_OK);
    assert_memory_equal(p.id, w.topics[PERSON], ID_LEN);
    assert_true(p.bytes == GIVEN_BYTES);
    assert_int_equal(store_batch_unfollow(w.f.batch, w.topics[PERSON]), ERR_OK);
    do_batch();
    assert_int_equal(room_pledge_of(w.f.store, w.topics[FIRST], &p), ERR_OK);
    assert_memory_equal(p.id, w.topics[FIRST], ID_LEN);
    assert_true(p.bytes == 0);
    assert_int_equal(room_pledge_of(w.f.store, w.topics[PERSON], &p),
                     ERR_NOT_FOUND);
    fixture_close(&w.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_sequence_passes_a_quota_or_loses_the_last_copy),
        cmocka_unit_test(a_pledge_is_full_at_its_last_byte),
        cmocka_unit_test(
            without_a_bound_that_of_all_blobs_gives_strangers_theirs),
        cmocka_unit_test(all_blobs_together_are_full_at_the_last_byte),
        cmocka_unit_test(only_what_nobody_claims_and_others_have_makes_room),
        cmocka_unit_test(the_last_copy_is_the_whole_one_that_nobody_else_has),
        cmocka_unit_test(a_pledge_that_is_over_bounds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
