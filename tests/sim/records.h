#ifndef TESTS_SIM_RECORDS_H
#define TESTS_SIM_RECORDS_H

#include "proto/record.h"
#include "proto/record_set.h"
#include "tests/sim/rng.h"

/*
 * The records of the simulated world: real ones, with certificates and Ed25519
 * signatures, each kept once and known to all nodes by its number.  Whether
 * given bytes are a record is found out once, by the code that a node has for
 * it, and remembered for all.
 */

/* A person with one device. */
struct author {
    bool is_stranger;  /* without standing: a budget bounds what is kept */
    uint32_t *numbers; /* of a stranger's records, by day and id */
    uint32_t numbers_count;
    uint32_t numbers_cap;
    struct sign_key device;
    uint8_t person[ID_LEN];
    uint8_t certificate[RECORD_CERTIFICATE_MAX];
    size_t certificate_len;
};

struct world_record {
    struct record_key key;
    struct record_sum sum; /* of this one alone */
    const uint8_t *whole;  /* up to its certificate */
    uint32_t len;
    uint32_t author;
    uint32_t body_len;
    struct bytes head; /* in `whole` */
    const uint8_t *signature;
};

/* What was found out about bytes. */
struct admission {
    enum err err;
    uint32_t number; /* of ERR_OK */
    bool has_certificate;
};

struct records {
    struct network network;
    struct rng rng;
    uint8_t topic[ID_LEN];
    struct author *authors;
    uint32_t authors_count;
    uint32_t authors_cap;
    struct world_record *all;
    uint32_t count;
    uint32_t cap;
    uint32_t *by_id; /* open table of numbers + 1, at most half full */
    uint32_t by_id_cap;
    struct admission_slot *slots; /* open table, at most half full */
    uint32_t slots_count;
    uint32_t slots_cap;
    struct writer scratch;
};

/* Makes a project, which is record number 0, by author number 0. */
void records_init(struct records *r, struct rng *rng, uint64_t created_ms);
void records_wipe(struct records *r);
/* Makes one more author; returns its number. */
uint32_t records_add_author(struct records *r, bool is_stranger);
/* The UTC day of a record. */
uint64_t records_day(const struct records *r, uint32_t number);
/* Makes a comment of about `text_len` bytes on the project, or on `target`. */
uint32_t records_make(struct records *r, uint32_t author, uint64_t created_ms,
                      size_t text_len);
/* The number of the record with this id; UINT32_MAX if there is none. */
uint32_t records_find(const struct records *r, const uint8_t id[ID_LEN]);
/* Appends the record as it travels. */
void records_put(const struct records *r, uint32_t number,
                 bool with_certificate, struct writer *w);
/* Whether these bytes are a record of the topic, and which one. */
struct admission records_admit(struct records *r, struct bytes whole);
/* The same of a head that came without its record (§5.4). */
struct admission records_admit_head(struct records *r, struct bytes head,
                                    uint64_t created_ms,
                                    const uint8_t signature[SIGNATURE_LEN]);

#endif
