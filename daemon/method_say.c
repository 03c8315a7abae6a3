/* What is said of works: direction, choices, comments. */
#include "daemon/author.h"
#include "daemon/methods.h"

/* Publishes a record about another one, in the other's topic. */
static void publish_about(struct call *call, enum kind_number kind,
                          const char *link, const char *const *names)
{
    struct author_draft draft = { .kind = kind };
    struct author_fields fields;
    struct store_item about;

    if (!param_record(call, link, PARAM_SIGNS, &about))
        return;
    author_fields_init(&fields);
    mp_put_bin(author_fields_put(&fields, link), BYTES_ARRAY(about.id));
    for (; *names != NULL; names++)
        author_fields_take(&fields, call, *names);
    draft.topic = about.topic;
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, author_reply_id);
    author_fields_wipe(&fields);
}

void method_direct(struct call *call)
{
    static const char *const names[] = { "text", NULL };

    publish_about(call, KIND_DIRECTION, "target", names);
}

void method_select(struct call *call)
{
    static const char *const names[] = { "state", "reason", NULL };

    publish_about(call, KIND_SELECTION, "contribution", names);
}

void method_comment(struct call *call)
{
    static const char *const names[] = { "text", NULL };
    static const char *const answer[] = { "text", "reply_to", NULL };

    publish_about(call, KIND_COMMENT, "target",
                  param_is_given(call, "reply_to") ? answer : names);
}
