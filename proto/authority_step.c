/*
 * Judging step by step: what came since the last judgement, and what has come
 * due, is judged alone where it can touch nothing else, and then the result is
 * that of judging from scratch.  It can touch nothing else if
 *  - no rule of another record asks for records of its kind (REACH_LEAF) ...
 *  - ... unless the other one names it, and nothing that is there does;
 *  - it is no revision and founds nothing;
 *  - its signer is not revoked, so that §7.2 has nothing to say of it;
 *  - it is later than every record whose rule looks back at all that is
 *    earlier, as a handover does for a silence.
 */
#include <assert.h>
#include <string.h>

#include "proto/authority_rules.h"

/* ---- may it be judged alone? ---- */

static bool is_leaf(uint64_t kind)
{
    const struct authority_rule *rule = authority_rule_of(kind);

    if (rule != NULL)
        return rule->reach == REACH_LEAF;
    return kind % 2 != 0 || kind_find(kind) != NULL;
}

/* Whether a device_revoke in force names the signer; dated or not. */
static bool is_revoked(const struct topic_state *ts, const struct record *r)
{
    for (uint32_t i = 0; i < ts->revoked_count; i++) {
        const struct topic_revoked *revoked = &ts->revoked[i];

        if (memcmp(revoked->device, r->signer, KEY_LEN) == 0 &&
            memcmp(revoked->person, r->author, ID_LEN) == 0)
            return true;
    }
    return false;
}

static bool stands_alone(const struct topic_state *ts,
                         const struct topic_entry *e)
{
    const struct record *r = &e->record;

    return is_leaf(r->kind) && !r->has_revises &&
           memcmp(r->id, ts->topic, ID_LEN) != 0 &&
           r->created_ms > ts->looked_back_ms &&
           !topic_named_has(&ts->named, r->id) && !is_revoked(ts, r);
}

/* ---- alone ---- */

/* The verdict, as far as no other record of its kind competes with it. */
static enum err judge_alone(struct topic_state *ts, struct topic_entry *e)
{
    enum err err = ERR_OK;

    authority_begin(ts, e);
    authority_judge_body(e);
    if (!e->is_settled)
        err = authority_judge_kind(ts, e);
    if (err == ERR_OK && !e->is_settled)
        authority_choose_version(ts, e);
    return err;
}

/* `e` is there from now on: alone, or everything is judged. */
static enum err take_in(struct topic_state *ts, struct topic_entry *e)
{
    enum err err;

    if (!stands_alone(ts, e))
        return authority_judge_all(ts);
    err = judge_alone(ts, e);
    if (err == ERR_OK)
        err = authority_choose_rival(ts, e);
    if (err == ERR_OK)
        err = topic_named_note(&ts->named, ts, e);
    e->is_noted = true;
    return err;
}

/* ---- judging ---- */

/* The place of the first record dated after `at_ms`. */
static uint32_t first_after(const struct topic_state *ts, uint64_t at_ms)
{
    uint32_t low = 0;
    uint32_t high = ts->order_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ts->entries[ts->order[middle]].record.created_ms <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether what is visible at ts->now_ms is visible at the earlier `now_ms`. */
static bool can_go_back(const struct topic_state *ts, uint64_t now_ms)
{
    uint32_t after = first_after(ts, ts->now_ms);

    return after == 0 ||
           ts->entries[ts->order[after - 1]].record.created_ms <= now_ms;
}

/* What was added, in order of adding, and then what has come due. */
static enum err catch_up(struct topic_state *ts, uint64_t was_ms)
{
    enum err err = ERR_OK;

    for (uint32_t i = ts->judged_count; err == ERR_OK && i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[i];

        if (e->is_ahead && e->record.created_ms <= ts->now_ms)
            err = take_in(ts, e);
    }
    for (uint32_t i = first_after(ts, was_ms);
         err == ERR_OK && i < ts->order_count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];

        if (e->record.created_ms > ts->now_ms)
            break;
        if (e->is_ahead)
            err = take_in(ts, e);
    }
    ts->judged_count = ts->count;
    return err;
}

enum err authority_judge(struct topic_state *ts, uint64_t now_ms)
{
    uint64_t was_ms = ts->now_ms;
    bool anew = !ts->is_judged || (now_ms < was_ms && !can_go_back(ts, now_ms));
    enum err err = topic_state_sort(ts);

    if (err != ERR_OK)
        return err;
    ts->is_judged = false; /* unless all goes well */
    ts->now_ms = now_ms;
    err = anew ? authority_judge_all(ts) : catch_up(ts, was_ms);
    topic_state_drop_shares(ts);
    ts->is_judged = err == ERR_OK;
    return err;
}

/* ---- trying ---- */

/* The verdict of the newest entry, and the topic without it, judged. */
static enum err try_last(struct topic_state *ts, struct verdict *out)
{
    struct topic_entry *e = &ts->entries[ts->count - 1];
    uint64_t now_ms = ts->now_ms;
    enum err tried = ERR_OK;

    if (e->record.created_ms <= now_ms && stands_alone(ts, e)) {
        tried = judge_alone(ts, e);
        if (tried == ERR_OK)
            authority_rival_verdict(ts, e);
        *out = e->verdict;
        (void)topic_state_take_last(ts); /* its bytes are borrowed */
        ts->is_judged = true;            /* nothing else was touched */
        return tried;
    }
    if (e->record.created_ms <= now_ms) {
        ts->is_judged = false;
        tried = authority_judge(ts, now_ms);
    }
    *out = ts->entries[ts->count - 1].verdict; /* added, it waits */
    (void)topic_state_take_last(ts);           /* likewise */
    if (tried == ERR_OK)
        tried = authority_judge(ts, now_ms);
    return tried;
}

bool authority_tries_alone(const struct topic_state *ts,
                           const struct topic_entry *made)
{
    return ts->is_judged && made->record.created_ms <= ts->now_ms &&
           stands_alone(ts, made);
}

enum err authority_try_made(struct topic_state *ts, struct verdict *out,
                            const struct topic_entry *made, uint64_t now_ms)
{
    const struct topic_entry *held;
    struct topic_entry borrowed = *made;
    struct verdict verdict;
    enum err err = authority_judge(ts, now_ms);

    if (err != ERR_OK)
        return err;
    held = topic_state_find(ts, made->record.id);
    if (held != NULL) {
        *out = held->verdict;
        return ERR_OK;
    }
    err = topic_state_put(ts, &borrowed);
    if (err == ERR_OK)
        err = try_last(ts, &verdict);
    if (err == ERR_OK)
        *out = verdict;
    return err;
}

enum err authority_try(struct topic_state *ts, struct verdict *out,
                       struct bytes whole, uint64_t now_ms)
{
    struct topic_entry made;
    enum err err = topic_entry_make(&made, whole);

    if (err != ERR_OK)
        return err;
    err = authority_try_made(ts, out, &made, now_ms);
    topic_entry_wipe(&made);
    return err;
}
