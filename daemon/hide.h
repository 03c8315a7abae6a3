#ifndef DAEMON_HIDE_H
#define DAEMON_HIDE_H

#include "daemon/desk.h"
#include "store/store.h"

/*
 * What the owner does not want to see: people they have blocked, what was taken
 * down, and what the keepers they follow have ruled.  Every list, every show,
 * finding and the inbox ask here.
 */
struct hide;

MUST_CHECK enum err hide_new(struct hide **out, struct desk *desk);
void hide_free(struct hide *hide); /* accepts NULL */

/* Why something is hidden; valid until the next question. */
struct hide_reason {
    const char *text;      /* a sentence's middle: "you have blocked them" */
    const char *way;       /* the command that shows it, without its id */
    uint8_t about[ID_LEN]; /* the id for that command */
};

/* Whether this record is not to be shown; `why` may be NULL. */
bool desk_hides(struct desk *desk, const uint8_t id[ID_LEN],
                const uint8_t author[ID_LEN], struct hide_reason *why);
/*
 * The same for what is shown within something else, and the gate of contact.h.
 * Valid as long as the desk, true until the loop turns.
 */
const struct view_filter *hide_filter(struct desk *desk);

#endif
