/* How much is asked of a peer at once, and when not. */
#include "daemon/fetch_source.h"

#include <assert.h>

#include "proto/blob_turn.h"
#include "proto/limits.h"

enum { SAMPLE_MS = 100, PEAK_FADES = 16, REST_MIN_MS = 250, REST_DOUBLES = 7 };

/* A reader who needs another file waits behind no more than this. */
#define WINDOW_MAX ((uint64_t)8 * 1024 * 1024)

static_assert(WINDOW_MAX <= BLOB_WINDOW_MAX, "as §6.5 bounds it");

struct fetch_source *fetch_source_find(struct fetch_sources *s, uint64_t conn)
{
    for (unsigned i = 0; i < FETCH_SOURCES; i++)
        if (s->list[i].conn == conn)
            return &s->list[i];
    return NULL;
}

/* Of those that owe nothing a free place, or whose rest ends first. */
static struct fetch_source *find_place(struct fetch_sources *s)
{
    struct fetch_source *found = NULL;

    for (unsigned i = 0; i < FETCH_SOURCES; i++) {
        struct fetch_source *place = &s->list[i];

        if (place->conn == 0)
            return place;
        if (place->open == 0 &&
            (found == NULL || place->rest_until_ms < found->rest_until_ms))
            found = place;
    }
    return found;
}

struct fetch_source *fetch_source_take(struct fetch_sources *s, uint64_t conn)
{
    struct fetch_source *found = fetch_source_find(s, conn);

    if (found != NULL)
        return found;
    found = find_place(s);
    if (found != NULL)
        *found = (struct fetch_source){ .conn = conn };
    return found;
}

bool fetch_source_has_place(struct fetch_sources *s)
{
    return find_place(s) != NULL;
}

bool fetch_source_has_room(const struct fetch_source *s, uint64_t bytes,
                           uint64_t rtt_ms)
{
    uint64_t window = 2 * s->peak * (2 * rtt_ms + BLOB_SLACK_MS) / 1000;

    if (window < BLOB_WINDOW_MIN)
        window = BLOB_WINDOW_MIN;
    if (window > WINDOW_MAX)
        window = WINDOW_MAX;
    /* One may always be asked for, however large it is. */
    return s->open == 0 ||
           (s->open < FETCH_SOURCE_OPEN && s->in_flight + bytes <= window);
}

bool fetch_source_rests(const struct fetch_source *s, uint64_t now_ms)
{
    return now_ms < s->rest_until_ms;
}

bool fetch_source_is_doubtful(const struct fetch_source *s)
{
    return s->misses > 0;
}

bool fetch_source_is_slow(struct fetch_source *s, uint64_t now_ms)
{
    uint64_t due = (uint64_t)BLOB_TURN_FLOOR * BLOB_TIMEOUT_MS / 1000;
    bool is_slow;

    if (s->in_flight == 0 || now_ms - s->watch_ms < BLOB_TIMEOUT_MS)
        return false;
    is_slow = s->watch_bytes < due;
    s->watch_ms = now_ms;
    s->watch_bytes = 0;
    return is_slow;
}

void fetch_source_asked(struct fetch_source *s, uint64_t bytes, uint64_t now_ms)
{
    if (s->in_flight == 0) { /* the time in which nobody asked does not count */
        s->sample_ms = now_ms;
        s->sample_bytes = 0;
        s->watch_ms = now_ms;
        s->watch_bytes = 0;
    }
    s->open++;
    s->in_flight += bytes;
}

void fetch_source_came(struct fetch_source *s, size_t bytes, uint64_t now_ms)
{
    uint64_t elapsed = now_ms - s->sample_ms;
    uint64_t rate;

    assert(bytes <= s->in_flight);
    s->in_flight -= bytes;
    s->watch_bytes += bytes;
    s->sample_bytes += bytes;
    s->misses = 0;
    if (elapsed < SAMPLE_MS)
        return;
    rate = s->sample_bytes * 1000 / elapsed;
    s->peak -= s->peak / PEAK_FADES;
    if (s->peak < rate)
        s->peak = rate;
    s->sample_bytes = 0;
    s->sample_ms = now_ms;
}

void fetch_source_ended(struct fetch_source *s, uint64_t bytes)
{
    assert(s->open > 0 && bytes <= s->in_flight);
    s->open--;
    s->in_flight -= bytes;
}

void fetch_source_called_off(struct fetch_source *s, uint64_t bytes)
{
    assert(bytes <= s->in_flight);
    s->in_flight -= bytes;
    s->called_off++;
}

bool fetch_source_gave_up(struct fetch_source *s)
{
    if (s->called_off == 0)
        return false;
    s->called_off--;
    s->open--;
    return true;
}

void fetch_source_missed(struct fetch_source *s, uint64_t now_ms)
{
    unsigned doubles = s->misses < REST_DOUBLES ? s->misses : REST_DOUBLES;

    /* Of many that are asked for at once all may be missed: that is once. */
    if (fetch_source_rests(s, now_ms))
        return;
    s->rest_until_ms = now_ms + ((uint64_t)REST_MIN_MS << doubles);
    s->misses++;
}
