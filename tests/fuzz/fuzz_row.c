/*
 * Any bytes as a row of the database.  Input: which row, the length of its
 * key, key, value.  What is accepted is written again to the same bytes; what
 * is not is damage and nothing else.
 */
#include <string.h>

#include "store/key.h"
#include "store/row.h"
#include "tests/fuzz/fuzz.h"

static enum err take_record(struct writer *w, struct bytes value)
{
    struct row_record row;
    enum err e = row_record_read(&row, value);

    if (e == ERR_OK)
        row_record_write(w, &row);
    return e;
}

static enum err take_blob(struct writer *w, struct bytes value)
{
    struct row_blob row;
    enum err e = row_blob_read(&row, value);

    if (e == ERR_OK)
        row_blob_write(w, &row);
    return e;
}

static enum err take_external(struct writer *w, struct bytes value)
{
    struct row_external row;
    enum err e = row_external_read(&row, value);

    if (e == ERR_OK)
        row_external_write(w, &row);
    return e;
}

static enum err take_follow(struct writer *w, struct bytes key,
                            struct bytes value)
{
    struct store_follow follow;
    enum err e = row_follow_read(&follow, key, value);

    if (e != ERR_OK)
        return e;
    check(bytes_equal(BYTES_ARRAY(follow.topic), key));
    row_follow_write(w, &follow);
    return e;
}

static enum err take_want(struct writer *w, struct bytes key,
                          struct bytes value)
{
    struct store_want want;
    struct key again;
    enum err e = row_want_read(&want, key, value);

    if (e != ERR_OK)
        return e;
    again = key_of_id(want.topic);
    key_add_blob(&again, &want.blob);
    check(bytes_equal(key_view(&again), key));
    row_want_write(w, &want);
    return e;
}

static enum err take_peer(struct writer *w, struct bytes key,
                          struct bytes value)
{
    struct store_peer peer;
    enum err e = row_peer_read(&peer, key, value);

    if (e != ERR_OK)
        return e;
    check(bytes_equal(BYTES_ARRAY(peer.node), key));
    row_peer_write(w, &peer);
    return e;
}

static enum err take_totals(struct writer *w, struct bytes value)
{
    struct row_totals totals;
    enum err e = row_totals_read(&totals, value);

    if (e == ERR_OK)
        row_totals_write(w, &totals);
    return e;
}

static enum err take_number(struct writer *w, struct bytes value)
{
    uint64_t number;
    enum err e = row_number_read(&number, value);

    if (e == ERR_OK)
        writer_u64(w, number);
    return e;
}

static enum err take(struct writer *w, uint8_t which, struct bytes key,
                     struct bytes value)
{
    switch (which % 8) {
    case 0:
        return take_record(w, value);
    case 1:
        return take_blob(w, value);
    case 2:
        return take_external(w, value);
    case 3:
        return take_follow(w, key, value);
    case 4:
        return take_want(w, key, value);
    case 5:
        return take_peer(w, key, value);
    case 6:
        return take_totals(w, value);
    default:
        return take_number(w, value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of((struct bytes){ data, size });
    uint8_t which = reader_u8(&r);
    struct bytes key = reader_bytes(&r, reader_u8(&r));
    struct bytes value = reader_bytes(&r, r.left);
    struct writer w = writer_growing(size + 1);
    enum err e = take(&w, which, key, value);

    check(e == ERR_OK || e == ERR_CORRUPT);
    if (e == ERR_OK)
        check(bytes_equal(writer_view(&w), value));
    writer_free(&w);
    return 0;
}
