/* The rule of each kind that rests on the founder, the author and the record
 * named: docs/protocol.md §7.4 and §7.5. */
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/kind.h"

static bool by_leader(const struct topic_state *ts, const struct topic_entry *e)
{
    return authority_is_leader(ts, e->record.author, e->record.created_ms);
}

static bool in_project(const struct topic_state *ts)
{
    return ts->founder != TOPIC_NONE &&
           ts->entries[ts->founder].record.kind == KIND_PROJECT;
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
           (memcmp(id, ts->topic, ID_LEN) != 0 || !in_project(ts));
}

/* What home the table gives the kind, compared with where the record lies. */
static bool is_at_home(const struct topic_state *ts, struct topic_entry *e)
{
    const struct kind *kind = kind_find(e->record.kind);
    bool fits = true;

    if (kind->home == HOME_PERSON)
        fits = memcmp(e->record.topic, e->record.author, ID_LEN) == 0;
    else if (kind->home == HOME_FOUNDS)
        fits = is_founding(ts, e);
    else if (kind->home == HOME_FOUNDS_OR_PROJECT)
        fits = is_founding(ts, e) || in_project(ts);
    if (kind->home != HOME_PERSON && kind->home != HOME_ANY &&
        ts->founder == TOPIC_NONE) {
        authority_void(e, VOID_NO_FOUNDER);
        return false;
    }
    if (!fits || names_other_project(ts, e)) {
        authority_void(e, VOID_WRONG_TOPIC);
        return false;
    }
    return true;
}

/*
 * The record that `e` names by `relation`, of `kind` if that is not 0, or NULL;
 * then `e` is void.
 */
static struct topic_entry *need_target(struct topic_state *ts,
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

static bool has_link(const struct topic_entry *e, enum relation relation)
{
    uint8_t id[ID_LEN];

    return record_link_find(&e->record, relation, id);
}

/* As need_target(), and what it names must not be void. */
static void need_valid_target(struct topic_state *ts, struct topic_entry *e,
                              enum relation relation, uint64_t kind)
{
    struct topic_entry *target = need_target(ts, e, relation, kind);

    if (target != NULL && target->verdict.state == VERDICT_VOID)
        authority_void_by(e, VOID_VOID_TARGET, VERDICT_ABOUT_RECORD,
                          target->record.id);
}

void authority_judge_kind(struct topic_state *ts, struct topic_entry *e)
{
    uint64_t kind = e->record.kind;
    bool leads = kind == KIND_REQUEST_CLOSE || kind == KIND_DIRECTION ||
                 kind == KIND_SELECTION || kind == KIND_RELEASE ||
                 kind == KIND_REQUEST;

    if (!is_at_home(ts, e))
        return;
    if (leads && !by_leader(ts, e)) {
        authority_void_by(e, VOID_NOT_LEADER, VERDICT_ABOUT_PERSON,
                          e->record.author);
        return;
    }
    if (kind == KIND_REQUEST_CLOSE)
        need_valid_target(ts, e, RELATION_REQUEST, KIND_REQUEST);
    else if (kind == KIND_SELECTION)
        need_valid_target(ts, e, RELATION_CONTRIBUTION, KIND_CONTRIBUTION);
    else if (kind == KIND_DIRECTION || kind == KIND_COMMENT)
        (void)need_target(ts, e, RELATION_TARGET, 0);
    else if (kind == KIND_CONTRIBUTION && has_link(e, RELATION_REQUEST))
        (void)need_target(ts, e, RELATION_REQUEST, KIND_REQUEST);
    if (kind == KIND_COMMENT && !e->is_settled &&
        has_link(e, RELATION_REPLY_TO))
        (void)need_target(ts, e, RELATION_REPLY_TO, KIND_COMMENT);
}

/* Whether `e` is a version of the project that may stand. */
static bool is_version(const struct topic_state *ts,
                       const struct topic_entry *e)
{
    return e->record.kind == KIND_PROJECT && !e->is_settled &&
           e->first == ts->founder;
}

/* §3.9: the version that a request links to, else the project's first. */
static uint32_t terms_of_request(struct topic_state *ts,
                                 const struct topic_entry *request)
{
    uint8_t id[ID_LEN];

    if (record_link_find(&request->record, RELATION_PROJECT_REVISION, id)) {
        const struct topic_entry *named = authority_target(ts, id);

        if (named != NULL && is_version(ts, named))
            return (uint32_t)(named - ts->entries);
    }
    return ts->founder;
}

/* The first request of a project: of those not void, the earliest. */
static const struct topic_entry *first_request(const struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct topic_entry *e = &ts->entries[ts->order[i]];
        bool stands = !e->is_settled || e->verdict.state == VERDICT_RETRACTED;

        if (e->record.kind == KIND_REQUEST && !e->record.has_revises &&
            stands && by_leader(ts, e))
            return e;
    }
    return NULL;
}

static enum err terms_hash(uint8_t out[HASH_LEN], const struct topic_entry *e)
{
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    if (err != ERR_OK)
        return err;
    err = kind_terms_hash(out, mp_doc_root(doc));
    mp_doc_free(doc);
    return err;
}

enum err authority_fix_terms(struct topic_state *ts)
{
    const struct topic_entry *request;
    uint8_t fixed[HASH_LEN];
    enum err err;

    if (!in_project(ts))
        return ERR_OK;
    request = first_request(ts);
    if (request == NULL)
        return ERR_OK;
    ts->terms = terms_of_request(ts, request);
    err = terms_hash(fixed, &ts->entries[ts->terms]);
    if (err != ERR_OK) /* a founder without a body: nothing to compare with */
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        uint8_t hash[HASH_LEN];

        if (!is_version(ts, e) ||
            topic_entry_compare(e, &ts->entries[ts->terms]) <= 0)
            continue;
        err = terms_hash(hash, e);
        if (err != ERR_OK)
            return err;
        if (memcmp(hash, fixed, HASH_LEN) != 0)
            authority_void_by(e, VOID_TERMS_CHANGED, VERDICT_ABOUT_RECORD,
                              ts->entries[ts->terms].record.id);
    }
    return ERR_OK;
}
