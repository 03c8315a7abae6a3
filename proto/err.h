#ifndef PROTO_ERR_H
#define PROTO_ERR_H

/*
 * The one list of errors.  Each has a name, whose fault it is, the exit code
 * that the client ends with when a command fails by it, and a text for people.
 * The numbers travel in close frames (docs/protocol.md §4.6): append only.
 */

#define MUST_CHECK __attribute__((warn_unused_result))

/*
 * Whose fault an error is; this alone decides what the daemon does next.
 *   NONE    nobody's: end the connection quietly, if at all
 *   PEER    the sender broke the protocol: close, and ban it for an hour
 *   AUTHOR  only the author could have got it right: drop the message alone
 *   NET     the way between us failed: close and dial again with backoff
 *   LOCAL   this node could not do it: stop what needed it
 */
enum blame { BLAME_NONE, BLAME_PEER, BLAME_AUTHOR, BLAME_NET, BLAME_LOCAL };

/* Exit codes of the client (docs/control-api.md). */
enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_NOT_FOUND = 3,
    EXIT_CODE_AMBIGUOUS = 4,
    EXIT_CODE_REFUSED = 5,
    EXIT_CODE_NOT_RUNNING = 6,
    EXIT_CODE_PARTIAL = 7,
    EXIT_CODE_INTEGRITY = 8,
    EXIT_CODE_LIMIT = 9,
    EXIT_CODE_CONFIRM = 10,
    EXIT_CODE_KEY = 11,
    EXIT_CODE_VERSION = 12
};

/* clang-format off */
#define ERR_MAP(X)                                                                        \
    X(OK,              NONE,   OK,        "success")                                      \
    X(TRUNCATED,       PEER,   FAILED,    "message ends before its declared length")      \
    X(TRAILING,        PEER,   FAILED,    "bytes left over after the message")            \
    X(TOO_LARGE,       PEER,   LIMIT,     "length is over the protocol limit")            \
    X(MALFORMED,       PEER,   FAILED,    "message does not follow the protocol")         \
    X(NOT_CANONICAL,   PEER,   FAILED,    "encoding is not the canonical one")            \
    X(TOO_DEEP,        PEER,   FAILED,    "values are nested too deep")                   \
    X(BAD_UTF8,        PEER,   FAILED,    "text is not valid UTF-8")                      \
    X(OUT_OF_ORDER,    PEER,   FAILED,    "message is not allowed in this state")         \
    X(UNKNOWN_FRAME,   PEER,   VERSION,   "frame of an unknown kind that may not be ignored") \
    X(BAD_HANDSHAKE,   NET,    FAILED,    "handshake failed: other network, other protocol or tampering") \
    X(WRONG_NODE,      NET,    FAILED,    "another node answers at this address")         \
    X(BAD_KEY,         PEER,   FAILED,    "public key is not usable")                     \
    X(SELF,            NONE,   FAILED,    "connection to this node itself")               \
    X(DUPLICATE,       NONE,   FAILED,    "a connection to this peer exists already")     \
    X(BAD_CIPHERTEXT,  NET,    INTEGRITY, "message was altered or is out of sequence")    \
    X(BAD_SIGNATURE,   PEER,   INTEGRITY, "signature does not match")                     \
    X(BAD_CERTIFICATE, PEER,   INTEGRITY, "certificate does not match author and signer") \
    X(NO_CERTIFICATE,  PEER,   INTEGRITY, "certificate of the signer is missing")         \
    X(BAD_BODY,        PEER,   INTEGRITY, "body does not match its signed hash")          \
    X(NO_BODY,         PEER,   INTEGRITY, "body is missing without a retraction")         \
    X(BAD_BLOB,        PEER,   INTEGRITY, "blob bytes do not match their root")           \
    X(BAD_PROOF,       PEER,   INTEGRITY, "hashes do not lead to the blob's root")        \
    X(NOT_ASKED,       PEER,   FAILED,    "answer to something that was not asked")       \
    X(TAG_REFLECTED,   PEER,   FAILED,    "topic tag is a copy of one of ours")           \
    X(FLOOD,           PEER,   LIMIT,     "peer sent more than the protocol allows")      \
    X(MALFORMED_BODY,  AUTHOR, FAILED,    "body does not follow the schema of its kind")  \
    X(OVER_BUDGET,     AUTHOR, LIMIT,     "author's budget for the day is used up")       \
    X(FUTURE,          AUTHOR, FAILED,    "record is dated in the future")                \
    X(TIMEOUT,         NET,    PARTIAL,   "peer stayed silent for too long")              \
    X(CLOSED,          NET,    PARTIAL,   "peer closed the connection")                   \
    X(REFUSED_CONN,    NET,    FAILED,    "connection refused")                           \
    X(UNREACHABLE,     NET,    FAILED,    "address cannot be reached")                    \
    X(SHUTDOWN,        NONE,   FAILED,    "node is stopping")                             \
    X(BUSY,            NET,    LIMIT,     "peer has too many connections")                \
    X(NOT_HELD,        NONE,   NOT_FOUND, "not held by this peer")                        \
    X(BANNED,          NONE,   REFUSED,   "peer is banned")                               \
    X(NOT_FOUND,       LOCAL,  NOT_FOUND, "not found")                                    \
    X(AMBIGUOUS,       LOCAL,  AMBIGUOUS, "more than one match")                          \
    X(EXISTS,          LOCAL,  REFUSED,   "exists already")                               \
    X(REFUSED,         LOCAL,  REFUSED,   "refused by the rules")                         \
    X(CONFIRM,         LOCAL,  CONFIRM,   "needs confirmation")                           \
    X(USAGE,           LOCAL,  USAGE,     "request is not understood")                    \
    X(IO,              LOCAL,  FAILED,    "read or write failed")                         \
    X(NO_SPACE,        LOCAL,  LIMIT,     "disk, buffer or database is full")             \
    X(QUOTA,           LOCAL,  LIMIT,     "quota is used up")                             \
    X(NO_MEMORY,       LOCAL,  LIMIT,     "out of memory")                                \
    X(CORRUPT,         LOCAL,  INTEGRITY, "stored data is damaged")                       \
    X(CHANGED,         LOCAL,  INTEGRITY, "file changed since it was read")               \
    X(LOCKED,          LOCAL,  REFUSED,   "another daemon uses this home")                \
    X(READ_ONLY,       LOCAL,  REFUSED,   "store is read-only")                           \
    X(KEY_DAMAGED,     LOCAL,  KEY,       "key file is damaged")                          \
    X(KEY_MISSING,     LOCAL,  KEY,       "no key for this is on this machine")           \
    X(KEY_SEALED,      LOCAL,  KEY,       "passphrase does not open the key")             \
    X(BAD_WORDS,       LOCAL,  KEY,       "words are not a valid recovery phrase")        \
    X(VERSION,         LOCAL,  VERSION,   "made by another version")                      \
    X(CANCELLED,       NONE,   PARTIAL,   "cancelled")                                    \
    X(BAD_LINK,        LOCAL,  USAGE,     "invite link is cut short or mistyped")         \
    X(NOT_NEEDED,      NONE,   FAILED,    "connection is not needed any longer")         \
    X(INTERNAL,        LOCAL,  FAILED,    "internal error")
/* clang-format on */

enum err {
#define X(name, blame, exit, text) ERR_##name,
    ERR_MAP(X)
#undef X
    ERR_COUNT
};

/* Text for people: lower case, no full stop.  Any value is accepted. */
const char *err_text(enum err e);
/* The name as in ERR_MAP, without ERR_. */
const char *err_name(enum err e);
enum blame err_blame(enum err e);
enum exit_code err_exit_code(enum err e);

#endif
