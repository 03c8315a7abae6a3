/* Values of all tables, written and read back with suspicion. */
#include "store/row.h"

#include <assert.h>
#include <string.h>

#include "store/key.h"

#define ROW_FORMAT 1

enum record_row_flag { ROW_HELD = 1 << 0, ROW_BODY = 1 << 1 };
/* Bits 2 and 3 are the account. */
enum { ROW_ACCOUNT_SHIFT = 2 };

static void read_format(struct reader *r)
{
    if (reader_u8(r) != ROW_FORMAT)
        reader_fail(r, ERR_CORRUPT);
}

/* Whatever a reader found wrong in our own row is damage. */
static enum err finish(const struct reader *r)
{
    return reader_finish(r) == ERR_OK ? ERR_OK : ERR_CORRUPT;
}

void row_record_write(struct writer *w, const struct row_record *row)
{
    const struct record *record = &row->record;
    unsigned flags = row->held ? ROW_HELD : 0;

    assert(record->head.len <= RECORD_HEAD_MAX);
    if (row->held && record->body.data != NULL)
        flags |= ROW_BODY;
    writer_u8(w, ROW_FORMAT);
    writer_u8(w, (uint8_t)(flags | row->account << ROW_ACCOUNT_SHIFT));
    writer_u64(w, row->received_ms);
    writer_u16(w, (uint16_t)record->head.len);
    writer_bytes(w, record->head);
    writer_bytes(w, (struct bytes){ record->signature, SIGNATURE_LEN });
    if ((flags & ROW_BODY) != 0)
        writer_bytes(w, record->body);
}

/* `id` is NULL if nobody knows it. */
static enum err read_record(struct row_record *out, struct bytes value,
                            const uint8_t *id)
{
    struct reader r = reader_of(value);
    struct row_record row = { .held = false };
    struct bytes head;
    struct bytes signature;
    unsigned account;
    unsigned flags;
    enum err e;

    read_format(&r);
    flags = reader_u8(&r);
    account = flags >> ROW_ACCOUNT_SHIFT;
    flags &= ROW_HELD | ROW_BODY;
    row.held = (flags & ROW_HELD) != 0;
    row.received_ms = reader_u64(&r);
    head = reader_bytes(&r, reader_u16(&r));
    signature = reader_bytes(&r, SIGNATURE_LEN);
    if (r.err != ERR_OK || account > STORE_ACCOUNT_BOARD || flags == ROW_BODY)
        return ERR_CORRUPT;
    row.account = (enum store_account)account;
    if (id == NULL)
        e = record_decode_head(&row.record, head, signature.data);
    else
        e = record_decode_known(&row.record, head, signature.data, id);
    if (e != ERR_OK)
        return ERR_CORRUPT;
    if ((flags & ROW_BODY) != 0)
        row.record.body = reader_bytes(&r, row.record.body_len);
    if (finish(&r) != ERR_OK)
        return ERR_CORRUPT;
    *out = row;
    return ERR_OK;
}

enum err row_record_read(struct row_record *out, struct bytes value)
{
    return read_record(out, value, NULL);
}

enum err row_record_read_known(struct row_record *out, struct bytes value,
                               const uint8_t id[ID_LEN])
{
    return read_record(out, value, id);
}

uint64_t row_record_bytes(const struct row_record *row)
{
    return row->held ? row->record.head.len + row->record.body.len : 0;
}

void row_blob_write(struct writer *w, const struct row_blob *row)
{
    writer_u8(w, ROW_FORMAT);
    writer_u8(w, row->state);
    writer_u32(w, row->topics);
    writer_bytes(w, row->detail);
}

enum err row_blob_read(struct row_blob *out, struct bytes value)
{
    struct reader r = reader_of(value);
    struct row_blob row;

    read_format(&r);
    row.state = reader_u8(&r);
    row.topics = reader_u32(&r);
    row.detail = reader_bytes(&r, r.left);
    if (finish(&r) != ERR_OK)
        return ERR_CORRUPT;
    *out = row;
    return ERR_OK;
}

void row_external_write(struct writer *w, const struct row_external *row)
{
    writer_u64(w, row->mtime_ns);
    writer_u64(w, row->inode);
    writer_u64(w, row->device);
    writer_bytes(w, row->path);
}

enum err row_external_read(struct row_external *out, struct bytes detail)
{
    struct reader r = reader_of(detail);
    struct row_external row;

    row.mtime_ns = reader_u64(&r);
    row.inode = reader_u64(&r);
    row.device = reader_u64(&r);
    row.path = reader_bytes(&r, r.left);
    if (finish(&r) != ERR_OK || row.path.len == 0 || row.path.data[0] != '/' ||
        memchr(row.path.data, 0, row.path.len) != NULL)
        return ERR_CORRUPT;
    *out = row;
    return ERR_OK;
}

void row_follow_write(struct writer *w, const struct store_follow *follow)
{
    writer_u8(w, ROW_FORMAT);
    writer_u8(w, (uint8_t)follow->policy);
    writer_u64(w, follow->from_ms);
    writer_u64(w, follow->since_ms);
    writer_u64(w, follow->quota_bytes);
    writer_u64(w, follow->until_ms);
    writer_bytes(w, BYTES_ARRAY(follow->pledge));
}

enum err row_follow_read(struct store_follow *out, struct bytes key,
                         struct bytes value)
{
    struct reader k = reader_of(key);
    struct reader r = reader_of(value);
    struct store_follow follow;
    uint8_t policy;

    reader_copy(&k, follow.topic, ID_LEN);
    read_format(&r);
    policy = reader_u8(&r);
    follow.from_ms = reader_u64(&r);
    follow.since_ms = reader_u64(&r);
    follow.quota_bytes = reader_u64(&r);
    follow.until_ms = reader_u64(&r);
    reader_copy(&r, follow.pledge, ID_LEN);
    if (finish(&k) != ERR_OK || finish(&r) != ERR_OK ||
        policy < STORE_POLICY_FOLLOW || policy > STORE_POLICY_SHARE)
        return ERR_CORRUPT;
    follow.policy = (enum store_policy)policy;
    *out = follow;
    return ERR_OK;
}

void row_want_write(struct writer *w, const struct store_want *want)
{
    writer_u8(w, ROW_FORMAT);
    writer_u8(w, (uint8_t)want->why);
    writer_u64(w, want->since_ms);
    writer_u64(w, want->next_try_ms);
    writer_u32(w, want->tries);
}

enum err row_want_read(struct store_want *out, struct bytes key,
                       struct bytes value)
{
    struct reader k = reader_of(key);
    struct reader r = reader_of(value);
    struct store_want want;
    uint8_t why;

    reader_copy(&k, want.topic, ID_LEN);
    key_read_blob(&k, &want.blob);
    read_format(&r);
    why = reader_u8(&r);
    want.since_ms = reader_u64(&r);
    want.next_try_ms = reader_u64(&r);
    want.tries = reader_u32(&r);
    if (finish(&k) != ERR_OK || finish(&r) != ERR_OK ||
        blob_id_check(&want.blob) != ERR_OK || why < STORE_WHY_ASKED ||
        why > STORE_WHY_RECORD)
        return ERR_CORRUPT;
    want.why = (enum store_why)why;
    *out = want;
    return ERR_OK;
}

void row_peer_write(struct writer *w, const struct store_peer *peer)
{
    size_t len = strnlen(peer->address, STORE_ADDRESS_MAX);

    assert(len < STORE_ADDRESS_MAX);
    writer_u8(w, ROW_FORMAT);
    writer_u64(w, peer->last_seen_ms);
    writer_u64(w, peer->next_dial_ms);
    writer_u64(w, peer->ban_until_ms);
    writer_u32(w, peer->failures);
    writer_u32(w, peer->flags);
    writer_bytes(w, (struct bytes){ (const uint8_t *)peer->address, len });
}

enum err row_peer_read(struct store_peer *out, struct bytes key,
                       struct bytes value)
{
    struct reader k = reader_of(key);
    struct reader r = reader_of(value);
    struct store_peer peer = { .address = "" };
    struct bytes address;

    reader_copy(&k, peer.node, KEY_LEN);
    read_format(&r);
    peer.last_seen_ms = reader_u64(&r);
    peer.next_dial_ms = reader_u64(&r);
    peer.ban_until_ms = reader_u64(&r);
    peer.failures = reader_u32(&r);
    peer.flags = reader_u32(&r);
    address = reader_bytes(&r, r.left);
    if (finish(&k) != ERR_OK || finish(&r) != ERR_OK ||
        address.len >= STORE_ADDRESS_MAX ||
        (address.len > 0 && memchr(address.data, 0, address.len) != NULL))
        return ERR_CORRUPT;
    if (address.len > 0)
        memcpy(peer.address, address.data, address.len);
    *out = peer;
    return ERR_OK;
}

void row_totals_write(struct writer *w, const struct row_totals *totals)
{
    writer_u8(w, ROW_FORMAT);
    writer_u64(w, totals->last_seq);
    writer_u64(w, totals->records);
    writer_u64(w, totals->bytes);
    writer_u64(w, totals->known);
    writer_u64(w, totals->blobs);
    writer_u64(w, totals->blob_bytes);
    writer_u64(w, totals->part_bytes);
    writer_u64(w, totals->changes);
}

enum err row_totals_read(struct row_totals *out, struct bytes value)
{
    struct reader r = reader_of(value);
    struct row_totals totals;

    read_format(&r);
    totals.last_seq = reader_u64(&r);
    totals.records = reader_u64(&r);
    totals.bytes = reader_u64(&r);
    totals.known = reader_u64(&r);
    totals.blobs = reader_u64(&r);
    totals.blob_bytes = reader_u64(&r);
    totals.part_bytes = reader_u64(&r);
    totals.changes = reader_u64(&r);
    if (finish(&r) != ERR_OK)
        return ERR_CORRUPT;
    *out = totals;
    return ERR_OK;
}

enum err row_number_read(uint64_t *out, struct bytes value)
{
    if (value.len != 8)
        return ERR_CORRUPT;
    *out = get_u64(value.data);
    return ERR_OK;
}
