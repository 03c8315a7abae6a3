#ifndef DAEMON_BODY_H
#define DAEMON_BODY_H

#include "proto/mp.h"
#include "proto/record.h"
#include "store/store.h"

/* A record that is held here, with its body as a tree, for whoever looks. */
struct body {
    struct writer bytes;
    struct record record; /* borrows `bytes`; unset while map is NULL */
    struct mp_doc *doc;
    const struct mp_value *map; /* NULL: not held, or without a body */
};

/* Never fails: what cannot be read has no map.  Close it in any case. */
void body_open(struct body *out, struct store *store, const uint8_t id[ID_LEN]);
void body_close(struct body *body);
/*
 * What the topic is called: the title of the project or request that founds it,
 * or the name of the person whose it is; empty if it is not known.  The bytes
 * are the body's, which is opened for it.
 */
struct bytes body_open_title(struct body *out, struct store *store,
                             const uint8_t topic[ID_LEN]);

/*
 * The profile of a person: their newest with a body.  ERR_NOT_FOUND, errors of
 * the store
 */
MUST_CHECK enum err body_find_profile(struct store *store,
                                      const uint8_t person[ID_LEN],
                                      struct store_item *out);

#endif
