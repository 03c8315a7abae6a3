/* Pairs of a map, so that an answer reads as a list of its fields. */
#include "daemon/pair.h"

#include "proto/limits.h"

void pair_nil(struct writer *w, const char *key)
{
    mp_put_text(w, key);
    mp_put_nil(w);
}

void pair_bool(struct writer *w, const char *key, bool v)
{
    mp_put_text(w, key);
    mp_put_bool(w, v);
}

void pair_uint(struct writer *w, const char *key, uint64_t v)
{
    mp_put_text(w, key);
    mp_put_uint(w, v);
}

void pair_text(struct writer *w, const char *key, const char *v)
{
    mp_put_text(w, key);
    if (v == NULL)
        mp_put_nil(w);
    else
        mp_put_text(w, v);
}

void pair_str(struct writer *w, const char *key, struct bytes v)
{
    mp_put_text(w, key);
    mp_put_str(w, v);
}

void pair_bin(struct writer *w, const char *key, struct bytes v)
{
    mp_put_text(w, key);
    mp_put_bin(w, v);
}

void pair_id(struct writer *w, const char *key, const uint8_t *id)
{
    mp_put_text(w, key);
    if (id == NULL)
        mp_put_nil(w);
    else
        mp_put_bin(w, (struct bytes){ id, ID_LEN });
}

void pair_array(struct writer *w, const char *key, uint32_t count)
{
    mp_put_text(w, key);
    mp_put_array(w, count);
}

void pair_map(struct writer *w, const char *key, uint32_t count)
{
    mp_put_text(w, key);
    mp_put_map(w, count);
}
