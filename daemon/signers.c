#include "daemon/signers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- Proofs ------------------------------------------------------------- */

struct signers_proof *signers_proof_new(struct bytes bytes)
{
    struct signers_proof *proof = malloc(sizeof *proof + bytes.len);

    assert(bytes.len > 0);
    if (proof == NULL)
        return NULL;
    memset(proof, 0, sizeof *proof);
    proof->refs = 1;
    proof->len = bytes.len;
    memcpy(proof->bytes, bytes.data, bytes.len);
    return proof;
}

struct signers_proof *signers_proof_ref(struct signers_proof *proof)
{
    proof->refs++;
    return proof;
}

void signers_proof_unref(struct signers_proof *proof)
{
    if (proof == NULL)
        return;
    assert(proof->refs > 0);
    if (--proof->refs == 0)
        free(proof);
}

void signers_proof_verified(struct signers_proof *proof,
                            const struct certificate *certificate)
{
    if (proof->is_verified)
        return;
    proof->certificate = *certificate;
    proof->certificate.whole = (struct bytes){ proof->bytes, proof->len };
    proof->is_verified = true;
}

/* ---- The cache ---------------------------------------------------------- */

static struct signers_entry *set_of(struct signers *s,
                                    const uint8_t signer[KEY_LEN])
{
    static_assert(SIGNERS_SETS == 256, "a byte of the key names the set");
    return s->entries[signer[KEY_LEN / 2]];
}

static bool is_of(const struct signers_entry *e, const uint8_t author[ID_LEN],
                  const uint8_t signer[KEY_LEN])
{
    return e->proof != NULL && memcmp(e->signer, signer, KEY_LEN) == 0 &&
           memcmp(e->author, author, ID_LEN) == 0;
}

static struct signers_entry *find(struct signers *s, uint64_t source,
                                  const uint8_t author[ID_LEN],
                                  const uint8_t signer[KEY_LEN])
{
    struct signers_entry *set = set_of(s, signer);
    struct signers_entry *found = NULL;

    for (size_t i = 0; i < SIGNERS_WAYS; i++) {
        struct signers_entry *e = &set[i];

        if (!is_of(e, author, signer))
            continue;
        if (e->proof->is_verified)
            return e;
        if (e->source == source)
            found = e;
    }
    return found;
}

struct signers_proof *signers_find(struct signers *s, uint64_t source,
                                   const uint8_t author[ID_LEN],
                                   const uint8_t signer[KEY_LEN])
{
    struct signers_entry *e = find(s, source, author, signer);

    if (e == NULL)
        return NULL;
    e->used = ++s->clock;
    return e->proof;
}

static void drop(struct signers_entry *e)
{
    signers_proof_unref(e->proof);
    memset(e, 0, sizeof *e);
}

static struct signers_entry *make_room(struct signers_entry *set)
{
    struct signers_entry *eldest = &set[0];

    for (size_t i = 1; i < SIGNERS_WAYS; i++)
        if (set[i].used < eldest->used)
            eldest = &set[i];
    drop(eldest);
    return eldest;
}

void signers_add(struct signers *s, uint64_t source,
                 const uint8_t author[ID_LEN], const uint8_t signer[KEY_LEN],
                 struct signers_proof *proof)
{
    struct signers_entry *e = find(s, source, author, signer);

    if (e != NULL &&
        (e->proof == proof || e->proof->is_verified || !proof->is_verified))
        return;
    e = make_room(set_of(s, signer));
    e->source = source;
    e->used = ++s->clock;
    memcpy(e->author, author, ID_LEN);
    memcpy(e->signer, signer, KEY_LEN);
    e->proof = signers_proof_ref(proof);
}

static void forget(struct signers *s, uint64_t source, bool all)
{
    for (size_t i = 0; i < SIGNERS_SETS; i++)
        for (size_t j = 0; j < SIGNERS_WAYS; j++) {
            struct signers_entry *e = &s->entries[i][j];

            if (e->proof != NULL &&
                (all || (e->source == source && !e->proof->is_verified)))
                drop(e);
        }
}

void signers_forget(struct signers *s, uint64_t source)
{
    forget(s, source, false);
}

void signers_wipe(struct signers *s)
{
    forget(s, 0, true);
}
