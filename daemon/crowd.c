#include "daemon/crowd.h"

#include <assert.h>
#include <stdbool.h>

static size_t crowd_of(const struct crowd_member *members, size_t count,
                       uint64_t network)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += members[i].network == network;
    return n;
}

/* Whether `a` rather than `b` goes, of networks with the same crowd. */
typedef bool before_fn(const struct crowd_member *a,
                       const struct crowd_member *b);

static bool is_older(const struct crowd_member *a, const struct crowd_member *b)
{
    return a->since_ms < b->since_ms;
}

static bool is_no_older(const struct crowd_member *a,
                        const struct crowd_member *b)
{
    return a->since_ms >= b->since_ms;
}

static size_t pick(const struct crowd_member *members, size_t count,
                   before_fn *goes_before)
{
    size_t best = 0;
    size_t best_crowd = 0;

    assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        size_t crowd = crowd_of(members, count, members[i].network);

        if (crowd > best_crowd ||
            (crowd == best_crowd && goes_before(&members[i], &members[best]))) {
            best = i;
            best_crowd = crowd;
        }
    }
    return best;
}

size_t crowd_pick(const struct crowd_member *members, size_t count)
{
    return pick(members, count, is_older);
}

size_t crowd_pick_latest(const struct crowd_member *members, size_t count)
{
    return pick(members, count, is_no_older);
}
