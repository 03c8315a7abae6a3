/* Questions to the table of commands, which commands.c puts together. */
#include "ctl/command.h"

#include <stdio.h>
#include <string.h>

#include "ctl/commands.h"
#include "proto/kind.h"

const struct command *command_at(size_t i)
{
    for (size_t part = 0; part < commands_count; part++) {
        if (i < commands[part]->count)
            return &commands[part]->rows[i];
        i -= commands[part]->count;
    }
    return NULL;
}

const struct command *command_find(const char *noun, const char *verb)
{
    const struct command *c;

    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        if (strcmp(c->noun, noun) != 0)
            continue;
        if (c->verb == NULL || (verb != NULL && strcmp(c->verb, verb) == 0))
            return c;
    }
    return NULL;
}

void command_name(char *out, size_t cap, const struct command *c)
{
    (void)snprintf(out, cap, "%s%s%s", c->noun, c->verb == NULL ? "" : " ",
                   c->verb == NULL ? "" : c->verb);
}

/* What a field of a kind is on the command line; false if it is too rich. */
static bool field_option_type(enum option_type *out, const struct field *field)
{
    switch (field->type) {
    case FIELD_LINE:
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_ID:
    case FIELD_PERSON:
    case FIELD_KEY:
    case FIELD_HASH:
    case FIELD_LINK:
        *out = OPTION_TEXT;
        return true;
    case FIELD_UINT:
        *out = OPTION_UINT;
        return true;
    case FIELD_TIME:
        *out = OPTION_TIME;
        return true;
    case FIELD_BOOL:
        *out = OPTION_FLAG;
        return true;
    case FIELD_MAP:
        *out = OPTION_SKILL;
        return field->ref == SHAPE_SKILL;
    case FIELD_PREFIX:
    case FIELD_BLOB:
    case FIELD_ANY:
        break;
    }
    return false;
}

/* "short_film|song|...", or what kind of value it is. */
static void field_value(char *out, size_t cap, const struct field *field)
{
    const char *name;
    uint64_t number;
    size_t len = 0;

    if (field->type != FIELD_ENUM) {
        (void)snprintf(out, cap, "%s",
                       field->type == FIELD_UINT   ? "N"
                       : field->type == FIELD_TIME ? "TIME"
                       : field->type == FIELD_MAP  ? "TAG[:LEVEL]"
                       : field->type == FIELD_LINE || field->type == FIELD_TEXT
                           ? "TEXT"
                           : "ID");
        return;
    }
    for (size_t i = 0; (name = kind_choice_at((enum choices)field->ref, i,
                                              &number)) != NULL &&
                       len < cap;
         i++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i == 0 ? "" : "|",
                                name);
}

/* What fields mean, where the name does not say it all. */
static const struct {
    const char *name;
    const char *help; /* NULL: the daemon fills it in */
} field_texts[] = {
    { "accepted_terms", NULL },
    { "claim", NULL },
    { "pages", NULL },
    { "project_revision", NULL },
    { "withdrawn", NULL },
    { "admission", "who may contribute" },
    { "bio", "about you" },
    { "by_when", "until when" },
    { "change", "one thing to change" },
    { "date", "when it comes out" },
    { "dissent", "what those say who do not agree" },
    { "deadline", "until when" },
    { "deliverable", "what exactly is asked for" },
    { "duration_ms", "how long it plays, in milliseconds" },
    { "entries_hidden_until", "answers are shown from then on" },
    { "evidence", "a record that shows it" },
    { "forked_from", "the project it goes on from, on other terms" },
    { "from_thread", "the thread it grew out of" },
    { "goal", "what shall come into being" },
    { "instructions", "how to go about it" },
    { "intent", "why" },
    { "groups", "a heading for some of the shares" },
    { "key", "musical key" },
    { "language", "as in BCP 47: de, pt-BR" },
    { "languages", "as in BCP 47: de, pt-BR" },
    { "lesson", "the lesson it belongs to" },
    { "level", "whom it is for" },
    { "licence", "as in SPDX: CC-BY-SA-4.0" },
    { "links", "where else you are" },
    { "medium", "what it is" },
    { "merged_into", "the request that goes on" },
    { "more_like", "a work it should be more like" },
    { "method", "how it was paid: transfer, cash" },
    { "notes", "how you came to it" },
    { "order", "place among the requests" },
    { "pay_address", "where money would reach you" },
    { "place_in_work", "where it will stand" },
    { "pool_from", "which of several pools it is" },
    { "portion", "which part of the source" },
    { "revives", "the dormant project it brings back" },
    { "role_played", "your part in it" },
    { "seeking", "what you look for" },
    { "skills", "learning, able or teaching" },
    { "source_author", "who made the source" },
    { "source_licence", "its licence" },
    { "stage", "how far it is" },
    { "tags", "a word to find it by" },
    { "text", "in words" },
    { "title", "its name" },
    { "txn_ref", "the payment's own reference" },
    { "upstream", "somebody whom the source credits" },
    { "used", "a work that is used" },
    { "waived", "somebody who leaves their share to the others" },
    { "warning", "what one should know before looking" },
    { "work_kind", "how it came about (original)" },
    { "declaration", "what you think you cannot do" },
    { "tone", "how it is meant" },
    { "tips", "what helps" },
    { "pinned", "stays at the top, where a leader says it" },
    { "note", "a word about it" },
    { "minutes", "how long it takes" },
    { "index", "its place among the lessons" },
    { "for_interest", "whom it may interest" },
    { "call_to_action", "what the learner is to make" },
};

/* False if people do not give this field. */
static bool field_help(const char **out, const char *name)
{
    *out = "";
    for (size_t i = 0; i < sizeof field_texts / sizeof field_texts[0]; i++)
        if (strcmp(field_texts[i].name, name) == 0)
            *out = field_texts[i].help;
    return *out != NULL;
}

/* "fields.terms.pay" gives "terms", "@file" and "source-text" themselves. */
static bool gives_field(const char *param, const char *name)
{
    if (strncmp(param, "fields.", 7) == 0)
        param += 7;
    param += param[0] == '@';
    for (; *name != '\0'; name++, param++)
        if (*name != (*param == '-' ? '_' : *param))
            return false;
    return *param == '\0' || *param == '.';
}

/* True if an option of the table's own gives this field already. */
static bool field_is_given(const struct command *c, const char *name)
{
    for (const struct option *o = c->options; o->name != NULL; o++)
        if (gives_field(o->param == NULL ? o->name : o->param, name))
            return true;
    return false;
}

bool command_option_of(char *out, size_t cap, const struct command *c,
                       const char *field)
{
    struct command_options all;
    char name[64];

    command_options(&all, c);
    (void)snprintf(name, sizeof name, "%s", field);
    for (size_t i = 0; i < all.count; i++) {
        const struct option *o = &all.at[i];
        const char *param = o->param == NULL ? o->name : o->param;
        const char *last = strrchr(param, '.');

        if (!gives_field(param, name) &&
            (last == NULL || !gives_field(last + 1, name)))
            continue;
        if (o->flags & OPTION_ARGUMENT)
            (void)snprintf(out, cap, "%s", o->value);
        else
            (void)snprintf(out, cap, "--%s", o->name);
        return true;
    }
    return false;
}

/* What goes without saying stands in brackets at the end of the help. */
static bool has_default(const char *help)
{
    size_t len = strlen(help);

    return len > 0 && help[len - 1] == ')';
}

/* skills → --skill, media_kind → --media-kind: one word for each element. */
static void field_option(struct command_options *out, const struct field *field,
                         bool all_needed)
{
    struct option *o = &out->at[out->count];
    char *name = out->names[out->count];
    char *param = out->params[out->count];
    char *value = out->values[out->count];
    size_t len = strlen(field->name);
    bool needed = all_needed && field->presence == FIELD_MUST;

    if (out->count >= COMMAND_OPTIONS_MAX - 8 || len >= sizeof out->names[0])
        return;
    (void)snprintf(name, sizeof out->names[0], "%s", field->name);
    for (char *at = name; *at != '\0'; at++)
        *at = *at == '_' ? '-' : *at;
    if (field->many > 0 && len > 1 && name[len - 1] == 's')
        name[len - 1] = '\0';
    (void)snprintf(param, sizeof out->params[0], "fields.%s", field->name);
    field_value(value, sizeof out->values[0], field);
    *o = (struct option){ .name = name,
                          .flags = field->many > 0 ? OPTION_MANY : 0,
                          .param = param,
                          .value = value };
    if (needed && field_help(&o->help, field->name) && !has_default(o->help))
        o->flags |= OPTION_REQUIRED;
    if (field_help(&o->help, field->name) && field_option_type(&o->type, field))
        out->count++;
}

static const struct option fields_file = {
    "fields", OPTION_JSON_FILE, 0,
    "fields", "FILE.json",      "all fields from a JSON file"
};

static void field_options(struct command_options *out, const struct command *c)
{
    struct bytes name = { (const uint8_t *)c->kind, strlen(c->kind) };
    const struct kind *kind = kind_by_name(name);
    const struct field *fields;
    size_t count;

    if (kind == NULL)
        return;
    out->at[out->count++] = fields_file;
    fields = kind_fields(kind->shape, &count);
    for (size_t i = 0; i < count; i++)
        if (!field_is_given(c, fields[i].name))
            field_option(out, &fields[i], !(c->flags & COMMAND_EDITS));
}

static const struct option list_options[] = {
    { "limit", OPTION_UINT, 0, NULL, "N", "at most so many items" },
    { "after", OPTION_UINT, 0, NULL, "CURSOR",
      "go on where `next` of the last list points" },
};

void command_options(struct command_options *out, const struct command *c)
{
    out->count = 0;
    for (const struct option *o = c->options; o->name != NULL; o++)
        out->at[out->count++] = *o;
    if (c->flags & COMMAND_LIST) {
        out->at[out->count++] = list_options[0];
        out->at[out->count++] = list_options[1];
    }
    out->own = out->count;
    if (c->kind != NULL)
        field_options(out, c);
    out->fields = out->count - out->own;
}
