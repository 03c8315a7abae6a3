/* Who was promised what and what of it was paid, over the finals of projects.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/split.h"
#include "proto/view_pairs.h"

/* Sums of one person in one currency. */
struct line {
    uint8_t person[ID_LEN];
    uint8_t currency[3];
    bool is_contested;
    uint64_t amount;
    uint64_t settled;
    uint64_t declared;
    uint64_t outstanding;
};
struct lines {
    struct line *at;
    uint32_t count;
    uint32_t cap;
};

struct view_ledger view_ledger_begin(void)
{
    return (struct view_ledger){
        .people = writer_growing(CONTROL_MESSAGE_MAX),
        .incomes = writer_growing(CONTROL_MESSAGE_MAX),
    };
}

void view_ledger_wipe(struct view_ledger *ledger)
{
    writer_free(&ledger->people);
    writer_free(&ledger->incomes);
}

static enum err lines_grow(struct lines *lines, uint32_t more)
{
    uint32_t cap = lines->count + more;
    struct line *at;

    if (cap <= lines->cap)
        return ERR_OK;
    cap = cap > 2 * lines->cap ? cap : 2 * lines->cap;
    at = realloc(lines->at, cap * sizeof *at);
    if (at == NULL)
        return ERR_NO_MEMORY;
    lines->at = at;
    lines->cap = cap;
    return ERR_OK;
}

/* A line for each share that is paid, in the income's currency. */
static enum err add_shares(struct lines *lines,
                           const struct split_shares *shares,
                           const struct split_income *income,
                           const uint8_t *person)
{
    enum err err = lines_grow(lines, shares->count);

    for (uint32_t i = 0; err == ERR_OK && i < shares->count; i++) {
        const struct split_share *s = &shares->at[i];
        struct line *line = &lines->at[lines->count];

        if (s->is_waived ||
            (person != NULL && memcmp(person, s->person, ID_LEN) != 0))
            continue;
        *line = (struct line){
            .is_contested = s->is_contested,
            .amount = s->amount,
            .settled = s->settled,
            .declared = s->declared,
            .outstanding = split_share_outstanding(s),
        };
        memcpy(line->person, s->person, ID_LEN);
        memcpy(line->currency, income->currency.data, sizeof line->currency);
        lines->count++;
    }
    return err;
}

static enum err add_final(struct lines *lines, const struct topic_state *ts,
                          const struct topic_entry *final,
                          const struct split_income *income,
                          const uint8_t *person)
{
    struct split_shares shares = { 0 };
    struct topic_list list;
    enum err err = topic_list_open(&list, ts, final);

    if (err != ERR_OK)
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    err = split_shares_read(&shares, &list);
    if (err == ERR_OK)
        err = split_shares_pay(&shares, income->pool);
    if (err == ERR_OK)
        err = split_shares_paid(&shares, ts, final);
    if (err == ERR_OK)
        err = add_shares(lines, &shares, income, person);
    split_shares_wipe(&shares);
    topic_list_wipe(&list);
    return err;
}

static int by_line(const void *a, const void *b)
{
    const struct line *one = a;
    const struct line *other = b;
    int order = memcmp(one->person, other->person, ID_LEN);

    return order != 0
               ? order
               : memcmp(one->currency, other->currency, sizeof one->currency);
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return b > MP_INT_MAX - a ? MP_INT_MAX : a + b;
}

/* Joins the lines of the same person and currency. */
static void lines_fold(struct lines *lines)
{
    uint32_t kept = 0;

    if (lines->count == 0)
        return;
    qsort(lines->at, lines->count, sizeof *lines->at, by_line);
    for (uint32_t i = 1; i < lines->count; i++) {
        struct line *to = &lines->at[kept];
        const struct line *from = &lines->at[i];

        if (by_line(to, from) != 0) {
            lines->at[++kept] = *from;
            continue;
        }
        to->amount = add_up(to->amount, from->amount);
        to->settled = add_up(to->settled, from->settled);
        to->declared = add_up(to->declared, from->declared);
        to->outstanding = add_up(to->outstanding, from->outstanding);
        to->is_contested = to->is_contested || from->is_contested;
    }
    lines->count = kept + 1;
}

static void put_project(struct view_pairs *p, const struct topic_state *ts,
                        struct bytes title)
{
    view_put_id(p, "project", ts->topic);
    if (title.len > 0)
        view_put_str(p, "title", title);
}

static enum err put_lines(struct view_ledger *ledger, const struct view *v,
                          const struct lines *lines, struct bytes title)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < lines->count; i++) {
        const struct line *line = &lines->at[i];
        struct view_pairs p = view_pairs_begin();

        put_project(&p, v->topic, title);
        view_put_person(&p, v, "person", "name", line->person);
        view_put_str(&p, "currency", BYTES_ARRAY(line->currency));
        view_put_uint(&p, "amount_minor", line->amount);
        view_put_uint(&p, "settled_minor", line->settled);
        view_put_uint(&p, "declared_minor", line->declared);
        view_put_uint(&p, "outstanding_minor", line->outstanding);
        view_put_bool(&p, "contested", line->is_contested);
        err = view_pairs_end(&p, &ledger->people, 0);
        ledger->people_count++;
    }
    return err;
}

static enum err put_income(struct view_ledger *ledger, const struct view *v,
                           const struct topic_entry *e,
                           const struct split_income *income,
                           struct bytes title)
{
    const struct topic_entry *final = split_final_of(v->topic, e);
    struct view_pairs p = view_pairs_begin();
    enum err err;

    view_put_id(&p, "id", e->record.id);
    put_project(&p, v->topic, title);
    view_put_uint(&p, "created_ms", e->record.created_ms);
    view_put_uint(&p, "gross_minor", income->gross);
    view_put_uint(&p, "costs_minor", income->costs);
    view_put_uint(&p, "pool_minor", income->pool);
    view_put_bool(&p, "shared", final != NULL);
    if (final != NULL)
        view_put_id(&p, "final", final->record.id);
    err = view_put_fields(&p, e);
    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    ledger->incomes_count++;
    return view_pairs_end(&p, &ledger->incomes, 0);
}

/* The income and the final in force of its split, if there is one. */
static enum err add_income(struct view_ledger *ledger, struct lines *lines,
                           const struct view *v, const struct topic_entry *e,
                           const uint8_t *person, struct bytes title)
{
    const struct topic_entry *final = split_final_of(v->topic, e);
    struct split_income income;
    struct split_terms terms;
    enum err err = split_terms_of(&terms, v->topic);

    if (err == ERR_OK)
        err = split_income_of(&income, &terms, e);
    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* a body that is not held says nothing */
    if (err == ERR_OK)
        err = put_income(ledger, v, e, &income, title);
    if (err == ERR_OK && final != NULL)
        err = add_final(lines, v->topic, final, &income, person);
    return err;
}

static enum err add_all(struct view_ledger *ledger, const struct view *v,
                        const uint8_t *person, struct bytes title)
{
    struct lines lines = { 0 };
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(v->topic);
         i++) {
        const struct topic_entry *e = topic_state_at(v->topic, i);

        if (e->record.kind == KIND_INCOME && verdict_is_in_force(&e->verdict))
            err = add_income(ledger, &lines, v, e, person, title);
    }
    lines_fold(&lines);
    if (err == ERR_OK)
        err = put_lines(ledger, v, &lines, title);
    free(lines.at);
    return err;
}

enum err view_ledger_add(struct view_ledger *ledger, const struct view *v,
                         const uint8_t *person)
{
    const struct topic_entry *project =
        v->topic->founder == TOPIC_NONE
            ? NULL
            : topic_state_current(v->topic,
                                  &v->topic->entries[v->topic->founder]);
    struct bytes title = { NULL, 0 };
    struct mp_doc *doc = NULL;
    enum err err = ERR_NOT_FOUND;

    if (project != NULL)
        err = topic_entry_body(&doc, project);
    if (err == ERR_NO_MEMORY)
        return err;
    if (err == ERR_OK)
        title = mp_str(mp_get(mp_doc_root(doc), "title"));
    err = add_all(ledger, v, person, title);
    mp_doc_free(doc);
    if (err == ERR_OK)
        err = ledger->people.err != ERR_OK ? ledger->people.err
                                           : ledger->incomes.err;
    return err;
}
