/* What is said of a split: feedback and replies, receipts, what is void. */
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/split_circle.h"
#include "proto/view_split.h"

/* Strangers may say much: beyond this their words are left out of the view. */
#define FEEDBACK_BYTES_MAX ((size_t)384 * 1024)
#define VOID_MAX           200
#define RECEIPTS_MAX       1000

/* Who said it and when, and the fields of the record named in `fields`. */
static struct view_pairs said_begin(const struct view *v,
                                    const struct topic_entry *e)
{
    struct view_pairs p = view_pairs_begin();

    view_put_id(&p, "id", e->record.id);
    view_put_person(&p, v, "author", "author_name", e->record.author);
    view_put_uint(&p, "created_ms", e->record.created_ms);
    return p;
}

static enum err put_reply(struct view_list *items, const struct view *v,
                          const struct topic_entry *e)
{
    struct view_pairs p = said_begin(v, e);
    const struct mp_value *body;
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    body = mp_doc_root(doc);
    view_put_text(
        &p, "answer",
        kind_choice_name(CHOICES_ANSWER, mp_uint(mp_get(body, "answer"))));
    view_put_str(&p, "text", mp_str(mp_get(body, "text")));
    mp_doc_free(doc);
    items->count++;
    return view_pairs_end(&p, &items->w, 0);
}

static enum err put_replies(struct view_pairs *p, const struct view *v,
                            const struct topic_entry *feedback)
{
    struct view_list items = view_list_begin();
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(v->topic);
         i++) {
        const struct topic_entry *e = topic_state_at(v->topic, i);

        if (split_names(e, KIND_SPLIT_REPLY, RELATION_FEEDBACK, feedback))
            err = put_reply(&items, v, e);
    }
    view_list_end(&items, p, "replies");
    return err;
}

static enum err put_feedback(struct view_list *items, const struct view *v,
                             const struct topic_entry *e, bool in_circle,
                             bool answered)
{
    struct view_pairs p = said_begin(v, e);
    const struct mp_value *body;
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    body = mp_doc_root(doc);
    view_put_text(&p, "reason",
                  kind_choice_name(CHOICES_SPLIT_REASON,
                                   mp_uint(mp_get(body, "reason"))));
    view_put_str(&p, "text", mp_str(mp_get(body, "text")));
    if (mp_get(body, "proposed_bp") != NULL)
        view_put_uint(&p, "proposed_bp", mp_uint(mp_get(body, "proposed_bp")));
    view_put_bool(&p, "needs_answer", in_circle);
    view_put_bool(&p, "answered", answered);
    mp_doc_free(doc);
    if (answered) /* to look for what is not there costs a walk each */
        err = put_replies(&p, v, e);
    items->count++;
    return view_pairs_finish(&p, err, &items->w, 0);
}

/* First whoever is concerned, then strangers; what is too much is left out. */
enum err view_split_put_voices(struct view_pairs *p, const struct view *v,
                               const struct split_case *c)
{
    struct view_list items = view_list_begin();
    struct split_circle circle;
    bool *answered = NULL;
    bool is_cut = false;
    enum err err = split_circle_of(&circle, v->topic, c->proposal,
                                   c->final != NULL ? &c->shares : NULL);

    if (err != ERR_OK)
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    err = split_circle_answered(&answered, v->topic);
    for (int strangers = 0; err == ERR_OK && strangers < 2; strangers++) {
        for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(v->topic);
             i++) {
            const struct topic_entry *e = topic_state_at(v->topic, i);
            bool in_circle;

            if (!split_names(e, KIND_SPLIT_FEEDBACK, RELATION_PROPOSAL,
                             c->proposal))
                continue;
            in_circle = split_circle_has(&circle, e->record.author);
            if (in_circle != (strangers == 0))
                continue;
            is_cut = is_cut || items.w.len > FEEDBACK_BYTES_MAX;
            if (!is_cut)
                err = put_feedback(&items, v, e, in_circle,
                                   answered[e - v->topic->entries]);
        }
    }
    free(answered);
    split_circle_wipe(&circle);
    view_list_end(&items, p, "feedback");
    view_put_bool(p, "feedback_cut", is_cut);
    return err;
}

enum err view_split_put_receipts(struct view_pairs *p, const struct view *v,
                                 const struct split_case *c)
{
    struct view_list items = view_list_begin();
    enum err err = ERR_OK;

    for (uint32_t i = 0;
         err == ERR_OK && c->final != NULL && i < topic_state_count(v->topic) &&
         items.count < RECEIPTS_MAX;
         i++) {
        const struct topic_entry *e = topic_state_at(v->topic, i);
        struct view_pairs one;

        if (!split_names(e, KIND_RECEIPT, RELATION_FINAL, c->final))
            continue;
        one = said_begin(v, e);
        view_put_text(&one, "state", verdict_state_text(e->verdict.state));
        err = view_put_fields(&one, e);
        items.count++;
        err = view_pairs_finish(&one, err, &items.w, 0);
    }
    view_list_end(&items, p, "receipts");
    return err;
}

/* Whether `e` belongs to the case, by what it names. */
static bool is_of_case(const struct topic_state *ts, const struct split_case *c,
                       const struct topic_entry *e)
{
    const struct topic_entry *named = NULL;

    switch (e->record.kind) {
    case KIND_SPLIT_PROPOSAL:
        return split_target(ts, e, RELATION_INCOME) == c->income;
    case KIND_SPLIT_REPLY:
        named = split_target(ts, e, RELATION_FEEDBACK);
        break;
    case KIND_RECEIPT:
        named = split_target(ts, e, RELATION_FINAL);
        break;
    case KIND_SPLIT_FEEDBACK:
    case KIND_SPLIT_ACCEPT:
    case KIND_SPLIT_FINAL:
        named = e;
        break;
    default:
        break;
    }
    return named != NULL && c->proposal != NULL &&
           split_target(ts, named, RELATION_PROPOSAL) == c->proposal;
}

static void put_void(struct view_list *items, const struct view *v,
                     const struct topic_entry *e)
{
    struct view_pairs p = view_pairs_begin();
    char text[VERDICT_TEXT_MAX];
    struct bytes name = { NULL, 0 };

    if (e->verdict.about == VERDICT_ABOUT_PERSON && v->names != NULL)
        name = v->names->name(v->names->context, e->verdict.subject);
    verdict_text(&e->verdict, name, text);
    view_put_id(&p, "record", e->record.id);
    view_put_text(&p, "kind", kind_find(e->record.kind)->name);
    view_put_person(&p, v, "author", "author_name", e->record.author);
    view_put_uint(&p, "created_ms", e->record.created_ms);
    view_put_text(&p, "reason", text);
    items->count++;
    if (view_pairs_end(&p, &items->w, 0) != ERR_OK)
        writer_fail(&items->w, ERR_NO_MEMORY);
}

void view_split_put_voids(struct view_pairs *p, const struct view *v,
                          const struct split_case *c)
{
    struct view_list items = view_list_begin();

    for (uint32_t i = 0;
         i < topic_state_count(v->topic) && items.count < VOID_MAX; i++) {
        const struct topic_entry *e = topic_state_at(v->topic, i);

        if (e->verdict.state == VERDICT_VOID && is_of_case(v->topic, c, e))
            put_void(&items, v, e);
    }
    view_list_end(&items, p, "void");
}
