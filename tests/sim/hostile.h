#ifndef TESTS_SIM_HOSTILE_H
#define TESTS_SIM_HOSTILE_H

#include "tests/sim/node.h"

/*
 * Nodes that do not play by the rules.  Each runs the same machines as others,
 * but what it says, or what it says that it has, is altered.
 */
struct sim;

/* Number `i` of the kinds there are, which come again and again. */
const struct hostile *hostile_kind(unsigned i);
/* The kind that does as it should, but for what it has. */
#define HOSTILE_STRANGER 7
/* The set that the node shows to others: its own, or a lie. */
struct record_set hostile_set(struct node *n);
/* Alters frames before they are sent; nothing if the node is honest. */
void hostile_alter(struct node *n, struct writer *frames);

#endif
