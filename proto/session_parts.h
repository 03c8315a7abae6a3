#ifndef PROTO_SESSION_PARTS_H
#define PROTO_SESSION_PARTS_H

#include <assert.h>

#include "proto/session.h"

/*
 * What the files of session share: session.c its states, what comes and what
 * silence means; session_handshake.c how it is opened; session_send.c what it
 * sends.  For nobody else.
 */

static inline void session_advance(struct session *s, uint64_t now_ms)
{
    assert(now_ms >= s->now_ms);
    s->now_ms = now_ms;
}

static inline void session_heard(struct session *s)
{
    s->heard_ms = s->now_ms;
    s->signs = 0;
    s->ping_open = false;
    s->ping_due = false;
}

/* Frames that nobody but the session itself sees. */
static inline bool session_is_own(uint8_t type)
{
    return type == FRAME_PING || type == FRAME_PONG || type == FRAME_CLOSE;
}

/* --- session.c --- */

/* Ends the session without an answer; returns `why`. */
enum err session_end(struct session *s, enum err why);

/* --- session_handshake.c --- */

/* Composes the next handshake message; message 0 has an empty payload. */
MUST_CHECK enum err session_handshake_write(struct session *s);
/* §4.1: a message of another length ends the handshake unread. */
bool session_handshake_fits(const struct session *s, size_t len);
/* Takes one message of the handshake, and writes the one that answers it. */
MUST_CHECK enum err session_handshake_step(struct session *s, uint8_t *message,
                                           size_t len,
                                           struct session_event *ev);

#endif
