#include "daemon/wants.h"

#include <string.h>

#include "daemon/commits.h"
#include "daemon/log.h"
#include "daemon/transfer.h"
#include "proto/record_files.h"
#include "store/keep.h"

enum { WALK_ITEMS = 64 };

static bool is_wanted(const struct store_follow *policy,
                      const struct record_file *file)
{
    if (policy->policy == STORE_POLICY_SEED)
        return true;
    return policy->policy == STORE_POLICY_FOLLOW &&
           file->role == FILE_ROLE_PREVIEW &&
           file->blob.size <= WANTS_PREVIEW_MAX;
}

/* Held whole for the topic, or wanted already, or unwelcome here. */
static bool is_settled(struct store *store, const struct blob_id *blob,
                       const uint8_t topic[ID_LEN])
{
    struct blob_info info;
    struct store_want want;

    if (store_want_find(store, blob, topic, &want) == ERR_OK ||
        keep_pin_of(store, blob, topic) == KEEP_PIN_DROPPED)
        return true;
    return blobs_held_for(store, blob, topic) &&
           blobs_find(store, blob, &info) == ERR_OK &&
           info.state != BLOB_PARTIAL;
}

static void on_added(void *context, enum err e,
                     const struct store_result *result)
{
    (void)result;
    if (e == ERR_OK)
        transfer_wants_added(node_transfer(context));
}

static void add(struct node *node, const struct blob_id *blob,
                const struct store_follow *policy)
{
    struct store_want want = {
        .blob = *blob,
        .why = policy->policy == STORE_POLICY_SEED ? STORE_WHY_SEED
                                                   : STORE_WHY_RECORD,
        .since_ms = node_clock_ms(node),
    };
    struct store_batch *batch;
    enum err e = commits_batch(node_commits(node), &batch);

    memcpy(want.topic, policy->topic, ID_LEN);
    if (e == ERR_OK)
        e = store_batch_want(batch, &want);
    if (e == ERR_OK)
        commits_expect(node_commits(node), on_added, node);
    else
        log_event(LOG_LEVEL_ERROR, "blob", "want_failed", "root=%s why=%s",
                  log_id(blob->root).text, err_name(e));
}

void wants_take_record(struct node *node, const struct record *record,
                       const struct store_follow *policy)
{
    struct record_files files;
    struct record_file file;

    if (record_files_open(&files, record) != ERR_OK)
        return; /* no memory now; the walk at the next start finds it */
    while (record_files_next(&files, &file)) {
        if (is_wanted(policy, &file) && blob_id_check(&file.blob) == ERR_OK &&
            !is_settled(node_store(node), &file.blob, policy->topic))
            add(node, &file.blob, policy);
    }
    record_files_close(&files);
}

void wants_walk_init(struct wants_walk *walk, const struct store_follow *policy)
{
    memset(walk, 0, sizeof *walk);
    walk->policy = *policy;
    store_scan_by_topic(&walk->scan, policy->topic);
    walk->scan.held_only = true;
}

bool wants_walk_step(struct wants_walk *walk, struct node *node)
{
    struct store *store = node_store(node);
    struct store_item items[WALK_ITEMS];
    struct writer w = writer_growing(RECORD_LEN_MAX);
    size_t n = 0;
    enum err e = store_scan_next(store, &walk->scan, items, WALK_ITEMS, &n);

    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        struct record record;

        writer_reset(&w);
        if (items[i].has_body &&
            store_read(store, items[i].id, false, &w, NULL) == ERR_OK &&
            record_decode(&record, writer_view(&w)) == ERR_OK)
            wants_take_record(node, &record, &walk->policy);
    }
    writer_free(&w);
    return e == ERR_OK && n > 0;
}

void wants_drop_topic(struct node *node, const uint8_t topic[ID_LEN],
                      bool only_seeded)
{
    struct store_want wants[64];
    struct blob_id last;
    const struct blob_id *after = NULL;
    size_t n = 0;

    while (store_wants_of(node_store(node), topic, after, wants, 64, &n) ==
               ERR_OK &&
           n > 0) {
        for (size_t i = 0; i < n; i++) {
            struct store_batch *batch;

            if ((only_seeded ? wants[i].why == STORE_WHY_SEED
                             : wants[i].why != STORE_WHY_ASKED) &&
                commits_batch(node_commits(node), &batch) == ERR_OK &&
                store_batch_unwant(batch, &wants[i].blob, topic) == ERR_OK)
                commits_expect(node_commits(node), NULL, NULL);
        }
        last = wants[n - 1].blob;
        after = &last;
    }
}
