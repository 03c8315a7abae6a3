#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/command.h"

/*
 * The table, in the order of help: a part a file.  Ask it through command.h.
 */
struct commands {
    const struct command *rows;
    size_t count;
};
extern const struct commands commands_people;
extern const struct commands commands_project;
extern const struct commands commands_safety;
extern const struct commands commands_request;
extern const struct commands commands_work;
extern const struct commands commands_said;
extern const struct commands commands_class;
extern const struct commands commands_release;
extern const struct commands commands_keep;
extern const struct commands commands_daemon;

extern const struct commands *const commands[];
extern const size_t commands_count;

#endif
