#ifndef DAEMON_LAYING_H
#define DAEMON_LAYING_H

#include "daemon/call.h"
#include "store/law.h"

/* What methods that lay down, lift and list rows of the law have in common. */

/* What is answered once the row is durable: {id, record}. */
struct laying {
    struct law law;
    bool lifts;
    bool has_record;
    uint8_t record[ID_LEN];
};

/*
 * A zeroed row for this call, with the params `until` and `reason`, kept as the
 * call's data; or NULL after the call has been failed.
 */
struct laying *laying_new(struct call *call, enum law_kind kind);
/* Marks it as to be lifted.  The row must be there, else the call has been
 * failed. */
bool laying_must_have(struct call *call, struct laying *laying,
                      const char *text, const char *hint);
/* Does it and answers. */
void laying_run(struct call *call);

/* A kind of rows, and what a list calls them. */
struct laying_sort {
    enum law_kind kind;
    const char *what;
};
/* Answers {items, next}: the rows in effect, one kind after the other. */
void laying_send_list(struct call *call, const struct laying_sort *sorts,
                      size_t sorts_count);

#endif
