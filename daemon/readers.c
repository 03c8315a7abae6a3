#include "daemon/readers.h"

/* Fetched ahead of a reader: a second of the fastest video, and some. */
#define AHEAD_BYTES ((uint64_t)16 * 1024 * 1024)

void readers_add(struct readers *readers, struct node_reader *reader)
{
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
                                       const struct blob_id *blob)
{
    for (const struct node_reader *r = readers->first; r != NULL; r = r->next) {
        if (blob_id_equal(&r->blob, blob))
            return r;
    }
    return NULL;
}

uint64_t readers_end(const struct node_reader *reader)
{
    uint64_t left = reader->blob.size - reader->offset;
    uint64_t end = reader->offset + (left < AHEAD_BYTES ? left : AHEAD_BYTES);

    return reader->until < end ? reader->until : end;
}
