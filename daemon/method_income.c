/* Money that came in and money that went out: incomes, receipts, the ledger.
 * No node ever moves any. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "proto/split.h"

/* Projects whose ledgers are read at once. */
enum { PROJECTS_MAX = 256 };

/* ---- incomes ---- */

/* A field of the params, or one that stands among `fields`. */
static const struct mp_value *given(struct call *call, const char *name)
{
    return mp_get(call_param(call, "fields"), name);
}

/* A code that is not in use is a slip of the pen, though no rule forbids it. */
static bool currency_is_known(struct call *call)
{
    struct bytes code = mp_str(given(call, "currency"));
    unsigned decimals;

    if (mp_type(given(call, "currency")) != MP_STR ||
        money_decimals(&decimals, code) == ERR_OK)
        return true;
    call_failf(call, ERR_USAGE, "Give a code of ISO 4217, such as EUR or JPY.",
               "\"%.*s\" is no currency in use",
               (int)(code.len < 16 ? code.len : 16), (const char *)code.data);
    return false;
}

/* Where the income belongs: a project, or that of a release. */
static bool find_source(struct call *call, struct store_item *out,
                        const char **link)
{
    bool of_project = param_is_given(call, "project");

    *link = of_project ? "project" : "release";
    if (of_project == param_is_given(call, "release")) {
        call_fail(call, ERR_USAGE, "an income is of a project or of a release",
                  "Give --project or --release, not both.");
        return false;
    }
    return param_record_of(call, *link, PARAM_SIGNS,
                           of_project ? KIND_PROJECT : KIND_RELEASE, out);
}

/* What is not said follows from the terms: no costs, and their kind of pool. */
static bool put_defaults(struct author_fields *fields, struct call *call,
                         const uint8_t topic[ID_LEN])
{
    struct split_terms terms;
    struct view view;

    if (mp_type(given(call, "costs")) == MP_NIL)
        mp_put_uint(author_fields_put(fields, "costs"), 0);
    if (mp_type(given(call, "mode")) != MP_NIL)
        return true;
    if (!param_view(call, topic, &view))
        return false;
    if (split_terms_of(&terms, view.topic) == ERR_OK)
        mp_put_uint(author_fields_put(fields, "mode"),
                    terms.pay == PAY_FIXED_POOL ? INCOME_MODE_FIXED_POOL
                                                : INCOME_MODE_PROFIT_SHARE);
    return true;
}

void method_income_declare(struct call *call)
{
    struct author_draft draft = { .kind = KIND_INCOME };
    struct author_fields fields;
    struct store_item source;
    const char *link;

    if (!find_source(call, &source, &link) || !currency_is_known(call))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, link, source.id);
    draft.topic = source.topic;
    if (put_defaults(&fields, call, source.topic)) {
        draft.fields = author_fields_map(&fields, call_param(call, "fields"));
        author_publish(call, &draft, author_reply_id);
    }
    author_fields_wipe(&fields);
}

/* ---- receipts ---- */

/* What a receipt says that nobody has typed. */
struct receipt {
    struct store_item final;
    uint8_t person[ID_LEN];
    struct bytes currency; /* borrowed from the topic */
    uint64_t amount;
};

static enum err read_final(struct split_shares *shares, struct receipt *r,
                           const struct topic_state *ts)
{
    const struct topic_entry *final = topic_state_find(ts, r->final.id);
    const struct topic_entry *proposal =
        final == NULL ? NULL : split_target(ts, final, RELATION_PROPOSAL);
    const struct topic_entry *named =
        proposal == NULL ? NULL : split_target(ts, proposal, RELATION_INCOME);
    struct split_income income;
    struct split_terms terms;
    struct topic_list list;
    enum err e = named == NULL ? ERR_NOT_FOUND : split_terms_of(&terms, ts);

    if (e == ERR_OK)
        e = split_income_of(&income, &terms, named);
    if (e == ERR_OK)
        e = topic_list_open(&list, ts, final);
    if (e != ERR_OK)
        return e;
    e = split_shares_read(shares, &list);
    topic_list_wipe(&list);
    if (e == ERR_OK)
        e = split_shares_pay(shares, income.pool);
    if (e == ERR_OK)
        e = split_shares_paid(shares, ts, final);
    r->currency = income.currency;
    return e;
}

/* All that the person has not signed for, or that the payer has not said. */
static bool find_amount(struct call *call, struct receipt *r)
{
    struct split_shares shares = { 0 };
    const struct split_share *s = NULL;
    struct view view;
    enum err e;

    if (!param_view(call, r->final.topic, &view))
        return false;
    e = read_final(&shares, r, view.topic);
    if (e == ERR_OK)
        s = split_shares_find(&shares, r->person);
    if (s != NULL) {
        r->amount = split_share_outstanding(s);
        if (memcmp(r->person, param_signer(call)->person, ID_LEN) == 0)
            r->amount += s->declared;
    }
    split_shares_wipe(&shares);
    if (e != ERR_OK) {
        listing_fail(call, e, "the final's proposal or income is not held");
        return false;
    }
    if (param_is_given(call, "amount"))
        r->amount = mp_uint(call_param(call, "amount"));
    else if (s != NULL && r->amount == 0) {
        call_fail(call, ERR_REFUSED, "all of it is signed for already",
                  "Give --amount if more was paid.");
        return false;
    }
    return true;
}

void method_receipt_sign(struct call *call)
{
    struct author_draft draft = { .kind = KIND_RECEIPT };
    const struct person_keys *signer = param_signer(call);
    struct author_fields fields;
    struct receipt r;

    if (signer == NULL || !param_record_of(call, "final", PARAM_SIGNS,
                                           KIND_SPLIT_FINAL, &r.final))
        return;
    memcpy(r.person, signer->person, ID_LEN);
    if ((param_is_given(call, "person") &&
         !param_person(call, "person", r.person)) ||
        !find_amount(call, &r))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "final", r.final.id);
    author_fields_put_id(&fields, "person", r.person);
    mp_put_uint(author_fields_put(&fields, "amount"), r.amount);
    mp_put_str(author_fields_put(&fields, "currency"), r.currency);
    draft.topic = r.final.topic;
    author_publish_fields(call, &draft, &fields);
}

/* ---- the ledger ---- */

/* Topics in which an income is held, each once. */
static enum err find_topics(struct call *call,
                            uint8_t topics[PROJECTS_MAX][ID_LEN], size_t *count)
{
    struct store *store = node_store(call_node(call));
    struct store_item items[64];
    struct store_scan scan;
    enum err e = ERR_OK;
    size_t n = 1;

    *count = 0;
    store_scan_by_kind(&scan, KIND_INCOME);
    scan.held_only = true;
    while (e == ERR_OK && n > 0 && *count < PROJECTS_MAX) {
        e = store_scan_next(store, &scan, items, 64, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            size_t k = 0;

            while (k < *count && memcmp(topics[k], items[i].topic, ID_LEN) != 0)
                k++;
            if (k == *count && k < PROJECTS_MAX)
                memcpy(topics[(*count)++], items[i].topic, ID_LEN);
        }
    }
    return e;
}

static void reply_ledger(struct call *call, const struct view_ledger *ledger)
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 3);
    pair_array(w, "items", ledger->people_count);
    writer_bytes(w, writer_view(&ledger->people));
    pair_array(w, "incomes", ledger->incomes_count);
    writer_bytes(w, writer_view(&ledger->incomes));
    pair_nil(w, "next");
    call_send(call);
}

/* False if the call has been failed. */
static bool add_topics(struct call *call, struct view_ledger *ledger,
                       uint8_t topics[PROJECTS_MAX][ID_LEN], size_t count)
{
    uint8_t person[ID_LEN];
    bool one = param_is_given(call, "person");

    if (one && !param_person(call, "person", person))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct view view;
        enum err e;

        if (!param_view(call, topics[i], &view))
            return false;
        e = view_ledger_add(ledger, &view, one ? person : NULL);
        if (e != ERR_OK) {
            call_fail(call, e == ERR_NO_SPACE ? ERR_TOO_LARGE : e, NULL,
                      "Ask for one project, or for one person.");
            return false;
        }
    }
    return true;
}

void method_ledger(struct call *call)
{
    uint8_t topics[PROJECTS_MAX][ID_LEN];
    struct view_ledger ledger;
    struct store_item project;
    size_t count = 1;
    enum err e = ERR_OK;

    if (!param_is_given(call, "project")) {
        e = find_topics(call, topics, &count);
    } else {
        if (!param_record_of(call, "project", PARAM_READS, KIND_PROJECT,
                             &project))
            return;
        memcpy(topics[0], project.topic, ID_LEN);
    }
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    ledger = view_ledger_begin();
    if (add_topics(call, &ledger, topics, count))
        reply_ledger(call, &ledger);
    view_ledger_wipe(&ledger);
}
