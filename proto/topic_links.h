#ifndef PROTO_TOPIC_LINKS_H
#define PROTO_TOPIC_LINKS_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

/*
 * Which records of a topic name an id, by the kind of the one that names it:
 * the closes of a request, the selections of a work, the releases it is part
 * of.  Noted as records are added, whether or not what they name is there, so
 * that no question goes through the whole topic.  Besides links and `revises`
 * these names in bodies count: the parts of a release, the works known to a
 * close, the pages of both, and the same lists on pages; and the author of a
 * contribution is named by it.
 */
struct topic_link {
    uint32_t by;   /* the entry that names */
    uint32_t next; /* the one noted before it, or TOPIC_NONE */
    uint32_t at;   /* where in the record's bytes the id begins */
};

struct topic_links {
    struct topic_link *links; /* in order of adding */
    uint32_t count;
    uint32_t cap;
    uint32_t *slots; /* open addressing: (id, kind) -> link + 1; 0 is free */
    uint32_t slots_used;
    uint32_t slots_count; /* a power of two, more than twice `slots_used` */
};

struct topic_state;

void topic_links_wipe(struct topic_links *links);
/*
 * Notes what the entry at `index` names; if it is noted already, only what its
 * body names.  ERR_NO_MEMORY: some may be noted, until topic_links_drop().
 */
MUST_CHECK enum err topic_links_note(struct topic_state *ts, uint32_t index,
                                     bool only_body);
/* Forgets what the entry named that was noted last of all. */
void topic_links_drop(struct topic_state *ts, uint32_t index);

/*
 * The newest noted link to `id` from a record of `kind`, or TOPIC_NONE; then
 * follow `next`.  Of the id the first 16 bytes count.
 */
uint32_t topic_links_first(const struct topic_state *ts,
                           const uint8_t id[ID_LEN], uint64_t kind);
/* Whether the entry `by` is of `kind` and names that id. */
bool topic_links_has(const struct topic_state *ts, uint32_t by,
                     const uint8_t id[ID_LEN], uint64_t kind);

/*
 * The entries of `kind`, in order of (created_ms, id), that name any version
 * of the object whose first record is the entry `first`; after a judgement.
 * ERR_NO_MEMORY.  On ERR_OK wipe *out.
 */
struct topic_namers {
    uint32_t *at;
    uint32_t count;
};
MUST_CHECK enum err topic_namers_of(struct topic_namers *out,
                                    const struct topic_state *ts,
                                    uint32_t first, uint64_t kind);
void topic_namers_wipe(struct topic_namers *namers);

/* Whether a record of `kind` in force names any version of that object. */
bool topic_is_named(const struct topic_state *ts, uint32_t first,
                    uint64_t kind);
/* Whether a release in force has any version of that work among its parts. */
bool topic_is_used(const struct topic_state *ts, uint32_t first);

#endif
