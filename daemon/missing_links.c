/* Which of the ids that a record names are not known. */
#include "daemon/missing_links.h"

#include "daemon/conn.h"
#include "daemon/peers.h"
#include "store/store.h"

static void look_for(struct node *node, struct conn *from,
                     const struct record *record, const uint8_t id[ID_LEN])
{
    if (store_knows(node_store(node), id))
        return;
    peer_link_missing(conn_peer(from), record->topic, id,
                      uv_now(node_loop(node)));
    conn_wake(from);
}

void missing_links_ask(struct node *node, const struct record *record,
                       uint64_t source)
{
    struct conn *from = peers_find(node_peer_table(node), source);
    struct reader links = reader_of(record->links);
    struct record_link link;

    if (from == NULL)
        return;
    if (record->has_revises)
        look_for(node, from, record, record->revises);
    while (record_link_next(&links, &link))
        look_for(node, from, record, link.id);
}
