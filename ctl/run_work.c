/* Projects and works: what needs more than one call. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/text.h"
#include "ctl/value.h"

/* Puts a text where nothing stands yet. */
static void set_default(json_t *params, const char *path, const char *text)
{
    if (value_at(params, path) == NULL)
        (void)value_put(params, path, json_string(text));
}

/* Terms are part of every project; these are the ones that promise least. */
bool run_project_create(struct run *run)
{
    set_default(run->params, "fields.terms.pay", "none");
    set_default(run->params, "fields.terms.decision", "leader");
    set_default(run->params, "fields.terms.ml_use", "no");
    run->result = run_call(run->ctl, "project.create", run->params);
    return run->result != NULL;
}

/* --- contribute --- */

static bool add_file(struct run *run, const char *word)
{
    char path[PATHS_LEN_MAX];

    if (word[0] == '\0')
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE, NULL,
                        "the name of a file is empty");
    if (!paths_absolute(path, &run->ctl->fail, word))
        return false;
    return value_append(run->params, "files",
                        json_pack("{s:s,s:s}", "path", path, "role", "master"));
}

/* REQUEST FILE..., or files alone with --project or --request. */
static bool take_items(struct run *run)
{
    const json_t *items = json_object_get(run->local, "items");
    size_t first = run_text(run->params, "project") == NULL &&
                   run_text(run->params, "request") == NULL;
    const char *request = json_string_value(json_array_get(items, 0));

    if (first > 0 && request == NULL)
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                        "see `troupe help contribute`",
                        "contribute: REQUEST or --project is missing");
    if (first > 0 && !value_is_id(request))
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                        "`troupe request list --open` shows requests; for a "
                        "project's pool add --project",
                        "\"%s\" is not the id of a request", request);
    if (first > 0)
        (void)value_put(run->params, "request", json_string(request));
    for (size_t i = first; i < json_array_size(items); i++)
        if (!add_file(run, json_string_value(json_array_get(items, i))))
            return false;
    if (json_array_size(json_object_get(run->params, "files")) == 0)
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                        "name files behind the other words, or with --role",
                        "which files? none is given");
    return true;
}

/* Terms before work: the daemon's refusal names them. */
static bool accepts_terms(const struct fail *refusal)
{
    text_put_lines(stderr, refusal->text, 0);
    (void)fputc('\n', stderr);
    return run_ask("Do you accept them?");
}

bool run_contribute(struct run *run)
{
    struct ctl *ctl = run->ctl;

    if (!take_items(run))
        return false;
    run->result = run_job(ctl, "contribute", run->params);
    if (run->result != NULL || ctl->fail.code != EXIT_CODE_CONFIRM ||
        !run_may_ask(ctl) || !accepts_terms(&ctl->fail))
        return run->result != NULL;
    fail_clear(&ctl->fail);
    (void)json_object_set_new(run->params, "accept_terms", json_true());
    run->result = run_job(ctl, "contribute", run->params);
    return run->result != NULL;
}

/* --- open --- */

/* Hands a file to the desktop and does not wait for the viewer. */
static void show_file(const char *path)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (fork() == 0) {
            (void)setsid();
            (void)execlp("xdg-open", "xdg-open", path, (char *)NULL);
            _exit(127);
        }
        _exit(0);
    }
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
}

/* Without --out the files come to where one stands. */
bool run_get(struct run *run)
{
    char *hint = run->ctl->fail.hint;
    char here[PATHS_LEN_MAX];
    size_t len;

    if (run_text(run->params, "out") == NULL) {
        if (getcwd(here, sizeof here) == NULL)
            return fail_errno(&run->ctl->fail, "cannot tell where this is");
        (void)value_put(run->params, "out", json_string(here));
    }
    run->result = run_job(run->ctl, "get", run->params);
    len = strlen(hint);
    if (run->result == NULL && run->ctl->fail.code == EXIT_CODE_PARTIAL &&
        len > 0)
        (void)snprintf(hint + len, sizeof run->ctl->fail.hint - len,
                       "; what it waits for: `troupe want list`");
    return run->result != NULL;
}

bool run_open(struct run *run)
{
    struct ctl *ctl = run->ctl;
    char dir[PATHS_LEN_MAX];
    const json_t *files;

    if (run_text(run->params, "out") == NULL) {
        if (!paths_join(dir, &ctl->fail, ctl->paths.data, "opened") ||
            !paths_make(&ctl->fail, dir))
            return false;
        (void)value_put(run->params, "out", json_string(dir));
    }
    run->result = run_job(ctl, "get", run->params);
    if (run->result == NULL)
        return false;
    files = json_object_get(run->result, "files");
    for (size_t i = 0; i < json_array_size(files); i++) {
        const char *path = run_text(json_array_get(files, i), "path");

        if (path != NULL)
            show_file(path);
    }
    return true;
}

/* --- cat --- */

#define CHUNK_LEN ((uint64_t)512 * 1024)

/* "A-B", "A-" or "-B"; both ends are inside. */
static bool take_range(struct run *run, uint64_t *from, uint64_t *until)
{
    const char *text = run_text(run->local, "range");
    const char *sign = text == NULL ? NULL : strchr(text, '-');
    char first[24];

    *from = 0;
    *until = UINT64_MAX;
    if (text == NULL)
        return true;
    if (sign == NULL || sign - text >= (ptrdiff_t)sizeof first)
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE, NULL,
                        "\"%s\" is not a range like 0-499", text);
    (void)snprintf(first, sizeof first, "%.*s", (int)(sign - text), text);
    if (first[0] != '\0' && !value_uint(from, &run->ctl->fail, first))
        return false;
    if (sign[1] == '\0')
        return true;
    if (!value_uint(until, &run->ctl->fail, sign + 1))
        return false;
    *until += 1;
    if (*until <= *from)
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE, NULL,
                        "the range \"%s\" ends before it begins", text);
    return true;
}

static void put_read_params(struct writer *w, const struct run *run,
                            uint64_t offset, uint64_t length, uint64_t until)
{
    const char *file = run_text(run->params, "file");

    mp_put_map(w, file == NULL ? 4 : 5);
    if (file != NULL) {
        mp_put_text(w, "file");
        mp_put_text(w, file);
    }
    mp_put_text(w, "length");
    mp_put_uint(w, length);
    mp_put_text(w, "offset");
    mp_put_uint(w, offset);
    mp_put_text(w, "record");
    mp_put_text(w, run_text(run->params, "record"));
    mp_put_text(w, "until");
    mp_put_uint(w, until < BLOB_SIZE_MAX ? until : BLOB_SIZE_MAX);
}

/* One chunk to stdout; *size becomes the file's, *len what was read. */
static bool cat_chunk(struct run *run, uint64_t offset, uint64_t length,
                      uint64_t until, uint64_t *size, uint64_t *len)
{
    struct ctl *ctl = run->ctl;
    struct writer w = writer_growing(4096);
    const struct mp_value *result;
    struct bytes bytes;
    bool ok;

    put_read_params(&w, run, offset, length, until);
    ok = w.err == ERR_OK ? client_call_raw(ctl->client, &ctl->fail, &result,
                                           "blob.read", writer_view(&w))
                         : fail_set(&ctl->fail, EXIT_CODE_USAGE, NULL,
                                    "the name of the file is too long");
    writer_free(&w);
    if (!ok)
        return false;
    bytes = mp_bin(mp_get(result, "bytes"));
    *size = mp_uint(mp_get(result, "size"));
    *len = bytes.len;
    /* At once: somebody may be watching it. */
    if (bytes.len > 0 &&
        (fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len ||
         fflush(stdout) != 0))
        return fail_errno(&ctl->fail, "cannot write");
    return true;
}

bool run_cat(struct run *run)
{
    uint64_t offset;
    uint64_t until;
    uint64_t size = UINT64_MAX;
    uint64_t len = 1;

    if (!take_range(run, &offset, &until))
        return false;
    while (offset < until && offset < size && len > 0) {
        uint64_t left = until - offset;

        if (!cat_chunk(run, offset, left < CHUNK_LEN ? left : CHUNK_LEN, until,
                       &size, &len))
            return false;
        offset += len;
    }
    return true;
}

/* --- tree --- */

/* A title inside the quotes of Graphviz. */
static void put_dot_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', stdout);
        (void)fputc((unsigned char)*text < 0x20 ? ' ' : *text, stdout);
    }
}

static const char *text_or(const json_t *object, const char *key,
                           const char *fallback)
{
    const char *text = run_text(object, key);

    return text == NULL ? fallback : text;
}

static void put_dot(const json_t *result)
{
    const json_t *nodes = json_object_get(result, "nodes");
    const json_t *edges = json_object_get(result, "edges");

    (void)puts("digraph lineage {\n  rankdir=BT;\n  node [shape=box];");
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);

        (void)printf("  \"%s\" [label=\"", text_or(node, "id", ""));
        put_dot_text(text_or(node, "title", text_or(node, "id", "")));
        (void)puts("\"];");
    }
    for (size_t i = 0; i < json_array_size(edges); i++) {
        const json_t *edge = json_array_get(edges, i);

        (void)printf("  \"%s\" -> \"", text_or(edge, "child", ""));
        put_dot_text(text_or(edge, "source", text_or(edge, "source_text", "")));
        (void)fputs("\" [label=\"", stdout);
        put_dot_text(text_or(edge, "relation", ""));
        if (strcmp(text_or(edge, "state", "cited"), "cited") != 0) {
            (void)fputs(" (", stdout);
            put_dot_text(text_or(edge, "state", ""));
            put_dot_text(run_text(edge, "reason") == NULL ? "" : ": ");
            put_dot_text(text_or(edge, "reason", ""));
            (void)fputs(")\" style=\"dashed", stdout);
        }
        (void)puts("\"];");
    }
    (void)puts("}");
}

bool run_tree(struct run *run)
{
    run->result = run_call(run->ctl, "tree", run->params);
    if (run->result == NULL)
        return false;
    if (run_flag(run, "dot")) {
        put_dot(run->result);
        json_decref(run->result);
        run->result = NULL;
    }
    return true;
}

/* --- copies --- */

bool run_copies(struct run *run)
{
    run->result = run_flag(run, "check")
                      ? run_job(run->ctl, "copies.check", run->params)
                      : run_call(run->ctl, "copies", run->params);
    return run->result != NULL;
}

/* --- seed --- */

/* What was dropped stays away: that is for whoever dropped it to change. */
static void note_held(const struct run *run)
{
    json_int_t dropped =
        json_integer_value(json_object_get(run->result, "dropped"));
    json_int_t quota =
        json_integer_value(json_object_get(run->params, "quota_bytes"));
    char files[TEXT_SHORT];
    char room[TEXT_SHORT];
    char what[TEXT_SHORT + 32] = "everything";

    if (quota > 0) {
        text_size(room, (uint64_t)quota);
        (void)snprintf(what, sizeof what, "as much as fits into %s", room);
    }
    if (dropped == 0) {
        render_note(run->ctl, "%s of it is held here from now on", what);
        return;
    }
    text_count(files, (uint64_t)dropped, "file");
    render_note(run->ctl,
                "%s of it is held here from now on, but for %s that you "
                "dropped; to have one again: troupe get RECORD",
                what, files);
}

bool run_seed(struct run *run)
{
    const json_t *known;
    json_int_t until_ms;

    run->result = run_call(run->ctl, "seed", run->params);
    if (run->result == NULL)
        return false;
    known = json_object_get(run->result, "known");
    if (run->ctl->globals.json)
        return true;
    until_ms = json_integer_value(json_object_get(run->params, "until_ms"));
    if (until_ms > 0 && until_ms <= (json_int_t)time(NULL) * 1000)
        render_note(run->ctl, "the pledge is over");
    else if (strcmp(run_text(run->params, "target"), "all") == 0)
        render_note(run->ctl, "this node takes its part of all that is on the "
                              "call board from now on");
    else if (json_is_false(known))
        render_note(run->ctl, "nothing of it is known here yet: it will come "
                              "from peers that have it, and be held");
    else
        note_held(run);
    return true;
}

/* --- pledge list --- */

/* A pledge without a bound is not one of no bytes. */
bool run_pledge_list(struct run *run)
{
    json_t *item;
    size_t i;

    run->result = run_call(run->ctl, "pledge.list", run->params);
    if (run->result == NULL || run->ctl->globals.json)
        return run->result != NULL;
    json_array_foreach (json_object_get(run->result, "items"), i, item) {
        if (json_integer_value(json_object_get(item, "bytes")) == 0)
            (void)json_object_set_new(item, "bytes", json_string("no bound"));
    }
    return true;
}
