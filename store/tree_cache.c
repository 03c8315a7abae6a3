/* Slots for nodes, found by a small hash table of chains. */
#include "store/tree_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

#define SLOTS  256
#define CHAINS 512
/* A path down, a new node beside each of it, and two for a new root. */
#define ROOM (2 * TREE_LEVELS_MAX + 2)

static_assert(ROOM <= SLOTS, "one change must fit");

struct slot {
    uint8_t topic[ID_LEN];
    uint64_t number;
    struct slot *next; /* of the same chain */
    struct tree_node node;
};

struct tree_cache {
    struct txn *index;
    size_t used;
    struct slot *chains[CHAINS];
    struct slot slots[SLOTS];
};

enum err tree_cache_new(struct tree_cache **out)
{
    /* Not zeroed: pages that are never used take no memory. */
    struct tree_cache *cache = malloc(sizeof *cache);

    if (cache == NULL)
        return ERR_NO_MEMORY;
    tree_cache_begin(cache, NULL);
    *out = cache;
    return ERR_OK;
}

void tree_cache_free(struct tree_cache *cache)
{
    free(cache);
}

static void forget(struct tree_cache *cache)
{
    cache->used = 0;
    memset(cache->chains, 0, sizeof cache->chains);
}

void tree_cache_begin(struct tree_cache *cache, struct txn *index)
{
    cache->index = index;
    forget(cache);
}

/* ---- Rows ------------------------------------------------------------- */

static struct key row_key(const uint8_t topic[ID_LEN], uint64_t number)
{
    struct key key = key_of_id(topic);

    key_add_u64(&key, number);
    return key;
}

enum err tree_cache_read(struct txn *index, const uint8_t topic[ID_LEN],
                         uint64_t number, struct tree_node *out)
{
    struct key key = row_key(topic, number);
    struct bytes value;
    enum err e = txn_get(index, I_TREE, key_view(&key), &value);

    return e == ERR_OK ? tree_node_read(out, value) : e;
}

enum err tree_cache_write(struct txn *index, const uint8_t topic[ID_LEN],
                          uint64_t number, const struct tree_node *node)
{
    struct key key = row_key(topic, number);
    uint8_t buf[TREE_NODE_LEN_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    tree_node_write(&w, node);
    assert(w.err == ERR_OK);
    return txn_put(index, I_TREE, key_view(&key), writer_view(&w));
}

static enum err write_slot(struct tree_cache *cache, const struct slot *slot)
{
    struct key key = row_key(slot->topic, slot->number);
    enum err e;

    if (!slot->node.gone)
        return tree_cache_write(cache->index, slot->topic, slot->number,
                                &slot->node);
    e = txn_delete(cache->index, I_TREE, key_view(&key));
    return e == ERR_NOT_FOUND ? ERR_OK : e; /* it was never written */
}

enum err tree_cache_flush(struct tree_cache *cache)
{
    for (size_t i = 0; i < cache->used; i++) {
        struct slot *slot = &cache->slots[i];
        enum err e;

        if (!slot->node.changed)
            continue;
        e = write_slot(cache, slot);
        if (e != ERR_OK)
            return e;
        slot->node.changed = false;
    }
    return ERR_OK;
}

enum err tree_cache_room(struct tree_cache *cache)
{
    enum err e;

    assert(cache->index != NULL);
    if (SLOTS - cache->used >= ROOM)
        return ERR_OK;
    e = tree_cache_flush(cache);
    if (e == ERR_OK)
        forget(cache);
    return e;
}

/* ---- Slots ------------------------------------------------------------ */

static struct slot **chain_of(struct tree_cache *cache,
                              const uint8_t topic[ID_LEN], uint64_t number)
{
    uint64_t mixed = (get_u64(topic) ^ number) * 0x9e3779b97f4a7c15u;

    return &cache->chains[mixed >> 32 & (CHAINS - 1)];
}

static struct slot *find(struct slot *slot, const uint8_t topic[ID_LEN],
                         uint64_t number)
{
    while (slot != NULL &&
           (slot->number != number || memcmp(slot->topic, topic, ID_LEN) != 0))
        slot = slot->next;
    return slot;
}

/* The next free slot, not yet in its chain. */
static struct slot *next_slot(struct tree_cache *cache,
                              const uint8_t topic[ID_LEN], uint64_t number)
{
    struct slot *slot = &cache->slots[cache->used];

    assert(cache->used < SLOTS); /* tree_cache_room() saw to that */
    memcpy(slot->topic, topic, ID_LEN);
    slot->number = number;
    return slot;
}

static void take_slot(struct tree_cache *cache, struct slot **chain,
                      struct slot *slot)
{
    slot->next = *chain;
    *chain = slot;
    cache->used++;
}

enum err tree_cache_get(struct tree_cache *cache, const uint8_t topic[ID_LEN],
                        uint64_t number, struct tree_node **out)
{
    struct slot **chain = chain_of(cache, topic, number);
    struct slot *slot = find(*chain, topic, number);
    enum err e;

    if (slot == NULL) {
        slot = next_slot(cache, topic, number);
        e = tree_cache_read(cache->index, topic, number, &slot->node);
        if (e != ERR_OK)
            return e;
        take_slot(cache, chain, slot);
    }
    if (slot->node.gone)
        return ERR_NOT_FOUND;
    *out = &slot->node;
    return ERR_OK;
}

enum err tree_cache_make(struct tree_cache *cache, const uint8_t topic[ID_LEN],
                         uint64_t number, unsigned level,
                         struct tree_node **out)
{
    struct slot **chain = chain_of(cache, topic, number);
    struct slot *slot = find(*chain, topic, number);

    if (slot == NULL) {
        slot = next_slot(cache, topic, number);
        take_slot(cache, chain, slot);
    } else if (!slot->node.gone) {
        return ERR_CORRUPT; /* the root's counter went back */
    }
    slot->node.changed = true;
    slot->node.gone = false;
    slot->node.level = level;
    slot->node.next = 0;
    slot->node.count = 0;
    *out = &slot->node;
    return ERR_OK;
}
