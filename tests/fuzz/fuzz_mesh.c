/*
 * Gossip and overlay among three nodes of which one also says what the fuzzer
 * wishes: type (1), length (2), payload, again and again.  In frames of a topic
 * the true tag takes the place of the first eight bytes.  In the end all that
 * is not against the protocol does no harm: a new record reaches everybody.
 */
#include <string.h>

#include "tests/common/mesh_net.h"
#include "tests/fuzz/fuzz.h"

static void say_next(struct net *net, struct reader *r)
{
    static const uint8_t types[] = { PEER_FRAME_ANNOUNCE, PEER_FRAME_GRAFT,
                                     PEER_FRAME_PRUNE, PEER_FRAME_OVERLAY,
                                     PEER_FRAME_OVERLAY };
    static uint8_t copy[4096];
    uint8_t type = types[reader_u8(r) % sizeof types];
    size_t len = reader_u16(r) % sizeof copy;
    struct bytes payload = reader_bytes(r, len < r->left ? len : r->left);

    if (payload.len > 0)
        memcpy(copy, payload.data, payload.len);
    if (type != PEER_FRAME_OVERLAY && payload.len >= HELLO_TAG_LEN)
        (void)peer_tag_of_topic(&net->nodes[1].links[0].peer, NET_TOPIC, copy);
    net_say(net, 1, 0, type, (struct bytes){ copy, payload.len });
    net_run(net, 20 + type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of((struct bytes){ data, size });
    struct net net;

    net_init(&net, 3, 1);
    net_connect(&net, 0, 1, true);
    net_connect(&net, 1, 2, true);
    net_connect(&net, 2, 0, true);
    net_run(&net, 200);
    net_publish(&net, 0, 1, 100);
    net_run(&net, 200);
    check(net.err == ERR_OK && net_reached(&net, 1) == 3);
    while (r.left > 3 && net.err == ERR_OK)
        say_next(&net, &r);
    if (net.err == ERR_OK) {
        net_publish(&net, 0, 2, 100);
        net_run(&net, 60000);
        check(net.err != ERR_OK || net_reached(&net, 2) == 3);
    }
    net_wipe(&net);
    return 0;
}
