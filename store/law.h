#ifndef STORE_LAW_H
#define STORE_LAW_H

#include "store/blobs.h"

/*
 * What the owner of this node has laid down for it, and for nobody else: whom
 * they have blocked, what was taken down, whose rulings they follow.  Durable
 * rows of records.mdb (docs/storage.md §3): neither an index made anew, nor a
 * peer, nor an import undoes them.
 */

/* The numbers are stored: append only. */
enum law_kind {
    LAW_BLOCKED = 1,   /* a person: their things are not kept, not shown */
    LAW_NO_RECORD = 2, /* a record: known, never held */
    LAW_NO_BLOB = 3,   /* a root, of whatever size: never held, never wanted */
    LAW_KEEPER = 4,    /* a person: their rulings hide things here */
    LAW_SHOWN = 5,     /* a record or person: shown whatever keepers say */
    LAW_LET_IN = 6     /* a person, a comment or, as zeros, everybody: may speak
                          on the works of this node's person */
};

#define LAW_REASON_MAX 500

struct law {
    enum law_kind kind;
    uint8_t id[ID_LEN]; /* of the person or record; or the root */
    uint64_t since_ms;
    uint64_t until_ms; /* it has no effect from then on; 0: for good */
    size_t reason_len;
    char reason[LAW_REASON_MAX + 1]; /* NUL-terminated */
};

/* Adds the row, or takes the place of that of the same kind and id. */
MUST_CHECK enum err law_put(struct store_batch *batch, const struct law *law);
MUST_CHECK enum err law_remove(struct store_batch *batch, enum law_kind kind,
                               const uint8_t id[ID_LEN]);
/*
 * Forgets a record of which only the head is known, so that it is wanted again;
 * the result says whether it was (`removed`), and its topic.
 */
MUST_CHECK enum err law_forget(struct store_batch *batch,
                               const uint8_t id[ID_LEN]);

/* ERR_NOT_FOUND if there is none. */
MUST_CHECK enum err law_find(struct store *store, enum law_kind kind,
                             const uint8_t id[ID_LEN], struct law *out);
/* Rows of one kind by id, after `after` (NULL: from the first). */
MUST_CHECK enum err law_page(struct store *store, enum law_kind kind,
                             const uint8_t *after, struct law *out, size_t max,
                             size_t *n);

/* A blob in the topic that it is held, or wanted, for. */
struct law_place {
    uint8_t topic[ID_LEN];
    struct blob_id blob;
};
/*
 * Where blobs with this root are held, or wanted; at most `max` of them, one
 * for each topic and size.
 */
MUST_CHECK enum err law_places(struct store *store, const uint8_t root[ID_LEN],
                               bool wanted, struct law_place *out, size_t max,
                               size_t *n);

#endif
