/* What concerns this node's person, and when to say so. */
#include "daemon/inbox.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/contact.h"
#include "daemon/event_log.h"
#include "daemon/hide.h"
#include "daemon/log.h"
#include "daemon/node.h"
#include "daemon/topic_cache.h"
#include "proto/authority.h"
#include "proto/kind.h"

enum { CHECK_EVERY_MS = 60000, FOLLOWS_PAGE = 32, PAGE = 64 };

/* The value under this name: wanted (4), read_seq (8), read_ms (8). */
#define MARKS     "inbox"
#define MARKS_LEN 20

struct inbox {
    struct node_listener listener; /* first: on_event casts back */
    struct desk *desk;
    struct node *node;
    uv_timer_t timer;
    struct inbox_marks marks;
    uint64_t told_ms; /* what came due until then has been told */
    uint64_t next_ms; /* nothing comes due before it */
};

const struct inbox_marks *inbox_marks(const struct inbox *inbox)
{
    return &inbox->marks;
}

/* ---- Marks ------------------------------------------------------------ */

static void marks_read(struct inbox *inbox)
{
    struct writer w = writer_growing(MARKS_LEN);
    struct reader r;

    inbox->marks.wanted = INBOX_DEFAULT;
    if (store_meta(node_store(inbox->node), MARKS, &w) == ERR_OK &&
        w.len == MARKS_LEN) {
        r = reader_of(writer_view(&w));
        inbox->marks.wanted = reader_u32(&r);
        inbox->marks.read_seq = reader_u64(&r);
        inbox->marks.read_ms = reader_u64(&r);
    }
    writer_free(&w);
}

static void on_marked(void *context, enum err e, struct store_batch *batch)
{
    (void)context;
    if (e != ERR_OK)
        log_event(LOG_LEVEL_WARN, "inbox", "marks_not_kept", "error=\"%s\"",
                  err_text(e));
    store_batch_free(batch);
}

void inbox_set_marks(struct inbox *inbox, const struct inbox_marks *marks)
{
    uint8_t value[MARKS_LEN];
    struct writer w = writer_fixed(value, sizeof value);
    struct store_batch *batch;
    enum err e = store_batch_new(&batch);

    inbox->marks = *marks;
    if (e != ERR_OK)
        return; /* they hold until the daemon ends */
    writer_u32(&w, marks->wanted);
    writer_u64(&w, marks->read_seq);
    writer_u64(&w, marks->read_ms);
    e = store_batch_meta(batch, MARKS, writer_view(&w));
    if (e == ERR_OK)
        node_apply(inbox->node, batch, on_marked, NULL);
    else
        store_batch_free(batch);
}

/* ---- Records ---------------------------------------------------------- */

static bool is_mine(void *context, const uint8_t id[ID_LEN])
{
    const struct inbox *inbox = context;
    const struct person_keys *me = node_person(inbox->node);
    struct store_item item;

    return store_find(node_store(inbox->node), id, &item) == ERR_OK &&
           memcmp(item.author, me->person, ID_LEN) == 0;
}

static bool is_held(const struct inbox *inbox, const uint8_t topic[ID_LEN],
                    struct store_follow *out)
{
    return memcmp(topic, node_board(inbox->node), ID_LEN) != 0 &&
           store_follow_find(node_store(inbox->node), topic, out) == ERR_OK;
}

/* What is held for a pledge to everybody, its owner did not ask for. */
static bool is_followed(const struct store_follow *row)
{
    return row->policy != STORE_POLICY_SHARE;
}

static struct inbox_reader reader_for(struct inbox *inbox, bool follows)
{
    return (struct inbox_reader){ .me = node_person(inbox->node)->person,
                                  .follows = follows,
                                  .is_mine = is_mine,
                                  .context = inbox };
}

/* I made the topic or took on a role there: else I lead nothing in it. */
static bool may_lead(struct inbox *inbox, const uint8_t topic[ID_LEN])
{
    const uint8_t *me = node_person(inbox->node)->person;
    struct store *store = node_store(inbox->node);
    struct store_scan scan;
    struct store_item item;
    size_t n = 1;

    if (is_mine(inbox, topic))
        return true;
    store_scan_by_topic_kind(&scan, topic, KIND_ACCEPT);
    while (store_scan_next(store, &scan, &item, 1, &n) == ERR_OK && n == 1) {
        if (memcmp(item.author, me, ID_LEN) == 0)
            return true;
    }
    return false;
}

/* Whether the record's head names anything of mine. */
static bool links_to_mine(struct inbox *inbox, const struct store_item *item)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record_link link;
    struct reader links;
    struct record r;
    bool found = false;

    if (store_read_seq(node_store(inbox->node), item->seq, false, &w, NULL) ==
            ERR_OK &&
        record_decode(&r, writer_view(&w)) == ERR_OK) {
        links = reader_of(r.links);
        while (!found && record_link_next(&links, &link))
            found = is_mine(inbox, link.id);
    }
    writer_free(&w);
    return found;
}

static bool is_by_other(const struct inbox *inbox, const uint8_t author[ID_LEN])
{
    const struct person_keys *me = node_person(inbox->node);

    return me != NULL && memcmp(author, me->person, ID_LEN) != 0;
}

/* By what is cheap to ask: most records do not concern me. */
static bool may_concern(struct inbox *inbox, const struct store_item *item)
{
    struct store_follow row;

    if (item->presence != RECORD_HELD || !is_by_other(inbox, item->author) ||
        desk_hides(inbox->desk, item->id, item->author, NULL))
        return false;
    switch (item->kind) {
    case KIND_RESOURCE:
    case KIND_DIRECTION:
    case KIND_SELECTION:
    case KIND_FEEDBACK:
    case KIND_COMMENT:
        return links_to_mine(inbox, item);
    case KIND_CONTRIBUTION:
    case KIND_SPLIT_FEEDBACK:
        return may_lead(inbox, item->topic);
    case KIND_UPDATE:
    case KIND_MEMBERSHIP:
    case KIND_RECEIPT:
    case KIND_SPLIT_PROPOSAL:
    case KIND_SPLIT_FINAL:
        return is_held(inbox, item->topic, &row);
    default:
        return false;
    }
}

static bool is_wanted(const struct inbox *inbox, enum inbox_kind kind)
{
    return (inbox->marks.wanted >> kind & 1) != 0;
}

enum err inbox_look(struct inbox *inbox, const struct store_item *record,
                    bool *out, struct inbox_found *found)
{
    struct inbox_reader reader;
    struct store_follow row;
    struct inbox_found f;
    struct topic_state *ts;
    enum err e;

    *out = false;
    if (!may_concern(inbox, record))
        return ERR_OK;
    e = topic_cache_get(desk_topics(inbox->desk), record->topic, &ts);
    if (e != ERR_OK)
        return e;
    f.ts = ts;
    f.entry = topic_state_find(ts, record->id);
    if (f.entry == NULL)
        return ERR_OK;
    reader = reader_for(inbox, is_held(inbox, record->topic, &row) &&
                                   is_followed(&row));
    e = inbox_of_record(out, &f.item, ts, f.entry, &reader);
    if (e == ERR_OK && *out && contact_waits(inbox->desk, ts, f.entry))
        f.item.kind = INBOX_CONTACT;
    *out = *out && is_wanted(inbox, f.item.kind);
    if (*out)
        *found = f;
    return e;
}

/* ---- Time ------------------------------------------------------------- */

struct due {
    struct inbox *inbox;
    inbox_due_fn *each;
    void *context;
    uint64_t next_ms;
    bool follows; /* the topic that is looked at */
};

static enum err due_of_request(struct due *d, const struct store_item *item)
{
    struct inbox_reader reader = reader_for(d->inbox, d->follows);
    struct inbox_found f;
    struct topic_state *ts;
    uint64_t since_ms;
    bool tells;
    enum err e = topic_cache_get(desk_topics(d->inbox->desk), item->topic, &ts);

    if (e != ERR_OK)
        return e;
    f.ts = ts;
    f.entry = topic_state_find(ts, item->id);
    if (f.entry == NULL)
        return ERR_OK;
    e = inbox_of_time(&tells, &f.item, &since_ms, &d->next_ms, ts, f.entry,
                      &reader);
    if (e == ERR_OK && tells && is_wanted(d->inbox, f.item.kind))
        e = d->each(d->context, &f, since_ms);
    return e;
}

static enum err due_of_topic(struct due *d, const struct store_follow *row)
{
    struct store *store = node_store(d->inbox->node);
    struct store_item page[PAGE];
    struct store_scan scan;
    size_t n = 1;
    enum err e = ERR_OK;

    d->follows = is_followed(row);
    if (memcmp(row->topic, node_board(d->inbox->node), ID_LEN) == 0 ||
        (!d->follows && !may_lead(d->inbox, row->topic)))
        return ERR_OK;
    store_scan_by_topic_kind(&scan, row->topic, KIND_REQUEST);
    scan.held_only = true;
    while (e == ERR_OK && n > 0) {
        e = store_scan_next(store, &scan, page, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            e = due_of_request(d, &page[i]);
    }
    return e;
}

enum err inbox_each_due(struct inbox *inbox, inbox_due_fn *each, void *context)
{
    struct due d = { inbox, each, context, UINT64_MAX, false };
    struct store_follow follows[FOLLOWS_PAGE];
    uint8_t after[ID_LEN];
    size_t n = FOLLOWS_PAGE;
    bool begun = false;
    enum err e = ERR_OK;

    if (node_person(inbox->node) == NULL)
        return ERR_OK;
    while (e == ERR_OK && n == FOLLOWS_PAGE) {
        e = store_follows(node_store(inbox->node), begun ? after : NULL,
                          follows, FOLLOWS_PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            e = due_of_topic(&d, &follows[i]);
            memcpy(after, follows[i].topic, ID_LEN);
            begun = true;
        }
    }
    if (e == ERR_OK)
        inbox->next_ms = d.next_ms;
    return e;
}

/* ---- Events ----------------------------------------------------------- */

static void tell(struct inbox *inbox, const struct inbox_found *f)
{
    event_log_inbox(desk_events(inbox->desk), inbox_kind_name(f->item.kind),
                    f->entry->record.id, f->ts->topic, f->item.about);
}

static enum err tell_due(void *context, const struct inbox_found *f,
                         uint64_t since_ms)
{
    struct inbox *inbox = context;

    if (since_ms > inbox->told_ms)
        tell(inbox, f);
    return ERR_OK;
}

void inbox_check(struct inbox *inbox)
{
    uint64_t now_ms = node_clock_ms(inbox->node);
    enum err e;

    if (now_ms < inbox->next_ms) {
        inbox->told_ms = now_ms;
        return;
    }
    e = inbox_each_due(inbox, tell_due, inbox);
    if (e == ERR_OK)
        inbox->told_ms = now_ms;
    else
        log_event(LOG_LEVEL_WARN, "inbox", "not_looked_for_due", "error=\"%s\"",
                  err_text(e));
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    struct inbox *inbox = (struct inbox *)listener;
    struct inbox_found found;
    struct store_item item;
    bool tells;

    if (event->type != NODE_EVENT_RECORD)
        return;
    if (event->kind == KIND_REQUEST || event->kind == KIND_REQUEST_CLOSE)
        inbox->next_ms = 0; /* a deadline may have come or moved */
    if (is_by_other(inbox, event->author) &&
        store_find(node_store(inbox->node), event->id, &item) == ERR_OK &&
        inbox_look(inbox, &item, &tells, &found) == ERR_OK && tells)
        tell(inbox, &found);
}

static void on_timer(uv_timer_t *timer)
{
    inbox_check(timer->data);
}

enum err inbox_open(struct inbox **out, struct desk *desk)
{
    struct inbox *inbox = calloc(1, sizeof *inbox);

    if (inbox == NULL)
        return ERR_NO_MEMORY;
    inbox->desk = desk;
    inbox->node = desk_node(desk);
    inbox->told_ms = node_clock_ms(inbox->node);
    marks_read(inbox);
    inbox->listener.on_event = on_event;
    node_subscribe(inbox->node, &inbox->listener);
    (void)uv_timer_init(node_loop(inbox->node), &inbox->timer);
    inbox->timer.data = inbox;
    (void)uv_timer_start(&inbox->timer, on_timer, CHECK_EVERY_MS,
                         CHECK_EVERY_MS);
    *out = inbox;
    return ERR_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void inbox_close(struct inbox *inbox)
{
    if (inbox == NULL)
        return;
    node_unsubscribe(inbox->node, &inbox->listener);
    uv_close((uv_handle_t *)&inbox->timer, on_timer_closed);
}
