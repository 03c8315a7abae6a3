/*
 * The course of one session.  What ranges mean is sync_answer.c's business,
 * and who may open a session, and when, is peer.c's.
 */
#include "proto/sync.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/sync_answer.h"
#include "proto/sync_coded.h"

void sync_state_of(struct sync_state *out, const struct sync_key *key,
                   const struct record_sum *sum)
{
    out->count = sum->count;
    sync_fingerprint(out->fingerprint, key, sum);
}

bool sync_state_equal(const struct sync_state *a, const struct sync_state *b)
{
    return a->count == b->count &&
           memcmp(a->fingerprint, b->fingerprint, FINGERPRINT_LEN) == 0;
}

enum err sync_new(struct sync_session **out, const uint8_t topic[ID_LEN],
                  bool is_ours)
{
    struct sync_session *s = calloc(1, sizeof *s);

    if (s == NULL)
        return ERR_NO_MEMORY;
    memcpy(s->topic, topic, ID_LEN);
    s->is_ours = is_ours;
    s->must_open = is_ours;
    s->sent = writer_growing(SYNC_MESSAGE_MAX);
    s->inbox = writer_growing(SYNC_MESSAGE_MAX);
    /* At most what the peer said, and the ids that its WANTs refer to. */
    s->jobs = writer_growing(2 * SYNC_MESSAGE_MAX);
    s->symbols = writer_growing(SYNC_SYMBOLS_MAX * IBLT_SYMBOL_LEN);
    s->takes = writer_growing(SYNC_SYMBOLS_MAX * IBLT_ID_LEN);
    *out = s;
    return ERR_OK;
}

void sync_set_number(struct sync_session *s, uint64_t number,
                     const struct sync_key *key)
{
    assert(number > 0 && s->number == 0);
    s->number = number;
    s->key = *key;
}

void sync_set_window(struct sync_session *s, uint32_t from_day,
                     uint32_t until_day)
{
    s->from_day = from_day;
    s->until_day = until_day;
    s->window = hello_window(from_day, until_day);
}

void sync_set_coding(struct sync_session *s, bool may_code)
{
    s->may_code = may_code;
}

void sync_free(struct sync_session *s)
{
    if (s == NULL)
        return;
    writer_free(&s->sent);
    writer_free(&s->inbox);
    writer_free(&s->jobs);
    writer_free(&s->symbols);
    writer_free(&s->takes);
    sodium_memzero(s, sizeof *s);
    free(s);
}

/* The whole message, before any change: its form, and what WANTs refer to. */
static enum err check_ranges(const struct sync_session *s, struct bytes body,
                             bool *is_open)
{
    struct sync_cursor c = sync_cursor_of(body, &s->window, true);
    struct sync_cursor sent =
        sync_cursor_of(writer_view(&s->sent), &s->window, true);
    struct sync_range r;
    struct sync_range list;
    size_t count = 0;

    *is_open = false;
    while (sync_cursor_next(&c, &r)) {
        if (++count > SYNC_RANGES_MAX)
            return ERR_TOO_LARGE;
        if (r.mode == SYNC_WANT && !sync_answer_find_list(&sent, &r, &list))
            return ERR_NOT_ASKED;
        if (r.mode == SYNC_FINGERPRINT || r.mode == SYNC_IDS)
            *is_open = true;
    }
    return sync_cursor_finish(&c);
}

static enum err on_ranges(struct sync_session *s, const struct sync_message *m)
{
    bool is_first = sync_message_opens(m->kind);
    bool is_open;
    enum err e;

    if (s->has_inbox ||
        (is_first ? s->is_ours || s->is_answered : !s->is_awaiting))
        return ERR_OUT_OF_ORDER;
    e = check_ranges(s, m->body, &is_open);
    if (e != ERR_OK)
        return e;
    writer_reset(&s->inbox);
    writer_bytes(&s->inbox, m->body);
    if (s->inbox.err != ERR_OK)
        return s->inbox.err;
    s->has_inbox = true;
    s->inbox_is_open = is_open;
    s->is_awaiting = false;
    s->coding = SYNC_CODING_OFF;
    if (s->may_code && m->kind == SYNC_OPEN_CODED)
        s->coding = SYNC_CODING_WELCOME;
    return ERR_OK;
}

static enum err on_done(struct sync_session *s)
{
    bool is_settled = s->is_settled || (s->has_inbox && !s->inbox_is_open);

    if (!is_settled || s->done_received)
        return ERR_OUT_OF_ORDER;
    s->done_received = true;
    return ERR_OK;
}

static enum err on_end(struct sync_session *s, const struct sync_message *m)
{
    if (!s->done_received || s->end_received)
        return ERR_OUT_OF_ORDER;
    s->end_received = true;
    s->theirs = m->state;
    return ERR_OK;
}

enum err sync_recv(struct sync_session *s, const struct sync_message *m)
{
    enum err e = ERR_OUT_OF_ORDER;

    assert(m->number == s->number && m->kind != SYNC_STOP);
    if (sync_message_opens(m->kind) || m->kind == SYNC_RANGES)
        e = on_ranges(s, m);
    else if (m->kind == SYNC_SYMBOLS)
        e = sync_coded_on_symbols(s, m);
    else if (m->kind == SYNC_MORE)
        e = sync_coded_on_more(s, m);
    else if (m->kind == SYNC_TAKE)
        e = sync_coded_on_take(s, m);
    else if (m->kind == SYNC_DONE)
        e = on_done(s);
    else if (m->kind == SYNC_END)
        e = on_end(s, m);
    if (e == ERR_OK)
        s->is_answered = true;
    return e;
}

static bool has_jobs(const struct sync_session *s)
{
    return s->has_job || s->keys_next < s->keys_count ||
           s->job_cursor.r.left > 0 || s->takes_next < s->takes.len;
}

static bool done_is_due(const struct sync_session *s)
{
    return s->is_settled && !s->done_sent && !has_jobs(s);
}

static bool end_is_due(const struct sync_session *s, size_t awaited)
{
    return s->done_sent && s->done_received && !s->end_sent && awaited == 0;
}

/* A message of ranges or of symbols is to be answered by us. */
static bool is_asked(const struct sync_session *s)
{
    return s->coding == SYNC_CODING_TURN ? s->is_coding_due : s->has_inbox;
}

bool sync_has_output(const struct sync_session *s, size_t awaited)
{
    return s->must_open || is_asked(s) || has_jobs(s) || done_is_due(s) ||
           end_is_due(s, awaited);
}

static struct sync_answer answer_of(struct sync_session *s,
                                    const struct record_set *set,
                                    struct writer *reply)
{
    return (struct sync_answer){
        .set = set,
        .topic = s->topic,
        .key = &s->key,
        .window = s->window,
        .sent = sync_cursor_of(writer_view(&s->sent), &s->window, true),
        .reply = sync_builder_of(reply, &s->window),
        .jobs = sync_builder_of(&s->jobs, &s->window),
        .scan_left = SYNC_SCAN_MAX,
    };
}

static struct sync_message message_of(const struct sync_session *s,
                                      const uint8_t tag[HELLO_TAG_LEN],
                                      enum sync_kind kind)
{
    struct sync_message m = { .number = s->number,
                              .kind = kind,
                              .from_day = s->from_day,
                              .until_day = s->until_day,
                              .state = s->ours };

    memcpy(m.tag, tag, HELLO_TAG_LEN);
    return m;
}

static enum err say_open(struct sync_session *s, const struct record_set *set,
                         const uint8_t tag[HELLO_TAG_LEN], struct writer *w)
{
    struct sync_answer a = answer_of(s, set, &s->sent);
    struct sync_message m = message_of(s, tag, SYNC_OPEN);
    enum err e = sync_answer_opening(&a);

    if (e == ERR_OK)
        e = s->sent.err;
    if (e == ERR_OK && a.reply.is_open && s->may_code)
        e = sync_coded_offer(s, set);
    if (e != ERR_OK)
        return e;
    if (s->coding == SYNC_CODING_WELCOME)
        m.kind = SYNC_OPEN_CODED;
    m.body = writer_view(&s->sent);
    sync_message_put(w, &m);
    s->must_open = false;
    s->is_awaiting = true; /* even an ALL: the answer says it was heard */
    return w->err;
}

/* §5.3: too long a session ends here; its END will tell what is left. */
static void give_up(struct sync_session *s, struct sync_answer *a)
{
    sync_builder_skip(&a->reply, &s->window.lo);
    sync_builder_finish(&a->reply);
}

/* Replaces what we sent last by the answer to what came. */
static enum err answer_inbox(struct sync_session *s,
                             const struct record_set *set, bool *is_open)
{
    struct writer reply = writer_growing(SYNC_MESSAGE_MAX);
    struct sync_answer a;
    enum err e = ERR_OK;

    writer_reset(&s->jobs);
    a = answer_of(s, set, &reply);
    s->rounds++;
    if (s->rounds < SYNC_ROUNDS_MAX)
        e = sync_answer_ranges(&a, writer_view(&s->inbox));
    else
        give_up(s, &a);
    if (e == ERR_OK)
        e = reply.err;
    if (e != ERR_OK) {
        writer_free(&reply);
        return e;
    }
    writer_free(&s->sent);
    s->sent = reply;
    s->job_cursor = sync_cursor_of(writer_view(&s->jobs), &s->window, false);
    *is_open = a.reply.is_open;
    return ERR_OK;
}

static enum err say_ranges(struct sync_session *s, const struct record_set *set,
                           const uint8_t tag[HELLO_TAG_LEN], struct writer *w)
{
    struct sync_message m = message_of(s, tag, SYNC_RANGES);
    bool was_open = s->inbox_is_open;
    bool is_open;
    enum err e = answer_inbox(s, set, &is_open);

    if (e != ERR_OK)
        return e;
    s->has_inbox = false;
    writer_reset(&s->inbox);
    s->is_awaiting = is_open;
    s->is_settled = !is_open;
    /* A message without open ranges is the last one, unless it opened. */
    if (!was_open && (s->is_ours || s->rounds > 1))
        return ERR_OK;
    m.body = writer_view(&s->sent);
    sync_message_put(w, &m);
    return w->err;
}

/* Symbols, or what they lead to; where they are of no use, ranges. */
static enum err say_answer(struct sync_session *s, const struct record_set *set,
                           const uint8_t tag[HELLO_TAG_LEN], struct writer *w)
{
    struct sync_message m = message_of(s, tag, SYNC_SYMBOLS);
    enum err e = ERR_OK;

    if (s->coding != SYNC_CODING_OFF)
        e = sync_coded_say(s, set, &m, w);
    if (e == ERR_OK && s->coding == SYNC_CODING_OFF && s->has_inbox)
        e = say_ranges(s, set, tag, w);
    return e;
}

static enum err say_end(struct sync_session *s, const struct record_set *set,
                        const uint8_t tag[HELLO_TAG_LEN], struct writer *w)
{
    struct record_sum sum = { 0 };
    struct sync_message m;
    enum err e = set->ops->sum(set->set, s->topic, &s->window, &sum);

    if (e != ERR_OK)
        return e;
    sync_state_of(&s->ours, &s->key, &sum);
    m = message_of(s, tag, SYNC_END);
    sync_message_put(w, &m);
    s->end_sent = true;
    return w->err;
}

enum err sync_say(struct sync_session *s, const struct record_set *set,
                  const uint8_t tag[HELLO_TAG_LEN], size_t awaited,
                  struct writer *w)
{
    struct sync_message m;

    if (s->must_open)
        return say_open(s, set, tag, w);
    if (is_asked(s) && !has_jobs(s))
        return say_answer(s, set, tag, w);
    if (done_is_due(s)) {
        m = message_of(s, tag, SYNC_DONE);
        sync_message_put(w, &m);
        s->done_sent = true;
        return w->err;
    }
    if (end_is_due(s, awaited))
        return say_end(s, set, tag, w);
    return ERR_OK;
}

/* Whether an entry of the range is one that the peer lacks. */
static bool is_lacking(const struct sync_session *s,
                       const struct record_key *key)
{
    if (s->job.mode == SYNC_ALL || s->takes.len > 0)
        return true;
    return sync_range_has_id(&s->job, sync_short_id(&s->key, key->id)) ==
           (s->job.mode == SYNC_ONLY);
}

/* Looks up more keys, of this job or of the next; ERR_NOT_FOUND at the end. */
static enum err fill_keys(struct sync_session *s, const struct record_set *set)
{
    const size_t max = sizeof s->keys / sizeof *s->keys;
    size_t n = 0;
    enum err e;

    s->keys_next = 0;
    s->keys_count = 0;
    if (s->takes_next < s->takes.len)
        return sync_coded_fill_keys(s, set);
    while (!s->has_job) {
        if (!sync_cursor_next(&s->job_cursor, &s->job))
            return ERR_NOT_FOUND;
        s->has_job = s->job.mode != SYNC_SKIP;
    }
    e = set->ops->list(set->set, s->topic, &s->job.range, s->keys, max, &n);
    if (e != ERR_OK)
        return e;
    s->keys_count = n;
    if (n > 0)
        s->job.range.lo = record_key_after(&s->keys[n - 1]);
    s->has_job = n > 0;
    return ERR_OK;
}

enum err sync_next_record(struct sync_session *s, const struct record_set *set,
                          struct record_key *out)
{
    for (;;) { /* ends: every turn leaves fewer entries of the jobs */
        enum err e;

        for (; s->keys_next < s->keys_count; s->keys_next++) {
            if (is_lacking(s, &s->keys[s->keys_next])) {
                *out = s->keys[s->keys_next];
                return ERR_OK;
            }
        }
        e = fill_keys(s, set);
        if (e != ERR_OK)
            return e;
    }
}

void sync_take_record(struct sync_session *s)
{
    assert(s->keys_next < s->keys_count);
    s->keys_next++;
    s->has_moved = true;
}

bool sync_is_over(const struct sync_session *s)
{
    return s->end_sent && s->end_received;
}
