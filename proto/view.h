#ifndef PROTO_VIEW_H
#define PROTO_VIEW_H

#include "proto/topic_state.h"

/*
 * What people see, as MessagePack maps for the control socket (field names in
 * docs/control-api.md), derived from one judged topic.  There is no count of
 * popularity in any of them.
 *
 * Each function writes one map whose header counts `extra` more pairs, which
 * the caller puts right after: that is where the daemon adds `local`.
 * All return ERR_NOT_FOUND for an id that is not of that kind in the topic, and
 * ERR_NO_MEMORY; the writer's own error is left in the writer.
 */

/* Names for people from their profiles; an empty answer leaves them out. */
struct view_names {
    struct bytes (*name)(void *context, const uint8_t person[ID_LEN]);
    void *context;
};

/*
 * What whoever looks does not want to see.  Lists of words, direction and
 * requests leave it out; lineage, credits, roles and money are shown whole,
 * since others rest on them.
 */
struct view_filter {
    /* Whether that record is left out; `e` is one of `ts`. */
    bool (*hides)(void *context, const struct topic_state *ts,
                  const struct topic_entry *e);
    void *context;
};

struct view {
    const struct topic_state *topic;
    const struct view_names *names;   /* may be NULL */
    const struct view_filter *filter; /* may be NULL: nothing is hidden */
};

bool view_hides(const struct view *v, const struct topic_entry *e);

/* Part of a list within a map. */
struct view_page {
    uint32_t limit;       /* at most so many items; 0: as many as there is room
                             for */
    const uint8_t *after; /* the id of the last item before, or NULL */
    /* Written: */
    bool has_next;        /* there is more, after `next` */
    uint8_t next[ID_LEN]; /* of the last one looked at */
    bool has_hidden;      /* the filter left something out here */
};

/* Items of lists. */
MUST_CHECK enum err view_project_item(struct writer *w, const struct view *v,
                                      uint32_t extra);
MUST_CHECK enum err view_request_item(struct writer *w, const struct view *v,
                                      const uint8_t id[ID_LEN], uint32_t extra);
MUST_CHECK enum err view_contribution_item(struct writer *w,
                                           const struct view *v,
                                           const uint8_t id[ID_LEN],
                                           uint32_t extra);

/* An item's fields, `fields` (the whole body) and what hangs on it. */
MUST_CHECK enum err view_project_show(struct writer *w, const struct view *v,
                                      uint32_t extra);
MUST_CHECK enum err view_request_show(struct writer *w, const struct view *v,
                                      const uint8_t id[ID_LEN], uint32_t extra);
/* With the first feedback on it; see view_said.h for `page`. */
MUST_CHECK enum err view_contribution_show(struct writer *w,
                                           const struct view *v,
                                           const uint8_t id[ID_LEN],
                                           struct view_page *page,
                                           uint32_t extra);
MUST_CHECK enum err view_release_show(struct writer *w, const struct view *v,
                                      const uint8_t id[ID_LEN], uint32_t extra);

/* {nodes, edges, cut} as the method `tree`. */
MUST_CHECK enum err view_tree(struct writer *w, const struct view *v,
                              const uint8_t id[ID_LEN], uint32_t extra);

/* {id, kind, author, topic, created_ms, state, in_force, void_reason}. */
MUST_CHECK enum err view_record_item(struct writer *w, const struct view *v,
                                     const uint8_t id[ID_LEN], uint32_t extra);
/* The same, envelope, `fields` and the verdict's subject. */
MUST_CHECK enum err view_record_show(struct writer *w, const struct view *v,
                                     const uint8_t id[ID_LEN], uint32_t extra);

/*
 * A split by its income, its proposal or one of its finals (view_split.c): what
 * is shared, among whom, what was said and paid, and what is void and why.
 */
MUST_CHECK enum err view_split_show(struct writer *w, const struct view *v,
                                    const uint8_t id[ID_LEN], uint32_t extra);
/* The proposal that view_split_show() shows for `id`, or NULL if none. */
const struct topic_entry *view_split_proposal(const struct view *v,
                                              const uint8_t id[ID_LEN]);

/* Items of a ledger in the making, of one project after another. */
struct view_ledger {
    struct writer people; /* elements of an array: a person and a currency */
    uint32_t people_count;
    struct writer incomes;
    uint32_t incomes_count;
};
struct view_ledger view_ledger_begin(void);
/* What finals in force give to `person` (NULL: everybody), and all incomes.
 * ERR_NO_MEMORY, ERR_NO_SPACE */
MUST_CHECK enum err view_ledger_add(struct view_ledger *ledger,
                                    const struct view *v,
                                    const uint8_t *person);
void view_ledger_wipe(struct view_ledger *ledger);

struct credits;
/* An array of {person, name, roles[], contributions[], influence}. */
void view_credits(struct writer *w, const struct view *v,
                  const struct credits *credits);

#endif
