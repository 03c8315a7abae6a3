#ifndef STORE_TYPES_H
#define STORE_TYPES_H

#include "proto/blob_tree.h"
#include "proto/limits.h"

/* The rows that the daemon keeps in the store, as plain values. */

/*
 * Against which of its author's budgets a record counts (docs/protocol.md
 * §5.8).  The numbers are stored: append only.
 */
enum store_account {
    STORE_ACCOUNT_NONE = 0,  /* the author had standing when it came */
    STORE_ACCOUNT_TOPIC = 1, /* that of its own topic */
    STORE_ACCOUNT_BOARD = 2  /* that of the call board */
};

/* Why a topic is held.  The numbers are stored: append only. */
enum store_policy {
    STORE_POLICY_FOLLOW = 1, /* records, and blobs when they are asked for */
    STORE_POLICY_SEED = 2,   /* records and all blobs */
    STORE_POLICY_BOARD = 3,  /* the call board */
    STORE_POLICY_SHARE = 4   /* records, and those blobs that fall to us */
};

struct store_follow {
    uint8_t topic[ID_LEN];
    enum store_policy policy;
    uint64_t from_ms;     /* start of the window; 0: everything */
    uint64_t since_ms;    /* when it was followed */
    uint64_t quota_bytes; /* for blobs; 0: the daemon's own */
    uint64_t until_ms;    /* end of a pledge; 0: none */
    /* The topic of the row whose quota this one shares with others: a person's
     * or the call board's; zeros: it has its own. */
    uint8_t pledge[ID_LEN];
};

/* Why a blob is wanted.  The numbers are stored: append only. */
enum store_why {
    STORE_WHY_ASKED = 1,  /* somebody here asked for it */
    STORE_WHY_SEED = 2,   /* the topic is seeded */
    STORE_WHY_REPAIR = 3, /* it was held, and found damaged */
    STORE_WHY_RECORD = 4  /* a brief or text that a record needs */
};

struct store_want {
    struct blob_id blob;
    uint8_t topic[ID_LEN];
    enum store_why why;
    uint64_t since_ms;
    uint64_t next_try_ms;
    uint32_t tries;
};

/* "HOST:PORT", or "[v6]:PORT". */
#define STORE_ADDRESS_MAX 96

enum store_peer_flag {
    STORE_PEER_MANUAL = 1 << 0, /* added by the user: never forgotten */
    STORE_PEER_ANCHOR = 1 << 1
};

struct store_peer {
    uint8_t node[KEY_LEN];
    char address[STORE_ADDRESS_MAX]; /* NUL-terminated; "" if none is known */
    uint64_t last_seen_ms;           /* 0: never */
    uint64_t next_dial_ms;
    uint64_t ban_until_ms; /* 0: not banned */
    uint32_t failures;     /* dials that failed in a row */
    uint32_t flags;
};

#endif
