#ifndef PROTO_HYPARVIEW_PARTS_H
#define PROTO_HYPARVIEW_PARTS_H

#include "proto/hyparview.h"

/*
 * What the files of the overlay share: hyparview.c links, neighbours and time,
 * hyparview_view.c the nodes that are known, hyparview_recv.c what comes in.
 */

/* Kinds of OVERLAY frames (protocol.md §5.7). */
enum hyparview_kind {
    HYPARVIEW_NEIGHBOUR,
    HYPARVIEW_ANSWER,
    HYPARVIEW_DISCONNECT,
    HYPARVIEW_FORWARD_JOIN,
    HYPARVIEW_SHUFFLE,
    HYPARVIEW_SHUFFLE_REPLY,
    HYPARVIEW_KINDS
};

enum hyparview_priority {
    HYPARVIEW_LOW,
    HYPARVIEW_HIGH, /* fewer neighbours than OVERLAY_ACTIVE_MIN */
    HYPARVIEW_JOIN  /* none yet: tell others of me */
};

/* The largest payload: kind, count and contacts with their lengths. */
#define HYPARVIEW_PAYLOAD_MAX                                                  \
    (2 + (OVERLAY_SHUFFLE_MAX + 1) * (2 + ANNOUNCEMENT_MAX))

/* --- hyparview.c --- */

struct hyparview_link *hyparview_find_link(const struct hyparview *h,
                                           uint64_t link);
struct hyparview_link *hyparview_find_node(const struct hyparview *h,
                                           const uint8_t node[KEY_LEN]);
/* Our own announcement, signed anew each day. */
struct bytes hyparview_self(struct hyparview *h);
/* Any active link but this one (0: any); NULL if there is none. */
struct hyparview_link *hyparview_any_active(struct hyparview *h,
                                            uint64_t except);
/* Queues an effect with room for `len` bytes; NULL without memory. */
struct hyparview_effect *hyparview_add(struct hyparview *h,
                                       enum hyparview_effect_type type,
                                       uint64_t link, size_t len);
void hyparview_say(struct hyparview *h, uint64_t link, struct bytes payload);
void hyparview_set_active(struct hyparview *h, struct hyparview_link *l,
                          bool is_active);
/* Whether more neighbours are wanted than there may soon be. */
bool hyparview_has_too_few(const struct hyparview *h);
/* Looks for neighbours while there are too few. */
void hyparview_seek(struct hyparview *h);
/* NEIGHBOUR on the link. */
void hyparview_ask(struct hyparview *h, struct hyparview_link *l);
/* SHUFFLE or its reply, with a choice of what is known. */
void hyparview_say_contacts(struct hyparview *h, uint64_t link,
                            enum hyparview_kind kind, size_t max);

/* --- hyparview_view.c --- */

/* Copies `src` to *bytes, replacing what is there; false without memory. */
bool hyparview_keep(uint8_t **bytes, size_t *len, struct bytes src);
/*
 * Notes a node told of by somebody at a place of scope `source`.  What is
 * known already is replaced only by a newer one that is signed.
 */
void hyparview_learn(struct hyparview *h, struct bytes announcement,
                     enum endpoint_scope source);
struct hyparview_contact *hyparview_find_contact(const struct hyparview *h,
                                                 const uint8_t node[KEY_LEN]);
void hyparview_drop_contact(struct hyparview *h, struct hyparview_contact *c);
/*
 * Dials this contact, if it is signed and has an address that may be dialled
 * now.  False: nothing was done.
 */
bool hyparview_dial(struct hyparview *h, struct hyparview_contact *c);
/* Dials some contact whose time has come; false if there is none. */
bool hyparview_dial_any(struct hyparview *h);
/* Appends a random choice of at most `max` announcements; how many. */
size_t hyparview_put_contacts(struct hyparview *h, struct writer *w, size_t max,
                              uint64_t except);
void hyparview_put(struct writer *w, struct bytes announcement);

#endif
