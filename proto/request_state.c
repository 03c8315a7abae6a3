/* The closes of a request folded in order of (created_ms, id), and where each
 * contribution stands to the result. */
#include "proto/request_state.h"

#include <string.h>

#include "proto/kind.h"
#include "proto/topic_list.h"

#define PREFIX_LEN 16

static enum err time_of(uint64_t *out, const struct topic_entry *e,
                        const char *field)
{
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    *out = 0;
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err != ERR_OK)
        return err;
    *out = mp_uint(mp_get(mp_doc_root(doc), field));
    mp_doc_free(doc);
    return ERR_OK;
}

/* §7.8: an extension moves the deadline, a reopening opens, others close. */
static enum err fold(struct request_state *s, const struct topic_entry *close)
{
    struct mp_doc *doc;
    uint64_t deadline_ms;
    uint64_t outcome;
    enum err err = topic_entry_body(&doc, close);

    if (err != ERR_OK)
        return err;
    deadline_ms = mp_uint(mp_get(mp_doc_root(doc), "deadline"));
    outcome = mp_uint(mp_get(mp_doc_root(doc), "outcome"));
    mp_doc_free(doc);
    if (outcome == OUTCOME_EXTENDED || outcome == OUTCOME_REOPENED) {
        s->is_extended = s->is_extended || deadline_ms != 0;
        if (deadline_ms != 0)
            s->deadline_ms = deadline_ms;
        if (outcome == OUTCOME_REOPENED)
            s->close = NULL;
    } else {
        s->close = close;
    }
    return ERR_OK;
}

bool request_is_closed_by(const struct topic_state *ts,
                          const struct topic_entry *e, uint32_t first)
{
    uint8_t id[ID_LEN];
    uint32_t index;

    if (e->record.kind != KIND_REQUEST_CLOSE ||
        !verdict_is_in_force(&e->verdict) ||
        !record_link_find(&e->record, RELATION_REQUEST, id))
        return false;
    index = topic_state_index(ts, id);
    return index != TOPIC_NONE && ts->entries[index].first == first;
}

/* All closes in force, the oldest first. */
static enum err fold_all(struct request_state *s, const struct topic_state *ts,
                         uint32_t first)
{
    struct topic_namers closes;
    enum err err = topic_namers_of(&closes, ts, first, KIND_REQUEST_CLOSE);

    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; err == ERR_OK && i < closes.count; i++) {
        const struct topic_entry *close = &ts->entries[closes.at[i]];

        if (request_is_closed_by(ts, close, first))
            err = fold(s, close);
    }
    topic_namers_wipe(&closes);
    return err;
}

enum err request_state_of(struct request_state *out,
                          const struct topic_state *ts,
                          const uint8_t id[ID_LEN])
{
    const struct topic_entry *e = topic_state_find(ts, id);
    struct request_state s = { .phase = REQUEST_GONE };
    enum err err;

    if (e == NULL || e->record.kind != KIND_REQUEST)
        return ERR_NOT_FOUND;
    s.request = topic_state_current(ts, e);
    if (s.request == NULL) {
        *out = s;
        return ERR_OK;
    }
    err = time_of(&s.first_deadline_ms, &ts->entries[e->first], "deadline");
    if (err == ERR_OK)
        err = time_of(&s.deadline_ms, s.request, "deadline");
    if (err == ERR_OK)
        err = fold_all(&s, ts, e->first);
    if (err != ERR_OK)
        return err;
    s.phase = REQUEST_OPEN;
    if (s.close != NULL)
        s.phase = REQUEST_CLOSED;
    else if (s.deadline_ms != 0 && ts->now_ms > s.deadline_ms)
        s.phase = REQUEST_PAST_DEADLINE;
    *out = s;
    return ERR_OK;
}

enum err request_hidden_until(uint64_t *out, const struct request_state *s)
{
    *out = 0;
    return s->request == NULL
               ? ERR_OK
               : time_of(out, s->request, "entries_hidden_until");
}

/* Whether the close, or a page that it names, has the work in its list. */
static bool is_named(const struct topic_state *ts,
                     const struct topic_entry *close, const uint8_t id[ID_LEN])
{
    uint32_t by = (uint32_t)(close - ts->entries);
    uint32_t at = topic_links_first(ts, id, KIND_PAGE);

    if (topic_links_has(ts, by, id, KIND_REQUEST_CLOSE))
        return true;
    for (; at != TOPIC_NONE; at = ts->back.links[at].next) {
        const struct topic_entry *page = &ts->entries[ts->back.links[at].by];

        if (topic_links_has(ts, by, page->record.id, KIND_REQUEST_CLOSE))
            return true;
    }
    return false;
}

/*
 * Whether the close names `id` among the works known to the leader.  Nearly
 * all are found at once; for the others the list has to be whole, for what is
 * not held may name them.
 */
static enum err is_known(bool *out, const struct topic_state *ts,
                         const struct topic_entry *close,
                         const uint8_t id[ID_LEN])
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    struct topic_list list;
    uint8_t prefix[PREFIX_LEN];
    enum err err;

    if (is_named(ts, close, id)) {
        *out = true;
        return ERR_OK;
    }
    err = topic_list_open(&list, ts, close);
    if (err != ERR_OK)
        return err == ERR_NOT_HELD ? ERR_NOT_FOUND : err;
    /* A close without the list claims nothing about what was seen. */
    *out = !topic_list_has(&list, "known");
    while (!*out && (item = topic_list_next(&list, "known", &at)) != NULL)
        *out = mp_bin_exact(item, prefix, PREFIX_LEN) &&
               memcmp(prefix, id, PREFIX_LEN) == 0;
    topic_list_wipe(&list);
    return ERR_OK;
}

enum err request_timing(enum contribution_timing *out,
                        const struct topic_state *ts,
                        const struct topic_entry *e)
{
    uint64_t made_ms = ts->entries[e->first].record.created_ms;
    struct request_state s;
    uint8_t id[ID_LEN];
    bool known = true;
    enum err err;

    *out = TIMING_NONE;
    if (e->record.kind != KIND_CONTRIBUTION)
        return ERR_NOT_FOUND;
    if (!record_link_find(&e->record, RELATION_REQUEST, id))
        return ERR_OK;
    err = request_state_of(&s, ts, id);
    if (err != ERR_OK || s.phase == REQUEST_GONE)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (s.close != NULL) {
        err = is_known(&known, ts, s.close, ts->entries[e->first].record.id);
        if (err == ERR_NOT_FOUND) /* its pages are not held yet */
            err = ERR_OK;
        if (err != ERR_OK)
            return err;
    }
    if (s.deadline_ms != 0 && made_ms > s.deadline_ms)
        *out = TIMING_LATE;
    else if (s.close != NULL && made_ms > s.close->record.created_ms)
        *out = TIMING_LATE;
    else if (!known)
        *out = TIMING_CLAIMED;
    else if (s.deadline_ms != 0 || s.close != NULL)
        *out = TIMING_IN_TIME;
    return ERR_OK;
}

const char *contribution_timing_text(enum contribution_timing t)
{
    switch (t) {
    case TIMING_IN_TIME:
        return "in time";
    case TIMING_LATE:
        return "late";
    case TIMING_CLAIMED:
        return "claimed in time, not seen by the leader";
    case TIMING_NONE:
        break;
    }
    return "";
}
