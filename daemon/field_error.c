/* What is wrong with a field, so that whoever gave it can put it right. */
#include "daemon/field_error.h"

#include <stdio.h>
#include <string.h>

/* The field and its value; `field` is NULL if no shape here has it. */
struct found {
    const struct field *field;
    const struct mp_value *value;
    bool given;
};

static bool has_key(const struct mp_value *map, struct bytes name)
{
    for (uint32_t i = 0; i < mp_count(map); i++)
        if (bytes_equal(mp_key_at(map, i), name))
            return true;
    return false;
}

static bool find_in(struct found *out, enum shape shape,
                    const struct mp_value *map, struct bytes name)
{
    const struct field *field = kind_field(shape, name);

    if (mp_type(map) != MP_MAP || (field == NULL && !has_key(map, name)))
        return false;
    out->field = field;
    out->value = field == NULL ? NULL : mp_get(map, field->name);
    out->given = has_key(map, name) && mp_type(out->value) != MP_NIL;
    return true;
}

/* In the map of the kind, else in the maps that stand in it. */
static void find(struct found *out, enum shape shape,
                 const struct mp_value *fields, struct bytes name)
{
    *out = (struct found){ NULL, NULL, true };
    if (find_in(out, shape, fields, name))
        return;
    for (uint32_t i = 0; i < mp_count(fields); i++) {
        const struct field *f = kind_field(shape, mp_key_at(fields, i));
        const struct mp_value *v = mp_value_at(fields, i);

        if (f == NULL || f->type != FIELD_MAP)
            continue;
        if (f->many == 0 && find_in(out, (enum shape)f->ref, v, name))
            return;
        for (uint32_t n = 0; f->many > 0 && n < mp_count(v); n++)
            if (find_in(out, (enum shape)f->ref, mp_at(v, n), name))
                return;
    }
}

/* "it is one of a, b, c" */
static void say_choices(char *out, size_t cap, enum choices choices)
{
    uint64_t number;
    const char *name;
    size_t len = (size_t)snprintf(out, cap, "it is one of ");

    for (size_t i = 0;
         len < cap && (name = kind_choice_at(choices, i, &number)) != NULL; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s",
                                i == 0 ? "" : ", ", name);
}

/* The first text of the value: its own, or the longest of a list. */
static struct bytes text_of(const struct mp_value *v)
{
    struct bytes longest = mp_str(v);

    for (uint32_t i = 0; mp_type(v) == MP_ARRAY && i < mp_count(v); i++)
        if (mp_str(mp_at(v, i)).len > longest.len)
            longest = mp_str(mp_at(v, i));
    return longest;
}

static void say_text(char *out, size_t cap, const struct found *found)
{
    struct bytes text = text_of(found->value);

    if (text.len > found->field->max)
        (void)snprintf(out, cap, "it is too long: at most %llu bytes",
                       (unsigned long long)found->field->max);
    else if (text.len == 0)
        (void)snprintf(out, cap, "it is empty");
    else if (found->field->type == FIELD_LINE)
        (void)snprintf(out, cap,
                       "it must be one line, without line breaks and control "
                       "characters");
    else
        (void)snprintf(out, cap, "it is not a valid text");
}

/* What a right value would be. */
static void say_wrong(char *out, size_t cap, const struct found *found)
{
    const struct field *f = found->field;

    if (f->many > 0 && (mp_type(found->value) != MP_ARRAY ||
                        mp_count(found->value) > f->many)) {
        (void)snprintf(out, cap, "it is a list of at most %u",
                       (unsigned)f->many);
        return;
    }
    switch (f->type) {
    case FIELD_ENUM:
        say_choices(out, cap, (enum choices)f->ref);
        return;
    case FIELD_LINE:
    case FIELD_TEXT:
        say_text(out, cap, found);
        return;
    case FIELD_UINT:
        (void)snprintf(out, cap, "it is a number up to %llu",
                       (unsigned long long)f->max);
        return;
    case FIELD_TIME:
        (void)snprintf(out, cap, "it is no time");
        return;
    case FIELD_BOOL:
        (void)snprintf(out, cap, "it is true or false");
        return;
    case FIELD_ID:
    case FIELD_PERSON:
    case FIELD_KEY:
    case FIELD_HASH:
    case FIELD_LINK:
        (void)snprintf(out, cap, "it is a whole id of 64 hex digits");
        return;
    case FIELD_PREFIX:
    case FIELD_BLOB:
    case FIELD_MAP:
    case FIELD_ANY:
        (void)snprintf(out, cap, "it is not well formed");
        return;
    }
}

/* False if no shape here has the field. */
static bool say(char out[FIELD_ERROR_MAX], const struct kind *kind,
                struct bytes field, const struct mp_value *fields)
{
    char why[512] = "";
    struct found found;

    find(&found, kind->shape, fields, field);
    if (found.field == NULL && !(mp_utf8_valid(field) && kind_is_line(field))) {
        (void)snprintf(out, FIELD_ERROR_MAX,
                       "a field has a name that is no text");
        return true;
    }
    if (found.field == NULL) {
        (void)snprintf(out, FIELD_ERROR_MAX,
                       "%s: there is no such thing as the field \"%.*s\"",
                       kind->name, field.len > 512 ? 0 : (int)field.len,
                       (const char *)field.data);
        return false;
    }
    if (!found.given) {
        (void)snprintf(out, FIELD_ERROR_MAX,
                       found.field->presence == FIELD_EITHER
                           ? "%s: the field \"%s\", or one that may stand in "
                             "its place, is missing"
                           : "%s: the field \"%s\" is missing",
                       kind->name, found.field->name);
        return true;
    }
    say_wrong(why, sizeof why, &found);
    (void)snprintf(out, FIELD_ERROR_MAX,
                   "%s: the field \"%s\" has a wrong value: %s", kind->name,
                   found.field->name, why);
    return true;
}

void field_error_text(char out[FIELD_ERROR_MAX], const struct kind *kind,
                      struct bytes field, const struct mp_value *fields)
{
    (void)say(out, kind, field, fields);
}

void field_error(struct call *call, const struct kind *kind, struct bytes field,
                 const struct mp_value *fields)
{
    char text[FIELD_ERROR_MAX];
    bool known = say(text, kind, field, fields);

    call_failf(call, ERR_USAGE,
               known ? NULL : "docs/protocol.md lists the fields.", "%s", text);
}
