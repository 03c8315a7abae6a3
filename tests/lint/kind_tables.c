/*
 * Prints the tables of docs/protocol.md §3.8 from the table of kinds; with a
 * file as argument, checks that they stand in it word for word.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"

struct text {
    char at[65536];
    size_t len;
};

static void add(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(t->at + t->len, sizeof t->at - t->len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof t->at - t->len)
        abort();
    t->len += (size_t)n;
}

static void add_kinds(struct text *t)
{
    static const char *const authors[] = { "person", "person key", "node" };
    static const char *const homes[] = { "founds its own",
                                         "founds its own, or a project",
                                         "project or request", "the person",
                                         "any" };

    add(t, "| number | kind | author | topic | may be listed | final |\n"
           "|---|---|---|---|---|---|\n");
    for (size_t i = 0; kind_at(i) != NULL; i++) {
        const struct kind *k = kind_at(i);

        add(t, "| %llu | %s | %s | %s | %s | %s |\n",
            (unsigned long long)k->number, k->name, authors[k->author],
            homes[k->home], k->may_be_listed ? "yes" : "",
            k->is_final ? "yes" : "");
    }
    add(t, "\n");
}

static void add_relations(struct text *t)
{
    const char *name;

    add(t, "Relations:");
    for (uint64_t i = 1; (name = kind_relation_name(i)) != NULL; i++)
        add(t, "%s %llu %s", i > 1 ? "," : "", (unsigned long long)i, name);
    add(t, ".\n\n");
}

static const char *const choices_names[] = {
#define X(NAME, text) [CHOICES_##NAME] = (text),
    CHOICES_MAP(X)
#undef X
};

static void add_choices(struct text *t)
{
    add(t, "| enum | values |\n|---|---|\n");
    for (size_t c = 0; c < sizeof choices_names / sizeof choices_names[0];
         c++) {
        const char *name;
        uint64_t value;

        add(t, "| %s |", choices_names[c]);
        for (size_t i = 0;
             (name = kind_choice_at((enum choices)c, i, &value)) != NULL; i++)
            add(t, "%s %llu %s", i > 0 ? "," : "", (unsigned long long)value,
                name);
        add(t, " |\n");
    }
    add(t, "\n");
}

static void add_type(struct text *t, const struct field *f)
{
    static const char *const names[] = {
        [FIELD_LINE] = "line", [FIELD_TEXT] = "text",     [FIELD_UINT] = "uint",
        [FIELD_TIME] = "time", [FIELD_BOOL] = "bool",     [FIELD_ENUM] = "enum",
        [FIELD_ID] = "id",     [FIELD_PERSON] = "person", [FIELD_KEY] = "key",
        [FIELD_HASH] = "hash", [FIELD_PREFIX] = "prefix", [FIELD_BLOB] = "blob",
        [FIELD_MAP] = "map",   [FIELD_ANY] = "any",       [FIELD_LINK] = "link",
    };

    add(t, "%s: %s", f->name, names[f->type]);
    if (f->type == FIELD_ENUM)
        add(t, " %s", choices_names[f->ref]);
    if (f->type == FIELD_MAP)
        add(t, " %s", kind_shape_name((enum shape)f->ref));
    if (f->max > 0)
        add(t, " %llu", (unsigned long long)f->max);
    if (f->many > 0)
        add(t, " x%u", f->many);
}

static void add_fields(struct text *t, enum shape shape,
                       enum field_presence presence)
{
    size_t count;
    const struct field *f = kind_fields(shape, &count);
    bool first = true;

    for (size_t i = 0; i < count; i++) {
        if (f[i].presence != presence)
            continue;
        add(t, first ? " " : "; ");
        add_type(t, &f[i]);
        first = false;
    }
    add(t, " |");
}

static void add_shapes(struct text *t, int from, int to)
{
    for (int s = from; s < to; s++) {
        add(t, "| %s |", kind_shape_name((enum shape)s));
        add_fields(t, (enum shape)s, FIELD_MUST);
        add_fields(t, (enum shape)s, FIELD_EITHER);
        add_fields(t, (enum shape)s, FIELD_MAY);
        add(t, "\n");
    }
    add(t, "\n");
}

static bool stands_in(const struct text *t, const char *path)
{
    static char doc[1 << 20];
    FILE *file = fopen(path, "r");
    size_t len;

    if (file == NULL)
        return false;
    len = fread(doc, 1, sizeof doc - 1, file);
    doc[len] = '\0';
    (void)fclose(file);
    return strstr(doc, t->at) != NULL;
}

int main(int argc, char **argv)
{
    static struct text t;

    add_kinds(&t);
    add_relations(&t);
    add_choices(&t);
    add(&t, "| kind | required | at least one of | optional |\n"
            "|---|---|---|---|\n");
    add_shapes(&t, 0, SHAPE_FILE);
    add(&t, "| map | required | at least one of | optional |\n"
            "|---|---|---|---|\n");
    add_shapes(&t, SHAPE_FILE, SHAPE_COUNT);
    if (argc < 2) {
        (void)fputs(t.at, stdout);
        return 0;
    }
    if (stands_in(&t, argv[1]))
        return 0;
    (void)fprintf(stderr,
                  "%s: the tables of kinds differ from what %s prints\n",
                  argv[1], argv[0]);
    return 1;
}
