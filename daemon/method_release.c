/* Releases and their credits. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/importer.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/mix.h"
#include "daemon/pair.h"
#include "proto/credits.h"
#include "proto/view_work.h"

enum { PARTS_MAX = 512 };

/* A release on its way: its parts by id, its files, then the record. */
struct releasing {
    uint8_t topic[ID_LEN];
    uint8_t parts[PARTS_MAX][ID_LEN];
    uint8_t versions[PARTS_MAX][ID_LEN]; /* of the parts, that are released */
    size_t parts_count;
    struct import_list *files;
};

/* Project and parts of the params; NULL after the call has been failed. */
static struct releasing *releasing_of(struct call *call)
{
    const struct mp_value *parts = call_param(call, "parts");
    struct releasing *r = call_alloc(call, sizeof *r);
    struct store_item item;

    if (r == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    if (!param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT, &item))
        return NULL;
    memcpy(r->topic, item.topic, ID_LEN);
    if (mp_count(parts) == 0 || mp_count(parts) > PARTS_MAX) {
        call_fail(call, ERR_USAGE, "a release has 1 to 512 parts",
                  "Name each work that is in it with --part.");
        return NULL;
    }
    for (uint32_t i = 0; i < mp_count(parts); i++) {
        if (!param_value_record(call, mp_at(parts, i), PARAM_SIGNS, &item))
            return NULL;
        if (memcmp(item.topic, r->topic, ID_LEN) != 0) {
            call_fail(call, ERR_REFUSED, "a part is of another project",
                      "Contribute it to this project first, citing it.");
            return NULL;
        }
        memcpy(r->parts[r->parts_count++], item.id, ID_LEN);
    }
    return r;
}

/* Answers {credits} and wipes them. */
static void reply_credits(struct call *call, const struct view *view,
                          struct credits *credits)
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 1);
    mp_put_text(w, "credits");
    view_credits(w, view, credits);
    credits_wipe(credits);
    call_send(call);
}

void method_release_draft(struct call *call)
{
    struct releasing *r = releasing_of(call);
    struct credits credits;
    struct view view;
    enum err e;

    if (r == NULL || !param_view(call, r->topic, &view))
        return;
    e = credits_draft(&credits, view.topic, (const uint8_t(*)[ID_LEN])r->parts,
                      r->parts_count);
    if (e != ERR_OK) {
        listing_fail(call, e, "a part is not in this project");
        return;
    }
    reply_credits(call, &view, &credits);
}

/* --- publish --- */

/* One credit of the body from one line of the params. */
static void put_credit(struct writer *w, const struct mp_value *line,
                       struct bytes role)
{
    static const char *const kept[] = { "contribution", "influence", "name",
                                        "note", "person" };
    uint32_t count = 1;
    const struct mp_value *v;

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        v = mp_get(line, kept[i]);
        count +=
            mp_type(v) == MP_NIL || (mp_type(v) == MP_STR && mp_str(v).len == 0)
                ? 0
                : 1;
    }
    mp_put_map(w, count);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        v = mp_get(line, kept[i]);
        if (mp_type(v) == MP_NIL ||
            (mp_type(v) == MP_STR && mp_str(v).len == 0))
            continue;
        mp_put_text(w, kept[i]);
        mp_put_value(w, v);
    }
    pair_str(w, "role", role);
}

/* Lines as the draft has them carry roles[]: a credit each. */
static void put_credits(struct author_fields *fields,
                        const struct mp_value *lines)
{
    struct writer *w = author_fields_put(fields, "credits");
    uint32_t count = 0;

    for (uint32_t i = 0; i < mp_count(lines); i++) {
        uint32_t roles = mp_count(mp_get(mp_at(lines, i), "roles"));

        count += roles == 0 ? 1 : roles;
    }
    mp_put_array(w, count);
    for (uint32_t i = 0; i < mp_count(lines); i++) {
        const struct mp_value *line = mp_at(lines, i);
        const struct mp_value *roles = mp_get(line, "roles");
        struct bytes role = mp_str(mp_get(line, "role"));

        if (mp_count(roles) == 0)
            put_credit(w, line,
                       role.len > 0 ? role : BYTES_LITERAL("contributor"));
        for (uint32_t r = 0; r < mp_count(roles); r++)
            put_credit(w, line, mp_str(mp_at(roles, r)));
    }
}

static void put_body(struct author_fields *fields, struct call *call,
                     const struct releasing *r)
{
    struct writer *w = author_fields_put(fields, "files");

    mp_put_array(w, (uint32_t)r->files->count);
    for (size_t i = 0; i < r->files->count; i++)
        import_file_put(w, &r->files->files[i]);
    w = author_fields_put(fields, "parts");
    mp_put_array(w, (uint32_t)r->parts_count);
    for (size_t i = 0; i < r->parts_count; i++) {
        mp_put_map(w, 2);
        pair_id(w, "contribution", r->parts[i]);
        pair_id(w, "version", r->versions[i]);
    }
    put_credits(fields, call_param(call, "credits"));
    author_fields_take(fields, call, "omitted");
    author_fields_put_id(fields, "project", r->topic);
}

static void reply_released(struct call *call, const uint8_t id[ID_LEN])
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 2);
    pair_id(w, "id", id);
    pair_array(w, "missing", 0);
    call_send(call);
}

/* Who is missing, in one sentence: names, or ids where no name is known. */
static void fail_missing(struct call *call, const struct credits *missing)
{
    char text[1024] = "work of these people is in it, and they are neither "
                      "credited nor omitted with a reason: ";
    size_t len = strlen(text);

    for (uint32_t i = 0; i < missing->count; i++) {
        const struct credit *line = &missing->lines[i];
        char id[2 * ID_LEN + 1];
        struct bytes name = line->has_person
                                ? desk_name(call_desk(call), line->person)
                                : line->name;
        const char *separator = i == 0 ? "" : ", ";

        hex_encode(id, BYTES_ARRAY(line->person));
        if (len + name.len + sizeof id + 8 > sizeof text)
            break;
        memcpy(text + len, separator, strlen(separator));
        len += strlen(separator);
        if (name.len > 0) {
            memcpy(text + len, name.data, name.len);
            len += name.len;
        }
        if (line->has_person) {
            text[len++] = ' ';
            memcpy(text + len, id, 16);
            len += 16;
        }
    }
    text[len] = '\0';
    call_fail(call, ERR_REFUSED, text,
              "Add --credit PERSON=ROLE or --omit PERSON=REASON for each; "
              "troupe release draft writes all of them.");
}

/* A list of people as the rules read it: ids that a client gave in hex. */
static void put_named(struct writer *w, const struct mp_value *list,
                      const char *key)
{
    pair_array(w, key, mp_count(list));
    for (uint32_t i = 0; i < mp_count(list); i++) {
        const struct mp_value *item = mp_at(list, i);
        const struct mp_value *person = mp_get(item, "person");
        struct bytes id = mp_bin(person);
        uint8_t bin[ID_LEN];

        if (mp_type(person) == MP_STR &&
            hex_decode(bin, ID_LEN, (const char *)mp_str(person).data,
                       mp_str(person).len) == ERR_OK)
            id = BYTES_ARRAY(bin);
        mp_put_map(w, 2);
        pair_bin(w, "person", id);
        pair_str(w, "reason", mp_str(mp_get(item, "reason")));
    }
}

/* Who is in it and who is named, however long the lists are. */
static enum err find_missing(struct credits *out, struct call *call,
                             const struct releasing *r,
                             const struct topic_state *ts)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    struct mp_doc *doc = NULL;
    enum err e;

    mp_put_map(&w, 3);
    put_named(&w, call_param(call, "credits"), "credits");
    put_named(&w, call_param(call, "omitted"), "omitted");
    pair_array(&w, "parts", (uint32_t)r->parts_count);
    for (size_t i = 0; i < r->parts_count; i++) {
        mp_put_map(&w, 1);
        pair_id(&w, "contribution", r->parts[i]);
    }
    e = w.err;
    if (e == ERR_OK)
        e = mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED);
    if (e == ERR_OK)
        e = credits_missing(out, ts, mp_doc_root(doc));
    mp_doc_free(doc);
    writer_free(&w);
    return e;
}

/* Pins each part: what is released is the version of now. */
static void pin(struct releasing *r, const struct topic_state *ts)
{
    for (size_t i = 0; i < r->parts_count; i++) {
        const struct topic_entry *e = topic_state_find(ts, r->parts[i]);
        const struct topic_entry *shown =
            e == NULL ? NULL : topic_state_current(ts, e);

        memcpy(r->versions[i], r->parts[i], ID_LEN);
        if (shown == NULL)
            continue;
        memcpy(r->versions[i], shown->record.id, ID_LEN);
        memcpy(r->parts[i], ts->entries[shown->first].record.id, ID_LEN);
    }
}

/* Whether everybody is named, and licences go together; else the call fails. */
static bool is_complete(struct call *call, struct releasing *r)
{
    struct credits missing;
    struct view view;
    bool good;
    enum err e;

    if (!param_view(call, r->topic, &view))
        return false;
    e = find_missing(&missing, call, r, view.topic);
    if (e != ERR_OK) {
        listing_fail(call, e, "a part is not in this project");
        return false;
    }
    good = missing.count == 0;
    if (!good)
        fail_missing(call, &missing);
    else
        good = mix_may_release(call, view.topic, &missing.bears);
    credits_wipe(&missing);
    if (good)
        pin(r, view.topic);
    return good;
}

static void on_imported(struct call *call, struct import_list *files)
{
    struct releasing *r = call_data(call);
    struct author_draft draft = { .kind = KIND_RELEASE,
                                  .topic = r->topic,
                                  .listed = true };
    struct author_fields fields;

    (void)files;
    if (!is_complete(call, r))
        return;
    author_fields_init(&fields);
    put_body(&fields, call, r);
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, reply_released);
    author_fields_wipe(&fields);
}

void method_release_publish(struct call *call)
{
    struct releasing *r;

    if (param_signer(call) == NULL)
        return;
    r = releasing_of(call);
    if (r == NULL)
        return;
    call_set_data(call, r);
    r->files = import_list_new_long(call);
    if (r->files == NULL ||
        !import_list_take(call, r->files, call_param(call, "files")))
        return;
    if (r->files->count == 0) {
        call_fail(call, ERR_USAGE, "a release has at least one file",
                  "Name the finished work with --file.");
        return;
    }
    importer_run(call, r->files, r->topic, on_imported);
}

/* --- show --- */

void method_release_show(struct call *call)
{
    struct store_item item;

    if (param_record_of(call, "release", PARAM_READS, KIND_RELEASE, &item))
        listing_show(call, &item, view_release_show, "this is no release");
}

void method_credits(struct call *call)
{
    struct credits credits;
    struct store_item item;
    struct view view;
    enum err e;

    if (!param_record_of(call, "release", PARAM_READS, KIND_RELEASE, &item) ||
        !param_view(call, item.topic, &view))
        return;
    e = credits_of_release(&credits, view.topic, item.id);
    if (e != ERR_OK) {
        listing_fail(call, e, "this is no release");
        return;
    }
    reply_credits(call, &view, &credits);
}

void method_attribution(struct call *call)
{
    struct store_item item;

    if (param_record(call, "record", PARAM_READS, &item))
        listing_show(call, &item, view_attribution,
                     "only a contribution or a release is attributed");
}
