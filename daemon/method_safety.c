/* What one does not want here: blocks, keepers, take-downs; what one tells
 * others of it: reports, rulings; what one takes back. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/laying.h"
#include "daemon/methods.h"
#include "daemon/param.h"
#include "daemon/safety.h"

/* A row about a person is no more, if there is one. */
static void lift_person(struct call *call, enum law_kind kind, const char *text,
                        const char *hint)
{
    struct laying *laying = laying_new(call, kind);

    if (laying != NULL && param_person(call, "person", laying->law.id) &&
        laying_must_have(call, laying, text, hint))
        laying_run(call);
}

/* ---- blocks ---- */

static void on_shared(struct call *call, const uint8_t id[ID_LEN])
{
    struct laying *laying = call_data(call);

    laying->has_record = true;
    memcpy(laying->record, id, ID_LEN);
    laying_run(call);
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
    author_fields_put_id(&fields, "person", laying->law.id);
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
        laying_run(call);
}

void method_unblock(struct call *call)
{
    lift_person(call, LAW_BLOCKED, "this person is not blocked",
                "See who is with: troupe block list");
}

void method_block_list(struct call *call)
{
    static const struct laying_sort sort = { LAW_BLOCKED, "person" };

    laying_send_list(call, &sort, 1);
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
    struct laying *laying = laying_new(call, LAW_NO_RECORD);

    if (laying == NULL || !takedown_of(call, &laying->law))
        return;
    laying->law.until_ms = 0;
    if (laying->law.reason_len == 0)
        call_fail(call, ERR_USAGE, "a take-down wants a reason",
                  "Say why, for yourself, with --reason TEXT.");
    else
        laying_run(call);
}

void method_takedown_lift(struct call *call)
{
    struct laying *laying = laying_new(call, LAW_NO_RECORD);

    if (laying != NULL && takedown_of(call, &laying->law) &&
        laying_must_have(call, laying, "this was not taken down",
                         "See what was with: troupe takedown list"))
        laying_run(call);
}

void method_takedown_list(struct call *call)
{
    static const struct laying_sort sorts[] = {
        { LAW_NO_RECORD, "record" },
        { LAW_NO_BLOB, "file" },
    };

    laying_send_list(call, sorts, 2);
}

/* ---- keepers ---- */

static void on_keeper_held(void *context, enum err e)
{
    struct call *call = context;

    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else
        laying_run(call);
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
        laying_run(call);
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
    static const struct laying_sort sorts[] = {
        { LAW_KEEPER, "keeper" },
        { LAW_SHOWN, "allowed" },
    };

    laying_send_list(call, sorts, 2);
}

/* A record or a person, whatever keepers have ruled; or no more. */
void method_keeper_allow(struct call *call)
{
    struct laying *laying = laying_new(call, LAW_SHOWN);

    if (laying == NULL || !param_id(call, "target", laying->law.id))
        return;
    laying->law.until_ms = 0;
    if (!mp_bool(call_param(call, "end")) ||
        laying_must_have(call, laying, "this is not shown against a ruling",
                         "See what is with: troupe keeper list"))
        laying_run(call);
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
