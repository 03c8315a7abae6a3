/* What people say to one another, teach and dare: docs/protocol.md §7.13. */
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/credits.h"

enum err authority_judge_feedback(struct topic_state *ts, struct topic_entry *e)
{
    const struct topic_entry *target =
        authority_need(ts, e, RELATION_TARGET, 0);

    if (target != NULL && authority_same_author(e, target))
        authority_void_by(e, VOID_OWN_WORK, VERDICT_ABOUT_RECORD,
                          target->record.id);
    return ERR_OK;
}

/* One voice for each person and object. */
void authority_rival_feedback(const struct topic_state *ts,
                              const struct topic_entry *e,
                              uint8_t key[AUTHORITY_KEY_LEN])
{
    authority_rival_object(ts, e, RELATION_TARGET, key);
    memcpy(key + ID_LEN, e->record.author, ID_LEN);
}

/* A class is what its first version said it is. */
enum err authority_judge_lesson(struct topic_state *ts, struct topic_entry *e)
{
    const struct mp_value *body;
    enum err err = ERR_NOT_FOUND;

    if (authority_in_project(ts))
        err = authority_body(ts, &ts->entries[ts->founder], &body);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    if (err == ERR_NOT_FOUND || mp_uint(mp_get(body, "medium")) != MEDIUM_CLASS)
        authority_void(e, VOID_NO_CLASS);
    return ERR_OK;
}

/* A declaration is judged before who answers it, whatever their dates. */
static enum err judge_declared(struct topic_state *ts,
                               struct topic_entry *declared)
{
    if (declared->is_settled || declared->record.has_revises ||
        authority_has_link(declared, RELATION_HELPS))
        return ERR_OK;
    return authority_judge_kind(ts, declared);
}

/* Somebody who walks along answers another's declaration, not a helper's.
 * First records are judged before revisions, so it is the first that counts. */
static enum err judge_helper(struct topic_state *ts, struct topic_entry *e)
{
    struct topic_entry *declared =
        authority_need(ts, e, RELATION_HELPS, KIND_COURAGE);
    enum void_reason reason;
    enum err err;

    if (declared == NULL)
        return ERR_OK;
    err = judge_declared(ts, declared);
    if (err != ERR_OK)
        return err;
    if (declared->record.has_revises)
        reason = VOID_NOT_FIRST;
    else if (authority_has_link(declared, RELATION_HELPS))
        reason = VOID_WRONG_TARGET;
    else if (declared->verdict.state == VERDICT_VOID)
        reason = VOID_VOID_TARGET;
    else if (authority_same_author(e, declared))
        reason = VOID_OWN_WORK;
    else
        return ERR_OK;
    authority_void_by(e, reason, VERDICT_ABOUT_RECORD, declared->record.id);
    return ERR_OK;
}

static bool is_credited(const struct credits *credits,
                        const uint8_t person[ID_LEN])
{
    for (uint32_t i = 0; i < credits->count; i++)
        if (credits->lines[i].has_person &&
            memcmp(credits->lines[i].person, person, ID_LEN) == 0)
            return true;
    return false;
}

/* A keepsake is a release in force that credits both who walked. */
static enum err judge_keepsake(struct topic_state *ts, struct topic_entry *e)
{
    const struct topic_entry *release =
        authority_need_valid(ts, e, RELATION_KEEPSAKE, KIND_RELEASE);
    struct credits credits = { 0 };
    const struct mp_value *body;
    uint8_t helper[ID_LEN];
    enum err err;

    if (release == NULL)
        return ERR_OK;
    err = authority_body(ts, e, &body);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (!mp_bin_exact(mp_get(body, "helper"), helper, ID_LEN)) {
        authority_void(e, VOID_NO_HELPER);
        return ERR_OK;
    }
    err = credits_of_release(&credits, ts, release->record.id);
    if (err == ERR_NO_MEMORY)
        return err;
    if (err != ERR_OK || !is_credited(&credits, e->record.author) ||
        !is_credited(&credits, helper))
        authority_void_by(e, VOID_NO_KEEPSAKE, VERDICT_ABOUT_RECORD,
                          release->record.id);
    credits_wipe(&credits);
    return ERR_OK;
}

enum err authority_judge_courage(struct topic_state *ts, struct topic_entry *e)
{
    if (authority_need_valid(ts, e, RELATION_THREAD, KIND_THREAD) == NULL)
        return ERR_OK;
    if (authority_has_link(e, RELATION_HELPS))
        return judge_helper(ts, e);
    return authority_has_link(e, RELATION_KEEPSAKE) ? judge_keepsake(ts, e)
                                                    : ERR_OK;
}
