#ifndef PROTO_FILE_NAME_H
#define PROTO_FILE_NAME_H

#include "proto/bytes.h"

/*
 * Names of files in records (docs/protocol.md §3.9): parts divided by '/', the
 * last the file's, those before it folders.  Only such names are written to a
 * disk.
 */
#define FILE_NAME_MAX 255

/*
 * Whether it is one: valid UTF-8 that may stand on a line, at most
 * FILE_NAME_MAX bytes, no part empty, "." or "..".
 */
bool file_name_is_good(struct bytes name);

#endif
