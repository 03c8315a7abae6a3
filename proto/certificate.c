/*
 * Certificates (protocol.md §2.3): form, the way from the person id to the key
 * that signs, and the signature.  Whether a certificate fits a record, and
 * whether its device was revoked, is asked elsewhere.
 */
#include "proto/certificate.h"

#include <assert.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/mp.h"

#define STEP_LEN (KEY_LEN + SIGNATURE_LEN)
/* [2, person, key, commitment]: 1 + 1 + three bins of 32 bytes. */
#define STEP_CORE_LEN 104

void person_id(uint8_t out[ID_LEN], const uint8_t first_key[KEY_LEN],
               const uint8_t commitment[HASH_LEN])
{
    const struct bytes parts[] = { { (const uint8_t *)"troupe person 1", 16 },
                                   { first_key, KEY_LEN },
                                   { commitment, HASH_LEN } };

    hash_parts(out, parts, 3);
}

/* Key i signs the commitment to key i + 1, which therefore needs no place. */
static enum err step_verify(const struct certificate *c,
                            const struct network *network, struct bytes step,
                            const uint8_t next_key[KEY_LEN])
{
    uint8_t core[STEP_CORE_LEN];
    uint8_t commitment[HASH_LEN];
    struct writer w = writer_fixed(core, sizeof core);

    hash_bytes(commitment, (struct bytes){ next_key, KEY_LEN });
    mp_put_array(&w, 4);
    mp_put_uint(&w, 2);
    mp_put_bin(&w, BYTES_ARRAY(c->person));
    mp_put_bin(&w, (struct bytes){ step.data, KEY_LEN });
    mp_put_bin(&w, BYTES_ARRAY(commitment));
    assert(w.err == ERR_OK && w.len == sizeof core);
    return domain_verify(step.data + KEY_LEN, DOMAIN_CERTIFICATE, network,
                         writer_view(&w), step.data);
}

/* Follows the keys from the person id to the person key. */
static enum err lineage_verify(const struct certificate *c,
                               const struct network *network,
                               const struct bytes *steps)
{
    uint8_t id[ID_LEN];
    uint8_t commitment[HASH_LEN];
    const uint8_t *next = c->person_key;

    if (c->generation == 0) {
        person_id(id, c->person_key, c->next_commitment);
    } else {
        if (c->generation > 1)
            next = steps[1].data;
        hash_bytes(commitment, (struct bytes){ next, KEY_LEN });
        person_id(id, steps[0].data, commitment);
    }
    if (memcmp(id, c->person, ID_LEN) != 0)
        return ERR_BAD_CERTIFICATE;
    for (uint32_t i = 1; i < c->generation; i++) {
        enum err e;

        next = i + 1 < c->generation ? steps[i + 1].data : c->person_key;
        e = step_verify(c, network, steps[i], next);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Reads the core; the views in `steps` borrow it. */
static enum err core_decode(struct certificate *c,
                            struct bytes steps[CERTIFICATE_STEPS_MAX],
                            struct bytes core)
{
    struct reader r = reader_of(core);
    uint32_t count = mp_read_array(&r, 7);

    if (mp_read_uint(&r) != 1 || count < 6)
        reader_fail(&r, ERR_MALFORMED);
    mp_read_bin_exact(&r, c->person, ID_LEN);
    mp_read_bin_exact(&r, c->person_key, KEY_LEN);
    mp_read_bin_exact(&r, c->next_commitment, HASH_LEN);
    mp_read_bin_exact(&r, c->device_key, KEY_LEN);
    c->issued_ms = mp_read_uint(&r);
    if (count == 7) {
        c->generation = mp_read_array(&r, CERTIFICATE_STEPS_MAX);
        if (c->generation == 0)
            reader_fail(&r, ERR_MALFORMED);
    }
    for (uint32_t i = 0; r.err == ERR_OK && i < c->generation; i++) {
        steps[i] = mp_read_bin(&r);
        if (steps[i].len != (i == 0 ? KEY_LEN : STEP_LEN))
            reader_fail(&r, ERR_MALFORMED);
    }
    return reader_finish(&r);
}

enum err certificate_verify(struct certificate *out, struct bytes src,
                            const struct network *network)
{
    struct certificate c = { .whole = src };
    struct bytes steps[CERTIFICATE_STEPS_MAX];
    struct bytes core;
    enum err e;

    if (src.len > RECORD_CERTIFICATE_MAX)
        return ERR_TOO_LARGE;
    if (src.len < SIGNATURE_LEN)
        return ERR_TRUNCATED;
    core = (struct bytes){ src.data, src.len - SIGNATURE_LEN };
    e = core_decode(&c, steps, core);
    if (e != ERR_OK)
        return e;
    e = lineage_verify(&c, network, steps);
    if (e != ERR_OK)
        return e;
    e = domain_verify(src.data + core.len, DOMAIN_CERTIFICATE, network, core,
                      c.person_key);
    if (e == ERR_OK)
        *out = c;
    return e;
}

void certificate_write(struct writer *w, const struct network *network,
                       const struct sign_key *person,
                       const uint8_t next_commitment[HASH_LEN],
                       const uint8_t device_key[KEY_LEN], uint64_t issued_ms)
{
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    struct writer core = writer_fixed(buf, sizeof buf);
    uint8_t id[ID_LEN];
    uint8_t signature[SIGNATURE_LEN];

    person_id(id, person->public_key, next_commitment);
    mp_put_array(&core, 6);
    mp_put_uint(&core, 1);
    mp_put_bin(&core, BYTES_ARRAY(id));
    mp_put_bin(&core, (struct bytes){ person->public_key, KEY_LEN });
    mp_put_bin(&core, (struct bytes){ next_commitment, HASH_LEN });
    mp_put_bin(&core, (struct bytes){ device_key, KEY_LEN });
    mp_put_uint(&core, issued_ms);
    assert(core.err == ERR_OK);
    domain_sign(signature, DOMAIN_CERTIFICATE, network, writer_view(&core),
                person);
    writer_bytes(w, writer_view(&core));
    writer_bytes(w, BYTES_ARRAY(signature));
}
