/*
 * Incomes, proposals and finals of splits, what is said of them, and receipts:
 * docs/protocol.md §7.12.  Each rests on kinds whose rows stand before its own.
 */
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/split_circle.h"

static void void_by_record(struct topic_entry *e, enum void_reason reason,
                           const struct topic_entry *about)
{
    authority_void_by(e, reason, VERDICT_ABOUT_RECORD, about->record.id);
}

/*
 * The record that `e` names, of `kind` and standing, or NULL: then `e` is
 * settled, as void or as whatever keeps that record from being judged.
 */
static struct topic_entry *need(struct topic_state *ts, struct topic_entry *e,
                                enum relation relation, uint64_t kind)
{
    struct topic_entry *target = authority_need_valid(ts, e, relation, kind);

    if (target == NULL ||
        (verdict_is_in_force(&target->verdict) && !target->is_left) ||
        target->verdict.state == VERDICT_SUPERSEDED)
        return target;
    if (target->is_left || target->verdict.state == VERDICT_UNDECIDED)
        authority_leave(e);
    else
        authority_settle(e, target->verdict.state);
    return NULL;
}

/* The same for kinds without revisions: a second version is settled, too. */
static struct topic_entry *need_for(struct topic_state *ts,
                                    struct topic_entry *e,
                                    enum relation relation, uint64_t kind)
{
    return authority_is_first(e) ? need(ts, e, relation, kind) : NULL;
}

/*
 * The end of a rule.  Where a body is not held, as that of a contested record
 * may be, nobody can say; pages that lack belong to `e` itself.
 */
static enum err settled(struct topic_entry *e, enum err err)
{
    if (err == ERR_NOT_FOUND)
        authority_leave(e);
    else if (err == ERR_NOT_HELD)
        authority_void(e, VOID_INCOMPLETE);
    else if (err == ERR_MALFORMED_BODY)
        authority_void(e, VOID_SHARES);
    else
        return err;
    return ERR_OK;
}

/*
 * The shares of a proposal or final.  All who accept, or are paid, ask for the
 * same ones, of up to TOPIC_PAGES_MAX pages: they stay read until others are
 * asked for.
 */
static enum err shares_of(struct split_shares *out, struct topic_state *ts,
                          const struct topic_entry *e)
{
    uint32_t index = (uint32_t)(e - ts->entries);
    struct topic_list list;
    enum err err = ERR_OK;

    if (ts->shares == NULL || ts->shares_of != index) {
        err = topic_list_open(&list, ts, e);
        if (err != ERR_OK)
            return err;
        err = split_shares_read(out, &list);
        topic_list_wipe(&list);
        if (err != ERR_OK)
            return err;
        topic_state_drop_shares(ts);
        ts->shares = out->at;
        ts->shares_count = out->count;
        ts->shares_of = index;
    }
    *out = (struct split_shares){ .at = ts->shares, .count = ts->shares_count };
    return ERR_OK;
}

static enum err income_of(struct split_income *out, struct topic_state *ts,
                          const struct topic_entry *income)
{
    struct split_terms terms;
    enum err err = split_terms_of(&terms, ts);

    return err == ERR_OK ? split_income_of(out, &terms, income) : err;
}

/* ---- incomes ---- */

/* A fixed pool goes to those who made it whole, so no terms promise more. */
static void judge_mode(struct topic_entry *e, const struct split_terms *terms,
                       const struct split_income *income)
{
    if (income->mode > INCOME_MODE_FIXED_POOL || terms->pay > PAY_FIXED_POOL)
        authority_settle(e, VERDICT_NEWER);
    else if (income->mode == INCOME_MODE_PROFIT_SHARE &&
             terms->pay != PAY_PROFIT_SHARE)
        authority_void(e, VOID_TERMS_PAY);
}

enum err authority_judge_income(struct topic_state *ts, struct topic_entry *e)
{
    const struct mp_value *body;
    struct split_income income;
    struct split_terms terms;
    enum err err;

    if (!authority_is_first(e) ||
        (authority_has_link(e, RELATION_RELEASE) &&
         need(ts, e, RELATION_RELEASE, KIND_RELEASE) == NULL))
        return ERR_OK;
    err = authority_body(ts, e, &body);
    if (err == ERR_OK && !money_is_code(mp_str(mp_get(body, "currency")))) {
        authority_void(e, VOID_MALFORMED); /* §7.12.2: whatever the terms */
        return ERR_OK;
    }
    if (err == ERR_OK)
        err = split_terms_of(&terms, ts);
    if (err == ERR_OK)
        err = split_income_of(&income, &terms, e);
    if (err != ERR_OK)
        return settled(e, err);
    judge_mode(e, &terms, &income);
    return ERR_OK;
}

/* ---- proposals ---- */

/* Even one that is dated back opens no earlier than it claims to be made. */
static bool window_is_fair(const struct topic_entry *e,
                           const struct topic_list *list)
{
    struct split_window w = split_window_of(list->roots[0]);

    return w.opens_ms >= e->record.created_ms && w.closes_ms > w.opens_ms &&
           w.closes_ms - w.opens_ms >= SPLIT_WINDOW_MIN_MS;
}

static enum err judge_proposed(struct topic_state *ts, struct topic_entry *e,
                               const struct topic_entry *named,
                               const struct topic_list *list)
{
    struct split_income income;
    struct split_shares shares;
    enum err err = income_of(&income, ts, named);

    if (err != ERR_OK)
        return err;
    if (income.pool == 0)
        void_by_record(e, VOID_NO_POOL, named);
    else if (!window_is_fair(e, list))
        authority_void(e, VOID_WINDOW);
    if (e->is_settled)
        return ERR_OK;
    err = split_shares_read(&shares, list);
    if (err == ERR_OK)
        split_shares_wipe(&shares);
    return err;
}

enum err authority_judge_split_proposal(struct topic_state *ts,
                                        struct topic_entry *e)
{
    const struct topic_entry *income;
    struct topic_list list;
    enum err err;

    income = need_for(ts, e, RELATION_INCOME, KIND_INCOME);
    if (income == NULL)
        return ERR_OK;
    err = topic_list_open(&list, ts, e);
    if (err != ERR_OK)
        return settled(e, err);
    err = judge_proposed(ts, e, income, &list);
    topic_list_wipe(&list);
    return settled(e, err);
}

/* The window of a proposal that stands. */
static enum err window_of(struct split_window *out, struct topic_state *ts,
                          const struct topic_entry *proposal)
{
    const struct mp_value *body;
    enum err err = authority_body(ts, proposal, &body);

    if (err == ERR_OK)
        *out = split_window_of(body);
    return err;
}

/* ---- what is said of them ---- */

enum err authority_judge_split_feedback(struct topic_state *ts,
                                        struct topic_entry *e)
{
    const struct topic_entry *proposal;
    struct split_window window;
    enum err err;

    proposal = need_for(ts, e, RELATION_PROPOSAL, KIND_SPLIT_PROPOSAL);
    if (proposal == NULL)
        return ERR_OK;
    err = window_of(&window, ts, proposal);
    if (err == ERR_OK && e->record.created_ms >= window.closes_ms)
        void_by_record(e, VOID_CLOSED, proposal);
    return settled(e, err);
}

enum err authority_judge_split_reply(struct topic_state *ts,
                                     struct topic_entry *e)
{
    (void)need_for(ts, e, RELATION_FEEDBACK, KIND_SPLIT_FEEDBACK);
    return ERR_OK;
}

enum err authority_judge_split_accept(struct topic_state *ts,
                                      struct topic_entry *e)
{
    const struct topic_entry *proposal;
    struct split_shares shares;
    enum err err;

    proposal = need_for(ts, e, RELATION_PROPOSAL, KIND_SPLIT_PROPOSAL);
    if (proposal == NULL)
        return ERR_OK;
    err = shares_of(&shares, ts, proposal);
    if (err != ERR_OK)
        return settled(e, err);
    if (split_shares_find(&shares, e->record.author) == NULL)
        authority_void_author(e, VOID_NOT_PAYEE);
    return ERR_OK;
}

/* ---- finals ---- */

/* A final on its way, with what it rests on. */
struct finishing {
    struct topic_state *ts;
    struct topic_entry *e;
    const struct topic_entry *proposal;
    const struct topic_entry *income;
    struct split_shares shares;
};

/* The amounts are the pool, shared out to the last minor unit. */
static enum err judge_amounts(struct finishing *f,
                              const struct topic_list *list)
{
    struct split_income income;
    enum err err = income_of(&income, f->ts, f->income);

    if (err == ERR_OK)
        err = split_shares_pay(&f->shares, income.pool);
    if (err == ERR_OK && !split_shares_match(&f->shares, list))
        authority_void(f->e, VOID_AMOUNTS);
    return err;
}

static enum err judge_as_proposed(struct finishing *f)
{
    struct split_shares proposed;
    enum err err = shares_of(&proposed, f->ts, f->proposal);

    if (err != ERR_OK)
        return err;
    if (!split_shares_equal(&proposed, &f->shares))
        void_by_record(f->e, VOID_NOT_AS_PROPOSED, f->proposal);
    return ERR_OK;
}

/* Everybody who is paid has accepted just these shares, before the final. */
static enum err judge_accepted(struct finishing *f)
{
    struct split_terms terms;
    enum err err = split_terms_of(&terms, f->ts);

    if (err != ERR_OK || terms.decision == DECISION_LEADER)
        return err;
    if (terms.decision != DECISION_UNANIMOUS) {
        authority_settle(f->e, VERDICT_NEWER);
        return ERR_OK;
    }
    err = judge_as_proposed(f);
    if (err != ERR_OK || f->e->is_settled)
        return err;
    err = split_shares_hear(&f->shares, f->ts, f->proposal, f->e);
    for (uint32_t i = 0; err == ERR_OK && i < f->shares.count; i++) {
        const struct split_share *share = &f->shares.at[i];

        if (share->has_answered && share->accepts)
            continue;
        authority_void_by(f->e, VOID_NOT_ACCEPTED, VERDICT_ABOUT_PERSON,
                          share->person);
        break;
    }
    return err;
}

static enum err judge_answers(struct finishing *f)
{
    const struct topic_entry *open;
    struct split_circle circle;
    enum err err = split_circle_of(&circle, f->ts, f->proposal, &f->shares);

    if (err != ERR_OK)
        return err;
    err = split_circle_unanswered(&open, f->ts, f->proposal, &circle);
    if (err == ERR_OK && open != NULL)
        void_by_record(f->e, VOID_UNANSWERED, open);
    split_circle_wipe(&circle);
    return err;
}

/*
 * The earlier final of the same income that stands so far: it has passed, so
 * it is not settled yet, and there is one at most.
 */
static struct topic_entry *rival_of(const struct finishing *f)
{
    for (uint32_t i = 0; i < f->ts->count; i++) {
        struct topic_entry *e = &f->ts->entries[f->ts->order[i]];
        const struct topic_entry *proposal;

        if (e == f->e)
            break;
        if (e->record.kind != KIND_SPLIT_FINAL || e->is_settled ||
            e->record.has_revises) /* void, once it is judged */
            continue;
        proposal = split_target(f->ts, e, RELATION_PROPOSAL);
        if (split_target(f->ts, proposal, RELATION_INCOME) == f->income)
            return e;
    }
    return NULL;
}

/* Whether somebody had paid by `final`, or been paid, when `until` came. */
static enum err is_paid(bool *out, const struct finishing *f,
                        const struct topic_entry *final)
{
    struct split_shares shares;
    enum err err = shares_of(&shares, f->ts, final);

    if (err != ERR_OK)
        return err;
    *out = false;
    for (uint32_t i = 0; !*out && i < f->ts->count; i++) {
        const struct topic_entry *e = &f->ts->entries[f->ts->order[i]];

        if (e == f->e)
            break;
        *out = e->record.kind == KIND_RECEIPT && !e->is_settled &&
               !e->record.has_revises &&
               split_target(f->ts, e, RELATION_FINAL) == final &&
               (authority_by_leader(f->ts, e) ||
                split_shares_find(&shares, e->record.author) != NULL);
    }
    return ERR_OK;
}

/*
 * A final may be made anew until the first receipt.  What is contested never
 * takes the place of what is not, and always gives way to it.
 */
static enum err judge_rival(struct finishing *f)
{
    struct topic_entry *rival = rival_of(f);
    bool stays = false;
    enum err err = ERR_OK;

    if (rival == NULL)
        return ERR_OK;
    if (rival->is_contested == f->e->is_contested)
        err = is_paid(&stays, f, rival);
    else
        stays = f->e->is_contested;
    if (err == ERR_OK && stays)
        void_by_record(f->e, VOID_SECOND_FINAL, rival);
    else if (err == ERR_OK)
        authority_settle(rival, VERDICT_SUPERSEDED);
    return err;
}

static enum err judge_finished(struct finishing *f)
{
    struct topic_list list;
    enum err err = topic_list_open(&list, f->ts, f->e);

    if (err != ERR_OK)
        return err;
    err = split_shares_read(&f->shares, &list);
    if (err == ERR_OK)
        err = judge_amounts(f, &list);
    topic_list_wipe(&list);
    if (err == ERR_OK && !f->e->is_settled)
        err = judge_accepted(f);
    if (err == ERR_OK && !f->e->is_settled)
        err = judge_answers(f);
    if (err == ERR_OK && !f->e->is_settled)
        err = judge_rival(f);
    split_shares_wipe(&f->shares);
    return err;
}

enum err authority_judge_split_final(struct topic_state *ts,
                                     struct topic_entry *e)
{
    struct finishing f = { .ts = ts, .e = e };
    struct split_window window;
    enum err err;

    f.proposal = need_for(ts, e, RELATION_PROPOSAL, KIND_SPLIT_PROPOSAL);
    if (f.proposal == NULL)
        return ERR_OK;
    f.income = split_target(ts, f.proposal, RELATION_INCOME);
    err = window_of(&window, ts, f.proposal);
    if (err == ERR_OK && e->record.created_ms < window.closes_ms)
        void_by_record(e, VOID_EARLY, f.proposal);
    else if (err == ERR_OK)
        err = judge_finished(&f);
    return settled(e, err);
}

/* ---- receipts ---- */

static enum err currency_of(struct bytes *out, struct topic_state *ts,
                            const struct topic_entry *final)
{
    const struct topic_entry *proposal =
        split_target(ts, final, RELATION_PROPOSAL);
    const struct mp_value *body;
    enum err err =
        authority_body(ts, split_target(ts, proposal, RELATION_INCOME), &body);

    if (err == ERR_OK)
        *out = mp_str(mp_get(body, "currency"));
    return err;
}

/* By the payee or by who pays, for somebody whom the final pays. */
static void judge_payee(struct topic_state *ts, struct topic_entry *e,
                        const struct split_shares *shares,
                        const uint8_t person[ID_LEN])
{
    const struct split_share *share = split_shares_find(shares, person);

    if (memcmp(person, e->record.author, ID_LEN) != 0 &&
        !authority_by_leader(ts, e))
        authority_void_author(e, VOID_NOT_LEADER);
    else if (share == NULL || share->is_waived)
        authority_void_by(e, VOID_NOT_PAYEE, VERDICT_ABOUT_PERSON, person);
}

enum err authority_judge_receipt(struct topic_state *ts, struct topic_entry *e)
{
    const struct topic_entry *final;
    const struct mp_value *body;
    uint8_t person[ID_LEN] = { 0 };
    struct split_shares shares;
    struct bytes currency;
    enum err err;

    final = need_for(ts, e, RELATION_FINAL, KIND_SPLIT_FINAL);
    if (final == NULL)
        return ERR_OK;
    err = currency_of(&currency, ts, final);
    if (err == ERR_OK)
        err = authority_body(ts, e, &body);
    if (err == ERR_OK)
        err = shares_of(&shares, ts, final);
    if (err != ERR_OK)
        return settled(e, err);
    (void)mp_bin_exact(mp_get(body, "person"), person, ID_LEN);
    judge_payee(ts, e, &shares, person);
    if (!e->is_settled &&
        !bytes_equal(mp_str(mp_get(body, "currency")), currency))
        authority_void(e, VOID_CURRENCY);
    return ERR_OK;
}
