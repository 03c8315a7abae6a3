#include "tests/sim/hostile.h"

#include <assert.h>
#include <string.h>

#include "proto/frame.h"

/* How often a flooder says everything. */
enum { FLOOD_COPIES = 64 };

/* What a node does with one frame of its own: writes what it sends instead. */
typedef void alter_fn(struct node *n, const struct frame *f, struct writer *w);

struct hostile {
    const char *name;
    alter_fn *alter; /* NULL: its frames are as they should be */
    bool lies;       /* about the sums of its set */
};

static void put_frame(struct writer *w, uint8_t type, struct bytes payload)
{
    uint8_t head[FRAME_HEADER_MAX];
    size_t len = frame_header(head, type, payload.len);

    if (len + payload.len > w->max - w->len)
        return;
    writer_bytes(w, (struct bytes){ head, len });
    writer_bytes(w, payload);
}

static bool is_record(const struct frame *f)
{
    return f->type == FRAME_RECORD || f->type == FRAME_NOT_HELD;
}

/* Says what it has and gives nothing. */
static void withhold(struct node *n, const struct frame *f, struct writer *w)
{
    (void)n;
    if (!is_record(f))
        put_frame(w, f->type, f->payload);
}

/* Begins what others wait for. */
static void fall_silent(struct node *n, const struct frame *f, struct writer *w)
{
    (void)n;
    if (f->type != FRAME_SYNC ||
        f->payload.data[HELLO_TAG_LEN + 1] == SYNC_OPEN)
        put_frame(w, f->type, f->payload);
}

static void repeat(struct node *n, const struct frame *f, struct writer *w)
{
    (void)n;
    put_frame(w, f->type, f->payload);
    if (is_record(f))
        put_frame(w, f->type, f->payload);
}

static void flood(struct node *n, const struct frame *f, struct writer *w)
{
    (void)n;
    for (unsigned i = 0; i < FLOOD_COPIES; i++)
        put_frame(w, f->type, f->payload);
}

/* One bit of the payload after the topic's tag is another. */
static void forge(struct node *n, const struct frame *f, struct writer *w)
{
    uint8_t altered[FRAME_PAYLOAD_MAX];
    uint64_t bit;

    memcpy(altered, f->payload.data, f->payload.len);
    if (is_record(f)) {
        bit = rng_between(&n->rng, 8 * HELLO_TAG_LEN, 8 * f->payload.len - 1);
        altered[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    put_frame(w, f->type, (struct bytes){ altered, f->payload.len });
}

/* Now and then the frame ends early, or is noise. */
static void babble(struct node *n, const struct frame *f, struct writer *w)
{
    uint8_t noise[64];
    struct bytes payload = f->payload;

    rng_bytes(&n->rng, noise, sizeof noise);
    if (rng_chance(&n->rng, 100000))
        payload = (struct bytes){ noise, rng_below(&n->rng, sizeof noise) };
    else if (rng_chance(&n->rng, 100000))
        payload.len = rng_below(&n->rng, payload.len + 1);
    put_frame(w, f->type, payload);
}

static const struct hostile kinds[] = {
    { "withholder", withhold, false },
    { "mute", fall_silent, false },
    { "repeater", repeat, false },
    { "flooder", flood, false },
    { "forger", forge, false },
    { "babbler", babble, false },
    { "liar", NULL, true },
    { "stranger", NULL, false },
};

const struct hostile *hostile_kind(unsigned i)
{
    static_assert(sizeof kinds / sizeof kinds[0] == HOSTILE_STRANGER + 1,
                  "the stranger is the last");
    return i == HOSTILE_STRANGER ? &kinds[i] : &kinds[i % HOSTILE_STRANGER];
}

void hostile_alter(struct node *n, struct writer *frames)
{
    static uint8_t copy[NOISE_PLAINTEXT_MAX];
    struct reader r;
    struct frame f;

    if (n->hostile == NULL || n->hostile->alter == NULL)
        return;
    memcpy(copy, frames->data, frames->len);
    r = reader_of((struct bytes){ copy, frames->len });
    writer_reset(frames);
    while (r.left > 0 && frame_next(&f, &r) == ERR_OK)
        n->hostile->alter(n, &f, frames);
    assert(frames->err == ERR_OK);
}

/* ---- A set that is never what it seems ---------------------------------- */

static enum err lie_sum(void *set, const uint8_t topic[ID_LEN],
                        const struct record_range *range,
                        struct record_sum *out)
{
    struct record_set truth = set_view(set);
    enum err e = truth.ops->sum(truth.set, topic, range, out);

    for (size_t i = 0; i < SYNC_LANES; i++)
        out->lanes[i] += out->count;
    return e;
}

struct record_set hostile_set(struct node *n)
{
    static struct record_set_ops lies;
    struct record_set set = set_view(&n->set);

    if (n->hostile == NULL || !n->hostile->lies)
        return set;
    lies = *set.ops;
    lies.sum = lie_sum;
    return (struct record_set){ &lies, set.set };
}
