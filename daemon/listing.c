/* Pages of a list. */
#include "daemon/listing.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/hide.h"
#include "daemon/pair.h"

enum { PAGE = 64, SCANNED_MAX = 200000 };

/* Room that one more item may need within an answer. */
#define ITEM_ROOM ((size_t)300 * 1024)

bool listing_begin(struct listing *listing, struct call *call)
{
    *listing = (struct listing){ .call = call };
    if (param_is_given(call, "limit") &&
        mp_uint(call_param(call, "limit")) == 0) {
        call_fail(call, ERR_USAGE, "a page holds at least one item", NULL);
        return false;
    }
    if (!param_is_given(call, "after") ||
        mp_type(call_param(call, "after")) == MP_UINT)
        return true;
    call_fail(call, ERR_USAGE, "this is no cursor of a list",
              "Use the `next` of the page before.");
    return false;
}

bool listing_search(struct listing *listing, const struct search *search,
                    uint64_t kind)
{
    listing->is_search =
        search_run(search, listing->call, kind, &listing->hits);
    return listing->is_search;
}

void listing_fail(struct call *call, enum err e, const char *not_found)
{
    call_fail(call, e, e == ERR_NOT_FOUND ? not_found : NULL, NULL);
}

static bool is_wanted(const struct listing *listing,
                      const struct store_item *item)
{
    if (!listing->any_presence &&
        (item->presence != RECORD_HELD ||
         desk_hides(call_desk(listing->call), item->id, item->author, NULL)))
        return false;
    return !listing->only_founders ||
           memcmp(item->id, item->topic, ID_LEN) == 0;
}

/* The next hits, as a scan would give them. */
static enum err next_hits(struct listing *listing, struct store_item *page,
                          size_t max, size_t *n)
{
    struct store *store = node_store(call_node(listing->call));
    enum err e;

    *n = 0;
    while (*n < max && listing->at < listing->hits.count) {
        e = store_find_seq(store, listing->hits.items[listing->at++].seq,
                           &page[*n]);
        if (e != ERR_OK && e != ERR_NOT_FOUND)
            return e;
        *n += e == ERR_OK ? 1 : 0;
    }
    return ERR_OK;
}

static enum err next_page(struct listing *listing, struct store_item *page,
                          size_t max, size_t *n)
{
    if (listing->is_search)
        return next_hits(listing, page, max, n);
    return store_scan_next(node_store(call_node(listing->call)), &listing->scan,
                           page, max, n);
}

/* Goes on after the item with that number. */
static enum err go_after(struct listing *listing, uint64_t seq)
{
    if (!listing->is_search)
        return store_scan_after(node_store(call_node(listing->call)),
                                &listing->scan, seq);
    while (listing->at < listing->hits.count) {
        if (listing->hits.items[listing->at++].seq == seq)
            return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

/* Items of the page into `w`; *next is 0 where the list has ended. */
static enum err fill(struct listing *listing, listing_fn *item,
                     struct writer *w, uint32_t *count, uint64_t *next)
{
    uint32_t limit = param_limit(listing->call);
    struct store_item page[PAGE];
    size_t scanned = 0;
    enum err e = ERR_OK;
    size_t n = 1;

    *next = 0;
    while (e == ERR_OK && n > 0) {
        e = next_page(listing, page, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            bool taken = false;

            if (is_wanted(listing, &page[i]))
                e = item(listing->call, &page[i], w, &taken);
            *count += taken ? 1 : 0;
            if (*count >= limit || ++scanned == SCANNED_MAX ||
                w->len > CONTROL_MESSAGE_MAX - ITEM_ROOM) {
                *next = page[i].seq;
                return e;
            }
        }
    }
    return e;
}

void listing_run(struct listing *listing, listing_fn *item)
{
    struct call *call = listing->call;
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    uint64_t after = mp_uint(call_param(call, "after"));
    uint32_t count = 0;
    uint64_t next = 0;
    struct writer *w;
    bool hides;
    enum err e = ERR_OK;

    listing->scan.newest_first = !listing->oldest_first;
    if (after != 0)
        e = go_after(listing, after);
    if (after == 0 && listing->before != NULL) {
        writer_bytes(&items, writer_view(listing->before));
        count = listing->before_count;
    }
    if (e == ERR_OK)
        e = fill(listing, item, &items, &count, &next);
    store_hits_free(&listing->hits);
    if (e == ERR_OK)
        e = items.err;
    if (e != ERR_OK) {
        writer_free(&items);
        listing_fail(call, e, "this cursor is of another list");
        return;
    }
    hides = listing->hidden_until_ms != NULL && *listing->hidden_until_ms != 0;
    w = call_reply(call);
    mp_put_map(w, hides ? 3 : 2);
    if (hides)
        pair_uint(w, "hidden_until_ms", *listing->hidden_until_ms);
    pair_array(w, "items", count);
    writer_bytes(w, writer_view(&items));
    if (next == 0)
        pair_nil(w, "next");
    else
        pair_uint(w, "next", next);
    call_send(call);
    writer_free(&items);
}

void listing_show(struct call *call, const struct store_item *item,
                  listing_view_fn *view, const char *not_found)
{
    struct view of;
    enum err e;

    if (!param_view(call, item->topic, &of))
        return;
    e = view(call_reply(call), &of, item->id, 0);
    if (e != ERR_OK)
        listing_fail(call, e, not_found);
    else
        call_send(call);
}
