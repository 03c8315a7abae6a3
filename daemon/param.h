#ifndef DAEMON_PARAM_H
#define DAEMON_PARAM_H

#include "daemon/desk.h"
#include "store/store.h"

/*
 * Params of a method, found and checked.  Each function that returns false has
 * failed the call with a sentence for people: the method just returns.
 */

enum param_use { PARAM_READS, PARAM_SIGNS };

/* The record that a prefix names.  ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_USAGE */
bool param_record(struct call *call, const char *name, enum param_use use,
                  struct store_item *out);
/* The same, or the whole root of a file: any whole id that no record has. */
bool param_record_or_root(struct call *call, const char *name,
                          enum param_use use, struct store_item *item,
                          uint8_t root[HASH_LEN], bool *is_root);
/* Whether its owner wants to see it (hide.h); else the call has been failed. */
bool param_is_shown(struct call *call, const struct store_item *item);
/* Whether this node may hold such a file; else the call has been failed. */
bool param_may_hold(struct call *call, const struct blob_id *blob);
/* As above, and of this kind (enum kind_number). */
bool param_record_of(struct call *call, const char *name, enum param_use use,
                     uint64_t kind, struct store_item *out);
/* The record of a prefix given as a value. */
bool param_value_record(struct call *call, const struct mp_value *v,
                        enum param_use use, struct store_item *out);
/* A prefix of something held here, or a whole id of anything. */
bool param_id(struct call *call, const char *name, uint8_t out[ID_LEN]);
/* A person known here by prefix, or any whole id. */
bool param_person(struct call *call, const char *name, uint8_t out[ID_LEN]);
bool param_is_given(const struct call *call, const char *name);
/* Fails the call by what manifest_read() said of `record` and its `file`. */
void param_fail_files(struct call *call, enum err e);
/* The topic of `id`, judged; `view` is ready for proto/view.h. */
bool param_view(struct call *call, const uint8_t topic[ID_LEN],
                struct view *view);

/* Lists: `limit` between 1 and 500, 100 if absent. */
uint32_t param_limit(const struct call *call);

/* The person who signs here, or a failed call that says how to make one. */
const struct person_keys *param_signer(struct call *call);

#endif
