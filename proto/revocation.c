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
    size_t at = bytes_place(v->known, v->known_count, REVOCATION_PREFIX_LEN,
                            (struct bytes){ id, REVOCATION_PREFIX_LEN });

    return at < v->known_count && memcmp(v->known + at * REVOCATION_PREFIX_LEN,
                                         id, REVOCATION_PREFIX_LEN) == 0;
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
