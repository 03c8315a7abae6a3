#include "daemon/caution.h"

#include <stdio.h>

#include "proto/licence.h"

struct caution caution_of(const struct mp_value *fields, uint64_t now_ms)
{
    struct bytes licence = mp_str(mp_get(fields, "licence"));
    const struct mp_value *deadline = mp_get(fields, "deadline");

    return (struct caution){
        .licence_unknown = licence.len > 0 &&
                           licence_parse(licence) == LICENCE_OTHER &&
                           !bytes_equal(licence, BYTES_LITERAL("other")),
        .deadline_past =
            mp_type(deadline) == MP_UINT && mp_uint(deadline) < now_ms,
    };
}

uint32_t caution_count(const struct caution *c)
{
    return (uint32_t)c->licence_unknown + c->deadline_past;
}

static void put_licence(struct writer *w)
{
    char text[512];
    size_t len = (size_t)snprintf(text, sizeof text,
                                  "The licence is not one that Troupe knows, "
                                  "so nobody is told what may be built on it. "
                                  "Known are");

    for (unsigned l = 0; l < LICENCE_COUNT && len < sizeof text; l++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s %s",
                             l == 0 ? "" : ",", licence_text((enum licence)l));
    mp_put_text(w, text);
}

void caution_put(const struct caution *c, struct writer *w)
{
    if (c->licence_unknown)
        put_licence(w);
    if (c->deadline_past)
        mp_put_text(w, "The deadline has passed already.");
}
