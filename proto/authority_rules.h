#ifndef PROTO_AUTHORITY_RULES_H
#define PROTO_AUTHORITY_RULES_H

#include "proto/authority.h"

/*
 * What the files of authority share among themselves.  Not for others: rules
 * change entries while a judgement goes on.
 */

/* Settle a verdict for the rest of this judgement. */
void authority_settle(struct topic_entry *e, enum verdict_state state);
void authority_void(struct topic_entry *e, enum void_reason reason);
void authority_void_by(struct topic_entry *e, enum void_reason reason,
                       enum verdict_subject about, const uint8_t id[ID_LEN]);

/* The record `id` as others may name it: held and not dated ahead, or NULL. */
struct topic_entry *authority_target(struct topic_state *ts,
                                     const uint8_t id[ID_LEN]);

/* §7.2: device_revoke records, and what they hit.  authority_device.c */
MUST_CHECK enum err authority_judge_revocations(struct topic_state *ts);

/* The rule of e's kind; leaves it unsettled if it passes.  authority_kind.c */
void authority_judge_kind(struct topic_state *ts, struct topic_entry *e);
/* §7.4: a project's terms after its first request.  authority_kind.c */
MUST_CHECK enum err authority_fix_terms(struct topic_state *ts);

/* §7.7: resources and their cycles; fills `edges`.  authority_citation.c */
MUST_CHECK enum err authority_judge_citations(struct topic_state *ts);

/* §7.9: releases and whom they leave out.  authority_release.c */
MUST_CHECK enum err authority_judge_releases(struct topic_state *ts);

#endif
