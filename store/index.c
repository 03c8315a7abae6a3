/*
 * index.mdb: everything by which records are found, derived from records.mdb
 * alone and in the order of its numbers, so that a lost index comes back the
 * same.  Which topics a record joins is decided here (docs/storage.md §4).
 */
#include <assert.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/mp.h"
#include "store/internal.h"
#include "store/text.h"
#include "store/tree_edit.h"

/* Identity records that travel with a person's other records. */
#define IDENTITY_MAX 64

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

static struct record_key key_of_record(const struct record *r)
{
    struct record_key key = { .created_ms = r->created_ms };

    memcpy(key.id, r->id, ID_LEN);
    return key;
}

static bool is_identity(uint64_t kind)
{
    return kind == KIND_DEVICE_REVOKE || kind == KIND_SUCCESSION;
}

/*
 * Whether a record is signed by its person's own key, as its certificate says.
 * A device may sign what looks like an identity record, and a stolen one would:
 * such a record is void, and must not take the place of a true one.
 */
static bool by_person_key(struct txn *records, const struct record *r)
{
    struct key key = key_of_id(r->author);
    uint8_t skipped[ID_LEN];
    uint8_t person_key[KEY_LEN];
    struct bytes value;
    struct reader core;

    key_add_id(&key, r->signer);
    if (txn_get(records, T_CERTIFICATES, key_view(&key), &value) != ERR_OK)
        return false;
    core = reader_of(value);
    (void)mp_read_array(&core, 7);
    (void)mp_read_uint(&core);
    mp_read_bin_exact(&core, skipped, sizeof skipped);
    mp_read_bin_exact(&core, person_key, sizeof person_key);
    return core.err == ERR_OK && memcmp(person_key, r->signer, KEY_LEN) == 0;
}

bool index_is_identity(struct txn *records, const struct record *r)
{
    return is_identity(r->kind) && by_person_key(records, r);
}

static bool joins_board(const struct store *store, const struct record *r)
{
    return (r->flags & RECORD_LISTED) != 0 &&
           memcmp(r->topic, store->options.board, ID_LEN) != 0;
}

uint64_t row_record_bytes(const struct row_record *row)
{
    return row->held ? row->record.head.len + row->record.body.len : 0;
}

/* ---- Numbers ---------------------------------------------------------- */

enum err index_applied(struct txn *index, uint64_t *out)
{
    struct bytes value;
    enum err e = txn_get(index, I_META, BYTES_LITERAL("applied"), &value);

    if (e == ERR_NOT_FOUND) {
        *out = 0;
        return ERR_OK;
    }
    return e == ERR_OK ? row_number_read(out, value) : e;
}

void index_begin(struct store *store, struct txn *index)
{
    tree_cache_begin(store->trees, index);
}

enum err index_set_applied(struct txn *index, uint64_t seq)
{
    struct key value = key_of_u64(seq);

    return txn_put(index, I_META, BYTES_LITERAL("applied"), key_view(&value));
}

enum err index_finish(struct store *store, struct txn *index, uint64_t applied)
{
    enum err e = tree_cache_flush(store->trees);

    return e == ERR_OK ? index_set_applied(index, applied) : e;
}

/* Where a step of an index change reads and writes. */
struct step {
    struct store *store;
    struct txn *records;
    struct txn *index;
};

/*
 * A row whose key says it all.  While the index is made anew, those that
 * nothing here asks for are collected, to be sorted first.
 */
static enum err put_row(const struct step *s, unsigned table,
                        const struct key *key)
{
    struct spool_row row;

    if (s->store->spool == NULL)
        return txn_put(s->index, table, key_view(key), NOTHING);
    row = spool_row_of(table, key);
    return spool_add(s->store->spool, &row);
}

static enum err delete_row(const struct step *s, unsigned table,
                           const struct key *key)
{
    struct spool_row row;

    if (s->store->spool == NULL)
        return txn_delete(s->index, table, key_view(key));
    row = spool_row_of(table, key);
    row.gone = true;
    return spool_add(s->store->spool, &row);
}

enum err index_number(struct txn *index, const uint8_t id[ID_LEN],
                      uint64_t *seq)
{
    struct key key = key_of_id(id);
    struct key number = key_of_u64(*seq);
    struct bytes there;
    enum err e =
        txn_put_new(index, I_IDS, key_view(&key), key_view(&number), &there);
    enum err bad;

    if (e != ERR_EXISTS)
        return e;
    bad = row_number_read(seq, there);
    return bad == ERR_OK ? ERR_EXISTS : bad;
}

enum err index_forget(struct txn *index, const uint8_t id[ID_LEN])
{
    struct key key = key_of_id(id);

    return txn_delete(index, I_IDS, key_view(&key));
}

enum err index_changes(struct txn *index, uint64_t *out)
{
    struct bytes value;
    enum err e = txn_get(index, I_META, BYTES_LITERAL("changes"), &value);

    if (e == ERR_NOT_FOUND) {
        *out = 0;
        return ERR_OK;
    }
    return e == ERR_OK ? row_number_read(out, value) : e;
}

enum err index_set_changes(struct txn *index, uint64_t changes)
{
    struct key value = key_of_u64(changes);

    return txn_put(index, I_META, BYTES_LITERAL("changes"), key_view(&value));
}

/* ---- One topic -------------------------------------------------------- */

static struct key topic_kind_key(const uint8_t topic[ID_LEN], uint64_t seq,
                                 const struct record *r)
{
    struct key key = key_of_id(topic);

    key_add_u64(&key, r->kind);
    key_add_place(&key, r->created_ms, r->id, seq);
    return key;
}

/* The same of a tree's entry; *added may be true for one that is there. */
static enum err put_entry(const struct step *s, const uint8_t topic[ID_LEN],
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

static enum err delete_entry(const struct step *s, const uint8_t topic[ID_LEN],
                             const struct record_key *at)
{
    struct key key = key_of_id(topic);

    if (s->store->spool == NULL)
        return tree_edit_remove(s->store->trees, topic, at);
    key_add_u64(&key, at->created_ms);
    key_add_id(&key, at->id);
    return delete_row(s, I_TREE, &key);
}

/* What others that are listed may need, long after their own date (§5.8). */
bool index_is_anchor(const struct record *r)
{
    return r->founds_topic || r->kind == KIND_PROJECT ||
           (r->kind == KIND_REQUEST && !r->has_revises);
}

static bool is_board(const struct store *store, const uint8_t topic[ID_LEN])
{
    return memcmp(topic, store->options.board, ID_LEN) == 0;
}

/* The call board was cut: what is older does not come back. */
static bool is_cut(const struct store *store, const uint8_t topic[ID_LEN],
                   const struct record *r)
{
    return r->created_ms < store->board_from_ms && is_board(store, topic) &&
           !index_is_anchor(r);
}

static enum err join(const struct step *s, const uint8_t topic[ID_LEN],
                     uint64_t seq, const struct row_record *row)
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
    return put_row(s, I_TOPIC_KIND, &kind);
}

static enum err leave(const struct step *s, const uint8_t topic[ID_LEN],
                      uint64_t seq, const struct row_record *row)
{
    struct record_key key = key_of_record(&row->record);
    struct key kind = topic_kind_key(topic, seq, &row->record);
    enum err e;

    if (is_cut(s->store, topic, &row->record))
        return ERR_OK; /* it was not there, or has left with the cut */
    e = delete_entry(s, topic, &key);
    if (e == ERR_OK)
        e = delete_row(s, I_TOPIC_KIND, &kind);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

/* ---- Identity records in the topics of their person -------------------- */

static enum err read_row(const struct step *s, uint64_t seq,
                         struct row_record *out)
{
    struct look look = { .records = s->records, .applied = UINT64_MAX };
    enum err e = look_record(&look, seq, out);

    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

/*
 * Numbers of the person's first IDENTITY_MAX + 1 identity records in order:
 * those that travel, and the one that just does not.
 */
static enum err identity_list(struct txn *index, const uint8_t person[ID_LEN],
                              uint64_t seqs[IDENTITY_MAX + 1], size_t *n)
{
    struct key prefix = key_of_id(person);
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    size_t count = 0;
    enum err e = cursor_open(&cursor, index, I_IDENTITY);

    if (e != ERR_OK)
        return e;
    while (count < IDENTITY_MAX + 1) {
        e = cursor_move(cursor, step, key_view(&prefix), &at, &value);
        if (e != ERR_OK || !key_has_prefix(at, key_view(&prefix)))
            break;
        e = row_number_read(&seqs[count], value);
        if (e != ERR_OK)
            break;
        count++;
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
    *n = count;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/*
 * The first record of an author in a topic brings their identity records; the
 * call board has those of everybody, whatever else is in its window.
 */
static enum err bring_identity(const struct step *s,
                               const uint8_t topic[ID_LEN],
                               const uint8_t author[ID_LEN])
{
    struct key key = key_of_id(author);
    uint64_t seqs[IDENTITY_MAX + 1];
    struct row_record row;
    struct bytes value;
    size_t n;
    enum err e;

    if (is_board(s->store, topic))
        return ERR_OK;
    key_add_id(&key, topic);
    e = txn_get(s->index, I_AUTHOR_TOPIC, key_view(&key), &value);
    if (e != ERR_NOT_FOUND)
        return e;
    e = txn_put(s->index, I_AUTHOR_TOPIC, key_view(&key), NOTHING);
    if (e == ERR_OK)
        e = identity_list(s->index, author, seqs, &n);
    for (size_t i = 0; e == ERR_OK && i < n && i < IDENTITY_MAX; i++) {
        e = read_row(s, seqs[i], &row);
        if (e == ERR_OK)
            e = join(s, topic, seqs[i], &row);
    }
    return e;
}

/* A record's own topic is not left, whatever else is true. */
static bool is_own_topic(const struct record *r, const uint8_t topic[ID_LEN])
{
    return memcmp(r->topic, topic, ID_LEN) == 0;
}

/* In every topic of the person: `comes` joins and `goes`, if any, leaves. */
static enum err spread(const struct step *s, const uint8_t person[ID_LEN],
                       uint64_t comes, const struct row_record *in,
                       uint64_t goes, const struct row_record *out)
{
    struct key at = key_of_id(person);
    struct key prefix = at;
    uint8_t topic[ID_LEN];
    struct cursor *cursor;
    struct bytes found;
    struct bytes value;
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    enum err e = cursor_open(&cursor, s->index, I_AUTHOR_TOPIC);

    if (e != ERR_OK)
        return e;
    for (;;) { /* to the person's last topic */
        e = cursor_move(cursor, step, key_view(&at), &found, &value);
        if (e != ERR_OK || !key_has_prefix(found, key_view(&prefix)))
            break;
        if (found.len != 2 * ID_LEN) {
            e = ERR_CORRUPT;
            break;
        }
        memcpy(topic, found.data + ID_LEN, ID_LEN);
        e = join(s, topic, comes, in);
        if (e == ERR_OK && goes != 0 && !is_own_topic(&out->record, topic))
            e = leave(s, topic, goes, out);
        if (e != ERR_OK)
            break;
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/*
 * A new identity record joins the call board, and travels elsewhere if it is
 * among its person's first.
 */
static enum err add_identity(const struct step *s, uint64_t seq,
                             const struct row_record *row)
{
    struct key key = key_of_id(row->record.author);
    struct key number = key_of_u64(seq);
    uint64_t seqs[IDENTITY_MAX + 1];
    struct row_record last = { .held = false };
    uint64_t goes = 0;
    size_t n;
    enum err e;

    key_add_u64(&key, row->record.created_ms);
    key_add_id(&key, row->record.id);
    e = txn_put(s->index, I_IDENTITY, key_view(&key), key_view(&number));
    if (e == ERR_OK)
        e = join(s, s->store->options.board, seq, row);
    if (e == ERR_OK)
        e = identity_list(s->index, row->record.author, seqs, &n);
    if (e != ERR_OK)
        return e;
    if (n > IDENTITY_MAX) {
        goes = seqs[IDENTITY_MAX];
        if (goes == seq)
            return ERR_OK;
        e = read_row(s, goes, &last);
        if (e != ERR_OK)
            return e;
    }
    for (size_t i = 0; i < n; i++) {
        if (seqs[i] == seq)
            return spread(s, row->record.author, seq, row, goes, &last);
    }
    return ERR_OK;
}

/* ---- The record that founds a listed topic ----------------------------- */

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
static enum err list_topic(const struct step *s, const struct record *r)
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
    return join(s, s->store->options.board, seq, &founder);
}

/* A founder comes after what is listed in its topic. */
static enum err join_listed(const struct step *s, uint64_t seq,
                            const struct row_record *row)
{
    struct key key = listed_key(row->record.id, row->record.author);
    uint64_t latest_ms;
    enum err e = listed_latest(s->index, &key, &latest_ms);

    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (latest_ms < row->record.created_ms)
        return ERR_OK;
    return join(s, s->store->options.board, seq, row);
}

/* ---- One record ------------------------------------------------------- */

static enum err put_tail(const struct step *s, unsigned table, struct key key,
                         const struct record *r, uint64_t seq)
{
    key_add_place(&key, r->created_ms, r->id, seq);
    return put_row(s, table, &key);
}

static enum err add_links(const struct step *s, uint64_t seq,
                          const struct record *r)
{
    struct reader links = reader_of(r->links);
    struct record_link link;
    struct key key;
    enum err e = ERR_OK;

    while (e == ERR_OK && record_link_next(&links, &link)) {
        key = key_of_id(link.id);
        key_add_u64(&key, link.relation);
        e = put_tail(s, I_LINK, key, r, seq);
    }
    if (e == ERR_OK && r->has_revises) {
        key = key_of_id(r->revises);
        key_add_u64(&key, RELATION_REVISES);
        e = put_tail(s, I_LINK, key, r, seq);
    }
    return e;
}

static enum err put_word(void *context, const struct key *key)
{
    return put_row(context, I_WORDS, key);
}

static enum err drop_word(void *context, const struct key *key)
{
    enum err e = txn_delete(context, I_WORDS, key_view(key));

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err put_named(void *context, const struct key *key)
{
    return put_row(context, I_NAMED, key);
}

static enum err drop_named(void *context, const struct key *key)
{
    enum err e = txn_delete(context, I_NAMED, key_view(key));

    return e == ERR_NOT_FOUND ? ERR_OK : e; /* it may be named twice */
}

enum err index_reword(struct store *store, struct txn *index, uint64_t seq,
                      const struct row_record *before,
                      const struct row_record *after)
{
    struct step s = { store, NULL, index };
    enum err e = text_keys(&before->record, seq, drop_word, index);

    if (e == ERR_OK)
        e = text_keys(&after->record, seq, put_word, &s);
    if (e == ERR_OK)
        e = named_keys(&before->record, seq, drop_named, index);
    return e == ERR_OK ? named_keys(&after->record, seq, put_named, &s) : e;
}

enum err index_add(struct store *store, struct txn *records, struct txn *index,
                   uint64_t seq, const struct row_record *row)
{
    const struct record *r = &row->record;
    struct step s = { store, records, index };
    enum err e = join(&s, r->topic, seq, row);

    if (e == ERR_OK && joins_board(store, r))
        e = join(&s, store->options.board, seq, row);
    if (e == ERR_OK)
        e = put_tail(&s, I_KIND, key_of_u64(r->kind), r, seq);
    if (e == ERR_OK)
        e = put_tail(&s, I_AUTHOR, key_of_id(r->author), r, seq);
    if (e == ERR_OK)
        e = add_links(&s, seq, r);
    if (e == ERR_OK)
        e = bring_identity(&s, r->topic, r->author);
    if (e == ERR_OK && joins_board(store, r) && !r->founds_topic)
        e = list_topic(&s, r);
    if (e == ERR_OK && r->founds_topic && !joins_board(store, r))
        e = join_listed(&s, seq, row);
    if (e == ERR_OK && index_is_identity(records, r))
        e = add_identity(&s, seq, row);
    if (e == ERR_OK)
        e = text_keys(r, seq, put_word, &s);
    if (e == ERR_OK)
        e = named_keys(r, seq, put_named, &s);
    if (e == ERR_OK)
        e = trim_enter(store, index, seq, row);
    return e;
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

static enum err drop_tail(struct txn *index, unsigned table, struct key key,
                          const struct record *r, uint64_t seq)
{
    enum err e;

    key_add_place(&key, r->created_ms, r->id, seq);
    e = txn_delete(index, table, key_view(&key));
    return e == ERR_NOT_FOUND ? ERR_OK : e; /* a link may stand there twice */
}

static enum err drop_links(struct txn *index, uint64_t seq,
                           const struct record *r)
{
    struct reader links = reader_of(r->links);
    struct record_link link;
    struct key key;
    enum err e = ERR_OK;

    while (e == ERR_OK && record_link_next(&links, &link)) {
        key = key_of_id(link.id);
        key_add_u64(&key, link.relation);
        e = drop_tail(index, I_LINK, key, r, seq);
    }
    if (e == ERR_OK && r->has_revises) {
        key = key_of_id(r->revises);
        key_add_u64(&key, RELATION_REVISES);
        e = drop_tail(index, I_LINK, key, r, seq);
    }
    return e;
}

enum err index_remove(struct store *store, struct txn *index, uint64_t seq,
                      const struct row_record *row)
{
    const struct record *r = &row->record;
    enum err e = index_leave(store, index, r->topic, seq, row);

    assert(!is_identity(r->kind)); /* those are in many topics, and stay */
    if (e == ERR_OK)
        e = index_leave(store, index, store->options.board, seq, row);
    if (e == ERR_OK)
        e = drop_tail(index, I_KIND, key_of_u64(r->kind), r, seq);
    if (e == ERR_OK)
        e = drop_tail(index, I_AUTHOR, key_of_id(r->author), r, seq);
    if (e == ERR_OK)
        e = drop_links(index, seq, r);
    if (e == ERR_OK)
        e = text_keys(r, seq, drop_word, index);
    if (e == ERR_OK)
        e = named_keys(r, seq, drop_named, index);
    if (e == ERR_OK)
        e = index_forget(index, r->id);
    return e == ERR_OK ? trim_leave(store, index, row) : e;
}

/* The bytes in one topic, if the record is there. */
static enum err resize_in(struct store *store, const uint8_t topic[ID_LEN],
                          const struct row_record *row)
{
    struct record_key key = key_of_record(&row->record);
    enum err e =
        tree_edit_resize(store->trees, topic, &key, row_record_bytes(row));

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err resize_identity(struct store *store, struct txn *index,
                                const struct row_record *row)
{
    struct key at = key_of_id(row->record.author);
    struct key prefix = at;
    uint8_t topic[ID_LEN];
    struct cursor *cursor;
    struct bytes found;
    struct bytes value;
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    enum err e = cursor_open(&cursor, index, I_AUTHOR_TOPIC);

    if (e != ERR_OK)
        return e;
    for (;;) { /* to the person's last topic */
        e = cursor_move(cursor, step, key_view(&at), &found, &value);
        if (e != ERR_OK || !key_has_prefix(found, key_view(&prefix)))
            break;
        if (found.len != 2 * ID_LEN) {
            e = ERR_CORRUPT;
            break;
        }
        memcpy(topic, found.data + ID_LEN, ID_LEN);
        if (!is_own_topic(&row->record, topic))
            e = resize_in(store, topic, row);
        if (e != ERR_OK)
            break;
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err index_resize(struct store *store, struct txn *index,
                      const struct row_record *row)
{
    const struct record *r = &row->record;
    enum err e = resize_in(store, r->topic, row);

    if (e == ERR_OK &&
        (joins_board(store, r) || r->founds_topic || is_identity(r->kind)))
        e = resize_in(store, store->options.board, row);
    if (e == ERR_OK && is_identity(r->kind))
        e = resize_identity(store, index, row);
    return e;
}

/*
 * A number for the record's id, or ERR_EXISTS.  While the index is made anew,
 * nothing here asks for any but the founders of topics.
 */
static enum err give_number(const struct step *s, uint64_t seq,
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
    struct step s = { store, records, index };
    struct row_record row;
    enum err e = ERR_OK;

    for (uint64_t seq = from; seq <= to && e == ERR_OK; seq++) {
        e = read_row(&s, seq, &row);
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
