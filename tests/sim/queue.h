#ifndef TESTS_SIM_QUEUE_H
#define TESTS_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The virtual clock and what is to happen when: a wheel of one list a
 * millisecond, and one list for all that lies beyond the wheel.  Events of one
 * millisecond happen in the order in which they were added.  To add and to take
 * is O(1); the memory of events is used again.
 */
struct sim;
struct event;
typedef void event_fn(struct sim *sim, const struct event *event);

/* What happens, to whom; the meaning of the numbers is `run`'s. */
struct event {
    event_fn *run;
    void *data;
    uint64_t at_ms;
    uint32_t node;
    uint32_t link;
    uint32_t number;
    uint32_t next; /* private: number of the next event in its list + 1 */
};

enum { QUEUE_SLOTS = 1 << 15 };

struct queue_list {
    uint32_t first; /* number + 1; 0 if empty */
    uint32_t last;
};

struct queue {
    uint64_t now_ms;
    uint64_t lap_ms; /* the wheel goes from here on, QUEUE_SLOTS long */
    struct event *events;
    uint32_t events_count;
    uint32_t events_cap;
    uint32_t unused; /* list of places that are free, number + 1 */
    uint64_t on_wheel;
    struct queue_list slots[QUEUE_SLOTS];
    struct queue_list far;
};

void queue_init(struct queue *q);
void queue_wipe(struct queue *q);
/* Not before now. */
void queue_add(struct queue *q, const struct event *event);
/*
 * Takes the next event that is due at `until_ms` or earlier and moves the clock
 * to it; false if there is none, and the clock stands at `until_ms`.
 */
/* The event that will be taken after the next `ahead` ones, if it is due now.
 */
const struct event *queue_peek(const struct queue *q, unsigned ahead);
bool queue_take(struct queue *q, struct event *out, uint64_t until_ms);

#endif
