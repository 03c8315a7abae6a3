#ifndef PROTO_CREDITS_H
#define PROTO_CREDITS_H

#include "proto/lineage.h"
#include "proto/topic_list.h"

/*
 * Whose work is in a set of parts (docs/protocol.md §7.9), one line a person:
 * authors and performers of the parts and of everything that they cite in
 * this topic, and whom citations out of it name.
 */

#define CREDITS_ROLES_MAX         8
#define CREDITS_CONTRIBUTIONS_MAX 16
/*
 * More lines than any release can state, with all its pages: whoever cites more
 * people than this cannot be released, which the lines kept are enough to tell.
 */
#define CREDITS_LINES_MAX (1 << 18)

struct credit {
    bool has_person;
    uint8_t person[ID_LEN];
    struct bytes name; /* as stated by a citing or released record, or empty */
    bool is_found;     /* private: a release names this person */
    bool influence;    /* reached through citations only, not by a part */
    uint32_t roles_count;
    struct bytes roles[CREDITS_ROLES_MAX];
    uint32_t contributions_count; /* the first ones; more may stand behind */
    const uint8_t *contributions[CREDITS_CONTRIBUTIONS_MAX]; /* ids, borrowed */
};

struct credits {
    struct credit *lines; /* in order of discovery from the first part */
    uint32_t count;
    bool is_cut;                   /* there are more than CREDITS_LINES_MAX */
    struct lineage_licences bears; /* the parts and all that binds them */
    uint32_t cap;                  /* private, as all below */
    uint32_t *slots;               /* person or name -> line + 1; 0 is free */
    uint32_t slots_count;
};

void credits_wipe(struct credits *c);

/*
 * The complete credits of `parts` (ids of contributions, any version).  On
 * ERR_OK the caller wipes *out; it borrows from `ts`, which is judged.
 *   ERR_NOT_FOUND  a part is not in the topic
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err credits_draft(struct credits *out,
                                  const struct topic_state *ts,
                                  const uint8_t (*parts)[ID_LEN],
                                  size_t parts_count);

/*
 * The lines with a person of the complete credits of a release which `body`
 * (its map) neither credits nor omits with a reason.  Errors as above.
 */
MUST_CHECK enum err credits_missing(struct credits *out,
                                    const struct topic_state *ts,
                                    const struct mp_value *body);

/*
 * As above, over lists that may go on in pages, and as things stood before the
 * release `before`, if that is not NULL: parts count as the versions that it
 * pins, the rest as lineage.h says.
 */
MUST_CHECK enum err credits_missing_of(struct credits *out,
                                       const struct topic_state *ts,
                                       const struct topic_list *list,
                                       const struct topic_entry *before);

/* What a release itself states, one line a person or name; as drafted. */
MUST_CHECK enum err credits_of_release(struct credits *out,
                                       const struct topic_state *ts,
                                       const uint8_t release[ID_LEN]);

#endif
