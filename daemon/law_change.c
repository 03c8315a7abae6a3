/* Rows of the law, as methods lay them down and lift them. */
#include "daemon/law_change.h"

#include <string.h>

#include "daemon/pair.h"
#include "daemon/safety.h"
#include "proto/kind.h"

static void on_laid(void *context, enum err e)
{
    struct call *call = context;
    const struct law_change *change = call_data(call);
    struct writer *w;

    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_id(w, "id", change->law.id);
    pair_id(w, "record", change->has_record ? change->record : NULL);
    call_send(call);
}

void law_change_run(struct call *call)
{
    const struct law_change *change = call_data(call);
    struct safety *safety = node_safety(call_node(call));

    if (change->lifts)
        safety_lift(safety, &change->law, on_laid, call);
    else
        safety_lay(safety, &change->law, on_laid, call);
}

struct law_change *law_change_new(struct call *call, enum law_kind kind)
{
    struct law_change *change = call_alloc(call, sizeof *change);
    struct bytes reason = mp_str(call_param(call, "reason"));

    if (change == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    if (reason.len > LAW_REASON_MAX || !kind_is_line(reason)) {
        call_failf(call, ERR_USAGE, NULL,
                   "a reason is one line of at most %d bytes", LAW_REASON_MAX);
        return NULL;
    }
    change->law.kind = kind;
    change->law.since_ms = node_clock_ms(call_node(call));
    change->law.until_ms = mp_uint(call_param(call, "until"));
    change->law.reason_len = reason.len;
    if (reason.len > 0)
        memcpy(change->law.reason, reason.data, reason.len);
    call_set_data(call, change);
    return change;
}

bool law_change_must_have(struct call *call, struct law_change *change,
                          const char *text, const char *hint)
{
    const struct law *law = &change->law;

    change->lifts = true;
    if (safety_has(call_node(call), law->kind, law->id))
        return true;
    call_fail(call, ERR_NOT_FOUND, text, hint);
    return false;
}
