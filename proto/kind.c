/* Look-ups in the table of kinds.  What fields may hold is kind_check.c. */
#include "proto/kind.h"

#include <assert.h>
#include <string.h>

static const struct kind kinds[] = {
#define X(NAME, num, text, author_, home_, listed, final)                      \
    { .number = (num),                                                         \
      .shape = SHAPE_##NAME,                                                   \
      .name = (text),                                                          \
      .author = AUTHOR_##author_,                                              \
      .home = HOME_##home_,                                                    \
      .may_be_listed = (listed),                                               \
      .is_final = (final) },
    KIND_MAP(X)
#undef X
};

static const struct field fields[] = {
#define X(SHAPE, text, TYPE, PRESENCE, many_, max_, ref_)                      \
    { .shape = SHAPE_##SHAPE,                                                  \
      .name = (text),                                                          \
      .type = FIELD_##TYPE,                                                    \
      .presence = FIELD_##PRESENCE,                                            \
      .many = (many_),                                                         \
      .max = (max_),                                                           \
      .ref = (ref_) },
    FIELD_MAP(X)
#undef X
};

static const struct {
    enum choices choices;
    uint64_t value;
    const char *name;
} choice_table[] = {
#define X(CHOICES, NAME, number, text) { CHOICES_##CHOICES, number, text },
    CHOICE_MAP(X)
#undef X
};

static const char *const shape_names[SHAPE_COUNT] = {
#define X(NAME, number, text, author, home, listed, final)                     \
    [SHAPE_##NAME] = (text),
    KIND_MAP(X)
#undef X
#define X(NAME, text) [SHAPE_##NAME] = (text),
        SUBMAP_MAP(X)
#undef X
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_named(const char *name, struct bytes text)
{
    return bytes_equal((struct bytes){ (const uint8_t *)name, strlen(name) },
                       text);
}

const struct kind *kind_find(uint64_t number)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i].number == number)
            return &kinds[i];
    }
    return NULL;
}

const struct kind *kind_by_name(struct bytes name)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (is_named(kinds[i].name, name))
            return &kinds[i];
    }
    return NULL;
}

const struct kind *kind_at(size_t i)
{
    return i < COUNT(kinds) ? &kinds[i] : NULL;
}

/* Fields stand in the order of shapes: where those of `shape` begin. */
static size_t first_of(enum shape shape)
{
    size_t low = 0;
    size_t high = COUNT(fields);

    while (low < high) { /* it halves */
        size_t middle = (low + high) / 2;

        if (fields[middle].shape < shape)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct field *kind_fields(enum shape shape, size_t *count)
{
    size_t first = first_of(shape);
    size_t end = first;

    assert(shape < SHAPE_COUNT);
    while (end < COUNT(fields) && fields[end].shape == shape)
        end++;
    assert(end > first); /* every shape has fields */
    *count = end - first;
    return &fields[first];
}

const struct field *kind_field(enum shape shape, struct bytes name)
{
    size_t count;
    const struct field *f = kind_fields(shape, &count);

    for (size_t i = 0; i < count; i++) {
        if (is_named(f[i].name, name))
            return &f[i];
    }
    return NULL;
}

const char *kind_shape_name(enum shape shape)
{
    assert(shape < SHAPE_COUNT);
    return shape_names[shape];
}

const char *kind_choice_name(enum choices choices, uint64_t value)
{
    for (size_t i = 0; i < COUNT(choice_table); i++) {
        if (choice_table[i].choices == choices &&
            choice_table[i].value == value)
            return choice_table[i].name;
    }
    return "other";
}

uint64_t kind_choice_value(enum choices choices, struct bytes name)
{
    for (size_t i = 0; i < COUNT(choice_table); i++) {
        if (choice_table[i].choices == choices &&
            is_named(choice_table[i].name, name))
            return choice_table[i].value;
    }
    return 0;
}

const char *kind_choice_at(enum choices choices, size_t i, uint64_t *value)
{
    for (size_t k = 0; k < COUNT(choice_table); k++) {
        if (choice_table[k].choices != choices || i-- > 0)
            continue;
        *value = choice_table[k].value;
        return choice_table[k].name;
    }
    return NULL;
}

const char *kind_relation_name(uint64_t relation)
{
    switch (relation) {
#define X(NAME, number, text)                                                  \
    case number:                                                               \
        return text;
        RELATION_MAP(X)
#undef X
    default:
        return NULL;
    }
}
