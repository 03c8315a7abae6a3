#ifndef PROTO_BLOB_SERVE_H
#define PROTO_BLOB_SERVE_H

#include "proto/blob_msg.h"

/*
 * The provider's side of one connection (docs/protocol.md §6.4): which requests
 * are open, what is read next, what is sent next.  The caller owns the read
 * buffers of BLOB_SERVE_READ bytes (or a page's or a span's hashes) and the
 * files.  Requests for one blob are served one after the other, oldest first;
 * blobs take turns, so that a small one does not wait for all of a large one.
 * The next reads run while the last one is sent.
 *
 *   BLOB_ASK came     look whether the blob is held for the tag's topic, then
 *                     blob_serve_ask() with that verdict
 *   BLOB_CANCEL came  blob_serve_cancel()
 *   after each input, and when the bulk queue has room:
 *                     blob_serve_next() until it says false
 */

/*
 * Bytes of one read, half a span, and how many are under way or being sent: a
 * disk gives most when it is asked for some at once.
 */
#define BLOB_SERVE_READ    (BLOB_SPAN_LEN / 2)
#define BLOB_SERVE_BUFFERS 3

/*
 *                 ask            read done            last byte sent, or the
 *   (unknown) ----------> OPEN <-----------> sending   read failed, or cancel
 *                          `----------------------------> ENDED --> (unknown)
 *                                                    END is taken
 */
struct blob_serve_request {
    bool open;
    bool ended;    /* only its END is left to be sent */
    enum err code; /* of that END */
    uint32_t request;
    uint32_t turn;  /* its place in the order of arrival */
    uint64_t start; /* when it would begin if all blobs were served at once */
    struct blob_ask ask;
    uint64_t read_at; /* next byte to be read; a page or a span: 0, then 1 */
    uint64_t read_end;
    uint64_t sent_at; /* next byte to be sent, likewise */
};

/* DROPPED: being read for a request that has ended meanwhile. */
enum blob_buffer_state {
    BLOB_BUFFER_FREE,
    BLOB_BUFFER_READING,
    BLOB_BUFFER_FULL,
    BLOB_BUFFER_DROPPED
};

/* A read buffer of the caller's and what is in it. */
struct blob_serve_buffer {
    enum blob_buffer_state state;
    unsigned request; /* index into requests */
    uint64_t offset;
    size_t len;
    size_t sent;
};

struct blob_serve {
    struct blob_serve_request requests[BLOB_REQUESTS_MAX];
    struct blob_serve_buffer buffers[BLOB_SERVE_BUFFERS];
    uint32_t turn;
    uint64_t now;   /* the start of what is being read */
    bool no_pieces; /* see blob_serve_hold() */
    bool no_reads;
    size_t piece_max;    /* of one BLOB_DATA */
    uint64_t bytes_sent; /* of blobs, since init: for the caller's figures */
};

/*
 * What the caller is to do.
 *   READ        read `len` bytes at `offset` of the blob into `buffer`
 *   READ_LAYER  fetch hashes and uncles of page `first` into `buffer`
 *   READ_INNER  compute the leaf hashes of span `first` into `buffer`; all
 * three are answered by blob_serve_read_done() SEND_DATA   send BLOB_DATA:
 * `len` bytes from `start` in `buffer`, which are at `offset` in the blob; the
 * buffer may be reused after the next call, so encode before it SEND_LAYER,
 * SEND_INNER  send what was read for `first` into `buffer` SEND_END    send
 * BLOB_END with `code` All frames go to the session's bulk queue, in this
 * order.
 */
enum blob_serve_kind {
    BLOB_SERVE_READ_DATA,
    BLOB_SERVE_READ_LAYER,
    BLOB_SERVE_READ_INNER,
    BLOB_SERVE_SEND_DATA,
    BLOB_SERVE_SEND_LAYER,
    BLOB_SERVE_SEND_INNER,
    BLOB_SERVE_SEND_END
};

struct blob_serve_effect {
    enum blob_serve_kind kind;
    uint32_t request;    /* as the asker named it */
    struct blob_ask ask; /* which blob, for which topic, which page or span */
    unsigned buffer;
    uint64_t offset;
    size_t start;
    size_t len;
    enum err code;
};

void blob_serve_init(struct blob_serve *s);

/*
 * Takes a decoded BLOB_ASK.  `verdict` is ERR_OK if what it asks for is held
 * for the topic of its tag, else what to answer: ERR_NOT_HELD or ERR_BUSY.
 *   ERR_FLOOD      more than BLOB_REQUESTS_MAX are open; close
 *   ERR_MALFORMED  its number is that of an open request; close
 */
MUST_CHECK enum err blob_serve_ask(struct blob_serve *s,
                                   const struct blob_msg *msg,
                                   enum err verdict);

/* Takes a decoded BLOB_CANCEL; one that crossed our END is ignored. */
void blob_serve_cancel(struct blob_serve *s, const struct blob_msg *msg);

/*
 * A READ_* has ended; on any error but ERR_OK the request ends, told to the
 * asker as ERR_NOT_HELD: why a file of ours fails is nobody else's business.
 */
void blob_serve_read_done(struct blob_serve *s, unsigned buffer, enum err e);

/* Whether all requests have been answered. */
bool blob_serve_is_idle(const struct blob_serve *s);

/*
 * What blob_serve_next() may not give until the next call of this: bytes and
 * hashes to be sent, and reads.  Ends of requests are always told.
 */
void blob_serve_hold(struct blob_serve *s, bool pieces, bool reads);

/* Bytes that one BLOB_DATA may have from now on: 1 to BLOB_DATA_CHUNK_MAX. */
void blob_serve_set_piece(struct blob_serve *s, size_t max);

/*
 * Gives the next thing to do, or false if there is nothing now.  Without
 * `room` in the bulk queue only reads are given.
 */
bool blob_serve_next(struct blob_serve *s, bool room,
                     struct blob_serve_effect *out);

#endif
