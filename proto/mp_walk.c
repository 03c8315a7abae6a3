/*
 * The walk that everything passes before it is believed: one loop, a stack of
 * MP_DEPTH_MAX frames, and a count of the elements that are still owed.  Each
 * owed element takes at least a byte, so a header that promises more of them
 * than there are bytes left is refused at once, whatever it claims.
 */
#include <assert.h>
#include <string.h>

#include "proto/mp_token.h"

struct frame {
    uint64_t owed; /* values of this container not yet begun */
    bool is_map;
    struct bytes last_key; /* data == NULL before the first */
};

struct walk {
    struct frame stack[MP_DEPTH_MAX];
    unsigned depth;
    uint64_t owed; /* over all frames */
    enum err flaw; /* the first thing that keeps it from being canonical */
};

static void walk_flaw(struct walk *w, enum err why)
{
    if (w->flaw == ERR_OK)
        w->flaw = why;
}

/* A map's keys are short strings, each greater than the one before. */
static void walk_key(struct walk *w, struct frame *f, const struct mp_token *t)
{
    if (t->type != MP_STR || t->payload.len > MP_KEY_MAX) {
        walk_flaw(w, ERR_NOT_CANONICAL);
        return;
    }
    if (f->last_key.data != NULL && bytes_compare(f->last_key, t->payload) >= 0)
        walk_flaw(w, ERR_NOT_CANONICAL);
    f->last_key = t->payload;
}

static void walk_judge(struct walk *w, const struct mp_token *t)
{
    if (!t->shortest)
        walk_flaw(w, ERR_NOT_CANONICAL);
    if (t->type == MP_STR && !mp_utf8_valid(t->payload))
        walk_flaw(w, ERR_BAD_UTF8);
}

static enum err walk_descend(struct walk *w, const struct mp_token *t,
                             size_t left)
{
    uint64_t owed = t->type == MP_MAP ? 2 * t->number : t->number;

    if (w->depth == MP_DEPTH_MAX)
        return ERR_TOO_DEEP;
    assert(w->owed <= left || left == 0);
    if (owed > left || w->owed > left - owed)
        return ERR_TRUNCATED;
    w->owed += owed;
    w->stack[w->depth++] =
        (struct frame){ .owed = owed, .is_map = t->type == MP_MAP };
    return ERR_OK;
}

/* Takes one token of the value; the walk has ended when the depth is 0. */
static enum err walk_step(struct walk *w, struct reader *r)
{
    struct mp_token t = mp_token_read(r);

    if (r->err != ERR_OK)
        return r->err;
    walk_judge(w, &t);
    if (w->depth > 0) {
        struct frame *f = &w->stack[w->depth - 1];

        if (f->is_map && f->owed % 2 == 0)
            walk_key(w, f, &t);
        f->owed--;
        w->owed--;
    }
    if (w->owed > r->left)
        return ERR_TRUNCATED;
    if (t.type == MP_ARRAY || t.type == MP_MAP) {
        enum err e = walk_descend(w, &t, r->left);

        if (e != ERR_OK)
            return e;
    }
    while (w->depth > 0 && w->stack[w->depth - 1].owed == 0)
        w->depth--;
    return ERR_OK;
}

static enum err walk_value(size_t *used, enum err *flaw, struct bytes src)
{
    struct reader r = reader_of(src);
    struct walk w = { .depth = 0 };

    do { /* each turn takes at least one byte */
        enum err e = walk_step(&w, &r);

        if (e != ERR_OK)
            return e;
    } while (w.depth > 0);
    *used = src.len - r.left;
    *flaw = w.flaw;
    return ERR_OK;
}

enum err mp_walk(enum mp_grade *grade, size_t *used, struct bytes src)
{
    enum err flaw;
    enum err e = walk_value(used, &flaw, src);

    if (e == ERR_OK)
        *grade = flaw == ERR_OK ? MP_CANONICAL : MP_WELL_FORMED;
    return e;
}

enum err mp_check_canonical(struct bytes src)
{
    enum err flaw;
    size_t used;
    enum err e = walk_value(&used, &flaw, src);

    if (e != ERR_OK)
        return e;
    if (flaw != ERR_OK)
        return flaw;
    return used == src.len ? ERR_OK : ERR_TRAILING;
}

/* Continuation bytes that follow `lead`, with the range of the first one. */
static int utf8_follow(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead < 0x80)
        return 0;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0)
            *low = 0xa0; /* shorter in two bytes */
        if (lead == 0xed)
            *high = 0x9f; /* surrogates */
        return 2;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0)
            *low = 0x90; /* shorter in three bytes */
        if (lead == 0xf4)
            *high = 0x8f; /* over U+10FFFF */
        return 3;
    }
    return -1;
}

/* The first place from `i` on that is not ASCII, or the end. */
static size_t skip_ascii(struct bytes text, size_t i)
{
    uint64_t eight;

    for (; text.len - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, text.data + i, sizeof eight);
        if ((eight & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (i < text.len && text.data[i] < 0x80)
        i++;
    return i;
}

bool mp_utf8_valid(struct bytes text)
{
    for (size_t i = skip_ascii(text, 0); i < text.len;
         i = skip_ascii(text, i)) {
        uint8_t low;
        uint8_t high;
        int follow = utf8_follow(text.data[i++], &low, &high);

        if (follow < 0 || (size_t)follow > text.len - i)
            return false;
        for (; follow > 0; follow--, i++) {
            if (text.data[i] < low || text.data[i] > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}
