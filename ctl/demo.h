#ifndef CTL_DEMO_H
#define CTL_DEMO_H

#include <sys/types.h>

#include "ctl/run.h"

/*
 * A production that is played on this machine and thrown away: real daemons,
 * each with a home of its own in one temporary folder, driven by the very
 * commands that people type.
 */

enum demo_part {
    DEMO_LEADER,
    DEMO_CONTRIBUTOR,
    DEMO_ARCHIVE,
    DEMO_NEWCOMER,
    DEMO_PARTS
};

struct demo_node {
    const char *name; /* of the person, or what the node is */
    char home[PATHS_LEN_MAX];
    char person[2 * ID_LEN + 1]; /* empty for the archive */
    char node[2 * KEY_LEN + 1];
    char address[80];
    struct ctl ctl;
};

struct demo {
    char folder[PATHS_LEN_MAX];
    struct demo_node nodes[DEMO_PARTS];
    json_t *steps; /* {what, ok, ms} */
    bool json;     /* nothing is told, only the result is shown */
    struct fail fail;

    /* The files of the story, from Debian's packages. */
    char picture[PATHS_LEN_MAX]; /* what the project starts from */
    char answer[PATHS_LEN_MAX];  /* the picture that is sent */
    char drawing[PATHS_LEN_MAX]; /* an SVG that is sent with it */
    char stem[PATHS_LEN_MAX];    /* a guitar alone */
    char song[PATHS_LEN_MAX];    /* the whole recording */

    /* What came into being, as ids. */
    char project[2 * ID_LEN + 1];
    char riff[2 * ID_LEN + 1];
    char request[2 * ID_LEN + 1];
    char sleeve[2 * ID_LEN + 1];
    char release[2 * ID_LEN + 1];
    json_t *records; /* ids of all records, as the leader last saw them */
};

/* The story itself (demo_story.c): steps, in order. */
typedef bool (*demo_step_fn)(struct demo *d);
struct demo_step {
    const char *what;
    demo_step_fn run;
};
extern const struct demo_step demo_steps[];
extern const size_t demo_steps_count;

/* One line below the step's heading. */
void demo_tell(struct demo *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * A command on somebody's machine: its words, ended by NULL.  The result is a
 * new reference; NULL with the reason in d->fail.
 */
json_t *demo_do(struct demo *d, enum demo_part who, ...)
    __attribute__((sentinel));
/* The same for commands whose result but for its id does not matter. */
bool demo_id(char out[2 * ID_LEN + 1], struct demo *d, json_t *take);

/* Starts somebody's daemon and learns its node id and address. */
bool demo_start(struct demo *d, enum demo_part who, const char *name);
/* Ends it as its owner would. */
bool demo_stop(struct demo *d, enum demo_part who);
/* False, and d->fail told, once somebody pressed Ctrl-C. */
bool demo_goes_on(struct demo *d);

/* Asks `is_so` until it is, for a minute at most; `what` is awaited. */
typedef bool (*demo_question_fn)(struct demo *d, enum demo_part who);
bool demo_until(struct demo *d, enum demo_part who, demo_question_fn is_so,
                const char *what);
/* SHA-256 of a file in hex. */
bool demo_hash(char out[2 * HASH_LEN + 1], struct demo *d, const char *path);

#endif
