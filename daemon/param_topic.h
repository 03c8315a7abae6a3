#ifndef DAEMON_PARAM_TOPIC_H
#define DAEMON_PARAM_TOPIC_H

#include "daemon/call.h"
#include "store/store.h"

/*
 * What can be held as a whole, and how it is named: a project, a request that
 * stands for itself, or a person.  What is followed has a name here before its
 * first record has come.
 */

/*
 * By the digits of a prefix: a record, else a person, else what is followed;
 * ERR_AMBIGUOUS if something else that is followed begins like it, too.  The
 * record may be one in a topic.  ERR_NOT_FOUND, ERR_MALFORMED
 */
MUST_CHECK enum err topic_resolve(struct store *store, const char *digits,
                                  size_t len, uint8_t out[ID_LEN]);
/* Whether the id is of a record here that is part of another topic. */
bool topic_is_part(struct store *store, const uint8_t id[ID_LEN],
                   struct store_item *item);

/* By a prefix, or by a whole id of anything but a part of another topic. */
bool param_topic(struct call *call, const char *name, uint8_t out[ID_LEN]);
/* The same; but what is followed by mistake can be named, too. */
bool param_followed(struct call *call, const char *name, uint8_t out[ID_LEN]);

#endif
