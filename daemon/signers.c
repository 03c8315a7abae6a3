#include "daemon/signers.h"

#include <assert.h>
#include <string.h>

/* Few entries: they are searched in a row, and the eldest gives way. */

static bool is_of(const struct signers_entry *e, const uint8_t author[ID_LEN],
                  const uint8_t signer[KEY_LEN])
{
    return e->len > 0 && memcmp(e->signer, signer, KEY_LEN) == 0 &&
           memcmp(e->author, author, ID_LEN) == 0;
}

const struct signers_entry *signers_find(struct signers *s, uint64_t source,
                                         const uint8_t author[ID_LEN],
                                         const uint8_t signer[KEY_LEN])
{
    struct signers_entry *found = NULL;

    for (size_t i = 0; i < SIGNERS_MAX; i++) {
        struct signers_entry *e = &s->entries[i];

        if (!is_of(e, author, signer))
            continue;
        if (e->source == 0) {
            found = e;
            break;
        }
        if (e->source == source)
            found = e;
    }
    if (found != NULL)
        found->used = ++s->clock;
    return found;
}

static struct signers_entry *take_entry(struct signers *s)
{
    struct signers_entry *eldest = &s->entries[0];

    for (size_t i = 0; i < SIGNERS_MAX && eldest->len > 0; i++) {
        struct signers_entry *e = &s->entries[i];

        if (e->len == 0 || e->used < eldest->used)
            eldest = e;
    }
    memset(eldest, 0, sizeof *eldest);
    eldest->used = ++s->clock;
    return eldest;
}

static void fill(struct signers_entry *e, uint64_t source,
                 const uint8_t author[ID_LEN], const uint8_t signer[KEY_LEN],
                 struct bytes certificate)
{
    assert(certificate.len > 0 && certificate.len <= sizeof e->bytes);
    e->source = source;
    memcpy(e->author, author, ID_LEN);
    memcpy(e->signer, signer, KEY_LEN);
    memcpy(e->bytes, certificate.data, certificate.len);
    e->len = certificate.len;
}

void signers_add_unverified(struct signers *s, uint64_t source,
                            const uint8_t author[ID_LEN],
                            const uint8_t signer[KEY_LEN],
                            struct bytes certificate)
{
    assert(source != 0);
    if (signers_find(s, source, author, signer) == NULL)
        fill(take_entry(s), source, author, signer, certificate);
}

void signers_add(struct signers *s, const struct certificate *certificate)
{
    const struct signers_entry *known =
        signers_find(s, 0, certificate->person, certificate->device_key);
    struct signers_entry *e;

    if (known != NULL)
        return;
    e = take_entry(s);
    fill(e, 0, certificate->person, certificate->device_key,
         certificate->whole);
    e->certificate = *certificate;
    e->certificate.whole = (struct bytes){ e->bytes, e->len };
}

void signers_forget(struct signers *s, uint64_t source)
{
    for (size_t i = 0; i < SIGNERS_MAX; i++) {
        if (s->entries[i].source == source && source != 0)
            s->entries[i].len = 0;
    }
}
