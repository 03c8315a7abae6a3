#ifndef DAEMON_LAW_CHANGE_H
#define DAEMON_LAW_CHANGE_H

#include "daemon/call.h"
#include "store/law.h"

/* What methods that lay down or lift rows of the law have in common. */

/* What is answered once the row is durable: {id, record}. */
struct law_change {
    struct law law;
    bool lifts;
    bool has_record;
    uint8_t record[ID_LEN];
};

/*
 * A zeroed row for this call, with the params `until` and `reason`, kept as the
 * call's data; or NULL after the call has been failed.
 */
struct law_change *law_change_new(struct call *call, enum law_kind kind);
/* Marks it as to be lifted.  The row must be there, else the call has been
 * failed. */
bool law_change_must_have(struct call *call, struct law_change *change,
                          const char *text, const char *hint);
/* Does it and answers. */
void law_change_run(struct call *call);

#endif
