#ifndef PROTO_VIEW_PAIRS_H
#define PROTO_VIEW_PAIRS_H

#include "proto/view.h"

/*
 * A map in the making: pairs are written one by one and counted, then put
 * behind a header that knows their number.  Errors stick in the writer.
 */

#define VIEW_PAIRS_MAX 48

struct view_pairs {
    struct writer w;
    const char *names[VIEW_PAIRS_MAX]; /* of the pairs put by name */
    uint32_t names_count;
    uint32_t count;
};

struct view_pairs view_pairs_begin(void);
/* Writes header and pairs to `w`, counting `extra` more, and frees `p`. */
MUST_CHECK enum err view_pairs_end(struct view_pairs *p, struct writer *w,
                                   uint32_t extra);
void view_pairs_drop(struct view_pairs *p);
/* Ends it, or drops it where its making failed: `err`. */
MUST_CHECK enum err view_pairs_finish(struct view_pairs *p, enum err err,
                                      struct writer *w, uint32_t extra);

/* Puts the key and counts the pair; the caller puts the value to p->w. */
void view_key(struct view_pairs *p, const char *name);

void view_put_text(struct view_pairs *p, const char *name, const char *text);
void view_put_str(struct view_pairs *p, const char *name, struct bytes text);
void view_put_uint(struct view_pairs *p, const char *name, uint64_t v);
void view_put_bool(struct view_pairs *p, const char *name, bool v);
void view_put_id(struct view_pairs *p, const char *name,
                 const uint8_t id[ID_LEN]);
/* A person and, under `name_name`, what they are called, if known. */
void view_put_person(struct view_pairs *p, const struct view *v,
                     const char *name, const char *name_name,
                     const uint8_t person[ID_LEN]);
/* All fields of the record that have not been put by name. */
MUST_CHECK enum err view_put_fields(struct view_pairs *p,
                                    const struct topic_entry *e);

/*
 * A list in the making, put under its name once it is known how long it is:
 * who writes an element to `w` counts it.
 */
struct view_list {
    struct writer w;
    uint32_t count;
};

struct view_list view_list_begin(void);
/* Puts it under the name, or its error where it has one, and frees it. */
void view_list_end(struct view_list *list, struct view_pairs *p,
                   const char *name);

/*
 * Of a record that was retracted: {retracted, retraction, retraction_reason}
 * and what the retraction keeps of {title, licence}.
 */
void view_put_kept(struct view_pairs *p, const struct view *v,
                   const struct topic_entry *e);
/* {in_force, state, void_reason} and what the verdict is about. */
void view_put_verdict(struct view_pairs *p, const struct view *v,
                      const struct topic_entry *e);

#endif
