#include "proto/sync_gate.h"

#include <assert.h>
#include <string.h>

static struct sync_gate_entry *find(struct sync_gate *gate,
                                    const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < gate->count; i++)
        if (memcmp(gate->entries[i].topic, topic, ID_LEN) == 0)
            return &gate->entries[i];
    return NULL;
}

static struct sync_gate_entry *
find_held(struct sync_gate *gate, const uint8_t topic[ID_LEN], const void *who)
{
    struct sync_gate_entry *entry = find(gate, topic);

    return entry != NULL && entry->holder == who ? entry : NULL;
}

/* How long the holder keeps others out, if it brings nothing more. */
static uint64_t held_until(const struct sync_gate_entry *entry)
{
    uint64_t idle_ms = entry->heard_ms + SYNC_GATE_IDLE_MS;
    uint64_t most_ms = entry->since_ms + SYNC_GATE_HOLD_MS;

    return idle_ms < most_ms ? idle_ms : most_ms;
}

bool sync_gate_enter(struct sync_gate *gate, const uint8_t topic[ID_LEN],
                     const void *who, uint64_t now_ms, uint64_t *until_ms)
{
    struct sync_gate_entry *entry = find(gate, topic);

    assert(who != NULL);
    if (entry == NULL && gate->count == SYNC_GATE_TOPICS)
        return true;
    if (entry == NULL) {
        entry = &gate->entries[gate->count++];
        memcpy(entry->topic, topic, ID_LEN);
    } else if (entry->holder != who && held_until(entry) > now_ms) {
        *until_ms = held_until(entry);
        return false;
    }
    entry->holder = who;
    entry->since_ms = now_ms;
    entry->heard_ms = now_ms;
    return true;
}

void sync_gate_heard(struct sync_gate *gate, const uint8_t topic[ID_LEN],
                     const void *who, uint64_t now_ms)
{
    struct sync_gate_entry *entry = find_held(gate, topic, who);

    if (entry != NULL)
        entry->heard_ms = now_ms;
}

void sync_gate_leave(struct sync_gate *gate, const uint8_t topic[ID_LEN],
                     const void *who)
{
    struct sync_gate_entry *entry = find_held(gate, topic, who);

    if (entry != NULL)
        *entry = gate->entries[--gate->count];
}
