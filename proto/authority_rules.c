/* The table of kinds and their rules, and what rules ask of a topic:
 * docs/protocol.md §7.4 and §7.5. */
#include "proto/authority_rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which kinds rest on one another; device_revoke, resource and
 * retraction are judged by walks of their own. */
/* clang-format off */
static const struct authority_rule rows[] = {
    { KIND_DEVICE_REVOKE, BY_ANYONE,   STAGE_FIRST, REACH_SPREADS, NULL, NULL },
    { KIND_RETRACTION,    BY_ANYONE,   STAGE_FIRST, REACH_SPREADS, NULL, NULL },
    { KIND_PROFILE,       BY_ANYONE,   STAGE_FIRST, REACH_SPREADS,
      NULL, authority_rival_profile },
    { KIND_PROJECT,       BY_ANYONE,   STAGE_ROLES, REACH_SPREADS,
      authority_judge_project, NULL },
    { KIND_HANDOVER,      BY_ANYONE,   STAGE_ROLES, REACH_LOOKS_BACK,
      authority_judge_handover, NULL },
    { KIND_MEMBERSHIP,    BY_ANYONE,   STAGE_ROLES, REACH_SPREADS,
      authority_judge_membership, NULL },
    { KIND_ACCEPT,        BY_ANYONE,   STAGE_ROLES, REACH_SPREADS,
      authority_judge_accept, NULL },
    { KIND_VOUCH,         BY_ANYONE,   STAGE_ROLES, REACH_SPREADS,
      authority_judge_vouch, NULL },
    { KIND_REQUEST,       BY_LEADER,   STAGE_FIRST, REACH_SPREADS, NULL, NULL },
    { KIND_CONTRIBUTION,  BY_ADMITTED, STAGE_FIRST, REACH_LEAF,
      authority_judge_contribution, NULL },
    { KIND_RESOURCE,      BY_ANYONE,   STAGE_FIRST, REACH_SPREADS, NULL, NULL },
    { KIND_RIGHTS_REQUEST, BY_LEADER,  STAGE_FIRST, REACH_SPREADS,
      authority_judge_rights_request, NULL },
    { KIND_RIGHTS_GRANT,  BY_ANYONE,   STAGE_FIRST, REACH_SPREADS,
      authority_judge_rights_grant, NULL },
    { KIND_REQUEST_CLOSE, BY_LEADER,   STAGE_FIRST, REACH_SPREADS,
      authority_judge_close, NULL },
    { KIND_UPDATE,        BY_LEADER,   STAGE_FIRST, REACH_LEAF,
      NULL, NULL },
    { KIND_DIRECTION,     BY_LEADER,   STAGE_FIRST, REACH_LEAF,
      authority_judge_targeted, NULL },
    { KIND_SELECTION,     BY_CURATOR,  STAGE_FIRST, REACH_SPREADS,
      authority_judge_selection, authority_rival_selection },
    { KIND_COMMENT,       BY_ADMITTED, STAGE_FIRST, REACH_LEAF,
      authority_judge_comment, NULL },
    { KIND_RELEASE,       BY_LEADER,   STAGE_LAST,  REACH_SPREADS,
      authority_judge_release, NULL },
    { KIND_THREAD,         BY_ADMITTED, STAGE_FIRST, REACH_LEAF, NULL, NULL },
    { KIND_RECOMMENDATION, BY_ANYONE,   STAGE_FIRST, REACH_LEAF, NULL, NULL },
    { KIND_COLLECTION,     BY_ANYONE,   STAGE_FIRST, REACH_LEAF, NULL, NULL },
    { KIND_JOURNAL,        BY_ANYONE,   STAGE_FIRST, REACH_LEAF, NULL, NULL },
    { KIND_REPORT,         BY_ANYONE,   STAGE_FIRST, REACH_LEAF,
      authority_judge_report, NULL },
    { KIND_RULING,         BY_ANYONE,   STAGE_FIRST, REACH_LEAF,
      authority_judge_ruling, NULL },
    { KIND_BLOCK,          BY_ANYONE,   STAGE_FIRST, REACH_LEAF, NULL, NULL },
    { KIND_LESSON,         BY_LEADER,   STAGE_FIRST, REACH_LEAF,
      authority_judge_lesson, NULL },
    { KIND_FEEDBACK,       BY_ADMITTED, STAGE_FIRST, REACH_LEAF,
      authority_judge_feedback, authority_rival_feedback },
    { KIND_COURAGE,        BY_ADMITTED, STAGE_LAST,  REACH_SPREADS,
      authority_judge_courage, NULL },
    { KIND_INCOME,         BY_LEADER,  STAGE_LAST,  REACH_SPREADS,
      authority_judge_income, NULL },
    { KIND_SPLIT_PROPOSAL, BY_LEADER,  STAGE_LAST,  REACH_LOOKS_BACK,
      authority_judge_split_proposal, NULL },
    { KIND_SPLIT_FEEDBACK, BY_ANYONE,  STAGE_LAST,  REACH_SPREADS,
      authority_judge_split_feedback, NULL },
    { KIND_SPLIT_REPLY,    BY_LEADER,  STAGE_LAST,  REACH_SPREADS,
      authority_judge_split_reply, NULL },
    { KIND_SPLIT_ACCEPT,   BY_ANYONE,  STAGE_LAST,  REACH_SPREADS,
      authority_judge_split_accept, NULL },
    { KIND_SPLIT_FINAL,    BY_LEADER,  STAGE_LAST,  REACH_LOOKS_BACK,
      authority_judge_split_final, NULL },
    { KIND_RECEIPT,        BY_ANYONE,  STAGE_LAST,  REACH_LEAF,
      authority_judge_receipt, NULL },
};
/* clang-format on */

/* A creator who makes works is not silent (§7.4.9). */
bool authority_rests_on_works(uint64_t kind)
{
    return kind == KIND_HANDOVER;
}

/* Bodies that stay parsed from one rule to the next. */
enum { BODIES_KEPT = 64 };

const struct authority_rule *authority_rule_of(uint64_t kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].kind == kind)
            return &rows[i];
    }
    return NULL;
}

const struct authority_rule *authority_rule_at(size_t i)
{
    return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}

void authority_settle(struct topic_entry *e, enum verdict_state state)
{
    e->is_settled = true;
    e->verdict = (struct verdict){ .state = state };
}

void authority_leave(struct topic_entry *e)
{
    e->is_left = true;
    authority_settle(e,
                     e->is_contested ? VERDICT_CONTESTED : VERDICT_UNDECIDED);
}

void authority_void(struct topic_entry *e, enum void_reason reason)
{
    e->is_settled = true;
    e->verdict = (struct verdict){ .state = VERDICT_VOID, .reason = reason };
}

void authority_void_by(struct topic_entry *e, enum void_reason reason,
                       enum verdict_subject about, const uint8_t id[ID_LEN])
{
    authority_void(e, reason);
    e->verdict.about = about;
    memcpy(e->verdict.subject, id, ID_LEN);
}

void authority_void_author(struct topic_entry *e, enum void_reason reason)
{
    authority_void_by(e, reason, VERDICT_ABOUT_PERSON, e->record.author);
}

struct topic_entry *authority_target(struct topic_state *ts,
                                     const uint8_t id[ID_LEN])
{
    uint32_t index = topic_state_index(ts, id);

    if (index == TOPIC_NONE || ts->entries[index].is_ahead)
        return NULL;
    return &ts->entries[index];
}

struct topic_entry *authority_linked(struct topic_state *ts,
                                     const struct topic_entry *e,
                                     enum relation relation)
{
    uint8_t id[ID_LEN];

    return record_link_find(&e->record, relation, id) ? authority_target(ts, id)
                                                      : NULL;
}

bool authority_has_link(const struct topic_entry *e, enum relation relation)
{
    uint8_t id[ID_LEN];

    return record_link_find(&e->record, relation, id);
}

struct topic_entry *authority_need(struct topic_state *ts,
                                   struct topic_entry *e,
                                   enum relation relation, uint64_t kind)
{
    struct topic_entry *target;
    uint8_t id[ID_LEN] = { 0 };

    (void)record_link_find(&e->record, relation, id); /* it is in the schema */
    target = authority_target(ts, id);
    if (target == NULL) {
        authority_void_by(e, VOID_NO_TARGET, VERDICT_ABOUT_RECORD, id);
        return NULL;
    }
    if (kind != 0 && target->record.kind != kind) {
        authority_void_by(e, VOID_WRONG_TARGET, VERDICT_ABOUT_RECORD, id);
        return NULL;
    }
    return target;
}

struct topic_entry *authority_need_valid(struct topic_state *ts,
                                         struct topic_entry *e,
                                         enum relation relation, uint64_t kind)
{
    struct topic_entry *target = authority_need(ts, e, relation, kind);

    if (target == NULL || target->verdict.state != VERDICT_VOID)
        return target;
    authority_void_by(e, VOID_VOID_TARGET, VERDICT_ABOUT_RECORD,
                      target->record.id);
    return NULL;
}

static enum err body_keep(struct topic_state *ts, uint32_t index)
{
    uint32_t cap = ts->bodies_cap == 0 ? BODIES_KEPT : ts->bodies_cap * 2;
    uint32_t *bodies;

    if (ts->bodies_count == ts->bodies_cap) {
        bodies = realloc(ts->bodies, cap * sizeof *bodies);
        if (bodies == NULL)
            return ERR_NO_MEMORY;
        ts->bodies = bodies;
        ts->bodies_cap = cap;
    }
    ts->bodies[ts->bodies_count++] = index;
    return ERR_OK;
}

enum err authority_body(struct topic_state *ts, const struct topic_entry *e,
                        const struct mp_value **out)
{
    uint32_t index = (uint32_t)(e - ts->entries);
    struct mp_doc *doc;
    enum err err;

    assert(index < ts->count);
    if (e->is_erased)
        return ERR_NOT_FOUND;
    if (e->body != NULL) {
        *out = mp_doc_root(e->body);
        return ERR_OK;
    }
    err = topic_entry_body(&doc, e);
    if (err != ERR_OK)
        return err;
    err = body_keep(ts, index);
    if (err != ERR_OK) {
        mp_doc_free(doc);
        return err;
    }
    ts->entries[index].body = doc;
    *out = mp_doc_root(doc);
    return ERR_OK;
}

bool authority_in_project(const struct topic_state *ts)
{
    return ts->founder != TOPIC_NONE &&
           ts->entries[ts->founder].record.kind == KIND_PROJECT;
}

bool authority_same_author(const struct topic_entry *a,
                           const struct topic_entry *b)
{
    return memcmp(a->record.author, b->record.author, ID_LEN) == 0;
}

/* Whether `e` founds the topic or revises what does. */
static bool is_founding(const struct topic_state *ts,
                        const struct topic_entry *e)
{
    return ts->founder != TOPIC_NONE && e->first == ts->founder;
}

/* A link to the project, where there is one, names the project it lies in. */
static bool names_other_project(const struct topic_state *ts,
                                const struct topic_entry *e)
{
    uint8_t id[ID_LEN];

    return record_link_find(&e->record, RELATION_PROJECT, id) &&
           (memcmp(id, ts->topic, ID_LEN) != 0 || !authority_in_project(ts));
}

bool authority_is_at_home(const struct topic_state *ts, struct topic_entry *e)
{
    const struct kind *kind = kind_find(e->record.kind);
    bool fits = true;

    if (kind->home == HOME_PERSON)
        fits = memcmp(e->record.topic, e->record.author, ID_LEN) == 0;
    else if (kind->home == HOME_FOUNDS)
        fits = is_founding(ts, e);
    else if (kind->home == HOME_FOUNDS_OR_PROJECT)
        fits = is_founding(ts, e) || authority_in_project(ts);
    if (kind->home != HOME_PERSON && kind->home != HOME_ANY &&
        ts->founder == TOPIC_NONE) {
        authority_void(e, VOID_NO_FOUNDER);
        return false;
    }
    /* From their own topic people may point at any project. */
    if (!fits || (kind->home != HOME_PERSON && names_other_project(ts, e))) {
        authority_void(e, VOID_WRONG_TOPIC);
        return false;
    }
    return true;
}

bool authority_is_first(struct topic_entry *e)
{
    if (e->record.has_revises)
        authority_void(e, VOID_NO_REVISION);
    return !e->is_settled;
}

/* Lets bodies go that no rule looks at any more. */
static void trim_bodies(struct topic_state *ts)
{
    if (ts->bodies_count > BODIES_KEPT)
        topic_state_drop_bodies(ts);
}

enum err authority_judge_kind(struct topic_state *ts, struct topic_entry *e)
{
    const struct authority_rule *rule = authority_rule_of(e->record.kind);

    assert(rule != NULL);
    if (!authority_is_at_home(ts, e) ||
        !authority_is_allowed(ts, e, rule->by) || rule->judge == NULL)
        return ERR_OK;
    trim_bodies(ts);
    return rule->judge(ts, e);
}
