/*
 * verdict(records of a topic, now), phase by phase: what is not there yet, what
 * is revoked or retracted, who leads, which records revise which, the rules of
 * kinds (authority_rules.c), which version stands, citations, and the rules of
 * kinds that rest on these.
 * Every phase walks the records in order of (created_ms, id), never in order of
 * arrival, and only ever settles what no earlier phase has settled.
 */
#include "proto/authority.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/kind.h"

/* §7.2: what is dated ahead waits, and nobody sees it before its time. */
void authority_begin(const struct topic_state *ts, struct topic_entry *e)
{
    e->verdict = (struct verdict){ .state = VERDICT_UNDECIDED };
    e->is_settled = false;
    e->is_ahead = e->record.created_ms > ts->now_ms;
    e->is_erased = false;
    e->is_contested = false;
    e->is_left = false;
    e->first = (uint32_t)(e - ts->entries);
    e->current = TOPIC_NONE;
    e->selection = TOPIC_NONE;
    e->grant = TOPIC_NONE;
    e->citation = 0;
    if (e->is_ahead)
        authority_settle(e, VERDICT_WAITING);
}

static void begin(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++)
        authority_begin(ts, &ts->entries[i]);
    ts->founder = TOPIC_NONE;
    ts->terms = TOPIC_NONE;
    ts->edges_count = 0; /* the old ones name what may be gone */
    ts->revoked_count = 0;
    authority_forget_rivals(ts);
    topic_state_drop_bodies(ts);
}

/* §7.3: only the author takes back, and nothing final. */
static void judge_retraction(struct topic_state *ts, struct topic_entry *e)
{
    uint8_t id[ID_LEN];
    struct topic_entry *target = NULL;
    const struct kind *kind;

    if (record_link_find(&e->record, RELATION_TARGET, id))
        target = authority_target(ts, id);
    if (target == NULL) {
        authority_void(e, VOID_NO_TARGET);
        return;
    }
    kind = kind_find(target->record.kind);
    if (memcmp(target->record.author, e->record.author, ID_LEN) != 0) {
        authority_void(e, VOID_NOT_AUTHOR);
    } else if (kind == NULL) {
        authority_settle(e, VERDICT_UNDECIDED); /* it may be a final one */
    } else if (kind->is_final) {
        authority_void(e, VOID_FINAL);
    } else {
        authority_settle(e, VERDICT_IN_FORCE);
        target->is_erased = true;
        if (!target->is_settled)
            authority_settle(target, VERDICT_RETRACTED);
    }
}

static void judge_retractions(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (e->record.kind != KIND_RETRACTION || e->is_settled)
            continue;
        if (e->is_malformed)
            authority_void(e, VOID_MALFORMED);
        else
            judge_retraction(ts, e);
    }
}

/*
 * §7.3: the schema.  It comes after retractions, because a node that has erased
 * a body could not tell any more whether it was well formed.
 */
void authority_judge_body(struct topic_entry *e)
{
    if (e->is_malformed)
        authority_void(e, VOID_MALFORMED);
    else if (authority_rule_of(e->record.kind) == NULL ||
             e->record.body.data == NULL ||
             (e->record.flags & RECORD_OPAQUE) != 0)
        authority_leave(e);
}

static void judge_bodies(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        if (!ts->entries[i].is_settled)
            authority_judge_body(&ts->entries[i]);
    }
}

/* §7.4: the founder leads.  A retracted request still has its leader. */
static void find_founder(struct topic_state *ts)
{
    struct topic_entry *e = authority_target(ts, ts->topic);
    bool founds;

    if (e == NULL || e->verdict.state == VERDICT_VOID)
        return;
    founds = e->record.kind == KIND_PROJECT || e->record.kind == KIND_REQUEST;
    if (founds && !e->record.has_revises)
        ts->founder = topic_state_index(ts, ts->topic);
}

/* §7.6: a revision names the first record of its own author's object; who may
 * revise a project is a question of roles. */
static void link_revision(struct topic_state *ts, struct topic_entry *e)
{
    struct topic_entry *first = authority_target(ts, e->record.revises);

    if (first == NULL)
        authority_void(e, VOID_NO_TARGET);
    else if (e->record.kind != KIND_PROJECT && !authority_same_author(first, e))
        authority_void(e, VOID_NOT_AUTHOR);
    else if (first->record.kind != e->record.kind)
        authority_void(e, VOID_OTHER_KIND);
    else if (first->record.has_revises)
        authority_void(e, VOID_NOT_FIRST);
    else if (first->verdict.state == VERDICT_VOID)
        authority_void_by(e, VOID_VOID_TARGET, VERDICT_ABOUT_RECORD,
                          first->record.id);
    else
        e->first = (uint32_t)(first - ts->entries);
}

static void link_revisions(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[i];

        if (!e->is_settled && e->record.has_revises)
            link_revision(ts, e);
    }
}

/* First records or revisions of a kind; what revises a void one is void too. */
static enum err judge_versions(struct topic_state *ts, uint64_t kind,
                               bool revisions)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        const struct topic_entry *first = &ts->entries[e->first];
        enum err err;

        if (e->record.kind != kind || e->is_settled ||
            e->record.has_revises != revisions)
            continue;
        err = authority_judge_kind(ts, e);
        if (err != ERR_OK)
            return err;
        if (!e->is_settled && first->verdict.state == VERDICT_VOID)
            authority_void_by(e, VOID_VOID_TARGET, VERDICT_ABOUT_RECORD,
                              first->record.id);
    }
    return ERR_OK;
}

static enum err judge_kind(struct topic_state *ts, uint64_t kind)
{
    enum err err = judge_versions(ts, kind, false);

    return err == ERR_OK ? judge_versions(ts, kind, true) : err;
}

/* The rows that are applied before versions are chosen. */
static enum err judge_first(struct topic_state *ts)
{
    const struct authority_rule *rule;

    for (size_t i = 0; (rule = authority_rule_at(i)) != NULL; i++) {
        enum err err = ERR_OK;

        if (rule->stage != STAGE_FIRST || rule->kind == KIND_RESOURCE)
            continue;
        err = judge_kind(ts, rule->kind);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/*
 * §7.6: of the versions of one object that are not void, the newest is in force
 * and the others are superseded.  Objects that may stand only once are
 * compared later: authority_rival.c.
 */
void authority_choose_version(struct topic_state *ts, struct topic_entry *e)
{
    struct topic_entry *first = &ts->entries[e->first];

    if (first != e && first->verdict.state == VERDICT_VOID) {
        authority_void_by(e, VOID_VOID_TARGET, VERDICT_ABOUT_RECORD,
                          first->record.id);
        return;
    }
    if (first != e && first->verdict.state == VERDICT_RETRACTED) {
        authority_settle(e, VERDICT_RETRACTED);
        return;
    }
    if (first->current != TOPIC_NONE)
        authority_settle(&ts->entries[first->current], VERDICT_SUPERSEDED);
    first->current = (uint32_t)(e - ts->entries);
    e->verdict =
        (struct verdict){ .state = e->is_contested ? VERDICT_CONTESTED
                                                   : VERDICT_IN_FORCE };
}

/* Whether the versions of its kind are chosen before citations. */
static bool is_chosen_first(const struct topic_entry *e)
{
    const struct authority_rule *rule = authority_rule_of(e->record.kind);

    return rule != NULL && rule->stage != STAGE_LAST &&
           rule->kind != KIND_RESOURCE;
}

static enum err choose_first(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (!e->is_settled && is_chosen_first(e))
            authority_choose_version(ts, e);
    }
    for (uint32_t i = 0; i < ts->count; i++) {
        enum err err = authority_choose_rival(ts, &ts->entries[ts->order[i]]);

        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* The versions of one kind, whose rule has been applied. */
static enum err choose_kind(struct topic_state *ts, uint64_t kind)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (e->record.kind == kind && !e->is_settled)
            authority_choose_version(ts, e);
    }
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        enum err err = ERR_OK;

        if (e->record.kind == kind)
            err = authority_choose_rival(ts, e);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* The rows that rest on versions and citations, each for good. */
static enum err judge_last(struct topic_state *ts)
{
    const struct authority_rule *rule;

    for (size_t i = 0; (rule = authority_rule_at(i)) != NULL; i++) {
        enum err err;

        if (rule->stage != STAGE_LAST)
            continue;
        err = judge_kind(ts, rule->kind);
        if (err == ERR_OK)
            err = choose_kind(ts, rule->kind);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* §7.11: what a kind that we do not know says of `id` we cannot judge. */
static void mark_newer(struct topic_state *ts, const struct topic_entry *by,
                       const uint8_t id[ID_LEN])
{
    struct topic_entry *target = authority_target(ts, id);
    const struct record *r = &by->record;

    if (target == NULL || target->is_left ||
        !verdict_is_in_force(&target->verdict))
        return;
    if (memcmp(r->author, target->record.author, ID_LEN) == 0 ||
        authority_by_leader(ts, by))
        authority_settle(target, VERDICT_NEWER);
}

static void judge_newer(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        struct reader links = reader_of(e->record.links);
        struct record_link link;

        if (e->verdict.state != VERDICT_UNDECIDED || e->record.kind % 2 != 0 ||
            kind_find(e->record.kind) != NULL)
            continue;
        while (record_link_next(&links, &link))
            mark_newer(ts, e, link.id);
    }
}

/* For what comes later: what each record names that is not there before it,
 * and up to when records are looked back at. */
static enum err note_names(struct topic_state *ts)
{
    ts->looked_back_ms = 0;
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        const struct authority_rule *rule = authority_rule_of(e->record.kind);
        enum err err;

        if (e->is_ahead)
            break; /* all that follow are */
        if (rule != NULL && rule->reach == REACH_LOOKS_BACK)
            ts->looked_back_ms = e->record.created_ms;
        if (e->is_noted)
            continue;
        err = topic_named_note(&ts->named, ts, e);
        if (err != ERR_OK)
            return err;
        e->is_noted = true;
    }
    return ERR_OK;
}

/* The phases, each over all records. */
static enum err judge(struct topic_state *ts)
{
    enum err err = authority_judge_revocations(ts);

    if (err != ERR_OK)
        return err;
    judge_retractions(ts);
    judge_bodies(ts);
    find_founder(ts);
    link_revisions(ts);
    err = authority_walk_roles(ts);
    if (err == ERR_OK)
        err = judge_first(ts);
    if (err == ERR_OK)
        err = choose_first(ts);
    if (err == ERR_OK)
        err = authority_judge_citations(ts);
    if (err == ERR_OK)
        err = judge_last(ts);
    if (err == ERR_OK)
        judge_newer(ts);
    return err;
}

enum err authority_judge_all(struct topic_state *ts)
{
    enum err err = ERR_OK;

    assert(ts->order_count == ts->count);
    begin(ts);
    if (ts->count > 0)
        err = judge(ts);
    topic_state_drop_bodies(ts);
    if (err == ERR_OK)
        err = note_names(ts);
    ts->judged_count = ts->count;
    return err;
}
