/* Splits: amounts as people write them, people by the ids they type. */
#include <string.h>

#include "ctl/run.h"
#include "ctl/value.h"
#include "proto/money.h"

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

/* The amount in the local param `key`, if it is given, to `param`. */
static bool put_amount(struct run *run, const char *key, const char *param,
                       const char *currency)
{
    struct fail *f = &run->ctl->fail;
    const char *text = run_text(run->local, key);
    unsigned decimals;
    uint64_t minor;
    enum err e;

    if (text == NULL)
        return true;
    if (currency == NULL || currency[0] == '\0')
        return fail_set(f, EXIT_CODE_USAGE, "give --currency CODE",
                        "--%s needs a currency", key);
    if (money_decimals(&decimals, bytes_of(currency)) != ERR_OK)
        return fail_set(f, EXIT_CODE_USAGE,
                        "give a code of ISO 4217, such as EUR or JPY",
                        "\"%s\" is no currency in use", currency);
    e = money_parse(&minor, bytes_of(text), decimals);
    if (e == ERR_TOO_LARGE)
        return fail_set(f, EXIT_CODE_USAGE, NULL, "\"%s\" is too much", text);
    if (e != ERR_OK)
        return fail_set(f, EXIT_CODE_USAGE,
                        "write it like 1,000.50: a point before the decimals",
                        "\"%s\" is no amount in %s, which has %u decimals",
                        text, currency, decimals);
    return value_put(run->params, param, json_integer((json_int_t)minor));
}

bool run_income_declare(struct run *run)
{
    const char *currency =
        json_string_value(value_at(run->params, "fields.currency"));

    if (!put_amount(run, "gross", "fields.gross", currency) ||
        !put_amount(run, "costs", "fields.costs", currency))
        return false;
    run->result = run_call(run->ctl, run->command->method, run->params);
    return run->result != NULL;
}

static json_t *shares_to_edit(const json_t *drafted)
{
    return json_deep_copy(drafted);
}

bool run_split_draft(struct run *run)
{
    return run_draft(run, run->command->method, "shares", shares_to_edit,
                     "troupe split propose INCOME --shares");
}

/* fields.waived is a list of ids; completed as a list of maps is. */
static bool complete_waived(struct run *run)
{
    json_t *waived = value_at(run->params, "fields.waived");
    json_t *people = json_array();
    size_t i;
    json_t *one;
    bool good;

    json_array_foreach (waived, i, one)
        (void)json_array_append_new(people, json_pack("{s:O}", "person", one));
    (void)json_object_set(run->params, "waived", people);
    good = run_complete_people(run, "waived");
    (void)json_object_del(run->params, "waived");
    for (i = 0; good && i < json_array_size(waived); i++)
        (void)json_array_set(
            waived, i, json_object_get(json_array_get(people, i), "person"));
    json_decref(people);
    return good;
}

bool run_split_propose(struct run *run)
{
    if (!run_complete_people(run, "shares") || !complete_waived(run))
        return false;
    run->result = run_call(run->ctl, run->command->method, run->params);
    return run->result != NULL;
}

/* `split accept` and `split refuse` are one method. */
bool run_split_accept(struct run *run)
{
    bool accepts = strcmp(run->command->verb, "accept") == 0;

    (void)json_object_set_new(run->params, "accept", json_boolean(accepts));
    run->result = run_call(run->ctl, run->command->method, run->params);
    return run->result != NULL;
}

/* The currency of a final is that of its income. */
static bool put_paid(struct run *run)
{
    const char *stated = run_text(run->local, "currency");
    const char *currency;
    json_t *params;
    json_t *shown;
    bool good;

    if (run_text(run->local, "amount") == NULL && stated == NULL)
        return true;
    params = json_pack("{s:O}", "split", json_object_get(run->params, "final"));
    shown = run_call(run->ctl, "split.show", params);
    json_decref(params);
    if (shown == NULL)
        return false;
    currency = run_text(shown, "currency");
    if (stated != NULL && currency != NULL && strcmp(stated, currency) != 0)
        good = fail_set(&run->ctl->fail, EXIT_CODE_USAGE, NULL,
                        "the income is in %s, not in %s", currency, stated);
    else
        good = put_amount(run, "amount", "amount", currency);
    json_decref(shown);
    return good;
}

bool run_receipt_sign(struct run *run)
{
    if (!put_paid(run))
        return false;
    run->result = run_call(run->ctl, run->command->method, run->params);
    return run->result != NULL;
}
