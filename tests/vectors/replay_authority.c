/* Sets of records and what each of them means at some times (docs/protocol.md
 * §7): judged step by step in the file's order, and at once in the reverse. */
#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "tests/vectors/replay.h"

#define SET_RECORDS_MAX 100000
#define TEXT_MAX        (VERDICT_TEXT_MAX + 8)

static void text_of(char out[TEXT_MAX], const struct verdict *v)
{
    char why[VERDICT_TEXT_MAX];

    verdict_text(v, (struct bytes){ 0 }, why);
    (void)snprintf(out, TEXT_MAX, "%s%s",
                   v->state == VERDICT_VOID ? "void: " : "",
                   verdict_is_in_force(v) ? verdict_state_text(v->state) : why);
}

static bool add(struct topic_state *ts, const json_t *hex)
{
    struct bytes whole;
    enum err e;

    if (!replay_hex_text(&whole, hex))
        return false;
    e = topic_state_add(ts, whole);
    replay_free(&whole);
    return e == ERR_OK;
}

/* Adds all of the set; where `now_ms` is not 0, judges after each. */
static struct topic_state *read_set(const json_t *set, bool backwards,
                                    uint64_t now_ms)
{
    const json_t *records = json_object_get(set, "records");
    size_t count = json_array_size(records);
    struct topic_state *ts;
    uint8_t topic[ID_LEN];

    if (!replay_hex_exact(topic, sizeof topic, set, "topic") ||
        topic_state_new(&ts, topic, SET_RECORDS_MAX) != ERR_OK)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t at = backwards ? count - 1 - i : i;

        if (!add(ts, json_array_get(records, at)) ||
            (now_ms != 0 && authority_judge(ts, now_ms) != ERR_OK)) {
            topic_state_free(ts);
            return NULL;
        }
    }
    return ts;
}

/* The verdicts of the set at one time against those that are expected. */
static void compare(struct replay *r, const char *name, const json_t *set,
                    const json_t *judgement, const struct topic_state *ts)
{
    size_t i;
    json_t *expected;

    json_array_foreach (json_object_get(judgement, "verdicts"), i, expected) {
        const json_t *hex = json_array_get(json_object_get(set, "records"), i);
        const char *text = json_string_value(expected);
        char got[TEXT_MAX] = "unreadable";
        char line[512];
        struct bytes whole;
        struct record record;

        if (replay_hex_text(&whole, hex)) {
            if (record_decode(&record, whole) == ERR_OK)
                text_of(got, &topic_state_find(ts, record.id)->verdict);
            replay_free(&whole);
        }
        (void)snprintf(line, sizeof line, "%s/%zu", name, i);
        replay_case(r, line, got, text != NULL && strcmp(got, text) == 0);
    }
}

static void one_set(struct replay *r, const json_t *set, size_t index)
{
    const json_t *judgements = json_object_get(set, "judgements");
    struct topic_state *ts = read_set(set, true, 0);
    char name[256];
    size_t i;
    json_t *j;

    replay_name(name, sizeof name, set, index);
    json_array_foreach (judgements, i, j) {
        uint64_t now_ms =
            (uint64_t)json_integer_value(json_object_get(j, "now"));
        struct topic_state *steps = read_set(set, false, now_ms);

        if (ts == NULL || steps == NULL ||
            authority_judge(ts, now_ms) != ERR_OK ||
            authority_judge(steps, now_ms) != ERR_OK) {
            replay_case(r, name, "unreadable", false);
        } else {
            compare(r, name, set, j, ts);
            compare(r, name, set, j, steps);
        }
        topic_state_free(steps);
    }
    topic_state_free(ts);
}

bool replay_authority(struct replay *r, json_t *root)
{
    size_t i;
    json_t *set;

    if (!json_is_array(root))
        return false;
    json_array_foreach (root, i, set) {
        one_set(r, set, i);
    }
    return true;
}
