/* Links, who of them is a neighbour, and what is done as time passes. */
#include "proto/hyparview.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hyparview_parts.h"

enum {
    ANSWER_MS = 10000,      /* a NEIGHBOUR unanswered by then is refused */
    ASK_AGAIN_MS = 60000,   /* after a refusal, while neighbours are too few */
    LOST_DIALS_MAX = 6,     /* for a lost neighbour, one in OVERLAY_REDIAL_MS */
    INCOMING_MS = 2000,     /* who dialled asks first */
    SPARE_MS = 5000,        /* a dialled link that is in no view */
    DIAL_TIMEOUT_MS = 30000 /* whoever dials has forgotten to tell */
};

/* ---- Life --------------------------------------------------------------- */

static void write_self(struct hyparview *h)
{
    struct writer w = writer_fixed(h->self_bytes, sizeof h->self_bytes);

    memcpy(h->self.node, h->key->public_key, KEY_LEN);
    h->self.time_ms = hyparview_wall_ms(h);
    announcement_write(&w, &h->self, h->network, h->key);
    assert(w.err == ERR_OK);
    h->self_len = w.len;
}

void hyparview_init(struct hyparview *h, const struct hyparview_config *config)
{
    *h = (struct hyparview){ .key = config->key,
                             .network = config->network,
                             .chance = chance_of(config->seed),
                             .now_ms = config->now_ms,
                             .shuffle_ms = UINT64_MAX };
    h->is_test = strncmp(config->network->name, "test", 4) == 0;
    hyparview_set_clock(h, config->now_ms, config->wall_ms);
}

void hyparview_wipe(struct hyparview *h)
{
    struct hyparview_effect *effect;

    while ((effect = hyparview_next(h)) != NULL)
        free(effect);
    for (size_t i = 0; i < h->links_count; i++)
        free(h->links[i].bytes);
    for (size_t i = 0; i < h->passive_count; i++)
        free(h->passive[i].bytes);
    free(h->links);
    free(h->passive);
    free(h->recent);
    *h = (struct hyparview){ .key = NULL };
}

uint64_t hyparview_wall_ms(const struct hyparview *h)
{
    return h->now_ms + h->wall_offset_ms;
}

void hyparview_set_clock(struct hyparview *h, uint64_t now_ms, uint64_t wall_ms)
{
    h->wall_offset_ms = wall_ms - now_ms;
}

void hyparview_set_endpoints(struct hyparview *h,
                             const struct endpoint *endpoints, size_t count)
{
    assert(count <= ANNOUNCEMENT_ENDPOINTS_MAX);
    if (count == h->self.count &&
        memcmp(h->self.endpoints, endpoints, count * sizeof *endpoints) == 0)
        return;
    memcpy(h->self.endpoints, endpoints, count * sizeof *endpoints);
    h->self.count = (uint8_t)count;
    h->self_len = 0;
}

struct bytes hyparview_self(struct hyparview *h)
{
    if (h->self_len == 0 || hyparview_wall_ms(h) < h->self.time_ms ||
        hyparview_wall_ms(h) - h->self.time_ms > DAY_MS)
        write_self(h);
    return (struct bytes){ h->self_bytes, h->self_len };
}

/* ---- Effects ------------------------------------------------------------ */

struct hyparview_effect *hyparview_add(struct hyparview *h,
                                       enum hyparview_effect_type type,
                                       uint64_t link, size_t len)
{
    struct hyparview_effect *effect = calloc(1, sizeof *effect + len);

    if (effect == NULL)
        return NULL;
    effect->type = type;
    effect->link = link;
    effect->len = len;
    if (h->first == NULL)
        h->first = effect;
    else
        h->last->next = effect;
    h->last = effect;
    return effect;
}

struct hyparview_effect *hyparview_next(struct hyparview *h)
{
    struct hyparview_effect *effect = h->first;

    if (effect != NULL)
        h->first = effect->next;
    return effect;
}

void hyparview_say(struct hyparview *h, uint64_t link, struct bytes payload)
{
    struct hyparview_effect *effect =
        hyparview_add(h, HYPARVIEW_SAY, link, payload.len);

    if (effect != NULL)
        memcpy(effect->bytes, payload.data, payload.len);
}

/* ---- Links -------------------------------------------------------------- */

struct hyparview_link *hyparview_find_link(const struct hyparview *h,
                                           uint64_t link)
{
    for (size_t i = 0; i < h->links_count; i++)
        if (h->links[i].link == link)
            return &h->links[i];
    return NULL;
}

struct hyparview_link *hyparview_find_node(const struct hyparview *h,
                                           const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; i < h->links_count; i++)
        if (memcmp(h->links[i].node, node, KEY_LEN) == 0)
            return &h->links[i];
    return NULL;
}

size_t hyparview_active(const struct hyparview *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->links_count; i++)
        n += h->links[i].is_active;
    return n;
}

size_t hyparview_known(const struct hyparview *h)
{
    return h->links_count + h->passive_count;
}

bool hyparview_is_active(const struct hyparview *h, uint64_t link)
{
    const struct hyparview_link *l = hyparview_find_link(h, link);

    return l != NULL && l->is_active;
}

struct hyparview_link *hyparview_any_active(struct hyparview *h,
                                            uint64_t except)
{
    size_t at =
        h->links_count > 0 ? chance_below(&h->chance, h->links_count) : 0;

    for (size_t i = 0; i < h->links_count; i++) {
        struct hyparview_link *l = &h->links[(at + i) % h->links_count];

        if (l->is_active && l->link != except)
            return l;
    }
    return NULL;
}

void hyparview_set_active(struct hyparview *h, struct hyparview_link *l,
                          bool is_active)
{
    l->asked_ms = 0;
    l->ask_ms = h->now_ms + ASK_AGAIN_MS;
    l->spare_ms = is_active ? UINT64_MAX : h->now_ms + SPARE_MS;
    if (l->is_active == is_active)
        return;
    l->is_active = is_active;
    h->changes++;
    h->is_changed = true;
    if (is_active && !h->is_joined)
        h->shuffle_ms = h->now_ms; /* to learn of others */
    h->is_joined = h->is_joined || is_active;
    if (h->shuffle_ms == UINT64_MAX ||
        h->shuffle_ms > h->now_ms + 2 * (uint64_t)OVERLAY_SHUFFLE_MS)
        h->shuffle_ms =
            h->now_ms + chance_around(&h->chance, OVERLAY_SHUFFLE_MS);
}

static void end_dial(struct hyparview *h, const uint8_t node[KEY_LEN])
{
    for (size_t i = h->dials_count; i-- > 0;)
        if (memcmp(h->dials[i].node, node, KEY_LEN) == 0)
            h->dials[i] = h->dials[--h->dials_count];
}

/* ---- Lost neighbours ---------------------------------------------------- */

/* One that was found will do: the two parts are one overlay again. */
static void forget_lost(struct hyparview *h)
{
    for (size_t i = 0; i < h->passive_count; i++)
        h->passive[i].is_lost = false;
    h->lost_count = 0;
}

/*
 * Whoever lost sight of a part of the overlay finds others in its own part, and
 * would never look for the rest.
 */
static void seek_lost(struct hyparview *h)
{
    for (size_t i = 0; h->lost_count > 0 && i < h->passive_count; i++) {
        struct hyparview_contact *c = &h->passive[i];

        if (!c->is_lost || c->retry_ms > h->now_ms)
            continue;
        if (h->dials_count < HYPARVIEW_DIALS_MAX)
            (void)hyparview_dial(h, c);
        return; /* the others may have moved */
    }
}

/* ---- Links come and go -------------------------------------------------- */

enum err hyparview_link_up(struct hyparview *h, uint64_t link,
                           const uint8_t node[KEY_LEN], bool is_dialled,
                           bool is_manual, enum endpoint_scope scope,
                           uint64_t now_ms)
{
    struct hyparview_contact *c = hyparview_find_contact(h, node);
    struct hyparview_link *l;

    assert(now_ms >= h->now_ms && hyparview_find_link(h, link) == NULL);
    h->now_ms = now_ms;
    if (h->links_count == h->links_cap) {
        size_t cap = h->links_cap == 0 ? 8 : 2 * h->links_cap;
        struct hyparview_link *grown = realloc(h->links, cap * sizeof *grown);

        if (grown == NULL)
            return ERR_NO_MEMORY;
        h->links = grown;
        h->links_cap = cap;
    }
    l = &h->links[h->links_count++];
    *l = (struct hyparview_link){ .link = link,
                                  .is_dialled = is_dialled,
                                  .is_manual = is_manual,
                                  .scope = scope,
                                  .ask_ms = is_dialled ? now_ms
                                                       : now_ms + INCOMING_MS,
                                  .spare_ms = now_ms + SPARE_MS };
    memcpy(l->node, node, KEY_LEN);
    if (c != NULL && !c->is_trusted) {
        l->bytes = c->bytes;
        l->len = c->len;
        c->bytes = NULL;
    }
    l->is_found = is_dialled && c != NULL && c->is_lost;
    if (c != NULL)
        hyparview_drop_contact(h, c);
    end_dial(h, node);
    if (l->is_found) {
        forget_lost(h);
        hyparview_ask(h, l);
    }
    hyparview_seek(h);
    return ERR_OK;
}

void hyparview_link_down(struct hyparview *h, uint64_t link, uint64_t now_ms)
{
    struct hyparview_link *l = hyparview_find_link(h, link);
    struct hyparview_link gone;

    assert(now_ms >= h->now_ms);
    h->now_ms = now_ms;
    if (l == NULL)
        return;
    gone = *l;
    *l = h->links[--h->links_count];
    h->is_changed = h->is_changed || gone.is_active;
    if (h->shuffled == link)
        h->shuffled = 0;
    if (gone.bytes != NULL) {
        struct hyparview_contact *c;

        hyparview_learn(h, (struct bytes){ gone.bytes, gone.len }, gone.scope);
        c = hyparview_find_contact(h, gone.node);
        if (c != NULL) {
            c->retry_ms = now_ms + ASK_AGAIN_MS;
            c->is_lost = gone.is_active && h->lost_count < OVERLAY_ACTIVE_MAX;
            h->lost_count += c->is_lost;
        }
    }
    free(gone.bytes);
    hyparview_seek(h);
}

void hyparview_dial_failed(struct hyparview *h, const uint8_t node[KEY_LEN],
                           uint64_t now_ms)
{
    struct hyparview_contact *c = hyparview_find_contact(h, node);

    assert(now_ms >= h->now_ms);
    h->now_ms = now_ms;
    end_dial(h, node);
    if (c != NULL &&
        (c->is_trusted || (c->is_lost && ++c->failures < LOST_DIALS_MAX)))
        c->retry_ms = now_ms + OVERLAY_REDIAL_MS;
    else if (c != NULL)
        hyparview_drop_contact(h, c);
    hyparview_seek(h);
}

/* ---- Neighbours --------------------------------------------------------- */

/* Neighbours that are, or perhaps soon will be. */
static size_t expected(const struct hyparview *h, bool only_dialled)
{
    size_t n = h->dials_count;

    for (size_t i = 0; i < h->links_count; i++) {
        const struct hyparview_link *l = &h->links[i];

        n += (l->is_active || l->asked_ms != 0) &&
             (l->is_dialled || !only_dialled);
    }
    return n;
}

/* Where few are known, all of them are neighbours. */
static size_t wanted(const struct hyparview *h)
{
    return hyparview_known(h) <= GOSSIP_FULL_MESH ? OVERLAY_ACTIVE_MAX
                                                  : OVERLAY_ACTIVE;
}

bool hyparview_has_too_few(const struct hyparview *h)
{
    return expected(h, false) < wanted(h);
}

void hyparview_ask(struct hyparview *h, struct hyparview_link *l)
{
    uint8_t buf[2 + 2 + ANNOUNCEMENT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    enum hyparview_priority priority = HYPARVIEW_LOW;

    if (!h->is_joined)
        priority = HYPARVIEW_JOIN;
    else if (l->is_found || hyparview_active(h) < OVERLAY_ACTIVE_MIN)
        priority = HYPARVIEW_HIGH;
    writer_u8(&w, HYPARVIEW_NEIGHBOUR);
    writer_u8(&w, (uint8_t)priority);
    hyparview_put(&w, hyparview_self(h));
    assert(w.err == ERR_OK);
    l->asked_ms = h->now_ms + ANSWER_MS;
    l->spare_ms = UINT64_MAX;
    hyparview_say(h, l->link, writer_view(&w));
}

static struct hyparview_link *find_to_ask(const struct hyparview *h,
                                          bool only_dialled)
{
    for (size_t i = 0; i < h->links_count; i++) {
        struct hyparview_link *l = &h->links[i];

        if (!l->is_active && l->asked_ms == 0 && l->ask_ms <= h->now_ms &&
            (l->is_dialled || !only_dialled))
            return l;
    }
    return NULL;
}

/* Expects one more neighbour; false if nobody is left to be asked. */
static bool seek_one(struct hyparview *h, bool only_dialled)
{
    struct hyparview_link *l = find_to_ask(h, only_dialled);

    if (l == NULL)
        return hyparview_dial_any(h);
    hyparview_ask(h, l);
    return true;
}

/* Who is only ever chosen by others could be surrounded by them. */
static bool has_too_few_dialled(const struct hyparview *h)
{
    return expected(h, true) < OVERLAY_DIALLED_MIN &&
           expected(h, false) < OVERLAY_ACTIVE_MAX;
}

void hyparview_seek(struct hyparview *h)
{
    while (hyparview_has_too_few(h) && seek_one(h, false))
        continue; /* each turn, one more is expected */
    while (has_too_few_dialled(h) && seek_one(h, true))
        continue;
}

/* ---- Shuffles ----------------------------------------------------------- */

void hyparview_say_contacts(struct hyparview *h, uint64_t link,
                            enum hyparview_kind kind, size_t max)
{
    uint8_t buf[HYPARVIEW_PAYLOAD_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    size_t count = 0;

    writer_u8(&w, (uint8_t)kind);
    writer_u8(&w, 0);
    if (kind == HYPARVIEW_SHUFFLE && h->self.count > 0) {
        hyparview_put(&w, hyparview_self(h));
        count = 1;
    }
    count += hyparview_put_contacts(h, &w, max - count, link);
    assert(w.err == ERR_OK);
    buf[1] = (uint8_t)count;
    hyparview_say(h, link, writer_view(&w));
}

static void shuffle(struct hyparview *h)
{
    const struct hyparview_link *l = hyparview_any_active(h, 0);
    bool is_idle = !h->is_changed;

    if (l == NULL) {
        h->shuffle_ms = UINT64_MAX;
        return;
    }
    h->shuffle_ms =
        h->now_ms + chance_around(&h->chance, is_idle ? OVERLAY_SHUFFLE_IDLE_MS
                                                      : OVERLAY_SHUFFLE_MS);
    h->is_changed = false;
    h->shuffled = l->link;
    hyparview_say_contacts(h, l->link, HYPARVIEW_SHUFFLE,
                           is_idle ? OVERLAY_SHUFFLE_IDLE
                                   : OVERLAY_SHUFFLE_MAX);
}

/* ---- Time --------------------------------------------------------------- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t hyparview_deadline(const struct hyparview *h)
{
    uint64_t due = h->shuffle_ms;
    bool has_too_few = hyparview_has_too_few(h);
    bool is_looking;
    bool is_dialling =
        has_too_few || (expected(h, true) < OVERLAY_DIALLED_MIN &&
                        expected(h, false) < OVERLAY_ACTIVE_MAX);

    for (size_t i = 0; i < h->links_count; i++) {
        const struct hyparview_link *l = &h->links[i];

        if (l->asked_ms != 0)
            due = sooner(due, l->asked_ms);
        else if (!l->is_active && (l->is_dialled ? is_dialling : has_too_few))
            due = sooner(due, l->ask_ms);
        if (l->is_dialled && !l->is_manual)
            due = sooner(due, l->spare_ms);
    }
    for (size_t i = 0; i < h->dials_count; i++)
        due = sooner(due, h->dials[i].since_ms + DIAL_TIMEOUT_MS);
    is_looking = (is_dialling || h->lost_count > 0) &&
                 h->dials_count < HYPARVIEW_DIALS_MAX;
    for (size_t i = 0; is_looking && i < h->passive_count; i++)
        if (is_dialling || h->passive[i].is_lost)
            due = sooner(due, h->passive[i].retry_ms);
    return due;
}

static void tick_link(struct hyparview *h, struct hyparview_link *l)
{
    if (l->asked_ms != 0 && l->asked_ms <= h->now_ms)
        hyparview_set_active(h, l, false);
    if (l->spare_ms > h->now_ms || !l->is_dialled || l->is_manual)
        return;
    l->spare_ms = h->now_ms + ASK_AGAIN_MS; /* if a topic needs it */
    (void)hyparview_add(h, HYPARVIEW_CLOSE, l->link, 0);
}

void hyparview_tick(struct hyparview *h, uint64_t now_ms)
{
    assert(now_ms >= h->now_ms);
    h->now_ms = now_ms;
    for (size_t i = 0; i < h->links_count; i++)
        tick_link(h, &h->links[i]);
    for (size_t i = h->dials_count; i-- > 0;)
        if (now_ms - h->dials[i].since_ms >= DIAL_TIMEOUT_MS)
            h->dials[i] = h->dials[--h->dials_count];
    hyparview_seek(h);
    seek_lost(h);
    if (h->shuffle_ms <= now_ms)
        shuffle(h);
}
