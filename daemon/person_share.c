/* Finds what is a person's, and holds it for the pledge to them. */
#include "daemon/person_share.h"

#include <string.h>

#include "daemon/body.h"
#include "daemon/interest.h"
#include "daemon/pledge.h"
#include "proto/kind.h"

enum {
    PAGE = 64,
    /* Topics that are taken at a time, and topics that there may be in all: a
     * hello has room for a thousand. */
    TAKEN_MAX = 32,
    TOPICS_ALL = 900,
    /* Handovers that are looked at in one round, the newest. */
    HANDOVERS_SEEN = 1024
};

/* One round for one person. */
struct round {
    struct node *node;
    const uint8_t *person;
    uint8_t taken[TAKEN_MAX][ID_LEN];
    size_t taken_count;
    size_t *topics; /* that are followed by now */
};

bool person_share_is_of(uint64_t kind)
{
    return kind == KIND_PROFILE || kind == KIND_PROJECT ||
           kind == KIND_REQUEST || kind == KIND_REQUEST_CLOSE ||
           kind == KIND_RELEASE || kind == KIND_LESSON || kind == KIND_HANDOVER;
}

/* ---- Taking ------------------------------------------------------------- */

static bool is_taken(const struct round *r, const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < r->taken_count; i++)
        if (memcmp(r->taken[i], topic, ID_LEN) == 0)
            return true;
    return false;
}

/* What is seeded for itself, or for another pledge, stays as it is. */
static void take(struct round *r, const uint8_t topic[ID_LEN])
{
    struct store_follow row = { .policy = STORE_POLICY_SEED,
                                .since_ms = node_clock_ms(r->node) };
    struct store_follow there;
    bool is_new =
        store_follow_find(node_store(r->node), topic, &there) != ERR_OK;

    if (r->taken_count == TAKEN_MAX || is_taken(r, topic) ||
        memcmp(topic, r->person, ID_LEN) == 0 ||
        (is_new ? *r->topics >= TOPICS_ALL
                : there.policy != STORE_POLICY_FOLLOW &&
                      there.policy != STORE_POLICY_SHARE))
        return;
    if (!is_new)
        row.from_ms = there.from_ms;
    memcpy(row.topic, topic, ID_LEN);
    memcpy(row.pledge, r->person, ID_LEN);
    memcpy(r->taken[r->taken_count++], topic, ID_LEN);
    *r->topics += is_new ? 1 : 0;
    node_follow(r->node, &row, NULL, NULL);
}

/* ---- Whose it is -------------------------------------------------------- */

static bool is_founder(struct round *r, const uint8_t topic[ID_LEN])
{
    struct store_item item;

    return store_find(node_store(r->node), topic, &item) == ERR_OK &&
           memcmp(item.author, r->person, ID_LEN) == 0;
}

/*
 * Of a topic that is held, what its records say; of others only what the call
 * board shows.  To say there that something is one's own costs the one who says
 * so: it takes of what was pledged to them.
 */
static bool is_theirs(struct round *r, const struct store_item *item)
{
    struct store_follow row;

    if (is_founder(r, item->topic))
        return true;
    if (store_follow_find(node_store(r->node), item->topic, &row) == ERR_OK)
        return interest_is_creator(node_interest(r->node), item->topic,
                                   r->person);
    return (item->flags & RECORD_LISTED) != 0;
}

/* What they founded, and what they speak for. */
static void look_at_words(struct round *r)
{
    struct store_item page[PAGE];
    struct store_scan scan;
    size_t n = 1;

    store_scan_by_author(&scan, r->person);
    scan.newest_first = true;
    while (n > 0 && r->taken_count < TAKEN_MAX &&
           store_scan_next(node_store(r->node), &scan, page, PAGE, &n) ==
               ERR_OK)
        for (size_t i = 0; i < n; i++) {
            struct store_follow row;

            if (person_share_is_of(page[i].kind) &&
                page[i].kind != KIND_HANDOVER &&
                ((page[i].flags & RECORD_LISTED) != 0 ||
                 store_follow_find(node_store(r->node), page[i].topic, &row) ==
                     ERR_OK) &&
                is_theirs(r, &page[i]))
                take(r, page[i].topic);
        }
}

static bool is_to(struct round *r, const struct store_item *handover)
{
    uint8_t creator[ID_LEN];
    struct body body;
    bool is_same;

    body_open(&body, node_store(r->node), handover->id);
    is_same = body.map != NULL &&
              mp_bin_exact(mp_get(body.map, "new_creator"), creator, ID_LEN) &&
              memcmp(creator, r->person, ID_LEN) == 0;
    body_close(&body);
    return is_same;
}

/* Handovers to them, in what is held here: nobody else can tell of them. */
static void look_at_handovers(struct round *r)
{
    struct store_item page[PAGE];
    struct store_scan scan;
    size_t seen = 0;
    size_t n = 1;

    store_scan_by_kind(&scan, KIND_HANDOVER);
    scan.newest_first = true;
    scan.held_only = true;
    while (n > 0 && seen < HANDOVERS_SEEN && r->taken_count < TAKEN_MAX &&
           store_scan_next(node_store(r->node), &scan, page, PAGE, &n) ==
               ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            struct store_follow row;

            if (store_follow_find(node_store(r->node), page[i].topic, &row) ==
                    ERR_OK &&
                row.policy != STORE_POLICY_SEED && is_to(r, &page[i]) &&
                interest_is_creator(node_interest(r->node), page[i].topic,
                                    r->person))
                take(r, page[i].topic);
        }
        seen += n;
    }
}

/* ---- Rounds ------------------------------------------------------------- */

/* The pledge that this one was held for is over. */
static bool is_left(const struct node *node, const struct store_follow *row)
{
    static const uint8_t none[ID_LEN];
    struct store_follow giver;

    return row->policy == STORE_POLICY_SEED &&
           memcmp(row->pledge, none, ID_LEN) != 0 &&
           (store_follow_find(node_store(node), row->pledge, &giver) !=
                ERR_OK ||
            giver.policy != STORE_POLICY_SEED);
}

/* False if it is no person's; whose it is may not be known yet. */
static bool look_at(struct node *node, const struct store_follow *row,
                    size_t *topics)
{
    struct round r = { .node = node, .person = row->topic, .topics = topics };
    struct store_item item;

    if (pledge_scope_of(node, row->topic) != PLEDGE_PERSON)
        return store_find(node_store(node), row->topic, &item) != ERR_OK;
    look_at_words(&r);
    look_at_handovers(&r);
    return true;
}

static size_t count_topics(struct node *node)
{
    struct store_follow page[PAGE];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    size_t count = 0;
    size_t n = 1;

    while (n > 0 &&
           store_follows(node_store(node), after, page, PAGE, &n) == ERR_OK) {
        count += n;
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
    return count;
}

bool person_share_look(struct node *node)
{
    size_t topics = count_topics(node);
    struct store_follow page[PAGE];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    bool is_any = false;
    size_t n = 1;

    while (n > 0 &&
           store_follows(node_store(node), after, page, PAGE, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            struct store_follow *row = &page[i];

            if (is_left(node, row)) {
                row->policy = STORE_POLICY_FOLLOW;
                memset(row->pledge, 0, ID_LEN);
                node_follow(node, row, NULL, NULL);
                is_any = true;
            } else if (row->policy == STORE_POLICY_SEED) {
                is_any = look_at(node, row, &topics) || is_any;
            }
        }
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
    return is_any;
}
