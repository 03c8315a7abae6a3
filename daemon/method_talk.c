/* What people say: threads, journals, feedback, recommendations, collections.
 */
#include <string.h>

#include "daemon/methods.h"
#include "daemon/publication.h"

/* Something in a project: its topic is the project's. */
static struct publication *begin_in_project(struct call *call,
                                            enum kind_number kind)
{
    struct store_item project;
    struct publication *publication;

    if (param_signer(call) == NULL ||
        !param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT, &project))
        return NULL;
    publication = publication_new(call, kind);
    if (publication != NULL)
        memcpy(publication->topic, project.topic, ID_LEN);
    return publication;
}

/* Something about a record, in that record's topic. */
static struct publication *begin_about(struct call *call, enum kind_number kind,
                                       const char *link)
{
    struct store_item about;
    struct publication *publication;

    if (param_signer(call) == NULL ||
        !param_record(call, link, PARAM_SIGNS, &about))
        return NULL;
    publication = publication_new(call, kind);
    if (publication == NULL)
        return NULL;
    memcpy(publication->topic, about.topic, ID_LEN);
    publication_put_id(publication, link, about.id);
    return publication;
}

/* Something in one's own topic. */
static struct publication *begin_of_mine(struct call *call,
                                         enum kind_number kind)
{
    const struct person_keys *me = param_signer(call);
    struct publication *publication =
        me == NULL ? NULL : publication_new(call, kind);

    if (publication != NULL)
        memcpy(publication->topic, me->person, ID_LEN);
    return publication;
}

void method_thread_create(struct call *call)
{
    struct publication *publication = begin_in_project(call, KIND_THREAD);

    if (publication == NULL)
        return;
    publication->files[0] =
        (struct publication_files){ .field = "media", .param = "media" };
    publication_run(call, publication);
}

void method_journal_write(struct call *call)
{
    struct publication *publication = begin_of_mine(call, KIND_JOURNAL);
    struct store_item project;

    if (publication == NULL)
        return;
    if (param_is_given(call, "project")) {
        if (!param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT,
                             &project))
            return;
        publication_put_id(publication, "project", project.id);
    }
    publication->files[0] =
        (struct publication_files){ .field = "media", .param = "media" };
    publication_run(call, publication);
}

void method_feedback(struct call *call)
{
    struct publication *publication =
        begin_about(call, KIND_FEEDBACK, "target");

    if (publication == NULL)
        return;
    publication->files[0] =
        (struct publication_files){ .field = "media", .param = "media" };
    publication_run(call, publication);
}

void method_recommend(struct call *call)
{
    struct publication *publication =
        begin_about(call, KIND_RECOMMENDATION, "target");

    if (publication != NULL)
        publication_run(call, publication);
}

void method_collection_create(struct call *call)
{
    const struct mp_value *items = call_param(call, "items");
    struct publication *publication = begin_of_mine(call, KIND_COLLECTION);
    struct writer *w;

    if (publication == NULL)
        return;
    w = author_fields_put(&publication->fields, "items");
    mp_put_array(w, mp_count(items));
    for (uint32_t i = 0; i < mp_count(items); i++) {
        struct store_item item;

        if (!param_value_record(call, mp_at(items, i), PARAM_SIGNS, &item))
            return;
        mp_put_bin(w, BYTES_ARRAY(item.id));
    }
    publication_run(call, publication);
}
