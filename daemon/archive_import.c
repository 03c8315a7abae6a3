/*
 * A bundle into the store.  The pool reads items and checks hashes, the loop
 * decides what is kept.  Records go in like those of a peer, then blobs, each
 * only if a record that is held here names it.  What was taken in stays,
 * whatever comes behind it; so a second import goes on where the first one was
 * cut off, as it passes over what is held.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/archive_take.h"
#include "daemon/desk.h"
#include "daemon/interest.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "proto/kind.h"

enum {
    RECORDS_LEN = 256 * 1024,
    WALK_ITEMS = 64,
    /* How often, and how long, one waits for standings to be known. */
    SETTLE_MS = 20,
    SETTLE_TRIES = 500,
    TURN_MS = 100 /* how often one looks whether another import has ended */
};

static void read_records(struct taking *t);
static void walk(struct taking *t);

/* ---- The ends ----------------------------------------------------------- */

static void on_timer_closed(uv_handle_t *handle)
{
    struct taking *t = handle->data;

    bundle_source_close(t->source);
    spool_free(t->names);
    bundle_reader_wipe(&t->reader);
    archive_holes_wipe(&t->holes);
    writer_free(&t->records);
    writer_free(&t->small);
    for (unsigned i = 0; i < TAKE_HANDS; i++)
        free(t->hands[i].buf);
    uv_mutex_destroy(&t->lock);
    free(t);
}

static void take_close(struct taking *t)
{
    archive_large_wipe(t);
    archive_take_leave(t);
    uv_close((uv_handle_t *)&t->timer, on_timer_closed);
}

/* Whoever wrote it: what is wrong is wrong with the file. */
static bool is_of_file(enum err e)
{
    return err_blame(e) == BLAME_PEER || e == ERR_CORRUPT || e == ERR_VERSION;
}

static const char *hint_of(enum err e)
{
    switch (e) {
    case ERR_NO_SPACE:
        return "Free some space, then run the command again: it goes on.";
    case ERR_CANCELLED:
    case ERR_SHUTDOWN:
        return "Run the command again: it goes on where it was.";
    case ERR_REFUSED:
        return "A daemon of that network takes it in.";
    case ERR_VERSION:
        return "It needs a newer Troupe.";
    default:
        return is_of_file(e) ? "What was whole has been taken in. Get the file "
                               "anew, then run the command again."
                             : NULL;
    }
}

void archive_take_fail(struct taking *t, enum err e)
{
    bool is_none = !t->is_begun && bundle_source_offset(t->source) == 0 &&
                   (e == ERR_MALFORMED || e == ERR_TRUNCATED);
    char text[160];

    if (is_none)
        (void)snprintf(text, sizeof text, "this file is no bundle");
    else if (e == ERR_REFUSED)
        (void)snprintf(text, sizeof text,
                       "the file was made for another network: %s",
                       t->about.network.name);
    else if (is_of_file(e))
        (void)snprintf(text, sizeof text, "byte %llu of the file: %s",
                       (unsigned long long)bundle_source_offset(t->source),
                       e == ERR_TRUNCATED ? "it is cut off here" : err_text(e));
    else
        (void)snprintf(text, sizeof text, "%s", err_text(e));
    job_fail(t->job, err_blame(e) == BLAME_PEER ? ERR_CORRUPT : e, text,
             is_none ? "Bundles are what troupe archive export and troupe "
                       "release bundle write."
                     : hint_of(e));
    take_close(t);
}

bool archive_take_came(struct taking *t, int status)
{
    enum err e = t->cancelled || status < 0 ? ERR_CANCELLED : t->err;

    if (e != ERR_OK) {
        archive_take_fail(t, e);
        return false;
    }
    job_progress(t->job, t->progress.done, t->progress.total);
    return true;
}

void archive_take_done(struct taking *t)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    const struct bundle_counts *c = bundle_reader_counts(&t->reader);

    mp_put_map(&w, 16);
    pair_id(&w, "topic", t->about.topic);
    pair_id(&w, "subject", t->about.has_subject ? t->about.subject : NULL);
    pair_uint(&w, "records", c->records);
    pair_uint(&w, "stored", t->counts.stored);
    pair_uint(&w, "known", t->counts.known);
    pair_uint(&w, "refused", t->counts.refused);
    pair_uint(&w, "over", t->counts.over);
    pair_uint(&w, "heads", c->heads);
    pair_uint(&w, "blobs", t->held);
    pair_uint(&w, "blobs_stored", t->taken);
    pair_uint(&w, "blobs_unnamed", t->unnamed);
    pair_uint(&w, "bytes", c->bytes);
    pair_uint(&w, "damaged", t->damaged);
    pair_uint(&w, "no_room", t->no_room);
    archive_holes_put(&t->holes, &w);
    job_done(t->job, writer_view(&w));
    writer_free(&w);
    take_close(t);
}

/* ---- The pool: records up to a batch ------------------------------------ */

enum err archive_take_look(struct taking *t, struct bundle_item *item)
{
    struct bytes first;
    enum err e = bundle_source_look(t->source, BUNDLE_LOOK_LEN, &first);

    return e == ERR_OK ? bundle_reader_look(&t->reader, item, first) : e;
}

enum err archive_take_item(struct taking *t, struct bundle_item *item)
{
    struct bytes whole;
    enum err e = bundle_source_look(t->source, item->len, &whole);

    if (e == ERR_OK && whole.len < item->len)
        e = ERR_TRUNCATED;
    if (e != ERR_OK)
        return e;
    whole.len = item->len;
    return bundle_reader_take(&t->reader, item, whole);
}

/* §8.4: whether a record may come with a bundle of this topic. */
static bool belongs(const struct taking *t, const struct record *r)
{
    const struct kind *kind = kind_find(r->kind);

    return memcmp(r->topic, t->about.topic, ID_LEN) == 0 ||
           (kind != NULL && kind->author == AUTHOR_PERSON_KEY) ||
           (r->kind == KIND_PROFILE && !r->founds_topic &&
            memcmp(r->topic, r->author, ID_LEN) == 0);
}

static enum err gather(struct taking *t, struct bytes whole)
{
    struct record r;

    if (record_decode(&r, whole) != ERR_OK || !belongs(t, &r) ||
        r.created_ms / DAY_MS > t->today + 1) {
        t->counts.refused++;
        return ERR_OK;
    }
    writer_bytes(&t->records, whole);
    t->has_founder = r.founds_topic;
    return t->records.err;
}

/* A record without its body stands only beside its retraction (§3.4). */
static enum err must_wait(struct taking *t, const struct bundle_item *item,
                          bool *wait)
{
    struct bytes whole;
    struct reader r;
    enum err e;

    *wait = false;
    if (item->type != BUNDLE_RECORD || t->records.len == 0)
        return ERR_OK;
    e = bundle_source_look(t->source, item->len, &whole);
    if (e != ERR_OK || whole.len < item->len)
        return e == ERR_OK ? ERR_TRUNCATED : e;
    r = reader_of((struct bytes){ whole.data + BUNDLE_HEADER_LEN,
                                  item->len - BUNDLE_HEADER_LEN });
    (void)mp_read_array(&r, 4);
    (void)mp_read_bin(&r);
    *wait = mp_read_nil(&r) && r.err == ERR_OK;
    return ERR_OK;
}

static enum err take_item(struct taking *t, struct bundle_item *item)
{
    enum err e = archive_take_item(t, item);

    if (e == ERR_OK && item->type == BUNDLE_RECORD)
        e = gather(t, item->at.record);
    if (e == ERR_OK && item->type == BUNDLE_BEGIN) {
        t->about = item->at.begin;
        t->has_begin = true;
    }
    return e == ERR_OK ? bundle_source_skip(t->source, item->len) : e;
}

static void on_read_work(uv_work_t *work)
{
    struct taking *t = work->data;
    struct bundle_item item;
    bool wait;

    writer_reset(&t->records);
    t->has_begin = false;
    t->has_founder = false;
    while (t->err == ERR_OK && !t->has_begin && !t->has_founder &&
           t->records.len < RECORDS_LEN) {
        t->err = archive_take_look(t, &item);
        t->at_blobs = t->err == ERR_OK &&
                      (item.type == BUNDLE_BLOB || item.type == BUNDLE_END);
        if (t->err != ERR_OK || t->at_blobs)
            break;
        t->err = must_wait(t, &item, &wait);
        if (t->err != ERR_OK || wait)
            break;
        t->err = take_item(t, &item);
    }
    t->progress.done = bundle_source_offset(t->source);
}

/* ---- The loop: records -------------------------------------------------- */

/* Records over a budget may find, later, that their author has standing. */
static enum err read_again(struct taking *t, bool *again)
{
    enum err e;

    *again = false;
    if (t->is_again || t->counts.over == 0)
        return ERR_OK;
    e = bundle_source_rewind(t->source);
    if (e == ERR_REFUSED)
        return ERR_OK; /* a pipe flows once */
    bundle_reader_wipe(&t->reader);
    bundle_reader_init(&t->reader, NULL); /* spans are taken elsewhere */
    t->is_again = *again = true;
    t->counts.over = 0;
    return e;
}

static void on_settle_timer(uv_timer_t *timer)
{
    struct taking *t = timer->data;

    if (!t->cancelled && --t->waits > 0 &&
        !interest_is_settled(node_interest(t->node), t->about.topic))
        return;
    (void)uv_timer_stop(timer);
    if (t->cancelled)
        archive_take_fail(t, ERR_CANCELLED);
    else
        t->then(t);
}

/* Goes on once it is known who has standing among what has come so far. */
static void settle(struct taking *t, void (*then)(struct taking *t))
{
    t->waits = SETTLE_TRIES;
    t->then = then;
    (void)uv_timer_start(&t->timer, on_settle_timer, 0, SETTLE_MS);
}

static void records_done(struct taking *t)
{
    bool again;
    enum err e = read_again(t, &again);

    if (e == ERR_OK && again) {
        read_records(t);
        return;
    }
    if (e == ERR_OK)
        e = spool_new(&t->names, node_home(t->node)->data);
    if (e != ERR_OK) {
        archive_take_fail(t, e);
        return;
    }
    store_scan_by_topic(&t->scan, t->about.topic);
    t->scan.held_only = true;
    walk(t);
}

static void records_next(struct taking *t)
{
    if (t->cancelled)
        archive_take_fail(t, ERR_CANCELLED);
    else if (t->at_blobs)
        settle(t, records_done);
    else if (t->has_founder)
        settle(t, read_records);
    else
        read_records(t);
}

static void on_imported(void *context, const struct node_import *result)
{
    struct taking *t = context;

    t->counts.stored += result->stored;
    t->counts.over += result->over;
    if (!t->is_again) { /* the second time they have been counted */
        t->counts.known += result->known;
        t->counts.refused += result->refused;
    }
    if (result->refused > 0 && result->errors_count > 0 &&
        err_blame(result->errors[0].err) == BLAME_LOCAL)
        archive_take_fail(t, result->errors[0].err);
    else
        records_next(t);
}

static void on_followed(void *context, enum err e)
{
    struct taking *t = context;

    t->is_begun = true;
    if (e != ERR_OK)
        archive_take_fail(t, e);
    else
        records_next(t);
}

static void begin(struct taking *t);

static void on_turn_timer(uv_timer_t *timer)
{
    struct taking *t = timer->data;

    (void)uv_timer_stop(timer);
    if (t->cancelled)
        archive_take_fail(t, ERR_CANCELLED);
    else
        begin(t);
}

/* The topic is held from now on, as if somebody had followed it. */
static void begin(struct taking *t)
{
    const struct network *network = node_network(t->node);
    const struct person_keys *own = node_person(t->node);

    if (network->len != t->about.network.len ||
        memcmp(network->name, t->about.network.name, network->len) != 0) {
        archive_take_fail(t, ERR_REFUSED);
        return;
    }
    if (!archive_take_enter(t)) { /* somebody has run the command twice */
        (void)uv_timer_start(&t->timer, on_turn_timer, TURN_MS, 0);
        return;
    }
    if (own != NULL && memcmp(own->person, t->about.topic, ID_LEN) == 0)
        on_followed(t, ERR_OK);
    else
        node_follow_also(t->node, t->about.topic, on_followed, t);
}

static void on_read(uv_work_t *work, int status)
{
    struct taking *t = work->data;

    if (!archive_take_came(t, status))
        return;
    if (t->has_begin && !t->is_begun)
        begin(t);
    else if (t->records.len > 0)
        node_import_judged(t->node, writer_view(&t->records), on_imported, t);
    else
        records_next(t);
}

static void read_records(struct taking *t)
{
    (void)uv_queue_work(node_loop(t->node), &t->work, on_read_work, on_read);
}

/* ---- What the records name ---------------------------------------------- */

static enum err walk_page(struct taking *t, size_t *n)
{
    struct store *store = node_store(t->node);
    struct writer whole = writer_growing(RECORD_LEN_MAX);
    struct store_item items[WALK_ITEMS];
    struct record r;
    enum err e = store_scan_next(store, &t->scan, items, WALK_ITEMS, n);

    for (size_t i = 0; e == ERR_OK && i < *n; i++) {
        if (!items[i].has_body ||
            memcmp(items[i].topic, t->about.topic, ID_LEN) != 0)
            continue;
        writer_reset(&whole);
        e = store_read_seq(store, items[i].seq, false, &whole, NULL);
        if (e == ERR_OK)
            e = record_decode(&r, writer_view(&whole));
        if (e == ERR_OK)
            e = archive_note_files(t->names, &r, items[i].seq);
    }
    writer_free(&whole);
    return e;
}

static void on_nothing(uv_work_t *work)
{
    (void)work;
}

static void on_walked(uv_work_t *work, int status)
{
    (void)status;
    walk(work->data);
}

/* A slice of the walk, and then others may have the loop. */
static void walk(struct taking *t)
{
    size_t n = 0;
    enum err e = t->cancelled ? ERR_CANCELLED : walk_page(t, &n);

    if (e == ERR_OK && n > 0) {
        (void)uv_queue_work(node_loop(t->node), &t->work, on_nothing,
                            on_walked);
        return;
    }
    if (e == ERR_OK)
        e = spool_sort(t->names);
    if (e == ERR_OK)
        e = archive_take_next_name(t);
    if (e != ERR_OK)
        archive_take_fail(t, e);
    else
        archive_take_blobs(t);
}

/* ---- The beginning ------------------------------------------------------ */

static void on_cancel(void *context)
{
    struct taking *t = context;

    t->cancelled = true;
    atomic_store(&t->progress.cancel, true);
}

void archive_import(struct call *call, const char *path)
{
    struct taking *t = calloc(1, sizeof *t);
    enum err e = ERR_NO_MEMORY;
    char what[JOB_WHAT_MAX];

    if (t != NULL)
        e = bundle_source_open(&t->source, path, &t->progress.cancel);
    if (e == ERR_OK && uv_mutex_init(&t->lock) != 0) {
        bundle_source_close(t->source);
        e = ERR_NO_MEMORY;
    }
    if (e != ERR_OK) {
        free(t);
        call_failf(call, e, "Check the path, and that you may read it.",
                   "cannot read %s", path);
        return;
    }
    t->node = call_node(call);
    t->work.data = t;
    t->today = node_clock_ms(t->node) / DAY_MS;
    t->progress.total = bundle_source_size(t->source);
    t->records = writer_growing(RECORDS_LEN + RECORD_LEN_MAX);
    t->small = writer_growing((size_t)TAKE_SMALL_MAX * BLOB_INLINE_MAX);
    bundle_reader_init(&t->reader, NULL);
    archive_holes_init(&t->holes);
    (void)uv_timer_init(node_loop(t->node), &t->timer);
    t->timer.data = t;
    (void)snprintf(what, sizeof what, "import %.100s", path);
    t->job = job_start(desk_jobs(call_desk(call)), call, "bytes", what);
    if (t->job == NULL) {
        take_close(t);
        return;
    }
    job_on_cancel(t->job, on_cancel, t);
    read_records(t);
}
