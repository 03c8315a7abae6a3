#ifndef CTL_TROUPED_H
#define CTL_TROUPED_H

#include "ctl/command.h"

/* The program trouped, apart from any daemon that runs. */

/* Where it is: beside this program, in its build tree, or in $PATH. */
bool trouped_find(char out[PATHS_LEN_MAX], struct fail *f);

/*
 * In a child: runs it in this process's place, or ends with 127.  `options`
 * follow its name and end with NULL.
 */
void trouped_become(const char *program, const char *const options[])
    __attribute__((noreturn));

/*
 * What a daemon of this home would say of troupe.conf, as PATH:LINE: TEXT;
 * empty if nothing is wrong.
 */
#define TROUPED_LINE_MAX (PATHS_LEN_MAX + 256)
bool trouped_check_config(struct ctl *ctl, char out[TROUPED_LINE_MAX]);

#endif
