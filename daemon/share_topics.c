/* Topics that are held for everybody. */
#include "daemon/share_topics.h"

#include <string.h>

#include "daemon/commits.h"
#include "daemon/elsewhere.h"
#include "daemon/log.h"
#include "proto/kind.h"
#include "store/blobs.h"
#include "store/room.h"

enum {
    PAGE = 64,
    /* Topics that one pledge may add; a hello has room for a thousand. */
    TOPICS_ALL = 900,
    TOPICS_GIVEN = 8,
    /* Records of the board that are looked at in a step. */
    STEP = 256
};

/* What is looked for, in this order. */
static const uint64_t kinds[] = { KIND_PROJECT, KIND_REQUEST };
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Held for this pledge, and perhaps followed, too. */
static bool is_shared(const struct node *node, const struct store_follow *row)
{
    return memcmp(row->pledge, node_board(node), ID_LEN) == 0;
}

/* ---- Rows --------------------------------------------------------------- */

/* What is wanted there and not counted yet, as nothing of it has come. */
static uint64_t wanted_bytes(struct store *store, const uint8_t topic[ID_LEN])
{
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

static void look_at_row(struct share_topics *t, const struct node *node,
                        const struct store_follow *row)
{
    if (memcmp(row->topic, node_board(node), ID_LEN) == 0) {
        t->is_sharing = row->policy == STORE_POLICY_SHARE;
        t->all = *row;
    } else if (is_shared(node, row)) {
        t->count++;
        t->used += wanted_bytes(node_store(node), row->topic);
    }
}

/* A pledge to everybody is over: its row goes, and then what it stood for. */
static void end_sharing(struct node *node, const uint8_t board[ID_LEN])
{
    struct store_batch *batch;

    log_event(LOG_LEVEL_INFO, "pledge", "ended", "topic=%s",
              log_id(board).text);
    if (commits_batch(node_commits(node), &batch) == ERR_OK &&
        store_batch_unfollow(batch, board) == ERR_OK)
        commits_expect(node_commits(node), NULL, NULL);
}

static void begin_kind(struct share_topics *t, const struct node *node)
{
    store_scan_by_topic_kind(&t->scan, node_board(node), kinds[t->phase]);
    t->scan.newest_first = true;
}

void share_topics_begin(struct share_topics *t, struct node *node)
{
    struct room_pledge pledge;
    struct store_follow page[PAGE];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    size_t n = 1;

    *t = (struct share_topics){ .is_sharing = false };
    if (room_pledge_of(node_store(node), node_board(node), &pledge) == ERR_OK)
        t->used = pledge.usage.bytes;
    while (n > 0 &&
           store_follows(node_store(node), after, page, PAGE, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++)
            look_at_row(t, node, &page[i]);
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
    if (t->is_sharing && t->all.until_ms != 0 &&
        node_clock_ms(node) >= t->all.until_ms) {
        /* Who ended it by hand has said what may go. */
        t->is_keeping = t->count > 0 && t->all.until_ms > t->all.since_ms;
        t->is_sharing = false;
        if (!t->is_keeping)
            end_sharing(node, t->all.topic);
    }
    begin_kind(t, node);
}

bool share_topics_next(const struct node *node, const uint8_t *after,
                       struct store_follow *out)
{
    uint8_t last[ID_LEN];
    size_t n;

    while (store_follows(node_store(node), after, out, 1, &n) == ERR_OK &&
           n > 0) {
        if (is_shared(node, out))
            return true;
        memcpy(last, out->topic, ID_LEN);
        after = last;
    }
    return false;
}

/* ---- The board ---------------------------------------------------------- */

static bool is_taken(const struct share_topics *t, const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < t->taken_count; i++)
        if (memcmp(t->taken[i], topic, ID_LEN) == 0)
            return true;
    return false;
}

/* What is seeded is held whole already. */
static bool may_take(const struct node *node, const uint8_t topic[ID_LEN],
                     struct store_follow *row)
{
    *row = (struct store_follow){ .policy = STORE_POLICY_SHARE,
                                  .since_ms = node_clock_ms(node) };
    memcpy(row->topic, topic, ID_LEN);
    return store_follow_find(node_store(node), topic, row) != ERR_OK ||
           (row->policy == STORE_POLICY_FOLLOW && !store_follow_shares(row));
}

/* The pledge's quota is for all together, and so is its end. */
static void take(struct share_topics *t, struct node *node,
                 const uint8_t topic[ID_LEN])
{
    struct store_follow row;

    if (is_taken(t, topic) || !may_take(node, topic, &row))
        return;
    memcpy(t->taken[t->taken_count++], topic, ID_LEN);
    t->count++;
    memcpy(row.pledge, node_board(node), ID_LEN);
    node_follow(node, &row, NULL, NULL);
}

bool share_topics_find(struct share_topics *t, struct node *node)
{
    unsigned left = STEP;

    while (left > 0 && t->phase < KINDS) {
        struct store_item page[PAGE];
        size_t n;

        if (t->taken_count == SHARE_TOPICS_TAKEN || t->count >= TOPICS_ALL)
            return false;
        if (store_scan_next(node_store(node), &t->scan, page, PAGE, &n) !=
            ERR_OK)
            return false;
        if (n == 0 && ++t->phase < KINDS)
            begin_kind(t, node);
        for (size_t i = 0; i < n && t->taken_count < SHARE_TOPICS_TAKEN &&
                           t->count < TOPICS_ALL;
             i++)
            take(t, node, page[i].topic);
        left -= n < left ? (unsigned)n : left;
    }
    return t->phase < KINDS;
}

/* ---- The end of a pledge ------------------------------------------------ */

/* What was followed besides is followed still. */
static void give_back(struct node *node, struct store_follow *row)
{
    if (row->policy == STORE_POLICY_SHARE) {
        node_unfollow(node, row->topic, NULL, NULL);
        return;
    }
    memset(row->pledge, 0, ID_LEN);
    node_follow(node, row, NULL, NULL);
}

struct search {
    const struct node *node;
    bool found;
};

static bool is_last(void *context, const uint8_t topic[ID_LEN],
                    const struct blob_id *blob)
{
    struct search *search = context;

    search->found = elsewhere_count(search->node, topic, blob, NULL) == 0;
    return search->found;
}

/* Whether a file would go of which no other node has shown a copy. */
static bool has_last_copies(const struct node *node,
                            const struct store_follow *row)
{
    struct search search = { .node = node };

    return row->policy == STORE_POLICY_SHARE &&
           (elsewhere_each_going(node, row->topic, is_last, &search) !=
                ERR_OK ||
            search.found);
}

bool share_topics_give_up(const struct share_topics *t, struct node *node,
                          struct share_cursor *at)
{
    struct store_follow row;

    for (size_t i = 0; i < TOPICS_GIVEN; i++) {
        if (!share_topics_next(node, at->is_set ? at->topic : NULL, &row)) {
            at->is_set = false;
            return false;
        }
        memcpy(at->topic, row.topic, ID_LEN);
        at->is_set = true;
        if (!t->is_keeping || !has_last_copies(node, &row))
            give_back(node, &row);
    }
    return true;
}
