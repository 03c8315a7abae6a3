/* Files that leave the disk by the owner's word. */
#include <stdlib.h>
#include <string.h>

#include "daemon/elsewhere.h"
#include "daemon/leaving.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/transfer.h"
#include "proto/record_files.h"
#include "store/law.h"
#include "store/room.h"

enum {
    /* Files of one record, or topics of one file: more are left for once more.
     */
    DROPS_MAX = LEAVING_FILES_MAX,
};

struct dropping {
    struct call *call;
    struct law_place *places;
    size_t count;
    uint64_t freed;
    struct leaving leaving;
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
    struct store_item item;
    uint8_t root[HASH_LEN];
    bool is_root;
    enum err e;

    if (!param_record_or_root(call, "target", PARAM_SIGNS, &item, root,
                              &is_root))
        return false;
    e = is_root ? add_root(d, root) : add_files(d, &item);
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
                        elsewhere_count(node, place->topic, &place->blob,
                                        leaving_asked(&d->leaving)));
}

static bool confirm(const struct dropping *d)
{
    size_t last = 0;

    for (size_t i = 0; i < d->count; i++)
        last += is_last_copy(d, &d->places[i]) ? 1 : 0;
    if (last == 0)
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
    leaving_end(&d->leaving);
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
                  elsewhere_count(call_node(d->call), p->topic, &p->blob,
                                  leaving_asked(&d->leaving)));
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

static void carry_out(struct dropping *d)
{
    struct store_batch *batch;
    enum err e = store_batch_new(&batch);

    call_on_abandon(d->call, NULL);
    if (e == ERR_OK) {
        for (size_t i = 0; e == ERR_OK && i < d->count; i++)
            e = put_drop(d, batch, &d->places[i]);
        if (e == ERR_OK) {
            node_apply(d->leaving.node, batch, on_dropped, d);
            return;
        }
        store_batch_free(batch);
    }
    call_fail(d->call, e, NULL, NULL);
    dropping_free(d);
}

static void on_asked(void *context)
{
    struct dropping *d = context;

    if (confirm(d))
        carry_out(d);
    else
        dropping_free(d);
}

static void on_gone(struct call *call)
{
    struct dropping *d = call_data(call);

    call_fail(call, ERR_CANCELLED, NULL, NULL);
    dropping_free(d);
}

static void ask(struct dropping *d)
{
    for (size_t i = 0; i < d->count; i++)
        leaving_add(&d->leaving, d->places[i].topic, &d->places[i].blob);
    call_set_data(d->call, d);
    call_on_abandon(d->call, on_gone);
    leaving_ask(&d->leaving, on_asked, d);
}

void method_drop(struct call *call)
{
    struct dropping *d = calloc(1, sizeof *d);

    if (d != NULL)
        d->places = calloc(DROPS_MAX, sizeof *d->places);
    if (d == NULL || d->places == NULL) {
        free(d);
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    d->call = call;
    d->leaving.node = call_node(call);
    if (!find_places(d))
        dropping_free(d);
    else if (mp_bool(call_param(call, "last_copy")))
        carry_out(d);
    else
        ask(d);
}
