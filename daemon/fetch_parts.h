#ifndef DAEMON_FETCH_PARTS_H
#define DAEMON_FETCH_PARTS_H

#include "daemon/fetch.h"
#include "store/blob_disk.h"

/*
 * What the files of a fetch share: fetch.c what the machine wants and the peers
 * send, fetch_peers.c who they are, fetch_job.c other threads and the flushes,
 * fetch_read.c who reads meanwhile.  For nobody else.
 */

enum fetch_state {
    FETCH_BEGINNING,
    FETCH_RUNNING,
    FETCH_FINISHING,
    FETCH_STOPPING,
    FETCH_ENDED
};

enum fetch_job_what {
    FETCH_JOB_VERIFY,
    FETCH_JOB_WRITE,
    FETCH_JOB_LEAVES,
    FETCH_JOB_BLOCKS,
    FETCH_JOB_SYNC,
    FETCH_JOB_FINISH,
    FETCH_JOB_LEAVE /* a last sync; what was allocated for more goes */
};

/* What lies beside each other goes to the disk faster (store/blob_disk.h). */
enum {
    FETCH_BUFFER_LEN = BLOB_DISK_PAGE,
    FETCH_BUFFER_SPANS = FETCH_BUFFER_LEN / BLOB_SPAN_LEN,
    FETCH_BUFFERS = BLOB_FETCH_SPANS / FETCH_BUFFER_SPANS
};

struct fetch_slot {
    uint8_t *data;
    uint64_t span;
    size_t len;
};

struct fetch {
    struct node *node;
    struct fetch_config config;
    enum fetch_state state;
    enum err why; /* once FETCH_STOPPING */
    bool stepping;
    bool is_bound;          /* there was a limit on what comes in */
    bool flushing;          /* FETCH_JOB_SYNC is on the pool */
    bool concluded;         /* the last batch is with the writer */
    bool is_left;           /* FETCH_JOB_LEAVE was begun */
    unsigned jobs;          /* on other threads */
    unsigned commits;       /* on their way through the writer */
    uint64_t sync_ms;       /* when the last flush began */
    uint64_t verified;      /* bytes written, or compared */
    uint64_t useful;        /* bytes that came into buffers */
    uint64_t undurable;     /* bytes written, and lost if the power fails */
    uint64_t flushed;       /* of those, what the flush that runs covers */
    uint64_t read_at;       /* where a reader waits, and how far it will read */
    uint64_t read_end;      /* 0: nobody reads */
    struct blob_part *part; /* NULL for a blob that is whole here */
    uint8_t *held;
    uint8_t *pages;
    uint8_t *have;        /* the machine's maps of what providers have */
    uint64_t uncles_page; /* whose uncles these are */
    size_t uncles_len;
    uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN];
    uint64_t providers[BLOB_FETCH_PROVIDERS];     /* connections; 0: none */
    uint8_t liars[BLOB_FETCH_PROVIDERS][KEY_LEN]; /* nodes; the last of them */
    unsigned liars_count;
    uint64_t replaced;    /* connection that took another's place last */
    uint64_t replaced_ms; /* when that was tried last */
    struct fetch_slot slots[BLOB_FETCH_SPANS];
    uint8_t *buffers[FETCH_BUFFERS];
    struct blob_fetch machine;
};

static inline uint64_t fetch_now_ms(const struct fetch *f)
{
    return uv_now(node_loop(f->node));
}

static inline const struct blob_id *fetch_blob(const struct fetch *f)
{
    return &f->config.want.blob;
}

/* --- fetch.c --- */

/* Does all that is to be done now. */
void fetch_step(struct fetch *f);
/* Tells once that no other thread, nor the writer, has any of it. */
void fetch_settle(struct fetch *f);

/* --- fetch_peers.c --- */

/* The number of this connection among the providers, or NOBODY. */
unsigned fetch_provider_of(const struct fetch *f, const struct conn *c);
/* At the beginning: all that share the topic, as many as may be. */
void fetch_ask_all_peers(struct fetch *f);
/* It is not asked for this blob again, whoever dials. */
void fetch_note_liar(struct fetch *f, uint64_t source);
/* Now and then: one that has nothing makes room for one that may. */
void fetch_replace_peer(struct fetch *f);

/* --- fetch_job.c --- */

/* Hashes or compares what lies in the slot, against `expected`. */
void fetch_job_on_slot(struct fetch *f, enum fetch_job_what what, unsigned slot,
                       struct bytes expected);
/* Compares the leaves of a part of it, which others go on filling. */
void fetch_job_on_blocks(struct fetch *f, const struct blob_fetch_effect *ef);
/* Flushes or finishes the part; its batch goes to the writer afterwards. */
void fetch_job_with_batch(struct fetch *f, enum fetch_job_what what);
/* Writes the span that lies in the slot. */
void fetch_job_write(struct fetch *f, unsigned slot);
/* Spans that may be in work beside what is written and not durable yet. */
unsigned fetch_job_spans_allowed(const struct fetch *f);
/* Writes go on beside a flush; its bitmap names those before it. */
void fetch_job_flush_if_due(struct fetch *f);

/* --- fetch_read.c --- */

/* Tells the machine, which runs, where a reader waits, if one does. */
void fetch_seek(struct fetch *f);

#endif
