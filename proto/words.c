/* Words and entropy, 11 bits a word (BIP 39).  All scratch is wiped. */
#include "proto/words.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/words_list.h"

#define WORD_BITS     11
#define UNIQUE_PREFIX 4

static_assert(WORDS_COUNT * WORD_BITS == (ENTROPY_LEN + 1) * 8,
              "24 words hold the entropy and one byte of checksum");

/* Entropy and the first byte of its hash. */
static void with_checksum(uint8_t out[ENTROPY_LEN + 1],
                          const uint8_t entropy[ENTROPY_LEN])
{
    uint8_t hash[HASH_LEN];

    hash_bytes(hash, (struct bytes){ entropy, ENTROPY_LEN });
    memcpy(out, entropy, ENTROPY_LEN);
    out[ENTROPY_LEN] = hash[0];
    sodium_memzero(hash, sizeof hash);
}

static bool bit_get(const uint8_t *bits, size_t at)
{
    return (bits[at / 8] >> (7 - at % 8) & 1) != 0;
}

static void bit_set(uint8_t *bits, size_t at)
{
    bits[at / 8] = (uint8_t)(bits[at / 8] | 0x80 >> at % 8);
}

void words_encode(char out[WORDS_TEXT_MAX], const uint8_t entropy[ENTROPY_LEN])
{
    uint8_t bits[ENTROPY_LEN + 1];
    size_t len = 0;

    with_checksum(bits, entropy);
    for (size_t word = 0; word < WORDS_COUNT; word++) {
        size_t index = 0;
        size_t word_len;

        for (size_t i = 0; i < WORD_BITS; i++)
            index = 2 * index + bit_get(bits, word * WORD_BITS + i);
        word_len = strlen(words_list[index]);
        if (word > 0)
            out[len++] = ' ';
        memcpy(out + len, words_list[index], word_len);
        len += word_len;
    }
    out[len] = '\0';
    sodium_memzero(bits, sizeof bits);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the next word, in lower case; false at the end or for a wrong one. */
static bool next_word(struct reader *r, char out[WORDS_LEN_MAX + 1])
{
    size_t len = 0;

    while (r->left > 0 && is_space(*r->pos))
        (void)reader_u8(r);
    while (r->left > 0 && !is_space(*r->pos)) {
        uint8_t c = reader_u8(r);

        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c - 'A' + 'a');
        if (c < 'a' || c > 'z' || len == WORDS_LEN_MAX)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return len > 0;
}

/* The word's number; WORDS_LIST_COUNT if it is none. */
static size_t find_word(const char *word)
{
    size_t len = strlen(word);
    size_t low = 0, high = WORDS_LIST_COUNT;

    while (low < high) { /* the first entry not below `word` */
        size_t middle = low + (high - low) / 2;

        if (strcmp(words_list[middle], word) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == WORDS_LIST_COUNT || strncmp(words_list[low], word, len) != 0)
        return WORDS_LIST_COUNT;
    if (words_list[low][len] != '\0' && len < UNIQUE_PREFIX)
        return WORDS_LIST_COUNT;
    return low;
}

/* Reads exactly 24 words into bits. */
static bool read_bits(uint8_t bits[ENTROPY_LEN + 1], struct bytes text)
{
    struct reader r = reader_of(text);
    char word[WORDS_LEN_MAX + 1] = "";
    bool fine = true;

    for (size_t n = 0; fine && n < WORDS_COUNT; n++) {
        size_t index = WORDS_LIST_COUNT;

        if (next_word(&r, word))
            index = find_word(word);
        fine = index < WORDS_LIST_COUNT;
        for (size_t i = 0; fine && i < WORD_BITS; i++)
            if ((index >> (WORD_BITS - 1 - i) & 1) != 0)
                bit_set(bits, n * WORD_BITS + i);
    }
    sodium_memzero(word, sizeof word);
    while (r.left > 0 && is_space(*r.pos))
        (void)reader_u8(&r);
    return fine && r.left == 0;
}

enum err words_decode(uint8_t entropy[ENTROPY_LEN], struct bytes text)
{
    uint8_t bits[ENTROPY_LEN + 1] = { 0 };
    uint8_t expected[ENTROPY_LEN + 1];
    enum err e = ERR_BAD_WORDS;

    if (text.len <= WORDS_INPUT_MAX && read_bits(bits, text)) {
        with_checksum(expected, bits);
        if (expected[ENTROPY_LEN] == bits[ENTROPY_LEN]) {
            memcpy(entropy, bits, ENTROPY_LEN);
            e = ERR_OK;
        }
    }
    sodium_memzero(bits, sizeof bits);
    sodium_memzero(expected, sizeof expected);
    return e;
}
