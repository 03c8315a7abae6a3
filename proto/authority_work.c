/* What is made and said in a project: docs/protocol.md §7.5 and §7.6. */
#include <string.h>

#include "proto/authority_rules.h"

enum err authority_judge_close(struct topic_state *ts, struct topic_entry *e)
{
    (void)authority_need_valid(ts, e, RELATION_REQUEST, KIND_REQUEST);
    return ERR_OK;
}

enum err authority_judge_selection(struct topic_state *ts,
                                   struct topic_entry *e)
{
    (void)authority_need_valid(ts, e, RELATION_CONTRIBUTION, KIND_CONTRIBUTION);
    return ERR_OK;
}

enum err authority_judge_targeted(struct topic_state *ts, struct topic_entry *e)
{
    (void)authority_need(ts, e, RELATION_TARGET, 0);
    return ERR_OK;
}

enum err authority_judge_contribution(struct topic_state *ts,
                                      struct topic_entry *e)
{
    if (authority_has_link(e, RELATION_REQUEST))
        (void)authority_need(ts, e, RELATION_REQUEST, KIND_REQUEST);
    return ERR_OK;
}

enum err authority_judge_comment(struct topic_state *ts, struct topic_entry *e)
{
    if (authority_need(ts, e, RELATION_TARGET, 0) != NULL &&
        authority_has_link(e, RELATION_REPLY_TO))
        (void)authority_need(ts, e, RELATION_REPLY_TO, KIND_COMMENT);
    return ERR_OK;
}

void authority_rival_profile(const struct topic_state *ts,
                             const struct topic_entry *e,
                             uint8_t key[AUTHORITY_KEY_LEN])
{
    (void)ts;
    memcpy(key, e->record.author, ID_LEN);
}

/* All versions of a contribution are one. */
void authority_rival_selection(const struct topic_state *ts,
                               const struct topic_entry *e,
                               uint8_t key[AUTHORITY_KEY_LEN])
{
    authority_rival_object(ts, e, RELATION_CONTRIBUTION, key);
}
