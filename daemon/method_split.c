/* Splits: a draft from the credits, the proposal, what is said of it, the
 * final with its amounts, and how it all stands. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/body.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "proto/credits.h"
#include "proto/split.h"

/* As many as an answer has room for; most splits have a dozen. */
enum { SHARES_MAX = 4096 };

/* Shares of so many bytes fit one body, whatever else stands in it. */
#define BODY_SURE ((size_t)32 * 1024)

/* Clocks of two processes differ by the time that a command takes. */
#define MINUTE_MS ((uint64_t)60 * 1000)
/* A proposal first seen so long after it opened is pointed at. */
#define LATE_MS ((uint64_t)60 * MINUTE_MS)

/* ---- the draft ---- */

/* Everybody whose work is in the release, or else in the project. */
static enum err draft_credits(struct credits *out, struct call *call,
                              const struct view *view,
                              const struct topic_entry *income)
{
    const struct topic_state *ts = view->topic;
    const struct topic_entry *release =
        split_target(ts, income, RELATION_RELEASE);
    uint8_t(*parts)[ID_LEN];
    size_t count = 0;

    if (release != NULL)
        return credits_of_release(out, ts, release->record.id);
    parts = call_alloc(call, (size_t)topic_state_count(ts) * ID_LEN);
    if (parts == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);

        if (e->record.kind == KIND_CONTRIBUTION && !e->record.has_revises &&
            topic_state_current(ts, e) != NULL)
            memcpy(parts[count++], e->record.id, ID_LEN);
    }
    return credits_draft(out, ts, (const uint8_t(*)[ID_LEN])parts, count);
}

static void put_drafted(struct writer *w, struct call *call,
                        const struct credit *line, uint64_t bp)
{
    struct bytes name = desk_name(call_desk(call), line->person);

    mp_put_map(w, name.len > 0 ? 4 : 3);
    pair_id(w, "person", line->person);
    if (name.len > 0)
        pair_str(w, "name", name);
    pair_uint(w, "bp", bp);
    pair_array(w, "contributions", line->contributions_count);
    for (uint32_t i = 0; i < line->contributions_count; i++)
        mp_put_bin(w, (struct bytes){ line->contributions[i], ID_LEN });
}

/* Of all people the first SHARES_MAX; how many they are. */
static uint32_t draft_shares(struct money_share *shares,
                             const struct credits *credits)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < credits->count && count < SHARES_MAX; i++) {
        if (!credits->lines[i].has_person)
            continue;
        memcpy(shares[count].person, credits->lines[i].person, ID_LEN);
        shares[count++].weight = 1;
    }
    if (count > 0)
        money_apportion(shares, count, MONEY_BP_ALL);
    return count;
}

/* Equal shares, to the last basis point: a beginning, not an opinion. */
static void reply_draft(struct call *call, const struct credits *credits)
{
    struct money_share *shares = call_alloc(call, SHARES_MAX * sizeof *shares);
    struct writer *w;
    uint32_t count;

    if (shares == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    count = draft_shares(shares, credits);
    w = call_reply(call);
    mp_put_map(w, 1);
    pair_array(w, "shares", count);
    for (uint32_t i = 0; i < credits->count; i++) {
        const struct credit *line = &credits->lines[i];

        for (uint32_t n = 0; line->has_person && n < count; n++)
            if (memcmp(shares[n].person, line->person, ID_LEN) == 0)
                put_drafted(w, call, line, shares[n].amount);
    }
    call_send(call);
}

void method_split_draft(struct call *call)
{
    struct store_item item;
    struct credits credits;
    struct view view;
    enum err e;

    if (!param_record_of(call, "income", PARAM_READS, KIND_INCOME, &item) ||
        !param_view(call, item.topic, &view))
        return;
    e = draft_credits(&credits, call, &view,
                      topic_state_find(view.topic, item.id));
    if (e != ERR_OK) {
        listing_fail(call, e, "the release of this income is not held");
        return;
    }
    reply_draft(call, &credits);
    credits_wipe(&credits);
}

/* ---- shares as they were given ---- */

/* Says what is wrong with shares; the call has been failed if it is false. */
static bool shares_are_whole(struct call *call, const struct mp_value *shares)
{
    uint64_t sum = 0;

    if (mp_count(shares) == 0) {
        call_fail(call, ERR_USAGE, "nobody has a share",
                  "Give --share PERSON=PERCENT for each, or --shares FILE: "
                  "`troupe split draft` writes one.");
        return false;
    }
    if (mp_count(shares) > SHARES_MAX) {
        call_fail(call, ERR_TOO_LARGE, "a split has at most 4,096 shares",
                  NULL);
        return false;
    }
    for (uint32_t i = 0; i < mp_count(shares); i++)
        sum += mp_uint(mp_get(mp_at(shares, i), "bp")) % (MP_INT_MAX / 512);
    if (sum == MONEY_BP_ALL)
        return true;
    call_failf(call, ERR_USAGE, "Shares are parts of the whole pool.",
               "the shares sum to %llu.%02llu %%, not to 100 %%",
               (unsigned long long)(sum / 100),
               (unsigned long long)(sum % 100));
    return false;
}

/* A share as the record has it: a draft's lines carry names as well. */
static void put_share(struct writer *w, const struct mp_value *line)
{
    static const char *const kept[] = { "bp", "contributions", "group",
                                        "person", "reason" };
    uint32_t count = 0;

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        count += mp_type(mp_get(line, kept[i])) == MP_NIL ? 0 : 1;
    mp_put_map(w, count);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (mp_type(mp_get(line, kept[i])) == MP_NIL)
            continue;
        mp_put_text(w, kept[i]);
        mp_put_value(w, mp_get(line, kept[i]));
    }
}

static void put_shares(struct author_fields *fields,
                       const struct mp_value *shares)
{
    struct writer *w = author_fields_put(fields, "shares");

    mp_put_array(w, mp_count(shares));
    for (uint32_t i = 0; i < mp_count(shares); i++)
        put_share(w, mp_at(shares, i));
}

/* ---- the proposal ---- */

struct times {
    uint64_t created_ms;
    uint64_t opens_ms;
    uint64_t closes_ms;
};

/*
 * What was not said: it opens when it is made, for the shortest window.  Pages
 * come before the proposal, which is then made and opens a moment later.
 */
static struct times times_of(struct call *call, bool has_pages)
{
    const struct mp_value *fields = call_param(call, "fields");
    const struct mp_value *opens = mp_get(fields, "opens_at");
    const struct mp_value *closes = mp_get(fields, "closes_at");
    uint64_t window_ms = mp_uint(call_param(call, "window_ms"));
    struct times t = { .created_ms = desk_next_ms(call_desk(call)) };

    t.opens_ms = t.created_ms + (has_pages ? MINUTE_MS : 0);
    if (mp_type(opens) == MP_UINT && mp_uint(opens) <= RECORD_TIME_MAX_MS)
        t.opens_ms = mp_uint(opens);
    if (window_ms == 0 || window_ms > RECORD_TIME_MAX_MS)
        window_ms = SPLIT_WINDOW_MIN_MS;
    t.closes_ms = t.opens_ms + window_ms;
    /* "+14d" was 14 days a moment ago, when it was typed. */
    if (mp_type(closes) == MP_UINT &&
        (mp_uint(closes) < t.closes_ms - 2 * MINUTE_MS ||
         mp_uint(closes) > t.closes_ms))
        t.closes_ms = mp_uint(closes);
    if (has_pages)
        t.created_ms = 0; /* once they are there */
    return t;
}

void method_split_propose(struct call *call)
{
    struct author_draft draft = { .kind = KIND_SPLIT_PROPOSAL };
    struct author_fields fields;
    struct store_item income;
    struct times t;

    if (!param_record_of(call, "income", PARAM_SIGNS, KIND_INCOME, &income) ||
        !shares_are_whole(call, call_param(call, "shares")))
        return;
    author_fields_init(&fields);
    put_shares(&fields, call_param(call, "shares"));
    t = times_of(call, fields.own.len > BODY_SURE);
    author_fields_put_id(&fields, "income", income.id);
    mp_put_uint(author_fields_put(&fields, "opens_at"), t.opens_ms);
    mp_put_uint(author_fields_put(&fields, "closes_at"), t.closes_ms);
    draft.topic = income.topic;
    draft.created_ms = t.created_ms;
    author_publish_fields(call, &draft, &fields);
}

/* ---- what is said of it ---- */

/* Publishes what `link`, a record of kind `target`, is answered with. */
static void say(struct call *call, enum kind_number kind, const char *link,
                uint64_t target, const char *const *names)
{
    struct store_item about;

    if (param_record_of(call, link, PARAM_SIGNS, target, &about))
        author_publish_about(call, kind, link, &about, names);
}

void method_split_feedback(struct call *call)
{
    static const char *const names[] = { "reason", "text", "proposed_bp",
                                         NULL };

    say(call, KIND_SPLIT_FEEDBACK, "proposal", KIND_SPLIT_PROPOSAL, names);
}

void method_split_reply(struct call *call)
{
    static const char *const names[] = { "answer", "text", NULL };

    say(call, KIND_SPLIT_REPLY, "feedback", KIND_SPLIT_FEEDBACK, names);
}

void method_split_accept(struct call *call)
{
    static const char *const names[] = { "accept", "text", NULL };

    say(call, KIND_SPLIT_ACCEPT, "proposal", KIND_SPLIT_PROPOSAL, names);
}

/* ---- the final ---- */

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
    put_shares(fields, f->shares);
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
    if (shares_are_whole(f->call, f->shares))
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

/* ---- how it stands ---- */

/*
 * When this node first saw the proposal: who dates one back takes time for
 * feedback away, which the record itself cannot show.
 */
static void put_local(struct writer *w, struct call *call,
                      const struct topic_entry *proposal)
{
    struct store *store = node_store(call_node(call));
    struct store_item item;
    struct body body;
    uint64_t opens_ms;

    mp_put_text(w, "local");
    if (proposal == NULL ||
        store_find(store, proposal->record.id, &item) != ERR_OK) {
        mp_put_map(w, 0);
        return;
    }
    body_open(&body, store, proposal->record.id);
    opens_ms = split_window_of(body.map).opens_ms;
    body_close(&body);
    mp_put_map(w, 3);
    pair_uint(w, "received_ms", item.received_ms);
    pair_uint(w, "opens_ms", opens_ms);
    pair_bool(w, "seen_late", item.received_ms > opens_ms + LATE_MS);
}

void method_split_show(struct call *call)
{
    struct store_item item;
    struct writer *w;
    struct view view;
    enum err e;

    if (!param_record(call, "split", PARAM_READS, &item) ||
        !param_view(call, item.topic, &view))
        return;
    w = call_reply(call);
    e = view_split_show(w, &view, item.id, 1);
    if (e != ERR_OK) {
        listing_fail(call, e, "this is no income, proposal or final");
        return;
    }
    put_local(w, call, view_split_proposal(&view, item.id));
    call_send(call);
}
