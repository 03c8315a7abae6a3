/* A project's creator, stage, open requests, and whether it is listed. */
#include "proto/project_state.h"

#include "proto/authority.h"
#include "proto/kind.h"
#include "proto/request_state.h"

bool project_is_place(uint64_t medium)
{
    return medium == MEDIUM_BOARD || medium == MEDIUM_OPEN_POOL;
}

/* A stage that `e` states is newer than what was met before. */
static enum err take_stage(struct project_state *s, const struct topic_entry *e)
{
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (mp_get(mp_doc_root(doc), "stage") != NULL)
        s->stage = mp_uint(mp_get(mp_doc_root(doc), "stage"));
    mp_doc_free(doc);
    return ERR_OK;
}

static enum err meet(struct project_state *s, const struct topic_state *ts,
                     const struct topic_entry *e)
{
    struct request_state request;
    enum err err;

    if (e == s->version ||
        (e->record.kind == KIND_UPDATE && verdict_is_in_force(&e->verdict)))
        return take_stage(s, e);
    if (e->record.kind != KIND_REQUEST || e->record.has_revises)
        return ERR_OK;
    err = request_state_of(&request, ts, e->record.id);
    if (err == ERR_OK && request.phase == REQUEST_OPEN)
        s->requests_open++;
    return err;
}

/* §7.4.11 */
static enum err judge_listing(struct project_state *s)
{
    struct mp_doc *doc;
    enum err err;

    s->may_be_listed = s->requests_open > 0;
    if (s->version == NULL)
        return ERR_OK;
    err = topic_entry_body(&doc, s->version);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (project_is_place(mp_uint(mp_get(mp_doc_root(doc), "medium"))))
        s->may_be_listed = true;
    mp_doc_free(doc);
    s->is_listed = s->may_be_listed &&
                   verdict_is_in_force(&s->version->verdict) &&
                   (s->version->record.flags & RECORD_LISTED) != 0;
    return ERR_OK;
}

enum err project_state_of(struct project_state *out,
                          const struct topic_state *ts)
{
    const struct topic_entry *first = topic_state_find(ts, ts->topic);
    struct project_state s = { .stage = 0 };
    enum err err = ERR_OK;

    if (first == NULL || first->record.kind != KIND_PROJECT)
        return ERR_NOT_FOUND;
    s.version = topic_state_current(ts, first);
    s.creator = authority_creator(ts, ts->now_ms);
    for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(ts); i++)
        err = meet(&s, ts, topic_state_at(ts, i));
    if (err == ERR_OK)
        err = judge_listing(&s);
    if (err == ERR_OK)
        *out = s;
    return err;
}
