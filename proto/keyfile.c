/*
 * magic (8) || version (1) || kind (1) || length (2) || payload || SHA-256 of
 * all before.  The checksum tells accidents; against intent files are 0600.
 */
#include "proto/keyfile.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"

#define MAGIC      BYTES_LITERAL("troupkey")
#define VERSION    1
#define HEADER_LEN 12
#define DEVICE_MIN KEY_LEN
#define DEVICE_MAX (KEY_LEN + RECORD_CERTIFICATE_MAX)
#define SEALED_LEN (ENTROPY_LEN + SEAL_OVERHEAD)

static_assert(HEADER_LEN + DEVICE_MAX + HASH_LEN <= KEYFILE_MAX,
              "the largest key file fits its limit");

enum kind { NODE = 1, DEVICE = 2, PERSON = 3, PERSON_SEALED = 4 };

static struct bytes header(uint8_t buf[HEADER_LEN], enum kind kind, size_t len)
{
    struct writer w = writer_fixed(buf, HEADER_LEN);

    assert(len <= UINT16_MAX);
    writer_bytes(&w, MAGIC);
    writer_u8(&w, VERSION);
    writer_u8(&w, (uint8_t)kind);
    writer_u16(&w, (uint16_t)len);
    assert(w.err == ERR_OK);
    return writer_view(&w);
}

static void write_file(struct writer *w, enum kind kind,
                       const struct bytes *parts, size_t count)
{
    uint8_t buf[HEADER_LEN];
    uint8_t checksum[HASH_LEN];
    struct bytes all[3];
    size_t len = 0;

    assert(count < 3);
    for (size_t i = 0; i < count; i++) {
        all[i + 1] = parts[i];
        len += parts[i].len;
    }
    all[0] = header(buf, kind, len);
    hash_parts(checksum, all, count + 1);
    for (size_t i = 0; i <= count; i++)
        writer_bytes(w, all[i]);
    writer_bytes(w, BYTES_ARRAY(checksum));
}

/* The payload of a whole file, whatever its kind. */
static enum err read_file(enum kind *kind, struct bytes *payload,
                          struct bytes file)
{
    struct reader r = reader_of(file);
    struct bytes magic = reader_bytes(&r, MAGIC.len);
    uint8_t version = reader_u8(&r);
    uint8_t number = reader_u8(&r);
    uint16_t len = reader_u16(&r);
    struct bytes content = reader_bytes(&r, len);
    struct bytes checksum = reader_bytes(&r, HASH_LEN);
    uint8_t expected[HASH_LEN];

    if (reader_finish(&r) != ERR_OK || !bytes_equal(magic, MAGIC))
        return ERR_KEY_DAMAGED;
    hash_bytes(expected, (struct bytes){ file.data, HEADER_LEN + len });
    if (memcmp(expected, checksum.data, HASH_LEN) != 0)
        return ERR_KEY_DAMAGED;
    if (version != VERSION)
        return ERR_VERSION;
    *kind = (enum kind)number;
    *payload = content;
    return ERR_OK;
}

static enum err read_kind(struct bytes *payload, struct bytes file,
                          enum kind wanted, size_t len_min, size_t len_max)
{
    struct bytes content;
    enum kind kind;
    enum err e = read_file(&kind, &content, file);

    if (e != ERR_OK)
        return e;
    if (kind != wanted || content.len < len_min || content.len > len_max)
        return ERR_KEY_DAMAGED;
    *payload = content;
    return ERR_OK;
}

void keyfile_write_node(struct writer *w, const struct node_keys *keys)
{
    struct bytes parts[] = { { keys->sign.secret, 32 }, /* its seed */
                             BYTES_ARRAY(keys->noise_secret) };

    write_file(w, NODE, parts, 2);
}

enum err keyfile_read_node(struct node_keys *out, struct bytes file)
{
    struct bytes seed;
    enum err e = read_kind(&seed, file, NODE, NODE_SEED_LEN, NODE_SEED_LEN);

    if (e == ERR_OK)
        node_keys_from_seed(out, seed.data);
    return e;
}

void keyfile_write_device(struct writer *w, const struct sign_key *device,
                          struct bytes certificate)
{
    struct bytes parts[] = { { device->secret, 32 }, certificate };

    assert(certificate.len <= RECORD_CERTIFICATE_MAX);
    write_file(w, DEVICE, parts, 2);
}

enum err keyfile_read_device(struct sign_key *out, struct bytes *certificate,
                             struct bytes file)
{
    struct bytes payload;
    enum err e = read_kind(&payload, file, DEVICE, DEVICE_MIN, DEVICE_MAX);

    if (e != ERR_OK)
        return e;
    sign_key_from_seed(out, payload.data);
    *certificate =
        (struct bytes){ payload.data + KEY_LEN, payload.len - KEY_LEN };
    return ERR_OK;
}

void keyfile_write_person(struct writer *w, const uint8_t entropy[ENTROPY_LEN])
{
    struct bytes part = { entropy, ENTROPY_LEN };

    write_file(w, PERSON, &part, 1);
}

/* The header is sealed in, so that the kind cannot be exchanged. */
enum err keyfile_write_person_sealed(struct writer *w,
                                     const uint8_t entropy[ENTROPY_LEN],
                                     struct bytes passphrase,
                                     struct seal_cost cost,
                                     const uint8_t random[SEAL_RANDOM_LEN])
{
    uint8_t buf[HEADER_LEN];
    uint8_t sealed[SEALED_LEN];
    struct writer inner = writer_fixed(sealed, sizeof sealed);
    struct bytes part = BYTES_ARRAY(sealed);
    enum err e =
        seal_write(&inner, (struct bytes){ entropy, ENTROPY_LEN }, passphrase,
                   header(buf, PERSON_SEALED, sizeof sealed), cost, random);

    if (e == ERR_OK)
        write_file(w, PERSON_SEALED, &part, 1);
    return e;
}

enum err keyfile_is_sealed(bool *sealed, struct bytes file)
{
    struct bytes payload;
    enum kind kind;
    enum err e = read_file(&kind, &payload, file);

    if (e != ERR_OK)
        return e;
    if ((kind != PERSON || payload.len != ENTROPY_LEN) &&
        (kind != PERSON_SEALED || payload.len != SEALED_LEN))
        return ERR_KEY_DAMAGED;
    *sealed = kind == PERSON_SEALED;
    return ERR_OK;
}

enum err keyfile_read_person(uint8_t entropy[ENTROPY_LEN], struct bytes file,
                             struct bytes passphrase)
{
    uint8_t buf[HEADER_LEN];
    struct bytes payload;
    bool sealed;
    enum kind kind;
    enum err e = keyfile_is_sealed(&sealed, file);

    if (e == ERR_OK)
        e = read_file(&kind, &payload, file);
    if (e != ERR_OK)
        return e;
    if (sealed)
        return seal_open(entropy, payload, passphrase,
                         header(buf, PERSON_SEALED, SEALED_LEN));
    memcpy(entropy, payload.data, ENTROPY_LEN);
    return ERR_OK;
}
