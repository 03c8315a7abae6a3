/* The list of copies that are in the making: as long as people ask for files.
 */
#include "daemon/copies.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    struct entry *next;
    struct blob_copy *copy;
};

struct copies {
    struct entry *first;
};

enum err copies_open(struct copies **out)
{
    struct copies *copies = calloc(1, sizeof *copies);

    if (copies == NULL)
        return ERR_NO_MEMORY;
    *out = copies;
    return ERR_OK;
}

void copies_free(struct copies *copies)
{
    assert(copies == NULL || copies->first == NULL);
    free(copies);
}

enum err copies_add(struct copies *copies, struct blob_copy *copy)
{
    struct entry *entry = calloc(1, sizeof *entry);

    if (entry == NULL)
        return ERR_NO_MEMORY;
    *entry = (struct entry){ copies->first, blob_copy_ref(copy) };
    copies->first = entry;
    return ERR_OK;
}

void copies_remove(struct copies *copies, struct blob_copy *copy)
{
    for (struct entry **at = &copies->first; *at != NULL; at = &(*at)->next) {
        struct entry *entry = *at;

        if (entry->copy != copy)
            continue;
        *at = entry->next;
        blob_copy_unref(entry->copy);
        free(entry);
        return;
    }
}

struct blob_copy *copies_find(const struct copies *copies,
                              const struct blob_id *blob)
{
    for (const struct entry *at = copies->first; at != NULL; at = at->next) {
        if (blob_id_equal(blob_copy_id(at->copy), blob))
            return at->copy;
    }
    return NULL;
}
