/* Completion scripts: nouns, then verbs, then options and their choices. */
#include <string.h>

#include "ctl/help.h"
#include "ctl/parse.h"

/* True if an earlier command has the same noun. */
static bool noun_seen(size_t i)
{
    for (size_t n = 0; n < i; n++)
        if (strcmp(command_at(n)->noun, command_at(i)->noun) == 0)
            return true;
    return false;
}

static void put_nouns(FILE *out)
{
    const struct command *c;

    for (size_t i = 0; (c = command_at(i)) != NULL; i++)
        if (!(c->flags & COMMAND_HIDDEN) && !noun_seen(i))
            (void)fprintf(out, " %s", c->noun);
}

static void put_options(FILE *out, const struct command *c)
{
    struct command_options all;

    command_options(&all, c);
    for (size_t i = 0; i < all.count; i++)
        if (!(all.at[i].flags & (OPTION_ARGUMENT | OPTION_HIDDEN)))
            (void)fprintf(out, " --%s", all.at[i].name);
    for (const struct option *o = parse_globals; o->name != NULL; o++)
        (void)fprintf(out, " --%s", o->name);
}

static bool is_choice(const struct option *o)
{
    return o->value != NULL && strchr(o->value, '|') != NULL &&
           o->value[0] >= 'a' && o->value[0] <= 'z';
}

static void put_bash_options(FILE *out)
{
    const struct command *c;

    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        if (c->flags & COMMAND_HIDDEN)
            continue;
        if (c->verb == NULL)
            (void)fprintf(out, "    '%s '*) words='", c->noun);
        else
            (void)fprintf(out, "    '%s %s') words='", c->noun, c->verb);
        put_options(out, c);
        (void)fputs("' ;;\n", out);
    }
}

static void put_bash_verbs(FILE *out)
{
    const struct command *c;

    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        const struct command *other;

        if ((c->flags & COMMAND_HIDDEN) || c->verb == NULL || noun_seen(i))
            continue;
        (void)fprintf(out, "    %s) words='", c->noun);
        for (size_t n = i; (other = command_at(n)) != NULL; n++)
            if (strcmp(other->noun, c->noun) == 0)
                (void)fprintf(out, " %s", other->verb);
        (void)fputs("' ;;\n", out);
    }
}

static void put_bash_choices(FILE *out)
{
    const struct command *c;

    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        struct command_options all;
        char name[64];

        if (c->flags & COMMAND_HIDDEN)
            continue;
        command_name(name, sizeof name, c);
        command_options(&all, c);
        for (size_t n = 0; n < all.count; n++) {
            if (!is_choice(&all.at[n]) || (all.at[n].flags & OPTION_ARGUMENT))
                continue;
            (void)fprintf(out, "    '%s --%s') words='", name, all.at[n].name);
            for (const char *at = all.at[n].value; *at != '\0'; at++)
                (void)fputc(*at == '|' ? ' ' : *at, out);
            (void)fputs("' ;;\n", out);
        }
    }
}

static void put_bash(FILE *out)
{
    (void)fputs("# bash completion for troupe\n"
                "_troupe() {\n"
                "  local cur=${COMP_WORDS[COMP_CWORD]} prev='' w noun='' "
                "verb='' words=''\n"
                "  prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                "    case $w in -*) ;; *)\n"
                "      if [ -z \"$noun\" ]; then noun=$w\n"
                "      elif [ -z \"$verb\" ]; then verb=$w; fi ;;\n"
                "    esac\n"
                "  done\n"
                "  if [ -z \"$noun\" ]; then words='",
                out);
    put_nouns(out);
    (void)fputs("'\n  else\n"
                "    case $noun in\n",
                out);
    put_bash_verbs(out);
    (void)fputs("    esac\n"
                "    if [ -n \"$words\" ] && [ -n \"$verb\" ]; then "
                "words=''; fi\n"
                "    if [ -z \"$words\" ]; then case \"$noun $verb\" in\n",
                out);
    put_bash_options(out);
    (void)fputs("    esac; fi\n"
                "    case \"$noun${verb:+ $verb} $prev\" in\n",
                out);
    put_bash_choices(out);
    (void)fputs("    esac\n"
                "  fi\n"
                "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "
                "\"$cur\"))\n"
                "}\n"
                "complete -o filenames -F _troupe troupe\n",
                out);
}

/* In single quotes, where only the quote itself is special. */
static void put_quoted(FILE *out, const char *text)
{
    (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            (void)fputs("'\\''", out);
        else
            (void)fputc(*text, out);
    }
    (void)fputc('\'', out);
}

static void put_fish_option(FILE *out, const char *when, const struct option *o)
{
    if (o->flags & (OPTION_ARGUMENT | OPTION_HIDDEN))
        return;
    (void)fprintf(out, "complete -c troupe -n ");
    put_quoted(out, when);
    (void)fprintf(out, " -l %s", o->name);
    (void)fputs(o->value != NULL ? " -r" : "", out);
    if (is_choice(o)) {
        (void)fputs(" -f -a '", out);
        for (const char *at = o->value; *at != '\0'; at++)
            (void)fputc(*at == '|' ? ' ' : *at, out);
        (void)fputc('\'', out);
    }
    if (o->help[0] != '\0') {
        (void)fputs(" -d ", out);
        put_quoted(out, o->help);
    }
    (void)fputc('\n', out);
}

static void put_fish(FILE *out)
{
    const struct command *c;

    (void)fputs("# fish completion for troupe\n", out);
    for (const struct option *o = parse_globals; o->name != NULL; o++)
        put_fish_option(out, "true", o);
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        struct command_options all;
        char when[256];

        if (c->flags & COMMAND_HIDDEN)
            continue;
        if (c->verb == NULL || !noun_seen(i)) {
            (void)fprintf(out,
                          "complete -c troupe -n __fish_use_subcommand -f "
                          "-a %s",
                          c->noun);
            if (c->verb == NULL) {
                (void)fputs(" -d ", out);
                put_quoted(out, c->help);
            }
            (void)fputc('\n', out);
        }
        (void)snprintf(when, sizeof when, "__fish_seen_subcommand_from %s",
                       c->noun);
        if (c->verb != NULL) {
            (void)fprintf(out, "complete -c troupe -n ");
            put_quoted(out, when);
            (void)fprintf(out, " -f -a %s -d ", c->verb);
            put_quoted(out, c->help);
            (void)fputc('\n', out);
            (void)snprintf(when, sizeof when,
                           "__fish_seen_subcommand_from %s; and "
                           "__fish_seen_subcommand_from %s",
                           c->noun, c->verb);
        }
        command_options(&all, c);
        for (size_t n = 0; n < all.count; n++)
            put_fish_option(out, when, &all.at[n]);
    }
}

bool help_completion(FILE *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0) {
        put_bash(out);
    } else if (strcmp(shell, "zsh") == 0) {
        /* zsh runs bash's completions, so that one script serves both. */
        (void)fputs("#compdef troupe\n"
                    "autoload -U +X bashcompinit && bashcompinit\n",
                    out);
        put_bash(out);
    } else if (strcmp(shell, "fish") == 0) {
        put_fish(out);
    } else {
        return false;
    }
    return true;
}
