#ifndef DAEMON_ADDRESS_BOOK_H
#define DAEMON_ADDRESS_BOOK_H

#include "daemon/node_parts.h"
#include "store/store.h"

/*
 * The address book: nodes that this one knows, where they were found, when they
 * are to be dialled again and whether they are banned.  In memory, with rows in
 * the store for what has to outlive a restart.
 */

#define ADDRESS_BOOK_MAX 256

struct address_book_entry {
    struct store_peer row;
    bool from_config;      /* not in the store unless it is there besides */
    bool dialling;         /* or connected by a connection that we dialled */
    uint64_t next_dial_ms; /* of uv_now() */
    enum err last_error;
};

/* Reads the rows of the store. */
MUST_CHECK enum err address_book_open(struct address_book **out,
                                      struct node *node);
void address_book_close(struct address_book *book); /* accepts NULL */

/* Goes through all: entry number `i`, NULL past the last. */
struct address_book_entry *address_book_at(struct address_book *book, size_t i);
/* NULL if it is not known. */
struct address_book_entry *address_book_find(struct address_book *book,
                                             const uint8_t node[KEY_LEN]);
/*
 * Finds or makes the entry; a full book gives up the one seen longest ago that
 * nobody added by hand.  ERR_NO_SPACE if all were.
 */
MUST_CHECK enum err address_book_get(struct address_book *book,
                                     struct address_book_entry **out,
                                     const uint8_t node[KEY_LEN]);
/* Writes the entry's row; `done` may be NULL. */
void address_book_save(struct address_book *book,
                       const struct address_book_entry *entry,
                       node_done_fn *done, void *context);
/* Forgets the node, here and in the store. */
void address_book_forget(struct address_book *book, const uint8_t node[KEY_LEN],
                         node_done_fn *done, void *context);

bool address_book_is_banned(const struct address_book *book,
                            const uint8_t node[KEY_LEN]);
/* Until then, by the wall clock; 0 lifts it. */
void address_book_ban(struct address_book *book, const uint8_t node[KEY_LEN],
                      uint64_t until_ms);

#endif
