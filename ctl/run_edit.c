/* A revision of any record: its options are the fields of the record's kind,
 * which the daemon knows. */
#include <string.h>

#include "ctl/run.h"
#include "ctl/value.h"

static const struct option no_options[] = { { .name = NULL } };

static const struct option *find(const struct command_options *options,
                                 const char *name)
{
    for (size_t i = 0; i < options->count; i++)
        if (strcmp(options->at[i].name, name) == 0)
            return &options->at[i];
    return NULL;
}

static bool set_fields(struct run *run, const char *kind)
{
    const json_t *given = json_object_get(run->local, "fields");
    const struct command of_kind = { .noun = "edit",
                                     .flags = COMMAND_EDITS,
                                     .options = no_options,
                                     .kind = kind };
    struct command_options options;

    command_options(&options, &of_kind);
    for (size_t i = 0; i < json_array_size(given); i++) {
        const json_t *one = json_array_get(given, i);
        const char *name = run_text(one, "name");
        const struct option *o = find(&options, name);

        if (o == NULL)
            return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                            "`troupe record show` shows its fields",
                            "a %s has nothing called --%s", kind, name);
        if (!value_set(run, o, run_text(one, "text")))
            return false;
    }
    return true;
}

bool run_edit(struct run *run)
{
    json_t *record =
        json_pack("{s:O}", "record", json_object_get(run->params, "record"));
    json_t *shown = run_call(run->ctl, "record.show", record);
    const char *kind = shown == NULL ? NULL : run_text(shown, "kind");
    bool good = kind != NULL && set_fields(run, kind);

    if (good)
        run->result = run_call(run->ctl, "edit", run->params);
    json_decref(record);
    json_decref(shown);
    return good && run->result != NULL;
}
