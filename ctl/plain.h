#ifndef CTL_PLAIN_H
#define CTL_PLAIN_H

#include "proto/mp.h"

/*
 * Plain JSON at once as MessagePack, for files of many lines: an object whose
 * strings have no escapes and whose numbers are whole and not negative, of a
 * few dozen values.  Everything else, also what is no JSON, is left to jansson
 * and convert_from_json(), which write the same bytes for what is plain.
 */

/* False, with nothing written, if the text is anything else. */
bool plain_put(struct writer *w, struct bytes text);

#endif
