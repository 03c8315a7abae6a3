/* A bounded list of frames.  What they say and when they go is session.c's. */
#include "proto/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void outbox_init(struct outbox *box, size_t cost_max)
{
    *box = (struct outbox){ .cost_max = cost_max };
}

void outbox_wipe(struct outbox *box)
{
    while (box->first != NULL)
        outbox_drop(box);
}

static size_t cost_of(const struct outbox_frame *f)
{
    return OUTBOX_COST + f->len;
}

/* Makes a frame with room for `payload_len` bytes behind its header. */
static enum err frame_new(struct outbox_frame **out, const struct outbox *box,
                          uint8_t type, size_t payload_len)
{
    uint8_t header[FRAME_HEADER_MAX];
    size_t header_len;
    struct outbox_frame *f;

    if (OUTBOX_COST + FRAME_HEADER_MAX + payload_len >
        box->cost_max - box->cost)
        return ERR_NO_SPACE;
    header_len = frame_header(header, type, payload_len);
    f = malloc(sizeof *f + header_len + payload_len);
    if (f == NULL)
        return ERR_NO_MEMORY;
    *f = (struct outbox_frame){ .len = header_len };
    memcpy(f->bytes, header, header_len);
    *out = f;
    return ERR_OK;
}

static void copy_part(struct outbox_frame *f, struct bytes part)
{
    if (part.len > 0)
        memcpy(f->bytes + f->len, part.data, part.len);
    f->len += part.len;
}

static void append(struct outbox *box, struct outbox_frame *f)
{
    if (box->first == NULL)
        box->first = f;
    else
        box->last->next = f;
    box->last = f;
    box->cost += cost_of(f);
}

enum err outbox_add(struct outbox *box, uint8_t type, const struct bytes *parts,
                    size_t count)
{
    struct outbox_frame *f;
    size_t len = 0;
    enum err e;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > FRAME_PAYLOAD_MAX - len)
            return ERR_TOO_LARGE;
        len += parts[i].len;
    }
    e = frame_new(&f, box, type, len);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < count; i++)
        copy_part(f, parts[i]);
    append(box, f);
    return ERR_OK;
}

size_t outbox_room(const struct outbox *box)
{
    size_t left = box->cost_max - box->cost;

    if (left <= OUTBOX_COST + FRAME_HEADER_MAX)
        return 0;
    left -= OUTBOX_COST + FRAME_HEADER_MAX;
    return left < FRAME_PAYLOAD_MAX ? left : FRAME_PAYLOAD_MAX;
}

size_t outbox_next_len(const struct outbox *box)
{
    return box->first == NULL ? 0 : box->first->len;
}

void outbox_drop(struct outbox *box)
{
    struct outbox_frame *f = box->first;

    assert(f != NULL);
    box->first = f->next;
    if (box->first == NULL)
        box->last = NULL;
    box->cost -= cost_of(f);
    free(f);
}
