#ifndef PROTO_MP_H
#define PROTO_MP_H

#include "proto/bytes.h"

/*
 * MessagePack in two grades.  *Canonical* (docs/protocol.md §3.2) is the one
 * form in which anything is signed; *well-formed* is what the control socket
 * takes from clients written by others.  mp_walk() decides; nothing reaches
 * msgpack-c, or is allocated for, before it has passed the walk.
 *
 * Three ways to use it: fixed shapes are read straight off a reader with
 * mp_read_*; free shapes (bodies, control messages) become a tree with
 * mp_doc_parse; and mp_put_* writes shortest forms.
 */

enum mp_grade { MP_REFUSED, MP_WELL_FORMED, MP_CANONICAL };

/*
 * Walks one value at the start of `src`, iteratively, in O(len) time and fixed
 * memory.  On ERR_OK, *grade is MP_CANONICAL or MP_WELL_FORMED and *used is
 * the value's length; bytes after it are the caller's business.
 *   ERR_TRUNCATED  the value needs more bytes than there are
 *   ERR_TOO_DEEP   nested deeper than MP_DEPTH_MAX
 *   ERR_MALFORMED  the byte 0xc1
 * Well-formed but not canonical are, for example: long forms, floats, ext,
 * keys that are not short ascending unique strings, text that is not UTF-8,
 * integers over MP_INT_MAX.
 */
MUST_CHECK enum err mp_walk(enum mp_grade *grade, size_t *used,
                            struct bytes src);

/* ERR_OK if `src` is exactly one canonical value, else why not. */
MUST_CHECK enum err mp_check_canonical(struct bytes src);

/* True if `text` is valid UTF-8 (RFC 3629: no surrogates, shortest form). */
bool mp_utf8_valid(struct bytes text);

/*
 * Readers of fixed shapes, strictly canonical; errors stick in the reader:
 * ERR_NOT_CANONICAL for a longer form, ERR_MALFORMED for another type.
 */
uint64_t mp_read_uint(struct reader *r);
bool mp_read_bool(struct reader *r);
struct bytes mp_read_bin(struct reader *r);
/* A bin of exactly `len` bytes, copied to `out`. */
void mp_read_bin_exact(struct reader *r, uint8_t *out, size_t len);
struct bytes mp_read_str(struct reader *r);
/* Number of elements; at most `max` and never more than bytes left. */
uint32_t mp_read_array(struct reader *r, uint32_t max);
uint32_t mp_read_map(struct reader *r, uint32_t max);
/* If a nil is next, takes it and returns true; else takes nothing. */
bool mp_read_nil(struct reader *r);
/* Takes one value of any type and returns its bytes. */
struct bytes mp_read_any(struct reader *r);

/* Writers, always shortest form.  Keys must be put in ascending order. */
void mp_put_nil(struct writer *w);
void mp_put_bool(struct writer *w, bool v);
void mp_put_uint(struct writer *w, uint64_t v);
void mp_put_int(struct writer *w, int64_t v);
void mp_put_double(struct writer *w, double v); /* control messages only */
void mp_put_str(struct writer *w, struct bytes text);
void mp_put_text(struct writer *w, const char *text); /* NUL-terminated */
void mp_put_bin(struct writer *w, struct bytes bin);
void mp_put_array(struct writer *w, uint32_t count);
void mp_put_map(struct writer *w, uint32_t count);

/* A parsed value and everything below it; msgpack-c behind a thin wall. */
struct mp_doc;
/* One value inside a doc; valid as long as the doc and the parsed bytes. */
struct mp_value;

enum mp_type {
    MP_NIL,
    MP_BOOL,
    MP_UINT,
    MP_NEGATIVE,
    MP_DOUBLE,
    MP_STR,
    MP_BIN,
    MP_ARRAY,
    MP_MAP,
    MP_EXT
};

/*
 * Parses exactly one value of at least grade `floor`.  Strings and bins are
 * views into `src`, which must outlive the doc.  On ERR_OK the caller owns
 * *out and must mp_doc_free() it.  Errors as mp_walk, and ERR_NOT_CANONICAL,
 * ERR_TRAILING, ERR_NO_MEMORY.
 */
MUST_CHECK enum err mp_doc_parse(struct mp_doc **out, struct bytes src,
                                 enum mp_grade floor);
void mp_doc_free(struct mp_doc *doc); /* accepts NULL */
const struct mp_value *mp_doc_root(const struct mp_doc *doc);

/*
 * Questions to a value.  NULL is taken for a nil, so that look-ups chain; a
 * question that does not fit the type is answered by zero, false or empty.
 */
enum mp_type mp_type(const struct mp_value *v);
bool mp_bool(const struct mp_value *v);
uint64_t mp_uint(const struct mp_value *v);
int64_t mp_int(const struct mp_value *v); /* uint too, clamped */
double mp_double(const struct mp_value *v);
struct bytes mp_str(const struct mp_value *v);
struct bytes mp_bin(const struct mp_value *v);
/* Elements of an array, pairs of a map. */
uint32_t mp_count(const struct mp_value *v);
const struct mp_value *mp_at(const struct mp_value *array, uint32_t i);
struct bytes mp_key_at(const struct mp_value *map, uint32_t i);
const struct mp_value *mp_value_at(const struct mp_value *map, uint32_t i);
/* The value under `key` (NUL-terminated), or NULL. */
const struct mp_value *mp_get(const struct mp_value *map, const char *key);
/* True and copied if `v` is a bin of exactly `len` bytes. */
bool mp_bin_exact(const struct mp_value *v, uint8_t *out, size_t len);
/* Writes the value again, as mp_put_* would. */
void mp_put_value(struct writer *w, const struct mp_value *v);

#endif
