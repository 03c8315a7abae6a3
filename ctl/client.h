#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>

#include "ctl/fail.h"

/*
 * One connection to a daemon.  Calls wait for their response; notifications
 * that arrive meanwhile go to the one who listens.  Blocking, one thread.
 */
struct client;

/* Sees every notification; the params are borrowed. */
typedef void (*client_notice_fn)(void *context, const char *method,
                                 json_t *params);

/*
 * Connects to DIR/control.sock and says hello.  NULL, with
 * EXIT_CODE_NOT_RUNNING if nobody answers.  The caller must client_close() it.
 */
struct client *client_open(struct fail *f, const char *runtime_dir);
void client_close(struct client *c); /* accepts NULL */

void client_listen(struct client *c, client_notice_fn on_notice, void *context);
/* Calls and waits fail with "timed out" after so long; 0: never. */
void client_set_timeout(struct client *c, uint64_t timeout_ms);
/* All calls and waits together end after so long from now; 0: they need not. */
void client_set_end(struct client *c, uint64_t timeout_ms);

/*
 * One request and its response as JSON: a new reference, or NULL on failure.
 * `params` is borrowed and may be NULL.
 */
json_t *client_call(struct client *c, struct fail *f, const char *method,
                    const json_t *params);
/*
 * The same in MessagePack, for bytes.  `params` is one encoded map, or empty;
 * *result is valid until the next call on this client.
 */
bool client_call_raw(struct client *c, struct fail *f,
                     const struct mp_value **result, const char *method,
                     struct bytes params);
/*
 * The two halves of it, so that several requests are under way at once: the
 * number of each, and the next response, to whichever of them.
 */
bool client_begin(struct client *c, struct fail *f, uint32_t *number,
                  const char *method, struct bytes params);
bool client_finish(struct client *c, struct fail *f,
                   const struct mp_value **result, uint32_t *number);
/* Waits for one notification and hands it to the listener. */
bool client_wait_notice(struct client *c, struct fail *f);
/* Waits until the daemon closes the connection; other messages are dropped. */
bool client_wait_closed(struct client *c, struct fail *f);
/* How far the node's clock was ahead of ours when it said hello. */
int64_t client_clock_ahead_ms(const struct client *c);
/* The daemon's process, or -1 if the system does not tell. */
int client_daemon_pid(const struct client *c);

#endif
