/* The files that peers asked for last, and whether more than one of them did.
 */
#include "daemon/popular.h"

#include <assert.h>

static bool is_stale(const struct popular_file *f, uint64_t now_ms)
{
    return f->peer == 0 || now_ms - f->asked_ms >= POPULAR_MS;
}

/* Its row; a new one takes the place of that which was asked for longest ago.
 */
static struct popular_file *row_of(struct popular *p, const struct blob_id *id)
{
    struct popular_file *oldest = &p->files[0];

    for (size_t i = 0; i < POPULAR_FILES; i++) {
        struct popular_file *f = &p->files[i];

        if (f->peer != 0 && blob_id_equal(&f->id, id))
            return f;
        if (f->asked_ms < oldest->asked_ms)
            oldest = f;
    }
    *oldest = (struct popular_file){ .id = *id };
    return oldest;
}

bool popular_note(struct popular *p, const struct blob_id *id, uint64_t peer,
                  uint64_t now_ms)
{
    struct popular_file *f = row_of(p, id);

    assert(peer != 0);
    if (is_stale(f, now_ms))
        *f = (struct popular_file){ .id = *id, .peer = peer };
    f->is_shared = f->is_shared || f->peer != peer;
    f->asked_ms = now_ms;
    return f->is_shared;
}
