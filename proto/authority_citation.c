/*
 * Citations (§7.7): who may state them, which version counts, and claims by
 * others, which wait for the answer of the work's author.
 */
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/kind.h"

/* The work that builds on another, as the head of a resource names it. */
static struct topic_entry *child_of(struct topic_state *ts,
                                    const struct topic_entry *e)
{
    return authority_linked(ts, e, RELATION_CHILD);
}

static enum err read_bits(struct topic_state *ts, struct topic_entry *e)
{
    const struct mp_value *body;
    enum err err = authority_body(ts, e, &body);

    if (err != ERR_OK)
        return err;
    if (mp_bool(mp_get(body, "claim")))
        e->citation |= CITATION_CLAIM;
    if (mp_get(body, "withdrawn") != NULL)
        e->citation |= CITATION_WITHDRAWN;
    if (mp_get(body, "declined") != NULL &&
        authority_has_link(e, RELATION_ANSWERS))
        e->citation |= CITATION_DECLINES;
    if (mp_uint(mp_get(body, "relation")) == USE_INSPIRED)
        e->citation |= CITATION_INSPIRED;
    return ERR_OK;
}

static enum err judge_resource(struct topic_state *ts, struct topic_entry *e)
{
    struct topic_entry *child;
    uint8_t id[ID_LEN] = { 0 };
    enum err err = read_bits(ts, e);

    if (err == ERR_OK)
        err = authority_judge_kind(ts, e);
    if (err != ERR_OK || e->is_settled)
        return err;
    (void)record_link_find(&e->record, RELATION_CHILD, id);
    child = child_of(ts, e);
    if (child == NULL) {
        authority_void_by(e, VOID_NO_TARGET, VERDICT_ABOUT_RECORD, id);
    } else if (child->record.kind != KIND_CONTRIBUTION &&
               child->record.kind != KIND_REQUEST &&
               child->record.kind != KIND_RELEASE) {
        authority_void_by(e, VOID_WRONG_TARGET, VERDICT_ABOUT_RECORD, id);
    } else if (authority_same_author(child, e)) {
        e->citation &= (uint8_t)~CITATION_CLAIM; /* one's own word is enough */
    } else if ((e->citation & CITATION_CLAIM) == 0 ||
               authority_has_link(e, RELATION_ANSWERS)) {
        authority_void_by(e, VOID_NOT_AUTHOR, VERDICT_ABOUT_RECORD, id);
    }
    return ERR_OK;
}

static enum err judge_resources(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        enum err err;

        if (e->record.kind != KIND_RESOURCE || e->is_settled)
            continue;
        err = judge_resource(ts, e);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* What revises a void claim or citation is void like it. */
static void void_revisions(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        const struct topic_entry *first = &ts->entries[e->first];

        if (e->record.kind == KIND_RESOURCE && !e->is_settled &&
            !authority_has_link(e, RELATION_ANSWERS) &&
            first->verdict.state == VERDICT_VOID)
            authority_void_by(e, VOID_VOID_TARGET, VERDICT_ABOUT_RECORD,
                              first->record.id);
    }
}

/* Whether it, or what it revises, answers a claim. */
static bool is_answer(const struct topic_state *ts, const struct topic_entry *e)
{
    return authority_has_link(e, RELATION_ANSWERS) ||
           authority_has_link(&ts->entries[e->first], RELATION_ANSWERS);
}

/*
 * §7.7.2: what an answer names is by somebody else, about the same work, and no
 * answer.  The heads say so, and then it is a claim if it is not void.
 */
static void judge_answer(struct topic_state *ts, struct topic_entry *e)
{
    const struct topic_entry *claim =
        authority_need(ts, e, RELATION_ANSWERS, KIND_RESOURCE);
    const struct topic_entry *child;

    if (claim == NULL)
        return;
    child = child_of(ts, claim);
    if (child == NULL || child->first != child_of(ts, e)->first ||
        authority_same_author(claim, e) || is_answer(ts, claim))
        authority_void_by(e, VOID_WRONG_TARGET, VERDICT_ABOUT_RECORD,
                          claim->record.id);
    else if (claim->verdict.state == VERDICT_VOID)
        authority_void_by(e, VOID_VOID_TARGET, VERDICT_ABOUT_RECORD,
                          claim->record.id);
}

static void judge_answers(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (e->record.kind == KIND_RESOURCE && !e->is_settled &&
            authority_has_link(e, RELATION_ANSWERS))
            judge_answer(ts, e);
    }
}

/* The newest version of each resource; an older one never comes back. */
static void choose_resources(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (e->record.kind == KIND_RESOURCE && !e->is_settled)
            authority_choose_version(ts, e);
    }
}

/* Of several answers to one claim the newest stands. */
static void choose_answers(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        struct topic_entry *claim;

        if (e->record.kind != KIND_RESOURCE ||
            !verdict_is_in_force(&e->verdict) ||
            !authority_has_link(e, RELATION_ANSWERS))
            continue;
        claim = authority_linked(ts, e, RELATION_ANSWERS);
        claim = &ts->entries[claim->first];
        if (claim->selection != TOPIC_NONE) {
            struct topic_entry *before = &ts->entries[claim->selection];

            authority_settle(before, VERDICT_SUPERSEDED);
            ts->entries[before->first].current = TOPIC_NONE;
        }
        claim->selection = ts->order[i];
    }
}

/* §7.7.3: in force once accepted, void once declined, else undecided. */
static void settle_claim(struct topic_state *ts, struct topic_entry *e)
{
    struct topic_entry *first = &ts->entries[e->first];
    const struct topic_entry *answer = NULL;

    if (first->selection != TOPIC_NONE)
        answer = &ts->entries[first->selection];
    if (answer == NULL || !verdict_is_in_force(&answer->verdict) ||
        (answer->citation & CITATION_WITHDRAWN) != 0)
        authority_settle(e, VERDICT_UNDECIDED);
    else if ((answer->citation & CITATION_DECLINES) != 0)
        authority_void_by(e, VOID_DECLINED, VERDICT_ABOUT_RECORD,
                          answer->record.id);
    else
        return;
    first->current = TOPIC_NONE;
}

static void settle_claims(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (e->record.kind == KIND_RESOURCE &&
            (e->citation & CITATION_CLAIM) != 0 &&
            verdict_is_in_force(&e->verdict))
            settle_claim(ts, e);
    }
}

enum err authority_judge_citations(struct topic_state *ts)
{
    enum err err = judge_resources(ts);

    if (err != ERR_OK)
        return err;
    void_revisions(ts);
    judge_answers(ts);
    choose_resources(ts);
    choose_answers(ts);
    err = authority_void_cycles(ts);
    if (err == ERR_OK)
        settle_claims(ts);
    return err;
}
