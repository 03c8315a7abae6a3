/* Taking back what one has made. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/body.h"
#include "daemon/methods.h"

/* What stays to be said of the work, as far as its author wishes. */
static void put_keep(struct call *call, struct author_fields *fields,
                     const struct store_item *item)
{
    static const char *const names[][2] = { { "keep_licence", "licence" },
                                            { "keep_title", "title" } };
    struct body body;
    const struct mp_value *found[2] = { NULL, NULL };
    uint32_t count = 0;
    struct writer *w;

    body_open(&body, node_store(call_node(call)), item->id);
    for (size_t i = 0; i < 2; i++) {
        if (mp_bool(call_param(call, names[i][0])))
            found[i] = mp_get(body.map, names[i][1]);
        count += mp_type(found[i]) == MP_STR ? 1 : 0;
    }
    if (count > 0) {
        w = author_fields_put(fields, "keep");
        mp_put_map(w, count);
        for (size_t i = 0; i < 2; i++)
            if (mp_type(found[i]) == MP_STR) {
                mp_put_text(w, names[i][1]);
                mp_put_value(w, found[i]);
            }
    }
    body_close(&body);
}

static bool may_retract(struct call *call, const struct store_item *item)
{
    const struct person_keys *me = param_signer(call);
    const struct kind *kind = kind_find(item->kind);

    if (me == NULL)
        return false;
    if (memcmp(item->author, me->person, ID_LEN) != 0) {
        call_fail(call, ERR_REFUSED, "only its author takes a record back",
                  "To have it gone from this node: troupe takedown");
        return false;
    }
    if (kind == NULL || !kind->is_final)
        return true;
    call_failf(call, ERR_REFUSED,
               "Others build on it. Say something new instead.",
               "a %s is final: it cannot be taken back", kind->name);
    return false;
}

void method_retract(struct call *call)
{
    struct author_draft draft = { .kind = KIND_RETRACTION };
    struct author_fields fields;
    struct store_item item;

    if (!param_record(call, "record", PARAM_SIGNS, &item) ||
        !may_retract(call, &item))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "target", item.id);
    author_fields_take(&fields, call, "reason");
    put_keep(call, &fields, &item);
    draft.topic = item.topic;
    author_publish_fields(call, &draft, &fields);
}
