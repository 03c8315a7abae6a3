/* How results are shown where nothing special is said of a command. */
#include "ctl/render.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"
#include "ctl/value.h"

#define COLUMNS_MAX 12
#define KEY_MAX     48

struct column {
    char key[KEY_MAX];
    unsigned width;
};

/* "a b c" into columns; how many. */
static size_t split_columns(struct column out[COLUMNS_MAX], const char *text)
{
    size_t count = 0;

    while (*text != '\0' && count < COLUMNS_MAX) {
        size_t len = strcspn(text, " ");

        (void)snprintf(out[count].key, KEY_MAX, "%.*s", (int)len, text);
        out[count++].width = 0;
        text += len + (text[len] == ' ');
    }
    return count;
}

/* Without a list of columns: what the first item has. */
static size_t guess_columns(struct column out[COLUMNS_MAX], const json_t *items)
{
    json_t *first = json_incref(json_array_get(items, 0));
    size_t count = 0;
    const char *key;
    json_t *v;

    json_object_foreach (first, key, v)
        if (count < COLUMNS_MAX && !json_is_object(v)) {
            (void)snprintf(out[count].key, KEY_MAX, "%s", key);
            out[count++].width = 0;
        }
    json_decref(first);
    return count;
}

static char *cell_text(const json_t *item, const char *key)
{
    char *text = NULL;
    char name_key[KEY_MAX + 8];

    /* People by name, where it is known; else ids as long as one needs them. */
    (void)snprintf(name_key, sizeof name_key, "%s_name", key);
    text = text_of_value(name_key, json_object_get(item, name_key), true);
    if (text == NULL || text[0] == '\0') {
        free(text);
        text = text_of_value(key, value_at(item, key), true);
    }
    return text != NULL ? text : strdup("");
}

/* Widths of the columns; those that say nothing of any item are left out. */
static size_t measure(struct column *columns, size_t count, const json_t *items)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        struct column c = columns[i];
        char label[KEY_MAX];
        bool empty = true;

        text_label(label, sizeof label, c.key);
        c.width = text_width(label);
        for (size_t n = 0; n < json_array_size(items); n++) {
            char *text = cell_text(json_array_get(items, n), c.key);
            unsigned width = text == NULL ? 0 : text_width(text);

            empty = empty && width == 0;
            if (width > c.width)
                c.width = width;
            free(text);
        }
        if (!empty)
            columns[kept++] = c;
    }
    return kept;
}

/* On a terminal the widest columns give way until a row fits. */
static void fit(struct column *columns, size_t count)
{
    unsigned room = text_columns();

    if (!text_is_terminal())
        return;
    for (;;) { /* each turn takes a column's width, down to 8 each */
        unsigned sum = 0;
        size_t widest = 0;

        for (size_t i = 0; i < count; i++) {
            sum += columns[i].width + 2;
            if (columns[i].width > columns[widest].width)
                widest = i;
        }
        if (sum <= room + 2 || columns[widest].width <= 8)
            return;
        columns[widest].width--;
    }
}

static void put_row(const struct column *columns, size_t count,
                    const json_t *item)
{
    for (size_t i = 0; i < count; i++) {
        char label[KEY_MAX];
        char *text = NULL;

        text_label(label, sizeof label, columns[i].key);
        if (item != NULL)
            text = cell_text(item, columns[i].key);
        if (i + 1 < count) {
            text_put_cell(stdout, item == NULL ? label : text,
                          columns[i].width);
            (void)fputs("  ", stdout);
        } else {
            text_put(stdout, item == NULL ? label : text);
        }
        free(text);
    }
    (void)fputc('\n', stdout);
}

void render_table(const json_t *items, const char *columns_text)
{
    struct column columns[COLUMNS_MAX];
    size_t count = columns_text != NULL ? split_columns(columns, columns_text)
                                        : guess_columns(columns, items);

    if (count == 0 || json_array_size(items) == 0)
        return;
    count = measure(columns, count, items);
    fit(columns, count);
    text_begin(stdout, TEXT_BOLD);
    put_row(columns, count, NULL);
    text_end(stdout, TEXT_BOLD);
    for (size_t i = 0; i < json_array_size(items); i++)
        put_row(columns, count, json_array_get(items, i));
}

static bool is_table(const json_t *v)
{
    return json_is_array(v) && json_is_object(json_array_get(v, 0));
}

/* "Ada (1fed11e8...)": whoever it is, by name and by id. */
static char *named_text(const json_t *object, const char *key, const json_t *v)
{
    char name_key[KEY_MAX + 8];
    char *text = text_of_value(key, v, false);
    const char *name;
    char *named = NULL;

    (void)snprintf(name_key, sizeof name_key, "%s_name", key);
    name = json_string_value(json_object_get(object, name_key));
    if (text == NULL || name == NULL || name[0] == '\0' ||
        asprintf(&named, "%s (%s)", name, text) < 0)
        return text;
    free(text);
    return named;
}

static void put_field(const json_t *object, const char *key, const json_t *v,
                      unsigned indent)
{
    char label[KEY_MAX];
    char *text = named_text(object, key, v);

    text_label(label, sizeof label, key);
    (void)fprintf(stdout, "%*s", (int)indent, "");
    text_begin(stdout, TEXT_BOLD);
    (void)fprintf(stdout, "%s:", label);
    text_end(stdout, TEXT_BOLD);
    (void)fputc(' ', stdout);
    text_put_lines(stdout, text == NULL ? "" : text,
                   indent + (unsigned)strlen(label) + 2);
    (void)fputc('\n', stdout);
    free(text);
}

/* Views give some things under a second name: these are shown once. */
static bool is_said_before(const json_t *object, const char *key)
{
    static const char *const twice[][2] = {
        { "deadline", "deadline_ms" }, { "media_kinds", "kinds" },
        { "media_kind", "kind" },      { "author_name", "author" },
        { "state", "in_force" },       { "late", "timing" },
    };

    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++)
        if (strcmp(key, twice[i][0]) == 0)
            return json_object_get(object, twice[i][1]) != NULL;
    return false;
}

static void put_object(const json_t *object, unsigned indent)
{
    json_t *held = json_incref((json_t *)(uintptr_t)object);
    const char *key;
    json_t *v;

    json_object_foreach (held, key, v) {
        if (json_is_null(v) || is_table(v) || is_said_before(held, key))
            continue;
        if ((json_is_array(v) && json_array_size(v) == 0) ||
            (json_is_string(v) && json_string_length(v) == 0))
            continue;
        if (json_is_object(v) && json_object_size(v) > 0) {
            (void)fprintf(stdout, "%*s%s:\n", (int)indent, "", key);
            put_object(v, indent + 2); /* as deep as the protocol's 8 */
        } else if (!json_is_object(v)) {
            put_field(held, key, v, indent);
        }
    }
    json_object_foreach (held, key, v) {
        if (is_table(v)) {
            (void)fprintf(stdout, "\n%s\n", key);
            render_table(v, NULL);
        }
    }
    json_decref(held);
}

void render_object(const json_t *object)
{
    put_object(object, 0);
}

/* "troupe/project-create/1" first, then what the daemon answered. */
static void put_json(const struct run *run)
{
    const struct command *c = run->command;
    char schema[96];
    json_t *out = json_object();

    (void)snprintf(schema, sizeof schema, "troupe/%s%s%s/1", c->noun,
                   c->verb == NULL ? "" : "-", c->verb == NULL ? "" : c->verb);
    (void)json_object_set_new(out, "schema", json_string(schema));
    if (json_is_object(run->result))
        (void)json_object_update(out, run->result);
    (void)json_dumpf(out, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    (void)fputc('\n', stdout);
    json_decref(out);
}

static void put_warnings(const struct run *run)
{
    json_t *warnings = json_object_get(run->result, "warnings");

    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const json_t *v = json_array_get(warnings, i);
        const char *text = json_is_object(v)
                               ? json_string_value(json_object_get(v, "text"))
                               : json_string_value(v);

        if (text == NULL || run->ctl->globals.quiet)
            continue;
        text_put_style(stderr, TEXT_BAD, "note: ");
        text_put(stderr, text);
        (void)fputc('\n', stderr);
    }
}

/* That something is left out of a list is said, and what that is worth. */
static void note_hidden(const struct run *run)
{
    const json_t *until = json_object_get(run->result, "hidden_until_ms");
    char *when =
        until == NULL ? NULL : text_of_value("hidden_until_ms", until, false);

    if (when != NULL)
        render_note(run->ctl,
                    "entries are not shown until %s, as the request asks. They "
                    "are on this disk all the same: --hidden shows them",
                    when);
    free(when);
}

static void put_items(const struct run *run, const json_t *items)
{
    const json_t *next = json_object_get(run->result, "next");

    if (json_array_size(items) == 0)
        render_note(run->ctl, "nothing here");
    render_table(items, run->command->columns);
    note_hidden(run);
    if (json_is_integer(next))
        render_note(run->ctl,
                    "there is more: go on with --after %" JSON_INTEGER_FORMAT,
                    json_integer_value(next));
}

static void put_text(const struct run *run)
{
    const struct command *c = run->command;
    const char *id = json_string_value(json_object_get(run->result, "id"));
    json_t *items = json_object_get(run->result, "items");

    if (c->show != NULL) {
        c->show(run->result);
    } else if (items != NULL) {
        put_items(run, items);
    } else if (c->said != NULL) {
        if (id != NULL)
            (void)puts(id);
        if (c->said[0] != '\0')
            render_note(run->ctl, "%s", c->said);
    } else {
        render_object(run->result);
    }
    put_warnings(run);
}

void render_result(const struct run *run)
{
    if (run->result == NULL || (run->command->flags & COMMAND_NO_JSON))
        return;
    if (run->ctl->globals.json)
        put_json(run);
    else
        put_text(run);
}

void render_fail(const struct ctl *ctl)
{
    const struct fail *f = &ctl->fail;
    json_t *line;

    text_put_style(stderr, TEXT_BAD, "troupe: ");
    text_put_lines(stderr, f->text, 8);
    (void)fputc('\n', stderr);
    if (f->hint[0] != '\0') {
        (void)fputs("        ", stderr);
        text_put_lines(stderr, f->hint, 8);
        (void)fputc('\n', stderr);
    }
    if (!ctl->globals.json)
        return;
    line = json_pack("{s:s,s:i,s:s}", "error", f->text, "code", (int)f->code,
                     "hint", f->hint);
    if (line == NULL) /* cut in the middle of a character */
        line = json_pack("{s:s,s:i,s:s}", "error", "failed", "code",
                         (int)f->code, "hint", "");
    (void)json_dumpf(line, stderr, JSON_COMPACT | JSON_PRESERVE_ORDER);
    (void)fputc('\n', stderr);
    json_decref(line);
}

void render_note(const struct ctl *ctl, const char *format, ...)
{
    va_list args;
    char text[2048];

    if (ctl->globals.quiet)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_put_lines(stderr, text, 0);
    (void)fputc('\n', stderr);
}
