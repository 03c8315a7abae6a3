#ifndef DAEMON_DESK_H
#define DAEMON_DESK_H

#include "daemon/control.h"
#include "daemon/event_log.h"
#include "daemon/job.h"
#include "daemon/node.h"
#include "daemon/topic_cache.h"
#include "proto/view.h"

/*
 * Where control clients are served: the socket, its methods, jobs, events, and
 * what the methods share.  It sits on a node and knows it only by node.h.
 */
struct desk;
struct hide;
struct waits;

/* Opens the control socket of the node's home; `node` outlives the desk. */
MUST_CHECK enum err desk_open(struct desk **out, struct node *node);
/* Ends all clients and jobs; then calls `on_closed`, once. */
void desk_close(struct desk *desk, void (*on_closed)(void *context),
                void *context);

struct node *desk_node(const struct desk *desk);
struct jobs *desk_jobs(const struct desk *desk);
struct event_log *desk_events(const struct desk *desk);
struct waits *desk_waits(const struct desk *desk);
struct hide *desk_hide(const struct desk *desk); /* for hide.c */
struct topic_cache *desk_topics(const struct desk *desk);
/*
 * A view with everything but its topic: names of people, from their profiles
 * held here, and what the owner does not want to see (hide.h).  It may read
 * topics, so it comes before the one that is to be shown.
 */
struct view desk_view(struct desk *desk);
/* The name of a person, empty if no profile is held; valid until the next. */
struct bytes desk_name(const struct desk *desk, const uint8_t person[ID_LEN]);
/* What concerns this node's person. */
struct inbox *desk_inbox(const struct desk *desk);
/*
 * The time for a new record: the clock, but never the same twice, so that a
 * revision made at once is newer than what it revises.
 */
uint64_t desk_next_ms(struct desk *desk);
/*
 * The same for records that nothing has to follow: many may have one time, so
 * that a thousand made at once are not dated ahead.
 */
uint64_t desk_same_ms(struct desk *desk);

#endif
