/* The frames of docs/protocol.md §6.10, from and to bytes. */
#include "proto/blob_small.h"

#include <assert.h>
#include <string.h>

static void read_entry(struct reader *r, struct blob_id *out)
{
    reader_copy(r, out->root, HASH_LEN);
    out->size = reader_u16(r);
    if (r->err == ERR_OK && out->size > BLOB_INLINE_MAX)
        reader_fail(r, ERR_TOO_LARGE);
    else if (r->err == ERR_OK && blob_id_check(out) != ERR_OK)
        reader_fail(r, ERR_MALFORMED);
}

enum err blob_many_decode(struct blob_many *out, struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct blob_many many;
    struct blob_id id;

    many.request = reader_u32(&r);
    reader_copy(&r, many.tag, sizeof many.tag);
    if (r.err != ERR_OK)
        return r.err;
    if (r.left == 0 || r.left % BLOB_MANY_ENTRY != 0)
        return ERR_TRUNCATED;
    if (r.left / BLOB_MANY_ENTRY > BLOB_MANY_MAX)
        return ERR_TOO_LARGE;
    many.count = (unsigned)(r.left / BLOB_MANY_ENTRY);
    many.entries = (struct bytes){ payload.data + BLOB_MANY_HEADER, r.left };
    for (unsigned i = 0; i < many.count && r.err == ERR_OK; i++)
        read_entry(&r, &id);
    if (r.err == ERR_OK)
        *out = many;
    return r.err;
}

void blob_many_at(const struct blob_many *many, unsigned i, struct blob_id *out)
{
    struct reader r = reader_of((struct bytes){
        many->entries.data + i * BLOB_MANY_ENTRY, BLOB_MANY_ENTRY });

    assert(i < many->count);
    read_entry(&r, out);
    assert(r.err == ERR_OK); /* it was decoded */
}

void blob_many_begin(struct writer *w, uint32_t request, const uint8_t tag[8])
{
    writer_u32(w, request);
    writer_bytes(w, (struct bytes){ tag, 8 });
}

void blob_many_put(struct writer *w, const struct blob_id *id)
{
    assert(id->size <= BLOB_INLINE_MAX);
    writer_bytes(w, BYTES_ARRAY(id->root));
    writer_u16(w, (uint16_t)id->size);
}

/* One answer's bytes; data is NULL of what is not held. */
static struct bytes read_answer(struct reader *r)
{
    uint16_t len = reader_u16(r);

    if (len == BLOB_SMALL_NOT_HELD)
        return (struct bytes){ NULL, 0 };
    if (r->err == ERR_OK && len > BLOB_INLINE_MAX)
        reader_fail(r, ERR_TOO_LARGE);
    return reader_bytes(r, len);
}

enum err blob_small_decode(struct blob_small *out, struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct blob_small small = { .count = 0 };

    small.request = reader_u32(&r);
    small.first = reader_u16(&r);
    if (r.err != ERR_OK)
        return r.err;
    small.entries = (struct bytes){ payload.data + BLOB_SMALL_HEADER, r.left };
    if (r.left == 0)
        return ERR_TRUNCATED;
    while (r.left > 0 && r.err == ERR_OK) {
        if (small.count++ == BLOB_MANY_MAX)
            return ERR_TOO_LARGE;
        (void)read_answer(&r);
    }
    if (r.err == ERR_OK)
        *out = small;
    return r.err;
}

bool blob_small_next(struct bytes *left, struct bytes *content)
{
    struct reader r = reader_of(*left);

    if (left->len == 0)
        return false;
    *content = read_answer(&r);
    assert(r.err == ERR_OK); /* it was decoded */
    *left = (struct bytes){ left->data + (left->len - r.left), r.left };
    return true;
}

void blob_small_begin(struct writer *w, uint32_t request, unsigned first)
{
    assert(first < BLOB_MANY_MAX);
    writer_u32(w, request);
    writer_u16(w, (uint16_t)first);
}

void blob_small_put(struct writer *w, struct bytes content)
{
    assert(content.len <= BLOB_INLINE_MAX);
    writer_u16(w, content.data == NULL ? BLOB_SMALL_NOT_HELD
                                       : (uint16_t)content.len);
    writer_bytes(w, content);
}

enum err blob_asked_take(struct blob_asked *asked, unsigned *first,
                         const struct blob_small *small)
{
    struct bytes left = small->entries;
    struct bytes content;

    if (small->first != asked->next)
        return ERR_OUT_OF_ORDER;
    if (small->count > asked->count - asked->next)
        return ERR_NOT_ASKED;
    for (unsigned i = asked->next; blob_small_next(&left, &content); i++)
        if (content.data != NULL && content.len != asked->ids[i].size)
            return ERR_NOT_ASKED;
    *first = asked->next;
    asked->next += small->count;
    return ERR_OK;
}

enum err blob_small_verify(struct multi_hash *multi, const struct blob_id *id,
                           struct bytes content)
{
    uint8_t root[HASH_LEN] = { 0 }; /* of the empty blob */
    enum err e = ERR_OK;

    assert(content.len <= BLOB_SPAN_LEN);
    if (content.len > 0)
        e = blob_span_hash(multi, root, content.len, content);
    if (e != ERR_OK)
        return e;
    return content.len == id->size && memcmp(root, id->root, HASH_LEN) == 0
               ? ERR_OK
               : ERR_BAD_BLOB;
}
