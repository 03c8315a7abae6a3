#include "store/want_last.h"

#include <assert.h>
#include <string.h>

#include "store/internal.h"
#include "store/page.h"
#include "store/row.h"

enum {
    FORMAT = 1,
    ROW_LEN = 1 + KEY_LEN + 8 + 1,
    PAGE = 64,
    /* So many wants of a topic are looked up in one list that goes. */
    WANTS_MAX = 4096
};

struct want_last want_last_of(const struct store_lease *lease)
{
    struct want_last last = { .at_ms = lease->lease.made_ms,
                              .is_shown = lease->challenged_ms != 0 &&
                                          lease->failed_ms == 0 };

    memcpy(last.node, lease->lease.node, KEY_LEN);
    if (lease->challenged_ms > last.at_ms)
        last.at_ms = lease->challenged_ms;
    return last;
}

/* ---- Rows --------------------------------------------------------------- */

static enum err read_row(struct want_last *out, struct bytes value)
{
    struct reader r = reader_of(value);
    uint8_t format = reader_u8(&r);
    struct want_last last;
    uint8_t is_shown;

    reader_copy(&r, last.node, KEY_LEN);
    last.at_ms = reader_u64(&r);
    is_shown = reader_u8(&r);
    if (reader_finish(&r) != ERR_OK || format != FORMAT || is_shown > 1)
        return ERR_CORRUPT;
    last.is_shown = is_shown == 1;
    *out = last;
    return ERR_OK;
}

static enum err get(struct txn *records, const struct key *key,
                    struct want_last *out)
{
    struct bytes value;
    enum err e = txn_get(records, T_WANTS_LAST, key_view(key), &value);

    return e == ERR_OK ? read_row(out, value) : e;
}

/* What is newer stays. */
static enum err put(struct change *c, const struct key *key,
                    const struct want_last *last)
{
    uint8_t buf[ROW_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct want_last old;
    enum err e = get(c->records, key, &old);

    if (e == ERR_OK && old.at_ms >= last->at_ms)
        return ERR_OK;
    if (e != ERR_OK && e != ERR_NOT_FOUND && e != ERR_CORRUPT)
        return e;
    writer_u8(&w, FORMAT);
    writer_bytes(&w, BYTES_ARRAY(last->node));
    writer_u64(&w, last->at_ms);
    writer_u8(&w, last->is_shown ? 1 : 0);
    assert(w.err == ERR_OK);
    return txn_put(c->records, T_WANTS_LAST, key_view(key), writer_view(&w));
}

enum err want_last_find(struct store *store, const struct blob_id *blob,
                        const uint8_t topic[ID_LEN], struct want_last *out)
{
    struct key key = rows_want_key(topic, blob);
    struct look *look;
    enum err e = store_look(store, &look);

    return e == ERR_OK ? get(look->records, &key, out) : e;
}

enum err want_last_remove(struct change *c, const uint8_t topic[ID_LEN],
                          const struct blob_id *blob)
{
    struct key key = rows_want_key(topic, blob);
    enum err e = txn_delete(c->records, T_WANTS_LAST, key_view(&key));

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- A lease that goes -------------------------------------------------- */

static enum err read_want(void *context, size_t at, struct bytes key,
                          struct bytes value)
{
    struct store_want *out = context;

    return row_want_read(&out[at], key, value);
}

/* Of a list that grows, only what has been looked for in vain may be gone:
 * whoever is about to bring much makes a lease anew and anew. */
static enum err keep_one(struct change *c, const struct store_lease *lease,
                         uint64_t count, const struct store_want *want)
{
    struct key key = rows_want_key(want->topic, &want->blob);
    struct want_last last = want_last_of(lease);
    uint64_t number;
    bool found = false;
    enum err e;

    if (want->tries == 0 && count >= lease->lease.count)
        return ERR_OK;
    e = lease_rows_look_up_in(c->records, &lease->lease, &want->blob, &found,
                              &number);
    if (e != ERR_OK)
        return e == ERR_CORRUPT ? ERR_OK : e; /* another list is here */
    return found ? put(c, &key, &last) : ERR_OK;
}

enum err want_last_keep(struct change *c, const struct store_lease *lease,
                        uint64_t count)
{
    struct store_want wants[PAGE];
    struct page page = { .txn = c->records,
                         .table = T_WANTS,
                         .from = key_of_id(lease->lease.topic),
                         .until = key_of_id(lease->lease.topic),
                         .read = read_want,
                         .context = wants };
    size_t n = PAGE;
    enum err e = ERR_OK;

    for (size_t all = 0; e == ERR_OK && n == PAGE && all < WANTS_MAX;
         all += n) {
        e = page_read(&page, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            e = keep_one(c, lease, count, &wants[i]);
        if (e == ERR_OK && n > 0) {
            struct key last =
                rows_want_key(wants[n - 1].topic, &wants[n - 1].blob);

            page.from = page_after(&last);
        }
    }
    return e;
}
