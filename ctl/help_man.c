/* The manual page: the same table as in help, in mdoc. */
#include <string.h>

#include "ctl/help.h"
#include "ctl/parse.h"

static const char head[] =
    ".\\\" Made by `troupe help --man`; its rows are in ctl/commands_*.c.\n"
    ".Dd November 21, 2026\n"
    ".Dt TROUPE 1\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm troupe\n"
    ".Nd make things together, without a site in between\n"
    ".Sh SYNOPSIS\n"
    ".Nm\n"
    ".Ar command\n"
    ".Op Ar option ...\n"
    ".Sh DESCRIPTION\n"
    ".Nm\n"
    "talks to\n"
    ".Xr trouped 8 ,\n"
    "the daemon that keeps the projects you care about and exchanges signed\n"
    "records with others.\n"
    "Options may stand anywhere.\n"
    "Results go to standard output, everything else to standard error.\n"
    "Ids may be shortened to 6 hex digits for reading and to 16 where "
    "something\n"
    "is signed.\n"
    "Times are RFC 3339, a local date (its end), or a span from now like\n"
    ".Ql +14d .\n"
    ".Pp\n"
    "Every command takes:\n"
    ".Bl -tag -width Ds\n";

static const char tail[] = ".Sh ENVIRONMENT\n"
                           ".Bl -tag -width TROUPE_HOME\n"
                           ".It Ev TROUPE_HOME\n"
                           "As\n"
                           ".Fl -home .\n"
                           ".It Ev NO_COLOR\n"
                           "If set, nothing is coloured.\n"
                           ".El\n"
                           ".Sh EXIT STATUS\n"
                           ".Bl -tag -width Ds -compact\n"
                           ".It 0\nDone.\n"
                           ".It 1\nFailed.\n"
                           ".It 2\nThe command line is wrong.\n"
                           ".It 3\nNot found.\n"
                           ".It 4\nAmbiguous.\n"
                           ".It 5\nRefused.\n"
                           ".It 6\nThe daemon is not running.\n"
                           ".It 7\nTimed out, or done in part.\n"
                           ".It 8\nBytes are not what they must be.\n"
                           ".It 9\nA limit is reached, or the disk is full.\n"
                           ".It 10\nNeeds confirmation.\n"
                           ".It 11\nA key is damaged or missing.\n"
                           ".It 12\nAnother version.\n"
                           ".El\n"
                           ".Sh SEE ALSO\n"
                           ".Xr trouped 8\n";

/* Text in mdoc: no line may begin with a dot, and '\' is its own escape. */
static void put_text(FILE *out, const char *text)
{
    bool start = true;

    for (; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\''))
            (void)fputs("\\&", out);
        if (*text == '\\')
            (void)fputs("\\e", out);
        else if (*text == '-')
            (void)fputs("\\-", out);
        else
            (void)fputc(*text, out);
        start = *text == '\n';
    }
}

/* A sentence begins a line, as mdoc wants it, and none is over 78 columns. */
static void put_sentences(FILE *out, const char *text)
{
    size_t column = 0;

    while (*text != '\0') { /* a word each turn */
        size_t len = strcspn(text, " ");
        char word[128];
        bool ends = len > 0 && text[len - 1] == '.';

        if (column + 1 + len > 74) {
            (void)fputc('\n', out);
            column = 0;
        }
        (void)snprintf(word, sizeof word, "%s%.*s", column > 0 ? " " : "",
                       (int)len, text);
        put_text(out, word);
        column += strlen(word);
        text += len + (text[len] == ' ');
        if (ends || *text == '\0') {
            (void)fputc('\n', out);
            column = 0;
        }
    }
}

/* Arguments of a macro are quoted, so that a word of them is no macro. */
static void put_argument(FILE *out, const char *text)
{
    (void)fputc('"', out);
    put_text(out, text);
    (void)fputc('"', out);
}

static void put_option(FILE *out, const struct option *o)
{
    if (o->flags & OPTION_HIDDEN)
        return;
    if (o->flags & OPTION_ARGUMENT) {
        (void)fputs(".It Ar ", out);
        put_argument(out, o->value);
    } else {
        (void)fprintf(out, ".It Fl -%s", o->name);
        if (o->value != NULL) {
            (void)fputs(" Ar ", out);
            put_argument(out, o->value);
        }
        (void)fputs(o->flags & OPTION_MANY ? " ..." : "", out);
    }
    (void)fputc('\n', out);
    put_text(out, o->help);
    (void)fputs(o->help[0] != '\0' ? "\n" : "", out);
    if ((o->flags & OPTION_REQUIRED) && !(o->flags & OPTION_ARGUMENT))
        (void)fputs("(required)\n", out);
}

static void put_command(FILE *out, const struct command *c)
{
    struct command_options all;
    char synopsis[256];
    size_t shown = 0;

    help_synopsis(synopsis, sizeof synopsis, c);
    command_options(&all, c);
    (void)fputs(".Ss ", out);
    put_text(out, synopsis);
    (void)fputs("\\&\n", out);
    put_text(out, c->help);
    (void)fputs(".\n", out);
    if (c->more != NULL)
        put_sentences(out, c->more);
    for (size_t i = 0; i < all.count; i++)
        shown += !(all.at[i].flags & OPTION_HIDDEN);
    if (shown > 0)
        (void)fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < all.count; i++)
        put_option(out, &all.at[i]);
    if (shown > 0)
        (void)fputs(".El\n", out);
    if (c->example != NULL) {
        (void)fputs(".Bd -literal -offset indent\n", out);
        put_text(out, c->example);
        (void)fputs("\n.Ed\n", out);
    }
}

void help_man(FILE *out)
{
    const struct command *c;

    (void)fputs(head, out);
    for (const struct option *o = parse_globals; o->name != NULL; o++)
        put_option(out, o);
    (void)fputs(".El\n.Sh COMMANDS\n", out);
    for (size_t i = 0; (c = command_at(i)) != NULL; i++)
        if (!(c->flags & COMMAND_HIDDEN))
            put_command(out, c);
    (void)fputs(tail, out);
}
