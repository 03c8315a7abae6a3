/*
 * Coded symbols in a session.  The answerer says symbols that its set keeps
 * ready; the opener compares them with its own and says what it takes, or asks
 * for more, or for ranges after all.  Each side's effort is bounded by
 * SYNC_SYMBOLS_MAX symbols in SYNC_SYMBOLS_ROUNDS_MAX messages.
 */
#include "proto/sync_coded.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/sync_estimate.h"

/* Symbols of the set from number `first` on; ERR_NOT_FOUND if none are kept. */
static enum err get_symbols(const struct sync_session *s,
                            const struct record_set *set, size_t first,
                            size_t n, struct iblt_symbol *out, uint64_t *count)
{
    if (set->ops->symbols == NULL)
        return ERR_NOT_FOUND;
    return set->ops->symbols(set->set, s->topic, &s->window, first, n, out,
                             count);
}

enum err sync_coded_offer(struct sync_session *s, const struct record_set *set)
{
    uint64_t count;
    enum err e = get_symbols(s, set, 0, 0, NULL, &count);

    if (e == ERR_OK)
        s->coding = SYNC_CODING_WELCOME;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- What comes in ---------------------------------------------------- */

enum err sync_coded_on_symbols(struct sync_session *s,
                               const struct sync_message *m)
{
    size_t n = m->body.len / IBLT_SYMBOL_LEN;
    bool is_first = s->coding == SYNC_CODING_WELCOME;

    if (!s->is_ours || !s->is_awaiting || s->coding == SYNC_CODING_OFF)
        return ERR_OUT_OF_ORDER;
    if (!is_first && n > s->asked)
        return ERR_NOT_ASKED;
    writer_bytes(&s->symbols, m->body);
    if (s->symbols.err != ERR_OK)
        return s->symbols.err;
    s->coding = SYNC_CODING_TURN;
    s->coding_rounds++;
    s->is_coding_due = true;
    s->is_awaiting = false;
    s->was_coded = true;
    return ERR_OK;
}

/* Whether we are the answerer and have said symbols last. */
static bool has_said_symbols(const struct sync_session *s)
{
    return !s->is_ours && s->coding == SYNC_CODING_TURN && !s->is_coding_due;
}

enum err sync_coded_on_more(struct sync_session *s,
                            const struct sync_message *m)
{
    if (!has_said_symbols(s))
        return ERR_OUT_OF_ORDER;
    s->asked = (size_t)m->more;
    s->is_coding_due = m->more > 0;
    if (m->more == 0)
        s->coding = SYNC_CODING_OFF;
    return ERR_OK;
}

enum err sync_coded_on_take(struct sync_session *s,
                            const struct sync_message *m)
{
    if (!has_said_symbols(s))
        return ERR_OUT_OF_ORDER;
    writer_bytes(&s->takes, m->body);
    if (s->takes.err != ERR_OK)
        return s->takes.err;
    s->coding = SYNC_CODING_OFF;
    s->has_inbox = false;
    writer_reset(&s->inbox);
    s->is_settled = true;
    return ERR_OK;
}

/* ---- The answerer ----------------------------------------------------- */

static enum err compare_range(const struct sync_session *s,
                              const struct record_set *set,
                              const struct sync_range *r,
                              struct sync_estimate_range *out)
{
    uint8_t fingerprint[FINGERPRINT_LEN];
    struct record_sum sum = { 0 };
    enum err e = set->ops->sum(set->set, s->topic, &r->range, &sum);

    if (e != ERR_OK)
        return e;
    sync_fingerprint(fingerprint, &s->key, &sum);
    out->theirs = r->count;
    out->ours = sum.count;
    out->differs = r->mode == SYNC_IDS ? r->count != sum.count
                                       : r->count != sum.count ||
                                             memcmp(fingerprint, r->data.data,
                                                    FINGERPRINT_LEN) != 0;
    return ERR_OK;
}

/* How many symbols to answer the opening with; 0: with ranges. */
static enum err estimate(const struct sync_session *s,
                         const struct record_set *set, size_t *n)
{
    struct sync_cursor c =
        sync_cursor_of(writer_view(&s->inbox), &s->window, true);
    struct sync_estimate_range ranges[SYNC_ESTIMATE_MAX];
    struct sync_range r;
    size_t count = 0;
    enum err e = ERR_OK;

    *n = 0;
    while (e == ERR_OK && sync_cursor_next(&c, &r)) {
        if ((r.mode != SYNC_FINGERPRINT && r.mode != SYNC_IDS) ||
            r.count > SYNC_COUNT_MAX || count == SYNC_ESTIMATE_MAX)
            return ERR_OK; /* no opening of ours: let ranges deal with it */
        e = compare_range(s, set, &r, &ranges[count++]);
    }
    if (e == ERR_OK)
        *n = sync_estimate_symbols(ranges, count);
    return e;
}

static enum err say_symbols(struct sync_session *s,
                            const struct record_set *set, size_t n,
                            struct sync_message *m, struct writer *w)
{
    struct iblt_symbol *symbols = calloc(n, sizeof *symbols);
    uint64_t count;
    enum err e;

    if (symbols == NULL)
        return ERR_NO_MEMORY;
    e = get_symbols(s, set, s->symbols_sent, n, symbols, &count);
    /* What was sent before must be symbols of the same records. */
    if (e == ERR_OK && s->symbols_sent > 0 && count != s->symbols_count)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK) {
        m->kind = SYNC_SYMBOLS;
        sync_message_put(w, m);
        writer_varint(w, n);
        for (size_t i = 0; i < n; i++)
            iblt_put(w, &symbols[i]);
        s->symbols_sent += n;
        s->symbols_count = count;
        s->coding = SYNC_CODING_TURN;
        s->coding_rounds++;
        s->is_coding_due = false;
        s->was_coded = true;
        e = w->err;
    }
    free(symbols);
    return e;
}

static enum err say_as_answerer(struct sync_session *s,
                                const struct record_set *set,
                                struct sync_message *m, struct writer *w)
{
    bool is_first = s->coding == SYNC_CODING_WELCOME;
    uint64_t count;
    size_t n = s->asked;
    enum err e = get_symbols(s, set, 0, 0, NULL, &count);

    if (e == ERR_OK && is_first)
        e = estimate(s, set, &n);
    if (n > SYNC_SYMBOLS_MAX - s->symbols_sent)
        n = SYNC_SYMBOLS_MAX - s->symbols_sent;
    if (e == ERR_OK && (n == 0 || s->coding_rounds == SYNC_SYMBOLS_ROUNDS_MAX))
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        e = say_symbols(s, set, n, m, w);
    if (e != ERR_NOT_FOUND)
        return e;
    s->coding = SYNC_CODING_OFF;
    return ERR_OK;
}

/* ---- The opener ------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    const struct iblt_symbol *x = a;
    const struct iblt_symbol *y = b;

    if (x->id[0] != y->id[0])
        return x->id[0] < y->id[0] ? -1 : 1;
    if (x->id[1] != y->id[1])
        return x->id[1] < y->id[1] ? -1 : 1;
    return 0;
}

/* What the symbols of both sides differ in. */
struct difference {
    struct iblt_symbol *prefix;
    struct iblt_symbol *ours;
    struct iblt_symbol *ids;
    size_t count;
};

static void difference_free(struct difference *d)
{
    free(d->prefix);
    free(d->ours);
    free(d->ids);
}

static enum err difference_alloc(struct difference *d, size_t n)
{
    *d = (struct difference){ .prefix = calloc(n, sizeof *d->prefix),
                              .ours = calloc(n, sizeof *d->ours),
                              .ids = calloc(n, sizeof *d->ids) };
    if (d->prefix != NULL && d->ours != NULL && d->ids != NULL)
        return ERR_OK;
    difference_free(d);
    return ERR_NO_MEMORY;
}

/* ERR_NOT_FOUND if the symbols are too few, or make no sense. */
static enum err difference_find(struct difference *d,
                                const struct sync_session *s, size_t n)
{
    struct reader r = reader_of(writer_view(&s->symbols));

    for (size_t i = 0; i < n; i++)
        iblt_read(&r, &d->prefix[i]);
    iblt_join(d->prefix, d->ours, n);
    if (!iblt_decode(d->prefix, n, d->ids, &d->count))
        return ERR_NOT_FOUND;
    qsort(d->ids, d->count, sizeof *d->ids, compare_ids);
    for (size_t i = 1; i < d->count; i++)
        if (compare_ids(&d->ids[i - 1], &d->ids[i]) == 0)
            return ERR_NOT_FOUND;
    return ERR_OK;
}

/* What we have goes to the peer; the other ids are put to the front. */
static enum err difference_divide(struct difference *d, struct sync_session *s,
                                  const struct record_set *set)
{
    size_t wanted = 0;

    for (size_t i = 0; i < d->count; i++) {
        struct record_key key;
        uint8_t id[IBLT_ID_LEN];
        enum err e;

        iblt_id_of(id, &d->ids[i]);
        e = set->ops->find(set->set, s->topic, id, &key);
        if (e == ERR_NOT_FOUND) {
            d->ids[wanted++] = d->ids[i];
            continue;
        }
        if (e != ERR_OK)
            return e;
        writer_bytes(&s->takes, BYTES_ARRAY(id));
    }
    d->count = wanted;
    if (wanted > SYNC_TAKE_MAX)
        return ERR_NOT_FOUND;
    return s->takes.err;
}

static enum err say_take(struct sync_session *s, const struct difference *d,
                         struct sync_message *m, struct writer *w)
{
    m->kind = SYNC_TAKE;
    sync_message_put(w, m);
    writer_varint(w, d->count);
    for (size_t i = 0; i < d->count; i++) {
        writer_u64(w, d->ids[i].id[0]);
        writer_u64(w, d->ids[i].id[1]);
    }
    s->coding = SYNC_CODING_OFF;
    s->is_settled = true;
    return w->err;
}

/* Half as many again, so that a wrong guess costs little. */
static size_t count_more(const struct sync_session *s, size_t n)
{
    size_t more = n / 2 + SYNC_ID_LIST_MAX;

    if (s->coding_rounds == SYNC_SYMBOLS_ROUNDS_MAX)
        return 0;
    return more < SYNC_SYMBOLS_MAX - n ? more : SYNC_SYMBOLS_MAX - n;
}

static enum err say_more(struct sync_session *s, size_t more,
                         struct sync_message *m, struct writer *w)
{
    m->kind = SYNC_MORE;
    m->more = more;
    sync_message_put(w, m);
    s->asked = more;
    s->is_coding_due = false;
    s->is_awaiting = true;
    if (more == 0)
        s->coding = SYNC_CODING_OFF;
    return w->err;
}

static enum err say_as_opener(struct sync_session *s,
                              const struct record_set *set,
                              struct sync_message *m, struct writer *w)
{
    size_t n = s->symbols.len / IBLT_SYMBOL_LEN;
    size_t more = count_more(s, n);
    struct difference d;
    uint64_t count;
    enum err e = difference_alloc(&d, n);

    if (e != ERR_OK)
        return e;
    e = get_symbols(s, set, 0, n, d.ours, &count);
    if (e == ERR_NOT_FOUND)
        more = 0; /* we do not have ours any more */
    if (e == ERR_OK)
        e = difference_find(&d, s, n);
    if (e == ERR_OK) {
        e = difference_divide(&d, s, set);
        if (e != ERR_OK)
            writer_reset(&s->takes);
    }
    if (e == ERR_OK)
        e = say_take(s, &d, m, w);
    else if (e == ERR_NOT_FOUND)
        e = say_more(s, more, m, w);
    difference_free(&d);
    return e;
}

enum err sync_coded_say(struct sync_session *s, const struct record_set *set,
                        struct sync_message *m, struct writer *w)
{
    assert(s->coding != SYNC_CODING_OFF);
    return s->is_ours ? say_as_opener(s, set, m, w)
                      : say_as_answerer(s, set, m, w);
}

/* ---- What is to be sent ------------------------------------------------ */

static bool is_inside(const struct sync_session *s,
                      const struct record_key *key)
{
    return record_key_compare(key, &s->window.lo) >= 0 &&
           record_key_compare(key, &s->window.hi) < 0;
}

enum err sync_coded_fill_keys(struct sync_session *s,
                              const struct record_set *set)
{
    const size_t max = sizeof s->keys / sizeof *s->keys;
    size_t n = 0;

    while (n < max && s->takes_next < s->takes.len) {
        const uint8_t *id = s->takes.data + s->takes_next;
        enum err e = set->ops->find(set->set, s->topic, id, &s->keys[n]);

        if (e != ERR_OK && e != ERR_NOT_FOUND)
            return e;
        s->takes_next += IBLT_ID_LEN;
        if (e == ERR_OK && is_inside(s, &s->keys[n]))
            n++;
    }
    s->keys_count = n;
    return ERR_OK;
}
