/* A split as people see it: the pool, the shares, the voices, the receipts. */
#include <string.h>

#include "proto/kind.h"
#include "proto/view_split.h"

/* ---- which records ---- */

/* Of an income the newest proposal in force, else the newest of all. */
static const struct topic_entry *proposal_of(const struct topic_state *ts,
                                             const struct topic_entry *income)
{
    const struct topic_entry *final = split_final_of(ts, income);
    const struct topic_entry *newest = NULL;

    if (final != NULL)
        return split_target(ts, final, RELATION_PROPOSAL);
    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);

        if (e->record.kind != KIND_SPLIT_PROPOSAL || e->is_ahead ||
            split_target(ts, e, RELATION_INCOME) != income)
            continue;
        if (newest == NULL || verdict_is_in_force(&e->verdict) ||
            !verdict_is_in_force(&newest->verdict))
            newest = e;
    }
    return newest;
}

const struct topic_entry *view_split_proposal(const struct view *v,
                                              const uint8_t id[ID_LEN])
{
    const struct topic_entry *e = topic_state_find(v->topic, id);

    if (e == NULL)
        return NULL;
    switch (e->record.kind) {
    case KIND_INCOME:
        return proposal_of(v->topic, e);
    case KIND_SPLIT_PROPOSAL:
        return e;
    case KIND_SPLIT_FINAL:
        e = split_target(v->topic, e, RELATION_PROPOSAL);
        return e != NULL && e->record.kind == KIND_SPLIT_PROPOSAL ? e : NULL;
    default:
        return NULL;
    }
}

/* Shares of the final if there is one, else those proposed; none if void. */
static enum err open_shares(struct split_case *c, const struct topic_state *ts)
{
    const struct topic_entry *from = c->final != NULL ? c->final : c->proposal;
    enum err err;

    if (from == NULL)
        return ERR_OK;
    err = topic_list_open(&c->list, ts, from);
    if (err == ERR_OK)
        err = split_shares_read(&c->shares, &c->list);
    c->has_shares = err == ERR_OK;
    if (err == ERR_OK)
        err = split_shares_pay(&c->shares, c->money.pool);
    if (err == ERR_OK && c->final != NULL)
        err = split_shares_paid(&c->shares, ts, c->final);
    if (err == ERR_OK)
        err = split_shares_hear(&c->shares, ts, c->proposal, c->final);
    return err == ERR_NO_MEMORY ? err : ERR_OK;
}

static void case_close(struct split_case *c)
{
    topic_list_wipe(&c->list);
    split_shares_wipe(&c->shares);
}

static enum err case_open(struct split_case *out, const struct view *v,
                          const uint8_t id[ID_LEN])
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct split_case c = { .proposal = view_split_proposal(v, id) };
    enum err err;

    c.income = c.proposal != NULL
                   ? split_target(v->topic, c.proposal, RELATION_INCOME)
                   : e;
    if (c.income == NULL || c.income->record.kind != KIND_INCOME)
        return ERR_NOT_FOUND;
    if (c.proposal != NULL)
        c.final = split_final_of(v->topic, c.proposal);
    err = split_terms_of(&c.terms, v->topic);
    if (err == ERR_OK)
        err = split_income_of(&c.money, &c.terms, c.income);
    if (err == ERR_OK)
        err = open_shares(&c, v->topic);
    if (err != ERR_OK) {
        case_close(&c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

/* ---- its parts ---- */

static const char *phase_of(const struct split_case *c,
                            const struct split_window *w, uint64_t now_ms)
{
    if (c->proposal == NULL)
        return "declared";
    if (!verdict_is_in_force(&c->proposal->verdict))
        return verdict_state_text(c->proposal->verdict.state);
    if (c->final != NULL)
        return "final";
    if (now_ms < w->opens_ms)
        return "announced";
    return now_ms < w->closes_ms ? "open" : "closed";
}

static void put_money(struct view_pairs *p, const struct split_case *c)
{
    view_put_id(p, "income", c->income->record.id);
    view_put_str(p, "currency", c->money.currency);
    view_put_text(p, "mode",
                  kind_choice_name(CHOICES_INCOME_MODE, c->money.mode));
    view_put_uint(p, "gross_minor", c->money.gross);
    view_put_uint(p, "costs_minor", c->money.costs);
    view_put_uint(p, "house_share_bp", c->terms.house_bp);
    view_put_uint(p, "pool_minor", c->money.pool);
    view_put_text(p, "decision",
                  kind_choice_name(CHOICES_DECISION, c->terms.decision));
}

static const char *state_of(const struct split_case *c,
                            const struct split_share *s)
{
    if (s->is_waived)
        return "waived";
    if (c->final == NULL) {
        if (s->has_answered)
            return s->accepts ? "accepted" : "refused";
        return "proposed";
    }
    if (s->settled >= s->amount)
        return "settled";
    return split_share_outstanding(s) == 0 ? "declared" : "outstanding";
}

static void put_share(struct writer *w, const struct view *v,
                      const struct split_case *c, const struct split_share *s,
                      const struct mp_value *item)
{
    static const char *const said[] = { "contributions", "group", "reason" };
    struct view_pairs p = view_pairs_begin();

    view_put_person(&p, v, "person", "name", s->person);
    view_put_uint(&p, "bp", s->bp);
    view_put_uint(&p, "amount_minor", s->amount);
    view_put_text(&p, "state", state_of(c, s));
    if (c->final != NULL) {
        view_put_uint(&p, "settled_minor", s->settled);
        view_put_uint(&p, "declared_minor", s->declared);
        view_put_uint(&p, "outstanding_minor", split_share_outstanding(s));
        view_put_bool(&p, "contested", s->is_contested);
    }
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const struct mp_value *value = mp_get(item, said[i]);

        if (value == NULL)
            continue;
        view_key(&p, said[i]);
        mp_put_value(&p.w, value);
    }
    if (view_pairs_end(&p, w, 0) != ERR_OK)
        writer_fail(w, ERR_NO_MEMORY);
}

/* In the order in which the leader named them. */
static void put_shares(struct view_pairs *p, const struct view *v,
                       const struct split_case *c)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    uint8_t person[ID_LEN];

    view_key(p, "shares");
    mp_put_array(&p->w, c->has_shares ? c->shares.count : 0);
    while (c->has_shares &&
           (item = topic_list_next(&c->list, "shares", &at)) != NULL) {
        const struct split_share *s =
            mp_bin_exact(mp_get(item, "person"), person, ID_LEN)
                ? split_shares_find(&c->shares, person)
                : NULL;

        if (s != NULL)
            put_share(&p->w, v, c, s, item);
    }
}

static enum err put_case(struct view_pairs *p, const struct view *v,
                         const struct split_case *c)
{
    const struct topic_entry *shown =
        c->proposal != NULL ? c->proposal : c->income;
    struct split_window window = { 0 };
    struct mp_doc *doc = NULL;
    enum err err = ERR_OK;

    if (c->proposal != NULL)
        err = topic_entry_body(&doc, c->proposal);
    if (err == ERR_OK && doc != NULL)
        window = split_window_of(mp_doc_root(doc));
    mp_doc_free(doc);
    view_put_id(p, "id", shown->record.id);
    view_put_person(p, v, "author", "author_name", shown->record.author);
    view_put_uint(p, "created_ms", shown->record.created_ms);
    view_put_text(p, "phase", phase_of(c, &window, v->topic->now_ms));
    put_money(p, c);
    if (c->proposal != NULL) {
        view_put_uint(p, "opens_ms", window.opens_ms);
        view_put_uint(p, "closes_ms", window.closes_ms);
    }
    if (c->final != NULL) {
        view_put_id(p, "final", c->final->record.id);
        view_put_text(p, "final_state",
                      verdict_state_text(c->final->verdict.state));
    }
    put_shares(p, v, c);
    return ERR_OK;
}

enum err view_split_show(struct writer *w, const struct view *v,
                         const uint8_t id[ID_LEN], uint32_t extra)
{
    struct view_pairs p = view_pairs_begin();
    struct split_case c;
    enum err err = case_open(&c, v, id);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    err = put_case(&p, v, &c);
    if (err == ERR_OK && c.proposal != NULL)
        err = view_split_put_voices(&p, v, &c);
    if (err == ERR_OK)
        err = view_split_put_receipts(&p, v, &c);
    if (err == ERR_OK) {
        view_split_put_voids(&p, v, &c);
        view_put_verdict(&p, v, c.proposal != NULL ? c.proposal : c.income);
    }
    case_close(&c);
    return view_pairs_finish(&p, err, w, extra);
}
