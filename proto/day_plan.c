/* Which limit holds when. */
#include "proto/day_plan.h"

#include <assert.h>
#include <stdbool.h>

static bool row_has(const struct day_plan_row *row, unsigned minute)
{
    if (row->from < row->until)
        return row->from <= minute && minute < row->until;
    return row->from <= minute || minute < row->until ||
           row->from == row->until;
}

uint64_t day_plan_rate(const struct day_plan *plan, unsigned minute)
{
    assert(minute < DAY_PLAN_MINUTES && plan->count <= DAY_PLAN_ROWS);
    for (size_t i = 0; i < plan->count; i++)
        if (row_has(&plan->rows[i], minute))
            return plan->rows[i].per_s;
    return plan->otherwise;
}

/* From `minute` to the next time that the clock shows `to`. */
static unsigned until(unsigned minute, unsigned to)
{
    return to > minute ? to - minute : to + DAY_PLAN_MINUTES - minute;
}

unsigned day_plan_wait(const struct day_plan *plan, unsigned minute)
{
    unsigned wait = DAY_PLAN_MINUTES;

    assert(minute < DAY_PLAN_MINUTES && plan->count <= DAY_PLAN_ROWS);
    for (size_t i = 0; i < plan->count; i++) {
        unsigned begins = until(minute, plan->rows[i].from);
        unsigned ends = until(minute, plan->rows[i].until);

        wait = begins < wait ? begins : wait;
        wait = ends < wait ? ends : wait;
    }
    return wait;
}
