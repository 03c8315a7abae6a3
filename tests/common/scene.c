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
    return permute_judge(s->made, order, s->count, scene_topic(s), now);
}

void scene_shuffle(uint32_t *order, uint32_t count, uint32_t *seed)
{
    permute_shuffle(order, count, seed);
}

void scene_assert_same(const struct topic_state *a, const struct topic_state *b)
{
    permute_assert_same(a, b);
}

void scene_assert_any_order(const struct scene *s)
{
    permute_assert(s->made, s->count, scene_topic(s), NOW);
}

struct verdict scene_verdict(const struct scene *s, const struct made *made)
{
    struct topic_state *ts = scene_judge(s, NULL, NOW);
    struct verdict v = topic_state_find(ts, made->id)->verdict;

    topic_state_free(ts);
    return v;
}
