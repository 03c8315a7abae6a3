/* The interface that record sync asks through, on the index. */
#include <assert.h>
#include <string.h>

#include "store/internal.h"
#include "store/symbols.h"
#include "store/tree.h"

static enum err set_sum(void *set, const uint8_t topic[ID_LEN],
                        const struct record_range *range,
                        struct record_sum *out)
{
    struct tree_sum sum;
    struct look *look;
    enum err e = store_look(set, &look);

    if (e == ERR_OK)
        e = tree_range(look->index, topic, range, &sum);
    if (e == ERR_OK)
        *out = sum.records;
    return e;
}

static enum err set_rank(void *set, const uint8_t topic[ID_LEN],
                         const struct record_key *key, uint64_t *out)
{
    struct record_range range = { record_key_at(0), *key };
    struct tree_sum sum;
    struct look *look;
    enum err e = store_look(set, &look);

    if (e == ERR_OK)
        e = tree_size(look->index, topic, &range, &sum);
    if (e == ERR_OK)
        *out = sum.records.count;
    return e;
}

static enum err set_select(void *set, const uint8_t topic[ID_LEN],
                           uint64_t rank, struct record_key *out)
{
    struct tree_entry entry;
    struct look *look;
    enum err e = store_look(set, &look);

    if (e == ERR_OK)
        e = tree_select(look->index, topic, rank, &entry);
    if (e == ERR_OK)
        *out = entry.key;
    return e;
}

/*
 * What is listed is mostly read next, to be sent: its number is at hand then,
 * and the table of ids, in which nothing lies beside its neighbour, is spared.
 */
static struct listed *listed_of(struct store *store, const uint8_t id[ID_LEN])
{
    return &store->listed[id[0] % LISTED_MAX];
}

static void note_listed(struct store *store, const struct tree_entry *entry)
{
    struct listed *listed = listed_of(store, entry->key.id);

    memcpy(listed->id, entry->key.id, ID_LEN);
    listed->seq = entry->seq;
}

/* ERR_NOT_FOUND, too, if the number is another record's by now. */
static enum err find_listed(struct store *store, const struct look *look,
                            const uint8_t id[ID_LEN], struct row_record *out)
{
    const struct listed *listed = listed_of(store, id);

    if (listed->seq == 0 || memcmp(listed->id, id, ID_LEN) != 0)
        return ERR_NOT_FOUND;
    return look_record_known(look, listed->seq, id, out);
}

static enum err set_list(void *set, const uint8_t topic[ID_LEN],
                         const struct record_range *range,
                         struct record_key *out, size_t max, size_t *n)
{
    struct tree_entry entry;
    struct tree_walk walk;
    struct look *look;
    size_t count = 0;
    enum err e = store_look(set, &look);

    if (e != ERR_OK)
        return e;
    tree_walk_begin(&walk, look->index, topic, range, false);
    while (count < max && (e = tree_walk_next(&walk, &entry)) == ERR_OK) {
        out[count++] = entry.key;
        note_listed(set, &entry);
    }
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *n = count;
    return ERR_OK;
}

/*
 * What was erased after its author's retraction goes as a mere head: so it may
 * come before the retraction, and the other side needs no certificate for it.
 */
static bool is_sent_whole(const struct row_record *row)
{
    return row->held && row->record.body.data != NULL;
}

static enum err set_presence(void *set, const uint8_t topic[ID_LEN],
                             const uint8_t id[ID_LEN],
                             enum record_presence *out)
{
    struct look *look;
    struct row_record row;
    struct record_key key;
    struct tree_entry entry;
    uint64_t seq;
    enum err e = store_look(set, &look);

    if (e == ERR_OK)
        e = look_find(look, id, &seq, &row);
    if (e == ERR_OK) {
        key.created_ms = row.record.created_ms;
        memcpy(key.id, id, ID_LEN);
        e = tree_find(look->index, topic, &key, &entry);
    }
    if (e == ERR_OK)
        *out = is_sent_whole(&row) ? RECORD_HELD : RECORD_NOT_KEPT;
    if (e != ERR_NOT_FOUND)
        return e;
    *out = RECORD_ABSENT;
    return ERR_OK;
}

static void put_head(struct writer *w, const struct record *r)
{
    writer_u64(w, r->created_ms);
    writer_u16(w, (uint16_t)r->head.len);
    writer_bytes(w, r->head);
    writer_bytes(w, (struct bytes){ r->signature, SIGNATURE_LEN });
}

static enum err set_get(void *set, const uint8_t id[ID_LEN],
                        bool with_certificate, struct writer *w,
                        struct record_got *got)
{
    struct look *look;
    struct row_record row;
    uint64_t seq;
    enum err e = store_look(set, &look);

    if (e != ERR_OK)
        return e;
    if (find_listed(set, look, id, &row) != ERR_OK)
        e = look_find(look, id, &seq, &row);
    if (e != ERR_OK)
        return e;
    if (is_sent_whole(&row))
        e = look_join(look, &row, with_certificate, w);
    else
        put_head(w, &row.record);
    if (e == ERR_OK)
        e = w->err;
    if (e != ERR_OK)
        return e;
    got->presence = is_sent_whole(&row) ? RECORD_HELD : RECORD_NOT_KEPT;
    memcpy(got->signer, row.record.signer, KEY_LEN);
    return ERR_OK;
}

struct record_set store_record_set(struct store *store)
{
    static const struct record_set_ops OPS = {
        .sum = set_sum,
        .rank = set_rank,
        .select = set_select,
        .list = set_list,
        .presence = set_presence,
        .get = set_get,
        .find = symbols_find,
        .symbols = symbols_get,
    };

    return (struct record_set){ .ops = &OPS, .set = store };
}
