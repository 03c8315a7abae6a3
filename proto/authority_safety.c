/* Reports and rulings: docs/protocol.md §7.14. */
#include <string.h>

#include "proto/authority_rules.h"

/* One is made where what it is about lies; people are reported in words. */
enum err authority_judge_report(struct topic_state *ts, struct topic_entry *e)
{
    if (authority_has_link(e, RELATION_TARGET))
        (void)authority_need(ts, e, RELATION_TARGET, 0);
    return ERR_OK;
}

/* Who follows a keeper holds the keeper's own topic, and no other for it. */
enum err authority_judge_ruling(struct topic_state *ts, struct topic_entry *e)
{
    (void)ts;
    if (memcmp(e->record.topic, e->record.author, ID_LEN) != 0)
        authority_void(e, VOID_WRONG_TOPIC);
    return ERR_OK;
}
