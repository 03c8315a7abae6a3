#ifndef PROTO_PLUMTREE_PARTS_H
#define PROTO_PLUMTREE_PARTS_H

#include <string.h>

#include "proto/plumtree.h"

/*
 * What the files of plumtree share: plumtree.c who shares a topic and which
 * links are eager, plumtree_tell.c who is told of a new record,
 * plumtree_missing.c what others announced and did not send.  For nobody else.
 */

static inline bool plumtree_same(const uint8_t a[ID_LEN],
                                 const uint8_t b[ID_LEN])
{
    return memcmp(a, b, ID_LEN) == 0;
}

/* So long for another one to answer, after who was asked first. */
static inline uint64_t plumtree_pause_after(uint32_t wait_ms)
{
    return wait_ms / 2;
}

/* --- plumtree.c --- */

/* Room for one more element of `size` bytes; false if there is no memory. */
bool plumtree_make_room(void **array, size_t *cap, size_t count, size_t size);
/* `key` may be NULL. */
void plumtree_wish(struct plumtree *p, enum plumtree_wish_type type,
                   uint64_t link, const uint8_t topic[ID_LEN],
                   const struct record_key *key);
struct plumtree_topic *plumtree_topic_find(const struct plumtree *p,
                                           const uint8_t topic[ID_LEN]);
/* NULL is a topic without links. */
struct plumtree_peer *plumtree_peer_find(const struct plumtree_topic *t,
                                         uint64_t link);
void plumtree_set_eager(struct plumtree *p, uint64_t link,
                        const uint8_t topic[ID_LEN], bool is_eager);

/* --- plumtree_missing.c --- */

struct plumtree_missing *plumtree_missing_find(const struct plumtree *p,
                                               const uint8_t topic[ID_LEN],
                                               const uint8_t id[ID_LEN]);
void plumtree_missing_drop(struct plumtree *p, struct plumtree_missing *m);
/* Whether the link has announced it; NULL was by nobody. */
bool plumtree_missing_is_by(const struct plumtree_missing *m, uint64_t link);
/* The link is not to be asked any more; topic NULL: for any. */
void plumtree_missing_leave(struct plumtree *p, uint64_t link,
                            const uint8_t *topic);
uint64_t plumtree_missing_deadline(const struct plumtree *p);
void plumtree_missing_tick(struct plumtree *p, uint64_t now_ms);

/* --- plumtree_tell.c --- */

/* Whoever says that it has the record needs it no more. */
void plumtree_parcel_arrived(struct plumtree *p, uint64_t link,
                             const uint8_t topic[ID_LEN],
                             const uint8_t id[ID_LEN], uint64_t now_ms);
/* The link gets nothing any more; topic NULL: of any. */
void plumtree_parcels_leave(struct plumtree *p, uint64_t link,
                            const uint8_t *topic);
uint64_t plumtree_parcels_deadline(const struct plumtree *p);
void plumtree_parcels_tick(struct plumtree *p, uint64_t now_ms);

#endif
