/* Coding of ranges; what they say about records is sync.c's business. */
#include "proto/sync_range.h"

#include <assert.h>
#include <string.h>

#define PREFIX_MAX 31 /* five bits beside three of mode */

struct sync_cursor sync_cursor_of(struct bytes body,
                                  const struct record_range *window,
                                  bool is_wire)
{
    assert(record_key_compare(&window->lo, &window->hi) < 0);
    return (struct sync_cursor){ .r = reader_of(body),
                                 .left = *window,
                                 .is_wire = is_wire };
}

/* §5.3: the lower bound, strictly below the one before, inside the window. */
static void read_bound(struct sync_cursor *c, size_t prefix,
                       struct record_key *out)
{
    uint64_t down = reader_varint(&c->r);

    *out = (struct record_key){ 0 };
    reader_copy(&c->r, out->id, prefix);
    if (c->r.err != ERR_OK)
        return;
    if (down > c->left.hi.created_ms) {
        reader_fail(&c->r, ERR_MALFORMED);
        return;
    }
    out->created_ms = c->left.hi.created_ms - down;
    if (record_key_compare(out, &c->left.hi) >= 0 ||
        record_key_compare(out, &c->left.lo) < 0)
        reader_fail(&c->r, ERR_MALFORMED);
}

/* How many bytes follow the count; a count of nothing says nothing. */
static size_t data_len(struct sync_cursor *c, const struct sync_range *range)
{
    bool is_list = range->mode == SYNC_IDS || range->mode == SYNC_ONLY;

    if (range->count == 0)
        reader_fail(&c->r, ERR_MALFORMED);
    if (range->mode == SYNC_FINGERPRINT)
        return FINGERPRINT_LEN;
    if (range->count > SYNC_FIRST_LIST_MAX) {
        reader_fail(&c->r, ERR_TOO_LARGE);
        return 0;
    }
    return is_list ? (size_t)range->count * 8 : (size_t)(range->count + 7) / 8;
}

/* Bits past the last listed id would ask for something that is not there. */
static void check_bitmap(struct sync_cursor *c, const struct sync_range *range)
{
    unsigned used = (unsigned)range->count % 8;

    if (range->data.len == 0 || used == 0)
        return;
    if ((range->data.data[range->data.len - 1] & (0xffu << used) & 0xff) != 0)
        reader_fail(&c->r, ERR_MALFORMED);
}

bool sync_cursor_next(struct sync_cursor *c, struct sync_range *out)
{
    struct sync_range range = { 0 };
    uint8_t first;

    if (c->r.err != ERR_OK || c->r.left == 0)
        return false;
    first = reader_u8(&c->r);
    if (first >> 5 > (c->is_wire ? SYNC_WANT : SYNC_ONLY))
        reader_fail(&c->r, ERR_MALFORMED);
    range.mode = (enum sync_mode)(first >> 5);
    range.range.hi = c->left.hi;
    read_bound(c, first & PREFIX_MAX, &range.range.lo);
    if (range.mode != SYNC_SKIP && range.mode != SYNC_ALL) {
        range.count = reader_varint(&c->r);
        range.data = reader_bytes(&c->r, data_len(c, &range));
    }
    if (range.mode == SYNC_WANT)
        check_bitmap(c, &range);
    if (c->r.err != ERR_OK)
        return false;
    c->left.hi = range.range.lo;
    *out = range;
    return true;
}

enum err sync_cursor_finish(const struct sync_cursor *c)
{
    enum err e = reader_finish(&c->r);

    if (e != ERR_OK)
        return e;
    if (record_key_compare(&c->left.hi, &c->left.lo) != 0)
        return ERR_TRUNCATED;
    return ERR_OK;
}

uint64_t sync_range_id(const struct sync_range *range, uint64_t i)
{
    assert(i < range->count && range->data.len == range->count * 8);
    return get_u64(range->data.data + 8 * i);
}

bool sync_range_has_id(const struct sync_range *range, uint64_t short_id)
{
    for (uint64_t i = 0; i < range->count; i++)
        if (sync_range_id(range, i) == short_id)
            return true;
    return false;
}

struct sync_builder sync_builder_of(struct writer *w,
                                    const struct record_range *window)
{
    return (struct sync_builder){ .w = w, .at = window->hi, .end = window->hi };
}

void sync_builder_skip(struct sync_builder *b, const struct record_key *to)
{
    assert(record_key_compare(to, &b->end) <= 0);
    b->end = *to;
}

static void put_range(struct sync_builder *b, enum sync_mode mode,
                      const struct record_key *to)
{
    size_t prefix = ID_LEN;

    assert(record_key_compare(to, &b->at) < 0);
    while (prefix > 0 && to->id[prefix - 1] == 0)
        prefix--;
    assert(prefix <= PREFIX_MAX);
    writer_u8(b->w, (uint8_t)((unsigned)mode << 5 | (unsigned)prefix));
    writer_varint(b->w, b->at.created_ms - to->created_ms);
    writer_bytes(b->w, (struct bytes){ to->id, prefix });
    b->at = *to;
    b->end = *to;
    b->count++;
}

void sync_builder_finish(struct sync_builder *b)
{
    struct record_key end = b->end;

    if (record_key_compare(&end, &b->at) < 0)
        put_range(b, SYNC_SKIP, &end);
}

void sync_builder_put(struct sync_builder *b, enum sync_mode mode,
                      const struct record_key *to, uint64_t count,
                      struct bytes data)
{
    sync_builder_finish(b);
    put_range(b, mode, to);
    if (mode != SYNC_SKIP && mode != SYNC_ALL) {
        writer_varint(b->w, count);
        writer_bytes(b->w, data);
    }
    if (mode == SYNC_FINGERPRINT || mode == SYNC_IDS)
        b->is_open = true;
}

struct record_key sync_bound_between(const struct record_key *below,
                                     const struct record_key *above)
{
    struct record_key bound = record_key_at(above->created_ms);
    size_t same = 0;

    assert(record_key_compare(below, above) < 0);
    if (below->created_ms == above->created_ms) {
        while (same < PREFIX_MAX - 1 && below->id[same] == above->id[same])
            same++;
        memcpy(bound.id, above->id, same + 1);
    }
    return bound;
}
