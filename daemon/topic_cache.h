#ifndef DAEMON_TOPIC_CACHE_H
#define DAEMON_TOPIC_CACHE_H

#include "daemon/node.h"
#include "proto/authority.h"

/*
 * Judged topics, read from the store when somebody asks and kept up to date by
 * what arrived since.  As many are kept as memory is meant for them; the least
 * recently asked for goes.
 */
struct topic_cache;

MUST_CHECK enum err topic_cache_new(struct topic_cache **out,
                                    struct node *node);
void topic_cache_free(struct topic_cache *cache); /* accepts NULL */

/*
 * All held records of the topic, judged as of now.  *out is valid until the
 * next call and may be empty: then nothing of the topic is held.
 *   ERR_TOO_LARGE  more records than one topic may bring into memory
 *   errors of the store, ERR_NO_MEMORY
 */
MUST_CHECK enum err topic_cache_get(struct topic_cache *cache,
                                    const uint8_t topic[ID_LEN],
                                    struct topic_state **out);

/*
 * The same for those who look at its requests only: unless the whole of it is
 * there, its works are left out, which may be most of it.  What is said of
 * requests, of the project and of roles is that of the whole topic; works may
 * be missing, and what is said of what names them is not to be shown.
 */
MUST_CHECK enum err topic_cache_outline(struct topic_cache *cache,
                                        const uint8_t topic[ID_LEN],
                                        struct topic_state **out,
                                        bool *is_whole);

/*
 * For drafts that come together: a topic that was brought up to date after
 * `turn` is judged with what was put into it since, and the store is not asked.
 */
uint64_t topic_cache_turn(const struct topic_cache *cache);
MUST_CHECK enum err topic_cache_get_since(struct topic_cache *cache,
                                          const uint8_t topic[ID_LEN],
                                          uint64_t turn,
                                          struct topic_state **out);

/*
 * Record number `seq` of the topic is durable: an entry that is as new as the
 * record before it need not read it back.  Takes *take, used or not.
 */
void topic_cache_put(struct topic_cache *cache, const uint8_t topic[ID_LEN],
                     uint64_t seq, struct topic_entry *take);

/* Forgets all: a topic may have been left without a judgement. */
void topic_cache_clear(struct topic_cache *cache);

#endif
