/*
 * Imports: many records of the owner's, split into items, and their outcomes
 * counted into one.
 */
#include <stdlib.h>

#include "daemon/ingest_parts.h"
#include "daemon/peers.h"
#include "proto/mp.h"

/* Many records of the owner's, told of together. */
struct import {
    struct node_import result;
    bool is_judged;
    uint64_t left; /* items under way, and 1 while it is being split */
    node_imported_fn *done;
    void *context;
};

static void import_release(struct import *import)
{
    if (--import->left > 0)
        return;
    import->done(import->context, &import->result);
    free(import);
}

static void import_count(struct import *import, uint64_t offset, enum err e,
                         const struct store_result *result)
{
    struct node_import *r = &import->result;

    if (e == ERR_OK && result->outcome == STORE_KNOWN) {
        r->known++;
    } else if (e == ERR_OK) {
        r->stored++;
    } else if (e == ERR_OVER_BUDGET) {
        r->over++;
    } else {
        r->refused++;
        if (r->errors_count < NODE_IMPORT_ERRORS_MAX) {
            r->errors[r->errors_count].offset = offset;
            r->errors[r->errors_count++].err = e;
        }
    }
}

void ingest_import_told(struct import *import, uint64_t offset, enum err e,
                        const struct store_result *result)
{
    import_count(import, offset, e, result);
    import_release(import);
}

/* Takes the next record off `left`; what is no whole value is one refusal. */
static void import_next(struct ingest *g, struct import *import,
                        uint64_t source, struct bytes *left, uint64_t offset)
{
    enum mp_grade grade;
    size_t used;
    struct item *item;
    enum err e = mp_walk(&grade, &used, *left);

    if (e != ERR_OK) {
        import_count(import, offset, e, NULL);
        left->len = 0;
        return;
    }
    item = ingest_local_item(g, source, (struct bytes){ left->data, used });
    if (item == NULL) {
        import_count(import, offset, ERR_NO_MEMORY, NULL);
        left->len = 0;
        return;
    }
    item->import = import;
    item->is_judged = import->is_judged;
    item->offset = offset;
    import->left++;
    left->data += used;
    left->len -= used;
}

void ingest_import(struct ingest *g, struct bytes records, bool is_judged,
                   node_imported_fn *done, void *context)
{
    struct import *import = calloc(1, sizeof *import);
    uint64_t source = peers_next_number(node_peer_table(g->node));
    struct bytes left = records;

    if (import == NULL) {
        struct node_import none = { .refused = 1, .errors_count = 1 };

        none.errors[0].err = ERR_NO_MEMORY;
        done(context, &none);
        return;
    }
    import->left = 1;
    import->is_judged = is_judged;
    import->done = done;
    import->context = context;
    while (left.len > 0)
        import_next(g, import, source, &left, records.len - left.len);
    import_release(import);
}
