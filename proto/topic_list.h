#ifndef PROTO_TOPIC_LIST_H
#define PROTO_TOPIC_LIST_H

#include "proto/topic_state.h"

/*
 * A body together with the pages on which its lists go on (§3.9), read as one:
 * each list is the body's items, then those of its pages in the order in which
 * the body names them, each page once.
 */
#define TOPIC_PAGES_MAX 64
struct topic_list {
    struct mp_doc *docs[TOPIC_PAGES_MAX + 1];
    const struct mp_value *roots[TOPIC_PAGES_MAX + 1];
    uint32_t count;
};

/*
 * ERR_NOT_FOUND if the body is absent, ERR_NOT_HELD if a page is not held, of
 * another topic or author, void or malformed.  On ERR_OK wipe *out.
 */
MUST_CHECK enum err topic_list_open(struct topic_list *out,
                                    const struct topic_state *ts,
                                    const struct topic_entry *e);
/* One body without pages, borrowed. */
struct topic_list topic_list_of(const struct mp_value *body);
void topic_list_wipe(struct topic_list *list);
/* Whether body or pages have that list at all, be it empty. */
bool topic_list_has(const struct topic_list *list, const char *field);
/* Start with a zeroed cursor; NULL after the last. */
struct topic_cursor {
    uint32_t part;
    uint32_t item;
};
const struct mp_value *topic_list_next(const struct topic_list *list,
                                       const char *field,
                                       struct topic_cursor *at);

#endif
