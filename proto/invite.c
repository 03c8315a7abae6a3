/* Invite links.  They are typed, pasted and forwarded: all input is hostile. */
#include "proto/invite.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/mp.h"

#define FORM         1
#define CHECKSUM_LEN 4
#define PREFIX       BYTES_LITERAL("troupe:")
#define VARIANT      sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* HOST:PORT of printable ASCII, with a port of 1 to 65535. */
static bool is_address(struct bytes text)
{
    size_t colon = text.len;
    uint32_t port = 0;

    if (text.len > INVITE_ADDRESS_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
        if (text.data[i] == ':')
            colon = i;
    }
    if (colon == 0 || colon == text.len || text.len - colon - 1 > 5)
        return false;
    for (size_t i = colon + 1; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    return port >= 1 && port <= UINT16_MAX;
}

static void checksum(uint8_t out[HASH_LEN], struct bytes core_and_signature)
{
    hash_bytes(out, core_and_signature);
}

static void write_core(struct writer *w, const struct invite *invite,
                       const uint8_t signer[KEY_LEN])
{
    mp_put_array(w, 7);
    mp_put_uint(w, FORM);
    mp_put_text(w, invite->network.name);
    mp_put_array(w, (uint32_t)invite->nodes_count);
    for (size_t i = 0; i < invite->nodes_count; i++) {
        mp_put_array(w, 2);
        mp_put_bin(w, BYTES_ARRAY(invite->nodes[i].node));
        mp_put_str(w, invite->nodes[i].address);
    }
    if (invite->has_topic)
        mp_put_bin(w, BYTES_ARRAY(invite->topic));
    else
        mp_put_nil(w);
    if (invite->vouch.data != NULL)
        mp_put_bin(w, invite->vouch);
    else
        mp_put_nil(w);
    mp_put_uint(w, invite->expires_ms);
    mp_put_bin(w, (struct bytes){ signer, KEY_LEN });
}

enum err invite_write(char out[INVITE_LINK_MAX], const struct invite *invite,
                      const struct sign_key *signer)
{
    uint8_t buf[INVITE_BYTES_MAX];
    uint8_t signature[SIGNATURE_LEN];
    uint8_t hash[HASH_LEN];
    struct writer w = writer_fixed(buf, INVITE_CORE_MAX);

    assert(invite->nodes_count <= INVITE_NODES_MAX);
    for (size_t i = 0; i < invite->nodes_count; i++)
        if (!is_address(invite->nodes[i].address))
            return ERR_MALFORMED;
    write_core(&w, invite, signer->public_key);
    if (w.err != ERR_OK)
        return ERR_TOO_LARGE;
    domain_sign(signature, DOMAIN_INVITE, &invite->network, writer_view(&w),
                signer);
    w.max = w.cap = sizeof buf;
    writer_bytes(&w, BYTES_ARRAY(signature));
    checksum(hash, writer_view(&w));
    writer_bytes(&w, (struct bytes){ hash, CHECKSUM_LEN });
    assert(w.err == ERR_OK);
    memcpy(out, PREFIX.data, PREFIX.len);
    (void)sodium_bin2base64(out + PREFIX.len, INVITE_LINK_MAX - PREFIX.len, buf,
                            w.len, VARIANT);
    return ERR_OK;
}

/* Text to core || signature, with prefix, alphabet and checksum gone. */
static enum err unwrap(struct bytes *out, uint8_t buf[INVITE_BYTES_MAX],
                       struct bytes link)
{
    struct reader r = reader_of(link);
    uint8_t hash[HASH_LEN];
    const char *end;
    size_t len;

    if (!bytes_equal(reader_bytes(&r, PREFIX.len), PREFIX))
        return ERR_BAD_LINK;
    if (sodium_base642bin(buf, INVITE_BYTES_MAX, (const char *)r.pos, r.left,
                          NULL, &len, &end, VARIANT) != 0 ||
        end != (const char *)r.pos + r.left)
        return ERR_BAD_LINK;
    if (len < SIGNATURE_LEN + CHECKSUM_LEN)
        return ERR_BAD_LINK;
    len -= CHECKSUM_LEN;
    checksum(hash, (struct bytes){ buf, len });
    if (memcmp(hash, buf + len, CHECKSUM_LEN) != 0)
        return ERR_BAD_LINK;
    *out = (struct bytes){ buf, len };
    return ERR_OK;
}

static void read_network(struct network *out, struct reader *r)
{
    struct bytes text = mp_read_str(r);
    char name[NETWORK_LEN_MAX + 1] = "";

    if (text.len > NETWORK_LEN_MAX)
        reader_fail(r, ERR_MALFORMED);
    if (r->err != ERR_OK)
        return;
    if (text.len > 0)
        memcpy(name, text.data, text.len);
    if (strlen(name) != text.len || network_parse(out, name) != ERR_OK)
        reader_fail(r, ERR_MALFORMED);
}

static void read_nodes(struct invite *invite, struct reader *r)
{
    uint32_t count = mp_read_array(r, INVITE_NODES_MAX);

    for (uint32_t i = 0; r->err == ERR_OK && i < count; i++) {
        struct invite_node *node = &invite->nodes[i];

        if (mp_read_array(r, 2) != 2)
            reader_fail(r, ERR_MALFORMED);
        mp_read_bin_exact(r, node->node, KEY_LEN);
        node->address = mp_read_str(r);
        if (!is_address(node->address))
            reader_fail(r, ERR_MALFORMED);
    }
    invite->nodes_count = count;
}

static enum err read_core(struct invite *invite, struct bytes core)
{
    struct reader r = reader_of(core);

    if (mp_read_array(&r, 7) != 7 || mp_read_uint(&r) != FORM)
        reader_fail(&r, ERR_MALFORMED);
    read_network(&invite->network, &r);
    read_nodes(invite, &r);
    invite->has_topic = !mp_read_nil(&r);
    if (invite->has_topic)
        mp_read_bin_exact(&r, invite->topic, ID_LEN);
    if (!mp_read_nil(&r))
        invite->vouch = mp_read_bin(&r);
    invite->expires_ms = mp_read_uint(&r);
    mp_read_bin_exact(&r, invite->signer, KEY_LEN);
    return reader_finish(&r);
}

enum err invite_read(struct invite *out, uint8_t buf[INVITE_BYTES_MAX],
                     struct bytes link)
{
    struct invite invite = { 0 };
    struct bytes whole, core;
    enum err e = unwrap(&whole, buf, link);

    if (e != ERR_OK)
        return e;
    core = (struct bytes){ whole.data, whole.len - SIGNATURE_LEN };
    e = read_core(&invite, core);
    if (e == ERR_OK)
        e = domain_verify(whole.data + core.len, DOMAIN_INVITE, &invite.network,
                          core, invite.signer);
    if (e == ERR_OK)
        *out = invite;
    return e;
}
