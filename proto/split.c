/* Shares, amounts, voices and receipts, read from the records of a topic. */
#include "proto/split.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"

/* ---- terms and incomes ---- */

enum err split_terms_of(struct split_terms *out, const struct topic_state *ts)
{
    uint32_t index = ts->terms != TOPIC_NONE ? ts->terms : ts->founder;
    const struct mp_value *terms;
    struct mp_doc *doc;
    enum err err;

    if (index == TOPIC_NONE || ts->entries[index].record.kind != KIND_PROJECT)
        return ERR_NOT_FOUND;
    err = topic_entry_body(&doc, &ts->entries[index]);
    if (err != ERR_OK)
        return err;
    terms = mp_get(mp_doc_root(doc), "terms");
    *out = (struct split_terms){
        .pay = mp_uint(mp_get(terms, "pay")),
        .decision = mp_uint(mp_get(terms, "decision")),
        .house_bp = (uint32_t)mp_uint(mp_get(terms, "house_share_bp")),
    };
    mp_doc_free(doc);
    return ERR_OK;
}

enum err split_income_of(struct split_income *out,
                         const struct split_terms *terms,
                         const struct topic_entry *income)
{
    const struct mp_value *body;
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, income);

    if (err != ERR_OK)
        return err;
    body = mp_doc_root(doc);
    *out = (struct split_income){
        .mode = mp_uint(mp_get(body, "mode")),
        .gross = mp_uint(mp_get(body, "gross")),
        .costs = mp_uint(mp_get(body, "costs")),
        .currency = mp_str(mp_get(body, "currency")),
    };
    if (out->mode == INCOME_MODE_PROFIT_SHARE)
        out->pool = money_pool(out->gross, out->costs, terms->house_bp);
    else if (out->mode == INCOME_MODE_FIXED_POOL)
        out->pool = out->gross;
    mp_doc_free(doc);
    return ERR_OK;
}

struct split_window split_window_of(const struct mp_value *proposal)
{
    return (struct split_window){
        .opens_ms = mp_uint(mp_get(proposal, "opens_at")),
        .closes_ms = mp_uint(mp_get(proposal, "closes_at")),
    };
}

/* ---- shares ---- */

static int by_person(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN); /* the person comes first in all of them */
}

static_assert(offsetof(struct split_share, person) == 0 &&
                  offsetof(struct money_share, person) == 0,
              "by_person() compares what comes first");

struct split_share *split_shares_find(const struct split_shares *shares,
                                      const uint8_t person[ID_LEN])
{
    if (shares->count == 0)
        return NULL;
    return bsearch(person, shares->at, shares->count, sizeof *shares->at,
                   by_person);
}

/* A share as the schema has it; pages may hold anything (§7.1.5). */
static bool read_share(struct split_share *out, const struct mp_value *item)
{
    const struct mp_value *bp = mp_get(item, "bp");

    *out = (struct split_share){ 0 };
    if (mp_type(bp) != MP_UINT || mp_uint(bp) > MONEY_BP_ALL ||
        !mp_bin_exact(mp_get(item, "person"), out->person, ID_LEN))
        return false;
    out->bp = (uint32_t)mp_uint(bp);
    return true;
}

/* Each person once, each share above nothing, and all of them the whole. */
static bool is_whole(const struct split_shares *shares)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < shares->count; i++) {
        const struct split_share *s = &shares->at[i];

        sum += s->bp; /* at most 10,000 times 10,000 */
        if (s->bp == 0 ||
            (i > 0 && memcmp(s[-1].person, s->person, ID_LEN) == 0))
            return false;
    }
    return sum == MONEY_BP_ALL;
}

/* Marks those who waive; whether somebody is left to be paid. */
static bool mark_waived(const struct split_shares *shares,
                        const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    uint8_t person[ID_LEN];
    struct split_share *s;

    while ((item = topic_list_next(list, "waived", &at)) != NULL) {
        s = mp_bin_exact(item, person, ID_LEN)
                ? split_shares_find(shares, person)
                : NULL;
        if (s != NULL)
            s->is_waived = true;
    }
    for (uint32_t i = 0; i < shares->count; i++)
        if (!shares->at[i].is_waived)
            return true;
    return false;
}

enum err split_shares_read(struct split_shares *out,
                           const struct topic_list *list)
{
    struct split_shares shares = { 0 };
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    uint32_t room = 0;

    while (topic_list_next(list, "shares", &at) != NULL)
        room++;
    if (room == 0 || room > MONEY_BP_ALL) /* each has one basis point */
        return ERR_MALFORMED_BODY;
    shares.at = calloc(room, sizeof *shares.at);
    if (shares.at == NULL)
        return ERR_NO_MEMORY;
    at = (struct topic_cursor){ 0 };
    while ((item = topic_list_next(list, "shares", &at)) != NULL)
        if (read_share(&shares.at[shares.count], item))
            shares.count++;
    qsort(shares.at, shares.count, sizeof *shares.at, by_person);
    if (!is_whole(&shares) || !mark_waived(&shares, list)) {
        split_shares_wipe(&shares);
        return ERR_MALFORMED_BODY;
    }
    *out = shares;
    return ERR_OK;
}

void split_shares_wipe(struct split_shares *shares)
{
    free(shares->at);
    *shares = (struct split_shares){ 0 };
}

bool split_shares_equal(const struct split_shares *a,
                        const struct split_shares *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (memcmp(a->at[i].person, b->at[i].person, ID_LEN) != 0 ||
            a->at[i].bp != b->at[i].bp ||
            a->at[i].is_waived != b->at[i].is_waived)
            return false;
    return true;
}

enum err split_shares_pay(struct split_shares *shares, uint64_t pool)
{
    struct money_share *paid = calloc(shares->count, sizeof *paid);
    uint32_t count = 0;

    if (paid == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < shares->count; i++) {
        const struct split_share *s = &shares->at[i];

        if (s->is_waived)
            continue;
        memcpy(paid[count].person, s->person, ID_LEN);
        paid[count++].weight = s->bp;
    }
    money_apportion(paid, count, pool);
    for (uint32_t i = 0; i < count; i++)
        split_shares_find(shares, paid[i].person)->amount = paid[i].amount;
    free(paid);
    return ERR_OK;
}

bool split_shares_match(struct split_shares *shares,
                        const struct topic_list *final)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    uint8_t person[ID_LEN];
    uint32_t payees = 0;
    uint32_t stated = 0;

    for (uint32_t i = 0; i < shares->count; i++) {
        shares->at[i].is_stated = false;
        payees += shares->at[i].is_waived ? 0 : 1;
    }
    while ((item = topic_list_next(final, "amounts", &at)) != NULL) {
        const struct mp_value *amount = mp_get(item, "amount");
        struct split_share *s;

        if (mp_type(amount) != MP_UINT ||
            !mp_bin_exact(mp_get(item, "person"), person, ID_LEN))
            continue; /* no amount at all: of a page (§7.1.5) */
        s = split_shares_find(shares, person);
        if (s == NULL || s->is_waived || s->is_stated ||
            s->amount != mp_uint(amount))
            return false;
        s->is_stated = true;
        stated++;
    }
    return stated == payees;
}

/* ---- what others say ---- */

bool split_names(const struct topic_entry *e, uint64_t kind, uint64_t relation,
                 const struct topic_entry *target)
{
    uint8_t id[ID_LEN];

    return e->record.kind == kind && !e->is_left &&
           verdict_is_in_force(&e->verdict) &&
           record_link_find(&e->record, relation, id) &&
           memcmp(id, target->record.id, ID_LEN) == 0;
}

const struct topic_entry *split_target(const struct topic_state *ts,
                                       const struct topic_entry *e,
                                       uint64_t relation)
{
    uint8_t id[ID_LEN];

    if (!record_link_find(&e->record, relation, id))
        return NULL;
    return topic_state_find(ts, id);
}

enum err split_shares_hear(struct split_shares *shares,
                           const struct topic_state *ts,
                           const struct topic_entry *proposal,
                           const struct topic_entry *until)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        struct split_share *s;
        struct mp_doc *doc;
        enum err err;

        if (until != NULL && topic_entry_compare(e, until) >= 0)
            break;
        if (!split_names(e, KIND_SPLIT_ACCEPT, RELATION_PROPOSAL, proposal))
            continue;
        s = split_shares_find(shares, e->record.author);
        if (s == NULL)
            continue;
        err = topic_entry_body(&doc, e);
        if (err != ERR_OK)
            return err;
        s->has_answered = true;
        s->accepts = mp_bool(mp_get(mp_doc_root(doc), "accept"));
        mp_doc_free(doc);
    }
    return ERR_OK;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return b > MP_INT_MAX - a ? MP_INT_MAX : a + b;
}

/* Adds a receipt to the sums of both sides. */
static enum err add_receipt(const struct split_shares *shares,
                            const struct topic_entry *e)
{
    const struct mp_value *body;
    uint8_t person[ID_LEN] = { 0 };
    struct split_share *s;
    struct mp_doc *doc;
    uint64_t amount;
    enum err err = topic_entry_body(&doc, e);

    if (err != ERR_OK)
        return err;
    body = mp_doc_root(doc);
    (void)mp_bin_exact(mp_get(body, "person"), person, ID_LEN);
    amount = mp_uint(mp_get(body, "amount"));
    mp_doc_free(doc);
    s = split_shares_find(shares, person);
    if (s == NULL)
        return ERR_OK;
    if (memcmp(person, e->record.author, ID_LEN) == 0)
        s->settled = add_up(s->settled, amount);
    else
        s->declared = add_up(s->declared, amount);
    s->is_contested = s->is_contested || e->verdict.state == VERDICT_CONTESTED;
    return ERR_OK;
}

enum err split_shares_paid(struct split_shares *shares,
                           const struct topic_state *ts,
                           const struct topic_entry *final)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        enum err err;

        if (!split_names(e, KIND_RECEIPT, RELATION_FINAL, final))
            continue;
        err = add_receipt(shares, e);
        if (err != ERR_OK)
            return err;
    }
    /* A payment that both sides signed is settled and no more declared. */
    for (uint32_t i = 0; i < shares->count; i++) {
        struct split_share *s = &shares->at[i];
        uint64_t open = s->amount > s->settled ? s->amount - s->settled : 0;
        uint64_t more = s->declared > s->settled ? s->declared - s->settled : 0;

        s->declared = more < open ? more : open;
    }
    return ERR_OK;
}

uint64_t split_share_outstanding(const struct split_share *share)
{
    uint64_t paid = add_up(share->settled, share->declared);

    return share->amount > paid ? share->amount - paid : 0;
}

const struct topic_entry *split_final_of(const struct topic_state *ts,
                                         const struct topic_entry *about)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct topic_entry *e = &ts->entries[i];
        const struct topic_entry *proposal;

        if (e->record.kind != KIND_SPLIT_FINAL || e->is_left ||
            !verdict_is_in_force(&e->verdict))
            continue;
        proposal = split_target(ts, e, RELATION_PROPOSAL);
        if (proposal == about ||
            (proposal != NULL &&
             split_target(ts, proposal, RELATION_INCOME) == about))
            return e; /* there is one an income (§7.12) */
    }
    return NULL;
}
