/* What is left to be said of a record that its author has taken back. */
#include <string.h>

#include "proto/kind.h"
#include "proto/topic_links.h"
#include "proto/view_pairs.h"

/* The earliest retraction in force of that record, or NULL. */
static const struct topic_entry *retraction_of(const struct topic_state *ts,
                                               const struct topic_entry *e)
{
    const struct topic_entry *first = NULL;
    uint32_t at = topic_links_first(ts, e->record.id, KIND_RETRACTION);

    for (; at != TOPIC_NONE; at = ts->back.links[at].next) {
        const struct topic_entry *by = &ts->entries[ts->back.links[at].by];
        uint8_t id[ID_LEN];

        if (by->verdict.state == VERDICT_IN_FORCE &&
            record_link_find(&by->record, RELATION_TARGET, id) &&
            memcmp(id, e->record.id, ID_LEN) == 0 &&
            (first == NULL || topic_entry_compare(by, first) < 0))
            first = by;
    }
    return first;
}

void view_put_kept(struct view_pairs *p, const struct view *v,
                   const struct topic_entry *e)
{
    const struct topic_entry *by = retraction_of(v->topic, e);
    const struct mp_value *keep;
    struct mp_doc *doc = NULL;

    view_put_bool(p, "retracted", true);
    if (by == NULL)
        return;
    view_put_id(p, "retraction", by->record.id);
    if (topic_entry_body(&doc, by) == ERR_OK) {
        keep = mp_get(mp_doc_root(doc), "keep");
        view_put_str(p, "retraction_reason",
                     mp_str(mp_get(mp_doc_root(doc), "reason")));
        if (mp_get(keep, "title") != NULL)
            view_put_str(p, "title", mp_str(mp_get(keep, "title")));
        if (mp_get(keep, "licence") != NULL)
            view_put_str(p, "licence", mp_str(mp_get(keep, "licence")));
    }
    mp_doc_free(doc);
}
