#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/key.h"

/*
 * Words and tags of records, as the index keeps them (docs/storage.md §4).
 * Text is folded: compatibility forms are taken apart, marks are dropped, case
 * is folded (NFKD), then cut into words where Unicode's word breaks say.
 */

/* What a row stands for; the first byte of its key. */
enum text_class {
    TEXT_INTEREST = 'i',
    TEXT_SEEKING = 'k',
    TEXT_MEDIA = 'm', /* of a request: the name of a media kind */
    TEXT_SKILL = 's',
    TEXT_WORD = 'w'
};

/* Of a word or tag its first bytes count. */
#define TEXT_WORD_MAX 48
/* Of one record so many words count. */
#define TEXT_WORDS_MAX 4096

/*
 * Gives each folded word of `text`, in order, until `each` returns an error,
 * which is then the result.  ERR_NO_MEMORY
 */
typedef enum err text_fn(void *context, struct bytes word);
MUST_CHECK enum err text_each_word(struct bytes text, text_fn *each,
                                   void *context);
/* The whole text folded as one word: a tag. */
MUST_CHECK enum err text_tag(struct bytes text, text_fn *each, void *context);

struct record;
struct store_hit;

/*
 * The key of a row, the record's place in lists (key.h) at its end, and the
 * beginning of the keys of all rows of a word.
 */
struct key text_key(enum text_class class, struct bytes word,
                    const struct store_hit *hit);
struct key text_prefix(enum text_class class, struct bytes word, bool is_whole);
/* What the end of such a key says. */
bool text_key_read(struct bytes key, struct store_hit *out);

/*
 * The keys of all rows of a record, each once.  Kinds that are not searched,
 * and records without a body, have none.  ERR_NO_MEMORY, errors of `each`
 */
MUST_CHECK enum err text_keys(const struct record *r, uint64_t seq,
                              key_fn *each, void *context);

#endif
