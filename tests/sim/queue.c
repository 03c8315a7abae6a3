#include "tests/sim/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void queue_init(struct queue *q)
{
    memset(q, 0, sizeof *q);
}

void queue_wipe(struct queue *q)
{
    free(q->events);
    queue_init(q);
}

static uint32_t take_place(struct queue *q)
{
    uint32_t place = q->unused;

    if (place != 0) {
        q->unused = q->events[place - 1].next;
        return place;
    }
    if (q->events_count == q->events_cap) {
        q->events_cap = q->events_cap == 0 ? 1024 : 2 * q->events_cap;
        q->events = realloc(q->events, q->events_cap * sizeof *q->events);
        assert(q->events != NULL);
    }
    return ++q->events_count;
}

static void append(struct queue *q, struct queue_list *list, uint32_t place)
{
    q->events[place - 1].next = 0;
    if (list->first == 0)
        list->first = place;
    else
        q->events[list->last - 1].next = place;
    list->last = place;
}

/* Puts an event onto the wheel, or beyond it. */
static void file(struct queue *q, uint32_t place)
{
    uint64_t at_ms = q->events[place - 1].at_ms;

    if (at_ms - q->lap_ms < QUEUE_SLOTS) {
        append(q, &q->slots[at_ms - q->lap_ms], place);
        q->on_wheel++;
    } else {
        append(q, &q->far, place);
    }
}

void queue_add(struct queue *q, const struct event *event)
{
    uint32_t place = take_place(q);

    assert(event->at_ms >= q->now_ms);
    q->events[place - 1] = *event;
    file(q, place);
}

/*
 * The wheel is empty: it begins anew where the earliest event beyond it is due,
 * unless that is after `until_ms`.  All that is added later is at or after now,
 * which is where the wheel begins.
 */
static void start_lap(struct queue *q, uint64_t until_ms)
{
    struct queue_list far = q->far;
    uint64_t lap_ms = UINT64_MAX;

    for (uint32_t p = far.first; p != 0; p = q->events[p - 1].next)
        if (q->events[p - 1].at_ms < lap_ms)
            lap_ms = q->events[p - 1].at_ms;
    if (lap_ms > until_ms)
        return;
    q->lap_ms = lap_ms;
    q->now_ms = lap_ms;
    q->far = (struct queue_list){ 0 };
    for (uint32_t p = far.first, next; p != 0; p = next) {
        next = q->events[p - 1].next;
        file(q, p);
    }
}

static void take_first(struct queue *q, struct queue_list *slot,
                       struct event *out)
{
    uint32_t place = slot->first;

    *out = q->events[place - 1];
    slot->first = out->next;
    q->events[place - 1].next = q->unused;
    q->unused = place;
    q->on_wheel--;
}

const struct event *queue_peek(const struct queue *q, unsigned ahead)
{
    uint32_t place = q->slots[q->now_ms - q->lap_ms].first;

    while (place != 0 && ahead-- > 0)
        place = q->events[place - 1].next;
    return place == 0 ? NULL : &q->events[place - 1];
}

bool queue_take(struct queue *q, struct event *out, uint64_t until_ms)
{
    assert(until_ms >= q->now_ms);
    if (q->on_wheel == 0)
        start_lap(q, until_ms);
    while (q->on_wheel > 0) { /* ends at the wheel's next event */
        struct queue_list *slot = &q->slots[q->now_ms - q->lap_ms];

        if (slot->first != 0) {
            take_first(q, slot, out);
            return true;
        }
        if (q->now_ms == until_ms)
            return false;
        q->now_ms++;
    }
    q->now_ms = until_ms;
    return false;
}
