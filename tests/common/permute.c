/* Orders of arrival, tried out. */
#include "tests/common/permute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

uint32_t permute_random(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static void swap_at(uint32_t *order, uint32_t a, uint32_t b)
{
    uint32_t swap = order[a];

    order[a] = order[b];
    order[b] = swap;
}

void permute_shuffle(uint32_t *order, uint32_t count, uint32_t *seed)
{
    for (uint32_t i = count; i > 1; i--)
        swap_at(order, i - 1, permute_random(seed, i));
}

/* The next order of all in ascending order; false after the last. */
static bool next_order(uint32_t *order, uint32_t count)
{
    uint32_t i = count;
    uint32_t k = count;

    while (i > 1 && order[i - 2] > order[i - 1])
        i--;
    if (i <= 1)
        return false;
    while (order[k - 1] < order[i - 2])
        k--;
    swap_at(order, k - 1, i - 2);
    for (uint32_t low = i - 1, high = count - 1; low < high; low++, high--)
        swap_at(order, low, high);
    return true;
}

static void add(struct topic_state *ts, const struct made *made)
{
    assert_int_equal(
        topic_state_add(ts, (struct bytes){ made->whole, made->len }), ERR_OK);
}

static struct topic_state *empty(const uint8_t topic[ID_LEN])
{
    struct topic_state *ts;

    assert_int_equal(topic_state_new(&ts, topic, PERMUTE_MAX), ERR_OK);
    return ts;
}

struct topic_state *permute_judge(const struct made *made,
                                  const uint32_t *order, uint32_t count,
                                  const uint8_t topic[ID_LEN], uint64_t now)
{
    struct topic_state *ts = empty(topic);

    for (uint32_t i = 0; i < count; i++)
        add(ts, &made[order == NULL ? i : order[i]]);
    assert_int_equal(authority_judge(ts, now), ERR_OK);
    return ts;
}

/* ---- comparing ---- */

/* The same record in both, or none in both. */
static void assert_same_index(const struct topic_state *a, uint32_t in_a,
                              const struct topic_state *b, uint32_t in_b)
{
    assert_int_equal(in_a == TOPIC_NONE, in_b == TOPIC_NONE);
    if (in_a != TOPIC_NONE)
        assert_memory_equal(a->entries[in_a].record.id,
                            b->entries[in_b].record.id, ID_LEN);
}

static void assert_same_edges(const struct topic_state *a,
                              const struct topic_state *b,
                              const struct topic_entry *one,
                              const struct topic_entry *other)
{
    uint32_t in_a;
    uint32_t in_b;
    uint32_t count =
        topic_edges_of_child(a, (uint32_t)(one - a->entries), &in_a);

    assert_int_equal(
        topic_edges_of_child(b, (uint32_t)(other - b->entries), &in_b), count);
    for (uint32_t i = 0; i < count; i++) {
        const struct topic_edge *e = &a->edges[in_a + i];
        const struct topic_edge *f = &b->edges[in_b + i];

        assert_same_index(a, e->resource, b, f->resource);
        assert_same_index(a, e->source, b, f->source);
    }
}

static void assert_same_person(const struct topic_state *a,
                               const struct topic_state *b,
                               const uint8_t person[ID_LEN], uint64_t at)
{
    assert_int_equal(authority_role(a, person, at),
                     authority_role(b, person, at));
    assert_int_equal(authority_is_leader(a, person, at),
                     authority_is_leader(b, person, at));
    assert_int_equal(authority_has_standing(a, person, at),
                     authority_has_standing(b, person, at));
}

void permute_assert_same(const struct topic_state *a,
                         const struct topic_state *b)
{
    assert_int_equal(topic_state_count(a), topic_state_count(b));
    assert_int_equal(a->edges_count, b->edges_count);
    assert_same_index(a, a->founder, b, b->founder);
    assert_same_index(a, a->terms, b, b->terms);
    for (uint32_t i = 0; i < topic_state_count(a); i++) {
        const struct topic_entry *one = topic_state_at(a, i);
        const struct topic_entry *other = topic_state_at(b, i);

        assert_memory_equal(one->record.id, other->record.id, ID_LEN);
        if (one->verdict.state != other->verdict.state ||
            one->verdict.reason != other->verdict.reason)
            fail_msg("record %u of kind %u: %s %s, not %s %s", i,
                     (unsigned)one->record.kind,
                     verdict_state_text(one->verdict.state),
                     void_reason_text(one->verdict.reason),
                     verdict_state_text(other->verdict.state),
                     void_reason_text(other->verdict.reason));
        assert_int_equal(one->verdict.about, other->verdict.about);
        assert_memory_equal(one->verdict.subject, other->verdict.subject,
                            ID_LEN);
        assert_int_equal(one->is_erased, other->is_erased);
        assert_same_index(a, one->first, b, other->first);
        assert_same_index(a, one->current, b, other->current);
        assert_same_index(a, one->selection, b, other->selection);
        assert_same_edges(a, b, one, other);
        assert_same_person(a, b, one->record.author, one->record.created_ms);
        assert_same_person(a, b, one->record.author, a->now_ms);
    }
}

/* ---- trying ---- */

struct trial {
    const struct made *made;
    uint32_t count;
    const uint8_t *topic;
    uint64_t now;
};

/* Judged after each record, compared with each of the sets judged at once. */
static void try_all(const struct trial *t)
{
    struct topic_state *sets[1 << PERMUTE_ALL_ORDERS];
    uint32_t order[PERMUTE_ALL_ORDERS];

    for (uint32_t set = 0; set < (uint32_t)1 << t->count; set++) {
        sets[set] = empty(t->topic);
        for (uint32_t i = 0; i < t->count; i++) {
            if ((set >> i & 1) != 0)
                add(sets[set], &t->made[i]);
        }
        assert_int_equal(authority_judge(sets[set], t->now), ERR_OK);
    }
    for (uint32_t i = 0; i < t->count; i++)
        order[i] = i;
    do {
        struct topic_state *ts = empty(t->topic);
        uint32_t set = 0;

        for (uint32_t i = 0; i < t->count; i++) {
            add(ts, &t->made[order[i]]);
            set |= (uint32_t)1 << order[i];
            assert_int_equal(authority_judge(ts, t->now), ERR_OK);
            permute_assert_same(sets[set], ts);
        }
        topic_state_free(ts);
    } while (next_order(order, t->count));
    for (uint32_t set = 0; set < (uint32_t)1 << t->count; set++)
        topic_state_free(sets[set]);
}

/* Judged now and then, at earlier and later times. */
static void try_random(const struct trial *t, uint32_t *seed)
{
    struct topic_state *whole =
        permute_judge(t->made, NULL, t->count, t->topic, t->now);
    struct topic_state *ts = empty(t->topic);
    uint32_t order[PERMUTE_MAX];

    assert_true(t->count <= PERMUTE_MAX);
    for (uint32_t i = 0; i < t->count; i++)
        order[i] = i;
    permute_shuffle(order, t->count, seed);
    for (uint32_t i = 0; i < t->count; i++) {
        const struct made *any = &t->made[permute_random(seed, t->count)];
        uint64_t at = t->now;
        struct topic_state *scratch;

        add(ts, &t->made[order[i]]);
        if (permute_random(seed, 3) != 0)
            continue;
        if (permute_random(seed, 2) == 0)
            at = topic_state_find(whole, any->id)->record.created_ms;
        assert_int_equal(authority_judge(ts, at), ERR_OK);
        if (permute_random(seed, t->count / 4 + 1) != 0)
            continue;
        scratch = permute_judge(t->made, order, i + 1, t->topic, at);
        permute_assert_same(scratch, ts);
        topic_state_free(scratch);
    }
    assert_int_equal(authority_judge(ts, t->now), ERR_OK);
    permute_assert_same(whole, ts);
    topic_state_free(whole);
    topic_state_free(ts);
}

void permute_assert(const struct made *made, uint32_t count,
                    const uint8_t topic[ID_LEN], uint64_t now)
{
    struct trial t = { made, count, topic, now };
    uint32_t seed = 7;

    if (count <= PERMUTE_ALL_ORDERS)
        try_all(&t);
    for (uint32_t round = 0; round < PERMUTE_ORDERS; round++)
        try_random(&t, &seed);
}
