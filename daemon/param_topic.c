/* From what a client typed to the topic that is meant. */
#include "daemon/param_topic.h"

#include <string.h>

#include "daemon/param.h"
#include "proto/kind.h"

enum { FOLLOWS_PAGE = 64 };

/* The one topic with such a row that begins like this. */
static enum err resolve_followed(struct store *store, const char *digits,
                                 size_t len, uint8_t out[ID_LEN])
{
    struct store_follow rows[FOLLOWS_PAGE];
    uint8_t after[ID_LEN];
    bool is_found = false;
    size_t n = FOLLOWS_PAGE;

    for (bool is_first = true; n == FOLLOWS_PAGE; is_first = false) {
        enum err e = store_follows(store, is_first ? NULL : after, rows,
                                   FOLLOWS_PAGE, &n);

        if (e != ERR_OK)
            return e;
        for (size_t i = 0; i < n; i++) {
            char hex[2 * ID_LEN + 1];

            hex_encode(hex, BYTES_ARRAY(rows[i].topic));
            if (memcmp(hex, digits, len) != 0)
                continue;
            if (is_found)
                return ERR_AMBIGUOUS;
            is_found = true;
            memcpy(out, rows[i].topic, ID_LEN);
        }
        if (n > 0)
            memcpy(after, rows[n - 1].topic, ID_LEN);
    }
    return is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err topic_resolve(struct store *store, const char *digits, size_t len,
                       uint8_t out[ID_LEN])
{
    uint8_t other[ID_LEN];
    enum err followed;
    enum err e = store_resolve(store, digits, len, out);

    if (e == ERR_NOT_FOUND)
        e = store_resolve_author(store, digits, len, out);
    if (e == ERR_NOT_FOUND)
        return resolve_followed(store, digits, len, out);
    if (e != ERR_OK)
        return e;
    /* Anybody can make a record that begins like what has not come yet. */
    followed = resolve_followed(store, digits, len, other);
    if (followed == ERR_OK && memcmp(out, other, ID_LEN) != 0)
        followed = ERR_AMBIGUOUS;
    return followed == ERR_NOT_FOUND ? ERR_OK : followed;
}

bool topic_is_part(struct store *store, const uint8_t id[ID_LEN],
                   struct store_item *item)
{
    return store_find(store, id, item) == ERR_OK &&
           memcmp(item->topic, id, ID_LEN) != 0;
}

static bool fail(struct call *call, enum err e)
{
    if (e == ERR_MALFORMED)
        call_fail(call, ERR_USAGE, "this is not an id",
                  "Give at least 6 hex digits of an id.");
    else if (e == ERR_NOT_FOUND)
        call_fail(call, e, "no project or person known here has this id",
                  "See them with: troupe project list, troupe person list. "
                  "What is not known yet is named by its whole id, or by an "
                  "invite: troupe join LINK");
    else if (e == ERR_AMBIGUOUS)
        call_fail(call, e, "more than one begins like this",
                  "Give more digits of the id.");
    else
        call_fail(call, e, NULL, NULL);
    return false;
}

static bool fail_part(struct call *call, const struct store_item *item)
{
    const struct kind *kind = kind_find(item->kind);
    char topic[2 * ID_LEN + 1];

    hex_encode(topic, BYTES_ARRAY(item->topic));
    call_failf(call, ERR_USAGE, "Give the id of a project or of a person.",
               "this is the id of a %s, which is part of %.16s",
               kind == NULL ? "record" : kind->name, topic);
    return false;
}

/* The digits that were given; false if they cannot be an id's. */
static bool prefix_of(const struct call *call, const char *name,
                      char digits[2 * ID_LEN + 1], size_t *len)
{
    struct control_prefix prefix;

    if (control_prefix_of(&prefix, call_param(call, name),
                          CONTROL_PREFIX_MIN) != ERR_OK)
        return false;
    hex_encode(digits, BYTES_ARRAY(prefix.id));
    *len = prefix.digits;
    return true;
}

bool param_topic(struct call *call, const char *name, uint8_t out[ID_LEN])
{
    struct store *store = node_store(call_node(call));
    char digits[2 * ID_LEN + 1];
    struct store_item item;
    size_t len;
    enum err e = ERR_OK;

    if (control_id_of(out, call_param(call, name)) != ERR_OK)
        e = prefix_of(call, name, digits, &len)
                ? topic_resolve(store, digits, len, out)
                : ERR_MALFORMED;
    if (e != ERR_OK)
        return fail(call, e);
    return !topic_is_part(store, out, &item) || fail_part(call, &item);
}

bool param_followed(struct call *call, const char *name, uint8_t out[ID_LEN])
{
    char digits[2 * ID_LEN + 1];
    size_t len;

    if (prefix_of(call, name, digits, &len) &&
        resolve_followed(node_store(call_node(call)), digits, len, out) ==
            ERR_OK)
        return true;
    return param_topic(call, name, out);
}
