#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "store/blobs.h"
#include "store/store.h"

/* A store in a folder of its own, and people who write records into it. */
struct fixture {
    char dir[64];
    struct store *store;
    struct store_batch *batch;
};

extern const struct network LAB;
#define DAY0 1700006400000u /* 2023-11-15, 00:00 UTC */

struct author {
    struct sign_key device;
    uint8_t person[ID_LEN];
    uint8_t certificate[512];
    size_t certificate_len;
    struct sign_key own; /* the person's, which signs identity records */
    uint8_t own_certificate[512];
    size_t own_certificate_len;
};

/* What a record is made of; zeros are good defaults. */
struct sketch {
    uint64_t kind; /* 0: a comment */
    const struct author *author;
    const uint8_t *topic; /* NULL: founds one */
    uint64_t created_ms;
    const uint8_t *revises;
    struct record_link links[4];
    size_t links_count;
    uint64_t flags;
    bool by_device;   /* an identity record signed by a mere device */
    uint32_t number;  /* makes bodies differ */
    size_t text_len;  /* of the body's text */
    struct bytes map; /* the body's, in place of a text; empty: none */
};

struct made {
    uint8_t *bytes;
    size_t len;
    struct record record; /* of `bytes` */
};

void fixture_open(struct fixture *f);
void fixture_reopen(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_options(struct store_options *out);
/* Path of a name in the folder; valid until the next call. */
const char *fixture_path(const struct fixture *f, const char *name);
void fixture_remove_tree(const char *dir);

/* The last steps of an import, or all of them, of one file on one thread. */
enum err fixture_import_finish(struct blob_import *import);
enum err fixture_import_run(struct blob_import *import,
                            struct blob_progress *progress);

/* The author number `n`. */
const struct author *author_of(unsigned n);
struct made record_of(const struct sketch *sketch);
void made_free(struct made *made);

/* Applies the batch and expects it to be ERR_OK. */
void apply(struct fixture *f);
/* Puts one record and applies; its number. */
uint64_t put(struct fixture *f, const struct sketch *sketch,
             uint8_t id[ID_LEN]);

#endif
