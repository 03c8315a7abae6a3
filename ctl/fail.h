#ifndef CTL_FAIL_H
#define CTL_FAIL_H

#include <stdbool.h>

#include "proto/control.h"

/*
 * Why a command could not be carried out: what the client ends with, what it
 * says and what it advises.  Functions of the client that can fail return
 * false (or NULL) and have told it here, once, where the cause was known.
 */
struct fail {
    enum exit_code code; /* EXIT_CODE_OK while nothing failed */
    char text[2048];
    char hint[1024]; /* perhaps empty */
};

/* Tells why; `hint` may be NULL.  Always false, to be returned. */
bool fail_set(struct fail *f, enum exit_code code, const char *hint,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* As above for a failed system call: adds errno's text. */
bool fail_errno(struct fail *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes over the daemon's error. */
bool fail_from_daemon(struct fail *f, const struct mp_value *error);
/* Forgets. */
void fail_clear(struct fail *f);

#endif
