/* What a reader may have before its span is whole.  Asks for nothing. */
#include "proto/blob_proof.h"

#include <assert.h>
#include <string.h>

/* A span that comes within so long is not worth proving by parts. */
#define PATIENCE_MS 50

static struct blob_fetch_span *find_active(struct blob_fetch *f, uint64_t span)
{
    for (size_t i = 0; i < f->spans_max; i++)
        if (f->spans[i].state != BLOB_SPAN_FREE && f->spans[i].span == span)
            return &f->spans[i];
    return NULL;
}

static const struct blob_fetch_proof *find(const struct blob_fetch *f,
                                           uint64_t span)
{
    for (size_t i = 0; i < BLOB_FETCH_PROOFS; i++)
        if (f->proofs[i].state != BLOB_PROOF_NONE && f->proofs[i].span == span)
            return &f->proofs[i];
    return NULL;
}

/* Its span is whole, given up, or not waited for any more. */
static bool is_spent(struct blob_fetch *f, const struct blob_fetch_proof *proof)
{
    const struct blob_fetch_span *s = find_active(f, proof->span);

    return proof->state == BLOB_PROOF_NONE || s == NULL ||
           s->state == BLOB_SPAN_WRITING || proof->span < f->reader ||
           proof->span >= f->reader_end;
}

static struct blob_fetch_proof *find_spent(struct blob_fetch *f)
{
    for (size_t i = 0; i < BLOB_FETCH_PROOFS; i++)
        if (is_spent(f, &f->proofs[i]))
            return &f->proofs[i];
    return NULL;
}

static unsigned bit_of(const struct blob_fetch *f,
                       const struct blob_fetch_provider *p)
{
    return 1U << blob_fetch_number(f, p);
}

/*
 * Each one whose blocks are to be read is asked, in front of them: nobody shall
 * have to wait for another who is slower.
 */
bool blob_proof_helps(struct blob_fetch *f, const struct blob_fetch_provider *p,
                      uint64_t span)
{
    const struct blob_fetch_proof *proof = find(f, span);

    if (blob_span_len(f->id.size, span) <= BLOB_BLOCK_LEN ||
        p->rate >= (uint64_t)BLOB_SPAN_LEN * 1000 / PATIENCE_MS)
        return false;
    if (proof == NULL)
        return find_spent(f) != NULL;
    return proof->state == BLOB_PROOF_ASKED &&
           (proof->asked & bit_of(f, p)) == 0;
}

static struct blob_fetch_proof *find_asked(struct blob_fetch *f, uint64_t span)
{
    for (size_t i = 0; i < BLOB_FETCH_PROOFS; i++)
        if (f->proofs[i].state == BLOB_PROOF_ASKED && f->proofs[i].span == span)
            return &f->proofs[i];
    return NULL;
}

void blob_proof_begin(struct blob_fetch *f, const struct blob_fetch_provider *p,
                      uint64_t span)
{
    struct blob_fetch_proof *proof = find_asked(f, span);

    if (proof == NULL) {
        proof = find_spent(f);
        assert(proof != NULL);
        proof->state = BLOB_PROOF_ASKED;
        proof->asked = 0;
        proof->span = span;
    }
    proof->asked = (uint8_t)(proof->asked | bit_of(f, p));
}

void blob_proof_lose(struct blob_fetch *f, const struct blob_fetch_provider *p,
                     const struct blob_fetch_request *r)
{
    struct blob_fetch_proof *proof = find_asked(f, r->first);

    if (proof == NULL)
        return;
    proof->asked = (uint8_t)(proof->asked & ~bit_of(f, p));
    if (proof->asked == 0)
        proof->state = BLOB_PROOF_NONE;
}

struct blob_fetch_span *blob_proof_span(struct blob_fetch *f,
                                        const struct blob_fetch_request *r)
{
    return find_active(f, r->first);
}

enum err blob_proof_verify(const struct blob_fetch *f,
                           const struct blob_fetch_span *s, struct bytes hashes)
{
    uint64_t leaves = blob_leaf_count(blob_span_len(f->id.size, s->span));

    if (hashes.len != leaves * HASH_LEN)
        return ERR_BAD_PROOF;
    return blob_leaves_verify(s->expected, f->id.size, hashes);
}

void blob_proof_take(struct blob_fetch *f, const struct blob_fetch_request *r,
                     struct bytes hashes)
{
    struct blob_fetch_proof *proof = find_asked(f, r->first);

    if (proof == NULL)
        return;
    if (blob_proof_span(f, r) == NULL) { /* nothing vouches for them */
        proof->state = BLOB_PROOF_NONE;
        return;
    }
    memcpy(proof->leaves, hashes.data, hashes.len);
    proof->state = BLOB_PROOF_HERE;
}

void blob_proof_range(const struct blob_fetch *f,
                      const struct blob_fetch_span *s, unsigned blocks,
                      size_t *offset, size_t *len)
{
    size_t end = blob_span_len(f->id.size, s->span);
    unsigned first = 0, count = 0;

    while ((blocks >> first & 1) == 0)
        first++;
    while ((blocks >> (first + count) & 1) != 0)
        count++;
    *offset = first * (size_t)BLOB_BLOCK_LEN;
    *len = count * (size_t)BLOB_BLOCK_LEN;
    if (*len > end - *offset)
        *len = end - *offset;
}

/* Those of the blocks that follow the first of them without a gap. */
static unsigned first_run(unsigned blocks)
{
    unsigned lowest = blocks & (~blocks + 1);

    return blocks & ~(blocks + lowest);
}

bool blob_proof_next(const struct blob_fetch *f, struct blob_fetch_span *s,
                     struct blob_fetch_effect *out)
{
    unsigned blocks = s->held & ~(unsigned)s->proved;
    const struct blob_fetch_proof *proof;

    if (s->state != BLOB_SPAN_FILLING || s->tested != 0 || blocks == 0)
        return false;
    proof = find(f, s->span);
    if (proof == NULL || proof->state != BLOB_PROOF_HERE)
        return false;
    s->tested = (uint16_t)first_run(blocks);
    *out = (struct blob_fetch_effect){ .kind = BLOB_FETCH_CHECK_BLOCKS,
                                       .slot = (unsigned)(s - f->spans),
                                       .index = s->span };
    blob_proof_range(f, s, s->tested, &out->offset, &out->len);
    out->hashes = (struct bytes){
        proof->leaves + out->offset / BLOB_LEAF_LEN * HASH_LEN,
        (size_t)blob_leaf_count(out->len) * HASH_LEN,
    };
    return true;
}

bool blob_proof_find(const struct blob_fetch *f, uint64_t at,
                     struct blob_place *out)
{
    for (unsigned i = 0; i < f->spans_max; i++) {
        const struct blob_fetch_span *s = &f->spans[i];
        unsigned block = (unsigned)(at / BLOB_BLOCK_LEN % BLOB_REQUEST_BLOCKS);
        size_t offset, len;

        if (s->state == BLOB_SPAN_FREE || s->span != at / BLOB_SPAN_LEN ||
            (s->proved >> block & 1) == 0)
            continue;
        blob_proof_range(f, s, (unsigned)s->proved >> block << block, &offset,
                         &len);
        *out = (struct blob_place){ .slot = i };
        out->offset = (size_t)(at % BLOB_SPAN_LEN);
        out->len = offset + len - out->offset;
        return true;
    }
    return false;
}
