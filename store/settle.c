/*
 * The rule of §5.8: of what counts against an author's budget, which records
 * of a day are held and which are over it.
 */
#include <assert.h>
#include <string.h>

#include "store/charge.h"

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

/* ---- One author's one day ------------------------------------------------ */

/* The rule of §5.8, going through a day in the order of its ids. */
struct day {
    struct change *c;
    const struct budget *budget;
    struct budget_walk walk;
    bool has_over;
    uint8_t over[ID_LEN]; /* from here on nothing is kept */
    bool or_nothing;      /* nobody goes for the newcomer */
    uint64_t demoted;
};

static bool day_keeps(struct day *d, const uint8_t id[ID_LEN], uint64_t bytes)
{
    if (d->has_over && memcmp(id, d->over, ID_LEN) > 0)
        return false;
    return budget_keep(&d->walk, d->budget, bytes);
}

/*
 * Goes on over the held rows of the page and the newcomer, which stands among
 * them by its id; NULL if there is none (any more).
 */
static enum err day_page(struct day *d, const struct charge_page *page,
                         const struct record **newcomer, bool *is_kept)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct charge *row = &page->rows[i];
        enum err e;

        if (*newcomer != NULL && memcmp((*newcomer)->id, row->id, ID_LEN) < 0) {
            *is_kept = day_keeps(d, (*newcomer)->id, charge_bytes(*newcomer));
            *newcomer = NULL;
        }
        if (day_keeps(d, row->id, row->bytes))
            continue;
        if (d->or_nothing) {
            *is_kept = false;
            *newcomer = NULL;
            return ERR_OK;
        }
        if (d->demoted == CHARGE_STEP)
            return ERR_OK; /* the others go next time */
        e = apply_demote(d->c, row->seq);
        if (e != ERR_OK)
            return e;
        d->demoted++;
    }
    return ERR_OK;
}

/* The whole day, with a newcomer or (NULL) without. */
static enum err settle_day(struct day *d, const struct key *held,
                           const struct record *newcomer, bool *is_kept)
{
    struct key from = *held;
    struct charge_page page;
    enum err e;

    do {
        e = charge_page_read(d->c->index, held, &from, &page);
        if (e == ERR_OK)
            e = day_page(d, &page, &newcomer, is_kept);
        if (e != ERR_OK)
            return e;
        if (page.count > 0) {
            from = *held;
            key_add_id(&from, page.rows[page.count - 1].id);
            key_add_u64(&from, 0); /* just after it */
        }
    } while (page.count == CHARGE_STEP && d->demoted < CHARGE_STEP &&
             !(d->or_nothing && !*is_kept));
    if (newcomer != NULL)
        *is_kept = day_keeps(d, newcomer->id, charge_bytes(newcomer));
    return ERR_OK;
}

enum err settle_decide(struct change *c, const struct budget *budget,
                       bool or_nothing, struct row_record *row,
                       uint64_t *demoted)
{
    const struct record *r = &row->record;
    const uint8_t *topic = charge_topic(c->store, row);
    struct key held = charge_day_key(topic, r->author, false, r->created_ms);
    struct key over = charge_day_key(topic, r->author, true, r->created_ms);
    struct day day = { .c = c, .budget = budget, .or_nothing = or_nothing };
    bool is_kept = true;
    enum err e;

    *demoted = 0;
    if (budget_is_free(budget))
        return ERR_OK;
    e = charge_smallest_over(c->index, &over, r->id, day.over, &day.has_over);
    if (e == ERR_OK && budget->records == 0)
        is_kept = false; /* nobody new; those that are here may stay */
    else if (e == ERR_OK)
        e = settle_day(&day, &held, r, &is_kept);
    *demoted = day.demoted;
    if (e != ERR_OK || is_kept)
        return e;
    row->held = false;
    row->record.body = (struct bytes){ NULL, 0 };
    return ERR_OK;
}

/* ---- Operations on an author's whole budget ----------------------------- */

/* Demotes what is over in the next day that has held rows. */
static enum err settle(struct change *c, struct op *op)
{
    struct key prefix = charge_side_key(op->topic, op->blob.root, false);
    struct key over = charge_side_key(op->topic, op->blob.root, true);
    struct key held = prefix;
    struct day day = { .c = c, .budget = &op->row.budget };
    struct charge_page page;
    uint64_t at;
    bool ignored;
    enum err e;

    key_add_u64(&held, op->number); /* the day to begin with */
    e = charge_page_read(c->index, &prefix, &held, &page);
    if (e != ERR_OK || page.count == 0)
        return e;
    at = page.rows[0].day;
    held = prefix;
    key_add_u64(&held, at);
    key_add_u64(&over, at);
    e = charge_smallest_over(c->index, &over, NULL, day.over, &day.has_over);
    if (e == ERR_OK)
        e = settle_day(&day, &held, NULL, &ignored);
    op->result.removed = day.demoted;
    op->result.is_more = true; /* until there is no day any more */
    op->result.at.created_ms =
        (day.demoted == CHARGE_STEP ? at : at + 1) * DAY_MS;
    return e;
}

static enum err forget_over(struct change *c, struct op *op)
{
    struct key prefix = charge_side_key(op->topic, op->blob.root, true);
    struct charge_page page;
    enum err e = charge_page_read(c->index, &prefix, &prefix, &page);

    for (size_t i = 0; e == ERR_OK && i < page.count; i++) {
        uint8_t buf[APPLY_ROW_MAX];
        struct row_record row;

        e = apply_copy_row(c, page.rows[i].seq, buf, &row);
        if (e != ERR_OK || index_identity_kind(row.record.kind))
            continue;
        e = apply_remove(c, page.rows[i].seq, &row);
        op->result.removed++;
    }
    op->result.is_more = page.count == CHARGE_STEP && op->result.removed > 0;
    return e;
}

enum err settle_apply(struct change *c, struct op *op)
{
    if (op->kind == OP_FORGET_OVER)
        return forget_over(c, op);
    assert(op->kind == OP_SETTLE);
    return settle(c, op);
}

/* ---- Asking for it ------------------------------------------------------ */

static enum err add_author_op(struct store_batch *batch, struct op **out,
                              enum op_kind kind, const uint8_t topic[ID_LEN],
                              const uint8_t author[ID_LEN])
{
    enum err e = batch_add(batch, out, kind, NOTHING, NOTHING);

    if (e != ERR_OK)
        return e;
    memcpy((*out)->topic, topic, ID_LEN);
    memcpy((*out)->blob.root, author, ID_LEN);
    return ERR_OK;
}

enum err store_batch_forget_over(struct store_batch *batch,
                                 const uint8_t topic[ID_LEN],
                                 const uint8_t author[ID_LEN])
{
    struct op *op;

    return add_author_op(batch, &op, OP_FORGET_OVER, topic, author);
}

enum err store_batch_settle(struct store_batch *batch,
                            const uint8_t topic[ID_LEN],
                            const uint8_t author[ID_LEN],
                            const struct budget *budget, uint64_t from_ms)
{
    struct op *op;
    enum err e = add_author_op(batch, &op, OP_SETTLE, topic, author);

    if (e != ERR_OK)
        return e;
    op->row.budget = *budget;
    op->number = from_ms / DAY_MS;
    return ERR_OK;
}
