#ifndef DAEMON_PAIR_H
#define DAEMON_PAIR_H

#include "proto/mp.h"

/* Key and value of an answer's map in one line; count them in mp_put_map. */
void pair_nil(struct writer *w, const char *key);
void pair_bool(struct writer *w, const char *key, bool v);
void pair_uint(struct writer *w, const char *key, uint64_t v);
/* NULL is put as nil. */
void pair_text(struct writer *w, const char *key, const char *v);
void pair_str(struct writer *w, const char *key, struct bytes v);
void pair_bin(struct writer *w, const char *key, struct bytes v);
/* 32 bytes: an id or a key; NULL is put as nil. */
void pair_id(struct writer *w, const char *key, const uint8_t *id);
/* The opening of an array or map under a key: its elements follow. */
void pair_array(struct writer *w, const char *key, uint32_t count);
void pair_map(struct writer *w, const char *key, uint32_t count);

#endif
