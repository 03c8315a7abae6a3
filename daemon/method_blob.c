/* Bytes of files for who reads them now. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/in_place.h"
#include "daemon/manifest.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/quota.h"
#include "daemon/readers.h"
#include "store/blobs.h"

enum { READ_MAX = 512 * 1024 };

/* --- blob.read --- */

/* A reader who waits until the bytes have come. */
struct reading {
    struct node_listener listener; /* first: on_event casts back */
    uv_work_t work;
    struct node *node;
    struct call *call;
    struct node_reader place; /* what is read, and where */
    bool waiting;             /* the transfer knows of it */
    size_t len;
    struct blob_reader *reader;
    uint8_t *bytes; /* room for all that is asked for */
    bool working;
    enum err err;
};

static void reading_end(struct reading *r, enum err e)
{
    struct call *call = r->call;
    struct writer *w;

    node_unsubscribe(r->node, &r->listener);
    if (r->waiting)
        node_reader_end(r->node, &r->place);
    blob_reader_close(r->reader);
    if (e == ERR_CHANGED)
        in_place_look(r->node, &r->place.blob);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, e == ERR_CHANGED ? IN_PLACE_HINT : NULL);
    } else {
        w = call_reply(call);
        mp_put_map(w, 2);
        pair_bin(w, "bytes", (struct bytes){ r->bytes, r->len });
        pair_uint(w, "size", r->place.blob.size);
        call_send(call);
    }
    free(r->bytes);
    free(r);
}

/* Who read has left: unless the disk is at it, it ends here. */
static void on_gone(struct call *call)
{
    struct reading *r = call_data(call);

    if (!r->working)
        reading_end(r, ERR_CANCELLED);
}

static void on_read_work(uv_work_t *work)
{
    struct reading *r = work->data;

    r->err = blob_reader_read(r->reader, r->place.offset, r->bytes, r->len);
}

static void on_read_done(uv_work_t *work, int status)
{
    struct reading *r = work->data;

    reading_end(r, status < 0 ? ERR_CANCELLED : r->err);
}

/* What has been proved and not been written yet: true if that is an answer. */
static bool reading_peek(struct reading *r)
{
    size_t n =
        r->waiting ? node_reader_peek(r->node, &r->place, r->bytes, r->len) : 0;

    if (n == 0)
        return false;
    r->len = n;
    quota_used(node_quota(r->node), &r->place.blob, r->place.topic);
    reading_end(r, ERR_OK);
    return true;
}

/* Reads as much as is here from the first byte on; if that is not, it goes on
 * waiting. */
static void reading_try(struct reading *r)
{
    size_t here;
    enum err e;

    if (r->working || reading_peek(r))
        return;
    e = blob_reader_open(&r->reader, node_store(r->node), &r->place.blob, NULL);
    here =
        e == ERR_OK ? blob_reader_here(r->reader, r->place.offset, r->len) : 0;
    if (here > 0) {
        r->len = here;
        r->working = true;
        quota_used(node_quota(r->node), &r->place.blob, r->place.topic);
        (void)uv_queue_work(node_loop(r->node), &r->work, on_read_work,
                            on_read_done);
        return;
    }
    if (e == ERR_OK) {
        blob_reader_close(r->reader);
        r->reader = NULL;
    } else if (e != ERR_NOT_HELD) {
        reading_end(r, e);
    }
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    struct reading *r = (struct reading *)listener;

    if ((event->type == NODE_EVENT_BLOB ||
         event->type == NODE_EVENT_PROGRESS) &&
        event->blob != NULL && event->blob->size == r->place.blob.size &&
        memcmp(event->blob->root, r->place.blob.root, HASH_LEN) == 0)
        reading_try(r);
}

static void on_bytes(struct node_reader *place)
{
    void *whole = (char *)place - offsetof(struct reading, place);
    struct reading *r = whole;

    if (!r->working)
        (void)reading_peek(r);
}

static void reading_begin(struct reading *r)
{
    struct blob_info info;

    node_subscribe(r->node, &r->listener);
    if (r->len == 0) {
        reading_end(r, ERR_OK);
        return;
    }
    if (blobs_find(node_store(r->node), &r->place.blob, &info) != ERR_OK ||
        info.state == BLOB_PARTIAL) {
        r->waiting = true;
        node_reader_start(r->node, &r->place);
    }
    reading_try(r);
}

/* The file of the record that the call names, or its first. */
static enum err find_file(struct reading *r, struct store *store, uint64_t seq,
                          struct bytes name)
{
    struct manifest m;
    enum err e = manifest_read(&m, store, seq, name);

    if (e == ERR_OK)
        r->place.blob = m.files[0].blob;
    manifest_wipe(&m);
    return e;
}

/* What part of the file is asked for, cut at its end. */
static enum err find_range(struct reading *r, const struct call *call)
{
    uint64_t len = READ_MAX;

    r->place.offset = mp_uint(call_param(call, "offset"));
    if (mp_type(call_param(call, "length")) == MP_UINT)
        len = mp_uint(call_param(call, "length"));
    if (len > READ_MAX || r->place.offset > r->place.blob.size)
        return ERR_USAGE;
    if (len > r->place.blob.size - r->place.offset)
        len = r->place.blob.size - r->place.offset;
    r->len = (size_t)len;
    r->place.until = r->place.blob.size;
    if (mp_type(call_param(call, "until")) == MP_UINT)
        r->place.until = mp_uint(call_param(call, "until"));
    if (r->place.until < r->place.offset + len)
        r->place.until = r->place.offset + len;
    r->bytes = malloc(r->len + 1);
    return r->bytes == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* What is asked for is not there; `r` may be NULL. */
static void fail(struct call *call, struct reading *r, enum err e)
{
    if (r != NULL && e == ERR_USAGE && r->place.offset > r->place.blob.size)
        call_failf(call, e, "Ask for bytes before its end.",
                   "the file has %llu bytes: it ends before byte %llu",
                   (unsigned long long)r->place.blob.size,
                   (unsigned long long)r->place.offset);
    else
        param_fail_files(call, e);
    if (r != NULL)
        free(r->bytes);
    free(r);
}

void method_blob_read(struct call *call)
{
    struct reading *r;
    struct store_item item;
    enum err e;

    if (!param_record(call, "record", PARAM_READS, &item) ||
        !param_is_shown(call, &item))
        return;
    r = calloc(1, sizeof *r);
    e = r == NULL ? ERR_NO_MEMORY
                  : find_file(r, node_store(call_node(call)), item.seq,
                              mp_str(call_param(call, "file")));
    if (e == ERR_OK)
        e = find_range(r, call);
    if (e != ERR_OK) {
        fail(call, r, e);
        return;
    }
    if (!param_may_hold(call, &r->place.blob)) {
        free(r->bytes);
        free(r);
        return;
    }
    r->listener.on_event = on_event;
    r->place.on_bytes = on_bytes;
    r->work.data = r;
    r->node = call_node(call);
    r->call = call;
    memcpy(r->place.topic, item.topic, ID_LEN);
    call_set_data(call, r);
    call_on_abandon(call, on_gone);
    reading_begin(r);
}
