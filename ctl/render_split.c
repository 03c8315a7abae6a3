/* Splits and ledgers: money as people write it, and what is left to do. */
#include <string.h>

#include "ctl/render.h"
#include "ctl/text.h"
#include "proto/money.h"

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static uint64_t number_at(const json_t *object, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(object, key));

    return v < 0 || (uint64_t)v > MP_INT_MAX ? 0 : (uint64_t)v;
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static void money_at(char out[MONEY_TEXT_MAX], const json_t *object,
                     const char *key, const char *currency)
{
    money_format(out, number_at(object, key),
                 (struct bytes){ (const uint8_t *)currency, strlen(currency) });
}

/* A column of text, or of numbers, which stand to the right. */
static void put_cell(const char *text, unsigned width)
{
    (void)fputs("  ", stdout);
    text_put_cell(stdout, text, width);
}

static void put_number(const char *text, unsigned width)
{
    unsigned taken = text_width(text);

    (void)fputs("  ", stdout);
    for (; taken < width; taken++)
        (void)fputc(' ', stdout);
    text_put(stdout, text);
}

static void put_percent(const json_t *share)
{
    uint64_t bp = number_at(share, "bp");
    char text[TEXT_SHORT];

    (void)snprintf(text, sizeof text, "%u.%02u %%", (unsigned)(bp / 100 % 1000),
                   (unsigned)(bp % 100));
    put_number(text, 8);
}

static const char *name_of(const json_t *item, const char *id, const char *name)
{
    const char *known = string_at(item, name);

    return known[0] != '\0' ? known : string_at(item, id);
}

static void put_heading(const char *text)
{
    (void)fputc('\n', stdout);
    text_put_style(stdout, TEXT_BOLD, text);
    (void)fputc('\n', stdout);
}

static void put_label(const char *label)
{
    text_begin(stdout, TEXT_BOLD);
    (void)fprintf(stdout, "%-10s", label);
    text_end(stdout, TEXT_BOLD);
}

/* "400.00 EUR: 1,000.00 EUR less 200.00 EUR of costs, 50.00 % to the house" */
static void put_pool(const json_t *split)
{
    const char *currency = string_at(split, "currency");
    uint64_t house = number_at(split, "house_share_bp");
    char pool[MONEY_TEXT_MAX];
    char gross[MONEY_TEXT_MAX];
    char costs[MONEY_TEXT_MAX];

    money_at(pool, split, "pool_minor", currency);
    money_at(gross, split, "gross_minor", currency);
    money_at(costs, split, "costs_minor", currency);
    put_label("pool");
    if (strcmp(string_at(split, "mode"), "fixed_pool") == 0)
        (void)printf("%s, fixed\n", pool);
    else
        (void)printf("%s: %s less %s of costs, %u.%02u %% to the house\n", pool,
                     gross, costs, (unsigned)(house / 100 % 1000),
                     (unsigned)(house % 100));
}

static void put_state(const json_t *split)
{
    const char *phase = string_at(split, "phase");
    const char *reason = string_at(split, "void_reason");
    uint64_t closes_ms = number_at(split, "closes_ms");
    char until[TEXT_SHORT];

    put_label("state");
    text_put(stdout, phase);
    if (reason[0] != '\0') {
        (void)fputs(": ", stdout);
        text_put(stdout, reason);
    } else if (closes_ms > 0) {
        text_time(until, closes_ms);
        (void)printf("; feedback until %s; %s decides", until,
                     strcmp(string_at(split, "decision"), "unanimous") == 0
                         ? "everybody who is paid"
                         : "the leader");
    }
    (void)fputc('\n', stdout);
}

void render_shares(const json_t *result)
{
    const json_t *shares = json_object_get(result, "shares");
    const char *currency = string_at(result, "currency");
    char amount[MONEY_TEXT_MAX];
    size_t i;
    json_t *share;

    json_array_foreach (shares, i, share) {
        put_cell(name_of(share, "person", "name"), 24);
        put_percent(share);
        if (json_object_get(share, "amount_minor") != NULL) {
            money_at(amount, share, "amount_minor", currency);
            put_number(amount, 16);
            put_cell(string_at(share, "state"), 12);
            text_put(stdout, string_at(share, "reason"));
        }
        (void)fputc('\n', stdout);
    }
}

static void put_feedback(const json_t *split)
{
    const json_t *feedback = json_object_get(split, "feedback");
    size_t i;
    json_t *one;

    if (json_array_size(feedback) > 0)
        put_heading("feedback");
    json_array_foreach (feedback, i, one) {
        put_cell(name_of(one, "author", "author_name"), 24);
        put_cell(string_at(one, "reason"), 20);
        text_put(stdout, string_at(one, "text"));
        if (is_true(one, "needs_answer") && !is_true(one, "answered")) {
            text_put_style(stdout, TEXT_BAD, "  not answered: ");
            text_put(stdout, string_at(one, "id"));
        }
        (void)fputc('\n', stdout);
    }
    if (is_true(split, "feedback_cut"))
        (void)puts("  and more: `troupe record list --kind split_feedback`");
}

static void put_void(const json_t *split)
{
    const json_t *list = json_object_get(split, "void");
    size_t i;
    json_t *one;

    if (json_array_size(list) > 0)
        put_heading("void");
    json_array_foreach (list, i, one) {
        put_cell(string_at(one, "kind"), 16);
        put_cell(string_at(one, "record"), 16);
        (void)fputs("  ", stdout);
        text_put(stdout, string_at(one, "reason"));
        (void)fputc('\n', stdout);
    }
}

static void put_seen_late(const json_t *split)
{
    const json_t *local = json_object_get(split, "local");
    char opened[TEXT_SHORT];
    char seen[TEXT_SHORT];

    if (!is_true(local, "seen_late"))
        return;
    text_time(opened, number_at(local, "opens_ms"));
    text_time(seen, number_at(local, "received_ms"));
    put_label("note");
    (void)printf("it says that it opened %s; here it was first seen %s\n",
                 opened, seen);
}

void render_split(const json_t *result)
{
    put_pool(result);
    put_state(result);
    put_label("proposal");
    text_put(stdout, string_at(result, "id"));
    (void)fputc('\n', stdout);
    if (string_at(result, "final")[0] != '\0') {
        put_label("final");
        text_put(stdout, string_at(result, "final"));
        (void)fputc('\n', stdout);
    }
    put_seen_late(result);
    if (json_array_size(json_object_get(result, "shares")) > 0)
        put_heading("shares");
    render_shares(result);
    put_feedback(result);
    put_void(result);
}

static void put_pools(const json_t *incomes)
{
    char pool[MONEY_TEXT_MAX];
    size_t i;
    json_t *one;

    json_array_foreach (incomes, i, one) {
        if (is_true(one, "shared"))
            continue;
        money_at(pool, one, "pool_minor", string_at(one, "currency"));
        (void)printf("not shared yet: %s of ", pool);
        text_put(stdout, string_at(one, "source"));
        (void)fputs(", ", stdout);
        text_put(stdout, string_at(one, "period"));
        (void)fputs(", income ", stdout);
        text_put(stdout, string_at(one, "id"));
        (void)fputc('\n', stdout);
    }
}

void render_ledger(const json_t *result)
{
    static const char *const columns[] = { "amount_minor", "settled_minor",
                                           "declared_minor",
                                           "outstanding_minor" };
    static const char *const heads[] = { "promised", "settled", "declared",
                                         "outstanding" };
    const json_t *items = json_object_get(result, "items");
    char text[MONEY_TEXT_MAX];
    size_t i;
    json_t *one;

    if (json_array_size(items) > 0) {
        put_cell("project", 20);
        put_cell("person", 20);
        for (size_t k = 0; k < 4; k++)
            put_number(heads[k], 14);
        (void)fputc('\n', stdout);
    }
    json_array_foreach (items, i, one) {
        put_cell(name_of(one, "project", "title"), 20);
        put_cell(name_of(one, "person", "name"), 20);
        for (size_t k = 0; k < 4; k++) {
            money_at(text, one, columns[k], string_at(one, "currency"));
            put_number(text, 14);
        }
        if (is_true(one, "contested"))
            text_put_style(stdout, TEXT_BAD, "  contested");
        (void)fputc('\n', stdout);
    }
    put_pools(json_object_get(result, "incomes"));
}
