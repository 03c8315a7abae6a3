/*
 * Ed25519 over "troupe WHAT 1\0" || len(network) || network || data.  The
 * prefix is never empty and tells every purpose and network apart, so that
 * nothing signed here can be passed off as something else.
 */
#include "proto/domain.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define DATA_MAX   8192
#define PREFIX_MAX (32 + 1 + NETWORK_LEN_MAX)

/* The terminator of the literal is the zero byte of the protocol. */
#define PREFIX(what)                                                           \
    {                                                                          \
        (const uint8_t *)"troupe " what " 1", sizeof("troupe " what " 1")      \
    }

static const struct bytes prefixes[DOMAIN_COUNT] = {
    [DOMAIN_RECORD] = PREFIX("record"),
    [DOMAIN_CERTIFICATE] = PREFIX("certificate"),
    [DOMAIN_HANDSHAKE] = PREFIX("handshake"),
    [DOMAIN_ANNOUNCEMENT] = PREFIX("announcement"),
    [DOMAIN_LEASE] = PREFIX("lease"),
    [DOMAIN_INVITE] = PREFIX("invite"),
};

static bool is_network_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

enum err network_parse(struct network *out, const char *name)
{
    struct network n = { 0 };
    size_t len;

    assert(name != NULL);
    for (len = 0; name[len] != '\0'; len++) {
        if (len == NETWORK_LEN_MAX || !is_network_char(name[len]))
            return ERR_MALFORMED;
        n.name[len] = name[len];
    }
    if (len == 0)
        return ERR_MALFORMED;
    n.len = (uint8_t)len;
    *out = n;
    return ERR_OK;
}

void sign_key_from_seed(struct sign_key *out, const uint8_t seed[32])
{
    int failed = crypto_sign_seed_keypair(out->public_key, out->secret, seed);

    assert(failed == 0);
    (void)failed;
}

void sign_key_wipe(struct sign_key *key)
{
    if (key != NULL)
        sodium_memzero(key, sizeof *key);
}

/* The bytes that are really signed; returns how many. */
static size_t domain_message(uint8_t out[PREFIX_MAX + DATA_MAX],
                             enum domain domain, const struct network *network,
                             struct bytes data)
{
    struct writer w = writer_fixed(out, PREFIX_MAX + DATA_MAX);

    assert(domain < DOMAIN_COUNT && data.len <= DATA_MAX);
    assert(network->len > 0 && network->len <= NETWORK_LEN_MAX);
    writer_bytes(&w, prefixes[domain]);
    writer_u8(&w, network->len);
    writer_bytes(
        &w, (struct bytes){ (const uint8_t *)network->name, network->len });
    writer_bytes(&w, data);
    assert(w.err == ERR_OK);
    return w.len;
}

void domain_sign(uint8_t signature[SIGNATURE_LEN], enum domain domain,
                 const struct network *network, struct bytes data,
                 const struct sign_key *key)
{
    uint8_t message[PREFIX_MAX + DATA_MAX];
    size_t len = domain_message(message, domain, network, data);
    int failed =
        crypto_sign_detached(signature, NULL, message, len, key->secret);

    assert(failed == 0);
    (void)failed;
}

enum err domain_verify(const uint8_t signature[SIGNATURE_LEN],
                       enum domain domain, const struct network *network,
                       struct bytes data, const uint8_t public_key[KEY_LEN])
{
    uint8_t message[PREFIX_MAX + DATA_MAX];
    size_t len = domain_message(message, domain, network, data);

    if (crypto_sign_verify_detached(signature, message, len, public_key) != 0)
        return ERR_BAD_SIGNATURE;
    return ERR_OK;
}
