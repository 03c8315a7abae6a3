/*
 * Identity records in the index: they are on the call board, and the first of
 * a person travel to every topic in which that person has a record.
 */
#include <string.h>

#include "proto/kind.h"
#include "proto/mp.h"
#include "store/index_step.h"
#include "store/page.h"

/* Identity records that travel with a person's other records. */
#define IDENTITY_MAX 64

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

bool index_identity_kind(uint64_t kind)
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
    return index_identity_kind(r->kind) && by_person_key(records, r);
}

/* ---- In the topics of their person -------------------------------------- */

static enum err read_seq(void *context, size_t at, struct bytes key,
                         struct bytes value)
{
    uint64_t *seqs = context;

    (void)key;
    return row_number_read(&seqs[at], value);
}

/*
 * Numbers of the person's first IDENTITY_MAX + 1 identity records in order:
 * those that travel, and the one that just does not.
 */
static enum err identity_list(struct txn *index, const uint8_t person[ID_LEN],
                              uint64_t seqs[IDENTITY_MAX + 1], size_t *n)
{
    struct page page = { .txn = index,
                         .table = I_IDENTITY,
                         .from = key_of_id(person),
                         .until = key_of_id(person),
                         .read = read_seq,
                         .context = seqs };

    return page_read(&page, IDENTITY_MAX + 1, n);
}

/* Shows `visit` the rows of all topics in which the person has a record. */
static enum err each_topic(struct txn *index, const uint8_t person[ID_LEN],
                           page_read_fn *visit, void *context)
{
    struct page page = { .txn = index,
                         .table = I_AUTHOR_TOPIC,
                         .from = key_of_id(person),
                         .until = key_of_id(person),
                         .read = visit,
                         .context = context };
    size_t n;

    return page_read(&page, SIZE_MAX, &n);
}

/* The topic of such a row. */
static enum err read_topic(uint8_t topic[ID_LEN], struct bytes key)
{
    if (key.len != 2 * ID_LEN)
        return ERR_CORRUPT;
    memcpy(topic, key.data + ID_LEN, ID_LEN);
    return ERR_OK;
}

/*
 * The first record of an author in a topic brings their identity records; the
 * call board has those of everybody, whatever else is in its window.
 */
enum err index_identity_bring(const struct index_step *s,
                              const uint8_t topic[ID_LEN],
                              const uint8_t author[ID_LEN])
{
    struct key key = key_of_id(author);
    uint64_t seqs[IDENTITY_MAX + 1];
    struct row_record row;
    struct bytes value;
    size_t n;
    enum err e;

    if (index_topic_is_board(s->store, topic))
        return ERR_OK;
    key_add_id(&key, topic);
    e = txn_get(s->index, I_AUTHOR_TOPIC, key_view(&key), &value);
    if (e != ERR_NOT_FOUND)
        return e;
    e = txn_put(s->index, I_AUTHOR_TOPIC, key_view(&key), NOTHING);
    if (e == ERR_OK)
        e = identity_list(s->index, author, seqs, &n);
    for (size_t i = 0; e == ERR_OK && i < n && i < IDENTITY_MAX; i++) {
        e = index_step_row(s, seqs[i], &row);
        if (e == ERR_OK)
            e = index_topic_join(s, topic, seqs[i], &row);
    }
    return e;
}

/* A record's own topic is not left, whatever else is true. */
static bool is_own_topic(const struct record *r, const uint8_t topic[ID_LEN])
{
    return memcmp(r->topic, topic, ID_LEN) == 0;
}

/* What changes in every topic of a person. */
struct spread {
    const struct index_step *step;
    uint64_t comes;
    const struct row_record *in;
    uint64_t goes; /* 0: none does */
    const struct row_record *out;
};

static enum err spread_to(void *context, size_t at, struct bytes key,
                          struct bytes value)
{
    const struct spread *s = context;
    uint8_t topic[ID_LEN];
    enum err e = read_topic(topic, key);

    (void)at;
    (void)value;
    if (e == ERR_OK)
        e = index_topic_join(s->step, topic, s->comes, s->in);
    if (e == ERR_OK && s->goes != 0 && !is_own_topic(&s->out->record, topic))
        e = index_topic_leave(s->step, topic, s->goes, s->out);
    return e;
}

/*
 * A new identity record joins the call board, and travels elsewhere if it is
 * among its person's first.
 */
enum err index_identity_add(const struct index_step *s, uint64_t seq,
                            const struct row_record *row)
{
    struct key key = key_of_id(row->record.author);
    struct key number = key_of_u64(seq);
    uint64_t seqs[IDENTITY_MAX + 1];
    struct row_record last = { .held = false };
    struct spread spread = { .step = s, .comes = seq, .in = row, .out = &last };
    size_t n;
    enum err e;

    key_add_u64(&key, row->record.created_ms);
    key_add_id(&key, row->record.id);
    e = txn_put(s->index, I_IDENTITY, key_view(&key), key_view(&number));
    if (e == ERR_OK)
        e = index_topic_join(s, s->store->options.board, seq, row);
    if (e == ERR_OK)
        e = identity_list(s->index, row->record.author, seqs, &n);
    if (e != ERR_OK)
        return e;
    if (n > IDENTITY_MAX) {
        spread.goes = seqs[IDENTITY_MAX];
        if (spread.goes == seq)
            return ERR_OK;
        e = index_step_row(s, spread.goes, &last);
        if (e != ERR_OK)
            return e;
    }
    for (size_t i = 0; i < n; i++) {
        if (seqs[i] == seq)
            return each_topic(s->index, row->record.author, spread_to, &spread);
    }
    return ERR_OK;
}

/* A record whose bytes have become more or less, and whose they are. */
struct resize {
    struct store *store;
    const struct row_record *row;
};

static enum err resize_in(void *context, size_t at, struct bytes key,
                          struct bytes value)
{
    const struct resize *resize = context;
    uint8_t topic[ID_LEN];
    enum err e = read_topic(topic, key);

    (void)at;
    (void)value;
    if (e != ERR_OK || is_own_topic(&resize->row->record, topic))
        return e;
    return index_topic_resize(resize->store, topic, resize->row);
}

enum err index_identity_resize(struct store *store, struct txn *index,
                               const struct row_record *row)
{
    struct resize resize = { store, row };

    return each_topic(index, row->record.author, resize_in, &resize);
}
