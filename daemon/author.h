#ifndef DAEMON_AUTHOR_H
#define DAEMON_AUTHOR_H

#include "daemon/author_fields.h"
#include "daemon/param.h"
#include "proto/kind.h"

/*
 * Making records in the name of the person of this machine: fields to a body,
 * a dry run of the rules, signature, store.  Loop thread only.
 */

struct author_draft {
    enum kind_number kind;
    const uint8_t *topic;          /* ID_LEN bytes, or NULL to found one */
    const uint8_t *revises;        /* ID_LEN bytes or NULL */
    uint64_t created_ms;           /* from desk_next_ms(), or 0: now */
    const struct mp_value *fields; /* names to values, as kind_encode() */
    bool listed;
    /*
     * Called instead of failing the call if the record, which was good, could
     * not be stored; NULL: the call fails.
     */
    method_fn on_lost;
};

/* `id` is the new record's, valid in the call. */
typedef void author_fn(struct call *call, const uint8_t id[ID_LEN]);

/*
 * Publishes and then calls `done` once it is durable.  If the rules say that
 * it would be void, or anything else fails, the call has been failed with the
 * reason and `done` is never called.
 */
void author_publish(struct call *call, const struct author_draft *draft,
                    author_fn *done);

/*
 * Whether the fields make a body of the draft's kind; else the call has been
 * failed.  For what follows a record that is published first.
 */
bool author_check(struct call *call, const struct author_draft *draft);

/* Answers {id}. */
void author_reply_id(struct call *call, const uint8_t id[ID_LEN]);

/*
 * What most methods end with: publishes the draft with these fields over the
 * param `fields`, answers {id}.  The fields are wiped, whatever comes of it.
 */
void author_publish_fields(struct call *call, struct author_draft *draft,
                           struct author_fields *fields);

/*
 * Publishes what is said about a record, in its topic: a link of that name to
 * it, and the params of these names, a list that ends with NULL.  Answers {id}.
 */
void author_publish_about(struct call *call, enum kind_number kind,
                          const char *link, const struct store_item *about,
                          const char *const *names);

#endif
