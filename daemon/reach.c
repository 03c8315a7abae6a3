/* Which addresses go into an invite: those that mean something elsewhere. */
#include "daemon/reach.h"

#include <stdio.h>
#include <string.h>

/* The order of what is told. */
enum rank { RANK_V4, RANK_V6, RANK_LOOPBACK, RANK_COUNT };

static bool is_wildcard(const struct sockaddr_storage *addr)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (addr->ss_family == AF_INET) {
        memcpy(&v4, addr, sizeof v4);
        return v4.sin_addr.s_addr == htonl(INADDR_ANY);
    }
    memcpy(&v6, addr, sizeof v6);
    return IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
}

/* 169.254/16 and fe80::/10 mean something on one cable only. */
static bool is_link_local(const struct sockaddr_storage *addr)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (addr->ss_family == AF_INET) {
        memcpy(&v4, addr, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 16 == 0xa9fe;
    }
    memcpy(&v6, addr, sizeof v6);
    return IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr);
}

static enum rank rank_of(const struct sockaddr_storage *addr)
{
    if (address_is_loopback((const struct sockaddr *)addr))
        return RANK_LOOPBACK;
    return addr->ss_family == AF_INET ? RANK_V4 : RANK_V6;
}

/* The port stands at the same place in both families. */
static void set_port(struct sockaddr_storage *addr, in_port_t port)
{
    struct sockaddr_in any;

    memcpy(&any, addr, sizeof any);
    any.sin_port = port;
    memcpy(addr, &any, sizeof any);
}

static in_port_t port_of(const struct sockaddr_storage *addr)
{
    struct sockaddr_in any;

    memcpy(&any, addr, sizeof any);
    return any.sin_port;
}

static void put(struct reach *out, const struct sockaddr_storage *addr)
{
    char text[ADDRESS_TEXT_MAX];

    if (out->count == REACH_MAX)
        return;
    address_print(text, (const struct sockaddr *)addr);
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->at[i], text) == 0)
            return;
    memcpy(out->at[out->count++], text, sizeof text);
}

/* All interfaces of a family, with the port that is bound on all of them. */
static void put_interfaces(struct reach *out,
                           const struct sockaddr_storage *wildcard,
                           enum rank rank,
                           const uv_interface_address_t interfaces[],
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_storage addr = { 0 };

        memcpy(&addr, &interfaces[i].address, sizeof interfaces[i].address);
        if (addr.ss_family != wildcard->ss_family || is_link_local(&addr) ||
            rank_of(&addr) == RANK_LOOPBACK || rank_of(&addr) != rank)
            continue;
        set_port(&addr, port_of(wildcard));
        put(out, &addr);
    }
}

void reach_collect(struct reach *out, const char *const listening[],
                   size_t listening_count,
                   const uv_interface_address_t interfaces[],
                   size_t interfaces_count)
{
    out->count = 0;
    for (enum rank rank = RANK_V4; rank < RANK_COUNT; rank++) {
        for (size_t i = 0; i < listening_count; i++) {
            struct sockaddr_storage addr = { 0 };

            if (address_parse(&addr, listening[i]) != ERR_OK)
                continue;
            if (is_wildcard(&addr))
                put_interfaces(out, &addr, rank, interfaces, interfaces_count);
            else if (rank_of(&addr) == rank)
                put(out, &addr);
        }
    }
}

void reach_of_machine(struct reach *out, const char *const listening[],
                      size_t listening_count)
{
    uv_interface_address_t *interfaces = NULL;
    int count = 0;

    if (uv_interface_addresses(&interfaces, &count) != 0)
        count = 0;
    reach_collect(out, listening, listening_count, interfaces,
                  count < 0 ? 0 : (size_t)count);
    if (interfaces != NULL)
        uv_free_interface_addresses(interfaces, count);
}
