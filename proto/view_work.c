/* Maps of works: contributions, releases, their lineage and their credits. */
#include <string.h>

#include "proto/credits.h"
#include "proto/kind.h"
#include "proto/lineage.h"
#include "proto/request_state.h"
#include "proto/terms.h"
#include "proto/view_files.h"
#include "proto/view_pairs.h"
#include "proto/view_said.h"
#include "proto/view_work.h"

/* The choice in force about a contribution, or "none yet". */
static enum err put_selection(struct view_pairs *p, const struct view *v,
                              const struct topic_entry *first)
{
    const struct topic_entry *by;
    struct mp_doc *doc;
    enum err err;

    if (first->selection == TOPIC_NONE) {
        view_put_text(p, "selection", "none");
        return ERR_OK;
    }
    by = &v->topic->entries[first->selection];
    err = topic_entry_body(&doc, by);
    if (err != ERR_OK)
        return err;
    view_put_text(p, "selection",
                  kind_choice_name(CHOICES_SELECTION,
                                   mp_uint(mp_get(mp_doc_root(doc), "state"))));
    if (mp_get(mp_doc_root(doc), "reason") != NULL)
        view_put_str(p, "selection_reason",
                     mp_str(mp_get(mp_doc_root(doc), "reason")));
    view_put_person(p, v, "selected_by", "selected_by_name", by->record.author);
    view_put_uint(p, "selected_ms", by->record.created_ms);
    mp_doc_free(doc);
    return ERR_OK;
}

static enum err put_contribution(struct view_pairs *p, const struct view *v,
                                 const struct topic_entry *first,
                                 const struct topic_entry *shown,
                                 const struct mp_value *body, bool with_pages)
{
    const struct mp_value *media = mp_get(body, "media_kind");
    enum contribution_timing timing;
    uint8_t request[ID_LEN];
    enum err err = request_timing(&timing, v->topic, shown);

    if (err != ERR_OK)
        return err;
    view_put_id(p, "id", first->record.id);
    view_put_person(p, v, "author", "author_name", first->record.author);
    view_put_str(p, "title", mp_str(mp_get(body, "title")));
    if (media != NULL)
        view_put_text(p, "kind",
                      kind_choice_name(CHOICES_MEDIA_KIND, mp_uint(media)));
    if (record_link_find(&shown->record, RELATION_REQUEST, request))
        view_put_id(p, "request", request);
    view_put_uint(p, "created_ms", first->record.created_ms);
    view_put_bool(p, "late", timing == TIMING_LATE);
    view_put_text(p, "timing", contribution_timing_text(timing));
    view_put_str(p, "licence", mp_str(mp_get(body, "licence")));
    view_put_text(p, "terms", terms_label_text(terms_label_of(v->topic, body)));
    if (mp_get(body, "made_with_ai") != NULL)
        view_put_text(p, "made_with_ai",
                      kind_choice_name(CHOICES_AI_USE,
                                       mp_uint(mp_get(body, "made_with_ai"))));
    err = with_pages ? view_put_all_files(p, v, shown, body) : ERR_OK;
    if (err != ERR_OK)
        return err;
    if (!with_pages)
        view_put_own_files(p, body, VIEW_FILES_MAX);
    view_put_verdict(p, v, shown);
    return put_selection(p, v, first);
}

static bool is_direction(const struct view *v, const struct topic_entry *e)
{
    return verdict_is_in_force(&e->verdict) && !view_hides(v, e);
}

/* The direction in force on a work: what its leader said, oldest first. */
static enum err put_directions(struct view_pairs *p, const struct view *v,
                               const struct topic_entry *first)
{
    const struct topic_state *ts = v->topic;
    struct topic_namers said;
    uint32_t count = 0;
    enum err err = topic_namers_of(&said, ts, (uint32_t)(first - ts->entries),
                                   KIND_DIRECTION);

    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; i < said.count; i++)
        count += is_direction(v, &ts->entries[said.at[i]]);
    view_key(p, "directions");
    mp_put_array(&p->w, count);
    for (uint32_t i = 0; i < said.count; i++) {
        const struct topic_entry *e = &ts->entries[said.at[i]];

        if (is_direction(v, e))
            mp_put_bin(&p->w, (struct bytes){ e->record.id, ID_LEN });
    }
    topic_namers_wipe(&said);
    return ERR_OK;
}

static enum err contribution_view(struct writer *w, const struct view *v,
                                  const uint8_t id[ID_LEN], uint32_t extra,
                                  struct view_page *page)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    const struct topic_entry *first;
    const struct topic_entry *shown;
    struct view_pairs p = view_pairs_begin();
    struct mp_doc *doc = NULL;
    enum err err = ERR_NOT_FOUND;

    if (e == NULL || e->record.kind != KIND_CONTRIBUTION)
        goto drop;
    first = &v->topic->entries[e->first];
    shown = topic_state_current(v->topic, e);
    if (shown == NULL)
        shown = first;
    err = topic_entry_body(&doc, shown);
    if (err == ERR_OK || err == ERR_NOT_FOUND)
        err = put_contribution(&p, v, first, shown,
                               doc == NULL ? NULL : mp_doc_root(doc),
                               page != NULL);
    if (page != NULL && err == ERR_OK)
        err = put_directions(&p, v, first);
    if (page != NULL && err == ERR_OK) {
        view_key(&p, "feedback");
        err = view_feedback_list(&p.w, v, first->record.id, page);
    }
    if (page != NULL && err == ERR_OK)
        err = view_put_fields(&p, shown);
    mp_doc_free(doc);
    if (err == ERR_OK)
        return view_pairs_end(&p, w, extra);
drop:
    view_pairs_drop(&p);
    return err;
}

enum err view_contribution_item(struct writer *w, const struct view *v,
                                const uint8_t id[ID_LEN], uint32_t extra)
{
    return contribution_view(w, v, id, extra, NULL);
}

enum err view_contribution_show(struct writer *w, const struct view *v,
                                const uint8_t id[ID_LEN],
                                struct view_page *page, uint32_t extra)
{
    return contribution_view(w, v, id, extra, page);
}

static void put_credit(struct writer *w, const struct view *v,
                       const struct credit *line)
{
    struct view_pairs p = view_pairs_begin();
    struct bytes name = line->name;

    if (line->has_person) {
        view_put_id(&p, "person", line->person);
        if (v->names != NULL)
            name = v->names->name(v->names->context, line->person);
        if (name.len == 0)
            name = line->name;
    }
    if (name.len > 0)
        view_put_str(&p, "name", name);
    view_key(&p, "roles");
    mp_put_array(&p.w, line->roles_count);
    for (uint32_t i = 0; i < line->roles_count; i++)
        mp_put_str(&p.w, line->roles[i]);
    view_key(&p, "contributions");
    mp_put_array(&p.w, line->contributions_count);
    for (uint32_t i = 0; i < line->contributions_count; i++)
        mp_put_bin(&p.w, (struct bytes){ line->contributions[i], ID_LEN });
    view_put_bool(&p, "influence", line->influence);
    if (view_pairs_end(&p, w, 0) != ERR_OK)
        writer_fail(w, ERR_NO_MEMORY);
}

void view_credits(struct writer *w, const struct view *v,
                  const struct credits *credits)
{
    mp_put_array(w, credits->count);
    for (uint32_t i = 0; i < credits->count; i++)
        put_credit(w, v, &credits->lines[i]);
}

/* How many elements the list has, with its pages. */
static uint32_t list_count(const struct topic_list *list, const char *field)
{
    struct topic_cursor at = { 0 };
    uint32_t count = 0;

    while (topic_list_next(list, field, &at) != NULL)
        count++;
    return count;
}

/* What was released: the version that the part pins, whatever came after. */
static enum err put_part(struct writer *w, const struct view *v,
                         const struct mp_value *part)
{
    struct view_pairs p = view_pairs_begin();
    uint8_t id[ID_LEN] = { 0 };
    const struct topic_entry *e;
    struct mp_doc *doc = NULL;
    enum err err = ERR_OK;

    (void)mp_bin_exact(mp_get(part, "contribution"), id, ID_LEN);
    view_put_id(&p, "contribution", id);
    if (mp_bin_exact(mp_get(part, "version"), id, ID_LEN))
        view_put_id(&p, "version", id);
    if (mp_get(part, "place") != NULL)
        view_put_str(&p, "place", mp_str(mp_get(part, "place")));
    e = topic_state_find(v->topic, id);
    if (e != NULL) {
        view_put_person(&p, v, "author", "author_name", e->record.author);
        err = topic_entry_body(&doc, e);
    }
    if (err == ERR_OK && doc != NULL) {
        const struct mp_value *body = mp_doc_root(doc);

        view_put_str(&p, "title", mp_str(mp_get(body, "title")));
        view_put_str(&p, "licence", mp_str(mp_get(body, "licence")));
        view_put_own_files(&p, body, VIEW_PART_FILES_MAX);
    }
    mp_doc_free(doc);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        view_pairs_drop(&p);
        return err;
    }
    return view_pairs_end(&p, w, 0);
}

static enum err put_parts(struct view_pairs *p, const struct view *v,
                          const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *part;
    enum err err = ERR_OK;

    view_key(p, "parts");
    mp_put_array(&p->w, list_count(list, "parts"));
    while (err == ERR_OK &&
           (part = topic_list_next(list, "parts", &at)) != NULL)
        err = put_part(&p->w, v, part);
    return err;
}

static enum err put_omitted(struct view_pairs *p, const struct view *v,
                            const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    enum err err = ERR_OK;

    view_key(p, "omitted");
    mp_put_array(&p->w, list_count(list, "omitted"));
    while (err == ERR_OK &&
           (item = topic_list_next(list, "omitted", &at)) != NULL) {
        struct view_pairs one = view_pairs_begin();
        uint8_t id[ID_LEN] = { 0 };

        (void)mp_bin_exact(mp_get(item, "person"), id, ID_LEN);
        view_put_person(&one, v, "person", "name", id);
        view_put_str(&one, "reason", mp_str(mp_get(item, "reason")));
        err = view_pairs_end(&one, &p->w, 0);
    }
    return err;
}

/* A release is shown by its stated credits, in force or not. */
static enum err put_release(struct view_pairs *p, const struct view *v,
                            const struct topic_entry *e)
{
    struct credits credits = { 0 };
    struct topic_list list;
    enum err err = topic_list_open(&list, v->topic, e);

    if (err != ERR_OK) /* pages that are not held, or no body at all */
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    view_put_files(p, &list, "files", "files_count");
    view_put_files(p, &list, "making_of", "making_of_count");
    err = put_parts(p, v, &list);
    if (err == ERR_OK)
        err = put_omitted(p, v, &list);
    topic_list_wipe(&list);
    if (err == ERR_OK)
        err = credits_of_release(&credits, v->topic, e->record.id);
    if (err == ERR_OK) {
        view_key(p, "credits");
        view_credits(&p->w, v, &credits);
        credits_wipe(&credits);
    }
    return err;
}

enum err view_release_show(struct writer *w, const struct view *v,
                           const uint8_t id[ID_LEN], uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct view_pairs p = view_pairs_begin();
    enum err err;

    if (e == NULL || e->record.kind != KIND_RELEASE) {
        view_pairs_drop(&p);
        return ERR_NOT_FOUND;
    }
    view_put_id(&p, "id", e->record.id);
    view_put_person(&p, v, "author", "author_name", e->record.author);
    view_put_uint(&p, "created_ms", e->record.created_ms);
    view_put_verdict(&p, v, e);
    err = put_release(&p, v, e);
    if (err == ERR_OK)
        err = view_put_fields(&p, e);
    return view_pairs_finish(&p, err, w, extra);
}

enum err view_rights_item(struct writer *w, const struct view *v,
                          const uint8_t id[ID_LEN], uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct view_pairs p = view_pairs_begin();
    enum err err = ERR_NOT_FOUND;

    if (e != NULL && (e->record.kind == KIND_RIGHTS_REQUEST ||
                      e->record.kind == KIND_RIGHTS_GRANT)) {
        view_put_id(&p, "id", e->record.id);
        view_put_text(&p, "kind", kind_find(e->record.kind)->name);
        view_put_person(&p, v, "author", "author_name", e->record.author);
        view_put_uint(&p, "created_ms", e->record.created_ms);
        view_put_verdict(&p, v, e);
        err = view_put_fields(&p, e);
    }
    return view_pairs_finish(&p, err, w, extra);
}
