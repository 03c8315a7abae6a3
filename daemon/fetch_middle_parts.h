#ifndef DAEMON_FETCH_MIDDLE_PARTS_H
#define DAEMON_FETCH_MIDDLE_PARTS_H

#include <uv.h>

#include "daemon/due_walk.h"
#include "daemon/fetch_middle.h"
#include "daemon/fetch_source.h"
#include "store/blob_take.h"

/*
 * What the files of fetch_middle share: fetch_middle.c what is on its way and
 * what comes, fetch_middle_ask.c what is asked of whom, fetch_middle_group.c
 * how it is stored.  For nobody else.
 */

enum {
    MIDDLE_PIECES = 192,
    MIDDLE_GROUPS = 2, /* one is written while the other is flushed */
    MIDDLE_GROUP_FILES = 128,
    MIDDLE_TRIED = 8 /* peers that are asked in vain before it is put off */
};

/* In memory, asked for or here: and so all that a power cut may cost. */
#define MIDDLE_BYTES ((uint64_t)24 << 20)

enum middle_state {
    MIDDLE_FREE,
    MIDDLE_ASKED,
    MIDDLE_WHOLE, /* waits for a group */
    MIDDLE_SAVING /* it is in one */
};

struct middle_piece {
    enum middle_state state;
    struct store_want want;
    uint8_t pledge[ID_LEN];
    bool is_strangers;
    bool is_dropped;              /* nobody wants it any more */
    uint64_t conn;                /* whom it was asked of */
    uint8_t node[KEY_LEN];        /* the same, who may have left by now */
    uint64_t tried[MIDDLE_TRIED]; /* who had it not */
    unsigned tried_count;
    uint32_t request;
    size_t got;
    uint8_t *data;
};

struct middle_group {
    uv_work_t work;
    struct fetch_middle *owner;
    size_t count; /* 0: it is free */
    struct middle_piece *pieces[MIDDLE_GROUP_FILES];
    struct blob_taken items[MIDDLE_GROUP_FILES];
    enum err err;
};

struct fetch_middle {
    struct node *node;
    struct transfer *transfer;
    const struct fetch_owner *owner;
    struct middle_piece pieces[MIDDLE_PIECES];
    struct middle_group groups[MIDDLE_GROUPS];
    struct fetch_sources sources;
    uint64_t bytes;    /* of all pieces */
    uint16_t requests; /* the number of the last one */
    bool stopping;
    bool blocked; /* until there is place, or a peer has come */
    bool pass;    /* over those that have to wait, once */
    bool rested;  /* somebody was passed over who rests */
    struct due_walk walk;
};

static inline uint64_t middle_now_ms(const struct fetch_middle *m)
{
    return uv_now(node_loop(m->node));
}

/* --- fetch_middle.c --- */

/* Nothing is left of it: there is place for another. */
void middle_piece_free(struct fetch_middle *m, struct middle_piece *piece);
/* The same of one that is wanted still. */
void middle_piece_put_off(struct fetch_middle *m, struct middle_piece *piece);

/* Nobody owes it any more: it is WHOLE, or is asked for again, or ends. */
void middle_piece_unask(struct fetch_middle *m, struct middle_piece *piece);

/* --- fetch_middle_ask.c --- */

/* Who was asked has it not, another one may; false if none can be asked now. */
bool middle_piece_ask_another(struct fetch_middle *m,
                              struct middle_piece *piece);

/* --- fetch_middle_group.c --- */

/* Stores what is whole, if that is enough or the pool has nothing to do. */
void middle_group_begin(struct fetch_middle *m);

#endif
