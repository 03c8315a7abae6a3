/* Records with files: imported first, then named in what is signed. */
#include "daemon/say.h"

/* As much as ids and files of one record take. */
enum { ROOM = 64 * 1024 };

struct say *say_new(struct call *call, enum kind_number kind)
{
    struct say *say = call_alloc(call, sizeof *say);
    uint8_t *room = call_alloc(call, ROOM);

    if (say == NULL || room == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    say->kind = kind;
    author_fields_init(&say->fields);
    say->fields.own = writer_fixed(room, ROOM);
    call_set_data(call, say);
    return say;
}

void say_put_id(struct say *say, const char *field, const uint8_t id[ID_LEN])
{
    author_fields_put_id(&say->fields, field, id);
}

static void publish(struct call *call, struct say *say)
{
    struct author_draft draft = { .kind = say->kind,
                                  .topic = say->topic,
                                  .revises =
                                      say->has_revises ? say->revises : NULL,
                                  .listed = say->listed };
    struct author_fields fields = say->fields;

    /* A copy, for `say` may be gone with the call. */
    author_publish_fields(call, &draft, &fields);
}

/* Each field gets its run of the files that were imported together. */
static void on_imported(struct call *call, struct import_list *list)
{
    struct say *say = call_data(call);
    size_t at = 0;

    for (size_t i = 0; i < SAY_FILES_MAX && say->files[i].field != NULL; i++) {
        struct writer *w;

        if (say->files[i].count == 0)
            continue;
        w = author_fields_put(&say->fields, say->files[i].field);
        mp_put_array(w, (uint32_t)say->files[i].count);
        for (size_t k = 0; k < say->files[i].count; k++)
            import_file_put(w, &list->files[at++]);
    }
    publish(call, say);
}

static bool take_files(struct call *call, struct say *say)
{
    say->imports = import_list_new(call);
    if (say->imports == NULL)
        return false;
    for (size_t i = 0; i < SAY_FILES_MAX && say->files[i].field != NULL; i++) {
        size_t before = say->imports->count;

        if (!import_list_take(call, say->imports,
                              call_param(call, say->files[i].param)))
            return false;
        say->files[i].count = say->imports->count - before;
    }
    return true;
}

void say_run(struct call *call, struct say *say)
{
    if (!take_files(call, say))
        return;
    if (say->imports->count == 0)
        publish(call, say);
    else
        importer_run(call, say->imports, say->topic, on_imported);
}
