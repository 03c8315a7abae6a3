#ifndef PROTO_VIEW_WORK_H
#define PROTO_VIEW_WORK_H

#include "proto/view.h"

/* Further maps of works, as those of view.h: errors and `extra` as there. */

/* A rights_request or rights_grant with its verdict and all its fields. */
MUST_CHECK enum err view_rights_item(struct writer *w, const struct view *v,
                                     const uint8_t id[ID_LEN], uint32_t extra);

/*
 * All that whoever passes a work on has to say (attribution.c): {id, kind,
 * title, author, licence, licence_url, works[], credits[], cut}.  Works are
 * those released, or the one asked for, and then what they are built on, each
 * once; `uses` of each says how.  ERR_NOT_FOUND too for what is no work.
 */
MUST_CHECK enum err view_attribution(struct writer *w, const struct view *v,
                                     const uint8_t id[ID_LEN], uint32_t extra);

#endif
