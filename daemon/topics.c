#include "daemon/topics.h"

#include <string.h>

#include "daemon/interest.h"

/* Rows of follows differ; they can repeat the board and the person only. */
enum { FOLLOWS_PAGE = 64, OWN_TOPICS = 2 };

/* The list that a hello is made of. */
struct list {
    struct peer_topic topics[TOPICS_MAX];
    size_t count;
    uint32_t until_day;
};

/* What does not fit is not told: the store holds it all the same. */
static void add(struct list *list, const uint8_t topic[ID_LEN],
                uint64_t from_day)
{
    struct peer_topic *t = &list->topics[list->count];

    if (list->count == TOPICS_MAX)
        return;
    for (size_t i = 0; i < list->count && i < OWN_TOPICS; i++) {
        if (memcmp(list->topics[i].topic, topic, ID_LEN) == 0)
            return;
    }
    memcpy(t->topic, topic, ID_LEN);
    t->until_day = list->until_day;
    t->from_day = from_day < t->until_day ? (uint32_t)from_day : t->until_day;
    list->count++;
}

static enum err add_followed(struct list *list, struct store *store)
{
    struct store_follow page[FOLLOWS_PAGE];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    size_t n;

    do {
        enum err e = store_follows(store, after, page, FOLLOWS_PAGE, &n);

        if (e != ERR_OK)
            return e;
        for (size_t i = 0; i < n; i++)
            add(list, page[i].topic, page[i].from_ms / DAY_MS);
        if (n > 0)
            memcpy(last, page[n - 1].topic, ID_LEN);
        after = last;
    } while (n == FOLLOWS_PAGE);
    return ERR_OK;
}

/* All of them, as of now; good until the next call. */
static enum err make_list(const struct node *node, const struct list **out)
{
    static struct list list; /* large, and only the loop comes here */
    uint64_t today = node_clock_ms(node) / DAY_MS;
    const struct person_keys *person = node_person(node);

    list.count = 0;
    list.until_day =
        today + 1 < HELLO_DAY_MAX ? (uint32_t)(today + 1) : HELLO_DAY_MAX;
    add(&list, node_board(node), interest_board_day(node_interest(node)));
    if (person != NULL)
        add(&list, person->person, 0);
    *out = &list;
    return add_followed(&list, node_store(node));
}

enum err topics_tell(const struct node *node, struct peer *peer,
                     uint64_t now_ms)
{
    const struct list *list;
    enum err e = make_list(node, &list);

    if (e != ERR_OK)
        return e;
    return peer_topics_set(peer, list->topics, list->count, now_ms);
}

enum err topics_keep_symbols(const struct node *node)
{
    const struct list *list;
    enum err e = make_list(node, &list);

    for (size_t i = 0; e == ERR_OK && i < list->count; i++) {
        const struct peer_topic *t = &list->topics[i];
        struct record_range window = hello_window(t->from_day, t->until_day);

        e = store_symbols_keep(node_store(node), t->topic, &window);
    }
    return e;
}

enum err topics_policy(const struct node *node, const uint8_t topic[ID_LEN],
                       struct store_follow *out)
{
    return store_follow_find(node_store(node), topic, out);
}
