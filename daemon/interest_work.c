/*
 * What goes in steps, one batch at a time behind all that others write: topics
 * that were given up, the oldest days of the call board, and what a new
 * judgement of somebody's standing means for what is stored.
 */
#include <string.h>

#include "daemon/commits.h"
#include "daemon/conn.h"
#include "daemon/interest_parts.h"
#include "daemon/log.h"
#include "daemon/peers.h"

/* Topics that are being given up, one after the other: ID_LEN bytes each. */
static const char given_up[] = "given-up";

/* Authors looked at within one turn of the loop: a page, and pages. */
enum { AUTHORS = 64, PAGES = 64 };

static bool is_same(const struct interest_job *a, const struct interest_job *b)
{
    return a->kind == b->kind && memcmp(a->topic, b->topic, ID_LEN) == 0;
}

void interest_job_add(struct interest *in, const struct interest_job *job)
{
    for (size_t i = 0; i < in->jobs_count; i++) {
        if (!is_same(&in->jobs[i], job))
            continue;
        if (job->kind == INTEREST_REVIEW) { /* once more from the start */
            in->jobs[i].has_author = false;
            in->jobs[i].day_ms = 0;
            in->jobs[i].is_settling = false;
            in->jobs[i].is_full_review |= job->is_full_review;
        }
        return;
    }
    if (in->jobs_count < INTEREST_JOBS)
        in->jobs[in->jobs_count++] = *job;
}

/* ---- Over restarts ------------------------------------------------------ */

/* Writes down which topics are still to go. */
static enum err put_given_up(struct interest *in, struct store_batch *batch,
                             bool but_first)
{
    uint8_t bytes[(INTEREST_JOBS + INTEREST_LEAVING) * ID_LEN];
    struct writer w = writer_fixed(bytes, sizeof bytes);

    for (size_t i = 0; i < in->leaving_count; i++)
        writer_bytes(&w, BYTES_ARRAY(in->leaving[i]));
    for (size_t i = but_first ? 1 : 0; i < in->jobs_count; i++)
        if (in->jobs[i].kind == INTEREST_GIVE_UP)
            writer_bytes(&w, BYTES_ARRAY(in->jobs[i].topic));
    return store_batch_meta(batch, given_up, writer_view(&w));
}

enum err interest_giving_up(struct interest *in, const uint8_t topic[ID_LEN])
{
    struct commits *commits = node_commits(in->node);
    struct store_batch *batch;
    enum err e;

    if (in->leaving_count == INTEREST_LEAVING)
        return ERR_NO_MEMORY;
    memcpy(in->leaving[in->leaving_count++], topic, ID_LEN);
    e = commits_batch(commits, &batch);
    if (e == ERR_OK)
        e = put_given_up(in, batch, false);
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    else
        in->leaving_count--;
    return e;
}

void interest_jobs_load(struct interest *in)
{
    uint8_t bytes[(INTEREST_JOBS + INTEREST_LEAVING) * ID_LEN];
    struct writer w = writer_fixed(bytes, sizeof bytes);
    struct reader r;

    if (store_meta(node_store(in->node), given_up, &w) != ERR_OK)
        return;
    r = reader_of(writer_view(&w));
    while (r.left >= ID_LEN) {
        struct interest_job job = { .kind = INTEREST_GIVE_UP };
        struct store_follow follow;

        reader_copy(&r, job.topic, ID_LEN);
        if (store_follow_find(node_store(in->node), job.topic, &follow) ==
            ERR_NOT_FOUND)
            interest_job_add(in, &job);
    }
}

/* ---- Steps -------------------------------------------------------------- */

static void take_first(struct interest *in)
{
    in->sweep = (struct interest_sweep){ 0 };
    in->jobs_count--;
    memmove(&in->jobs[0], &in->jobs[1], in->jobs_count * sizeof in->jobs[0]);
}

/* Ids were forgotten: who has them tells us again. */
static void compare_again(struct interest *in, const uint8_t topic[ID_LEN])
{
    struct peers *peers = node_peer_table(in->node);
    uint64_t now_ms = uv_now(node_loop(in->node));

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        peer_set_changed(conn_peer(c), topic, false, 0, now_ms);
        conn_wake(c);
    }
}

/* The first job is done: it need not be remembered. */
static void forget_given_up(struct interest *in)
{
    struct commits *commits = node_commits(in->node);
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = put_given_up(in, batch, true);
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    /* Else it is gone through once more after the next start. */
}

static void on_trimmed(struct interest *in, struct interest_job *job,
                       const struct store_result *r)
{
    if (r->is_more) {
        job->from = r->at;
        return;
    }
    if (job->kind == INTEREST_GIVE_UP) {
        job->is_trimmed = true;
        return;
    }
    log_event(LOG_LEVEL_INFO, "interest", "cut", "topic=%s",
              log_id(job->topic).text);
    take_first(in);
}

/* Neither records nor blobs are left of the topic. */
static void finish_given_up(struct interest *in)
{
    log_event(LOG_LEVEL_INFO, "interest", "given_up", "topic=%s",
              log_id(in->jobs[0].topic).text);
    forget_given_up(in);
    take_first(in);
}

/* One step for one author is done. */
static void on_reviewed(struct interest *in, struct interest_job *job,
                        const struct store_result *r)
{
    if (r->removed > 0)
        compare_again(in, job->topic);
    job->day_ms = r->at.created_ms;
    if (r->is_more)
        return;
    if (!job->is_settling) {
        job->is_settling = true; /* the second half of a full review */
        return;
    }
    job->is_settling = false;
    job->day_ms = 0;
    job->has_author = true;
    memcpy(job->author, job->current, ID_LEN);
}

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    struct interest *in = context;
    struct interest_job *job = &in->jobs[0];

    in->is_applying = false;
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "interest", "step_failed", "topic=%s why=%s",
                  log_id(job->topic).text, err_name(e));
        take_first(in); /* looked at again when there is a reason to */
    } else if (job->kind == INTEREST_REVIEW) {
        on_reviewed(in, job, store_batch_result(batch, 0));
    } else if (!job->is_trimmed) {
        on_trimmed(in, job, store_batch_result(batch, 0));
    }
    store_batch_free(batch);
}

static enum err step_trim(struct interest *in, const struct interest_job *job,
                          struct store_batch *batch)
{
    const struct person_keys *own = node_person(in->node);
    struct store_trim trim = { .before_ms = job->before_ms, .from = job->from };
    enum err e;

    memcpy(trim.topic, job->topic, ID_LEN);
    if (own != NULL)
        memcpy(trim.own, own->person, ID_LEN);
    if (job->kind == INTEREST_GIVE_UP)
        trim.before_ms = UINT64_MAX;
    e = store_batch_trim(batch, &trim);
    if (e == ERR_OK && job->kind == INTEREST_GIVE_UP)
        e = put_given_up(in, batch, false);
    return e;
}

/* What one author's new standing, or lack of it, asks for; perhaps nothing. */
static enum err step_author(const struct interest_topic *t,
                            const struct interest_job *job,
                            const struct store_charged *author,
                            struct store_batch *batch)
{
    struct budget budget = standing_budget(&t->standing, author->author);
    bool is_free = budget_is_free(&budget);

    /* Under other rules, what was over may be welcome now. */
    if (author->has_over && !job->is_settling &&
        (is_free || job->is_full_review))
        return store_batch_forget_over(batch, job->topic, author->author);
    if (job->is_full_review && !is_free && budget.records > 0)
        return store_batch_settle(batch, job->topic, author->author, &budget,
                                  job->day_ms);
    return ERR_OK;
}

/* A page of authors, up to the first for whom there is something to do. */
static enum err step_page(struct interest *in, struct interest_job *job,
                          struct store_batch *batch, size_t *n)
{
    const struct interest_topic *t = interest_topic_get(in, job->topic);
    struct store_charged authors[AUTHORS];
    enum err e = store_charged_authors(node_store(in->node), job->topic,
                                       job->has_author ? job->author : NULL,
                                       authors, AUTHORS, n);

    for (size_t i = 0; e == ERR_OK && i < *n; i++) {
        memcpy(job->current, authors[i].author, ID_LEN);
        e = step_author(t, job, &authors[i], batch);
        if (store_batch_count(batch) > 0)
            break;
        job->is_settling = false;
        job->has_author = true;
        memcpy(job->author, authors[i].author, ID_LEN);
    }
    return e;
}

/* ERR_NOT_FOUND: there is nobody left. */
static enum err step_review(struct interest *in, struct interest_job *job,
                            struct store_batch *batch)
{
    size_t n = 1;
    enum err e = ERR_OK;

    for (unsigned i = 0; e == ERR_OK && n > 0 && i < PAGES; i++) {
        e = step_page(in, job, batch, &n);
        if (store_batch_count(batch) > 0)
            return e;
    }
    return e == ERR_OK && n == 0 ? ERR_NOT_FOUND : e;
}

/* It may be followed again by now. */
static bool is_followed(const struct interest *in, const uint8_t topic[ID_LEN])
{
    struct store_follow follow;

    return store_follow_find(node_store(in->node), topic, &follow) == ERR_OK;
}

static enum err step(struct interest *in, struct interest_job *job,
                     struct store_batch *batch)
{
    if (job->kind == INTEREST_REVIEW)
        return step_review(in, job, batch);
    if (job->kind == INTEREST_GIVE_UP && is_followed(in, job->topic))
        return ERR_NOT_FOUND;
    return job->is_trimmed ? interest_blobs_step(in, job, batch)
                           : step_trim(in, job, batch);
}

void interest_flush(struct interest *in)
{
    struct store_batch *batch;
    enum err e;

    if (in->is_stopping)
        return;
    interest_topics_tick(in);
    if (in->is_applying || in->jobs_count == 0)
        return;
    if (store_batch_new(&batch) != ERR_OK)
        return; /* again at the next turn */
    e = step(in, &in->jobs[0], batch);
    if (e == ERR_NOT_FOUND && in->jobs[0].is_trimmed) {
        store_batch_free(batch);
        finish_given_up(in);
        return;
    }
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        log_event(LOG_LEVEL_ERROR, "interest", "step_failed", "topic=%s why=%s",
                  log_id(in->jobs[0].topic).text, err_name(e));
    if (e != ERR_OK)
        take_first(in);
    if (e != ERR_OK || store_batch_count(batch) == 0) {
        store_batch_free(batch);
        return;
    }
    in->is_applying = true;
    commits_give(node_commits(in->node), batch, on_applied, in);
}
