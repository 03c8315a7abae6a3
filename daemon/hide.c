/* Blocks, take-downs and rulings, asked for one record or person. */
#include "daemon/hide.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/contact.h"
#include "daemon/safety.h"
#include "proto/ruling.h"

enum { KEEPERS = 64 };

struct hide {
    struct desk *desk;
    struct view_filter filter;
    struct rulings rulings; /* of the keepers who are followed */
    uint64_t last_seq;      /* of the store when they were gathered */
    uint64_t changes;
    bool is_known;
};

static bool hides_entry(void *context, const struct topic_state *ts,
                        const struct topic_entry *e);

enum err hide_new(struct hide **out, struct desk *desk)
{
    struct hide *hide = calloc(1, sizeof *hide);

    if (hide == NULL)
        return ERR_NO_MEMORY;
    hide->desk = desk;
    hide->filter = (struct view_filter){ hides_entry, desk };
    *out = hide;
    return ERR_OK;
}

void hide_free(struct hide *hide)
{
    if (hide == NULL)
        return;
    ruling_wipe(&hide->rulings);
    free(hide);
}

/* Gathers anew if anything has come since: keepers are few, their topics
 * small. */
static void gather(struct hide *h)
{
    struct store *store = node_store(desk_node(h->desk));
    static struct law keepers[KEEPERS]; /* the loop alone comes here */
    struct store_totals totals;
    size_t n = 0;

    if (law_page(store, LAW_KEEPER, NULL, keepers, KEEPERS, &n) != ERR_OK ||
        store_totals(store, &totals) != ERR_OK)
        return;
    if (n > 0 && h->is_known && totals.last_seq == h->last_seq &&
        totals.changes == h->changes)
        return;
    ruling_wipe(&h->rulings);
    h->is_known = true;
    h->last_seq = totals.last_seq;
    h->changes = totals.changes;
    for (size_t i = 0; i < n; i++) {
        struct topic_state *topic;

        if (topic_cache_get(desk_topics(h->desk), keepers[i].id, &topic) !=
                ERR_OK ||
            ruling_collect(&h->rulings, topic) != ERR_OK)
            h->is_known = false; /* again at the next question */
    }
    ruling_sort(&h->rulings);
}

static bool is_ruled(struct hide *h, const uint8_t id[ID_LEN])
{
    const struct node *node = desk_node(h->desk);

    return ruling_find(&h->rulings, id, node_clock_ms(node)) != NULL &&
           !safety_has(node, LAW_SHOWN, id);
}

static void tell(struct hide_reason *why, const char *text, const char *way,
                 const uint8_t about[ID_LEN])
{
    if (why == NULL)
        return;
    why->text = text;
    why->way = way;
    memcpy(why->about, about, ID_LEN);
}

static bool hides_person(struct desk *desk, const uint8_t person[ID_LEN],
                         struct hide_reason *why)
{
    struct hide *h = desk_hide(desk);

    if (safety_is_blocked(desk_node(desk), person)) {
        tell(why, "you have blocked its author", "troupe unblock", person);
        return true;
    }
    if (!is_ruled(h, person))
        return false;
    tell(why, "a keeper you follow has ruled against its author",
         "troupe keeper allow", person);
    return true;
}

/* What `desk_hides` says, of what was gathered last. */
static bool hides(struct desk *desk, const uint8_t id[ID_LEN],
                  const uint8_t author[ID_LEN], struct hide_reason *why)
{
    if (safety_has(desk_node(desk), LAW_NO_RECORD, id)) {
        tell(why, "it was taken down here", "troupe takedown lift", id);
        return true;
    }
    if (is_ruled(desk_hide(desk), id)) {
        tell(why, "a keeper you follow has ruled against it",
             "troupe keeper allow", id);
        return true;
    }
    return hides_person(desk, author, why);
}

bool desk_hides(struct desk *desk, const uint8_t id[ID_LEN],
                const uint8_t author[ID_LEN], struct hide_reason *why)
{
    gather(desk_hide(desk));
    return hides(desk, id, author, why);
}

/* Reads no topic: the one at hand has to stay.  A ruling against the first
 * version is one against all. */
static bool hides_entry(void *context, const struct topic_state *ts,
                        const struct topic_entry *e)
{
    const struct record *r = &e->record;

    return hides(context, r->id, r->author, NULL) ||
           hides(context, ts->entries[e->first].record.id, r->author, NULL) ||
           contact_waits(context, ts, e);
}

const struct view_filter *hide_filter(struct desk *desk)
{
    struct hide *h = desk_hide(desk);

    gather(h);
    return &h->filter;
}
