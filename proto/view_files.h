#ifndef PROTO_VIEW_FILES_H
#define PROTO_VIEW_FILES_H

#include "proto/topic_list.h"
#include "proto/view_pairs.h"

/*
 * Lists of files in maps, bounded: a work may have thousands, which `get`
 * brings.  A file is {root, size, name, media_type, role}.
 */

/* In the map of a work or a release, and in that of one part of a release. */
#define VIEW_FILES_MAX      128
#define VIEW_PART_FILES_MAX 16

/* The first of the list's files as `field`, and how many there are. */
void view_put_files(struct view_pairs *p, const struct topic_list *list,
                    const char *field, const char *count);
/*
 * The same of `files` in `body`, which is that of `e` or NULL, and its pages.
 * While a page is not held: those of the body, without their number.
 */
MUST_CHECK enum err view_put_all_files(struct view_pairs *p,
                                       const struct view *v,
                                       const struct topic_entry *e,
                                       const struct mp_value *body);
/* Those of the body alone, at most `max`, without their number. */
void view_put_own_files(struct view_pairs *p, const struct mp_value *body,
                        uint32_t max);

#endif
