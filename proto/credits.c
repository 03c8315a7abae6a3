/*
 * Complete credits: from the parts breadth first through the citations in
 * force, so that the order of lines is the same on every node.
 */
#include "proto/credits.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/lineage.h"

/* Credits and omissions of a body, and 3,000 on each of its pages (§3.8). */
static_assert(CREDITS_LINES_MAX > 512 + 128 + TOPIC_PAGES_MAX * 3000,
              "who is not in the lines kept cannot all be credited");

/* One walk from the parts.  Nodes are first records of contributions. */
struct walk {
    const struct topic_state *ts;
    struct credits *credits;
    struct lineage_past past;
    uint32_t *pins;  /* by entry: what past.pins is */
    uint8_t *seen;   /* by entry */
    uint32_t *queue; /* each entry once */
    uint32_t queued;
};

/* What one record says about one person. */
struct mention {
    const uint8_t *person; /* or NULL */
    struct bytes name;
    struct bytes role;
    const uint8_t *contribution; /* or NULL */
    bool influence;
};

static struct bytes text_of(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

void credits_wipe(struct credits *c)
{
    free(c->lines);
    free(c->slots);
    *c = (struct credits){ 0 };
}

/* Persons are told apart by id, others by their name. */
static bool is_line_of(const struct credit *line, const struct mention *m)
{
    if (line->has_person != (m->person != NULL))
        return false;
    if (m->person != NULL)
        return memcmp(line->person, m->person, ID_LEN) == 0;
    return bytes_equal(line->name, m->name);
}

static uint32_t slot_of(const struct credits *c, struct bytes key)
{
    static const uint8_t fixed[crypto_shorthash_KEYBYTES] = { 0 };
    uint8_t hash[crypto_shorthash_BYTES];

    crypto_shorthash(hash, key.data, key.len, fixed);
    return (uint32_t)(get_u64(hash) & (c->slots_count - 1));
}

static struct bytes key_of(const struct credit *line)
{
    return line->has_person ? (struct bytes){ line->person, ID_LEN }
                            : line->name;
}

static enum err grow(struct credits *c)
{
    uint32_t cap = c->cap == 0 ? 16 : c->cap * 2;
    struct credit *lines;
    uint32_t *slots;

    if (c->count < c->cap)
        return ERR_OK;
    slots = calloc((size_t)cap * 2, sizeof *slots);
    if (slots == NULL)
        return ERR_NO_MEMORY;
    lines = realloc(c->lines, (size_t)cap * sizeof *lines);
    if (lines == NULL) {
        free(slots);
        return ERR_NO_MEMORY;
    }
    free(c->slots);
    c->lines = lines;
    c->slots = slots;
    c->cap = cap;
    c->slots_count = cap * 2;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t at = slot_of(c, key_of(&lines[i]));

        while (slots[at] != 0)
            at = (at + 1) & (c->slots_count - 1);
        slots[at] = i + 1;
    }
    return ERR_OK;
}

/* The line of whom `m` mentions, if there is one; *at is its slot. */
static struct credit *find_line(const struct credits *c,
                                const struct mention *m, uint32_t *at)
{
    struct bytes key = m->name;

    if (c->slots_count == 0)
        return NULL;
    if (m->person != NULL)
        key = (struct bytes){ m->person, ID_LEN };
    for (*at = slot_of(c, key); c->slots[*at] != 0;
         *at = (*at + 1) & (c->slots_count - 1)) {
        if (is_line_of(&c->lines[c->slots[*at] - 1], m))
            return &c->lines[c->slots[*at] - 1];
    }
    return NULL;
}

static void add_role(struct credit *line, struct bytes role)
{
    if (role.len == 0 || line->roles_count == CREDITS_ROLES_MAX)
        return;
    for (uint32_t i = 0; i < line->roles_count; i++) {
        if (bytes_equal(line->roles[i], role))
            return;
    }
    line->roles[line->roles_count++] = role;
}

static void add_contribution(struct credit *line, const uint8_t id[ID_LEN])
{
    if (line->contributions_count == CREDITS_CONTRIBUTIONS_MAX)
        return;
    for (uint32_t i = 0; i < line->contributions_count; i++) {
        if (memcmp(line->contributions[i], id, ID_LEN) == 0)
            return;
    }
    line->contributions[line->contributions_count++] = id;
}

static enum err mention(struct credits *c, const struct mention *m)
{
    uint32_t at = 0;
    struct credit *line;
    enum err err = c->count < CREDITS_LINES_MAX ? grow(c) : ERR_OK;

    if (err != ERR_OK)
        return err;
    line = find_line(c, m, &at);
    if (line == NULL && c->count == CREDITS_LINES_MAX) {
        c->is_cut = true;
        return ERR_OK;
    }
    if (line == NULL) {
        line = &c->lines[c->count];
        *line = (struct credit){ .has_person = m->person != NULL,
                                 .name = m->name,
                                 .influence = true };
        if (m->person != NULL)
            memcpy(line->person, m->person, ID_LEN);
        c->slots[at] = ++c->count;
    }
    if (line->name.len == 0)
        line->name = m->name;
    line->influence = line->influence && m->influence;
    add_role(line, m->role);
    if (m->contribution != NULL)
        add_contribution(line, m->contribution);
    return ERR_OK;
}

static void enqueue(struct walk *w, uint32_t first)
{
    if (w->seen[first])
        return;
    w->seen[first] = 1;
    w->queue[w->queued++] = first;
}

/* A person of a list that is a map with "person", "name" and "role". */
static enum err mention_map(struct credits *c, const struct mp_value *map,
                            struct mention m)
{
    uint8_t person[ID_LEN];

    m.name = mp_str(mp_get(map, "name"));
    m.role = mp_str(mp_get(map, "role"));
    if (mp_bin_exact(mp_get(map, "person"), person, ID_LEN))
        m.person = person;
    if (m.person == NULL && m.name.len == 0)
        return ERR_OK;
    return mention(c, &m);
}

/* What a work's body tells: its author's role and its performers. */
static enum err mention_body(struct walk *w, const struct mp_value *root,
                             struct mention m)
{
    const struct mp_value *performers = mp_get(root, "performers");
    uint64_t media = mp_uint(mp_get(root, "media_kind"));
    enum err err;

    m.role = mp_str(mp_get(root, "role_played"));
    if (m.role.len == 0 && media != 0)
        m.role = text_of(kind_choice_name(CHOICES_MEDIA_KIND, media));
    err = mention(w->credits, &m);
    for (uint32_t i = 0; err == ERR_OK && i < mp_count(performers); i++) {
        m.person = NULL;
        err = mention_map(w->credits, mp_at(performers, i), m);
    }
    return err;
}

/* The author is known from the head, whatever became of the body. */
static enum err mention_work(struct walk *w, uint32_t first, bool influence)
{
    const struct topic_entry *e = &w->ts->entries[first];
    const struct topic_entry *shown = lineage_version(w->ts, &w->past, first);
    struct mention m = { .person = e->record.author,
                         .contribution = e->record.id,
                         .influence = influence };
    struct mp_doc *doc;
    enum err err =
        shown == NULL ? ERR_NOT_FOUND : topic_entry_body(&doc, shown);

    if (err == ERR_NOT_FOUND)
        return mention(w->credits, &m);
    if (err != ERR_OK)
        return err;
    err = mention_body(w, mp_doc_root(doc), m);
    mp_doc_free(doc);
    return err;
}

/* §7.9: a source in another topic counts by what the citation states. */
static enum err mention_outside(struct walk *w, const struct mp_value *root)
{
    const struct mp_value *upstream = mp_get(root, "upstream");
    struct mention m = { .role = text_of("source"), .influence = true };
    uint8_t person[ID_LEN];
    enum err err = ERR_OK;

    m.person = person;
    if (mp_bin_exact(mp_get(root, "source_author"), person, ID_LEN))
        err = mention(w->credits, &m);
    m.role = text_of("upstream");
    for (uint32_t i = 0; err == ERR_OK && i < mp_count(upstream); i++) {
        if (mp_bin_exact(mp_at(upstream, i), person, ID_LEN))
            err = mention(w->credits, &m);
    }
    return err;
}

static enum err follow_edge(struct walk *w, const struct topic_edge *edge)
{
    struct mp_doc *doc;
    enum err err;

    if (edge->source != TOPIC_NONE) {
        enqueue(w, edge->source);
        return ERR_OK;
    }
    err = topic_entry_body(&doc, &w->ts->entries[edge->resource]);
    if (err != ERR_OK)
        return err;
    err = mention_outside(w, mp_doc_root(doc));
    mp_doc_free(doc);
    return err;
}

static enum err walk_queue(struct walk *w, uint32_t parts)
{
    for (uint32_t i = 0; i < w->queued; i++) {
        uint32_t first = w->queue[i];
        uint32_t at;
        uint32_t count = topic_edges_of_child(w->ts, first, &at);
        enum err err = mention_work(w, first, i >= parts);

        for (uint32_t k = 0; err == ERR_OK && k < count; k++)
            if (lineage_counts(w->ts, &w->past, &w->ts->edges[at + k]))
                err = follow_edge(w, &w->ts->edges[at + k]);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static void walk_wipe(struct walk *w)
{
    free(w->seen);
    free(w->queue);
    free(w->pins);
}

static enum err walk_init(struct walk *w, const struct topic_state *ts,
                          struct credits *credits,
                          const struct topic_entry *before)
{
    *w = (struct walk){ .ts = ts, .credits = credits };
    w->seen = calloc((size_t)ts->count + 1, 1);
    w->queue = calloc((size_t)ts->count + 1, sizeof *w->queue);
    w->pins = calloc((size_t)ts->count + 1, sizeof *w->pins);
    if (w->seen == NULL || w->queue == NULL || w->pins == NULL) {
        walk_wipe(w);
        return ERR_NO_MEMORY;
    }
    w->past = (struct lineage_past){ before, w->pins };
    return ERR_OK;
}

/* `version` is NULL, or the version of the part that is meant. */
static enum err walk_part(struct walk *w, const uint8_t id[ID_LEN],
                          const uint8_t *version)
{
    uint32_t index = topic_state_index(w->ts, id);
    uint32_t pinned =
        version == NULL ? TOPIC_NONE : topic_state_index(w->ts, version);
    uint32_t first;

    if (index == TOPIC_NONE || w->ts->entries[index].is_ahead)
        return ERR_NOT_FOUND;
    first = w->ts->entries[index].first;
    enqueue(w, first);
    if (pinned != TOPIC_NONE && w->ts->entries[pinned].first == first &&
        w->pins[first] == 0)
        w->pins[first] = pinned + 1;
    return ERR_OK;
}

/* The parts are in the queue: the rest follows from them. */
static enum err walk_run(struct walk *w)
{
    uint32_t parts = w->queued;
    enum err err = walk_queue(w, parts);

    if (err != ERR_OK)
        return err;
    return lineage_licences_of(&w->credits->bears, w->ts, &w->past, w->queue,
                               parts);
}

/* Runs it, if all that begins it went well; what it drew is the caller's. */
static enum err walk_finish(struct walk *w, enum err err, struct credits *out)
{
    if (err == ERR_OK)
        err = walk_run(w);
    walk_wipe(w);
    if (err != ERR_OK)
        credits_wipe(w->credits);
    else
        *out = *w->credits;
    return err;
}

enum err credits_draft(struct credits *out, const struct topic_state *ts,
                       const uint8_t (*parts)[ID_LEN], size_t parts_count)
{
    struct credits credits = { 0 };
    struct walk w;
    enum err err = walk_init(&w, ts, &credits, NULL);

    if (err != ERR_OK)
        return err;
    for (size_t i = 0; err == ERR_OK && i < parts_count; i++)
        err = walk_part(&w, parts[i], NULL);
    return walk_finish(&w, err, out);
}

/* Draws the complete credits of the parts that a release names. */
static enum err draft_of_list(struct credits *out, const struct topic_state *ts,
                              const struct topic_list *list,
                              const struct topic_entry *before)
{
    struct credits credits = { 0 };
    struct topic_cursor at = { 0 };
    const struct mp_value *part;
    struct walk w;
    enum err err = walk_init(&w, ts, &credits, before);

    if (err != ERR_OK)
        return err;
    while (err == ERR_OK &&
           (part = topic_list_next(list, "parts", &at)) != NULL) {
        uint8_t id[ID_LEN] = { 0 };
        uint8_t version[ID_LEN];
        bool pins = mp_bin_exact(mp_get(part, "version"), version, ID_LEN);

        (void)mp_bin_exact(mp_get(part, "contribution"), id, ID_LEN);
        err = walk_part(&w, id, pins ? version : NULL);
    }
    return walk_finish(&w, err, out);
}

/* Takes whom `field` names off the lines that are still to be found. */
static void strike_out(struct credits *c, const struct topic_list *list,
                       const char *field, bool needs_reason)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;

    while ((item = topic_list_next(list, field, &at)) != NULL) {
        uint8_t person[ID_LEN];
        struct mention m = { .person = person };
        struct bytes reason = mp_str(mp_get(item, "reason"));
        struct credit *line;
        uint32_t slot;

        if (!mp_bin_exact(mp_get(item, "person"), person, ID_LEN))
            continue;
        if (needs_reason && reason.len == 0)
            continue;
        line = find_line(c, &m, &slot);
        if (line != NULL)
            line->is_found = true;
    }
}

enum err credits_missing_of(struct credits *out, const struct topic_state *ts,
                            const struct topic_list *list,
                            const struct topic_entry *before)
{
    struct credits credits;
    uint32_t kept = 0;
    enum err err = draft_of_list(&credits, ts, list, before);

    if (err != ERR_OK)
        return err;
    strike_out(&credits, list, "credits", false);
    strike_out(&credits, list, "omitted", true);
    for (uint32_t i = 0; i < credits.count; i++) {
        const struct credit *line = &credits.lines[i];

        if (line->has_person && !line->is_found)
            credits.lines[kept++] = *line;
    }
    credits.count = kept;
    free(credits.slots); /* they name lines that are gone */
    credits.slots = NULL;
    credits.slots_count = 0;
    *out = credits;
    return ERR_OK;
}

enum err credits_missing(struct credits *out, const struct topic_state *ts,
                         const struct mp_value *body)
{
    struct topic_list list = topic_list_of(body);

    return credits_missing_of(out, ts, &list, NULL);
}

static enum err read_stated(struct credits *c, const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    enum err err = ERR_OK;

    while (err == ERR_OK &&
           (item = topic_list_next(list, "credits", &at)) != NULL) {
        struct bytes id = mp_bin(mp_get(item, "contribution"));
        struct mention m = { .influence = mp_bool(mp_get(item, "influence")) };

        if (id.len == ID_LEN)
            m.contribution = id.data;
        err = mention_map(c, item, m);
    }
    return err;
}

enum err credits_of_release(struct credits *out, const struct topic_state *ts,
                            const uint8_t release[ID_LEN])
{
    const struct topic_entry *e = topic_state_find(ts, release);
    struct credits credits = { 0 };
    struct topic_list list;
    enum err err;

    if (e == NULL || e->record.kind != KIND_RELEASE)
        return ERR_NOT_FOUND;
    err = topic_list_open(&list, ts, e);
    if (err != ERR_OK)
        return err;
    err = read_stated(&credits, &list);
    topic_list_wipe(&list);
    if (err != ERR_OK)
        credits_wipe(&credits);
    else
        *out = credits;
    return err;
}
