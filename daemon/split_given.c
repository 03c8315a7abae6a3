/* Shares of a split as a client gives them. */
#include "daemon/split_given.h"

#include "proto/split.h"

bool split_given_is_whole(struct call *call, const struct mp_value *shares)
{
    uint64_t sum = 0;

    if (mp_count(shares) == 0) {
        call_fail(call, ERR_USAGE, "nobody has a share",
                  "Give --share PERSON=PERCENT for each, or --shares FILE: "
                  "`troupe split draft` writes one.");
        return false;
    }
    if (mp_count(shares) > SPLIT_GIVEN_MAX) {
        call_fail(call, ERR_TOO_LARGE, "a split has at most 4,096 shares",
                  NULL);
        return false;
    }
    for (uint32_t i = 0; i < mp_count(shares); i++)
        sum += mp_uint(mp_get(mp_at(shares, i), "bp")) % (MP_INT_MAX / 512);
    if (sum == MONEY_BP_ALL)
        return true;
    call_failf(call, ERR_USAGE, "Shares are parts of the whole pool.",
               "the shares sum to %llu.%02llu %%, not to 100 %%",
               (unsigned long long)(sum / 100),
               (unsigned long long)(sum % 100));
    return false;
}

/* A share as the record has it: a draft's lines carry names as well. */
static void put_share(struct writer *w, const struct mp_value *line)
{
    static const char *const kept[] = { "bp", "contributions", "group",
                                        "person", "reason" };
    uint32_t count = 0;

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        count += mp_type(mp_get(line, kept[i])) == MP_NIL ? 0 : 1;
    mp_put_map(w, count);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (mp_type(mp_get(line, kept[i])) == MP_NIL)
            continue;
        mp_put_text(w, kept[i]);
        mp_put_value(w, mp_get(line, kept[i]));
    }
}

void split_given_put(struct author_fields *fields,
                     const struct mp_value *shares)
{
    struct writer *w = author_fields_put(fields, "shares");

    mp_put_array(w, mp_count(shares));
    for (uint32_t i = 0; i < mp_count(shares); i++)
        put_share(w, mp_at(shares, i));
}
