/* Rows of the law, as methods lay them down and list them. */
#include "daemon/laying.h"

#include <string.h>

#include "daemon/listing.h"
#include "daemon/pair.h"
#include "daemon/safety.h"
#include "proto/kind.h"

static void on_laid(void *context, enum err e)
{
    struct call *call = context;
    const struct laying *laying = call_data(call);
    struct writer *w;

    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_id(w, "id", laying->law.id);
    pair_id(w, "record", laying->has_record ? laying->record : NULL);
    call_send(call);
}

void laying_run(struct call *call)
{
    const struct laying *laying = call_data(call);
    struct safety *safety = node_safety(call_node(call));

    if (laying->lifts)
        safety_lift(safety, &laying->law, on_laid, call);
    else
        safety_lay(safety, &laying->law, on_laid, call);
}

struct laying *laying_new(struct call *call, enum law_kind kind)
{
    struct laying *laying = call_alloc(call, sizeof *laying);
    struct bytes reason = mp_str(call_param(call, "reason"));

    if (laying == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    if (reason.len > LAW_REASON_MAX || !kind_is_line(reason)) {
        call_failf(call, ERR_USAGE, NULL,
                   "a reason is one line of at most %d bytes", LAW_REASON_MAX);
        return NULL;
    }
    laying->law.kind = kind;
    laying->law.since_ms = node_clock_ms(call_node(call));
    laying->law.until_ms = mp_uint(call_param(call, "until"));
    laying->law.reason_len = reason.len;
    if (reason.len > 0)
        memcpy(laying->law.reason, reason.data, reason.len);
    call_set_data(call, laying);
    return laying;
}

bool laying_must_have(struct call *call, struct laying *laying,
                      const char *text, const char *hint)
{
    const struct law *law = &laying->law;

    laying->lifts = true;
    if (safety_has(call_node(call), law->kind, law->id))
        return true;
    call_fail(call, ERR_NOT_FOUND, text, hint);
    return false;
}

/* Adds the rows in effect as items. */
static enum err put_rows(struct call *call, const struct laying_sort *sort,
                         struct writer *items, uint32_t *count)
{
    struct law laws[32];
    uint8_t last[ID_LEN];
    const uint8_t *after = NULL;
    size_t n = 32;
    enum err e = ERR_OK;

    while (e == ERR_OK && n == 32) {
        e = law_page(node_store(call_node(call)), sort->kind, after, laws, 32,
                     &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            if (!safety_has(call_node(call), sort->kind, laws[i].id))
                continue;
            mp_put_map(items, 6);
            pair_id(items, "id", laws[i].id);
            pair_text(items, "what", sort->what);
            pair_str(items, "name", desk_name(call_desk(call), laws[i].id));
            pair_uint(items, "since_ms", laws[i].since_ms);
            if (laws[i].until_ms == 0)
                pair_nil(items, "until_ms");
            else
                pair_uint(items, "until_ms", laws[i].until_ms);
            pair_text(items, "reason", laws[i].reason);
            ++*count;
        }
        if (n > 0)
            memcpy(last, laws[n - 1].id, ID_LEN);
        after = last;
    }
    return e;
}

void laying_send_list(struct call *call, const struct laying_sort *sorts,
                      size_t sorts_count)
{
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    uint32_t count = 0;
    enum err e = ERR_OK;
    struct writer *w;

    for (size_t i = 0; e == ERR_OK && i < sorts_count; i++)
        e = put_rows(call, &sorts[i], &items, &count);
    if (e == ERR_OK)
        e = items.err;
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
    } else {
        w = call_reply(call);
        mp_put_map(w, 2);
        pair_array(w, "items", count);
        writer_bytes(w, writer_view(&items));
        pair_nil(w, "next");
        call_send(call);
    }
    writer_free(&items);
}
