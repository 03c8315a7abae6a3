/* Noise vectors: both sides are played, each message made and read back. */
#include <stdlib.h>
#include <string.h>

#include "proto/noise.h"
#include "tests/vectors/replay.h"

#define OURS "Noise_XX_25519_ChaChaPoly_SHA256"

struct player {
    struct noise noise;
    struct noise_cipher tx;
    struct noise_cipher rx;
    uint8_t static_secret[KEY_LEN];
    uint8_t static_public[KEY_LEN];
    uint8_t ask[HASH_LEN];
    bool open;
};

/* The static public key is made as an ephemeral one, by a machine of its own.
 */
static bool player_start(struct player *p, const json_t *item, bool initiator)
{
    uint8_t ephemeral[KEY_LEN];
    struct bytes prologue;
    struct noise keys;
    const char *prefix = initiator ? "init" : "resp";
    char name[32];

    memset(p, 0, sizeof *p);
    (void)snprintf(name, sizeof name, "%s_static", prefix);
    if (!replay_hex_exact(p->static_secret, KEY_LEN, item, name))
        return false;
    (void)snprintf(name, sizeof name, "%s_ephemeral", prefix);
    if (!replay_hex_exact(ephemeral, KEY_LEN, item, name))
        return false;
    (void)snprintf(name, sizeof name, "%s_prologue", prefix);
    if (!replay_hex(&prologue, item, name))
        return false;
    noise_init(&keys, true, (struct bytes){ NULL, 0 }, p->static_secret,
               p->static_secret, p->static_secret);
    memcpy(p->static_public, keys.ephemeral_public, KEY_LEN);
    noise_init(&p->noise, initiator, prologue, p->static_secret,
               p->static_public, ephemeral);
    replay_free(&prologue);
    return true;
}

static bool player_finish(struct player *p)
{
    if (p->noise.message < 3 || p->open)
        return true;
    p->open = noise_split(&p->noise, REKEY_MESSAGES, &p->tx, &p->rx, p->ask) ==
              ERR_OK;
    return p->open;
}

static bool player_write(struct player *p, struct writer *w,
                         struct bytes payload)
{
    if (!p->open)
        return noise_is_writing(&p->noise) &&
               noise_write_keys(&p->noise, w) == ERR_OK &&
               noise_write_payload(&p->noise, w, payload) == ERR_OK;
    if (payload.len + AEAD_TAG_LEN > w->cap)
        return false;
    noise_cipher_start(&p->tx);
    noise_cipher_add(&p->tx, w->data, payload);
    noise_cipher_finish(&p->tx, w->data + payload.len);
    w->len = payload.len + AEAD_TAG_LEN;
    return true;
}

static bool player_read(struct player *p, uint8_t *out, size_t *len,
                        struct bytes message)
{
    struct reader r = reader_of(message);

    if (!p->open)
        return p->noise.message < 3 && !noise_is_writing(&p->noise) &&
               noise_read_keys(&p->noise, &r) == ERR_OK &&
               noise_read_payload(&p->noise, &r, out, len) == ERR_OK;
    if (noise_cipher_open(&p->rx, out, message) != ERR_OK)
        return false;
    *len = message.len - AEAD_TAG_LEN;
    return true;
}

/* One message from `from` to `to`; both must agree with the vector. */
static bool play_message(struct player *from, struct player *to,
                         struct bytes payload, struct bytes ciphertext)
{
    static uint8_t made[REPLAY_BYTES_MAX + 1024], back[REPLAY_BYTES_MAX + 1024];
    struct writer w = writer_fixed(made, sizeof made);
    size_t len;

    return player_write(from, &w, payload) &&
           bytes_equal(writer_view(&w), ciphertext) &&
           player_read(to, back, &len, ciphertext) &&
           bytes_equal((struct bytes){ back, len }, payload) &&
           player_finish(from) && player_finish(to);
}

/* Who sends message `index`: as stated, else in turns. */
static bool from_initiator(const json_t *message, size_t index)
{
    const char *from = json_string_value(json_object_get(message, "from"));

    return from == NULL ? index % 2 == 0 : from[0] == 'i';
}

static bool play(struct player *init, struct player *resp, const json_t *item)
{
    json_t *message;
    uint8_t hash[HASH_LEN];
    size_t i;

    json_array_foreach(json_object_get(item, "messages"), i, message)
    {
        bool up = from_initiator(message, i);
        struct bytes payload = { NULL, 0 }, ciphertext = { NULL, 0 };
        bool fine = replay_hex(&payload, message, "payload") &&
                    replay_hex(&ciphertext, message, "ciphertext") &&
                    play_message(up ? init : resp, up ? resp : init, payload,
                                 ciphertext);

        replay_free(&payload);
        replay_free(&ciphertext);
        if (!fine)
            return false;
    }
    if (json_object_get(item, "handshake_hash") == NULL)
        return init->open;
    return init->open && memcmp(init->ask, resp->ask, HASH_LEN) == 0 &&
           replay_hex_exact(hash, HASH_LEN, item, "handshake_hash") &&
           memcmp(hash, init->noise.hash, HASH_LEN) == 0 &&
           memcmp(hash, resp->noise.hash, HASH_LEN) == 0;
}

bool replay_noise(struct replay *r, json_t *root)
{
    const json_t *list = root;
    json_t *item;
    size_t i;

    if (json_is_object(root))
        list = json_object_get(root, "vectors");
    if (!json_is_array(list))
        return false;
    json_array_foreach(list, i, item)
    {
        static struct player init, resp;
        char name[256];
        bool fine;

        replay_name(name, sizeof name, item, i);
        if (!replay_is(item, "protocol_name", OURS)) {
            printf("%s: another protocol\n", name);
            continue;
        }
        fine = player_start(&init, item, true) &&
               player_start(&resp, item, false) && play(&init, &resp, item);
        replay_case(r, name, fine ? "equal" : "differs", fine);
        noise_cipher_wipe(&init.tx);
        noise_cipher_wipe(&init.rx);
        noise_cipher_wipe(&resp.tx);
        noise_cipher_wipe(&resp.rx);
    }
    return true;
}
