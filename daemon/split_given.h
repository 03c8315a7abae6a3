#ifndef DAEMON_SPLIT_GIVEN_H
#define DAEMON_SPLIT_GIVEN_H

#include "daemon/author_fields.h"

/* Shares of a split as a client gives them: of a proposal, and of a final. */

/* As many as an answer has room for; most splits have a dozen. */
enum { SPLIT_GIVEN_MAX = 4096 };

/* Whether they are parts of one whole; else the call has been failed with what
 * is wrong. */
bool split_given_is_whole(struct call *call, const struct mp_value *shares);
/* Puts them among the fields without what only a draft's lines have. */
void split_given_put(struct author_fields *fields,
                     const struct mp_value *shares);

#endif
