/*
 * No key outlives its session: neither in the struct nor in a block of the heap
 * that was freed.  Every secret is noted where it is made (the linker puts the
 * functions below in place of those of the same name), and every block is
 * searched for all of them when it is freed, libcrypto's included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hash.h"
#include "tests/proto/session_pair.h"

#define SECRETS_MAX 64
/* So many bytes of a secret in a row are a leak. */
#define LEAK_LEN 16

static struct pair pair; /* too large for the stack */
static struct session *const D = &pair.dialler.session;
static struct session *const L = &pair.listener.session;

static uint8_t secrets[SECRETS_MAX][KEY_LEN];
static size_t secrets_count;
static size_t leaks;  /* freed blocks that still held a secret */
static size_t blocks; /* freed blocks that were searched */
static size_t lent;   /* blocks that libcrypto has and must give back */

static void note(const uint8_t secret[KEY_LEN])
{
    assert_true(secrets_count < SECRETS_MAX);
    if (!sodium_is_zero(secret, KEY_LEN))
        memcpy(secrets[secrets_count++], secret, KEY_LEN);
}

static bool holds_secret(const void *memory, size_t len)
{
    for (size_t i = 0; i < secrets_count; i++)
        for (size_t at = 0; at + LEAK_LEN <= KEY_LEN; at += LEAK_LEN / 2)
            if (memmem(memory, len, secrets[i] + at, LEAK_LEN) != NULL)
                return true;
    return false;
}

static void search(void *block)
{
    if (block == NULL)
        return;
    blocks++;
    if (holds_secret(block, malloc_usable_size(block)))
        leaks++;
}

/* What stands in for the functions of the same name: see tests/meson.build. */
void __real_free(void *block);
void __wrap_free(void *block);
void __real_hash_hkdf(uint8_t (*out)[HASH_LEN], size_t count, struct bytes salt,
                      struct bytes ikm, struct bytes info);
void __wrap_hash_hkdf(uint8_t (*out)[HASH_LEN], size_t count, struct bytes salt,
                      struct bytes ikm, struct bytes info);
void __real_aead_next_key(struct aead *a, uint8_t out[KEY_LEN],
                          const uint8_t nonce[AEAD_NONCE_LEN]);
void __wrap_aead_next_key(struct aead *a, uint8_t out[KEY_LEN],
                          const uint8_t nonce[AEAD_NONCE_LEN]);

void __wrap_free(void *block)
{
    search(block);
    __real_free(block);
}

/* Chaining keys, handshake keys, transport keys, ask; and the X25519 results
 * that go in. */
void __wrap_hash_hkdf(uint8_t (*out)[HASH_LEN], size_t count, struct bytes salt,
                      struct bytes ikm, struct bytes info)
{
    __real_hash_hkdf(out, count, salt, ikm, info);
    for (size_t i = 0; i < count; i++)
        note(out[i]);
    if (ikm.len == KEY_LEN)
        note(ikm.data);
}

void __wrap_aead_next_key(struct aead *a, uint8_t out[KEY_LEN],
                          const uint8_t nonce[AEAD_NONCE_LEN])
{
    __real_aead_next_key(a, out, nonce);
    note(out);
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    lent++;
    return malloc(size);
}

/* Grown by hand, so that the old block is searched. */
static void *crypto_realloc(void *block, size_t size, const char *file,
                            int line)
{
    size_t old = block == NULL ? 0 : malloc_usable_size(block);
    void *grown = malloc(size);

    (void)file;
    (void)line;
    if (grown == NULL)
        return NULL;
    if (block == NULL)
        lent++;
    if (old > 0)
        memcpy(grown, block, old < size ? old : size);
    free(block);
    return grown;
}

static void crypto_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    if (block != NULL)
        lent--;
    free(block);
}

static void note_side(const struct side *side, bool dialler)
{
    struct side copy = *side;
    struct session_config config = side_config(&copy, dialler);

    note(side->keys.noise_secret);
    note(side->keys.sign.secret);
    note(config.ephemeral);
}

static int open_pair(void **state)
{
    (void)state;
    secrets_count = 0;
    leaks = 0;
    blocks = 0;
    pair_prepare(&pair);
    note_side(&pair.dialler, true);
    note_side(&pair.listener, false);
    pair_open(&pair);
    return 0;
}

static int wipe_pair(void **state)
{
    (void)state;
    pair_wipe(&pair);
    return 0;
}

static void queue(struct session *s, uint8_t type, struct bytes payload)
{
    assert_int_equal(session_queue(s, type, &payload, 1), ERR_OK);
}

static void assert_no_secret(const struct session *s)
{
    assert_false(holds_secret(s, sizeof *s));
    assert_int_equal(s->state, SESSION_CLOSED);
    assert_int_equal(leaks, 0);
}

/* Else all the others could pass by finding nothing anywhere. */
static void the_search_finds_what_is_there(void **state)
{
    uint8_t block[100] = { 0 };

    (void)state;
    assert_true(secrets_count >= 6 + 2 * (3 * 3 + 3));
    assert_true(holds_secret(L, sizeof *L)); /* ask */
    memcpy(block + 17, L->ask, KEY_LEN);
    queue(L, FRAME_BLOB_DATA, BYTES_ARRAY(block));
    session_wipe(L); /* which frees the copy */
    assert_int_equal(leaks, 1);
}

static void every_end_of_an_open_session_frees_clean_memory(void **state)
{
    enum { ALTERED, CLOSED_HERE, CLOSED_THERE, SILENCE, WIPED, ENDS };

    for (int how = 0; how < ENDS; how++) {
        static uint8_t out[SESSION_MESSAGE_MAX];
        size_t len;

        (void)wipe_pair(state);
        (void)open_pair(state);
        queue(L, FRAME_RECORD, BYTES_LITERAL("waits"));
        queue(D, FRAME_RECORD, BYTES_LITERAL("x"));
        if (how == CLOSED_THERE)
            session_close(D, ERR_BUSY);
        assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
        if (how == ALTERED)
            pair.listener.rx[3] ^= 1;
        if (how == CLOSED_HERE) {
            session_close(L, ERR_BUSY);
            session_pull(L, T0, out, sizeof out, &len, true);
        } else if (how == SILENCE) {
            assert_int_equal(session_tick(L, T0 + PING_DIALLED_MS), ERR_OK);
            assert_int_equal(session_tick(L, T0 + 2 * PING_DIALLED_MS),
                             ERR_TIMEOUT);
        } else if (how == WIPED) {
            session_wipe(L);
        } else {
            (void)deliver(&pair.listener, T0);
        }
        assert_no_secret(L);
        assert_true(blocks >= 3); /* two contexts and a frame at least */
    }
}

/* A context that is forgotten keeps its keys, and nothing above would see it.
 */
static void libcrypto_gets_all_its_blocks_back(void **state)
{
    size_t before;

    (void)wipe_pair(state);
    before = lent;
    (void)open_pair(state);
    assert_true(lent > before);
    (void)wipe_pair(state);
    assert_int_equal(lent, before);
}

static void every_end_of_a_handshake_leaves_nothing(void **state)
{
    for (int messages = 0; messages < 3; messages++) {
        struct side *sides[] = { &pair.dialler, &pair.listener };

        for (int how = 0; how < 3; how++) {
            struct side *to = sides[(messages + 1) % 2];

            (void)wipe_pair(state);
            (void)open_pair(state);
            (void)wipe_pair(state);
            pair_start(&pair);
            for (int i = 0; i <= messages; i++) {
                assert_true(carry(sides[i % 2], sides[(i + 1) % 2], T0) > 0);
                if (i < messages)
                    assert_int_equal(deliver(sides[(i + 1) % 2], T0), ERR_OK);
            }
            to->rx[messages == 0 ? 1 : 9] ^= 1;
            if (how == 0)
                assert_int_equal(deliver(to, T0), ERR_BAD_HANDSHAKE);
            else if (how == 1)
                assert_int_equal(
                    session_tick(&to->session, T0 + HANDSHAKE_TIMEOUT_MS),
                    ERR_TIMEOUT);
            else
                session_close(&to->session, ERR_SHUTDOWN);
            assert_no_secret(&to->session);
        }
    }
}

/* A peer that lies inside a handshake that decrypts. */
static void a_peer_with_the_wrong_identity_leaves_nothing(void **state)
{
    struct session_config config;

    (void)wipe_pair(state);
    pair_prepare(&pair);
    config = side_config(&pair.dialler, true);
    config.expected_node = pair.dialler.keys.noise_public;
    session_init(D, &config, T0);
    pair.listener.keys.sign.secret[40] ^= 1; /* its signature will not verify */
    side_start(&pair.listener, false);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_int_equal(deliver(&pair.dialler, T0), ERR_BAD_SIGNATURE);
    assert_no_secret(D);
}

static void keys_that_were_replaced_leave_nothing(void **state)
{
    size_t before = secrets_count;

    (void)state;
    D->tx.rekey_every = 2;
    L->rx.rekey_every = 2;
    for (int i = 0; i < 9; i++) {
        queue(D, FRAME_RECORD, BYTES_LITERAL("x"));
        assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
        assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    }
    assert_int_equal(secrets_count, before + 2 * 4);
    session_wipe(D);
    session_wipe(L);
    assert_no_secret(D);
    assert_no_secret(L);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_pair, wipe_pair)
    const struct CMUnitTest tests[] = {
        T(the_search_finds_what_is_there),
        T(every_end_of_an_open_session_frees_clean_memory),
        T(libcrypto_gets_all_its_blocks_back),
        T(every_end_of_a_handshake_leaves_nothing),
        T(a_peer_with_the_wrong_identity_leaves_nothing),
        T(keys_that_were_replaced_leave_nothing),
    };
#undef T

    if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) !=
        1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
