/* The ring of what happened, and who watches it. */
#include "daemon/event_log.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/client.h"
#include "daemon/desk.h"
#include "daemon/pair.h"
#include "proto/blob_tree.h"
#include "proto/kind.h"

enum { WATCHES_MAX = 64 };

/* A node's event with its own copies of what it points to. */
struct event {
    uint64_t number;
    enum node_event_type type;
    uint64_t record_seq;
    uint64_t kind;
    enum err err;
    bool has_id;
    bool has_topic;
    uint8_t id[ID_LEN];
    uint8_t topic[ID_LEN];
    struct blob_id blob;
    const char *why; /* of the inbox alone; else NULL */
    uint8_t about[ID_LEN];
};

struct watch {
    uint64_t client; /* number; 0: free */
    bool has_topic;
    uint8_t topic[ID_LEN];
    uint64_t kind; /* 0: any */
    bool lost;     /* events that the client was too slow for */
};

struct event_log {
    struct node_listener listener; /* first: on_event casts back */
    struct node *node;
    struct control *control;
    struct watch watches[WATCHES_MAX];
    struct event ring[EVENTS_KEPT];
    uint64_t newest; /* number of the newest; 0: none yet */
};

static const char *const type_names[] = {
    [NODE_EVENT_RECORD] = "record",       [NODE_EVENT_BLOB] = "blob",
    [NODE_EVENT_PROGRESS] = "progress",   [NODE_EVENT_PEER_UP] = "peer_up",
    [NODE_EVENT_PEER_DOWN] = "peer_down", [NODE_EVENT_IN_SYNC] = "in_sync",
};

static void put_record(struct writer *w, const struct event *e)
{
    const struct kind *kind = kind_find(e->kind);

    mp_put_map(w, 6);
    pair_uint(w, "seq", e->number);
    pair_text(w, "type", "record");
    pair_id(w, "id", e->id);
    pair_id(w, "topic", e->topic);
    pair_text(w, "kind", kind == NULL ? "other" : kind->name);
    pair_uint(w, "record_seq", e->record_seq);
}

static void put_blob(struct writer *w, const struct event *e)
{
    mp_put_map(w, 5);
    pair_uint(w, "seq", e->number);
    pair_text(w, "type", "blob");
    pair_id(w, "root", e->blob.root);
    pair_uint(w, "size", e->blob.size);
    pair_id(w, "topic", e->has_topic ? e->topic : NULL);
}

static void put_peer(struct writer *w, const struct event *e)
{
    mp_put_map(w, 5);
    pair_uint(w, "seq", e->number);
    pair_text(w, "type", type_names[e->type]);
    pair_id(w, "node", e->has_id ? e->id : NULL);
    pair_id(w, "topic", e->has_topic ? e->topic : NULL);
    pair_text(w, "error", e->err == ERR_OK ? NULL : err_text(e->err));
}

static void put_inbox(struct writer *w, const struct event *e)
{
    mp_put_map(w, 6);
    pair_uint(w, "seq", e->number);
    pair_text(w, "type", "inbox");
    pair_text(w, "kind", e->why);
    pair_id(w, "id", e->id);
    pair_id(w, "topic", e->topic);
    pair_id(w, "about", e->about);
}

static void put_event(struct writer *w, const struct event *e)
{
    if (e->why != NULL)
        put_inbox(w, e);
    else if (e->type == NODE_EVENT_RECORD)
        put_record(w, e);
    else if (e->type == NODE_EVENT_BLOB)
        put_blob(w, e);
    else
        put_peer(w, e);
}

static bool watch_wants(const struct watch *watch, const struct event *e)
{
    if (watch->has_topic &&
        (!e->has_topic || memcmp(watch->topic, e->topic, ID_LEN) != 0))
        return false;
    return watch->kind == 0 ||
           (e->why == NULL && e->type == NODE_EVENT_RECORD &&
            watch->kind == e->kind);
}

static void tell_gap(struct client *client, uint64_t next)
{
    struct writer w = writer_growing(256);

    mp_put_map(&w, 2);
    pair_uint(&w, "seq", next);
    pair_bool(&w, "gap", true);
    (void)client_notify(client, "event", writer_view(&w));
    writer_free(&w);
}

static void tell(struct watch *watch, struct client *client,
                 const struct event *e)
{
    struct writer w = writer_growing(1024);

    if (!watch_wants(watch, e)) {
        writer_free(&w);
        return;
    }
    if (watch->lost)
        tell_gap(client, e->number);
    put_event(&w, e);
    watch->lost = !client_notify(client, "event", writer_view(&w));
    writer_free(&w);
}

static void tell_all(struct event_log *log, const struct event *e)
{
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        struct watch *watch = &log->watches[i];
        struct client *client = watch->client == 0
                                    ? NULL
                                    : control_find(log->control, watch->client);

        if (client == NULL)
            watch->client = 0;
        else
            tell(watch, client, e);
    }
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    struct event_log *log = (struct event_log *)listener;
    struct event *e = &log->ring[(log->newest + 1) % EVENTS_KEPT];

    if (event->type == NODE_EVENT_PROGRESS)
        return; /* jobs tell of progress */
    *e = (struct event){ .number = ++log->newest,
                         .type = event->type,
                         .record_seq = event->seq,
                         .kind = event->kind,
                         .err = event->err,
                         .has_id = event->id != NULL,
                         .has_topic = event->topic != NULL };
    if (e->has_id)
        memcpy(e->id, event->id, ID_LEN);
    if (e->has_topic)
        memcpy(e->topic, event->topic, ID_LEN);
    if (event->blob != NULL)
        e->blob = *event->blob;
    tell_all(log, e);
}

void event_log_inbox(struct event_log *log, const char *why,
                     const uint8_t id[ID_LEN], const uint8_t topic[ID_LEN],
                     const uint8_t about[ID_LEN])
{
    struct event *e = &log->ring[(log->newest + 1) % EVENTS_KEPT];

    *e = (struct event){
        .number = ++log->newest, .why = why, .has_id = true, .has_topic = true
    };
    memcpy(e->id, id, ID_LEN);
    memcpy(e->topic, topic, ID_LEN);
    memcpy(e->about, about, ID_LEN);
    tell_all(log, e);
}

enum err event_log_open(struct event_log **out, struct node *node,
                        struct control *control)
{
    struct event_log *log = calloc(1, sizeof *log);

    if (log == NULL)
        return ERR_NO_MEMORY;
    log->listener.on_event = on_event;
    log->node = node;
    log->control = control;
    node_subscribe(node, &log->listener);
    *out = log;
    return ERR_OK;
}

void event_log_close(struct event_log *log)
{
    if (log == NULL)
        return;
    node_unsubscribe(log->node, &log->listener);
    free(log);
}

/* What is remembered after number `since`, or the gap before it. */
static void tell_past(struct event_log *log, struct watch *watch,
                      struct client *client, uint64_t since)
{
    uint64_t oldest =
        log->newest < EVENTS_KEPT ? 1 : log->newest - EVENTS_KEPT + 1;

    if (since > log->newest || since + 1 < oldest) {
        tell_gap(client, oldest);
        since = oldest - 1;
    }
    for (uint64_t n = since + 1; n <= log->newest; n++)
        tell(watch, client, &log->ring[n % EVENTS_KEPT]);
}

static struct watch *watch_free(struct event_log *log)
{
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        struct watch *watch = &log->watches[i];

        if (watch->client == 0 ||
            control_find(log->control, watch->client) == NULL)
            return watch;
    }
    return NULL;
}

/* The filter of the params; false after the call has been failed. */
static bool watch_of(struct watch *watch, const struct call *call)
{
    const struct kind *kind = kind_by_name(mp_str(call_param(call, "kind")));

    *watch = (struct watch){ .kind = kind == NULL ? 0 : kind->number };
    watch->has_topic =
        control_id_of(watch->topic, call_param(call, "topic")) == ERR_OK;
    return kind != NULL || mp_type(call_param(call, "kind")) == MP_NIL;
}

void event_log_watch(struct event_log *log, struct call *call)
{
    struct watch *slot = watch_free(log);
    struct client *client = call_client(call);
    uint64_t since = mp_uint(call_param(call, "since"));
    bool has_since = mp_type(call_param(call, "since")) == MP_UINT;
    bool follow = mp_bool(call_param(call, "follow"));
    struct watch watch;
    struct writer *w;

    if (!watch_of(&watch, call)) {
        call_fail(call, ERR_USAGE, "there is no kind of that name", NULL);
        return;
    }
    if (slot == NULL) {
        call_fail(call, ERR_QUOTA, "too many clients watch events", NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 1);
    pair_uint(w, "seq", log->newest);
    call_send(call);
    if (has_since)
        tell_past(log, &watch, client, since);
    if (follow) {
        watch.client = client_number(client);
        *slot = watch;
    }
}
