/* Multi-buffer hashing for whichever thread asks. */
#include "store/thread_hash.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

static void free_multi(void *multi)
{
    multi_hash_free(multi);
}

/* Where a processor has none, nobody is to try again with each piece: that
 * takes longer than to hash a small one. */
static void make_key(void)
{
    struct multi_hash *multi = multi_hash_new();

    has_key = multi != NULL && pthread_key_create(&key, free_multi) == 0;
    multi_hash_free(multi);
}

struct multi_hash *thread_multi_hash(void)
{
    struct multi_hash *multi;

    if (pthread_once(&once, make_key) != 0 || !has_key)
        return NULL;
    multi = pthread_getspecific(key);
    if (multi != NULL)
        return multi;
    multi = multi_hash_new();
    if (multi != NULL && pthread_setspecific(key, multi) != 0) {
        multi_hash_free(multi);
        return NULL;
    }
    return multi;
}
