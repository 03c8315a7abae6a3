/* Finds what is a person's, and holds it for the pledge to them. */
#include "daemon/person_share.h"

#include <assert.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/interest.h"
#include "daemon/pledge.h"
#include "proto/kind.h"

enum {
    PAGE = 16,
    /* Topics that there may be in all: a hello has room for a thousand. */
    TOPICS_ALL = 900,
    /* What a step may cost, about a millisecond: rows and records that are
     * looked at count one, those that are read and topics that are judged,
     * which may not be remembered, more. */
    STEP = 256,
    READING = 4,
    JUDGING = 16
};

/* One step of a walk. */
struct step {
    struct person_share *walk;
    struct node *node;
    unsigned left; /* of what it may cost */
};

static void spend(struct step *s, unsigned cost)
{
    s->left -= cost < s->left ? cost : s->left;
}

static bool find_row(const struct node *node, const uint8_t topic[ID_LEN],
                     struct store_follow *out)
{
    return store_follow_find(node_store(node), topic, out) == ERR_OK;
}

/* ---- Taking ------------------------------------------------------------- */

static bool is_taken(const struct person_share *w, const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < w->taken_count; i++)
        if (memcmp(w->taken[i], topic, ID_LEN) == 0)
            return true;
    return false;
}

/* What is seeded for itself, or for another pledge, stays as it is; what was
 * taken in this walk may not be stored yet. */
static bool may_take(const struct step *s, const uint8_t topic[ID_LEN],
                     struct store_follow *there, bool *is_new)
{
    const struct person_share *w = s->walk;

    *is_new = !find_row(s->node, topic, there);
    return memcmp(topic, w->row, ID_LEN) != 0 && !is_taken(w, topic) &&
           (*is_new ? w->topics < TOPICS_ALL
                    : there->policy == STORE_POLICY_FOLLOW ||
                          there->policy == STORE_POLICY_SHARE);
}

static void take(struct step *s, const uint8_t topic[ID_LEN],
                 const struct store_follow *there, bool is_new)
{
    struct person_share *w = s->walk;
    struct store_follow row = { .policy = STORE_POLICY_SEED,
                                .from_ms = is_new ? 0 : there->from_ms,
                                .since_ms = node_clock_ms(s->node) };

    if (w->taken_count == PERSON_SHARE_TAKEN) {
        w->has_more = true;
        return;
    }
    memcpy(row.topic, topic, ID_LEN);
    memcpy(row.pledge, w->row, ID_LEN);
    memcpy(w->taken[w->taken_count++], topic, ID_LEN);
    w->topics += is_new ? 1 : 0;
    node_follow(s->node, &row, NULL, NULL);
}

/* ---- Whose it is -------------------------------------------------------- */

static bool is_founder(const struct step *s, const uint8_t topic[ID_LEN])
{
    struct store_item item;

    return store_find(node_store(s->node), topic, &item) == ERR_OK &&
           memcmp(item.author, s->walk->row, ID_LEN) == 0;
}

/* As the records of the topic say, which is held. */
static bool is_creator(struct step *s, const uint8_t topic[ID_LEN])
{
    if (memcmp(topic, s->walk->others, ID_LEN) == 0)
        return false;
    spend(s, JUDGING);
    if (interest_is_creator(node_interest(s->node), topic, s->walk->row))
        return true;
    memcpy(s->walk->others, topic, ID_LEN);
    return false;
}

static bool is_word(uint64_t kind)
{
    return kind == KIND_PROFILE || kind == KIND_PROJECT ||
           kind == KIND_REQUEST || kind == KIND_REQUEST_CLOSE ||
           kind == KIND_RELEASE || kind == KIND_LESSON;
}

/*
 * Of a topic that is held, what its records say; of others only what the call
 * board shows.  To say there that something is one's own costs the one who says
 * so: it takes of what was pledged to them.
 */
static void look_at_word(struct step *s, const struct store_item *item)
{
    struct store_follow there;
    bool is_new;

    if (!is_word(item->kind) || !may_take(s, item->topic, &there, &is_new) ||
        (is_new && (item->flags & RECORD_LISTED) == 0))
        return;
    if (is_new || is_founder(s, item->topic) || is_creator(s, item->topic))
        take(s, item->topic, &there, is_new);
}

static bool is_to(struct step *s, const struct store_item *handover)
{
    uint8_t creator[ID_LEN];
    struct body body;
    bool is_same;

    spend(s, READING);
    body_open(&body, node_store(s->node), handover->id);
    is_same = body.map != NULL &&
              mp_bin_exact(mp_get(body.map, "new_creator"), creator, ID_LEN) &&
              memcmp(creator, s->walk->row, ID_LEN) == 0;
    body_close(&body);
    return is_same;
}

/* Of one in a topic that is not held nobody could tell whether it stands. */
static void look_at_handover(struct step *s, const struct store_item *item)
{
    struct store_follow there;
    bool is_new;

    if (may_take(s, item->topic, &there, &is_new) && !is_new &&
        is_to(s, item) && is_creator(s, item->topic))
        take(s, item->topic, &there, is_new);
}

/* ---- Steps -------------------------------------------------------------- */

/* What they founded, and what they speak for. */
static void begin_words(struct person_share *w)
{
    w->phase = PERSON_SHARE_WORDS;
    w->taken_count = 0;
    memset(w->others, 0, ID_LEN); /* no record's topic */
    store_scan_by_author(&w->scan, w->row);
    w->scan.newest_first = true;
}

static void begin_handovers(struct person_share *w)
{
    w->phase = PERSON_SHARE_HANDOVERS;
    store_scan_by_kind(&w->scan, KIND_HANDOVER);
    w->scan.newest_first = true;
}

static void go_on_with_records(struct step *s)
{
    struct person_share *w = s->walk;
    bool are_words = w->phase == PERSON_SHARE_WORDS;
    struct store_item page[PAGE];
    size_t max = s->left < PAGE ? s->left : PAGE;
    size_t n;

    if (store_scan_next(node_store(s->node), &w->scan, page, max, &n) !=
            ERR_OK ||
        n == 0) {
        if (are_words)
            begin_handovers(w);
        else
            w->phase = PERSON_SHARE_ROWS;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        spend(s, 1);
        if (are_words)
            look_at_word(s, &page[i]);
        else
            look_at_handover(s, &page[i]);
    }
}

/* The pledge that this one was held for is over. */
static bool is_left(const struct node *node, const struct store_follow *row)
{
    struct store_follow giver;

    return row->policy == STORE_POLICY_SEED && store_follow_shares(row) &&
           (!find_row(node, row->pledge, &giver) ||
            giver.policy != STORE_POLICY_SEED);
}

static void look_at_row(struct step *s, struct store_follow *row)
{
    struct person_share *w = s->walk;
    struct store_item item;

    if (is_left(s->node, row)) {
        row->policy = STORE_POLICY_FOLLOW;
        memset(row->pledge, 0, ID_LEN);
        node_follow(s->node, row, NULL, NULL);
        w->is_any = true;
    } else if (row->policy == STORE_POLICY_SEED) {
        spend(s, READING);
        if (pledge_scope_of(s->node, row->topic) == PLEDGE_PERSON) {
            w->is_any = true;
            begin_words(w);
        } else if (store_find(node_store(s->node), row->topic, &item) !=
                   ERR_OK) {
            w->is_any = true; /* whose it is may not be known yet */
        }
    }
}

static void go_on_with_rows(struct step *s)
{
    struct person_share *w = s->walk;
    struct store_follow row;
    size_t n;

    if (store_follows(node_store(s->node), w->has_row ? w->row : NULL, &row, 1,
                      &n) != ERR_OK ||
        n == 0) {
        w->phase = PERSON_SHARE_DONE;
        return;
    }
    spend(s, 1);
    memcpy(w->row, row.topic, ID_LEN);
    w->has_row = true;
    look_at_row(s, &row);
}

/* The pledge may have ended since the last step. */
static bool is_over(const struct step *s)
{
    struct store_follow row;

    return s->walk->phase != PERSON_SHARE_ROWS &&
           (!find_row(s->node, s->walk->row, &row) ||
            row.policy != STORE_POLICY_SEED);
}

bool person_share_step(struct person_share *walk, struct node *node)
{
    struct step s = { .walk = walk, .node = node, .left = STEP };

    assert(walk->phase != PERSON_SHARE_DONE);
    if (is_over(&s))
        walk->phase = PERSON_SHARE_ROWS;
    while (s.left > 0 && walk->phase != PERSON_SHARE_DONE) {
        if (walk->phase == PERSON_SHARE_ROWS)
            go_on_with_rows(&s);
        else
            go_on_with_records(&s);
    }
    return walk->phase != PERSON_SHARE_DONE;
}

/* ---- Walks -------------------------------------------------------------- */

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

void person_share_begin(struct person_share *walk, struct node *node)
{
    *walk = (struct person_share){ .phase = PERSON_SHARE_ROWS,
                                   .topics = count_topics(node) };
}

bool person_share_concerns(const struct node *node,
                           const struct node_event *event)
{
    struct store_follow row;

    return event->kind == KIND_HANDOVER ||
           (is_word(event->kind) && find_row(node, event->author, &row) &&
            row.policy == STORE_POLICY_SEED);
}
