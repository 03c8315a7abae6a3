/*
 * A session in its handshake against a hostile peer, in either role.  Input:
 * one byte of enum choice, three bytes that say which bit of the peer's last
 * message is flipped, and the peer's introduction, or all that it sends.
 */
#include <string.h>

#include "proto/mp.h"
#include "proto/session.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS 1000000

enum choice {
    WE_DIAL = 1 << 0,
    SIGN_ANEW = 1 << 1, /* the introduction, with the key of its node */
    EXPECT_PEER = 1 << 2,
    OTHER_NETWORK = 1 << 3,
    RAW = 1 << 4,
    AS_OURSELVES = 1 << 5 /* signed with our own key */
};

struct scene {
    struct node_keys keys; /* ours */
    struct node_keys peer_keys;
    struct session session;
    struct noise noise; /* the peer's */
    uint8_t choice;
    uint8_t flip[3]; /* offset (2), bit (1); bit 0 flips nothing */
    struct bytes payload;
    uint8_t wire[2 * SESSION_MESSAGE_MAX];
};

static const struct network lab = { 3, "lab" };

static void scene_init(struct scene *s, struct reader *input)
{
    static const uint8_t seed[NODE_SEED_LEN] = { 1, 2, [40] = 3 };
    static const uint8_t peer_seed[NODE_SEED_LEN] = { 4, 5, [40] = 6 };
    static const uint8_t ephemeral[KEY_LEN] = { 7 };
    struct session_config config = { .network = &lab, .keys = &s->keys };
    struct bytes prologue = BYTES_LITERAL("troupe 1 lab");

    s->choice = reader_u8(input);
    reader_copy(input, s->flip, sizeof s->flip);
    s->payload = reader_bytes(input, input->left);
    node_keys_from_seed(&s->keys, seed);
    node_keys_from_seed(&s->peer_keys, peer_seed);
    config.dialler = (s->choice & WE_DIAL) != 0;
    config.ephemeral[0] = 8;
    if ((s->choice & EXPECT_PEER) != 0)
        config.expected_node = s->peer_keys.sign.public_key;
    if ((s->choice & OTHER_NETWORK) != 0)
        prologue = BYTES_LITERAL("troupe 1 other");
    session_init(&s->session, &config, NOW_MS);
    noise_init(&s->noise, !config.dialler, prologue, s->peer_keys.noise_secret,
               s->peer_keys.noise_public, ephemeral);
}

/* Puts a node key and a signature that verifies where they belong. */
static void sign_anew(const struct scene *s, uint8_t *payload, size_t len)
{
    struct reader r = reader_of((struct bytes){ payload, len });
    const struct sign_key *key =
        (s->choice & AS_OURSELVES) != 0 ? &s->keys.sign : &s->peer_keys.sign;
    uint8_t buf[2 * KEY_LEN + 12];
    struct writer w = writer_fixed(buf, sizeof buf);
    size_t node_at, signature_at;

    (void)mp_read_array(&r, INTRODUCTION_MAX);
    (void)mp_read_uint(&r);
    node_at = len - r.left + 2;
    (void)mp_read_bin(&r);
    writer_bytes(&w, BYTES_ARRAY(s->noise.hash));
    writer_bytes(&w, BYTES_ARRAY(s->peer_keys.noise_public));
    writer_u64(&w, mp_read_uint(&r));
    writer_u32(&w, (uint32_t)mp_read_uint(&r));
    signature_at = len - r.left + 2;
    if (r.err != ERR_OK || r.left < 2 + SIGNATURE_LEN ||
        node_at + KEY_LEN > signature_at)
        return;
    memcpy(payload + node_at, key->public_key, KEY_LEN);
    domain_sign(payload + signature_at, DOMAIN_HANDSHAKE, &lab, writer_view(&w),
                key);
}

/* Whether the session has to take this introduction. */
static bool is_fine(const struct scene *s, struct bytes payload,
                    const uint8_t hash[HASH_LEN], struct introduction *out)
{
    return (s->choice & OTHER_NETWORK) == 0 && s->flip[2] == 0 &&
           introduction_read(out, payload, &lab, s->peer_keys.noise_public,
                             hash) == ERR_OK &&
           memcmp(out->node, s->keys.sign.public_key, KEY_LEN) != 0 &&
           ((s->choice & EXPECT_PEER) == 0 ||
            memcmp(out->node, s->peer_keys.sign.public_key, KEY_LEN) == 0);
}

static bool recv(struct scene *s, size_t len)
{
    struct session_event ev;
    size_t used;
    enum err e = session_recv(&s->session, NOW_MS, s->wire, len, &used, &ev);

    check(e == ERR_OK || s->session.state == SESSION_CLOSED);
    check(used <= len && ev.opened == (s->session.state == SESSION_OPEN));
    return ev.opened;
}

/* The session's next message to the peer; false if it has none. */
static bool carry_to_peer(struct scene *s, uint8_t *payload, size_t *len)
{
    size_t wire_len;
    struct reader r;

    session_pull(&s->session, NOW_MS, s->wire, sizeof s->wire, &wire_len, true);
    if (wire_len == 0)
        return false;
    r = reader_of((struct bytes){ s->wire + 2, wire_len - 2 });
    return noise_read_keys(&s->noise, &r) == ERR_OK &&
           noise_read_payload(&s->noise, &r, payload, len) == ERR_OK;
}

/* The peer's next message to the session, with or without an introduction. */
static bool carry_to_us(struct scene *s, bool introduces,
                        struct introduction *seen, bool *fine)
{
    uint8_t payload[4096];
    struct writer w = writer_fixed(s->wire, sizeof s->wire);
    size_t len = introduces ? s->payload.len : 0;
    size_t at = (size_t)(s->flip[0] << 8 | s->flip[1]);

    len = len < sizeof payload ? len : sizeof payload;
    if (len > 0)
        memcpy(payload, s->payload.data, len);
    writer_u16(&w, 0);
    check(noise_write_keys(&s->noise, &w) == ERR_OK);
    if (introduces && (s->choice & SIGN_ANEW) != 0)
        sign_anew(s, payload, len);
    if (introduces)
        *fine = is_fine(s, (struct bytes){ payload, len }, s->noise.hash, seen);
    check(noise_write_payload(&s->noise, &w, (struct bytes){ payload, len }) ==
          ERR_OK);
    s->wire[0] = (uint8_t)((w.len - 2) >> 8);
    s->wire[1] = (uint8_t)(w.len - 2);
    if (introduces)
        s->wire[at % w.len] ^= s->flip[2];
    return recv(s, w.len);
}

/* Both sides are in the same secret and know each other. */
static void check_opened(struct scene *s, const struct introduction *seen)
{
    struct noise_cipher tx, rx;
    uint8_t ask[HASH_LEN];

    check(memcmp(s->session.peer_node, seen->node, KEY_LEN) == 0);
    check(s->session.peer_features == seen->features);
    check(s->session.peer_version == seen->version);
    check(noise_split(&s->noise, REKEY_MESSAGES, &tx, &rx, ask) == ERR_OK);
    check(memcmp(ask, s->session.ask, HASH_LEN) == 0);
    noise_cipher_wipe(&tx);
    noise_cipher_wipe(&rx);
}

static void meet(struct scene *s)
{
    uint8_t payload[SESSION_HANDSHAKE_MAX];
    struct introduction seen = { .features = 0 };
    bool we_dial = (s->choice & WE_DIAL) != 0;
    bool fine = false;
    bool opened;
    size_t len;

    if (we_dial)
        check(carry_to_peer(s, payload, &len));
    else
        check(!carry_to_us(s, false, &seen, &fine));
    if (!we_dial && !carry_to_peer(s, payload, &len)) {
        check((s->choice & OTHER_NETWORK) != 0);
        return;
    }
    opened = carry_to_us(s, true, &seen, &fine);
    check(opened == fine);
    if (opened && we_dial)
        check(carry_to_peer(s, payload, &len));
    if (opened)
        check_opened(s, &seen);
}

/* All that a stranger sends who cannot do the arithmetic opens nothing. */
static void overwhelm(struct scene *s)
{
    size_t left =
        s->payload.len < sizeof s->wire ? s->payload.len : sizeof s->wire;
    struct session_event ev;
    size_t used = 1;

    if (left > 0)
        memcpy(s->wire, s->payload.data, left);
    while (used > 0 && session_recv(&s->session, NOW_MS, s->wire, left, &used,
                                    &ev) == ERR_OK) {
        left -= used;
        memmove(s->wire, s->wire + used, left);
        check(!ev.opened && s->session.state == SESSION_HANDSHAKE);
    }
    check(s->session.state != SESSION_OPEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene scene;
    struct reader r = reader_of((struct bytes){ data, size });

    scene_init(&scene, &r);
    if ((scene.choice & RAW) != 0)
        overwhelm(&scene);
    else
        meet(&scene);
    session_wipe(&scene.session);
    noise_wipe(&scene.noise);
    return 0;
}
