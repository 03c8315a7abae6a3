#ifndef STORE_KEEP_H
#define STORE_KEEP_H

#include "store/blobs.h"

/*
 * What of the blobs stays and what goes (docs/storage.md §6): which records
 * name them, what the owner wants kept or away, what they take of a quota, and
 * what nothing refers to any more.
 *
 * A blob that is held for a topic stays there while a record of the topic that
 * is held names it, or for a while after somebody began to hold it: a file is
 * imported before the record that names it is made.
 */

/* Of one blob in one topic.  The numbers are stored: append only. */
enum keep_pin {
    KEEP_PIN_NONE = 0,
    KEEP_PIN_OWN = 1,   /* imported here: the owner's own copy */
    KEEP_PIN_ASKED = 2, /* somebody here asked to have it */
    KEEP_PIN_DROPPED =
        3 /* its owner does not want it, whatever a policy says */
};

/* ---- Operations of a batch ---------------------------------------------- */

/* Takes the place of what was said before, but ASKED does not that of OWN. */
MUST_CHECK enum err keep_put_pin(struct store_batch *batch,
                                 const struct blob_id *id,
                                 const uint8_t topic[ID_LEN],
                                 enum keep_pin pin);
/* It is by somebody without standing there, or by others too.  ERR_NOT_FOUND
 * in the result if it is not held for the topic. */
MUST_CHECK enum err keep_put_mark(struct store_batch *batch,
                                  const struct blob_id *id,
                                  const uint8_t topic[ID_LEN],
                                  bool is_strangers);
/* Somebody had use of it just now. */
MUST_CHECK enum err keep_put_used(struct store_batch *batch,
                                  const struct blob_id *id,
                                  const uint8_t topic[ID_LEN]);
/*
 * Ends the holding, the want and the pin of what no record in the topic names
 * and nobody has begun to hold or want since `before_ms`; looked at within the
 * change.  Result: removed, 1 if it went; ERR_NOT_FOUND if it stays.
 */
MUST_CHECK enum err keep_put_collect(struct store_batch *batch,
                                     const struct blob_id *id,
                                     const uint8_t topic[ID_LEN],
                                     uint64_t before_ms);
/*
 * Ends the holding of a blob that is partly here and that nobody wants, as one
 * who looked into it left it: neither wanted nor pinned, nor begun or of use
 * since `before_ms`.  Results as above.
 */
MUST_CHECK enum err keep_put_collect_part(struct store_batch *batch,
                                          const struct blob_id *id,
                                          const uint8_t topic[ID_LEN],
                                          uint64_t before_ms);
/*
 * Ends the holding of what is not pinned and not on its way, to make room.
 * Results as above.
 */
MUST_CHECK enum err keep_put_evict(struct store_batch *batch,
                                   const struct blob_id *id,
                                   const uint8_t topic[ID_LEN]);
/* Removes the file, or .part, of a blob of which there is no such row. */
MUST_CHECK enum err keep_put_orphan(struct store_batch *batch,
                                    const struct blob_id *id, bool is_part);

/* ---- Reading ------------------------------------------------------------ */

/* One blob that is held for one topic. */
struct keep_row {
    uint8_t topic[ID_LEN];
    struct blob_info info;
    enum keep_pin pin;
    bool is_strangers;
    uint64_t since_ms; /* when somebody last began to hold it */
    uint64_t used_ms;  /* when somebody last had use of it, to the hour */
};

/* By topic and blob, after that of `after` (NULL: from the first). */
MUST_CHECK enum err keep_page(struct store *store, const struct keep_row *after,
                              struct keep_row *out, size_t max, size_t *n);
/* As keep_page() of what was pinned, held or not: topic, info.id and pin. */
MUST_CHECK enum err keep_pins(struct store *store, const struct keep_row *after,
                              struct keep_row *out, size_t max, size_t *n);
/* The one blob in the one topic; ERR_NOT_FOUND. */
MUST_CHECK enum err keep_find(struct store *store, const struct blob_id *id,
                              const uint8_t topic[ID_LEN],
                              struct keep_row *out);
enum keep_pin keep_pin_of(struct store *store, const struct blob_id *id,
                          const uint8_t topic[ID_LEN]);

/* What a topic's blobs take, partial ones counted whole. */
struct keep_usage {
    uint64_t blobs;
    uint64_t bytes;
    uint64_t strangers_bytes;
};
MUST_CHECK enum err keep_usage(struct store *store, const uint8_t topic[ID_LEN],
                               struct keep_usage *out);

/* Numbers of records held in the topic that name the blob, over `after`. */
MUST_CHECK enum err keep_named_by(struct store *store,
                                  const uint8_t topic[ID_LEN],
                                  const struct blob_id *id, uint64_t after,
                                  uint64_t *seqs, size_t max, size_t *n);

/* ---- Files without a row ------------------------------------------------ */

struct keep_orphan {
    struct blob_id id;
    bool is_part;
    uint64_t bytes; /* on the disk */
};

#define KEEP_FOLDERS 256

/*
 * Pool: files in folder `folder` of blobs/ that no row speaks of and that are
 * older than `age_s` by the system's clock: an import gives its file a name
 * before it has a row.  At most `max`; those of other names are left alone.
 * Parts that nobody has open give back what their bitmaps do not name.
 */
MUST_CHECK enum err keep_orphans(struct store *store, unsigned folder,
                                 uint64_t age_s, struct keep_orphan *out,
                                 size_t max, size_t *n);

#endif
