/*
 * Who creates, leads, chooses and is admitted: docs/protocol.md §7.4.  One walk
 * from the earliest record to the newest, because each of these records rests
 * on the roles that its author had when it was made.
 */
#include <assert.h>
#include <string.h>

#include "proto/authority_rules.h"

static struct topic_place place_of(const struct topic_entry *e)
{
    return (struct topic_place){ e->record.created_ms, e->record.id };
}

/* What a role allows; roles that this release does not know allow nothing. */
enum rank { RANK_NONE, RANK_MEMBER, RANK_CURATOR, RANK_LEADER };

static enum rank rank_of(uint32_t role)
{
    switch (role) {
    case ROLE_LEADER:
    case ROLE_CO_LEADER:
        return RANK_LEADER;
    case ROLE_CURATOR:
        return RANK_CURATOR;
    case ROLE_MEMBER:
        return RANK_MEMBER;
    default:
        return RANK_NONE;
    }
}

/* ---- what is asked ---- */

static uint32_t role_at(const struct topic_state *ts,
                        const uint8_t person[ID_LEN], struct topic_place place)
{
    const struct topic_person *p = topic_roles_find(&ts->roles, person);

    return p == NULL ? 0 : topic_roles_at(ts, p, place);
}

static bool is_creator(const struct topic_state *ts,
                       const uint8_t person[ID_LEN], struct topic_place place)
{
    const uint8_t *creator = topic_roles_creator_at(ts, place);

    return creator != NULL && memcmp(creator, person, ID_LEN) == 0;
}

static enum rank rank_at(const struct topic_state *ts,
                         const uint8_t person[ID_LEN], struct topic_place place)
{
    return is_creator(ts, person, place) ? RANK_LEADER
                                         : rank_of(role_at(ts, person, place));
}

static bool has_standing(const struct topic_state *ts,
                         const uint8_t person[ID_LEN], struct topic_place place)
{
    const struct topic_person *p = topic_roles_find(&ts->roles, person);

    return rank_at(ts, person, place) != RANK_NONE ||
           (p != NULL && topic_roles_is_vouched(ts, p, place));
}

bool authority_is_leader(const struct topic_state *ts,
                         const uint8_t person[ID_LEN], uint64_t at_ms)
{
    struct topic_place place = { at_ms, NULL };

    return rank_at(ts, person, place) == RANK_LEADER;
}

bool authority_has_standing(const struct topic_state *ts,
                            const uint8_t person[ID_LEN], uint64_t at_ms)
{
    struct topic_place place = { at_ms, NULL };

    return has_standing(ts, person, place);
}

uint32_t authority_role(const struct topic_state *ts,
                        const uint8_t person[ID_LEN], uint64_t at_ms)
{
    struct topic_place place = { at_ms, NULL };
    uint32_t role = role_at(ts, person, place);

    return role == ROLE_NONE ? 0 : role;
}

const uint8_t *authority_creator(const struct topic_state *ts, uint64_t at_ms)
{
    struct topic_place place = { at_ms, NULL };

    return topic_roles_creator_at(ts, place);
}

bool authority_by_leader(const struct topic_state *ts,
                         const struct topic_entry *e)
{
    return rank_at(ts, e->record.author, place_of(e)) == RANK_LEADER;
}

/* Whether the project, as it was then, lets the author in. */
static bool is_admitted(const struct topic_state *ts,
                        const struct topic_entry *e)
{
    struct topic_place place = place_of(e);
    const struct topic_version *v = topic_roles_version_at(ts, place);

    if (v != NULL && v->admission == ADMISSION_MEMBERS)
        return rank_at(ts, e->record.author, place) != RANK_NONE;
    if (v != NULL && v->admission == ADMISSION_VOUCHED)
        return has_standing(ts, e->record.author, place);
    return true;
}

bool authority_is_allowed(const struct topic_state *ts, struct topic_entry *e,
                          enum authority_by by)
{
    enum rank rank;

    if (by == BY_ANYONE)
        return true;
    if (by == BY_ADMITTED) {
        if (!is_admitted(ts, e))
            authority_void_author(e, VOID_NOT_ADMITTED);
        return !e->is_settled;
    }
    rank = rank_at(ts, e->record.author, place_of(e));
    if (rank < (by == BY_CURATOR ? RANK_CURATOR : RANK_LEADER))
        authority_void_author(e, VOID_NOT_LEADER);
    return !e->is_settled;
}

/* ---- projects ---- */

static enum err keep_version(struct topic_state *ts,
                             const struct topic_entry *e)
{
    struct topic_version v = { .entry = (uint32_t)(e - ts->entries),
                               .silence_days = SILENCE_DAYS };
    const struct mp_value *body;
    const struct mp_value *silence;
    enum err err = authority_body(ts, e, &body);

    if (err != ERR_OK)
        return err;
    v.admission = (uint32_t)(mp_uint(mp_get(body, "admission")) & UINT32_MAX);
    silence = mp_get(mp_get(body, "terms"), "silence_days");
    if (silence != NULL) /* at most 36500, by the schema */
        v.silence_days = (uint32_t)(mp_uint(silence) & UINT32_MAX);
    return topic_roles_version(&ts->roles, &v);
}

/* §7.4: only the creator of the time revises a project. */
enum err authority_judge_project(struct topic_state *ts, struct topic_entry *e)
{
    enum err err;

    if (e->record.has_revises &&
        !is_creator(ts, e->record.author, place_of(e))) {
        authority_void_author(e, VOID_NOT_CREATOR);
        return ERR_OK;
    }
    err = authority_judge_terms(ts, e);
    return err == ERR_OK && !e->is_settled ? keep_version(ts, e) : err;
}

/* ---- roles ---- */

/* A person and a role of the body; the schema has seen to both. */
static enum err read_person(struct topic_state *ts, const struct topic_entry *e,
                            const char *field, uint8_t person[ID_LEN],
                            uint32_t *role)
{
    const struct mp_value *body;
    enum err err = authority_body(ts, e, &body);

    if (err != ERR_OK)
        return err;
    (void)mp_bin_exact(mp_get(body, field), person, ID_LEN);
    *role = (uint32_t)(mp_uint(mp_get(body, "role")) & UINT32_MAX);
    return ERR_OK;
}

/* Why the author may not say this of that person; VOID_NONE if they may. */
static enum void_reason flaw_of_grant(const struct topic_state *ts,
                                      const struct topic_entry *e,
                                      const uint8_t person[ID_LEN],
                                      uint32_t role)
{
    struct topic_place place = place_of(e);
    bool is_self = memcmp(e->record.author, person, ID_LEN) == 0;

    if (is_creator(ts, e->record.author, place) ||
        (is_self && rank_of(role) == RANK_NONE))
        return VOID_NONE;
    if (rank_at(ts, e->record.author, place) < RANK_LEADER)
        return VOID_NOT_LEADER;
    if (rank_of(role) == RANK_LEADER ||
        rank_at(ts, person, place) == RANK_LEADER)
        return VOID_NOT_CREATOR;
    return VOID_NONE;
}

enum err authority_judge_membership(struct topic_state *ts,
                                    struct topic_entry *e)
{
    uint32_t index = (uint32_t)(e - ts->entries);
    struct topic_person *known;
    uint8_t person[ID_LEN];
    enum void_reason flaw;
    uint32_t role;
    enum err err;

    if (!authority_is_first(e))
        return ERR_OK;
    err = read_person(ts, e, "person", person, &role);
    if (err != ERR_OK)
        return err;
    flaw = flaw_of_grant(ts, e, person, role);
    if (flaw != VOID_NONE) {
        authority_void_author(e, flaw);
        return ERR_OK;
    }
    err = topic_roles_person(&ts->roles, person, &known);
    if (err != ERR_OK)
        return err;
    known->invite = index;
    /* Less needs nobody's consent. */
    if (rank_of(role) < rank_of(role_at(ts, person, place_of(e))))
        return topic_roles_grant(&ts->roles, known, index, role, index);
    return ERR_OK;
}

/* What the person said for others before counts from now on. */
static enum err begin_role(struct topic_state *ts, const struct topic_entry *e,
                           struct topic_person *person, uint32_t role)
{
    uint32_t index = (uint32_t)(e - ts->entries);
    enum rank before = rank_at(ts, person->id, place_of(e));
    enum err err =
        topic_roles_grant(&ts->roles, person, index, role, person->invite);

    if (err == ERR_OK && before == RANK_NONE && rank_of(role) != RANK_NONE)
        topic_roles_pass_on(&ts->roles, person, index);
    return err;
}

enum err authority_judge_accept(struct topic_state *ts, struct topic_entry *e)
{
    struct topic_entry *invite;
    struct topic_person *known;
    uint8_t person[ID_LEN];
    uint32_t role;
    enum err err;

    if (!authority_is_first(e))
        return ERR_OK;
    invite = authority_need_valid(ts, e, RELATION_MEMBERSHIP, KIND_MEMBERSHIP);
    if (invite == NULL)
        return ERR_OK;
    err = read_person(ts, invite, "person", person, &role);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    if (err != ERR_OK || memcmp(person, e->record.author, ID_LEN) != 0 ||
        topic_entry_compare(invite, e) > 0) {
        authority_void_author(e, VOID_NOT_INVITED);
        return ERR_OK;
    }
    known = topic_roles_find(&ts->roles, person);
    assert(known != NULL); /* the invitation stands, and is earlier */
    if (known->invite != (uint32_t)(invite - ts->entries)) {
        authority_void_by(e, VOID_STALE, VERDICT_ABOUT_RECORD,
                          ts->entries[known->invite].record.id);
        return ERR_OK;
    }
    return begin_role(ts, e, known, role);
}

/* Whether the creator has been silent for as long as the terms want. */
static bool is_silent(const struct topic_state *ts, const struct topic_entry *e)
{
    const struct topic_version *v = topic_roles_version_at(ts, place_of(e));
    uint64_t wanted_ms;

    if (v == NULL || v->silence_days == 0)
        return false;
    wanted_ms = (uint64_t)v->silence_days * DAY_MS;
    return e->record.created_ms >= ts->roles.alive_ms &&
           e->record.created_ms - ts->roles.alive_ms >= wanted_ms;
}

enum err authority_judge_handover(struct topic_state *ts, struct topic_entry *e)
{
    bool by_creator = is_creator(ts, e->record.author, place_of(e));
    const struct topic_person *known;
    uint8_t person[ID_LEN];
    uint32_t role;
    enum err err;

    if (!authority_is_first(e))
        return ERR_OK;
    if (!by_creator && !authority_by_leader(ts, e)) {
        authority_void_author(e, VOID_NOT_LEADER);
        return ERR_OK;
    }
    if (!by_creator && !is_silent(ts, e)) {
        authority_void(e, VOID_NOT_SILENT);
        return ERR_OK;
    }
    err = read_person(ts, e, "new_creator", person, &role);
    if (err == ERR_OK)
        err = topic_roles_creator(&ts->roles, (uint32_t)(e - ts->entries),
                                  person);
    if (err != ERR_OK)
        return err;
    ts->roles.alive_ms = e->record.created_ms;
    known = topic_roles_find(&ts->roles, person);
    if (known != NULL)
        topic_roles_pass_on(&ts->roles, known, (uint32_t)(e - ts->entries));
    return ERR_OK;
}

/* ---- standing ---- */

/*
 * Anybody may speak for anybody; it gives standing from when a row of vouches
 * leads there from somebody with a role, in whatever order they were made.
 */
enum err authority_judge_vouch(struct topic_state *ts, struct topic_entry *e)
{
    const uint8_t *by = e->record.author;
    uint8_t person[ID_LEN];
    uint32_t role;
    enum err err;

    if (ts->founder == TOPIC_NONE || !authority_is_first(e))
        return ERR_OK; /* on a person's own page it gives nothing */
    err = read_person(ts, e, "person", person, &role);
    if (err == ERR_OK)
        err = topic_roles_vouch(&ts->roles, by, person);
    if (err == ERR_OK && has_standing(ts, by, place_of(e)))
        topic_roles_pass_newest(&ts->roles, topic_roles_find(&ts->roles, by),
                                (uint32_t)(e - ts->entries));
    return err;
}

/* ---- the walk ---- */

/* §7.4.6: of the requests by leaders that are not void, the earliest. */
static enum err meet_request(struct topic_state *ts, struct topic_entry *e)
{
    enum err err = ERR_OK;

    if (ts->terms != TOPIC_NONE || e->record.has_revises ||
        !authority_in_project(ts) || !authority_by_leader(ts, e))
        return ERR_OK;
    if (!e->is_settled)
        err = authority_judge_kind(ts, e);
    if (err != ERR_OK ||
        (e->is_settled && e->verdict.state != VERDICT_RETRACTED))
        return err;
    return authority_fix_terms(ts, e);
}

/* Whether the walk is what judges records of that kind. */
static bool is_walked(const struct authority_rule *rule)
{
    return rule != NULL && rule->stage == STAGE_ROLES;
}

/* §7.4.2 comes before the walk: what is walked later may be named before. */
static void send_home(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[i];

        if (!e->is_settled && is_walked(authority_rule_of(e->record.kind)))
            (void)authority_is_at_home(ts, e);
    }
}

static enum err meet(struct topic_state *ts, struct topic_entry *e)
{
    const struct authority_rule *rule = authority_rule_of(e->record.kind);
    /* §7.4.9: who puts a record into the wrong topic is not silent. */
    bool is_void = e->verdict.state == VERDICT_VOID &&
                   !(is_walked(rule) && e->verdict.reason == VOID_WRONG_TOPIC);

    if (!is_void && is_creator(ts, e->record.author, place_of(e)))
        ts->roles.alive_ms = e->record.created_ms;
    if (e->record.kind == KIND_REQUEST)
        return meet_request(ts, e);
    if (e->is_settled || !is_walked(rule))
        return ERR_OK;
    return authority_judge_kind(ts, e);
}

enum err authority_walk_roles(struct topic_state *ts)
{
    enum err err = ERR_OK;

    topic_roles_clear(&ts->roles);
    if (ts->founder != TOPIC_NONE)
        err = topic_roles_creator(&ts->roles, ts->founder,
                                  ts->entries[ts->founder].record.author);
    send_home(ts);
    for (uint32_t i = 0; err == ERR_OK && i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (e->is_ahead)
            break; /* all that follow are */
        err = meet(ts, e);
    }
    return err;
}
