#ifndef STORE_BLOBS_H
#define STORE_BLOBS_H

#include <stdatomic.h>

#include "store/store.h"

/*
 * Blobs: small ones as rows, others as files `blobs/ab/cdef….SIZE` under the
 * store's folder, or in place where the user keeps them (docs/storage.md §6).
 * A blob is held *for topics*: only for those is it served or admitted.
 *
 * The database changes only by operations that are put into a batch; the files
 * are moved by imports, parts and readers, whose functions marked *pool* block
 * on the disk.  Each such object is used by one thread at a time, but for
 * blob_part_write(), which several may call at once for different spans.
 */

enum blob_state {
    BLOB_PARTIAL = 1, /* some spans, in a .part file */
    BLOB_INLINE = 2,
    BLOB_FILE = 3,
    BLOB_EXTERNAL = 4 /* the user's file, seeded where it lies */
};

struct blob_info {
    struct blob_id id;
    enum blob_state state;
    uint32_t topics;     /* for how many topics it is held */
    uint64_t have_bytes; /* verified and durable */
};

/* ---- What is held ----------------------------------------------------- */

MUST_CHECK enum err blobs_find(struct store *store, const struct blob_id *id,
                               struct blob_info *out);
/* Whether it, or a part of it, was fetched or imported for this topic. */
bool blobs_held_for(struct store *store, const struct blob_id *id,
                    const uint8_t topic[ID_LEN]);
/* What became of a file in place since it was hashed. */
enum in_place_state {
    IN_PLACE_KEPT,    /* it is as it was, or its disk is away: it may be */
    IN_PLACE_CHANGED, /* somebody has written to it or removed it */
    IN_PLACE_OTHER    /* another file of that size and time lies there now */
};

/* Looks at it; KEPT for what is no file in place. */
enum in_place_state blobs_look_in_place(struct store *store,
                                        const struct blob_id *id);
/* Blobs of a topic, ascending, after `after` (NULL: from the first). */
MUST_CHECK enum err blobs_of_topic(struct store *store,
                                   const uint8_t topic[ID_LEN],
                                   const struct blob_id *after,
                                   struct blob_info *out, size_t max,
                                   size_t *n);
/* Whether the disk takes so much more without touching its reserve. */
bool blobs_have_room(const struct store *store, uint64_t bytes);
/* Bytes of whole and partial blobs that the topic refers to: for quotas. */
MUST_CHECK enum err blobs_topic_bytes(struct store *store,
                                      const uint8_t topic[ID_LEN],
                                      uint64_t *out);
/* Page `page` of the layer and its uncles, as proved or made; else NOT_FOUND.
 */
MUST_CHECK enum err blobs_layer_page(struct store *store,
                                     const struct blob_id *id, uint64_t page,
                                     struct writer *hashes,
                                     struct writer *uncles);

/*
 * Which spans are here, written or durable: a bit each, lowest first, `len`
 * bytes, which is (spans + 7) / 8.  ERR_EXISTS: all, the blob is whole.
 */
MUST_CHECK enum err blobs_map(struct store *store, const struct blob_id *id,
                              uint8_t *out, size_t len);

/* ---- Operations of a batch -------------------------------------------- */

/* Stores up to BLOB_INLINE_MAX bytes for a topic and names them. */
MUST_CHECK enum err blobs_put_inline(struct store_batch *batch,
                                     const uint8_t topic[ID_LEN],
                                     struct bytes content, struct blob_id *id);
/* Starts a partial blob, unless it is there already, and holds it for T. */
MUST_CHECK enum err blobs_put_begin(struct store_batch *batch,
                                    const struct blob_id *id,
                                    const uint8_t topic[ID_LEN]);
/* Holds for one more topic what is there; result ERR_NOT_FOUND if it is not. */
MUST_CHECK enum err blobs_put_hold(struct store_batch *batch,
                                   const struct blob_id *id,
                                   const uint8_t topic[ID_LEN]);
/* Ends that; with its last topic the blob is removed, never an external file.
 */
MUST_CHECK enum err blobs_put_release(struct store_batch *batch,
                                      const struct blob_id *id,
                                      const uint8_t topic[ID_LEN]);
/* A page that blob_page_verify() has proved, with its uncles. */
MUST_CHECK enum err blobs_put_layer_page(struct store_batch *batch,
                                         const struct blob_id *id,
                                         uint64_t page, struct bytes hashes,
                                         struct bytes uncles);

/* ---- Long work -------------------------------------------------------- */

/* Read and set from any thread while the work runs on the pool. */
struct blob_progress {
    _Atomic uint64_t done; /* bytes */
    _Atomic uint64_t total;
    _Atomic bool cancel; /* set it: the work ends with ERR_CANCELLED */
};

/* ---- Import ----------------------------------------------------------- */

struct blob_import;

/*
 * Prepares to import the regular file at `path` for `topic`; `in_place` keeps
 * it where it is, by its absolute path.
 */
MUST_CHECK enum err blob_import_new(struct blob_import **out,
                                    struct store *store, const char *path,
                                    const uint8_t topic[ID_LEN], bool in_place);
/*
 * The same for a file in place that may lie there as another one now: hashed
 * again, it is what it was if its name is.  ERR_NOT_FOUND: it is no such file.
 */
MUST_CHECK enum err blob_import_again(struct blob_import **out,
                                      struct store *store,
                                      const struct blob_id *id,
                                      const uint8_t topic[ID_LEN]);
/*
 * The steps, all on the pool: files are copied (by reflink where the file
 * system can) and hashed.
 *   ERR_NOT_FOUND  there is no such regular file, or it may not be read
 *   ERR_CHANGED    it changed while it was read
 *   ERR_TOO_LARGE, ERR_NO_SPACE, ERR_IO, ERR_CANCELLED
 *
 * Begins; a file of up to BLOB_INLINE_MAX bytes is done.  If not, any number of
 * threads work beside each other, and when all have come back one ends it, with
 * the error of any.  Progress is added to; its total is the caller's.
 */
MUST_CHECK enum err blob_import_begin(struct blob_import *import,
                                      struct blob_progress *progress);
/* Whether more than one thread is worth waking. */
bool blob_import_is_long(const struct blob_import *import);
void blob_import_work(struct blob_import *import,
                      struct blob_progress *progress);
MUST_CHECK enum err blob_import_end(struct blob_import *import);
/*
 * Makes all that were ended durable at once, or on an error none of them.
 * *failed: which one the error is about.
 */
MUST_CHECK enum err blob_imports_flush(struct blob_import *const *imports,
                                       size_t count, size_t *failed);
/* After the beginning: the size of the file. */
uint64_t blob_import_size(const struct blob_import *import);
/* After ERR_OK: its name, and the operation that makes it held. */
void blob_import_id(const struct blob_import *import, struct blob_id *out);
MUST_CHECK enum err blob_import_put(struct blob_import *import,
                                    struct store_batch *batch);
/* The same of what was hashed again: whose it is stays as it is.  When it is
 * applied, ERR_NOT_FOUND if the topic does not hold it any more. */
MUST_CHECK enum err blob_import_put_again(struct blob_import *import,
                                          struct store_batch *batch);
/* Of content that is refused here (store/law.h), and so has no row: removes the
 * file that was made.  Not for what may be held already. */
void blob_import_discard(struct blob_import *import);
/* Accepts NULL; leaves no trace of an import that was not put. */
void blob_import_free(struct blob_import *import);

/* ---- Fetching --------------------------------------------------------- */

struct blob_part;

/*
 * Opens the .part file of a blob that was begun, with the spans that are
 * durable.  One at a time for a blob.
 *   ERR_NOT_FOUND  it was not begun
 *   ERR_EXISTS     the blob is whole
 */
MUST_CHECK enum err blob_part_open(struct blob_part **out, struct store *store,
                                   const struct blob_id *id);
/* Any thread: whether the span was written, durable or not. */
bool blob_part_has(const struct blob_part *part, uint64_t span);
uint64_t blob_part_missing(const struct blob_part *part); /* spans */
/* Bytes written since the last sync; when to sync is the caller's choice. */
uint64_t blob_part_unsynced(const struct blob_part *part);
/*
 * Pool: writes all bytes of one span, which the caller has verified.
 * On an error (ERR_NO_SPACE, ERR_IO) the span stays missing.
 */
MUST_CHECK enum err blob_part_write(struct blob_part *part, uint64_t span,
                                    struct bytes bytes);
/*
 * Pool, one at a time: makes what was written durable and puts the bitmap that
 * says so into the batch.  Writes may run beside it; what they write counts
 * from the next sync on.
 */
MUST_CHECK enum err blob_part_sync(struct blob_part *part,
                                   struct store_batch *batch);
/*
 * Pool: when nothing is missing, makes the file durable under its name and
 * puts the operation that makes the blob whole.  Close the part afterwards.
 */
MUST_CHECK enum err blob_part_finish(struct blob_part *part,
                                     struct store_batch *batch);
/*
 * Pool: gives the disk back what was allocated and not written, before a close
 * and after a last sync: nothing may be written to the part any more.
 */
MUST_CHECK enum err blob_part_trim(struct blob_part *part);
/* Accepts NULL.  The file stays for the next open. */
void blob_part_close(struct blob_part *part);
/* Pool: gives back what is not durable of a part as a crash left it; nothing of
 * one that is open. */
MUST_CHECK enum err blob_part_trim_closed(struct store *store,
                                          const struct blob_id *id);

/* ---- Reading ---------------------------------------------------------- */

struct blob_reader;

/*
 * Opens a blob for reading, whole or partial.  `topic` NULL is the owner's own
 * use; else it must be held for that topic.
 *   ERR_NOT_HELD  unknown, or not for that topic
 *   ERR_CHANGED   the external file is not the one that was imported
 *   ERR_CORRUPT   its file is missing or has another size
 */
MUST_CHECK enum err blob_reader_open(struct blob_reader **out,
                                     struct store *store,
                                     const struct blob_id *id,
                                     const uint8_t *topic);
/* Accepts NULL. */
void blob_reader_close(struct blob_reader *reader);
/*
 * What is read from now on goes round the page cache where its place, its
 * length and the buffer allow it (store/blob_disk.h): for who passes it on and
 * does not come back for it.
 */
void blob_reader_pass_by(struct blob_reader *reader);
void blob_reader_info(const struct blob_reader *reader, struct blob_info *out);
/* Whether every byte of the range is there, as of the opening. */
bool blob_reader_has(const struct blob_reader *reader, uint64_t offset,
                     uint64_t len);
/* How many bytes of it, from `offset` on, are there without a gap. */
size_t blob_reader_here(const struct blob_reader *reader, uint64_t offset,
                        size_t len);
/*
 * Pool: reads exactly `len` bytes into `out`.
 *   ERR_NOT_HELD  not all of them are there
 *   ERR_CHANGED   the external file changed: nothing of it may be used
 */
MUST_CHECK enum err blob_reader_read(struct blob_reader *reader,
                                     uint64_t offset, uint8_t *out, size_t len);
/* Pool: hashes the whole blob.  ERR_BAD_BLOB if it has another root. */
MUST_CHECK enum err blob_reader_verify(struct blob_reader *reader,
                                       struct blob_progress *progress);

#define BLOB_PATH_MAX 4096

/*
 * Pool: writes the whole blob to `path` (by reflink where it can), durable,
 * and never over a file with other content: then to `name (2).ext` and so on.
 * `chosen` gets the path; a file there with the same content is left as it is.
 *   ERR_NOT_HELD, ERR_CHANGED, ERR_NO_SPACE, ERR_IO, ERR_CANCELLED
 *   ERR_EXISTS     a hundred such names are taken
 *   ERR_NOT_FOUND  there is no such folder
 */
MUST_CHECK enum err blob_reader_export(struct blob_reader *reader,
                                       const char *path,
                                       struct blob_progress *progress,
                                       char chosen[BLOB_PATH_MAX]);

#endif
