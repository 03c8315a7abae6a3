/* The form of leases, their signature and their lists (§6.6). */
#include "proto/lease.h"

#include <assert.h>
#include <string.h>

#include "proto/merkle_path.h"
#include "proto/mp.h"

#define FORM  1
#define COUNT 7
/* Levels inside a full page. */
#define PAGE_HEIGHT 10

static_assert(1 << PAGE_HEIGHT == LEASE_PAGE, "a full page");
static_assert((uint64_t)1 << LEASE_UNCLES_MAX == LEASE_COUNT_MAX,
              "one name of the longest list");

static const uint8_t ZEROS[HASH_LEN];

/* ---- The lease ---------------------------------------------------------- */

void lease_write(struct writer *w, const struct lease *lease,
                 const struct network *network, const struct sign_key *key)
{
    uint8_t signature[SIGNATURE_LEN];
    size_t start = w->len;
    struct bytes core;

    assert(lease->count <= LEASE_COUNT_MAX);
    mp_put_array(w, COUNT);
    mp_put_uint(w, FORM);
    mp_put_bin(w, (struct bytes){ key->public_key, KEY_LEN });
    mp_put_bin(w, (struct bytes){ lease->topic, ID_LEN });
    mp_put_uint(w, lease->made_ms);
    mp_put_uint(w, lease->until_ms);
    mp_put_uint(w, lease->count);
    mp_put_bin(w, (struct bytes){ lease->root, HASH_LEN });
    if (w->err != ERR_OK)
        return;
    core = (struct bytes){ w->data + start, w->len - start };
    domain_sign(signature, DOMAIN_LEASE, network, core, key);
    writer_bytes(w, BYTES_ARRAY(signature));
}

/* What holds of every lease, whenever it is read. */
static bool is_sound(const struct lease *l)
{
    bool is_empty = memcmp(l->root, ZEROS, HASH_LEN) == 0;

    return l->until_ms <= RECORD_TIME_MAX_MS && l->made_ms < l->until_ms &&
           l->until_ms - l->made_ms <= LEASE_LIVE_MS &&
           l->count <= LEASE_COUNT_MAX && is_empty == (l->count == 0);
}

enum err lease_read(struct lease *out, struct bytes src)
{
    struct reader r = reader_of(src);
    struct lease l;
    uint32_t count;

    if (src.len > LEASE_MAX)
        return ERR_TOO_LARGE;
    count = mp_read_array(&r, LEASE_MAX);
    if (mp_read_uint(&r) != FORM || count < COUNT)
        reader_fail(&r, ERR_MALFORMED);
    mp_read_bin_exact(&r, l.node, KEY_LEN);
    mp_read_bin_exact(&r, l.topic, ID_LEN);
    l.made_ms = mp_read_uint(&r);
    l.until_ms = mp_read_uint(&r);
    l.count = mp_read_uint(&r);
    mp_read_bin_exact(&r, l.root, HASH_LEN);
    for (uint32_t i = COUNT; r.err == ERR_OK && i < count; i++)
        (void)mp_read_any(&r); /* of a later release: signed, passed on */
    (void)reader_bytes(&r, SIGNATURE_LEN);
    if (r.err == ERR_OK && !is_sound(&l))
        reader_fail(&r, ERR_MALFORMED);
    if (reader_finish(&r) != ERR_OK)
        return reader_finish(&r);
    *out = l;
    return ERR_OK;
}

enum err lease_verify(struct bytes src, const struct network *network)
{
    struct lease l;
    enum err e = lease_read(&l, src);

    if (e != ERR_OK)
        return e;
    return domain_verify(
        src.data + src.len - SIGNATURE_LEN, DOMAIN_LEASE, network,
        (struct bytes){ src.data, src.len - SIGNATURE_LEN }, l.node);
}

bool lease_is_newer(const struct lease *a, const struct lease *b)
{
    if (a->made_ms != b->made_ms)
        return a->made_ms > b->made_ms;
    /* Two of one moment: whichever, as long as it is the same everywhere. */
    if (a->until_ms != b->until_ms)
        return a->until_ms > b->until_ms;
    return memcmp(a->root, b->root, HASH_LEN) > 0;
}

bool lease_is_live(const struct lease *l, uint64_t wall_ms)
{
    if (l->made_ms > wall_ms)
        return l->made_ms - wall_ms <= LEASE_AHEAD_MS;
    return wall_ms < l->until_ms;
}

/* ---- The list ----------------------------------------------------------- */

uint64_t lease_page_count(uint64_t count)
{
    return (count + LEASE_PAGE - 1) / LEASE_PAGE;
}

size_t lease_page_len(uint64_t count, uint64_t page)
{
    uint64_t left = count - page * LEASE_PAGE;

    assert(page < lease_page_count(count));
    return left < LEASE_PAGE ? (size_t)left : LEASE_PAGE;
}

void lease_name(uint8_t out[LEASE_NAME_LEN], const struct blob_id *id)
{
    memcpy(out, id->root, HASH_LEN);
    put_u64(out + HASH_LEN, id->size);
}

enum err lease_name_read(struct blob_id *out,
                         const uint8_t name[LEASE_NAME_LEN])
{
    struct blob_id id = { .size = get_u64(name + HASH_LEN) };
    enum err e;

    memcpy(id.root, name, HASH_LEN);
    e = blob_id_check(&id);
    if (e == ERR_OK)
        *out = id;
    return e;
}

/* Height of the subtree that one page is: that of the whole list if alone. */
static unsigned page_height(uint64_t count)
{
    unsigned height = merkle_height(count);

    return height < PAGE_HEIGHT ? height : PAGE_HEIGHT;
}

/* Hashes of names, appended. */
static void hash_names(struct merkle *m, struct writer *out, struct bytes names)
{
    for (size_t at = 0; at < names.len; at += LEASE_NAME_LEN) {
        uint8_t hash[HASH_LEN];

        merkle_start(m);
        merkle_feed(m, (struct bytes){ (const uint8_t *)"troupe held 1", 14 });
        merkle_feed(m, (struct bytes){ names.data + at, LEASE_NAME_LEN });
        merkle_end(m, hash);
        writer_bytes(out, BYTES_ARRAY(hash));
    }
}

/* Root of the subtree of 2^height places whose first ones these names are. */
static enum err names_root(struct merkle *m, uint8_t out[HASH_LEN],
                           struct bytes names, unsigned height)
{
    uint8_t buf[LEASE_PAGE * HASH_LEN];
    struct writer hashes = writer_fixed(buf, sizeof buf);

    hash_names(m, &hashes, names);
    assert(hashes.err == ERR_OK);
    merkle_root(m, out, writer_view(&hashes), height, ZEROS);
    return m->err;
}

enum err lease_page_root(uint8_t out[HASH_LEN], uint64_t count, uint64_t page,
                         struct bytes names)
{
    struct merkle m;
    enum err e;

    assert(names.len == lease_page_len(count, page) * LEASE_NAME_LEN);
    (void)page;
    merkle_init(&m);
    e = names_root(&m, out, names, page_height(count));
    merkle_wipe(&m);
    return e;
}

enum err lease_root(uint8_t out[HASH_LEN], uint64_t count,
                    struct bytes page_roots)
{
    uint8_t pad[HASH_LEN];
    struct merkle m;
    enum err e;

    assert(page_roots.len == lease_page_count(count) * HASH_LEN);
    if (count == 0) {
        memcpy(out, ZEROS, HASH_LEN);
        return ERR_OK;
    }
    merkle_init(&m);
    merkle_padding(&m, pad, page_height(count));
    merkle_root(&m, out, page_roots, merkle_height(count) - page_height(count),
                pad);
    e = m.err;
    merkle_wipe(&m);
    return e;
}

enum err lease_page_uncles(struct writer *out, uint64_t count, uint64_t page,
                           struct bytes page_roots)
{
    uint8_t pad[HASH_LEN];
    struct merkle m;
    enum err e;

    assert(page < lease_page_count(count));
    assert(page_roots.len == lease_page_count(count) * HASH_LEN);
    merkle_init(&m);
    merkle_padding(&m, pad, page_height(count));
    merkle_path(&m, out, page_roots, page,
                merkle_height(count) - page_height(count), pad);
    e = m.err != ERR_OK ? m.err : out->err;
    merkle_wipe(&m);
    return e;
}

enum err lease_name_uncles(struct writer *out, uint64_t count, uint64_t page,
                           struct bytes names, size_t place)
{
    uint8_t buf[LEASE_PAGE * HASH_LEN];
    struct writer hashes = writer_fixed(buf, sizeof buf);
    struct merkle m;
    enum err e;

    assert(names.len == lease_page_len(count, page) * LEASE_NAME_LEN);
    assert(place < names.len / LEASE_NAME_LEN);
    (void)page;
    merkle_init(&m);
    hash_names(&m, &hashes, names);
    assert(hashes.err == ERR_OK);
    merkle_path(&m, out, writer_view(&hashes), place, page_height(count),
                ZEROS);
    e = m.err != ERR_OK ? m.err : out->err;
    merkle_wipe(&m);
    return e;
}

bool lease_find(struct bytes names, const uint8_t name[LEASE_NAME_LEN],
                size_t *place)
{
    size_t count = names.len / LEASE_NAME_LEN;
    size_t at = bytes_place(names.data, count, LEASE_NAME_LEN,
                            (struct bytes){ name, LEASE_NAME_LEN });

    if (at == count ||
        memcmp(names.data + at * LEASE_NAME_LEN, name, LEASE_NAME_LEN) != 0)
        return false;
    *place = at;
    return true;
}

/* Names of blobs that can be, each greater than the one before. */
static bool are_names(struct bytes names)
{
    for (size_t at = 0; at < names.len; at += LEASE_NAME_LEN) {
        struct blob_id id;

        if (lease_name_read(&id, names.data + at) != ERR_OK ||
            (at > 0 && memcmp(names.data + at - LEASE_NAME_LEN, names.data + at,
                              LEASE_NAME_LEN) >= 0))
            return false;
    }
    return true;
}

/* Whether the list has such a part, and this is as much as that would be. */
static bool is_part(uint64_t count, const struct lease_proof *p)
{
    unsigned height;
    uint64_t places;
    uint64_t n;

    if (p->first >= count || p->level > page_height(count))
        return false;
    height = merkle_height(count);
    places = (uint64_t)1 << p->level;
    n = count - p->first < places ? count - p->first : places;
    return p->first % places == 0 && p->names.len == n * LEASE_NAME_LEN &&
           p->uncles.len == (size_t)(height - p->level) * HASH_LEN;
}

enum err lease_proof_verify(const struct lease *lease,
                            const struct lease_proof *proof)
{
    uint8_t node[HASH_LEN];
    struct merkle m;
    enum err e;

    if (!is_part(lease->count, proof) || !are_names(proof->names))
        return ERR_MALFORMED;
    merkle_init(&m);
    e = names_root(&m, node, proof->names, proof->level);
    if (e == ERR_OK)
        merkle_climb(&m, node, proof->first >> proof->level, proof->uncles);
    if (e == ERR_OK)
        e = m.err;
    merkle_wipe(&m);
    if (e != ERR_OK)
        return e;
    return memcmp(node, lease->root, HASH_LEN) == 0 ? ERR_OK : ERR_BAD_PROOF;
}
