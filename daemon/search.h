#ifndef DAEMON_SEARCH_H
#define DAEMON_SEARCH_H

#include "daemon/call.h"
#include "proto/topic_state.h"
#include "store/store.h"

/*
 * What lists and searches have in common: whether something is shown here at
 * all, and the words that a call asks for.
 */

/*
 * Whether `e` stands for its object in lists: the version in force, or the
 * first record if none is.
 */
bool search_is_shown(const struct topic_state *ts, const struct topic_entry *e);

/*
 * Until when `e`, a work, is not shown here, as its request asks (§7.8) of
 * others than its leaders and its author; 0: it is.  ERR_NO_MEMORY
 */
MUST_CHECK enum err search_hidden_until(uint64_t *out, struct call *call,
                                        const struct topic_state *ts,
                                        const struct topic_entry *e);

/* The terms of a search, put together. */
#define SEARCH_TERMS_MAX 8
struct search {
    struct store_term terms[SEARCH_TERMS_MAX];
    size_t count;
};
/* Adds the text param `name`, if it is given; a class of store/text.h. */
void search_add_param(struct search *search, struct call *call,
                      const char *name, unsigned class);
/*
 * Carries it out among records of `kind` (0: any).  False after the call has
 * been failed; on true free *out with store_hits_free().
 */
bool search_run(const struct search *search, struct call *call, uint64_t kind,
                struct store_hits *out);

#endif
