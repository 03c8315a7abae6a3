/* What a citation says of its source, read from the source itself. */
#include "daemon/source.h"

void source_put(struct call *call, struct author_fields *fields,
                const struct store_item *source)
{
    struct writer record = writer_growing(RECORD_LEN_MAX);
    struct mp_doc *doc = NULL;
    struct bytes licence = { NULL, 0 };
    struct record r;

    mp_put_bin(author_fields_put(fields, "source"), BYTES_ARRAY(source->id));
    mp_put_bin(author_fields_put(fields, "source_author"),
               BYTES_ARRAY(source->author));
    if (store_read_seq(node_store(call_node(call)), source->seq, false, &record,
                       NULL) == ERR_OK &&
        record_decode(&r, writer_view(&record)) == ERR_OK &&
        mp_doc_parse(&doc, record_body_map(&r), MP_CANONICAL) == ERR_OK)
        licence = mp_str(mp_get(mp_doc_root(doc), "licence"));
    if (licence.len > 0)
        mp_put_str(author_fields_put(fields, "source_licence"), licence);
    mp_doc_free(doc);
    writer_free(&record);
}
