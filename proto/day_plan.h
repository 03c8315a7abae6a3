#ifndef PROTO_DAY_PLAN_H
#define PROTO_DAY_PLAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * A limit that depends on the time of day, in minutes since midnight as the
 * clock on the wall shows them: when that is put forward or back, the plan
 * follows it, and needs to know of no time zone.
 */

#define DAY_PLAN_MINUTES (24 * 60)
#define DAY_PLAN_ROWS    8

/*
 * From `from` up to, not at, `until`; across midnight if that is not later;
 * the whole day if both are the same.
 */
struct day_plan_row {
    unsigned from;
    unsigned until;
    uint64_t per_s;
};

struct day_plan {
    uint64_t otherwise; /* bytes a second; 0: no limit */
    struct day_plan_row rows[DAY_PLAN_ROWS];
    size_t count;
};

/* What holds at that minute: the first row that has it, else `otherwise`. */
uint64_t day_plan_rate(const struct day_plan *plan, unsigned minute);
#endif
