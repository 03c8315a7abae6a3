/*
 * Any bytes as a bundle, and any items behind a true beginning: read in one
 * piece and in many, with the same outcome.  Where the items can be read, the
 * end that belongs to them is put behind them, which a fuzzer could not guess.
 */
#include <string.h>

#include "proto/bundle.h"
#include "proto/bundle_check.h"
#include "proto/bundle_tally.h"
#include "proto/mp.h"
#include "proto/record.h"
#include "tests/fuzz/fuzz.h"

enum { FILE_MAX = 1 << 22, NOW_MS = 1800000000 };

/* What a check came to. */
struct outcome {
    enum err err;
    enum err verdict;
    uint64_t offset;
    struct writer result;
};

static struct outcome check_file(struct bytes file, size_t piece)
{
    static const uint8_t seed[16];
    struct outcome out = { .result = writer_growing(FILE_MAX) };
    struct bundle_check *c;

    check(bundle_check_new(&c, NOW_MS * (uint64_t)1000, seed) == ERR_OK);
    while (file.len > 0 && out.err == ERR_OK) {
        size_t len = file.len < piece ? file.len : piece;

        out.err = bundle_check_feed(c, (struct bytes){ file.data, len });
        file.data += len;
        file.len -= len;
    }
    if (out.err == ERR_OK)
        out.err = bundle_check_finish(c, &out.result);
    out.offset = bundle_check_offset(c);
    if (out.err == ERR_OK)
        out.verdict = bundle_check_verdict(c);
    bundle_check_free(c);
    return out;
}

static void check_both(struct bytes file)
{
    struct outcome whole = check_file(file, SIZE_MAX);
    struct outcome pieces = check_file(file, 7);
    enum mp_grade grade;
    size_t used;

    check(whole.err == pieces.err && whole.verdict == pieces.verdict);
    check(whole.offset == pieces.offset && whole.offset <= file.len);
    check(bytes_equal(writer_view(&whole.result), writer_view(&pieces.result)));
    if (whole.err == ERR_OK)
        check(mp_walk(&grade, &used, writer_view(&whole.result)) == ERR_OK &&
              used == whole.result.len);
    writer_free(&whole.result);
    writer_free(&pieces.result);
}

/* The topic of the first record, if there is one. */
static void put_begin(struct writer *w, struct bytes items, bool has_subject)
{
    struct bundle_begin begin = { .network = { 3, "lab" },
                                  .has_subject = has_subject };
    struct reader r = reader_of(items);
    struct bundle_writer b;
    struct record record;

    (void)reader_u8(&r);
    if (record_decode(&record, reader_bytes(&r, reader_u32(&r))) == ERR_OK) {
        memcpy(begin.topic, record.topic, ID_LEN);
        memcpy(begin.subject, record.id, ID_LEN);
    }
    bundle_writer_init(&b);
    bundle_writer_begin(&b, w, &begin);
    bundle_writer_wipe(&b);
}

static void put_end(struct writer *w, struct bundle_reader *b)
{
    uint8_t buf[BUNDLE_END_MAX];
    struct writer payload = writer_fixed(buf, sizeof buf);
    const struct bundle_counts *c = &b->tally.counts;
    uint8_t digest[HASH_LEN];

    check(bundle_tally_end(&b->tally, digest) == ERR_OK);
    mp_put_array(&payload, 7);
    mp_put_uint(&payload, c->records);
    mp_put_uint(&payload, c->heads);
    mp_put_uint(&payload, c->blobs);
    mp_put_uint(&payload, c->holes);
    mp_put_uint(&payload, c->spans);
    mp_put_uint(&payload, c->bytes);
    mp_put_bin(&payload, BYTES_ARRAY(digest));
    writer_u8(w, BUNDLE_END);
    writer_u32(w, (uint32_t)payload.len);
    writer_bytes(w, writer_view(&payload));
}

/* Reads what can be read; the file is cut behind it and ended. */
static void complete(struct writer *w)
{
    struct bundle_reader b;
    struct bundle_item item;
    size_t at = 0;

    bundle_reader_init(&b, NULL);
    for (;;) { /* an item each turn */
        struct bytes left = { w->data + at, w->len - at };

        if (bundle_reader_look(&b, &item, left) != ERR_OK ||
            item.len > left.len || item.type == BUNDLE_END)
            break;
        left.len = item.len;
        if (item.type == BUNDLE_SPAN && at % 2 == 0) {
            bundle_reader_pass(&b, &item, left);
        } else {
            enum err e = bundle_reader_take(&b, &item, left);

            if (e != ERR_OK && e != ERR_BAD_BLOB)
                break;
        }
        at += item.len;
    }
    w->len = at;
    put_end(w, &b);
    bundle_reader_wipe(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writer w = writer_growing(FILE_MAX);
    struct bytes items;

    if (size == 0 || size > FILE_MAX / 2)
        return 0;
    check_both((struct bytes){ data, size });
    items = (struct bytes){ data + 1, size - 1 };
    put_begin(&w, items, (data[0] & 1) != 0);
    writer_bytes(&w, items);
    check(w.err == ERR_OK);
    complete(&w);
    check(w.err == ERR_OK);
    check_both(writer_view(&w));
    writer_free(&w);
    return 0;
}
