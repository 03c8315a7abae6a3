#ifndef PROTO_OUTBOX_H
#define PROTO_OUTBOX_H

#include "proto/frame.h"

/*
 * Frames that wait to be sent, oldest first, within a maximum.  A frame's
 * payload is copied once.
 */

/* What a frame counts besides its payload, so that small ones are bounded. */
#define OUTBOX_COST 64

struct outbox_frame {
    struct outbox_frame *next;
    size_t len;
    uint8_t bytes[]; /* header and payload */
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
/* The longest payload that fits now; 0 may also mean an empty one. */
size_t outbox_room(const struct outbox *box);

/* The whole length of the oldest frame; 0 if there is none. */
size_t outbox_next_len(const struct outbox *box);
/* Removes the oldest frame and frees it. */
void outbox_drop(struct outbox *box);

#endif
