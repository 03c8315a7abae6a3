/* One open table for certificates and names; it only grows. */
#include "proto/bundle_people.h"

#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"

static const uint8_t no_device[KEY_LEN];

void bundle_people_wipe(struct bundle_people *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        free(p->entries[i].bytes);
    free(p->entries);
    free(p->slots);
    *p = (struct bundle_people){ .entries = NULL };
}

/* The slot of the key: where it is, or where it would be. */
static uint32_t *slot_of(const struct bundle_people *p,
                         const uint8_t person[ID_LEN],
                         const uint8_t device[KEY_LEN])
{
    uint8_t both[ID_LEN + KEY_LEN];
    uint32_t mask = p->slots_count - 1;
    uint32_t at;

    memcpy(both, person, ID_LEN);
    memcpy(both + ID_LEN, device, KEY_LEN);
    at = (uint32_t)slot_hash(&p->key, both, sizeof both) & mask;
    while (p->slots[at] != 0) { /* half of them are free */
        const struct bundle_person *e = &p->entries[p->slots[at] - 1];

        if (memcmp(e->person, person, ID_LEN) == 0 &&
            memcmp(e->device, device, KEY_LEN) == 0)
            break;
        at = (at + 1) & mask;
    }
    return &p->slots[at];
}

static struct bundle_person *find(const struct bundle_people *p,
                                  const uint8_t person[ID_LEN],
                                  const uint8_t device[KEY_LEN])
{
    const uint32_t *slot =
        p->slots_count == 0 ? NULL : slot_of(p, person, device);

    return slot == NULL || *slot == 0 ? NULL : &p->entries[*slot - 1];
}

static enum err grow(struct bundle_people *p)
{
    uint32_t cap = p->cap == 0 ? 16 : 2 * p->cap;
    struct bundle_person *entries;
    uint32_t *slots;

    if (p->count < p->cap)
        return ERR_OK;
    if (p->count == BUNDLE_PEOPLE_MAX)
        return ERR_TOO_LARGE;
    entries = realloc(p->entries, cap * sizeof *entries);
    if (entries == NULL)
        return ERR_NO_MEMORY;
    p->entries = entries;
    slots = calloc((size_t)cap * 2, sizeof *slots);
    if (slots == NULL)
        return ERR_NO_MEMORY;
    free(p->slots);
    p->slots = slots;
    p->slots_count = cap * 2;
    p->cap = cap;
    for (uint32_t i = 0; i < p->count; i++)
        *slot_of(p, entries[i].person, entries[i].device) = i + 1;
    return ERR_OK;
}

/* The entry of the key with these bytes in it, new or not. */
static enum err put(struct bundle_people *p, struct bundle_person **out,
                    const uint8_t person[ID_LEN], const uint8_t device[KEY_LEN],
                    struct bytes bytes)
{
    enum err e = grow(p);
    uint8_t *copy = e == ERR_OK ? malloc(bytes.len + 1) : NULL;
    struct bundle_person *entry;
    uint32_t *slot;

    if (copy == NULL)
        return e == ERR_OK ? ERR_NO_MEMORY : e;
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    slot = slot_of(p, person, device);
    if (*slot == 0) {
        *slot = ++p->count;
        p->entries[p->count - 1] = (struct bundle_person){ .bytes = NULL };
    }
    entry = &p->entries[*slot - 1];
    free(entry->bytes);
    entry->bytes = copy;
    entry->len = bytes.len;
    memcpy(entry->person, person, ID_LEN);
    memcpy(entry->device, device, KEY_LEN);
    *out = entry;
    return ERR_OK;
}

enum err bundle_people_certificate(struct bundle_people *p,
                                   const struct certificate **out,
                                   const struct record *r,
                                   const struct network *network)
{
    struct bundle_person *entry = find(p, r->author, r->signer);
    struct certificate c;
    enum err e;

    if (entry == NULL && r->certificate.data == NULL)
        return ERR_NO_CERTIFICATE;
    if (entry == NULL) {
        e = certificate_verify(&c, r->certificate, network);
        if (e == ERR_OK && (memcmp(c.person, r->author, ID_LEN) != 0 ||
                            memcmp(c.device_key, r->signer, KEY_LEN) != 0))
            e = ERR_BAD_CERTIFICATE;
        if (e == ERR_OK)
            e = put(p, &entry, r->author, r->signer, r->certificate);
        if (e != ERR_OK)
            return e;
        c.whole = (struct bytes){ entry->bytes, entry->len };
        entry->certificate = c;
    }
    *out = &entry->certificate;
    return ERR_OK;
}

enum err bundle_people_profile(struct bundle_people *p, const struct record *r)
{
    struct bundle_person *entry = find(p, r->author, no_device);
    struct mp_doc *doc;
    const char *field;
    enum err e;

    if (memcmp(r->author, r->topic, ID_LEN) != 0 || r->body.data == NULL ||
        kind_check(r, &field) != ERR_OK)
        return ERR_OK;
    if (entry != NULL && (entry->created_ms > r->created_ms ||
                          (entry->created_ms == r->created_ms &&
                           memcmp(entry->id, r->id, ID_LEN) >= 0)))
        return ERR_OK;
    e = mp_doc_parse(&doc, record_body_map(r), MP_CANONICAL);
    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_OK; /* encrypted */
    e = put(p, &entry, r->author, no_device,
            mp_str(mp_get(mp_doc_root(doc), "name")));
    mp_doc_free(doc);
    if (e != ERR_OK)
        return e;
    entry->created_ms = r->created_ms;
    memcpy(entry->id, r->id, ID_LEN);
    return ERR_OK;
}

struct bytes bundle_people_name(const struct bundle_people *p,
                                const uint8_t person[ID_LEN])
{
    const struct bundle_person *entry = find(p, person, no_device);

    return entry == NULL ? (struct bytes){ NULL, 0 }
                         : (struct bytes){ entry->bytes, entry->len };
}
