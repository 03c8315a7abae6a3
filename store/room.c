/* Room for blobs: what is admitted, and what makes way. */
#include "store/room.h"

#include <string.h>

#include "store/internal.h"

static enum err find_follow(const struct look *look, const uint8_t id[ID_LEN],
                            struct store_follow *out)
{
    struct key key = key_of_id(id);
    struct bytes value;
    enum err e = txn_get(look->records, T_FOLLOWS, key_view(&key), &value);

    return e == ERR_OK ? row_follow_read(out, key_view(&key), value) : e;
}

static bool is_pledge(const struct store_follow *row)
{
    return row->policy == STORE_POLICY_SEED ||
           row->policy == STORE_POLICY_SHARE || store_follow_shares(row);
}

enum err room_pledge_of(struct store *store, const uint8_t topic[ID_LEN],
                        struct room_pledge *out)
{
    struct room_pledge p = { .bytes = 0 };
    struct store_follow row;
    struct store_follow giver;
    struct keep_usage sum;
    struct look *look;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = find_follow(look, topic, &row);
    if (e != ERR_OK)
        return e;
    giver = row;
    if (store_follow_shares(&row))
        e = find_follow(look, row.pledge, &giver);
    if (e == ERR_NOT_FOUND)
        giver = row; /* that pledge is over, and this is about to be told */
    else if (e != ERR_OK)
        return e;
    memcpy(p.id, giver.topic, ID_LEN);
    p.is_pledged = is_pledge(&row);
    p.bytes = giver.quota_bytes;
    e = keep_usage(store, p.id, &p.usage);
    if (e == ERR_OK)
        e = keep_sum(look->records, p.id, &sum);
    if (e != ERR_OK)
        return e;
    p.usage.blobs += sum.blobs;
    p.usage.bytes += sum.bytes;
    p.usage.strangers_bytes += sum.strangers_bytes;
    *out = p;
    return ERR_OK;
}

/* Whether `more` fits beside what is taken and what is coming. */
static bool is_room(uint64_t bound, uint64_t taken, uint64_t coming,
                    uint64_t more)
{
    return taken <= bound && coming <= bound - taken &&
           more <= bound - taken - coming;
}

bool room_admits(const struct room_pledge *p, const struct room_coming *coming,
                 uint64_t all, uint64_t size, bool is_strangers)
{
    uint64_t bound = p->bytes != 0 ? p->bytes : all;

    if (p->bytes != 0 &&
        !is_room(p->bytes, p->usage.bytes, coming->bytes, size))
        return false;
    return bound == 0 || !p->is_pledged || !is_strangers ||
           is_room(bound / ROOM_STRANGERS_PART, p->usage.strangers_bytes,
                   coming->strangers_bytes, size);
}

bool room_fits(struct store *store, uint64_t all, uint64_t coming,
               uint64_t more)
{
    struct store_totals totals;

    if (all == 0)
        return true;
    return store_totals(store, &totals) == ERR_OK && /* else nothing begins */
           is_room(all, totals.blob_bytes + totals.part_bytes, coming, more);
}

bool room_is_spare(const struct keep_row *row, bool is_pledged)
{
    return row->pin != KEEP_PIN_OWN && row->pin != KEEP_PIN_ASKED &&
           row->info.topics == 1 && row->info.state != BLOB_EXTERNAL &&
           row->info.have_bytes > 0 && !is_pledged;
}

bool room_may_go(const struct keep_row *row, bool is_pledged,
                 unsigned elsewhere)
{
    return room_is_spare(row, is_pledged) && elsewhere > 0;
}

bool room_is_last(const struct blob_info *blob, uint32_t losing,
                  unsigned elsewhere)
{
    return blob->state != BLOB_PARTIAL && blob->topics <= losing &&
           elsewhere == 0;
}
