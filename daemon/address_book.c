#include "daemon/address_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/done.h"
#include "daemon/log.h"

struct address_book {
    struct node *node;
    size_t count;
    struct address_book_entry entries[ADDRESS_BOOK_MAX];
};

enum err address_book_open(struct address_book **out, struct node *node)
{
    struct address_book *b = calloc(1, sizeof *b);
    struct store_peer rows[16];
    const uint8_t *after = NULL;
    size_t n;
    enum err e;

    if (b == NULL)
        return ERR_NO_MEMORY;
    b->node = node;
    do {
        e = store_peers(node_store(node), after, rows, 16, &n);
        if (e != ERR_OK) {
            free(b);
            return e;
        }
        for (size_t i = 0; i < n && b->count < ADDRESS_BOOK_MAX; i++)
            b->entries[b->count++].row = rows[i];
        if (b->count > 0)
            after = b->entries[b->count - 1].row.node;
    } while (n == 16 && b->count < ADDRESS_BOOK_MAX);
    *out = b;
    return ERR_OK;
}

void address_book_close(struct address_book *b)
{
    free(b);
}

struct address_book_entry *address_book_at(struct address_book *b, size_t i)
{
    return i < b->count ? &b->entries[i] : NULL;
}

struct address_book_entry *address_book_find(struct address_book *b,
                                             const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; i < b->count; i++) {
        if (memcmp(b->entries[i].row.node, node, KEY_LEN) == 0)
            return &b->entries[i];
    }
    return NULL;
}

/*
 * A stranger's ban that the rules imposed is no reason to stay: new keys cost
 * nothing, and their bans may neither fill the book nor empty it.
 */
static bool is_missed(const struct address_book_entry *entry, uint64_t now_ms)
{
    uint64_t until_ms = entry->row.ban_until_ms;

    if ((entry->row.flags & STORE_PEER_MANUAL) != 0 || entry->from_config ||
        entry->dialling)
        return true;
    return until_ms > now_ms &&
           (entry->row.address[0] != '\0' || until_ms > now_ms + BAN_MS);
}

/* The entry that is missed least; NULL if all are missed. */
static struct address_book_entry *least_missed(struct address_book *b)
{
    struct address_book_entry *least = NULL;
    uint64_t now_ms = node_clock_ms(b->node);

    for (size_t i = 0; i < b->count; i++) {
        struct address_book_entry *entry = &b->entries[i];

        if (is_missed(entry, now_ms))
            continue;
        if (least == NULL || entry->row.last_seen_ms < least->row.last_seen_ms)
            least = entry;
    }
    return least;
}

enum err address_book_get(struct address_book *b,
                          struct address_book_entry **out,
                          const uint8_t node[KEY_LEN])
{
    struct address_book_entry *entry = address_book_find(b, node);

    if (entry == NULL && b->count < ADDRESS_BOOK_MAX) {
        entry = &b->entries[b->count++];
    } else if (entry == NULL) {
        entry = least_missed(b);
        if (entry == NULL)
            return ERR_NO_SPACE;
        address_book_forget(b, entry->row.node, NULL, NULL);
        entry = &b->entries[b->count++];
    } else {
        *out = entry;
        return ERR_OK;
    }
    memset(entry, 0, sizeof *entry);
    memcpy(entry->row.node, node, KEY_LEN);
    *out = entry;
    return ERR_OK;
}

void address_book_save(struct address_book *b,
                       const struct address_book_entry *entry,
                       node_done_fn *done, void *context)
{
    struct store_batch *batch;
    enum err e = commits_batch(node_commits(b->node), &batch);

    if (e == ERR_OK)
        e = store_batch_peer(batch, &entry->row);
    done_expect(node_commits(b->node), e, done, context);
}

void address_book_forget(struct address_book *b, const uint8_t node[KEY_LEN],
                         node_done_fn *done, void *context)
{
    struct address_book_entry *entry = address_book_find(b, node);
    struct store_batch *batch;
    uint8_t id[KEY_LEN];
    enum err e;

    memcpy(id, node, KEY_LEN); /* it may lie in the entry that goes */
    if (entry != NULL)
        *entry = b->entries[--b->count];
    e = commits_batch(node_commits(b->node), &batch);
    if (e == ERR_OK)
        e = store_batch_forget_peer(batch, id);
    done_expect(node_commits(b->node), e, done, context);
}

bool address_book_is_banned(const struct address_book *b,
                            const uint8_t node[KEY_LEN])
{
    uint64_t now_ms = node_clock_ms(b->node);

    for (size_t i = 0; i < b->count; i++) {
        if (memcmp(b->entries[i].row.node, node, KEY_LEN) == 0)
            return b->entries[i].row.ban_until_ms > now_ms;
    }
    return false;
}

void address_book_ban(struct address_book *b, const uint8_t node[KEY_LEN],
                      uint64_t until_ms)
{
    struct address_book_entry *entry;

    if (address_book_get(b, &entry, node) != ERR_OK) {
        log_event(LOG_LEVEL_WARN, "peer", "ban_failed", "node=%s",
                  log_id(node).text);
        return;
    }
    entry->row.ban_until_ms = until_ms;
    log_event(LOG_LEVEL_WARN, "peer", until_ms == 0 ? "ban_lifted" : "banned",
              "node=%s until_ms=%llu", log_id(node).text,
              (unsigned long long)until_ms);
    address_book_save(b, entry, NULL, NULL);
}
