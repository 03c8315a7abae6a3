#ifndef DAEMON_EVENT_LOG_H
#define DAEMON_EVENT_LOG_H

#include "daemon/control.h"
#include "daemon/node.h"

/*
 * What happened, numbered, for clients that watch.  The newest EVENTS_KEPT are
 * remembered; who asks for older ones is told of the gap.  Numbers begin anew
 * with the daemon.
 */
struct event_log;

#define EVENTS_KEPT 4096

MUST_CHECK enum err event_log_open(struct event_log **out, struct node *node,
                                   struct control *control);
void event_log_close(struct event_log *log); /* accepts NULL */

/*
 * Something that concerns this node's person: why, the record that says so, its
 * topic, and what it is about.  `why` is a constant.
 */
void event_log_inbox(struct event_log *log, const char *why,
                     const uint8_t id[ID_LEN], const uint8_t topic[ID_LEN],
                     const uint8_t about[ID_LEN]);

/* The method events.open: answers, then notifies as its params say. */
void event_log_watch(struct event_log *log, struct call *call);

#endif
