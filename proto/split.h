#ifndef PROTO_SPLIT_H
#define PROTO_SPLIT_H

#include "proto/limits.h"
#include "proto/money.h"
#include "proto/topic_list.h"

/*
 * Shares in what a project earns (docs/protocol.md §7.12): terms, incomes and
 * their pools, proposals and finals with their amounts, who has a say, what is
 * paid.  Read from one topic; the rules are in authority_split.c.
 */

/* A proposal is open to feedback for at least so long. */
#define SPLIT_WINDOW_MIN_MS ((uint64_t)14 * DAY_MS)

/* What the project promised: its fixed terms, or those of its first record. */
struct split_terms {
    uint64_t pay;      /* enum choice PAY_..., or one of a later release */
    uint64_t decision; /* DECISION_... */
    uint32_t house_bp;
};
/* ERR_NOT_FOUND where there is no project; ERR_NO_MEMORY. */
MUST_CHECK enum err split_terms_of(struct split_terms *out,
                                   const struct topic_state *ts);

struct split_income {
    uint64_t mode; /* INCOME_MODE_... */
    uint64_t gross;
    uint64_t costs;
    uint64_t pool;         /* what of it is to be shared; 0 in unknown modes */
    struct bytes currency; /* borrowed from the record */
};
/* ERR_NOT_FOUND if its body is absent; ERR_NO_MEMORY. */
MUST_CHECK enum err split_income_of(struct split_income *out,
                                    const struct split_terms *terms,
                                    const struct topic_entry *income);

struct split_window {
    uint64_t opens_ms;
    uint64_t closes_ms;
};
struct split_window split_window_of(const struct mp_value *proposal);

/* One line of a proposal or a final, and what became of it. */
struct split_share {
    uint8_t person[ID_LEN];
    uint32_t bp;
    bool is_waived;
    bool is_stated;    /* private: by an amount of the final */
    bool has_answered; /* split_shares_hear(): by a split_accept */
    bool accepts;
    bool is_contested; /* split_shares_paid(): by a contested receipt */
    uint64_t amount;   /* split_shares_pay(); 0 of waived ones */
    uint64_t settled;  /* split_shares_paid(): by receipts of the payee */
    uint64_t declared; /* by the payer's receipts alone, up to the amount */
};
struct split_shares {
    struct split_share *at; /* ascending by person */
    uint32_t count;
};

/*
 * The shares of a proposal or final, with its pages, and who waives theirs.
 *   ERR_MALFORMED_BODY  a person twice, a share of 0, a sum other than 10,000,
 *                       or everybody waives
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err split_shares_read(struct split_shares *out,
                                      const struct topic_list *list);
void split_shares_wipe(struct split_shares *shares);
struct split_share *split_shares_find(const struct split_shares *shares,
                                      const uint8_t person[ID_LEN]);
/* Whether both give the same people the same, waived ones included. */
bool split_shares_equal(const struct split_shares *a,
                        const struct split_shares *b);
/* Shares the pool out among those who do not waive.  ERR_NO_MEMORY */
MUST_CHECK enum err split_shares_pay(struct split_shares *shares,
                                     uint64_t pool);
/* Whether `amounts` of a final are just those, one for each who is paid. */
bool split_shares_match(struct split_shares *shares,
                        const struct topic_list *final);
/* What payees said of the proposal before `until` (NULL: so far). */
MUST_CHECK enum err split_shares_hear(struct split_shares *shares,
                                      const struct topic_state *ts,
                                      const struct topic_entry *proposal,
                                      const struct topic_entry *until);
/* What receipts in force say of the final whose shares these are. */
MUST_CHECK enum err split_shares_paid(struct split_shares *shares,
                                      const struct topic_state *ts,
                                      const struct topic_entry *final);
/* What is neither settled nor declared. */
uint64_t split_share_outstanding(const struct split_share *share);

/* Whether `e`, of that kind and in force, names `target` by `relation`. */
bool split_names(const struct topic_entry *e, uint64_t kind, uint64_t relation,
                 const struct topic_entry *target);
/* The record that `e` names by `relation`, or NULL. */
const struct topic_entry *split_target(const struct topic_state *ts,
                                       const struct topic_entry *e,
                                       uint64_t relation);
/* The final in force of a proposal, or of any of an income, or NULL. */
const struct topic_entry *split_final_of(const struct topic_state *ts,
                                         const struct topic_entry *about);

#endif
