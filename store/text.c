/* Folding and cutting of text, and which fields of a record are searched. */
#include "store/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwbrk.h>

#include "proto/kind.h"
#include "proto/mp.h"
#include "proto/record.h"
#include "store/key.h"
#include "store/spool.h"
#include "store/store.h"

/* A zero, the kind, the date and the number. */
enum { TAIL_LEN = 1 + 1 + 8 + 8 + 8 };

static_assert(1 + TEXT_WORD_MAX + TAIL_LEN <= SPOOL_KEY_MAX,
              "rows of words are sorted with the others");

/* ---- Folding ---------------------------------------------------------- */

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x80)
            return false;
    }
    return true;
}

static enum err fold_ascii(struct bytes text, uint8_t **out, size_t *len)
{
    uint8_t *folded = malloc(text.len > 0 ? text.len : 1);

    if (folded == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        folded[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
    }
    *out = folded;
    *len = text.len;
    return ERR_OK;
}

static size_t drop_marks(uint8_t *text, size_t len)
{
    size_t kept = 0;

    for (size_t at = 0; at < len;) { /* by whole characters */
        ucs4_t c;
        size_t n = (size_t)u8_mbtouc(&c, text + at, len - at);

        if (!uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M)) {
            memmove(text + kept, text + at, n);
            kept += n;
        }
        at += n;
    }
    return kept;
}

/* Texts of records are valid UTF-8; a searcher's is made so before. */
static enum err fold(struct bytes text, uint8_t **out, size_t *len)
{
    uint8_t *apart;
    uint8_t *folded;
    size_t apart_len;

    if (is_ascii(text))
        return fold_ascii(text, out, len);
    if (!mp_utf8_valid(text))
        return ERR_MALFORMED;
    apart = u8_normalize(UNINORM_NFKD, text.data, text.len, NULL, &apart_len);
    if (apart == NULL)
        return ERR_NO_MEMORY;
    folded = u8_casefold(apart, apart_len, NULL, UNINORM_NFKD, NULL, len);
    free(apart);
    if (folded == NULL)
        return ERR_NO_MEMORY;
    *len = drop_marks(folded, *len);
    *out = folded;
    return ERR_OK;
}

/* Punctuation and spaces between words are no words. */
static bool is_word(struct bytes piece)
{
    for (size_t at = 0; at < piece.len;) {
        ucs4_t c;

        at += (size_t)u8_mbtouc(&c, piece.data + at, piece.len - at);
        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L |
                                                    UC_CATEGORY_MASK_N))
            return true;
    }
    return false;
}

static struct bytes cut(struct bytes word)
{
    return (struct bytes){ word.data, word.len < TEXT_WORD_MAX
                                          ? word.len
                                          : TEXT_WORD_MAX };
}

static enum err each_piece(struct bytes folded, const char *breaks,
                           text_fn *each, void *context)
{
    size_t from = 0;
    enum err e = ERR_OK;

    for (size_t at = 1; e == ERR_OK && at <= folded.len; at++) {
        struct bytes piece = { folded.data + from, at - from };

        if (at < folded.len && breaks[at] == 0)
            continue;
        if (is_word(piece))
            e = each(context, cut(piece));
        from = at;
    }
    return e;
}

enum err text_each_word(struct bytes text, text_fn *each, void *context)
{
    uint8_t *folded;
    size_t len;
    char *breaks;
    enum err e = fold(text, &folded, &len);

    if (e != ERR_OK)
        return e;
    breaks = malloc(len > 0 ? len : 1);
    if (breaks == NULL) {
        free(folded);
        return ERR_NO_MEMORY;
    }
    u8_wordbreaks(folded, len, breaks);
    e = each_piece((struct bytes){ folded, len }, breaks, each, context);
    free(breaks);
    free(folded);
    return e;
}

enum err text_tag(struct bytes text, text_fn *each, void *context)
{
    uint8_t *folded;
    size_t len;
    enum err e = fold(text, &folded, &len);

    if (e != ERR_OK)
        return e;
    e = each(context, cut((struct bytes){ folded, len }));
    free(folded);
    return e;
}

/* ---- Keys ------------------------------------------------------------- */

struct key text_prefix(enum text_class class, struct bytes word, bool is_whole)
{
    uint8_t start[1 + TEXT_WORD_MAX + 1];
    size_t len = 0;

    assert(word.len <= TEXT_WORD_MAX);
    start[len++] = (uint8_t) class;
    if (word.len > 0)
        memcpy(start + len, word.data, word.len);
    len += word.len;
    if (is_whole)
        start[len++] = 0;
    return key_of((struct bytes){ start, len });
}

struct key text_key(enum text_class class, struct bytes word,
                    const struct store_hit *hit)
{
    struct key key = text_prefix(class, word, true);

    assert(hit->kind <= UINT8_MAX);
    key.data[key.len++] = (uint8_t)hit->kind;
    key_add_u64(&key, hit->created_ms);
    key_add_u64(&key, hit->place);
    key_add_u64(&key, hit->seq);
    return key;
}

bool text_key_read(struct bytes key, struct store_hit *out)
{
    const uint8_t *tail;

    if (key.len < 1 + TAIL_LEN || key.data[key.len - TAIL_LEN] != 0)
        return false;
    tail = key.data + key.len - TAIL_LEN;
    *out = (struct store_hit){ .kind = tail[1],
                               .created_ms = get_u64(tail + 2),
                               .place = get_u64(tail + 10),
                               .seq = get_u64(tail + 18) };
    return true;
}

/* ---- Of a record ------------------------------------------------------ */

/* Rows in the making: keys, to be sorted, so that each is given once. */
struct rows {
    const struct record *r;
    uint64_t seq;
    enum text_class class;
    struct key *keys;
    size_t count;
    size_t cap;
};

static enum err add(void *context, struct bytes word)
{
    struct rows *rows = context;
    size_t cap = rows->cap == 0 ? 32 : rows->cap * 2;
    struct key *grown;

    if (word.len == 0 || rows->count == TEXT_WORDS_MAX ||
        memchr(word.data, 0, word.len) != NULL)
        return ERR_OK;
    if (rows->count == rows->cap) {
        grown = realloc(rows->keys, cap * sizeof *grown);
        if (grown == NULL)
            return ERR_NO_MEMORY;
        rows->keys = grown;
        rows->cap = cap;
    }
    rows->keys[rows->count++] =
        text_key(rows->class, word,
                 &(struct store_hit){ .created_ms = rows->r->created_ms,
                                      .place = get_u64(rows->r->id),
                                      .seq = rows->seq,
                                      .kind = rows->r->kind });
    return ERR_OK;
}

/* Lines and texts, and lists of them. */
static enum err add_words(struct rows *rows, const struct mp_value *v)
{
    enum err e = ERR_OK;

    rows->class = TEXT_WORD;
    if (mp_type(v) != MP_ARRAY)
        return text_each_word(mp_str(v), add, rows);
    for (uint32_t i = 0; e == ERR_OK && i < mp_count(v); i++)
        e = text_each_word(mp_str(mp_at(v, i)), add, rows);
    return e;
}

/* `key` names the tag in each map of the list; NULL: the items are tags. */
static enum err add_tags(struct rows *rows, enum text_class class,
                         const struct mp_value *list, const char *key)
{
    enum err e = ERR_OK;

    rows->class = class;
    for (uint32_t i = 0; e == ERR_OK && i < mp_count(list); i++) {
        const struct mp_value *v = mp_at(list, i);

        e = text_tag(mp_str(key == NULL ? v : mp_get(v, key)), add, rows);
    }
    return e;
}

static enum err add_media(struct rows *rows, const struct mp_value *list)
{
    enum err e = ERR_OK;

    rows->class = TEXT_MEDIA;
    for (uint32_t i = 0; e == ERR_OK && i < mp_count(list); i++) {
        const char *name =
            kind_choice_name(CHOICES_MEDIA_KIND, mp_uint(mp_at(list, i)));

        e = add(rows, (struct bytes){ (const uint8_t *)name, strlen(name) });
    }
    return e;
}

/* Which fields of which kinds are searched; by field, for words. */
static const struct {
    uint64_t kind;
    const char *fields[6];
} searched[] = {
    { KIND_PROFILE, { "name", "bio" } },
    { KIND_PROJECT, { "title", "goal", "intent", "needs", "tags" } },
    { KIND_REQUEST, { "title", "deliverable", "instructions", "interests" } },
    { KIND_CONTRIBUTION, { "title", "text", "tags" } },
};
enum { SEARCHED = sizeof searched / sizeof searched[0] };

static enum err add_all(struct rows *rows, const char *const *fields,
                        const struct mp_value *body)
{
    enum err e = ERR_OK;

    for (; e == ERR_OK && *fields != NULL; fields++)
        e = add_words(rows, mp_get(body, *fields));
    if (e == ERR_OK && rows->r->kind == KIND_PROFILE)
        e = add_tags(rows, TEXT_SKILL, mp_get(body, "skills"), "tag");
    if (e == ERR_OK && rows->r->kind == KIND_PROFILE)
        e = add_tags(rows, TEXT_SEEKING, mp_get(body, "seeking"), NULL);
    if (e == ERR_OK && rows->r->kind == KIND_REQUEST)
        e = add_tags(rows, TEXT_INTEREST, mp_get(body, "interests"), NULL);
    if (e == ERR_OK && rows->r->kind == KIND_REQUEST)
        e = add_media(rows, mp_get(body, "media_kinds"));
    return e;
}

static int compare(const void *a, const void *b)
{
    return bytes_compare(key_view(a), key_view(b));
}

static enum err give(struct rows *rows, key_fn *each, void *context)
{
    enum err e = ERR_OK;

    if (rows->count > 1)
        qsort(rows->keys, rows->count, sizeof *rows->keys, compare);
    for (size_t i = 0; e == ERR_OK && i < rows->count; i++) {
        if (i == 0 || compare(&rows->keys[i - 1], &rows->keys[i]) != 0)
            e = each(context, &rows->keys[i]);
    }
    return e;
}

enum err text_keys(const struct record *r, uint64_t seq, key_fn *each,
                   void *context)
{
    struct bytes map = record_body_map(r);
    struct rows rows = { .r = r, .seq = seq };
    struct mp_doc *doc;
    size_t i = 0;
    enum err e;

    while (i < SEARCHED && searched[i].kind != r->kind)
        i++;
    if (i == SEARCHED || map.len == 0)
        return ERR_OK;
    e = mp_doc_parse(&doc, map, MP_CANONICAL);
    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    e = add_all(&rows, searched[i].fields, mp_doc_root(doc));
    if (e == ERR_OK)
        e = give(&rows, each, context);
    mp_doc_free(doc);
    free(rows.keys);
    return e;
}
