/* Licences of two works and of what they are built on, before a citation. */
#include "daemon/mix.h"

#include <stdio.h>
#include <string.h>

#include "daemon/body.h"
#include "proto/kind.h"

enum { TITLE_MAX = 80 };

/* A work as an error names it: title and the start of its id. */
struct named {
    char text[TITLE_MAX + 32];
};

static struct named name_of(const struct topic_state *ts,
                            const uint8_t id[ID_LEN])
{
    static const uint8_t nobody[ID_LEN] = { 0 };
    const struct topic_entry *e = topic_state_find(ts, id);
    char hex[2 * ID_LEN + 1];
    struct bytes title = { NULL, 0 };
    struct mp_doc *doc = NULL;
    struct named n;

    if (memcmp(id, nobody, ID_LEN) == 0)
        return (struct named){ "this work" };
    if (e != NULL)
        e = topic_state_current(ts, e);
    if (e != NULL && topic_entry_body(&doc, e) == ERR_OK)
        title = mp_str(mp_get(mp_doc_root(doc), "title"));
    hex_encode(hex, (struct bytes){ id, ID_LEN });
    if (title.len > 0 && title.len <= TITLE_MAX)
        (void)snprintf(n.text, sizeof n.text, "\"%.*s\" (%.16s)",
                       (int)title.len, (const char *)title.data, hex);
    else
        (void)snprintf(n.text, sizeof n.text, "%.16s", hex);
    mp_doc_free(doc);
    return n;
}

/* Mere inspiration binds nobody. */
static bool is_inspiration(const struct call *call)
{
    const struct mp_value *relation = call_param(call, "relation");

    return mp_uint(relation) == USE_INSPIRED ||
           bytes_equal(mp_str(relation), BYTES_LITERAL("inspired"));
}

static void fail_clash(struct call *call, const struct topic_state *ts,
                       const struct lineage_clash *clash)
{
    struct named source = name_of(ts, clash->source_id);
    struct named child = name_of(ts, clash->child_id);

    call_failf(call, ERR_REFUSED,
               "Nothing was published. Choose another source or licence, or "
               "cite with --relation inspired if nothing of it is used.",
               "these licences exclude each other: %s of %s and %s of %s",
               licence_text(clash->source), source.text,
               licence_text(clash->child), child.text);
}

bool mix_is_possible(struct call *call, const uint8_t topic[ID_LEN],
                     const struct lineage_work *child,
                     const struct store_item *source)
{
    struct lineage_work cited = { .id = source->id };
    struct lineage_clash clash;
    struct topic_state *ts;
    struct body body;
    bool clashes = false;
    enum err e;

    if (is_inspiration(call))
        return true;
    body_open(&body, node_store(call_node(call)), source->id);
    cited.licence = mp_str(mp_get(body.map, "licence"));
    e = topic_cache_get(desk_topics(call_desk(call)), topic, &ts);
    if (e == ERR_OK)
        e = lineage_clash_of(&clashes, &clash, ts, child, &cited);
    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else if (clashes)
        fail_clash(call, ts, &clash);
    body_close(&body);
    return e == ERR_OK && !clashes;
}
