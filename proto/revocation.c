/* The rule of §2.5, and nothing else. */
#include "proto/revocation.h"

#include <assert.h>
#include <string.h>

/* The earliest moment that this revocation may speak of. */
static uint64_t since(const struct revocation *v)
{
    uint64_t earliest = v->created_ms > REVOCATION_REACH_MS
                            ? v->created_ms - REVOCATION_REACH_MS
                            : 0;

    return v->since_ms > earliest ? v->since_ms : earliest;
}

static bool is_known(const struct revocation *v, const uint8_t id[ID_LEN])
{
    size_t low = 0;
    size_t high = v->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(v->known + middle * REVOCATION_PREFIX_LEN, id,
                           REVOCATION_PREFIX_LEN);

        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool revocation_hits(const struct revocation *v, const struct record *r)
{
    assert(v->known != NULL || v->known_count == 0);
    if (memcmp(r->author, v->person, ID_LEN) != 0 ||
        memcmp(r->signer, v->device, KEY_LEN) != 0)
        return false;
    if (r->created_ms >= since(v))
        return true;
    /* A thief can date back, but cannot make an id that its owner listed. */
    return v->known != NULL && !is_known(v, r->id);
}
