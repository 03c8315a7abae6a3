/*
 * Checking what is stored: rows parse, ids and bodies match their hashes, the
 * ids table leads there and back, records are in their topics' trees, trees are
 * whole, and every whole blob hashes to its root.
 */
#include "store/verify.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/blob_file.h"
#include "store/tree.h"
#include "store/tree_check.h"

#define RECORDS_A_STEP 1000
/* Steps that may pass until the index has caught up with the records. */
#define WAITS_MAX 1000

struct store_verify {
    struct store *store;
    bool data;
    enum { RECORDS, IDS, TOPICS, BLOBS, DONE } phase;
    unsigned waits;
    uint64_t seq;     /* the last one checked */
    struct key id;    /* the last one checked; empty at first */
    struct key topic; /* the last one checked; empty at first */
    struct key blob;  /* the last one checked; empty at first */
};

enum err store_verify_new(struct store_verify **out, struct store *store,
                          bool data)
{
    struct store_verify *verify = calloc(1, sizeof *verify);

    if (verify == NULL)
        return ERR_NO_MEMORY;
    verify->store = store;
    verify->data = data;
    *out = verify;
    return ERR_OK;
}

void store_verify_free(struct store_verify *verify)
{
    free(verify);
}

/* Whether what is wrong is with the data, and not with this check. */
static bool is_finding(enum err e)
{
    switch (e) {
    case ERR_CORRUPT:
    case ERR_BAD_BODY:
    case ERR_BAD_BLOB:
    case ERR_CHANGED:
    case ERR_NOT_FOUND:
        return true;
    default:
        return false;
    }
}

/* Whether the tree of its topic has the record as it is, if it has to. */
static enum err check_place(const struct store *store, const struct look *look,
                            uint64_t seq, const struct row_record *row)
{
    struct record_key key = { .created_ms = row->record.created_ms };
    struct tree_entry entry;
    enum err e;

    memcpy(key.id, row->record.id, ID_LEN);
    e = tree_find(look->index, row->record.topic, &key, &entry);
    if (e == ERR_NOT_FOUND && row->record.created_ms < store->board_from_ms &&
        memcmp(row->record.topic, store->options.board, ID_LEN) == 0)
        return ERR_OK; /* the owner's, from before the call board's window */
    if (e == ERR_OK &&
        (entry.seq != seq || entry.bytes != row_record_bytes(row)))
        e = ERR_CORRUPT;
    return e;
}

/* The whole record again, as it would be sent: decoding hashes its body. */
static enum err check_record(const struct store *store, const struct look *look,
                             uint64_t seq)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct row_record row;
    struct row_record found;
    struct record whole;
    uint64_t back;
    enum err e = look_record(look, seq, &row);

    if (e == ERR_NOT_FOUND) {
        writer_free(&w);
        return ERR_OK; /* removed; check_ids() finds those that are lost */
    }
    if (e == ERR_OK && row.held) {
        e = look_join(look, &row, false, &w);
        if (e == ERR_OK)
            e = record_decode(&whole, writer_view(&w));
        if (e != ERR_OK && e != ERR_NO_MEMORY && e != ERR_IO)
            e = ERR_BAD_BODY;
    }
    if (e == ERR_OK)
        e = look_find(look, row.record.id, &back, &found);
    if (e == ERR_OK && back != seq)
        e = ERR_CORRUPT;
    if (e == ERR_OK)
        e = check_place(store, look, seq, &row);
    if (e == ERR_NOT_FOUND)
        e = ERR_CORRUPT;
    writer_free(&w);
    return e;
}

static enum err check_records(struct store_verify *verify,
                              const struct look *look,
                              struct store_finding *out, size_t *n,
                              struct blob_progress *progress)
{
    size_t count = 0;

    progress->total = look->applied;
    for (unsigned i = 0; i < RECORDS_A_STEP; i++) {
        uint64_t seq = verify->seq + 1;
        enum err e;

        if (seq > look->applied) {
            verify->phase = IDS;
            break;
        }
        e = progress->cancel ? ERR_CANCELLED
                             : check_record(verify->store, look, seq);
        if (is_finding(e))
            out[count++] = (struct store_finding){ .err = e, .seq = seq };
        else if (e != ERR_OK)
            return e;
        verify->seq = seq;
    }
    progress->done = verify->seq;
    *n = count;
    return ERR_OK;
}

/* Whether the row that an id leads to is there; it was checked by itself. */
static enum err check_id(const struct look *look, struct bytes value,
                         uint64_t *seq)
{
    struct row_record row;
    enum err e = row_number_read(seq, value);

    if (e == ERR_OK)
        e = look_record(look, *seq, &row);
    return e == ERR_NOT_FOUND && *seq > look->applied ? ERR_OK : e;
}

/* Ids whose row is lost: numbers have gaps where records were removed. */
static enum err check_ids(struct store_verify *verify, const struct look *look,
                          struct store_finding *out, size_t *n)
{
    static const struct bytes FIRST = { (const uint8_t *)"\0", 1 };
    struct key last = verify->id;
    struct bytes from = last.len > 0 ? key_view(&last) : FIRST;
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    enum err e = cursor_open(&cursor, look->index, I_IDS);

    if (e != ERR_OK)
        return e;
    for (unsigned i = 0; i < RECORDS_A_STEP; i++) {
        enum err found;
        uint64_t seq = 0;

        e = cursor_move(cursor, step, from, &at, &value);
        if (e != ERR_OK)
            break;
        step = CURSOR_NEXT;
        found = check_id(look, value, &seq);
        if (is_finding(found))
            out[(*n)++] =
                (struct store_finding){ .err = ERR_CORRUPT, .seq = seq };
        else if (found != ERR_OK)
            e = found;
        if (e != ERR_OK)
            break;
        verify->id = key_of(at);
    }
    cursor_close(cursor);
    if (e == ERR_NOT_FOUND)
        verify->phase = TOPICS;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err check_topic(struct store_verify *verify,
                            const struct look *look, struct store_finding *out,
                            size_t *n)
{
    const uint8_t *after = verify->topic.len > 0 ? verify->topic.data : NULL;
    struct store_finding finding = { .is_topic = true };
    uint64_t entries;
    enum err e = tree_check_next(look->index, after, finding.topic);

    if (e == ERR_NOT_FOUND) {
        verify->phase = verify->data ? BLOBS : DONE;
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e == ERR_CORRUPT ? ERR_IO : e;
    verify->topic = key_of_id(finding.topic);
    finding.err = tree_check(look->index, finding.topic, &entries);
    if (is_finding(finding.err))
        out[(*n)++] = finding;
    else if (finding.err != ERR_OK)
        return finding.err;
    return ERR_OK;
}

/* The blob after the last one; ERR_NOT_FOUND at the end. */
static enum err next_blob(struct store_verify *verify, const struct look *look,
                          struct blob_id *out)
{
    static const struct bytes FIRST = { (const uint8_t *)"\0", 1 };
    struct bytes from = verify->blob.len > 0 ? key_view(&verify->blob) : FIRST;
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    struct reader r;
    enum err e = cursor_open(&cursor, look->records, T_BLOBS);

    if (e != ERR_OK)
        return e;
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, from, &at, &value);
    if (e == ERR_OK && verify->blob.len > 0 && bytes_equal(at, from))
        e = cursor_move(cursor, CURSOR_NEXT, from, &at, &value);
    if (e == ERR_OK && at.len != HASH_LEN + 8)
        e = ERR_CORRUPT;
    if (e == ERR_OK) {
        verify->blob = key_of(at);
        r = reader_of(at);
        key_read_blob(&r, out);
    }
    cursor_close(cursor);
    return e == ERR_CORRUPT ? ERR_IO : e;
}

static enum err check_blob(struct store_verify *verify, const struct look *look,
                           struct blob_id *id, struct blob_reader **reader)
{
    struct row_blob row;
    enum err e = next_blob(verify, look, id);

    if (e == ERR_NOT_FOUND) {
        verify->phase = DONE;
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    e = blob_id_check(id) == ERR_OK ? look_blob(look, id, &row) : ERR_CORRUPT;
    if (e != ERR_OK || row.state == BLOB_PARTIAL)
        return e; /* the spans of a part were proved when they came */
    return blob_reader_of_look(reader, verify->store, look, id);
}

/*
 * Between the commits of a batch that changed older records, the index does not
 * say yet what they are.  That passes soon; if it does not, the index is wrong.
 */
static bool is_of_one_moment(struct store_verify *verify,
                             const struct look *look)
{
    struct row_totals totals;
    uint64_t changes;

    if (verify->waits == WAITS_MAX ||
        store_totals_read(look->records, &totals) != ERR_OK ||
        index_changes(look->index, &changes) != ERR_OK)
        return true;
    if (totals.changes == changes) {
        verify->waits = 0;
        return true;
    }
    verify->waits++;
    return false;
}

enum err store_verify_step(struct store_verify *verify,
                           struct store_finding *out, size_t max, size_t *n,
                           bool *done, struct blob_progress *progress)
{
    struct blob_reader *reader = NULL;
    struct store_finding finding = { .is_blob = true };
    struct look look;
    size_t count = 0;
    bool blobs = verify->phase == BLOBS;
    enum err e = look_begin(verify->store, &look);

    assert(max >= RECORDS_A_STEP);
    if (e != ERR_OK)
        return e;
    if (!is_of_one_moment(verify, &look)) {
        look_end(verify->store, &look);
        *n = 0;
        *done = false;
        return ERR_OK;
    }
    if (verify->phase == RECORDS)
        e = check_records(verify, &look, out, &count, progress);
    else if (verify->phase == IDS)
        e = check_ids(verify, &look, out, &count);
    else if (verify->phase == TOPICS)
        e = check_topic(verify, &look, out, &count);
    else if (blobs)
        e = check_blob(verify, &look, &finding.blob, &reader);
    look_end(verify->store, &look);
    if (e == ERR_OK && reader != NULL)
        e = blob_reader_verify(reader, progress); /* without a look: long */
    blob_reader_close(reader);
    if (blobs && is_finding(e)) {
        finding.err = e;
        out[count++] = finding;
    } else if (e != ERR_OK) {
        return e;
    }
    *n = count;
    *done = verify->phase == DONE;
    return ERR_OK;
}
