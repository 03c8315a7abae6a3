#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include "proto/limits.h"
#include "proto/mp.h"

/*
 * Messages of the control socket (docs/control-api.md): MessagePack-RPC, one
 * value after another in a stream.  Both ends share this codec: the daemon
 * decodes requests, the client responses and notifications.  A message need
 * only be well-formed, not canonical: clients are written by others, too.
 */

/* Names of methods and notifications are short words with dots. */
#define CONTROL_METHOD_MAX 64
/* Spoken by both ends in `hello`; another number is ERR_VERSION. */
#define CONTROL_VERSION 1

enum control_type {
    CONTROL_REQUEST = 0,
    CONTROL_RESPONSE = 1,
    CONTROL_NOTIFICATION = 2
};

/*
 * One message.  Its values live in `doc` and are views into the bytes it was
 * decoded from: both must outlive every use, then control_message_wipe() it.
 */
struct control_message {
    enum control_type type;
    uint32_t number;               /* requests and responses */
    struct bytes method;           /* requests and notifications */
    const struct mp_value *params; /* likewise: a map, or NULL if left out */
    const struct mp_value *error;  /* responses: a map, or NULL on success */
    const struct mp_value *result; /* responses: any value; NULL on error */
    struct mp_doc *doc;
};

/*
 * Decodes the first message of a stream; *used is its length, bytes after it
 * belong to the next.  Outputs are written only on ERR_OK.
 *   ERR_TRUNCATED  needs more bytes: read on, then ask again
 *   ERR_TOO_LARGE  longer than CONTROL_MESSAGE_MAX
 *   ERR_TOO_DEEP, ERR_MALFORMED, ERR_NO_MEMORY
 * After all but the first the stream is lost and must be closed.
 */
MUST_CHECK enum err control_decode(struct control_message *out, size_t *used,
                                   struct bytes stream);
/*
 * The length of the stream's first value alone, with the same errors but for
 * ERR_MALFORMED of what is a value and no message.
 */
MUST_CHECK enum err control_measure(size_t *used, struct bytes stream);
/* Frees what the message owns; accepts a zeroed one. */
void control_message_wipe(struct control_message *m);
/* True if the message's method is `name` (NUL-terminated). */
bool control_method_is(const struct control_message *m, const char *name);

/*
 * The openings of messages; exactly one value must follow each: the map of
 * params for requests and notifications, the result for responses.
 */
void control_put_request(struct writer *w, uint32_t number, const char *method);
void control_put_response(struct writer *w, uint32_t number);
void control_put_notification(struct writer *w, const char *method);

/*
 * A whole failed response.  `text` says more than the error's own text, `hint`
 * names what to do next; either may be NULL.
 */
void control_put_error(struct writer *w, uint32_t number, enum err e,
                       const char *text, const char *hint);

/* The error of a response; its texts are views as the message's. */
struct control_error {
    enum exit_code code;
    struct bytes name; /* as err_name() gave it */
    struct bytes text;
    struct bytes hint; /* perhaps empty */
};
/* Reads an error map; a code that is none of ours becomes "failed". */
struct control_error control_error_of(const struct mp_value *error);

/*
 * An id in params: a bin of 32 bytes, or 64 hex digits.
 *   ERR_USAGE  anything else
 */
MUST_CHECK enum err control_id_of(uint8_t out[ID_LEN],
                                  const struct mp_value *v);

/* Digits of an id as people type them: what PREFIX stands for. */
#define CONTROL_PREFIX_MIN      6  /* hex digits, for reading */
#define CONTROL_PREFIX_SIGN_MIN 16 /* hex digits, where something is signed */
struct control_prefix {
    uint8_t id[ID_LEN]; /* zeros after the digits */
    size_t digits;      /* 64 for a whole id */
};
/*
 * A prefix in params: a bin of 32 bytes, or at least `min` hex digits.
 *   ERR_USAGE  anything else
 */
MUST_CHECK enum err control_prefix_of(struct control_prefix *out,
                                      const struct mp_value *v, size_t min);
/* True if `id` begins with the prefix. */
bool control_prefix_matches(const struct control_prefix *p,
                            const uint8_t id[ID_LEN]);

#endif
