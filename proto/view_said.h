#ifndef PROTO_VIEW_SAID_H
#define PROTO_VIEW_SAID_H

#include "proto/view_pairs.h"

/*
 * What was said about a record: comments and feedback, page by page, so that
 * any number of them can be shown.  What the view's filter hides is left out.
 * `page` is written as view.h says.
 *   ERR_USAGE  page->after is nothing that the topic has
 */

/*
 * The words of any record as view_words_item() gives them, and comments[]:
 * pinned ones first, then in order.
 */
MUST_CHECK enum err view_thread_show(struct writer *w, const struct view *v,
                                     const uint8_t id[ID_LEN],
                                     struct view_page *page, uint32_t extra);
/*
 * An array of the feedback in force on an object, oldest first, each with what
 * its author is in the class.
 */
MUST_CHECK enum err view_feedback_list(struct writer *w, const struct view *v,
                                       const uint8_t id[ID_LEN],
                                       struct view_page *page);

#endif
