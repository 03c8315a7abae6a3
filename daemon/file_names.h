#ifndef DAEMON_FILE_NAMES_H
#define DAEMON_FILE_NAMES_H

#include "daemon/node_parts.h"
#include "proto/blob_tree.h"
#include "store/store.h"

/*
 * What records of a topic call a file, and the parts that it plays there:
 * looked up for the few files that somebody is about to be shown.
 */
enum {
    FILE_NAMES_MAX = 4,    /* of one file; the earliest records give them */
    FILE_NAMES_ASKED = 512 /* files at a time */
};

struct file_names {
    uint8_t roles; /* bit n: the role of number n; bit 0: none stated */
    uint8_t count;
    struct bytes names[FILE_NAMES_MAX]; /* different ones, within `text` */
};

/* Holds the names that were found. */
struct file_names_set {
    struct file_names of[FILE_NAMES_ASKED]; /* in the order of the question */
    struct writer text;
};

/* `count` files, each once, at most FILE_NAMES_ASKED.  ERR_NO_MEMORY, errors of
 * the store; wipe *out in any case. */
MUST_CHECK enum err file_names_find(struct file_names_set *out,
                                    struct store *store,
                                    const uint8_t topic[ID_LEN],
                                    const struct blob_id *files, size_t count);
void file_names_wipe(struct file_names_set *set);

#endif
