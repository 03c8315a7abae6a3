/* What records name: people, by a key of their bodies, and files. */
#include "daemon/archive_names.h"

#include <string.h>

#include "daemon/pair.h"
#include "proto/control.h"
#include "proto/mp_token.h"
#include "proto/record_files.h"

static enum err note_blob(struct spool *spool, const struct blob_id *blob,
                          uint64_t seq)
{
    struct key key = key_of_blob(blob);
    struct spool_row row = spool_row_of(ARCHIVE_BLOB, &key);

    row.seq = seq;
    return spool_add(spool, &row);
}

enum err archive_note_files(struct spool *spool, const struct record *r,
                            uint64_t seq)
{
    struct record_file file;
    struct record_files it;
    enum err e = record_files_open(&it, r);

    while (e == ERR_OK && record_files_next(&it, &file))
        if (blob_id_check(&file.blob) == ERR_OK)
            e = note_blob(spool, &file.blob, seq);
    record_files_close(&it);
    return e;
}

static enum err note_person(struct spool *spool, const uint8_t person[ID_LEN])
{
    struct key key = key_of_id(person);
    struct spool_row row = spool_row_of(ARCHIVE_PERSON, &key);

    return spool_add(spool, &row);
}

enum err archive_note_persons(struct spool *spool, const struct record *r)
{
    struct reader left = reader_of(record_body_map(r));
    bool is_person = false; /* the string before was the key `person` */
    enum err e = record_is_by_node(r) ? ERR_OK : note_person(spool, r->author);

    while (e == ERR_OK && left.left > 0 && left.err == ERR_OK) {
        struct mp_token token = mp_token_read(&left);

        if (left.err == ERR_OK && is_person && token.type == MP_BIN &&
            token.payload.len == ID_LEN)
            e = note_person(spool, token.payload.data);
        is_person = left.err == ERR_OK && token.type == MP_STR &&
                    bytes_equal(token.payload, BYTES_LITERAL("person"));
    }
    return e;
}

void archive_row_person(const struct spool_row *row, uint8_t out[ID_LEN])
{
    memcpy(out, row->key, ID_LEN);
}

void archive_row_blob(const struct spool_row *row, struct blob_id *out)
{
    struct reader r = reader_of((struct bytes){ row->key, row->key_len });

    key_read_blob(&r, out);
}

/* ---- Holes -------------------------------------------------------------- */

void archive_holes_init(struct archive_holes *h)
{
    *h = (struct archive_holes){ .items =
                                     writer_growing(CONTROL_MESSAGE_MAX / 2) };
}

void archive_holes_wipe(struct archive_holes *h)
{
    writer_free(&h->items);
}

/* How the record calls the file; empty if it is not to be had any more. */
static void put_name(struct writer *w, struct store *store,
                     const struct blob_id *blob, uint64_t seq)
{
    struct writer whole = writer_growing(RECORD_LEN_MAX);
    struct bytes name = { (const uint8_t *)"", 0 };
    struct record_files it = { .doc = NULL };
    struct record_file file;
    struct record r;

    if (seq > 0 && store_read_seq(store, seq, false, &whole, NULL) == ERR_OK &&
        record_decode(&r, writer_view(&whole)) == ERR_OK &&
        record_files_open(&it, &r) == ERR_OK) {
        while (name.len == 0 && record_files_next(&it, &file))
            if (blob_id_equal(&file.blob, blob))
                name = file.name;
    }
    pair_str(w, "name", name);
    record_files_close(&it);
    writer_free(&whole);
}

void archive_holes_add(struct archive_holes *h, struct store *store,
                       const struct blob_id *blob, uint64_t seq, uint64_t have,
                       const char *why)
{
    h->count++;
    if (h->told == ARCHIVE_HOLES || h->items.err != ERR_OK)
        return;
    h->told++;
    mp_put_map(&h->items, 5);
    pair_id(&h->items, "root", blob->root);
    pair_uint(&h->items, "size", blob->size);
    put_name(&h->items, store, blob, seq);
    pair_uint(&h->items, "have", have);
    pair_text(&h->items, "why", why);
}

void archive_holes_put(const struct archive_holes *h, struct writer *w)
{
    bool fits = h->items.err == ERR_OK;

    pair_uint(w, "holes_count", h->count);
    pair_array(w, "holes", fits ? h->told : 0);
    if (fits)
        writer_bytes(w, writer_view(&h->items));
}
