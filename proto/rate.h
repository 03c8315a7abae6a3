#ifndef PROTO_RATE_H
#define PROTO_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A limit of bytes a second as a balance: it grows with time, up to what
 * RATE_BURST_MS bring, and pays for what is sent; one piece may take it below
 * zero.  So in any time t at most rate * t, a burst and a piece go out; and who
 * always has something and looks at least every RATE_BURST_MS sends no less
 * than rate * t, less a piece, at whatever moments they look.  Fractions of a
 * byte are kept, so that nothing is lost or gained over days.
 *
 * Plain data; the caller passes the time in monotonic milliseconds.
 */

#define RATE_BURST_MS 250
#define RATE_MAX      ((uint64_t)1 << 40)

struct rate {
    uint64_t per_s;  /* bytes; 0: no limit */
    uint64_t at_ms;  /* up to when time has been counted */
    int64_t balance; /* in thousandths of a byte */
};

/* `per_s` is at most RATE_MAX. */
void rate_init(struct rate *rate, uint64_t per_s, uint64_t now_ms);
/* Another limit from now on; what was sent in advance is still owed. */
void rate_set(struct rate *rate, uint64_t per_s, uint64_t now_ms);
/* Whether a piece may go now. */
bool rate_allows(struct rate *rate, uint64_t now_ms);
/* So many bytes have gone, allowed or not. */
void rate_take(struct rate *rate, uint64_t bytes, uint64_t now_ms);
/* The first moment at which a piece may go; not after `now_ms` if it may. */
uint64_t rate_ready_ms(struct rate *rate, uint64_t now_ms);

#endif
