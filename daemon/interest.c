/*
 * What is kept of what comes in, and how far back the call board goes.  Who has
 * standing is interest_standing.c's, what goes again interest_work.c's.
 */
#include "daemon/interest.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/interest_parts.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "proto/kind.h"

/* How far back the call board goes where its quota allows it. */
enum { BOARD_DAYS = 365 };
/* Records after which quotas are looked at without waiting for the tick, and
 * how long the size of a topic may be believed. */
enum { LOOK_EVERY = 1000, SIZE_MS = 200 };

/* ---- Life --------------------------------------------------------------- */

enum err interest_open(struct interest **out, struct node *node)
{
    struct interest *in = calloc(1, sizeof *in);
    enum err e;

    if (in == NULL)
        return ERR_NO_MEMORY;
    in->node = node;
    e = store_board_from(node_store(node), &in->board_from_ms);
    if (e != ERR_OK) {
        free(in);
        return e;
    }
    in->board_day = interest_board_day(in);
    interest_jobs_load(in);
    *out = in;
    return ERR_OK;
}

void interest_shutdown(struct interest *in)
{
    in->is_stopping = true;
}

bool interest_is_idle(const struct interest *in)
{
    return !in->is_applying;
}

void interest_free(struct interest *in)
{
    if (in == NULL)
        return;
    interest_topics_wipe(in);
    free(in);
}

/* ---- Windows and quotas ------------------------------------------------- */

uint32_t interest_board_day(const struct interest *in)
{
    uint64_t today = node_clock_ms(in->node) / DAY_MS;
    uint64_t day = today > BOARD_DAYS ? today - BOARD_DAYS : 0;

    if (in->board_from_ms / DAY_MS > day)
        day = in->board_from_ms / DAY_MS;
    return (uint32_t)day;
}

static bool has_newer(const struct interest *in, const uint8_t topic[ID_LEN],
                      uint64_t from_ms)
{
    struct store_topic_size size;

    return store_range_size(node_store(in->node), topic, from_ms,
                            RECORD_TIME_MAX_MS, &size) == ERR_OK &&
           size.count > 0;
}

static bool has_version(const struct interest *in, const uint8_t first[ID_LEN],
                        uint64_t from_ms)
{
    struct store_scan scan;
    struct store_item item;
    size_t n;

    store_scan_by_revises(&scan, first);
    scan.newest_first = true;
    return store_scan_next(node_store(in->node), &scan, &item, 1, &n) ==
               ERR_OK &&
           n > 0 && item.created_ms >= from_ms;
}

/* §5.8: as the store says when the board is cut. */
static bool is_needed(const struct interest *in, const struct record *r)
{
    uint64_t from_ms = interest_board_day(in) * (uint64_t)DAY_MS;

    if (r->founds_topic || r->kind == KIND_PROJECT)
        return has_newer(in, r->topic, from_ms);
    return r->kind == KIND_REQUEST && !r->has_revises &&
           has_version(in, r->id, from_ms);
}

bool interest_is_in_window(const struct interest *in,
                           const uint8_t topic[ID_LEN], const struct record *r)
{
    return memcmp(topic, node_board(in->node), ID_LEN) != 0 ||
           r->created_ms / DAY_MS >= interest_board_day(in) || is_needed(in, r);
}

static uint64_t quota_of(const struct interest *in, const uint8_t topic[ID_LEN])
{
    const struct config *c = node_config(in->node);

    return memcmp(topic, node_board(in->node), ID_LEN) == 0
               ? c->board_quota_bytes
               : c->topic_quota_bytes;
}

static uint64_t bytes_of(struct interest *in, struct interest_topic *t)
{
    uint64_t now_ms = uv_now(node_loop(in->node));
    struct store_topic_size size;

    if (t->sized_ms != 0 && now_ms - t->sized_ms < SIZE_MS)
        return t->bytes;
    if (store_topic_size(node_store(in->node), t->topic, &size) == ERR_OK)
        t->bytes = size.bytes;
    t->sized_ms = now_ms + 1; /* never 0, which says never */
    return t->bytes;
}

/* The call board makes room by itself, until only today is left of it. */
static bool is_full(struct interest *in, struct interest_topic *t)
{
    uint64_t quota = quota_of(in, t->topic);
    bool is_board = memcmp(t->topic, node_board(in->node), ID_LEN) == 0;

    if (quota == 0 || bytes_of(in, t) < quota)
        return false;
    return !is_board ||
           interest_board_day(in) >= node_clock_ms(in->node) / DAY_MS;
}

/*
 * The first day from which on the call board fits its quota, found by halving:
 * the size of any range is known.
 */
static enum err fitting_day(struct interest *in, uint64_t quota, uint64_t *out)
{
    uint64_t low = interest_board_day(in) + 1; /* at least this much goes */
    uint64_t high = node_clock_ms(in->node) / DAY_MS;
    enum err e = ERR_OK;

    while (e == ERR_OK && low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct store_topic_size size;

        e = store_range_size(node_store(in->node), node_board(in->node),
                             middle * DAY_MS, RECORD_TIME_MAX_MS, &size);
        if (e != ERR_OK)
            break;
        if (size.bytes <= quota)
            high = middle;
        else
            low = middle + 1;
    }
    *out = low;
    return e;
}

/* Moves the call board's first day on: what is older goes, and peers hear. */
static void cut_board(struct interest *in, uint64_t day)
{
    struct interest_job job = { .kind = INTEREST_CUT,
                                .before_ms = day * DAY_MS };

    memcpy(job.topic, node_board(in->node), ID_LEN);
    in->board_from_ms = job.before_ms;
    interest_job_add(in, &job);
}

static bool is_cutting(const struct interest *in)
{
    for (size_t i = 0; i < in->jobs_count; i++)
        if (in->jobs[i].kind == INTEREST_CUT)
            return true;
    return false;
}

static void look_at_board(struct interest *in)
{
    uint64_t quota = quota_of(in, node_board(in->node));
    uint64_t today = node_clock_ms(in->node) / DAY_MS;
    struct store_topic_size size;
    uint64_t day;

    if (quota != 0 && !is_cutting(in) && interest_board_day(in) < today &&
        store_range_size(node_store(in->node), node_board(in->node),
                         interest_board_day(in) * (uint64_t)DAY_MS,
                         RECORD_TIME_MAX_MS, &size) == ERR_OK &&
        size.bytes > quota && fitting_day(in, quota, &day) == ERR_OK) {
        log_event(LOG_LEVEL_INFO, "interest", "board_full",
                  "bytes=%llu quota=%llu from_day=%llu",
                  (unsigned long long)size.bytes, (unsigned long long)quota,
                  (unsigned long long)day);
        cut_board(in, day);
    }
    day = interest_board_day(in);
    if (day != in->board_day) {
        if (!is_cutting(in))
            cut_board(in, day); /* a year has passed */
        node_topics_changed(in->node);
    }
    in->board_day = day;
}

/* ---- Pledges that have ended -------------------------------------------- */

static void look_at_pledges(struct interest *in)
{
    enum { FOLLOWS_PAGE = 64 };
    struct store_follow page[FOLLOWS_PAGE];
    uint64_t now_ms = node_clock_ms(in->node);
    uint8_t last[ID_LEN];
    const uint8_t *after = NULL;
    size_t n = FOLLOWS_PAGE;

    while (n == FOLLOWS_PAGE && store_follows(node_store(in->node), after, page,
                                              FOLLOWS_PAGE, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            struct store_follow *f = &page[i];

            if (f->policy != STORE_POLICY_SEED || f->until_ms == 0 ||
                now_ms < f->until_ms)
                continue;
            log_event(LOG_LEVEL_INFO, "interest", "pledge_ended", "topic=%s",
                      log_id(f->topic).text);
            f->policy = STORE_POLICY_FOLLOW;
            f->until_ms = 0;
            node_follow(in->node, f, NULL, NULL);
        }
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
}

void interest_tick(struct interest *in)
{
    if (in->is_stopping)
        return;
    in->since_look = 0;
    interest_topics_tick(in);
    look_at_board(in);
    look_at_pledges(in);
}

void interest_given_up(struct interest *in, const uint8_t topic[ID_LEN],
                       bool is_done)
{
    struct interest_job job = { .kind = INTEREST_GIVE_UP };
    size_t at = 0;

    while (at < in->leaving_count &&
           memcmp(in->leaving[at], topic, ID_LEN) != 0)
        at++;
    if (at < in->leaving_count)
        memmove(in->leaving[at], in->leaving[--in->leaving_count], ID_LEN);
    if (!is_done)
        return;
    memcpy(job.topic, topic, ID_LEN);
    interest_job_add(in, &job);
}

/* ---- What comes in ------------------------------------------------------ */

static bool is_identity(const struct record *r)
{
    return r->kind == KIND_DEVICE_REVOKE || r->kind == KIND_SUCCESSION;
}

static bool is_own(const struct interest *in, const uint8_t id[ID_LEN])
{
    const struct person_keys *own = node_person(in->node);

    return own != NULL && memcmp(own->person, id, ID_LEN) == 0;
}

/* Whether the record's own topic is held here, and not only the call board. */
static bool is_held(const struct interest *in, const struct record *r)
{
    struct store_follow follow;

    return memcmp(r->topic, node_board(in->node), ID_LEN) == 0 ||
           is_own(in, r->topic) ||
           store_follow_find(node_store(in->node), r->topic, &follow) == ERR_OK;
}

static void judge_in(struct interest *in, const uint8_t topic[ID_LEN],
                     enum store_account account, const struct record *r,
                     struct interest_terms *out)
{
    struct interest_topic *t = interest_topic_get(in, topic);
    bool has_standing =
        t->standing.has_founder && standing_has(&t->standing, r->author);

    out->budget = standing_budget(&t->standing, r->author);
    if (!has_standing && is_full(in, t))
        out->budget = BUDGET_NOTHING;
    out->account = has_standing ? STORE_ACCOUNT_NONE : account;
}

void interest_judge(struct interest *in, const struct record *r,
                    bool by_person_key, uint64_t source,
                    struct interest_terms *out)
{
    *out = (struct interest_terms){ .account = STORE_ACCOUNT_NONE,
                                    .budget = BUDGET_FREE };
    if (is_own(in, r->author))
        return;
    if (is_identity(r)) {
        /* A stolen device shall not use up what the person's own key has. */
        out->account =
            by_person_key ? STORE_ACCOUNT_TOPIC : STORE_ACCOUNT_BOARD;
        out->budget = BUDGET_STRANGER;
    } else if (is_held(in, r)) {
        judge_in(in, r->topic, STORE_ACCOUNT_TOPIC, r, out);
    } else {
        judge_in(in, node_board(in->node), STORE_ACCOUNT_BOARD, r, out);
    }
    if (out->account != STORE_ACCOUNT_NONE)
        out->or_nothing = !interest_may_remember(in, source);
}

static struct budget_meter *meter_of(struct interest *in,
                                     const uint8_t node[KEY_LEN])
{
    size_t oldest = 0;

    for (size_t i = 0; i < INTEREST_METERS; i++) {
        if (memcmp(in->meters[i].node, node, KEY_LEN) == 0)
            return &in->meters[i].meter;
        if (in->meters[i].meter.since_ms < in->meters[oldest].meter.since_ms)
            oldest = i;
    }
    memcpy(in->meters[oldest].node, node, KEY_LEN);
    in->meters[oldest].meter = (struct budget_meter){ 0 };
    return &in->meters[oldest].meter;
}

/* Until when the node may add nothing; 0: it may now. */
static uint64_t paused_until(const struct interest *in,
                             const uint8_t node[KEY_LEN])
{
    uint64_t now_ms = uv_now(node_loop(in->node));

    for (size_t i = 0; i < INTEREST_METERS; i++)
        if (memcmp(in->meters[i].node, node, KEY_LEN) == 0)
            return budget_meter_until(&in->meters[i].meter, now_ms);
    return 0;
}

bool interest_may_remember(const struct interest *in, uint64_t source)
{
    const struct conn *c = peers_find(node_peer_table(in->node), source);

    return c == NULL || conn_node(c) == NULL ||
           paused_until(in, conn_node(c)) == 0;
}

void interest_peer_up(struct interest *in, struct conn *c)
{
    uint64_t until_ms = paused_until(in, conn_node(c));

    if (until_ms > 0)
        peer_set_paused(conn_peer(c), until_ms, uv_now(node_loop(in->node)));
}

/* One more that is known and not held, by this peer. */
static void count_known(struct interest *in, uint64_t source)
{
    struct conn *c = peers_find(node_peer_table(in->node), source);
    uint64_t now_ms = uv_now(node_loop(in->node));
    struct budget_meter *meter;
    uint64_t until_ms;

    if (c == NULL || conn_node(c) == NULL)
        return;
    meter = meter_of(in, conn_node(c));
    budget_meter_add(meter, now_ms);
    until_ms = budget_meter_until(meter, now_ms);
    if (until_ms == 0 || meter->count != KNOWN_PEER_MAX)
        return;
    log_event(LOG_LEVEL_WARN, "interest", "peer_paused", "node=%s seconds=%llu",
              log_id(conn_node(c)).text,
              (unsigned long long)((until_ms - now_ms) / 1000));
    peer_set_paused(conn_peer(c), until_ms, now_ms);
    conn_wake(c);
}

/* Peers of the topic do not know the id yet: a session tells them. */
static void tell_of_head(struct interest *in, const uint8_t topic[ID_LEN],
                         uint64_t source)
{
    struct peers *peers = node_peer_table(in->node);
    uint64_t now_ms = uv_now(node_loop(in->node));

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        peer_set_changed(conn_peer(c), topic, conn_number(c) == source,
                         SYNC_EVERY_MS, now_ms);
        conn_wake(c);
    }
}

void interest_stored(struct interest *in, const struct record *r, bool is_head,
                     const struct store_result *result, uint64_t source)
{
    for (uint64_t i = 0; i < result->removed; i++)
        count_known(in, source);
    if (result->outcome == STORE_KNOWN)
        return;
    if (is_head || result->outcome == STORE_OVER) {
        count_known(in, source);
        tell_of_head(in, r->topic, source);
        if (result->listed)
            tell_of_head(in, node_board(in->node), source);
        return;
    }
    if (standing_is_of(r->kind)) {
        interest_topic_stale(in, r->topic);
        interest_topic_stale(in, node_board(in->node));
    }
    if (++in->since_look >= LOOK_EVERY) {
        in->since_look = 0;
        look_at_board(in);
    }
}

bool interest_is_stranger(struct interest *in, const uint8_t topic[ID_LEN],
                          const uint8_t author[ID_LEN])
{
    struct interest_topic *t = interest_topic_get(in, topic);

    return t->standing.has_founder && !is_own(in, author) &&
           !standing_has(&t->standing, author);
}

bool interest_is_creator(struct interest *in, const uint8_t topic[ID_LEN],
                         const uint8_t person[ID_LEN])
{
    const struct interest_topic *t = interest_topic_get(in, topic);

    return t->is_known && memcmp(t->creator, person, ID_LEN) == 0;
}

void interest_look(struct interest *in, const uint8_t topic[ID_LEN],
                   struct node_kept *out)
{
    struct interest_topic *t = interest_topic_get(in, topic);

    *out = (struct node_kept){
        .quota_bytes = quota_of(in, topic),
        .is_full = is_full(in, t),
        .from_ms = interest_board_day(in) * (uint64_t)DAY_MS,
    };
    if (store_topic_over(node_store(in->node), topic, &out->over) != ERR_OK)
        out->over = 0; /* it cannot tell; warnings say why */
}
