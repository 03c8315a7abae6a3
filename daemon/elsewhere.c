/* Copies of blobs on other nodes. */
#include "daemon/elsewhere.h"

#include <stdlib.h>

#include "daemon/holders.h"

/* Whether no holder before this one has shown it from the same network. */
static bool is_first_of_network(const struct holder *holders, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (holders[i].state == HOLDER_SHOWN &&
            holders[i].network == holders[at].network)
            return false;
    return true;
}

unsigned elsewhere_count(const struct node *node, const uint8_t topic[ID_LEN],
                         const struct blob_id *blob)
{
    struct holder *holders = calloc(LEASES_TOPIC_MAX, sizeof *holders);
    unsigned networks = 0;
    size_t n = 0;

    if (holders != NULL)
        n = holders_of(node, topic, blob, holders, LEASES_TOPIC_MAX);
    for (size_t i = 0; i < n; i++)
        networks +=
            holders[i].state == HOLDER_SHOWN && is_first_of_network(holders, i);
    free(holders);
    return networks; /* without memory: none, and so nothing goes */
}
