#include "daemon/readers.h"

/* Fetched ahead of a reader: a second of the fastest video, and some. */
#define AHEAD_BYTES ((uint64_t)16 * 1024 * 1024)

/* Whoever has waited for longer lets others go first. */
#define TURN_MS 2000

void readers_add(struct readers *readers, struct node_reader *reader,
                 uint64_t now_ms)
{
    reader->since_ms = now_ms;
    reader->prev = NULL;
    reader->next = readers->first;
    if (readers->first != NULL)
        readers->first->prev = reader;
    readers->first = reader;
}

void readers_remove(struct readers *readers, struct node_reader *reader)
{
    if (reader->prev != NULL)
        reader->prev->next = reader->next;
    else
        readers->first = reader->next;
    if (reader->next != NULL)
        reader->next->prev = reader->prev;
}

const struct node_reader *readers_find(const struct readers *readers,
                                       const struct blob_id *blob,
                                       uint64_t now_ms)
{
    const struct node_reader *found = NULL;

    /* The last comes first. */
    for (const struct node_reader *r = readers->first; r != NULL; r = r->next) {
        if (blob_id_equal(&r->blob, blob) &&
            (found == NULL || now_ms - r->since_ms < TURN_MS))
            found = r;
    }
    return found;
}

void readers_tell(struct readers *readers, const struct blob_id *blob)
{
    struct node_reader *next;

    for (struct node_reader *r = readers->first; r != NULL; r = next) {
        next = r->next; /* it may end itself */
        if (blob_id_equal(&r->blob, blob))
            r->on_bytes(r);
    }
}

uint64_t readers_end(const struct node_reader *reader)
{
    uint64_t left = reader->blob.size - reader->offset;
    uint64_t end = reader->offset + (left < AHEAD_BYTES ? left : AHEAD_BYTES);

    return reader->until < end ? reader->until : end;
}
