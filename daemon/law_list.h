#ifndef DAEMON_LAW_LIST_H
#define DAEMON_LAW_LIST_H

#include "daemon/call.h"
#include "store/law.h"

/* Lists of what the owner has laid down. */

/* A kind of rows, and what a list calls them. */
struct law_list_kind {
    enum law_kind kind;
    const char *what;
};

/* Answers {items, next}: the rows in effect, one kind after the other. */
void law_list_send(struct call *call, const struct law_list_kind *kinds,
                   size_t kinds_count);

#endif
