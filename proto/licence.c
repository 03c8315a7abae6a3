/*
 * The licence algebra.  It knows Creative Commons' licences and "all rights
 * reserved"; what else people write is carried along and never judged.
 */
#include "proto/licence.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *text;
    unsigned version;
    unsigned terms;
    const char *url;
} table[LICENCE_COUNT] = {
/* clang-format off */
#define X(name, what, v, t, path)                                              \
    [LICENCE_##name] = { .text = what, .version = v, .terms = t,               \
                         .url = "https://creativecommons.org/" path },
    LICENCE_MAP(X)
#undef X
    /* clang-format on */
};

/* SPDX identifiers are matched without regard to case. */
static bool same_text(struct bytes text, const char *name)
{
    if (text.len != strlen(name))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        uint8_t want = (uint8_t)name[i];

        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c | 0x20);
        if (want >= 'A' && want <= 'Z')
            want = (uint8_t)(want | 0x20);
        if (c != want)
            return false;
    }
    return true;
}

enum licence licence_parse(struct bytes text)
{
    for (enum licence l = 0; l < LICENCE_OTHER; l++) {
        if (same_text(text, table[l].text))
            return l;
    }
    return same_text(text, "all-rights") ||
                   same_text(text, "all-rights-with-grant")
               ? LICENCE_ALL_RIGHTS
               : LICENCE_OTHER;
}

const char *licence_text(enum licence l)
{
    assert(l < LICENCE_COUNT);
    return table[l].text;
}

const char *licence_url(enum licence l)
{
    assert(l < LICENCE_COUNT);
    return l < LICENCE_ALL_RIGHTS ? table[l].url : NULL;
}

/* §7.10: share-alike takes no further term in, no-derivatives nothing at all.
 */
static bool excludes_other(enum licence a, enum licence b)
{
    unsigned one = table[a].terms;
    unsigned other = table[b].terms;

    if (one & LICENCE_ND)
        return true;
    if (!(one & LICENCE_SA))
        return false;
    if (other & LICENCE_ARR)
        return true;
    return (other & LICENCE_NC) != 0 && (one & LICENCE_NC) == 0;
}

bool licence_excludes(enum licence a, enum licence b)
{
    assert(a < LICENCE_COUNT && b < LICENCE_COUNT);
    return a != b && (excludes_other(a, b) || excludes_other(b, a));
}

void licence_mix_add(struct licence_mix *mix, enum licence l)
{
    assert(l < LICENCE_COUNT);
    mix->set |= (uint32_t)1 << l;
}

bool licence_mix_has(struct licence_mix mix, enum licence l)
{
    return (mix.set >> l & 1) != 0;
}

bool licence_mix_is_empty(struct licence_mix mix)
{
    return mix.set == 0;
}

static bool find_clash(struct licence_mix mix, enum licence clash[2])
{
    for (enum licence a = 0; a < LICENCE_COUNT; a++) {
        for (enum licence b = a + 1; b < LICENCE_COUNT; b++) {
            bool both = (mix.set >> a & 1) != 0 && (mix.set >> b & 1) != 0;

            if (both && licence_excludes(a, b)) {
                clash[0] = a;
                clash[1] = b;
                return true;
            }
        }
    }
    return false;
}

/* The licence of exactly these terms; a mix takes the newest version in it. */
static enum licence of_terms(unsigned terms, unsigned version)
{
    for (enum licence l = LICENCE_BY_3; l < LICENCE_ALL_RIGHTS; l++) {
        if (table[l].terms == terms && table[l].version == version)
            return l;
    }
    return LICENCE_CC0; /* terms of nothing but CC0: version 0 */
}

bool licence_mix_fold(struct licence_mix mix, enum licence *out,
                      enum licence clash[2])
{
    unsigned terms = 0;
    unsigned version = 0;

    assert(mix.set != 0);
    if (find_clash(mix, clash))
        return false;
    for (enum licence l = 0; l < LICENCE_COUNT; l++) {
        if ((mix.set >> l & 1) == 0)
            continue;
        terms |= table[l].terms;
        if (table[l].version > version)
            version = table[l].version;
    }
    if (terms & LICENCE_ARR)
        *out = LICENCE_ALL_RIGHTS;
    else if (terms & LICENCE_UNKNOWN)
        *out = LICENCE_OTHER;
    else
        *out = of_terms(terms, version);
    return true;
}
