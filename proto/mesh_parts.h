#ifndef PROTO_MESH_PARTS_H
#define PROTO_MESH_PARTS_H

#include "proto/hyparview.h"
#include "proto/mesh.h"
#include "proto/plumtree.h"

/*
 * What the two files of the mesh share: mesh.c is told what happens,
 * mesh_settle.c carries out what tree and overlay wish then.  For nobody else.
 */

struct mesh_link {
    uint64_t link;
    struct peer *peer;
    uint64_t rtt_ms;
    bool is_touched;     /* MESH_WAKE is due */
    bool is_neighbour;   /* in the overlay: it will last */
    struct writer batch; /* ids to be announced, of one topic */
    uint8_t batch_topic[ID_LEN];
    uint64_t batch_ms; /* when they have to leave; UINT64_MAX: none */
};

struct mesh {
    struct record_set set;
    struct plumtree tree;
    struct hyparview overlay;
    struct sync_gate gate;
    uint64_t changes; /* of the overlay that `is_neighbour` knows of */
    struct chance chance;
    uint64_t now_ms;
    struct mesh_link *links;
    size_t links_count;
    size_t links_cap;
    struct hyparview_effect *first; /* dials and ends not told yet */
    struct hyparview_effect *last;
    struct mesh_counts counts;
};

/* --- mesh.c --- */

/* The link of that number, or NULL. */
struct mesh_link *mesh_find_link(const struct mesh *mesh, uint64_t link);

/* --- mesh_settle.c --- */

/* Goes on until neither machine wishes for anything more. */
void mesh_settle(struct mesh *mesh);
/* Something was said on the link; if it was not queued, for a queue was full,
 * its peer machine has a session due. */
void mesh_count_said(struct mesh *mesh, struct mesh_link *link, bool is_queued);
/* Announces what waits for the batch to be full. */
void mesh_flush_batch(struct mesh *mesh, struct mesh_link *link);

#endif
