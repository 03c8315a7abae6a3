#ifndef PROTO_BUNDLE_CHECK_PARTS_H
#define PROTO_BUNDLE_CHECK_PARTS_H

#include "proto/bundle.h"
#include "proto/bundle_check.h"
#include "proto/bundle_people.h"
#include "proto/topic_state.h"

/*
 * What a check of a bundle has come to so far: bundle_check.c finds it out,
 * bundle_tell.c says it.  For nobody else.
 */

struct checked_file {
    struct blob_id blob;
    struct bytes name; /* borrowed from its record */
    bool is_seen;
    bool is_damaged;
    uint64_t spans; /* that came and are right */
};

struct bundle_check {
    uint64_t now_ms;
    struct slot_key key;
    struct bundle_reader reader;
    struct multi_hash *multi; /* or NULL */
    uint8_t *buf;             /* BUNDLE_ITEM_MAX bytes: one item */
    size_t len;
    uint64_t offset;
    enum err err;

    struct bundle_begin about;
    struct topic_state *topic;
    struct bundle_people people;
    size_t bytes; /* of records */
    uint64_t refused;

    bool is_judged;
    struct checked_file *files; /* ascending, each blob once */
    size_t files_count;
    size_t at;                 /* the first that is not smaller than the blob */
    struct checked_file *file; /* of the blob that goes by, or NULL */
    uint64_t unnamed;
    uint64_t damaged; /* spans */
    uint64_t missing; /* files */
    bool is_finished;
};

#endif
