/* What a get wants, and lets go when nobody waits for it any more. */
#include "daemon/getting.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/transfer.h"

enum { WANTING_MAX = 500 };

static void on_wanted(void *context, enum err e)
{
    struct getting *g = context;

    if (e != ERR_OK && e != ERR_EXISTS && g->err == ERR_OK)
        g->err = e;
    if (--g->wanting > 0)
        return;
    g->working = false;
    if (g->err != ERR_OK)
        getting_fail(g, g->err);
    else
        getting_step(g);
}

/* What was asked for is kept until it is dropped. */
static enum err pin(struct getting *g, const struct blob_id *blob)
{
    struct commits *commits = node_commits(g->node);
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = keep_put_pin(batch, blob, g->topic, KEEP_PIN_ASKED);
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    return e;
}

bool getting_want_some(struct getting *g)
{
    size_t begun = g->wanted;
    struct store_want want;

    g->wanting = 1; /* ours: some may be answered at once */
    while (g->wanted < g->count && g->wanting <= WANTING_MAX &&
           g->wanted - begun < GETTING_LOOKED_AT_MAX) {
        struct getting_file *file = &g->files[g->wanted++];

        file->pin = keep_pin_of(node_store(g->node), &file->blob, g->topic);
        if (g->err == ERR_OK)
            g->err = pin(g, &file->blob);
        if (getting_is_whole(g, &file->blob))
            continue;
        file->is_ours = store_want_find(node_store(g->node), &file->blob,
                                        g->topic, &want) == ERR_NOT_FOUND;
        g->working = true;
        g->wanting++;
        node_want_blob(g->node, &file->blob, g->topic, on_wanted, g);
    }
    if (--g->wanting == 0)
        g->working = false;
    return g->wanting == 0 && g->wanted == g->count;
}

/* --- nobody waits for it any more --- */

struct letting_go {
    struct node *node;
    uint8_t topic[ID_LEN];
};

static int by_blob(const void *a, const void *b)
{
    const struct getting_file *x = a;
    const struct getting_file *y = b;

    return blob_id_compare(&x->blob, &y->blob);
}

/* What another one waits for, too, is that one's from now on. */
static void hand_over(struct getting *g, struct getting *other)
{
    for (size_t i = other->next; i < other->wanted; i++) {
        struct getting_file *theirs = &other->files[i];
        struct getting_file *ours =
            bsearch(theirs, g->files + g->next, g->count - g->next,
                    sizeof *g->files, by_blob);

        if (ours == NULL || !ours->is_ours)
            continue;
        theirs->is_ours = true;
        theirs->pin = ours->pin;
        ours->is_ours = false;
    }
}

/* The policy of the topic may want it all the same. */
static void on_let_go(void *context, enum err e,
                      const struct store_result *result)
{
    struct letting_go *l = context;

    (void)result;
    if (e == ERR_OK && !node_is_stopping(l->node))
        transfer_topic_changed(node_transfer(l->node), l->topic);
    free(l);
}

/* Takes back the pin, then the want; the last one has `l` told. */
static enum err let_go(struct getting *g, const struct getting_file *file,
                       struct letting_go *l)
{
    struct commits *commits = node_commits(g->node);
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = keep_put_pin(batch, &file->blob, g->topic, file->pin);
    if (e == ERR_OK) {
        commits_expect(commits, NULL, NULL);
        e = commits_batch(commits, &batch);
    }
    if (e == ERR_OK)
        e = store_batch_unwant(batch, &file->blob, g->topic);
    if (e == ERR_OK) {
        commits_expect(commits, l == NULL ? NULL : on_let_go, l);
        transfer_give_up(node_transfer(g->node), &file->blob, g->topic);
    }
    return e;
}

void getting_let_go(struct getting *g)
{
    struct letting_go *l = calloc(1, sizeof *l);
    const struct getting_file *last = NULL;
    enum err e = l == NULL ? ERR_NO_MEMORY : ERR_OK;

    qsort(g->files + g->next, g->count - g->next, sizeof *g->files, by_blob);
    for (struct getting *other = getting_first(); other != NULL;
         other = other->behind)
        if (other != g && memcmp(other->topic, g->topic, ID_LEN) == 0)
            hand_over(g, other);
    for (size_t i = g->next; e == ERR_OK && i < g->count; i++) {
        if (!g->files[i].is_ours || getting_is_whole(g, &g->files[i].blob))
            continue;
        if (last != NULL)
            e = let_go(g, last, NULL);
        last = &g->files[i];
    }
    if (e == ERR_OK && last != NULL) {
        l->node = g->node;
        memcpy(l->topic, g->topic, ID_LEN);
        e = let_go(g, last, l);
    }
    if (e != ERR_OK || last == NULL)
        free(l); /* without memory it comes all the same */
}
