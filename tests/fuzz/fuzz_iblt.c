/*
 * Coded symbols from anywhere.  Input: how many ids both have and one side has
 * alone, how many symbols, then changes: a symbol (2), a byte of it (1), what
 * is flipped there (1).  Without changes, what is decoded is the difference.
 */
#include <string.h>

#include "proto/iblt.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct iblt_symbol prefix[SYNC_SYMBOLS_MAX];
static struct iblt_symbol other[SYNC_SYMBOLS_MAX];
static struct iblt_symbol found[SYNC_SYMBOLS_MAX];

static struct iblt_symbol single_of(uint64_t number)
{
    uint8_t id[IBLT_ID_LEN] = { 1 };
    struct iblt_symbol single;

    put_u64(id + 8, number);
    iblt_symbol_of(&single, id);
    return single;
}

static void fill(struct iblt_symbol *symbols, size_t n, uint64_t from,
                 uint64_t until)
{
    for (; from < until; from++) {
        struct iblt_symbol single = single_of(from);

        iblt_toggle(symbols, n, &single);
    }
}

/* All that was found is the difference, if nobody has changed the symbols. */
static void check_found(size_t count, uint64_t from, uint64_t until)
{
    check(count == until - from);
    for (size_t i = 0; i < count; i++) {
        uint8_t id[IBLT_ID_LEN];

        iblt_id_of(id, &found[i]);
        check(get_u64(id + 8) >= from && get_u64(id + 8) < until);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of((struct bytes){ data, size });
    uint64_t common = reader_u8(&r);
    uint64_t until = common + reader_u16(&r) % 1024;
    size_t n = 1 + reader_u16(&r) % SYNC_SYMBOLS_MAX;
    bool is_changed = false;
    size_t count;

    memset(prefix, 0, n * sizeof *prefix);
    memset(other, 0, n * sizeof *other);
    fill(prefix, n, 0, common);
    fill(other, n, 0, until);
    iblt_join(prefix, other, n);
    while (r.left >= 4) {
        size_t at = reader_u16(&r) % n;
        size_t byte = reader_u8(&r) % IBLT_SYMBOL_LEN;
        uint8_t flip = reader_u8(&r);

        ((uint8_t *)&prefix[at])[byte] ^= flip;
        is_changed = true;
    }
    if (!iblt_decode(prefix, n, found, &count)) {
        check(is_changed || n < 64 + 2 * (until - common));
        return 0;
    }
    check(count <= n);
    if (!is_changed)
        check_found(count, common, until);
    return 0;
}
