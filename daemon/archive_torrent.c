/* The torrent of a release, beside its bundle. */
#include "daemon/archive_parts.h"
#include "proto/record_files.h"

enum err archive_torrent_open(struct exporting *x)
{
    struct body body;
    struct bytes title;
    enum err e;

    body_open(&body, node_store(x->node), x->wish.about.subject);
    title = mp_str(mp_get(body.map, "title"));
    e = torrent_new(&x->torrent, title);
    body_close(&body);
    if (e == ERR_OK)
        e = bundle_sink_open(&x->torrent_sink, x->wish.torrent, false,
                             &x->progress.cancel);
    return e;
}

enum err archive_torrent_note(struct exporting *x, const struct record *r)
{
    struct record_file file;
    struct record_files it;
    enum err e = record_files_open(&it, r);

    while (e == ERR_OK && record_files_next(&it, &file)) {
        if (blob_id_check(&file.blob) != ERR_OK)
            continue;
        e = torrent_add(x->torrent, &file.blob, file.name);
        if (e == ERR_MALFORMED) /* no name that a file can have */
            e = torrent_add(x->torrent, &file.blob, BYTES_LITERAL("_"));
    }
    record_files_close(&it);
    return e;
}

static void end(struct exporting *x)
{
    torrent_put_end(&x->chunk);
    x->flush = true; /* what follows goes into the bundle again */
    x->stage = EXPORT_BLOBS;
}

/* ERR_NOT_HELD: the layer of a file is not all here. */
static enum err put_layer(struct exporting *x)
{
    const struct blob_id *blob = torrent_layer_at(x->torrent, x->layer);
    struct writer uncles = writer_growing(BLOB_UNCLES_MAX * HASH_LEN);
    enum err e;

    if (x->layer_page == 0)
        torrent_put_layer(x->torrent, &x->chunk, x->layer);
    e = blobs_held_for(node_store(x->node), blob, x->wish.about.topic)
            ? blobs_layer_page(node_store(x->node), blob, x->layer_page,
                               &x->chunk, &uncles)
            : ERR_NOT_FOUND;
    writer_free(&uncles);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_NOT_HELD : e;
    x->layer_page++;
    if (x->layer_page == blob_page_count(blob->size)) {
        x->layer_page = 0;
        x->layer++;
    }
    return ERR_OK;
}

enum err archive_torrent_step(struct exporting *x)
{
    if (x->torrent == NULL) {
        x->stage = EXPORT_BLOBS;
        return ERR_OK;
    }
    if (x->target != x->torrent_sink && x->chunk.len > 0) {
        x->flush = true; /* the records, into the bundle */
        return ERR_OK;
    }
    x->target = x->torrent_sink;
    if (!x->has_info) {
        x->has_info = true;
        return torrent_put_info(x->torrent, &x->chunk, x->infohash);
    }
    if (x->layer < torrent_layers(x->torrent))
        return put_layer(x);
    end(x);
    return ERR_OK;
}
