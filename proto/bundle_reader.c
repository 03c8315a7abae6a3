/* Reading a bundle, item by item, each bounded before it is asked for. */
#include <assert.h>
#include <string.h>

#include "proto/bundle_tally.h"
#include "proto/mp.h"

void bundle_reader_init(struct bundle_reader *b, struct multi_hash *multi)
{
    *b = (struct bundle_reader){ .state = BUNDLE_AT_START, .multi = multi };
    bundle_tally_init(&b->tally);
}

void bundle_reader_wipe(struct bundle_reader *b)
{
    merkle_wipe(&b->tally.digest);
}

bool bundle_reader_is_done(const struct bundle_reader *b)
{
    return b->state == BUNDLE_DONE;
}

const struct bundle_counts *bundle_reader_counts(const struct bundle_reader *b)
{
    return &b->tally.counts;
}

/* ---- Looking ------------------------------------------------------------ */

/* §8.2: what may follow what; items to be ignored may stand anywhere. */
static bool may_stand(const struct bundle_reader *b, unsigned type)
{
    switch (type) {
    case BUNDLE_BEGIN:
        return b->state == BUNDLE_AT_TOP;
    case BUNDLE_RECORD:
    case BUNDLE_HEAD:
        return b->state == BUNDLE_IN_RECORDS;
    case BUNDLE_BLOB:
    case BUNDLE_END:
        return b->state == BUNDLE_IN_RECORDS || b->state == BUNDLE_IN_BLOBS;
    case BUNDLE_PAGE:
    case BUNDLE_SPAN:
        return b->state == BUNDLE_IN_BLOBS;
    default:
        return b->state != BUNDLE_AT_TOP && b->state != BUNDLE_DONE;
    }
}

static uint32_t payload_max(unsigned type)
{
    switch (type) {
    case BUNDLE_BEGIN:
        return BUNDLE_BEGIN_MAX;
    case BUNDLE_HEAD:
        return 2 + RECORD_HEAD_MAX + SIGNATURE_LEN;
    case BUNDLE_BLOB:
        return HASH_LEN + 8;
    case BUNDLE_PAGE:
        return 8 + 1 + (BLOB_UNCLES_MAX + BLOB_LAYER_PAGE) * HASH_LEN;
    case BUNDLE_SPAN:
        return 8 + BLOB_SPAN_LEN;
    case BUNDLE_END:
        return BUNDLE_END_MAX;
    default: /* records, and what is to be ignored */
        return RECORD_LEN_MAX;
    }
}

/* The span is the blob's, comes after those before it, and its page is here. */
static enum err look_span(const struct bundle_reader *b, uint64_t span,
                          uint32_t len)
{
    const struct blob_id *blob = &b->tally.blob;

    if (span < b->next_span || span >= blob_span_count(blob->size) ||
        len != 8 + blob_span_len(blob->size, span))
        return ERR_MALFORMED;
    if (blob_page_count(blob->size) > 0 &&
        (!b->has_page || span / BLOB_LAYER_PAGE != b->page))
        return ERR_OUT_OF_ORDER;
    return ERR_OK;
}

static enum err look_item(const struct bundle_reader *b,
                          struct bundle_item *out, struct bytes first)
{
    struct reader r = reader_of(first);
    struct bundle_item item = { .type = reader_u8(&r) };
    uint32_t len = reader_u32(&r);
    enum err e = ERR_OK;

    if (r.err != ERR_OK)
        return r.err;
    if (item.type == BUNDLE_MAGIC ||
        (item.type % 2 == 0 && item.type > BUNDLE_END))
        return ERR_VERSION;
    if (!may_stand(b, item.type))
        return ERR_OUT_OF_ORDER;
    if (len > payload_max(item.type))
        return ERR_TOO_LARGE;
    item.len = BUNDLE_HEADER_LEN + (size_t)len;
    if (item.type == BUNDLE_SPAN) {
        item.span = reader_u64(&r);
        e = r.err != ERR_OK ? r.err : look_span(b, item.span, len);
    }
    if (e == ERR_OK)
        *out = item;
    return e;
}

enum err bundle_reader_look(const struct bundle_reader *b,
                            struct bundle_item *out, struct bytes first)
{
    size_t len = first.len < BUNDLE_MAGIC_LEN ? first.len : BUNDLE_MAGIC_LEN;

    if (b->state == BUNDLE_DONE)
        return ERR_OUT_OF_ORDER;
    if (b->state != BUNDLE_AT_START)
        return look_item(b, out, first);
    if (len > 0 && memcmp(first.data, bundle_magic, len) != 0)
        return ERR_MALFORMED;
    if (len < BUNDLE_MAGIC_LEN)
        return ERR_TRUNCATED;
    *out =
        (struct bundle_item){ .type = BUNDLE_MAGIC, .len = BUNDLE_MAGIC_LEN };
    return ERR_OK;
}

/* ---- Taking ------------------------------------------------------------- */

static enum err take_begin(struct bundle_item *item, struct reader *r)
{
    struct bundle_begin *begin = &item->at.begin;
    char name[NETWORK_LEN_MAX + 1] = "";
    struct bytes text;
    enum err e = ERR_MALFORMED;

    *begin = (struct bundle_begin){ .has_subject = false };
    if (mp_read_array(r, 3) != 3)
        reader_fail(r, ERR_MALFORMED);
    text = mp_read_str(r);
    if (text.len > 0 && text.len < sizeof name &&
        memchr(text.data, 0, text.len) == NULL) {
        memcpy(name, text.data, text.len);
        e = network_parse(&begin->network, name);
    }
    if (e != ERR_OK)
        reader_fail(r, e);
    mp_read_bin_exact(r, begin->topic, ID_LEN);
    if (!mp_read_nil(r)) {
        begin->has_subject = true;
        mp_read_bin_exact(r, begin->subject, ID_LEN);
    }
    return reader_finish(r);
}

static enum err take_head(struct bundle_item *item, struct reader *r)
{
    item->at.known.head = reader_bytes(r, reader_u16(r));
    item->at.known.signature = reader_bytes(r, SIGNATURE_LEN).data;
    return reader_finish(r);
}

/* §8.2: blobs ascend, so that none stands twice. */
static enum err take_blob(struct bundle_reader *b, struct bundle_item *item,
                          struct reader *r)
{
    const struct blob_id *last = &b->tally.blob;
    struct blob_id blob;
    int order;
    enum err e;

    reader_copy(r, blob.root, HASH_LEN);
    blob.size = reader_u64(r);
    e = reader_finish(r);
    if (e == ERR_OK)
        e = blob_id_check(&blob);
    if (e != ERR_OK)
        return e;
    order = memcmp(blob.root, last->root, HASH_LEN);
    if (b->state == BUNDLE_IN_BLOBS &&
        (order < 0 || (order == 0 && blob.size <= last->size)))
        return ERR_OUT_OF_ORDER;
    item->at.blob = blob;
    bundle_tally_blob(&b->tally, &blob);
    b->state = BUNDLE_IN_BLOBS;
    b->has_page = false;
    b->next_span = 0;
    return ERR_OK;
}

static enum err take_page(struct bundle_reader *b, struct bundle_item *item,
                          struct reader *r)
{
    uint64_t number = reader_u64(r);
    struct bytes uncles = reader_bytes(r, (size_t)reader_u8(r) * HASH_LEN);
    struct bytes hashes = reader_bytes(r, r->left);
    enum err e = reader_finish(r);

    if (e == ERR_OK && b->has_page && number <= b->page)
        e = ERR_OUT_OF_ORDER;
    if (e == ERR_OK)
        e = blob_page_verify(&b->tally.blob, number, hashes, uncles);
    if (e != ERR_OK)
        return e;
    memcpy(b->hashes, hashes.data, hashes.len);
    b->has_page = true;
    b->page = number;
    item->at.page.number = number;
    item->at.page.hashes = hashes;
    item->at.page.uncles = uncles;
    return ERR_OK;
}

static void pass_span(struct bundle_reader *b, uint64_t span)
{
    bundle_tally_span(&b->tally, span);
    b->next_span = span + 1;
}

void bundle_reader_expected(const struct bundle_reader *b,
                            const struct bundle_item *item,
                            uint8_t out[HASH_LEN])
{
    const struct blob_id *blob = &b->tally.blob;

    assert(item->type == BUNDLE_SPAN);
    memcpy(out,
           blob_page_count(blob->size) == 0
               ? blob->root
               : b->hashes + item->span % BLOB_LAYER_PAGE * HASH_LEN,
           HASH_LEN);
}

static enum err take_span(struct bundle_reader *b, struct bundle_item *item,
                          struct bytes whole)
{
    uint8_t expected[HASH_LEN];
    uint8_t hash[HASH_LEN];
    enum err e;

    bundle_reader_expected(b, item, expected);
    item->at.bytes = (struct bytes){ whole.data + BUNDLE_SPAN_LEN,
                                     whole.len - BUNDLE_SPAN_LEN };
    e = blob_span_hash(b->multi, hash, b->tally.blob.size, item->at.bytes);
    if (e != ERR_OK)
        return e;
    bundle_reader_pass(b, item, whole);
    return memcmp(hash, expected, HASH_LEN) == 0 ? ERR_OK : ERR_BAD_BLOB;
}

void bundle_reader_pass(struct bundle_reader *b, const struct bundle_item *item,
                        struct bytes first)
{
    assert(item->type == BUNDLE_SPAN && first.len >= BUNDLE_SPAN_LEN);
    bundle_tally_feed(&b->tally, (struct bytes){ first.data, BUNDLE_SPAN_LEN });
    pass_span(b, item->span);
}

static bool same_counts(const struct bundle_counts *a,
                        const struct bundle_counts *b)
{
    return a->records == b->records && a->heads == b->heads &&
           a->blobs == b->blobs && a->holes == b->holes &&
           a->spans == b->spans && a->bytes == b->bytes;
}

static enum err take_end(struct bundle_reader *b, struct bundle_item *item,
                         struct reader *r)
{
    struct bundle_counts *said = &item->at.counts;
    uint8_t digest[HASH_LEN];
    uint8_t expected[HASH_LEN];
    enum err e;

    if (mp_read_array(r, 7) != 7)
        reader_fail(r, ERR_MALFORMED);
    said->records = mp_read_uint(r);
    said->heads = mp_read_uint(r);
    said->blobs = mp_read_uint(r);
    said->holes = mp_read_uint(r);
    said->spans = mp_read_uint(r);
    said->bytes = mp_read_uint(r);
    mp_read_bin_exact(r, digest, HASH_LEN);
    e = reader_finish(r);
    if (e == ERR_OK)
        e = bundle_tally_end(&b->tally, expected);
    if (e != ERR_OK)
        return e;
    if (!same_counts(said, &b->tally.counts) ||
        memcmp(digest, expected, HASH_LEN) != 0)
        return ERR_CORRUPT;
    b->state = BUNDLE_DONE;
    return ERR_OK;
}

static enum err take(struct bundle_reader *b, struct bundle_item *item,
                     struct bytes payload)
{
    struct reader r = reader_of(payload);
    enum err e = ERR_OK;

    switch (item->type) {
    case BUNDLE_BEGIN:
        e = take_begin(item, &r);
        if (e == ERR_OK)
            b->state = BUNDLE_IN_RECORDS;
        return e;
    case BUNDLE_RECORD:
        item->at.record = payload;
        b->tally.counts.records++;
        return ERR_OK;
    case BUNDLE_HEAD:
        e = take_head(item, &r);
        if (e == ERR_OK)
            b->tally.counts.heads++;
        return e;
    case BUNDLE_BLOB:
        return take_blob(b, item, &r);
    case BUNDLE_PAGE:
        return take_page(b, item, &r);
    case BUNDLE_END:
        return take_end(b, item, &r);
    default:
        return ERR_OK; /* ignored */
    }
}

enum err bundle_reader_take(struct bundle_reader *b, struct bundle_item *item,
                            struct bytes whole)
{
    struct bytes payload;
    enum err e;

    assert(whole.len == item->len);
    if (item->type == BUNDLE_SPAN)
        return take_span(b, item, whole);
    if (item->type == BUNDLE_MAGIC) {
        b->state = BUNDLE_AT_TOP;
        bundle_tally_feed(&b->tally, whole);
        return ERR_OK;
    }
    payload = (struct bytes){ whole.data + BUNDLE_HEADER_LEN,
                              whole.len - BUNDLE_HEADER_LEN };
    e = take(b, item, payload);
    if (e == ERR_OK && item->type != BUNDLE_END)
        bundle_tally_feed(&b->tally, whole);
    return e;
}
