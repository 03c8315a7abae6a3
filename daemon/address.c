#include "daemon/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "proto/bytes.h"

static enum err parse_port(uint16_t *out, const char *text)
{
    uint32_t port = 0;
    size_t len = strlen(text);

    if (len == 0 || len > 5)
        return ERR_USAGE;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return ERR_USAGE;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    if (port > UINT16_MAX)
        return ERR_USAGE;
    *out = (uint16_t)port;
    return ERR_OK;
}

/* Hosts are shown, logged and sent on: numbers and names are plain ASCII. */
static bool is_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x21 || text[i] > 0x7e)
            return false;
    return true;
}

enum err address_split(struct address_parts *out, const char *text)
{
    struct address_parts parts = { 0 };
    const char *colon = strrchr(text, ':');
    const char *host = text;
    size_t len;
    enum err e;

    if (colon == NULL || strlen(text) >= ADDRESS_TEXT_MAX)
        return ERR_USAGE;
    len = (size_t)(colon - text);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) != NULL) {
        return ERR_USAGE; /* IPv6 without brackets: where does it end? */
    }
    if (len == 0 || !is_printable(host, len))
        return ERR_USAGE;
    e = parse_port(&parts.port, colon + 1);
    if (e != ERR_OK)
        return e;
    memcpy(parts.host, host, len);
    *out = parts;
    return ERR_OK;
}

enum err address_parse(struct sockaddr_storage *out, const char *text)
{
    struct address_parts parts;
    struct sockaddr_storage addr = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *)&addr;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addr;
    enum err e = address_split(&parts, text);

    if (e != ERR_OK)
        return e;
    if (inet_pton(AF_INET, parts.host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(parts.port);
    } else if (inet_pton(AF_INET6, parts.host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(parts.port);
    } else {
        return ERR_USAGE;
    }
    *out = addr;
    return ERR_OK;
}

/* Every sockaddr here lies in memory for the largest of them, aligned so. */
static const struct sockaddr_in *as_v4(const struct sockaddr *addr)
{
    return (const struct sockaddr_in *)(const void *)addr;
}

static const struct sockaddr_in6 *as_v6(const struct sockaddr *addr)
{
    return (const struct sockaddr_in6 *)(const void *)addr;
}

/* The 4 bytes of an IPv4 address, also of one mapped into IPv6; or NULL. */
static const uint8_t *v4_bytes(const struct sockaddr *addr)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    if (addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = as_v4(addr);

        return (const uint8_t *)&v4->sin_addr;
    }
    if (addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = as_v6(addr);

        if (memcmp(v6->sin6_addr.s6_addr, mapped, sizeof mapped) == 0)
            return v6->sin6_addr.s6_addr + sizeof mapped;
    }
    return NULL;
}

void address_print(char out[ADDRESS_TEXT_MAX], const struct sockaddr *addr)
{
    char host[INET6_ADDRSTRLEN] = "?";
    const uint8_t *v4 = v4_bytes(addr);
    uint16_t port = 0;

    if (addr->sa_family == AF_INET)
        port = ntohs(as_v4(addr)->sin_port);
    else if (addr->sa_family == AF_INET6)
        port = ntohs(as_v6(addr)->sin6_port);
    if (v4 != NULL) {
        (void)inet_ntop(AF_INET, v4, host, sizeof host);
        (void)snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", host, port);
        return;
    }
    if (addr->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &as_v6(addr)->sin6_addr, host, sizeof host);
    (void)snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", host, port);
}

enum err address_parse_peer(uint8_t node[KEY_LEN],
                            char address[ADDRESS_TEXT_MAX], const char *text)
{
    struct address_parts parts;
    uint8_t id[KEY_LEN];
    const char *at = strchr(text, '@');
    enum err e;

    if (at == NULL || hex_decode(id, KEY_LEN, text, (size_t)(at - text)) != 0)
        return ERR_USAGE;
    e = address_split(&parts, at + 1);
    if (e != ERR_OK)
        return e;
    memcpy(node, id, KEY_LEN);
    (void)snprintf(address, ADDRESS_TEXT_MAX, "%s", at + 1);
    return ERR_OK;
}

uint64_t address_network(const struct sockaddr *addr)
{
    const uint8_t *v4 = v4_bytes(addr);
    const uint8_t *v6;

    if (v4 != NULL)
        return (uint64_t)v4[0] << 8 | v4[1];
    if (addr->sa_family != AF_INET6)
        return UINT64_MAX;
    v6 = as_v6(addr)->sin6_addr.s6_addr;
    return (uint64_t)1 << 32 | get_u32(v6);
}

struct endpoint address_endpoint(const struct sockaddr *addr)
{
    struct endpoint e = { .port = 0 };
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (addr->sa_family == AF_INET) {
        const uint8_t *ip = (const uint8_t *)&v4.sin_addr;

        memcpy(&v4, addr, sizeof v4);
        return endpoint_v4(ip[0], ip[1], ip[2], ip[3], ntohs(v4.sin_port));
    }
    memcpy(&v6, addr, sizeof v6);
    memcpy(e.ip, &v6.sin6_addr, sizeof e.ip);
    e.port = ntohs(v6.sin6_port);
    return e;
}

void address_of_endpoint(struct sockaddr_storage *out,
                         const struct endpoint *endpoint)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET,
                              .sin_port = htons(endpoint->port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons(endpoint->port) };

    memset(out, 0, sizeof *out);
    if (endpoint_is_v4(endpoint)) {
        memcpy(&v4.sin_addr, endpoint->ip + 12, 4);
        memcpy(out, &v4, sizeof v4);
        return;
    }
    memcpy(&v6.sin6_addr, endpoint->ip, sizeof endpoint->ip);
    memcpy(out, &v6, sizeof v6);
}

bool address_is_loopback(const struct sockaddr *addr)
{
    const uint8_t *v4 = v4_bytes(addr);

    if (v4 != NULL)
        return v4[0] == 127;
    return addr->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&as_v6(addr)->sin6_addr);
}

bool address_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    const uint8_t *a4 = v4_bytes(a);
    const uint8_t *b4 = v4_bytes(b);

    if (a4 != NULL && b4 != NULL)
        return memcmp(a4, b4, 4) == 0;
    if (a4 != NULL || b4 != NULL || a->sa_family != AF_INET6 ||
        b->sa_family != AF_INET6)
        return false;
    return memcmp(&as_v6(a)->sin6_addr, &as_v6(b)->sin6_addr, 16) == 0;
}
