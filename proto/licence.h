#ifndef PROTO_LICENCE_H
#define PROTO_LICENCE_H

#include "proto/bytes.h"

/*
 * What may be built from works under which licences (docs/protocol.md §7.10).
 * A *mix* is the set of licences that meet in one work: adding to it commutes,
 * so that a fold over a lineage does not depend on the order of the walk.
 * Pure values, no state.
 */

/* Columns: name, SPDX identifier or word, version, terms, and where below
 * https://creativecommons.org/ its text stands. */
/* clang-format off */
#define LICENCE_MAP(X)                                                         \
    X(CC0, "CC0-1.0", 0, 0, "publicdomain/zero/1.0/") \
    X(BY_3, "CC-BY-3.0", 3, 0, "licenses/by/3.0/") \
    X(BY_4, "CC-BY-4.0", 4, 0, "licenses/by/4.0/") \
    X(BY_SA_3, "CC-BY-SA-3.0", 3, LICENCE_SA, "licenses/by-sa/3.0/") \
    X(BY_SA_4, "CC-BY-SA-4.0", 4, LICENCE_SA, "licenses/by-sa/4.0/") \
    X(BY_NC_3, "CC-BY-NC-3.0", 3, LICENCE_NC, "licenses/by-nc/3.0/") \
    X(BY_NC_4, "CC-BY-NC-4.0", 4, LICENCE_NC, "licenses/by-nc/4.0/") \
    X(BY_NC_SA_3, "CC-BY-NC-SA-3.0", 3, LICENCE_NC | LICENCE_SA, "licenses/by-nc-sa/3.0/") \
    X(BY_NC_SA_4, "CC-BY-NC-SA-4.0", 4, LICENCE_NC | LICENCE_SA, "licenses/by-nc-sa/4.0/") \
    X(BY_ND_3, "CC-BY-ND-3.0", 3, LICENCE_ND, "licenses/by-nd/3.0/") \
    X(BY_ND_4, "CC-BY-ND-4.0", 4, LICENCE_ND, "licenses/by-nd/4.0/") \
    X(BY_NC_ND_3, "CC-BY-NC-ND-3.0", 3, LICENCE_NC | LICENCE_ND, "licenses/by-nc-nd/3.0/") \
    X(BY_NC_ND_4, "CC-BY-NC-ND-4.0", 4, LICENCE_NC | LICENCE_ND, "licenses/by-nc-nd/4.0/") \
    X(ALL_RIGHTS, "all-rights-reserved", 0, LICENCE_ARR, "") \
    X(OTHER, "other", 0, LICENCE_UNKNOWN, "")
/* clang-format on */

enum licence_term {
    LICENCE_NC = 1 << 0,     /* not for commercial use */
    LICENCE_SA = 1 << 1,     /* what is built on it carries the same licence */
    LICENCE_ND = 1 << 2,     /* nothing may be built on it */
    LICENCE_ARR = 1 << 3,    /* nothing is granted to anybody */
    LICENCE_UNKNOWN = 1 << 4 /* not one of this list: cannot be judged */
};

enum licence {
#define X(name, text, version, terms, url) LICENCE_##name,
    LICENCE_MAP(X)
#undef X
    LICENCE_COUNT
};

/* The licence of that identifier in either case, else LICENCE_OTHER. */
enum licence licence_parse(struct bytes text);
const char *licence_text(enum licence l);
/* Where its text stands; NULL if nothing says. */
const char *licence_url(enum licence l);

/* Whether nothing may be built from works of both (§7.10.2). */
bool licence_excludes(enum licence a, enum licence b);

/* A set of licences; zero-initialised it is empty. */
struct licence_mix {
    uint32_t set;
};

void licence_mix_add(struct licence_mix *mix, enum licence l);
bool licence_mix_is_empty(struct licence_mix mix);
bool licence_mix_has(struct licence_mix mix, enum licence l);

/*
 * The licence under which a work of this mix can stand: the strictest.  True
 * and *out if there is one; false if two of the mix exclude each other, then
 * these two are in `clash`.  The mix must not be empty.
 */
bool licence_mix_fold(struct licence_mix mix, enum licence *out,
                      enum licence clash[2]);

#endif
