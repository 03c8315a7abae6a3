/* The terms of a project, which its first request fixes: docs/protocol.md
 * §7.4.4. */
#include <string.h>

#include "proto/authority_rules.h"

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
            stands && authority_by_leader(ts, e))
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

    if (!authority_in_project(ts))
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
