/* Works as they are listed and shown. */
#include <string.h>

#include "daemon/listing.h"
#include "daemon/methods.h"
#include "proto/authority.h"
#include "proto/kind.h"
#include "proto/request_state.h"

/* What a list of works was asked for, and what it leaves out. */
struct asked {
    uint8_t author[ID_LEN];
    bool by_author;
    const uint8_t *leader; /* in what this person leads; or NULL */
    bool pending;
    bool decided;
    uint8_t topic[ID_LEN];
    bool in_topic;
    uint64_t hidden_until_ms; /* the latest of what is not shown yet */
};

/* Whether a leader has said anything to the work: direction or selection. */
static enum err is_answered(bool *out, const struct topic_state *ts,
                            const struct topic_entry *e)
{
    struct topic_namers said;
    enum err err;

    *out = ts->entries[e->first].selection != TOPIC_NONE;
    if (*out)
        return ERR_OK;
    err = topic_namers_of(&said, ts, e->first, KIND_DIRECTION);
    if (err != ERR_OK)
        return err;
    /* In force means by a leader: strangers' choices are void (§7.4). */
    for (uint32_t i = 0; i < said.count && !*out; i++)
        *out = verdict_is_in_force(&ts->entries[said.at[i]].verdict);
    topic_namers_wipe(&said);
    return ERR_OK;
}

/* Leaves out what its request asks not to show yet, and says until when. */
static enum err is_hidden(bool *out, struct call *call,
                          const struct topic_state *ts,
                          const struct topic_entry *e)
{
    struct asked *asked = call_data(call);
    uint64_t until_ms = 0;
    enum err err = ERR_OK;

    if (!mp_bool(call_param(call, "hidden")))
        err = search_hidden_until(&until_ms, call, ts, e);
    *out = until_ms != 0;
    if (until_ms > asked->hidden_until_ms)
        asked->hidden_until_ms = until_ms;
    return err;
}

/* What filters leave of the works of a topic. */
static enum err fits(bool *out, struct call *call, const struct topic_state *ts,
                     const struct topic_entry *entry)
{
    const struct asked *asked = call_data(call);
    bool answered = false;
    bool hidden;
    enum err e;

    *out = search_is_shown(ts, entry) &&
           !(mp_bool(call_param(call, "never_used")) &&
             topic_is_used(ts, entry->first)) &&
           (asked->leader == NULL ||
            authority_is_leader(ts, asked->leader, ts->now_ms));
    if (!*out)
        return ERR_OK;
    e = is_hidden(&hidden, call, ts, entry);
    if (e == ERR_OK && !hidden && (asked->pending || asked->decided))
        e = is_answered(&answered, ts, entry);
    *out = !hidden && !(asked->pending && answered) &&
           !(asked->decided && !answered);
    return e;
}

static bool is_asked_for(const struct asked *asked,
                         const struct store_item *item)
{
    return item->kind == KIND_CONTRIBUTION &&
           (!asked->by_author ||
            memcmp(asked->author, item->author, ID_LEN) == 0) &&
           (!asked->in_topic || memcmp(asked->topic, item->topic, ID_LEN) == 0);
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const struct asked *asked = call_data(call);
    struct view view = desk_view(call_desk(call));
    const struct topic_entry *entry;
    struct topic_state *state;
    enum err e;

    *taken = false;
    if (!is_asked_for(asked, item))
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(state, item->id);
    if (entry == NULL)
        return ERR_OK;
    e = fits(taken, call, state, entry);
    if (e != ERR_OK || !*taken)
        return e;
    view.topic = state;
    e = view_contribution_item(w, &view, item->id, 0);
    *taken = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Whose works, or whose choice; false after the call has been failed. */
static bool read_people(struct call *call, struct asked *asked)
{
    bool mine = mp_bool(call_param(call, "mine"));
    bool led = mp_bool(call_param(call, "led"));
    const struct person_keys *me = NULL;

    if (mine || led) {
        me = param_signer(call);
        if (me == NULL)
            return false;
    }
    asked->leader = led ? me->person : NULL;
    asked->by_author = mine || param_is_given(call, "author");
    if (mine)
        memcpy(asked->author, me->person, ID_LEN);
    return mine || !asked->by_author ||
           param_person(call, "author", asked->author);
}

void method_contribution_list(struct call *call)
{
    struct listing listing;
    struct store_item of;
    struct asked *asked = call_alloc(call, sizeof *asked);

    if (asked == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    call_set_data(call, asked);
    asked->pending = mp_bool(call_param(call, "pending"));
    asked->decided = mp_bool(call_param(call, "decided"));
    if (!listing_begin(&listing, call) || !read_people(call, asked))
        return;
    listing.hidden_until_ms = &asked->hidden_until_ms;
    if (param_is_given(call, "request")) {
        if (!param_record_of(call, "request", PARAM_READS, KIND_REQUEST, &of))
            return;
        store_scan_by_link(&listing.scan, of.id, RELATION_REQUEST);
    } else if (param_is_given(call, "project")) {
        if (!param_record(call, "project", PARAM_READS, &of))
            return;
        store_scan_by_topic_kind(&listing.scan, of.topic, KIND_CONTRIBUTION);
        memcpy(asked->topic, of.topic, ID_LEN);
        asked->in_topic = true;
    } else if (asked->by_author) {
        store_scan_by_author(&listing.scan, asked->author);
    } else {
        store_scan_by_kind(&listing.scan, KIND_CONTRIBUTION);
    }
    listing_run(&listing, list_item);
}
