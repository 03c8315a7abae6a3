/* Spans of roles by person, and who was creator when. */
#include "proto/topic_roles.h"

#include <stdlib.h>
#include <string.h>

#include "proto/topic_state.h"

void topic_roles_wipe(struct topic_roles *roles)
{
    free(roles->people);
    free(roles->slots);
    free(roles->spans);
    free(roles->vouches);
    free(roles->creators);
    free(roles->versions);
    *roles = (struct topic_roles){ 0 };
}

void topic_roles_clear(struct topic_roles *roles)
{
    if (roles->people_count > 0)
        memset(roles->slots, 0, roles->slots_count * sizeof *roles->slots);
    roles->people_count = 0;
    roles->spans_count = 0;
    roles->vouches_count = 0;
    roles->creators_count = 0;
    roles->versions_count = 0;
    roles->has_terms = false;
    roles->alive_ms = 0;
}

/* Room for one more element of `size` bytes: `items` itself or what took its
 * place; NULL if there is no memory, and then `items` is as before. */
static void *grown(void *items, uint32_t count, uint32_t *cap, size_t size)
{
    uint32_t more = *cap == 0 ? 8 : *cap * 2;

    if (count < *cap)
        return items;
    items = realloc(items, more * size);
    if (items != NULL)
        *cap = more;
    return items;
}

static uint32_t slot_of(const struct topic_roles *roles,
                        const uint8_t person[ID_LEN])
{
    uint32_t at = (uint32_t)(slot_hash(&roles->key, person, ID_LEN) &
                             (roles->slots_count - 1));

    /* Ends: at most half of the slots are taken. */
    while (roles->slots[at] != 0 &&
           memcmp(roles->people[roles->slots[at] - 1].id, person, ID_LEN) != 0)
        at = (at + 1) & (roles->slots_count - 1);
    return at;
}

struct topic_person *topic_roles_find(const struct topic_roles *roles,
                                      const uint8_t person[ID_LEN])
{
    uint32_t index;

    if (roles->people_count == 0)
        return NULL;
    index = roles->slots[slot_of(roles, person)];
    return index == 0 ? NULL : &roles->people[index - 1];
}

static enum err grow_slots(struct topic_roles *roles)
{
    uint32_t count = roles->slots_count == 0 ? 16 : roles->slots_count * 2;
    uint32_t *slots;

    if ((roles->people_count + 1) * 2 <= roles->slots_count)
        return ERR_OK;
    slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return ERR_NO_MEMORY;
    free(roles->slots);
    roles->slots = slots;
    roles->slots_count = count;
    for (uint32_t i = 0; i < roles->people_count; i++)
        slots[slot_of(roles, roles->people[i].id)] = i + 1;
    return ERR_OK;
}

enum err topic_roles_person(struct topic_roles *roles,
                            const uint8_t person[ID_LEN],
                            struct topic_person **out)
{
    struct topic_person *known = topic_roles_find(roles, person);
    struct topic_person *people;

    if (known == NULL) {
        people = grown(roles->people, roles->people_count, &roles->people_cap,
                       sizeof *people);
        if (people == NULL)
            return ERR_NO_MEMORY;
        roles->people = people;
        if (grow_slots(roles) != ERR_OK)
            return ERR_NO_MEMORY;
        roles->slots[slot_of(roles, person)] = roles->people_count + 1;
        known = &roles->people[roles->people_count++];
        *known = (struct topic_person){
            .role = ROLES_NONE,
            .invite = ROLES_NONE,
            .standing = ROLES_NONE,
            .vouches = ROLES_NONE,
        };
        memcpy(known->id, person, ID_LEN);
    }
    *out = known;
    return ERR_OK;
}

enum err topic_roles_grant(struct topic_roles *roles,
                           struct topic_person *person, uint32_t from,
                           uint32_t role, uint32_t by)
{
    void *spans = grown(roles->spans, roles->spans_count, &roles->spans_cap,
                        sizeof *roles->spans);

    if (spans == NULL)
        return ERR_NO_MEMORY;
    roles->spans = spans;
    roles->spans[roles->spans_count] =
        (struct topic_span){ from, role, by, person->role };
    person->role = roles->spans_count++;
    return ERR_OK;
}

enum err topic_roles_vouch(struct topic_roles *roles,
                           const uint8_t voucher[ID_LEN],
                           const uint8_t person[ID_LEN])
{
    struct topic_person *by;
    struct topic_person *who;
    void *vouches;
    uint32_t index;
    enum err err = topic_roles_person(roles, person, &who);

    if (err != ERR_OK)
        return err;
    index = (uint32_t)(who - roles->people);
    err = topic_roles_person(roles, voucher, &by);
    if (err != ERR_OK)
        return err;
    vouches = grown(roles->vouches, roles->vouches_count, &roles->vouches_cap,
                    sizeof *roles->vouches);
    if (vouches == NULL)
        return ERR_NO_MEMORY;
    roles->vouches = vouches;
    roles->vouches[roles->vouches_count] =
        (struct topic_vouch){ index, by->vouches };
    by->vouches = roles->vouches_count++;
    return ERR_OK;
}

/* Standing for whom vouch `i` names, who is to pass it on if it is new. */
static void give(struct topic_roles *roles, uint32_t i, uint32_t from,
                 uint32_t *pending)
{
    struct topic_person *who = &roles->people[roles->vouches[i].person];

    if (who->standing != ROLES_NONE)
        return;
    who->standing = from;
    who->next = *pending;
    *pending = roles->vouches[i].person;
}

/* Each person is given standing once, and passes it on once. */
static void pass(struct topic_roles *roles, uint32_t pending, uint32_t from)
{
    while (pending != ROLES_NONE) {
        const struct topic_person *person = &roles->people[pending];

        pending = person->next;
        for (uint32_t i = person->vouches; i != ROLES_NONE;
             i = roles->vouches[i].older)
            give(roles, i, from, &pending);
    }
}

void topic_roles_pass_on(struct topic_roles *roles,
                         const struct topic_person *person, uint32_t from)
{
    uint32_t pending = ROLES_NONE;

    for (uint32_t i = person->vouches; i != ROLES_NONE;
         i = roles->vouches[i].older)
        give(roles, i, from, &pending);
    pass(roles, pending, from);
}

void topic_roles_pass_newest(struct topic_roles *roles,
                             const struct topic_person *person, uint32_t from)
{
    uint32_t pending = ROLES_NONE;

    if (person->vouches != ROLES_NONE)
        give(roles, person->vouches, from, &pending);
    pass(roles, pending, from);
}

enum err topic_roles_creator(struct topic_roles *roles, uint32_t from,
                             const uint8_t person[ID_LEN])
{
    void *creators = grown(roles->creators, roles->creators_count,
                           &roles->creators_cap, sizeof *roles->creators);

    if (creators == NULL)
        return ERR_NO_MEMORY;
    roles->creators = creators;
    roles->creators[roles->creators_count].from = from;
    memcpy(roles->creators[roles->creators_count++].person, person, ID_LEN);
    return ERR_OK;
}

enum err topic_roles_version(struct topic_roles *roles,
                             const struct topic_version *version)
{
    void *versions = grown(roles->versions, roles->versions_count,
                           &roles->versions_cap, sizeof *roles->versions);

    if (versions == NULL)
        return ERR_NO_MEMORY;
    roles->versions = versions;
    roles->versions[roles->versions_count++] = *version;
    return ERR_OK;
}

/* Whether the entry stands at or before `place`. */
static bool has_begun(const struct topic_state *ts, uint32_t entry,
                      struct topic_place place)
{
    const struct record *r = &ts->entries[entry].record;

    if (r->created_ms != place.created_ms)
        return r->created_ms < place.created_ms;
    return place.id == NULL || memcmp(r->id, place.id, ID_LEN) <= 0;
}

uint32_t topic_roles_at(const struct topic_state *ts,
                        const struct topic_person *person,
                        struct topic_place place)
{
    uint32_t at = person->role;

    while (at != ROLES_NONE && !has_begun(ts, ts->roles.spans[at].from, place))
        at = ts->roles.spans[at].older;
    return at == ROLES_NONE ? 0 : ts->roles.spans[at].role;
}

bool topic_roles_is_vouched(const struct topic_state *ts,
                            const struct topic_person *person,
                            struct topic_place place)
{
    return person->standing != ROLES_NONE &&
           has_begun(ts, person->standing, place);
}

const uint8_t *topic_roles_creator_at(const struct topic_state *ts,
                                      struct topic_place place)
{
    for (uint32_t i = ts->roles.creators_count; i > 0; i--) {
        const struct topic_creator *c = &ts->roles.creators[i - 1];

        /* Whoever dates a record before its topic's founder is judged as if
         * they had made it at once after. */
        if (i == 1 || has_begun(ts, c->from, place))
            return c->person;
    }
    return NULL;
}

const struct topic_version *topic_roles_version_at(const struct topic_state *ts,
                                                   struct topic_place place)
{
    for (uint32_t i = ts->roles.versions_count; i > 0; i--) {
        const struct topic_version *v = &ts->roles.versions[i - 1];

        if (i == 1 || has_begun(ts, v->entry, place))
            return v;
    }
    return NULL;
}
