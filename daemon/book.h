#ifndef DAEMON_BOOK_H
#define DAEMON_BOOK_H

#include "daemon/node_parts.h"
#include "store/store.h"

/*
 * The address book: nodes that this one knows, where they were found, when they
 * are to be dialled again and whether they are banned.  In memory, with rows in
 * the store for what has to outlive a restart.
 */

#define BOOK_MAX 256

struct book_entry {
    struct store_peer row;
    bool from_config;      /* not in the store unless it is there besides */
    bool dialling;         /* or connected by a connection that we dialled */
    uint64_t next_dial_ms; /* of uv_now() */
    enum err last_error;
};

/* Reads the rows of the store. */
MUST_CHECK enum err book_open(struct book **out, struct node *node);
void book_close(struct book *book); /* accepts NULL */

/* Goes through all: entry number `i`, NULL past the last. */
struct book_entry *book_at(struct book *book, size_t i);
/* NULL if it is not known. */
struct book_entry *book_find(struct book *book, const uint8_t node[KEY_LEN]);
/*
 * Finds or makes the entry; a full book gives up the one seen longest ago that
 * nobody added by hand.  ERR_NO_SPACE if all were.
 */
MUST_CHECK enum err book_get(struct book *book, struct book_entry **out,
                             const uint8_t node[KEY_LEN]);
/* Writes the entry's row; `done` may be NULL. */
void book_save(struct book *book, const struct book_entry *entry,
               node_done_fn *done, void *context);
/* Forgets the node, here and in the store. */
void book_forget(struct book *book, const uint8_t node[KEY_LEN],
                 node_done_fn *done, void *context);

bool book_is_banned(const struct book *book, const uint8_t node[KEY_LEN]);
/* Until then, by the wall clock; 0 lifts it. */
void book_ban(struct book *book, const uint8_t node[KEY_LEN],
              uint64_t until_ms);

#endif
