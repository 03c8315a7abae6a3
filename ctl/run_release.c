/* Releases: the draft of the credits, and what happens if they lack somebody.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/value.h"

/* A line of the draft for each role, in the form that `publish` takes. */
static json_t *credits_to_edit(const json_t *drafted)
{
    json_t *out = json_array();

    for (size_t i = 0; i < json_array_size(drafted); i++) {
        const json_t *line = json_array_get(drafted, i);
        const json_t *roles = json_object_get(line, "roles");
        size_t count = json_array_size(roles);

        for (size_t n = 0; n < count || n == 0; n++) {
            const char *role = json_string_value(json_array_get(roles, n));
            json_t *credit = json_pack(
                "{s:O*,s:O*,s:s,s:O*,s:O*}", "person",
                json_object_get(line, "person"), "name",
                json_object_get(line, "name"), "role",
                role == NULL ? "contributor" : role, "contribution",
                json_array_get(json_object_get(line, "contributions"), 0),
                "influence", json_object_get(line, "influence"));

            (void)json_array_append_new(out, credit);
        }
    }
    return out;
}

bool run_release_draft(struct run *run)
{
    struct ctl *ctl = run->ctl;
    const char *path = run_text(run->local, "out");
    json_t *file;
    int failed;

    run->result = run_call(ctl, "release.draft", run->params);
    if (run->result == NULL)
        return false;
    if (path == NULL)
        path = "credits.json";
    file = json_pack("{s:o}", "credits",
                     credits_to_edit(json_object_get(run->result, "credits")));
    failed = json_dump_file(file, path, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(file);
    if (failed)
        return fail_set(&ctl->fail, EXIT_CODE_FAILED, NULL,
                        "cannot write the credits to %s", path);
    render_note(ctl,
                "the credits are in %s: edit them, then `troupe release "
                "publish --credits %s`",
                path, path);
    return true;
}

/* "Ben, Cyd (99aabb...)" of the people who are left out. */
static void missing_names(char *out, size_t cap, const json_t *missing)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(missing) && len < cap; i++) {
        const json_t *who = json_array_get(missing, i);
        const char *name = run_text(who, "name");
        const char *person = run_text(who, "person");

        len += (size_t)snprintf(out + len, cap - len, "%s%s (%.16s)",
                                i == 0 ? "" : ", ", name == NULL ? "" : name,
                                person == NULL ? "" : person);
    }
}

bool run_release_publish(struct run *run)
{
    struct ctl *ctl = run->ctl;
    const json_t *missing;
    char names[1024];

    run->result = run_call(ctl, "release.publish", run->params);
    if (run->result == NULL)
        return false;
    missing = json_object_get(run->result, "missing");
    if (json_array_size(missing) == 0)
        return true;
    missing_names(names, sizeof names, missing);
    return fail_set(&ctl->fail, EXIT_CODE_REFUSED,
                    "add --credit PERSON=ROLE for each, or --omit "
                    "PERSON=REASON",
                    "the release leaves out people whose work is in it: %s",
                    names);
}
