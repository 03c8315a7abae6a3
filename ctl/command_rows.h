#ifndef CTL_COMMAND_ROWS_H
#define CTL_COMMAND_ROWS_H

#include "ctl/render.h"
#include "ctl/run.h"

/*
 * What rows of the table are made of.  A command is its options, its method and
 * how it is shown.
 */
#define END                                                                    \
    {                                                                          \
        NULL, OPTION_FLAG, 0, NULL, NULL, NULL                                 \
    }
/* What must and what may stand by position. */
#define NEEDS(param, value, help)                                              \
    {                                                                          \
        param, OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED, param, value,   \
            help                                                               \
    }
#define TAKES(param, value, help)                                              \
    {                                                                          \
        param, OPTION_TEXT, OPTION_ARGUMENT, param, value, help                \
    }

/* Files beside words. */
#define MEDIA                                                                  \
    {                                                                          \
        "media", OPTION_FILE, OPTION_MANY, NULL, "FILE",                       \
            "a file that goes with it"                                         \
    }

#endif
