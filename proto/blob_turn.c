/* Places for those who wait.  Knows nothing of blobs and peers but numbers. */
#include "proto/blob_turn.h"

#include <assert.h>
#include <string.h>

void blob_turns_init(struct blob_turns *t)
{
    memset(t, 0, sizeof *t);
}

static void begin_window(struct blob_turn *turn, uint64_t now_ms)
{
    turn->window_ms = now_ms;
    turn->window_total = turn->total;
}

void blob_turns_take(struct blob_turns *t, unsigned place, uint64_t now_ms)
{
    assert(place < BLOB_TURN_PLACES && !t->places[place].used);
    t->places[place] = (struct blob_turn){ .used = true };
    begin_window(&t->places[place], now_ms);
}

void blob_turns_leave(struct blob_turns *t, unsigned place)
{
    assert(place < BLOB_TURN_PLACES && t->places[place].used);
    t->places[place].used = false;
}

void blob_turns_note(struct blob_turns *t, unsigned place, uint64_t total,
                     uint64_t now_ms)
{
    struct blob_turn *turn = &t->places[place];
    uint64_t elapsed = now_ms - turn->window_ms;

    assert(place < BLOB_TURN_PLACES && turn->used && total >= turn->total);
    turn->total = total;
    if (elapsed < BLOB_TURN_WINDOW_MS)
        return;
    turn->slow =
        (total - turn->window_total) * 1000 / elapsed < BLOB_TURN_FLOOR;
    begin_window(turn, now_ms);
}

void blob_turns_excuse(struct blob_turns *t, unsigned place, uint64_t now_ms)
{
    struct blob_turn *turn = &t->places[place];

    assert(place < BLOB_TURN_PLACES && turn->used);
    turn->slow = false;
    begin_window(turn, now_ms);
}

bool blob_turns_give(struct blob_turns *t, unsigned candidates, uint64_t now_ms,
                     unsigned *place)
{
    const struct blob_turn *least = NULL;

    if (now_ms < t->next_ms)
        return false;
    for (unsigned i = 0; i < BLOB_TURN_PLACES; i++) {
        const struct blob_turn *turn = &t->places[i];

        if (turn->used && turn->slow && (candidates >> i & 1) != 0 &&
            (least == NULL || turn->total < least->total))
            least = turn;
    }
    if (least == NULL)
        return false;
    t->next_ms = now_ms + BLOB_TURN_WINDOW_MS;
    *place = (unsigned)(least - t->places);
    return true;
}

void blob_turns_blame(struct blob_turns *t, uint64_t source, uint64_t now_ms)
{
    size_t at = 0;

    assert(source != 0);
    /* Its own line, else the one that counts no more, or first no more. */
    for (size_t i = 0; i < BLOB_TURN_SOURCES; i++) {
        if (t->slow[i].source == source) {
            at = i;
            break;
        }
        if (t->slow[i].until_ms < t->slow[at].until_ms)
            at = i;
    }
    t->slow[at].source = source;
    t->slow[at].until_ms = now_ms + BLOB_TURN_SLOW_MS;
}

bool blob_turns_is_slow(const struct blob_turns *t, uint64_t source,
                        uint64_t now_ms)
{
    for (size_t i = 0; i < BLOB_TURN_SOURCES; i++)
        if (t->slow[i].source == source)
            return now_ms < t->slow[i].until_ms;
    return false;
}
