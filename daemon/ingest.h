#ifndef DAEMON_INGEST_H
#define DAEMON_INGEST_H

#include "daemon/node_parts.h"

/*
 * A record's way into the store, whoever brings it: known already? then form,
 * certificate and signature on the pool, then the writer, and when it is
 * durable all who care are told.  The queue is bounded: who sees it full stops
 * reading and is called again by peers_resume().
 */

/* More than this waits in no queue of ours, but for one call of the owner. */
#define INGEST_ITEMS_MAX 4096
#define INGEST_BYTES_MAX ((size_t)8 << 20)

MUST_CHECK enum err ingest_open(struct ingest **out, struct node *node);
void ingest_close(struct ingest *ingest); /* accepts NULL */

/* Nothing is on its way. */
bool ingest_is_idle(const struct ingest *ingest);
/* Do not read more records from peers for now. */
bool ingest_is_full(const struct ingest *ingest);
/*
 * The owner is about to publish so many records: as if they were being
 * verified.  And: so many of them have come, or will not.
 */
void ingest_expect_more(struct ingest *ingest, size_t count);
void ingest_expect_less(struct ingest *ingest, size_t count);
/* Many records are being verified: the writer will have more in a moment. */
bool ingest_has_many(const struct ingest *ingest);

/*
 * Takes a record that connection `source` sent for `topic`; copied.  The peer
 * table hears of its end through peers_record_done().  ERR_NO_MEMORY
 */
MUST_CHECK enum err ingest_record(struct ingest *ingest, uint64_t source,
                                  const uint8_t topic[ID_LEN],
                                  struct bytes record);
/* Likewise for a record that the peer knows and does not hold (§5.4). */
MUST_CHECK enum err ingest_head(struct ingest *ingest, uint64_t source,
                                const uint8_t topic[ID_LEN], struct bytes head,
                                const uint8_t signature[SIGNATURE_LEN]);
/* Forgets what only mattered to this connection. */
void ingest_source_gone(struct ingest *ingest, uint64_t source);

/* Starts verifying what has come in: before the loop waits. */
void ingest_flush(struct ingest *ingest);

/* node_publish(), node_publish_record() and node_import(). */
void ingest_publish(struct ingest *ingest, struct bytes record,
                    node_published_fn *done, void *context);
void ingest_publish_record(struct ingest *ingest, const struct record *record,
                           node_published_fn *done, void *context);
void ingest_import(struct ingest *ingest, struct bytes records, bool is_judged,
                   node_imported_fn *done, void *context);

#endif
