/* How requests end: close, extend, reopen.  Each is a signed entry with its own
 * date beside the date it moves (docs/protocol.md §7.8). */
#include <string.h>

#include "daemon/author.h"
#include "daemon/methods.h"
#include "proto/request_state.h"

/* An entry in the log of a request, on its way. */
struct entry {
    struct author_fields fields;
    struct store_item request;
    struct request_state state;
};

/* The request and where it stands; false after the call has been failed. */
static bool open_entry(struct call *call, struct entry *entry)
{
    struct view view;
    enum err e;

    if (!param_record_of(call, "request", PARAM_SIGNS, KIND_REQUEST,
                         &entry->request) ||
        !param_view(call, entry->request.topic, &view))
        return false;
    e = request_state_of(&entry->state, view.topic, entry->request.id);
    if (e == ERR_OK && entry->state.phase == REQUEST_GONE)
        e = ERR_NOT_FOUND;
    if (e != ERR_OK) {
        call_fail(call, e,
                  e == ERR_NOT_FOUND ? "this request is void or retracted"
                                     : NULL,
                  NULL);
        return false;
    }
    author_fields_init(&entry->fields);
    return true;
}

/* Signs it; the entry is wiped, whatever becomes of it. */
static void publish_entry(struct call *call, struct entry *entry)
{
    struct author_draft draft = { .kind = KIND_REQUEST_CLOSE,
                                  .topic = entry->request.topic,
                                  .listed = true };

    author_fields_put_id(&entry->fields, "request", entry->request.id);
    author_publish_fields(call, &draft, &entry->fields);
}

/* Prefixes of the answers that the leader has: what `known` says (§7.8). */
static void put_known(struct call *call, struct author_fields *fields,
                      const uint8_t request[ID_LEN])
{
    struct writer ids = writer_growing(CONTROL_MESSAGE_MAX);
    struct store_scan scan;
    struct store_item items[64];
    uint32_t count = 0;
    struct writer *w;
    size_t n = 1;

    store_scan_by_link(&scan, request, RELATION_REQUEST);
    while (n > 0 && store_scan_next(node_store(call_node(call)), &scan, items,
                                    64, &n) == ERR_OK)
        for (size_t i = 0; i < n; i++)
            if (items[i].kind == KIND_CONTRIBUTION) {
                mp_put_bin(&ids, (struct bytes){ items[i].id, ID_LEN / 2 });
                count++;
            }
    w = author_fields_put(fields, "known");
    mp_put_array(w, count);
    writer_bytes(w, writer_view(&ids));
    if (ids.err != ERR_OK)
        writer_fail(w, ids.err);
    writer_free(&ids);
}

/* A merged request names the one that goes on. */
static bool take_merged(struct call *call, struct entry *entry)
{
    struct bytes outcome = mp_str(call_param(call, "outcome"));
    struct store_item into;

    if (!bytes_equal(outcome, BYTES_LITERAL("merged")))
        return true;
    if (!param_is_given(call, "into")) {
        call_fail(call, ERR_USAGE, "merged into which request?",
                  "Name it: --into REQUEST.");
        return false;
    }
    if (!param_record_of(call, "into", PARAM_SIGNS, KIND_REQUEST, &into))
        return false;
    if (memcmp(into.id, entry->request.id, ID_LEN) == 0) {
        call_fail(call, ERR_USAGE, "a request cannot be merged into itself",
                  NULL);
        return false;
    }
    author_fields_put_id(&entry->fields, "merged_into", into.id);
    return true;
}

static bool is_ending(struct call *call)
{
    struct bytes outcome = mp_str(call_param(call, "outcome"));
    uint64_t value = kind_choice_value(CHOICES_OUTCOME, outcome);

    if (value != OUTCOME_EXTENDED && value != OUTCOME_REOPENED)
        return true;
    call_fail(call, ERR_USAGE, "this does not end a request",
              value == OUTCOME_EXTENDED
                  ? "Use `troupe request extend REQUEST --deadline TIME`."
                  : "Use `troupe request reopen REQUEST`.");
    return false;
}

void method_request_close(struct call *call)
{
    struct entry entry;

    if (!is_ending(call) || !open_entry(call, &entry))
        return;
    if (entry.state.phase == REQUEST_CLOSED) {
        call_fail(call, ERR_REFUSED, "this request is closed already",
                  "`troupe request show` tells how it ended; `troupe request "
                  "reopen` opens it again.");
    } else if (take_merged(call, &entry)) {
        author_fields_take(&entry.fields, call, "outcome");
        author_fields_take(&entry.fields, call, "note");
        put_known(call, &entry.fields, entry.request.id);
        publish_entry(call, &entry);
        return;
    }
    author_fields_wipe(&entry.fields);
}

/* The new deadline; false after the call has been failed. */
static bool take_deadline(struct call *call, struct entry *entry, bool is_must)
{
    uint64_t deadline_ms = mp_uint(call_param(call, "deadline_ms"));

    if (deadline_ms == 0 && !is_must)
        return true;
    if (deadline_ms == 0) {
        call_fail(call, ERR_USAGE, "until when?",
                  "Give the new deadline: --deadline +14d.");
        return false;
    }
    if (deadline_ms <= node_clock_ms(call_node(call))) {
        call_fail(call, ERR_USAGE, "the new deadline has passed already",
                  "Give a time to come: --deadline +14d.");
        return false;
    }
    if (is_must && entry->state.deadline_ms != 0 &&
        deadline_ms <= entry->state.deadline_ms) {
        call_fail(call, ERR_REFUSED,
                  "an extension cannot be earlier than the deadline it moves",
                  "`troupe request show` tells the deadline in force.");
        return false;
    }
    mp_put_uint(author_fields_put(&entry->fields, "deadline"), deadline_ms);
    return true;
}

static void put_outcome(struct call *call, struct entry *entry,
                        const char *outcome, const char *note)
{
    mp_put_text(author_fields_put(&entry->fields, "outcome"), outcome);
    if (param_is_given(call, "note"))
        author_fields_take(&entry->fields, call, "note");
    else
        mp_put_text(author_fields_put(&entry->fields, "note"), note);
}

void method_request_extend(struct call *call)
{
    struct entry entry;

    if (!open_entry(call, &entry))
        return;
    if (entry.state.phase == REQUEST_CLOSED) {
        call_fail(call, ERR_REFUSED, "this request is closed",
                  "Open it again first: `troupe request reopen REQUEST "
                  "--deadline TIME`.");
    } else if (take_deadline(call, &entry, true)) {
        put_outcome(call, &entry, "extended", "The deadline is extended.");
        publish_entry(call, &entry);
        return;
    }
    author_fields_wipe(&entry.fields);
}

void method_request_reopen(struct call *call)
{
    struct entry entry;
    bool is_due;

    if (!open_entry(call, &entry))
        return;
    is_due = entry.state.deadline_ms != 0 &&
             entry.state.deadline_ms <= node_clock_ms(call_node(call)) &&
             !param_is_given(call, "deadline_ms");
    if (entry.state.phase != REQUEST_CLOSED) {
        call_fail(call, ERR_REFUSED, "this request is not closed",
                  "Move its deadline: `troupe request extend REQUEST "
                  "--deadline TIME`.");
    } else if (is_due) {
        call_fail(call, ERR_USAGE, "its deadline has passed",
                  "Give a new one: --deadline +14d.");
    } else if (take_deadline(call, &entry, false)) {
        put_outcome(call, &entry, "reopened", "The request is open again.");
        publish_entry(call, &entry);
        return;
    }
    author_fields_wipe(&entry.fields);
}
