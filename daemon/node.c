/*
 * The owner of the parts: opens them in order, gives each its turn before the
 * loop waits, and closes them when the last work is done.
 */
#include "daemon/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address_book.h"
#include "daemon/coder.h"
#include "daemon/commits.h"
#include "daemon/dial.h"
#include "daemon/exports.h"
#include "daemon/gc.h"
#include "daemon/gossip.h"
#include "daemon/ingest.h"
#include "daemon/interest.h"
#include "daemon/leases.h"
#include "daemon/log.h"
#include "daemon/node_state.h"
#include "daemon/peers.h"
#include "daemon/pledge.h"
#include "daemon/quota.h"
#include "daemon/rehash.h"
#include "daemon/renew.h"
#include "daemon/safety.h"
#include "daemon/throttle.h"
#include "daemon/transfer.h"

/* How often the day is looked at, for hellos name days; and what is quiet. */
enum { LOOK_MS = 10000 };

/* With four, a flush waited for half a second; with one the disk waits. */
enum { DISK_WRITES = 2 };

/*
 * A record waits for the loop and the writer, and they for the processor: who
 * hashes a film meanwhile, which may take all of it, lets them go first.
 */
enum { HASHERS = 2, HASHERS_NICE = 10 };

/* ---- Turns of the loop -------------------------------------------------- */

static bool is_idle(const struct node *n)
{
    return leases_is_idle(n->leases) && ingest_is_idle(n->ingest) &&
           safety_is_idle(n->safety) && interest_is_idle(n->interest) &&
           commits_is_idle(n->commits) && quota_is_idle(n->quota) &&
           gc_is_idle(n->gc) && rehash_is_idle(n->rehash) &&
           transfer_is_idle(n->transfer);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct node *n = prepare->data;

    store_set_clock(n->store, node_clock_ms(n));
    transfer_flush(n->transfer);
    quota_flush(n->quota);
    ingest_flush(n->ingest);
    interest_flush(n->interest);
    safety_flush(n->safety);
    commits_flush(n->commits, ingest_has_many(n->ingest));
    gossip_flush(n->gossip);
    throttle_flush(n->throttle);
    peers_flush(n->peers);
    store_refresh(n->store);
    if (n->stopping && !n->closed && is_idle(n)) {
        n->closed = true;
        uv_close((uv_handle_t *)&n->prepare, NULL);
    }
    /* What was queued by a flush after its own may not wait for an event. */
    if (!n->closed)
        commits_flush(n->commits, ingest_has_many(n->ingest));
}

/* From time to time: what goes by the clock, and a day that has begun. */
static void on_timer(uv_timer_t *timer)
{
    struct node *n = timer->data;
    uint64_t day = node_clock_ms(n) / DAY_MS;

    commits_tick(n->commits);
    interest_tick(n->interest);
    leases_tick(n->leases);
    pledge_tick(n->pledge);
    renew_tick(n->renew);
    safety_tick(n->safety);
    gc_tick(n->gc);
    if (day == n->day)
        return;
    n->day = day;
    node_topics_changed(n);
}

void node_topics_changed(struct node *n)
{
    peers_topics_changed(n->peers);
    coder_topics_changed(n->coder);
}

enum err node_clock_set(struct node *n, uint64_t now_ms)
{
    enum err e = clock_set(&n->clock, now_ms);

    if (e == ERR_OK) {
        gossip_clock_changed(n->gossip);
        on_timer(&n->timer);
    }
    return e;
}

/* ---- Life --------------------------------------------------------------- */

/* Keys cannot be made again: what is wrong with one is for people to mend. */
static enum err tell_bad_key(const struct node *n, const char *file,
                             const char *way_out, enum err e)
{
    log_event(LOG_LEVEL_ERROR, "keys", "unusable", "why=%s file=%s/keys/%s",
              err_name(e), n->home->data, file);
    if (err_exit_code(e) == EXIT_CODE_KEY)
        (void)fprintf(stderr,
                      "trouped: %s/keys/%s: %s; nothing was replaced.\n"
                      "Put back a copy of the file. Without one, %s.\n",
                      n->home->data, file, err_text(e), way_out);
    return e;
}

static enum err open_keys(struct node *n)
{
    enum err e = keys_open_node(&n->keys, n->home->data);

    if (e != ERR_OK)
        return tell_bad_key(n, "node.key",
                            "move the folder's files aside, start once, which "
                            "makes a new node, and put device.key and "
                            "person.key back",
                            e);
    e = keys_open_person(&n->person, n->home->data, &n->config.network);
    if (e == ERR_OK || e == ERR_NOT_FOUND) {
        n->has_person = e == ERR_OK;
        return ERR_OK;
    }
    return tell_bad_key(n, "device.key",
                        "keep your 24 words, move device.key and person.key "
                        "away and run `troupe init` for a new person",
                        e);
}

static void on_rebuild(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    log_event(LOG_LEVEL_INFO, "store", "rebuilding_index",
              "done=%llu total=%llu", (unsigned long long)done,
              (unsigned long long)total);
}

static enum err open_store(struct node *n)
{
    struct store_options options = { .progress = on_rebuild };
    enum err e;

    record_board_topic(n->board, &n->config.network);
    memcpy(options.board, n->board, ID_LEN);
    e = store_open(&n->store, n->home->data, &options);
    if (e != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "store", "open_failed", "why=%s folder=%s%s",
                  err_name(e), n->home->data,
                  e == ERR_VERSION
                      ? " text=\"made by another release, or for another "
                        "network\""
                      : "");
    return e;
}

static enum err open_parts(struct node *n)
{
    enum err e = commits_open(&n->commits, n->loop, n->store);

    if (e == ERR_OK)
        e = crew_open(&n->disk, n->loop, DISK_WRITES, 0);
    if (e == ERR_OK)
        e = crew_open(&n->hashers, n->loop, HASHERS, HASHERS_NICE);
    if (e == ERR_OK)
        e = ingest_open(&n->ingest, n);
    if (e == ERR_OK)
        e = interest_open(&n->interest, n);
    if (e == ERR_OK)
        e = renew_open(&n->renew, n);
    if (e == ERR_OK)
        e = safety_open(&n->safety, n);
    if (e == ERR_OK)
        e = address_book_open(&n->book, n);
    if (e == ERR_OK)
        e = peers_open(&n->peers, n);
    if (e == ERR_OK)
        e = exports_open(&n->exports);
    if (e == ERR_OK)
        e = throttle_open(&n->throttle, n);
    if (e == ERR_OK)
        e = quota_open(&n->quota, n);
    if (e == ERR_OK)
        e = gc_open(&n->gc, n);
    if (e == ERR_OK)
        e = rehash_open(&n->rehash, n);
    if (e == ERR_OK)
        e = transfer_open(&n->transfer, n);
    if (e == ERR_OK)
        e = leases_open(&n->leases, n);
    if (e == ERR_OK)
        e = pledge_open(&n->pledge, n);
    if (e == ERR_OK)
        e = coder_open(&n->coder, n);
    if (e == ERR_OK)
        e = dialler_open(&n->dialler, n);
    if (e == ERR_OK)
        e = gossip_open(&n->gossip, n);
    return e;
}

static void start_handles(struct node *n)
{
    (void)uv_prepare_init(n->loop, &n->prepare);
    n->prepare.data = n;
    (void)uv_prepare_start(&n->prepare, on_prepare);
    (void)uv_timer_init(n->loop, &n->timer);
    n->timer.data = n;
    (void)uv_timer_start(&n->timer, on_timer, LOOK_MS, LOOK_MS);
}

enum err node_open(struct node **out, uv_loop_t *loop,
                   const struct options *options, const struct home *home,
                   const struct config *config)
{
    struct node *n = calloc(1, sizeof *n);
    enum err e;

    if (n == NULL)
        return ERR_NO_MEMORY;
    n->loop = loop;
    n->options = options;
    n->home = home;
    n->config = *config;
    n->started_ms = uv_now(loop);
    e = node_config_override(&n->config, options);
    if (e == ERR_OK)
        e = clock_init(&n->clock, options->test_clock, &n->config.network);
    if (e != ERR_OK)
        goto free_node;
    log_set_level(n->config.log_level);
    n->day = node_clock_ms(n) / DAY_MS;
    e = open_keys(n);
    if (e == ERR_OK)
        e = open_store(n);
    if (e != ERR_OK)
        goto free_node;
    e = open_parts(n);
    if (e != ERR_OK)
        goto stop;
    start_handles(n);
    e = node_listen_open(n);
    if (e != ERR_OK)
        goto stop;
    gossip_endpoints_changed(n->gossip);
    dialler_take_config(n->dialler, &n->config);
    dialler_start(n->dialler);
    log_event(LOG_LEVEL_INFO, "node", "open", "node=%s network=%s person=%s",
              log_id(n->keys.sign.public_key).text, n->config.network.name,
              n->has_person ? log_id(n->person.person).text : "-");
    *out = n;
    return ERR_OK;

stop: /* what was opened has handles: the loop has to end them */
    if (n->dialler != NULL) {
        node_shutdown(n);
        (void)uv_run(loop, UV_RUN_DEFAULT);
    }
free_node:
    node_free(n);
    return e;
}

void node_shutdown(struct node *n)
{
    if (n->stopping)
        return;
    n->stopping = true;
    node_listen_close(n);
    dialler_shutdown(n->dialler);
    gossip_shutdown(n->gossip);
    peers_shutdown(n->peers);
    transfer_shutdown(n->transfer);
    leases_shutdown(n->leases);
    pledge_shutdown(n->pledge);
    interest_shutdown(n->interest);
    throttle_shutdown(n->throttle);
    quota_shutdown(n->quota);
    gc_shutdown(n->gc);
    rehash_shutdown(n->rehash);
    renew_shutdown(n->renew);
    safety_shutdown(n->safety);
    coder_shutdown(n->coder);
    uv_close((uv_handle_t *)&n->timer, NULL);
}

void node_free(struct node *n)
{
    if (n == NULL)
        return;
    dialler_free(n->dialler);
    gossip_free(n->gossip);
    coder_free(n->coder);
    pledge_free(n->pledge);
    leases_free(n->leases);
    transfer_free(n->transfer);
    exports_free(n->exports);
    renew_free(n->renew);
    interest_free(n->interest);
    throttle_free(n->throttle);
    quota_free(n->quota);
    gc_free(n->gc);
    rehash_free(n->rehash);
    safety_free(n->safety);
    peers_free(n->peers);
    address_book_close(n->book);
    ingest_close(n->ingest);
    crew_close(n->hashers);
    crew_close(n->disk);
    commits_close(n->commits);
    (void)uv_run(n->loop, UV_RUN_NOWAIT); /* the last handles end */
    store_close(n->store);
    node_keys_wipe(&n->keys);
    person_keys_wipe(&n->person);
    free(n);
}

void node_ask_to_stop(struct node *n)
{
    (void)n;
    (void)uv_kill(uv_os_getpid(), SIGTERM);
}

bool node_is_stopping(const struct node *n)
{
    return n->stopping;
}
