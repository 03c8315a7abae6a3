/* The tables, one after the other. */
#include "ctl/commands.h"

const struct commands *const commands[] = {
    &commands_people, &commands_project, &commands_safety, &commands_request,
    &commands_work,   &commands_said,    &commands_class,  &commands_release,
    &commands_keep,   &commands_daemon,
};

const size_t commands_count = sizeof commands / sizeof commands[0];
