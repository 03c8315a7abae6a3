/* The table behind err.h; nothing else knows its columns. */
#include "proto/err.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *text;
    enum blame blame;
    enum exit_code exit;
} table[ERR_COUNT] = {
#define X(id, who, code, what)                                                 \
    [ERR_##id] = { .name = #id,                                                \
                   .text = what,                                               \
                   .blame = BLAME_##who,                                       \
                   .exit = EXIT_CODE_##code },
    ERR_MAP(X)
#undef X
};

/* A close frame may carry a number of a later version. */
static size_t row(enum err e)
{
    size_t n = (size_t)e;

    return n < ERR_COUNT ? n : ERR_INTERNAL;
}

const char *err_text(enum err e)
{
    return table[row(e)].text;
}

const char *err_name(enum err e)
{
    return table[row(e)].name;
}

enum blame err_blame(enum err e)
{
    return table[row(e)].blame;
}

enum exit_code err_exit_code(enum err e)
{
    return table[row(e)].exit;
}
