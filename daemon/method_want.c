/* What is wanted and not here, why, and who had it last. */
#include <string.h>

#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/param_topic.h"
#include "daemon/transfer.h"
#include "store/want_last.h"

enum { WANTS_PAGE = 64, LEASES_PAGE = 16 };

static const char *state_name(enum want_state state)
{
    static const char *const names[] = {
        [WANT_DUE] = "due",
        [WANT_FETCHING] = "fetching",
        [WANT_NO_ROOM] = "no_room",
        [WANT_NO_PEER] = "no_peer",
        [WANT_NOT_FOUND] = "not_found",
    };

    return names[state];
}

static const char *why_name(enum store_why why)
{
    switch (why) {
    case STORE_WHY_ASKED:
        return "asked";
    case STORE_WHY_SEED:
        return "seed";
    case STORE_WHY_REPAIR:
        return "repair";
    case STORE_WHY_RECORD:
        return "follow";
    }
    return "other";
}

/*
 * The node whose word on it is the newest, over or not, or taken back since.
 * False if nobody is known to have had it.
 */
static bool find_last(struct store *store, const struct store_want *want,
                      struct want_last *last)
{
    struct store_lease page[LEASES_PAGE];
    uint8_t node[KEY_LEN] = { 0 };
    bool is_known =
        want_last_find(store, &want->blob, want->topic, last) == ERR_OK;
    size_t n = LEASES_PAGE;

    while (n == LEASES_PAGE && lease_rows_page(store, want->topic, node, page,
                                               LEASES_PAGE, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            const struct store_lease *l = &page[i];
            struct want_last said = want_last_of(l);
            uint64_t number;
            bool found = false;

            if (memcmp(l->lease.topic, want->topic, ID_LEN) != 0)
                return is_known;
            if ((is_known && said.at_ms <= last->at_ms) || !l->has_list ||
                lease_rows_look_up(store, &l->lease, &want->blob, &found,
                                   &number) != ERR_OK ||
                !found)
                continue;
            *last = said;
            is_known = true;
        }
        if (n > 0)
            memcpy(node, page[n - 1].lease.node, KEY_LEN);
    }
    return is_known;
}

static void put_last(struct writer *w, struct store *store,
                     const struct store_want *want)
{
    struct want_last last;

    if (find_last(store, want, &last)) {
        pair_id(w, "last_node", last.node);
        pair_uint(w, "last_ms", last.at_ms);
        pair_bool(w, "last_shown", last.is_shown);
    } else {
        pair_nil(w, "last_node");
        pair_nil(w, "last_ms");
        pair_bool(w, "last_shown", false);
    }
}

static void put_want(struct call *call, struct writer *w,
                     const struct store_want *want)
{
    struct node *node = call_node(call);
    enum want_state state = transfer_want_state(node_transfer(node), want);

    mp_put_map(w, 12);
    pair_id(w, "root", want->blob.root);
    pair_uint(w, "size", want->blob.size);
    pair_id(w, "topic", want->topic);
    pair_text(w, "why", why_name(want->why));
    pair_text(w, "state", state_name(state));
    pair_uint(w, "done_bytes",
              transfer_progress(node_transfer(node), &want->blob));
    pair_uint(w, "since_ms", want->since_ms);
    pair_uint(w, "tries", want->tries);
    if (state == WANT_FETCHING || want->next_try_ms == 0)
        pair_nil(w, "next_try_ms");
    else
        pair_uint(w, "next_try_ms", want->next_try_ms);
    put_last(w, node_store(node), want);
}

/* Of one topic or of all; the cursor is the number of wants passed. */
struct wants {
    struct call *call;
    bool has_topic;
    uint8_t topic[ID_LEN];
    uint64_t skip;
    uint32_t limit;
    uint32_t taken;
    uint64_t passed;
    bool has_more;
};

static void take(struct wants *wants, struct writer *w,
                 const struct store_want *want)
{
    if (wants->passed < wants->skip) {
        wants->passed++;
    } else if (wants->taken == wants->limit) {
        wants->has_more = true;
    } else {
        put_want(wants->call, w, want);
        wants->taken++;
        wants->passed++;
    }
}

static enum err list(struct wants *wants, struct writer *w)
{
    struct store *store = node_store(call_node(wants->call));
    struct store_want page[WANTS_PAGE];
    struct store_want last;
    bool has_last = false;
    size_t n = WANTS_PAGE;

    while (n == WANTS_PAGE && !wants->has_more) {
        enum err e = wants->has_topic
                         ? store_wants_of(store, wants->topic,
                                          has_last ? &last.blob : NULL, page,
                                          WANTS_PAGE, &n)
                         : store_wants(store, has_last ? &last : NULL, page,
                                       WANTS_PAGE, &n);

        if (e != ERR_OK)
            return e;
        for (size_t i = 0; i < n; i++)
            take(wants, w, &page[i]);
        if (n > 0)
            last = page[n - 1];
        has_last = true;
    }
    return ERR_OK;
}

void method_want_list(struct call *call)
{
    struct wants wants = { .call = call,
                           .has_topic = param_is_given(call, "topic"),
                           .skip = mp_uint(call_param(call, "after")),
                           .limit = param_limit(call) };
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    struct writer *w;
    enum err e;

    if (wants.has_topic && !param_topic(call, "topic", wants.topic))
        return;
    e = list(&wants, &items);
    if (e == ERR_OK)
        e = items.err;
    if (e != ERR_OK) {
        writer_free(&items);
        call_fail(call, e, NULL, NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_array(w, "items", wants.taken);
    writer_bytes(w, writer_view(&items));
    if (wants.has_more)
        pair_uint(w, "next", wants.passed);
    else
        pair_nil(w, "next");
    writer_free(&items);
    call_send(call);
}
