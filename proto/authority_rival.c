/*
 * Rivals (§7.6.3): of the records of one kind that compete for the same thing
 * the newest stands.  Kept after a judgement, so that one more record is
 * compared with the one that stands and with no other.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/authority_rules.h"

static uint32_t slot_of(const struct topic_state *ts, uint64_t kind,
                        const uint8_t key[AUTHORITY_KEY_LEN])
{
    uint64_t mixed = slot_hash(&ts->key, key, AUTHORITY_KEY_LEN) ^ kind;

    return (uint32_t)(mixed & (ts->rivals_cap - 1));
}

static void key_of(const struct topic_state *ts, const struct topic_entry *e,
                   uint8_t key[AUTHORITY_KEY_LEN])
{
    memset(key, 0, AUTHORITY_KEY_LEN);
    authority_rule_of(e->record.kind)->rival(ts, e, key);
}

/* The slot of who stands for that key, or the free one where it would be. */
static uint32_t *find(struct topic_state *ts, uint64_t kind,
                      const uint8_t key[AUTHORITY_KEY_LEN])
{
    uint32_t at = slot_of(ts, kind, key);

    /* Ends: at most half of the slots are taken. */
    for (; ts->rivals[at] != 0; at = (at + 1) & (ts->rivals_cap - 1)) {
        const struct topic_entry *e = &ts->entries[ts->rivals[at] - 1];
        uint8_t other[AUTHORITY_KEY_LEN];

        if (e->record.kind != kind)
            continue;
        key_of(ts, e, other);
        if (memcmp(key, other, sizeof other) == 0)
            break;
    }
    return &ts->rivals[at];
}

static enum err grow(struct topic_state *ts)
{
    uint32_t cap = ts->rivals_cap == 0 ? 64 : ts->rivals_cap * 2;
    uint32_t *before = ts->rivals;
    uint32_t before_cap = ts->rivals_cap;
    uint32_t *slots;

    if ((ts->rivals_count + 1) * 2 <= ts->rivals_cap)
        return ERR_OK;
    slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return ERR_NO_MEMORY;
    ts->rivals = slots;
    ts->rivals_cap = cap;
    for (uint32_t i = 0; i < before_cap; i++) {
        uint8_t key[AUTHORITY_KEY_LEN];
        const struct topic_entry *e;

        if (before[i] == 0)
            continue;
        e = &ts->entries[before[i] - 1];
        key_of(ts, e, key);
        *find(ts, e->record.kind, key) = before[i];
    }
    free(before);
    return ERR_OK;
}

/* The selection that stands is asked for by its contribution. */
static void note_selection(struct topic_state *ts, uint32_t index)
{
    uint8_t key[AUTHORITY_KEY_LEN];

    key_of(ts, &ts->entries[index], key);
    ts->entries[topic_state_index(ts, key)].selection = index;
}

void authority_forget_rivals(struct topic_state *ts)
{
    if (ts->rivals_count > 0)
        memset(ts->rivals, 0, ts->rivals_cap * sizeof *ts->rivals);
    ts->rivals_count = 0;
}

enum err authority_choose_rival(struct topic_state *ts, struct topic_entry *e)
{
    const struct authority_rule *rule = authority_rule_of(e->record.kind);
    uint32_t index = (uint32_t)(e - ts->entries);
    uint8_t key[AUTHORITY_KEY_LEN];
    uint32_t *slot;
    enum err err;

    if (rule == NULL || rule->rival == NULL ||
        e->verdict.state != VERDICT_IN_FORCE)
        return ERR_OK;
    err = grow(ts);
    if (err != ERR_OK)
        return err;
    key_of(ts, e, key);
    slot = find(ts, e->record.kind, key);
    if (*slot == 0) {
        ts->rivals_count++;
        *slot = index + 1;
    } else if (topic_entry_compare(&ts->entries[*slot - 1], e) < 0) {
        authority_settle(&ts->entries[*slot - 1], VERDICT_SUPERSEDED);
        *slot = index + 1;
    } else {
        authority_settle(e, VERDICT_SUPERSEDED);
    }
    if (e->record.kind == KIND_SELECTION)
        note_selection(ts, *slot - 1);
    return ERR_OK;
}

void authority_rival_object(const struct topic_state *ts,
                            const struct topic_entry *e, enum relation relation,
                            uint8_t out[ID_LEN])
{
    uint32_t index;

    (void)record_link_find(&e->record, relation, out);
    index = topic_state_index(ts, out);
    memcpy(out, ts->entries[ts->entries[index].first].record.id, ID_LEN);
}

void authority_rival_verdict(struct topic_state *ts, struct topic_entry *e)
{
    const struct authority_rule *rule = authority_rule_of(e->record.kind);
    uint8_t key[AUTHORITY_KEY_LEN];
    uint32_t slot;

    if (rule == NULL || rule->rival == NULL || ts->rivals_count == 0 ||
        e->verdict.state != VERDICT_IN_FORCE)
        return;
    key_of(ts, e, key);
    slot = *find(ts, e->record.kind, key);
    if (slot != 0 && topic_entry_compare(&ts->entries[slot - 1], e) > 0)
        authority_settle(e, VERDICT_SUPERSEDED);
}
