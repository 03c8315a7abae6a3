/* Lanes for whichever thread asks.  Knows nothing of what they hash. */
#include "store/thread_lanes.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

static void free_lanes(void *lanes)
{
    lanes_free(lanes);
}

/* Where a processor has none, nobody is to try again with each piece: that
 * takes longer than to hash a small one. */
static void make_key(void)
{
    struct lanes *lanes = lanes_new();

    has_key = lanes != NULL && pthread_key_create(&key, free_lanes) == 0;
    lanes_free(lanes);
}

struct lanes *thread_lanes(void)
{
    struct lanes *lanes;

    if (pthread_once(&once, make_key) != 0 || !has_key)
        return NULL;
    lanes = pthread_getspecific(key);
    if (lanes != NULL)
        return lanes;
    lanes = lanes_new();
    if (lanes != NULL && pthread_setspecific(key, lanes) != 0) {
        lanes_free(lanes);
        return NULL;
    }
    return lanes;
}
