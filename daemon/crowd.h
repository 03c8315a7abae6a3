#ifndef DAEMON_CROWD_H
#define DAEMON_CROWD_H

#include <stddef.h>
#include <stdint.h>

/* Somebody who takes a place: from which network, and since when. */
struct crowd_member {
    uint64_t network; /* address_network() */
    uint64_t since_ms;
};

/*
 * Who has to go when places are short: the oldest of the most crowded network,
 * so that one network cannot take all places from the others.  Of networks with
 * the same crowd, that of the oldest.  `count` is at least 1.
 */
size_t crowd_pick(const struct crowd_member *members, size_t count);

/*
 * The same for places of those who stay: the newest of the most crowded
 * network, so that nobody who is settled gives way to a crowd.
 */
size_t crowd_pick_latest(const struct crowd_member *members, size_t count);

#endif
