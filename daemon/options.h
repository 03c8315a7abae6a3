#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "proto/err.h"

/*
 * The daemon's command line.  What is said here wins over troupe.conf.  The
 * strings are those of argv.
 */

#define OPTIONS_LISTEN_MAX 8

struct options {
    const char *home;                       /* NULL: by environment */
    const char *listen[OPTIONS_LISTEN_MAX]; /* HOST:PORT */
    size_t listen_count;
    const char *network;   /* NULL: by config */
    const char *log_level; /* NULL: by config */
    bool no_lan;
    bool no_meet;
    bool no_portmap;
    bool test_clock;
    bool check_config; /* say what is wrong with troupe.conf, and end */
    bool help;
    bool version;
};

/* ERR_USAGE, with one line on `complaints` that says what was wrong. */
MUST_CHECK enum err options_parse(struct options *out, int argc, char **argv,
                                  FILE *complaints);
/* What --help prints. */
void options_print_help(FILE *to);

#endif
