/* Maps of what people say to one another, teach and dare. */
#include "proto/view_talk.h"

#include <string.h>

#include "proto/authority.h"
#include "proto/class_state.h"
#include "proto/kind.h"
#include "proto/view_pairs.h"

/* The version to be shown of the object that `e` belongs to. */
static const struct topic_entry *shown_of(const struct topic_state *ts,
                                          const struct topic_entry *e)
{
    const struct topic_entry *current = topic_state_current(ts, e);

    return current != NULL ? current : &ts->entries[e->first];
}

static const struct topic_entry *first_of(const struct topic_state *ts,
                                          const struct topic_entry *e)
{
    return &ts->entries[e->first];
}

/* Whether `e` names, by `relation`, any version of the object `first`. */
static bool names(const struct topic_state *ts, const struct topic_entry *e,
                  enum relation relation, const struct topic_entry *first)
{
    uint8_t id[ID_LEN];
    uint32_t index;

    if (!record_link_find(&e->record, relation, id))
        return false;
    index = topic_state_index(ts, id);
    return index != TOPIC_NONE &&
           &ts->entries[ts->entries[index].first] == first;
}

/* Of a first record of `kind` the version that stands, not even superseded by
 * a later object; else NULL. */
static const struct topic_entry *standing(const struct topic_state *ts,
                                          uint32_t i, uint64_t kind)
{
    const struct topic_entry *e = topic_state_at(ts, i);
    const struct topic_entry *current;

    if (e->record.kind != kind || e->record.has_revises)
        return NULL;
    current = topic_state_current(ts, e);
    return current != NULL && verdict_is_in_force(&current->verdict) ? current
                                                                     : NULL;
}

/* Id, author and date are those of the first version, the words the newest. */
enum err view_put_words(struct view_pairs *p, const struct view *v,
                        const struct topic_entry *e)
{
    const struct topic_entry *first = first_of(v->topic, e);
    const struct topic_entry *shown = shown_of(v->topic, e);
    const struct kind *kind = kind_find(e->record.kind);

    view_put_id(p, "id", first->record.id);
    view_put_text(p, "kind", kind == NULL ? "other" : kind->name);
    view_put_person(p, v, "author", "author_name", first->record.author);
    view_put_uint(p, "created_ms", first->record.created_ms);
    view_put_verdict(p, v, shown);
    return view_put_fields(p, shown);
}

static enum err put_words_item(struct writer *w, const struct view *v,
                               const struct topic_entry *e, uint32_t extra)
{
    struct view_pairs p = view_pairs_begin();
    enum err err = view_put_words(&p, v, e);

    return view_pairs_finish(&p, err, w, extra);
}

enum err view_words_item(struct writer *w, const struct view *v,
                         const uint8_t id[ID_LEN], uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);

    return e == NULL ? ERR_NOT_FOUND : put_words_item(w, v, e, extra);
}

/* ---- classes ---- */

static void put_done_by(struct view_pairs *p, const struct view *v,
                        const struct class_state *c, uint32_t lesson,
                        const uint8_t *person)
{
    struct view_list ids = view_list_begin();
    struct view_list names_of = view_list_begin();

    for (uint32_t i = 0; i < c->done_count; i++) {
        const struct class_done *done = &c->done[i];
        struct bytes name = { NULL, 0 };

        if (done->lesson != lesson ||
            (person != NULL && memcmp(person, done->person, ID_LEN) != 0))
            continue;
        if (v->names != NULL)
            name = v->names->name(v->names->context, done->person);
        mp_put_bin(&ids.w, BYTES_ARRAY(done->person));
        mp_put_str(&names_of.w, name);
        ids.count++;
        names_of.count++;
    }
    view_list_end(&ids, p, "done_by");
    view_list_end(&names_of, p, "done_by_name");
}

static enum err put_lesson(struct writer *w, const struct view *v,
                           const struct class_state *c, uint32_t i,
                           const uint8_t *person)
{
    const struct class_lesson *lesson = &c->lessons[i];
    struct view_pairs p = view_pairs_begin();
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, lesson->shown);

    if (err == ERR_OK) {
        view_put_uint(&p, "index", lesson->index);
        view_put_str(&p, "call_to_action",
                     mp_str(mp_get(mp_doc_root(doc), "call_to_action")));
        view_put_text(&p, "expects",
                      kind_choice_name(CHOICES_MEDIA_KIND, lesson->media_kind));
        view_put_uint(&p, "works", lesson->min);
        put_done_by(&p, v, c, i, person);
        if (person != NULL)
            view_put_bool(&p, "done", class_is_done(c, i, person));
        view_put_id(&p, "id", lesson->first->record.id);
        mp_doc_free(doc);
    }
    return view_pairs_finish(&p, err, w, 0);
}

static enum err put_lessons(struct view_pairs *p, const struct view *v,
                            const uint8_t *person)
{
    struct view_list lessons = view_list_begin();
    struct class_state c;
    enum err err = class_state_of(&c, v->topic);

    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; err == ERR_OK && i < c.lessons_count; i++) {
        err = put_lesson(&lessons.w, v, &c, i, person);
        lessons.count++;
    }
    class_state_wipe(&c);
    view_list_end(&lessons, p, "lessons");
    return err;
}

enum err view_class_progress(struct writer *w, const struct view *v,
                             const uint8_t *person, uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, v->topic->topic);
    struct view_pairs p = view_pairs_begin();
    struct mp_doc *doc = NULL;
    enum err err = ERR_NOT_FOUND;

    if (e != NULL && e->record.kind == KIND_PROJECT)
        err = topic_entry_body(&doc, shown_of(v->topic, e));
    if (err == ERR_OK) {
        view_put_id(&p, "project", v->topic->topic);
        view_put_str(&p, "title", mp_str(mp_get(mp_doc_root(doc), "title")));
        if (person != NULL)
            view_put_person(&p, v, "person", "person_name", person);
        err = put_lessons(&p, v, person);
    }
    mp_doc_free(doc);
    return view_pairs_finish(&p, err, w, extra);
}

/* ---- courage ---- */

/* Whether that person has said that they walk along. */
static bool has_accepted(const struct topic_state *ts,
                         const struct topic_entry *declared,
                         const uint8_t person[ID_LEN])
{
    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *shown = standing(ts, i, KIND_COURAGE);
        struct mp_doc *doc;
        bool accepts;

        if (shown == NULL || !names(ts, shown, RELATION_HELPS, declared) ||
            memcmp(shown->record.author, person, ID_LEN) != 0 ||
            topic_entry_body(&doc, shown) != ERR_OK)
            continue;
        accepts = mp_bool(mp_get(mp_doc_root(doc), "accept"));
        mp_doc_free(doc);
        if (accepts)
            return true;
    }
    return false;
}

static const char *courage_text(const struct topic_state *ts,
                                const struct topic_entry *first,
                                const struct topic_entry *shown,
                                const struct mp_value *body)
{
    uint8_t helper[ID_LEN];
    uint8_t keepsake[ID_LEN];

    if (record_link_find(&shown->record, RELATION_KEEPSAKE, keepsake))
        return "kept";
    if (!mp_bin_exact(mp_get(body, "helper"), helper, ID_LEN))
        return "declared";
    return has_accepted(ts, first, helper) ? "walking together" : "asked";
}

static enum err put_helpers(struct view_pairs *p, const struct view *v,
                            const struct topic_entry *first)
{
    struct view_list helpers = view_list_begin();
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(v->topic);
         i++) {
        const struct topic_entry *shown = standing(v->topic, i, KIND_COURAGE);

        if (shown == NULL || !names(v->topic, shown, RELATION_HELPS, first) ||
            view_hides(v, shown))
            continue;
        err = put_words_item(&helpers.w, v, shown, 0);
        helpers.count++;
    }
    view_list_end(&helpers, p, "helpers");
    return err;
}

enum err view_courage_show(struct writer *w, const struct view *v,
                           const uint8_t id[ID_LEN], uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct view_pairs p = view_pairs_begin();
    const struct topic_entry *first;
    const struct topic_entry *shown;
    struct mp_doc *doc = NULL;
    enum err err = ERR_NOT_FOUND;

    if (e != NULL && e->record.kind == KIND_COURAGE) {
        first = first_of(v->topic, e);
        shown = shown_of(v->topic, e);
        err = topic_entry_body(&doc, shown);
        if (err == ERR_OK)
            view_put_text(
                &p, "progress",
                courage_text(v->topic, first, shown, mp_doc_root(doc)));
        mp_doc_free(doc);
        if (err == ERR_OK)
            err = put_helpers(&p, v, first);
        if (err == ERR_OK)
            err = view_put_words(&p, v, e);
    }
    return view_pairs_finish(&p, err, w, extra);
}
