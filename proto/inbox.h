#ifndef PROTO_INBOX_H
#define PROTO_INBOX_H

#include "proto/topic_state.h"

/*
 * What concerns whom: which records tell one person something, and why.  Read
 * from one judged topic; a record tells one thing at most.  What one has made
 * oneself tells nothing.
 */

/* clang-format off */
#define INBOX_MAP(X)                                                           \
    X(CITED,     "cited")     /* my work is the source of another */           \
    X(ANSWERED,  "answered")  /* a work for a request or project that I lead */\
    X(WELCOME,   "welcome")   /* the same, and its maker's first one there */  \
    X(DIRECTED,  "directed")  /* a leader says what my work still needs */     \
    X(CHOSEN,    "chosen")    /* my work is chosen or on the shortlist */      \
    X(FEEDBACK,  "feedback")  /* on something of mine */                       \
    X(COMMENT,   "comment")   /* on something of mine, or a reply to me */     \
    X(UPDATE,    "update")    /* news of a project that is followed */         \
    X(CLOSING,   "closing")   /* a followed request closes within a day */     \
    X(UNDECIDED, "undecided") /* a request that I lead waits for an outcome */ \
    X(PROPOSED,  "proposed")  /* a split names me */                           \
    X(FINAL,     "final")     /* a split that names me is final */             \
    X(RECEIPT,   "receipt")   /* somebody says that I was paid */              \
    X(REPLY,     "reply")     /* feedback on a split that I have to answer */  \
    X(INVITED,   "invited")   /* a role is offered to me */                    \
    X(CONTACT,   "contact")   /* a stranger's comment that waits for my leave */
/* clang-format on */

enum inbox_kind {
#define X(name, text) INBOX_##name,
    INBOX_MAP(X)
#undef X
        INBOX_KINDS
};

/*
 * What comes in until its owner says otherwise, a bit for each kind: what is
 * about their own works and what waits for them.  News of projects and talk
 * come in once they are asked for.
 */
#define INBOX_DEFAULT                                                          \
    ((((uint32_t)1 << INBOX_KINDS) - 1) & ~((uint32_t)1 << INBOX_UPDATE) &     \
     ~((uint32_t)1 << INBOX_COMMENT))

const char *inbox_kind_name(enum inbox_kind kind);
/* False if there is none of that name. */
bool inbox_kind_find(struct bytes name, enum inbox_kind *out);

struct inbox_reader {
    const uint8_t *me;
    bool follows; /* the topic */
    /* Whether the record of another topic is mine; NULL: none is. */
    bool (*is_mine)(void *context, const uint8_t id[ID_LEN]);
    void *context;
};

struct inbox_item {
    enum inbox_kind kind;
    uint8_t about[ID_LEN]; /* what of mine, or of what I follow */
};

/*
 * What the record `e` of `ts` tells the reader: false if nothing, or if it is
 * not in force.  ERR_NO_MEMORY
 */
MUST_CHECK enum err inbox_of_record(bool *out, struct inbox_item *item,
                                    const struct topic_state *ts,
                                    const struct topic_entry *e,
                                    const struct inbox_reader *reader);
/* The field of a record's body that is shown beside it, or NULL. */
const char *inbox_text_field(uint64_t kind);

/* A request is called closing so long before its deadline. */
#define INBOX_CLOSING_MS ((uint64_t)DAY_MS)
/*
 * What the time tells the reader of the request `e`, its version in force, and
 * since when; false if nothing.  *next_ms gets earlier if something will be
 * told before it.  ERR_NO_MEMORY
 */
MUST_CHECK enum err inbox_of_time(bool *out, struct inbox_item *item,
                                  uint64_t *since_ms, uint64_t *next_ms,
                                  const struct topic_state *ts,
                                  const struct topic_entry *e,
                                  const struct inbox_reader *reader);

#endif
