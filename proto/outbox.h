#ifndef PROTO_OUTBOX_H
#define PROTO_OUTBOX_H

#include "proto/frame.h"

/*
 * Frames that wait to be sent, oldest first, within a maximum.  A frame's
 * payload is copied once, or handed over in the caller's own block and never
 * copied.
 */

/* What a frame counts besides its payload, so that small ones are bounded. */
#define OUTBOX_COST 64
/* The copied part of a payload that is handed over. */
#define OUTBOX_HEAD_MAX 256

struct outbox_frame {
    struct outbox_frame *next;
    void *owner;       /* freed with the frame; may be NULL */
    struct bytes body; /* in owner; the payload's end */
    size_t head_len;   /* the frame's header and the payload's beginning */
    uint8_t head[];
};

struct outbox {
    struct outbox_frame *first;
    struct outbox_frame *last;
    size_t cost;
    size_t cost_max;
};

/* Zeroes *box but for its maximum; nothing is allocated. */
void outbox_init(struct outbox *box, size_t cost_max);
/* Frees all frames; accepts a zeroed box. */
void outbox_wipe(struct outbox *box);

/*
 * Appends a frame of the parts joined.
 *   ERR_TOO_LARGE  over FRAME_PAYLOAD_MAX;   ERR_NO_SPACE  the box is full
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err outbox_add(struct outbox *box, uint8_t type,
                               const struct bytes *parts, size_t count);
/*
 * Appends a frame of `head` (copied, at most OUTBOX_HEAD_MAX) and `body`, which
 * lies in `owner`, a block from malloc that the box owns on ERR_OK alone.
 * Errors as above.
 */
MUST_CHECK enum err outbox_give(struct outbox *box, uint8_t type,
                                struct bytes head, void *owner,
                                struct bytes body);
/* The longest payload that fits now; 0 may also mean an empty one. */
size_t outbox_room(const struct outbox *box);

/* The whole length of the oldest frame; 0 if there is none. */
size_t outbox_next_len(const struct outbox *box);
/* Removes the oldest frame and frees it. */
void outbox_drop(struct outbox *box);

#endif
