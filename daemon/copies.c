/* Copies of blobs on other nodes. */
#include "daemon/copies.h"

unsigned copies_elsewhere(const struct node *node, const uint8_t topic[ID_LEN],
                          const struct blob_id *blob)
{
    (void)node;
    (void)topic;
    (void)blob;
    return 0; /* no node has proved anything to this one */
}
