#ifndef DAEMON_INGEST_PARTS_H
#define DAEMON_INGEST_PARTS_H

#include "daemon/ingest.h"
#include "daemon/signers.h"
#include "store/store.h"

/*
 * What the three files of the ingest share: ingest.c an item's way,
 * ingest_take.c what may set out on it, ingest_import.c the outcome of many.
 * For nobody else.
 *
 *          pool, up to VERIFY_ITEMS        the writer's batch
 *   WAITING ---------------------> VERIFYING ---------> COMMITTING --> told
 *      |                               |
 *      `------- refused: told <--------'
 *
 * An item is one block of memory, itself and its bytes; the certificate of its
 * signer is shared.
 */

struct import;

struct item {
    struct item *next;
    struct ingest *ingest;
    uint64_t source; /* connection, or a number of its own for the owner's */
    bool is_local;
    bool is_judged;  /* local, and kept no better than a peer's */
    bool is_refused; /* the owner's law keeps its head alone */
    bool is_head;
    uint8_t topic[ID_LEN]; /* for which a peer sent it */

    node_published_fn *done; /* of node_publish() */
    void *context;
    struct import *import; /* of node_import() */
    uint64_t offset;

    enum err err;
    struct record record;
    struct signers_proof *proof;    /* of its signer; NULL: none found */
    bool proof_known;               /* it is verified */
    struct certificate certificate; /* of the proof, if it was not known */
    size_t len;
    uint8_t bytes[];
};

struct ingest {
    struct node *node;
    struct signers signers;
    struct item *first; /* WAITING */
    struct item *last;
    size_t items; /* in all states */
    size_t bytes;
    size_t verifying; /* of these, WAITING and VERIFYING */
    size_t expected;  /* of the owner's, not here yet */
    unsigned jobs;
};

/* --- ingest.c --- */

/* Counts it in at once; NULL without memory. */
struct item *ingest_item_new(struct ingest *g, uint64_t source,
                             struct bytes bytes);
/* It waits for the pool from now on. */
void ingest_enqueue(struct item *item);
/* It is good: it goes to the writer. */
void ingest_commit(struct item *item);
/* Tells who brought it, and frees it. */
void ingest_finish(struct item *item, enum err e,
                   const struct store_result *result);
/* The same for one that is no good; a peer is blamed where it may be. */
void ingest_refuse(struct item *item, enum err e);

/* --- ingest_take.c --- */

/*
 * Takes a record of the owner's, or returns NULL without memory.  It goes
 * through the pool even if refused: who asked is told later than the call.
 */
struct item *ingest_local_item(struct ingest *g, uint64_t source,
                               struct bytes record);

/* --- ingest_import.c --- */

/* An item of this import has ended. */
void ingest_import_told(struct import *import, uint64_t offset, enum err e,
                        const struct store_result *result);

#endif
