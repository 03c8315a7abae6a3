#ifndef TESTS_VECTORS_REPLAY_H
#define TESTS_VECTORS_REPLAY_H

#include <jansson.h>
#include <stdio.h>

#include "proto/bytes.h"

/*
 * Replays test vectors made by others against proto/.  Memory is bounded
 * whatever a file claims: files over REPLAY_FILE_MAX are refused, the JSON tree
 * may take REPLAY_JSON_MAX in all, and one case's bytes REPLAY_BYTES_MAX.
 */

#define REPLAY_FILE_MAX  ((size_t)16 << 20)
#define REPLAY_JSON_MAX  ((size_t)64 << 20)
#define REPLAY_BYTES_MAX ((size_t)1 << 20)

struct replay {
    unsigned long passed;
    unsigned long failed;
};

/* Prints `name: verdict` and counts the case. */
void replay_case(struct replay *r, const char *name, const char *verdict,
                 bool passed);

/* A name for the case: its "name", "comment" or tcId, else its index. */
void replay_name(char *out, size_t cap, const json_t *item, size_t index);

/*
 * The hex string under `key`; '-' between digits is passed over.  False if
 * there is none, it is no hex, or longer than REPLAY_BYTES_MAX.  On true the
 * caller frees `out->data`.
 */
bool replay_hex(struct bytes *out, const json_t *item, const char *key);
/* The same for a string value itself. */
bool replay_hex_text(struct bytes *out, const json_t *text);
void replay_free(struct bytes *bytes);
/* Exactly `len` bytes under `key`. */
bool replay_hex_exact(uint8_t *out, size_t len, const json_t *item,
                      const char *key);

/* True if the string under `key` is `text`. */
bool replay_is(const json_t *item, const char *key, const char *text);

/* Calls `one` for each test of each group of a Wycheproof file. */
typedef void replay_fn(struct replay *r, const json_t *group,
                       const json_t *test, const char *name);
bool replay_groups(struct replay *r, const json_t *root, replay_fn *one);

/* Each returns false if the file is of no form it knows. */
bool replay_noise(struct replay *r, json_t *root);
bool replay_ed25519(struct replay *r, json_t *root);
bool replay_x25519(struct replay *r, json_t *root);
bool replay_aead(struct replay *r, json_t *root);
bool replay_msgpack(struct replay *r, json_t *root);
bool replay_authority(struct replay *r, json_t *root);
bool replay_utf8(struct replay *r, FILE *file);

#endif
