#include "ctl/parse.h"

#include <stdio.h>
#include <string.h>

#include "ctl/value.h"

#define WORD_MAX 40

const struct option parse_globals[] = {
    { "home", OPTION_TEXT, 0, NULL, "DIR",
      "the daemon of this folder; else $TROUPE_HOME, else your own" },
    { "json", OPTION_FLAG, 0, NULL, NULL, "one JSON object on stdout" },
    { "quiet", OPTION_FLAG, 0, NULL, NULL,
      "-q: nothing but results and errors" },
    { "no-input", OPTION_FLAG, 0, NULL, NULL, "never ask" },
    { "timeout", OPTION_UINT, 0, NULL, "SECONDS", "give up after so long" },
    { "help", OPTION_FLAG, 0, NULL, NULL, "-h: what the command does" },
    { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

size_t parse_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t a_len = strnlen(a, WORD_MAX);
    size_t b_len = strnlen(b, WORD_MAX);

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = min3(above[j] + 1, row[j - 1] + 1,
                          above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && rows[(i - 2) % 3][j - 2] + 1 < row[j])
                row[j] = rows[(i - 2) % 3][j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

/* --- words: which command is it? --- */

/* The option of that name in a list that ends with a name of NULL. */
static const struct option *find_in(const struct option *list, const char *name,
                                    size_t len)
{
    for (; list->name != NULL; list++)
        if (strlen(list->name) == len && strncmp(list->name, name, len) == 0)
            return list;
    return NULL;
}

/*
 * Before the command is known: does --name take the next word?  If any
 * command's option of that name does.
 */
static bool takes_value(const char *name)
{
    const struct option *o = find_in(parse_globals, name, strlen(name));
    const struct command *c;

    if (strchr(name, '=') != NULL)
        return false;
    if (o != NULL)
        return o->type != OPTION_FLAG;
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        struct command_options all;

        command_options(&all, c);
        for (size_t j = 0; j < all.count; j++)
            if (!(all.at[j].flags & OPTION_ARGUMENT) &&
                strcmp(all.at[j].name, name) == 0)
                return all.at[j].type != OPTION_FLAG;
    }
    return false;
}

/* The places of the first two words that are no options; -1 if none. */
static void find_words(int out[2], int count, const char *const args[])
{
    int found = 0;

    out[0] = out[1] = -1;
    for (int i = 0; i < count && found < 2; i++) {
        if (strcmp(args[i], "--") == 0)
            return;
        if (strncmp(args[i], "--", 2) == 0)
            i += takes_value(args[i] + 2);
        else if (args[i][0] != '-' || args[i][1] == '\0')
            out[found++] = i;
    }
}

struct guess {
    const char *word;
    size_t distance;
};

static void consider(struct guess *best, const char *typed, const char *word)
{
    size_t distance = parse_distance(typed, word);
    size_t len = strlen(typed);

    if (len >= 3 && strncmp(word, typed, len) == 0)
        distance = 1;
    if (distance < best->distance)
        *best = (struct guess){ word, distance };
}

static bool fail_unknown(struct fail *f, const struct guess *best,
                         const char *prefix, const char *what,
                         const char *typed, const char *hint)
{
    if (best->word == NULL)
        return fail_set(f, EXIT_CODE_USAGE, hint, "there is no %s \"%s\"", what,
                        typed);
    return fail_set(f, EXIT_CODE_USAGE, hint,
                    "there is no %s \"%s\"; did you mean \"%s%s\"?", what,
                    typed, prefix, best->word);
}

static bool fail_command(struct fail *f, const char *noun, const char *verb)
{
    struct guess best = { NULL, 3 };
    bool noun_known = false;
    const struct command *c;
    char typed[2 * WORD_MAX];
    char hint[2 * WORD_MAX];
    char prefix[WORD_MAX];

    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        if (strcmp(c->noun, noun) == 0 && verb != NULL)
            consider(&best, verb, c->verb);
        noun_known = noun_known || strcmp(c->noun, noun) == 0;
    }
    (void)snprintf(typed, sizeof typed, "%.30s%s%.30s", noun,
                   noun_known && verb ? " " : "",
                   noun_known && verb ? verb : "");
    (void)snprintf(prefix, sizeof prefix, "%.30s ", noun);
    (void)snprintf(hint, sizeof hint, "see `troupe help %.30s`", noun);
    if (noun_known && verb == NULL)
        return fail_set(f, EXIT_CODE_USAGE, hint,
                        "\"%s\" needs to be told what to do", noun);
    if (noun_known)
        return fail_unknown(f, &best, prefix, "command", typed, hint);
    for (size_t i = 0; (c = command_at(i)) != NULL; i++)
        if (!(c->flags & COMMAND_HIDDEN))
            consider(&best, noun, c->noun);
    return fail_unknown(f, &best, "", "command", typed,
                        "see `troupe help` for all commands");
}

/* --- options and arguments --- */

struct parser {
    struct run *run;
    struct command_options options;
    size_t position; /* how many arguments have been taken */
};

/* `--kind-of` and `--kind_of` are one. */
static bool same_name(const char *name, const char *typed, size_t len)
{
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (name[i] != (typed[i] == '_' ? '-' : typed[i]))
            return false;
    return true;
}

static const struct option *find_option(const struct parser *p,
                                        const char *name, size_t len)
{
    for (size_t i = 0; i < p->options.count; i++) {
        const struct option *o = &p->options.at[i];

        if (!(o->flags & OPTION_ARGUMENT) && same_name(o->name, name, len))
            return o;
    }
    return find_in(parse_globals, name, len);
}

static bool fail_option(const struct parser *p, const char *typed)
{
    struct guess best = { NULL, 3 };
    char name[2 * WORD_MAX];
    char hint[3 * WORD_MAX];

    command_name(name, sizeof name, p->run->command);
    (void)snprintf(hint, sizeof hint, "see `troupe help %s`", name);
    for (size_t i = 0; i < p->options.count; i++)
        if (!(p->options.at[i].flags & OPTION_ARGUMENT))
            consider(&best, typed, p->options.at[i].name);
    for (const struct option *o = parse_globals; o->name != NULL; o++)
        consider(&best, typed, o->name);
    return fail_unknown(&p->run->ctl->fail, &best, "--", "option", typed, hint);
}

static bool is_global(const struct option *o)
{
    return find_in(parse_globals, o->name, strlen(o->name)) == o;
}

static bool set_global(struct ctl *ctl, const struct option *o,
                       const char *text)
{
    struct globals *g = &ctl->globals;
    uint64_t seconds = 0;

    switch (o - parse_globals) {
    case 0:
        g->home = text;
        break;
    case 1:
        g->json = true;
        break;
    case 2:
        g->quiet = true;
        break;
    case 3:
        g->no_input = true;
        break;
    case 4:
        if (!value_uint(&seconds, &ctl->fail, text))
            return false;
        g->timeout_ms = seconds > 100000000 ? 0 : seconds * 1000;
        break;
    default:
        g->help = true;
        break;
    }
    return true;
}

static bool set_option(struct parser *p, const struct option *o,
                       const char *text)
{
    return is_global(o) ? set_global(p->run->ctl, o, text)
                        : value_set(p->run, o, text);
}

/* What it means is known when the kind of the record is. */
static bool keep_field(struct parser *p, const char *name, const char *text)
{
    return value_append(p->run->local, "fields",
                        json_pack("{s:s,s:s}", "name", name, "text", text));
}

/* `arg` is "--name" or "--name=value"; *i moves on if the value is the next. */
static bool take_long(struct parser *p, int *i, int count,
                      const char *const args[])
{
    struct fail *f = &p->run->ctl->fail;
    const char *name = args[*i] + 2;
    const char *sign = strchr(name, '=');
    size_t len = sign == NULL ? strlen(name) : (size_t)(sign - name);
    const struct option *o = find_option(p, name, len);
    char typed[WORD_MAX];

    (void)snprintf(typed, sizeof typed, "%.*s", (int)len, name);
    if (o == NULL && (p->run->command->flags & COMMAND_ANY_FIELD) != 0 &&
        (sign != NULL || *i + 1 < count))
        return keep_field(p, typed, sign != NULL ? sign + 1 : args[++*i]);
    if (o == NULL)
        return fail_option(p, typed);
    if (o->type == OPTION_FLAG && sign != NULL)
        return fail_set(f, EXIT_CODE_USAGE, NULL, "--%s takes no value",
                        o->name);
    if (o->type == OPTION_FLAG)
        return set_option(p, o, "");
    if (sign != NULL)
        return set_option(p, o, sign + 1);
    if (*i + 1 >= count)
        return fail_set(f, EXIT_CODE_USAGE, NULL, "--%s needs a value: %s",
                        o->name, o->value);
    *i += 1;
    return set_option(p, o, args[*i]);
}

static bool take_short(struct parser *p, const char *arg)
{
    struct globals *g = &p->run->ctl->globals;

    for (const char *c = arg + 1; *c != '\0'; c++) {
        if (*c == 'q')
            g->quiet = true;
        else if (*c == 'h')
            g->help = true;
        else
            return fail_set(&p->run->ctl->fail, EXIT_CODE_USAGE,
                            "short options are -q and -h; all others begin "
                            "with --",
                            "there is no option \"-%c\"", *c);
    }
    return true;
}

/* The n-th argument of the command; the last may take many. */
static const struct option *argument_at(const struct parser *p, size_t n)
{
    const struct option *last = NULL;

    for (size_t i = 0; i < p->options.count; i++) {
        if (!(p->options.at[i].flags & OPTION_ARGUMENT))
            continue;
        last = &p->options.at[i];
        if (n-- == 0)
            return last;
    }
    return last != NULL && (last->flags & OPTION_MANY) ? last : NULL;
}

static bool take_argument(struct parser *p, const char *arg)
{
    const struct option *o = argument_at(p, p->position);
    char name[2 * WORD_MAX];
    char hint[3 * WORD_MAX];

    if (o != NULL) {
        p->position++;
        return value_set(p->run, o, arg);
    }
    command_name(name, sizeof name, p->run->command);
    (void)snprintf(hint, sizeof hint, "see `troupe help %s`", name);
    return fail_set(&p->run->ctl->fail, EXIT_CODE_USAGE, hint,
                    "\"%s\" is one word too many", arg);
}

static bool check_required(const struct parser *p)
{
    struct fail *f = &p->run->ctl->fail;
    size_t position = 0;
    char name[2 * WORD_MAX];
    char hint[3 * WORD_MAX];

    command_name(name, sizeof name, p->run->command);
    (void)snprintf(hint, sizeof hint, "see `troupe help %s`", name);
    for (size_t i = 0; i < p->options.count; i++) {
        const struct option *o = &p->options.at[i];
        bool argument = o->flags & OPTION_ARGUMENT;

        if (argument && (o->flags & OPTION_REQUIRED) && position >= p->position)
            return fail_set(f, EXIT_CODE_USAGE, hint, "%s: %s is missing", name,
                            o->value);
        /* What goes to the daemon may be in a file, and is asked for there. */
        if (!argument && (o->flags & OPTION_REQUIRED) && o->param != NULL &&
            o->param[0] == '@' &&
            json_object_get(p->run->local, o->param + 1) == NULL)
            return fail_set(f, EXIT_CODE_USAGE, hint, "%s: --%s is missing",
                            name, o->name);
        position += argument;
    }
    return true;
}

static bool take_all(struct parser *p, int count, const char *const args[],
                     const int words[2])
{
    bool only_arguments = false;

    for (int i = 0; i < count; i++) {
        const char *arg = args[i];
        bool verb = i == words[1] && p->run->command->verb != NULL;
        bool ok;

        if (i == words[0] || verb)
            continue;
        if (!only_arguments && strcmp(arg, "--") == 0) {
            only_arguments = true;
            continue;
        }
        if (only_arguments || arg[0] != '-' || arg[1] == '\0')
            ok = take_argument(p, arg);
        else if (arg[1] == '-')
            ok = take_long(p, &i, count, args);
        else
            ok = take_short(p, arg);
        if (!ok)
            return false;
    }
    return p->run->ctl->globals.help || check_required(p);
}

/* Without a command only the global options mean something. */
static bool take_globals(struct run *run, int count, const char *const args[])
{
    for (int i = 0; i < count; i++) {
        const char *name = strncmp(args[i], "--", 2) == 0 ? args[i] + 2 : "";
        const struct option *o;

        if (strcmp(args[i], "-h") == 0)
            name = "help";
        o = find_in(parse_globals, name, strlen(name));
        if (strcmp(args[i], "--version") == 0)
            run->command = command_find("version", NULL);
        else if (o == NULL && args[i][0] == '-')
            return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                            "see `troupe help` for all commands",
                            "there is no option \"%s\"", args[i]);
        else if (o == NULL || args[i][0] != '-')
            return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                            "see `troupe help` for all commands",
                            "no command is given before \"%s\"", args[i]);
        else if (o->type != OPTION_FLAG && i + 1 >= count)
            return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                            "see `troupe help` for all commands",
                            "--%s needs a value: %s", o->name, o->value);
        else if (!set_global(run->ctl, o, i + 1 < count ? args[i + 1] : ""))
            return false;
        i += o != NULL && o->type != OPTION_FLAG;
    }
    return true;
}

/* --json must hold for the complaint about what stands before it, too. */
static void peek_json(struct ctl *ctl, int count, const char *const args[])
{
    for (int i = 0; i < count && strcmp(args[i], "--") != 0; i++)
        if (strcmp(args[i], "--json") == 0)
            ctl->globals.json = true;
}

bool parse_line(struct run *run, int count, const char *const args[])
{
    struct parser p = { .run = run };
    int words[2];

    run->params = json_object();
    run->local = json_object();
    peek_json(run->ctl, count, args);
    find_words(words, count, args);
    if (words[0] < 0)
        return take_globals(run, count, args);
    run->command =
        command_find(args[words[0]], words[1] < 0 ? NULL : args[words[1]]);
    if (run->command == NULL)
        return fail_command(&run->ctl->fail, args[words[0]],
                            words[1] < 0 ? NULL : args[words[1]]);
    command_options(&p.options, run->command);
    return take_all(&p, count, args, words);
}

void parse_wipe(struct run *run)
{
    json_decref(run->params);
    json_decref(run->local);
    json_decref(run->result);
    run->params = run->local = run->result = NULL;
}
