/* Why not, and what then: a sentence for each reason that has a way out. */
#include "daemon/refusal.h"

#define NOTHING "Nothing was published. "

const char *refusal_hint(enum void_reason reason)
{
    switch (reason) {
    case VOID_TERMS_PAY:
        return NOTHING "Declare a fixed pool: that goes to those who made the "
                       "work whole, whatever the terms say.";
    case VOID_NO_POOL:
        return NOTHING "After costs and the house's share nothing is left.";
    case VOID_WINDOW:
        return NOTHING "Leave the times out: it opens now, for 14 days.";
    case VOID_SHARES:
        return NOTHING "Shares are above zero, sum to 100 %, and name nobody "
                       "twice; somebody has to take theirs.";
    case VOID_CLOSED:
        return NOTHING "Write to the leader: a final is made anew as long as "
                       "nobody was paid by it.";
    case VOID_EARLY:
        return NOTHING "`troupe split show` says when the proposal closes; "
                       "make the final then.";
    case VOID_UNANSWERED:
        return NOTHING "Answer it with `troupe split reply`, then make the "
                       "final.";
    case VOID_NOT_ACCEPTED:
        return NOTHING "The terms say that all who are paid decide: talk to "
                       "them, or propose other shares.";
    case VOID_NOT_AS_PROPOSED:
        return NOTHING "The terms say that all who are paid decide: other "
                       "shares need a new proposal.";
    case VOID_SECOND_FINAL:
        return NOTHING "What was paid by it stays; declare what is still to "
                       "be shared as a new income.";
    case VOID_NOT_PAYEE:
        return NOTHING "`troupe split show` shows who is paid.";
    default:
        return "Nothing was published.";
    }
}
