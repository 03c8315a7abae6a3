/*
 * The set of one topic: how records join and leave it.  Beside its own topic a
 * record may join the call board: it is listed, or it founds a topic of which
 * something is.  What was cut off the board does not come back.
 */
#include <string.h>

#include "proto/kind.h"
#include "store/index_step.h"
#include "store/tree_edit.h"

static struct record_key key_of_record(const struct record *r)
{
    struct record_key key = { .created_ms = r->created_ms };

    memcpy(key.id, r->id, ID_LEN);
    return key;
}

bool index_topic_is_listed(const struct store *store, const struct record *r)
{
    return (r->flags & RECORD_LISTED) != 0 &&
           memcmp(r->topic, store->options.board, ID_LEN) != 0;
}

/* ---- One topic ---------------------------------------------------------- */

static struct key topic_kind_key(const uint8_t topic[ID_LEN], uint64_t seq,
                                 const struct record *r)
{
    struct key key = key_of_id(topic);

    key_add_u64(&key, r->kind);
    key_add_place(&key, r->created_ms, r->id, seq);
    return key;
}

/* The same of a tree's entry; *added may be true for one that is there. */
static enum err put_entry(const struct index_step *s,
                          const uint8_t topic[ID_LEN],
                          const struct tree_entry *entry, bool *added)
{
    struct key key = key_of_id(topic);
    struct spool_row row;

    if (s->store->spool == NULL)
        return tree_edit_insert(s->store->trees, topic, entry, added);
    key_add_u64(&key, entry->key.created_ms);
    key_add_id(&key, entry->key.id);
    row = spool_row_of(I_TREE, &key);
    row.seq = entry->seq;
    row.bytes = entry->bytes;
    *added = true;
    return spool_add(s->store->spool, &row);
}

static enum err delete_entry(const struct index_step *s,
                             const uint8_t topic[ID_LEN],
                             const struct record_key *at)
{
    struct key key = key_of_id(topic);

    if (s->store->spool == NULL)
        return tree_edit_remove(s->store->trees, topic, at);
    key_add_u64(&key, at->created_ms);
    key_add_id(&key, at->id);
    return index_step_delete(s, I_TREE, &key);
}

/* What others that are listed may need, long after their own date (§5.8). */
bool index_is_anchor(const struct record *r)
{
    return r->founds_topic || r->kind == KIND_PROJECT ||
           (r->kind == KIND_REQUEST && !r->has_revises);
}

bool index_topic_is_board(const struct store *store,
                          const uint8_t topic[ID_LEN])
{
    return memcmp(topic, store->options.board, ID_LEN) == 0;
}

/* The call board was cut: what is older does not come back. */
static bool is_cut(const struct store *store, const uint8_t topic[ID_LEN],
                   const struct record *r)
{
    return r->created_ms < store->board_from_ms &&
           index_topic_is_board(store, topic) && !index_is_anchor(r);
}

enum err index_topic_join(const struct index_step *s,
                          const uint8_t topic[ID_LEN], uint64_t seq,
                          const struct row_record *row)
{
    struct tree_entry entry = { .key = key_of_record(&row->record),
                                .seq = seq,
                                .bytes = row_record_bytes(row) };
    struct key kind = topic_kind_key(topic, seq, &row->record);
    bool added;
    enum err e;

    if (is_cut(s->store, topic, &row->record))
        return ERR_OK;
    e = put_entry(s, topic, &entry, &added);
    if (e != ERR_OK || !added)
        return e;
    return index_step_put(s, I_TOPIC_KIND, &kind);
}

enum err index_topic_leave(const struct index_step *s,
                           const uint8_t topic[ID_LEN], uint64_t seq,
                           const struct row_record *row)
{
    struct record_key key = key_of_record(&row->record);
    struct key kind = topic_kind_key(topic, seq, &row->record);
    enum err e;

    if (is_cut(s->store, topic, &row->record))
        return ERR_OK; /* it was not there, or has left with the cut */
    e = delete_entry(s, topic, &key);
    if (e == ERR_OK)
        e = index_step_delete(s, I_TOPIC_KIND, &kind);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err index_leave(struct store *store, struct txn *index,
                     const uint8_t topic[ID_LEN], uint64_t seq,
                     const struct row_record *row)
{
    struct record_key key = key_of_record(&row->record);
    struct key kind = topic_kind_key(topic, seq, &row->record);
    enum err e = tree_edit_remove(store->trees, topic, &key);

    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = txn_delete(index, I_TOPIC_KIND, key_view(&kind));
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err index_topic_resize(struct store *store, const uint8_t topic[ID_LEN],
                            const struct row_record *row)
{
    struct record_key key = key_of_record(&row->record);
    enum err e =
        tree_edit_resize(store->trees, topic, &key, row_record_bytes(row));

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- The record that founds a listed topic ------------------------------ */

/* The mark that `author` has listed something of `topic`: its latest date. */
static struct key listed_key(const uint8_t topic[ID_LEN],
                             const uint8_t author[ID_LEN])
{
    struct key key = key_of_id(topic);

    key_add_id(&key, author);
    return key;
}

static enum err listed_latest(struct txn *index, const struct key *key,
                              uint64_t *out)
{
    struct bytes value;
    enum err e = txn_get(index, I_META, key_view(key), &value);

    return e == ERR_OK ? row_number_read(out, value) : e;
}

/*
 * Who knows the call board alone could not judge what is listed there without
 * the record that founds its topic: it joins the board, too, with a listed
 * record of its own author that is not dated before it.  So whoever's window
 * has the founder has the reason as well.
 */
enum err index_topic_list(const struct index_step *s, const struct record *r)
{
    struct look look = { .records = s->records,
                         .index = s->index,
                         .applied = UINT64_MAX };
    struct key key = listed_key(r->topic, r->author);
    struct key date = key_of_u64(r->created_ms);
    struct row_record founder;
    uint64_t latest_ms;
    uint64_t seq;
    enum err e = listed_latest(s->index, &key, &latest_ms);

    if (e == ERR_OK && latest_ms >= r->created_ms)
        return ERR_OK;
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = txn_put(s->index, I_META, key_view(&key), key_view(&date));
    if (e == ERR_OK)
        e = look_find(&look, r->topic, &seq, &founder);
    if (e == ERR_NOT_FOUND)
        return ERR_OK; /* it joins when it comes */
    if (e != ERR_OK || founder.record.created_ms > r->created_ms ||
        memcmp(founder.record.author, r->author, ID_LEN) != 0)
        return e;
    return index_topic_join(s, s->store->options.board, seq, &founder);
}

enum err index_topic_join_founder(const struct index_step *s, uint64_t seq,
                                  const struct row_record *row)
{
    struct key key = listed_key(row->record.id, row->record.author);
    uint64_t latest_ms;
    enum err e = listed_latest(s->index, &key, &latest_ms);

    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (latest_ms < row->record.created_ms)
        return ERR_OK;
    return index_topic_join(s, s->store->options.board, seq, row);
}
