/* Large pages that wait for the next use.  Knows nothing of what they hold. */
#include "daemon/read_buffers.h"

#include <stdlib.h>

#include "store/blob_disk.h"

uint8_t *read_buffers_take(struct read_buffers *b)
{
    if (b->count > 0)
        return b->spare[--b->count];
    return blob_disk_buffer(BLOB_DISK_PAGE);
}

void read_buffers_give(struct read_buffers *b, uint8_t *buf, uint64_t now_ms)
{
    if (buf == NULL)
        return;
    b->given_ms = now_ms;
    if (b->count < READ_BUFFERS_SPARE)
        b->spare[b->count++] = buf;
    else
        free(buf);
}

void read_buffers_tick(struct read_buffers *b, uint64_t now_ms)
{
    if (now_ms - b->given_ms >= READ_BUFFERS_SPARE_MS)
        read_buffers_wipe(b);
}

void read_buffers_wipe(struct read_buffers *b)
{
    while (b->count > 0)
        free(b->spare[--b->count]);
}
