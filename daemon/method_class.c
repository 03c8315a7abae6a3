/* Classes and courage: learning by doing, and not alone. */
#include <string.h>

#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/publication.h"
#include "proto/class_state.h"
#include "proto/view_talk.h"

/* ---- classes ---- */

/* The index after the last lesson's. */
static bool next_index(struct call *call, const uint8_t topic[ID_LEN],
                       uint64_t *out)
{
    struct class_state c;
    struct view view;
    enum err e;

    if (!param_view(call, topic, &view))
        return false;
    e = class_state_of(&c, view.topic);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return false;
    }
    *out = c.lessons_count == 0 ? 1 : c.lessons[c.lessons_count - 1].index + 1;
    class_state_wipe(&c);
    return true;
}

/* What is expected: one work of a kind, if no number is given. */
static bool put_expects(struct call *call, struct publication *publication)
{
    const struct mp_value *given =
        mp_get(call_param(call, "fields"), "expects");
    const struct mp_value *min = mp_get(given, "min");
    struct writer *w;

    if (mp_get(given, "media_kind") == NULL) {
        call_fail(call, ERR_USAGE, "what is the learner to make?",
                  "Add --kind: video, audio, image, text, document or other.");
        return false;
    }
    w = author_fields_put(&publication->fields, "expects");
    mp_put_map(w, 2);
    mp_put_text(w, "media_kind");
    mp_put_value(w, mp_get(given, "media_kind"));
    pair_uint(w, "min", min == NULL ? 1 : mp_uint(min));
    return true;
}

void method_lesson_add(struct call *call)
{
    struct store_item project;
    uint64_t index = 0;
    struct publication *publication;

    if (param_signer(call) == NULL ||
        !param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT, &project))
        return;
    publication = publication_new(call, KIND_LESSON);
    if (publication == NULL)
        return;
    memcpy(publication->topic, project.topic, ID_LEN);
    publication_put_id(publication, "project", project.id);
    if (mp_get(call_param(call, "fields"), "index") == NULL) {
        if (!next_index(call, project.topic, &index))
            return;
        mp_put_uint(author_fields_put(&publication->fields, "index"), index);
    }
    if (!put_expects(call, publication))
        return;
    publication->files[0] =
        (struct publication_files){ .field = "demonstration",
                                    .param = "demonstration" };
    publication->files[1] = (struct publication_files){ .field = "materials",
                                                        .param = "materials" };
    if (mp_count(call_param(call, "demonstration")) == 0) {
        call_fail(call, ERR_USAGE, "a lesson shows how it is done",
                  "Add --demonstration FILE: a film, a picture, a text.");
        return;
    }
    publication_run(call, publication);
}

void method_class_progress(struct call *call)
{
    uint8_t person[ID_LEN];
    bool of_one = param_is_given(call, "person");
    struct store_item project;
    struct view view;
    enum err e;

    if (!param_record_of(call, "project", PARAM_READS, KIND_PROJECT,
                         &project) ||
        (of_one && !param_person(call, "person", person)) ||
        !param_view(call, project.topic, &view))
        return;
    e = view_class_progress(call_reply(call), &view, of_one ? person : NULL, 0);
    if (e != ERR_OK)
        listing_fail(call, e, "this project is void");
    else
        call_send(call);
}

/* ---- courage ---- */

/* A declaration as it stands: what a revision goes on from. */
struct declared {
    uint8_t id[ID_LEN]; /* of its first record */
    uint8_t topic[ID_LEN];
    uint8_t author[ID_LEN];
    uint8_t thread[ID_LEN];
    const struct topic_entry *shown; /* valid until the next topic is read */
    const struct topic_state *state;
};

/* False after the call has been failed. */
static bool find_declared(struct call *call, struct declared *out)
{
    const struct topic_entry *e;
    struct store_item item;
    struct view view;

    if (param_signer(call) == NULL ||
        !param_record_of(call, "courage", PARAM_SIGNS, KIND_COURAGE, &item) ||
        !param_view(call, item.topic, &view))
        return false;
    e = topic_state_find(view.topic, item.id);
    out->shown = e == NULL ? NULL : topic_state_current(view.topic, e);
    if (out->shown == NULL ||
        !record_link_find(&out->shown->record, RELATION_THREAD, out->thread)) {
        call_fail(call, ERR_NOT_FOUND, "this declaration is void or retracted",
                  NULL);
        return false;
    }
    out->state = view.topic;
    memcpy(out->id, view.topic->entries[e->first].record.id, ID_LEN);
    memcpy(out->author, item.author, ID_LEN);
    memcpy(out->topic, item.topic, ID_LEN);
    return true;
}

void method_courage_declare(struct call *call)
{
    struct store_item thread;
    struct publication *publication;

    if (param_signer(call) == NULL ||
        !param_record_of(call, "thread", PARAM_SIGNS, KIND_THREAD, &thread))
        return;
    publication = publication_new(call, KIND_COURAGE);
    if (publication == NULL)
        return;
    memcpy(publication->topic, thread.topic, ID_LEN);
    publication_put_id(publication, "thread", thread.id);
    publication_run(call, publication);
}

/* Somebody else says that they walk along. */
void method_courage_help(struct call *call)
{
    struct declared declared;
    struct publication *publication;

    if (!find_declared(call, &declared))
        return;
    publication = publication_new(call, KIND_COURAGE);
    if (publication == NULL)
        return;
    memcpy(publication->topic, declared.topic, ID_LEN);
    publication_put_id(publication, "thread", declared.thread);
    publication_put_id(publication, "helps", declared.id);
    mp_put_bool(author_fields_put(&publication->fields, "accept"), true);
    publication_run(call, publication);
}

/* Whoever offered help first; false if nobody did. */
static bool first_helper(const struct declared *declared, uint8_t out[ID_LEN])
{
    const struct topic_state *ts = declared->state;

    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        uint8_t id[ID_LEN];

        if (e->record.kind == KIND_COURAGE &&
            verdict_is_in_force(&e->verdict) &&
            record_link_find(&e->record, RELATION_HELPS, id) &&
            memcmp(id, declared->id, ID_LEN) == 0) {
            memcpy(out, e->record.author, ID_LEN);
            return true;
        }
    }
    return false;
}

/* The helper whom the declarer names from now on, if there is one. */
static void put_helper(struct publication *publication,
                       const struct declared *declared,
                       const struct mp_value *body)
{
    uint8_t helper[ID_LEN];

    if (mp_bin_exact(mp_get(body, "helper"), helper, ID_LEN) ||
        first_helper(declared, helper))
        publication_put_id(publication, "helper", helper);
}

/* What stood and still stands; `work` is one more attempt, or NULL. */
static void put_attempts(struct publication *publication,
                         const struct mp_value *body,
                         const struct store_item *work)
{
    const struct mp_value *before = mp_get(body, "attempts");
    uint32_t count = mp_count(before) + (work != NULL ? 1 : 0);
    struct writer *w;

    if (count == 0)
        return;
    w = author_fields_put(&publication->fields, "attempts");
    mp_put_array(w, count);
    for (uint32_t i = 0; i < mp_count(before); i++)
        mp_put_value(w, mp_at(before, i));
    if (work != NULL)
        mp_put_bin(w, BYTES_ARRAY(work->id));
}

/* The declaration revised: an attempt more, or its keepsake. */
static void go_on(struct call *call, const struct store_item *work,
                  const struct store_item *keepsake)
{
    struct declared declared;
    struct mp_doc *doc;
    struct publication *publication;
    enum err e;

    if (!find_declared(call, &declared))
        return;
    e = topic_entry_body(&doc, declared.shown);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    publication = publication_new(call, KIND_COURAGE);
    if (publication != NULL) {
        memcpy(publication->topic, declared.topic, ID_LEN);
        memcpy(publication->revises, declared.id, ID_LEN);
        publication->has_revises = true;
        publication_put_id(publication, "thread", declared.thread);
        mp_put_str(author_fields_put(&publication->fields, "declaration"),
                   mp_str(mp_get(mp_doc_root(doc), "declaration")));
        put_helper(publication, &declared, mp_doc_root(doc));
        put_attempts(publication, mp_doc_root(doc), work);
        if (keepsake != NULL)
            publication_put_id(publication, "keepsake", keepsake->id);
        publication_run(call, publication);
    }
    mp_doc_free(doc);
}

void method_courage_attempt(struct call *call)
{
    struct store_item work;

    if (param_record(call, "work", PARAM_SIGNS, &work))
        go_on(call, &work, NULL);
}

void method_courage_keep(struct call *call)
{
    struct store_item release;

    if (param_record_of(call, "release", PARAM_SIGNS, KIND_RELEASE, &release))
        go_on(call, NULL, &release);
}

void method_courage_show(struct call *call)
{
    struct store_item item;

    if (param_record_of(call, "courage", PARAM_READS, KIND_COURAGE, &item))
        listing_show(call, &item, view_courage_show,
                     "this declaration is void or retracted");
}
