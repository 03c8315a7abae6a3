#ifndef PROTO_AUTHORITY_RULES_H
#define PROTO_AUTHORITY_RULES_H

#include "proto/authority.h"
#include "proto/kind.h"

/*
 * What the files of authority share among themselves.  Not for others: rules
 * change entries while a judgement goes on.
 *
 * To add the rule of a kind:
 *  1. a row in `rows` of authority_rules.c, after the kinds on which it rests,
 *     and the declaration of its function at the end of this header;
 *  2. the function, in the authority_*.c of its subject: it voids `e` or leaves
 *     it unsettled, which means that it passes;
 *  3. a reason in verdict.h, at the end of VOID_MAP, if none there fits, and in
 *     the table of docs/protocol.md §7.1.4;
 *  4. a paragraph in docs/protocol.md §7, and a row for each way to break the
 *     rule in tests/proto/test_authority_*.c.
 *
 * A row of KIND_PROJECT, KIND_REQUEST, KIND_REQUEST_CLOSE or of a role asks for
 * no contribution, for these are judged without works as well; a kind that
 * makes an exception is named by authority_rests_on_works().
 *
 * What a function may look at: `e`; the records of the topic that are not
 * ahead (authority_target()); and the verdicts of kinds whose rows stand
 * before its own.  Not the time, which changes verdicts only by letting a
 * record that waits appear: compare the dates of records instead.
 */

/* Who may make a record of a kind in a project or under a request. */
enum authority_by {
    BY_ANYONE,
    BY_ADMITTED, /* anyone whom the project's admission lets in */
    BY_CURATOR,  /* a leader or a curator */
    BY_LEADER
};

/* When a row is applied. */
enum authority_stage {
    /* On the walk that finds out who has which role, record by record from the
     * earliest: of others only what stands before it is known. */
    STAGE_ROLES,
    /* Before versions are chosen: of others only void or not is known. */
    STAGE_FIRST,
    /* After citations; rows before it are judged for good, superseded ones
     * included. */
    STAGE_LAST
};

/*
 * What has to be judged anew when one more record of a kind comes.
 * LEAF: that record alone, because no rule of another record asks for this
 * kind, unless the other one names it.  The whole topic for all others; if in
 * doubt, a kind SPREADS.  The rule of a kind that LOOKS_BACK may ask for any
 * record that is earlier, of LEAF kinds as well.
 */
enum authority_reach { REACH_SPREADS, REACH_LOOKS_BACK, REACH_LEAF };

typedef enum err authority_rule_fn(struct topic_state *ts,
                                   struct topic_entry *e);
/*
 * Writes what `e` competes for: of the records of its kind in force with the
 * same key only the newest stands and the earlier ones are superseded.
 */
#define AUTHORITY_KEY_LEN (2 * ID_LEN)
typedef void authority_rival_fn(const struct topic_state *ts,
                                const struct topic_entry *e,
                                uint8_t key[AUTHORITY_KEY_LEN]);

struct authority_rule {
    uint64_t kind;
    enum authority_by by;
    enum authority_stage stage;
    enum authority_reach reach;
    authority_rule_fn *judge;  /* NULL: home and `by` are all there is */
    authority_rival_fn *rival; /* NULL: all objects stand side by side */
};

/* The row of a kind, or NULL: its records are stored, undecided. */
const struct authority_rule *authority_rule_of(uint64_t kind);
/* Row by row in order; NULL after the last. */
const struct authority_rule *authority_rule_at(size_t i);

/* Settle a verdict for the rest of this judgement. */
void authority_settle(struct topic_entry *e, enum verdict_state state);
/* No rule can say: undecided, or contested (§7.2.3). */
void authority_leave(struct topic_entry *e);
void authority_void(struct topic_entry *e, enum void_reason reason);
void authority_void_by(struct topic_entry *e, enum void_reason reason,
                       enum verdict_subject about, const uint8_t id[ID_LEN]);
/* Void, with the author of `e` as the subject. */
void authority_void_author(struct topic_entry *e, enum void_reason reason);

/* The record `id` as others may name it: held and not dated ahead, or NULL. */
struct topic_entry *authority_target(struct topic_state *ts,
                                     const uint8_t id[ID_LEN]);
/* The same of the first link of that relation; NULL too if there is none. */
struct topic_entry *authority_linked(struct topic_state *ts,
                                     const struct topic_entry *e,
                                     enum relation relation);
bool authority_has_link(const struct topic_entry *e, enum relation relation);

/*
 * The record that `e` names by `relation`, of `kind` if that is not 0, or NULL;
 * then `e` has been voided.  need_valid: nor may the record named be void.
 */
struct topic_entry *authority_need(struct topic_state *ts,
                                   struct topic_entry *e,
                                   enum relation relation, uint64_t kind);
struct topic_entry *authority_need_valid(struct topic_state *ts,
                                         struct topic_entry *e,
                                         enum relation relation, uint64_t kind);

/*
 * The body of `e`, or ERR_NOT_FOUND if it is absent.  Parsed once for several
 * rules; *out is valid until the rule that asked returns.  To look through many
 * bodies in one rule take topic_entry_body() instead.
 */
MUST_CHECK enum err authority_body(struct topic_state *ts,
                                   const struct topic_entry *e,
                                   const struct mp_value **out);

bool authority_in_project(const struct topic_state *ts);
bool authority_same_author(const struct topic_entry *a,
                           const struct topic_entry *b);
/* Whether the author of `e` led when it was made. */
bool authority_by_leader(const struct topic_state *ts,
                         const struct topic_entry *e);
/* Whether the row lets its author make `e`; else `e` has been voided. */
bool authority_is_allowed(const struct topic_state *ts, struct topic_entry *e,
                          enum authority_by by);
/* §7.4.2: what home the table gives its kind, compared with where `e` lies;
 * else `e` has been voided. */
bool authority_is_at_home(const struct topic_state *ts, struct topic_entry *e);
/* False, and `e` voided, if it revises: for kinds that know no revisions. */
bool authority_is_first(struct topic_entry *e);

/*
 * §7.4 and the row's own rule; leaves `e` unsettled if it passes.
 */
MUST_CHECK enum err authority_judge_kind(struct topic_state *ts,
                                         struct topic_entry *e);

/* Judges everything at ts->now_ms, sorted.  authority.c */
MUST_CHECK enum err authority_judge_all(struct topic_state *ts);
/* The parts of it that concern one record. */
void authority_begin(const struct topic_state *ts, struct topic_entry *e);
void authority_judge_body(struct topic_entry *e);
void authority_choose_version(struct topic_state *ts, struct topic_entry *e);

/* §7.2: device_revoke records, and what they hit.  authority_device.c */
MUST_CHECK enum err authority_judge_revocations(struct topic_state *ts);

/* §7.4: roles, terms and admission.  authority_role.c */
MUST_CHECK enum err authority_walk_roles(struct topic_state *ts);
/* A version of the project: whether its terms may stand.  authority_terms.c */
MUST_CHECK enum err authority_judge_terms(struct topic_state *ts,
                                          struct topic_entry *e);
/* The first request fixes the terms. */
MUST_CHECK enum err authority_fix_terms(struct topic_state *ts,
                                        const struct topic_entry *request);

/* §7.6: rivals.  `e` is compared with who stands for the same; begin by
 * forgetting.  authority_rival.c */
void authority_forget_rivals(struct topic_state *ts);
MUST_CHECK enum err authority_choose_rival(struct topic_state *ts,
                                           struct topic_entry *e);
/* For keys: all versions of what `e` names by that relation are one. */
void authority_rival_object(const struct topic_state *ts,
                            const struct topic_entry *e, enum relation relation,
                            uint8_t out[ID_LEN]);
/* What `e` would be among its rivals; nothing else changes. */
void authority_rival_verdict(struct topic_state *ts, struct topic_entry *e);

/* §7.7: resources, claims and their answers.  authority_citation.c */
MUST_CHECK enum err authority_judge_citations(struct topic_state *ts);
/* Voids the citations that close a cycle; fills `edges`.  authority_cycle.c */
MUST_CHECK enum err authority_void_cycles(struct topic_state *ts);

/* Rules of kinds.  authority_role.c */
authority_rule_fn authority_judge_project;
authority_rule_fn authority_judge_membership;
authority_rule_fn authority_judge_accept;
authority_rule_fn authority_judge_handover;
authority_rule_fn authority_judge_vouch;
/* authority_work.c */
authority_rule_fn authority_judge_close;
authority_rule_fn authority_judge_selection;
authority_rule_fn authority_judge_targeted;
authority_rule_fn authority_judge_contribution;
authority_rule_fn authority_judge_comment;
authority_rival_fn authority_rival_profile;
authority_rival_fn authority_rival_selection;
/* authority_release.c */
authority_rule_fn authority_judge_release;
/* authority_rights.c */
authority_rule_fn authority_judge_rights_request;
authority_rule_fn authority_judge_rights_grant;
/* authority_talk.c */
authority_rule_fn authority_judge_feedback;
authority_rule_fn authority_judge_lesson;
authority_rule_fn authority_judge_courage;
authority_rival_fn authority_rival_feedback;
/* authority_safety.c */
authority_rule_fn authority_judge_report;
authority_rule_fn authority_judge_ruling;
/* authority_split.c */
authority_rule_fn authority_judge_income;
authority_rule_fn authority_judge_split_proposal;
authority_rule_fn authority_judge_split_feedback;
authority_rule_fn authority_judge_split_reply;
authority_rule_fn authority_judge_split_accept;
authority_rule_fn authority_judge_split_final;
authority_rule_fn authority_judge_receipt;

#endif
