/* What becomes of a file in place that has changed. */
#include "daemon/in_place.h"

#include <string.h>

#include "daemon/commits.h"
#include "daemon/log.h"
#include "daemon/rehash.h"
#include "store/law.h"

enum { PLACES_MAX = 64 };

static uint64_t lost; /* the loop alone comes here */

static void on_let_go(void *context, enum err e,
                      const struct store_result *result)
{
    (void)context;
    if (e == ERR_OK && result->err == ERR_OK)
        lost++;
}

static void on_wanted(void *context, enum err e,
                      const struct store_result *result)
{
    (void)result;
    if (e == ERR_OK)
        node_wants_changed(context);
}

static enum err want_again(struct node *node, const struct law_place *place)
{
    struct commits *commits = node_commits(node);
    uint64_t now_ms = node_clock_ms(node);
    struct store_want want = { .blob = place->blob,
                               .why = STORE_WHY_REPAIR,
                               .since_ms = now_ms,
                               .next_try_ms = now_ms };
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    memcpy(want.topic, place->topic, ID_LEN);
    if (e == ERR_OK)
        e = store_batch_want(batch, &want);
    if (e == ERR_OK)
        commits_expect(commits, on_wanted, node);
    return e;
}

static enum err let_go(struct node *node, const struct law_place *place)
{
    struct commits *commits = node_commits(node);
    struct store_follow follow;
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = blobs_put_release(batch, &place->blob, place->topic);
    if (e != ERR_OK)
        return e;
    commits_expect(commits, on_let_go, NULL);
    if (store_follow_find(node_store(node), place->topic, &follow) == ERR_OK &&
        follow.policy == STORE_POLICY_SEED)
        e = want_again(node, place);
    return e;
}

void in_place_let_go(struct node *node, const struct blob_id *blob)
{
    struct law_place places[PLACES_MAX];
    size_t n = 0;
    enum err e =
        law_places(node_store(node), blob->root, false, places, PLACES_MAX, &n);

    for (size_t i = 0; e == ERR_OK && i < n; i++)
        if (blob_id_equal(&places[i].blob, blob))
            e = let_go(node, &places[i]);
    log_event(LOG_LEVEL_WARN, "blob", "changed_in_place", "root=%s why=%s",
              log_id(blob->root).text, err_name(e));
}

void in_place_look(struct node *node, const struct blob_id *blob)
{
    switch (blobs_look_in_place(node_store(node), blob)) {
    case IN_PLACE_KEPT:
        break;
    case IN_PLACE_CHANGED:
        in_place_let_go(node, blob);
        break;
    case IN_PLACE_OTHER:
        rehash_add(node_rehash(node), blob);
        break;
    }
}

uint64_t in_place_lost(void)
{
    return lost;
}
