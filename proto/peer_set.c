/* What became of a set, or of a peer's credit, without a frame of this peer. */
#include <assert.h>

#include "proto/peer_shelf.h"

void peer_set_changed(struct peer *p, const uint8_t topic[ID_LEN],
                      bool from_this_peer, uint64_t wait_ms, uint64_t now_ms)
{
    struct peer_shelf *shelf = peer_shelf_find(p, topic);

    assert(now_ms >= p->now_ms);
    p->now_ms = now_ms;
    if (shelf == NULL || !shelf->is_shared)
        return;
    shelf->has_state = false;
    if (from_this_peer)
        return;
    if (now_ms + wait_ms < shelf->due_ms)
        shelf->due_ms = now_ms + wait_ms;
}

void peer_set_paused(struct peer *p, uint64_t until_ms, uint64_t now_ms)
{
    assert(now_ms >= p->now_ms);
    p->now_ms = now_ms;
    p->paused_until_ms = until_ms;
    for (size_t i = 0; i < p->topics_count; i++) {
        struct peer_shelf *shelf = &p->topics[i];

        if (shelf->session == NULL)
            continue;
        peer_session_stop(p, shelf);
        shelf->due_ms = until_ms;
    }
}
