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

bool mix_is_inspiration(const struct mp_value *relation)
{
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
                     const struct store_item *source,
                     const struct mp_value *relation)
{
    struct lineage_work cited = { .id = source->id };
    struct lineage_clash clash;
    struct topic_state *ts;
    struct body body;
    bool clashes = false;
    enum err e;

    if (mix_is_inspiration(relation))
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

bool mix_makes_no_cycle(struct call *call, const uint8_t topic[ID_LEN],
                        const uint8_t child[ID_LEN],
                        const uint8_t source[ID_LEN])
{
    struct named one;
    struct named other;
    struct topic_state *ts;
    bool leads = false;
    enum err e = topic_cache_get(desk_topics(call_desk(call)), topic, &ts);

    if (e == ERR_OK)
        e = lineage_leads(&leads, ts, source, child);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return false;
    }
    if (!leads)
        return true;
    one = name_of(ts, source);
    other = name_of(ts, child);
    call_failf(call, ERR_REFUSED,
               "Nothing was published. troupe tree shows it.",
               "%s is itself built on %s: citing it would close a cycle",
               one.text, other.text);
    return false;
}

bool mix_may_release(struct call *call, const struct topic_state *ts,
                     const struct lineage_licences *bears)
{
    enum licence folded;
    enum licence clash[2];
    struct named one;
    struct named other;

    if (licence_mix_has(bears->mix, LICENCE_ALL_RIGHTS)) {
        one = name_of(ts, bears->works[LICENCE_ALL_RIGHTS]);
        call_failf(call, ERR_REFUSED,
                   "Ask its author: troupe rights request WORK --scope WORDS",
                   "the author of %s has reserved all rights and granted none",
                   one.text);
        return false;
    }
    if (licence_mix_is_empty(bears->mix) ||
        licence_mix_fold(bears->mix, &folded, clash))
        return true;
    one = name_of(ts, bears->works[clash[0]]);
    other = name_of(ts, bears->works[clash[1]]);
    call_failf(call, ERR_REFUSED,
               "Leave one of them out, or ask one author for a grant: troupe "
               "rights request WORK --scope WORDS",
               "these licences exclude each other: %s of %s and %s of %s",
               licence_text(clash[0]), one.text, licence_text(clash[1]),
               other.text);
    return false;
}
