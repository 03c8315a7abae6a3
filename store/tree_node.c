/*
 * Nodes as values.  A leaf's numbers are written as what they add to the
 * smallest of the leaf, each column as wide as its largest: a hundred entries
 * fit instead of seventy.  Separators are written as far as one of them
 * differs from zero.
 */
#include "store/tree_node.h"

#include <assert.h>
#include <string.h>

#define FORMAT          1
#define HEAD_LEN        12 /* format, level, count, next */
#define LEAF_HEAD_LEN   (HEAD_LEN + 8 + 8 + 3)
#define INNER_HEAD_LEN  (HEAD_LEN + 1)
#define CHILD_FIXED_LEN (8 * (4 + SYNC_LANES))

static_assert(TREE_ENTRIES_MAX == (TREE_NODE_LEN_MAX - LEAF_HEAD_LEN) / ID_LEN,
              "more entries than fit, or fewer");
static_assert(TREE_CHILDREN_MAX ==
                  (TREE_NODE_LEN_MAX - INNER_HEAD_LEN) / CHILD_FIXED_LEN,
              "more children than fit, or fewer");

/* ---- Sums ------------------------------------------------------------- */

void tree_sum_add(struct tree_sum *sum, const struct tree_entry *entry)
{
    record_sum_add(&sum->records, entry->key.id);
    sum->bytes += entry->bytes;
}

void tree_sum_join(struct tree_sum *sum, const struct tree_sum *other)
{
    record_sum_join(&sum->records, &other->records);
    sum->bytes += other->bytes;
}

void tree_sum_cut(struct tree_sum *sum, const struct tree_sum *other)
{
    for (size_t i = 0; i < SYNC_LANES; i++)
        sum->records.lanes[i] -= other->records.lanes[i];
    sum->records.count -= other->records.count;
    sum->bytes -= other->bytes;
}

void tree_node_sum(const struct tree_node *node, struct tree_sum *out)
{
    struct tree_sum sum = { .bytes = 0 };

    for (size_t i = 0; i < node->count; i++) {
        if (node->level == 0)
            tree_sum_add(&sum, &node->entries[i]);
        else
            tree_sum_join(&sum, &node->children[i].sum);
    }
    *out = sum;
}

/* ---- Columns ---------------------------------------------------------- */

/* How the numbers of a leaf are written. */
struct columns {
    uint64_t least_ms;
    uint64_t least_seq;
    uint8_t ms_len;
    uint8_t seq_len;
    uint8_t bytes_len;
};

static uint8_t number_len(uint64_t v)
{
    uint8_t len = 0;

    for (; v != 0; v >>= 8)
        len++;
    return len;
}

static struct columns columns_of(const struct tree_node *leaf)
{
    struct columns c = { .least_ms = 0 };
    uint64_t most_seq = 0;
    uint64_t bytes = 0;

    if (leaf->count == 0)
        return c;
    c.least_ms = leaf->entries[0].key.created_ms;
    c.least_seq = UINT64_MAX;
    for (size_t i = 0; i < leaf->count; i++) {
        const struct tree_entry *entry = &leaf->entries[i];

        if (entry->seq < c.least_seq)
            c.least_seq = entry->seq;
        if (entry->seq > most_seq)
            most_seq = entry->seq;
        bytes |= entry->bytes;
    }
    c.ms_len =
        number_len(leaf->entries[leaf->count - 1].key.created_ms - c.least_ms);
    c.seq_len = number_len(most_seq - c.least_seq);
    c.bytes_len = number_len(bytes);
    return c;
}

static bool columns_equal(const struct columns *a, const struct columns *b)
{
    return a->least_ms == b->least_ms && a->least_seq == b->least_seq &&
           a->ms_len == b->ms_len && a->seq_len == b->seq_len &&
           a->bytes_len == b->bytes_len;
}

static size_t entry_len(const struct columns *c)
{
    return (size_t)c->ms_len + ID_LEN + c->seq_len + c->bytes_len;
}

/* How many bytes of ids the separators of a node need: the rest is zeros. */
static uint8_t separator_len(const struct tree_node *inner)
{
    size_t len = 0;

    for (size_t i = 0; i < inner->count; i++) {
        const uint8_t *id = inner->children[i].least.id;
        size_t end = ID_LEN;

        while (end > len && id[end - 1] == 0)
            end--;
        len = end;
    }
    return (uint8_t)len;
}

size_t tree_node_len(const struct tree_node *node)
{
    struct columns c;

    if (node->level > 0)
        return INNER_HEAD_LEN +
               node->count * (CHILD_FIXED_LEN + (size_t)separator_len(node));
    c = columns_of(node);
    return LEAF_HEAD_LEN + node->count * entry_len(&c);
}

/* ---- Writing ---------------------------------------------------------- */

/*
 * Numbers within one entry or child, for which the writer gave room as a
 * whole: half of the time of a change goes here.
 */
static void give_number(uint8_t **at, uint64_t v, uint8_t len)
{
    for (uint8_t i = len; i-- > 0; v >>= 8)
        (*at)[i] = (uint8_t)v;
    *at += len;
}

static void give_u64(uint8_t **at, uint64_t v)
{
    give_number(at, v, 8);
}

static void give_id(uint8_t **at, const uint8_t id[ID_LEN], uint8_t len)
{
    memcpy(*at, id, len);
    *at += len;
}

static void put_leaf(struct writer *w, const struct tree_node *leaf)
{
    struct columns c = columns_of(leaf);
    uint8_t *at;

    writer_u64(w, c.least_ms);
    writer_u64(w, c.least_seq);
    writer_u8(w, c.ms_len);
    writer_u8(w, c.seq_len);
    writer_u8(w, c.bytes_len);
    at = writer_reserve(w, leaf->count * entry_len(&c));
    for (size_t i = 0; at != NULL && i < leaf->count; i++) {
        const struct tree_entry *entry = &leaf->entries[i];

        give_number(&at, entry->key.created_ms - c.least_ms, c.ms_len);
        give_id(&at, entry->key.id, ID_LEN);
        give_number(&at, entry->seq - c.least_seq, c.seq_len);
        give_number(&at, entry->bytes, c.bytes_len);
    }
}

static void put_inner(struct writer *w, const struct tree_node *inner)
{
    uint8_t id_len = separator_len(inner);
    uint8_t *at;

    writer_u8(w, id_len);
    at = writer_reserve(w, inner->count * (CHILD_FIXED_LEN + (size_t)id_len));
    for (size_t i = 0; at != NULL && i < inner->count; i++) {
        const struct tree_child *child = &inner->children[i];

        give_u64(&at, child->least.created_ms);
        give_id(&at, child->least.id, id_len);
        give_u64(&at, child->node);
        give_u64(&at, child->sum.records.count);
        give_u64(&at, child->sum.bytes);
        for (size_t j = 0; j < SYNC_LANES; j++)
            give_u64(&at, child->sum.records.lanes[j]);
    }
}

void tree_node_write(struct writer *w, const struct tree_node *node)
{
    assert(node->level < TREE_LEVELS_MAX);
    assert(tree_node_len(node) <= TREE_NODE_LEN_MAX);
    writer_u8(w, FORMAT);
    writer_u8(w, (uint8_t)node->level);
    writer_u16(w, (uint16_t)node->count);
    writer_u64(w, node->next);
    if (node->level == 0)
        put_leaf(w, node);
    else
        put_inner(w, node);
}

/* ---- Reading ---------------------------------------------------------- */

/*
 * Numbers within one entry or child, whose bytes the reader gave as a whole:
 * half of the time of a question goes here.
 */
static uint64_t take_number(const uint8_t **at, uint8_t len)
{
    uint64_t v = 0;

    for (uint8_t i = 0; i < len; i++)
        v = (v << 8) | (*at)[i];
    *at += len;
    return v;
}

static uint64_t take_u64(const uint8_t **at)
{
    const uint8_t *p = *at;

    *at += 8;
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

static void take_id(const uint8_t **at, uint8_t id[ID_LEN], uint8_t len)
{
    memcpy(id, *at, len);
    *at += len;
}

static void read_entry(struct tree_entry *entry, const uint8_t *at,
                       const struct columns *c)
{
    entry->key.created_ms = c->least_ms + take_number(&at, c->ms_len);
    take_id(&at, entry->key.id, ID_LEN);
    entry->seq = c->least_seq + take_number(&at, c->seq_len);
    entry->bytes = take_number(&at, c->bytes_len);
}

/* Strictly ascending; most keys differ by their time. */
static bool is_below(const struct record_key *a, const struct record_key *b)
{
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms;
    return record_key_compare(a, b) < 0;
}

static enum err read_leaf(struct tree_node *leaf, struct reader *r)
{
    struct columns c;
    struct columns again;

    c.least_ms = reader_u64(r);
    c.least_seq = reader_u64(r);
    c.ms_len = reader_u8(r);
    c.seq_len = reader_u8(r);
    c.bytes_len = reader_u8(r);
    if (c.ms_len > 8 || c.seq_len > 8 || c.bytes_len > 8 ||
        r->left != leaf->count * entry_len(&c))
        return ERR_CORRUPT;
    for (size_t i = 0; i < leaf->count; i++) {
        struct tree_entry *entry = &leaf->entries[i];

        read_entry(entry, reader_bytes(r, entry_len(&c)).data, &c);
        if (entry->key.created_ms > RECORD_TIME_MAX_MS ||
            (i > 0 && !is_below(&entry[-1].key, &entry->key)))
            return ERR_CORRUPT;
    }
    again = columns_of(leaf);
    return columns_equal(&c, &again) ? ERR_OK : ERR_CORRUPT;
}

static void read_child(struct tree_child *child, const uint8_t *at,
                       uint8_t id_len)
{
    child->least = record_key_at(take_u64(&at));
    take_id(&at, child->least.id, id_len);
    child->node = take_u64(&at);
    child->sum.records.count = take_u64(&at);
    child->sum.bytes = take_u64(&at);
    for (size_t i = 0; i < SYNC_LANES; i++)
        child->sum.records.lanes[i] = take_u64(&at);
}

static bool is_first(const struct record_key *least)
{
    struct record_key zero = record_key_at(0);

    return record_key_compare(least, &zero) == 0;
}

static enum err read_inner(struct tree_node *inner, struct reader *r)
{
    uint8_t id_len = reader_u8(r);
    size_t len = CHILD_FIXED_LEN + (size_t)id_len;

    if (id_len > ID_LEN || inner->count == 0 || r->left != inner->count * len)
        return ERR_CORRUPT;
    for (size_t i = 0; i < inner->count; i++) {
        struct tree_child *child = &inner->children[i];

        read_child(child, reader_bytes(r, len).data, id_len);
        if (child->node == 0 || child->sum.records.count == 0)
            return ERR_CORRUPT;
        if (i == 0 ? !is_first(&child->least)
                   : !is_below(&child[-1].least, &child->least))
            return ERR_CORRUPT;
    }
    return separator_len(inner) == id_len ? ERR_OK : ERR_CORRUPT;
}

enum err tree_node_read(struct tree_node *out, struct bytes value)
{
    struct reader r = reader_of(value);
    uint8_t format = reader_u8(&r);
    enum err e;

    out->changed = false;
    out->gone = false;
    out->level = reader_u8(&r);
    out->count = reader_u16(&r);
    out->next = reader_u64(&r);
    if (r.err != ERR_OK || format != FORMAT || value.len > TREE_NODE_LEN_MAX ||
        out->level >= TREE_LEVELS_MAX ||
        out->count > (out->level == 0 ? TREE_ENTRIES_MAX : TREE_CHILDREN_MAX))
        return ERR_CORRUPT;
    e = out->level == 0 ? read_leaf(out, &r) : read_inner(out, &r);
    if (e == ERR_OK)
        e = reader_finish(&r);
    return e == ERR_OK ? ERR_OK : ERR_CORRUPT;
}

/* ---- Places ----------------------------------------------------------- */

size_t tree_node_below(const struct tree_node *leaf,
                       const struct record_key *key)
{
    size_t lo = 0;
    size_t hi = leaf->count;

    assert(leaf->level == 0);
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;

        if (is_below(&leaf->entries[middle].key, key))
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

size_t tree_node_child(const struct tree_node *inner,
                       const struct record_key *key)
{
    size_t at = inner->count - 1;

    assert(inner->level > 0 && inner->count > 0);
    while (at > 0 && is_below(key, &inner->children[at].least))
        at--;
    return at;
}
