#ifndef DAEMON_AUTHOR_FIELDS_H
#define DAEMON_AUTHOR_FIELDS_H

#include "daemon/call.h"
#include "proto/kind.h"

/*
 * The fields of a record that is being made: those that a client gave under the
 * param `fields`, with others put over them.  Pairs that author_fields_put()
 * opens replace those of the same name.
 */

/* Fields of one record, before long lists of them go on in pages. */
#define AUTHOR_FIELDS_MAX ((size_t)4 * 1024 * 1024)

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
/* A pair of which the value is an id: a link, a person, a hash. */
void author_fields_put_id(struct author_fields *f, const char *name,
                          const uint8_t id[ID_LEN]);
/* Copies a param of the call of the same name, if it is given. */
void author_fields_take(struct author_fields *f, const struct call *call,
                        const char *name);
/* The same of several; the list ends with NULL. */
void author_fields_take_all(struct author_fields *f, const struct call *call,
                            const char *const *names);
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
