/*
 * index.mdb: everything by which records are found, derived from records.mdb
 * alone and in the order of its numbers, so that a lost index comes back the
 * same.  What one record puts there, changes and takes away stands here, and
 * how the index catches up; the sets of topics are in index_topic.c and
 * index_identity.c, single rows in index_step.c (docs/storage.md §4).
 */
#include <assert.h>

#include "store/index_step.h"
#include "store/text.h"

/* ---- What it names ------------------------------------------------------ */

static struct key link_key(const uint8_t target[ID_LEN], uint64_t relation,
                           uint64_t seq, const struct record *r)
{
    struct key key = key_of_id(target);

    key_add_u64(&key, relation);
    key_add_place(&key, r->created_ms, r->id, seq);
    return key;
}

enum err index_link_keys(const struct record *r, uint64_t seq, key_fn *each,
                         void *context)
{
    struct reader links = reader_of(r->links);
    struct record_link link;
    struct key key;
    enum err e = ERR_OK;

    while (e == ERR_OK && record_link_next(&links, &link)) {
        key = link_key(link.id, link.relation, seq, r);
        e = each(context, &key);
    }
    if (e == ERR_OK && r->has_revises) {
        key = link_key(r->revises, RELATION_REVISES, seq, r);
        e = each(context, &key);
    }
    return e;
}

/* ---- A record comes ----------------------------------------------------- */

static enum err put_tail(const struct index_step *s, unsigned table,
                         struct key key, const struct record *r, uint64_t seq)
{
    key_add_place(&key, r->created_ms, r->id, seq);
    return index_step_put(s, table, &key);
}

static enum err put_link(void *context, const struct key *key)
{
    return index_step_put(context, I_LINK, key);
}

static enum err put_word(void *context, const struct key *key)
{
    return index_step_put(context, I_WORDS, key);
}

static enum err put_named(void *context, const struct key *key)
{
    return index_step_put(context, I_NAMED, key);
}

enum err index_add(struct store *store, struct txn *records, struct txn *index,
                   uint64_t seq, const struct row_record *row)
{
    const struct record *r = &row->record;
    struct index_step s = { store, records, index };
    enum err e = index_topic_join(&s, r->topic, seq, row);

    if (e == ERR_OK && index_topic_is_listed(store, r))
        e = index_topic_join(&s, store->options.board, seq, row);
    if (e == ERR_OK)
        e = put_tail(&s, I_KIND, key_of_u64(r->kind), r, seq);
    if (e == ERR_OK)
        e = put_tail(&s, I_AUTHOR, key_of_id(r->author), r, seq);
    if (e == ERR_OK)
        e = index_link_keys(r, seq, put_link, &s);
    if (e == ERR_OK)
        e = index_identity_bring(&s, r->topic, r->author);
    if (e == ERR_OK && index_topic_is_listed(store, r) && !r->founds_topic)
        e = index_topic_list(&s, r);
    if (e == ERR_OK && r->founds_topic && !index_topic_is_listed(store, r))
        e = index_topic_join_founder(&s, seq, row);
    if (e == ERR_OK && index_is_identity(records, r))
        e = index_identity_add(&s, seq, row);
    if (e == ERR_OK)
        e = text_keys(r, seq, put_word, &s);
    if (e == ERR_OK)
        e = named_keys(r, seq, put_named, &s);
    if (e == ERR_OK)
        e = charge_enter(store, index, seq, row);
    return e;
}

/* ---- A record changes --------------------------------------------------- */

/* What a record names twice has one row, which is gone the second time. */
static enum err drop(struct txn *index, unsigned table, const struct key *key)
{
    enum err e = txn_delete(index, table, key_view(key));

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err drop_word(void *context, const struct key *key)
{
    return drop(context, I_WORDS, key);
}

static enum err drop_named(void *context, const struct key *key)
{
    return drop(context, I_NAMED, key);
}

enum err index_reword(struct store *store, struct txn *index, uint64_t seq,
                      const struct row_record *before,
                      const struct row_record *after)
{
    struct index_step s = { store, NULL, index };
    enum err e = text_keys(&before->record, seq, drop_word, index);

    if (e == ERR_OK)
        e = text_keys(&after->record, seq, put_word, &s);
    if (e == ERR_OK)
        e = named_keys(&before->record, seq, drop_named, index);
    return e == ERR_OK ? named_keys(&after->record, seq, put_named, &s) : e;
}

enum err index_resize(struct store *store, struct txn *index,
                      const struct row_record *row)
{
    const struct record *r = &row->record;
    enum err e = index_topic_resize(store, r->topic, row);

    if (e == ERR_OK && (index_topic_is_listed(store, r) || r->founds_topic ||
                        index_identity_kind(r->kind)))
        e = index_topic_resize(store, store->options.board, row);
    if (e == ERR_OK && index_identity_kind(r->kind))
        e = index_identity_resize(store, index, row);
    return e;
}

/* ---- A record goes ------------------------------------------------------ */

static enum err drop_link(void *context, const struct key *key)
{
    return drop(context, I_LINK, key);
}

static enum err drop_tail(struct txn *index, unsigned table, struct key key,
                          const struct record *r, uint64_t seq)
{
    key_add_place(&key, r->created_ms, r->id, seq);
    return drop(index, table, &key);
}

enum err index_remove(struct store *store, struct txn *index, uint64_t seq,
                      const struct row_record *row)
{
    const struct record *r = &row->record;
    enum err e = index_leave(store, index, r->topic, seq, row);

    assert(
        !index_identity_kind(r->kind)); /* those are in many topics, and stay */
    if (e == ERR_OK)
        e = index_leave(store, index, store->options.board, seq, row);
    if (e == ERR_OK)
        e = drop_tail(index, I_KIND, key_of_u64(r->kind), r, seq);
    if (e == ERR_OK)
        e = drop_tail(index, I_AUTHOR, key_of_id(r->author), r, seq);
    if (e == ERR_OK)
        e = index_link_keys(r, seq, drop_link, index);
    if (e == ERR_OK)
        e = text_keys(r, seq, drop_word, index);
    if (e == ERR_OK)
        e = named_keys(r, seq, drop_named, index);
    if (e == ERR_OK)
        e = index_forget(index, r->id);
    return e == ERR_OK ? charge_leave(store, index, row) : e;
}

/* ---- Catching up -------------------------------------------------------- */

void index_begin(struct store *store, struct txn *index)
{
    tree_cache_begin(store->trees, index);
}

enum err index_finish(struct store *store, struct txn *index, uint64_t applied)
{
    enum err e = tree_cache_flush(store->trees);

    return e == ERR_OK ? index_set_applied(index, applied) : e;
}

/*
 * A number for the record's id, or ERR_EXISTS.  While the index is made anew,
 * nothing here asks for any but the founders of topics.
 */
static enum err give_number(const struct index_step *s, uint64_t seq,
                            const struct record *r)
{
    struct key key = key_of_id(r->id);
    struct spool_row row;
    uint64_t number = seq;
    enum err e = ERR_OK;

    if (s->store->spool == NULL || r->founds_topic)
        e = index_number(s->index, r->id, &number);
    if (e != ERR_OK || s->store->spool == NULL)
        return e;
    key_add_u64(&key, seq);
    row = spool_row_of(I_IDS, &key);
    return spool_add(s->store->spool, &row);
}

enum err index_add_all(struct store *store, struct txn *records,
                       struct txn *index, uint64_t from, uint64_t to)
{
    struct index_step s = { store, records, index };
    struct row_record row;
    enum err e = ERR_OK;

    for (uint64_t seq = from; seq <= to && e == ERR_OK; seq++) {
        e = index_step_row(&s, seq, &row);
        if (e == ERR_CORRUPT) {
            e = ERR_OK; /* one lost row must not lose the others: see verify */
            continue;
        }
        if (e == ERR_OK)
            e = give_number(&s, seq, &row.record);
        if (e == ERR_OK)
            e = index_add(store, records, index, seq, &row);
        else if (e == ERR_EXISTS)
            e = ERR_OK; /* the first copy stays */
    }
    return e;
}

enum err index_catch_up(struct store *store, struct txn *records,
                        struct txn *index, uint64_t from, uint64_t to)
{
    enum err e = index_add_all(store, records, index, from, to);

    return e == ERR_OK ? index_finish(store, index, to) : e;
}
