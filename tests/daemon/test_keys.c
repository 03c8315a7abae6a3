/* Key files on disk: made once, never over another, told when damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/keys.h"
#include "proto/keyfile.h"
#include "proto/words.h"

#define NOW ((uint64_t)1700000000000)

static char home[64];
static struct network lab;
static const struct bytes none = { NULL, 0 };

static const char *path(const char *name)
{
    static char out[2][128];
    static size_t turn;

    turn = 1 - turn;
    (void)snprintf(out[turn], sizeof out[turn], "%s/keys/%s", home, name);
    return out[turn];
}

static int make_home(void **state)
{
    (void)state;
    (void)strcpy(home, "/tmp/troupe-keys-XXXXXX");
    return mkdtemp(home) != NULL && network_parse(&lab, "lab") == ERR_OK ? 0
                                                                         : -1;
}

static int remove_home(void **state)
{
    static const char *const names[] = { "node.key", "device.key", "person.key",
                                         "person.key.new", "elsewhere" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(path(names[i]));
    (void)rmdir(path(""));
    return rmdir(home);
}

static enum err create(struct person_keys *out, enum keys_custody custody)
{
    char words[256];

    return keys_create_person(out, words, home, &lab, custody,
                              BYTES_LITERAL("secret"), NOW);
}

static bool is_there(const char *name)
{
    return access(path(name), F_OK) == 0;
}

/* The content of a file, at most 8 KiB. */
static struct bytes slurp(uint8_t buf[8192], const char *name)
{
    int fd = open(path(name), O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, 8192);

    assert_true(n >= 0);
    (void)close(fd);
    return (struct bytes){ buf, (size_t)n };
}

static void spew(const char *name, struct bytes content)
{
    int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.data, content.len), content.len);
    assert_int_equal(close(fd), 0);
}

static void assert_mode(const char *name, mode_t mode)
{
    struct stat st;

    assert_int_equal(stat(path(name), &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void the_first_start_makes_a_node_that_stays(void **state)
{
    struct node_keys first, again;

    (void)state;
    assert_int_equal(keys_open_node(&first, home), ERR_OK);
    assert_int_equal(keys_open_node(&again, home), ERR_OK);
    assert_memory_equal(&first, &again, sizeof first);
    assert_false(sodium_is_zero(first.sign.secret, 32));
}

static void files_are_for_their_owner_alone_whatever_the_umask(void **state)
{
    mode_t before = umask(0);
    struct node_keys node;
    struct person_keys person;

    (void)state;
    assert_int_equal(keys_open_node(&node, home), ERR_OK);
    assert_int_equal(create(&person, KEYS_OPEN), ERR_OK);
    (void)umask(before);
    assert_mode("", 0700);
    assert_mode("node.key", 0600);
    assert_mode("device.key", 0600);
    assert_mode("person.key", 0600);
    assert_false(is_there("person.key.new"));
}

static void a_home_that_is_missing_is_an_error(void **state)
{
    struct node_keys node;
    struct person_keys person;

    (void)state;
    assert_int_equal(rmdir(home), 0);
    assert_int_equal(keys_open_node(&node, home), ERR_IO);
    assert_int_equal(keys_open_person(&person, home, &lab), ERR_IO);
    assert_int_equal(create(&person, KEYS_PAPER), ERR_IO);
    assert_int_equal(mkdir(home, 0700), 0);
}

/* What a reader says of `name`. */
static enum err reopen(const char *name)
{
    struct node_keys node;
    struct person_keys person;

    if (strcmp(name, "node.key") == 0)
        return keys_open_node(&node, home);
    return keys_open_person(&person, home, &lab);
}

static void prepare_all(void)
{
    struct node_keys node;
    struct person_keys person;

    assert_int_equal(keys_open_node(&node, home), ERR_OK);
    assert_int_equal(create(&person, KEYS_OPEN), ERR_OK);
}

static const char *const NAMES[] = { "node.key", "device.key", "person.key" };

static void every_truncation_is_told_and_left_as_it_is(void **state)
{
    uint8_t buf[8192], after[8192];

    (void)state;
    prepare_all();
    for (size_t i = 0; i < 3; i++) {
        struct bytes whole = slurp(buf, NAMES[i]);

        for (size_t len = 0; len < whole.len; len++) {
            struct bytes part = { buf, len };

            spew(NAMES[i], part);
            assert_int_equal(reopen(NAMES[i]), ERR_KEY_DAMAGED);
            assert_true(bytes_equal(slurp(after, NAMES[i]), part));
        }
        spew(NAMES[i], whole);
        assert_int_equal(reopen(NAMES[i]), ERR_OK);
    }
}

static void every_changed_byte_is_told(void **state)
{
    uint8_t buf[8192];

    (void)state;
    prepare_all();
    for (size_t i = 0; i < 3; i++) {
        struct bytes whole = slurp(buf, NAMES[i]);

        for (size_t at = 0; at < whole.len; at++) {
            buf[at] ^= 0x20;
            spew(NAMES[i], whole);
            assert_int_equal(reopen(NAMES[i]), ERR_KEY_DAMAGED);
            buf[at] ^= 0x20;
        }
        spew(NAMES[i], whole);
    }
}

static void a_longer_file_is_damaged(void **state)
{
    static const size_t extras[] = { 1, KEYFILE_MAX, 8192 };
    uint8_t buf[8192] = { 0 };

    (void)state;
    prepare_all();
    for (size_t i = 0; i < 3; i++) {
        uint8_t original[8192];
        struct bytes whole = slurp(original, NAMES[i]);

        memcpy(buf, whole.data, whole.len);
        for (size_t k = 0; k < 3; k++) {
            size_t len = whole.len + extras[k];

            spew(NAMES[i], (struct bytes){ buf, len < 8192 ? len : 8192 });
            assert_int_equal(reopen(NAMES[i]), ERR_KEY_DAMAGED);
        }
        spew(NAMES[i], whole);
    }
}

static void a_key_of_another_kind_is_no_key(void **state)
{
    uint8_t buf[8192];

    (void)state;
    prepare_all();
    spew("node.key", slurp(buf, "device.key"));
    assert_int_equal(reopen("node.key"), ERR_KEY_DAMAGED);
    spew("device.key", slurp(buf, "person.key"));
    assert_int_equal(reopen("device.key"), ERR_KEY_DAMAGED);
}

/* Whole files of one's own, but not each other's. */
static void
a_certificate_of_another_device_or_network_is_no_certificate(void **state)
{
    uint8_t buf[8192], other[8192];
    struct person_keys person;
    struct network lab2;
    struct sign_key device;
    struct bytes certificate, before;
    struct writer w = writer_fixed(other, sizeof other);

    (void)state;
    prepare_all();
    assert_int_equal(network_parse(&lab2, "lab2"), ERR_OK);
    assert_int_equal(keys_open_person(&person, home, &lab2), ERR_KEY_DAMAGED);
    before = slurp(buf, "device.key");
    assert_int_equal(keyfile_read_device(&device, &certificate, before),
                     ERR_OK);
    sign_key_from_seed(&device, (const uint8_t[32]){ 7 });
    keyfile_write_device(&w, &device, certificate);
    spew("device.key", writer_view(&w));
    assert_int_equal(reopen("device.key"), ERR_KEY_DAMAGED);
    writer_reset(&w);
    keyfile_write_device(&w, &device, none); /* not certified: no person yet */
    spew("device.key", writer_view(&w));
    assert_int_equal(reopen("device.key"), ERR_KEY_DAMAGED);
}

/* A name that leads elsewhere is not followed, and nothing is put there. */
static void a_link_is_not_a_key_file(void **state)
{
    uint8_t buf[8192];
    struct node_keys node;

    (void)state;
    prepare_all();
    spew("elsewhere", slurp(buf, "node.key"));
    assert_int_equal(unlink(path("node.key")), 0);
    assert_int_equal(symlink(path("elsewhere"), path("node.key")), 0);
    assert_int_equal(keys_open_node(&node, home), ERR_IO);
}

static void a_missing_node_key_beside_others_is_not_made_anew(void **state)
{
    struct node_keys node;

    (void)state;
    prepare_all();
    assert_int_equal(unlink(path("node.key")), 0);
    assert_int_equal(keys_open_node(&node, home), ERR_KEY_MISSING);
    assert_false(is_there("node.key"));
    assert_int_equal(unlink(path("device.key")), 0);
    assert_int_equal(keys_open_node(&node, home), ERR_KEY_MISSING);
    assert_int_equal(unlink(path("person.key")), 0);
    assert_int_equal(keys_open_node(&node, home), ERR_OK);
}

static void there_is_nobody_before_init(void **state)
{
    struct person_keys person;

    (void)state;
    assert_int_equal(keys_open_person(&person, home, &lab), ERR_NOT_FOUND);
}

static void a_person_that_is_made_is_the_one_that_is_opened(void **state)
{
    struct person_keys made, opened;

    (void)state;
    for (int custody = KEYS_OPEN; custody <= KEYS_PAPER; custody++) {
        assert_int_equal(create(&made, (enum keys_custody)custody), ERR_OK);
        assert_int_equal(keys_open_person(&opened, home, &lab), ERR_OK);
        assert_memory_equal(made.person, opened.person, ID_LEN);
        assert_memory_equal(&made.device, &opened.device, sizeof made.device);
        assert_int_equal(made.certificate_len, opened.certificate_len);
        assert_memory_equal(made.certificate, opened.certificate,
                            made.certificate_len);
        assert_int_equal(opened.unsealed, custody == KEYS_OPEN);
        assert_int_equal(made.unsealed, custody == KEYS_OPEN);
        assert_false(opened.sealed || made.sealed);
        assert_int_equal(is_there("person.key"), custody == KEYS_OPEN);
        (void)unlink(path("device.key"));
        (void)unlink(path("person.key"));
    }
}

/* The words shown are those of the key that lies in the file. */
static void a_passphrase_seals_what_the_words_say(void **state)
{
    uint8_t entropy[ENTROPY_LEN], shown[ENTROPY_LEN];
    struct person_keys made;
    uint8_t buf[8192];
    char words[256];

    (void)state;
    assert_int_equal(keys_create_person(&made, words, home, &lab, KEYS_SEALED,
                                        BYTES_LITERAL("secret"), NOW),
                     ERR_OK);
    assert_true(made.sealed && !made.unsealed);
    assert_int_equal(words_decode(shown, (struct bytes){ (const uint8_t *)words,
                                                         strlen(words) }),
                     ERR_OK);
    assert_int_equal(keyfile_read_person(entropy, slurp(buf, "person.key"),
                                         BYTES_LITERAL("secret")),
                     ERR_OK);
    assert_memory_equal(entropy, shown, ENTROPY_LEN);
    assert_int_equal(keys_open_person(&made, home, &lab), ERR_OK);
    assert_true(made.sealed && !made.unsealed);
}

static void words_bring_the_person_back_with_another_device(void **state)
{
    uint8_t entropy[ENTROPY_LEN];
    struct person_keys first;
    struct person_keys again;
    char words[256];

    (void)state;
    assert_int_equal(keys_create_person(&first, words, home, &lab, KEYS_PAPER,
                                        (struct bytes){ NULL, 0 }, NOW),
                     ERR_OK);
    assert_int_equal(
        words_decode(entropy,
                     (struct bytes){ (const uint8_t *)words, strlen(words) }),
        ERR_OK);
    assert_int_equal(keys_recover_person(&again, entropy, home, &lab,
                                         KEYS_PAPER, (struct bytes){ NULL, 0 },
                                         NOW),
                     ERR_EXISTS);
    keys_discard_person(home);
    assert_int_equal(keys_recover_person(&again, entropy, home, &lab,
                                         KEYS_PAPER, (struct bytes){ NULL, 0 },
                                         NOW),
                     ERR_OK);
    assert_memory_equal(first.person, again.person, ID_LEN);
    assert_memory_not_equal(first.device.public_key, again.device.public_key,
                            KEY_LEN);
    assert_int_equal(keys_open_person(&first, home, &lab), ERR_OK);
    assert_memory_equal(first.device.public_key, again.device.public_key,
                        KEY_LEN);
}

static void nobody_is_made_twice(void **state)
{
    static const char *const left[] = { "device.key", "person.key" };
    uint8_t before[2][8192], after[8192];
    struct person_keys person;
    struct bytes content[2];

    (void)state;
    assert_int_equal(create(&person, KEYS_OPEN), ERR_OK);
    for (size_t i = 0; i < 2; i++)
        content[i] = slurp(before[i], left[i]);
    for (int custody = KEYS_OPEN; custody <= KEYS_PAPER; custody++) {
        assert_int_equal(create(&person, (enum keys_custody)custody),
                         ERR_EXISTS);
        for (size_t i = 0; i < 2; i++)
            assert_true(bytes_equal(slurp(after, left[i]), content[i]));
    }
    /* Nor over what is left of somebody. */
    assert_int_equal(unlink(path("device.key")), 0);
    assert_int_equal(create(&person, KEYS_OPEN), ERR_EXISTS);
    assert_true(bytes_equal(slurp(after, "person.key"), content[1]));
    assert_false(is_there("device.key"));
}

/* Power went after device.key: the rest is done when it is next opened. */
static void an_init_cut_short_before_its_last_step_is_completed(void **state)
{
    uint8_t buf[8192], after[8192];
    struct person_keys person;
    struct bytes key;

    (void)state;
    assert_int_equal(create(&person, KEYS_OPEN), ERR_OK);
    key = slurp(buf, "person.key");
    assert_int_equal(rename(path("person.key"), path("person.key.new")), 0);
    assert_int_equal(keys_open_person(&person, home, &lab), ERR_OK);
    assert_true(person.unsealed);
    assert_false(is_there("person.key.new"));
    assert_true(bytes_equal(slurp(after, "person.key"), key));
}

/* Power went before device.key: nobody was shown the words, so it never was. */
static void an_init_cut_short_before_the_device_leaves_nobody(void **state)
{
    static const char stale[] = "a key that nobody knows";

    (void)state;
    for (int custody = KEYS_OPEN; custody <= KEYS_PAPER; custody++) {
        struct person_keys person;
        uint8_t buf[8192];

        assert_int_equal(keys_open_person(&person, home, &lab), ERR_NOT_FOUND);
        spew("person.key.new", BYTES_LITERAL(stale));
        assert_int_equal(keys_open_person(&person, home, &lab), ERR_NOT_FOUND);
        assert_int_equal(create(&person, (enum keys_custody)custody), ERR_OK);
        assert_false(is_there("person.key.new"));
        assert_int_equal(keys_open_person(&person, home, &lab), ERR_OK);
        if (custody == KEYS_OPEN)
            assert_int_equal(
                keyfile_is_sealed(&person.sealed, slurp(buf, "person.key")),
                ERR_OK);
        else
            assert_false(is_there("person.key"));
        (void)unlink(path("device.key"));
        (void)unlink(path("person.key"));
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_home, remove_home)
    const struct CMUnitTest tests[] = {
        T(the_first_start_makes_a_node_that_stays),
        T(files_are_for_their_owner_alone_whatever_the_umask),
        T(a_home_that_is_missing_is_an_error),
        T(every_truncation_is_told_and_left_as_it_is),
        T(every_changed_byte_is_told),
        T(a_longer_file_is_damaged),
        T(a_key_of_another_kind_is_no_key),
        T(a_certificate_of_another_device_or_network_is_no_certificate),
        T(a_link_is_not_a_key_file),
        T(a_missing_node_key_beside_others_is_not_made_anew),
        T(there_is_nobody_before_init),
        T(a_person_that_is_made_is_the_one_that_is_opened),
        T(a_passphrase_seals_what_the_words_say),
        T(words_bring_the_person_back_with_another_device),
        T(nobody_is_made_twice),
        T(an_init_cut_short_before_its_last_step_is_completed),
        T(an_init_cut_short_before_the_device_leaves_nobody),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
