#ifndef DAEMON_ARCHIVE_NAMES_H
#define DAEMON_ARCHIVE_NAMES_H

#include "proto/record.h"
#include "store/spool.h"
#include "store/store.h"

/*
 * Whom and what the records of a topic name, gathered while they are walked
 * through and then had in order: people first, then blobs (docs/protocol.md
 * §8.3).  It lies on the disk, so that memory does not depend on how many.
 */

enum archive_name { ARCHIVE_PERSON = 1, ARCHIVE_BLOB = 2 };

/* Notes the files of record number `seq`. */
MUST_CHECK enum err archive_note_files(struct spool *spool,
                                       const struct record *r, uint64_t seq);
/* Notes its author, unless that is a node, and whom its body names. */
MUST_CHECK enum err archive_note_persons(struct spool *spool,
                                         const struct record *r);
/* What a row names: an id, or a blob; which, its `table` says. */
void archive_row_person(const struct spool_row *row, uint8_t out[ID_LEN]);
void archive_row_blob(const struct spool_row *row, struct blob_id *out);

/* Blobs that are not whole, for the answer: the first ARCHIVE_HOLES of them. */
#define ARCHIVE_HOLES 1000
struct archive_holes {
    struct writer items;
    uint32_t told;
    uint64_t count;
};
void archive_holes_init(struct archive_holes *h);
void archive_holes_wipe(struct archive_holes *h);
/*
 * Adds one: how many of its bytes are here, and why not all.  `seq` is that of
 * a record that names it.
 */
void archive_holes_add(struct archive_holes *h, struct store *store,
                       const struct blob_id *blob, uint64_t seq, uint64_t have,
                       const char *why);
/* Puts two pairs of an answer: holes, and holes_count. */
void archive_holes_put(const struct archive_holes *h, struct writer *w);

#endif
