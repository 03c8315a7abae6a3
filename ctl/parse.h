#ifndef CTL_PARSE_H
#define CTL_PARSE_H

#include "ctl/command.h"

/*
 * The command line by the table of commands: options anywhere, `--name value`
 * or `--name=value`, `--` ends them.  What is wrong is told with what was
 * perhaps meant.
 */

/*
 * Reads `args` (without the program's name) into run->command, its params and
 * the globals of run->ctl.  run->command stays NULL if no command is named.
 * On success or failure the caller must parse_wipe().
 */
bool parse_line(struct run *run, int count, const char *const args[]);
void parse_wipe(struct run *run);

/* The options that every command takes; ends with a name of NULL. */
extern const struct option parse_globals[];

/* How many edits make `a` into `b`, neighbours swapped counting as one. */
size_t parse_distance(const char *a, const char *b);

#endif
