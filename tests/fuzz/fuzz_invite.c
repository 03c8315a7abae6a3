/*
 * Any text as an invite link.  Input: a byte, then the link; or, if the byte
 * is odd, the link's core, which is then signed, summed and made a link, as no
 * fuzzer could.  A link that reads is written again to the same text.
 */
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/invite.h"
#include "proto/mp.h"
#include "tests/fuzz/fuzz.h"

static const struct network lab = { 3, "lab" };

static const struct sign_key *signer(void)
{
    static const uint8_t seed[32] = { 5, 9 };
    static struct sign_key key;
    static bool is_made;

    if (!is_made)
        sign_key_from_seed(&key, seed);
    is_made = true;
    return &key;
}

/* Ends the core with the signer's key, and the link with what follows. */
static struct bytes make_link(char out[INVITE_LINK_MAX], struct bytes core)
{
    uint8_t buf[INVITE_BYTES_MAX];
    uint8_t signature[SIGNATURE_LEN];
    uint8_t hash[HASH_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);

    if (core.len > INVITE_CORE_MAX - KEY_LEN - 2)
        core.len = INVITE_CORE_MAX - KEY_LEN - 2;
    writer_bytes(&w, core);
    mp_put_bin(&w, BYTES_ARRAY(signer()->public_key));
    domain_sign(signature, DOMAIN_INVITE, &lab, writer_view(&w), signer());
    writer_bytes(&w, BYTES_ARRAY(signature));
    hash_bytes(hash, writer_view(&w));
    writer_bytes(&w, (struct bytes){ hash, 4 });
    check(w.err == ERR_OK);
    memcpy(out, "troupe:", 7);
    (void)sodium_bin2base64(out + 7, INVITE_LINK_MAX - 7, buf, w.len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return (struct bytes){ (const uint8_t *)out, strlen(out) };
}

static bool is_within(struct bytes view, const uint8_t buf[INVITE_BYTES_MAX])
{
    return view.len == 0 || (view.data >= buf && view.len < INVITE_BYTES_MAX &&
                             view.data + view.len <= buf + INVITE_BYTES_MAX);
}

static void check_link(struct bytes link)
{
    uint8_t buf[INVITE_BYTES_MAX];
    char again[INVITE_LINK_MAX];
    struct invite invite;

    if (invite_read(&invite, buf, link) != ERR_OK)
        return;
    check(invite.nodes_count <= INVITE_NODES_MAX);
    for (size_t i = 0; i < invite.nodes_count; i++)
        check(is_within(invite.nodes[i].address, buf));
    check(is_within(invite.vouch, buf));
    if (memcmp(invite.signer, signer()->public_key, KEY_LEN) != 0)
        return;
    check(invite_write(again, &invite, signer()) == ERR_OK);
    check(bytes_equal((struct bytes){ (const uint8_t *)again, strlen(again) },
                      link));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char link[INVITE_LINK_MAX];
    struct reader r = reader_of((struct bytes){ data, size });
    bool is_core = reader_u8(&r) % 2 == 1;
    struct bytes rest = reader_bytes(&r, r.left);

    check_link(is_core ? make_link(link, rest) : rest);
    return 0;
}
