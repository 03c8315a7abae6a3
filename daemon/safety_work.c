/*
 * What goes, or comes again, in steps: one page of records or one batch a turn
 * of the loop.  A job can be begun anew at any point, and is after a restart.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/safety_parts.h"
#include "daemon/transfer.h"
#include "proto/kind.h"
#include "proto/record_files.h"

/* Records looked at in a turn, with bodies and without; operations of a batch;
 * topics whose peers are told of one batch. */
enum { BODIES = 64, HEADS = 512, OPS = 256, TOPICS = 64 };

void safety_job_add(struct safety *s, enum safety_job_kind kind,
                    const uint8_t id[ID_LEN])
{
    /* The first is under way, and may have passed what is new. */
    for (size_t i = 1; i < s->jobs_count; i++)
        if (s->jobs[i].kind == kind && memcmp(s->jobs[i].id, id, ID_LEN) == 0)
            return;
    if (s->jobs_count == SAFETY_JOBS) {
        s->has_missed = true;
        return;
    }
    s->jobs[s->jobs_count].kind = kind;
    memcpy(s->jobs[s->jobs_count++].id, id, ID_LEN);
}

static void sweep_begin(struct safety *s)
{
    s->sweep.victims_count = 0;
    s->sweep.blobs_count = 0;
    s->sweep.is_walking = false;
    s->sweep.is_walked = false;
    s->sweep.has_more = false;
    s->sweep.is_begun = false;
}

static void job_done(struct safety *s)
{
    log_event(LOG_LEVEL_INFO, "safety", "done", "job=%d id=%s",
              (int)s->jobs[0].kind, log_id(s->jobs[0].id).text);
    s->jobs_count--;
    memmove(&s->jobs[0], &s->jobs[1], s->jobs_count * sizeof s->jobs[0]);
    sweep_begin(s);
}

/* ---- Which records, which files ----------------------------------------- */

typedef void each_file_fn(struct safety_sweep *sweep,
                          const struct blob_id *blob);

static void add_blob(struct safety_sweep *sweep, const struct blob_id *blob)
{
    for (size_t i = 0; i < sweep->blobs_count; i++)
        if (blob_id_equal(&sweep->blobs[i], blob))
            return;
    if (sweep->blobs_count < SAFETY_BLOBS)
        sweep->blobs[sweep->blobs_count++] = *blob;
}

static void spare_blob(struct safety_sweep *sweep, const struct blob_id *blob)
{
    for (size_t i = 0; i < sweep->blobs_count; i++)
        if (blob_id_equal(&sweep->blobs[i], blob)) {
            sweep->blobs[i] = sweep->blobs[--sweep->blobs_count];
            return;
        }
}

static void each_file(struct safety *s, const struct store_item *item,
                      each_file_fn *each)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record_files files;
    struct record_file file;
    struct record r;

    if (store_read(node_store(s->node), item->id, false, &w, NULL) == ERR_OK &&
        record_decode(&r, writer_view(&w)) == ERR_OK &&
        record_files_open(&files, &r) == ERR_OK) {
        while (record_files_next(&files, &file))
            each(&s->sweep, &file.blob);
        record_files_close(&files);
    }
    writer_free(&w);
}

/* Room for the files of one more record. */
enum { FILES_MAX = RECORD_FILES_MAX };
static_assert((int)SAFETY_BLOBS > (int)FILES_MAX, "one record's files fit");

static void add_victim(struct safety *s, const struct store_item *item)
{
    struct safety_sweep *sweep = &s->sweep;

    if (sweep->victims_count == 0)
        memcpy(sweep->topic, item->topic, ID_LEN);
    if (memcmp(sweep->topic, item->topic, ID_LEN) != 0 ||
        sweep->victims_count == SAFETY_VICTIMS ||
        sweep->blobs_count > SAFETY_BLOBS - FILES_MAX) {
        sweep->has_more = true;
        return;
    }
    memcpy(sweep->victims[sweep->victims_count++], item->id, ID_LEN);
    if (item->has_body)
        each_file(s, item, add_blob);
}

static bool is_victim(const struct safety_sweep *sweep,
                      const uint8_t id[ID_LEN])
{
    for (size_t i = 0; i < sweep->victims_count; i++)
        if (memcmp(sweep->victims[i], id, ID_LEN) == 0)
            return true;
    return false;
}

/* A page of what a blocked person made; true at the end. */
static bool collect_person(struct safety *s, const uint8_t person[ID_LEN])
{
    struct safety_sweep *sweep = &s->sweep;
    static struct store_item items[HEADS]; /* the loop alone comes here */
    size_t n = 0;

    if (!sweep->is_begun) {
        store_scan_by_author(&sweep->scan, person);
        sweep->scan.held_only = true;
        sweep->is_begun = true;
    }
    if (store_scan_next(node_store(s->node), &sweep->scan, items, HEADS, &n) !=
        ERR_OK)
        return true;
    for (size_t i = 0; i < n; i++)
        if (items[i].has_body &&
            safety_refuses(s->node, items[i].id, items[i].author,
                           items[i].topic, items[i].kind))
            add_victim(s, &items[i]);
    return n == 0;
}

static bool collect(struct safety *s)
{
    const struct safety_job *job = &s->jobs[0];
    struct store_item item;

    if (job->kind == SAFETY_ERASE_PERSON)
        return collect_person(s, job->id);
    if (store_find(node_store(s->node), job->id, &item) == ERR_OK &&
        (item.has_body ||
         (item.presence == RECORD_HELD) == (job->kind == SAFETY_ERASE_RECORD)))
        add_victim(s, &item);
    return true;
}

/* A page of the topic's other records, which keep their files; true at the
 * end. */
static bool walk(struct safety *s)
{
    struct safety_sweep *sweep = &s->sweep;
    struct store_item items[BODIES];
    size_t n = 0;

    if (!sweep->is_walking) {
        store_scan_by_topic(&sweep->scan, sweep->topic);
        sweep->scan.held_only = true;
        sweep->is_walking = true;
    }
    if (sweep->blobs_count == 0 ||
        store_scan_next(node_store(s->node), &sweep->scan, items, BODIES, &n) !=
            ERR_OK)
        return true;
    for (size_t i = 0; i < n; i++)
        if (items[i].has_body && !is_victim(sweep, items[i].id))
            each_file(s, &items[i], spare_blob);
    return n == 0;
}

/* ---- Batches ------------------------------------------------------------ */

/* Ids were forgotten: who has them tells us again. */
static void compare_again(struct safety *s, const uint8_t topic[ID_LEN])
{
    struct peers *peers = node_peer_table(s->node);
    uint64_t now_ms = uv_now(node_loop(s->node));

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        peer_set_changed(conn_peer(c), topic, false, 0, now_ms);
        conn_wake(c);
    }
}

/* Once for each topic, as far as a batch has few of them. */
static void tell_peers(struct safety *s, const struct store_batch *batch)
{
    uint8_t told[TOPICS][ID_LEN];
    size_t count = 0;
    bool is_listed = false;

    for (size_t i = 0; i < store_batch_count(batch); i++) {
        const struct store_result *r = store_batch_result(batch, i);
        size_t k = 0;

        if (r->removed == 0)
            continue;
        is_listed |= r->listed;
        while (k < count && memcmp(told[k], r->topic, ID_LEN) != 0)
            k++;
        if (k < count)
            continue;
        if (count < TOPICS)
            memcpy(told[count++], r->topic, ID_LEN);
        compare_again(s, r->topic);
    }
    if (is_listed)
        compare_again(s, node_board(s->node));
}

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    struct safety *s = context;

    s->is_applying = false;
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "safety", "step_failed", "id=%s why=%s",
                  log_id(s->jobs[0].id).text, err_name(e));
        s->has_missed = true; /* begun anew when there is time */
        job_done(s);
    } else {
        tell_peers(s, batch);
    }
    store_batch_free(batch);
}

static enum err put_release(struct safety *s, struct store_batch *batch,
                            const struct blob_id *blob,
                            const uint8_t topic[ID_LEN])
{
    enum err e;

    transfer_give_up(node_transfer(s->node), blob, topic);
    e = store_batch_unwant(batch, blob, topic);
    return e == ERR_OK ? blobs_put_release(batch, blob, topic) : e;
}

/* Files first: should the process end between, the records are found again. */
static enum err put_sweep(struct safety *s, struct store_batch *batch)
{
    struct safety_sweep *sweep = &s->sweep;
    bool keep = s->jobs[0].kind == SAFETY_RETRACT;
    enum err e = ERR_OK;

    while (e == ERR_OK && sweep->blobs_count > 0 &&
           store_batch_count(batch) < OPS)
        e = put_release(s, batch, &sweep->blobs[--sweep->blobs_count],
                        sweep->topic);
    if (e != ERR_OK || store_batch_count(batch) > 0)
        return e;
    for (size_t i = 0; e == ERR_OK && i < sweep->victims_count; i++)
        e = store_batch_erase(batch, sweep->victims[i], keep);
    sweep->victims_count = 0;
    return e;
}

/* One step; a batch is filled only by the last steps of a sweep. */
static enum err step_sweep(struct safety *s, struct store_batch *batch)
{
    struct safety_sweep *sweep = &s->sweep;

    if (!sweep->is_walking) {
        if (collect(s))
            (void)walk(s); /* sets it */
        return ERR_OK;
    }
    if (!sweep->is_walked) {
        sweep->is_walked = walk(s);
        return ERR_OK;
    }
    if (sweep->victims_count > 0)
        return put_sweep(s, batch);
    if (!sweep->has_more)
        return ERR_NOT_FOUND;
    sweep_begin(s); /* another topic, or more of this one */
    return ERR_OK;
}

static enum err step_blob(struct safety *s, struct store_batch *batch)
{
    const uint8_t *root = s->jobs[0].id;
    struct law_place places[BODIES];
    size_t n = 0;
    enum err e = ERR_OK;

    for (int wanted = 0; e == ERR_OK && wanted < 2; wanted++) {
        e = law_places(node_store(s->node), root, wanted == 1, places, BODIES,
                       &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            e = put_release(s, batch, &places[i].blob, places[i].topic);
    }
    return e == ERR_OK && store_batch_count(batch) == 0 ? ERR_NOT_FOUND : e;
}

/* The law has had its end: nothing is left to be done for it. */
static enum err put_lifted(struct safety *s, struct store_batch *batch,
                           enum law_kind kind)
{
    struct law law;
    enum err e = law_find(node_store(s->node), kind, s->jobs[0].id, &law);

    if (e != ERR_OK || safety_has(s->node, kind, s->jobs[0].id))
        return ERR_NOT_FOUND; /* done, or laid down again meanwhile */
    return law_remove(batch, kind, s->jobs[0].id);
}

/* Heads of a person for whom the law has ended, forgotten page by page. */
static enum err step_restore_person(struct safety *s, struct store_batch *batch)
{
    struct safety_sweep *sweep = &s->sweep;
    struct store_item items[OPS];
    size_t n = 0;
    enum err e;

    if (!sweep->is_begun) {
        store_scan_by_author(&sweep->scan, s->jobs[0].id);
        sweep->is_begun = true;
    }
    e = store_scan_next(node_store(s->node), &sweep->scan, items, OPS, &n);
    for (size_t i = 0; e == ERR_OK && i < n; i++)
        if (items[i].presence == RECORD_NOT_KEPT &&
            !safety_has(s->node, LAW_NO_RECORD, items[i].id))
            e = law_forget(batch, items[i].id);
    return e == ERR_OK && n == 0 ? put_lifted(s, batch, LAW_BLOCKED) : e;
}

/* Files that were refused are wanted again where records name them. */
static void want_again(struct safety *s)
{
    struct store_follow page[BODIES];
    uint8_t last[ID_LEN];
    const uint8_t *after = NULL;
    size_t n = BODIES;

    while (n == BODIES && store_follows(node_store(s->node), after, page,
                                        BODIES, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++)
            transfer_topic_changed(node_transfer(s->node), page[i].topic);
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    }
}

static enum err step(struct safety *s, struct store_batch *batch)
{
    enum err e;

    switch (s->jobs[0].kind) {
    case SAFETY_ERASE_BLOB:
        return step_blob(s, batch);
    case SAFETY_RESTORE_PERSON:
        return step_restore_person(s, batch);
    case SAFETY_RESTORE_RECORD:
        e = put_lifted(s, batch, LAW_NO_RECORD);
        return e == ERR_OK ? law_forget(batch, s->jobs[0].id) : e;
    case SAFETY_RESTORE_BLOB:
        e = put_lifted(s, batch, LAW_NO_BLOB);
        if (e == ERR_NOT_FOUND)
            want_again(s);
        return e;
    default:
        return step_sweep(s, batch);
    }
}

/* Steps of a turn that only look. */
enum { LOOKS = 8 };

/* There is more to do: the loop turns once more, after its sockets. */
static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

void safety_flush(struct safety *s)
{
    struct store_batch *batch;
    enum err e = ERR_OK;

    if (s->is_stopping || s->is_applying || s->jobs_count == 0 ||
        store_batch_new(&batch) != ERR_OK)
        return; /* again at the next turn */
    for (int i = 0; i < LOOKS && e == ERR_OK && s->jobs_count > 0; i++) {
        e = step(s, batch);
        if (store_batch_count(batch) > 0)
            break;
        if (e == ERR_NOT_FOUND) {
            job_done(s);
            e = ERR_OK;
        }
    }
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "safety", "step_failed", "why=%s",
                  err_name(e));
        job_done(s);
    }
    if (e == ERR_OK && store_batch_count(batch) > 0) {
        s->is_applying = true;
        commits_give(node_commits(s->node), batch, on_applied, s);
        return;
    }
    store_batch_free(batch);
    if (s->jobs_count > 0)
        (void)uv_timer_start(&s->timer, on_timer, 1, 0);
}
