#include "daemon/done.h"

#include <stdlib.h>

/* A node_done_fn on its way through a commit. */
struct done {
    node_done_fn *fn;
    void *context;
};

static void on_committed(void *context, enum err e,
                         const struct store_result *result)
{
    struct done *d = context;

    (void)result;
    d->fn(d->context, e);
    free(d);
}

void done_expect(struct commits *commits, enum err e, node_done_fn *fn,
                 void *context)
{
    struct done *d;

    if (fn == NULL)
        return;
    d = e == ERR_OK ? malloc(sizeof *d) : NULL;
    if (d == NULL) {
        /* Without memory for the answer the operation itself goes ahead. */
        fn(context, e == ERR_OK ? ERR_NO_MEMORY : e);
        return;
    }
    d->fn = fn;
    d->context = context;
    commits_expect(commits, on_committed, d);
}
