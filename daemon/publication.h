#ifndef DAEMON_PUBLICATION_H
#define DAEMON_PUBLICATION_H

#include "daemon/author.h"
#include "daemon/importer.h"

/*
 * A record with files on its way: the files are imported for its topic, then
 * it is signed with them among its fields, and its id is answered.
 */

struct publication_files {
    const char *field; /* of the record; NULL: the end of the list */
    const char *param; /* of the call: [{path, role}] */
    size_t count;      /* of them, once taken */
};

enum { PUBLICATION_FILES_MAX = 3 };

struct publication {
    enum kind_number kind;
    uint8_t topic[ID_LEN];
    bool has_revises;
    uint8_t revises[ID_LEN];
    bool listed;
    struct publication_files files[PUBLICATION_FILES_MAX];
    /* Pairs that are put over the param `fields`, in the call's memory. */
    struct author_fields fields;
    struct import_list *imports;
};

/* Zeroed and kept with the call; NULL after the call has been failed. */
struct publication *publication_new(struct call *call, enum kind_number kind);
/* Puts a link or an id among the fields. */
void publication_put_id(struct publication *publication, const char *field,
                        const uint8_t id[ID_LEN]);
/* Imports, signs, answers {id}. */
void publication_run(struct call *call, struct publication *publication);

#endif
