#ifndef DAEMON_MEDIA_H
#define DAEMON_MEDIA_H

#include <stddef.h>
#include <stdint.h>

/*
 * What is in a file, by its content: libmagic's guess as a media type ("image/
 * jpeg"), NUL-terminated; "application/octet-stream" if it cannot tell.  Reads
 * the file's beginning: not on the loop.  Any thread.
 */
#define MEDIA_TYPE_MAX 128
void media_type_of(char out[MEDIA_TYPE_MAX], const char *path);

/*
 * The same by the ending of its name, in no time: for thousands of files.  Text
 * that lives for ever.
 */
const char *media_type_of_name(const char *name);

/* The media_kind (enum choice of kind.h) that a type belongs to. */
uint64_t media_kind_of(const char *type);

#endif
