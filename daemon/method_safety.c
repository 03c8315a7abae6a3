/* What one does not want here: blocks, keepers, take-downs; what one tells
 * others of it: reports, rulings; what one takes back. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/hide.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/safety.h"

/* ---- Rows of the law ------------------------------------------------------
 */

/* What is answered once the row is durable: {id, record}. */
struct laying {
    struct law law;
    bool lifts;
    bool has_record;
    uint8_t record[ID_LEN];
};

static void on_laid(void *context, enum err e)
{
    struct call *call = context;
    const struct laying *laying = call_data(call);
    struct writer *w;

    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_id(w, "id", laying->law.id);
    pair_id(w, "record", laying->has_record ? laying->record : NULL);
    call_send(call);
}

static void lay(struct call *call)
{
    const struct laying *laying = call_data(call);
    struct safety *safety = node_safety(call_node(call));

    if (laying->lifts)
        safety_lift(safety, &laying->law, on_laid, call);
    else
        safety_lay(safety, &laying->law, on_laid, call);
}

/* A zeroed row for this call, with the params `until` and `reason`; or NULL
 * after the call has been failed. */
static struct laying *laying_new(struct call *call, enum law_kind kind)
{
    struct laying *laying = call_alloc(call, sizeof *laying);
    struct bytes reason = mp_str(call_param(call, "reason"));

    if (laying == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    if (reason.len > LAW_REASON_MAX || !kind_is_line(reason)) {
        call_failf(call, ERR_USAGE, NULL,
                   "a reason is one line of at most %d bytes", LAW_REASON_MAX);
        return NULL;
    }
    laying->law.kind = kind;
    laying->law.since_ms = node_clock_ms(call_node(call));
    laying->law.until_ms = mp_uint(call_param(call, "until"));
    laying->law.reason_len = reason.len;
    if (reason.len > 0)
        memcpy(laying->law.reason, reason.data, reason.len);
    call_set_data(call, laying);
    return laying;
}

/* The row must be there; else the call has been failed. */
static bool must_have(struct call *call, struct laying *laying,
                      const char *text, const char *hint)
{
    const struct law *law = &laying->law;

    laying->lifts = true;
    if (safety_has(call_node(call), law->kind, law->id))
        return true;
    call_fail(call, ERR_NOT_FOUND, text, hint);
    return false;
}

static enum err list_laws(struct call *call, enum law_kind kind,
                          const char *what, struct writer *items,
                          uint32_t *count)
{
    struct law laws[32];
    uint8_t last[ID_LEN];
    const uint8_t *after = NULL;
    size_t n = 32;
    enum err e = ERR_OK;

    while (e == ERR_OK && n == 32) {
        e = law_page(node_store(call_node(call)), kind, after, laws, 32, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            if (!safety_has(call_node(call), kind, laws[i].id))
                continue;
            mp_put_map(items, 6);
            pair_id(items, "id", laws[i].id);
            pair_text(items, "what", what);
            pair_str(items, "name", desk_name(call_desk(call), laws[i].id));
            pair_uint(items, "since_ms", laws[i].since_ms);
            if (laws[i].until_ms == 0)
                pair_nil(items, "until_ms");
            else
                pair_uint(items, "until_ms", laws[i].until_ms);
            pair_text(items, "reason", laws[i].reason);
            ++*count;
        }
        if (n > 0)
            memcpy(last, laws[n - 1].id, ID_LEN);
        after = last;
    }
    return e;
}

static void reply_list(struct call *call, enum err e, struct writer *items,
                       uint32_t count)
{
    struct writer *w;

    if (e == ERR_OK)
        e = items->err;
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
    } else {
        w = call_reply(call);
        mp_put_map(w, 2);
        pair_array(w, "items", count);
        writer_bytes(w, writer_view(items));
        pair_nil(w, "next");
        call_send(call);
    }
    writer_free(items);
}

/* ---- Blocks ----------------------------------------------------------------
 */

static void on_shared(struct call *call, const uint8_t id[ID_LEN])
{
    struct laying *laying = call_data(call);

    laying->has_record = true;
    memcpy(laying->record, id, ID_LEN);
    lay(call);
}

/* A list of blocks that others may read; nobody applies it by itself. */
static void share_block(struct call *call, const struct laying *laying)
{
    struct author_draft draft = { .kind = KIND_BLOCK };
    const struct person_keys *me = param_signer(call);
    struct author_fields fields;

    if (me == NULL)
        return;
    author_fields_init(&fields);
    mp_put_bin(author_fields_put(&fields, "person"),
               BYTES_ARRAY(laying->law.id));
    if (laying->law.reason_len > 0)
        author_fields_take(&fields, call, "reason");
    else
        mp_put_text(author_fields_put(&fields, "reason"), "blocked");
    author_fields_take(&fields, call, "until");
    draft.topic = me->person;
    draft.fields = author_fields_map(&fields, NULL);
    author_publish(call, &draft, on_shared);
    author_fields_wipe(&fields);
}

void method_block(struct call *call)
{
    const struct person_keys *me = node_person(call_node(call));
    struct laying *laying = laying_new(call, LAW_BLOCKED);

    if (laying == NULL || !param_person(call, "person", laying->law.id))
        return;
    if (me != NULL && memcmp(me->person, laying->law.id, ID_LEN) == 0) {
        call_fail(call, ERR_USAGE, "this is yourself", NULL);
        return;
    }
    if (laying->law.until_ms != 0 &&
        laying->law.until_ms <= laying->law.since_ms) {
        call_fail(call, ERR_USAGE, "this time has passed",
                  "Give a time to come, like --until +30d.");
        return;
    }
    if (mp_bool(call_param(call, "shareable")))
        share_block(call, laying);
    else
        lay(call);
}

void method_unblock(struct call *call)
{
    struct laying *laying = laying_new(call, LAW_BLOCKED);

    if (laying != NULL && param_person(call, "person", laying->law.id) &&
        must_have(call, laying, "this person is not blocked",
                  "See who is with: troupe block list"))
        lay(call);
}

void method_block_list(struct call *call)
{
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    uint32_t count = 0;
    enum err e = list_laws(call, LAW_BLOCKED, "person", &items, &count);

    reply_list(call, e, &items, count);
}

/* ---- Take-downs ------------------------------------------------------------
 */

/* A record that is known here; any other whole id is the root of a file. */
static bool takedown_of(struct call *call, struct law *law)
{
    struct store *store = node_store(call_node(call));
    struct store_item item;

    law->kind = LAW_NO_BLOB;
    if (control_id_of(law->id, call_param(call, "target")) == ERR_OK &&
        store_find(store, law->id, &item) != ERR_OK &&
        !safety_has(call_node(call), LAW_NO_RECORD, law->id))
        return true;
    law->kind = LAW_NO_RECORD;
    if (!param_record(call, "target", PARAM_SIGNS, &item))
        return false;
    memcpy(law->id, item.id, ID_LEN);
    return true;
}

void method_takedown(struct call *call)
{
    struct laying *laying = laying_new(call, LAW_NO_RECORD);

    if (laying == NULL || !takedown_of(call, &laying->law))
        return;
    laying->law.until_ms = 0;
    if (laying->law.reason_len == 0)
        call_fail(call, ERR_USAGE, "a take-down wants a reason",
                  "Say why, for yourself, with --reason TEXT.");
    else
        lay(call);
}

void method_takedown_lift(struct call *call)
{
    struct laying *laying = laying_new(call, LAW_NO_RECORD);

    if (laying != NULL && takedown_of(call, &laying->law) &&
        must_have(call, laying, "this was not taken down",
                  "See what was with: troupe takedown list"))
        lay(call);
}

void method_takedown_list(struct call *call)
{
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    uint32_t count = 0;
    enum err e = list_laws(call, LAW_NO_RECORD, "record", &items, &count);

    if (e == ERR_OK)
        e = list_laws(call, LAW_NO_BLOB, "file", &items, &count);
    reply_list(call, e, &items, count);
}

/* ---- Keepers ----------------------------------------------------------------
 */

static void on_keeper_held(void *context, enum err e)
{
    struct call *call = context;

    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else
        lay(call);
}

/* Their rulings lie in their own topic, so that is held, too. */
void method_keeper_follow(struct call *call)
{
    struct node *node = call_node(call);
    struct laying *laying = laying_new(call, LAW_KEEPER);
    struct store_follow follow = { .policy = STORE_POLICY_FOLLOW,
                                   .since_ms = node_clock_ms(node) };
    struct store_follow before;

    if (laying == NULL || !param_person(call, "person", laying->law.id))
        return;
    laying->law.until_ms = 0;
    memcpy(follow.topic, laying->law.id, ID_LEN);
    if (store_follow_find(node_store(node), follow.topic, &before) == ERR_OK)
        lay(call);
    else
        node_follow(node, &follow, on_keeper_held, call);
}

void method_keeper_unfollow(struct call *call)
{
    struct laying *laying = laying_new(call, LAW_KEEPER);

    if (laying != NULL && param_person(call, "person", laying->law.id) &&
        must_have(call, laying, "this person's rulings are not followed",
                  "See whose are with: troupe keeper list"))
        lay(call);
}

void method_keeper_list(struct call *call)
{
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    uint32_t count = 0;
    enum err e = list_laws(call, LAW_KEEPER, "keeper", &items, &count);

    if (e == ERR_OK)
        e = list_laws(call, LAW_SHOWN, "allowed", &items, &count);
    reply_list(call, e, &items, count);
}

/* A record or a person, whatever keepers have ruled; or no more. */
void method_keeper_allow(struct call *call)
{
    struct laying *laying = laying_new(call, LAW_SHOWN);

    if (laying == NULL || !param_id(call, "target", laying->law.id))
        return;
    laying->law.until_ms = 0;
    if (!mp_bool(call_param(call, "end")) ||
        must_have(call, laying, "this is not shown against a ruling",
                  "See what is with: troupe keeper list"))
        lay(call);
}

/* ---- Reports and rulings
 * ----------------------------------------------------- */

/* About a record, or by a whole id or `person` about somebody. */
static void tell(struct call *call, enum kind_number kind,
                 const uint8_t *own_topic)
{
    static const char *const names[] = { "reason", "text", "until", NULL };
    struct author_draft draft = { .kind = kind };
    struct author_fields fields;
    struct store_item about;
    uint8_t person[ID_LEN];
    bool is_person = param_is_given(call, "person");

    if (is_person == param_is_given(call, "target")) {
        call_fail(call, ERR_USAGE, "this is about a record or about a person",
                  "Give the id of a record, or --person PERSON.");
        return;
    }
    if (is_person ? !param_person(call, "person", person)
                  : !param_record(call, "target", PARAM_SIGNS, &about))
        return;
    author_fields_init(&fields);
    if (is_person)
        mp_put_bin(author_fields_put(&fields, "person"), BYTES_ARRAY(person));
    else
        mp_put_bin(author_fields_put(&fields, "target"), BYTES_ARRAY(about.id));
    for (size_t i = 0; names[i] != NULL; i++)
        author_fields_take(&fields, call, names[i]);
    draft.topic = own_topic != NULL ? own_topic
                  : is_person       ? person
                                    : about.topic;
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, author_reply_id);
    author_fields_wipe(&fields);
}

void method_report(struct call *call)
{
    tell(call, KIND_REPORT, NULL);
}

void method_ruling(struct call *call)
{
    const struct person_keys *me = param_signer(call);

    if (me != NULL)
        tell(call, KIND_RULING, me->person);
}
