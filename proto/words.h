#ifndef PROTO_WORDS_H
#define PROTO_WORDS_H

#include "proto/identity.h"

/*
 * The 24 words of BIP 39 (English list): 32 bytes of entropy and a checksum, as
 * people write them down (protocol.md §2.1).  Nothing is derived here.
 */

#define WORDS_COUNT 24
/* Words of at most 8 letters, a space or the NUL after each. */
#define WORDS_TEXT_MAX (WORDS_COUNT * 9)
/* More text than this cannot be a phrase, however it is spaced. */
#define WORDS_INPUT_MAX 4096

/* Writes the words with single spaces and a NUL; the caller wipes `out`. */
void words_encode(char out[WORDS_TEXT_MAX], const uint8_t entropy[ENTROPY_LEN]);

/*
 * Reads words as people type them: any case, any white space, and the first
 * four letters (which are unique) or more of a word for the word.
 *   ERR_BAD_WORDS  not 24 words of the list, or their checksum is wrong
 */
MUST_CHECK enum err words_decode(uint8_t entropy[ENTROPY_LEN],
                                 struct bytes text);

#endif
