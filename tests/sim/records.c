#include "tests/sim/records.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/identity.h"
#include "proto/kind.h"
#include "proto/mp.h"

struct admission_slot {
    uint64_t hash; /* of the bytes; 0: free */
    struct admission admission;
};

/* What must hold in the simulator itself. */
static void check(enum err e)
{
    assert(e == ERR_OK);
    (void)e;
}

static void *grow(void *array, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    *cap = *cap == 0 ? 64 : 2 * *cap;
    array = realloc(array, *cap * size);
    assert(array != NULL);
    return array;
}

/* ---- Authors ------------------------------------------------------------ */

uint32_t records_add_author(struct records *r, bool is_stranger)
{
    uint8_t seed[32];
    uint8_t commitment[HASH_LEN];
    struct sign_key person;
    struct author *a;
    struct writer w;

    r->authors =
        grow(r->authors, r->authors_count, &r->authors_cap, sizeof *r->authors);
    a = &r->authors[r->authors_count];
    *a = (struct author){ .is_stranger = is_stranger };
    rng_bytes(&r->rng, seed, sizeof seed);
    sign_key_from_seed(&person, seed);
    rng_bytes(&r->rng, seed, sizeof seed);
    sign_key_from_seed(&a->device, seed);
    rng_bytes(&r->rng, seed, sizeof seed);
    person_key_commit(commitment, seed);
    person_id(a->person, person.public_key, commitment);
    w = writer_fixed(a->certificate, sizeof a->certificate);
    certificate_write(&w, &r->network, &person, commitment,
                      a->device.public_key, 0);
    check(w.err);
    a->certificate_len = w.len;
    return r->authors_count++;
}

static uint32_t find_author(const struct records *r,
                            const struct record *record)
{
    for (uint32_t i = 0; i < r->authors_count; i++)
        if (memcmp(r->authors[i].device.public_key, record->signer, KEY_LEN) ==
                0 &&
            memcmp(r->authors[i].person, record->author, ID_LEN) == 0)
            return i;
    return UINT32_MAX;
}

static struct bytes certificate_of(const struct records *r, uint32_t author)
{
    return (struct bytes){ r->authors[author].certificate,
                           r->authors[author].certificate_len };
}

/* ---- Records by their ids ----------------------------------------------- */

static uint32_t *id_place(const struct records *r, const uint8_t id[ID_LEN])
{
    uint32_t at = get_u32(id) & (r->by_id_cap - 1);

    while (r->by_id[at] != 0 &&
           memcmp(r->all[r->by_id[at] - 1].key.id, id, ID_LEN) != 0)
        at = (at + 1) & (r->by_id_cap - 1);
    return &r->by_id[at];
}

static void ids_grow(struct records *r)
{
    if (r->count < r->by_id_cap / 2)
        return;
    free(r->by_id);
    r->by_id_cap = r->by_id_cap == 0 ? 256 : 2 * r->by_id_cap;
    r->by_id = calloc(r->by_id_cap, sizeof *r->by_id);
    assert(r->by_id != NULL);
    for (uint32_t i = 0; i < r->count; i++)
        *id_place(r, r->all[i].key.id) = i + 1;
}

uint32_t records_find(const struct records *r, const uint8_t id[ID_LEN])
{
    return *id_place(r, id) - 1;
}

uint64_t records_day(const struct records *r, uint32_t number)
{
    return r->all[number].key.created_ms / DAY_MS;
}

/* Whether number `a` comes before `b`, both by one author: by day, then id. */
static bool is_before(const struct records *r, uint32_t a, uint32_t b)
{
    uint64_t day[2] = { records_day(r, a), records_day(r, b) };

    if (day[0] != day[1])
        return day[0] < day[1];
    return memcmp(r->all[a].key.id, r->all[b].key.id, ID_LEN) < 0;
}

static void list_by_author(struct records *r, uint32_t number)
{
    struct author *a = &r->authors[r->all[number].author];
    uint32_t at = a->numbers_count;

    if (!a->is_stranger)
        return;
    a->numbers = grow(a->numbers, at, &a->numbers_cap, sizeof *a->numbers);
    for (; at > 0 && is_before(r, number, a->numbers[at - 1]); at--)
        a->numbers[at] = a->numbers[at - 1];
    a->numbers[at] = number;
    a->numbers_count++;
}

/* Keeps a decoded record, less its certificate, under the next number. */
static uint32_t keep(struct records *r, const struct record *record,
                     struct bytes whole, uint32_t author)
{
    struct world_record *kept;
    uint8_t *copy;
    size_t len = (size_t)(record->signature + SIGNATURE_LEN - whole.data);

    r->all = grow(r->all, r->count, &r->cap, sizeof *r->all);
    ids_grow(r);
    copy = malloc(len);
    assert(copy != NULL);
    memcpy(copy, whole.data, len);
    kept = &r->all[r->count];
    *kept = (struct world_record){
        .key.created_ms = record->created_ms,
        .whole = copy,
        .len = (uint32_t)len,
        .author = author,
        .body_len = record->body_len,
        .head = { copy + (record->head.data - whole.data), record->head.len },
        .signature = copy + (record->signature - whole.data),
    };
    memcpy(kept->key.id, record->id, ID_LEN);
    record_sum_add(&kept->sum, record->id);
    *id_place(r, record->id) = r->count + 1;
    list_by_author(r, r->count);
    return r->count++;
}

void records_put(const struct records *r, uint32_t number,
                 bool with_certificate, struct writer *w)
{
    const struct world_record *record = &r->all[number];

    writer_bytes(w, (struct bytes){ record->whole, record->len });
    if (with_certificate)
        mp_put_bin(w, certificate_of(r, record->author));
    else
        mp_put_nil(w);
}

/* ---- Admission ---------------------------------------------------------- */

static struct admission_slot *slot_of(const struct records *r, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (r->slots_cap - 1);

    while (r->slots[at].hash != 0 && r->slots[at].hash != hash)
        at = (at + 1) & (r->slots_cap - 1);
    return &r->slots[at];
}

static void slots_grow(struct records *r)
{
    struct admission_slot *old = r->slots;
    uint32_t old_cap = r->slots_cap;

    if (r->slots_count < old_cap / 2)
        return;
    r->slots_cap = old_cap == 0 ? 1024 : 2 * old_cap;
    r->slots = calloc(r->slots_cap, sizeof *r->slots);
    assert(r->slots != NULL);
    for (uint32_t i = 0; i < old_cap; i++)
        if (old[i].hash != 0)
            *slot_of(r, old[i].hash) = old[i];
    free(old);
}

static enum err verify(struct records *r, const struct record *record,
                       struct bytes proof)
{
    struct certificate certificate;
    enum err e = certificate_verify(&certificate, proof, &r->network);

    if (e != ERR_OK)
        return e;
    return record_admit(record, &certificate, &r->network);
}

/* All that a node does before it stores a record, but for its own state. */
static struct admission admit(struct records *r, struct bytes whole)
{
    struct record record;
    uint32_t author;
    struct admission a = { .err = record_decode(&record, whole) };

    if (a.err == ERR_OK && memcmp(record.topic, r->topic, ID_LEN) != 0)
        a.err = ERR_MALFORMED;
    if (a.err != ERR_OK)
        return a;
    author = find_author(r, &record);
    a.has_certificate = record.certificate.len > 0;
    if (a.has_certificate)
        a.err = verify(r, &record, record.certificate);
    else if (author != UINT32_MAX)
        a.err = verify(r, &record, certificate_of(r, author));
    else
        a.err = ERR_NO_CERTIFICATE;
    if (a.err != ERR_OK)
        return a;
    assert(author != UINT32_MAX); /* whoever has a certificate is one of ours */
    a.number = records_find(r, record.id);
    if (a.number == UINT32_MAX)
        a.number = keep(r, &record, whole, author);
    return a;
}

struct admission records_admit_head(struct records *r, struct bytes head,
                                    uint64_t created_ms,
                                    const uint8_t signature[SIGNATURE_LEN])
{
    struct record record;
    struct admission a = { .err =
                               record_decode_head(&record, head, signature) };
    const struct world_record *known;

    if (a.err != ERR_OK)
        return a;
    a.number = records_find(r, record.id);
    if (a.number == UINT32_MAX || record.created_ms != created_ms)
        a.err = ERR_MALFORMED;
    if (a.err != ERR_OK)
        return a;
    known = &r->all[a.number];
    if (memcmp(known->signature, signature, SIGNATURE_LEN) != 0)
        a.err = verify(r, &record, certificate_of(r, known->author));
    return a;
}

struct admission records_admit(struct records *r, struct bytes whole)
{
    static const uint8_t key[crypto_shorthash_KEYBYTES] = { 's', 'i', 'm' };
    uint8_t digest[crypto_shorthash_BYTES];
    struct admission_slot *slot;
    uint64_t hash;

    crypto_shorthash(digest, whole.data, whole.len, key);
    hash = get_u64(digest) | 1;
    slots_grow(r);
    slot = slot_of(r, hash);
    if (slot->hash == 0) {
        slot->hash = hash;
        slot->admission = admit(r, whole);
        r->slots_count++;
    }
    return slot->admission;
}

/* ---- Making records ----------------------------------------------------- */

static uint32_t make(struct records *r, struct record_draft *draft,
                     uint32_t author)
{
    const struct author *a = &r->authors[author];
    struct admission admission;
    uint8_t id[ID_LEN];

    memcpy(draft->author, a->person, ID_LEN);
    rng_bytes(&r->rng, draft->salt, sizeof draft->salt);
    writer_reset(&r->scratch);
    check(record_write(&r->scratch, id, draft, &a->device,
                       (struct bytes){ a->certificate, a->certificate_len },
                       &r->network));
    if (memcmp(draft->topic, (uint8_t[ID_LEN]){ 0 }, ID_LEN) == 0)
        memcpy(r->topic, id, ID_LEN);
    admission = records_admit(r, writer_view(&r->scratch));
    check(admission.err);
    return admission.number;
}

static void make_project(struct records *r, uint64_t created_ms)
{
    uint8_t map[256];
    struct writer w = writer_fixed(map, sizeof map);
    struct record_draft draft = { .kind = KIND_PROJECT,
                                  .created_ms = created_ms };

    mp_put_map(&w, 1);
    mp_put_text(&w, "title");
    mp_put_text(&w, "A simulated project");
    draft.map = writer_view(&w);
    (void)make(r, &draft, 0);
}

uint32_t records_make(struct records *r, uint32_t author, uint64_t created_ms,
                      size_t text_len)
{
    static uint8_t text[RECORD_BODY_MAX];
    static uint8_t map[RECORD_BODY_MAX];
    struct writer w = writer_fixed(map, sizeof map);
    struct record_link link = { .relation = RELATION_TARGET };
    struct record_draft draft = { .kind = KIND_COMMENT,
                                  .created_ms = created_ms,
                                  .links = &link,
                                  .links_count = 1 };

    memset(text, 'x', text_len);
    memcpy(link.id, r->topic, ID_LEN);
    memcpy(draft.topic, r->topic, ID_LEN);
    mp_put_map(&w, 1);
    mp_put_text(&w, "text");
    mp_put_str(&w, (struct bytes){ text, text_len });
    draft.map = writer_view(&w);
    return make(r, &draft, author);
}

void records_init(struct records *r, struct rng *rng, uint64_t created_ms)
{
    *r = (struct records){ .rng = rng_fork(rng),
                           .scratch = writer_growing(RECORD_LEN_MAX) };
    check(network_parse(&r->network, "sim"));
    (void)records_add_author(r, false);
    ids_grow(r);
    make_project(r, created_ms);
}

void records_wipe(struct records *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        free((void *)(uintptr_t)r->all[i].whole);
    for (uint32_t i = 0; i < r->authors_count; i++)
        free(r->authors[i].numbers);
    free(r->all);
    free(r->authors);
    free(r->by_id);
    free(r->slots);
    writer_free(&r->scratch);
    *r = (struct records){ 0 };
}
