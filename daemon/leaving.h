#ifndef DAEMON_LEAVING_H
#define DAEMON_LEAVING_H

#include "daemon/lease_check.h"

/*
 * What is about to leave the disk by the owner's word.  Who is to have a copy
 * besides is asked to show it first: what a node has signed may be older than
 * the moment in which its owner, too, let the file go.  Meanwhile this node
 * itself vouches for none of it, so that no two let go because of each other.
 */
struct leaving {
    struct node *node;
    struct lease_checks checks;
    bool is_asking; /* until what goes has gone */
    void (*on_asked)(void *context);
    void *context;
};

/* Of one file no more are asked; nor is any one asked for more files. */
#define LEAVING_HOLDERS_MAX 3
#define LEAVING_FILES_MAX   300

/* Those that are relied on are to show the file, if it is whole here. */
void leaving_add(struct leaving *leaving, const uint8_t topic[ID_LEN],
                 const struct blob_id *blob);
/* Calls `on_asked` once, later, when all have answered or are not there. */
void leaving_ask(struct leaving *leaving, void (*on_asked)(void *context),
                 void *context);
/* What was asked, for elsewhere_count(); NULL if nobody was. */
const struct lease_checks *leaving_asked(const struct leaving *leaving);
/* It has gone, or it stays. */
void leaving_end(struct leaving *leaving);

#endif
