/* The screens that are read most: each says what matters first. */
#include <stdlib.h>
#include <string.h>

#include "ctl/render.h"
#include "ctl/text.h"

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static uint64_t number_at(const json_t *object, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(object, key));

    return v < 0 ? 0 : (uint64_t)v;
}

static void put_line(const char *label, const char *text)
{
    text_begin(stdout, TEXT_BOLD);
    (void)fprintf(stdout, "%-10s", label);
    text_end(stdout, TEXT_BOLD);
    text_put(stdout, text);
    (void)fputc('\n', stdout);
}

static void put_value_line(const char *label, const json_t *object,
                           const char *key)
{
    char *text = text_of_value(key, json_object_get(object, key), false);

    if (text != NULL && text[0] != '\0')
        put_line(label, text);
    free(text);
}

static void put_heading(const char *text)
{
    (void)fputc('\n', stdout);
    text_put_style(stdout, TEXT_BOLD, text);
    (void)fputc('\n', stdout);
}

/* --- status --- */

static void put_store(const json_t *status)
{
    const json_t *store = json_object_get(status, "store");
    const json_t *blobs = json_object_get(status, "blobs");
    char bytes[TEXT_SHORT];
    char blob_bytes[TEXT_SHORT];
    char quota[TEXT_SHORT];
    char part[TEXT_SHORT];
    char records[TEXT_SHORT];
    char count[TEXT_SHORT];
    char parts[TEXT_SHORT + 32] = "";
    char line[256];

    text_count(records, number_at(store, "records"), "record");
    text_count(count, number_at(blobs, "count"), "blob");
    text_size(bytes, number_at(store, "bytes"));
    text_size(blob_bytes, number_at(blobs, "bytes"));
    text_size(quota, number_at(blobs, "quota_bytes"));
    if (number_at(blobs, "partial_bytes") > 0) {
        text_size(part, number_at(blobs, "partial_bytes"));
        (void)snprintf(parts, sizeof parts, ", and %s of some to come", part);
    }
    (void)snprintf(line, sizeof line, "%s (%s), %s (%s%s%s)%s", records, bytes,
                   count, blob_bytes,
                   number_at(blobs, "quota_bytes") > 0 ? " of " : "",
                   number_at(blobs, "quota_bytes") > 0 ? quota : "", parts);
    put_line("store", line);
}

/* Held of what is known: what is not safe yet is shown as such. */
static void put_topics(const json_t *topics)
{
    size_t i;
    json_t *topic;

    if (json_array_size(topics) == 0)
        return;
    put_heading("topics");
    json_array_foreach (topics, i, topic) {
        uint64_t held = number_at(topic, "blobs_held");
        uint64_t known = number_at(topic, "blobs_known");
        const char *title = string_at(topic, "title");
        char records[TEXT_SHORT];
        char blobs[TEXT_SHORT];

        text_count(records, number_at(topic, "records"), "record");
        text_count(blobs, known, "blob");
        text_put(stdout, "  ");
        text_put_cell(stdout, title[0] != '\0' ? title : "(not known yet)", 32);
        (void)fprintf(stdout, "  %.16s  %s  ", string_at(topic, "id"), records);
        text_begin(stdout, held < known ? TEXT_BAD : TEXT_GOOD);
        (void)fprintf(stdout, "%llu of %s here", (unsigned long long)held,
                      blobs);
        text_end(stdout, held < known ? TEXT_BAD : TEXT_GOOD);
        if (number_at(topic, "under_target") > 0)
            (void)fprintf(stdout, ", %llu with fewer copies than are wanted",
                          (unsigned long long)number_at(topic, "under_target"));
        (void)fputc('\n', stdout);
    }
}

static void put_table(const char *heading, const json_t *items,
                      const char *columns)
{
    if (json_array_size(items) == 0)
        return;
    put_heading(heading);
    render_table(items, columns);
}

void render_status(const json_t *status)
{
    const char *person = string_at(status, "person");
    uint64_t up_ms = number_at(status, "uptime_s") * 1000;
    char up[TEXT_SHORT] = "since just now";

    if (up_ms > 0)
        text_span(up, up_ms);
    put_line("network", string_at(status, "network"));
    put_line("person", person[0] != '\0' ? person
                                         : "nobody: this node keeps what "
                                           "others make; to take part: `troupe "
                                           "init --name YOU`");
    put_line("node", string_at(status, "node"));
    put_value_line("listens", status, "listen");
    put_line("running", up);
    put_value_line("version", status, "version");
    put_store(status);
    put_table("peers", json_object_get(status, "peers"),
              "node address direction path topics rtt_ms");
    put_topics(json_object_get(status, "topics"));
    render_jobs_running(json_object_get(status, "jobs"));
}

/* --- tree --- */

struct tree {
    const json_t *nodes;
    const json_t *edges;
    size_t printed; /* bounded: a lineage may meet itself by many ways */
};

#define TREE_LINES_MAX 1000
#define TREE_DEPTH_MAX 64

static const json_t *tree_node(const struct tree *t, const char *id)
{
    for (size_t i = 0; i < json_array_size(t->nodes); i++) {
        const json_t *node = json_array_get(t->nodes, i);

        if (strcmp(string_at(node, "id"), id) == 0)
            return node;
    }
    return NULL;
}

static bool is_source(const struct tree *t, const char *id)
{
    for (size_t i = 0; i < json_array_size(t->edges); i++)
        if (strcmp(string_at(json_array_get(t->edges, i), "source"), id) == 0)
            return true;
    return false;
}

static void put_tree_line(struct tree *t, const char *id, const json_t *edge,
                          unsigned depth)
{
    const json_t *node = tree_node(t, id);
    const char *title = string_at(node, "title");
    const char *thanks = string_at(edge, "thanks");
    const char *state = string_at(edge, "state");
    const char *author = string_at(node, "author_name");

    if (author[0] == '\0')
        author = string_at(node, "author");
    (void)fprintf(stdout, "%*s%s", (int)(2 * depth), "",
                  depth > 0 ? "\u2514 " : "");
    text_put_style(stdout, TEXT_BOLD,
                   title[0] != '\0' ? title : string_at(edge, "source_text"));
    if (author[0] != '\0') {
        (void)fputs("  by ", stdout);
        text_put(stdout, author);
    }
    if (id[0] != '\0')
        (void)fprintf(stdout, "  %.16s", id);
    if (edge != NULL) {
        (void)fputs("  ", stdout);
        text_put(stdout, string_at(edge, "relation"));
    }
    if (edge != NULL && node == NULL)
        (void)fputs(" (not resolved)", stdout);
    if (state[0] != '\0' && strcmp(state, "cited") != 0) {
        (void)fputs("  ", stdout);
        text_put(stdout, state);
        if (string_at(edge, "reason")[0] != '\0') {
            (void)fputs(": ", stdout);
            text_put(stdout, string_at(edge, "reason"));
        }
    }
    if (thanks[0] != '\0') {
        (void)fputs(": \u201c", stdout);
        text_put(stdout, thanks);
        (void)fputs("\u201d", stdout);
    }
    (void)fputc('\n', stdout);
    t->printed++;
}

/* What a work was made from stands below it; cycles end at the depth. */
static void put_sources(struct tree *t, const char *id, unsigned depth)
{
    for (size_t i = 0; i < json_array_size(t->edges); i++) {
        const json_t *edge = json_array_get(t->edges, i);

        if (strcmp(string_at(edge, "child"), id) != 0 ||
            t->printed >= TREE_LINES_MAX || depth >= TREE_DEPTH_MAX)
            continue;
        put_tree_line(t, string_at(edge, "source"), edge, depth);
        if (string_at(edge, "source")[0] != '\0')
            put_sources(t, string_at(edge, "source"), depth + 1);
    }
}

void render_tree(const json_t *result)
{
    struct tree t = { json_object_get(result, "nodes"),
                      json_object_get(result, "edges"), 0 };

    for (size_t i = 0; i < json_array_size(t.nodes); i++) {
        const char *id = string_at(json_array_get(t.nodes, i), "id");

        if (is_source(&t, id))
            continue;
        put_tree_line(&t, id, NULL, 0);
        put_sources(&t, id, 1);
    }
}

/* --- credits, projects --- */

void render_credits(const json_t *result)
{
    const json_t *credits = json_object_get(result, "credits");
    size_t i;
    json_t *line;

    json_array_foreach (credits, i, line) {
        char *roles =
            text_of_value("roles", json_object_get(line, "roles"), false);
        const char *role = string_at(line, "role");
        const char *name = string_at(line, "name");

        if (name[0] == '\0')
            name = string_at(line, "person");
        text_put(stdout, "  ");
        text_put_cell(stdout, name, 32);
        (void)fputs("  ", stdout);
        text_put(stdout, roles != NULL && roles[0] != '\0' ? roles : role);
        if (json_is_true(json_object_get(line, "influence")))
            text_put_style(stdout, TEXT_DIM, "  (influence)");
        (void)fputc('\n', stdout);
        free(roles);
    }
}

static void put_terms(const json_t *project)
{
    const json_t *terms = json_object_get(project, "terms");
    uint64_t share = number_at(terms, "house_share_bp");
    char line[256];

    if (!json_is_object(terms))
        return;
    (void)snprintf(line, sizeof line,
                   "pay: %.40s, decision: %.40s, machine learning: %.40s",
                   string_at(terms, "pay"), string_at(terms, "decision"),
                   string_at(terms, "ml_use"));
    put_line("terms", line);
    if (share > 0) {
        (void)snprintf(line, sizeof line, "%u.%02u %% to the house",
                       (unsigned)(share / 100), (unsigned)(share % 100));
        put_line("", line);
    }
}

void render_project(const json_t *project)
{
    text_put_style(stdout, TEXT_BOLD, string_at(project, "title"));
    (void)fputc('\n', stdout);
    text_put_lines(stdout, string_at(project, "goal"), 0);
    (void)fputs("\n\n", stdout);
    put_line("id", string_at(project, "id"));
    put_value_line("leader", project,
                   string_at(project, "leader_name")[0] != '\0' ? "leader_name"
                                                                : "leader");
    put_value_line("medium", project, "medium");
    put_value_line("stage", project, "stage");
    put_value_line("licence", project, "licence");
    put_terms(project);
    put_value_line("deadline", project, "deadline");
    put_value_line("needs", project, "needs");
    put_table("requests", json_object_get(project, "requests"),
              "title kinds deadline_ms state id");
}

/* --- init, files, findings, invites, version --- */

/* What one does after `init`. */
static void put_next(const json_t *result)
{
    put_heading("Next");
    if (string_at(result, "person")[0] != '\0')
        (void)puts("  troupe join LINK          follow an invite\n"
                   "  troupe project create     start something of your own");
    else
        (void)puts("  troupe join LINK          follow an invite\n"
                   "  troupe seed PROJECT       keep all of a project");
}

void render_words(const json_t *result)
{
    const char *words = string_at(result, "words");
    unsigned n = 0;

    put_value_line("person", result, "person");
    put_value_line("device", result, "device");
    put_value_line("node", result, "node");
    if (words[0] == '\0') {
        put_next(result);
        return;
    }
    put_heading("Your 24 words. Write them on paper, in this order: whoever "
                "has them is you.");
    while (*words != '\0') { /* a word each turn */
        size_t len = strcspn(words, " ");

        n++;
        (void)fprintf(stdout, "  %2u %-12.*s%s", n, (int)len, words,
                      n % 4 == 0 ? "\n" : "");
        words += len + (words[len] == ' ');
    }
    (void)fputs(n % 4 == 0 ? "" : "\n", stdout);
    put_next(result);
}

void render_files(const json_t *result)
{
    const json_t *files = json_object_get(result, "files");
    size_t i;
    json_t *file;

    json_array_foreach (files, i, file) {
        bool verified = json_is_true(json_object_get(file, "verified"));
        char size[TEXT_SHORT];

        text_size(size, number_at(file, "size"));
        text_put(stdout, string_at(file, "path"));
        (void)fprintf(stdout, "  %s  ", size);
        text_put_style(stdout, verified ? TEXT_GOOD : TEXT_BAD,
                       verified ? "verified" : "not verified");
        (void)fputc('\n', stdout);
    }
}

void render_findings(const json_t *result)
{
    const json_t *findings = json_object_get(result, "findings");

    if (json_array_size(findings) == 0)
        (void)puts("all is well");
    else if (json_is_object(json_array_get(findings, 0)))
        render_table(findings, NULL);
    else
        render_object(result);
}

void render_link(const json_t *result)
{
    (void)puts(string_at(result, "link"));
}

void render_version(const json_t *result)
{
    (void)printf("troupe %s\n", string_at(result, "version"));
}
