#include "tests/common/peer_pair.h"

#include <assert.h>
#include <string.h>

const uint8_t PAIR_TOPIC[ID_LEN] = { 0x70, 0x61, 0x69, 0x72 };

uint64_t pair_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

struct record_key pair_key(uint64_t n)
{
    uint64_t state = n * UINT64_C(0x9e3779b97f4a7c15) + 1;
    struct record_key key =
        record_key_at((uint64_t)PAIR_FROM_DAY * DAY_MS + n * 30000);

    for (size_t i = 0; i < ID_LEN; i += 8)
        put_u64(key.id + i, pair_random(&state));
    key.created_ms += key.id[3] * 100;
    return key;
}

void pair_init(struct peer_pair *pair)
{
    memset(pair, 0, sizeof *pair);
    pair->now_ms = 1000000;
    for (size_t i = 0; i < 2; i++) {
        struct peer_config config = {
            .ask = { 7 },
            .salt = { (uint8_t)(i + 1) },
            .node = { (uint8_t)(i + 1) },
            .peer_node = { (uint8_t)(2 - i) },
            .is_dialler = i == 0,
            .set = memory_set_view(&pair->side[i].set),
        };

        peer_init(&pair->side[i].peer, &config);
    }
}

void pair_wipe(struct peer_pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        peer_wipe(&pair->side[i].peer);
        memory_set_wipe(&pair->side[i].set);
    }
}

void pair_join_days(struct peer_pair *pair, size_t side, uint32_t from,
                    uint32_t until)
{
    struct peer_topic topic = { .from_day = from, .until_day = until };
    enum err e;

    memcpy(topic.topic, PAIR_TOPIC, ID_LEN);
    e = peer_topics_set(&pair->side[side].peer, &topic, 1, pair->now_ms);
    assert(e == ERR_OK);
    (void)e;
}

void pair_join(struct peer_pair *pair)
{
    pair_join_days(pair, 0, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    pair_join_days(pair, 1, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
}

static void fail(struct peer_pair *pair, enum err e)
{
    if (pair->err == ERR_OK)
        pair->err = e;
}

static void finish(struct peer_pair *pair, struct pair_side *side,
                   const uint8_t topic[ID_LEN], bool is_new)
{
    if (is_new)
        side->records_new++;
    else
        side->records_known++;
    if (side->is_slow) {
        side->done_due++;
        memcpy(side->done_topic, topic, ID_LEN);
        return;
    }
    fail(pair,
         peer_record_done(&side->peer, topic, is_new ? ERR_OK : ERR_EXISTS));
}

static void store(struct peer_pair *pair, struct pair_side *side,
                  const struct peer_event *ev, const struct record_key *key,
                  bool is_held)
{
    bool is_new = memory_set_add(&side->set, ev->topic, key, is_held);

    if (is_new)
        peer_record_added(&side->peer, ev->topic, key);
    finish(pair, side, ev->topic, is_new);
}

static void ingest(struct peer_pair *pair, struct pair_side *side,
                   const struct peer_event *ev)
{
    struct reader r = reader_of(ev->bytes);
    struct not_held entry;
    struct record_key key;

    if (ev->type == PEER_RECORD) {
        key.created_ms = reader_u64(&r);
        reader_copy(&r, key.id, ID_LEN);
        store(pair, side, ev, &key, true);
    }
    while (ev->type == PEER_NOT_KEPT && not_held_next(&r, &entry)) {
        assert(entry.head.len == ID_LEN);
        key.created_ms = entry.created_ms;
        memcpy(key.id, entry.head.data, ID_LEN);
        store(pair, side, ev, &key, false);
    }
}

void pair_catch_up(struct peer_pair *pair, size_t side)
{
    struct pair_side *s = &pair->side[side];

    for (; s->done_due > 0; s->done_due--)
        fail(pair, peer_record_done(&s->peer, s->done_topic, ERR_OK));
}

static void deliver(struct peer_pair *pair, size_t from, struct bytes frames)
{
    struct pair_side *side = &pair->side[1 - from];
    struct reader r = reader_of(frames);

    while (r.left > 0 && pair->err == ERR_OK) {
        const uint8_t *start = r.pos;
        uint8_t type = reader_u8(&r);
        struct bytes payload = reader_bytes(&r, reader_varint(&r));
        struct peer_event ev;

        assert(r.err == ERR_OK && type < 16);
        pair->side[from].bytes[type] += (uint64_t)(r.pos - start);
        pair->side[from].frames[type]++;
        fail(pair, peer_recv(&side->peer, &ev, type, payload, pair->now_ms));
        if (pair->err != ERR_OK)
            return;
        ingest(pair, side, &ev);
        side->event = ev;
        pair->steps++;
        if (pair->on_step != NULL)
            pair->on_step(pair, pair->context);
    }
}

bool pair_carry(struct peer_pair *pair, size_t from)
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    bool had_output = peer_has_output(&pair->side[from].peer);

    fail(pair, peer_pull(&pair->side[from].peer, &w, pair->now_ms));
    assert(had_output || w.len == 0);
    if (pair->err == ERR_OK)
        deliver(pair, from, writer_view(&w));
    return w.len > 0;
}

void pair_cross(struct peer_pair *pair)
{
    static uint8_t buf[2][NOISE_PLAINTEXT_MAX];
    struct writer w[2];

    for (size_t i = 0; i < 2; i++) {
        w[i] = writer_fixed(buf[i], sizeof buf[i]);
        fail(pair, peer_pull(&pair->side[i].peer, &w[i], pair->now_ms));
    }
    for (size_t i = 0; i < 2; i++)
        deliver(pair, i, writer_view(&w[i]));
}

void pair_run(struct peer_pair *pair)
{
    bool was_busy = true;

    while (was_busy && pair->err == ERR_OK) {
        was_busy = pair_carry(pair, 0);
        was_busy = pair_carry(pair, 1) || was_busy;
    }
}

bool pair_in_sync(const struct peer_pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        struct peer_shared shared;

        if (peer_list_shared(&pair->side[i].peer, &shared, 0, 1) != 1 ||
            !shared.in_sync || shared.in_session || shared.awaited > 0)
            return false;
    }
    return true;
}

void pair_advance(struct peer_pair *pair, uint64_t ms)
{
    pair->now_ms += ms;
    fail(pair, peer_tick(&pair->side[0].peer, pair->now_ms));
    fail(pair, peer_tick(&pair->side[1].peer, pair->now_ms));
}

bool pair_settle(struct peer_pair *pair, uint64_t max_ms)
{
    uint64_t end_ms = pair->now_ms + max_ms;

    for (;;) {
        uint64_t a;
        uint64_t b;

        pair_run(pair);
        if (pair->err != ERR_OK || pair_in_sync(pair))
            return pair->err == ERR_OK;
        a = peer_deadline(&pair->side[0].peer);
        b = peer_deadline(&pair->side[1].peer);
        a = a < b ? a : b;
        if (a > end_ms)
            return false;
        pair_advance(pair, a > pair->now_ms ? a - pair->now_ms : 0);
    }
}

void pair_tell(struct peer_pair *pair, size_t side,
               const struct record_key *key)
{
    struct peer *p = &pair->side[side].peer;

    peer_record_added(p, PAIR_TOPIC, key);
    if (!peer_wants(p, PAIR_TOPIC, key))
        return;
    (void)peer_push(p, PAIR_TOPIC, key->id);
    peer_reconcile(p, PAIR_TOPIC, pair->now_ms + SYNC_EVERY_MS);
}

void pair_add(struct peer_pair *pair, size_t side, uint64_t number)
{
    struct record_key key = pair_key(number);

    if (memory_set_add(&pair->side[side].set, PAIR_TOPIC, &key, true))
        pair_tell(pair, side, &key);
}

void pair_fill(struct peer_pair *pair, size_t side, uint64_t from,
               uint64_t until)
{
    for (; from < until; from++) {
        struct record_key key = pair_key(from);

        (void)memory_set_add(&pair->side[side].set, PAIR_TOPIC, &key, true);
    }
}

uint64_t pair_bytes(const struct peer_pair *pair, uint8_t type)
{
    uint64_t bytes = 0;

    for (uint8_t i = 0; i < 16; i++)
        if (type == 0 || i == type)
            bytes += pair->side[0].bytes[i] + pair->side[1].bytes[i];
    return bytes;
}
