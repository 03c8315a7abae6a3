#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include "daemon/desk.h"

/* Puts the one truthful screen: the map of `status`. */
void status_put(struct desk *desk, struct writer *w);

#endif
