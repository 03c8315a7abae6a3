/* What a bundle holds, as the check of it found out. */
#include <assert.h>

#include "proto/bundle_check_parts.h"
#include "proto/credits.h"
#include "proto/kind.h"
#include "proto/view.h"

enum { FILES_TOLD = 1000 };

static bool is_whole(const struct checked_file *file)
{
    return !file->is_damaged && file->spans == blob_span_count(file->blob.size);
}

static struct bytes name_of(void *context, const uint8_t person[ID_LEN])
{
    const struct bundle_check *c = context;

    return bundle_people_name(&c->people, person);
}

static void put_key(struct writer *w, const char *key, const uint8_t *id)
{
    mp_put_text(w, key);
    if (id == NULL)
        mp_put_nil(w);
    else
        mp_put_bin(w, (struct bytes){ id, ID_LEN });
}

static void put_uint(struct writer *w, const char *key, uint64_t v)
{
    mp_put_text(w, key);
    mp_put_uint(w, v);
}

static void put_file(struct writer *w, const struct checked_file *file)
{
    mp_put_map(w, 4);
    mp_put_text(w, "name");
    mp_put_str(w, file->name);
    put_key(w, "root", file->blob.root);
    put_uint(w, "size", file->blob.size);
    mp_put_text(w, "state");
    mp_put_text(w, is_whole(file)     ? "whole"
                   : file->is_damaged ? "damaged"
                                      : "missing");
}

static void put_files(const struct bundle_check *c, struct writer *w)
{
    uint32_t told =
        c->files_count < FILES_TOLD ? (uint32_t)c->files_count : FILES_TOLD;

    mp_put_text(w, "files");
    mp_put_array(w, told);
    for (int whole = 0; whole < 2; whole++)
        for (size_t i = 0; i < c->files_count && told > 0; i++)
            if (is_whole(&c->files[i]) == (whole == 1)) {
                put_file(w, &c->files[i]);
                told--;
            }
}

/* What the bundle is about: the release, or the project as it is now. */
static const struct topic_entry *subject(const struct bundle_check *c)
{
    const struct topic_entry *entry = topic_state_find(
        c->topic, c->about.has_subject ? c->about.subject : c->about.topic);
    const struct topic_entry *current = NULL;

    if (entry != NULL && !c->about.has_subject)
        current = topic_state_current(c->topic, entry);
    return current == NULL ? entry : current;
}

static void put_author(const struct bundle_check *c, struct writer *w,
                       const struct topic_entry *entry)
{
    struct bytes name = { (const uint8_t *)"", 0 };

    if (entry != NULL)
        name = bundle_people_name(&c->people, entry->record.author);
    mp_put_text(w, "author");
    mp_put_map(w, 3);
    put_key(w, "person", entry == NULL ? NULL : entry->record.author);
    mp_put_text(w, "name");
    mp_put_str(w, name);
    put_key(w, "device", entry == NULL ? NULL : entry->record.signer);
}

static void put_verdict(const struct bundle_check *c, struct writer *w,
                        const struct topic_entry *entry)
{
    char text[VERDICT_TEXT_MAX] = "it is not in the file";
    struct bytes name = { NULL, 0 };

    if (entry != NULL) {
        if (entry->verdict.about == VERDICT_ABOUT_PERSON)
            name = bundle_people_name(&c->people, entry->verdict.subject);
        verdict_text(&entry->verdict, name, text);
    }
    mp_put_text(w, "verdict");
    mp_put_text(w, text);
    mp_put_text(w, "in_force");
    mp_put_bool(w, entry != NULL && verdict_is_in_force(&entry->verdict));
}

static void put_about(const struct bundle_check *c, struct writer *w,
                      const struct topic_entry *entry)
{
    const struct kind *kind =
        entry == NULL ? NULL : kind_find(entry->record.kind);
    struct mp_doc *doc = NULL;
    const struct mp_value *map = NULL;

    if (entry != NULL && topic_entry_body(&doc, entry) == ERR_OK)
        map = mp_doc_root(doc);
    mp_put_text(w, "network");
    mp_put_text(w, c->about.network.name);
    put_key(w, "topic", c->about.topic);
    put_key(w, "subject", c->about.has_subject ? c->about.subject : NULL);
    mp_put_text(w, "kind");
    mp_put_text(w, kind == NULL ? "" : kind->name);
    mp_put_text(w, "title");
    mp_put_str(w, mp_type(mp_get(map, "title")) == MP_STR
                      ? mp_str(mp_get(map, "title"))
                      : (struct bytes){ (const uint8_t *)"", 0 });
    put_uint(w, "created_ms", entry == NULL ? 0 : entry->record.created_ms);
    put_author(c, w, entry);
    put_verdict(c, w, entry);
    mp_doc_free(doc);
}

static enum err put_credits(struct bundle_check *c, struct writer *w)
{
    const struct view_names names = { name_of, c };
    const struct view view = { .topic = c->topic, .names = &names };
    struct credits credits;
    enum err e = c->about.has_subject
                     ? credits_of_release(&credits, c->topic, c->about.subject)
                     : ERR_NOT_FOUND;

    mp_put_text(w, "credits");
    if (e == ERR_NO_MEMORY)
        return e;
    if (e != ERR_OK) {
        mp_put_array(w, 0);
        return ERR_OK;
    }
    view_credits(w, &view, &credits);
    credits_wipe(&credits);
    return ERR_OK;
}

enum err bundle_check_finish(struct bundle_check *c, struct writer *w)
{
    enum err e = c->err;

    if (e == ERR_OK && !bundle_reader_is_done(&c->reader))
        e = ERR_TRUNCATED;
    if (e != ERR_OK)
        return e;
    c->missing = 0;
    for (size_t i = 0; i < c->files_count; i++)
        c->missing += !is_whole(&c->files[i]);
    c->is_finished = true;
    mp_put_map(w, 18);
    put_about(c, w, subject(c));
    put_uint(w, "records", bundle_reader_counts(&c->reader)->records);
    put_uint(w, "refused", c->refused);
    put_uint(w, "heads", bundle_reader_counts(&c->reader)->heads);
    e = put_credits(c, w);
    put_files(c, w);
    put_uint(w, "files_count", c->files_count);
    put_uint(w, "missing", c->missing);
    put_uint(w, "damaged", c->damaged);
    put_uint(w, "unnamed", c->unnamed);
    return e == ERR_OK ? w->err : e;
}

enum err bundle_check_verdict(const struct bundle_check *c)
{
    const struct topic_entry *entry = subject(c);

    assert(c->is_finished);
    if (c->damaged > 0)
        return ERR_BAD_BLOB;
    if (c->refused > 0)
        return ERR_BAD_SIGNATURE;
    if (entry == NULL || !verdict_is_in_force(&entry->verdict))
        return ERR_REFUSED;
    return c->missing > 0 ? ERR_NOT_HELD : ERR_OK;
}
