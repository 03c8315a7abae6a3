/*
 * Open requests stay on the call board because their author's node says them
 * again each month.  Nothing is noted of what was renewed: that a version of
 * the last month is there is the note, written with the record itself.
 */
#include "daemon/renew.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/topic_cache.h"
#include "proto/authority.h"
#include "proto/kind.h"
#include "proto/request_state.h"
#include "store/store.h"

enum {
    RENEW_DAYS = 30,
    OTHER_DEVICE_DAYS = 1, /* so that two of a person do not renew it both */
    ITEMS_A_TURN = 64,
    RECALL_MS = 1000,
    RECALL_ITEMS = 256, /* looked at a second */
    RECALL_IDS = 32,    /* and asked for: far below what costs (§5.6) */
};

static_assert(RECALL_IDS <= (int)GOSSIP_IDS_MAX, "they fit into one frame");

struct renew {
    struct node *node;
    bool is_stopping;
    uv_timer_t timer; /* the next records of one's own */
    uint64_t day;     /* that was looked at last */
    bool is_looking;
    struct store_scan own;
    struct topic_cache *topics; /* while something is due */
    uint8_t renewed[ID_LEN];
    uv_timer_t recall_timer; /* the next requests of the board */
    bool is_recalling;
    bool is_stale; /* something came to the board since it was begun */
    struct store_scan listed;
};

/* ---- Renewal ------------------------------------------------------------ */

/* The latest version of the author's, whether it is in force or not. */
static enum err newest_of(struct renew *rn, const struct record *first,
                          uint64_t *out_ms)
{
    struct store_scan scan;
    struct store_item item;
    size_t n = 1;
    enum err e = ERR_OK;

    *out_ms = first->created_ms;
    store_scan_by_revises(&scan, first->id);
    scan.newest_first = true;
    while (e == ERR_OK && n > 0) {
        e = store_scan_next(node_store(rn->node), &scan, &item, 1, &n);
        if (e == ERR_OK && n > 0 && item.kind == first->kind &&
            memcmp(item.author, first->author, ID_LEN) == 0) {
            *out_ms = item.created_ms;
            return ERR_OK;
        }
    }
    return e;
}

static bool is_due(struct renew *rn, const struct record *first, unsigned days)
{
    uint64_t newest_ms;

    return newest_of(rn, first, &newest_ms) == ERR_OK &&
           node_clock_ms(rn->node) >= newest_ms + days * (uint64_t)DAY_MS;
}

static size_t read_links(const struct record *r,
                         struct record_link out[RECORD_LINKS_MAX])
{
    struct reader links = reader_of(r->links);
    size_t n = 0;

    while (n < RECORD_LINKS_MAX && record_link_next(&links, &out[n]))
        n++;
    return n;
}

/* The version once more, dated now. */
static enum err write_again(struct renew *rn, const struct record *version,
                            const uint8_t first[ID_LEN], struct writer *w)
{
    const struct person_keys *keys = node_person(rn->node);
    struct record_link links[RECORD_LINKS_MAX];
    uint8_t id[ID_LEN];
    struct record_draft draft = {
        .kind = version->kind,
        .created_ms = node_clock_ms(rn->node),
        .revises = first,
        .links = links,
        .links_count = read_links(version, links),
        .map = record_body_map(version),
        .flags = RECORD_LISTED,
    };

    memcpy(draft.author, keys->person, ID_LEN);
    memcpy(draft.topic, version->topic, ID_LEN);
    randombytes_buf(draft.salt, sizeof draft.salt);
    return record_write(
        w, id, &draft, &keys->device,
        (struct bytes){ keys->certificate, keys->certificate_len },
        node_network(rn->node));
}

static void look_on(struct renew *rn); /* they wait for each other */

static void on_published(void *context, enum err e,
                         const struct store_result *result)
{
    struct renew *rn = context;

    (void)result;
    log_event(e == ERR_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "renew",
              e == ERR_OK ? "renewed" : "not_renewed", "request=%s why=%s",
              log_id(rn->renewed).text, err_name(e));
    look_on(rn);
}

/* Whether the version is one that this device renews today. */
static bool is_ours(struct renew *rn, const struct record *first,
                    const struct record *version)
{
    const struct person_keys *keys = node_person(rn->node);
    bool is_device =
        memcmp(version->signer, keys->device.public_key, KEY_LEN) == 0;

    return (version->flags & RECORD_LISTED) != 0 &&
           memcmp(version->author, keys->person, ID_LEN) == 0 &&
           record_body_map(version).len > 0 &&
           (is_device || is_due(rn, first, RENEW_DAYS + OTHER_DEVICE_DAYS));
}

/* True if it is being published: on_published() goes on. */
static bool renew_request(struct renew *rn, const struct record *first)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    uint64_t now_ms = node_clock_ms(rn->node);
    struct request_state state;
    struct topic_state *topic;
    struct verdict verdict;
    enum err e = ERR_OK;
    bool stands = false;

    if (rn->topics == NULL)
        e = topic_cache_new(&rn->topics, rn->node);
    if (e == ERR_OK)
        e = topic_cache_get(rn->topics, first->topic, &topic);
    if (e == ERR_OK)
        e = request_state_of(&state, topic, first->id);
    if (e == ERR_OK && state.phase == REQUEST_OPEN &&
        is_ours(rn, first, &state.request->record)) {
        e = write_again(rn, &state.request->record, first->id, &w);
        if (e == ERR_OK)
            e = authority_try(topic, &verdict, writer_view(&w), now_ms);
        stands = e == ERR_OK && verdict.state != VERDICT_VOID;
    }
    if (e != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "renew", "not_renewed", "request=%s why=%s",
                  log_id(first->id).text, err_name(e));
    memcpy(rn->renewed, first->id, ID_LEN);
    if (stands)
        node_publish(rn->node, writer_view(&w), on_published, rn);
    writer_free(&w);
    return stands;
}

/* True if something is being published for it. */
static bool look_at(struct renew *rn, const struct store_item *item)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record r;
    bool is_publishing = false;

    if (item->kind == KIND_REQUEST && item->presence == RECORD_HELD &&
        store_read_seq(node_store(rn->node), item->seq, false, &w, NULL) ==
            ERR_OK &&
        record_decode(&r, writer_view(&w)) == ERR_OK && !r.has_revises &&
        is_due(rn, &r, RENEW_DAYS))
        is_publishing = renew_request(rn, &r);
    writer_free(&w);
    return is_publishing;
}

static void end_look(struct renew *rn)
{
    rn->is_looking = false;
    topic_cache_free(rn->topics);
    rn->topics = NULL;
}

static void on_turn(uv_timer_t *timer)
{
    struct renew *rn = timer->data;
    struct store_item item;
    size_t n = 1;

    for (unsigned i = 0; i < ITEMS_A_TURN; i++) {
        if (store_scan_next(node_store(rn->node), &rn->own, &item, 1, &n) !=
                ERR_OK ||
            n == 0) {
            end_look(rn);
            return;
        }
        if (look_at(rn, &item))
            return;
    }
    look_on(rn);
}

static void look_on(struct renew *rn)
{
    if (rn->is_stopping)
        end_look(rn);
    else
        (void)uv_timer_start(&rn->timer, on_turn, 0, 0);
}

void renew_tick(struct renew *rn)
{
    const struct person_keys *keys = node_person(rn->node);
    uint64_t day = node_clock_ms(rn->node) / DAY_MS;

    if (rn->is_stopping || rn->is_looking || rn->day == day)
        return;
    rn->day = day;
    renew_stored(rn, NULL);
    if (keys == NULL)
        return;
    rn->is_looking = true;
    store_scan_by_author(&rn->own, keys->person);
    look_on(rn);
}

/* ---- What listed requests need ------------------------------------------ */

/* Ids to be asked for in one frame. */
struct wanted {
    uint8_t ids[RECALL_IDS * ID_LEN];
    size_t count;
};

static void want(struct renew *rn, struct wanted *wanted,
                 const uint8_t id[ID_LEN])
{
    struct store_item item;

    if (wanted->count == RECALL_IDS ||
        store_find(node_store(rn->node), id, &item) != ERR_NOT_FOUND)
        return;
    for (size_t i = 0; i < wanted->count; i++)
        if (memcmp(wanted->ids + i * ID_LEN, id, ID_LEN) == 0)
            return;
    memcpy(wanted->ids + wanted->count++ * ID_LEN, id, ID_LEN);
}

static void want_for(struct renew *rn, struct wanted *wanted,
                     const struct store_item *item)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    uint8_t version[ID_LEN];
    struct record r;

    want(rn, wanted, item->topic);
    if (store_read_seq(node_store(rn->node), item->seq, false, &w, NULL) ==
            ERR_OK &&
        record_decode(&r, writer_view(&w)) == ERR_OK) {
        if (r.has_revises)
            want(rn, wanted, r.revises);
        if (record_link_find(&r, RELATION_PROJECT_REVISION, version))
            want(rn, wanted, version);
    }
    writer_free(&w);
}

/* Any that has the board: what it lacks, the next walk asks of another. */
static void ask(struct renew *rn, const struct wanted *wanted)
{
    struct peers *peers = node_peer_table(rn->node);
    size_t skip = peers_count(peers) == 0
                      ? 0
                      : randombytes_uniform((uint32_t)peers_count(peers));
    struct conn *c = peers_next(peers, NULL);

    while (c != NULL && skip-- > 0 && peers_next(peers, c) != NULL)
        c = peers_next(peers, c);
    if (c == NULL)
        return;
    (void)peer_graft(conn_peer(c), node_board(rn->node),
                     (struct bytes){ wanted->ids, wanted->count * ID_LEN });
    conn_wake(c);
}

static void on_recall(uv_timer_t *timer)
{
    struct renew *rn = timer->data;
    struct wanted wanted = { .count = 0 };
    struct store_item item;
    size_t n = 1;
    enum err e = ERR_OK;

    for (unsigned i = 0; i < RECALL_ITEMS && e == ERR_OK && n > 0 &&
                         wanted.count + 3 <= RECALL_IDS;
         i++) {
        e = store_scan_next(node_store(rn->node), &rn->listed, &item, 1, &n);
        if (e == ERR_OK && n > 0 && item.presence == RECORD_HELD)
            want_for(rn, &wanted, &item);
    }
    if (wanted.count > 0)
        ask(rn, &wanted);
    if (e == ERR_OK && n > 0)
        return;
    (void)uv_timer_stop(&rn->recall_timer);
    rn->is_recalling = false;
    if (rn->is_stale)
        renew_stored(rn, NULL);
}

/*
 * With the first request that comes, again with those that come while the last
 * walk is under way, and each day.  What is asked for in vain, as nobody near
 * has it, waits for the next one.
 */
void renew_stored(struct renew *rn, const struct record *r)
{
    if (rn->is_stopping || (r != NULL && (r->kind != KIND_REQUEST ||
                                          (r->flags & RECORD_LISTED) == 0)))
        return;
    rn->is_stale = rn->is_recalling;
    if (rn->is_recalling)
        return;
    rn->is_recalling = true;
    store_scan_by_topic_kind(&rn->listed, node_board(rn->node), KIND_REQUEST);
    rn->listed.newest_first = true;
    (void)uv_timer_start(&rn->recall_timer, on_recall, RECALL_MS, RECALL_MS);
}

/* ---- Life --------------------------------------------------------------- */

enum err renew_open(struct renew **out, struct node *node)
{
    struct renew *rn = calloc(1, sizeof *rn);

    if (rn == NULL)
        return ERR_NO_MEMORY;
    rn->node = node;
    (void)uv_timer_init(node_loop(node), &rn->timer);
    (void)uv_timer_init(node_loop(node), &rn->recall_timer);
    rn->timer.data = rn;
    rn->recall_timer.data = rn;
    *out = rn;
    return ERR_OK;
}

void renew_shutdown(struct renew *rn)
{
    if (rn == NULL || rn->is_stopping)
        return;
    rn->is_stopping = true;
    uv_close((uv_handle_t *)&rn->timer, NULL);
    uv_close((uv_handle_t *)&rn->recall_timer, NULL);
}

void renew_free(struct renew *rn)
{
    if (rn == NULL)
        return;
    topic_cache_free(rn->topics);
    free(rn);
}
