#ifndef DAEMON_AUTHOR_H
#define DAEMON_AUTHOR_H

#include "daemon/param.h"
#include "proto/kind.h"

/*
 * Making records in the name of the person of this machine: fields to a body,
 * a dry run of the rules, signature, store.  Loop thread only.
 */

/* Fields of one record, before long lists of them go on in pages. */
#define AUTHOR_FIELDS_MAX ((size_t)4 * 1024 * 1024)

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
 * The fields that a client gave under the param `fields`, with others put over
 * them: pairs that author_fields_put() opens replace those of the same name.
 */
struct author_fields {
    struct mp_doc *kept; /* of author_fields_keep() */
    struct writer shown; /* what it borrows */
    struct writer own;   /* pairs that were put here */
    uint32_t own_count;
    const char *names[32]; /* their names */
    struct writer whole;
    struct mp_doc *doc;
};
void author_fields_init(struct author_fields *f);
/* Opens a pair: exactly one value must follow in the writer returned. */
struct writer *author_fields_put(struct author_fields *f, const char *name);
/* Copies a param of the call of the same name, if it is given. */
void author_fields_take(struct author_fields *f, const struct call *call,
                        const char *name);
/*
 * Keeps what a version says in fields and links wherever nothing new is given;
 * once.  ERR_VERSION if it has fields of a newer release; ERR_NO_MEMORY
 */
MUST_CHECK enum err author_fields_keep(struct author_fields *f,
                                       const struct record *before,
                                       const struct mp_value *given);
/* The whole map, valid until the wipe; NULL if there is no memory for it. */
const struct mp_value *author_fields_map(struct author_fields *f,
                                         const struct mp_value *given);
void author_fields_wipe(struct author_fields *f);

#endif
