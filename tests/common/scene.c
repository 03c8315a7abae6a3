/* Scenes: what people do in one topic, and how it is judged in any order. */
#include "tests/common/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct made *scene_keep(struct scene *s, struct made made)
{
    assert_true(s->count < SCENE_MAX);
    s->made[s->count] = made;
    return &s->made[s->count++];
}

void scene_free(struct scene *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        made_free(&s->made[i]);
}

/* A's project. */
const struct made *scene_begin(struct scene *s)
{
    const struct made *p;

    memset(s, 0, sizeof *s);
    p = scene_keep(s, make(&s->m, KIND_PROJECT, 'A', 100, PROJECT));
    memcpy(s->m.topic, p->id, ID_LEN);
    return p;
}

const struct made *scene_request(struct scene *s, char who, uint64_t at,
                                 const char *more)
{
    return scene_keep(s,
                      make(&s->m, KIND_REQUEST, who, at,
                           "{\"title\":\"Crown\",\"deliverable\":\"a crown\","
                           "\"media_kinds\":[\"image\"]%s}",
                           more));
}

const struct made *scene_work(struct scene *s, char who, uint64_t at,
                              const char *licence, const char *more)
{
    return scene_keep(s, make(&s->m, KIND_CONTRIBUTION, who, at,
                              "{\"title\":\"T\",\"media_kind\":\"image\","
                              "\"work_kind\":\"original\"," FILES
                              ",\"licence\":\"%s\","
                              "\"rights_statement\":\"own_work\"%s}",
                              licence, more));
}

const struct made *scene_cite(struct scene *s, char who, uint64_t at,
                              const struct made *child,
                              const struct made *source)
{
    return scene_keep(s,
                      make(&s->m, KIND_RESOURCE, who, at,
                           "{\"child\":\"%s\",\"source\":\"%s\",\"relation\":"
                           "\"adapted\",\"thanks\":\"thank you\"}",
                           child->hex, source->hex));
}

const struct made *scene_targeted(struct scene *s, enum kind_number kind,
                                  char who, uint64_t at,
                                  const struct made *target, const char *more)
{
    return scene_keep(s, make(&s->m, kind, who, at, "{\"target\":\"%s\",%s}",
                              target->hex, more));
}

const struct made *scene_comment(struct scene *s, char who, uint64_t at,
                                 const struct made *target)
{
    return scene_targeted(s, KIND_COMMENT, who, at, target, "\"text\":\"hi\"");
}

const struct made *scene_retract(struct scene *s, char who, uint64_t at,
                                 const struct made *target)
{
    return scene_targeted(s, KIND_RETRACTION, who, at, target,
                          "\"reason\":\"changed my mind\"");
}

const struct made *scene_select(struct scene *s, char who, uint64_t at,
                                const struct made *target)
{
    return scene_keep(s, make(&s->m, KIND_SELECTION, who, at,
                              "{\"contribution\":\"%s\",\"state\":\"chosen\"}",
                              target->hex));
}

/* A release of one part with what `credits` says. */
const struct made *scene_publish(struct scene *s, char who, uint64_t at,
                                 const struct made *part, const char *credits)
{
    char project[2 * ID_LEN + 1];

    hex_encode(project, (struct bytes){ s->m.topic, ID_LEN });
    return scene_keep(s,
                      make(&s->m, KIND_RELEASE, who, at,
                           "{\"project\":\"%s\",\"title\":\"Film\",\"medium\":"
                           "\"short_film\"," FILES
                           ",\"parts\":[{\"contribution\":\"%s\"}],%s}",
                           project, part->hex, credits));
}

/* Credits of one role each for the letters in `who`. */
const char *scene_credits(const char *who)
{
    static char text[1 << 16];
    size_t len = (size_t)snprintf(text, sizeof text, "\"credits\":[");

    for (size_t i = 0; who[i] != '\0'; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s{\"person\":\"%s\",\"role\":\"image\"}",
                                i > 0 ? "," : "", maker_person_hex(who[i]));
    (void)snprintf(text + len, sizeof text - len, "]");
    return text;
}

/* Of the record that founds it, unless it is a person's. */
static const uint8_t *scene_topic(const struct scene *s)
{
    static const uint8_t zeros[ID_LEN] = { 0 };

    return memcmp(s->m.topic, zeros, ID_LEN) == 0 ? s->made[0].id : s->m.topic;
}

struct topic_state *scene_judge(const struct scene *s, const uint32_t *order,
                                uint64_t now)
{
    struct topic_state *ts;

    assert_int_equal(topic_state_new(&ts, scene_topic(s), SCENE_MAX), ERR_OK);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct made *m = &s->made[order == NULL ? i : order[i]];

        assert_int_equal(
            topic_state_add(ts, (struct bytes){ m->whole, m->len }), ERR_OK);
    }
    assert_int_equal(authority_judge(ts, now), ERR_OK);
    return ts;
}

static void swap_at(uint32_t *order, uint32_t a, uint32_t b)
{
    uint32_t swap = order[a];

    order[a] = order[b];
    order[b] = swap;
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

void scene_shuffle(uint32_t *order, uint32_t count, uint32_t *seed)
{
    for (uint32_t i = count; i > 1; i--) {
        *seed = *seed * 1664525u + 1013904223u;
        swap_at(order, i - 1, (*seed >> 8) % i);
    }
}

/* The same record in both, or none in both. */
static void assert_same_index(const struct topic_state *a, uint32_t in_a,
                              const struct topic_state *b, uint32_t in_b)
{
    assert_int_equal(in_a == TOPIC_NONE, in_b == TOPIC_NONE);
    if (in_a != TOPIC_NONE)
        assert_memory_equal(a->entries[in_a].record.id,
                            b->entries[in_b].record.id, ID_LEN);
}

void scene_assert_same(const struct topic_state *a, const struct topic_state *b)
{
    assert_int_equal(topic_state_count(a), topic_state_count(b));
    assert_int_equal(a->edges_count, b->edges_count);
    assert_same_index(a, a->founder, b, b->founder);
    assert_same_index(a, a->terms, b, b->terms);
    for (uint32_t i = 0; i < topic_state_count(a); i++) {
        const struct topic_entry *one = topic_state_at(a, i);
        const struct topic_entry *other = topic_state_at(b, i);

        assert_memory_equal(one->record.id, other->record.id, ID_LEN);
        assert_int_equal(one->verdict.state, other->verdict.state);
        assert_int_equal(one->verdict.reason, other->verdict.reason);
        assert_int_equal(one->verdict.about, other->verdict.about);
        assert_memory_equal(one->verdict.subject, other->verdict.subject,
                            ID_LEN);
        assert_same_index(a, one->first, b, other->first);
        assert_same_index(a, one->current, b, other->current);
        assert_same_index(a, one->selection, b, other->selection);
    }
}

void scene_assert_any_order(const struct scene *s)
{
    struct topic_state *ts = scene_judge(s, NULL, NOW);
    uint32_t order[SCENE_MAX];
    uint32_t seed = 7;
    bool all = s->count <= SCENE_ALL_ORDERS;

    for (uint32_t i = 0; i < s->count; i++)
        order[i] = i;
    for (uint32_t round = 0; all || round < SCENE_ORDERS; round++) {
        struct topic_state *other;

        if (all && !next_order(order, s->count))
            break;
        if (!all)
            scene_shuffle(order, s->count, &seed);
        other = scene_judge(s, order, NOW);
        scene_assert_same(ts, other);
        topic_state_free(other);
    }
    topic_state_free(ts);
}

struct verdict scene_verdict(const struct scene *s, const struct made *made)
{
    struct topic_state *ts = scene_judge(s, NULL, NOW);
    struct verdict v = topic_state_find(ts, made->id)->verdict;

    topic_state_free(ts);
    return v;
}
