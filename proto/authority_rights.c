/* Rights that a licence does not give: asked for by who leads, granted by the
 * author (§7.10.4). */
#include "proto/authority_rules.h"

enum err authority_judge_rights_request(struct topic_state *ts,
                                        struct topic_entry *e)
{
    (void)authority_need_valid(ts, e, RELATION_CONTRIBUTION, KIND_CONTRIBUTION);
    return ERR_OK;
}

/* Whether the request that `e` answers asks for the same work. */
static bool answers_request(struct topic_state *ts, struct topic_entry *e,
                            const struct topic_entry *work)
{
    const struct topic_entry *request;
    const struct topic_entry *asked;

    if (!authority_has_link(e, RELATION_RIGHTS_REQUEST))
        return true;
    request = authority_need_valid(ts, e, RELATION_RIGHTS_REQUEST,
                                   KIND_RIGHTS_REQUEST);
    if (request == NULL)
        return false;
    asked = authority_linked(ts, request, RELATION_CONTRIBUTION);
    if (asked != NULL && asked->first == work->first)
        return true;
    authority_void_by(e, VOID_WRONG_TARGET, VERDICT_ABOUT_RECORD,
                      request->record.id);
    return false;
}

/* The contribution remembers its first grant: whether it is before a release
 * is all that is ever asked. */
enum err authority_judge_rights_grant(struct topic_state *ts,
                                      struct topic_entry *e)
{
    struct topic_entry *work;
    struct topic_entry *first;

    if (!authority_is_first(e))
        return ERR_OK;
    work =
        authority_need_valid(ts, e, RELATION_CONTRIBUTION, KIND_CONTRIBUTION);
    if (work == NULL)
        return ERR_OK;
    if (!authority_same_author(work, e)) {
        authority_void_by(e, VOID_NOT_AUTHOR, VERDICT_ABOUT_RECORD,
                          work->record.id);
        return ERR_OK;
    }
    if (!answers_request(ts, e, work))
        return ERR_OK;
    first = &ts->entries[work->first];
    if (first->grant == TOPIC_NONE ||
        topic_entry_compare(e, &ts->entries[first->grant]) < 0)
        first->grant = (uint32_t)(e - ts->entries);
    return ERR_OK;
}
