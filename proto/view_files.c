/* Files of works and releases in maps. */
#include "proto/view_files.h"

#include "proto/kind.h"

static void put_file(struct writer *w, const struct mp_value *file)
{
    const struct mp_value *blob = mp_get(file, "blob");
    const struct mp_value *role = mp_get(file, "role");

    mp_put_map(w, role != NULL ? 5 : 4);
    mp_put_text(w, "root");
    mp_put_bin(w, mp_bin(mp_at(blob, 0)));
    mp_put_text(w, "size");
    mp_put_uint(w, mp_uint(mp_at(blob, 1)));
    mp_put_text(w, "name");
    mp_put_str(w, mp_str(mp_get(file, "name")));
    mp_put_text(w, "media_type");
    mp_put_str(w, mp_str(mp_get(file, "media_type")));
    if (role != NULL) {
        mp_put_text(w, "role");
        mp_put_text(w, kind_choice_name(CHOICES_FILE_ROLE, mp_uint(role)));
    }
}

/* Puts the first ones; how many there are. */
static uint32_t put_first(struct view_pairs *p, const struct topic_list *list,
                          const char *field, uint32_t max)
{
    struct topic_cursor at = { 0 };
    uint32_t count = 0;
    uint32_t shown;

    while (topic_list_next(list, field, &at) != NULL)
        count++;
    shown = count < max ? count : max;
    view_key(p, field);
    mp_put_array(&p->w, shown);
    at = (struct topic_cursor){ 0 };
    for (uint32_t i = 0; i < shown; i++)
        put_file(&p->w, topic_list_next(list, field, &at));
    return count;
}

void view_put_files(struct view_pairs *p, const struct topic_list *list,
                    const char *field, const char *count)
{
    view_put_uint(p, count, put_first(p, list, field, VIEW_FILES_MAX));
}

enum err view_put_all_files(struct view_pairs *p, const struct view *v,
                            const struct topic_entry *e,
                            const struct mp_value *body)
{
    struct topic_list list;
    enum err err = topic_list_open(&list, v->topic, e);

    if (err == ERR_NOT_HELD || err == ERR_NOT_FOUND) {
        view_put_own_files(p, body, VIEW_FILES_MAX);
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    view_put_files(p, &list, "files", "files_count");
    topic_list_wipe(&list);
    return ERR_OK;
}

void view_put_own_files(struct view_pairs *p, const struct mp_value *body,
                        uint32_t max)
{
    struct topic_list list = topic_list_of(body);

    (void)put_first(p, &list, "files", max);
}
