/* Lessons sorted by their index, works counted for each lesson and person. */
#include "proto/class_state.h"

#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/kind.h"

static int by_index(const void *a, const void *b)
{
    const struct class_lesson *x = a;
    const struct class_lesson *y = b;

    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return topic_entry_compare(x->first, y->first);
}

static int by_lesson(const void *a, const void *b)
{
    const struct class_done *x = a;
    const struct class_done *y = b;

    if (x->lesson != y->lesson)
        return x->lesson < y->lesson ? -1 : 1;
    return memcmp(x->person, y->person, ID_LEN);
}

/* A first record of that kind that has a version in force. */
static const struct topic_entry *standing(const struct topic_state *ts,
                                          const struct topic_entry *e,
                                          uint64_t kind)
{
    if (e->record.kind != kind || e->record.has_revises)
        return NULL;
    return topic_state_current(ts, e);
}

static uint32_t count_of(const struct topic_state *ts, uint64_t kind)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < topic_state_count(ts); i++)
        n += topic_state_at(ts, i)->record.kind == kind ? 1 : 0;
    return n;
}

static enum err take_lesson(struct class_state *c, const struct topic_entry *e,
                            const struct topic_entry *shown)
{
    struct class_lesson *lesson = &c->lessons[c->lessons_count];
    const struct mp_value *expects;
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, shown);

    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    expects = mp_get(mp_doc_root(doc), "expects");
    *lesson = (struct class_lesson){
        .first = e,
        .shown = shown,
        .index = mp_uint(mp_get(mp_doc_root(doc), "index")),
        .media_kind = mp_uint(mp_get(expects, "media_kind")),
        .min = mp_uint(mp_get(expects, "min")),
    };
    if (lesson->min == 0)
        lesson->min = 1;
    c->lessons_count++;
    mp_doc_free(doc);
    return ERR_OK;
}

static enum err take_lessons(struct class_state *c,
                             const struct topic_state *ts)
{
    uint32_t cap = count_of(ts, KIND_LESSON);
    enum err err = ERR_OK;

    if (cap == 0)
        return ERR_OK;
    c->lessons = calloc(cap, sizeof *c->lessons);
    if (c->lessons == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        const struct topic_entry *shown = standing(ts, e, KIND_LESSON);

        if (shown != NULL)
            err = take_lesson(c, e, shown);
    }
    qsort(c->lessons, c->lessons_count, sizeof *c->lessons, by_index);
    return err;
}

/* The lesson that a work is made for, whichever version of it it names. */
static bool lesson_of(uint32_t *out, const struct class_state *c,
                      const struct topic_state *ts,
                      const struct topic_entry *work)
{
    uint8_t id[ID_LEN];
    uint32_t index;

    if (!record_link_find(&work->record, RELATION_LESSON, id))
        return false;
    index = topic_state_index(ts, id);
    for (uint32_t i = 0; index != TOPIC_NONE && i < c->lessons_count; i++) {
        if (c->lessons[i].first == &ts->entries[ts->entries[index].first]) {
            *out = i;
            return true;
        }
    }
    return false;
}

static enum err is_of_kind(bool *out, const struct topic_entry *work,
                           uint64_t media_kind)
{
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, work);

    *out = false;
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    *out = mp_uint(mp_get(mp_doc_root(doc), "media_kind")) == media_kind;
    mp_doc_free(doc);
    return ERR_OK;
}

/* Keeps one of each run that is as long as its lesson asks. */
static void keep_done(struct class_state *c)
{
    uint32_t kept = 0;

    for (uint32_t i = 0, run; i < c->done_count; i += run) {
        run = 1;
        while (i + run < c->done_count &&
               by_lesson(&c->done[i], &c->done[i + run]) == 0)
            run++;
        if (run >= c->lessons[c->done[i].lesson].min)
            c->done[kept++] = c->done[i];
    }
    c->done_count = kept;
}

static enum err take_works(struct class_state *c, const struct topic_state *ts)
{
    uint32_t cap = count_of(ts, KIND_CONTRIBUTION);

    if (cap == 0 || c->lessons_count == 0)
        return ERR_OK;
    c->done = calloc(cap, sizeof *c->done);
    if (c->done == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        const struct topic_entry *work = standing(ts, e, KIND_CONTRIBUTION);
        struct class_done *done = &c->done[c->done_count];
        bool fits;
        enum err err;

        if (work == NULL || !lesson_of(&done->lesson, c, ts, work))
            continue;
        err = is_of_kind(&fits, work, c->lessons[done->lesson].media_kind);
        if (err != ERR_OK)
            return err;
        if (fits) {
            memcpy(done->person, e->record.author, ID_LEN);
            c->done_count++;
        }
    }
    qsort(c->done, c->done_count, sizeof *c->done, by_lesson);
    keep_done(c);
    return ERR_OK;
}

enum err class_state_of(struct class_state *out, const struct topic_state *ts)
{
    struct class_state c = { 0 };
    enum err err = take_lessons(&c, ts);

    if (err == ERR_OK)
        err = take_works(&c, ts);
    if (err != ERR_OK)
        class_state_wipe(&c);
    else
        *out = c;
    return err;
}

void class_state_wipe(struct class_state *c)
{
    free(c->lessons);
    free(c->done);
    *c = (struct class_state){ 0 };
}

bool class_is_done(const struct class_state *c, uint32_t lesson,
                   const uint8_t person[ID_LEN])
{
    struct class_done key = { .lesson = lesson };

    memcpy(key.person, person, ID_LEN);
    return c->done_count > 0 && bsearch(&key, c->done, c->done_count,
                                        sizeof *c->done, by_lesson) != NULL;
}

static bool is_class(const struct topic_state *ts)
{
    struct mp_doc *doc;
    bool is;

    if (ts->founder == TOPIC_NONE ||
        topic_entry_body(&doc, &ts->entries[ts->founder]) != ERR_OK)
        return false;
    is = mp_uint(mp_get(mp_doc_root(doc), "medium")) == MEDIUM_CLASS;
    mp_doc_free(doc);
    return is;
}

enum class_part class_part_of(const struct topic_state *ts,
                              const uint8_t person[ID_LEN], uint64_t at_ms)
{
    if (!is_class(ts))
        return CLASS_NONE;
    if (authority_is_leader(ts, person, at_ms))
        return CLASS_TEACHER;
    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        const struct topic_entry *work = standing(ts, e, KIND_CONTRIBUTION);
        uint8_t lesson[ID_LEN];

        if (work != NULL && memcmp(e->record.author, person, ID_LEN) == 0 &&
            record_link_find(&work->record, RELATION_LESSON, lesson))
            return CLASS_STUDENT;
    }
    return CLASS_VISITOR;
}

const char *class_part_text(enum class_part part)
{
    static const char *const texts[] = {
        [CLASS_NONE] = "",
        [CLASS_TEACHER] = "teacher",
        [CLASS_STUDENT] = "student",
        [CLASS_VISITOR] = "visitor",
    };

    return texts[part];
}
