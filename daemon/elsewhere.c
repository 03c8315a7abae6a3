/* Blobs on other nodes. */
#include "daemon/elsewhere.h"

unsigned elsewhere_count(const struct node *node, const uint8_t topic[ID_LEN],
                         const struct blob_id *blob)
{
    (void)node;
    (void)topic;
    (void)blob;
    return 0; /* no node has proved anything to this one */
}
