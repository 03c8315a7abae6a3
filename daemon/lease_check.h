#ifndef DAEMON_LEASE_CHECK_H
#define DAEMON_LEASE_CHECK_H

#include "daemon/leases.h"
#include "proto/blob_tree.h"

/*
 * Challenges that somebody waits for: of these files, by these nodes, now. What
 * comes of them counts as what comes of any other challenge (docs/protocol.md
 * §6.8).
 */
enum lease_checked {
    LEASE_CHECKED_NOT,     /* it is not known yet */
    LEASE_CHECKED_SHOWN,   /* a random piece of the file */
    LEASE_CHECKED_FAILED,  /* of this file, or of one before it */
    LEASE_CHECKED_SILENT,  /* no answer within LEASE_ANSWER_MS */
    LEASE_CHECKED_BUSY,    /* it asked to be asked later, too often */
    LEASE_CHECKED_AWAY,    /* it is not connected, or not any more */
    LEASE_CHECKED_CHANGED, /* it says something else by now */
};
const char *lease_checked_name(enum lease_checked checked);

struct lease_check {
    uint8_t topic[ID_LEN];
    uint8_t node[KEY_LEN];
    struct blob_id blob;
    enum lease_checked checked;
    /* Private: */
    bool is_asked;
    unsigned tries;
    uint64_t next_ms; /* not before; monotonic */
};

#define LEASE_CHECKS_MAX 1024

/* Lies in its owner's memory, from leases_check_begin() to leases_check_end().
 */
struct lease_checks {
    struct lease_check at[LEASE_CHECKS_MAX];
    size_t count;
    size_t settled;
    /* Some have been settled, perhaps all; may end them. */
    void (*on_moved)(void *context);
    void *context;
    /*
     * What is asked about is about to go from here, if others have it: who
     * asks this node for it meanwhile is told to come later, for two nodes
     * must not let go of it because of each other.
     */
    bool is_leaving;
    /* More is about to go than is asked about: who shows all that it is asked
     * for stands for the rest, and this node for nothing of it. */
    bool is_sample;
    /* Private: */
    struct lease_checks *next;
    bool has_moved;
    uint64_t moved_ms;
    uint64_t looked_ms;
};

void leases_check_begin(struct leases *leases, struct lease_checks *checks);
/* Whether or not all are settled. */
void leases_check_end(struct leases *leases, struct lease_checks *checks);

#endif
