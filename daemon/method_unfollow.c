/* A project or a person is given up, and with it the files that came of it. */
#include <stdlib.h>
#include <string.h>

#include "daemon/elsewhere.h"
#include "daemon/leaving.h"
#include "daemon/log.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/param_topic.h"
#include "daemon/pledge.h"

struct unfollowing {
    struct call *call;
    uint8_t topic[ID_LEN];
    struct leaving leaving;
    bool has_last; /* a file of which no other copy is known would go */
    struct blob_id last;
};

static void unfollowing_free(struct unfollowing *u)
{
    leaving_end(&u->leaving);
    free(u);
}

static void fail(struct unfollowing *u, enum err e)
{
    call_fail(u->call, e, NULL, NULL);
    unfollowing_free(u);
}

/* ---- Carrying it out ---------------------------------------------------- */

static void on_changed(void *context, enum err e)
{
    struct unfollowing *u = context;
    struct writer *w;

    if (e != ERR_OK) {
        fail(u, e);
        return;
    }
    w = call_reply(u->call);
    mp_put_map(w, 1);
    pair_id(w, "id", u->topic);
    call_send(u->call);
    unfollowing_free(u);
}

/* Whether or not others could be told. */
static void on_pledge_ended(void *context, enum err e)
{
    struct unfollowing *u = context;

    (void)e; /* it has been logged */
    node_unfollow(u->leaving.node, u->topic, on_changed, u);
}

static void carry_out(struct unfollowing *u)
{
    call_on_abandon(u->call, NULL);
    pledge_end(node_pledge(u->leaving.node), u->topic, on_pledge_ended, u);
}

/* ---- Asking ------------------------------------------------------------- */

static bool ask_for(void *context, const uint8_t topic[ID_LEN],
                    const struct blob_id *blob)
{
    struct unfollowing *u = context;

    leaving_add(&u->leaving, topic, blob);
    return false;
}

static bool is_last(void *context, const uint8_t topic[ID_LEN],
                    const struct blob_id *blob)
{
    struct unfollowing *u = context;

    if (elsewhere_count(u->leaving.node, topic, blob,
                        leaving_asked(&u->leaving)) > 0)
        return false;
    u->has_last = true;
    u->last = *blob;
    return true;
}

/* Files go with a topic: the last copy that is known of only if asked to. */
static void on_asked(void *context)
{
    struct unfollowing *u = context;
    enum err e = elsewhere_each_going(u->leaving.node, u->topic, is_last, u);

    if (e != ERR_OK) {
        fail(u, e);
    } else if (u->has_last) {
        call_failf(u->call, ERR_CONFIRM,
                   "See who holds what with: troupe health; to let all of it "
                   "go all the same, add --last-copy.",
                   "files go with it, and no other node has proved that it "
                   "holds %s: this may be the last copy",
                   log_id(u->last.root).text);
        unfollowing_free(u);
    } else {
        carry_out(u);
    }
}

static void on_gone(struct call *call)
{
    fail(call_data(call), ERR_CANCELLED);
}

static void ask(struct unfollowing *u)
{
    enum err e = elsewhere_each_going(u->leaving.node, u->topic, ask_for, u);

    if (e != ERR_OK) {
        fail(u, e);
        return;
    }
    call_set_data(u->call, u);
    call_on_abandon(u->call, on_gone);
    leaving_ask(&u->leaving, on_asked, u);
}

/* ---- Methods ------------------------------------------------------------ */

/* Whether it is held for a pledge to everybody, too, that is not over. */
static bool is_shared(const struct node *node, const struct store_follow *row)
{
    struct store_follow all;

    return row->policy == STORE_POLICY_FOLLOW && store_follow_shares(row) &&
           store_follow_find(node_store(node), node_board(node), &all) ==
               ERR_OK &&
           all.policy == STORE_POLICY_SHARE &&
           (all.until_ms == 0 || all.until_ms > node_clock_ms(node));
}

static void give_up(struct unfollowing *u)
{
    struct call *call = u->call;
    struct node *node = u->leaving.node;
    struct store_follow row;

    if (memcmp(u->topic, node_board(node), ID_LEN) == 0) {
        call_fail(call, ERR_REFUSED, "the call board is always held",
                  "A pledge to everybody ends with: troupe seed all --until "
                  "TIME");
        unfollowing_free(u);
    } else if (store_follow_find(node_store(node), u->topic, &row) != ERR_OK ||
               row.policy == STORE_POLICY_SHARE) {
        call_fail(call, ERR_NOT_FOUND, "this is not followed",
                  "See the topics in: troupe status");
        unfollowing_free(u);
    } else if (is_shared(node, &row)) {
        row.policy = STORE_POLICY_SHARE; /* for everybody it is held still */
        node_follow(node, &row, on_changed, u);
    } else if (mp_bool(call_param(call, "last_copy"))) {
        carry_out(u);
    } else {
        ask(u);
    }
}

typedef bool find_fn(struct call *call, const char *name, uint8_t id[ID_LEN]);

static void unfollow(struct call *call, const char *name, find_fn *find)
{
    struct unfollowing *u = calloc(1, sizeof *u);

    if (u == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    u->call = call;
    u->leaving.node = call_node(call);
    if (find(call, name, u->topic))
        give_up(u);
    else
        unfollowing_free(u); /* the call has failed */
}

void method_project_unfollow(struct call *call)
{
    unfollow(call, "project", param_followed);
}

void method_person_unfollow(struct call *call)
{
    unfollow(call, "person", param_person);
}
