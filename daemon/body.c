/* Bodies of stored records, parsed. */
#include "daemon/body.h"

#include <string.h>

#include "proto/kind.h"

void body_open(struct body *out, struct store *store, const uint8_t id[ID_LEN])
{
    *out = (struct body){ .bytes = writer_growing(RECORD_LEN_MAX) };
    if (store_read(store, id, false, &out->bytes, NULL) == ERR_OK &&
        record_decode(&out->record, writer_view(&out->bytes)) == ERR_OK &&
        mp_doc_parse(&out->doc, record_body_map(&out->record), MP_CANONICAL) ==
            ERR_OK)
        out->map = mp_doc_root(out->doc);
}

void body_close(struct body *body)
{
    mp_doc_free(body->doc);
    writer_free(&body->bytes);
    *body = (struct body){ .map = NULL };
}

enum err body_find_profile(struct store *store, const uint8_t person[ID_LEN],
                           struct store_item *out)
{
    struct store_scan scan;
    size_t n = 1;
    enum err e;

    store_scan_by_topic_kind(&scan, person, KIND_PROFILE);
    scan.newest_first = true;
    scan.held_only = true;
    for (;;) { /* ends with the scan */
        e = store_scan_next(store, &scan, out, 1, &n);
        if (e != ERR_OK || n == 0)
            return e == ERR_OK ? ERR_NOT_FOUND : e;
        if (out->has_body && memcmp(out->author, person, ID_LEN) == 0)
            return ERR_OK;
    }
}

struct bytes body_open_title(struct body *out, struct store *store,
                             const uint8_t topic[ID_LEN])
{
    struct store_item profile;

    body_open(out, store, topic);
    if (out->map != NULL || body_find_profile(store, topic, &profile) != ERR_OK)
        return mp_str(mp_get(out->map, "title"));
    body_close(out);
    body_open(out, store, profile.id);
    return mp_str(mp_get(out->map, "name"));
}
