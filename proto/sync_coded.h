#ifndef PROTO_SYNC_CODED_H
#define PROTO_SYNC_CODED_H

#include "proto/sync.h"

/*
 * The second stage of a session, by coded symbols (protocol.md §5.3, Symbols):
 * the part of sync.c that is about them.
 */

/* The opener says that it can decode, if it keeps symbols of the window. */
MUST_CHECK enum err sync_coded_offer(struct sync_session *s,
                                     const struct record_set *set);

/* As sync_recv(): the message was decoded, its place in the course was not
 * looked at. */
MUST_CHECK enum err sync_coded_on_symbols(struct sync_session *s,
                                          const struct sync_message *m);
MUST_CHECK enum err sync_coded_on_more(struct sync_session *s,
                                       const struct sync_message *m);
MUST_CHECK enum err sync_coded_on_take(struct sync_session *s,
                                       const struct sync_message *m);

/*
 * Writes SYMBOLS, MORE or TAKE in the name of `m`.  Writes nothing and ends
 * this stage where ranges are to be said instead.
 */
MUST_CHECK enum err sync_coded_say(struct sync_session *s,
                                   const struct record_set *set,
                                   struct sync_message *m, struct writer *w);

/* Looks up some of what is to be sent; there may be none of it. */
MUST_CHECK enum err sync_coded_fill_keys(struct sync_session *s,
                                         const struct record_set *set);

#endif
