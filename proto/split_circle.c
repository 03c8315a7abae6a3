/* Those whose feedback on a proposal has to be answered, and whether it was. */
#include "proto/split_circle.h"

#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"

static int by_person(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN);
}

static void add_person(struct split_circle *circle, const uint8_t *person)
{
    memcpy(circle->people[circle->count++], person, ID_LEN);
}

/* Persons of a list of maps, or how many there may be if `circle` is NULL. */
static uint32_t add_people(struct split_circle *circle,
                           const struct topic_list *list, const char *field)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    uint8_t person[ID_LEN];
    uint32_t count = 0;

    while ((item = topic_list_next(list, field, &at)) != NULL) {
        count++;
        if (circle != NULL &&
            mp_bin_exact(mp_get(item, "person"), person, ID_LEN))
            add_person(circle, person);
    }
    return count;
}

/* Authors of works that were there when the proposal was made. */
static void add_authors(struct split_circle *circle,
                        const struct topic_state *ts,
                        const struct topic_entry *proposal)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct topic_entry *e = topic_state_at(ts, i);

        if (topic_entry_compare(e, proposal) >= 0)
            break;
        if (e->record.kind == KIND_CONTRIBUTION &&
            e->verdict.state != VERDICT_VOID)
            add_person(circle, e->record.author);
    }
}

/* The list of the release that the proposal's income names; empty if none. */
static enum err open_release(struct topic_list *out,
                             const struct topic_state *ts,
                             const struct topic_entry *proposal)
{
    const struct topic_entry *income =
        split_target(ts, proposal, RELATION_INCOME);
    const struct topic_entry *release =
        income == NULL ? NULL : split_target(ts, income, RELATION_RELEASE);
    enum err err = ERR_NOT_FOUND;

    if (release != NULL)
        err = topic_list_open(out, ts, release);
    if (err == ERR_NOT_FOUND || err == ERR_NOT_HELD) {
        *out = (struct topic_list){ 0 };
        err = ERR_OK;
    }
    return err;
}

static enum err
fill_circle(struct split_circle *out, const struct topic_state *ts,
            const struct topic_entry *proposal, const struct topic_list *shares,
            const struct topic_list *release, const struct split_shares *more)
{
    size_t room = (size_t)ts->count + add_people(NULL, shares, "shares") +
                  add_people(NULL, release, "credits") +
                  (more == NULL ? 0 : more->count);
    struct split_circle circle = { .people = calloc(room + 1, ID_LEN) };

    if (circle.people == NULL)
        return ERR_NO_MEMORY;
    (void)add_people(&circle, shares, "shares");
    (void)add_people(&circle, release, "credits");
    add_authors(&circle, ts, proposal);
    for (uint32_t i = 0; more != NULL && i < more->count; i++)
        add_person(&circle, more->at[i].person);
    qsort(circle.people, circle.count, ID_LEN, by_person);
    *out = circle;
    return ERR_OK;
}

enum err split_circle_of(struct split_circle *out, const struct topic_state *ts,
                         const struct topic_entry *proposal,
                         const struct split_shares *more)
{
    struct topic_list shares;
    struct topic_list release;
    enum err err = topic_list_open(&shares, ts, proposal);

    if (err != ERR_OK)
        return err;
    err = open_release(&release, ts, proposal);
    if (err == ERR_OK) {
        err = fill_circle(out, ts, proposal, &shares, &release, more);
        topic_list_wipe(&release);
    }
    topic_list_wipe(&shares);
    return err;
}

void split_circle_wipe(struct split_circle *circle)
{
    free(circle->people);
    *circle = (struct split_circle){ 0 };
}

bool split_circle_has(const struct split_circle *circle,
                      const uint8_t person[ID_LEN])
{
    return circle->count > 0 && bsearch(person, circle->people, circle->count,
                                        ID_LEN, by_person) != NULL;
}

enum err split_circle_answered(bool **out, const struct topic_state *ts)
{
    bool *answered = calloc((size_t)ts->count + 1, sizeof *answered);

    if (answered == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct topic_entry *e = &ts->entries[i];
        const struct topic_entry *feedback;

        if (e->record.kind != KIND_SPLIT_REPLY ||
            !verdict_is_in_force(&e->verdict))
            continue;
        feedback = split_target(ts, e, RELATION_FEEDBACK);
        if (feedback != NULL)
            answered[feedback - ts->entries] = true;
    }
    *out = answered;
    return ERR_OK;
}

enum err split_circle_unanswered(const struct topic_entry **out,
                                 const struct topic_state *ts,
                                 const struct topic_entry *proposal,
                                 const struct split_circle *circle)
{
    bool *answered;
    enum err err = split_circle_answered(&answered, ts);

    if (err != ERR_OK)
        return err;
    *out = NULL;
    for (uint32_t i = 0; *out == NULL && i < ts->count; i++) {
        const struct topic_entry *e = topic_state_at(ts, i);

        if (split_names(e, KIND_SPLIT_FEEDBACK, RELATION_PROPOSAL, proposal) &&
            !answered[e - ts->entries] &&
            split_circle_has(circle, e->record.author))
            *out = e;
    }
    free(answered);
    return ERR_OK;
}
