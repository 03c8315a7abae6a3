/* What lists and searches have in common. */
#include "daemon/search.h"

#include <assert.h>
#include <string.h>

#include "daemon/node.h"
#include "daemon/param.h"
#include "proto/authority.h"
#include "proto/kind.h"
#include "proto/request_state.h"

bool search_is_shown(const struct topic_state *ts, const struct topic_entry *e)
{
    const struct topic_entry *current = topic_state_current(ts, e);

    return current == NULL ? !e->record.has_revises : current == e;
}

enum err search_hidden_until(uint64_t *out, struct call *call,
                             const struct topic_state *ts,
                             const struct topic_entry *e)
{
    const struct person_keys *me = node_person(call_node(call));
    uint64_t now_ms = node_clock_ms(call_node(call));
    struct request_state state;
    uint8_t request[ID_LEN];
    enum err err;

    *out = 0;
    if (!record_link_find(&e->record, RELATION_REQUEST, request) ||
        (me != NULL && (memcmp(me->person, e->record.author, ID_LEN) == 0 ||
                        authority_is_leader(ts, me->person, now_ms))))
        return ERR_OK;
    err = request_state_of(&state, ts, request);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK)
        err = request_hidden_until(out, &state);
    if (*out <= now_ms)
        *out = 0;
    return err;
}

void search_add_param(struct search *search, struct call *call,
                      const char *name, unsigned class)
{
    assert(search->count < SEARCH_TERMS_MAX);
    if (param_is_given(call, name))
        search->terms[search->count++] =
            (struct store_term){ .class = class,
                                 .text = mp_str(call_param(call, name)) };
}

bool search_run(const struct search *search, struct call *call, uint64_t kind,
                struct store_hits *out)
{
    enum err e = store_search(node_store(call_node(call)), search->terms,
                              search->count, kind, out);

    if (e == ERR_NOT_FOUND)
        call_fail(call, ERR_USAGE, "there is no word in this to look for",
                  "Give a word, or how it begins.");
    else if (e == ERR_TOO_LARGE)
        call_fail(call, e, "too much is found",
                  "Give another word, or more of it.");
    else if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    return e == ERR_OK;
}
