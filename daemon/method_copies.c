/* Who holds the files of a record, or one file: as far as is known, or asked
 * anew. */
#include <stdlib.h>
#include <string.h>

#include "daemon/copies.h"
#include "daemon/holders.h"
#include "daemon/job.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "proto/record_files.h"
#include "store/store.h"

enum { HOLDERS_MAX = LEASES_TOPIC_MAX, PLACES_MAX = 64, FILES_MAX = 320 };

/* What is asked about: a record's files, or a root. */
struct target {
    bool is_root;
    uint8_t root[HASH_LEN];
    uint64_t seq;
};

/* Its files; `bytes` is what names borrow. */
struct files {
    struct record record;
    struct writer bytes;
    size_t count;
    struct {
        uint8_t topic[ID_LEN];
        struct blob_id blob;
        struct bytes name;
        uint64_t role;
    } at[FILES_MAX];
};

/* ---- What is meant ------------------------------------------------------ */

static bool find_target(struct call *call, struct target *out)
{
    struct store_item item;

    memset(out, 0, sizeof *out);
    if (!param_record_or_root(call, "target", PARAM_READS, &item, out->root,
                              &out->is_root))
        return false;
    if (out->is_root)
        return true;
    if (!param_is_shown(call, &item))
        return false;
    out->seq = item.seq;
    return true;
}

static void add_root(struct files *out, struct node *node,
                     const uint8_t root[HASH_LEN])
{
    static struct holders_place places[PLACES_MAX];
    size_t n = holders_places(node, root, places, PLACES_MAX);

    for (size_t i = 0; i < n; i++) {
        memcpy(out->at[i].topic, places[i].topic, ID_LEN);
        out->at[i].blob = places[i].blob;
        out->at[i].name = (struct bytes){ NULL, 0 };
        out->at[i].role = 0;
    }
    out->count = n;
}

/* The files of a record, each in the order of its fields. */
static enum err add_files(struct files *out, struct node *node, uint64_t seq)
{
    struct record_files files;
    struct record_file file;
    enum err e =
        store_read_seq(node_store(node), seq, false, &out->bytes, NULL);

    if (e == ERR_OK)
        e = record_decode(&out->record, writer_view(&out->bytes));
    if (e == ERR_OK)
        e = record_files_open(&files, &out->record);
    if (e != ERR_OK)
        return e;
    while (out->count < FILES_MAX && record_files_next(&files, &file)) {
        if (blob_id_check(&file.blob) != ERR_OK)
            continue;
        memcpy(out->at[out->count].topic, out->record.topic, ID_LEN);
        out->at[out->count].blob = file.blob;
        out->at[out->count].name = file.name;
        out->at[out->count++].role = file.role;
    }
    record_files_close(&files);
    return ERR_OK;
}

/* ERR_NOT_FOUND: no file with that root is known.  Wipe it in any case. */
static enum err files_of(struct files *out, struct node *node,
                         const struct target *target)
{
    out->count = 0;
    out->bytes = writer_growing(RECORD_LEN_MAX);
    if (!target->is_root)
        return add_files(out, node, target->seq);
    add_root(out, node, target->root);
    return out->count > 0 ? ERR_OK : ERR_NOT_FOUND;
}

static_assert((int)PLACES_MAX <= (int)FILES_MAX, "one file for each place");
static_assert((int)FILES_MAX <= (int)FILE_NAMES_ASKED, "one question");

/* ---- The answer --------------------------------------------------------- */

/* The files of a record are of one topic; of a root each is of its own. */
static void put_items(struct node *node, struct writer *w,
                      const struct files *files,
                      const struct lease_checks *checks)
{
    static struct file_names_set names; /* the loop alone comes here */
    static struct blob_id blobs[FILES_MAX];

    for (size_t i = 0, n; i < files->count; i += n) {
        const uint8_t *topic = files->at[i].topic;

        for (n = 0; i + n < files->count &&
                    memcmp(files->at[i + n].topic, topic, ID_LEN) == 0;
             n++)
            blobs[n] = files->at[i + n].blob;
        copies_names(node, topic, blobs, n, &names);
        for (size_t k = 0; k < n; k++)
            copies_put_item(node, w,
                            &(struct copies_item){
                                .topic = topic,
                                .blob = blobs[k],
                                .target = copies_target(node, topic, &blobs[k],
                                                        files->at[i + k].role),
                                .name = files->at[i + k].name,
                                .names = &names.of[k],
                                .checks = checks });
        file_names_wipe(&names);
    }
}

/* `w` is to be a map; what else stands in it is put by the caller. */
static void put_answer(struct node *node, struct writer *w,
                       const struct files *files,
                       const struct lease_checks *checks)
{
    pair_array(w, "items", (uint32_t)files->count);
    put_items(node, w, files, checks);
    pair_nil(w, "next");
}

static void fail(struct call *call, enum err e)
{
    if (e == ERR_NOT_FOUND)
        call_fail(call, e, "no file with this root is known here",
                  "See the files of a project with: troupe health PROJECT");
    else
        call_fail(call, e, NULL, NULL);
}

void method_copies(struct call *call)
{
    static struct files files; /* the loop alone comes here */
    struct target target;
    enum err e;

    if (!find_target(call, &target))
        return;
    e = files_of(&files, call_node(call), &target);
    if (e != ERR_OK) {
        fail(call, e);
    } else {
        struct writer *w = call_reply(call);

        mp_put_map(w, 2);
        put_answer(call_node(call), w, &files, NULL);
        call_send(call);
    }
    writer_free(&files.bytes);
}

/* ---- copies.check ------------------------------------------------------- */

struct checking {
    struct node *node;
    struct job *job;
    struct target target;
    struct lease_checks checks;
};

/* All who say that they hold it, while there is room. */
static void add_checks(struct checking *c, const struct files *files)
{
    static struct holder holders[HOLDERS_MAX]; /* the loop alone comes here */
    struct lease_checks *all = &c->checks;

    for (size_t i = 0; i < files->count; i++) {
        size_t n = files->at[i].blob.size == 0 /* there is nothing to show */
                       ? 0
                       : holders_of(c->node, files->at[i].topic,
                                    &files->at[i].blob, holders, HOLDERS_MAX);

        for (size_t k = 0; k < n && all->count < LEASE_CHECKS_MAX; k++) {
            struct lease_check *check = &all->at[all->count++];

            memcpy(check->topic, files->at[i].topic, ID_LEN);
            memcpy(check->node, holders[k].node, KEY_LEN);
            check->blob = files->at[i].blob;
        }
    }
}

static uint64_t count_checked(const struct lease_checks *c,
                              enum lease_checked checked)
{
    uint64_t count = 0;

    for (size_t i = 0; i < c->count; i++)
        count += c->at[i].checked == checked;
    return count;
}

static void conclude(struct checking *c)
{
    static struct files files; /* the loop alone comes here */
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    enum err e = files_of(&files, c->node, &c->target);

    mp_put_map(&w, 4);
    pair_uint(&w, "asked", c->checks.count);
    pair_uint(&w, "shown", count_checked(&c->checks, LEASE_CHECKED_SHOWN));
    if (e == ERR_OK)
        put_answer(c->node, &w, &files, &c->checks);
    if (e == ERR_OK)
        e = w.err;
    if (e == ERR_OK)
        job_done(c->job, writer_view(&w));
    else
        job_fail(c->job, e, NULL, NULL);
    writer_free(&files.bytes);
    writer_free(&w);
}

static void checking_end(struct checking *c)
{
    leases_check_end(node_leases(c->node), &c->checks);
    free(c);
}

static void on_moved(void *context)
{
    struct checking *c = context;

    job_progress(c->job, c->checks.settled, c->checks.count);
    if (c->checks.settled < c->checks.count)
        return;
    conclude(c);
    checking_end(c);
}

static void on_cancel(void *context)
{
    struct checking *c = context;

    job_fail(c->job, ERR_CANCELLED, NULL, NULL);
    checking_end(c);
}

void method_copies_check(struct call *call)
{
    static struct files files; /* the loop alone comes here */
    struct checking *c = calloc(1, sizeof *c);
    enum err e = c == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK && !find_target(call, &c->target)) {
        free(c);
        return;
    }
    if (e == ERR_OK)
        e = files_of(&files, call_node(call), &c->target);
    if (e != ERR_OK) {
        fail(call, e);
        goto free_checking;
    }
    c->node = call_node(call);
    add_checks(c, &files);
    c->job = job_start(desk_jobs(call_desk(call)), call, "challenges",
                       "have files shown by who holds them");
    if (c->job == NULL)
        goto free_checking;
    c->checks.on_moved = on_moved;
    c->checks.context = c;
    job_on_cancel(c->job, on_cancel, c);
    leases_check_begin(node_leases(c->node), &c->checks);
    c = NULL; /* the leases' */
free_checking:
    writer_free(&files.bytes);
    free(c);
}
