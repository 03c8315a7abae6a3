/* Releases (§7.9): parts that are there, credits that leave nobody out, and
 * licences that go together. */
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/credits.h"
#include "proto/kind.h"

/* Whether each part is a contribution of this topic that may be used. */
static bool parts_stand(struct topic_state *ts, struct topic_entry *e,
                        const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *part;

    while ((part = topic_list_next(list, "parts", &at)) != NULL) {
        uint8_t id[ID_LEN] = { 0 };
        struct topic_entry *target;
        enum void_reason reason = VOID_NONE;

        (void)mp_bin_exact(mp_get(part, "contribution"), id, ID_LEN);
        target = authority_target(ts, id);
        if (target == NULL)
            reason = VOID_NO_TARGET;
        else if (target->record.kind != KIND_CONTRIBUTION)
            reason = VOID_WRONG_TARGET;
        else if (target->verdict.state == VERDICT_VOID)
            reason = VOID_VOID_TARGET;
        if (reason != VOID_NONE) {
            authority_void_by(e, reason, VERDICT_ABOUT_RECORD, id);
            return false;
        }
    }
    return true;
}

static enum err judge_credits(struct topic_state *ts, struct topic_entry *e,
                              const struct topic_list *list)
{
    struct credits missing;
    enum licence folded;
    enum licence clash[2];
    enum err err = credits_missing_of(&missing, ts, list);

    if (err != ERR_OK)
        return err;
    if (missing.count > 0)
        authority_void_by(e, VOID_OMITS, VERDICT_ABOUT_PERSON,
                          missing.lines[0].person);
    else if (!licence_mix_is_empty(missing.mix) &&
             !licence_mix_fold(missing.mix, &folded, clash))
        authority_void(e, VOID_LICENCE_MIX);
    credits_wipe(&missing);
    return ERR_OK;
}

enum err authority_judge_release(struct topic_state *ts, struct topic_entry *e)
{
    struct topic_list list;
    enum err err = topic_list_open(&list, ts, e);

    if (err == ERR_NOT_HELD) {
        authority_void(e, VOID_INCOMPLETE);
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    if (parts_stand(ts, e, &list))
        err = judge_credits(ts, e, &list);
    topic_list_wipe(&list);
    return err;
}
