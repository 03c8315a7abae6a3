/* Pairs of a map whose number is known only at its end. */
#include "proto/view_pairs.h"

#include <assert.h>
#include <string.h>

#include "proto/kind.h"

bool view_hides(const struct view *v, const struct topic_entry *e)
{
    return v->filter != NULL &&
           v->filter->hides(v->filter->context, v->topic, e);
}

struct view_pairs view_pairs_begin(void)
{
    return (struct view_pairs){ .w = writer_growing(CONTROL_MESSAGE_MAX) };
}

enum err view_pairs_end(struct view_pairs *p, struct writer *w, uint32_t extra)
{
    enum err err = p->w.err;

    if (err == ERR_OK) {
        mp_put_map(w, p->count + extra);
        writer_bytes(w, writer_view(&p->w));
    }
    view_pairs_drop(p);
    return err;
}

void view_pairs_drop(struct view_pairs *p)
{
    writer_free(&p->w);
    *p = (struct view_pairs){ 0 };
}

enum err view_pairs_finish(struct view_pairs *p, enum err err, struct writer *w,
                           uint32_t extra)
{
    if (err == ERR_OK)
        return view_pairs_end(p, w, extra);
    view_pairs_drop(p);
    return err;
}

void view_key(struct view_pairs *p, const char *name)
{
    assert(p->names_count < VIEW_PAIRS_MAX);
    p->names[p->names_count++] = name;
    p->count++;
    mp_put_text(&p->w, name);
}

void view_put_text(struct view_pairs *p, const char *name, const char *text)
{
    view_key(p, name);
    mp_put_text(&p->w, text);
}

void view_put_str(struct view_pairs *p, const char *name, struct bytes text)
{
    view_key(p, name);
    mp_put_str(&p->w, text);
}

void view_put_uint(struct view_pairs *p, const char *name, uint64_t v)
{
    view_key(p, name);
    mp_put_uint(&p->w, v);
}

void view_put_bool(struct view_pairs *p, const char *name, bool v)
{
    view_key(p, name);
    mp_put_bool(&p->w, v);
}

void view_put_id(struct view_pairs *p, const char *name,
                 const uint8_t id[ID_LEN])
{
    view_key(p, name);
    mp_put_bin(&p->w, (struct bytes){ id, ID_LEN });
}

static struct bytes name_of(const struct view *v, const uint8_t person[ID_LEN])
{
    if (v->names == NULL)
        return (struct bytes){ 0 };
    return v->names->name(v->names->context, person);
}

void view_put_person(struct view_pairs *p, const struct view *v,
                     const char *name, const char *name_name,
                     const uint8_t person[ID_LEN])
{
    struct bytes known = name_of(v, person);

    view_put_id(p, name, person);
    if (known.len > 0)
        view_put_str(p, name_name, known);
}

static bool is_put(const struct view_pairs *p, struct bytes key)
{
    for (uint32_t i = 0; i < p->names_count; i++) {
        const char *name = p->names[i];

        if (bytes_equal(key,
                        (struct bytes){ (const uint8_t *)name, strlen(name) }))
            return true;
    }
    return false;
}

/* An erased body is absent on every node: only what the head says is left. */
static enum err render(const struct topic_entry *e, struct writer *w)
{
    struct record r = e->record;

    if (e->is_erased)
        r.body = (struct bytes){ 0 };
    return kind_render(&r, w);
}

enum err view_put_fields(struct view_pairs *p, const struct topic_entry *e)
{
    struct writer fields = writer_growing(CONTROL_MESSAGE_MAX);
    const struct mp_value *root;
    struct mp_doc *doc = NULL;
    enum err err = render(e, &fields);

    if (err == ERR_OK)
        err = fields.err;
    if (err == ERR_OK)
        err = mp_doc_parse(&doc, writer_view(&fields), MP_WELL_FORMED);
    if (err == ERR_OK) {
        root = mp_doc_root(doc);
        for (uint32_t i = 0; i < mp_count(root); i++) {
            if (is_put(p, mp_key_at(root, i)))
                continue;
            mp_put_str(&p->w, mp_key_at(root, i));
            mp_put_value(&p->w, mp_value_at(root, i));
            p->count++;
        }
    }
    mp_doc_free(doc);
    writer_free(&fields);
    return err;
}

void view_put_verdict(struct view_pairs *p, const struct view *v,
                      const struct topic_entry *e)
{
    const struct verdict *verdict = &e->verdict;
    char text[VERDICT_TEXT_MAX];
    struct bytes name = { 0 };

    if (verdict->about == VERDICT_ABOUT_PERSON)
        name = name_of(v, verdict->subject);
    verdict_text(verdict, name, text);
    view_put_bool(p, "in_force", verdict_is_in_force(verdict));
    view_put_text(p, "state", verdict_state_text(verdict->state));
    view_put_text(p, "void_reason", text);
    if (verdict->about != VERDICT_ABOUT_NOTHING)
        view_put_id(p, "subject", verdict->subject);
}

struct view_list view_list_begin(void)
{
    return (struct view_list){ .w = writer_growing(CONTROL_MESSAGE_MAX) };
}

void view_list_end(struct view_list *list, struct view_pairs *p,
                   const char *name)
{
    view_key(p, name);
    mp_put_array(&p->w, list->count);
    writer_bytes(&p->w, writer_view(&list->w));
    if (list->w.err != ERR_OK)
        writer_fail(&p->w, list->w.err);
    writer_free(&list->w);
}
