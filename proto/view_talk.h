#ifndef PROTO_VIEW_TALK_H
#define PROTO_VIEW_TALK_H

#include "proto/view.h"

/*
 * What people say to one another, as view.h shows works: each writes one map
 * whose header counts `extra` more pairs.  Errors as there.
 */

/* {id, author, author_name, created_ms, state, ...} and all fields: of a
 * thread, a comment, a journal entry, a feedback, a courage. */
MUST_CHECK enum err view_words_item(struct writer *w, const struct view *v,
                                    const uint8_t id[ID_LEN], uint32_t extra);
/* The same of any record, and comments[]: pinned ones first, then in order. */
MUST_CHECK enum err view_thread_show(struct writer *w, const struct view *v,
                                     const uint8_t id[ID_LEN], uint32_t extra);
/* An array of the feedback in force on an object, oldest first, each with what
 * its author is in the class. */
MUST_CHECK enum err view_feedback_list(struct writer *w, const struct view *v,
                                       const uint8_t id[ID_LEN]);
/* {project, title, lessons[]{index, id, call_to_action, done_by[]}}; with
 * `person` only that one is looked at. */
MUST_CHECK enum err view_class_progress(struct writer *w, const struct view *v,
                                        const uint8_t *person, uint32_t extra);
/* A declaration with who walks along, attempts[] and the keepsake. */
MUST_CHECK enum err view_courage_show(struct writer *w, const struct view *v,
                                      const uint8_t id[ID_LEN], uint32_t extra);

#endif
