#ifndef PROTO_VIEW_SPLIT_H
#define PROTO_VIEW_SPLIT_H

#include "proto/split.h"
#include "proto/view_pairs.h"

/*
 * What the two files of the view of a split share: the records that hang
 * together, and the lists of what is said of them.
 */

/* What hangs together: any of these but the income may be NULL. */
struct split_case {
    const struct topic_entry *income;
    const struct topic_entry *proposal;
    const struct topic_entry *final; /* in force */
    bool has_shares;
    struct topic_list list; /* whose shares these are */
    struct split_shares shares;
    struct split_income money;
    struct split_terms terms;
};

/* The pairs `feedback` and `feedback_cut`, `receipts`, and `void`. */
MUST_CHECK enum err view_split_put_voices(struct view_pairs *p,
                                          const struct view *v,
                                          const struct split_case *c);
MUST_CHECK enum err view_split_put_receipts(struct view_pairs *p,
                                            const struct view *v,
                                            const struct split_case *c);
void view_split_put_voids(struct view_pairs *p, const struct view *v,
                          const struct split_case *c);

#endif
