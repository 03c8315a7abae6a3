/* Leases on their way to peers: those of a topic when it becomes shared, and
 * each that is new. */
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/lease_parts.h"

bool lease_send(struct lease_peer *p, const struct lease_msg *msg)
{
    static uint8_t buf[LEASE_MSG_MAX]; /* large, and only the loop comes here */
    struct writer w = writer_fixed(buf, sizeof buf);

    lease_msg_encode(&w, msg);
    return w.err == ERR_OK && conn_room(p->conn, (uint8_t)msg->type) >= w.len &&
           conn_queue(p->conn, (uint8_t)msg->type, writer_view(&w)) == ERR_OK;
}

void lease_forget_told(struct lease_peer *p)
{
    free(p->told);
    p->told = NULL;
    p->told_count = 0;
    p->told_cap = 0;
}

static size_t told_at(const struct lease_peer *p, const uint8_t topic[ID_LEN])
{
    size_t i = 0;

    while (i < p->told_count && p->told[i] != get_u64(topic))
        i++;
    return i;
}

static bool note_told(struct lease_peer *p, const uint8_t topic[ID_LEN])
{
    if (p->told_count == p->told_cap) {
        size_t cap = p->told_cap == 0 ? 8 : 2 * p->told_cap;
        uint64_t *told = realloc(p->told, cap * sizeof *told);

        if (told == NULL)
            return false;
        p->told = told;
        p->told_cap = cap;
    }
    p->told[p->told_count++] = get_u64(topic);
    return true;
}

/* Sends what has gathered, if there is anything. */
static bool send_leases(struct lease_peer *p, const uint8_t topic[ID_LEN],
                        struct writer *leases)
{
    struct lease_msg msg = { .type = FRAME_LEASES,
                             .leases = writer_view(leases) };
    bool is_sent;

    if (leases->len == 0)
        return true;
    is_sent = peer_tag_of_topic(conn_peer(p->conn), topic, msg.tag) &&
              lease_send(p, &msg);
    writer_reset(leases);
    return is_sent;
}

/* All live leases of a topic; false if there was no room for some. */
static bool tell_topic(struct leases *l, struct lease_peer *p,
                       const struct lease_topic *t)
{
    static uint8_t buf[LEASES_FRAME_MAX * (LEASE_MAX + 2)];
    struct writer w = writer_fixed(buf, sizeof buf);
    unsigned in_frame = 0;

    for (size_t i = 0; i < t->count; i++) {
        const struct store_lease *row = &t->rows[i].at;

        if (!lease_is_live(&row->lease, node_clock_ms(l->node)) ||
            memcmp(row->lease.node, conn_node(p->conn), KEY_LEN) == 0)
            continue;
        lease_msg_add(&w, (struct bytes){ row->bytes, row->len });
        if (++in_frame == LEASES_FRAME_MAX) {
            in_frame = 0;
            if (!send_leases(p, t->topic, &w))
                return false;
        }
    }
    return send_leases(p, t->topic, &w);
}

void lease_tell(struct leases *l, struct lease_peer *p)
{
    for (const struct lease_topic *t = l->topics; t != NULL; t = t->next) {
        bool is_shared = peer_shares(conn_peer(p->conn), t->topic);
        size_t at = told_at(p, t->topic);

        if (!is_shared && at < p->told_count)
            p->told[at] = p->told[--p->told_count];
        /* What is held here for the first time has no rows yet: later. */
        if (!is_shared || at < p->told_count || !t->is_held)
            continue;
        if (!tell_topic(l, p, t) || !note_told(p, t->topic))
            return; /* there is no room: the next look goes on */
    }
}

void lease_pass_on(struct leases *l, const struct store_lease *lease,
                   const struct lease_peer *from)
{
    uint8_t buf[LEASE_MAX + 2];

    for (size_t i = 0; i < LEASE_PEERS_MAX; i++) {
        struct lease_peer *p = &l->peers[i];
        struct writer w = writer_fixed(buf, sizeof buf);
        size_t at;

        if (p->conn == NULL || p == from ||
            memcmp(conn_node(p->conn), lease->lease.node, KEY_LEN) == 0)
            continue;
        at = told_at(p, lease->lease.topic);
        if (at == p->told_count)
            continue; /* it will be told all of them */
        lease_msg_add(&w, (struct bytes){ lease->bytes, lease->len });
        if (!send_leases(p, lease->lease.topic, &w))
            p->told[at] = p->told[--p->told_count];
    }
}
