/* What one does not want here: blocks, keepers, take-downs; what one tells
 * others of it: reports, rulings; what one takes back. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/law_change.h"
#include "daemon/law_list.h"
#include "daemon/methods.h"
#include "daemon/param.h"
#include "daemon/safety.h"

/* A row about a person is no more, if there is one. */
static void lift_person(struct call *call, enum law_kind kind, const char *text,
                        const char *hint)
{
    struct law_change *change = law_change_new(call, kind);

    if (change != NULL && param_person(call, "person", change->law.id) &&
        law_change_must_have(call, change, text, hint))
        law_change_run(call);
}

/* ---- blocks ---- */

static void on_shared(struct call *call, const uint8_t id[ID_LEN])
{
    struct law_change *change = call_data(call);

    change->has_record = true;
    memcpy(change->record, id, ID_LEN);
    law_change_run(call);
}

/* A list of blocks that others may read; nobody applies it by itself. */
static void share_block(struct call *call, const struct law_change *change)
{
    struct author_draft draft = { .kind = KIND_BLOCK };
    const struct person_keys *me = param_signer(call);
    struct author_fields fields;

    if (me == NULL)
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "person", change->law.id);
    if (change->law.reason_len > 0)
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
    struct law_change *change = law_change_new(call, LAW_BLOCKED);

    if (change == NULL || !param_person(call, "person", change->law.id))
        return;
    if (me != NULL && memcmp(me->person, change->law.id, ID_LEN) == 0) {
        call_fail(call, ERR_USAGE, "this is yourself", NULL);
        return;
    }
    if (change->law.until_ms != 0 &&
        change->law.until_ms <= change->law.since_ms) {
        call_fail(call, ERR_USAGE, "this time has passed",
                  "Give a time to come, like --until +30d.");
        return;
    }
    if (mp_bool(call_param(call, "shareable")))
        share_block(call, change);
    else
        law_change_run(call);
}

void method_unblock(struct call *call)
{
    lift_person(call, LAW_BLOCKED, "this person is not blocked",
                "See who is with: troupe block list");
}

void method_block_list(struct call *call)
{
    static const struct law_list_kind kind = { LAW_BLOCKED, "person" };

    law_list_send(call, &kind, 1);
}

/* ---- take-downs ---- */

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
    struct law_change *change = law_change_new(call, LAW_NO_RECORD);

    if (change == NULL || !takedown_of(call, &change->law))
        return;
    change->law.until_ms = 0;
    if (change->law.reason_len == 0)
        call_fail(call, ERR_USAGE, "a take-down wants a reason",
                  "Say why, for yourself, with --reason TEXT.");
    else
        law_change_run(call);
}

void method_takedown_lift(struct call *call)
{
    struct law_change *change = law_change_new(call, LAW_NO_RECORD);

    if (change != NULL && takedown_of(call, &change->law) &&
        law_change_must_have(call, change, "this was not taken down",
                             "See what was with: troupe takedown list"))
        law_change_run(call);
}

void method_takedown_list(struct call *call)
{
    static const struct law_list_kind kinds[] = {
        { LAW_NO_RECORD, "record" },
        { LAW_NO_BLOB, "file" },
    };

    law_list_send(call, kinds, 2);
}

/* ---- keepers ---- */

static void on_keeper_held(void *context, enum err e)
{
    struct call *call = context;

    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else
        law_change_run(call);
}

/* Their rulings lie in their own topic, so that is held, too. */
void method_keeper_follow(struct call *call)
{
    struct node *node = call_node(call);
    struct law_change *change = law_change_new(call, LAW_KEEPER);
    struct store_follow follow = { .policy = STORE_POLICY_FOLLOW,
                                   .since_ms = node_clock_ms(node) };
    struct store_follow before;

    if (change == NULL || !param_person(call, "person", change->law.id))
        return;
    change->law.until_ms = 0;
    memcpy(follow.topic, change->law.id, ID_LEN);
    if (store_follow_find(node_store(node), follow.topic, &before) == ERR_OK)
        law_change_run(call);
    else
        node_follow(node, &follow, on_keeper_held, call);
}

void method_keeper_unfollow(struct call *call)
{
    lift_person(call, LAW_KEEPER, "this person's rulings are not followed",
                "See whose are with: troupe keeper list");
}

void method_keeper_list(struct call *call)
{
    static const struct law_list_kind kinds[] = {
        { LAW_KEEPER, "keeper" },
        { LAW_SHOWN, "allowed" },
    };

    law_list_send(call, kinds, 2);
}

/* A record or a person, whatever keepers have ruled; or no more. */
void method_keeper_allow(struct call *call)
{
    struct law_change *change = law_change_new(call, LAW_SHOWN);

    if (change == NULL || !param_id(call, "target", change->law.id))
        return;
    change->law.until_ms = 0;
    if (!mp_bool(call_param(call, "end")) ||
        law_change_must_have(call, change, "this is not shown against a ruling",
                             "See what is with: troupe keeper list"))
        law_change_run(call);
}

/* ---- reports and rulings ---- */

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
        author_fields_put_id(&fields, "person", person);
    else
        author_fields_put_id(&fields, "target", about.id);
    author_fields_take_all(&fields, call, names);
    draft.topic = own_topic != NULL ? own_topic
                  : is_person       ? person
                                    : about.topic;
    author_publish_fields(call, &draft, &fields);
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
