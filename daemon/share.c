/* Dividing the work with other archivists. */
#include "daemon/share.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/holders.h"
#include "daemon/log.h"
#include "daemon/person_share.h"
#include "daemon/pledge.h"
#include "daemon/pledge_walk.h"
#include "daemon/share_topics.h"
#include "daemon/transfer.h"
#include "daemon/wants.h"
#include "proto/kind.h"
#include "proto/placement.h"
#include "store/blobs.h"
#include "store/keep.h"

enum {
    ARCHIVISTS_MAX = 128,
    /* Files looked at in one turn, as many of which a topic counts for, and how
     * often there is a turn: while there is something to look at, and else. */
    FILES_A_TURN = 1000,
    TOPIC_AS_FILES = 100,
    TURN_MS = 20,
    AGAIN_MS = 2000,
    /* When what may be last copies is looked at again. */
    KEPT_MS = 60000,
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
    bool has_people; /* some are pledged to */
    /* Rounds to come: what is new may have to be judged first. */
    unsigned rounds;
    bool is_in_round;
    bool is_reading; /* pledges, before files are looked at */
    bool has_files;  /* of this round, to be looked at */
    bool is_finding; /* topics on the board */
    struct person_share people;
    struct share_topics topics;
    struct share_cursor left; /* of a pledge that has ended */
    bool is_leaving;          /* there are more of its topics */
    unsigned pass;            /* of this round */
    uint8_t topic[ID_LEN];    /* being gone through */
    bool is_followed;         /* this topic, too: its previews stay */
    uint64_t at;              /* the file of it that is next */
    struct pledge_item pledges[ARCHIVISTS_MAX];
    struct pledge_walk reading;
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

/* ---- Files -------------------------------------------------------------- */

/* Those who pledged to everybody and are there for this topic; we are. */
static void find_archivists(struct share *s)
{
    const uint8_t *own = node_keys(s->node)->sign.public_key;

    s->nodes_count = 0;
    placement_node_init(&s->nodes[s->nodes_count], own,
                        s->topics.all.quota_bytes);
    s->self = s->nodes_count++;
    for (size_t i = 0; i < s->reading.count; i++) {
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
        (s->topics.all.quota_bytes != 0 &&
         (s->topics.used > s->topics.all.quota_bytes ||
          blob->id.size > s->topics.all.quota_bytes - s->topics.used)))
        return;
    if (commits_batch(node_commits(s->node), &batch) != ERR_OK ||
        store_batch_want(batch, &want) != ERR_OK)
        return;
    commits_expect(node_commits(s->node), NULL, NULL);
    s->topics.used += blob->id.size;
    transfer_wants_added(node_transfer(s->node));
}

static bool is_preview(const struct holders_blob *blob)
{
    return (blob->roles >> FILE_ROLE_PREVIEW & 1) != 0 &&
           blob->id.size <= WANTS_PREVIEW_MAX;
}

/* What its owner made or asked for stays, whoever else has it. */
static void release(struct share *s, const struct holders_blob *blob)
{
    struct store_batch *batch;

    if ((s->is_followed && is_preview(blob)) ||
        keep_pin_of(node_store(s->node), &blob->id, s->topic) !=
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

    return s->topics.all.quota_bytes == 0 || pass == s->pass;
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

    if (!share_topics_next(s->node, is_first ? NULL : s->topic, &row))
        return false;
    memcpy(s->topic, row.topic, ID_LEN);
    s->is_followed = row.policy == STORE_POLICY_FOLLOW;
    s->at = 0;
    find_archivists(s);
    return true;
}

static bool next_pass(struct share *s)
{
    if (s->topics.all.quota_bytes == 0 || s->pass + 1 == PASSES)
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

/* Some of the pledges to everybody; files come after the last. */
static void read_pledges(struct share *s)
{
    s->is_reading = pledge_walk_step(&s->reading, s->node);
    if (!s->is_reading)
        s->has_files = next_topic(s, true);
}

static void begin_round(struct share *s)
{
    share_topics_begin(&s->topics, s->node);
    person_share_begin(&s->people, s->node);
    s->is_finding = s->topics.is_sharing;
    s->is_reading = false;
    s->has_files = false;
    s->pass = 0;
    if (!s->topics.is_sharing) {
        if (s->topics.count > 0)
            s->is_leaving = share_topics_give_up(&s->topics, s->node, &s->left);
        return;
    }
    pledge_walk_begin(&s->reading, s->node, true, s->pledges, ARCHIVISTS_MAX);
    read_pledges(s);
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

static uint64_t pause_ms(const struct share *s)
{
    return s->topics.is_keeping && !s->is_leaving && s->rounds == 0 ? KEPT_MS
                                                                    : AGAIN_MS;
}

static void on_timer(uv_timer_t *timer)
{
    struct share *s = timer->data;
    bool more;

    if (!s->is_in_round)
        begin_round(s);
    else if (s->is_reading)
        read_pledges(s);
    else if (s->has_files)
        s->has_files = look_at_some(s);
    if (s->is_finding)
        s->is_finding = share_topics_find(&s->topics, s->node);
    more = look_at_people(s) || s->is_reading || s->has_files || s->is_finding;
    if (s->rounds > 0 && !more)
        s->rounds--;
    s->is_in_round = more;
    if (more || s->topics.is_sharing || s->topics.count > 0 || s->rounds > 0)
        wait_for(s, more ? TURN_MS : pause_ms(s));
}

void share_look(struct share *s)
{
    s->rounds = ROUNDS;
    wait_for(s, 0); /* what it waits for may be a minute away */
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
