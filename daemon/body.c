/* Bodies of stored records, parsed. */
#include "daemon/body.h"

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
