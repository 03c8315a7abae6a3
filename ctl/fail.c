#include "ctl/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool fail_set(struct fail *f, enum exit_code code, const char *hint,
              const char *format, ...)
{
    va_list args;

    f->code = code;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    (void)snprintf(f->hint, sizeof f->hint, "%s", hint == NULL ? "" : hint);
    return false;
}

bool fail_errno(struct fail *f, const char *format, ...)
{
    const char *why = strerror(errno);
    va_list args;
    size_t len;

    f->code = errno == ENOENT   ? EXIT_CODE_NOT_FOUND
              : errno == ENOSPC ? EXIT_CODE_LIMIT
                                : EXIT_CODE_FAILED;
    f->hint[0] = '\0';
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    len = strlen(f->text);
    (void)snprintf(f->text + len, sizeof f->text - len, ": %s", why);
    return false;
}

static void copy_text(char *out, size_t cap, struct bytes text)
{
    size_t len = text.len < cap ? text.len : cap - 1;

    if (len > 0)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

bool fail_from_daemon(struct fail *f, const struct mp_value *error)
{
    struct control_error e = control_error_of(error);

    f->code = e.code;
    copy_text(f->text, sizeof f->text, e.text);
    copy_text(f->hint, sizeof f->hint, e.hint);
    return false;
}

void fail_clear(struct fail *f)
{
    *f = (struct fail){ 0 };
}
