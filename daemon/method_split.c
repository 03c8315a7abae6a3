/* Splits: a draft from the credits, the proposal, what is said of it, and how
 * it all stands.  The final is in method_split_final.c. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/body.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/split_given.h"
#include "proto/credits.h"
#include "proto/split.h"

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

/* Of all people the first SPLIT_GIVEN_MAX; how many they are. */
static uint32_t draft_shares(struct money_share *shares,
                             const struct credits *credits)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < credits->count && count < SPLIT_GIVEN_MAX; i++) {
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
    struct money_share *shares =
        call_alloc(call, SPLIT_GIVEN_MAX * sizeof *shares);
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
        !split_given_is_whole(call, call_param(call, "shares")))
        return;
    author_fields_init(&fields);
    split_given_put(&fields, call_param(call, "shares"));
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
