/*
 * The record envelope: protocol.md §3.1 to §3.6.  What is refused here is
 * refused by every release for ever; nothing in this file may come to depend
 * on which kinds, relations or flags are known.
 */
#include "proto/record.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/mp.h"

#define ENVELOPE_VERSION 1
#define HEAD_ELEMENTS    11
#define HEAD_MAX_COUNT   RECORD_HEAD_MAX /* each takes a byte or more */

/* Kinds of this range are authored by node keys, §3.5. */
#define NODE_KIND_FIRST 192
#define NODE_KIND_LAST  255

static void hash_with_prefix(uint8_t out[HASH_LEN], struct bytes prefix,
                             struct bytes data)
{
    struct bytes parts[] = { prefix, data };

    hash_parts(out, parts, 2);
}

static void record_id(uint8_t out[ID_LEN], struct bytes head)
{
    hash_with_prefix(out, BYTES_LITERAL("troupe record id 1\0"), head);
}

static void body_hash(uint8_t out[HASH_LEN], struct bytes body)
{
    hash_with_prefix(out, BYTES_LITERAL("troupe body 1\0"), body);
}

void record_board_topic(uint8_t out[ID_LEN], const struct network *network)
{
    uint8_t name[1 + NETWORK_LEN_MAX];

    assert(network->len > 0 && network->len <= NETWORK_LEN_MAX);
    name[0] = network->len;
    memcpy(name + 1, network->name, network->len);
    hash_with_prefix(out, BYTES_LITERAL("troupe board 1\0"),
                     (struct bytes){ name, 1 + (size_t)network->len });
}

bool record_is_by_node(const struct record *r)
{
    return r->kind >= NODE_KIND_FIRST && r->kind <= NODE_KIND_LAST;
}

/* Reading */

/* An array of exactly `count` elements. */
static void read_tuple(struct reader *r, uint32_t count)
{
    if (mp_read_array(r, UINT32_MAX) != count)
        reader_fail(r, ERR_MALFORMED);
}

static void read_link(struct reader *r, struct record_link *out)
{
    read_tuple(r, 2);
    out->relation = mp_read_uint(r);
    mp_read_bin_exact(r, out->id, ID_LEN);
}

/* Checks all links and leaves a view of them in `out`. */
static void read_links(struct reader *r, struct record *out)
{
    struct record_link link;
    const uint8_t *start;

    out->links_count = mp_read_array(r, RECORD_LINKS_MAX);
    start = r->pos;
    for (uint32_t i = 0; i < out->links_count && r->err == ERR_OK; i++)
        read_link(r, &link);
    if (r->err == ERR_OK)
        out->links = (struct bytes){ start, (size_t)(r->pos - start) };
}

/* §3.4: the least a body can be is its salt and, unless opaque, a map. */
static enum err check_body_len(uint64_t len, uint64_t flags)
{
    uint64_t least =
        (flags & RECORD_OPAQUE) != 0 ? RECORD_SALT_LEN : RECORD_BODY_MIN;

    if (len > RECORD_BODY_MAX)
        return ERR_TOO_LARGE;
    return len < least ? ERR_MALFORMED : ERR_OK;
}

static void read_head(struct reader *r, struct record *out)
{
    uint32_t elements = mp_read_array(r, HEAD_MAX_COUNT);
    uint64_t len;
    enum err e;

    /* First, as another envelope may have another shape. */
    if (mp_read_uint(r) != ENVELOPE_VERSION)
        reader_fail(r, ERR_VERSION);
    if (elements < HEAD_ELEMENTS)
        reader_fail(r, ERR_MALFORMED);
    out->kind = mp_read_uint(r);
    mp_read_bin_exact(r, out->author, ID_LEN);
    mp_read_bin_exact(r, out->signer, KEY_LEN);
    mp_read_bin_exact(r, out->topic, ID_LEN);
    out->created_ms = mp_read_uint(r);
    out->has_revises = !mp_read_nil(r);
    if (out->has_revises)
        mp_read_bin_exact(r, out->revises, ID_LEN);
    read_links(r, out);
    mp_read_bin_exact(r, out->body_hash, HASH_LEN);
    len = mp_read_uint(r);
    out->flags = mp_read_uint(r);
    if (out->created_ms > RECORD_TIME_MAX_MS)
        reader_fail(r, ERR_TOO_LARGE);
    e = check_body_len(len, out->flags);
    if (e != ERR_OK)
        reader_fail(r, e);
    out->body_len = (uint32_t)len;
    /* Elements of later releases are signed, and passed over here. */
    for (uint32_t i = HEAD_ELEMENTS; i < elements && r->err == ERR_OK; i++)
        (void)mp_read_any(r);
}

/* Of a head whose id is in `out` already. */
static enum err decode_head(struct record *out, struct bytes head,
                            const uint8_t *signature)
{
    static const uint8_t zero[ID_LEN];
    struct reader r = reader_of(head);
    enum err e;

    out->head = head;
    out->signature = signature;
    read_head(&r, out);
    e = reader_finish(&r);
    if (e != ERR_OK)
        return e;
    out->founds_topic = memcmp(out->topic, zero, ID_LEN) == 0;
    if (out->founds_topic)
        memcpy(out->topic, out->id, ID_LEN);
    return ERR_OK;
}

/*
 * Elements that read_head() knows are read in their shortest form only, so
 * that a head of nothing else needs no second look at its form.
 */
static enum err check_form(struct bytes head, enum err decoded)
{
    struct reader r = reader_of(head);
    enum err e;

    if (decoded == ERR_OK && mp_read_array(&r, HEAD_MAX_COUNT) == HEAD_ELEMENTS)
        return ERR_OK;
    e = mp_check_canonical(head);
    return e != ERR_OK ? e : decoded;
}

enum err record_decode_head(struct record *out, struct bytes head,
                            const uint8_t *signature)
{
    struct record rec = { .head = head };
    enum err e;

    if (head.len > RECORD_HEAD_MAX)
        return ERR_TOO_LARGE;
    record_id(rec.id, head);
    e = check_form(head, decode_head(&rec, head, signature));
    if (e == ERR_OK)
        *out = rec;
    return e;
}

enum err record_decode_known(struct record *out, struct bytes head,
                             const uint8_t *signature, const uint8_t id[ID_LEN])
{
    struct record rec = { .head = head };
    enum err e;

    if (head.len > RECORD_HEAD_MAX)
        return ERR_TOO_LARGE;
    record_id(rec.id, head);
    if (memcmp(rec.id, id, ID_LEN) != 0)
        return ERR_BAD_BODY;
    e = decode_head(&rec, head, signature);
    if (e == ERR_OK)
        *out = rec;
    return e;
}

/* §3.4: salt || canonical map, or salt || anything in an opaque body. */
static enum err check_body(const struct record *r, struct bytes body)
{
    uint8_t hash[HASH_LEN];
    struct bytes map = { body.data + RECORD_SALT_LEN,
                         body.len - RECORD_SALT_LEN };
    struct reader reader = reader_of(map);

    body_hash(hash, body);
    if (memcmp(hash, r->body_hash, HASH_LEN) != 0)
        return ERR_BAD_BODY;
    if ((r->flags & RECORD_OPAQUE) != 0)
        return ERR_OK;
    (void)mp_read_map(&reader, UINT32_MAX);
    return reader.err != ERR_OK ? reader.err : mp_check_canonical(map);
}

struct envelope {
    struct bytes head;
    struct bytes body;
    struct bytes signature;
    struct bytes certificate;
};

/* The outer array, with sizes checked before anything is hashed. */
static enum err read_envelope(struct envelope *out, struct bytes src)
{
    struct reader r = reader_of(src);
    struct envelope env = { .head = { NULL, 0 } };
    enum err e;

    read_tuple(&r, 4);
    env.head = mp_read_bin(&r);
    if (!mp_read_nil(&r))
        env.body = mp_read_bin(&r);
    env.signature = mp_read_bin(&r);
    if (!mp_read_nil(&r))
        env.certificate = mp_read_bin(&r);
    e = reader_finish(&r);
    if (e != ERR_OK)
        return e;
    if (env.signature.len != SIGNATURE_LEN)
        return ERR_MALFORMED;
    if (env.head.len > RECORD_HEAD_MAX || env.body.len > RECORD_BODY_MAX ||
        env.certificate.len > RECORD_CERTIFICATE_MAX)
        return ERR_TOO_LARGE;
    *out = env;
    return ERR_OK;
}

enum err record_decode(struct record *out, struct bytes src)
{
    struct envelope env;
    struct record rec;
    enum err e = read_envelope(&env, src);

    if (e == ERR_OK)
        e = record_decode_head(&rec, env.head, env.signature.data);
    if (e != ERR_OK)
        return e;
    if (env.body.data != NULL) {
        if (env.body.len != rec.body_len)
            return ERR_BAD_BODY;
        e = check_body(&rec, env.body);
        if (e != ERR_OK)
            return e;
    }
    rec.body = env.body;
    rec.certificate = env.certificate;
    *out = rec;
    return ERR_OK;
}

bool record_link_next(struct reader *links, struct record_link *out)
{
    struct record_link link;

    if (links->err != ERR_OK || links->left == 0)
        return false;
    read_link(links, &link);
    if (links->err != ERR_OK)
        return false;
    *out = link;
    return true;
}

bool record_link_find(const struct record *r, uint64_t relation,
                      uint8_t out[ID_LEN])
{
    struct reader links = reader_of(r->links);
    struct record_link link;

    while (record_link_next(&links, &link)) { /* at most RECORD_LINKS_MAX */
        if (link.relation == relation) {
            memcpy(out, link.id, ID_LEN);
            return true;
        }
    }
    return false;
}

struct bytes record_body_map(const struct record *r)
{
    if (r->body.data == NULL || (r->flags & RECORD_OPAQUE) != 0)
        return (struct bytes){ NULL, 0 };
    assert(r->body.len >= RECORD_BODY_MIN);
    return (struct bytes){ r->body.data + RECORD_SALT_LEN,
                           r->body.len - RECORD_SALT_LEN };
}

/* Admission */

/* §3.5: who may sign for the author, and how that is shown. */
static enum err check_signer(const struct record *r,
                             const struct certificate *certificate)
{
    if (record_is_by_node(r)) {
        bool self = memcmp(r->author, r->signer, KEY_LEN) == 0;

        return self && certificate == NULL && r->certificate.data == NULL
                   ? ERR_OK
                   : ERR_BAD_CERTIFICATE;
    }
    if (certificate == NULL)
        return ERR_NO_CERTIFICATE;
    if (memcmp(certificate->person, r->author, ID_LEN) != 0 ||
        memcmp(certificate->device_key, r->signer, KEY_LEN) != 0)
        return ERR_BAD_CERTIFICATE;
    return ERR_OK;
}

enum err record_admit(const struct record *r,
                      const struct certificate *certificate,
                      const struct network *network)
{
    enum err e = check_signer(r, certificate);

    assert(r->signature != NULL);
    if (e != ERR_OK)
        return e;
    return domain_verify(r->signature, DOMAIN_RECORD, network,
                         (struct bytes){ r->id, ID_LEN }, r->signer);
}

/* Writing */

static void put_links(struct writer *w, const struct record_draft *draft)
{
    mp_put_array(w, (uint32_t)draft->links_count);
    for (size_t i = 0; i < draft->links_count; i++) {
        mp_put_array(w, 2);
        mp_put_uint(w, draft->links[i].relation);
        mp_put_bin(w, (struct bytes){ draft->links[i].id, ID_LEN });
    }
}

static void put_head(struct writer *w, const struct record_draft *draft,
                     const struct sign_key *signer, struct bytes body)
{
    uint8_t hash[HASH_LEN];

    body_hash(hash, body);
    mp_put_array(w, HEAD_ELEMENTS);
    mp_put_uint(w, ENVELOPE_VERSION);
    mp_put_uint(w, draft->kind);
    mp_put_bin(w, BYTES_ARRAY(draft->author));
    mp_put_bin(w, BYTES_ARRAY(signer->public_key));
    mp_put_bin(w, BYTES_ARRAY(draft->topic));
    mp_put_uint(w, draft->created_ms);
    if (draft->revises == NULL)
        mp_put_nil(w);
    else
        mp_put_bin(w, (struct bytes){ draft->revises, ID_LEN });
    put_links(w, draft);
    mp_put_bin(w, BYTES_ARRAY(hash));
    mp_put_uint(w, body.len);
    mp_put_uint(w, draft->flags);
}

/* Everything that could keep the result from being decoded again. */
static enum err check_draft(const struct record_draft *draft,
                            struct bytes certificate)
{
    struct reader map = reader_of(draft->map);

    if (draft->links_count > RECORD_LINKS_MAX ||
        draft->created_ms > RECORD_TIME_MAX_MS ||
        draft->map.len > RECORD_BODY_MAX - RECORD_SALT_LEN ||
        certificate.len > RECORD_CERTIFICATE_MAX || draft->kind > MP_INT_MAX ||
        draft->flags > MP_INT_MAX)
        return ERR_TOO_LARGE;
    if ((draft->flags & RECORD_OPAQUE) != 0)
        return ERR_OK;
    (void)mp_read_map(&map, UINT32_MAX);
    if (map.err != ERR_OK || mp_check_canonical(draft->map) != ERR_OK)
        return ERR_NOT_CANONICAL;
    return ERR_OK;
}

enum err record_write(struct writer *w, uint8_t id[ID_LEN],
                      const struct record_draft *draft,
                      const struct sign_key *signer, struct bytes certificate,
                      const struct network *network)
{
    uint8_t signature[SIGNATURE_LEN];
    uint8_t head_buf[RECORD_HEAD_MAX];
    struct writer head = writer_fixed(head_buf, sizeof head_buf);
    struct writer body = writer_growing(RECORD_BODY_MAX);
    enum err e = check_draft(draft, certificate);

    if (e != ERR_OK)
        return e;
    writer_bytes(&body, BYTES_ARRAY(draft->salt));
    writer_bytes(&body, draft->map);
    if (body.err != ERR_OK) {
        e = body.err;
        goto free_body;
    }
    put_head(&head, draft, signer, writer_view(&body));
    if (head.err != ERR_OK) {
        e = ERR_TOO_LARGE;
        goto free_body;
    }
    record_id(id, writer_view(&head));
    domain_sign(signature, DOMAIN_RECORD, network, (struct bytes){ id, ID_LEN },
                signer);
    record_join(w, writer_view(&head), writer_view(&body), signature,
                certificate);
    e = w->err;
free_body:
    writer_free(&body);
    return e;
}

void record_join(struct writer *w, struct bytes head, struct bytes body,
                 const uint8_t signature[SIGNATURE_LEN],
                 struct bytes certificate)
{
    mp_put_array(w, 4);
    mp_put_bin(w, head);
    if (body.data == NULL)
        mp_put_nil(w);
    else
        mp_put_bin(w, body);
    mp_put_bin(w, (struct bytes){ signature, SIGNATURE_LEN });
    if (certificate.data == NULL)
        mp_put_nil(w);
    else
        mp_put_bin(w, certificate);
}
