/* Who does what in a project: roles, and vouching for newcomers. */
#include "daemon/author.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "proto/authority.h"

static bool project_of(struct call *call, struct store_item *project)
{
    return param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT, project);
}

/* A membership of the person; `role` NULL: as the params say. */
static void give(struct call *call, const char *role)
{
    static const char *const names[] = { "role", "credit_as", NULL };
    static const char *const fixed[] = { NULL };
    struct author_draft draft = { .kind = KIND_MEMBERSHIP };
    struct author_fields fields;
    struct store_item project;
    uint8_t person[ID_LEN];

    if (!project_of(call, &project) || !param_person(call, "person", person))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "project", project.topic);
    author_fields_put_id(&fields, "person", person);
    if (role != NULL)
        mp_put_text(author_fields_put(&fields, "role"), role);
    draft.topic = project.topic;
    author_fields_take_all(&fields, call, role == NULL ? names : fixed);
    author_publish_fields(call, &draft, &fields);
}

void method_role_grant(struct call *call)
{
    give(call, NULL);
}

void method_role_revoke(struct call *call)
{
    give(call, "none");
}

/* The newest invitation of that person, or NULL. */
static const struct topic_entry *invitation_of(const struct topic_state *ts,
                                               const uint8_t person[ID_LEN])
{
    const struct topic_person *p = topic_roles_find(&ts->roles, person);

    return p == NULL || p->invite == ROLES_NONE ? NULL
                                                : &ts->entries[p->invite];
}

void method_role_accept(struct call *call)
{
    static const char *const names[] = { "credit_as", NULL };
    const struct person_keys *me = param_signer(call);
    struct author_draft draft = { .kind = KIND_ACCEPT };
    const struct topic_entry *invitation;
    struct author_fields fields;
    struct store_item project;
    struct view view;

    if (me == NULL || !project_of(call, &project) ||
        !param_view(call, project.topic, &view))
        return;
    invitation = invitation_of(view.topic, me->person);
    if (invitation == NULL) {
        call_fail(call, ERR_NOT_FOUND, "this project offers you no role",
                  "Its leaders do so with: troupe role grant");
        return;
    }
    author_fields_init(&fields);
    author_fields_put_id(&fields, "project", project.topic);
    author_fields_put_id(&fields, "membership", invitation->record.id);
    draft.topic = project.topic;
    author_fields_take_all(&fields, call, names);
    author_publish_fields(call, &draft, &fields);
}

void method_role_handover(struct call *call)
{
    static const char *const names[] = { "reason", NULL };
    struct author_draft draft = { .kind = KIND_HANDOVER };
    struct author_fields fields;
    struct store_item project;
    uint8_t person[ID_LEN];

    if (!project_of(call, &project) || !param_person(call, "person", person))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "project", project.topic);
    author_fields_put_id(&fields, "new_creator", person);
    draft.topic = project.topic;
    author_fields_take_all(&fields, call, names);
    author_publish_fields(call, &draft, &fields);
}

/* In a project, or else on one's own page. */
void method_vouch(struct call *call)
{
    static const char *const names[] = { "words", NULL };
    const struct person_keys *me = param_signer(call);
    struct author_draft draft = { .kind = KIND_VOUCH };
    struct author_fields fields;
    struct store_item project;
    uint8_t person[ID_LEN];

    if (me == NULL || !param_person(call, "person", person) ||
        (param_is_given(call, "project") && !project_of(call, &project)))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "person", person);
    draft.topic = param_is_given(call, "project") ? project.topic : me->person;
    author_fields_take_all(&fields, call, names);
    author_publish_fields(call, &draft, &fields);
}

void method_project_news(struct call *call)
{
    static const char *const names[] = { "text", "stage", NULL };
    struct author_draft draft = { .kind = KIND_UPDATE };
    struct author_fields fields;
    struct store_item project;

    if (!project_of(call, &project))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "project", project.topic);
    draft.topic = project.topic;
    author_fields_take_all(&fields, call, names);
    author_publish_fields(call, &draft, &fields);
}
