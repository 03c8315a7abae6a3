#ifndef PROTO_SYNC_GATE_H
#define PROTO_SYNC_GATE_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * Which of several peers brings the bulk of a topic (protocol.md §5.3): whoever
 * is far behind all of its peers would else fetch the same records from each.
 * One gate for all the peer machines of a node, which are its holders.  Nobody
 * who brings nothing, or little for long, keeps the others out.
 */
struct sync_gate_entry {
    const void *holder;
    uint64_t since_ms;
    uint64_t heard_ms; /* when it last brought something */
    uint8_t topic[ID_LEN];
};

/* Start with a zeroed one. */
struct sync_gate {
    struct sync_gate_entry entries[SYNC_GATE_TOPICS];
    size_t count;
};

/*
 * Whether `who` may fetch the topic from now on: it holds the gate then, unless
 * too many topics are held, when none is kept out.  If not, *until_ms is when
 * to ask again.
 */
bool sync_gate_enter(struct sync_gate *gate, const uint8_t topic[ID_LEN],
                     const void *who, uint64_t now_ms, uint64_t *until_ms);
/* Both do nothing for who is not the topic's holder. */
void sync_gate_heard(struct sync_gate *gate, const uint8_t topic[ID_LEN],
                     const void *who, uint64_t now_ms);
void sync_gate_leave(struct sync_gate *gate, const uint8_t topic[ID_LEN],
                     const void *who);

#endif
