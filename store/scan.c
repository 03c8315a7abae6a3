/*
 * Scans: a prefix of one table, or a topic's tree, walked either way in pages.
 * The position is the last key seen, so nothing stays open between two pages
 * and what comes in meanwhile falls where it belongs.
 */
#include <assert.h>
#include <string.h>

#include "store/internal.h"
#include "store/tree.h"

/* Which table; kept in the scan as a number. */
enum scan_table {
    SCAN_SEQ,
    SCAN_TOPIC,
    SCAN_TOPIC_KIND,
    SCAN_KIND,
    SCAN_AUTHOR,
    SCAN_LINK
};

static const unsigned TABLES[] = {
    [SCAN_SEQ] = T_RECORDS,           [SCAN_TOPIC] = I_TREE,
    [SCAN_TOPIC_KIND] = I_TOPIC_KIND, [SCAN_KIND] = I_KIND,
    [SCAN_AUTHOR] = I_AUTHOR,         [SCAN_LINK] = I_LINK,
};

/* Numbers looked at to each side of one that has gone. */
enum { NEAR_MAX = 4096 };

static void begin(struct store_scan *scan, enum scan_table table,
                  const struct key *prefix)
{
    memset(scan, 0, sizeof *scan);
    scan->table = table;
    assert(prefix->len <= sizeof scan->prefix);
    memcpy(scan->prefix, prefix->data, prefix->len);
    scan->prefix_len = prefix->len;
}

static void set_position(struct store_scan *scan, struct bytes key)
{
    assert(key.len <= sizeof scan->pos);
    memcpy(scan->pos, key.data, key.len);
    scan->pos_len = key.len;
}

void store_scan_by_seq(struct store_scan *scan, uint64_t after)
{
    struct key none = { .len = 0 };
    struct key position = key_of_u64(after);

    begin(scan, SCAN_SEQ, &none);
    set_position(scan, key_view(&position));
}

void store_scan_by_topic(struct store_scan *scan, const uint8_t topic[ID_LEN])
{
    struct key prefix = key_of_id(topic);

    begin(scan, SCAN_TOPIC, &prefix);
}

void store_scan_by_topic_kind(struct store_scan *scan,
                              const uint8_t topic[ID_LEN], uint64_t kind)
{
    struct key prefix = key_of_id(topic);

    key_add_u64(&prefix, kind);
    begin(scan, SCAN_TOPIC_KIND, &prefix);
}

void store_scan_by_topic_from(struct store_scan *scan,
                              const uint8_t topic[ID_LEN], uint64_t kind)
{
    struct key prefix = key_of_id(topic);
    struct key position = prefix;

    key_add_u64(&position, kind); /* shorter than any key of that kind */
    begin(scan, SCAN_TOPIC_KIND, &prefix);
    set_position(scan, key_view(&position));
}

void store_scan_by_kind(struct store_scan *scan, uint64_t kind)
{
    struct key prefix = key_of_u64(kind);

    begin(scan, SCAN_KIND, &prefix);
}

void store_scan_by_author(struct store_scan *scan, const uint8_t author[ID_LEN])
{
    struct key prefix = key_of_id(author);

    begin(scan, SCAN_AUTHOR, &prefix);
}

void store_scan_by_link(struct store_scan *scan, const uint8_t target[ID_LEN],
                        uint64_t relation)
{
    struct key prefix = key_of_id(target);

    if (relation != STORE_RELATION_ANY)
        key_add_u64(&prefix, relation);
    begin(scan, SCAN_LINK, &prefix);
}

void store_scan_by_revises(struct store_scan *scan, const uint8_t first[ID_LEN])
{
    store_scan_by_link(scan, first, RELATION_REVISES);
}

/* ---- Positions -------------------------------------------------------- */

static enum err link_candidate(void *context, const struct key *key)
{
    struct store_scan *scan = context;
    struct bytes prefix = { scan->prefix, scan->prefix_len };
    struct bytes pos = { scan->pos, scan->pos_len };

    if (key_has_prefix(key_view(key), prefix) &&
        bytes_compare(key_view(key), pos) > 0)
        set_position(scan, key_view(key));
    return ERR_OK;
}

/*
 * A record may link to the target more than once, by several relations; the
 * last of them counts, so that pages always advance.
 */
static enum err link_position(struct store_scan *scan, uint64_t seq,
                              const struct record *r)
{
    struct store_scan found = *scan;
    enum err e;

    found.pos_len = 0;
    e = index_link_keys(r, seq, link_candidate, &found);
    if (e == ERR_OK && found.pos_len == 0)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        *scan = found;
    return e;
}

/* A position in a tree: topic, created_ms, id. */
static struct key topic_position(const struct store_scan *scan,
                                 const struct record_key *at)
{
    struct key key = key_of((struct bytes){ scan->prefix, scan->prefix_len });

    key_add_u64(&key, at->created_ms);
    key_add_id(&key, at->id);
    return key;
}

static enum err position_in_topic(const struct look *look,
                                  struct store_scan *scan,
                                  const struct record *r)
{
    struct record_key at = { .created_ms = r->created_ms };
    struct tree_entry entry;
    struct key key;
    enum err e;

    memcpy(at.id, r->id, ID_LEN);
    e = tree_find(look->index, scan->prefix, &at, &entry);
    key = topic_position(scan, &at);
    if (e == ERR_OK)
        set_position(scan, key_view(&key));
    return e;
}

static enum err position_of(const struct look *look, struct store_scan *scan,
                            uint64_t seq, const struct record *r)
{
    struct key key = key_of((struct bytes){ scan->prefix, scan->prefix_len });
    struct bytes value;
    enum err e = ERR_OK;

    if (scan->table == SCAN_LINK)
        return link_position(scan, seq, r);
    if (scan->table == SCAN_TOPIC)
        return position_in_topic(look, scan, r);
    if (scan->table == SCAN_SEQ)
        key_add_u64(&key, seq);
    else
        key_add_place(&key, r->created_ms, r->id, seq);
    if (scan->table != SCAN_SEQ)
        e = txn_get(look->index, TABLES[scan->table], key_view(&key), &value);
    if (e == ERR_OK)
        set_position(scan, key_view(&key));
    return e;
}

static enum err position_at(const struct look *look, struct store_scan *scan,
                            uint64_t seq)
{
    struct row_record row;
    enum err e = look_record(look, seq, &row);

    return e == ERR_OK ? position_of(look, scan, seq, &row.record) : e;
}

/* Of two positions the one that the scan comes to first. */
static bool is_before(const struct store_scan *a, const struct store_scan *b)
{
    int order = bytes_compare((struct bytes){ a->pos, a->pos_len },
                              (struct bytes){ b->pos, b->pos_len });

    return a->newest_first ? order > 0 : order < 0;
}

/*
 * The item has gone since: its neighbours by number are near it in the list,
 * too.  Going on from the one that comes first may tell an item twice, but
 * leaves none out that came with it.
 */
static enum err position_near(const struct look *look, struct store_scan *scan,
                              uint64_t seq)
{
    struct store_scan below = *scan;
    struct store_scan above = *scan;
    enum err found_below = ERR_NOT_FOUND;
    enum err found_above = ERR_NOT_FOUND;

    for (uint64_t i = 1; i <= NEAR_MAX; i++) {
        if (found_below == ERR_NOT_FOUND && i < seq)
            found_below = position_at(look, &below, seq - i);
        if (found_above == ERR_NOT_FOUND)
            found_above = position_at(look, &above, seq + i);
        if (found_below != ERR_NOT_FOUND && found_above != ERR_NOT_FOUND)
            break;
    }
    if (found_below != ERR_OK && found_above != ERR_OK)
        return found_below;
    if (found_above != ERR_OK ||
        (found_below == ERR_OK && is_before(&below, &above)))
        *scan = below;
    else
        *scan = above;
    return ERR_OK;
}

enum err store_scan_after(struct store *store, struct store_scan *scan,
                          uint64_t seq)
{
    struct row_record row;
    struct look *look;
    enum err e = store_look(store, &look);

    if (e != ERR_OK)
        return e;
    if (scan->table == SCAN_SEQ && seq != 0 && seq <= look->applied) {
        struct key key = key_of_u64(seq);

        set_position(scan, key_view(&key)); /* a number needs no record */
        return ERR_OK;
    }
    e = look_record(look, seq, &row);
    if (e == ERR_OK)
        return position_of(look, scan, seq, &row.record);
    return e == ERR_NOT_FOUND && seq <= look->applied
               ? position_near(look, scan, seq)
               : e;
}

/* ---- Walking ---------------------------------------------------------- */

static enum err first_move(struct cursor *cursor, const struct store_scan *scan,
                           struct bytes *at, struct bytes *value)
{
    struct bytes pos = { scan->pos, scan->pos_len };
    struct key key = key_of((struct bytes){ scan->prefix, scan->prefix_len });
    bool whole_table = scan->prefix_len == 0;
    enum err e;

    /* A scan by number begins with a position that is no entry's. */
    if (scan->newest_first && pos.len > 0 &&
        !(whole_table && get_u64(pos.data) == 0))
        return cursor_move(cursor, CURSOR_BEFORE, pos, at, value);
    if (scan->newest_first && !whole_table && key_after_prefix(&key))
        return cursor_move(cursor, CURSOR_BEFORE, key_view(&key), at, value);
    if (scan->newest_first)
        return cursor_move(cursor, CURSOR_LAST, pos, at, value);
    if (pos.len == 0)
        return cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&key), at,
                           value);
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, pos, at, value);
    if (e == ERR_OK && bytes_equal(*at, pos))
        e = cursor_move(cursor, CURSOR_NEXT, pos, at, value);
    return e;
}

static enum err seq_at(const struct store_scan *scan, struct bytes at,
                       uint64_t *out)
{
    if (at.len < 8 || at.len > sizeof scan->pos)
        return ERR_CORRUPT;
    *out = get_u64(at.data + at.len - 8);
    return ERR_OK;
}

/* Takes one entry into the page, unless it is not for this scan. */
static enum err take(const struct look *look, const struct store_scan *scan,
                     uint64_t seq, struct store_item *out, bool *taken)
{
    struct row_record row;
    enum err e = look_record(look, seq, &row);

    *taken = false;
    if (e == ERR_NOT_FOUND)
        return ERR_OK; /* not visible yet, or gone since the index was read */
    if (e == ERR_OK && (row.held || !scan->held_only)) {
        item_of(out, seq, &row);
        *taken = true;
    }
    return e;
}

/* What of the topic is left. */
static struct record_range topic_rest(const struct store_scan *scan)
{
    struct record_range range = tree_everything();
    struct record_key at;

    if (scan->pos_len != ID_LEN + 8 + ID_LEN)
        return range;
    at.created_ms = get_u64(scan->pos + ID_LEN);
    memcpy(at.id, scan->pos + ID_LEN + 8, ID_LEN);
    if (scan->newest_first)
        range.hi = at;
    else
        range.lo = record_key_after(&at);
    return range;
}

static enum err next_in_topic(const struct look *look, struct store_scan *scan,
                              struct store_item *items, size_t max, size_t *n)
{
    struct record_range range = topic_rest(scan);
    struct tree_walk walk;
    struct tree_entry entry;
    struct key key;
    size_t count = 0;
    bool taken;
    enum err e = ERR_OK;

    tree_walk_begin(&walk, look->index, scan->prefix, &range,
                    scan->newest_first);
    while (e == ERR_OK && count < max) {
        e = tree_walk_next(&walk, &entry);
        if (e == ERR_NOT_FOUND)
            break;
        if (e == ERR_OK)
            e = take(look, scan, entry.seq, &items[count], &taken);
        if (e != ERR_OK)
            return e;
        key = topic_position(scan, &entry.key);
        set_position(scan, key_view(&key));
        count += taken ? 1 : 0;
    }
    *n = count;
    return ERR_OK;
}

static enum err next_in_table(const struct look *look, struct store_scan *scan,
                              struct store_item *items, size_t max, size_t *n)
{
    struct bytes prefix = { scan->prefix, scan->prefix_len };
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    uint64_t seq;
    size_t count = 0;
    bool taken;
    enum err e = cursor_open(
        &cursor, scan->table == SCAN_SEQ ? look->records : look->index,
        TABLES[scan->table]);

    if (e != ERR_OK)
        return e;
    e = first_move(cursor, scan, &at, &value);
    while (e == ERR_OK && key_has_prefix(at, prefix)) {
        if (scan->table == SCAN_SEQ && at.len == 8 && !scan->newest_first &&
            get_u64(at.data) > look->applied)
            break; /* not visible yet, and so not passed over */
        e = seq_at(scan, at, &seq);
        if (e == ERR_OK)
            e = take(look, scan, seq, &items[count], &taken);
        if (e != ERR_OK)
            break;
        set_position(scan, at);
        count += taken ? 1 : 0;
        if (count == max)
            break;
        e = cursor_move(cursor,
                        scan->newest_first ? CURSOR_PREVIOUS : CURSOR_NEXT, at,
                        &at, &value);
    }
    cursor_close(cursor);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *n = count;
    return ERR_OK;
}

enum err store_scan_next(struct store *store, struct store_scan *scan,
                         struct store_item *items, size_t max, size_t *n)
{
    struct look *look;
    enum err e = store_look(store, &look);

    assert(max > 0);
    if (e != ERR_OK)
        return e;
    if (scan->table == SCAN_TOPIC)
        return next_in_topic(look, scan, items, max, n);
    return next_in_table(look, scan, items, max, n);
}
