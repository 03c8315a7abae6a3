/* From records to what is pledged, the newest word on each thing. */
#include "daemon/pledge_walk.h"

#include <string.h>

#include "daemon/body.h"
#include "daemon/pledge.h"
#include "proto/kind.h"

enum {
    PAGE = 16,
    /* What a step may cost, about a millisecond: a row that is looked at
     * counts one, a record that is read and compared more. */
    STEP = 256,
    READING = 4
};

bool pledge_walk_read(const struct node *node, const struct store_item *item,
                      struct pledge_item *out)
{
    struct body body;
    bool is_read;

    memset(out, 0, sizeof *out);
    body_open(&body, node_store(node), item->id);
    is_read = mp_type(mp_get(body.map, "scope")) == MP_UINT &&
              mp_type(mp_get(body.map, "until")) == MP_UINT;
    if (is_read) {
        memcpy(out->id,
               body.record.has_revises ? body.record.revises : item->id,
               ID_LEN);
        memcpy(out->node, item->author, KEY_LEN);
        out->scope = mp_uint(mp_get(body.map, "scope"));
        out->has_pledged =
            mp_bin_exact(mp_get(body.map, "pledged"), out->pledged, ID_LEN);
        out->bytes = mp_uint(mp_get(body.map, "bytes"));
        out->until_ms = mp_uint(mp_get(body.map, "until"));
        out->created_ms = item->created_ms;
    }
    body_close(&body);
    return is_read;
}

/* A newer version, or word on the same thing, stands already. */
static bool is_replaced(const struct pledge_walk *w,
                        const struct pledge_item *older)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct pledge_item *item = &w->items[i];

        if (memcmp(item->node, older->node, KEY_LEN) == 0 &&
            (memcmp(item->id, older->id, ID_LEN) == 0 ||
             (item->scope == older->scope &&
              item->has_pledged == older->has_pledged &&
              memcmp(item->pledged, older->pledged, ID_LEN) == 0)))
            return true;
    }
    return false;
}

/* What it cost to look at that record, of which it may take the word. */
static unsigned look_at(struct pledge_walk *w, const struct node *node,
                        const struct store_item *record)
{
    struct pledge_item *item = &w->items[w->count];

    if (record->presence != RECORD_HELD ||
        record->created_ms > node_clock_ms(node))
        return 1;
    if (pledge_walk_read(node, record, item) &&
        (!w->only_all || item->scope == PLEDGE_ALL) && !is_replaced(w, item))
        w->count++;
    return 1 + READING;
}

/* Those that are over have hidden their older ones. */
static bool end(struct pledge_walk *w, const struct node *node)
{
    uint64_t now_ms = node_clock_ms(node);
    size_t left = 0;

    for (size_t i = 0; i < w->count; i++)
        if (w->items[i].until_ms > now_ms)
            w->items[left++] = w->items[i];
    w->count = left;
    return false;
}

void pledge_walk_begin(struct pledge_walk *walk, const struct node *node,
                       bool only_all, struct pledge_item *items, size_t max)
{
    *walk = (struct pledge_walk){ .only_all = only_all,
                                  .items = items,
                                  .max = max };
    if (only_all)
        store_scan_by_topic_kind(&walk->scan, node_board(node), KIND_PLEDGE);
    else
        store_scan_by_kind(&walk->scan, KIND_PLEDGE);
    walk->scan.newest_first = true;
}

bool pledge_walk_step(struct pledge_walk *walk, const struct node *node)
{
    unsigned left = STEP;

    while (left > 0) {
        struct store_item page[PAGE];
        size_t n;

        if (store_scan_next(node_store(node), &walk->scan, page,
                            left < PAGE ? left : PAGE, &n) != ERR_OK ||
            n == 0)
            return end(walk, node);
        for (size_t i = 0; i < n; i++) {
            unsigned cost = look_at(walk, node, &page[i]);

            left -= cost < left ? cost : left;
            if (walk->count == walk->max)
                return end(walk, node);
        }
    }
    return true;
}
