#include "ctl/convert.h"

#include <stdlib.h>
#include <string.h>

static json_t *text_to_json(struct bytes text)
{
    json_t *v = json_stringn((const char *)text.data, text.len);

    return v != NULL ? v : json_string("");
}

static json_t *bin_to_json(struct bytes bin)
{
    char *text = malloc(2 * bin.len + 1);
    json_t *v;

    if (text == NULL)
        return NULL;
    hex_encode(text, bin);
    v = json_string(text);
    free(text);
    return v;
}

/* Nesting is bounded: the walker lets at most MP_DEPTH_MAX levels through. */
static json_t *array_to_json(const struct mp_value *v)
{
    json_t *array = json_array();

    for (uint32_t i = 0; array != NULL && i < mp_count(v); i++) {
        if (json_array_append_new(array, convert_to_json(mp_at(v, i))) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *map_to_json(const struct mp_value *v)
{
    json_t *object = json_object();

    for (uint32_t i = 0; object != NULL && i < mp_count(v); i++) {
        struct bytes key = mp_key_at(v, i);
        json_t *value = convert_to_json(mp_value_at(v, i));

        if (value == NULL) {
            json_decref(object);
            return NULL;
        }
        (void)json_object_setn_new(object, (const char *)key.data, key.len,
                                   value);
    }
    return object;
}

json_t *convert_to_json(const struct mp_value *v)
{
    switch (mp_type(v)) {
    case MP_BOOL:
        return json_boolean(mp_bool(v));
    case MP_UINT:
    case MP_NEGATIVE:
        return json_integer(mp_int(v));
    case MP_DOUBLE:
        return json_real(mp_double(v));
    case MP_STR:
        return text_to_json(mp_str(v));
    case MP_BIN:
        return bin_to_json(mp_bin(v));
    case MP_ARRAY:
        return array_to_json(v);
    case MP_MAP:
        return map_to_json(v);
    case MP_NIL:
    case MP_EXT:
        break;
    }
    return json_null();
}

static struct bytes text_of(const json_t *v)
{
    return (struct bytes){ (const uint8_t *)json_string_value(v),
                           json_string_length(v) };
}

static void put_array(struct writer *w, const json_t *v)
{
    mp_put_array(w, (uint32_t)json_array_size(v));
    for (size_t i = 0; i < json_array_size(v); i++)
        convert_from_json(w, json_array_get(v, i));
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys in ascending order, so that a map may be taken over into a record. */
static void put_object(struct writer *w, const json_t *v)
{
    json_t *object = json_incref((json_t *)(uintptr_t)v);
    size_t count = json_object_size(v);
    const char **keys = calloc(count + 1, sizeof *keys);
    const char *key;
    json_t *value;
    size_t n = 0;

    mp_put_map(w, (uint32_t)count);
    if (keys == NULL) {
        writer_fail(w, ERR_NO_MEMORY);
        count = 0;
    }
    json_object_foreach (object, key, value)
        if (n < count)
            keys[n++] = key;
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 0; i < n; i++) {
        mp_put_text(w, keys[i]);
        convert_from_json(w, json_object_get(v, keys[i]));
    }
    free(keys);
    json_decref(object);
}

void convert_from_json(struct writer *w, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        put_object(w, v);
        break;
    case JSON_ARRAY:
        put_array(w, v);
        break;
    case JSON_STRING:
        mp_put_str(w, text_of(v));
        break;
    case JSON_INTEGER:
        mp_put_int(w, json_integer_value(v));
        break;
    case JSON_REAL:
        mp_put_double(w, json_real_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        mp_put_bool(w, json_is_true(v));
        break;
    case JSON_NULL:
        mp_put_nil(w);
        break;
    }
}
