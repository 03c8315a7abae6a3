/*
 * Any bytes as text that is searched: folded and cut into words, and each of
 * them as a key that says again what it was made of.
 */
#include <string.h>

#include "proto/mp.h"
#include "store/key.h"
#include "store/store.h"
#include "store/text.h"
#include "tests/fuzz/fuzz.h"

static enum err check_word(void *context, struct bytes word)
{
    uint64_t *count = context;
    struct key prefix;
    struct key key;
    struct store_hit hit;
    struct store_hit read;

    check(word.len <= TEXT_WORD_MAX);
    ++*count;
    prefix = text_prefix(TEXT_WORD, word, false);
    hit = (struct store_hit){ .kind = *count % 256,
                              .created_ms = *count << 40,
                              .place = ~*count,
                              .seq = *count };
    key = text_key(TEXT_WORD, word, &hit);
    check(key_has_prefix(key_view(&key), key_view(&prefix)));
    check(text_key_read(key_view(&key), &read));
    check(memcmp(&read, &hit, sizeof hit) == 0);
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = { data, size };
    uint64_t words = 0;
    uint64_t tags = 0;
    enum err e = text_each_word(text, check_word, &words);

    check(e == (mp_utf8_valid(text) ? ERR_OK : ERR_MALFORMED));
    check(words <= size * 18); /* one letter may stand for 18 in NFKD */
    check(text_tag(text, check_word, &tags) == e);
    check(tags == (e == ERR_OK ? 1 : 0));
    return 0;
}
