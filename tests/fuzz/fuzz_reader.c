/*
 * The readers of bytes and of fixed MessagePack shapes, in any order.  Input:
 * one byte with the number of readings, one byte for each, then what is read.
 * As every form is the shortest one, writing what was read gives it again.
 */
#include <string.h>

#include "proto/mp.h"
#include "tests/fuzz/fuzz.h"

#define COUNT_MAX 1000

static void read_bytes(struct reader *r, struct writer *w, uint8_t what)
{
    uint8_t copy[31];

    switch (what % 7) {
    case 0:
        writer_u8(w, reader_u8(r));
        break;
    case 1:
        writer_u16(w, reader_u16(r));
        break;
    case 2:
        writer_u32(w, reader_u32(r));
        break;
    case 3:
        writer_u64(w, reader_u64(r));
        break;
    case 4:
        writer_varint(w, reader_varint(r));
        break;
    case 5:
        writer_bytes(w, reader_bytes(r, what));
        break;
    default:
        reader_copy(r, copy, what % sizeof copy);
        writer_bytes(w, (struct bytes){ copy, what % sizeof copy });
        break;
    }
}

static void read_exact(struct reader *r, struct writer *w, uint8_t what)
{
    uint8_t copy[31];
    size_t len = what % sizeof copy;

    mp_read_bin_exact(r, copy, len);
    mp_put_bin(w, (struct bytes){ copy, len });
}

static void read_nil(struct reader *r, struct writer *w)
{
    if (mp_read_nil(r))
        mp_put_nil(w);
}

static void read_value(struct reader *r, struct writer *w, uint8_t what)
{
    switch (what % 8) {
    case 0:
        mp_put_uint(w, mp_read_uint(r));
        break;
    case 1:
        mp_put_bool(w, mp_read_bool(r));
        break;
    case 2:
        mp_put_bin(w, mp_read_bin(r));
        break;
    case 3:
        mp_put_str(w, mp_read_str(r));
        break;
    case 4:
        mp_put_array(w, mp_read_array(r, COUNT_MAX));
        break;
    case 5:
        mp_put_map(w, mp_read_map(r, COUNT_MAX));
        break;
    case 6:
        writer_bytes(w, mp_read_any(r));
        break;
    default:
        read_exact(r, w, what);
        break;
    }
}

/* After an error nothing but zeros and empty views comes. */
static void check_stuck(struct reader r)
{
    enum err why = r.err;
    uint8_t copy[4];

    check(reader_u8(&r) == 0 && reader_varint(&r) == 0);
    check(reader_bytes(&r, 1).len == 0 && mp_read_any(&r).len == 0);
    check(mp_read_uint(&r) == 0 && mp_read_str(&r).len == 0);
    check(mp_read_array(&r, COUNT_MAX) == 0 && !mp_read_nil(&r));
    reader_copy(&r, copy, sizeof copy);
    check(get_u32(copy) == 0 && reader_finish(&r) == why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader script = reader_of((struct bytes){ data, size });
    struct bytes plan = reader_bytes(&script, reader_u8(&script));
    struct reader r = script;
    struct writer w = writer_growing(size + 64);

    for (size_t i = 0; i < plan.len && r.err == ERR_OK; i++) {
        const uint8_t *start = r.pos;
        size_t left = r.left;

        writer_reset(&w);
        if (plan.data[i] == UINT8_MAX)
            read_nil(&r, &w);
        else if (plan.data[i] < 0x80)
            read_bytes(&r, &w, plan.data[i]);
        else
            read_value(&r, &w, plan.data[i]);
        if (r.err == ERR_OK)
            check(bytes_equal(writer_view(&w),
                              (struct bytes){ start, left - r.left }));
    }
    if (r.err != ERR_OK)
        check_stuck(r);
    writer_free(&w);
    return 0;
}
