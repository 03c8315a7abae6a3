/* From what a client typed to what is meant. */
#include "daemon/param.h"

#include <string.h>

#include "daemon/hide.h"
#include "daemon/safety.h"
#include "proto/kind.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 500 };

bool param_is_given(const struct call *call, const char *name)
{
    return mp_type(call_param(call, name)) != MP_NIL;
}

/* What has a list of its own, and how one sees it. */
static const char *const list_hints[][2] = {
    { "project", "See those known here with: troupe project list" },
    { "request", "See those known here with: troupe request list" },
    { "contribution", "See those held here with: troupe contribution list" },
    { "person", "See those known here with: troupe person list" },
};

/* NULL if it has none. */
static const char *list_hint(const char *what)
{
    for (size_t i = 0; i < sizeof list_hints / sizeof *list_hints; i++)
        if (strcmp(what, list_hints[i][0]) == 0)
            return list_hints[i][1];
    return NULL;
}

static bool fail_resolve(struct call *call, enum err e, const char *what)
{
    if (e == ERR_NOT_FOUND)
        call_failf(call, e,
                   list_hint(what) != NULL
                       ? list_hint(what)
                       : "Follow its project first, then see what has come "
                         "with: troupe status",
                   "no %s held here has this id", what);
    else if (e == ERR_AMBIGUOUS)
        call_failf(call, e, "Give more digits of the id.",
                   "more than one %s begins like this", what);
    else
        call_fail(call, e, NULL, NULL);
    return false;
}

/* Digits of a prefix, or a failed call. */
static bool prefix_of(struct call *call, const struct mp_value *v,
                      enum param_use use, char digits[2 * ID_LEN + 1],
                      size_t *len)
{
    size_t min =
        use == PARAM_SIGNS ? CONTROL_PREFIX_SIGN_MIN : CONTROL_PREFIX_MIN;
    struct control_prefix prefix;

    if (control_prefix_of(&prefix, v, min) != ERR_OK) {
        call_failf(call, ERR_USAGE,
                   use == PARAM_SIGNS
                       ? "What signs wants at least 16 hex digits of an id."
                       : "Give at least 6 hex digits of an id.",
                   "this is not an id");
        return false;
    }
    hex_encode(digits, BYTES_ARRAY(prefix.id));
    *len = prefix.digits;
    return true;
}

static bool find_record(struct call *call, const struct mp_value *v,
                        enum param_use use, struct store_item *out,
                        const char *what)
{
    struct store *store = node_store(call_node(call));
    char digits[2 * ID_LEN + 1];
    uint8_t id[ID_LEN];
    size_t len;
    enum err e;

    if (!prefix_of(call, v, use, digits, &len))
        return false;
    e = store_resolve(store, digits, len, id);
    if (e == ERR_OK)
        e = store_find(store, id, out);
    return e == ERR_OK || fail_resolve(call, e, what);
}

bool param_value_record(struct call *call, const struct mp_value *v,
                        enum param_use use, struct store_item *out)
{
    return find_record(call, v, use, out, "record");
}

bool param_record(struct call *call, const char *name, enum param_use use,
                  struct store_item *out)
{
    if (!param_is_given(call, name)) {
        call_failf(call, ERR_USAGE, NULL, "the param %s is missing", name);
        return false;
    }
    /* The params are named after what they take: project, request, ... */
    return find_record(call, call_param(call, name), use, out,
                       list_hint(name) != NULL ? name : "record");
}

bool param_record_or_root(struct call *call, const char *name,
                          enum param_use use, struct store_item *item,
                          uint8_t root[HASH_LEN], bool *is_root)
{
    struct store *store = node_store(call_node(call));
    char digits[2 * ID_LEN + 1];
    size_t len;
    enum err e;

    *is_root = control_id_of(root, call_param(call, name)) == ERR_OK &&
               store_find(store, root, item) != ERR_OK;
    if (*is_root)
        return true;
    if (!param_is_given(call, name))
        return param_record(call, name, use, item); /* which fails the call */
    if (!prefix_of(call, call_param(call, name), use, digits, &len))
        return false;
    e = store_resolve(store, digits, len, root);
    if (e == ERR_OK)
        e = store_find(store, root, item);
    if (e != ERR_NOT_FOUND)
        return e == ERR_OK || fail_resolve(call, e, "record");
    call_fail(call, e, "no record held here has this id",
              "The root of a file is given with all its 64 digits, as `troupe "
              "health` and `troupe copies RECORD` show it.");
    return false;
}

bool param_is_shown(struct call *call, const struct store_item *item)
{
    struct hide_reason why;
    char id[2 * ID_LEN + 1];

    if (!desk_hides(call_desk(call), item->id, item->author, &why))
        return true;
    hex_encode(id, BYTES_ARRAY(why.about));
    id[CONTROL_PREFIX_SIGN_MIN] = '\0';
    call_failf(call, ERR_REFUSED, NULL,
               "this is not shown: %s (see it with: %s %s)", why.text, why.way,
               id);
    return false;
}

bool param_may_hold(struct call *call, const struct blob_id *blob)
{
    if (!safety_has(call_node(call), LAW_NO_BLOB, blob->root))
        return true;
    call_fail(call, ERR_REFUSED, "this file was taken down here",
              "See why with: troupe takedown list");
    return false;
}

bool param_record_of(struct call *call, const char *name, enum param_use use,
                     uint64_t kind, struct store_item *out)
{
    const struct kind *is;

    if (!param_record(call, name, use, out))
        return false;
    if (out->kind == kind)
        return use != PARAM_READS || param_is_shown(call, out);
    is = kind_find(out->kind);
    call_failf(call, ERR_USAGE, "See what it is with: troupe record show",
               "this is the id of a %s, not of a %s",
               is == NULL ? "record of a kind that is not known here"
                          : is->name,
               kind_find(kind)->name);
    return false;
}

bool param_id(struct call *call, const char *name, uint8_t out[ID_LEN])
{
    struct store_item item;

    if (control_id_of(out, call_param(call, name)) == ERR_OK)
        return true;
    if (!param_record(call, name, PARAM_READS, &item))
        return false;
    memcpy(out, item.id, ID_LEN);
    return true;
}

bool param_person(struct call *call, const char *name, uint8_t out[ID_LEN])
{
    char digits[2 * ID_LEN + 1];
    size_t len;
    enum err e;

    if (control_id_of(out, call_param(call, name)) == ERR_OK)
        return true;
    if (!prefix_of(call, call_param(call, name), PARAM_READS, digits, &len))
        return false;
    e = store_resolve_author(node_store(call_node(call)), digits, len, out);
    return e == ERR_OK || fail_resolve(call, e, "person");
}

bool param_view(struct call *call, const uint8_t topic[ID_LEN],
                struct view *view)
{
    struct desk *desk = call_desk(call);
    struct view made = desk_view(desk); /* before the topic: it may read some */
    struct topic_state *state;
    enum err e = topic_cache_get(desk_topics(desk), topic, &state);

    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return false;
    }
    made.topic = state;
    *view = made;
    return true;
}

uint32_t param_limit(const struct call *call)
{
    uint64_t limit = mp_uint(call_param(call, "limit"));

    if (limit == 0)
        return LIMIT_DEFAULT;
    return limit > LIMIT_MAX ? LIMIT_MAX : (uint32_t)limit;
}

void param_fail_files(struct call *call, enum err e)
{
    if (e == ERR_NOT_FOUND && param_is_given(call, "file"))
        call_fail(call, e, "this record has no file of that name",
                  "See what it has with: troupe record show RECORD");
    else if (e == ERR_NOT_FOUND)
        call_fail(call, e, "this record has no files",
                  "Works have; find them with: troupe contribution list");
    else if (e == ERR_NOT_HELD)
        call_fail(call, e, "the list of its files is not all here yet",
                  "It comes with the other records of its topic: troupe wait "
                  "caught-up:TOPIC");
    else
        call_fail(call, e, NULL, NULL);
}

const struct person_keys *param_signer(struct call *call)
{
    const struct person_keys *keys = node_person(call_node(call));

    if (keys == NULL)
        call_fail(call, ERR_KEY_MISSING, "nobody signs on this machine",
                  "Make a person with: troupe init --name NAME");
    return keys;
}
