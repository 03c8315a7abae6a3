#ifndef PROTO_VERDICT_H
#define PROTO_VERDICT_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * What a record means among the others of its topic (docs/protocol.md §7.1).
 * Verdicts are derived and never travel: each node reaches the same ones.
 */

/* Columns: name, word for people and JSON. */
/* clang-format off */
#define VERDICT_MAP(X)                                                         \
    X(UNDECIDED,  "undecided") /* stored; no rule for its kind here */         \
    X(IN_FORCE,   "in force")                                                  \
    X(SUPERSEDED, "superseded") /* valid, and a newer one stands */            \
    X(RETRACTED,  "retracted")   /* its author took it back */                 \
    X(CONTESTED,  "contested")   /* a final one, signed by a revoked device */ \
    X(WAITING,    "waiting")       /* dated ahead of now */                    \
    X(NEWER,      "needs a newer Troupe")                                      \
    X(VOID,       "void")

/* Why a record is void; a text continues "void: " and may name a subject. */
#define VOID_MAP(X)                                                            \
    X(NONE,           "")                                                      \
    X(MALFORMED,      "malformed")                                             \
    X(NO_FOUNDER,     "the record that founds its topic is not held")          \
    X(WRONG_TOPIC,    "does not belong into this topic")                       \
    X(REVOKED_DEVICE, "signed by a revoked device")                            \
    X(NOT_BY_PERSON,  "not signed by the person's own key")                    \
    X(NOT_AUTHOR,     "not by the author of what it names")                    \
    X(NOT_LEADER,     "not by a leader")                                       \
    X(NO_TARGET,      "names a record that is not in this topic")              \
    X(WRONG_TARGET,   "names a record of a kind that it cannot act on")        \
    X(VOID_TARGET,    "names a record that is void")                           \
    X(NOT_FIRST,      "revises a revision instead of the first record")        \
    X(OTHER_KIND,     "revises a record of another kind")                      \
    X(TERMS_CHANGED,  "changes licence or terms after the first request")      \
    X(FINAL,          "retracts a record of a final kind")                     \
    X(CYCLE,          "closes a cycle of citations")                           \
    X(OMITS,          "omits")                                                 \
    X(LICENCE_MIX,    "builds on works whose licences exclude each other")     \
    X(INCOMPLETE,     "goes on in pages that are not held")                    \
    X(TOO_MANY,       "one more than counts of its kind and author")           \
    X(NOT_CREATOR,    "not by the creator")                                    \
    X(NOT_INVITED,    "not by the person invited")                             \
    X(STALE,          "answers an invitation that a later one has replaced")   \
    X(NOT_SILENT,     "not after the silence that the terms name")             \
    X(NOT_ADMITTED,   "not by somebody whom the project admits")               \
    X(NO_REVISION,    "revises a record that cannot be revised")               \
    X(TERMS_PAY,      "is not what the terms of its project say")              \
    X(NO_POOL,        "is about an income that leaves nothing to share")       \
    X(WINDOW,         "opens before it was made, or for less than 14 days")    \
    X(SHARES,         "its shares do not name each person once and sum to 10,000 basis points") \
    X(CLOSED,         "made after the proposal closed")                        \
    X(EARLY,          "made before the proposal closed")                       \
    X(UNANSWERED,     "leaves feedback unanswered")                            \
    X(NOT_ACCEPTED,   "not accepted by")                                       \
    X(NOT_AS_PROPOSED, "its shares are not those that were accepted")          \
    X(AMOUNTS,        "its amounts are not the pool shared out by its shares") \
    X(SECOND_FINAL,   "a final of the same income is being paid")              \
    X(NOT_PAYEE,      "by or for somebody who is not paid by it")              \
    X(CURRENCY,       "in another currency than the income")                   \
    X(OWN_WORK,       "answers a work of its own author")                      \
    X(NO_CLASS,       "its project is no class")                               \
    X(NO_HELPER,      "names nobody who helped")                               \
    X(NO_KEEPSAKE,    "its keepsake does not credit both")                     \
    X(DECLINED,       "declined by the author of the work that it speaks of")  \
    X(NO_GRANT,       "uses a work whose author has reserved all rights")
/* clang-format on */

enum verdict_state {
#define X(name, text) VERDICT_##name,
    VERDICT_MAP(X)
#undef X
        VERDICT_STATE_COUNT
};

enum void_reason {
#define X(name, text) VOID_##name,
    VOID_MAP(X)
#undef X
        VOID_REASON_COUNT
};

/* What `subject` is the id of. */
enum verdict_subject {
    VERDICT_ABOUT_NOTHING,
    VERDICT_ABOUT_PERSON,
    VERDICT_ABOUT_RECORD
};

struct verdict {
    enum verdict_state state;
    enum void_reason reason; /* VOID_NONE unless state is VERDICT_VOID */
    enum verdict_subject about;
    uint8_t subject[ID_LEN];
};

const char *verdict_state_text(enum verdict_state state);
const char *void_reason_text(enum void_reason reason);

/* True for IN_FORCE and CONTESTED: the record has its effect. */
bool verdict_is_in_force(const struct verdict *v);

/* Longest text of verdict_text(), its NUL included. */
#define VERDICT_TEXT_MAX 192
/*
 * Writes the reason as people and JSON (`void_reason`) have it, NUL-terminated:
 * empty when in force, the state's word otherwise, and for void ones the reason
 * followed by the subject: its `name` if that is not empty, else 64 hex digits.
 */
void verdict_text(const struct verdict *v, struct bytes name,
                  char out[VERDICT_TEXT_MAX]);

#endif
