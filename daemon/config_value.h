#ifndef DAEMON_CONFIG_VALUE_H
#define DAEMON_CONFIG_VALUE_H

#include "daemon/config.h"

/* Values of troupe.conf that have a form of their own.  For config.c alone. */

/* A number of bytes, with an optional unit: 1048576, 512 MiB, 2TiB. */
MUST_CHECK enum err config_size_parse(uint64_t *out, const char *value);

/* The same a second, at most RATE_MAX; "/s" may stand behind it. */
MUST_CHECK enum err config_rate_parse(uint64_t *out, const char *value);
void config_rate_print(char out[CONFIG_VALUE_MAX], uint64_t per_s);

/* One more row of the plan: 08:00-22:00 1 MiB. */
MUST_CHECK enum err config_plan_parse(struct day_plan *plan, const char *value);
void config_plan_print(char out[CONFIG_VALUE_MAX], const struct day_plan *plan);

#endif
