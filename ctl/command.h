#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <jansson.h>

#include "ctl/client.h"
#include "ctl/paths.h"

/*
 * The one table of commands.  From it come parsing, help, the man page,
 * completions, the requests to the daemon and how their results are shown.
 */

/* How the text of an option becomes a param. */
enum option_type {
    OPTION_FLAG,      /* true */
    OPTION_TEXT,      /* as given */
    OPTION_UINT,      /* a whole number */
    OPTION_TIME,      /* RFC 3339, a local date (its end), +14d: ms */
    OPTION_DURATION,  /* 90s, 30m, 12h, 14d, 2w: ms */
    OPTION_SIZE,      /* 500MB, 10GiB: bytes */
    OPTION_SHARE,     /* 50% : basis points */
    OPTION_PATH,      /* made absolute */
    OPTION_REFERENCE, /* an id, else a path made absolute */
    OPTION_TEXT_FILE, /* the content of a file */
    OPTION_JSON_FILE, /* a JSON file, merged into the param */
    OPTION_FILE,      /* PATH: {path} */
    OPTION_ROLE_FILE, /* ROLE=PATH: {path, role} */
    OPTION_SKILL,     /* TAG[:LEVEL]: {tag, level} */
    OPTION_CREDIT,    /* PERSON or NAME=ROLE: {person or name, role} */
    OPTION_OMIT,      /* PERSON=REASON: {person, reason} */
    OPTION_BP,        /* PERSON=PERCENT: {person, bp} */
    OPTION_PART,      /* CONTRIBUTION: {contribution} */
    OPTION_TIMECODE,  /* 1:23.5, 1:02:03: ms into a film or song */
    OPTION_REGION     /* LEFT,TOP,WIDTH,HEIGHT in percent: merged into a map */
};

enum option_flag {
    OPTION_ARGUMENT = 1 << 0, /* stands by its position, without its name */
    OPTION_REQUIRED = 1 << 1,
    OPTION_MANY = 1 << 2, /* may be repeated: a list */
    OPTION_HIDDEN = 1 << 3
};

struct option {
    const char *name;
    enum option_type type;
    unsigned flags;
    /*
     * Where the value goes among the params: "fields.terms.pay"; with '@' in
     * front it is for the client alone.  NULL: the name, '-' as '_'.
     */
    const char *param;
    const char *value; /* what stands for the value in help, or choices a|b */
    const char *help;
};

struct ctl;
struct run;

typedef bool (*command_fn)(struct run *run);
typedef void (*command_show_fn)(const json_t *result);

enum command_flag {
    COMMAND_JOB = 1 << 0,      /* the daemon answers with a job */
    COMMAND_LIST = 1 << 1,     /* takes --limit and --after */
    COMMAND_LONG = 1 << 2,     /* may take longer than a usual call */
    COMMAND_HIDDEN = 1 << 3,   /* not in help */
    COMMAND_NO_JSON = 1 << 4,  /* prints by itself, nothing to be shown */
    COMMAND_EDITS = 1 << 5,    /* what is not given stays as it is */
    COMMAND_ANY_FIELD = 1 << 6 /* options by the kind of what is named */
};

struct command {
    const char *noun;
    const char *verb;   /* NULL: the noun says it all */
    const char *method; /* of the daemon; NULL: the client does it alone */
    unsigned flags;
    const struct option *options; /* ends with a name of NULL */
    const char *kind;             /* whose fields are options, or NULL */
    command_fn run;               /* NULL: one call, its result is shown */
    command_show_fn show;         /* NULL: by `columns`, or generically */
    const char *columns;          /* of items: "title state id" */
    const char *said;    /* printed on success; "": it says so itself */
    const char *help;    /* one line */
    const char *more;    /* a paragraph, or NULL */
    const char *example; /* lines, or NULL */
};

/* Options that every command takes. */
struct globals {
    const char *home;
    bool json;
    bool quiet;
    bool no_input;
    bool help;
    uint64_t timeout_ms; /* 0: not given */
};

/* A client at work for one home; kept over several commands by the demo. */
struct ctl {
    struct globals globals;
    struct paths paths;
    struct client *client; /* NULL until first needed */
    bool waits_long;       /* the command may take longer than a usual call */
    json_t *spans;         /* times given as "+14d": the node's clock counts */
    struct fail fail;
};

/* One command being carried out. */
struct run {
    struct ctl *ctl;
    const struct command *command;
    json_t *params; /* for the daemon */
    json_t *local;  /* for the client alone */
    json_t *result; /* to be shown, or NULL */
};

/* Command by command for i from 0; NULL after the last. */
const struct command *command_at(size_t i);
/* The command of these words; `verb` may be NULL.  NULL if there is none. */
const struct command *command_find(const char *noun, const char *verb);
/* "noun verb" into `out`. */
void command_name(char *out, size_t cap, const struct command *c);
/* How people give this field to the command: "--kind"; false if they do not. */
bool command_option_of(char *out, size_t cap, const struct command *c,
                       const char *field);

/*
 * All options of a command: its own, then those of its kind's fields, then
 * those of every command.
 */
#define COMMAND_OPTIONS_MAX 64
struct command_options {
    struct option at[COMMAND_OPTIONS_MAX];
    size_t count;
    size_t own;                          /* the first so many are its own */
    size_t fields;                       /* and so many come from the kind */
    char names[COMMAND_OPTIONS_MAX][48]; /* of those made from fields */
    char params[COMMAND_OPTIONS_MAX][64];
    char values[COMMAND_OPTIONS_MAX][128];
};
void command_options(struct command_options *out, const struct command *c);

#endif
