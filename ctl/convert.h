#ifndef CTL_CONVERT_H
#define CTL_CONVERT_H

#include <jansson.h>

#include "ctl/fail.h"

/*
 * Between the daemon's MessagePack and the JSON that the client thinks in.
 * Bins become lower-case hex; the daemon takes hex where it takes ids.
 */

/*
 * A new reference, or NULL if memory ran out.  Text that is not UTF-8, which
 * a daemon does not send, becomes an empty text; ext becomes null.
 */
json_t *convert_to_json(const struct mp_value *v);

/* Writes a JSON value; numbers that are not whole become doubles. */
void convert_from_json(struct writer *w, const json_t *v);

#endif
