#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include "store/keep.h"

/*
 * Whether blobs fit, and which may go to make room (docs/storage.md §6).  What
 * is on the disk the store counts; what is on its way only the caller knows.
 */

/* What bounds the blobs of a topic: its own row, or one that it shares. */
struct room_pledge {
    uint8_t id[ID_LEN];      /* the topic of the row with the quota */
    bool is_pledged;         /* seeded or shared: else it is only followed */
    uint64_t bytes;          /* 0: no bound */
    struct keep_usage usage; /* of all topics that it bounds together */
};
/* ERR_NOT_FOUND: the topic is not held. */
MUST_CHECK enum err room_pledge_of(struct store *store,
                                   const uint8_t topic[ID_LEN],
                                   struct room_pledge *out);

/* Blobs that have been begun for a pledge and that its usage lacks still. */
struct room_coming {
    uint64_t bytes;
    uint64_t strangers_bytes;
};

/* Of a pledge, blobs of people without standing take one part in so many. */
#define ROOM_STRANGERS_PART 10

/*
 * Whether a blob of that size may be begun for the pledge, all of it; `all` is
 * the bound of all blobs (0: none), which holds where the pledge has none.
 */
bool room_admits(const struct room_pledge *pledge,
                 const struct room_coming *coming, uint64_t all, uint64_t size,
                 bool is_strangers);

/*
 * Whether `more` bytes fit under `all` (0: always) beside what is whole, what
 * is durable of the rest, and `coming`, which is still to be written.
 */
bool room_fits(struct store *store, uint64_t all, uint64_t coming,
               uint64_t more);

/* Whether nobody here has any claim to it: what room may be made of. */
bool room_is_spare(const struct keep_row *row, bool is_pledged);
/* And whether it can be had again; `elsewhere` as elsewhere_count() says. */
bool room_may_go(const struct keep_row *row, bool is_pledged,
                 unsigned elsewhere);
/* Whether the last copy known goes when so many of its topics lose it. */
bool room_is_last(const struct blob_info *blob, uint32_t losing,
                  unsigned elsewhere);

#endif
