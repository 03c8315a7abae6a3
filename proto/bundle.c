/* What both ends of a bundle count and hash, and how its items are written. */
#include "proto/bundle.h"

#include <assert.h>
#include <string.h>

#include "proto/bundle_tally.h"
#include "proto/mp.h"

const uint8_t bundle_magic[BUNDLE_MAGIC_LEN] = "troupe bundle 1\n";

/* ---- The tally ---------------------------------------------------------- */

void bundle_tally_init(struct bundle_tally *t)
{
    *t = (struct bundle_tally){ .has_blob = false };
    merkle_init(&t->digest);
    merkle_start(&t->digest);
}

void bundle_tally_feed(struct bundle_tally *t, struct bytes bytes)
{
    merkle_feed(&t->digest, bytes);
}

static void end_blob(struct bundle_tally *t)
{
    if (t->has_blob && t->seen < blob_span_count(t->blob.size))
        t->counts.holes++;
    t->has_blob = false;
}

void bundle_tally_blob(struct bundle_tally *t, const struct blob_id *blob)
{
    end_blob(t);
    t->has_blob = true;
    t->blob = *blob;
    t->seen = 0;
    t->counts.blobs++;
}

void bundle_tally_span(struct bundle_tally *t, uint64_t span)
{
    t->seen++;
    t->counts.spans++;
    t->counts.bytes += blob_span_len(t->blob.size, span);
}

enum err bundle_tally_end(struct bundle_tally *t, uint8_t digest[HASH_LEN])
{
    end_blob(t);
    merkle_end(&t->digest, digest);
    return t->digest.err;
}

/* ---- The writer --------------------------------------------------------- */

void bundle_writer_init(struct bundle_writer *b)
{
    bundle_tally_init(&b->tally);
}

void bundle_writer_wipe(struct bundle_writer *b)
{
    merkle_wipe(&b->tally.digest);
}

const struct bundle_counts *bundle_writer_counts(const struct bundle_writer *b)
{
    return &b->tally.counts;
}

/* What was appended since `from` is part of the digest. */
static void feed_since(struct bundle_writer *b, const struct writer *w,
                       size_t from)
{
    if (w->err == ERR_OK)
        bundle_tally_feed(&b->tally,
                          (struct bytes){ w->data + from, w->len - from });
}

static void put_header(struct writer *w, enum bundle_type type, size_t len)
{
    assert(len <= BUNDLE_ITEM_MAX - BUNDLE_HEADER_LEN);
    writer_u8(w, (uint8_t)type);
    writer_u32(w, (uint32_t)len);
}

static void put_begin(struct writer *w, const struct bundle_begin *begin)
{
    mp_put_array(w, 3);
    mp_put_str(w, (struct bytes){ (const uint8_t *)begin->network.name,
                                  begin->network.len });
    mp_put_bin(w, BYTES_ARRAY(begin->topic));
    if (begin->has_subject)
        mp_put_bin(w, BYTES_ARRAY(begin->subject));
    else
        mp_put_nil(w);
}

void bundle_writer_begin(struct bundle_writer *b, struct writer *w,
                         const struct bundle_begin *begin)
{
    uint8_t buf[BUNDLE_BEGIN_MAX];
    struct writer payload = writer_fixed(buf, sizeof buf);
    size_t from = w->len;

    put_begin(&payload, begin);
    assert(payload.err == ERR_OK);
    writer_bytes(w, BYTES_ARRAY(bundle_magic));
    put_header(w, BUNDLE_BEGIN, payload.len);
    writer_bytes(w, writer_view(&payload));
    feed_since(b, w, from);
}

void bundle_writer_record(struct bundle_writer *b, struct writer *w,
                          struct bytes record)
{
    size_t from = w->len;

    put_header(w, BUNDLE_RECORD, record.len);
    writer_bytes(w, record);
    feed_since(b, w, from);
    b->tally.counts.records++;
}

void bundle_writer_head(struct bundle_writer *b, struct writer *w,
                        struct bytes head,
                        const uint8_t signature[SIGNATURE_LEN])
{
    size_t from = w->len;

    assert(head.len <= RECORD_HEAD_MAX);
    put_header(w, BUNDLE_HEAD, 2 + head.len + SIGNATURE_LEN);
    writer_u16(w, (uint16_t)head.len);
    writer_bytes(w, head);
    writer_bytes(w, (struct bytes){ signature, SIGNATURE_LEN });
    feed_since(b, w, from);
    b->tally.counts.heads++;
}

void bundle_writer_blob(struct bundle_writer *b, struct writer *w,
                        const struct blob_id *blob)
{
    size_t from = w->len;

    put_header(w, BUNDLE_BLOB, HASH_LEN + 8);
    writer_bytes(w, BYTES_ARRAY(blob->root));
    writer_u64(w, blob->size);
    feed_since(b, w, from);
    bundle_tally_blob(&b->tally, blob);
}

void bundle_writer_page(struct bundle_writer *b, struct writer *w,
                        uint64_t page, struct bytes hashes, struct bytes uncles)
{
    size_t from = w->len;

    put_header(w, BUNDLE_PAGE, 8 + 1 + uncles.len + hashes.len);
    writer_u64(w, page);
    writer_u8(w, (uint8_t)(uncles.len / HASH_LEN));
    writer_bytes(w, uncles);
    writer_bytes(w, hashes);
    feed_since(b, w, from);
}

void bundle_writer_span(struct bundle_writer *b, struct writer *w,
                        uint64_t span)
{
    size_t from = w->len;

    put_header(w, BUNDLE_SPAN, 8 + blob_span_len(b->tally.blob.size, span));
    writer_u64(w, span);
    feed_since(b, w, from);
    bundle_tally_span(&b->tally, span);
}

void bundle_writer_end(struct bundle_writer *b, struct writer *w)
{
    uint8_t buf[BUNDLE_END_MAX];
    struct writer payload = writer_fixed(buf, sizeof buf);
    const struct bundle_counts *c = &b->tally.counts;
    uint8_t digest[HASH_LEN];
    enum err e = bundle_tally_end(&b->tally, digest);

    if (e != ERR_OK) {
        writer_fail(w, e);
        return;
    }
    mp_put_array(&payload, 7);
    mp_put_uint(&payload, c->records);
    mp_put_uint(&payload, c->heads);
    mp_put_uint(&payload, c->blobs);
    mp_put_uint(&payload, c->holes);
    mp_put_uint(&payload, c->spans);
    mp_put_uint(&payload, c->bytes);
    mp_put_bin(&payload, BYTES_ARRAY(digest));
    assert(payload.err == ERR_OK);
    put_header(w, BUNDLE_END, payload.len);
    writer_bytes(w, writer_view(&payload));
}
