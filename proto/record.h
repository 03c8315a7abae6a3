#ifndef PROTO_RECORD_H
#define PROTO_RECORD_H

#include "proto/certificate.h"

/*
 * The record envelope (protocol.md §3): decoding, identity, admission and
 * authoring.  What a record *means* is kind.h (schema) and authority.h.
 * Everything here is a view: a struct record borrows the bytes it came from.
 */

enum record_flag {
    RECORD_LISTED = 1 << 0, /* also in the call board's set */
    RECORD_OPAQUE = 1 << 1  /* the body is encrypted */
};

struct record_link {
    uint64_t relation; /* enum relation of kind.h, or one of a later release */
    uint8_t id[ID_LEN];
};

struct record {
    uint8_t id[ID_LEN];
    uint64_t kind;
    uint8_t author[ID_LEN];
    uint8_t signer[KEY_LEN];
    uint8_t topic[ID_LEN]; /* resolved: its own id where the head has zeros */
    bool founds_topic;     /* the head has zeros */
    uint64_t created_ms;
    bool has_revises;
    uint8_t revises[ID_LEN];
    uint32_t links_count;
    struct bytes links; /* the array's elements, read by record_link_next */
    uint8_t body_hash[HASH_LEN];
    uint32_t body_len;
    uint64_t flags;

    struct bytes head;
    struct bytes body;        /* salt and map; data == NULL for a nil body */
    const uint8_t *signature; /* SIGNATURE_LEN bytes */
    struct bytes certificate; /* data == NULL for nil */
};

/*
 * Decodes one whole record: envelope, canonical form, sizes and body hash, but
 * no signature.  *out is written only on ERR_OK.  A nil body is accepted here;
 * whether it may stand is decided by who knows of a retraction (ERR_NO_BODY).
 */
MUST_CHECK enum err record_decode(struct record *out, struct bytes src);
/* As above for a head alone: body and certificate NULL, `signature` borrowed.
 */
MUST_CHECK enum err record_decode_head(struct record *out, struct bytes head,
                                       const uint8_t *signature);
/*
 * Decodes a head that was decoded before and has this id: if its bytes still
 * hash to it, their form needs no second look.  ERR_BAD_BODY: they do not.
 */
MUST_CHECK enum err record_decode_known(struct record *out, struct bytes head,
                                        const uint8_t *signature,
                                        const uint8_t id[ID_LEN]);

/* The links in order: start with reader_of(r->links); false after the last. */
bool record_link_next(struct reader *links, struct record_link *out);
/* The first link of that relation; false if there is none. */
bool record_link_find(const struct record *r, uint64_t relation,
                      uint8_t out[ID_LEN]);

/* The body's map, without its salt; empty if the body is nil or opaque. */
struct bytes record_body_map(const struct record *r);

/*
 * Admission (§3.5): the certificate's person is the author and its device the
 * signer, and the signature verifies.  `certificate` is the verified one of the
 * signer (from the record or from a cache), or NULL for a record signed by a
 * node key as its own author (record_is_by_node).
 *   ERR_NO_CERTIFICATE, ERR_BAD_CERTIFICATE, ERR_BAD_SIGNATURE
 */
MUST_CHECK enum err record_admit(const struct record *r,
                                 const struct certificate *certificate,
                                 const struct network *network);
/*
 * Whether records of this kind are authored by a node key, not a person: told
 * by the number alone, 192 to 255, as it must not differ between releases.
 */
bool record_is_by_node(const struct record *r);

/* What an author states; the rest of the head follows from it. */
struct record_draft {
    uint64_t kind;
    uint8_t author[ID_LEN];
    uint8_t topic[ID_LEN]; /* zeros to found a topic */
    uint64_t created_ms;
    const uint8_t *revises; /* ID_LEN bytes or NULL */
    const struct record_link *links;
    size_t links_count;
    struct bytes map; /* canonical MessagePack map */
    uint64_t flags;
    uint8_t salt[RECORD_SALT_LEN]; /* random */
};

/*
 * Writes the whole signed record to `w` and its id to `id`.  `certificate` may
 * be empty (nil on the wire).  ERR_TOO_LARGE, ERR_NOT_CANONICAL (the map);
 * nothing is to be used of `w` then.
 */
MUST_CHECK enum err record_write(struct writer *w, uint8_t id[ID_LEN],
                                 const struct record_draft *draft,
                                 const struct sign_key *signer,
                                 struct bytes certificate,
                                 const struct network *network);
/* Puts the parts of a record together again: for sending what is stored. */
void record_join(struct writer *w, struct bytes head, struct bytes body,
                 const uint8_t signature[SIGNATURE_LEN],
                 struct bytes certificate);

/* The call board's topic of a network: SHA-256("troupe board 1\0" || len ||
 * name). */
void record_board_topic(uint8_t out[ID_LEN], const struct network *network);

#endif
