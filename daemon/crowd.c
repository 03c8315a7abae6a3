#include "daemon/crowd.h"

#include <assert.h>

static size_t crowd_of(const struct crowd_member *members, size_t count,
                       uint64_t network)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += members[i].network == network;
    return n;
}

size_t crowd_pick(const struct crowd_member *members, size_t count)
{
    size_t best = 0;
    size_t best_crowd = 0;

    assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        size_t crowd = crowd_of(members, count, members[i].network);

        if (crowd > best_crowd ||
            (crowd == best_crowd &&
             members[i].since_ms < members[best].since_ms)) {
            best = i;
            best_crowd = crowd;
        }
    }
    return best;
}

size_t crowd_pick_latest(const struct crowd_member *members, size_t count)
{
    size_t best = 0;
    size_t best_crowd = 0;

    assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        size_t crowd = crowd_of(members, count, members[i].network);

        if (crowd > best_crowd ||
            (crowd == best_crowd &&
             members[i].since_ms >= members[best].since_ms)) {
            best = i;
            best_crowd = crowd;
        }
    }
    return best;
}
