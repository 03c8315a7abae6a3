/* Who reads a blob while it comes. */
#include <string.h>

#include "daemon/fetch_parts.h"

void fetch_seek(struct fetch *f)
{
    if (f->read_at < f->read_end && f->read_at < fetch_blob(f)->size)
        blob_fetch_seek(&f->machine, f->read_at, f->read_end);
}

void fetch_read(struct fetch *f, uint64_t offset, uint64_t end)
{
    f->read_at = offset;
    f->read_end = end;
    if (f->state == FETCH_RUNNING)
        fetch_seek(f);
    fetch_step(f);
}

size_t fetch_peek(const struct fetch *f, uint64_t offset, uint8_t *out,
                  size_t len)
{
    uint64_t size = fetch_blob(f)->size;
    struct blob_place place;
    size_t n = 0;

    if (f->state != FETCH_RUNNING)
        return 0;
    while (n < len && offset + n < size &&
           blob_fetch_proved(&f->machine, offset + n, &place)) {
        if (place.len > len - n)
            place.len = len - n;
        memcpy(out + n, f->slots[place.slot].data + place.offset, place.len);
        n += place.len;
    }
    return n;
}
