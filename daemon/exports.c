/* The list of copies that are in the making: as long as people ask for files.
 */
#include "daemon/exports.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    struct entry *next;
    struct blob_copy *copy;
};

struct exports {
    struct entry *first;
};

enum err exports_open(struct exports **out)
{
    struct exports *exports = calloc(1, sizeof *exports);

    if (exports == NULL)
        return ERR_NO_MEMORY;
    *out = exports;
    return ERR_OK;
}

void exports_free(struct exports *exports)
{
    assert(exports == NULL || exports->first == NULL);
    free(exports);
}

enum err exports_add(struct exports *exports, struct blob_copy *copy)
{
    struct entry *entry = calloc(1, sizeof *entry);

    if (entry == NULL)
        return ERR_NO_MEMORY;
    *entry = (struct entry){ exports->first, blob_copy_ref(copy) };
    exports->first = entry;
    return ERR_OK;
}

void exports_remove(struct exports *exports, struct blob_copy *copy)
{
    for (struct entry **at = &exports->first; *at != NULL; at = &(*at)->next) {
        struct entry *entry = *at;

        if (entry->copy != copy)
            continue;
        *at = entry->next;
        blob_copy_unref(entry->copy);
        free(entry);
        return;
    }
}

struct blob_copy *exports_find(const struct exports *exports,
                               const struct blob_id *blob)
{
    for (const struct entry *at = exports->first; at != NULL; at = at->next) {
        if (blob_id_equal(blob_copy_id(at->copy), blob))
            return at->copy;
    }
    return NULL;
}
