/* Dividing the work with other archivists. */
#include "daemon/share.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/holders.h"
#include "daemon/log.h"
#include "daemon/person_share.h"
#include "daemon/pledge.h"
#include "daemon/transfer.h"
#include "proto/kind.h"
#include "proto/placement.h"
#include "store/blobs.h"
#include "store/room.h"

enum {
    PAGE = 64,
    /* Topics that one pledge may add, and at a time; a hello has room for a
     * thousand. */
    TOPICS_ALL = 900,
    TOPICS_AT_ONCE = 32,
    TOPICS_GIVEN = 8,
    ARCHIVISTS_MAX = 128,
    /* Files looked at in one turn, as many of which a topic counts for, and how
     * often there is a turn: while there is something to look at, and else. */
    FILES_A_TURN = 1000,
    TOPIC_AS_FILES = 100,
    TURN_MS = 20,
    AGAIN_MS = 2000,
    /* After a record that may make something a person's. */
    SOON_MS = 200,
    ROUNDS = 3,
    /* Passes of a round, if what is pledged has a bound: over files without a
     * copy, with one, and so on; the last is over all others. */
    PASSES = 4,
};

struct share {
    struct node_listener listener; /* first: on_event casts back */
    struct node *node;
    uv_timer_t timer;
    bool is_stopping;
    bool is_sharing; /* there is a row for the call board */
    bool has_people; /* some are pledged to */
    /* Rounds to come: what is new may have to be judged first. */
    unsigned rounds;
    bool is_in_round;
    bool has_files; /* of this round, to be looked at */
    struct person_share people;
    struct store_follow all;
    uint64_t used;         /* bytes of all topics that are shared, or wanted */
    uint64_t shared_count; /* topics */
    unsigned pass;         /* of this round */
    uint8_t topic[ID_LEN]; /* being gone through */
    uint64_t at;           /* the file of it that is next */
    struct pledge_item pledges[ARCHIVISTS_MAX];
    size_t pledges_count;
    struct placement_node nodes[ARCHIVISTS_MAX];
    size_t nodes_count;
    size_t self;
};

static void on_timer(uv_timer_t *timer);

static void wait_for(struct share *s, uint64_t ms)
{
    if (!s->is_stopping)
        (void)uv_timer_start(&s->timer, on_timer, ms, 0);
}

/* ---- Topics ------------------------------------------------------------- */

static bool is_followed(const struct share *s, const uint8_t topic[ID_LEN])
{
    struct store_follow row;

    return store_follow_find(node_store(s->node), topic, &row) == ERR_OK;
}

/* The pledge's quota is for all together, and so is its end. */
static void hold(struct share *s, const uint8_t topic[ID_LEN])
{
    struct store_follow row = { .policy = STORE_POLICY_SHARE,
                                .since_ms = node_clock_ms(s->node) };

    memcpy(row.topic, topic, ID_LEN);
    memcpy(row.pledge, s->all.topic, ID_LEN);
    node_follow(s->node, &row, NULL, NULL);
}

/* Projects and requests of the board that are not held yet. */
static void discover(struct share *s, uint64_t kind)
{
    uint8_t taken[TOPICS_AT_ONCE][ID_LEN];
    struct store_item page[PAGE];
    struct store_scan scan;
    size_t added = 0;
    size_t n = 1;

    store_scan_by_topic_kind(&scan, node_board(s->node), kind);
    scan.newest_first = true;
    while (n > 0 && store_scan_next(node_store(s->node), &scan, page, PAGE,
                                    &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            bool is_new = added < TOPICS_AT_ONCE &&
                          s->shared_count + added < TOPICS_ALL &&
                          !is_followed(s, page[i].topic);

            for (size_t k = 0; is_new && k < added; k++)
                is_new = memcmp(taken[k], page[i].topic, ID_LEN) != 0;
            if (!is_new)
                continue;
            memcpy(taken[added++], page[i].topic, ID_LEN);
            hold(s, page[i].topic);
        }
    }
}

/* A pledge to everybody is over: its row goes, and then what it stood for. */
static void end_sharing(struct share *s)
{
    struct store_batch *batch;

    log_event(LOG_LEVEL_INFO, "pledge", "ended", "topic=%s",
              log_id(s->all.topic).text);
    if (commits_batch(node_commits(s->node), &batch) == ERR_OK &&
        store_batch_unfollow(batch, s->all.topic) == ERR_OK)
        commits_expect(node_commits(s->node), NULL, NULL);
}

/* What is wanted there and not counted yet, as nothing of it has come. */
static uint64_t wanted_bytes(const struct share *s, const uint8_t topic[ID_LEN])
{
    struct store *store = node_store(s->node);
    struct store_want page[PAGE];
    const struct blob_id *after = NULL;
    struct blob_id last;
    uint64_t bytes = 0;
    size_t n = PAGE;

    while (n == PAGE &&
           store_wants_of(store, topic, after, page, PAGE, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++)
            if (!blobs_held_for(store, &page[i].blob, topic))
                bytes += page[i].blob.size;
        if (n > 0)
            last = page[n - 1].blob;
        after = &last;
    }
    return bytes;
}

/* Goes through the rows: what is pledged, what is shared and how much of it
 * there is. */
static void look_at_rows(struct share *s)
{
    struct room_pledge pledge;
    uint64_t now_ms = node_clock_ms(s->node);
    struct store_follow page[PAGE];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    size_t n = 1;

    s->is_sharing = false;
    s->used = 0;
    s->shared_count = 0;
    if (room_pledge_of(node_store(s->node), node_board(s->node), &pledge) ==
        ERR_OK)
        s->used = pledge.usage.bytes;
    while (n > 0 && store_follows(node_store(s->node), after, page, PAGE, &n) ==
                        ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            const struct store_follow *row = &page[i];

            if (memcmp(row->topic, node_board(s->node), ID_LEN) == 0) {
                s->is_sharing = row->policy == STORE_POLICY_SHARE;
                s->all = *row;
            } else if (row->policy == STORE_POLICY_SHARE) {
                s->shared_count++;
                s->used += wanted_bytes(s, row->topic);
            }
        }
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
    if (s->is_sharing && s->all.until_ms != 0 && now_ms >= s->all.until_ms) {
        end_sharing(s);
        s->is_sharing = false;
    }
}

/* What was held for a pledge to everybody that is over is given up, some
 * topics at a time. */
static void give_up(struct share *s)
{
    struct store_follow page[PAGE];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    size_t given = 0;
    size_t n = 1;

    while (n > 0 && given < TOPICS_GIVEN &&
           store_follows(node_store(s->node), after, page, PAGE, &n) ==
               ERR_OK) {
        for (size_t i = 0; i < n && given < TOPICS_GIVEN; i++) {
            if (page[i].policy != STORE_POLICY_SHARE ||
                memcmp(page[i].topic, node_board(s->node), ID_LEN) == 0)
                continue;
            node_unfollow(s->node, page[i].topic, NULL, NULL);
            given++;
        }
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
}

/* ---- Files -------------------------------------------------------------- */

/* Those who pledged to everybody and are there for this topic; we are. */
static void find_archivists(struct share *s)
{
    const uint8_t *own = node_keys(s->node)->sign.public_key;

    s->nodes_count = 0;
    placement_node_init(&s->nodes[s->nodes_count], own, s->all.quota_bytes);
    s->self = s->nodes_count++;
    for (size_t i = 0; i < s->pledges_count; i++) {
        const struct pledge_item *p = &s->pledges[i];

        if (memcmp(p->node, own, KEY_LEN) != 0 &&
            s->nodes_count < ARCHIVISTS_MAX &&
            holders_is_there(s->node, s->topic, p->node))
            placement_node_init(&s->nodes[s->nodes_count++], p->node, p->bytes);
    }
}

static enum placement decide(const struct share *s,
                             const struct holders_blob *blob)
{
    static struct holder holders[LEASES_TOPIC_MAX];
    uint64_t costs[ARCHIVISTS_MAX];
    bool holds[ARCHIVISTS_MAX] = { false };
    struct placement_view view = { .nodes = s->nodes,
                                   .costs = costs,
                                   .holds = holds,
                                   .count = s->nodes_count,
                                   .self = s->self,
                                   .target = blob->target };
    size_t n = 0;

    holds[s->self] = blob->is_here;
    for (size_t i = 0; i < s->nodes_count; i++)
        costs[i] = placement_cost(&s->nodes[i], &blob->id);
    /* Who else has it matters only where it might be let go. */
    if (blob->is_here && placement_decide(&view) == PLACEMENT_KEEP)
        n = holders_of(s->node, s->topic, &blob->id, holders, LEASES_TOPIC_MAX);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < s->nodes_count; k++)
            if (holders[i].state == HOLDER_SHOWN &&
                memcmp(holders[i].node, s->nodes[k].node, KEY_LEN) == 0)
                holds[k] = true;
    return placement_decide(&view);
}

/* Due at once, and what is rarest first: the store hands out the earliest. */
static void fetch(struct share *s, const struct holders_blob *blob)
{
    struct store_want want = { .blob = blob->id,
                               .why = STORE_WHY_SEED,
                               .since_ms = node_clock_ms(s->node),
                               .next_try_ms = blob->copies };
    struct store_want there;
    struct store_batch *batch;

    memcpy(want.topic, s->topic, ID_LEN);
    if (keep_pin_of(node_store(s->node), &blob->id, s->topic) ==
            KEEP_PIN_DROPPED ||
        store_want_find(node_store(s->node), &blob->id, s->topic, &there) ==
            ERR_OK ||
        (s->all.quota_bytes != 0 &&
         (s->used > s->all.quota_bytes ||
          blob->id.size > s->all.quota_bytes - s->used)))
        return;
    if (commits_batch(node_commits(s->node), &batch) != ERR_OK ||
        store_batch_want(batch, &want) != ERR_OK)
        return;
    commits_expect(node_commits(s->node), NULL, NULL);
    s->used += blob->id.size;
    transfer_wants_added(node_transfer(s->node));
}

/* What its owner made or asked for stays, whoever else has it. */
static void release(struct share *s, const struct holders_blob *blob)
{
    struct store_batch *batch;

    if (keep_pin_of(node_store(s->node), &blob->id, s->topic) !=
            KEEP_PIN_NONE ||
        commits_batch(node_commits(s->node), &batch) != ERR_OK ||
        blobs_put_release(batch, &blob->id, s->topic) != ERR_OK)
        return;
    commits_expect(node_commits(s->node), NULL, NULL);
    log_event(LOG_LEVEL_INFO, "pledge", "released", "root=%s topic=%s",
              log_id(blob->id.root).text, log_id(s->topic).text);
}

/* Room goes to the rarest first. */
static bool is_of_pass(const struct share *s, const struct holders_blob *blob)
{
    unsigned pass = blob->copies < PASSES ? blob->copies : PASSES - 1;

    return s->all.quota_bytes == 0 || pass == s->pass;
}

/* Files of the topic, as many as `left` says; false when all were looked at. */
static bool look_at_files(struct share *s, unsigned *left)
{
    for (; *left > 0; --*left) {
        struct holders_blob blob;

        if (!holders_at(s->node, s->topic, s->at, &blob))
            return false;
        s->at++;
        if (!is_of_pass(s, &blob))
            continue;
        switch (decide(s, &blob)) {
        case PLACEMENT_FETCH:
            fetch(s, &blob);
            break;
        case PLACEMENT_RELEASE:
            release(s, &blob);
            break;
        case PLACEMENT_LEAVE:
        case PLACEMENT_KEEP:
            break;
        }
    }
    return true;
}

/* The next topic that is shared; false after the last. */
static bool next_topic(struct share *s, bool is_first)
{
    struct store_follow row;
    const uint8_t *after = is_first ? NULL : s->topic;
    uint8_t last[ID_LEN];
    size_t n;

    while (store_follows(node_store(s->node), after, &row, 1, &n) == ERR_OK &&
           n > 0) {
        memcpy(last, row.topic, ID_LEN);
        after = last;
        if (row.policy != STORE_POLICY_SHARE ||
            memcmp(row.topic, node_board(s->node), ID_LEN) == 0)
            continue;
        memcpy(s->topic, row.topic, ID_LEN);
        s->at = 0;
        find_archivists(s);
        return true;
    }
    return false;
}

static bool next_pass(struct share *s)
{
    if (s->all.quota_bytes == 0 || s->pass + 1 == PASSES)
        return false;
    s->pass++;
    return next_topic(s, true);
}

/* Some files of the round; false when all were looked at. */
static bool look_at_some(struct share *s)
{
    unsigned left = FILES_A_TURN;

    while (left > 0) {
        if (look_at_files(s, &left))
            return true;
        if (!next_topic(s, false) && !next_pass(s))
            return false;
        left -= left < TOPIC_AS_FILES ? left : TOPIC_AS_FILES;
    }
    return true;
}

/* ---- Turns -------------------------------------------------------------- */

static void begin_round(struct share *s)
{
    look_at_rows(s);
    person_share_begin(&s->people, s->node);
    if (!s->is_sharing && s->shared_count > 0)
        give_up(s);
    if (s->is_sharing) {
        discover(s, KIND_PROJECT);
        discover(s, KIND_REQUEST);
        s->pledges_count =
            pledge_list(s->node, true, s->pledges, ARCHIVISTS_MAX);
    }
}

/* A step of the walk over pledges to people; false once there is none left. */
static bool look_at_people(struct share *s)
{
    bool more = s->people.phase != PERSON_SHARE_DONE &&
                person_share_step(&s->people, s->node);

    /* What comes before the end of a walk may need another one. */
    s->has_people = s->people.is_any || (more && s->has_people);
    if (s->people.has_more)
        s->rounds = ROUNDS;
    return more;
}

static void on_timer(uv_timer_t *timer)
{
    struct share *s = timer->data;
    bool more;

    if (!s->is_in_round) {
        begin_round(s);
        s->pass = 0;
        s->has_files = s->is_sharing && next_topic(s, true);
    } else if (s->has_files) {
        s->has_files = look_at_some(s);
    }
    more = look_at_people(s) || s->has_files;
    if (s->rounds > 0 && !more)
        s->rounds--;
    s->is_in_round = more;
    if (more || s->is_sharing || s->shared_count > 0 || s->rounds > 0)
        wait_for(s, more ? TURN_MS : AGAIN_MS);
}

void share_look(struct share *s)
{
    s->rounds = ROUNDS;
    share_tick(s);
}

void share_tick(struct share *s)
{
    if (!s->is_stopping && !uv_is_active((uv_handle_t *)&s->timer))
        wait_for(s, 0);
}

/* What is new may be theirs. */
static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    struct share *s = (struct share *)listener;

    if (event->type != NODE_EVENT_RECORD || !s->has_people ||
        !person_share_concerns(s->node, event))
        return;
    s->rounds = ROUNDS;
    if (!uv_is_active((uv_handle_t *)&s->timer))
        wait_for(s, SOON_MS);
}

/* ---- Life --------------------------------------------------------------- */

enum err share_open(struct share **out, struct node *node)
{
    struct share *s = calloc(1, sizeof *s);

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->node = node;
    s->listener.on_event = on_event;
    node_subscribe(node, &s->listener);
    (void)uv_timer_init(node_loop(node), &s->timer);
    s->timer.data = s;
    wait_for(s, AGAIN_MS);
    *out = s;
    return ERR_OK;
}

void share_shutdown(struct share *s)
{
    s->is_stopping = true;
    node_unsubscribe(s->node, &s->listener);
    uv_close((uv_handle_t *)&s->timer, NULL);
}

void share_free(struct share *s)
{
    free(s);
}
