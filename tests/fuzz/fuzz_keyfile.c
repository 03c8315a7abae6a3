/*
 * Any bytes as a key file.  Input: a byte, then the file.  If the byte is odd
 * the file's length and checksum are put right, and a sealed one made cheap to
 * open.  What opens is written again to the same bytes.
 */
#include <string.h>

#include "proto/hash.h"
#include "proto/keyfile.h"
#include "tests/fuzz/fuzz.h"

#define VERSION_AT 8
#define KIND_AT    9
#define LEN_AT     10
#define PAYLOAD_AT 12

static const struct seal_cost cheap = { 1, SEAL_MEMORY_KIB_MIN };

static void put_right(uint8_t *file, size_t size)
{
    size_t len = size - PAYLOAD_AT - HASH_LEN;

    memcpy(file, "troupkey", VERSION_AT);
    file[LEN_AT] = (uint8_t)(len >> 8);
    file[LEN_AT + 1] = (uint8_t)len;
    hash_bytes(file + size - HASH_LEN, (struct bytes){ file, size - HASH_LEN });
}

/* Opening is slow on purpose: only costs out of bounds are tried as they are.
 */
static bool is_dear(const uint8_t *file, size_t size)
{
    uint32_t passes, memory_kib;

    if (size < PAYLOAD_AT + 8)
        return false;
    passes = get_u32(file + PAYLOAD_AT);
    memory_kib = get_u32(file + PAYLOAD_AT + 4);
    return passes >= 1 && passes <= SEAL_PASSES_MAX &&
           memory_kib > 2 * SEAL_MEMORY_KIB_MIN &&
           memory_kib <= SEAL_MEMORY_KIB_MAX;
}

static void check_node(struct writer *w, struct bytes file)
{
    struct node_keys keys;

    if (keyfile_read_node(&keys, file) != ERR_OK)
        return;
    keyfile_write_node(w, &keys);
    check(bytes_equal(writer_view(w), file));
    node_keys_wipe(&keys);
}

static void check_device(struct writer *w, struct bytes file)
{
    struct sign_key key;
    struct bytes certificate;

    if (keyfile_read_device(&key, &certificate, file) != ERR_OK)
        return;
    check(certificate.len <= RECORD_CERTIFICATE_MAX);
    keyfile_write_device(w, &key, certificate);
    check(bytes_equal(writer_view(w), file));
    sign_key_wipe(&key);
}

static void check_sealed(struct writer *w, struct bytes file,
                         const uint8_t entropy[ENTROPY_LEN])
{
    enum err e =
        keyfile_write_person_sealed(w, entropy, BYTES_LITERAL("open sesame"),
                                    cheap, file.data + PAYLOAD_AT + 8);

    check(e == ERR_OK && w->len == file.len);
    if (get_u32(file.data + PAYLOAD_AT) == cheap.passes &&
        get_u32(file.data + PAYLOAD_AT + 4) == cheap.memory_kib)
        check(bytes_equal(writer_view(w), file));
}

static void check_person(struct writer *w, struct bytes file)
{
    uint8_t entropy[ENTROPY_LEN];
    bool sealed;
    enum err e = keyfile_is_sealed(&sealed, file);

    check(e == ERR_OK || e == ERR_KEY_DAMAGED || e == ERR_VERSION);
    if (e != ERR_OK || (sealed && is_dear(file.data, file.len)))
        return;
    e = keyfile_read_person(entropy, file, BYTES_LITERAL("open sesame"));
    if (e != ERR_OK) {
        check(sealed && (e == ERR_KEY_SEALED || e == ERR_KEY_DAMAGED));
        return;
    }
    if (sealed) {
        check_sealed(w, file, entropy);
        return;
    }
    keyfile_write_person(w, entropy);
    check(bytes_equal(writer_view(w), file));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buf[KEYFILE_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct bytes file;
    uint8_t *copy;

    if (size == 0 || size > KEYFILE_MAX)
        return 0;
    copy = malloc(size);
    check(copy != NULL);
    memcpy(copy, data, size);
    file = (struct bytes){ copy + 1, size - 1 };
    if (copy[0] % 2 == 1 && file.len >= PAYLOAD_AT + HASH_LEN)
        put_right(copy + 1, file.len);
    check_node(&w, file);
    writer_reset(&w);
    check_device(&w, file);
    writer_reset(&w);
    check_person(&w, file);
    free(copy);
    return 0;
}
