/* The inbox: what concerns this node's person, newest first. */
#include <string.h>

#include "daemon/inbox.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "proto/kind.h"

enum { WHAT_MASK = 16 }; /* changes of the mask in one call */

struct asked {
    struct inbox *inbox;
    bool has_kind;
    enum inbox_kind kind;
    struct writer due; /* items that time brings */
    uint32_t due_count;
    struct call *call;
};

/* The words of somebody who waits are not shown yet. */
static void put_text(struct writer *w, const struct inbox_found *f)
{
    const struct topic_entry *e = f->entry;
    const char *field =
        f->item.kind == INBOX_CONTACT ? NULL : inbox_text_field(e->record.kind);
    struct mp_doc *doc = NULL;

    if (field != NULL && topic_entry_body(&doc, e) == ERR_OK)
        pair_str(w, "text", mp_str(mp_get(mp_doc_root(doc), field)));
    else
        pair_nil(w, "text");
    mp_doc_free(doc);
}

static void put_item(struct call *call, struct writer *w,
                     const struct inbox_found *f, uint64_t at_ms, bool read)
{
    const uint8_t *author = f->entry->record.author;

    mp_put_map(w, 9);
    pair_text(w, "kind", inbox_kind_name(f->item.kind));
    pair_id(w, "id", f->entry->record.id);
    pair_id(w, "about", f->item.about);
    pair_id(w, "topic", f->ts->topic);
    pair_id(w, "author", author);
    pair_str(w, "author_name", desk_name(call_desk(call), author));
    put_text(w, f);
    pair_uint(w, "at_ms", at_ms);
    pair_bool(w, "read", read);
}

static bool is_asked_for(const struct asked *a, const struct inbox_found *f)
{
    return !a->has_kind || a->kind == f->item.kind;
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const struct asked *a = call_data(call);
    struct inbox_found found;
    enum err e = inbox_look(a->inbox, item, taken, &found);

    *taken = e == ERR_OK && *taken && is_asked_for(a, &found);
    if (*taken)
        put_item(call, w, &found, item->created_ms,
                 item->seq <= inbox_marks(a->inbox)->read_seq);
    return e;
}

static enum err put_due(void *context, const struct inbox_found *found,
                        uint64_t since_ms)
{
    struct asked *a = context;

    if (!is_asked_for(a, found) || a->due_count >= param_limit(a->call))
        return ERR_OK;
    put_item(a->call, &a->due, found, since_ms,
             since_ms <= inbox_marks(a->inbox)->read_ms);
    a->due_count++;
    return a->due.err;
}

/* "KIND=on" or "KIND=off"; false after the call has been failed. */
static bool change_mask(struct call *call, struct bytes text,
                        struct inbox_marks *marks)
{
    enum inbox_kind kind;
    size_t at = 0;
    struct bytes state;

    while (at < text.len && text.data[at] != '=')
        at++;
    state = at < text.len
                ? (struct bytes){ text.data + at + 1, text.len - at - 1 }
                : (struct bytes){ NULL, 0 };
    if (!inbox_kind_find((struct bytes){ text.data, at }, &kind) ||
        (!bytes_equal(state, BYTES_LITERAL("on")) &&
         !bytes_equal(state, BYTES_LITERAL("off")))) {
        call_fail(call, ERR_USAGE, "this is no mask of the inbox",
                  "Give KIND=on or KIND=off; kinds are cited, answered, "
                  "welcome, directed, chosen, feedback, comment, update, "
                  "closing, undecided, proposed, final, receipt, reply, "
                  "invited, contact.");
        return false;
    }
    if (state.len == 2)
        marks->wanted |= (uint32_t)1 << kind;
    else
        marks->wanted &= ~((uint32_t)1 << kind);
    return true;
}

/* All changes, or none. */
static bool set_mask(struct call *call, struct inbox *inbox)
{
    const struct mp_value *list = call_param(call, "mask");
    struct inbox_marks marks = *inbox_marks(inbox);

    if (mp_count(list) > WHAT_MASK) {
        call_fail(call, ERR_TOO_LARGE, "too many changes at once", NULL);
        return false;
    }
    for (uint32_t i = 0; i < mp_count(list); i++) {
        if (!change_mask(call, mp_str(mp_at(list, i)), &marks))
            return false;
    }
    if (mp_count(list) > 0)
        inbox_set_marks(inbox, &marks);
    return true;
}

static bool read_kind(struct call *call, struct asked *a)
{
    a->has_kind = param_is_given(call, "kind");
    if (!a->has_kind ||
        inbox_kind_find(mp_str(call_param(call, "kind")), &a->kind))
        return true;
    call_fail(call, ERR_USAGE, "nothing of that name comes into the inbox",
              "See the kinds with: troupe help inbox");
    return false;
}

/* As far as there is anything now. */
static struct inbox_marks marks_now(struct call *call,
                                    const struct inbox *inbox)
{
    struct inbox_marks marks = *inbox_marks(inbox);
    struct store_totals totals;

    if (store_totals(node_store(call_node(call)), &totals) == ERR_OK) {
        marks.read_seq = totals.last_seq;
        marks.read_ms = node_clock_ms(call_node(call));
    }
    return marks;
}

void method_inbox_list(struct call *call)
{
    struct asked *a = call_alloc(call, sizeof *a);
    bool reads = mp_bool(call_param(call, "mark_read"));
    struct inbox *inbox = desk_inbox(call_desk(call));
    struct inbox_marks marks;
    struct listing listing;
    struct writer due;
    enum err e;

    if (a == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    *a = (struct asked){ .inbox = inbox,
                         .call = call,
                         .due = writer_growing(CONTROL_MESSAGE_MAX) };
    call_set_data(call, a);
    if (param_signer(call) == NULL || !read_kind(call, a) ||
        !listing_begin(&listing, call) || !set_mask(call, inbox))
        return;
    e = inbox_each_due(inbox, put_due, a);
    due = a->due; /* the call may be gone after its answer */
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
    } else {
        listing.before = &due;
        listing.before_count = a->due_count;
        store_scan_by_seq(&listing.scan, 0);
        marks = marks_now(call, inbox);
        listing_run(&listing, list_item); /* shows what was unread so far */
        if (reads)
            inbox_set_marks(inbox, &marks);
    }
    writer_free(&due);
}
