/* What is said of works: direction, choices, comments. */
#include "daemon/author.h"
#include "daemon/methods.h"

/* Publishes a record about another one, in the other's topic. */
static void publish_about(struct call *call, enum kind_number kind,
                          const char *link, const char *const *names)
{
    struct store_item about;

    if (param_record(call, link, PARAM_SIGNS, &about))
        author_publish_about(call, kind, link, &about, names);
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
