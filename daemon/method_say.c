/* What is said of works and in them: citations, direction, choices, comments.
 */
#include <string.h>

#include "daemon/author.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/mix.h"
#include "daemon/source.h"

/* --- citations --- */

void method_cite(struct call *call)
{
    struct author_draft draft = { .kind = KIND_RESOURCE };
    struct lineage_work work = { .id = NULL };
    struct author_fields fields;
    struct store_item source;
    struct store_item child;

    if (param_is_given(call, "source") && param_is_given(call, "source_text")) {
        call_fail(call, ERR_USAGE, "a source is a record or a text, not both",
                  "Cite twice, once for each.");
        return;
    }
    if (!param_record_of(call, "child", PARAM_SIGNS, KIND_CONTRIBUTION,
                         &child) ||
        (param_is_given(call, "source") &&
         !param_record(call, "source", PARAM_SIGNS, &source)))
        return;
    work.id = child.id;
    if (param_is_given(call, "source") &&
        !mix_is_possible(call, child.topic, &work, &source))
        return;
    author_fields_init(&fields);
    mp_put_bin(author_fields_put(&fields, "child"), BYTES_ARRAY(child.id));
    if (param_is_given(call, "source"))
        source_put(call, &fields, &source);
    author_fields_take(&fields, call, "source_text");
    author_fields_take(&fields, call, "relation");
    author_fields_take(&fields, call, "thanks");
    author_fields_take(&fields, call, "url");
    draft.topic = child.topic;
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, author_reply_id);
    author_fields_wipe(&fields);
}

void method_tree(struct call *call)
{
    struct store_item item;
    struct view view;
    enum err e;

    if (!param_record(call, "record", PARAM_READS, &item) ||
        !param_view(call, item.topic, &view))
        return;
    e = view_tree(call_reply(call), &view, item.id, 0);
    if (e != ERR_OK)
        listing_fail(call, e, "this record has no lineage");
    else
        call_send(call);
}

/* --- words and choices --- */

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
