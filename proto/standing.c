/*
 * Standing, gathered from verdicts: first those who have it by themselves, then
 * along vouches to whomever they lead.  Sorted arrays throughout, since anybody
 * may write vouches, and chains of them may be as long as the topic.
 */
#include "proto/standing.h"

#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/kind.h"

struct vouch {
    uint8_t from[ID_LEN];
    uint8_t person[ID_LEN];
};

/* People and vouches as they are found; both have room for every record. */
struct gathering {
    struct standing out;
    struct vouch *vouches;
    uint32_t vouches_count;
};

bool standing_is_of(uint64_t kind)
{
    switch (kind) {
    case KIND_PROFILE:
    case KIND_PROJECT:
    case KIND_REQUEST:
    case KIND_MEMBERSHIP:
    case KIND_ACCEPT:
    case KIND_HANDOVER:
    case KIND_SELECTION:
    case KIND_VOUCH:
    case KIND_PAGE:
    case KIND_RETRACTION:
    case KIND_DEVICE_REVOKE:
    case KIND_SUCCESSION:
        return true;
    default:
        return false;
    }
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN);
}

/* Sorts, and leaves each once. */
static uint32_t sort_people(uint8_t (*people)[ID_LEN], uint32_t count)
{
    uint32_t n = 0;

    if (count == 0)
        return 0;
    qsort(people, count, ID_LEN, by_id);
    for (uint32_t i = 1; i < count; i++)
        if (memcmp(people[n], people[i], ID_LEN) != 0)
            memmove(people[++n], people[i], ID_LEN);
    return n + 1;
}

static void add_person(struct gathering *g, const uint8_t person[ID_LEN])
{
    memcpy(g->out.people[g->out.count++], person, ID_LEN);
}

/* ---- What single records say ------------------------------------------ */

static enum err add_member(struct gathering *g, const struct topic_entry *e)
{
    uint8_t person[ID_LEN];
    struct mp_doc *doc;
    const struct mp_value *map;
    enum err err = topic_entry_body(&doc, e);

    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err != ERR_OK)
        return err;
    map = mp_doc_root(doc);
    if (mp_uint(mp_get(map, "role")) != ROLE_NONE &&
        mp_bin_exact(mp_get(map, "person"), person, sizeof person))
        add_person(g, person);
    mp_doc_free(doc);
    return ERR_OK;
}

static void add_selected(struct gathering *g, const struct topic_state *ts,
                         const struct topic_entry *e)
{
    const struct topic_entry *work;
    uint8_t id[ID_LEN];

    if (!record_link_find(&e->record, RELATION_CONTRIBUTION, id))
        return;
    work = topic_state_find(ts, id);
    if (work != NULL)
        add_person(g, work->record.author);
}

static enum err add_vouch(struct gathering *g, const struct topic_entry *e)
{
    struct vouch *v = &g->vouches[g->vouches_count];
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err != ERR_OK)
        return err;
    memcpy(v->from, e->record.author, ID_LEN);
    if (mp_bin_exact(mp_get(mp_doc_root(doc), "person"), v->person, ID_LEN))
        g->vouches_count++;
    mp_doc_free(doc);
    return ERR_OK;
}

/* A vouch stands unless something speaks against it: no rule needs it. */
static bool is_counted(const struct topic_entry *e)
{
    return verdict_is_in_force(&e->verdict) ||
           (e->record.kind == KIND_VOUCH &&
            e->verdict.state == VERDICT_UNDECIDED);
}

/* A person has standing in the topic that is theirs. */
static bool is_own_topic(const struct topic_state *ts,
                         const struct topic_entry *e)
{
    return memcmp(e->record.author, ts->topic, ID_LEN) == 0;
}

static enum err gather(struct gathering *g, const struct topic_state *ts)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < ts->count; i++) {
        const struct topic_entry *e = &ts->entries[i];

        if (is_own_topic(ts, e))
            g->out.has_founder = true; /* a topic of theirs needs no other */
        if (is_own_topic(ts, e) ||
            authority_is_leader(ts, e->record.author, ts->now_ms))
            add_person(g, e->record.author);
        if (!is_counted(e))
            continue;
        if (e->record.kind == KIND_MEMBERSHIP)
            err = add_member(g, e);
        else if (e->record.kind == KIND_SELECTION)
            add_selected(g, ts, e);
        else if (e->record.kind == KIND_VOUCH)
            err = add_vouch(g, e);
    }
    return err;
}

static enum err find_admission(struct standing *out,
                               const struct topic_state *ts)
{
    const struct topic_entry *founder;
    struct mp_doc *doc;
    enum err err;

    out->admission = ADMISSION_OPEN;
    out->has_founder = ts->founder != TOPIC_NONE;
    if (ts->founder == TOPIC_NONE)
        return ERR_OK;
    founder = topic_state_current(ts, &ts->entries[ts->founder]);
    if (founder == NULL)
        return ERR_OK;
    err = topic_entry_body(&doc, founder);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (mp_get(mp_doc_root(doc), "admission") != NULL)
        out->admission = mp_uint(mp_get(mp_doc_root(doc), "admission"));
    mp_doc_free(doc);
    return ERR_OK;
}

/* ---- Vouches ----------------------------------------------------------- */

static int by_voucher(const void *a, const void *b)
{
    return memcmp(((const struct vouch *)a)->from,
                  ((const struct vouch *)b)->from, ID_LEN);
}

static uint32_t find_person(const uint8_t (*people)[ID_LEN], uint32_t count,
                            const uint8_t person[ID_LEN])
{
    const uint8_t(*found)[ID_LEN] = NULL;

    if (count > 0)
        found = bsearch(person, people, count, ID_LEN, by_id);
    return found == NULL ? TOPIC_NONE : (uint32_t)(found - people);
}

/* The first vouch by that person, or the place where it would be. */
static uint32_t first_vouch(const struct gathering *g,
                            const uint8_t from[ID_LEN])
{
    if (g->vouches_count == 0)
        return 0;
    return (uint32_t)bytes_place(g->vouches->from, g->vouches_count,
                                 sizeof *g->vouches,
                                 (struct bytes){ from, ID_LEN });
}

/*
 * Everybody whom vouches lead to, breadth first.  `all` are the people known
 * and those vouched for; `queue` and `reached` have room for all.
 */
static uint32_t reach(const struct gathering *g, const uint8_t (*all)[ID_LEN],
                      uint32_t count, uint32_t *queue, bool *reached)
{
    uint32_t end = 0;

    for (uint32_t i = 0; i < g->out.count; i++) {
        uint32_t person = find_person(all, count, g->out.people[i]);

        reached[person] = true;
        queue[end++] = person;
    }
    for (uint32_t at = 0; at < end && end < STANDING_MAX; at++) {
        const uint8_t *from = all[queue[at]];

        for (uint32_t v = first_vouch(g, from);
             v < g->vouches_count && end < STANDING_MAX &&
             memcmp(g->vouches[v].from, from, ID_LEN) == 0;
             v++) {
            uint32_t person = find_person(all, count, g->vouches[v].person);

            if (reached[person])
                continue;
            reached[person] = true;
            queue[end++] = person;
        }
    }
    return end;
}

static enum err follow_vouches(struct gathering *g)
{
    size_t most = (size_t)g->out.count + g->vouches_count;
    uint8_t(*all)[ID_LEN] = malloc(most * ID_LEN);
    uint32_t *queue = malloc(most * sizeof *queue);
    bool *reached = calloc(most, sizeof *reached);
    enum err err = ERR_NO_MEMORY;
    uint32_t count = g->out.count;

    if (all == NULL || queue == NULL || reached == NULL)
        goto free_all;
    memcpy(all, g->out.people, (size_t)count * ID_LEN);
    for (uint32_t i = 0; i < g->vouches_count; i++)
        memcpy(all[count++], g->vouches[i].person, ID_LEN);
    count = sort_people(all, count);
    qsort(g->vouches, g->vouches_count, sizeof *g->vouches, by_voucher);
    g->out.count =
        reach(g, (const uint8_t(*)[ID_LEN])all, count, queue, reached);
    for (uint32_t i = 0; i < g->out.count; i++)
        memcpy(g->out.people[i], all[queue[i]], ID_LEN);
    g->out.count = sort_people(g->out.people, g->out.count);
    err = ERR_OK;

free_all:
    free(all);
    free(queue);
    free(reached);
    return err;
}

/* ---- For the others ------------------------------------------------------ */

enum err standing_list(struct standing *out, const struct topic_state *ts,
                       const uint8_t *root)
{
    struct gathering g = { .vouches_count = 0 };
    /* A record adds its author and one person more; vouches no person more. */
    size_t most = 3 * (size_t)ts->count + 2;
    enum err err = ERR_NO_MEMORY;

    g.out.people = malloc(most * ID_LEN);
    g.vouches = malloc(((size_t)ts->count + 1) * sizeof *g.vouches);
    if (g.out.people != NULL && g.vouches != NULL)
        err = find_admission(&g.out, ts);
    if (err == ERR_OK && root != NULL) {
        g.out.has_founder = true;
        add_person(&g, root);
    }
    if (err == ERR_OK)
        err = gather(&g, ts);
    if (err == ERR_OK) {
        g.out.count = sort_people(g.out.people, g.out.count);
        if (g.out.count > STANDING_MAX)
            g.out.count = STANDING_MAX;
    }
    if (err == ERR_OK && g.out.count > 0 && g.vouches_count > 0 &&
        g.out.admission != ADMISSION_MEMBERS)
        err = follow_vouches(&g);
    free(g.vouches);
    if (err != ERR_OK) {
        free(g.out.people);
        return err;
    }
    *out = g.out;
    return ERR_OK;
}

void standing_wipe(struct standing *standing)
{
    free(standing->people);
    *standing = (struct standing){ 0 };
}

bool standing_has(const struct standing *standing, const uint8_t person[ID_LEN])
{
    return find_person((const uint8_t(*)[ID_LEN])standing->people,
                       standing->count, person) != TOPIC_NONE;
}

struct budget standing_budget(const struct standing *standing,
                              const uint8_t author[ID_LEN])
{
    if (!standing->has_founder || standing_has(standing, author))
        return BUDGET_FREE;
    if (standing->admission == ADMISSION_VOUCHED ||
        standing->admission == ADMISSION_MEMBERS)
        return BUDGET_NOTHING;
    return BUDGET_STRANGER;
}

bool standing_same_rules(const struct standing *a, const struct standing *b)
{
    return a->has_founder == b->has_founder && a->admission == b->admission;
}
