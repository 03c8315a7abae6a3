/* The frames of docs/protocol.md §6.7 and §6.8, from and to bytes. */
#include "proto/lease_msg.h"

#include <assert.h>

bool lease_msg_is(uint8_t type)
{
    switch (type) {
    case FRAME_LEASES:
    case FRAME_HELD_ASK:
    case FRAME_HELD:
    case FRAME_CHALLENGE:
    case FRAME_LEAF:
        return true;
    default:
        return false;
    }
}

/* ---- Decoding ----------------------------------------------------------- */

bool lease_msg_next(struct reader *leases, struct bytes *out)
{
    if (leases->err != ERR_OK || leases->left == 0)
        return false;
    *out = reader_bytes(leases, reader_u16(leases));
    return leases->err == ERR_OK;
}

/* Every lease is looked at, though not read: the frame is whole or nothing. */
static void read_leases(struct reader *r, struct lease_msg *msg)
{
    struct bytes all = reader_bytes(r, r->left);
    struct reader leases = reader_of(all);
    struct bytes one;
    unsigned count = 0;

    while (lease_msg_next(&leases, &one)) {
        count++;
        if (one.len > LEASE_MAX || count > LEASES_FRAME_MAX)
            reader_fail(r, ERR_TOO_LARGE);
    }
    if (leases.err != ERR_OK)
        reader_fail(r, leases.err);
    else if (count == 0)
        reader_fail(r, ERR_TRUNCATED);
    msg->leases = all;
}

static void read_blob(struct reader *r, struct blob_id *out)
{
    reader_copy(r, out->root, HASH_LEN);
    out->size = reader_u64(r);
    if (r->err == ERR_OK && blob_id_check(out) != ERR_OK)
        reader_fail(r, ERR_MALFORMED);
}

static void read_held_ask(struct reader *r, struct lease_msg *msg)
{
    uint8_t what;

    reader_copy(r, msg->held_ask.node, KEY_LEN);
    reader_copy(r, msg->held_ask.root, HASH_LEN);
    what = reader_u8(r);
    if (what == LEASE_WHAT_PAGE) {
        msg->held_ask.page = reader_u64(r);
        if (msg->held_ask.page >= LEASE_COUNT_MAX / LEASE_PAGE)
            reader_fail(r, ERR_MALFORMED);
    } else if (what == LEASE_WHAT_BLOB) {
        read_blob(r, &msg->held_ask.blob);
    } else {
        reader_fail(r, ERR_MALFORMED);
        return;
    }
    msg->held_ask.what = (enum lease_what)what;
}

static enum err read_code(struct reader *r)
{
    uint64_t code = reader_varint(r);

    return code < ERR_COUNT ? (enum err)code : ERR_NOT_HELD;
}

/* A number of hashes of at most `max`, and them. */
static struct bytes read_hashes(struct reader *r, unsigned max)
{
    size_t n = reader_u8(r);

    if (n > max)
        reader_fail(r, ERR_TOO_LARGE);
    return reader_bytes(r, n * HASH_LEN);
}

static void read_held(struct reader *r, struct lease_msg *msg)
{
    struct lease_proof *p = &msg->held.proof;

    msg->held.code = read_code(r);
    if (msg->held.code != ERR_OK)
        return;
    p->level = reader_u8(r);
    p->first = reader_u64(r);
    p->uncles = read_hashes(r, LEASE_UNCLES_MAX);
    if (r->left == 0 || r->left % LEASE_NAME_LEN != 0)
        reader_fail(r, ERR_TRUNCATED);
    else if (r->left / LEASE_NAME_LEN > LEASE_PAGE)
        reader_fail(r, ERR_TOO_LARGE);
    p->names = reader_bytes(r, r->left);
}

static void read_challenge(struct reader *r, struct lease_msg *msg)
{
    read_blob(r, &msg->challenge.blob);
    msg->challenge.leaf = reader_u64(r);
    if (msg->challenge.leaf >= blob_leaf_count(msg->challenge.blob.size))
        reader_fail(r, ERR_MALFORMED);
}

static void read_leaf(struct reader *r, struct lease_msg *msg)
{
    msg->leaf.code = read_code(r);
    if (msg->leaf.code != ERR_OK)
        return;
    msg->leaf.siblings = read_hashes(r, LEAF_UNCLES_MAX);
    if (r->left == 0)
        reader_fail(r, ERR_TRUNCATED);
    else if (r->left > BLOB_LEAF_LEN)
        reader_fail(r, ERR_TOO_LARGE);
    msg->leaf.bytes = reader_bytes(r, r->left);
}

enum err lease_msg_decode(struct lease_msg *out, enum frame_type type,
                          struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct lease_msg msg = { .type = type };
    enum err e;

    assert(lease_msg_is((uint8_t)type));
    if (type != FRAME_LEASES)
        msg.request = reader_u32(&r);
    if (type != FRAME_HELD && type != FRAME_LEAF)
        reader_copy(&r, msg.tag, LEASE_TAG_LEN);
    if (type == FRAME_LEASES)
        read_leases(&r, &msg);
    else if (type == FRAME_HELD_ASK)
        read_held_ask(&r, &msg);
    else if (type == FRAME_HELD)
        read_held(&r, &msg);
    else if (type == FRAME_CHALLENGE)
        read_challenge(&r, &msg);
    else
        read_leaf(&r, &msg);
    e = reader_finish(&r);
    if (e == ERR_OK)
        *out = msg;
    return e;
}

/* ---- Encoding ----------------------------------------------------------- */

void lease_msg_add(struct writer *leases, struct bytes lease)
{
    assert(lease.len <= LEASE_MAX);
    writer_u16(leases, (uint16_t)lease.len);
    writer_bytes(leases, lease);
}

static void write_blob(struct writer *w, const struct blob_id *blob)
{
    writer_bytes(w, BYTES_ARRAY(blob->root));
    writer_u64(w, blob->size);
}

static void write_hashes(struct writer *w, struct bytes hashes)
{
    writer_u8(w, (uint8_t)(hashes.len / HASH_LEN));
    writer_bytes(w, hashes);
}

static void write_held_ask(struct writer *w, const struct lease_msg *msg)
{
    writer_bytes(w, BYTES_ARRAY(msg->held_ask.node));
    writer_bytes(w, BYTES_ARRAY(msg->held_ask.root));
    writer_u8(w, (uint8_t)msg->held_ask.what);
    if (msg->held_ask.what == LEASE_WHAT_PAGE)
        writer_u64(w, msg->held_ask.page);
    else
        write_blob(w, &msg->held_ask.blob);
}

static void write_held(struct writer *w, const struct lease_msg *msg)
{
    const struct lease_proof *p = &msg->held.proof;

    writer_varint(w, (uint64_t)msg->held.code);
    if (msg->held.code != ERR_OK)
        return;
    writer_u8(w, (uint8_t)p->level);
    writer_u64(w, p->first);
    write_hashes(w, p->uncles);
    writer_bytes(w, p->names);
}

static void write_leaf(struct writer *w, const struct lease_msg *msg)
{
    writer_varint(w, (uint64_t)msg->leaf.code);
    if (msg->leaf.code != ERR_OK)
        return;
    write_hashes(w, msg->leaf.siblings);
    writer_bytes(w, msg->leaf.bytes);
}

void lease_msg_encode(struct writer *w, const struct lease_msg *msg)
{
    assert(lease_msg_is((uint8_t)msg->type));
    if (msg->type != FRAME_LEASES)
        writer_u32(w, msg->request);
    if (msg->type != FRAME_HELD && msg->type != FRAME_LEAF)
        writer_bytes(w, BYTES_ARRAY(msg->tag));
    if (msg->type == FRAME_LEASES) {
        writer_bytes(w, msg->leases);
    } else if (msg->type == FRAME_HELD_ASK) {
        write_held_ask(w, msg);
    } else if (msg->type == FRAME_HELD) {
        write_held(w, msg);
    } else if (msg->type == FRAME_CHALLENGE) {
        write_blob(w, &msg->challenge.blob);
        writer_u64(w, msg->challenge.leaf);
    } else {
        write_leaf(w, msg);
    }
}

/* ---- How much ----------------------------------------------------------- */

bool lease_meter_take(struct lease_meter *m, uint32_t burst, uint32_t per_sec,
                      uint64_t now_ms)
{
    uint64_t seconds = (now_ms - m->since_ms) / 1000;

    assert(per_sec > 0);
    if (seconds >= burst / per_sec + 1)
        m->used = 0;
    else if (seconds * per_sec >= m->used)
        m->used = 0;
    else
        m->used -= (uint32_t)(seconds * per_sec);
    m->since_ms += seconds * 1000;
    if (m->used >= burst)
        return false;
    m->used++;
    return true;
}
