/*
 * The values of the text are found in one pass and written in another, for a
 * map says how many there are before they come, and in the order of its keys.
 */
#include "ctl/plain.h"

#include <string.h>

enum { NODES_MAX = 64, DIGITS_MAX = 15 };

/* A value; `next` goes on among what `parent` contains. */
struct node {
    enum mp_type type;
    struct bytes key; /* in a map */
    struct bytes text;
    uint64_t number; /* of a container: how many values */
    struct node *parent;
    struct node *first;
    struct node *next;
};

struct parse {
    struct bytes left;
    struct node nodes[NODES_MAX];
    size_t count;
};

/* ---- Characters -------------------------------------------------------- */

static void skip_blanks(struct parse *p)
{
    while (p->left.len > 0 && memchr(" \t\r", p->left.data[0], 3) != NULL) {
        p->left.data++;
        p->left.len--;
    }
}

/* The character, after any blanks; it is left behind. */
static bool take(struct parse *p, char c)
{
    skip_blanks(p);
    if (p->left.len == 0 || p->left.data[0] != (uint8_t)c)
        return false;
    p->left.data++;
    p->left.len--;
    return true;
}

static bool take_word(struct parse *p, const char *word)
{
    size_t len = strlen(word);

    if (p->left.len < len || memcmp(p->left.data, word, len) != 0)
        return false;
    p->left.data += len;
    p->left.len -= len;
    return true;
}

static bool take_text(struct parse *p, struct bytes *out)
{
    struct bytes text;
    size_t len = 0;

    if (!take(p, '"'))
        return false;
    while (len < p->left.len && p->left.data[len] != '"') {
        if (p->left.data[len] < ' ' || p->left.data[len] == '\\')
            return false;
        len++;
    }
    text = (struct bytes){ p->left.data, len };
    if (len == p->left.len || !mp_utf8_valid(text))
        return false;
    p->left.data += len + 1;
    p->left.len -= len + 1;
    *out = text;
    return true;
}

static bool take_number(struct parse *p, uint64_t *out)
{
    uint64_t v = 0;
    size_t n = 0;

    while (n < p->left.len && n <= DIGITS_MAX && p->left.data[n] >= '0' &&
           p->left.data[n] <= '9')
        v = 10 * v + (uint64_t)(p->left.data[n++] - '0');
    if (n == 0 || n > DIGITS_MAX || (n > 1 && p->left.data[0] == '0'))
        return false;
    p->left.data += n;
    p->left.len -= n;
    *out = v;
    return true;
}

/* ---- Values ------------------------------------------------------------ */

/* Among its siblings: in a map by its key, which no other may have. */
static bool join(struct node *parent, struct node *n)
{
    struct node **at = &parent->first;

    while (*at != NULL &&
           (parent->type == MP_ARRAY || bytes_compare((*at)->key, n->key) < 0))
        at = &(*at)->next;
    if (parent->type == MP_MAP && *at != NULL &&
        bytes_equal((*at)->key, n->key))
        return false;
    n->next = *at;
    *at = n;
    parent->number++;
    return true;
}

/* The value's type and content; of a container its beginning alone. */
static bool take_value(struct parse *p, struct node *n)
{
    skip_blanks(p);
    switch (p->left.len == 0 ? 0 : p->left.data[0]) {
    case '{':
        n->type = MP_MAP;
        return take(p, '{');
    case '[':
        n->type = MP_ARRAY;
        return take(p, '[');
    case '"':
        n->type = MP_STR;
        return take_text(p, &n->text);
    case 't':
        n->type = MP_BOOL;
        n->number = 1;
        return take_word(p, "true");
    case 'f':
        n->type = MP_BOOL;
        return take_word(p, "false");
    case 'n':
        n->type = MP_NIL;
        return take_word(p, "null");
    default:
        n->type = MP_UINT;
        return take_number(p, &n->number);
    }
}

/* The next value within `parent`, which is NULL for the first of all. */
static struct node *take_node(struct parse *p, struct node *parent)
{
    struct node *n = &p->nodes[p->count];

    if (p->count == NODES_MAX)
        return NULL;
    *n = (struct node){ .parent = parent };
    if (parent != NULL && parent->type == MP_MAP &&
        (!take_text(p, &n->key) || !take(p, ':')))
        return NULL;
    if (!take_value(p, n) || (parent != NULL && !join(parent, n)))
        return NULL;
    p->count++;
    return n;
}

/* One object, which is the first of the nodes, and blanks around it. */
static bool parse(struct parse *p)
{
    struct node *in = take_node(p, NULL);

    if (in == NULL || in->type != MP_MAP)
        return false;
    while (in != NULL) { /* each turn takes a value or ends a container */
        if (take(p, in->type == MP_MAP ? '}' : ']')) {
            in = in->parent;
        } else {
            struct node *n;

            if (in->first != NULL && !take(p, ','))
                return false;
            n = take_node(p, in);
            if (n == NULL)
                return false;
            if (n->type == MP_MAP || n->type == MP_ARRAY)
                in = n;
        }
    }
    skip_blanks(p);
    return p->left.len == 0;
}

/* ---- Writing ----------------------------------------------------------- */

static void put(struct writer *w, const struct node *n)
{
    if (n->parent != NULL && n->parent->type == MP_MAP)
        mp_put_str(w, n->key);
    if (n->type == MP_MAP)
        mp_put_map(w, (uint32_t)n->number);
    else if (n->type == MP_ARRAY)
        mp_put_array(w, (uint32_t)n->number);
    else if (n->type == MP_STR)
        mp_put_str(w, n->text);
    else if (n->type == MP_UINT)
        mp_put_uint(w, n->number);
    else if (n->type == MP_BOOL)
        mp_put_bool(w, n->number == 1);
    else
        mp_put_nil(w);
}

/* The node after this and all that it contains, or NULL after the last. */
static const struct node *after(const struct node *n)
{
    while (n != NULL && n->next == NULL)
        n = n->parent;
    return n == NULL ? NULL : n->next;
}

bool plain_put(struct writer *w, struct bytes text)
{
    struct parse p;
    const struct node *n = &p.nodes[0];

    p.left = text;
    p.count = 0;
    if (!parse(&p))
        return false;
    while (n != NULL) { /* each node once, containers first */
        put(w, n);
        n = n->first != NULL ? n->first : after(n);
    }
    return true;
}
