/* Comments and feedback about one object, a page at a time. */
#include "proto/view_said.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/class_state.h"
#include "proto/kind.h"
#include "proto/view_talk.h"

/* A page ends early here: the rest of the answer needs room, too. */
#define PAGE_BYTES_MAX (CONTROL_MESSAGE_MAX / 2)

/* One thing that was said: its place in the list, and what is shown of it. */
struct said {
    const struct topic_entry *first;
    const struct topic_entry *shown;
    bool is_pinned;
};

struct said_list {
    struct said *items;
    uint32_t count;
};

/* ---- gathering ---- */

static bool says_pinned(const struct topic_entry *shown)
{
    struct mp_doc *doc;
    bool pinned;

    if (topic_entry_body(&doc, shown) != ERR_OK)
        return false;
    pinned = mp_bool(mp_get(mp_doc_root(doc), "pinned"));
    mp_doc_free(doc);
    return pinned;
}

static struct said said_of(const struct topic_state *ts,
                           const struct topic_entry *shown)
{
    const struct record *r = &shown->record;

    /* §7.13.6: a pin counts where its author leads. */
    return (struct said){ .first = &ts->entries[shown->first],
                          .shown = shown,
                          .is_pinned = r->kind == KIND_COMMENT &&
                                       authority_is_leader(ts, r->author,
                                                           r->created_ms) &&
                                       says_pinned(shown) };
}

/* Pinned ones first, then in order of their first versions. */
static int compare(const void *left, const void *right)
{
    const struct said *a = left;
    const struct said *b = right;

    if (a->is_pinned != b->is_pinned)
        return a->is_pinned ? -1 : 1;
    return topic_entry_compare(a->first, b->first);
}

/* Whether `e` is the version that stands, and its target that object. */
static bool is_about(const struct topic_state *ts, const struct topic_entry *e,
                     uint32_t object)
{
    uint8_t id[ID_LEN];
    uint32_t at;

    if (!verdict_is_in_force(&e->verdict) || topic_state_current(ts, e) != e ||
        !record_link_find(&e->record, RELATION_TARGET, id))
        return false;
    at = topic_state_index(ts, id);
    return at != TOPIC_NONE && ts->entries[at].first == object;
}

/* All of that kind about the object of `e`, in the order of the list. */
static enum err gather(struct said_list *out, const struct view *v,
                       const struct topic_entry *e, uint64_t kind)
{
    const struct topic_state *ts = v->topic;
    struct said_list list = { 0 };
    struct topic_namers namers;
    enum err err = topic_namers_of(&namers, ts, e->first, kind);

    if (err != ERR_OK)
        return err;
    if (namers.count > 0) {
        list.items = calloc(namers.count, sizeof *list.items);
        err = list.items == NULL ? ERR_NO_MEMORY : ERR_OK;
    }
    for (uint32_t i = 0; err == ERR_OK && i < namers.count; i++) {
        const struct topic_entry *by = &ts->entries[namers.at[i]];

        if (is_about(ts, by, e->first))
            list.items[list.count++] = said_of(ts, by);
    }
    topic_namers_wipe(&namers);
    if (err != ERR_OK)
        return err;
    if (list.count > 1)
        qsort(list.items, list.count, sizeof *list.items, compare);
    *out = list;
    return ERR_OK;
}

/* ---- pages ---- */

/* Where the page begins: behind `after`, be that still in the list or not. */
static enum err begin_at(uint32_t *out, const struct said_list *list,
                         const struct view *v, const uint8_t *after)
{
    const struct topic_state *ts = v->topic;
    const struct topic_entry *e;
    struct said last;
    uint32_t at = 0;

    if (after != NULL) {
        e = topic_state_find(ts, after);
        if (e == NULL)
            return ERR_USAGE;
        if (topic_state_current(ts, e) != NULL)
            e = topic_state_current(ts, e);
        last = said_of(ts, e);
        while (at < list->count && compare(&list->items[at], &last) <= 0)
            at++;
    }
    *out = at;
    return ERR_OK;
}

static enum err put_said(struct writer *w, const struct view *v,
                         const struct said *said)
{
    struct view_pairs p = view_pairs_begin();
    enum class_part part = CLASS_NONE;
    enum err err;

    if (said->shown->record.kind == KIND_FEEDBACK)
        part = class_part_of(v->topic, said->shown->record.author,
                             said->shown->record.created_ms);
    if (part != CLASS_NONE)
        view_put_text(&p, "part", class_part_text(part));
    err = view_put_words(&p, v, said->shown);
    return view_pairs_finish(&p, err, w, 0);
}

/* The items of the page; *count of them. */
static enum err put_items(struct writer *items, const struct view *v,
                          const struct said_list *list, struct view_page *page,
                          uint32_t *count)
{
    uint32_t at;
    enum err err = begin_at(&at, list, v, page->after);

    if (err != ERR_OK)
        return err;
    while (err == ERR_OK && at < list->count &&
           (page->limit == 0 || *count < page->limit) &&
           items->len < PAGE_BYTES_MAX) {
        const struct said *said = &list->items[at++];

        memcpy(page->next, said->first->record.id, ID_LEN);
        if (view_hides(v, said->shown)) {
            page->has_hidden = true;
            continue;
        }
        err = put_said(items, v, said);
        ++*count;
    }
    page->has_next = at < list->count;
    return err == ERR_OK ? items->err : err;
}

/* The page of `list` as an array. */
static enum err put_page(struct writer *w, const struct view *v,
                         const struct said_list *list, struct view_page *page)
{
    struct writer items = writer_growing(CONTROL_MESSAGE_MAX);
    uint32_t count = 0;
    enum err err;

    page->has_hidden = false;
    page->has_next = false;
    err = put_items(&items, v, list, page, &count);
    mp_put_array(w, count);
    writer_bytes(w, writer_view(&items));
    writer_free(&items);
    return err;
}

static enum err put_list(struct writer *w, const struct view *v,
                         const struct topic_entry *e, uint64_t kind,
                         struct view_page *page)
{
    struct said_list list;
    enum err err = gather(&list, v, e, kind);

    if (err != ERR_OK)
        return err;
    err = put_page(w, v, &list, page);
    free(list.items);
    return err;
}

enum err view_thread_show(struct writer *w, const struct view *v,
                          const uint8_t id[ID_LEN], struct view_page *page,
                          uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct view_pairs p = view_pairs_begin();
    enum err err = ERR_NOT_FOUND;

    assert(page != NULL);
    if (e != NULL) {
        view_key(&p, "comments");
        err = put_list(&p.w, v, e, KIND_COMMENT, page);
    }
    if (err == ERR_OK)
        err = view_put_words(&p, v, e);
    return view_pairs_finish(&p, err, w, extra);
}

enum err view_feedback_list(struct writer *w, const struct view *v,
                            const uint8_t id[ID_LEN], struct view_page *page)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);

    assert(page != NULL);
    return e == NULL ? ERR_NOT_FOUND : put_list(w, v, e, KIND_FEEDBACK, page);
}
