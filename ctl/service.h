#ifndef CTL_SERVICE_H
#define CTL_SERVICE_H

#include <sys/types.h>

#include "ctl/command.h"

/* Daemons as processes: beginning and ending them. */

/*
 * Starts a daemon and waits until it says ready.  `options` follow its name
 * and end with NULL; its log goes to the file `log`.  With `pid` the process is
 * the caller's to end, and ends with it; without, it outlives us.  A daemon
 * that ends instead, or is not ready in time (0: as long as it takes for
 * people), is told with the last line of its log.
 */
bool service_start(struct fail *f, pid_t *pid, const char *const options[],
                   const char *log, uint64_t timeout_ms);
/* Starts the daemon of a home as for people; fine if it runs already. */
bool service_start_home(struct ctl *ctl);
/* Asks the daemon to end and waits until its process has. */
bool service_stop(struct ctl *ctl);

#endif
