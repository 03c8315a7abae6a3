#ifndef DAEMON_SUGGEST_H
#define DAEMON_SUGGEST_H

#include "daemon/call.h"
#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * Open requests that fit the node's person: by skills and what they seek, as
 * their profile says, and by the kinds of what they have made.  What one leads
 * or has answered is left out.  Best fit first, then the nearest deadline.
 */
enum { SUGGESTIONS_MAX = 50, SUGGEST_TITLE_MAX = 200, SUGGEST_WHY_MAX = 64 };

struct suggestion {
    uint8_t id[ID_LEN];
    uint8_t project[ID_LEN];
    bool in_project;
    uint8_t title[SUGGEST_TITLE_MAX];
    size_t title_len;
    uint64_t deadline_ms; /* 0: none */
    uint64_t created_ms;
    uint32_t score;
    uint8_t why[SUGGEST_WHY_MAX]; /* the tag or kind that fits best */
    size_t why_len;
};

/* At most *count into `out`, but `except`; *count is how many. */
MUST_CHECK enum err suggest_requests(struct call *call,
                                     const uint8_t except[ID_LEN],
                                     struct suggestion *out, size_t *count);
/* {id, project, title, deadline_ms, why} */
void suggest_put(struct writer *w, const struct suggestion *s);

#endif
