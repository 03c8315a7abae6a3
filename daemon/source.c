/* What a citation says of its source, read from the source itself. */
#include "daemon/source.h"

#include "daemon/body.h"

void source_put(struct call *call, struct author_fields *fields,
                const struct store_item *source)
{
    struct bytes licence;
    struct body body;

    author_fields_put_id(fields, "source", source->id);
    author_fields_put_id(fields, "source_author", source->author);
    body_open(&body, node_store(call_node(call)), source->id);
    licence = mp_str(mp_get(body.map, "licence"));
    if (licence.len > 0)
        mp_put_str(author_fields_put(fields, "source_licence"), licence);
    body_close(&body);
}
