/* Releases: the draft of the credits, and what happens if they lack somebody.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/attribution.h"
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

bool run_draft(struct run *run, const char *method, const char *key,
               json_t *(*lines)(const json_t *drafted), const char *next)
{
    struct ctl *ctl = run->ctl;
    const char *path = run_text(run->local, "out");
    char usual[32];
    json_t *file;
    FILE *out;
    bool written;

    (void)snprintf(usual, sizeof usual, "%s.json", key);
    if (path == NULL)
        path = usual;
    out = fopen(path, "wxe"); /* what was edited is never lost */
    if (out == NULL && errno == EEXIST)
        return fail_set(&ctl->fail, EXIT_CODE_REFUSED,
                        "move it away, or write elsewhere with --out FILE",
                        "%s is there already: nothing was written", path);
    if (out == NULL)
        return fail_errno(&ctl->fail, "cannot write the %s to %s", key, path);
    run->result = run_call(ctl, method, run->params);
    if (run->result == NULL) {
        (void)fclose(out);
        (void)unlink(path);
        return false;
    }
    file = json_pack("{s:o}", key, lines(json_object_get(run->result, key)));
    written = json_dumpf(file, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0;
    json_decref(file);
    written = fclose(out) == 0 && written;
    if (!written)
        return fail_set(&ctl->fail, EXIT_CODE_FAILED, NULL,
                        "cannot write the %s to %s", key, path);
    render_note(ctl, "the %s are in %s: edit them, then `%s %s`", key, path,
                next, path);
    return true;
}

bool run_release_draft(struct run *run)
{
    return run_draft(run, "release.draft", "credits", credits_to_edit,
                     "troupe release publish --credits");
}

/* What is signed names people whole: a prefix is only how one types it. */
static bool complete_person(struct run *run, json_t *line)
{
    struct ctl *ctl = run->ctl;
    json_t *person = json_object_get(line, "person");
    const char *typed = json_string_value(person);
    json_t *params;
    json_t *shown;

    if (typed == NULL || strlen(typed) == (size_t)2 * ID_LEN)
        return true;
    if (strlen(typed) < CONTROL_PREFIX_SIGN_MIN)
        return fail_set(&ctl->fail, EXIT_CODE_USAGE,
                        "`troupe person list` shows people",
                        "\"%s\" is too short: give 16 digits of the id or "
                        "more",
                        typed);
    params = json_pack("{s:O}", "person", person);
    shown = run_call(ctl, "person.show", params);
    json_decref(params);
    if (shown != NULL)
        (void)json_object_set(line, "person", json_object_get(shown, "person"));
    json_decref(shown);
    return shown != NULL;
}

bool run_complete_people(struct run *run, const char *list)
{
    json_t *lines = json_object_get(run->params, list);

    for (size_t i = 0; i < json_array_size(lines); i++)
        if (!complete_person(run, json_array_get(lines, i)))
            return false;
    return true;
}

bool run_release_publish(struct run *run)
{
    if (!run_complete_people(run, "credits") ||
        !run_complete_people(run, "omitted"))
        return false;
    run->result = run_call(run->ctl, "release.publish", run->params);
    return run->result != NULL;
}

/* --- attribution --- */

static bool write_page(struct run *run, const char *path)
{
    struct ctl *ctl = run->ctl;
    FILE *out = fopen(path, "wxe");
    bool written;

    if (out == NULL && errno == EEXIST)
        return fail_set(&ctl->fail, EXIT_CODE_REFUSED, "choose another name",
                        "%s is there already: nothing was written", path);
    if (out == NULL)
        return fail_errno(&ctl->fail, "cannot write %s", path);
    attribution_write(out, ATTRIBUTION_HTML, run->result,
                      run_flag(run, "thanks"));
    written = ferror(out) == 0;
    written = fclose(out) == 0 && written;
    if (!written)
        return fail_set(&ctl->fail, EXIT_CODE_FAILED, NULL, "cannot write %s",
                        path);
    render_note(ctl, "the page is in %s", path);
    return true;
}

bool run_attribution(struct run *run)
{
    const char *path = run_text(run->local, "html");
    enum attribution_form form =
        run_flag(run, "markdown") ? ATTRIBUTION_MARKDOWN : ATTRIBUTION_TEXT;
    bool written = true;

    run->result = run_call(run->ctl, "attribution", run->params);
    if (run->result == NULL)
        return false;
    if (path != NULL)
        written = write_page(run, path);
    else if (!run->ctl->globals.json)
        attribution_write(stdout, form, run->result, run_flag(run, "thanks"));
    if (written && run->ctl->globals.json)
        return true;
    json_decref(run->result);
    run->result = NULL;
    return written;
}
