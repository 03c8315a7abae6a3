#ifndef PROTO_VIEW_TALK_H
#define PROTO_VIEW_TALK_H

#include "proto/view_pairs.h"

/*
 * What people say to one another, as view.h shows works: each writes one map
 * whose header counts `extra` more pairs.  Errors as there.
 */

/* {id, author, author_name, created_ms, state, ...} and all fields: of a
 * thread, a comment, a journal entry, a feedback, a courage. */
MUST_CHECK enum err view_words_item(struct writer *w, const struct view *v,
                                    const uint8_t id[ID_LEN], uint32_t extra);
/* The same pairs, of an object that `e` is a version of. */
MUST_CHECK enum err view_put_words(struct view_pairs *p, const struct view *v,
                                   const struct topic_entry *e);
/* {project, title, lessons[]{index, id, call_to_action, done_by[]}}; with
 * `person` only that one is looked at. */
MUST_CHECK enum err view_class_progress(struct writer *w, const struct view *v,
                                        const uint8_t *person, uint32_t extra);
/* A declaration with who walks along, attempts[] and the keepsake. */
MUST_CHECK enum err view_courage_show(struct writer *w, const struct view *v,
                                      const uint8_t id[ID_LEN], uint32_t extra);

#endif
