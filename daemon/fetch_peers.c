/* Which peers are asked for a blob. */
#include <string.h>

#include "daemon/conn.h"
#include "daemon/fetch_parts.h"
#include "daemon/peers.h"

/* So often a provider that has nothing makes room. */
enum { REPLACE_MS = 2000 };

unsigned fetch_provider_of(const struct fetch *f, const struct conn *c)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS; i++) {
        if (f->providers[i] == conn_number(c))
            return i;
    }
    return BLOB_FETCH_NOBODY;
}

size_t fetch_owing(const struct fetch *f, uint64_t out[BLOB_FETCH_PROVIDERS])
{
    size_t n = 0;

    for (unsigned i = 0; f->state == FETCH_RUNNING && i < BLOB_FETCH_PROVIDERS;
         i++) {
        if (f->providers[i] != 0 && blob_fetch_owes(&f->machine, i))
            out[n++] = f->providers[i];
    }
    return n;
}

void fetch_note_liar(struct fetch *f, uint64_t source)
{
    const struct conn *c = peers_find(node_peer_table(f->node), source);

    if (c != NULL)
        memcpy(f->liars[f->liars_count++ % BLOB_FETCH_PROVIDERS], conn_node(c),
               KEY_LEN);
}

static bool is_liar(const struct fetch *f, const struct conn *c)
{
    for (unsigned i = 0; i < BLOB_FETCH_PROVIDERS && i < f->liars_count; i++) {
        if (memcmp(f->liars[i], conn_node(c), KEY_LEN) == 0)
            return true;
    }
    return false;
}

static bool is_avoided(const struct fetch *f, const struct conn *c)
{
    return f->config.avoids != NULL && f->config.avoids(f->config.context, c);
}

/* Whether it may be asked, and by which tag. */
static bool may_ask(const struct fetch *f, struct conn *c,
                    uint8_t tag[HELLO_TAG_LEN])
{
    return conn_is_open(c) && !is_liar(f, c) && !is_avoided(f, c) &&
           peer_tag_of_topic(conn_peer(c), f->config.want.topic, tag);
}

static void add(struct fetch *f, const struct conn *c,
                const uint8_t tag[HELLO_TAG_LEN])
{
    unsigned provider;

    if (blob_fetch_provider_add(&f->machine, &provider, tag,
                                f->config.requests_max, conn_rtt_ms(c),
                                fetch_now_ms(f)) == ERR_OK)
        f->providers[provider] = conn_number(c);
}

void fetch_peer_changed(struct fetch *f, struct conn *c)
{
    uint8_t tag[HELLO_TAG_LEN];
    unsigned provider = fetch_provider_of(f, c);
    bool shares = conn_is_open(c) &&
                  peer_tag_of_topic(conn_peer(c), f->config.want.topic, tag);

    if (f->state != FETCH_RUNNING)
        return;
    if (!shares) {
        fetch_peer_gone(f, c);
        return;
    }
    if (provider != BLOB_FETCH_NOBODY)
        return;
    /* With as many as it may have, it needs no more. */
    if (!is_liar(f, c) && !is_avoided(f, c))
        add(f, c, tag);
    fetch_step(f);
}

void fetch_peer_gone(struct fetch *f, const struct conn *c)
{
    unsigned provider = fetch_provider_of(f, c);

    if (f->state != FETCH_RUNNING || provider == BLOB_FETCH_NOBODY)
        return;
    f->providers[provider] = 0;
    blob_fetch_provider_remove(&f->machine, provider, fetch_now_ms(f));
    fetch_step(f);
}

void fetch_ask_all_peers(struct fetch *f)
{
    struct peers *peers = node_peer_table(f->node);

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c))
        fetch_peer_changed(f, c);
    fetch_step(f);
}

/* The next one after `number` that is not asked and might be, or NULL. */
static struct conn *next_candidate(const struct fetch *f, uint64_t number,
                                   uint8_t tag[HELLO_TAG_LEN])
{
    struct peers *peers = node_peer_table(f->node);
    struct conn *best = NULL;

    for (struct conn *c = peers_next(peers, NULL); c != NULL;
         c = peers_next(peers, c)) {
        if (conn_number(c) > number &&
            fetch_provider_of(f, c) == BLOB_FETCH_NOBODY &&
            (best == NULL || conn_number(c) < conn_number(best)) &&
            may_ask(f, c, tag))
            best = c;
    }
    return best != NULL && may_ask(f, best, tag) ? best : NULL;
}

void fetch_replace_peer(struct fetch *f)
{
    uint8_t tag[HELLO_TAG_LEN];
    unsigned provider;
    struct conn *c;

    if (f->state != FETCH_RUNNING ||
        fetch_now_ms(f) - f->replaced_ms < REPLACE_MS ||
        !blob_fetch_provider_spare(&f->machine, &provider))
        return;
    f->replaced_ms = fetch_now_ms(f);
    c = next_candidate(f, f->replaced, tag);
    if (c == NULL)
        c = next_candidate(f, 0, tag); /* round again */
    if (c == NULL)
        return;
    f->replaced = conn_number(c);
    blob_fetch_provider_remove(&f->machine, provider, fetch_now_ms(f));
    f->providers[provider] = 0;
    add(f, c, tag);
}
