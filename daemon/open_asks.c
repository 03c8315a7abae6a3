/* The requests for blobs that a peer has not ended. */
#include "daemon/open_asks.h"

bool open_asks_may_send(const struct open_asks *asks,
                        const struct blob_msg *msg)
{
    return msg->type != FRAME_BLOB_ASK || asks->count < BLOB_REQUESTS_MAX;
}

void open_asks_sent(struct open_asks *asks, const struct blob_msg *msg)
{
    if (msg->type == FRAME_BLOB_ASK)
        asks->count++;
    if (msg->type == FRAME_BLOB_WATCH)
        asks->watches[asks->next++ % BLOB_WATCHES_MAX] = msg->request;
}

void open_asks_answered(struct open_asks *asks, const struct blob_msg *msg)
{
    if (msg->type != FRAME_BLOB_END)
        return;
    for (unsigned i = 0; i < BLOB_WATCHES_MAX; i++) {
        if (asks->watches[i] != 0 && asks->watches[i] == msg->request) {
            asks->watches[i] = 0;
            return;
        }
    }
    if (asks->count > 0) /* else it was never asked, and is told so */
        asks->count--;
}
