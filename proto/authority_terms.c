/* The terms of a project, which its first request fixes: docs/protocol.md
 * §7.4.6. */
#include <string.h>

#include "proto/authority_rules.h"

static enum err terms_hash(uint8_t out[HASH_LEN], struct topic_state *ts,
                           const struct topic_entry *e)
{
    const struct mp_value *body;
    enum err err = authority_body(ts, e, &body);

    return err == ERR_OK ? kind_terms_hash(out, body) : err;
}

static void void_terms(const struct topic_state *ts, struct topic_entry *e)
{
    authority_void_by(e, VOID_TERMS_CHANGED, VERDICT_ABOUT_RECORD,
                      ts->entries[ts->terms].record.id);
}

enum err authority_judge_terms(struct topic_state *ts, struct topic_entry *e)
{
    uint8_t hash[HASH_LEN];
    enum err err;

    if (!ts->roles.has_terms)
        return ERR_OK;
    err = terms_hash(hash, ts, e);
    if (err == ERR_OK && memcmp(hash, ts->roles.terms_hash, HASH_LEN) != 0)
        void_terms(ts, e);
    return err;
}

/* §3.9: the version that a request links to, else the project's first. */
static uint32_t terms_of_request(struct topic_state *ts,
                                 const struct topic_entry *request)
{
    const struct topic_entry *named =
        authority_linked(ts, request, RELATION_PROJECT_REVISION);

    for (uint32_t i = 0; named != NULL && i < ts->roles.versions_count; i++) {
        uint32_t entry = ts->roles.versions[i].entry;

        if (&ts->entries[entry] == named)
            return entry;
    }
    return ts->founder;
}

/* Versions between the one that is fixed and the request that fixes it. */
static enum err judge_versions_since(struct topic_state *ts)
{
    struct topic_roles *roles = &ts->roles;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < roles->versions_count; i++) {
        struct topic_entry *e = &ts->entries[roles->versions[i].entry];
        enum err err = ERR_OK;

        if (topic_entry_compare(e, &ts->entries[ts->terms]) > 0)
            err = authority_judge_terms(ts, e);
        if (err != ERR_OK)
            return err;
        if (!e->is_settled)
            roles->versions[kept++] = roles->versions[i];
    }
    roles->versions_count = kept;
    return ERR_OK;
}

enum err authority_fix_terms(struct topic_state *ts,
                             const struct topic_entry *request)
{
    enum err err;

    ts->terms = terms_of_request(ts, request);
    err = terms_hash(ts->roles.terms_hash, ts, &ts->entries[ts->terms]);
    if (err != ERR_OK) /* a founder without a body: nothing to compare with */
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    ts->roles.has_terms = true;
    return judge_versions_since(ts);
}
