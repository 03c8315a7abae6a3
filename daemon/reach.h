#ifndef DAEMON_REACH_H
#define DAEMON_REACH_H

#include <uv.h>

#include "daemon/address.h"

/*
 * Where other machines may find this one: the addresses of its listeners, with
 * those of its interfaces in place of "all of them".
 */

#define REACH_MAX 4

struct reach {
    char at[REACH_MAX][ADDRESS_TEXT_MAX]; /* HOST:PORT, the best first */
    size_t count;
};

/*
 * IPv4 first, then IPv6, then what the machine alone can reach, which is told
 * only of listeners that are bound to just that.  `listening` are the bound
 * addresses; of `interfaces` those of links without a router do not count.
 */
void reach_collect(struct reach *out, const char *const listening[],
                   size_t listening_count,
                   const uv_interface_address_t interfaces[],
                   size_t interfaces_count);

/* As above with the interfaces that this machine has now. */
void reach_of_machine(struct reach *out, const char *const listening[],
                      size_t listening_count);

#endif
