/*
 * Any text as recovery words, and the first bytes as what the words of a
 * person would encode: written, spoilt and read again.
 */
#include <string.h>

#include "proto/words.h"
#include "tests/fuzz/fuzz.h"

/* The words that a person may type for these, as the input says. */
static struct bytes retype(uint8_t *out, const char *words, const uint8_t *how,
                           size_t how_len)
{
    size_t len = 0;
    size_t letters = 0;
    bool is_cut = false;

    for (size_t i = 0; words[i] != '\0'; i++) {
        uint8_t change = how_len > 0 ? how[i % how_len] : 0;

        letters = words[i] == ' ' ? 0 : letters + 1;
        is_cut = letters > 4 && (is_cut || (change & 1) != 0);
        if (is_cut)
            continue;
        out[len++] = (uint8_t)words[i];
        if (letters > 0 && (change & 2) != 0)
            out[len - 1] = (uint8_t)(words[i] - 'a' + 'A');
        else if (letters == 0 && (change & 2) != 0)
            out[len++] = (uint8_t)('\t' + change % 5);
    }
    return (struct bytes){ out, len };
}

static void check_entropy(const uint8_t entropy[ENTROPY_LEN],
                          const uint8_t *how, size_t how_len)
{
    char words[WORDS_TEXT_MAX];
    uint8_t typed[2 * WORDS_TEXT_MAX];
    uint8_t back[ENTROPY_LEN];

    words_encode(words, entropy);
    check(words_decode(back, retype(typed, words, how, how_len)) == ERR_OK);
    check(memcmp(back, entropy, ENTROPY_LEN) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t entropy[ENTROPY_LEN];

    if (words_decode(entropy, (struct bytes){ data, size }) == ERR_OK)
        check_entropy(entropy, data, size);
    if (size >= ENTROPY_LEN)
        check_entropy(data, data + ENTROPY_LEN, size - ENTROPY_LEN);
    return 0;
}
