/* Rows of the law that are in effect. */
#include "daemon/law_list.h"

#include <string.h>

#include "daemon/desk.h"
#include "daemon/pair.h"
#include "daemon/safety.h"

/* Adds the rows in effect as items. */
static enum err put_rows(struct call *call, const struct law_list_kind *kind,
                         struct writer *items, uint32_t *count)
{
    struct law laws[32];
    uint8_t last[ID_LEN];
    const uint8_t *after = NULL;
    size_t n = 32;
    enum err e = ERR_OK;

    while (e == ERR_OK && n == 32) {
        e = law_page(node_store(call_node(call)), kind->kind, after, laws, 32,
                     &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            if (!safety_has(call_node(call), kind->kind, laws[i].id))
                continue;
            mp_put_map(items, 6);
            pair_id(items, "id", laws[i].id);
            pair_text(items, "what", kind->what);
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

void law_list_send(struct call *call, const struct law_list_kind *kinds,
                   size_t kinds_count)
{
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    uint32_t count = 0;
    enum err e = ERR_OK;
    struct writer *w;

    for (size_t i = 0; e == ERR_OK && i < kinds_count; i++)
        e = put_rows(call, &kinds[i], &items, &count);
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
