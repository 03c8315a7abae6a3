#ifndef DAEMON_COPIES_H
#define DAEMON_COPIES_H

#include "daemon/file_names.h"
#include "daemon/lease_check.h"

/* How files are told together with who holds them (docs/control-api.md). */
struct copies_item {
    const uint8_t *topic; /* ID_LEN bytes */
    struct blob_id blob;
    unsigned target;                   /* copies that are wanted */
    struct bytes name;                 /* what the record asked for calls it */
    const struct file_names *names;    /* what all call it */
    const struct lease_checks *checks; /* what was asked just now; or NULL */
};

void copies_put_item(struct node *node, struct writer *w,
                     const struct copies_item *item);
/* What its topic says of the file, else what the role alone would. */
unsigned copies_target(struct node *node, const uint8_t topic[ID_LEN],
                       const struct blob_id *blob, uint64_t role);
/* As file_names_find(); without memory there are no names. */
void copies_names(struct node *node, const uint8_t topic[ID_LEN],
                  const struct blob_id *files, size_t count,
                  struct file_names_set *out);

#endif
