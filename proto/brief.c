/* A brief is checked for what a stranger would have to ask back. */
#include "proto/brief.h"

#include <assert.h>
#include <string.h>

/* A deliverable below this many bytes says nothing that one could draw. */
#define SPECIFIC_MIN 12

/* Words that ask for anything at all; compared in lower case. */
static const char *const generic[] = {
    "anything",     "something",    "whatever",     "pretty picture",
    "nice picture", "cool picture", "some picture", "some music",
    "be creative",  "surprise me",
};

const char *brief_text(enum brief_lack lack)
{
    static const char *const texts[BRIEF_LACK_COUNT] = {
#define X(name, text) [BRIEF_##name] = (text),
        BRIEF_MAP(X)
#undef X
    };

    assert(lack < BRIEF_LACK_COUNT);
    return texts[lack];
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_letter(uint8_t c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || c >= 0x80;
}

/* Whether `words` stand in `text` as whole words, in either case. */
static bool contains(struct bytes text, const char *words)
{
    size_t len = strlen(words);

    for (size_t at = 0; len <= text.len && at <= text.len - len; at++) {
        size_t i = 0;

        if (at > 0 && is_letter(text.data[at - 1]))
            continue;
        while (i < len && lower(text.data[at + i]) == (uint8_t)words[i])
            i++;
        if (i == len &&
            (at + len == text.len || !is_letter(text.data[at + len])))
            return true;
    }
    return false;
}

static bool is_generic(struct bytes text)
{
    if (text.len < SPECIFIC_MIN)
        return true;
    for (size_t i = 0; i < sizeof generic / sizeof *generic; i++) {
        if (contains(text, generic[i]))
            return true;
    }
    return false;
}

uint32_t brief_check(const struct mp_value *fields)
{
    struct bytes deliverable = mp_str(mp_get(fields, "deliverable"));
    uint32_t lacks = 0;

    if (deliverable.len == 0)
        lacks |= 1u << BRIEF_DELIVERABLE;
    else if (is_generic(deliverable))
        lacks |= 1u << BRIEF_GENERIC;
    if (mp_count(mp_get(fields, "media_kinds")) == 0)
        lacks |= 1u << BRIEF_KINDS;
    if (mp_count(mp_get(fields, "references")) == 0 &&
        mp_count(mp_get(fields, "examples")) == 0 &&
        mp_count(mp_get(fields, "brief_media")) == 0)
        lacks |= 1u << BRIEF_REFERENCE;
    if (mp_get(fields, "deadline") == NULL)
        lacks |= 1u << BRIEF_DEADLINE;
    return lacks;
}
