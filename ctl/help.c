#include "ctl/help.h"

#include <string.h>

#include "ctl/parse.h"
#include "ctl/text.h"

#define NAME_MAX_LEN 40

void help_overview(FILE *out)
{
    const struct command *c;

    (void)fputs("troupe: make things together, without a site in between\n\n"
                "usage: troupe COMMAND [OPTION...]\n\n",
                out);
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        char name[NAME_MAX_LEN];

        if (c->flags & COMMAND_HIDDEN)
            continue;
        command_name(name, sizeof name, c);
        (void)fprintf(out, "  %-19s %s\n", name, c->help);
    }
    (void)fputs("\n`troupe help COMMAND` explains one; every command takes "
                "--json.\n",
                out);
}

bool help_noun(FILE *out, const char *noun)
{
    const struct command *c;
    bool found = false;

    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        char name[NAME_MAX_LEN];

        if (strcmp(c->noun, noun) != 0)
            continue;
        command_name(name, sizeof name, c);
        (void)fprintf(out, "  %-19s %s\n", name, c->help);
        found = true;
    }
    return found;
}

void help_synopsis(char *out, size_t cap, const struct command *c)
{
    size_t len;

    command_name(out, cap, c);
    for (const struct option *o = c->options; o->name != NULL; o++) {
        bool needed = o->flags & OPTION_REQUIRED;

        if (!(o->flags & OPTION_ARGUMENT))
            continue;
        len = strlen(out);
        (void)snprintf(out + len, cap - len, needed ? " %s" : " [%s]",
                       o->value);
    }
    len = strlen(out);
    (void)snprintf(out + len, cap - len, " [OPTION...]");
}

/* "--deadline TIME" */
static void option_usage(char *out, size_t cap, const struct option *o)
{
    if (o->flags & OPTION_ARGUMENT)
        (void)snprintf(out, cap, "%s", o->value);
    else
        (void)snprintf(out, cap, "--%s%s%s%s", o->name,
                       o->value == NULL ? "" : " ",
                       o->value == NULL ? "" : o->value,
                       o->flags & OPTION_MANY ? "..." : "");
}

static void put_option(FILE *out, const struct option *o)
{
    bool required =
        (o->flags & OPTION_REQUIRED) && !(o->flags & OPTION_ARGUMENT);
    char usage[256];
    char help[256];

    if (o->flags & OPTION_HIDDEN)
        return;
    (void)snprintf(help, sizeof help, "%s%s%s", o->help,
                   required && o->help[0] != '\0' ? " " : "",
                   required ? "(required)" : "");
    option_usage(usage, sizeof usage, o);
    if (strlen(usage) > 30 && help[0] != '\0')
        (void)fprintf(out, "  %s\n  %-30s %s\n", usage, "", help);
    else if (help[0] != '\0')
        (void)fprintf(out, "  %-30s %s\n", usage, help);
    else
        (void)fprintf(out, "  %s\n", usage);
}

/* Each line a command. */
static void put_example(FILE *out, const char *text)
{
    (void)fputs("\nfor example:\n", out);
    while (*text != '\0') {
        int len = (int)strcspn(text, "\n");

        (void)fprintf(out, "  %.*s\n", len, text);
        text += text[len] == '\n' ? len + 1 : len;
    }
}

/* Breaks a paragraph into lines of at most 78 columns. */
static void put_wrapped(FILE *out, const char *text)
{
    size_t column = 0;

    while (*text != '\0') { /* a word each turn */
        size_t len = strcspn(text, " ");

        if (column > 0 && column + 1 + len > 78) {
            (void)fputc('\n', out);
            column = 0;
        }
        (void)fprintf(out, "%s%.*s", column > 0 ? " " : "", (int)len, text);
        column += len + (column > 0);
        text += len + (text[len] == ' ');
    }
    (void)fputc('\n', out);
}

void help_command(FILE *out, const struct command *c)
{
    struct command_options all;
    char synopsis[256];

    help_synopsis(synopsis, sizeof synopsis, c);
    command_options(&all, c);
    (void)fprintf(out, "%s\n\nusage: troupe %s\n\n", c->help, synopsis);
    if (c->more != NULL) {
        put_wrapped(out, c->more);
        (void)fputc('\n', out);
    }
    for (size_t i = 0; i < all.own; i++)
        put_option(out, &all.at[i]);
    if (all.fields > 0)
        (void)fprintf(out, "\nwhat is said in it:\n");
    for (size_t i = all.own; i < all.count; i++)
        put_option(out, &all.at[i]);
    (void)fputs("\nfor every command:\n", out);
    for (const struct option *o = parse_globals; o->name != NULL; o++)
        put_option(out, o);
    if (c->example != NULL)
        put_example(out, c->example);
}
