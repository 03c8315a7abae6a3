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
