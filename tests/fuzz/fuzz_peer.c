/*
 * Two machines that sync, a fuzzer in between that delays, adds records,
 * changes windows, moves the clock, alters frames and makes up its own.  Input:
 * how many records each side has, then steps.  As long as it does not touch
 * the frames, both sides must end up with the same records.
 */
#include <string.h>

#include "proto/frame.h"
#include "tests/common/peer_pair.h"
#include "tests/fuzz/fuzz.h"

#define SETTLE_MS ((uint64_t)4 * 3600 * 1000)

struct scene {
    struct peer_pair pair;
    bool is_hostile; /* a frame was altered or made up */
};

/* A hostile frame's records are looked at and refused. */
static void take(struct scene *s, struct pair_side *side, uint8_t type,
                 struct bytes payload)
{
    uint8_t *copy = malloc(payload.len + 1); /* its own end, for ASan */
    struct peer_event ev;
    enum err e;

    check(copy != NULL);
    if (payload.len > 0)
        memcpy(copy, payload.data, payload.len);
    e = peer_recv(&side->peer, &ev, type, (struct bytes){ copy, payload.len },
                  s->pair.now_ms);
    for (size_t i = 0; e == ERR_OK && i < ev.count; i++)
        e = peer_record_done(&side->peer, ev.topic, ERR_MALFORMED);
    free(copy);
    if (s->pair.err == ERR_OK)
        s->pair.err = e;
}

static bool is_for_peer(uint8_t type)
{
    return type == PEER_FRAME_HELLO || type == PEER_FRAME_SYNC ||
           type == PEER_FRAME_RECORD || type == PEER_FRAME_NOT_HELD;
}

/* What a side says, with one byte changed on the way. */
static void alter(struct scene *s, size_t from, size_t at, uint8_t change)
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct reader r;
    struct frame f;

    s->is_hostile = true;
    s->pair.err = peer_pull(&s->pair.side[from].peer, &w, s->pair.now_ms);
    if (w.len > 0)
        buf[at % w.len] ^= change;
    r = reader_of(writer_view(&w));
    while (s->pair.err == ERR_OK && r.left > 0 && frame_next(&f, &r) == ERR_OK)
        if (is_for_peer(f.type))
            take(s, &s->pair.side[1 - from], f.type, f.payload);
}

/* A frame of the fuzzer's own, under the true tag if it asks for that. */
static void inject(struct scene *s, size_t to, uint8_t how,
                   struct bytes payload)
{
    static const uint8_t types[] = { PEER_FRAME_HELLO, PEER_FRAME_SYNC,
                                     PEER_FRAME_RECORD, PEER_FRAME_NOT_HELD };
    static uint8_t buf[UINT16_MAX];

    s->is_hostile = true;
    if (payload.len > 0)
        memcpy(buf, payload.data, payload.len);
    if ((how & 4) != 0 && payload.len >= HELLO_TAG_LEN)
        (void)peer_tag_of_topic(&s->pair.side[1 - to].peer, PAIR_TOPIC, buf);
    take(s, &s->pair.side[to], types[how % 4],
         (struct bytes){ buf, payload.len });
}

static void change_window(struct scene *s, size_t side, uint8_t from,
                          uint8_t days)
{
    uint32_t first = PAIR_FROM_DAY + from % 4;
    uint32_t last = first + days;

    pair_join_days(&s->pair, side, first,
                   last < PAIR_UNTIL_DAY ? last : PAIR_UNTIL_DAY);
}

static void step(struct scene *s, struct reader *r)
{
    uint8_t action = reader_u8(r);
    size_t side = action >> 3 & 1;
    uint16_t number = reader_u16(r);
    uint8_t high = (uint8_t)(number >> 8);
    uint8_t low = (uint8_t)number;
    struct bytes payload;

    switch (action % 8) {
    case 0:
        pair_carry(&s->pair, side);
        break;
    case 1:
        alter(s, side, number, (uint8_t)(1 << (action >> 5)));
        break;
    case 2:
        payload = reader_bytes(r, number < r->left ? number : r->left);
        inject(s, side, action >> 4, payload);
        break;
    case 3:
        pair_add(&s->pair, side, number);
        break;
    case 4:
        pair_advance(&s->pair, (uint64_t)number * 16);
        break;
    case 5:
        change_window(s, side, high, low);
        break;
    case 6:
        pair_cross(&s->pair);
        break;
    default:
        peer_reconcile(&s->pair.side[side].peer, PAIR_TOPIC, s->pair.now_ms);
        break;
    }
}

/* Left alone, the two agree. */
static void check_settled(struct scene *s)
{
    pair_join(&s->pair);
    check(pair_settle(&s->pair, SETTLE_MS));
    check(memory_set_equal(&s->pair.side[0].set, &s->pair.side[1].set,
                           PAIR_TOPIC));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of((struct bytes){ data, size });
    struct scene s = { .is_hostile = false };
    uint64_t counts[3]; /* of one side alone, the other alone, and both */

    for (size_t i = 0; i < 3; i++)
        counts[i] = reader_u8(&r);
    pair_init(&s.pair);
    for (size_t i = 0; i < 2; i++)
        s.pair.side[i].set.has_symbols_of_all = true;
    pair_fill(&s.pair, 0, 0, counts[0] + counts[2]);
    pair_fill(&s.pair, 1, counts[0], counts[0] + counts[2] + counts[1]);
    pair_join(&s.pair);
    while (r.err == ERR_OK && r.left > 0 && s.pair.err == ERR_OK)
        step(&s, &r);
    check(s.pair.err == ERR_OK || s.is_hostile);
    check(err_blame(s.pair.err) != BLAME_LOCAL);
    if (!s.is_hostile)
        check_settled(&s);
    pair_wipe(&s.pair);
    return 0;
}
