#ifndef PROTO_BUNDLE_CHECK_H
#define PROTO_BUNDLE_CHECK_H

#include "proto/bytes.h"

/*
 * Checks a whole bundle (docs/protocol.md §8) by itself: every signature, what
 * the records mean together, and every byte of its blobs.  It is fed the file
 * in pieces of any length and says at the end what is in it.  Blobs go by; the
 * records of its topic stay in memory, up to a bound.
 */
struct bundle_check;

#define BUNDLE_CHECK_RECORDS_MAX ((size_t)512 << 20) /* bytes of records */
#define BUNDLE_CHECK_FILES_MAX   (1u << 20)

/*
 * `now_ms` is when it is judged; `seed` 16 random bytes, so that nobody can
 * make up ids that are slow to find.  ERR_NO_MEMORY
 */
MUST_CHECK enum err bundle_check_new(struct bundle_check **out, uint64_t now_ms,
                                     const uint8_t seed[16]);
void bundle_check_free(struct bundle_check *c); /* accepts NULL */
/*
 * The next bytes of the file.  The first error stays: those of
 * bundle_reader_take(), but for ERR_BAD_BLOB, which is told at the end; and
 * ERR_TRAILING, ERR_NO_MEMORY.
 */
MUST_CHECK enum err bundle_check_feed(struct bundle_check *c,
                                      struct bytes bytes);
/* Where in the file the item begins that was the last one looked at. */
uint64_t bundle_check_offset(const struct bundle_check *c);
/*
 * After the last byte: writes one map {network, topic, subject, kind, title,
 * medium, created_ms, author{person, name, device}, verdict, in_force,
 * records, refused, heads, credits[], files[]{name, root, size, state},
 * files_count, missing, damaged, unnamed}.  state is "whole", "missing" or
 * "damaged"; of files at most 1,000 are told, those that are not whole first.
 *   ERR_TRUNCATED  the file ends before its end
 */
MUST_CHECK enum err bundle_check_finish(struct bundle_check *c,
                                        struct writer *w);
/* What is to be made of it then: ERR_BAD_BLOB (bytes are damaged),
 * ERR_BAD_SIGNATURE (records were refused), ERR_REFUSED (void), ERR_NOT_HELD
 * (files are missing), or ERR_OK. */
enum err bundle_check_verdict(const struct bundle_check *c);

#endif
