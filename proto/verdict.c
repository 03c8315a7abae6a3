/* Words for verdicts. */
#include "proto/verdict.h"

#include <assert.h>
#include <string.h>

const char *verdict_state_text(enum verdict_state state)
{
    static const char *const texts[VERDICT_STATE_COUNT] = {
#define X(name, text) [VERDICT_##name] = (text),
        VERDICT_MAP(X)
#undef X
    };

    assert(state < VERDICT_STATE_COUNT);
    return texts[state];
}

const char *void_reason_text(enum void_reason reason)
{
    static const char *const texts[VOID_REASON_COUNT] = {
#define X(name, text) [VOID_##name] = (text),
        VOID_MAP(X)
#undef X
    };

    assert(reason < VOID_REASON_COUNT);
    return texts[reason];
}

bool verdict_is_in_force(const struct verdict *v)
{
    return v->state == VERDICT_IN_FORCE || v->state == VERDICT_CONTESTED;
}

static void append(char out[VERDICT_TEXT_MAX], const char *text, size_t len)
{
    size_t used = strlen(out);

    if (len > VERDICT_TEXT_MAX - 1 - used)
        return; /* a name too long to stand here: the reason alone does */
    memcpy(out + used, text, len);
    out[used + len] = '\0';
}

void verdict_text(const struct verdict *v, struct bytes name,
                  char out[VERDICT_TEXT_MAX])
{
    char hex[2 * ID_LEN + 1];
    const char *text = void_reason_text(v->reason);

    out[0] = '\0';
    if (v->state == VERDICT_IN_FORCE)
        return;
    if (v->state != VERDICT_VOID)
        text = verdict_state_text(v->state);
    append(out, text, strlen(text));
    if (v->about == VERDICT_ABOUT_NOTHING)
        return;
    append(out, v->reason == VOID_OMITS ? " " : ": ",
           v->reason == VOID_OMITS ? 1 : 2);
    if (name.len > 0 && name.len <= 2 * ID_LEN) {
        append(out, (const char *)name.data, name.len);
        return;
    }
    hex_encode(hex, (struct bytes){ v->subject, ID_LEN });
    append(out, hex, strlen(hex));
}
