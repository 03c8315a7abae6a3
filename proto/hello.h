#ifndef PROTO_HELLO_H
#define PROTO_HELLO_H

#include "proto/record_set.h"

/*
 * Hellos and the keys of sync (protocol.md §5.1, §5.2): which topics each side
 * holds, told only to those who know the topic's name already.
 */

#define HELLO_SALT_LEN  16
#define HELLO_TAG_LEN   8
#define FINGERPRINT_LEN 8

/* The last whole day whose milliseconds fit RECORD_TIME_MAX_MS. */
#define HELLO_DAY_MAX ((uint32_t)(RECORD_TIME_MAX_MS / DAY_MS - 1))

/* One topic of a hello. */
struct hello_entry {
    uint8_t tag[HELLO_TAG_LEN];
    uint32_t from_day;
    uint32_t until_day; /* inclusive, not before from_day */
    bool has_state;     /* count and fingerprint are given */
    uint64_t count;
    uint8_t fingerprint[FINGERPRINT_LEN];
};

/* A decoded hello; the entries are on the heap. */
struct hello {
    uint8_t salt[HELLO_SALT_LEN];
    struct hello_entry *entries;
    size_t count;
    uint16_t *by_tag; /* numbers of the entries, in the order of their tags */
};

/*
 * Decodes a HELLO's payload; the caller owns *out and must hello_free() it.
 *   ERR_TOO_LARGE  more than TOPICS_MAX entries
 *   ERR_MALFORMED  window reversed or out of range, unknown flag
 *   ERR_NO_MEMORY, ERR_TRUNCATED, ERR_TRAILING, ERR_NOT_CANONICAL
 */
MUST_CHECK enum err hello_decode(struct hello *out, struct bytes payload);
void hello_free(struct hello *h);
/* The first entry of that tag, or NULL; fast even where all are hostile. */
const struct hello_entry *hello_find(const struct hello *h,
                                     const uint8_t tag[HELLO_TAG_LEN]);

/* Writes salt and number of entries; hello_put_entry() follows that often. */
void hello_put_head(struct writer *w, const uint8_t salt[HELLO_SALT_LEN],
                    size_t count);
void hello_put_entry(struct writer *w, const struct hello_entry *entry);

/* A topic's tag in a role. */
void hello_tag(uint8_t out[HELLO_TAG_LEN], const uint8_t ask[KEY_LEN],
               bool is_dialler, const uint8_t topic[ID_LEN]);

/* The key K of a session; number 0 is the hello's own. */
struct sync_key {
    uint8_t bytes[KEY_LEN];
};
void sync_key_derive(struct sync_key *out, const uint8_t ask[KEY_LEN],
                     const uint8_t topic[ID_LEN], uint64_t number,
                     const uint8_t dialler_salt[HELLO_SALT_LEN],
                     const uint8_t listener_salt[HELLO_SALT_LEN]);

/* The fingerprint of a range whose sum this is. */
void sync_fingerprint(uint8_t out[FINGERPRINT_LEN], const struct sync_key *key,
                      const struct record_sum *sum);
/* An id as it stands in id lists of the session. */
uint64_t sync_short_id(const struct sync_key *key, const uint8_t id[ID_LEN]);

/* All of the days from `from_day` to `until_day`, inclusive. */
struct record_range hello_window(uint32_t from_day, uint32_t until_day);

#endif
