#ifndef DAEMON_ARCHIVE_PARTS_H
#define DAEMON_ARCHIVE_PARTS_H

#include "daemon/archive.h"
#include "daemon/archive_names.h"
#include "daemon/body.h"
#include "daemon/bundle_file.h"
#include "daemon/job.h"
#include "daemon/node.h"
#include "proto/torrent.h"
#include "store/blobs.h"

/*
 * What the files of an export share: archive_export.c goes through records and
 * keeps the order, archive_blob.c writes blobs, archive_torrent.c the torrent.
 * For nobody else.
 */

enum { EXPORT_PAGES_MAX = 64, EXPORT_SIGNERS = 256 };

enum export_stage {
    EXPORT_RETRACTIONS,
    EXPORT_OTHERS,
    EXPORT_PROFILES,
    EXPORT_TORRENT,
    EXPORT_BLOBS,
    EXPORT_FINISH
};

struct export_signer {
    bool is_set;
    uint8_t author[ID_LEN];
    uint8_t signer[KEY_LEN];
};

struct exporting {
    uv_work_t work;
    struct node *node;
    struct job *job;
    struct archive_wish wish;
    enum export_stage stage;
    enum err err;
    bool cancelled;
    bool flush;        /* the chunk goes to the pool as it is */
    uint64_t last_seq; /* of the store at the beginning */
    uint64_t total;
    struct blob_progress progress;

    struct store_scan scan;
    bool is_scanning;                        /* the profiles of a person */
    uint8_t pages[EXPORT_PAGES_MAX][ID_LEN]; /* of the subject */
    size_t pages_count;
    struct export_signer signers[EXPORT_SIGNERS]; /* by their first byte */
    struct spool *names;
    bool has_row;
    struct spool_row row; /* the next one of them */
    struct archive_holes holes;

    struct bundle_writer writer;
    struct writer chunk;        /* filled on the loop, written on the pool */
    struct writer record;       /* the one that is being put together */
    struct writer head;         /* on the pool: what stands before a span */
    uint8_t *span;              /* BLOB_SPAN_LEN bytes */
    struct bundle_sink *target; /* where chunks go: one of the two below */
    struct bundle_sink *sink;
    struct bundle_sink *torrent_sink;

    /* The blob that is being written; its page of the layer. */
    struct blob_reader *reader;
    struct blob_id blob;
    uint64_t seq; /* of a record that names it */
    uint64_t page;
    uint64_t seen; /* spans that were written */
    enum err why;  /* they are not all there */
    uint8_t hashes[BLOB_LAYER_PAGE * HASH_LEN];
    uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN];
    struct bytes page_hashes;
    struct bytes page_uncles;

    struct torrent *torrent; /* NULL: none is wanted */
    uint8_t infohash[HASH_LEN];
    bool has_info;
    size_t layer; /* the next one, and its next page */
    uint64_t layer_page;
};

/* --- archive_blob.c --- */

/* Loop: begins the blob of the row, or goes on with its next page. */
MUST_CHECK enum err archive_blob_step(struct exporting *x);
/* Pool: writes the spans of the page. */
MUST_CHECK enum err archive_blob_work(struct exporting *x);
/* Loop, after it: the page is written. */
void archive_blob_worked(struct exporting *x);

/* --- archive_torrent.c --- */

MUST_CHECK enum err archive_torrent_open(struct exporting *x);
/* Adds the files of a record of the release. */
MUST_CHECK enum err archive_torrent_note(struct exporting *x,
                                         const struct record *r);
/* Loop: the next piece of it; the stage after it at its end. */
MUST_CHECK enum err archive_torrent_step(struct exporting *x);

#endif
