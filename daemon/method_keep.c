/* What leaves the disk by the owner's word, and what nothing refers to. */
#include <stdlib.h>
#include <string.h>

#include "daemon/elsewhere.h"
#include "daemon/gc.h"
#include "daemon/job.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/transfer.h"
#include "proto/record_files.h"
#include "store/law.h"
#include "store/room.h"

/* --- drop --- */

/* Files of one record, or topics of one file: more are left for once more. */
enum { DROPS_MAX = 300 };

struct dropping {
    struct call *call;
    struct law_place *places;
    size_t count;
    uint64_t freed;
};

static bool is_in(const struct dropping *d, const struct law_place *place)
{
    for (size_t i = 0; i < d->count; i++)
        if (blob_id_equal(&d->places[i].blob, &place->blob) &&
            memcmp(d->places[i].topic, place->topic, ID_LEN) == 0)
            return true;
    return false;
}

/* Adds what is held or wanted. */
static void add_place(struct dropping *d, const struct law_place *place)
{
    struct store *store = node_store(call_node(d->call));
    struct store_want want;

    if (d->count == DROPS_MAX || is_in(d, place) ||
        (!blobs_held_for(store, &place->blob, place->topic) &&
         store_want_find(store, &place->blob, place->topic, &want) != ERR_OK))
        return;
    d->places[d->count++] = *place;
}

static enum err add_files(struct dropping *d, const struct store_item *item)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct law_place place;
    struct record_files files;
    struct record_file file;
    struct record r;
    enum err e = store_read_seq(node_store(call_node(d->call)), item->seq,
                                false, &w, NULL);

    memcpy(place.topic, item->topic, ID_LEN);
    if (e == ERR_OK)
        e = record_decode(&r, writer_view(&w));
    if (e == ERR_OK)
        e = record_files_open(&files, &r);
    if (e == ERR_OK) {
        while (record_files_next(&files, &file)) {
            place.blob = file.blob;
            add_place(d, &place);
        }
        record_files_close(&files);
    }
    writer_free(&w);
    return e;
}

static enum err add_root(struct dropping *d, const uint8_t root[HASH_LEN])
{
    struct law_place places[64];
    enum err e = ERR_OK;

    for (int wanted = 0; e == ERR_OK && wanted < 2; wanted++) {
        size_t n = 0;

        e = law_places(node_store(call_node(d->call)), root, wanted == 1,
                       places, 64, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            add_place(d, &places[i]);
    }
    return e;
}

/* A record that is known here; any other whole id is the root of a file. */
static bool find_places(struct dropping *d)
{
    struct call *call = d->call;
    struct store *store = node_store(call_node(call));
    struct store_item item;
    uint8_t root[HASH_LEN];
    enum err e;

    if (control_id_of(root, call_param(call, "target")) == ERR_OK &&
        store_find(store, root, &item) != ERR_OK)
        e = add_root(d, root);
    else if (param_record(call, "target", PARAM_SIGNS, &item))
        e = add_files(d, &item);
    else
        return false;
    if (e == ERR_OK && d->count > 0)
        return true;
    if (e == ERR_OK)
        call_fail(call, ERR_NOT_FOUND, "no file of it is held or wanted here",
                  "See what is held with: troupe health");
    else
        call_fail(call, e, NULL, NULL);
    return false;
}

/* How many of the topics for which the blob is held lose it. */
static uint32_t places_of(const struct dropping *d, const struct blob_id *blob)
{
    uint32_t count = 0;

    for (size_t i = 0; i < d->count; i++)
        if (blob_id_equal(&d->places[i].blob, blob) &&
            blobs_held_for(node_store(call_node(d->call)), blob,
                           d->places[i].topic))
            count++;
    return count;
}

/* Whether the last copy that is known of would go with it. */
static bool is_last_copy(const struct dropping *d,
                         const struct law_place *place)
{
    struct node *node = call_node(d->call);
    struct blob_info info;

    return blobs_find(node_store(node), &place->blob, &info) == ERR_OK &&
           room_is_last(&info, places_of(d, &place->blob),
                        elsewhere_count(node, place->topic, &place->blob));
}

static bool confirm(const struct dropping *d)
{
    size_t last = 0;

    for (size_t i = 0; i < d->count; i++)
        last += is_last_copy(d, &d->places[i]) ? 1 : 0;
    if (last == 0 || mp_bool(call_param(d->call, "last_copy")))
        return true;
    call_failf(d->call, ERR_CONFIRM,
               "See who holds what with: troupe copies; to let it go all the "
               "same, add --last-copy.",
               "no other node has proved that it holds %zu of %zu files: this "
               "may be the last copy",
               last, d->count);
    return false;
}

static void dropping_free(struct dropping *d)
{
    free(d->places);
    free(d);
}

static void on_dropped(void *context, enum err e, struct store_batch *batch)
{
    struct dropping *d = context;
    struct writer *w;

    store_batch_free(batch);
    if (e != ERR_OK) {
        call_fail(d->call, e, NULL, NULL);
        dropping_free(d);
        return;
    }
    w = call_reply(d->call);
    mp_put_map(w, 2);
    pair_uint(w, "freed_bytes", d->freed);
    pair_array(w, "items", (uint32_t)d->count);
    for (size_t i = 0; i < d->count; i++) {
        const struct law_place *p = &d->places[i];

        mp_put_map(w, 5);
        pair_id(w, "root", p->blob.root);
        pair_uint(w, "size", p->blob.size);
        pair_id(w, "topic", p->topic);
        pair_bool(w, "held_here", false);
        pair_uint(w, "copies",
                  elsewhere_count(call_node(d->call), p->topic, &p->blob));
    }
    call_send(d->call);
    dropping_free(d);
}

static enum err put_drop(struct dropping *d, struct store_batch *batch,
                         const struct law_place *p)
{
    struct node *node = call_node(d->call);
    struct keep_row row;
    enum err e;

    if (keep_find(node_store(node), &p->blob, p->topic, &row) == ERR_OK &&
        row.info.topics == 1 && row.info.state != BLOB_EXTERNAL)
        d->freed += row.info.have_bytes;
    transfer_give_up(node_transfer(node), &p->blob, p->topic);
    e = store_batch_unwant(batch, &p->blob, p->topic);
    if (e == ERR_OK)
        e = keep_put_pin(batch, &p->blob, p->topic, KEEP_PIN_DROPPED);
    return e == ERR_OK ? blobs_put_release(batch, &p->blob, p->topic) : e;
}

void method_drop(struct call *call)
{
    struct dropping *d = calloc(1, sizeof *d);
    struct store_batch *batch = NULL;
    enum err e = ERR_NO_MEMORY;

    if (d != NULL) {
        d->call = call;
        d->places = calloc(DROPS_MAX, sizeof *d->places);
        if (d->places != NULL)
            e = store_batch_new(&batch);
    }
    if (e == ERR_OK && (!find_places(d) || !confirm(d)))
        goto answered;
    for (size_t i = 0; e == ERR_OK && i < d->count; i++)
        e = put_drop(d, batch, &d->places[i]);
    if (e == ERR_OK) {
        node_apply(call_node(call), batch, on_dropped, d);
        return;
    }
    call_fail(call, e, NULL, NULL);
answered:
    store_batch_free(batch);
    if (d != NULL)
        dropping_free(d);
}

/* --- gc --- */

enum { FINDINGS_TOLD = 1000 };

struct collecting {
    struct node *node;
    struct job *job;
    struct writer findings; /* encoded, without the array's head */
    uint32_t told;
    uint64_t count;
    uint64_t bytes;
};

static void on_found(void *context, const struct gc_finding *f)
{
    struct collecting *c = context;
    struct writer *w = &c->findings;

    c->count++;
    c->bytes += f->bytes;
    job_progress(c->job, c->bytes, 0);
    if (c->told == FINDINGS_TOLD)
        return;
    c->told++;
    mp_put_map(w, 5);
    pair_text(w, "what",
              f->what == GC_UNNAMED ? "unnamed"
              : f->what == GC_LEFT  ? "left part"
              : f->is_part          ? "stray part"
                                    : "stray file");
    pair_id(w, "root", f->blob.root);
    pair_uint(w, "size", f->blob.size);
    pair_id(w, "topic", f->what != GC_STRAY ? f->topic : NULL);
    pair_uint(w, "bytes", f->bytes);
}

static void on_collected(void *context, enum err e)
{
    struct collecting *c = context;
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    if (e != ERR_OK) {
        job_fail(c->job, e, NULL, NULL);
    } else {
        mp_put_map(&w, 3);
        pair_uint(&w, "count", c->count);
        pair_uint(&w, "freed_bytes", c->bytes);
        pair_array(&w, "findings", c->told);
        writer_bytes(&w, writer_view(&c->findings));
        job_done(c->job, writer_view(&w));
    }
    writer_free(&w);
    writer_free(&c->findings);
    free(c);
}

static void on_cancel(void *context)
{
    struct collecting *c = context;

    gc_cancel(node_gc(c->node));
}

void method_gc(struct call *call)
{
    struct node *node = call_node(call);
    struct collecting *c = calloc(1, sizeof *c);
    struct gc_watch watch = { on_found, on_collected, c,
                              mp_bool(call_param(call, "dry_run")) };
    enum err e;

    if (c == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    c->node = node;
    c->findings = writer_growing(CONTROL_MESSAGE_MAX / 2);
    c->job = job_start(desk_jobs(call_desk(call)), call, "bytes",
                       watch.dry ? "look for files that nothing refers to"
                                 : "collect files that nothing refers to");
    if (c->job == NULL) {
        writer_free(&c->findings);
        free(c);
        return;
    }
    job_on_cancel(c->job, on_cancel, c);
    e = gc_run(node_gc(node), &watch);
    if (e != ERR_OK) {
        job_fail(c->job, e, "another collection is under way",
                 "Wait for it: troupe job list");
        writer_free(&c->findings);
        free(c);
    }
}
