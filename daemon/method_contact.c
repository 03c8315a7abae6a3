/* The gate for contact: who waits, who has been let in. */
#include <string.h>

#include "daemon/contact.h"
#include "daemon/law_change.h"
#include "daemon/law_list.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/safety.h"
#include "proto/kind.h"
#include "proto/view_talk.h"

static enum err list_waiting(struct call *call, const struct store_item *item,
                             struct writer *w, bool *taken)
{
    struct view view = desk_view(call_desk(call));
    const struct topic_entry *entry;
    struct topic_state *state;
    enum err e;

    *taken = false;
    if (item->kind != KIND_COMMENT)
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(state, item->id);
    if (entry == NULL || topic_state_current(state, entry) != entry ||
        !contact_waits(call_desk(call), state, entry))
        return ERR_OK;
    view.topic = state;
    e = view_words_item(w, &view, item->id, 0);
    *taken = e == ERR_OK;
    return e;
}

void method_contact_list(struct call *call)
{
    struct listing listing;

    if (param_signer(call) == NULL || !listing_begin(&listing, call))
        return;
    store_scan_by_kind(&listing.scan, KIND_COMMENT);
    listing_run(&listing, list_waiting);
}

/* A comment by the id of its first version, a person, or everybody: zeros. */
static bool find_target(struct call *call, uint8_t out[ID_LEN])
{
    const struct mp_value *target = call_param(call, "target");
    const struct topic_entry *e;
    struct store_item item;
    struct view view;

    if (bytes_equal(mp_str(target), BYTES_LITERAL("all"))) {
        memset(out, 0, ID_LEN);
        return true;
    }
    if (!param_id(call, "target", out))
        return false;
    if (store_find(node_store(call_node(call)), out, &item) != ERR_OK ||
        item.kind != KIND_COMMENT)
        return true;
    if (!param_view(call, item.topic, &view))
        return false;
    e = topic_state_find(view.topic, out);
    if (e != NULL)
        memcpy(out, view.topic->entries[e->first].record.id, ID_LEN);
    return true;
}

void method_contact_allow(struct call *call)
{
    struct law_change *change = law_change_new(call, LAW_LET_IN);

    if (change == NULL || !find_target(call, change->law.id))
        return;
    change->law.until_ms = 0;
    if (!mp_bool(call_param(call, "end")) ||
        law_change_must_have(call, change, "this was not let in",
                             "See who was with: troupe contact allowed"))
        law_change_run(call);
}

void method_contact_allowed(struct call *call)
{
    static const struct law_list_kind kind = { LAW_LET_IN, "let in" };

    law_list_send(call, &kind, 1);
}
