/* A table of the files that a topic's records name. */
#include "daemon/named.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/record_files.h"

enum { WALK_ITEMS = 64, SLOTS_MIN = 64 };

void named_init(struct named *n, const uint8_t topic[ID_LEN])
{
    memset(n, 0, sizeof *n);
    randombytes_buf(&n->key, sizeof n->key);
    store_scan_by_topic(&n->scan, topic);
    n->scan.held_only = true;
}

void named_wipe(struct named *n)
{
    free(n->at);
    free(n->slots);
    memset(n, 0, sizeof *n);
}

static size_t slot_of(const struct named *n, const struct blob_id *id)
{
    size_t at =
        (size_t)slot_hash(&n->key, id->root, HASH_LEN) & (n->slots_cap - 1);

    while (n->slots[at] != 0 && !blob_id_equal(&n->at[n->slots[at] - 1].id, id))
        at = (at + 1) & (n->slots_cap - 1);
    return at;
}

struct named_blob *named_find(const struct named *n, const struct blob_id *id)
{
    size_t slot;

    if (n->slots_cap == 0)
        return NULL;
    slot = slot_of(n, id);
    return n->slots[slot] == 0 ? NULL : &n->at[n->slots[slot] - 1];
}

/* Twice the places; at most half of them are ever taken. */
static enum err grow(struct named *n)
{
    size_t slots_cap = n->slots_cap == 0 ? SLOTS_MIN : 2 * n->slots_cap;
    uint32_t *slots = calloc(slots_cap, sizeof *slots);
    struct named_blob *at = realloc(n->at, slots_cap / 2 * sizeof *at);

    if (at != NULL)
        n->at = at;
    if (slots == NULL || at == NULL) {
        free(slots);
        return ERR_NO_MEMORY;
    }
    free(n->slots);
    n->slots = slots;
    n->slots_cap = slots_cap;
    n->cap = slots_cap / 2;
    for (size_t i = 0; i < n->count; i++)
        n->slots[slot_of(n, &n->at[i].id)] = (uint32_t)i + 1;
    return ERR_OK;
}

static enum err add(struct named *n, const struct node *node,
                    const struct record_file *file)
{
    struct named_blob *blob = named_find(n, &file->blob);
    unsigned role = file->role < CONFIG_ROLES ? (unsigned)file->role : 0;
    unsigned target = node_config(node)->copies[role];
    enum err e;

    if (blob == NULL && n->count == NAMED_MAX) {
        n->is_cut = true;
        return ERR_OK;
    }
    if (blob == NULL) {
        e = n->count == n->cap ? grow(n) : ERR_OK;
        if (e != ERR_OK)
            return e;
        blob = &n->at[n->count++];
        memset(blob, 0, sizeof *blob);
        blob->id = file->blob;
        n->slots[slot_of(n, &blob->id)] = (uint32_t)n->count;
    }
    blob->roles |= (uint8_t)(1u << role);
    if (target > blob->target)
        blob->target = (uint8_t)target;
    return ERR_OK;
}

enum err named_take(struct named *n, const struct node *node,
                    const struct record *record)
{
    struct record_files files;
    struct record_file file;
    enum err e = record_files_open(&files, record);

    if (e != ERR_OK)
        return e;
    while (e == ERR_OK && record_files_next(&files, &file))
        if (blob_id_check(&file.blob) == ERR_OK)
            e = add(n, node, &file);
    record_files_close(&files);
    return e;
}

enum err named_walk(struct named *n, const struct node *node)
{
    struct store *store = node_store(node);
    struct store_item items[WALK_ITEMS];
    struct writer w = writer_growing(RECORD_LEN_MAX);
    size_t count = 0;
    enum err e = store_scan_next(store, &n->scan, items, WALK_ITEMS, &count);

    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        struct record record;

        writer_reset(&w);
        if (items[i].has_body &&
            store_read_seq(store, items[i].seq, false, &w, NULL) == ERR_OK &&
            record_decode(&record, writer_view(&w)) == ERR_OK)
            e = named_take(n, node, &record);
    }
    writer_free(&w);
    n->is_whole = n->is_whole || (e == ERR_OK && count == 0);
    return e;
}
