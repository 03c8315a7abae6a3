#ifndef DAEMON_ARCHIVE_TAKE_H
#define DAEMON_ARCHIVE_TAKE_H

#include "daemon/archive.h"
#include "daemon/archive_names.h"
#include "daemon/bundle_file.h"
#include "daemon/job.h"
#include "daemon/node.h"
#include "store/blobs.h"

/*
 * What the files of an import share: archive_import.c takes records in and then
 * asks which blobs they name, archive_take.c decides about blobs on the loop,
 * archive_large.c about a large one, archive_copy.c reads and writes them on
 * the pool.  For nobody else.
 *
 *   RECORDS --BLOB or END--> NAMES --> BLOBS <--> COPY (a large one) --> told
 *      `---once more, if some were over a budget---^
 */

enum {
    TAKE_SMALL_MAX = 256,
    /* Threads for a large one: one waits for the disk while another hashes. */
    TAKE_HANDS = 2,
    /* One window is written while the one before it is flushed, so twice this
     * may be lost by a power cut (docs/storage.md §6). */
    TAKE_WINDOW = 30 * 1024 * 1024
};

/* A blob small enough for a row, with its bytes if they came and are right. */
struct taking_small {
    struct blob_id id;
    bool has_bytes;
    bool is_bad;
    bool is_put;
    size_t at; /* in `small` */
};

/* What is done with the bytes of a large blob. */
enum taking_plan {
    TAKE_PASS,  /* nothing: they are held, or not to be */
    TAKE_WRITE, /* what is missing is written */
    TAKE_PROVE  /* whole here for other topics: only looked at */
};

struct taking;

/* One of the threads that a large blob is copied by. */
struct taking_hand {
    uv_work_t work;
    struct taking *taking;
    uint8_t *buf; /* BLOB_SPAN_LEN bytes, once they are needed */
};

/* One import. */
struct taking {
    struct taking *next; /* of those that are being taken in */
    bool is_entered;
    uv_work_t work;
    uv_timer_t timer; /* until standings are known, or a blob is free */
    unsigned waits;
    void (*then)(struct taking *t);
    struct node *node;
    struct job *job;
    struct blob_progress progress;
    bool cancelled;
    enum err err;
    uint64_t today;

    struct bundle_source *source;
    struct bundle_reader reader;
    struct bundle_begin about;
    bool has_begin;   /* just read */
    bool has_founder; /* just read: others are judged once it is here */
    bool is_begun;
    bool at_blobs;
    bool at_end;
    bool is_again; /* records for the second time */
    struct writer records;
    struct {
        uint64_t stored;
        uint64_t known;
        uint64_t refused;
        uint64_t over;
    } counts;

    struct store_scan scan;
    struct spool *names;
    bool has_row;
    struct spool_row row; /* the smallest that is not dealt with */

    uint64_t held;    /* blobs of the file that are whole here now */
    uint64_t taken;   /* of these, by this import */
    uint64_t unnamed; /* that no record here names */
    uint64_t damaged; /* spans */
    uint64_t no_room; /* blobs of the file that the quota has kept away */
    struct archive_holes holes;

    struct taking_small smalls[TAKE_SMALL_MAX];
    size_t smalls_count;
    struct writer small;

    bool has_large;
    bool has_bytes; /* a page or span of it follows */
    struct blob_id large;
    uint64_t large_seq;
    enum taking_plan plan;
    enum err why; /* it is no longer whole, if it is not */
    bool is_claimed;
    bool is_ending; /* its last flush */
    struct blob_part *part;
    struct store_batch *batch; /* the next one to be given to the writer */

    struct taking_hand hands[TAKE_HANDS];
    unsigned hands_count; /* of them, at work */
    bool is_flushing;     /* or the writer has what was */
    uv_mutex_t lock;      /* while hands are at work, of all that they change:
                             the source, the reader, the batch, `why`,
                             `damaged`, and these: */
    enum err copy_err;
    bool is_copied; /* all that the file has of it went by */
    uint64_t proved;
    uint64_t window; /* bytes that went by since hands were set to work */
};

/* --- archive_take.c --- */

/*
 * False while another import of the same topic is under way: of two, each
 * would pass over what the other is at, and call it missing.
 */
bool archive_take_enter(struct taking *t);
void archive_take_leave(struct taking *t);

/* --- archive_import.c --- */

/* Looks at the next item, and takes it, whole, from the file. */
MUST_CHECK enum err archive_take_look(struct taking *t,
                                      struct bundle_item *item);
MUST_CHECK enum err archive_take_item(struct taking *t,
                                      struct bundle_item *item);
/* What a read on the pool has come to: false if that was the import's end. */
bool archive_take_came(struct taking *t, int status);
/* The ends. */
void archive_take_fail(struct taking *t, enum err e);
void archive_take_done(struct taking *t);

/* --- archive_take.c --- */

/* The records are in and the names in order: goes through the blobs. */
void archive_take_blobs(struct taking *t);
/* Reads the next of the names, which are in order. */
MUST_CHECK enum err archive_take_next_name(struct taking *t);
/* Goes on to the blob (NULL: to the end); *seq is a record that names it. */
MUST_CHECK enum err archive_take_advance(struct taking *t,
                                         const struct blob_id *blob,
                                         uint64_t *seq);
bool archive_take_is_whole(const struct taking *t, const struct blob_id *blob);
/* Why it is not taken in, though it is named and not here; else ERR_OK. */
MUST_CHECK enum err archive_take_refuse(const struct taking *t,
                                        const struct blob_id *blob,
                                        bool has_bytes, bool is_bad);
/* What became of it. */
void archive_take_add_hole(struct taking *t, const struct blob_id *blob,
                           uint64_t seq, enum err why);
void archive_take_tell_held(struct taking *t, const struct blob_id *blob);

/* --- archive_large.c --- */

/* Deals with the large blob that was read last, then goes on. */
void archive_large_begin(struct taking *t);
/* Lets go of what it was doing. */
void archive_large_wipe(struct taking *t);

/* --- archive_copy.c: on the pool --- */

/* Reads small blobs up to a large one, or the end. */
MUST_CHECK enum err archive_copy_small(struct taking *t);
/* The large one, or as much of it as one window takes. */
void archive_copy_large(struct taking_hand *hand);
/* Makes what was written durable, and says so in the batch. */
MUST_CHECK enum err archive_copy_flush(struct taking *t,
                                       struct store_batch *batch);

#endif
