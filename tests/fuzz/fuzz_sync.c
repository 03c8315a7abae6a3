/*
 * A hostile peer against one machine that shares a topic with it.  Input: the
 * number of records held, then frames: type (1), length (2), payload.  In
 * frames of a topic the true tag takes the place of the first eight bytes,
 * which no fuzzer could guess.  Some types make the machine open a session.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/peer_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says all that it wants to say, into the void; half a second passes. */
static enum err drain(struct peer_pair *pair)
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    struct peer *p = &pair->side[0].peer;
    struct writer w = writer_fixed(buf, sizeof buf);
    enum err e = peer_pull(p, &w, pair->now_ms);

    pair->now_ms += 500;
    return e == ERR_OK ? peer_tick(p, pair->now_ms) : e;
}

static enum err take(struct peer_pair *pair, uint8_t type, struct bytes payload)
{
    struct pair_side *side = &pair->side[0];
    struct peer_event ev;
    enum err e = peer_recv(&side->peer, &ev, type, payload, pair->now_ms);

    for (size_t i = 0; e == ERR_OK && i < ev.count; i++)
        e = peer_record_done(&side->peer, ev.topic, ERR_OK);
    return e == ERR_OK ? drain(pair) : e;
}

static enum err take_next(struct peer_pair *pair, struct reader *r,
                          const uint8_t tag[HELLO_TAG_LEN])
{
    static const uint8_t types[] = { PEER_FRAME_HELLO, PEER_FRAME_SYNC,
                                     PEER_FRAME_SYNC, PEER_FRAME_RECORD,
                                     PEER_FRAME_NOT_HELD };
    uint8_t which = reader_u8(r);
    uint8_t type = types[which % sizeof types];
    size_t len = reader_u16(r);
    struct bytes payload = reader_bytes(r, len < r->left ? len : r->left);
    uint8_t *copy = malloc(payload.len + 1);
    enum err e;

    assert(copy != NULL && r->err == ERR_OK);
    if (which >= 0xf0)
        peer_reconcile(&pair->side[0].peer, PAIR_TOPIC, pair->now_ms);
    if (payload.len > 0)
        memcpy(copy, payload.data, payload.len);
    if (type != PEER_FRAME_HELLO && payload.len >= HELLO_TAG_LEN)
        memcpy(copy, tag, HELLO_TAG_LEN);
    e = take(pair, type, (struct bytes){ copy, payload.len });
    free(copy);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of((struct bytes){ data, size });
    struct peer_pair pair;
    uint8_t tag[HELLO_TAG_LEN];
    uint64_t count = (uint64_t)reader_u8(&r) * 4;
    bool is_known;

    pair_init(&pair);
    pair.side[0].set.has_symbols_of_all = true;
    pair_fill(&pair, 0, 0, count);
    pair_fill(&pair, 1, 0, count);
    pair_join(&pair);
    pair_run(&pair);
    is_known = peer_tag_of_topic(&pair.side[1].peer, PAIR_TOPIC, tag);
    assert(is_known && pair_in_sync(&pair));
    while (r.left > 3 && take_next(&pair, &r, tag) == ERR_OK)
        ;
    pair_wipe(&pair);
    return 0;
}
