/* Releases (§7.9): parts that are there, credits that leave nobody out, and
 * licences that go together. */
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/credits.h"
#include "proto/kind.h"

/* The record `id` that a part names, if it may be used; else `e` is void. */
static const struct topic_entry *
usable(struct topic_state *ts, struct topic_entry *e, const uint8_t id[ID_LEN])
{
    const struct topic_entry *target = authority_target(ts, id);
    enum void_reason reason = VOID_NONE;

    if (target == NULL)
        reason = VOID_NO_TARGET;
    else if (target->record.kind != KIND_CONTRIBUTION)
        reason = VOID_WRONG_TARGET;
    else if (target->verdict.state == VERDICT_VOID)
        reason = VOID_VOID_TARGET;
    if (reason == VOID_NONE)
        return target;
    authority_void_by(e, reason, VERDICT_ABOUT_RECORD, id);
    return NULL;
}

/* §7.9.1: a part is a contribution of this topic, and pins a version of it. */
static bool part_stands(struct topic_state *ts, struct topic_entry *e,
                        const struct mp_value *part)
{
    uint8_t id[ID_LEN] = { 0 };
    const struct topic_entry *work;
    const struct topic_entry *version;

    (void)mp_bin_exact(mp_get(part, "contribution"), id, ID_LEN);
    work = usable(ts, e, id);
    if (work == NULL || !mp_bin_exact(mp_get(part, "version"), id, ID_LEN))
        return work != NULL;
    version = usable(ts, e, id);
    if (version != NULL && version->first != work->first)
        authority_void_by(e, VOID_WRONG_TARGET, VERDICT_ABOUT_RECORD, id);
    return !e->is_settled;
}

static bool parts_stand(struct topic_state *ts, struct topic_entry *e,
                        const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *part;

    while ((part = topic_list_next(list, "parts", &at)) != NULL) {
        if (!part_stands(ts, e, part))
            return false;
    }
    return true;
}

/* A source that is a text has no id to be named by. */
static void void_work(struct topic_entry *e, enum void_reason reason,
                      const uint8_t work[ID_LEN])
{
    static const uint8_t text[ID_LEN] = { 0 };

    if (memcmp(work, text, ID_LEN) == 0)
        authority_void(e, reason);
    else
        authority_void_by(e, reason, VERDICT_ABOUT_RECORD, work);
}

/* §7.9.5: licences that go together, and nothing without its author's word. */
static void judge_licences(struct topic_entry *e,
                           const struct lineage_licences *bears)
{
    enum licence folded;
    enum licence clash[2];

    if (licence_mix_is_empty(bears->mix))
        return;
    if (licence_mix_has(bears->mix, LICENCE_ALL_RIGHTS))
        void_work(e, VOID_NO_GRANT, bears->works[LICENCE_ALL_RIGHTS]);
    else if (!licence_mix_fold(bears->mix, &folded, clash))
        void_work(e, VOID_LICENCE_MIX, bears->works[clash[1]]);
}

static enum err judge_credits(struct topic_state *ts, struct topic_entry *e,
                              const struct topic_list *list)
{
    struct credits missing;
    enum err err = credits_missing_of(&missing, ts, list, e);

    if (err != ERR_OK)
        return err;
    if (missing.count > 0)
        authority_void_by(e, VOID_OMITS, VERDICT_ABOUT_PERSON,
                          missing.lines[0].person);
    else
        judge_licences(e, &missing.bears);
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
