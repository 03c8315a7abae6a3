/*
 * The owner's law and the authors' retractions: what they mean for one record.
 * What follows for the disk goes in steps in safety_work.c.
 */
#include "daemon/safety.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/log.h"
#include "daemon/safety_parts.h"
#include "daemon/transfer.h"
#include "proto/kind.h"

enum { PAGE = 16, PAGES_A_TICK = 64 };

/* ---- Judgements ---------------------------------------------------------- */

static bool is_in_effect(const struct node *node, const struct law *law)
{
    return law->until_ms == 0 || node_clock_ms(node) < law->until_ms;
}

bool safety_has(const struct node *node, enum law_kind kind,
                const uint8_t id[ID_LEN])
{
    struct law law;

    return law_find(node_store(node), kind, id, &law) == ERR_OK &&
           is_in_effect(node, &law);
}

bool safety_is_blocked(const struct node *node, const uint8_t person[ID_LEN])
{
    return safety_has(node, LAW_BLOCKED, person);
}

/* The works of others rest on them, and credits take names from them. */
static bool is_kept(const struct node *node, const uint8_t topic[ID_LEN],
                    uint64_t number)
{
    const struct kind *kind = kind_find(number);
    struct store_follow follow;

    if (kind == NULL)
        return false;
    if (kind->author == AUTHOR_PERSON_KEY || number == KIND_PROFILE)
        return true;
    return kind->is_final && memcmp(topic, node_board(node), ID_LEN) != 0 &&
           store_follow_find(node_store(node), topic, &follow) == ERR_OK;
}

bool safety_refuses(const struct node *node, const uint8_t id[ID_LEN],
                    const uint8_t author[ID_LEN], const uint8_t topic[ID_LEN],
                    uint64_t kind)
{
    return safety_has(node, LAW_NO_RECORD, id) ||
           (safety_is_blocked(node, author) && !is_kept(node, topic, kind));
}

/* Whether a retraction by the author takes the record back (§7.3). */
static bool is_retracted(const struct node *node, const uint8_t id[ID_LEN],
                         const uint8_t author[ID_LEN], uint64_t kind)
{
    const struct kind *is = kind_find(kind);
    struct store_item found[PAGE];
    struct store_scan scan;
    size_t n = 0;

    if (is == NULL || is->is_final)
        return false;
    store_scan_by_link(&scan, id, RELATION_TARGET);
    while (store_scan_next(node_store(node), &scan, found, PAGE, &n) ==
               ERR_OK &&
           n > 0)
        for (size_t i = 0; i < n; i++)
            if (found[i].kind == KIND_RETRACTION && found[i].has_body &&
                found[i].created_ms <= node_clock_ms(node) &&
                memcmp(found[i].author, author, ID_LEN) == 0)
                return true;
    return false;
}

void safety_stored(struct safety *s, const struct record *r)
{
    struct store_item target;
    uint8_t id[ID_LEN];

    memcpy(id, r->id, ID_LEN);
    if (r->kind == KIND_RETRACTION
            ? !record_link_find(r, RELATION_TARGET, id)
            : !is_retracted(s->node, id, r->author, r->kind))
        return; /* nearly always so, and cheap to learn */
    if (store_find(node_store(s->node), id, &target) == ERR_OK &&
        (target.has_body || target.presence == RECORD_NOT_KEPT) &&
        !safety_refuses(s->node, id, target.author, target.topic,
                        target.kind) &&
        is_retracted(s->node, id, target.author, target.kind))
        safety_job_add(s, SAFETY_RETRACT, id);
}

/* ---- Laying down the law ------------------------------------------------- */

static const struct {
    enum law_kind law;
    enum safety_job_kind erase;
    enum safety_job_kind restore;
} deeds[] = {
    { LAW_BLOCKED, SAFETY_ERASE_PERSON, SAFETY_RESTORE_PERSON },
    { LAW_NO_RECORD, SAFETY_ERASE_RECORD, SAFETY_RESTORE_RECORD },
    { LAW_NO_BLOB, SAFETY_ERASE_BLOB, SAFETY_RESTORE_BLOB },
};
enum { DEEDS = sizeof deeds / sizeof *deeds };

struct wish {
    struct safety *safety;
    struct law law;
    node_done_fn *done;
    void *context;
};

static void follow_law(struct safety *s, const struct law *law)
{
    for (size_t i = 0; i < DEEDS; i++)
        if (deeds[i].law == law->kind)
            safety_job_add(s,
                           is_in_effect(s->node, law) ? deeds[i].erase
                                                      : deeds[i].restore,
                           law->id);
}

static void on_laid(void *context, enum err e,
                    const struct store_result *result)
{
    struct wish *wish = context;

    if (e == ERR_OK && result->err != ERR_OK)
        e = result->err;
    if (e == ERR_OK && !wish->safety->is_stopping)
        follow_law(wish->safety, &wish->law);
    wish->done(wish->context, e);
    free(wish);
}

static void lay(struct safety *s, const struct law *law, bool remove,
                node_done_fn *done, void *context)
{
    struct commits *commits = node_commits(s->node);
    struct wish *wish = calloc(1, sizeof *wish);
    struct store_batch *batch;
    enum err e = wish == NULL ? ERR_NO_MEMORY : commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = remove ? law_remove(batch, law->kind, law->id)
                   : law_put(batch, law);
    if (e != ERR_OK) {
        free(wish);
        done(context, e);
        return;
    }
    *wish = (struct wish){ s, *law, done, context };
    commits_expect(commits, on_laid, wish);
}

void safety_lay(struct safety *s, const struct law *law, node_done_fn *done,
                void *context)
{
    lay(s, law, false, done, context);
}

/*
 * What was refused comes back in steps: until they are done the row stays, as
 * one that has ended.
 */
void safety_lift(struct safety *s, const struct law *law, node_done_fn *done,
                 void *context)
{
    struct law ended = *law;
    bool has_deed = false;

    for (size_t i = 0; i < DEEDS; i++)
        has_deed |= deeds[i].law == law->kind;
    ended.until_ms = 1;
    lay(s, &ended, !has_deed, done, context);
}

/* ---- Life --------------------------------------------------------------- */

/* Every law, as if it had just been laid down: all of that can be repeated. */
static void look_at_laws(struct safety *s, bool only_ended)
{
    struct law laws[PAGE];

    for (size_t i = 0; i < DEEDS; i++) {
        const uint8_t *after = NULL;
        uint8_t last[ID_LEN];
        size_t n = PAGE;

        while (n == PAGE && law_page(node_store(s->node), deeds[i].law, after,
                                     laws, PAGE, &n) == ERR_OK) {
            for (size_t k = 0; k < n; k++)
                if (!only_ended || !is_in_effect(s->node, &laws[k]))
                    follow_law(s, &laws[k]);
            if (n > 0)
                memcpy(last, laws[n - 1].id, ID_LEN);
            after = last;
        }
    }
}

static void look(struct safety *s)
{
    s->has_missed = false;
    s->is_looking = true;
    store_scan_by_kind(&s->looked, KIND_RETRACTION);
    look_at_laws(s, false);
}

/* Retractions whose targets are not erased yet: at the start, and each day, for
 * some wait for their time. */
static void look_on(struct safety *s)
{
    struct store_item items[PAGE];
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record r;
    size_t n = 0;

    if (store_scan_next(node_store(s->node), &s->looked, items, PAGE, &n) !=
            ERR_OK ||
        n == 0)
        s->is_looking = false;
    for (size_t i = 0; i < n; i++) {
        writer_reset(&w);
        if (items[i].has_body &&
            store_read(node_store(s->node), items[i].id, false, &w, NULL) ==
                ERR_OK &&
            record_decode(&r, writer_view(&w)) == ERR_OK)
            safety_stored(s, &r);
    }
    writer_free(&w);
}

void safety_tick(struct safety *s)
{
    uint64_t day = node_clock_ms(s->node) / DAY_MS;

    if (s->is_stopping)
        return;
    if (day != s->day || (s->has_missed && s->jobs_count == 0))
        look(s);
    else
        look_at_laws(s, true);
    s->day = day;
    for (int i = 0;
         i < PAGES_A_TICK && s->is_looking && s->jobs_count < SAFETY_JOBS / 2;
         i++)
        look_on(s);
}

enum err safety_open(struct safety **out, struct node *node)
{
    struct safety *s = calloc(1, sizeof *s);

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->node = node;
    (void)uv_timer_init(node_loop(node), &s->timer);
    *out = s;
    safety_tick(s);
    return ERR_OK;
}

void safety_shutdown(struct safety *s)
{
    s->is_stopping = true;
    uv_close((uv_handle_t *)&s->timer, NULL);
}

bool safety_is_idle(const struct safety *s)
{
    return !s->is_applying;
}

void safety_free(struct safety *s)
{
    free(s);
}
