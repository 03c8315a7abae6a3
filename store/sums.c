/*
 * Counts, lane sums and ranks of a topic's order, by days.  A cursor over the
 * order or over the days does the walking; both end where the topic ends.
 */
#include "store/sums.h"

#include <assert.h>
#include <string.h>

#include "store/internal.h"

#define DAY_ROW_LEN (8 * (2 + SYNC_LANES))

struct key sums_order_key(const uint8_t topic[ID_LEN],
                          const struct record_key *key)
{
    struct key out = key_of_id(topic);

    key_add_u64(&out, key->created_ms);
    key_add_id(&out, key->id);
    return out;
}

static struct key day_key(const uint8_t topic[ID_LEN], uint64_t day)
{
    struct key out = key_of_id(topic);

    key_add_u64(&out, day);
    return out;
}

/* ---- Rows of days ----------------------------------------------------- */

static enum err day_read(struct day_sum *out, struct bytes value)
{
    struct reader r = reader_of(value);

    if (value.len != DAY_ROW_LEN)
        return ERR_CORRUPT;
    out->sum.count = reader_u64(&r);
    out->bytes = reader_u64(&r);
    for (size_t i = 0; i < SYNC_LANES; i++)
        out->sum.lanes[i] = reader_u64(&r);
    return ERR_OK;
}

static enum err day_get(struct txn *index, const struct key *key,
                        struct day_sum *out)
{
    struct bytes value;
    enum err e = txn_get(index, I_SUMS, key_view(key), &value);

    if (e == ERR_NOT_FOUND) {
        memset(out, 0, sizeof *out);
        return ERR_OK;
    }
    return e == ERR_OK ? day_read(out, value) : e;
}

static enum err day_put(struct txn *index, const struct key *key,
                        const struct day_sum *day)
{
    uint8_t row[DAY_ROW_LEN];
    struct writer w = writer_fixed(row, sizeof row);

    if (day->sum.count == 0)
        return txn_delete(index, I_SUMS, key_view(key));
    writer_u64(&w, day->sum.count);
    writer_u64(&w, day->bytes);
    for (size_t i = 0; i < SYNC_LANES; i++)
        writer_u64(&w, day->sum.lanes[i]);
    assert(w.err == ERR_OK && w.len == sizeof row);
    return txn_put(index, I_SUMS, key_view(key), writer_view(&w));
}

enum err sums_add(struct txn *index, const uint8_t topic[ID_LEN],
                  const struct record_key *key, uint64_t bytes)
{
    struct key at = day_key(topic, key->created_ms / DAY_MS);
    struct day_sum day;
    enum err e = day_get(index, &at, &day);

    if (e != ERR_OK)
        return e;
    record_sum_add(&day.sum, key->id);
    day.bytes += bytes;
    return day_put(index, &at, &day);
}

enum err sums_remove(struct txn *index, const uint8_t topic[ID_LEN],
                     const struct record_key *key, uint64_t bytes)
{
    struct key at = day_key(topic, key->created_ms / DAY_MS);
    struct record_sum one = { .count = 0 };
    struct day_sum day;
    enum err e = day_get(index, &at, &day);

    if (e != ERR_OK)
        return e;
    if (day.sum.count == 0 || day.bytes < bytes)
        return ERR_CORRUPT;
    record_sum_add(&one, key->id);
    for (size_t i = 0; i < SYNC_LANES; i++)
        day.sum.lanes[i] -= one.lanes[i];
    day.sum.count--;
    day.bytes -= bytes;
    return day_put(index, &at, &day);
}

enum err sums_resize(struct txn *index, const uint8_t topic[ID_LEN],
                     const struct record_key *key, uint64_t before,
                     uint64_t after)
{
    struct key at = day_key(topic, key->created_ms / DAY_MS);
    struct day_sum day;
    enum err e = day_get(index, &at, &day);

    if (e != ERR_OK)
        return e;
    if (day.sum.count == 0 || day.bytes < before)
        return ERR_CORRUPT;
    day.bytes = day.bytes - before + after;
    return day_put(index, &at, &day);
}

/* ---- Walking ---------------------------------------------------------- */

/* Over the rows of one topic in the order or in the days, ascending. */
struct walk {
    struct cursor *cursor;
    uint8_t topic[ID_LEN];
    struct key from; /* where it begins */
    bool begun;
};

static enum err walk_begin(struct walk *walk, struct txn *index, unsigned table,
                           const uint8_t topic[ID_LEN], struct key from)
{
    memcpy(walk->topic, topic, ID_LEN);
    walk->from = from;
    walk->begun = false;
    return cursor_open(&walk->cursor, index, table);
}

/* The next row: the reader stands behind the topic.  ERR_NOT_FOUND at the end.
 */
static enum err walk_next(struct walk *walk, struct reader *key,
                          struct bytes *value)
{
    struct bytes topic = { walk->topic, ID_LEN };
    struct bytes at;
    enum err e = cursor_move(walk->cursor,
                             walk->begun ? CURSOR_NEXT : CURSOR_AT_OR_AFTER,
                             key_view(&walk->from), &at, value);

    walk->begun = true;
    if (e != ERR_OK)
        return e;
    if (!key_has_prefix(at, topic))
        return ERR_NOT_FOUND;
    *key = reader_of(at);
    (void)reader_bytes(key, ID_LEN);
    return ERR_OK;
}

static enum err walk_entry(struct walk *walk, struct record_key *out)
{
    struct reader key;
    struct bytes value;
    enum err e = walk_next(walk, &key, &value);

    if (e != ERR_OK)
        return e;
    out->created_ms = reader_u64(&key);
    reader_copy(&key, out->id, ID_LEN);
    return reader_finish(&key) == ERR_OK ? ERR_OK : ERR_CORRUPT;
}

static enum err walk_day(struct walk *walk, uint64_t *day, struct day_sum *out)
{
    struct reader key;
    struct bytes value;
    enum err e = walk_next(walk, &key, &value);

    if (e != ERR_OK)
        return e;
    *day = reader_u64(&key);
    if (reader_finish(&key) != ERR_OK)
        return ERR_CORRUPT;
    return day_read(out, value);
}

/* The end of a walk is not an error. */
static enum err walk_end(struct walk *walk, enum err e)
{
    cursor_close(walk->cursor);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- Questions -------------------------------------------------------- */

enum err sums_list(struct txn *index, const uint8_t topic[ID_LEN],
                   const struct record_range *range, struct record_key *out,
                   size_t max, size_t *n)
{
    struct walk walk;
    size_t count = 0;
    enum err e = walk_begin(&walk, index, I_ORDER, topic,
                            sums_order_key(topic, &range->lo));

    if (e != ERR_OK)
        return e;
    while (e == ERR_OK && count < max) {
        e = walk_entry(&walk, &out[count]);
        if (e == ERR_OK && record_key_compare(&out[count], &range->hi) >= 0)
            break;
        if (e == ERR_OK)
            count++;
    }
    e = walk_end(&walk, e);
    if (e == ERR_OK)
        *n = count;
    return e;
}

/* Adds the entries of a range one by one; lanes only if `sum` wants them. */
static enum err add_entries(struct txn *index, const uint8_t topic[ID_LEN],
                            const struct record_key *lo,
                            const struct record_key *hi, bool lanes,
                            struct record_sum *sum)
{
    struct walk walk;
    struct record_key key;
    enum err e;

    if (record_key_compare(lo, hi) >= 0)
        return ERR_OK;
    e = walk_begin(&walk, index, I_ORDER, topic, sums_order_key(topic, lo));
    if (e != ERR_OK)
        return e;
    for (;;) { /* to the end of the range or the topic */
        e = walk_entry(&walk, &key);
        if (e != ERR_OK || record_key_compare(&key, hi) >= 0)
            break;
        if (lanes)
            record_sum_add(sum, key.id);
        else
            sum->count++;
    }
    return walk_end(&walk, e);
}

/* Adds whole days from `first` up to, not including, `end`. */
static enum err add_days(struct txn *index, const uint8_t topic[ID_LEN],
                         uint64_t first, uint64_t end, struct record_sum *sum)
{
    struct walk walk;
    struct day_sum row;
    uint64_t day;
    enum err e;

    if (first >= end)
        return ERR_OK;
    e = walk_begin(&walk, index, I_SUMS, topic, day_key(topic, first));
    if (e != ERR_OK)
        return e;
    for (;;) { /* to the last day, or the topic's */
        e = walk_day(&walk, &day, &row);
        if (e != ERR_OK || day >= end)
            break;
        record_sum_join(sum, &row.sum);
    }
    return walk_end(&walk, e);
}

static enum err range_sum(struct txn *index, const uint8_t topic[ID_LEN],
                          const struct record_range *range, bool lanes,
                          struct record_sum *out)
{
    struct record_key first =
        record_key_at(range->lo.created_ms / DAY_MS * DAY_MS);
    uint64_t day = range->lo.created_ms / DAY_MS;
    uint64_t end = range->hi.created_ms / DAY_MS;
    struct record_sum sum = { .count = 0 };
    struct record_key edge;
    enum err e;

    if (record_key_compare(&range->lo, &first) != 0)
        day++; /* the first day is cut */
    if (day > end) {
        e = add_entries(index, topic, &range->lo, &range->hi, lanes, &sum);
    } else {
        edge = record_key_at(day * DAY_MS);
        e = add_entries(index, topic, &range->lo, &edge, lanes, &sum);
        if (e == ERR_OK)
            e = add_days(index, topic, day, end, &sum);
        edge = record_key_at(end * DAY_MS);
        if (e == ERR_OK)
            e = add_entries(index, topic, &edge, &range->hi, lanes, &sum);
    }
    if (e == ERR_OK)
        *out = sum;
    return e;
}

enum err sums_range(struct txn *index, const uint8_t topic[ID_LEN],
                    const struct record_range *range, struct record_sum *out)
{
    if (record_key_compare(&range->lo, &range->hi) >= 0) {
        memset(out, 0, sizeof *out);
        return ERR_OK;
    }
    return range_sum(index, topic, range, true, out);
}

enum err sums_rank(struct txn *index, const uint8_t topic[ID_LEN],
                   const struct record_key *key, uint64_t *out)
{
    struct record_range range = { record_key_at(0), *key };
    struct record_sum sum;
    enum err e = range_sum(index, topic, &range, false, &sum);

    if (e == ERR_OK)
        *out = sum.count;
    return e;
}

enum err sums_total(struct txn *index, const uint8_t topic[ID_LEN],
                    uint64_t *count, uint64_t *bytes)
{
    struct walk walk;
    struct day_sum row;
    uint64_t day;
    uint64_t entries = 0;
    uint64_t total = 0;
    enum err e = walk_begin(&walk, index, I_SUMS, topic, day_key(topic, 0));

    if (e != ERR_OK)
        return e;
    while ((e = walk_day(&walk, &day, &row)) == ERR_OK) {
        entries += row.sum.count;
        total += row.bytes;
    }
    e = walk_end(&walk, e);
    if (e == ERR_OK) {
        *count = entries;
        *bytes = total;
    }
    return e;
}

/* Finds the day that holds the rank; *rank becomes the rank within it. */
static enum err select_day(struct txn *index, const uint8_t topic[ID_LEN],
                           uint64_t *rank, uint64_t *out)
{
    struct walk walk;
    struct day_sum row;
    uint64_t day;
    enum err e = walk_begin(&walk, index, I_SUMS, topic, day_key(topic, 0));

    if (e != ERR_OK)
        return e;
    while ((e = walk_day(&walk, &day, &row)) == ERR_OK) {
        if (*rank < row.sum.count) {
            *out = day;
            break;
        }
        *rank -= row.sum.count;
    }
    cursor_close(walk.cursor);
    return e;
}

enum err sums_select(struct txn *index, const uint8_t topic[ID_LEN],
                     uint64_t rank, struct record_key *out)
{
    struct record_key first;
    struct record_key key;
    struct walk walk;
    uint64_t day;
    enum err e = select_day(index, topic, &rank, &day);

    if (e != ERR_OK)
        return e;
    if (day > RECORD_TIME_MAX_MS / DAY_MS)
        return ERR_CORRUPT;
    first = record_key_at(day * DAY_MS);
    e = walk_begin(&walk, index, I_ORDER, topic, sums_order_key(topic, &first));
    if (e != ERR_OK)
        return e;
    for (uint64_t i = 0; i <= rank && e == ERR_OK; i++)
        e = walk_entry(&walk, &key);
    cursor_close(walk.cursor);
    if (e == ERR_NOT_FOUND)
        return ERR_CORRUPT; /* the day promised more */
    if (e == ERR_OK)
        *out = key;
    return e;
}
