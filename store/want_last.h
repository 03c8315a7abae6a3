#ifndef STORE_WANT_LAST_H
#define STORE_WANT_LAST_H

#include "store/lease_rows.h"

/*
 * Who had what is wanted and not here, as far as leases said that have gone or
 * that others have taken the place of (docs/storage.md §3).  It goes with the
 * want.
 */
struct want_last {
    uint8_t node[KEY_LEN];
    uint64_t at_ms; /* when it was last shown to this node, or else said */
    bool is_shown;
};

/* What the lease says of all that it names. */
struct want_last want_last_of(const struct store_lease *lease);
/* ERR_NOT_FOUND: no lease that has gone named it while it was wanted. */
MUST_CHECK enum err want_last_find(struct store *store,
                                   const struct blob_id *blob,
                                   const uint8_t topic[ID_LEN],
                                   struct want_last *out);

/* ---- Within a change ---------------------------------------------------- */

struct change;

/*
 * The lease, of which the list is here still, ends or gives way to one of
 * `count` names: what it names and is wanted is remembered.
 */
MUST_CHECK enum err want_last_keep(struct change *change,
                                   const struct store_lease *lease,
                                   uint64_t count);
/* The want has gone. */
MUST_CHECK enum err want_last_remove(struct change *change,
                                     const uint8_t topic[ID_LEN],
                                     const struct blob_id *blob);

#endif
