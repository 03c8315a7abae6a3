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

static void make_key(void)
{
    has_key = pthread_key_create(&key, free_lanes) == 0;
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
