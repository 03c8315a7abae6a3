/* An open table of hashes of ids. */
#include "proto/topic_named.h"

#include <stdlib.h>
#include <string.h>

#include "proto/mp_token.h"
#include "proto/topic_state.h"

#define SLOTS_FIRST 64

void topic_named_wipe(struct topic_named *named)
{
    free(named->slots);
    *named = (struct topic_named){ 0 };
}

/* A hash of zero is as good as one. */
static uint64_t mark_of(const struct topic_named *named,
                        const uint8_t id[ID_LEN])
{
    uint64_t mark = slot_hash(&named->key, id, ID_LEN);

    return mark == 0 ? 1 : mark;
}

/* The slot that holds the mark, or the free one where it would be. */
static uint64_t *find(const struct topic_named *named, uint64_t mark)
{
    size_t at = (size_t)(mark & (named->slots_count - 1));

    /* Ends: at most half of the slots are taken. */
    while (named->slots[at] != 0 && named->slots[at] != mark)
        at = (at + 1) & (named->slots_count - 1);
    return &named->slots[at];
}

bool topic_named_has(const struct topic_named *named, const uint8_t id[ID_LEN])
{
    return named->count > 0 && *find(named, mark_of(named, id)) != 0;
}

static enum err grow(struct topic_named *named)
{
    struct topic_named grown = { .count = named->count,
                                 .slots_count = named->slots_count == 0
                                                    ? SLOTS_FIRST
                                                    : named->slots_count * 2,
                                 .key = named->key };

    if ((named->count + 1) * 2 <= named->slots_count)
        return ERR_OK;
    grown.slots = calloc(grown.slots_count, sizeof *grown.slots);
    if (grown.slots == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < named->slots_count; i++) {
        if (named->slots[i] != 0)
            *find(&grown, named->slots[i]) = named->slots[i];
    }
    free(named->slots);
    *named = grown;
    return ERR_OK;
}

static enum err note(struct topic_named *named, const struct topic_state *ts,
                     const struct topic_entry *by, const uint8_t id[ID_LEN])
{
    uint32_t index = topic_state_index(ts, id);
    uint64_t mark = mark_of(named, id);
    uint64_t *slot;
    enum err err;

    if (index != TOPIC_NONE &&
        ts->entries[index].record.created_ms <= by->record.created_ms)
        return ERR_OK;
    err = grow(named);
    if (err != ERR_OK)
        return err;
    slot = find(named, mark);
    if (*slot == 0) {
        *slot = mark;
        named->count++;
    }
    return ERR_OK;
}

enum err topic_named_note(struct topic_named *named,
                          const struct topic_state *ts,
                          const struct topic_entry *e)
{
    struct reader links = reader_of(e->record.links);
    struct reader body = reader_of(record_body_map(&e->record));
    struct record_link link;
    enum err err = ERR_OK;

    if (e->record.has_revises)
        err = note(named, ts, e, e->record.revises);
    while (err == ERR_OK && record_link_next(&links, &link))
        err = note(named, ts, e, link.id);
    while (err == ERR_OK && body.err == ERR_OK && body.left > 0) {
        struct mp_token token = mp_token_read(&body);

        if (body.err != ERR_OK)
            break; /* the body is canonical: this does not happen */
        if (token.type == MP_BIN && token.payload.len == ID_LEN)
            err = note(named, ts, e, token.payload.data);
    }
    return err;
}
