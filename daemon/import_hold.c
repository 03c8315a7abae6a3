/* Files that have been imported, for one topic more. */
#include <stdlib.h>

#include "daemon/importer.h"
#include "daemon/node.h"
#include "store/keep.h"

struct holding {
    struct call *call;
    struct import_list *list;
    importer_fn *done;
};

static void on_held(void *context, enum err e, struct store_batch *batch)
{
    struct holding kept = *(struct holding *)context;

    free(context);
    store_batch_free(batch);
    if (e != ERR_OK)
        call_fail(kept.call, e, NULL, NULL);
    else
        kept.done(kept.call, kept.list);
}

void importer_hold(struct call *call, struct import_list *list,
                   const uint8_t topic[ID_LEN], importer_fn *done)
{
    struct holding *run = calloc(1, sizeof *run);
    struct store_batch *batch = NULL;
    enum err e = run == NULL ? ERR_NO_MEMORY : store_batch_new(&batch);

    for (size_t i = 0; i < list->count && e == ERR_OK; i++) {
        e = blobs_put_hold(batch, &list->files[i].blob, topic);
        if (e == ERR_OK)
            e = keep_put_pin(batch, &list->files[i].blob, topic, KEEP_PIN_OWN);
    }
    if (e != ERR_OK) {
        store_batch_free(batch);
        free(run);
        call_fail(call, e, NULL, NULL);
        return;
    }
    *run = (struct holding){ call, list, done };
    node_apply(call_node(call), batch, on_held, run);
}
