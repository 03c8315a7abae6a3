/* Who may speak to this node's person about their works. */
#include "daemon/contact.h"

#include <string.h>

#include "daemon/safety.h"
#include "proto/authority.h"
#include "proto/kind.h"
#include "store/store.h"

/* A thread, a request or a comment asks for words; a work is given. */
static bool is_gated(uint64_t kind)
{
    return kind == KIND_CONTRIBUTION || kind == KIND_RELEASE ||
           kind == KIND_JOURNAL;
}

static bool is_on_work_of(const struct topic_state *ts,
                          const struct topic_entry *e,
                          const uint8_t person[ID_LEN])
{
    const struct topic_entry *target;
    uint8_t id[ID_LEN];

    if (!record_link_find(&e->record, RELATION_TARGET, id))
        return false;
    target = topic_state_find(ts, id);
    return target != NULL && is_gated(target->record.kind) &&
           memcmp(target->record.author, person, ID_LEN) == 0;
}

static bool is_let_in(const struct node *node, const struct topic_state *ts,
                      const struct topic_entry *e)
{
    static const uint8_t everybody[ID_LEN];
    const struct record *first = &ts->entries[e->first].record;

    return safety_has(node, LAW_LET_IN, everybody) ||
           safety_has(node, LAW_LET_IN, first->author) ||
           safety_has(node, LAW_LET_IN, first->id);
}

static bool is_followed(const struct node *node, const uint8_t person[ID_LEN])
{
    struct store_follow follow;

    return store_follow_find(node_store(node), person, &follow) == ERR_OK;
}

bool contact_waits(const struct desk *desk, const struct topic_state *ts,
                   const struct topic_entry *e)
{
    const struct node *node = desk_node(desk);
    const struct person_keys *me = node_person(node);
    const uint8_t *author = e->record.author;

    if (me == NULL || e->record.kind != KIND_COMMENT ||
        memcmp(author, me->person, ID_LEN) == 0 ||
        !is_on_work_of(ts, e, me->person))
        return false;
    return !authority_has_standing(ts, author, ts->now_ms) &&
           !is_followed(node, author) && !is_let_in(node, ts, e);
}
