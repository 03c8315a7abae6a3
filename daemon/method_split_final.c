/* The final of a split: what was proposed, or is given, with its amounts. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/split_given.h"
#include "proto/split.h"

/* What a final is made from. */
struct finishing {
    struct call *call;
    struct store_item proposal;
    uint64_t pool;
    struct writer proposed; /* {shares, waived} of the proposal and its pages */
    struct mp_doc *doc;
    const struct mp_value *shares;
    const struct mp_value *waived;
};

/* The pool of the income that the proposal shares out. */
static enum err pool_of(struct finishing *f, const struct topic_state *ts)
{
    const struct topic_entry *proposal = topic_state_find(ts, f->proposal.id);
    const struct topic_entry *named =
        proposal == NULL ? NULL : split_target(ts, proposal, RELATION_INCOME);
    struct split_income income;
    struct split_terms terms;
    enum err e = named == NULL ? ERR_NOT_FOUND : split_terms_of(&terms, ts);

    if (e == ERR_OK)
        e = split_income_of(&income, &terms, named);
    if (e == ERR_OK)
        f->pool = income.pool;
    return e;
}

/* The fields of the final; without `shares` its amounts are empty. */
static const struct mp_value *put_final(struct author_fields *fields,
                                        const struct finishing *f,
                                        const struct split_shares *shares)
{
    struct writer *w;
    uint32_t count = 0;

    author_fields_init(fields);
    author_fields_put_id(fields, "proposal", f->proposal.id);
    split_given_put(fields, f->shares);
    if (mp_type(f->waived) != MP_NIL)
        mp_put_value(author_fields_put(fields, "waived"), f->waived);
    w = author_fields_put(fields, "amounts");
    for (uint32_t i = 0; shares != NULL && i < shares->count; i++)
        count += shares->at[i].is_waived ? 0 : 1;
    mp_put_array(w, count);
    for (uint32_t i = 0; count > 0 && i < shares->count; i++) {
        if (shares->at[i].is_waived)
            continue;
        mp_put_map(w, 2);
        pair_uint(w, "amount", shares->at[i].amount);
        pair_id(w, "person", shares->at[i].person);
    }
    return author_fields_map(fields, call_param(f->call, "fields"));
}

/* A list of the final as its record will have it, pages and all. */
static enum err encode_list(struct writer *w, const char *name,
                            const struct mp_value *list)
{
    struct bytes key = { (const uint8_t *)name, strlen(name) };
    struct bytes wrong;

    mp_put_text(w, name);
    mp_put_array(w, mp_count(list));
    return kind_encode_items(kind_field(SHAPE_SPLIT_FINAL, key), w, &wrong,
                             list);
}

/* The shares and what each is paid. */
static enum err read_given(struct split_shares *out, const struct finishing *f,
                           const struct mp_value *given)
{
    struct writer map = writer_growing(CONTROL_MESSAGE_MAX);
    struct mp_doc *doc = NULL;
    struct topic_list list;
    enum err e;

    mp_put_map(&map, mp_get(given, "waived") != NULL ? 2 : 1);
    e = encode_list(&map, "shares", mp_get(given, "shares"));
    if (e == ERR_OK && mp_get(given, "waived") != NULL)
        e = encode_list(&map, "waived", mp_get(given, "waived"));
    if (e == ERR_OK)
        e = mp_doc_parse(&doc, writer_view(&map), MP_CANONICAL);
    if (e == ERR_OK) {
        list = topic_list_of(mp_doc_root(doc));
        e = split_shares_read(out, &list);
    }
    if (e == ERR_OK)
        e = split_shares_pay(out, f->pool);
    mp_doc_free(doc);
    writer_free(&map);
    return e;
}

static void publish_final(struct finishing *f)
{
    struct author_draft draft = { .kind = KIND_SPLIT_FINAL,
                                  .topic = f->proposal.topic };
    struct author_fields fields;
    struct split_shares shares = { 0 };
    enum err e;

    draft.fields = put_final(&fields, f, NULL);
    e = read_given(&shares, f, draft.fields);
    if (e == ERR_OK) {
        author_fields_wipe(&fields);
        draft.fields = put_final(&fields, f, &shares);
    }
    if (e == ERR_MALFORMED_BODY)
        call_fail(f->call, ERR_USAGE,
                  "the shares name somebody twice, give somebody nothing, or "
                  "all of them are waived",
                  "Give each person one share above zero.");
    else if (e == ERR_OK || e == ERR_USAGE) /* which tells what is wrong */
        author_publish(f->call, &draft, author_reply_id);
    else
        call_fail(f->call, e, NULL, NULL);
    split_shares_wipe(&shares);
    author_fields_wipe(&fields);
}

static void copy_list(struct writer *w, const struct topic_list *list,
                      const char *name)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    uint32_t count = 0;

    while (topic_list_next(list, name, &at) != NULL)
        count++;
    pair_array(w, name, count);
    at = (struct topic_cursor){ 0 };
    while ((item = topic_list_next(list, name, &at)) != NULL)
        mp_put_value(w, item);
}

/* What was proposed, with its pages, as one map. */
static enum err read_proposed(struct finishing *f, const struct topic_state *ts)
{
    struct topic_list list;
    enum err e =
        topic_list_open(&list, ts, topic_state_find(ts, f->proposal.id));

    if (e != ERR_OK)
        return e;
    mp_put_map(&f->proposed, 2);
    copy_list(&f->proposed, &list, "shares");
    copy_list(&f->proposed, &list, "waived");
    topic_list_wipe(&list);
    if (f->proposed.err != ERR_OK)
        return f->proposed.err;
    return mp_doc_parse(&f->doc, writer_view(&f->proposed), MP_WELL_FORMED);
}

/* What is not given is as it was proposed. */
static void finish(struct finishing *f)
{
    const struct mp_value *proposed = mp_doc_root(f->doc);

    f->shares = call_param(f->call, "shares");
    f->waived = mp_get(call_param(f->call, "fields"), "waived");
    if (mp_type(f->shares) == MP_NIL) {
        f->shares = mp_get(proposed, "shares");
        if (mp_type(f->waived) == MP_NIL)
            f->waived = mp_get(proposed, "waived");
    }
    if (split_given_is_whole(f->call, f->shares))
        publish_final(f);
}

void method_split_final(struct call *call)
{
    struct finishing f = { .call = call,
                           .proposed = writer_growing(CONTROL_MESSAGE_MAX) };
    struct view view;
    enum err e;

    if (!param_record_of(call, "proposal", PARAM_SIGNS, KIND_SPLIT_PROPOSAL,
                         &f.proposal) ||
        param_signer(call) == NULL ||
        !param_view(call, f.proposal.topic, &view))
        return;
    e = pool_of(&f, view.topic);
    if (e == ERR_OK)
        e = read_proposed(&f, view.topic);
    if (e == ERR_OK)
        finish(&f);
    else
        call_fail(call, e,
                  "the income of this proposal, or a page, is not held here",
                  "Wait until the project is caught up.");
    mp_doc_free(f.doc);
    writer_free(&f.proposed);
}
