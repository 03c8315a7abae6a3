#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/command.h"

/* The table, in the order of help.  Ask it through command.h. */
extern const struct command commands[];
extern const size_t commands_count;

#endif
