#ifndef DAEMON_ADDRESS_H
#define DAEMON_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "proto/endpoint.h"
#include "proto/limits.h"

/*
 * Addresses as people write them: HOST:PORT, [V6]:PORT, and NODE@HOST:PORT for
 * a node that is to be found there.  Hosts are numbers here; names are resolved
 * by who dials.
 */

/* Longest HOST:PORT with its NUL; what the store keeps of an address too. */
#define ADDRESS_TEXT_MAX 96

/* HOST and PORT of an address, apart; brackets are off. */
struct address_parts {
    char host[ADDRESS_TEXT_MAX];
    uint16_t port;
};

/* ERR_USAGE if `text` is not HOST:PORT. */
MUST_CHECK enum err address_split(struct address_parts *out, const char *text);

/* As above for a host that is a number.  ERR_USAGE if it is a name. */
MUST_CHECK enum err address_parse(struct sockaddr_storage *out,
                                  const char *text);

/* Writes HOST:PORT, with brackets around IPv6. */
void address_print(char out[ADDRESS_TEXT_MAX], const struct sockaddr *addr);

/* NODE@HOST:PORT.  ERR_USAGE */
MUST_CHECK enum err address_parse_peer(uint8_t node[KEY_LEN],
                                       char address[ADDRESS_TEXT_MAX],
                                       const char *text);

/*
 * The network that an address belongs to, for spreading and crowding: its /16,
 * or its /32 of IPv6.  IPv4 inside IPv6 counts as IPv4.
 */
uint64_t address_network(const struct sockaddr *addr);

/* The same as numbers for the protocol, and back. */
struct endpoint address_endpoint(const struct sockaddr *addr);
void address_of_endpoint(struct sockaddr_storage *out,
                         const struct endpoint *endpoint);

bool address_is_loopback(const struct sockaddr *addr);

/* Whether both are the same host, whatever the port. */
bool address_same_host(const struct sockaddr *a, const struct sockaddr *b);

#endif
