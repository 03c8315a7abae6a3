/* The form of announcements and their signature (protocol.md §5.7). */
#include "proto/announcement.h"

#include <assert.h>
#include <string.h>

#include "proto/mp.h"

#define FORM  1
#define COUNT 5

void announcement_write(struct writer *w, const struct announcement *a,
                        const struct network *network,
                        const struct sign_key *key)
{
    uint8_t signature[SIGNATURE_LEN];
    size_t start = w->len;
    struct bytes core;

    assert(a->count <= ANNOUNCEMENT_ENDPOINTS_MAX);
    mp_put_array(w, COUNT);
    mp_put_uint(w, FORM);
    mp_put_bin(w, (struct bytes){ key->public_key, KEY_LEN });
    mp_put_uint(w, a->time_ms);
    mp_put_uint(w, a->features);
    mp_put_array(w, a->count);
    for (size_t i = 0; i < a->count; i++) {
        uint8_t buf[ENDPOINT_V6_LEN];

        mp_put_bin(w, endpoint_write(buf, &a->endpoints[i]));
    }
    if (w->err != ERR_OK)
        return;
    core = (struct bytes){ w->data + start, w->len - start };
    domain_sign(signature, DOMAIN_ANNOUNCEMENT, network, core, key);
    writer_bytes(w, BYTES_ARRAY(signature));
}

static void read_endpoints(struct reader *r, struct announcement *a)
{
    uint32_t count = mp_read_array(r, ANNOUNCEMENT_ENDPOINTS_MAX);

    for (uint32_t i = 0; r->err == ERR_OK && i < count; i++) {
        struct bytes bin = mp_read_bin(r);
        enum err e = r->err;

        if (e == ERR_OK)
            e = endpoint_read(&a->endpoints[i], bin);
        if (e != ERR_OK)
            reader_fail(r, e);
    }
    a->count = (uint8_t)count;
}

enum err announcement_read(struct announcement *out, struct bytes src)
{
    struct announcement a = { .count = 0 };
    struct reader r = reader_of(src);
    uint32_t count;

    if (src.len > ANNOUNCEMENT_MAX)
        return ERR_TOO_LARGE;
    count = mp_read_array(&r, ANNOUNCEMENT_MAX);
    if (mp_read_uint(&r) != FORM || count < COUNT)
        reader_fail(&r, ERR_MALFORMED);
    mp_read_bin_exact(&r, a.node, KEY_LEN);
    a.time_ms = mp_read_uint(&r);
    a.features = mp_read_uint(&r);
    read_endpoints(&r, &a);
    for (uint32_t i = COUNT; r.err == ERR_OK && i < count; i++)
        (void)mp_read_any(&r); /* of a later release: signed, passed on */
    (void)reader_bytes(&r, SIGNATURE_LEN);
    if (a.time_ms > RECORD_TIME_MAX_MS)
        reader_fail(&r, ERR_MALFORMED);
    if (reader_finish(&r) != ERR_OK)
        return reader_finish(&r);
    *out = a;
    return ERR_OK;
}

enum err announcement_verify(struct bytes src, const struct network *network)
{
    struct announcement a;
    enum err e = announcement_read(&a, src);

    if (e != ERR_OK)
        return e;
    return domain_verify(
        src.data + src.len - SIGNATURE_LEN, DOMAIN_ANNOUNCEMENT, network,
        (struct bytes){ src.data, src.len - SIGNATURE_LEN }, a.node);
}

bool announcement_is_fresh(const struct announcement *a, uint64_t wall_ms)
{
    if (a->time_ms > wall_ms)
        return a->time_ms - wall_ms <= DAY_MS;
    return wall_ms - a->time_ms <= ANNOUNCEMENT_LIVE_MS;
}
