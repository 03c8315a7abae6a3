#ifndef PROTO_BLOB_FETCH_PARTS_H
#define PROTO_BLOB_FETCH_PARTS_H

#include <assert.h>

#include "proto/blob_fetch.h"

/*
 * What the three files of blob_fetch.h share: blob_fetch.c begins, decides what
 * is next and ends, blob_fetch_recv.c takes frames, blob_fetch_check.c what the
 * caller found out.  For nobody else.
 */

static inline void blob_fetch_set_now(struct blob_fetch *f, uint64_t now_ms)
{
    assert(now_ms >= f->now_ms);
    f->now_ms = now_ms;
}

static inline struct blob_fetch_provider *
blob_fetch_provider_at(struct blob_fetch *f, unsigned provider)
{
    assert(provider < BLOB_FETCH_PROVIDERS && f->providers[provider].used);
    return &f->providers[provider];
}

static inline void blob_fetch_enter(struct blob_fetch_span *s,
                                    enum blob_span_state state)
{
    s->state = state;
    s->told = false;
}

/* --- blob_fetch.c --- */

/* The state that follows from what is still missing. */
void blob_fetch_settle(struct blob_fetch *f);

/* --- blob_fetch_check.c --- */

/* Throws blocks away, to be asked for again by whoever comes first. */
void blob_fetch_drop(struct blob_fetch_span *s, unsigned blocks);

#endif
