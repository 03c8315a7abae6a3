#ifndef PROTO_TORRENT_H
#define PROTO_TORRENT_H

#include "proto/blob_tree.h"

/*
 * A BitTorrent v2 metainfo file (BEP 52) of blobs (docs/protocol.md §8.5): the
 * root of a blob is the root of its pieces, and its layer their hashes.  Four
 * forms of bencode are written here by hand; Debian has no C library of them
 * without a BitTorrent client around it.
 */
struct torrent;

#define TORRENT_NAME_MAX 255

/* For a folder named `title`, valid UTF-8.  ERR_NO_MEMORY */
MUST_CHECK enum err torrent_new(struct torrent **out, struct bytes title);
void torrent_free(struct torrent *t); /* accepts NULL */
/*
 * Adds a file; `name` is valid UTF-8, 1 to TORRENT_NAME_MAX bytes.  What would
 * lead elsewhere in it is replaced.  ERR_NO_MEMORY, ERR_MALFORMED (the name)
 */
MUST_CHECK enum err torrent_add(struct torrent *t, const struct blob_id *blob,
                                struct bytes name);
/*
 * After the last file: everything up to the layers, and the torrent's hash.
 * ERR_NO_MEMORY, or what sticks in `w`
 */
MUST_CHECK enum err torrent_put_info(struct torrent *t, struct writer *w,
                                     uint8_t infohash[HASH_LEN]);
/* How many blobs have a layer, each once, in the order of the file. */
size_t torrent_layers(const struct torrent *t);
const struct blob_id *torrent_layer_at(const struct torrent *t, size_t i);
/* What stands before the hashes of layer `i`, which the caller puts there. */
void torrent_put_layer(const struct torrent *t, struct writer *w, size_t i);
/* The end of the file. */
void torrent_put_end(struct writer *w);

#endif
