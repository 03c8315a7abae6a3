/* One screen that tells the truth: what is held, by whom, what is missing. */
#include "daemon/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/gossip.h"
#include "daemon/holders.h"
#include "daemon/in_place.h"
#include "daemon/pair.h"
#include "daemon/quota.h"
#include "daemon/transfer.h"
#include "daemon/version.h"
#include "store/blobs.h"

enum { PAGE = 64, TOPICS_SHOWN = 1024, WANTS_LOOKED_AT = 1024 };

static void put_listen(struct node *node, struct writer *w)
{
    uint32_t n = 0;

    while (node_listening(node, n) != NULL)
        n++;
    pair_array(w, "listen", n);
    for (uint32_t i = 0; i < n; i++)
        mp_put_text(w, node_listening(node, i));
}

static void put_peers(struct node *node, struct writer *w)
{
    struct node_peer *peers = calloc(NODE_PEERS_MAX, sizeof *peers);
    size_t n = peers == NULL ? 0 : node_peers(node, peers, NODE_PEERS_MAX);
    uint32_t connected = 0;

    for (size_t i = 0; i < n; i++)
        connected += peers[i].state == NODE_PEER_CONNECTED ? 1 : 0;
    pair_array(w, "peers", connected);
    for (size_t i = 0; i < n; i++) {
        if (peers[i].state != NODE_PEER_CONNECTED)
            continue;
        mp_put_map(w, 6);
        pair_id(w, "node", peers[i].node);
        pair_text(w, "address", peers[i].address);
        pair_text(w, "direction", peers[i].dialled_by_us ? "out" : "in");
        pair_text(w, "path", peers[i].path);
        pair_uint(w, "topics", peers[i].topics);
        pair_uint(w, "rtt_ms", peers[i].rtt_ms);
    }
    free(peers);
}

/* Whole blobs that are held for the topic. */
static uint64_t blobs_held(struct store *store, const uint8_t topic[ID_LEN])
{
    struct blob_info page[PAGE];
    struct blob_id last;
    const struct blob_id *after = NULL;
    uint64_t held = 0;
    size_t n = 1;

    while (n > 0 &&
           blobs_of_topic(store, topic, after, page, PAGE, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++)
            held += page[i].state != BLOB_PARTIAL ? 1 : 0;
        if (n > 0)
            last = page[n - 1].id;
        after = &last;
    }
    return held;
}

static uint64_t blobs_wanted(struct store *store, const uint8_t topic[ID_LEN])
{
    struct store_want page[PAGE];
    struct blob_id last;
    const struct blob_id *after = NULL;
    uint64_t wanted = 0;
    size_t n = 1;

    while (n > 0 &&
           store_wants_of(store, topic, after, page, PAGE, &n) == ERR_OK) {
        wanted += n;
        if (n > 0)
            last = page[n - 1].blob;
        after = &last;
    }
    return wanted;
}

static const char *policy_name(enum store_policy policy)
{
    switch (policy) {
    case STORE_POLICY_FOLLOW:
        return "follow";
    case STORE_POLICY_SEED:
        return "seed";
    case STORE_POLICY_BOARD:
        return "board";
    case STORE_POLICY_SHARE:
        return "share";
    }
    return "other";
}

/* For people. */
static void put_title(struct desk *desk, struct writer *w,
                      const uint8_t topic[ID_LEN])
{
    struct body body;

    pair_str(w, "title",
             body_open_title(&body, node_store(desk_node(desk)), topic));
    body_close(&body);
}

/* What of the topic is not kept here, and by which limit. */
static void put_kept(struct node *node, struct writer *w,
                     const uint8_t topic[ID_LEN])
{
    bool is_board = memcmp(topic, node_board(node), ID_LEN) == 0;
    struct node_kept kept;

    node_kept(node, topic, &kept);
    pair_map(w, "local", is_board ? 4 : 3);
    pair_uint(w, "over_budget", kept.over);
    pair_uint(w, "quota_bytes", kept.quota_bytes);
    pair_bool(w, "full", kept.is_full);
    if (is_board)
        pair_uint(w, "from_ms", kept.from_ms);
}

/*
 * The files of the topic.  While its records are still being gone through, what
 * is here and what is on its way, of which no copy is known.
 */
static void sum_topic(struct node *node, const uint8_t topic[ID_LEN],
                      struct holders_sum *out)
{
    uint64_t wanted;

    if (holders_sum(node, topic, out))
        return;
    wanted = blobs_wanted(node_store(node), topic);
    out->here = blobs_held(node_store(node), topic);
    out->blobs = out->here + wanted;
    out->under_target = wanted;
}

static void put_topic(struct desk *desk, struct writer *w,
                      const uint8_t topic[ID_LEN], const char *policy)
{
    struct node *node = desk_node(desk);
    struct store *store = node_store(node);
    struct store_topic_size size = { .count = 0 };
    struct holders_sum sum;

    if (store_topic_size(store, topic, &size) != ERR_OK)
        size.count = 0; /* it cannot tell; warnings say why */
    mp_put_map(w, 10);
    pair_id(w, "id", topic);
    if (memcmp(topic, node_board(node), ID_LEN) == 0)
        pair_text(w, "title", "call board");
    else
        put_title(desk, w, topic);
    pair_text(w, "policy", policy);
    pair_uint(w, "records", size.count);
    pair_uint(w, "bytes", size.bytes);
    sum_topic(node, topic, &sum);
    pair_uint(w, "blobs_held", sum.here);
    pair_uint(w, "blobs_known", sum.blobs);
    pair_uint(w, "under_target", sum.under_target);
    pair_bool(w, "caught_up", node_caught_up(node, topic));
    put_kept(node, w, topic);
}

static void put_topics(struct desk *desk, struct writer *w)
{
    struct node *node = desk_node(desk);
    struct store_follow *follows = calloc(TOPICS_SHOWN, sizeof *follows);
    const char *board_policy = "board";
    size_t kept = 0;
    size_t n = 0;

    if (follows == NULL || store_follows(node_store(node), NULL, follows,
                                         TOPICS_SHOWN, &n) != ERR_OK)
        n = 0;
    for (size_t i = 0; i < n;
         i++) { /* a row for the board is a pledge to all */
        if (memcmp(follows[i].topic, node_board(node), ID_LEN) == 0)
            board_policy = policy_name(follows[i].policy);
        else
            follows[kept++] = follows[i];
    }
    pair_array(w, "topics", (uint32_t)kept + 1);
    put_topic(desk, w, node_board(node), board_policy);
    for (size_t i = 0; i < kept; i++)
        put_topic(desk, w, follows[i].topic, policy_name(follows[i].policy));
    free(follows);
}

static void put_store(struct node *node, struct writer *w)
{
    struct store_totals totals = { .records = 0 };

    if (store_totals(node_store(node), &totals) != ERR_OK)
        totals.records = 0; /* it cannot tell; warnings say why */
    pair_map(w, "store", 3);
    pair_uint(w, "records", totals.records);
    pair_uint(w, "bytes", totals.bytes);
    pair_uint(w, "known", totals.known);
    pair_map(w, "blobs", 4);
    pair_uint(w, "count", totals.blobs);
    pair_uint(w, "bytes", totals.blob_bytes);
    pair_uint(w, "partial_bytes", totals.part_bytes);
    pair_uint(w, "quota_bytes", node_config(node)->quota_bytes);
}

/* Every host that this daemon talks to or will dial by itself. */
static void put_hosts(struct node *node, struct writer *w)
{
    struct node_peer *peers = calloc(NODE_PEERS_MAX, sizeof *peers);
    size_t n = peers == NULL ? 0 : node_peers(node, peers, NODE_PEERS_MAX);
    uint32_t hosts = 0;

    for (size_t i = 0; i < n; i++)
        hosts += peers[i].address[0] != '\0' ? 1 : 0;
    pair_array(w, "hosts", hosts);
    for (size_t i = 0; i < n; i++)
        if (peers[i].address[0] != '\0')
            mp_put_text(w, peers[i].address);
    free(peers);
}

/* Files find no room, or there are more than there may be; "" if not. */
static void quota_warning(const struct node *node, char out[256])
{
    struct quota_state q;

    quota_look(node_quota(node), &q);
    out[0] = '\0';
    if (q.bytes == 0 || (q.refused == 0 && q.used <= q.bytes))
        return;
    (void)snprintf(out, 256,
                   "Files take %llu of the quota of %llu bytes%s. Raise quota "
                   "below [node] in troupe.conf, or make room with: troupe "
                   "gc, troupe drop RECORD",
                   (unsigned long long)q.used, (unsigned long long)q.bytes,
                   q.refused != 0 ? ", and others wait for room" : "");
}

/* Whether one of the first files that are to come finds its pledge full. */
static bool pledge_is_full(const struct node *node)
{
    struct store_want page[PAGE];
    struct store_want last;
    size_t n = PAGE;

    for (size_t seen = 0; n == PAGE && seen < WANTS_LOOKED_AT; seen += n) {
        struct quota_claim claim;

        if (store_wants(node_store(node), seen == 0 ? NULL : &last, page, PAGE,
                        &n) != ERR_OK)
            return false;
        for (size_t i = 0; i < n; i++)
            if (!quota_pledge_admits(node_quota(node), &page[i], &claim))
                return true;
        if (n > 0)
            last = page[n - 1];
    }
    return false;
}

static void put_warnings(struct desk *desk, struct writer *w)
{
    char full[256];
    struct node *node = desk_node(desk);
    const struct person_keys *person = node_person(node);
    bool open_key = person != NULL && person->unsealed;
    bool alone = node_peers_connected(node) == 0;
    bool makeshift = node_port_is_makeshift(node);
    bool failed = store_failed(node_store(node));
    bool small = transfer_lacks_disk(node_transfer(node));
    bool changed = in_place_lost() > 0;
    bool pledged = pledge_is_full(node);

    quota_warning(node, full);
    pair_array(w, "warnings",
               (uint32_t)open_key + alone + failed + makeshift + small +
                   changed + pledged + (full[0] != '\0'));
    if (full[0] != '\0')
        mp_put_text(w, full);
    if (small)
        mp_put_text(w, "Files wait for room on the disk. See them with "
                       "`troupe want list`, and free some space.");
    if (pledged)
        mp_put_text(w, "Files wait for room in what is pledged. See them with "
                       "`troupe want list`; to pledge more: troupe seed "
                       "PROJECT --quota BYTES");
    if (changed)
        mp_put_text(w, "Files that were served from where they lie have been "
                       "changed or removed since. As they were, they are here "
                       "again if they are seeded and others have them: troupe "
                       "health");
    if (open_key)
        mp_put_text(w, "The person's key lies on this disk without a "
                       "passphrase, by your wish.");
    if (alone)
        mp_put_text(w, "No peer is connected: what you publish is on this "
                       "machine alone.");
    if (makeshift)
        mp_put_text(w, "Port 7433 is used by another program: this node "
                       "listens on a free port, another one at each start. "
                       "Set listen below [node] in troupe.conf.");
    if (failed)
        mp_put_text(w, "The database has failed; restart the daemon and run: "
                       "troupe verify");
}

/* What is true of this node alone. */
static void put_local(const struct node *node, struct writer *w)
{
    struct mesh_counts counts;

    gossip_count(node_gossip(node), &counts);
    mp_put_text(w, "local");
    mp_put_map(w, 1);
    mp_put_text(w, "gossip");
    mp_put_map(w, 5);
    pair_bool(w, "meet", node_config(node)->meet);
    pair_uint(w, "active", counts.active);
    pair_uint(w, "passive", counts.passive);
    pair_uint(w, "eager", counts.eager);
    pair_uint(w, "lazy", counts.lazy);
}

void status_put(struct desk *desk, struct writer *w)
{
    struct node *node = desk_node(desk);
    const struct person_keys *person = node_person(node);

    mp_put_map(w, 14);
    pair_text(w, "version", TROUPE_VERSION);
    pair_text(w, "network", node_network(node)->name);
    pair_id(w, "node", node_keys(node)->sign.public_key);
    pair_id(w, "person", person == NULL ? NULL : person->person);
    pair_uint(w, "uptime_s", node_uptime_ms(node) / 1000);
    put_listen(node, w);
    put_peers(node, w);
    put_topics(desk, w);
    put_store(node, w);
    mp_put_text(w, "jobs");
    jobs_put(desk_jobs(desk), w);
    put_hosts(node, w);
    put_local(node, w);
    put_warnings(desk, w);
}
