#ifndef DAEMON_VERSION_H
#define DAEMON_VERSION_H

/* The release, as `--version` and `status` tell it. */
#ifndef TROUPE_VERSION
#define TROUPE_VERSION "0.1.0"
#endif

#endif
