/* What neighbours and others say (protocol.md §5.7). */
#include <assert.h>
#include <string.h>

#include "proto/hyparview_parts.h"

/* A whole message, decoded; which parts are set follows from the kind. */
struct message {
    uint8_t kind;
    uint8_t number; /* priority, answer, steps left */
    size_t count;
    struct bytes contacts[OVERLAY_SHUFFLE_MAX];
    uint8_t node[KEY_LEN]; /* of the first contact */
};

static void read_contact(struct reader *r, struct message *m)
{
    struct bytes bytes = reader_bytes(r, reader_u16(r));
    struct announcement a;
    enum err e = r->err;

    if (e == ERR_OK)
        e = announcement_read(&a, bytes);
    if (e != ERR_OK) {
        reader_fail(r, e);
        return;
    }
    if (m->count == 0)
        memcpy(m->node, a.node, KEY_LEN);
    m->contacts[m->count++] = bytes;
}

static enum err decode(struct message *m, struct bytes payload)
{
    static const uint8_t number_max[HYPARVIEW_KINDS] = {
        [HYPARVIEW_NEIGHBOUR] = HYPARVIEW_JOIN,
        [HYPARVIEW_ANSWER] = 1,
        [HYPARVIEW_FORWARD_JOIN] = OVERLAY_ACTIVE_WALK,
        [HYPARVIEW_SHUFFLE] = OVERLAY_SHUFFLE_MAX,
        [HYPARVIEW_SHUFFLE_REPLY] = OVERLAY_SHUFFLE_MAX,
    };
    struct reader r = reader_of(payload);
    size_t contacts = 1;

    *m = (struct message){ .kind = reader_u8(&r) };
    if (r.err != ERR_OK || m->kind >= HYPARVIEW_KINDS)
        return r.err;
    if (m->kind == HYPARVIEW_DISCONNECT)
        return reader_finish(&r);
    m->number = reader_u8(&r);
    if (m->number > number_max[m->kind])
        return ERR_MALFORMED;
    if (m->kind == HYPARVIEW_SHUFFLE || m->kind == HYPARVIEW_SHUFFLE_REPLY)
        contacts = m->number;
    for (size_t i = 0; r.err == ERR_OK && i < contacts; i++)
        read_contact(&r, m);
    return reader_finish(&r);
}

/* ---- Neighbours --------------------------------------------------------- */

static void answer(struct hyparview *h, uint64_t link, bool is_accepted)
{
    uint8_t buf[2 + 2 + ANNOUNCEMENT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    writer_u8(&w, HYPARVIEW_ANSWER);
    writer_u8(&w, is_accepted);
    hyparview_put(&w, hyparview_self(h));
    assert(w.err == ERR_OK);
    hyparview_say(h, link, writer_view(&w));
}

static void disconnect(struct hyparview *h, struct hyparview_link *l)
{
    static const uint8_t payload[1] = { HYPARVIEW_DISCONNECT };

    hyparview_set_active(h, l, false);
    hyparview_say(h, l->link, BYTES_ARRAY(payload));
}

/* Others can make us say these: no more of them go over one link than its
 * other end can take without holding us for who floods (§5.6). */
static bool has_room_for_join(const struct hyparview *h,
                              struct hyparview_link *l)
{
    if (l->joins_ms < h->now_ms)
        l->joins_ms = h->now_ms;
    if (l->joins_ms - h->now_ms >= OVERLAY_JOINS_MAX * OVERLAY_JOIN_MS)
        return false;
    l->joins_ms += OVERLAY_JOIN_MS;
    return true;
}

static void forward_join(struct hyparview *h, struct hyparview_link *to,
                         uint8_t steps, struct bytes contact)
{
    uint8_t buf[2 + 2 + ANNOUNCEMENT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    if (!has_room_for_join(h, to))
        return;
    writer_u8(&w, HYPARVIEW_FORWARD_JOIN);
    writer_u8(&w, steps);
    hyparview_put(&w, contact);
    assert(w.err == ERR_OK);
    hyparview_say(h, to->link, writer_view(&w));
}

/* Neighbours that found us; those that we chose have places of their own. */
static size_t count_incoming(const struct hyparview *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->links_count; i++)
        n += h->links[i].is_active && !h->links[i].is_dialled;
    return n;
}

/* Whether nobody can become a neighbour over this link unless another goes. */
static bool is_full(const struct hyparview *h, const struct hyparview_link *l)
{
    size_t max = hyparview_known(h) <= GOSSIP_FULL_MESH
                     ? OVERLAY_ACTIVE_MAX
                     : OVERLAY_ACTIVE_MAX - OVERLAY_DIALLED_MIN;

    return hyparview_active(h) >= OVERLAY_ACTIVE_MAX ||
           (!l->is_dialled && count_incoming(h) >= max);
}

/* Any neighbour, rather one that found us. */
static struct hyparview_link *pick_victim(struct hyparview *h)
{
    size_t at = chance_below(&h->chance, h->links_count);

    for (size_t i = 0; i < h->links_count; i++) {
        struct hyparview_link *l = &h->links[(at + i) % h->links_count];

        if (l->is_active && !l->is_dialled)
            return l;
    }
    return hyparview_any_active(h, 0);
}

static void on_neighbour(struct hyparview *h, struct hyparview_link *l,
                         const struct message *m)
{
    bool was_active = l->is_active;

    if (!was_active && is_full(h, l)) {
        if (m->number == HYPARVIEW_LOW) {
            answer(h, l->link, false);
            return;
        }
        disconnect(h, pick_victim(h));
    }
    hyparview_set_active(h, l, true);
    answer(h, l->link, true);
    if (m->number != HYPARVIEW_JOIN || was_active)
        return;
    for (size_t i = 0; i < h->links_count; i++)
        if (h->links[i].is_active && h->links[i].link != l->link)
            forward_join(h, &h->links[i], OVERLAY_ACTIVE_WALK, m->contacts[0]);
}

static void on_answer(struct hyparview *h, struct hyparview_link *l,
                      const struct message *m)
{
    if (l->asked_ms == 0) /* both asked, or it comes too late */
        return;
    if (m->number == 1 && hyparview_active(h) >= OVERLAY_ACTIVE_MAX) {
        if (!l->is_found) {
            disconnect(h, l); /* others were quicker */
            return;
        }
        disconnect(h, hyparview_any_active(h, l->link));
    }
    hyparview_set_active(h, l, m->number == 1);
}

/* §5.7: a walk of six steps at most, so that joiners meet distant nodes. */
static void on_forward_join(struct hyparview *h, struct hyparview_link *l,
                            const struct message *m)
{
    struct hyparview_link *next = hyparview_any_active(h, l->link);
    struct hyparview_contact *c;

    if (!l->is_active)
        return;
    if (m->number > 0 && next != NULL) {
        if (m->number == OVERLAY_PASSIVE_WALK)
            hyparview_learn(h, m->contacts[0], l->scope);
        forward_join(h, next, (uint8_t)(m->number - 1), m->contacts[0]);
        return;
    }
    hyparview_learn(h, m->contacts[0], l->scope);
    c = hyparview_find_contact(h, m->node);
    if (c != NULL && hyparview_has_too_few(h) &&
        h->dials_count < HYPARVIEW_DIALS_MAX && c->retry_ms <= h->now_ms)
        (void)hyparview_dial(h, c);
}

static void learn_all(struct hyparview *h, const struct hyparview_link *l,
                      const struct message *m)
{
    for (size_t i = 0; i < m->count; i++)
        hyparview_learn(h, m->contacts[i], l->scope);
}

static void on_shuffle(struct hyparview *h, const struct hyparview_link *l,
                       const struct message *m)
{
    /* Who names one alone, or nobody, is new or alone, and told all it may. */
    size_t max =
        m->count < OVERLAY_SHUFFLE_IDLE ? OVERLAY_SHUFFLE_MAX : m->count;

    if (m->kind == HYPARVIEW_SHUFFLE)
        hyparview_say_contacts(h, l->link, HYPARVIEW_SHUFFLE_REPLY, max);
    else if (h->shuffled == l->link)
        h->shuffled = 0;
    else
        return; /* nobody asked */
    learn_all(h, l, m);
}

/* NEIGHBOUR and ANSWER bring the sender's own announcement. */
static enum err take_own(struct hyparview_link *l, const struct message *m)
{
    if (memcmp(m->node, l->node, KEY_LEN) != 0)
        return ERR_MALFORMED;
    if (!hyparview_keep(&l->bytes, &l->len, m->contacts[0]))
        return ERR_NO_MEMORY;
    return ERR_OK;
}

enum err hyparview_recv(struct hyparview *h, uint64_t link,
                        struct bytes payload, uint64_t now_ms)
{
    struct hyparview_link *l = hyparview_find_link(h, link);
    struct message m;
    enum err e = decode(&m, payload);

    assert(l != NULL && now_ms >= h->now_ms);
    h->now_ms = now_ms;
    if (e == ERR_OK &&
        (m.kind == HYPARVIEW_NEIGHBOUR || m.kind == HYPARVIEW_ANSWER))
        e = take_own(l, &m);
    if (e != ERR_OK)
        return e;
    switch (m.kind) {
    case HYPARVIEW_NEIGHBOUR:
        on_neighbour(h, l, &m);
        break;
    case HYPARVIEW_ANSWER:
        on_answer(h, l, &m);
        break;
    case HYPARVIEW_DISCONNECT:
        if (l->is_active)
            hyparview_set_active(h, l, false);
        break;
    case HYPARVIEW_FORWARD_JOIN:
        on_forward_join(h, l, &m);
        break;
    case HYPARVIEW_SHUFFLE:
    case HYPARVIEW_SHUFFLE_REPLY:
        on_shuffle(h, l, &m);
        break;
    default: /* of a later release */
        break;
    }
    hyparview_seek(h);
    return ERR_OK;
}
