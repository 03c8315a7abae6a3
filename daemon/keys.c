/*
 * Key files on disk.  What stands in them is proto/keyfile.h; here they are
 * read whole, written durably, and never written over.
 */
#include "daemon/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/certificate.h"
#include "proto/keyfile.h"
#include "proto/words.h"

/* A file that is being made; its name says that it does not count yet. */
#define PERSON_KEY_NEW "person.key.new"

/* Opens `home`/keys, made 0700 if it is missing. */
static enum err open_folder(int *fd, const char *home)
{
    int base = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = ERR_OK;

    if (base < 0)
        return ERR_IO;
    if (mkdirat(base, "keys", 0700) < 0 && errno != EEXIST)
        e = ERR_IO;
    else if ((*fd = openat(base, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) <
             0)
        e = ERR_IO;
    (void)close(base);
    return e;
}

static bool exists(int folder, const char *name)
{
    struct stat st;

    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
           errno != ENOENT;
}

/* All of a key file; ERR_NOT_FOUND if there is none. */
static enum err read_file(struct writer *w, int folder, const char *name)
{
    uint8_t *at = writer_reserve(w, KEYFILE_MAX + 1);
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = -1;

    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    if (at != NULL)
        n = read(fd, at, KEYFILE_MAX + 1);
    (void)close(fd);
    if (n < 0)
        return at == NULL ? ERR_NO_MEMORY : ERR_IO;
    if (n > KEYFILE_MAX)
        return ERR_KEY_DAMAGED;
    w->len = (size_t)n;
    return ERR_OK;
}

static enum err write_all(int fd, struct bytes content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.data, content.len);

        if (n < 0)
            return errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE : ERR_IO;
        content.data += n;
        content.len -= (size_t)n;
    }
    return fsync(fd) < 0 ? ERR_IO : ERR_OK;
}

/* Writes a file that must not exist, 0600, durably with its name. */
static enum err write_file(int folder, const char *name, struct bytes content)
{
    int fd = openat(folder, name,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum err e;

    if (fd < 0)
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    e = write_all(fd, content);
    if (close(fd) < 0 && e == ERR_OK)
        e = ERR_IO;
    if (e == ERR_OK && fsync(folder) < 0)
        e = ERR_IO;
    if (e != ERR_OK)
        (void)unlinkat(folder, name, 0); /* it never counted */
    return e;
}

static void wipe_writer(struct writer *w)
{
    if (w->data != NULL)
        sodium_memzero(w->data, w->cap);
    writer_free(w);
}

/* The first start: nothing that is lost could be replaced by this. */
static enum err create_node(struct node_keys *out, int folder)
{
    struct writer file = writer_growing(KEYFILE_MAX);
    uint8_t seed[NODE_SEED_LEN];
    struct node_keys keys;
    enum err e;

    randombytes_buf(seed, sizeof seed);
    node_keys_from_seed(&keys, seed);
    keyfile_write_node(&file, &keys);
    e = file.err;
    if (e == ERR_OK)
        e = write_file(folder, "node.key", writer_view(&file));
    if (e == ERR_OK)
        *out = keys;
    sodium_memzero(seed, sizeof seed);
    node_keys_wipe(&keys);
    wipe_writer(&file);
    return e;
}

enum err keys_open_node(struct node_keys *out, const char *home)
{
    struct writer file = writer_growing(KEYFILE_MAX + 1);
    int folder = -1;
    enum err e = open_folder(&folder, home);

    if (e == ERR_OK)
        e = read_file(&file, folder, "node.key");
    if (e == ERR_OK)
        e = keyfile_read_node(out, writer_view(&file));
    else if (e == ERR_NOT_FOUND)
        e = exists(folder, "device.key") || exists(folder, "person.key")
                ? ERR_KEY_MISSING
                : create_node(out, folder);
    wipe_writer(&file);
    if (folder >= 0)
        (void)close(folder);
    return e;
}

/* Device key and certificate, checked against each other. */
static enum err read_device(struct person_keys *out, struct bytes file,
                            const struct network *network)
{
    struct certificate certificate;
    struct bytes whole;
    enum err e = keyfile_read_device(&out->device, &whole, file);

    if (e != ERR_OK)
        return e;
    if (whole.len > sizeof out->certificate ||
        certificate_verify(&certificate, whole, network) != ERR_OK ||
        memcmp(certificate.device_key, out->device.public_key, KEY_LEN) != 0)
        return ERR_KEY_DAMAGED;
    memcpy(out->person, certificate.person, ID_LEN);
    memcpy(out->certificate, whole.data, whole.len);
    out->certificate_len = whole.len;
    return ERR_OK;
}

/* How the person's key lies here. */
static enum err read_custody(struct person_keys *out, int folder)
{
    struct writer file = writer_growing(KEYFILE_MAX + 1);
    enum err e;

    /* The last step of init, if it was cut short after device.key. */
    if (exists(folder, PERSON_KEY_NEW) && !exists(folder, "person.key"))
        (void)renameat(folder, PERSON_KEY_NEW, folder, "person.key");
    e = read_file(&file, folder, "person.key");
    if (e == ERR_OK)
        e = keyfile_is_sealed(&out->sealed, writer_view(&file));
    if (e == ERR_OK)
        out->unsealed = !out->sealed;
    wipe_writer(&file);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err keys_open_person(struct person_keys *out, const char *home,
                          const struct network *network)
{
    struct writer file = writer_growing(KEYFILE_MAX + 1);
    struct person_keys keys = { .certificate_len = 0 };
    int folder = -1;
    enum err e = open_folder(&folder, home);

    if (e == ERR_OK)
        e = read_file(&file, folder, "device.key");
    if (e == ERR_OK)
        e = read_device(&keys, writer_view(&file), network);
    if (e == ERR_OK)
        e = read_custody(&keys, folder);
    if (e == ERR_OK)
        *out = keys;
    person_keys_wipe(&keys);
    wipe_writer(&file);
    if (folder >= 0)
        (void)close(folder);
    return e;
}

/* What is made of the entropy before anything is written. */
struct new_person {
    uint8_t entropy[ENTROPY_LEN];
    struct sign_key first; /* signs the certificate, then is wiped */
    struct person_keys keys;
};

static enum err make_person(struct new_person *p, const struct network *network,
                            uint64_t now_ms)
{
    struct writer certificate =
        writer_fixed(p->keys.certificate, sizeof p->keys.certificate);
    uint8_t commitment[HASH_LEN];
    struct sign_key next;
    uint8_t seed[32];

    randombytes_buf(seed, sizeof seed);
    sign_key_from_seed(&p->keys.device, seed);
    person_key_derive(&p->first, p->entropy, 0);
    person_key_derive(&next, p->entropy, 1);
    person_key_commit(commitment, next.public_key);
    person_id(p->keys.person, p->first.public_key, commitment);
    certificate_write(&certificate, network, &p->first, commitment,
                      p->keys.device.public_key, now_ms);
    p->keys.certificate_len = certificate.len;
    sign_key_wipe(&next);
    sodium_memzero(seed, sizeof seed);
    return certificate.err;
}

static enum err write_person(int folder, const struct new_person *p,
                             enum keys_custody custody, struct bytes passphrase)
{
    struct writer file = writer_growing(KEYFILE_MAX);
    uint8_t random[SEAL_RANDOM_LEN];
    enum err e = ERR_OK;

    if (custody == KEYS_OPEN) {
        keyfile_write_person(&file, p->entropy);
    } else {
        randombytes_buf(random, sizeof random);
        e = keyfile_write_person_sealed(&file, p->entropy, passphrase,
                                        SEAL_COST_DEFAULT, random);
    }
    if (e == ERR_OK)
        e = file.err;
    if (e == ERR_OK)
        e = write_file(folder, PERSON_KEY_NEW, writer_view(&file));
    wipe_writer(&file);
    return e;
}

static enum err write_device(int folder, const struct new_person *p)
{
    struct writer file = writer_growing(KEYFILE_MAX);
    enum err e;

    keyfile_write_device(
        &file, &p->keys.device,
        (struct bytes){ p->keys.certificate, p->keys.certificate_len });
    e = file.err;
    if (e == ERR_OK)
        e = write_file(folder, "device.key", writer_view(&file));
    wipe_writer(&file);
    return e;
}

/* person.key under a name that does not count, device.key, then its name. */
static enum err write_keys(int folder, const struct new_person *p,
                           enum keys_custody custody, struct bytes passphrase)
{
    enum err e = ERR_OK;

    if (exists(folder, "device.key") || exists(folder, "person.key"))
        return ERR_EXISTS;
    /*
     * One that is left of an init cut short: nobody was shown its words.  On
     * paper, too, or it would later be taken for this person's.
     */
    if (unlinkat(folder, PERSON_KEY_NEW, 0) < 0 && errno != ENOENT)
        return ERR_IO;
    if (custody != KEYS_PAPER)
        e = write_person(folder, p, custody, passphrase);
    if (e == ERR_OK)
        e = write_device(folder, p);
    if (e == ERR_OK && custody != KEYS_PAPER &&
        (renameat(folder, PERSON_KEY_NEW, folder, "person.key") < 0 ||
         fsync(folder) < 0))
        e = ERR_IO;
    return e;
}

enum err keys_recover_person(struct person_keys *out,
                             const uint8_t entropy[ENTROPY_LEN],
                             const char *home, const struct network *network,
                             enum keys_custody custody, struct bytes passphrase,
                             uint64_t now_ms)
{
    struct new_person p = { .keys.certificate_len = 0 };
    int folder = -1;
    enum err e = open_folder(&folder, home);

    memcpy(p.entropy, entropy, ENTROPY_LEN);
    if (e == ERR_OK)
        e = make_person(&p, network, now_ms);
    if (e == ERR_OK)
        e = write_keys(folder, &p, custody, passphrase);
    if (e == ERR_OK) {
        p.keys.sealed = custody == KEYS_SEALED;
        p.keys.unsealed = custody == KEYS_OPEN;
        *out = p.keys;
    }
    sodium_memzero(&p, sizeof p);
    if (folder >= 0)
        (void)close(folder);
    return e;
}

enum err keys_create_person(struct person_keys *out, char words[256],
                            const char *home, const struct network *network,
                            enum keys_custody custody, struct bytes passphrase,
                            uint64_t now_ms)
{
    uint8_t entropy[ENTROPY_LEN];
    enum err e;

    static_assert(WORDS_TEXT_MAX <= 256, "words fit what keys.h promises");
    randombytes_buf(entropy, sizeof entropy);
    e = keys_recover_person(out, entropy, home, network, custody, passphrase,
                            now_ms);
    if (e == ERR_OK)
        words_encode(words, entropy);
    sodium_memzero(entropy, sizeof entropy);
    return e;
}

void keys_discard_person(const char *home)
{
    int folder = -1;

    if (open_folder(&folder, home) != ERR_OK)
        return;
    /* device.key first: without it the rest does not count. */
    (void)unlinkat(folder, "device.key", 0);
    (void)unlinkat(folder, "person.key", 0);
    (void)unlinkat(folder, PERSON_KEY_NEW, 0);
    (void)fsync(folder);
    (void)close(folder);
}

void person_keys_wipe(struct person_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}
