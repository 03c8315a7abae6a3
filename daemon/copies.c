/* One file with who holds it, as `copies` and `health` tell it. */
#include "daemon/copies.h"

#include <string.h>

#include "daemon/holders.h"
#include "daemon/pair.h"
#include "proto/kind.h"

enum { HOLDERS_MAX = LEASES_TOPIC_MAX };

static const struct lease_check *find_check(const struct lease_checks *c,
                                            const uint8_t topic[ID_LEN],
                                            const struct blob_id *blob,
                                            const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; c != NULL && i < c->count; i++)
        if (memcmp(c->at[i].node, node, KEY_LEN) == 0 &&
            blob_id_equal(&c->at[i].blob, blob) &&
            memcmp(c->at[i].topic, topic, ID_LEN) == 0)
            return &c->at[i];
    return NULL;
}

/* `check` is what came of asking it just now, or NULL. */
static void put_holder(struct writer *w, const struct holder *h,
                       const struct lease_check *check)
{
    mp_put_map(w, check == NULL ? 5 : 6);
    pair_id(w, "node", h->node);
    pair_text(w, "state", holder_state_name(h->state));
    pair_uint(w, "until_ms", h->until_ms);
    if (h->challenged_ms == 0)
        pair_nil(w, "challenged_ms");
    else
        pair_uint(w, "challenged_ms", h->challenged_ms);
    if (h->failed_ms == 0)
        pair_nil(w, "failed_ms");
    else
        pair_uint(w, "failed_ms", h->failed_ms);
    if (check != NULL)
        pair_text(w, "checked", lease_checked_name(check->checked));
}

static void put_names(struct writer *w, const struct file_names *names)
{
    uint32_t roles = 0;

    pair_array(w, "names", names->count);
    for (size_t i = 0; i < names->count; i++)
        mp_put_str(w, names->names[i]);
    for (unsigned role = 1; role < 8; role++)
        roles += (names->roles >> role & 1u);
    pair_array(w, "roles", roles);
    for (unsigned role = 1; role < 8; role++)
        if ((names->roles >> role & 1u) != 0)
            mp_put_text(w, kind_choice_name(CHOICES_FILE_ROLE, role));
}

void copies_put_item(struct node *node, struct writer *w,
                     const struct copies_item *item)
{
    struct bytes name = item->name;
    static struct holder holders[HOLDERS_MAX]; /* the loop alone comes here */
    size_t n = holders_of(node, item->topic, &item->blob, holders, HOLDERS_MAX);
    bool is_here = holders_has(node, item->topic, &item->blob);
    unsigned copies = is_here ? 1 : 0;
    unsigned claims = 0;

    if (name.len == 0 && item->names->count > 0)
        name = item->names->names[0];
    for (size_t i = 0; i < n; i++) {
        copies += holders[i].state == HOLDER_SHOWN;
        claims += holders[i].state == HOLDER_CLAIMS;
    }
    mp_put_map(w, name.len > 0 ? 11 : 10);
    pair_id(w, "root", item->blob.root);
    pair_uint(w, "size", item->blob.size);
    if (name.len > 0)
        pair_str(w, "name", name);
    put_names(w, item->names);
    pair_id(w, "topic", item->topic);
    pair_bool(w, "held_here", is_here);
    pair_array(w, "holders", (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        put_holder(w, &holders[i],
                   find_check(item->checks, item->topic, &item->blob,
                              holders[i].node));
    pair_uint(w, "copies", copies);
    pair_uint(w, "claims", claims);
    pair_uint(w, "target", item->target);
}

/* What its topic says of the file, else what the role alone would. */
unsigned copies_target(struct node *node, const uint8_t topic[ID_LEN],
                       const struct blob_id *blob, uint64_t role)
{
    struct holders_blob known;

    if (holders_find(node, topic, blob, &known) == ERR_OK)
        return known.target;
    return node_config(node)->copies[role < CONFIG_ROLES ? role : 0];
}

/* Without memory there are no names. */
void copies_names(struct node *node, const uint8_t topic[ID_LEN],
                  const struct blob_id *files, size_t count,
                  struct file_names_set *out)
{
    if (file_names_find(out, node_store(node), topic, files, count) != ERR_OK)
        file_names_wipe(out);
}
