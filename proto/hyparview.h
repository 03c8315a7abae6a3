#ifndef PROTO_HYPARVIEW_H
#define PROTO_HYPARVIEW_H

#include "proto/announcement.h"
#include "proto/chance.h"

/*
 * With whom to be connected (protocol.md §5.7), after HyParView (Leitão,
 * Pereira, Rodrigues 2007).  One overlay for all topics of a node: its *active*
 * view are links that both ends have agreed upon, its *passive* view nodes
 * known by their announcements, of which one takes the place of a neighbour
 * that fails.  Other links may exist, for somebody wished it or for a topic;
 * they are nothing to the overlay but a cheap way to find a neighbour.
 *
 * After any call, hyparview_next() until it says NULL.
 */

enum hyparview_effect_type {
    HYPARVIEW_SAY,  /* `len` bytes of an OVERLAY frame on `link` */
    HYPARVIEW_DIAL, /* `node` at one of `endpoints` */
    HYPARVIEW_CLOSE /* `link` is not needed by the overlay any longer */
};

struct hyparview_effect {
    struct hyparview_effect *next; /* private */
    enum hyparview_effect_type type;
    uint64_t link;
    uint8_t node[KEY_LEN];
    uint8_t count;
    struct endpoint endpoints[ANNOUNCEMENT_ENDPOINTS_MAX];
    size_t len;
    uint8_t bytes[];
};

/* An announcement as it came, and what is known of its way here. */
struct hyparview_contact {
    uint8_t node[KEY_LEN];
    enum endpoint_scope source; /* where its teller is */
    bool is_trusted; /* endpoints from our own user: nothing was signed */
    uint64_t time_ms;
    uint64_t retry_ms; /* not before */
    bool is_lost;      /* it was a neighbour and ended without a word */
    uint8_t failures;  /* dials in vain since then */
    uint8_t *bytes;    /* on the heap: announcement, or endpoints if trusted */
    size_t len;
};

struct hyparview_link {
    uint64_t link;
    uint8_t node[KEY_LEN];
    bool is_dialled;
    bool is_manual;
    enum endpoint_scope scope;
    bool is_active;
    uint64_t joins_ms; /* how far ahead of the clock its joins are */
    bool is_found;     /* again, after it was lost: ask it first of all */
    uint64_t asked_ms; /* our NEIGHBOUR is unanswered since; 0: none */
    uint64_t ask_ms;   /* not to be asked before */
    uint64_t spare_ms; /* closed then, if still in nobody's view */
    uint8_t *bytes;    /* its announcement, on the heap, or NULL */
    size_t len;
};

#define HYPARVIEW_DIALS_MAX 4
/* Addresses that were dialled lately: so many dials in OVERLAY_REDIAL_MS. */
#define HYPARVIEW_RECENT_MAX 128

struct hyparview_dial {
    uint8_t node[KEY_LEN];
    uint64_t since_ms;
};

struct hyparview_recent {
    struct endpoint endpoint;
    uint64_t until_ms;
};

struct hyparview_config {
    const struct sign_key *key;    /* borrowed */
    const struct network *network; /* borrowed */
    uint8_t seed[16];
    uint64_t now_ms;
    uint64_t wall_ms;
};

/* Private, but for embedding; all that grows is on the heap. */
struct hyparview {
    const struct sign_key *key;
    const struct network *network;
    bool is_test; /* a network of tests: loopback and private may be dialled */
    struct chance chance;
    uint64_t now_ms;
    uint64_t wall_offset_ms; /* wall clock less `now_ms` */

    struct announcement self;
    uint8_t self_bytes[ANNOUNCEMENT_MAX];
    size_t self_len;

    struct hyparview_link *links;
    size_t links_count;
    size_t links_cap;
    struct hyparview_contact *passive;
    size_t passive_count;
    size_t passive_cap;
    size_t lost_count; /* contacts with is_lost */
    struct hyparview_dial dials[HYPARVIEW_DIALS_MAX];
    size_t dials_count;
    struct hyparview_recent *recent;
    size_t recent_count;
    size_t recent_cap;

    uint64_t changes;    /* of who is active, so far */
    bool is_joined;      /* had a neighbour once */
    bool is_changed;     /* since the last shuffle */
    uint64_t shuffle_ms; /* UINT64_MAX: without a neighbour */
    uint64_t shuffled;   /* the link that owes us a reply; 0: none */

    struct hyparview_effect *first;
    struct hyparview_effect *last;
};

void hyparview_init(struct hyparview *h, const struct hyparview_config *config);
/* Accepts a zeroed one. */
void hyparview_wipe(struct hyparview *h);

void hyparview_set_clock(struct hyparview *h, uint64_t now_ms,
                         uint64_t wall_ms);
/* The wall clock, as it follows from what was last said. */
uint64_t hyparview_wall_ms(const struct hyparview *h);
void hyparview_set_endpoints(struct hyparview *h,
                             const struct endpoint *endpoints, size_t count);
/* Said by our own user: all endpoints may be dialled. */
void hyparview_add_contact(struct hyparview *h, const uint8_t node[KEY_LEN],
                           const struct endpoint *endpoints, size_t count,
                           uint64_t now_ms);

/* ERR_NO_MEMORY */
MUST_CHECK enum err hyparview_link_up(struct hyparview *h, uint64_t link,
                                      const uint8_t node[KEY_LEN],
                                      bool is_dialled, bool is_manual,
                                      enum endpoint_scope scope,
                                      uint64_t now_ms);
void hyparview_link_down(struct hyparview *h, uint64_t link, uint64_t now_ms);
void hyparview_dial_failed(struct hyparview *h, const uint8_t node[KEY_LEN],
                           uint64_t now_ms);

/*
 * The payload of an OVERLAY frame; a kind that is not known is ignored.
 * Errors of decoding, MALFORMED for the announcement of another node.
 */
MUST_CHECK enum err hyparview_recv(struct hyparview *h, uint64_t link,
                                   struct bytes payload, uint64_t now_ms);

uint64_t hyparview_deadline(const struct hyparview *h);
void hyparview_tick(struct hyparview *h, uint64_t now_ms);

/* The next effect; the caller frees it with free().  NULL if there is none. */
struct hyparview_effect *hyparview_next(struct hyparview *h);

size_t hyparview_active(const struct hyparview *h);
bool hyparview_is_active(const struct hyparview *h, uint64_t link);
/* Nodes that we have heard of: linked and passive ones. */
size_t hyparview_known(const struct hyparview *h);

#endif
