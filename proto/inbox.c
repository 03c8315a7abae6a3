/* What concerns whom, by the kind of what was said. */
#include "proto/inbox.h"

#include <string.h>

#include "proto/authority.h"
#include "proto/kind.h"
#include "proto/request_state.h"
#include "proto/topic_list.h"

static const char *const names[INBOX_KINDS] = {
#define X(name, text) [INBOX_##name] = (text),
    INBOX_MAP(X)
#undef X
};

const char *inbox_kind_name(enum inbox_kind kind)
{
    return names[kind];
}

bool inbox_kind_find(struct bytes name, enum inbox_kind *out)
{
    for (unsigned i = 0; i < INBOX_KINDS; i++) {
        struct bytes have = { (const uint8_t *)names[i], strlen(names[i]) };

        if (bytes_equal(have, name)) {
            *out = (enum inbox_kind)i;
            return true;
        }
    }
    return false;
}

/* One record being looked at. */
struct look {
    const struct topic_state *ts;
    const struct topic_entry *e;
    const struct inbox_reader *reader;
    const struct mp_value *body;
    struct inbox_item *item;
};

static bool is_me(const struct look *l, const uint8_t person[ID_LEN])
{
    return memcmp(person, l->reader->me, ID_LEN) == 0;
}

static bool i_lead(const struct look *l)
{
    return authority_is_leader(l->ts, l->reader->me, l->ts->now_ms);
}

/* Whether the record of that id is mine; its object's first id in `about`. */
static bool is_mine(const struct look *l, const uint8_t id[ID_LEN])
{
    const struct topic_entry *e = topic_state_find(l->ts, id);

    memcpy(l->item->about, id, ID_LEN);
    if (e == NULL)
        return l->reader->is_mine != NULL &&
               l->reader->is_mine(l->reader->context, id);
    memcpy(l->item->about, l->ts->entries[e->first].record.id, ID_LEN);
    return is_me(l, e->record.author);
}

static bool links_to_mine(const struct look *l, uint64_t relation)
{
    uint8_t id[ID_LEN];

    return record_link_find(&l->e->record, relation, id) && is_mine(l, id);
}

/* The whole project or request that the topic is. */
static bool about_topic(const struct look *l, bool tells)
{
    memcpy(l->item->about, l->ts->topic, ID_LEN);
    return tells;
}

static bool names_me(const struct look *l, const char *field)
{
    return bytes_equal(mp_bin(mp_get(l->body, field)),
                       (struct bytes){ l->reader->me, ID_LEN });
}

static bool told(const struct look *l, enum inbox_kind kind, bool tells)
{
    l->item->kind = kind;
    return tells;
}

/* ---- Kind by kind ----------------------------------------------------- */

/* Whether its author gave nothing to this topic before. */
static bool is_first(const struct look *l)
{
    const struct topic_state *ts = l->ts;
    uint32_t at = topic_links_first(ts, l->e->record.author, KIND_CONTRIBUTION);

    for (; at != TOPIC_NONE; at = ts->back.links[at].next) {
        const struct topic_entry *other = &ts->entries[ts->back.links[at].by];

        if (memcmp(other->record.author, l->e->record.author, ID_LEN) == 0 &&
            verdict_is_in_force(&other->verdict) &&
            topic_entry_compare(other, l->e) < 0)
            return false;
    }
    return true;
}

static bool of_contribution(const struct look *l)
{
    uint8_t id[ID_LEN];
    bool answers = record_link_find(&l->e->record, RELATION_REQUEST, id);

    if (l->e->record.has_revises || !i_lead(l))
        return false;
    (void)told(l, is_first(l) ? INBOX_WELCOME : INBOX_ANSWERED, true);
    if (answers)
        (void)is_mine(l, id); /* for what it is about */
    else
        (void)about_topic(l, true);
    return true;
}

static bool of_selection(const struct look *l)
{
    uint64_t state = mp_uint(mp_get(l->body, "state"));

    if (state != SELECTION_SHORTLIST && state != SELECTION_CHOSEN &&
        state != SELECTION_CHANGE_WANTED)
        return false;
    return told(
        l, state == SELECTION_CHANGE_WANTED ? INBOX_DIRECTED : INBOX_CHOSEN,
        links_to_mine(l, RELATION_CONTRIBUTION));
}

static bool of_citation(const struct look *l)
{
    return told(l, INBOX_CITED,
                mp_get(l->body, "withdrawn") == NULL &&
                    links_to_mine(l, RELATION_SOURCE));
}

static bool of_comment(const struct look *l)
{
    return told(l, INBOX_COMMENT,
                links_to_mine(l, RELATION_REPLY_TO) ||
                    links_to_mine(l, RELATION_TARGET));
}

/* Whether a list of shares has me, on whatever page. */
static enum err of_shares(bool *out, const struct look *l, enum inbox_kind kind)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *share;
    struct topic_list list;
    enum err err = topic_list_open(&list, l->ts, l->e);

    *out = false;
    if (err != ERR_OK)
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    while (!*out && (share = topic_list_next(&list, "shares", &at)) != NULL)
        *out = bytes_equal(mp_bin(mp_get(share, "person")),
                           (struct bytes){ l->reader->me, ID_LEN });
    topic_list_wipe(&list);
    (void)about_topic(l, true);
    (void)told(l, kind, true);
    return ERR_OK;
}

/* Feedback on a split, until somebody has replied. */
static enum err of_split_feedback(bool *out, const struct look *l)
{
    struct topic_namers replies;
    enum err err;

    *out = i_lead(l);
    (void)told(l, INBOX_REPLY, true);
    (void)record_link_find(&l->e->record, RELATION_PROPOSAL, l->item->about);
    if (!*out)
        return ERR_OK;
    err = topic_namers_of(&replies, l->ts, l->e->first, KIND_SPLIT_REPLY);
    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; i < replies.count && *out; i++)
        *out = !verdict_is_in_force(&l->ts->entries[replies.at[i]].verdict);
    topic_namers_wipe(&replies);
    return ERR_OK;
}

static enum err of_kind(bool *out, const struct look *l)
{
    switch (l->e->record.kind) {
    case KIND_CONTRIBUTION:
        *out = of_contribution(l);
        break;
    case KIND_RESOURCE:
        *out = of_citation(l);
        break;
    case KIND_DIRECTION:
        *out = told(l, INBOX_DIRECTED, links_to_mine(l, RELATION_TARGET));
        break;
    case KIND_SELECTION:
        *out = of_selection(l);
        break;
    case KIND_FEEDBACK:
        *out = told(l, INBOX_FEEDBACK, links_to_mine(l, RELATION_TARGET));
        break;
    case KIND_COMMENT:
        *out = of_comment(l);
        break;
    case KIND_UPDATE:
        *out = told(l, INBOX_UPDATE, about_topic(l, l->reader->follows));
        break;
    case KIND_MEMBERSHIP:
        *out = told(l, INBOX_INVITED, about_topic(l, names_me(l, "person")));
        break;
    case KIND_RECEIPT:
        *out = told(l, INBOX_RECEIPT, names_me(l, "person")) &&
               record_link_find(&l->e->record, RELATION_FINAL, l->item->about);
        break;
    case KIND_SPLIT_PROPOSAL:
        return of_shares(out, l, INBOX_PROPOSED);
    case KIND_SPLIT_FINAL:
        return of_shares(out, l, INBOX_FINAL);
    case KIND_SPLIT_FEEDBACK:
        return of_split_feedback(out, l);
    default:
        *out = false;
    }
    return ERR_OK;
}

enum err inbox_of_record(bool *out, struct inbox_item *item,
                         const struct topic_state *ts,
                         const struct topic_entry *e,
                         const struct inbox_reader *reader)
{
    struct inbox_item found = { 0 };
    struct look l = { .ts = ts, .e = e, .reader = reader, .item = &found };
    struct mp_doc *doc;
    enum err err;

    *out = false;
    if (!verdict_is_in_force(&e->verdict) || topic_state_current(ts, e) != e ||
        is_me(&l, e->record.author))
        return ERR_OK;
    err = topic_entry_body(&doc, e);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    l.body = mp_doc_root(doc);
    err = of_kind(out, &l);
    mp_doc_free(doc);
    if (err == ERR_OK && *out)
        *item = found;
    return err;
}

const char *inbox_text_field(uint64_t kind)
{
    switch (kind) {
    case KIND_RESOURCE:
        return "thanks";
    case KIND_CONTRIBUTION:
    case KIND_REQUEST:
        return "title";
    case KIND_SELECTION:
        return "reason";
    case KIND_DIRECTION:
    case KIND_FEEDBACK:
    case KIND_COMMENT:
    case KIND_UPDATE:
    case KIND_SPLIT_FEEDBACK:
        return "text";
    case KIND_SPLIT_PROPOSAL:
        return "notes";
    default:
        return NULL;
    }
}

/* ---- Time ------------------------------------------------------------- */

enum err inbox_of_time(bool *out, struct inbox_item *item, uint64_t *since_ms,
                       uint64_t *next_ms, const struct topic_state *ts,
                       const struct topic_entry *e,
                       const struct inbox_reader *reader)
{
    bool leads = authority_is_leader(ts, reader->me, ts->now_ms);
    struct request_state s;
    uint64_t at_ms;
    enum err err = request_state_of(&s, ts, e->record.id);

    *out = false;
    if (err != ERR_OK || s.request != e || s.deadline_ms == 0 ||
        s.phase == REQUEST_CLOSED || (!leads && !reader->follows))
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    /* Leaders are told when it is for them to decide, others before. */
    at_ms = s.deadline_ms + 1;
    if (!leads)
        at_ms = s.deadline_ms > INBOX_CLOSING_MS
                    ? s.deadline_ms - INBOX_CLOSING_MS
                    : 0;
    if (at_ms > ts->now_ms) {
        *next_ms = at_ms < *next_ms ? at_ms : *next_ms;
        return ERR_OK;
    }
    if (!leads && s.phase != REQUEST_OPEN)
        return ERR_OK;
    *out = true;
    *since_ms = at_ms;
    item->kind = leads ? INBOX_UNDECIDED : INBOX_CLOSING;
    memcpy(item->about, ts->entries[e->first].record.id, ID_LEN);
    return ERR_OK;
}
