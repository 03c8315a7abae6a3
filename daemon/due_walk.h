#ifndef DAEMON_DUE_WALK_H
#define DAEMON_DUE_WALK_H

#include "store/store.h"

/*
 * A walk through the wants that are due, in the order of their rows, some in
 * each turn of the loop.  One that is asked for while it goes on comes after
 * it, as what is new may lie behind.
 */
struct due_walk {
    bool is_on;
    bool is_due_again; /* another one after it */
    bool eager;        /* those that wait for their next try, too */
    bool has_after;
    struct store_want after; /* the last that the walk is done with */
};

static inline void due_walk_begin(struct due_walk *walk, bool eager)
{
    walk->eager = walk->eager || eager;
    if (walk->is_on)
        walk->is_due_again = true;
    walk->is_on = true;
}

/* There are none behind those that were seen. */
static inline void due_walk_end(struct due_walk *walk)
{
    walk->has_after = false;
    walk->is_on = walk->is_due_again;
    walk->is_due_again = false;
    walk->eager = walk->eager && walk->is_on;
}

/* It goes on behind this one. */
static inline void due_walk_pass(struct due_walk *walk,
                                 const struct store_want *want)
{
    walk->after = *want;
    walk->has_after = true;
}

/* Up to when wants are due, as store_wants_due_small() takes it. */
static inline uint64_t due_walk_until(const struct due_walk *walk,
                                      uint64_t now_ms)
{
    return walk->eager ? UINT64_MAX : now_ms;
}

/* Behind which it goes on; NULL: from the beginning. */
static inline const struct store_want *
due_walk_after(const struct due_walk *walk)
{
    return walk->has_after ? &walk->after : NULL;
}

#endif
