/*
 * The passive view: nodes known by their announcements, and which addresses
 * may be dialled when.  A signature is checked before an announcement is used
 * or takes the place of another; one that is merely passed on costs nothing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hyparview_parts.h"

/* A contact that could not be dialled for our own reasons waits so long. */
enum { CONTACT_PAUSE_MS = 60000 };

bool hyparview_keep(uint8_t **bytes, size_t *len, struct bytes src)
{
    uint8_t *copy = malloc(src.len + 1); /* never of nothing */

    if (copy == NULL)
        return false;
    memcpy(copy, src.data, src.len);
    free(*bytes);
    *bytes = copy;
    *len = src.len;
    return true;
}

void hyparview_put(struct writer *w, struct bytes announcement)
{
    writer_u16(w, (uint16_t)announcement.len);
    writer_bytes(w, announcement);
}

/* ---- The view ----------------------------------------------------------- */

struct hyparview_contact *hyparview_find_contact(const struct hyparview *h,
                                                 const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; i < h->passive_count; i++)
        if (memcmp(h->passive[i].node, node, KEY_LEN) == 0)
            return &h->passive[i];
    return NULL;
}

void hyparview_drop_contact(struct hyparview *h, struct hyparview_contact *c)
{
    free(c->bytes);
    h->lost_count -= c->is_lost;
    *c = h->passive[--h->passive_count];
}

/* Any contact that nobody here wished for or looks for; NULL if there is none.
 */
static struct hyparview_contact *find_dispensable(struct hyparview *h)
{
    size_t at = chance_below(&h->chance, h->passive_count);

    for (size_t i = 0; i < h->passive_count; i++) {
        struct hyparview_contact *c = &h->passive[(at + i) % h->passive_count];

        if (!c->is_trusted && !c->is_lost)
            return c;
    }
    return NULL;
}

/* A place for one more. */
static struct hyparview_contact *make_place(struct hyparview *h)
{
    struct hyparview_contact *grown;
    size_t at;

    if (h->passive_count == OVERLAY_PASSIVE) {
        struct hyparview_contact *c = find_dispensable(h);

        if (c == NULL)
            return NULL;
        hyparview_drop_contact(h, c);
    }
    if (h->passive_count == h->passive_cap) {
        at = h->passive_cap + OVERLAY_PASSIVE / 4;
        grown = realloc(h->passive, at * sizeof *grown);
        if (grown == NULL)
            return NULL;
        h->passive = grown;
        h->passive_cap = at;
    }
    return &h->passive[h->passive_count];
}

static void add_contact(struct hyparview *h, const uint8_t node[KEY_LEN],
                        struct bytes bytes, enum endpoint_scope source,
                        uint64_t time_ms, bool is_trusted)
{
    size_t was = h->passive_count;
    struct hyparview_contact *c = make_place(h);

    if (c == NULL)
        return;
    *c = (struct hyparview_contact){ .source = source,
                                     .time_ms = time_ms,
                                     .is_trusted = is_trusted };
    memcpy(c->node, node, KEY_LEN);
    if (!hyparview_keep(&c->bytes, &c->len, bytes))
        return;
    h->passive_count++;
    h->is_changed = h->is_changed || h->passive_count > was;
}

static void renew_contact(const struct hyparview *h,
                          struct hyparview_contact *c,
                          const struct announcement *a, struct bytes bytes,
                          enum endpoint_scope source)
{
    if (c->is_trusted || a->time_ms <= c->time_ms ||
        announcement_verify(bytes, h->network) != ERR_OK)
        return;
    if (!hyparview_keep(&c->bytes, &c->len, bytes))
        return;
    c->time_ms = a->time_ms;
    c->source = source;
}

void hyparview_learn(struct hyparview *h, struct bytes announcement,
                     enum endpoint_scope source)
{
    struct announcement a;
    struct hyparview_contact *c;

    if (announcement_read(&a, announcement) != ERR_OK || a.count == 0 ||
        !announcement_is_fresh(&a, hyparview_wall_ms(h)) ||
        memcmp(a.node, h->key->public_key, KEY_LEN) == 0 ||
        hyparview_find_node(h, a.node) != NULL)
        return;
    c = hyparview_find_contact(h, a.node);
    if (c != NULL)
        renew_contact(h, c, &a, announcement, source);
    else
        add_contact(h, a.node, announcement, source, a.time_ms, false);
}

void hyparview_add_contact(struct hyparview *h, const uint8_t node[KEY_LEN],
                           const struct endpoint *endpoints, size_t count,
                           uint64_t now_ms)
{
    uint8_t buf[ANNOUNCEMENT_ENDPOINTS_MAX * ENDPOINT_V6_LEN];
    struct hyparview_contact *c = hyparview_find_contact(h, node);
    struct writer w = writer_fixed(buf, sizeof buf);

    assert(count <= ANNOUNCEMENT_ENDPOINTS_MAX);
    h->now_ms = now_ms;
    if (memcmp(node, h->key->public_key, KEY_LEN) == 0)
        return;
    if (c != NULL)
        hyparview_drop_contact(h, c);
    for (size_t i = 0; i < count; i++) {
        writer_bytes(&w, BYTES_ARRAY(endpoints[i].ip));
        writer_u16(&w, endpoints[i].port);
    }
    add_contact(h, node, writer_view(&w), ENDPOINT_LOOPBACK, 0, true);
    hyparview_seek(h);
}

/* ---- Dialling ----------------------------------------------------------- */

/* The endpoints of a contact; false if nobody answers for them. */
static bool endpoints_of(const struct hyparview *h,
                         const struct hyparview_contact *c,
                         struct announcement *out)
{
    struct bytes bytes = { c->bytes, c->len };
    struct reader r = reader_of(bytes);

    if (!c->is_trusted)
        return announcement_verify(bytes, h->network) == ERR_OK &&
               announcement_read(out, bytes) == ERR_OK &&
               announcement_is_fresh(out, hyparview_wall_ms(h));
    out->count = 0;
    while (r.left > 0) { /* at most ANNOUNCEMENT_ENDPOINTS_MAX: ours */
        struct endpoint *e = &out->endpoints[out->count++];

        reader_copy(&r, e->ip, sizeof e->ip);
        e->port = reader_u16(&r);
    }
    return true;
}

static bool was_dialled(const struct hyparview *h, const struct endpoint *e)
{
    for (size_t i = 0; i < h->recent_count; i++)
        if (endpoint_equal(&h->recent[i].endpoint, e))
            return true;
    return false;
}

static void forget_old_dials(struct hyparview *h)
{
    for (size_t i = h->recent_count; i-- > 0;)
        if (h->recent[i].until_ms <= h->now_ms)
            h->recent[i] = h->recent[--h->recent_count];
}

/* False if too many were dialled lately. */
static bool note_dial(struct hyparview *h, const struct endpoint *e)
{
    if (h->recent_count == HYPARVIEW_RECENT_MAX)
        return false;
    if (h->recent_count == h->recent_cap) {
        size_t cap = h->recent_cap + 16;
        struct hyparview_recent *grown =
            realloc(h->recent, cap * sizeof *grown);

        if (grown == NULL)
            return false;
        h->recent = grown;
        h->recent_cap = cap;
    }
    h->recent[h->recent_count++] =
        (struct hyparview_recent){ *e, h->now_ms + OVERLAY_REDIAL_MS };
    return true;
}

/* §5.7: those that may be dialled, once in ten minutes. */
static size_t choose_endpoints(struct hyparview *h,
                               const struct hyparview_contact *c,
                               const struct announcement *a,
                               struct endpoint *out)
{
    enum endpoint_scope source = h->is_test ? ENDPOINT_LOOPBACK : c->source;
    size_t count = 0;

    for (size_t i = 0; i < a->count; i++)
        if (endpoint_may_dial(&a->endpoints[i], source) &&
            !was_dialled(h, &a->endpoints[i]) && note_dial(h, &a->endpoints[i]))
            out[count++] = a->endpoints[i];
    return count;
}

bool hyparview_dial(struct hyparview *h, struct hyparview_contact *c)
{
    struct announcement a;
    struct endpoint endpoints[ANNOUNCEMENT_ENDPOINTS_MAX];
    struct hyparview_effect *effect;
    size_t count;

    forget_old_dials(h);
    if (!endpoints_of(h, c, &a)) {
        hyparview_drop_contact(h, c);
        return false;
    }
    c->retry_ms = h->now_ms + CONTACT_PAUSE_MS;
    count = choose_endpoints(h, c, &a, endpoints);
    if (count == 0)
        return false;
    effect = hyparview_add(h, HYPARVIEW_DIAL, 0, 0);
    if (effect == NULL)
        return false;
    memcpy(effect->node, c->node, KEY_LEN);
    memcpy(effect->endpoints, endpoints, count * sizeof endpoints[0]);
    effect->count = (uint8_t)count;
    h->dials[h->dials_count].since_ms = h->now_ms;
    memcpy(h->dials[h->dials_count++].node, c->node, KEY_LEN);
    return true;
}

static bool is_dialling(const struct hyparview *h, const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; i < h->dials_count; i++)
        if (memcmp(h->dials[i].node, node, KEY_LEN) == 0)
            return true;
    return false;
}

bool hyparview_dial_any(struct hyparview *h)
{
    size_t tries = h->passive_count;
    size_t at = tries > 0 ? chance_below(&h->chance, tries) : 0;

    if (h->dials_count == HYPARVIEW_DIALS_MAX)
        return false;
    while (tries-- > 0 && h->passive_count > 0) {
        struct hyparview_contact *c;

        at %= h->passive_count;
        c = &h->passive[at++];
        if (c->retry_ms > h->now_ms)
            continue;
        if (is_dialling(h, c->node) || hyparview_find_node(h, c->node) != NULL)
            c->retry_ms = h->now_ms + CONTACT_PAUSE_MS;
        else if (hyparview_dial(h, c))
            return true;
    }
    return false;
}

/* ---- What is told ------------------------------------------------------- */

static size_t put_neighbours(struct hyparview *h, struct writer *w, size_t max,
                             uint64_t except)
{
    size_t n = 0;
    size_t at =
        h->links_count > 0 ? chance_below(&h->chance, h->links_count) : 0;

    for (size_t i = 0; i < h->links_count && n < max; i++) {
        const struct hyparview_link *l = &h->links[(at + i) % h->links_count];

        if (!l->is_active || l->bytes == NULL || l->link == except)
            continue;
        hyparview_put(w, (struct bytes){ l->bytes, l->len });
        n++;
    }
    return n;
}

size_t hyparview_put_contacts(struct hyparview *h, struct writer *w, size_t max,
                              uint64_t except)
{
    size_t n = put_neighbours(h, w, max / 2, except);
    size_t at =
        h->passive_count > 0 ? chance_below(&h->chance, h->passive_count) : 0;

    for (size_t i = 0; i < h->passive_count && n < max; i++) {
        const struct hyparview_contact *c =
            &h->passive[(at + i) % h->passive_count];

        if (c->is_trusted)
            continue;
        hyparview_put(w, (struct bytes){ c->bytes, c->len });
        n++;
    }
    return n;
}
