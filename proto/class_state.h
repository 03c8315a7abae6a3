#ifndef PROTO_CLASS_STATE_H
#define PROTO_CLASS_STATE_H

#include "proto/topic_state.h"

/*
 * A class (docs/protocol.md §7.13): its lessons in order, and who has done
 * which, derived from the works that name them.  Watching is no part of it.
 */

struct class_lesson {
    const struct topic_entry *first;
    const struct topic_entry *shown; /* the version in force */
    uint64_t index;
    uint64_t media_kind;
    uint64_t min; /* works that it takes, at least 1 */
};

/* Lesson number `lesson` of the list is done by `person`. */
struct class_done {
    uint32_t lesson;
    uint8_t person[ID_LEN];
};

struct class_state {
    struct class_lesson *lessons; /* by (index, created_ms, id) */
    uint32_t lessons_count;
    struct class_done *done; /* by (lesson, person), each once */
    uint32_t done_count;
};

/* Of a judged topic; the caller must class_state_wipe() *out.  ERR_NO_MEMORY */
MUST_CHECK enum err class_state_of(struct class_state *out,
                                   const struct topic_state *ts);
void class_state_wipe(struct class_state *c);
bool class_is_done(const struct class_state *c, uint32_t lesson,
                   const uint8_t person[ID_LEN]);

/* What somebody is in a class. */
enum class_part {
    CLASS_NONE,    /* the topic is no class */
    CLASS_TEACHER, /* leads it */
    CLASS_STUDENT, /* has made a work for a lesson */
    CLASS_VISITOR
};

enum class_part class_part_of(const struct topic_state *ts,
                              const uint8_t person[ID_LEN], uint64_t at_ms);
/* "teacher", "student", "visitor" or "". */
const char *class_part_text(enum class_part part);

#endif
