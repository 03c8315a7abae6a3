/* Maps for people, derived from the verdicts of one topic. */
#include "proto/view.h"

#include <string.h>

#include "proto/authority.h"
#include "proto/credits.h"
#include "proto/kind.h"
#include "proto/lineage.h"
#include "proto/project_state.h"
#include "proto/request_state.h"
#include "proto/view_pairs.h"

/* What an item shows of an entry: the version in force and its body. */
struct item {
    const struct topic_entry *first;
    const struct topic_entry *shown;
    struct mp_doc *doc; /* NULL if the body is absent */
    const struct mp_value *body;
};

static enum err item_open(struct item *out, const struct view *v,
                          const uint8_t id[ID_LEN], uint64_t kind)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct item item = { 0 };
    enum err err;

    if (e == NULL || e->record.kind != kind)
        return ERR_NOT_FOUND;
    item.first = &v->topic->entries[e->first];
    item.shown = topic_state_current(v->topic, e);
    if (item.shown == NULL)
        item.shown = item.first;
    err = topic_entry_body(&item.doc, item.shown);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    if (err == ERR_OK)
        item.body = mp_doc_root(item.doc);
    *out = item;
    return ERR_OK;
}

static void item_close(struct item *item)
{
    mp_doc_free(item->doc);
}

static void put_choice(struct view_pairs *p, const char *name,
                       enum choices choices, const struct mp_value *value)
{
    if (value != NULL)
        view_put_text(p, name, kind_choice_name(choices, mp_uint(value)));
}

/* ---- projects ---- */

static enum err put_project(struct view_pairs *p, const struct view *v,
                            const struct item *item)
{
    struct project_state s;
    enum err err = project_state_of(&s, v->topic);

    if (err != ERR_OK)
        return err;
    view_put_id(p, "id", item->first->record.id);
    view_put_str(p, "title", mp_str(mp_get(item->body, "title")));
    put_choice(p, "medium", CHOICES_MEDIUM, mp_get(item->body, "medium"));
    if (s.stage != 0)
        view_put_text(p, "stage", kind_choice_name(CHOICES_STAGE, s.stage));
    view_put_person(p, v, "leader", "leader_name",
                    s.creator == NULL ? item->first->record.author : s.creator);
    view_put_uint(p, "created_ms", item->first->record.created_ms);
    view_put_uint(p, "requests_open", s.requests_open);
    view_put_bool(p, "listed", s.is_listed);
    return ERR_OK;
}

/* Who has a role, in order of first mention. */
static enum err put_people(struct view_pairs *p, const struct view *v)
{
    const struct topic_roles *roles = &v->topic->roles;
    struct view_list items = view_list_begin();
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < roles->people_count; i++) {
        const uint8_t *person = roles->people[i].id;
        uint32_t role = authority_role(v->topic, person, v->topic->now_ms);
        struct view_pairs one = view_pairs_begin();

        if (role == 0) {
            view_pairs_drop(&one);
            continue;
        }
        view_put_person(&one, v, "person", "name", person);
        view_put_text(&one, "role", kind_choice_name(CHOICES_ROLE, role));
        err = view_pairs_end(&one, &items.w, 0);
        items.count++;
    }
    view_list_end(&items, p, "people");
    return err;
}

/* The requests of the project that are or were in force, oldest first. */
static enum err put_requests(struct view_pairs *p, const struct view *v)
{
    struct view_list items = view_list_begin();
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(v->topic);
         i++) {
        const struct topic_entry *e = topic_state_at(v->topic, i);

        if (e->record.kind != KIND_REQUEST || e->record.has_revises ||
            topic_state_current(v->topic, e) == NULL || view_hides(v, e))
            continue;
        err = view_request_item(&items.w, v, e->record.id, 0);
        items.count++;
    }
    view_list_end(&items, p, "requests");
    return err;
}

static enum err project_view(struct writer *w, const struct view *v,
                             uint32_t extra, bool whole)
{
    struct view_pairs p = view_pairs_begin();
    struct item item;
    enum err err = item_open(&item, v, v->topic->topic, KIND_PROJECT);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    err = put_project(&p, v, &item);
    if (whole) {
        view_put_id(&p, "revision", item.shown->record.id);
        view_put_bool(&p, "terms_fixed", v->topic->terms != TOPIC_NONE);
        if (err == ERR_OK)
            err = put_people(&p, v);
        if (err == ERR_OK)
            err = put_requests(&p, v);
        view_put_verdict(&p, v, item.shown);
        if (err == ERR_OK)
            err = view_put_fields(&p, item.shown);
    }
    item_close(&item);
    return view_pairs_finish(&p, err, w, extra);
}

enum err view_project_item(struct writer *w, const struct view *v,
                           uint32_t extra)
{
    return project_view(w, v, extra, false);
}

enum err view_project_show(struct writer *w, const struct view *v,
                           uint32_t extra)
{
    return project_view(w, v, extra, true);
}

/* ---- requests ---- */

static const char *closed_text(uint64_t outcome)
{
    switch (outcome) {
    case OUTCOME_CHOSEN:
        return "closed:chosen";
    case OUTCOME_NONE_USED:
        return "closed:none_used";
    case OUTCOME_WITHDRAWN:
        return "closed:withdrawn";
    case OUTCOME_MERGED:
        return "closed:merged";
    default:
        return "closed:other";
    }
}

/* The state's word, and of a closed request when and how it ended. */
static enum err put_phase(struct view_pairs *p, const struct view *v,
                          const struct request_state *s)
{
    static const char *const words[] = {
        [REQUEST_OPEN] = "open",
        [REQUEST_PAST_DEADLINE] = "past deadline",
        [REQUEST_CLOSED] = "closed",
        [REQUEST_GONE] = "gone",
    };
    struct mp_doc *doc;
    enum err err;

    if (s->close == NULL) {
        view_put_text(p, "state", words[s->phase]);
        return ERR_OK;
    }
    err = topic_entry_body(&doc, s->close);
    if (err != ERR_OK)
        return err;
    view_put_text(p, "state",
                  closed_text(mp_uint(mp_get(mp_doc_root(doc), "outcome"))));
    view_put_uint(p, "closed_ms", s->close->record.created_ms);
    view_put_id(p, "close", s->close->record.id);
    view_put_person(p, v, "closed_by", "closed_by_name",
                    s->close->record.author);
    view_put_str(p, "close_note", mp_str(mp_get(mp_doc_root(doc), "note")));
    mp_doc_free(doc);
    return ERR_OK;
}

static void put_kinds(struct view_pairs *p, const struct mp_value *kinds)
{
    view_key(p, "kinds");
    mp_put_array(&p->w, mp_count(kinds));
    for (uint32_t i = 0; i < mp_count(kinds); i++)
        mp_put_text(&p->w, kind_choice_name(CHOICES_MEDIA_KIND,
                                            mp_uint(mp_at(kinds, i))));
}

static enum err put_request(struct view_pairs *p, const struct view *v,
                            const struct item *item)
{
    struct request_state s;
    enum err err = request_state_of(&s, v->topic, item->first->record.id);

    if (err != ERR_OK)
        return err;
    view_put_id(p, "id", item->first->record.id);
    if (v->topic->founder != TOPIC_NONE &&
        v->topic->entries[v->topic->founder].record.kind == KIND_PROJECT)
        view_put_id(p, "project", v->topic->topic);
    view_put_str(p, "title", mp_str(mp_get(item->body, "title")));
    view_put_str(p, "deliverable", mp_str(mp_get(item->body, "deliverable")));
    put_kinds(p, mp_get(item->body, "media_kinds"));
    view_put_person(p, v, "author", "author_name", item->first->record.author);
    view_put_uint(p, "created_ms", item->first->record.created_ms);
    if (s.deadline_ms != 0)
        view_put_uint(p, "deadline_ms", s.deadline_ms);
    if (s.first_deadline_ms != 0 && s.first_deadline_ms != s.deadline_ms)
        view_put_uint(p, "first_deadline_ms", s.first_deadline_ms);
    return put_phase(p, v, &s);
}

/* One entry of the log: when, by whom, what, and the date that it moves. */
static enum err put_entry(struct writer *w, const struct view *v,
                          const struct topic_entry *e)
{
    struct view_pairs p = view_pairs_begin();
    const struct mp_value *body;
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    body = mp_doc_root(doc);
    view_put_uint(&p, "created_ms", e->record.created_ms);
    put_choice(&p, "outcome", CHOICES_OUTCOME, mp_get(body, "outcome"));
    if (mp_get(body, "deadline") != NULL)
        view_put_uint(&p, "deadline_ms", mp_uint(mp_get(body, "deadline")));
    view_put_str(&p, "note", mp_str(mp_get(body, "note")));
    view_put_person(&p, v, "author", "author_name", e->record.author);
    view_put_id(&p, "id", e->record.id);
    mp_doc_free(doc);
    return view_pairs_end(&p, w, 0);
}

/* §7.8: all that moved its dates or ended it, oldest first. */
static enum err put_history(struct view_pairs *p, const struct view *v,
                            uint32_t first)
{
    struct view_list entries = view_list_begin();
    struct topic_namers closes = { 0 };
    enum err err =
        topic_namers_of(&closes, v->topic, first, KIND_REQUEST_CLOSE);

    for (uint32_t i = 0; err == ERR_OK && i < closes.count; i++) {
        const struct topic_entry *e = &v->topic->entries[closes.at[i]];

        if (!request_is_closed_by(v->topic, e, first))
            continue;
        err = put_entry(&entries.w, v, e);
        entries.count++;
    }
    topic_namers_wipe(&closes);
    view_list_end(&entries, p, "history");
    return err;
}

static enum err request_view(struct writer *w, const struct view *v,
                             const uint8_t id[ID_LEN], uint32_t extra,
                             bool whole)
{
    struct view_pairs p = view_pairs_begin();
    struct item item;
    enum err err = item_open(&item, v, id, KIND_REQUEST);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    err = put_request(&p, v, &item);
    if (whole && err == ERR_OK)
        err = put_history(&p, v, (uint32_t)(item.first - v->topic->entries));
    if (whole && err == ERR_OK)
        err = view_put_fields(&p, item.shown);
    item_close(&item);
    return view_pairs_finish(&p, err, w, extra);
}

enum err view_request_item(struct writer *w, const struct view *v,
                           const uint8_t id[ID_LEN], uint32_t extra)
{
    return request_view(w, v, id, extra, false);
}

enum err view_request_show(struct writer *w, const struct view *v,
                           const uint8_t id[ID_LEN], uint32_t extra)
{
    return request_view(w, v, id, extra, true);
}
