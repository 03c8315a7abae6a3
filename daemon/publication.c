/* Records with files: imported first, then named in what is signed. */
#include "daemon/publication.h"

/* As much as ids and files of one record take. */
enum { ROOM = 64 * 1024 };

struct publication *publication_new(struct call *call, enum kind_number kind)
{
    struct publication *publication = call_alloc(call, sizeof *publication);
    uint8_t *room = call_alloc(call, ROOM);

    if (publication == NULL || room == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    publication->kind = kind;
    author_fields_init(&publication->fields);
    publication->fields.own = writer_fixed(room, ROOM);
    call_set_data(call, publication);
    return publication;
}

void publication_put_id(struct publication *publication, const char *field,
                        const uint8_t id[ID_LEN])
{
    author_fields_put_id(&publication->fields, field, id);
}

static void publish(struct call *call, struct publication *publication)
{
    struct author_draft draft = { .kind = publication->kind,
                                  .topic = publication->topic,
                                  .revises = publication->has_revises
                                                 ? publication->revises
                                                 : NULL,
                                  .listed = publication->listed };
    struct author_fields fields = publication->fields;

    /* A copy, for `publication` may be gone with the call. */
    author_publish_fields(call, &draft, &fields);
}

/* Each field gets its run of the files that were imported together. */
static void on_imported(struct call *call, struct import_list *list)
{
    struct publication *publication = call_data(call);
    size_t at = 0;

    for (size_t i = 0;
         i < PUBLICATION_FILES_MAX && publication->files[i].field != NULL;
         i++) {
        struct writer *w;

        if (publication->files[i].count == 0)
            continue;
        w = author_fields_put(&publication->fields,
                              publication->files[i].field);
        mp_put_array(w, (uint32_t)publication->files[i].count);
        for (size_t k = 0; k < publication->files[i].count; k++)
            import_file_put(w, &list->files[at++]);
    }
    publish(call, publication);
}

static bool take_files(struct call *call, struct publication *publication)
{
    publication->imports = import_list_new(call);
    if (publication->imports == NULL)
        return false;
    for (size_t i = 0;
         i < PUBLICATION_FILES_MAX && publication->files[i].field != NULL;
         i++) {
        size_t before = publication->imports->count;

        if (!import_list_take(call, publication->imports,
                              call_param(call, publication->files[i].param)))
            return false;
        publication->files[i].count = publication->imports->count - before;
    }
    return true;
}

void publication_run(struct call *call, struct publication *publication)
{
    if (!take_files(call, publication))
        return;
    if (publication->imports->count == 0)
        publish(call, publication);
    else
        importer_run(call, publication->imports, publication->topic,
                     on_imported);
}
