#ifndef TESTS_COMMON_SCENE_H
#define TESTS_COMMON_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/authority.h"
#include "tests/common/permute.h"
#include "tests/common/topic_maker.h"

/*
 * One topic in the making: people are letters, A leads, records stand in the
 * order of making and are judged at NOW unless a test says otherwise.
 */
#define NOW ((uint64_t)1000000)

#define TERMS                                                                  \
    "\"terms\":{\"pay\":\"none\",\"decision\":\"leader\",\"ml_use\":\"no\"}"
#define PROJECT                                                                \
    "{\"title\":\"Crown\",\"goal\":\"a film\",\"medium\":\"short_film\","      \
    "\"licence\":\"CC-BY-4.0\"," TERMS "}"
#define FILES                                                                  \
    "\"files\":[{\"blob\":{\"root\":\"00000000000000000000000000000000000000"  \
    "00000000000000000000000000\",\"size\":0},\"media_type\":\"image/png\","   \
    "\"name\":\"a.png\"}]"

#define SCENE_MAX 512

struct scene {
    struct maker m;
    struct made made[SCENE_MAX];
    uint32_t count;
};

/* A's project; frees nothing of what was there. */
const struct made *scene_begin(struct scene *s);
void scene_free(struct scene *s);
/* Takes over a record that a test has made itself. */
const struct made *scene_keep(struct scene *s, struct made made);

/* What people do; `more` are further fields, with a comma before the first. */
const struct made *scene_request(struct scene *s, char who, uint64_t at,
                                 const char *more);
const struct made *scene_work(struct scene *s, char who, uint64_t at,
                              const char *licence, const char *more);
const struct made *scene_cite(struct scene *s, char who, uint64_t at,
                              const struct made *child,
                              const struct made *source);
const struct made *scene_targeted(struct scene *s, enum kind_number kind,
                                  char who, uint64_t at,
                                  const struct made *target, const char *more);
const struct made *scene_comment(struct scene *s, char who, uint64_t at,
                                 const struct made *target);
const struct made *scene_retract(struct scene *s, char who, uint64_t at,
                                 const struct made *target);
const struct made *scene_select(struct scene *s, char who, uint64_t at,
                                const struct made *target);
/* A release of one part; `credits` are its further fields. */
const struct made *scene_publish(struct scene *s, char who, uint64_t at,
                                 const struct made *part, const char *credits);
/* The field credits with one line each for the letters in `who`; static. */
const char *scene_credits(const char *who);

/* All records, added in `order` (NULL: of making) and judged; to be freed. */
struct topic_state *scene_judge(const struct scene *s, const uint32_t *order,
                                uint64_t now);
struct verdict scene_verdict(const struct scene *s, const struct made *made);
/* Deterministic. */
void scene_shuffle(uint32_t *order, uint32_t count, uint32_t *seed);
/* Fails the test unless both hold the same records and mean the same. */
void scene_assert_same(const struct topic_state *a,
                       const struct topic_state *b);
/* Fails the test if the order of arrival has a part in anything. */
void scene_assert_any_order(const struct scene *s);

#define assert_state(s, made, want)                                            \
    assert_string_equal(verdict_state_text(scene_verdict(s, made).state),      \
                        verdict_state_text(VERDICT_##want))
#define assert_void(s, made, want)                                             \
    assert_string_equal(void_reason_text(scene_verdict(s, made).reason),       \
                        void_reason_text(VOID_##want))

#endif
