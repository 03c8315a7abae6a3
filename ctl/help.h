#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdio.h>

#include "ctl/command.h"

/* What the table of commands says of itself, in four languages. */

/* All commands, a line each. */
void help_overview(FILE *out);
/* All commands of a noun; false if there are none. */
bool help_noun(FILE *out, const char *noun);
/* One command with all its options. */
void help_command(FILE *out, const struct command *c);
/* The manual page troupe(1), in mdoc. */
void help_man(FILE *out);
/* A completion script for "bash", "zsh" or "fish"; false for others. */
bool help_completion(FILE *out, const char *shell);
/* "request close REQUEST --outcome ..." */
void help_synopsis(char *out, size_t cap, const struct command *c);

#endif
