#ifndef DAEMON_PERSON_SHARE_H
#define DAEMON_PERSON_SHARE_H

#include "daemon/node_parts.h"
#include "store/store.h"

/*
 * What a pledge to a person comes to: besides their own topic, projects and
 * standalone requests that they founded, whoever leads those by now; projects
 * that were handed over to them; and projects for which they list requests,
 * releases or lessons on the call board, as only leaders do.  All of these are
 * rows of follows that share the quota of the person's row, and end with it.
 *
 * Somebody may have written a hundred thousand records, so that a walk over all
 * such pledges goes in steps, a turn of the loop each.  It holds nothing open.
 * Of what changes meanwhile it may miss some: then another walk is to follow.
 */

/* Topics that are taken for one person in one walk. */
enum { PERSON_SHARE_TAKEN = 32 };

enum person_share_phase {
    PERSON_SHARE_ROWS,      /* looks for the next pledge */
    PERSON_SHARE_WORDS,     /* looks at what that person wrote */
    PERSON_SHARE_HANDOVERS, /* looks at what was handed over to them */
    PERSON_SHARE_DONE
};

struct person_share {
    bool is_any;   /* there is such a pledge, or what is left of one */
    bool has_more; /* more is theirs than one walk takes */
    /* Private. */
    enum person_share_phase phase;
    bool has_row;
    uint8_t row[ID_LEN]; /* whose pledge it is at, or has looked at last */
    struct store_scan scan;
    size_t topics; /* that are followed by now */
    uint8_t taken[PERSON_SHARE_TAKEN][ID_LEN];
    size_t taken_count;
    uint8_t others[ID_LEN]; /* the last topic that was not theirs */
};

/* Begins a walk; one that was under way is over. */
void person_share_begin(struct person_share *walk, struct node *node);
/* Goes on with it, as far as one turn of the loop may take; false at its end.
 */
bool person_share_step(struct person_share *walk, struct node *node);

/* Whether this record, which has come now, may make a topic theirs. */
bool person_share_concerns(const struct node *node,
                           const struct node_event *event);

#endif
