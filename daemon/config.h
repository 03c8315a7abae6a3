#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/address.h"
#include "daemon/log.h"
#include "proto/day_plan.h"
#include "proto/domain.h"

/*
 * troupe.conf: the user's file, read at start and on SIGHUP, never written.
 *
 *     [node]
 *     network = lab
 *     listen = 0.0.0.0:7433       ; may be repeated
 *     lan = yes
 *     portmap = yes
 *     meet = yes                  ; connect to nodes that others tell of
 *     log_level = info
 *     quota = 100 GiB             ; blobs; 0 for no bound
 *     board_quota = 1 GiB         ; records of the call board; 0 for no bound
 *     topic_quota = 256 MiB       ; records of each topic; 0 for no bound
 *     [limits]                    ; of bytes of files, a second; 0: none
 *     upload = 4 MiB              ; to all peers together
 *     upload_each = 1 MiB         ; to each peer
 *     download = 0
 *     download_each = 0
 *     upload_at = 08:00-22:00 1 MiB   ; instead of upload, at these local
 *     download_at = 22:00-08:00 0     ; times; may be repeated, the first holds
 *     [copies]
 *     master = 3                  ; how many nodes are to hold such a file:
 *     source = 3                  ; files under target are shown, and are
 *     document = 3                ; fetched first by who shares the work
 *     stem = 2
 *     preview = 2
 *     other = 2                   ; files without a role
 *     [leases]
 *     tell = yes                  ; tell others which files this node holds
 *     [peers]
 *     add = NODE@HOST:PORT        ; may be repeated
 */

#define CONFIG_LISTEN_MAX 8
#define CONFIG_PEERS_MAX  64
#define CONFIG_COPIES_MAX 100

/*
 * Roles of files (enum file_role of docs/protocol.md §3.8; 0: none stated) with
 * the keys of [copies] and what holds without a file.
 */
#define CONFIG_ROLES 6
#define CONFIG_ROLE_MAP(X)                                                     \
    X(other, 0, 2)                                                             \
    X(preview, 1, 2)                                                           \
    X(master, 2, 3)                                                            \
    X(stem, 3, 2)                                                              \
    X(source, 4, 3)                                                            \
    X(document, 5, 3)

struct config_peer {
    uint8_t node[KEY_LEN];
    char address[ADDRESS_TEXT_MAX];
};

struct config_limits {
    struct day_plan upload; /* bytes a second */
    struct day_plan download;
    uint64_t upload_each; /* to one peer; 0: no limit */
    uint64_t download_each;
};

struct config {
    struct network network;
    char listen[CONFIG_LISTEN_MAX][ADDRESS_TEXT_MAX];
    size_t listen_count;
    bool lan;
    bool portmap;
    bool meet;
    enum log_level log_level;
    uint64_t quota_bytes;
    uint64_t board_quota_bytes; /* of records */
    uint64_t topic_quota_bytes; /* of records, each topic */
    struct config_limits limits;
    bool tell_leases;             /* which files this node holds */
    uint8_t copies[CONFIG_ROLES]; /* of a file, by its role */
    struct config_peer peers[CONFIG_PEERS_MAX];
    size_t peers_count;
};

/* What is wrong, for people: the line (0 for the whole file) and a sentence. */
struct config_finding {
    unsigned line;
    char text[160];
};

/* What holds without a file. */
void config_default(struct config *out);

/*
 * Reads the file; one that is not there is an empty one.  *finding is written
 * only on error, *out only on ERR_OK.
 *   ERR_USAGE  an unknown section or key (the nearest is named), a bad value
 *   ERR_IO     the file cannot be read
 */
MUST_CHECK enum err config_load(struct config *out,
                                struct config_finding *finding,
                                const char *path);
/* As above from text in memory. */
MUST_CHECK enum err config_parse(struct config *out,
                                 struct config_finding *finding,
                                 struct bytes text);

/* Room for any value that config_each_difference() prints. */
#define CONFIG_VALUE_MAX 256

/* One setting that differs; `restart` where it takes effect at next start. */
typedef void config_difference_fn(void *context, const char *key,
                                  const char *before, const char *after,
                                  bool restart);
/* Tells each setting in which `after` differs from `before`. */
void config_each_difference(const struct config *before,
                            const struct config *after,
                            config_difference_fn *tell, void *context);

#endif
