/* What this node pledges, and what is known of others' pledges. */
#include "daemon/pledge.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/commits.h"
#include "daemon/log.h"
#include "daemon/pledge_walk.h"
#include "daemon/share.h"
#include "proto/kind.h"

/* A pledge without an end is said for so long, and again in the last half. */
#define OPEN_MS ((uint64_t)90 * DAY_MS)
enum { PAGE = 64, BODY_MAX = 128 };

struct pledge {
    struct node *node;
    struct share *share;
    uint64_t day;         /* that was looked at last */
    bool is_looking;      /* not at all rows yet */
    uint8_t last[ID_LEN]; /* the row that was looked at last */
    bool has_last;
    bool is_stopping;
};

const char *pledge_scope_name(uint64_t scope)
{
    switch (scope) {
    case PLEDGE_PROJECT:
        return "project";
    case PLEDGE_PERSON:
        return "person";
    case PLEDGE_CLASS:
        return "class";
    case PLEDGE_ALL:
        return "all";
    default:
        return "other";
    }
}

/* ---- Writing ------------------------------------------------------------ */

enum pledge_scope pledge_scope_of(const struct node *node,
                                  const uint8_t topic[ID_LEN])
{
    enum pledge_scope scope = PLEDGE_PROJECT;
    struct store_scan scan;
    struct store_item item;
    struct body body;
    size_t n;

    if (memcmp(topic, node_board(node), ID_LEN) == 0)
        return PLEDGE_ALL;
    store_scan_by_author(&scan, topic);
    if (store_scan_next(node_store(node), &scan, &item, 1, &n) == ERR_OK &&
        n > 0)
        return PLEDGE_PERSON;
    body_open(&body, node_store(node), topic);
    if (body.map != NULL && body.record.kind == KIND_PROJECT &&
        mp_uint(mp_get(body.map, "medium")) == MEDIUM_CLASS)
        scope = PLEDGE_CLASS;
    body_close(&body);
    return scope;
}

/* Our own latest word on that topic; false if there is none. */
static bool find_own(const struct node *node, enum pledge_scope scope,
                     const uint8_t topic[ID_LEN], struct pledge_item *out)
{
    struct store_item page[PAGE];
    struct store_scan scan;
    size_t n = 1;

    store_scan_by_author(&scan, node_keys(node)->sign.public_key);
    scan.newest_first = true;
    while (n > 0 &&
           store_scan_next(node_store(node), &scan, page, PAGE, &n) == ERR_OK)
        for (size_t i = 0; i < n; i++)
            if (page[i].kind == KIND_PLEDGE &&
                memcmp(page[i].topic, topic, ID_LEN) == 0 &&
                pledge_walk_read(node, &page[i], out) &&
                (scope == PLEDGE_ALL
                     ? out->scope == PLEDGE_ALL
                     : out->has_pledged &&
                           memcmp(out->pledged, topic, ID_LEN) == 0))
                return true;
    return false;
}

static void put_map(struct writer *w, enum pledge_scope scope,
                    const struct store_follow *row, uint64_t until_ms)
{
    mp_put_map(w, scope == PLEDGE_ALL ? 3 : 4);
    mp_put_text(w, "bytes");
    mp_put_uint(w, row->quota_bytes);
    if (scope != PLEDGE_ALL) {
        mp_put_text(w, "pledged");
        mp_put_bin(w, BYTES_ARRAY(row->topic));
    }
    mp_put_text(w, "scope");
    mp_put_uint(w, (uint64_t)scope);
    mp_put_text(w, "until");
    mp_put_uint(w, until_ms);
}

/* Until a pledge is stored. */
struct saying {
    node_done_fn *done;
    void *context;
};

static void on_published(void *context, enum err e,
                         const struct store_result *result)
{
    struct saying *s = context;

    (void)result;
    if (e != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "pledge", "not_said", "why=%s", err_name(e));
    if (s->done != NULL)
        s->done(s->context, e);
    free(s);
}

static void publish(struct pledge *p, const struct store_follow *row,
                    uint64_t until_ms, node_done_fn *done, void *context)
{
    struct node *node = p->node;
    enum pledge_scope scope = pledge_scope_of(node, row->topic);
    const struct sign_key *key = &node_keys(node)->sign;
    struct writer record = writer_growing(RECORD_LEN_MAX);
    struct saying *s = malloc(sizeof *s);
    uint8_t map[BODY_MAX];
    struct writer w = writer_fixed(map, sizeof map);
    struct pledge_item before;
    uint8_t id[ID_LEN];
    bool has_before = find_own(node, scope, row->topic, &before);
    struct record_draft draft = { .kind = KIND_PLEDGE,
                                  .created_ms = node_clock_ms(node),
                                  .revises = has_before ? before.id : NULL };
    enum err e = s == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (has_before && before.created_ms >= draft.created_ms)
        draft.created_ms = before.created_ms + 1;
    memcpy(draft.author, key->public_key, KEY_LEN);
    memcpy(draft.topic, row->topic, ID_LEN);
    randombytes_buf(draft.salt, sizeof draft.salt);
    put_map(&w, scope, row, until_ms);
    draft.map = writer_view(&w);
    if (e == ERR_OK)
        e = record_write(&record, id, &draft, key, (struct bytes){ NULL, 0 },
                         node_network(node));
    if (e == ERR_OK) {
        *s = (struct saying){ done, context };
        node_publish(node, writer_view(&record), on_published, s);
    } else {
        free(s);
        if (done != NULL)
            done(context, e);
    }
    writer_free(&record);
}

void pledge_say(struct pledge *p, const struct store_follow *row,
                node_done_fn *done, void *context)
{
    share_look(p->share);
    publish(p, row,
            row->until_ms != 0 ? row->until_ms
                               : node_clock_ms(p->node) + OPEN_MS,
            done, context);
}

void pledge_end(struct pledge *p, const uint8_t topic[ID_LEN],
                node_done_fn *done, void *context)
{
    uint64_t now_ms = node_clock_ms(p->node);
    struct store_follow row = { .quota_bytes = 0 };
    struct pledge_item own;

    if (!find_own(p->node, pledge_scope_of(p->node, topic), topic, &own) ||
        own.until_ms <= now_ms) {
        done(context, ERR_OK);
        return;
    }
    memcpy(row.topic, topic, ID_LEN);
    row.quota_bytes = own.bytes;
    publish(p, &row, now_ms, done, context);
}

/* ---- Time --------------------------------------------------------------- */

/* Said once and without an end: said again in time. */
static void renew(struct pledge *p, const struct store_follow *row)
{
    uint64_t now_ms = node_clock_ms(p->node);
    struct pledge_item own;

    if (row->policy != STORE_POLICY_SEED && row->policy != STORE_POLICY_SHARE)
        return;
    if (row->until_ms != 0 ||
        !find_own(p->node, pledge_scope_of(p->node, row->topic), row->topic,
                  &own) ||
        own.until_ms > now_ms + OPEN_MS / 2)
        return; /* a project of one's own is seeded without a word */
    pledge_say(p, row, NULL, NULL);
}

/* The next rows of this day's round. */
static void renew_some(struct pledge *p)
{
    struct store_follow page[PAGE];
    size_t n;

    p->is_looking =
        store_follows(node_store(p->node), p->has_last ? p->last : NULL, page,
                      PAGE, &n) == ERR_OK &&
        n > 0;
    if (!p->is_looking)
        return;
    for (size_t i = 0; i < n; i++)
        renew(p, &page[i]);
    memcpy(p->last, page[n - 1].topic, ID_LEN);
    p->has_last = true;
}

void pledge_tick(struct pledge *p)
{
    uint64_t day = node_clock_ms(p->node) / DAY_MS;

    if (p->is_stopping)
        return;
    share_tick(p->share);
    if (day != p->day) {
        p->day = day;
        p->is_looking = true;
        p->has_last = false;
    }
    if (p->is_looking)
        renew_some(p);
}

/* ---- Life --------------------------------------------------------------- */

enum err pledge_open(struct pledge **out, struct node *node)
{
    struct pledge *p = calloc(1, sizeof *p);
    enum err e;

    if (p == NULL)
        return ERR_NO_MEMORY;
    p->node = node;
    *out = p;
    e = share_open(&p->share, node);
    return e;
}

void pledge_shutdown(struct pledge *p)
{
    p->is_stopping = true;
    share_shutdown(p->share);
}

void pledge_free(struct pledge *p)
{
    if (p == NULL)
        return;
    share_free(p->share);
    free(p);
}
