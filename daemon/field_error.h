#ifndef DAEMON_FIELD_ERROR_H
#define DAEMON_FIELD_ERROR_H

#include "daemon/call.h"
#include "proto/kind.h"

/*
 * What is wrong with what kind_encode() found in `fields`: says whether the
 * field is missing, unknown or has a wrong value, and which would be right.
 * The text names it as `the field "NAME"`, so that a client can put its own
 * word there.
 */
#define FIELD_ERROR_MAX 768
void field_error_text(char out[FIELD_ERROR_MAX], const struct kind *kind,
                      struct bytes field, const struct mp_value *fields);
/* Fails the call with that text. */
void field_error(struct call *call, const struct kind *kind, struct bytes field,
                 const struct mp_value *fields);

#endif
