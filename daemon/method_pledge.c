/* Giving room: to a project, to a person, or to everybody. */
#include <stdlib.h>
#include <string.h>

#include "daemon/elsewhere.h"
#include "daemon/log.h"
#include "daemon/methods.h"
#include "daemon/node_parts.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/param_topic.h"
#include "daemon/pledge.h"
#include "daemon/pledge_walk.h"
#include "store/keep.h"

enum {
    PLEDGES_SHOWN = 500,
    TURN_MS = 1, /* with 0 the loop would not turn */
    PINS_PAGE = 64,
    PINS_MAX = 50000
};

/* --- seed --- */

/* What is to be held, and whether anything of it is here already. */
struct seeding {
    struct store_follow row;
    bool is_known;
    struct node *node;
    struct blob_id last; /* of which no other copy is known */
};

/* Files of the topic that the owner let go of: no pledge brings them back. */
static uint64_t count_dropped(struct store *store, const uint8_t topic[ID_LEN])
{
    struct keep_row rows[PINS_PAGE];
    struct keep_row after = { .pin = KEEP_PIN_NONE }; /* before all of it */
    uint64_t dropped = 0;
    size_t n = 1;

    memcpy(after.topic, topic, ID_LEN);
    for (size_t seen = 0; n > 0 && seen < PINS_MAX; seen += n) {
        if (keep_pins(store, &after, rows, PINS_PAGE, &n) != ERR_OK)
            break;
        for (size_t i = 0; i < n; i++) {
            if (memcmp(rows[i].topic, topic, ID_LEN) != 0)
                return dropped;
            dropped += rows[i].pin == KEEP_PIN_DROPPED ? 1 : 0;
        }
        if (n > 0)
            after = rows[n - 1];
    }
    return dropped;
}

static void on_said(void *context, enum err e)
{
    struct call *call = context;
    const struct seeding *s = call_data(call);
    struct node *node = call_node(call);
    struct writer *w;

    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 4);
    pair_id(w, "id", s->row.topic);
    pair_text(w, "scope",
              pledge_scope_name((uint64_t)pledge_scope_of(node, s->row.topic)));
    pair_bool(w, "known", s->is_known);
    pair_uint(w, "dropped", count_dropped(node_store(node), s->row.topic));
    call_send(call);
}

static void on_held(void *context, enum err e)
{
    struct call *call = context;
    const struct seeding *s = call_data(call);

    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else
        pledge_say(node_pledge(call_node(call)), &s->row, on_said, call);
}

static bool is_last(void *context, const uint8_t topic[ID_LEN],
                    const struct blob_id *blob)
{
    struct seeding *s = context;

    if (elsewhere_count(s->node, topic, blob, NULL) > 0)
        return false;
    s->last = *blob;
    return true;
}

/*
 * Whether a pledge to everybody may end now, and what is held for it go; else
 * the call has been failed.
 */
static bool may_end(struct call *call, struct seeding *s)
{
    const struct store_follow *row = &s->row;
    enum err e;

    s->last.size = UINT64_MAX; /* no file's */
    if (row->policy != STORE_POLICY_SHARE || row->until_ms == 0 ||
        row->until_ms > node_clock_ms(s->node) ||
        mp_bool(call_param(call, "last_copy")))
        return true;
    e = elsewhere_each_going(s->node, row->topic, is_last, s);
    if (e == ERR_OK && s->last.size == UINT64_MAX)
        return true;
    if (e != ERR_OK) /* `s` goes with the call */
        call_fail(call, e, NULL, NULL);
    else
        call_failf(call, ERR_CONFIRM,
                   "See who holds what with: troupe health; to let all of it "
                   "go all the same, add --last-copy.",
                   "files go with the pledge, and no other node has proved "
                   "that it holds %s: this may be the last copy",
                   log_id(s->last.root).text);
    return false;
}

void method_seed(struct call *call)
{
    struct node *node = call_node(call);
    struct seeding *s = call_alloc(call, sizeof *s);
    struct store_topic_size size;

    if (s == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    s->node = node;
    s->row.policy = STORE_POLICY_SEED;
    s->row.since_ms = node_clock_ms(node);
    s->row.quota_bytes = mp_uint(call_param(call, "quota_bytes"));
    s->row.until_ms = mp_uint(call_param(call, "until_ms"));
    if (bytes_equal(mp_str(call_param(call, "target")), BYTES_LITERAL("all")))
        memcpy(s->row.topic, node_board(node), ID_LEN);
    else if (!param_topic(call, "target", s->row.topic))
        return;
    if (memcmp(s->row.topic, node_board(node), ID_LEN) == 0)
        s->row.policy = STORE_POLICY_SHARE;
    if (!may_end(call, s))
        return;
    s->is_known =
        store_topic_size(node_store(node), s->row.topic, &size) == ERR_OK &&
        size.count > 0;
    call_set_data(call, s);
    node_follow(node, &s->row, on_held, call);
}

/* --- pledge list --- */

static void put_item(struct call *call, struct writer *w,
                     const struct pledge_item *item)
{
    const struct node *node = call_node(call);

    mp_put_map(w, 8);
    pair_id(w, "id", item->id);
    pair_id(w, "node", item->node);
    pair_bool(w, "own",
              memcmp(item->node, node_keys(node)->sign.public_key, KEY_LEN) ==
                  0);
    pair_text(w, "scope", pledge_scope_name(item->scope));
    if (item->has_pledged)
        pair_id(w, "pledged", item->pledged);
    else
        pair_nil(w, "pledged");
    pair_uint(w, "bytes", item->bytes);
    pair_uint(w, "until_ms", item->until_ms);
    pair_uint(w, "created_ms", item->created_ms);
}

/* A call that goes through pledges, some in each turn of the loop. */
struct pledges {
    uv_timer_t timer;
    struct call *call;
    struct pledge_walk walk;
    struct pledge_item items[PLEDGES_SHOWN];
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_gone(struct call *call)
{
    struct pledges *p = call_data(call);

    call_fail(call, ERR_CANCELLED, NULL, NULL);
    uv_close((uv_handle_t *)&p->timer, on_closed);
}

static void on_turn(uv_timer_t *timer)
{
    struct pledges *p = timer->data;
    struct call *call = p->call;
    struct writer *w;

    if (pledge_walk_step(&p->walk, call_node(call))) {
        (void)uv_timer_start(timer, on_turn, TURN_MS, 0);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_array(w, "items", (uint32_t)p->walk.count);
    for (size_t i = 0; i < p->walk.count; i++)
        put_item(call, w, &p->items[i]);
    pair_nil(w, "next");
    call_send(call);
    uv_close((uv_handle_t *)timer, on_closed);
}

void method_pledge_list(struct call *call)
{
    struct pledges *p = calloc(1, sizeof *p);
    struct node *node = call_node(call);

    if (p == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    p->call = call;
    pledge_walk_begin(&p->walk, node, false, p->items, PLEDGES_SHOWN);
    (void)uv_timer_init(node_loop(node), &p->timer);
    p->timer.data = p;
    call_set_data(call, p);
    call_on_abandon(call, on_gone);
    on_turn(&p->timer);
}
