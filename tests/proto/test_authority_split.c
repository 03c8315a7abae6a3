/* Splits (docs/protocol.md §7.12): every way to break each rule, what makes a
 * void final stand again, and that the order of arrival has no part in it. */
#include "tests/common/scene.h"

#include <stdio.h>
#include <string.h>

#include "proto/split.h"
#include "proto/view.h"

#define DAY(n) ((uint64_t)(n)*DAY_MS)
#define LATER  DAY(100)

/* A leads, B C D give works; A declares an income and proposes a split. */
struct story {
    struct scene s;
    const struct made *income;
    const struct made *proposal;
};

static const char *lines_of(char *out, size_t cap, const char *field,
                            const char *text)
{
    size_t len = 0;
    char who;
    unsigned n;
    int used;

    out[0] = '[';
    out[1] = '\0';
    for (len = 1; sscanf(text, " %c%u%n", &who, &n, &used) == 2; text += used)
        len += (size_t)snprintf(
            out + len, cap - len, "%s{\"person\":\"%s\",\"%s\":%u}",
            len > 1 ? "," : "", maker_person_hex(who), field, n);
    (void)snprintf(out + len, cap - len, "]");
    return out;
}

/* "B5000 C3000" as a list of shares, or of amounts. */
static const char *shares_of(const char *text)
{
    static char out[8192];

    return lines_of(out, sizeof out, "bp", text);
}

static const char *amounts_of(const char *text)
{
    static char out[8192];

    return lines_of(out, sizeof out, "amount", text);
}

static const struct made *declare(struct story *t, char who, uint64_t at,
                                  const char *mode, const char *currency,
                                  unsigned gross, unsigned costs)
{
    char project[2 * ID_LEN + 1];

    hex_encode(project, BYTES_ARRAY(t->s.m.topic));
    return scene_keep(&t->s,
                      make(&t->s.m, KIND_INCOME, who, at,
                           "{\"project\":\"%s\",\"mode\":\"%s\",\"gross\":%u,"
                           "\"costs\":%u,\"currency\":\"%s\","
                           "\"period\":\"2026\",\"source\":\"tickets\"}",
                           project, mode, gross, costs, currency));
}

static const struct made *propose(struct story *t, char who, uint64_t at,
                                  const struct made *income, uint64_t opens,
                                  uint64_t closes, const char *shares,
                                  const char *more)
{
    return scene_keep(&t->s, make(&t->s.m, KIND_SPLIT_PROPOSAL, who, at,
                                  "{\"income\":\"%s\",\"opens_at\":%llu,"
                                  "\"closes_at\":%llu,\"shares\":%s%s}",
                                  income->hex, (unsigned long long)opens,
                                  (unsigned long long)closes, shares_of(shares),
                                  more));
}

static const struct made *say(struct story *t, char who, uint64_t at,
                              const struct made *proposal)
{
    return scene_keep(&t->s,
                      make(&t->s.m, KIND_SPLIT_FEEDBACK, who, at,
                           "{\"proposal\":\"%s\",\"reason\":\"too_little\","
                           "\"text\":\"look again\"}",
                           proposal->hex));
}

static const struct made *answer(struct story *t, char who, uint64_t at,
                                 const struct made *feedback)
{
    return scene_keep(&t->s, make(&t->s.m, KIND_SPLIT_REPLY, who, at,
                                  "{\"feedback\":\"%s\",\"answer\":\"partly\","
                                  "\"text\":\"I did\"}",
                                  feedback->hex));
}

static const struct made *vote(struct story *t, char who, uint64_t at,
                               bool accept)
{
    return scene_keep(&t->s, make(&t->s.m, KIND_SPLIT_ACCEPT, who, at,
                                  "{\"proposal\":\"%s\",\"accept\":%s}",
                                  t->proposal->hex, accept ? "true" : "false"));
}

static const struct made *finish(struct story *t, char who, uint64_t at,
                                 const char *shares, const char *amounts,
                                 const char *more)
{
    return scene_keep(&t->s, make(&t->s.m, KIND_SPLIT_FINAL, who, at,
                                  "{\"proposal\":\"%s\",\"shares\":%s,"
                                  "\"amounts\":%s%s}",
                                  t->proposal->hex, shares_of(shares),
                                  amounts_of(amounts), more));
}

static const struct made *receive(struct story *t, char who, uint64_t at,
                                  const struct made *final, char person,
                                  unsigned amount, const char *currency)
{
    return scene_keep(
        &t->s, make(&t->s.m, KIND_RECEIPT, who, at,
                    "{\"final\":\"%s\",\"person\":\"%s\",\"amount\":%u,"
                    "\"currency\":\"%s\",\"method\":\"transfer\"}",
                    final->hex, maker_person_hex(person), amount, currency));
}

static void begin(struct story *t, const char *pay, const char *decision)
{
    struct maker m = { 0 };
    const struct made *p;

    memset(t, 0, sizeof *t);
    p = scene_keep(&t->s,
                   make(&m, KIND_PROJECT, 'A', 100,
                        "{\"title\":\"Crown\",\"goal\":\"a film\","
                        "\"medium\":\"short_film\",\"licence\":\"CC-BY-4.0\","
                        "\"terms\":{\"pay\":\"%s\",\"house_share_bp\":5000,"
                        "\"decision\":\"%s\",\"ml_use\":\"no\"}}",
                        pay, decision));
    memcpy(t->s.m.topic, p->id, ID_LEN);
    (void)scene_request(&t->s, 'A', 150, "");
    for (char who = 'B'; who <= 'D'; who++)
        (void)scene_work(&t->s, who, 200, "CC-BY-4.0", "");
}

/* 1,000.00 less 200.00, half for the house: 400.00 for B and C. */
static void begin_split(struct story *t, const char *decision)
{
    begin(t, "profit_share", decision);
    t->income = declare(t, 'A', DAY(1), "profit_share", "EUR", 100000, 20000);
    t->proposal =
        propose(t, 'A', DAY(2), t->income, DAY(2), DAY(16), "B6000 C4000", "");
}

#define GOOD_SHARES  "B6000 C4000"
#define GOOD_AMOUNTS "B24000 C16000"

static struct verdict verdict_at(const struct story *t, const struct made *m,
                                 uint64_t now)
{
    struct topic_state *ts = scene_judge(&t->s, NULL, now);
    struct verdict v = topic_state_find(ts, m->id)->verdict;

    topic_state_free(ts);
    return v;
}

/* The reason, or the state's word where it is not void. */
static const char *what(const struct story *t, const struct made *m)
{
    struct verdict v = verdict_at(t, m, LATER);

    return v.state == VERDICT_VOID ? void_reason_text(v.reason)
                                   : verdict_state_text(v.state);
}

#define assert_what(t, made, text) assert_string_equal(what(t, made), text)
#define assert_reason(t, made, REASON)                                         \
    assert_string_equal(what(t, made), void_reason_text(VOID_##REASON))
#define assert_stands(t, made) assert_what(t, made, "in force")

static void assert_about(const struct story *t, const struct made *m,
                         const uint8_t subject[ID_LEN])
{
    assert_memory_equal(verdict_at(t, m, LATER).subject, subject, ID_LEN);
}

/* Each record as a split, and the ledger: what people see of the topic. */
static struct writer seen(const struct topic_state *ts)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    struct view_ledger ledger = view_ledger_begin();
    const struct view v = { .topic = ts };

    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        enum err err = view_split_show(&w, &v, e->record.id, 0);

        assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    }
    assert_int_equal(view_ledger_add(&ledger, &v, NULL), ERR_OK);
    writer_bytes(&w, writer_view(&ledger.people));
    writer_bytes(&w, writer_view(&ledger.incomes));
    assert_int_equal(w.err, ERR_OK);
    view_ledger_wipe(&ledger);
    return w;
}

/* Verdicts, and byte by byte what is shown, are the same in any order. */
static void assert_any_order(const struct story *t)
{
    struct topic_state *ts = scene_judge(&t->s, NULL, LATER);
    struct writer one = seen(ts);
    uint32_t order[SCENE_MAX];
    uint32_t seed = 12;

    permute_assert(t->s.made, t->s.count, t->s.m.topic, LATER);
    for (uint32_t i = 0; i < t->s.count; i++)
        order[i] = i;
    for (int round = 0; round < 5; round++) {
        struct topic_state *shuffled;
        struct writer other;

        scene_shuffle(order, t->s.count, &seed);
        shuffled = scene_judge(&t->s, order, LATER);
        other = seen(shuffled);
        assert_int_equal(one.len, other.len);
        assert_memory_equal(one.data, other.data, one.len);
        writer_free(&other);
        topic_state_free(shuffled);
    }
    writer_free(&one);
    topic_state_free(ts);
}

static const struct mp_value *find_share(const struct mp_value *root, char who)
{
    const struct mp_value *shares = mp_get(root, "shares");
    uint8_t person[ID_LEN];
    uint8_t other[ID_LEN];

    maker_person(person, who);
    for (uint32_t i = 0; i < mp_count(shares); i++)
        if (mp_bin_exact(mp_get(mp_at(shares, i), "person"), other, ID_LEN) &&
            memcmp(person, other, ID_LEN) == 0)
            return mp_at(shares, i);
    fail();
    return NULL;
}

static void assert_text(const struct mp_value *map, const char *key,
                        const char *want)
{
    struct bytes text = mp_str(mp_get(map, key));

    assert_int_equal(text.len, strlen(want));
    assert_memory_equal(text.data, want, text.len);
}

static void assert_shown(const struct topic_state *ts, const struct made *made)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    const struct view v = { .topic = ts };
    const struct mp_value *root;
    struct mp_doc *doc;

    assert_int_equal(view_split_show(&w, &v, made->id, 0), ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED),
                     ERR_OK);
    root = mp_doc_root(doc);
    assert_text(root, "phase", "final");
    assert_text(root, "currency", "EUR");
    assert_int_equal(mp_uint(mp_get(root, "pool_minor")), 40000);
    assert_text(find_share(root, 'B'), "state", "settled");
    assert_text(find_share(root, 'C'), "state", "declared");
    assert_int_equal(mp_uint(mp_get(find_share(root, 'B'), "amount_minor")),
                     24000);
    assert_int_equal(mp_count(mp_get(root, "feedback")), 2);
    assert_int_equal(mp_count(mp_get(root, "receipts")), 2);
    assert_int_equal(mp_count(mp_get(root, "void")), 1);
    assert_text(mp_at(mp_get(root, "void"), 0), "kind", "split_final");
    mp_doc_free(doc);
    writer_free(&w);
}

/* The same split by its income, its proposal and its final. */
static void a_split_is_shown_with_all_that_became_of_it(void **state)
{
    static struct story t;
    const struct made *final;
    const struct made *said;
    struct topic_state *ts;

    (void)state;
    begin_split(&t, "leader");
    said = say(&t, 'B', DAY(3), t.proposal);
    (void)say(&t, 'X', DAY(3), t.proposal);
    (void)answer(&t, 'A', DAY(4), said);
    (void)finish(&t, 'A', DAY(15), GOOD_SHARES, GOOD_AMOUNTS, "");
    final = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    (void)receive(&t, 'B', DAY(17), final, 'B', 24000, "EUR");
    (void)receive(&t, 'A', DAY(17), final, 'C', 16000, "EUR");
    ts = scene_judge(&t.s, NULL, LATER);
    assert_shown(ts, t.income);
    assert_shown(ts, t.proposal);
    assert_shown(ts, final);
    topic_state_free(ts);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void the_whole_story_stands(void **state)
{
    static struct story t;
    const struct made *said;
    const struct made *all[8];
    size_t n = 0;

    (void)state;
    begin_split(&t, "leader");
    all[n++] = t.income;
    all[n++] = t.proposal;
    all[n++] = said = say(&t, 'D', DAY(3), t.proposal);
    all[n++] = answer(&t, 'A', DAY(4), said);
    all[n++] = vote(&t, 'B', DAY(4), true);
    /* The leader agreed: D is in, with amounts to the last cent. */
    all[n++] = finish(&t, 'A', DAY(16), "B3334 C3333 D3333",
                      "B13336 C13332 D13332", "");
    all[n++] = receive(&t, 'B', DAY(17), all[5], 'B', 13336, "EUR");
    all[n++] = receive(&t, 'A', DAY(17), all[5], 'C', 13332, "EUR");
    for (size_t i = 0; i < n; i++)
        assert_stands(&t, all[i]);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void incomes_follow_the_terms(void **state)
{
    static const struct {
        const char *pay;
        const char *mode;
        const char *want;
    } cases[] = {
        { "profit_share", "profit_share", "in force" },
        { "profit_share", "fixed_pool", "in force" },
        { "fixed_pool", "fixed_pool", "in force" },
        { "fixed_pool", "profit_share", NULL },
        { "none", "profit_share", NULL },
        { "none", "fixed_pool", "in force" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct story t;
        const struct made *income;

        begin(&t, cases[i].pay, "leader");
        income = declare(&t, 'A', DAY(1), cases[i].mode, "EUR", 100, 0);
        assert_what(&t, income,
                    cases[i].want != NULL ? cases[i].want
                                          : void_reason_text(VOID_TERMS_PAY));
        scene_free(&t.s);
    }
}

static void incomes_are_declared_by_leaders_in_a_currency(void **state)
{
    static struct story t;
    const struct made *by_b;
    const struct made *euros;
    const struct made *unknown;

    (void)state;
    begin(&t, "profit_share", "leader");
    by_b = declare(&t, 'B', DAY(1), "profit_share", "EUR", 100, 0);
    euros = declare(&t, 'A', DAY(1), "profit_share", "eur", 100, 0);
    /* Which currencies are in use changes: not for rules to know. */
    unknown = declare(&t, 'A', DAY(1), "profit_share", "QQQ", 100, 0);
    assert_reason(&t, by_b, NOT_LEADER);
    assert_reason(&t, euros, MALFORMED);
    assert_stands(&t, unknown);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void nothing_of_it_is_revised_or_retracted(void **state)
{
    static struct story t;
    const struct made *again;
    const struct made *retraction;

    (void)state;
    begin_split(&t, "leader");
    t.s.m.revises = t.income;
    again = declare(&t, 'A', DAY(3), "profit_share", "EUR", 1, 0);
    t.s.m.revises = NULL;
    retraction = scene_retract(&t.s, 'A', DAY(3), t.proposal);
    assert_reason(&t, again, NO_REVISION);
    assert_reason(&t, retraction, FINAL);
    assert_stands(&t, t.income);
    assert_stands(&t, t.proposal);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void a_proposal_keeps_its_rules(void **state)
{
    static struct story t;
    const struct made *none;
    const struct made *lost;
    char waive[256];

    (void)state;
    begin_split(&t, "leader");
    none = declare(&t, 'A', DAY(1), "profit_share", "EUR", 100, 100);
    lost = declare(&t, 'B', DAY(1), "profit_share", "EUR", 100, 0);
    assert_reason(
        &t, propose(&t, 'B', DAY(2), t.income, DAY(2), DAY(16), "B10000", ""),
        NOT_LEADER);
    assert_reason(&t,
                  propose(&t, 'A', DAY(2), none, DAY(2), DAY(16), "B10000", ""),
                  NO_POOL);
    assert_reason(&t,
                  propose(&t, 'A', DAY(2), lost, DAY(2), DAY(16), "B10000", ""),
                  VOID_TARGET);
    assert_reason(
        &t,
        propose(&t, 'A', DAY(2), &t.s.made[1], DAY(2), DAY(16), "B10000", ""),
        WRONG_TARGET);
    /* Fourteen days to the millisecond, from the day it was made at least. */
    assert_reason(
        &t,
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16) - 1, "B10000", ""),
        WINDOW);
    assert_stands(
        &t, propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B10000", ""));
    assert_stands(
        &t, propose(&t, 'A', DAY(2), t.income, DAY(3), DAY(90), "B10000", ""));
    assert_reason(
        &t,
        propose(&t, 'A', DAY(2), t.income, DAY(2) - 1, DAY(16), "B10000", ""),
        WINDOW);
    assert_reason(
        &t, propose(&t, 'A', DAY(20), t.income, DAY(20), DAY(4), "B10000", ""),
        WINDOW);
    /* Each person once, each above nothing, the whole together. */
    assert_reason(
        &t, propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B9999", ""),
        SHARES);
    assert_reason(
        &t, propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B9999 C2", ""),
        SHARES);
    assert_reason(
        &t,
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B5000 B5000", ""),
        SHARES);
    assert_reason(
        &t,
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B10000 C0", ""),
        SHARES);
    assert_reason(&t,
                  propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "", ""),
                  SHARES);
    (void)snprintf(waive, sizeof waive, ",\"waived\":[\"%s\"]",
                   maker_person_hex('B'));
    assert_reason(
        &t,
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B10000", waive),
        SHARES);
    assert_stands(&t, propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16),
                              "B9999 C1", waive));
    assert_any_order(&t);
    scene_free(&t.s);
}

static void feedback_is_anyones_until_the_proposal_closes(void **state)
{
    static struct story t;
    const struct made *stranger;
    const struct made *last;
    const struct made *late;

    (void)state;
    begin_split(&t, "leader");
    stranger = say(&t, 'X', DAY(3), t.proposal);
    last = say(&t, 'B', DAY(16) - 1, t.proposal);
    late = say(&t, 'B', DAY(16), t.proposal);
    assert_stands(&t, stranger);
    assert_stands(&t, last);
    assert_reason(&t, late, CLOSED);
    assert_about(&t, late, t.proposal->id);
    assert_reason(&t, answer(&t, 'B', DAY(17), last), NOT_LEADER);
    assert_reason(&t, answer(&t, 'A', DAY(17), late), VOID_TARGET);
    assert_reason(&t, answer(&t, 'A', DAY(17), t.proposal), WRONG_TARGET);
    assert_stands(&t, answer(&t, 'A', DAY(17), last));
    assert_reason(&t, vote(&t, 'X', DAY(3), true), NOT_PAYEE);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void a_final_waits_for_the_close_to_the_millisecond(void **state)
{
    static struct story t;
    const struct made *early;
    const struct made *at;

    (void)state;
    begin_split(&t, "leader");
    early = finish(&t, 'A', DAY(16) - 1, GOOD_SHARES, GOOD_AMOUNTS, "");
    at = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    assert_reason(&t, early, EARLY);
    assert_about(&t, early, t.proposal->id);
    assert_stands(&t, at);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void a_final_waits_for_answers_to_those_concerned(void **state)
{
    static struct story t;
    const struct made *payee;
    const struct made *author;
    const struct made *final;

    (void)state;
    begin_split(&t, "leader");
    (void)say(&t, 'X', DAY(3), t.proposal); /* a stranger holds nothing up */
    payee = say(&t, 'B', DAY(4), t.proposal);
    author = say(&t, 'D', DAY(5), t.proposal);
    final = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    assert_reason(&t, final, UNANSWERED);
    assert_about(&t, final, payee->id);
    (void)answer(&t, 'A', DAY(17), payee); /* late, and good all the same */
    assert_reason(&t, final, UNANSWERED);
    assert_about(&t, final, author->id);
    assert_any_order(&t);
    (void)answer(&t, 'A', DAY(18), author);
    assert_stands(&t, final);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void who_came_after_the_proposal_is_a_stranger(void **state)
{
    static struct story t;
    const struct made *said;
    const struct made *final;

    (void)state;
    begin_split(&t, "leader");
    (void)scene_work(&t.s, 'E', DAY(3), "CC-BY-4.0", "");
    (void)say(&t, 'E', DAY(4), t.proposal);
    final = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    assert_stands(&t, final);
    scene_free(&t.s);

    /* Unless the final pays them. */
    begin_split(&t, "leader");
    said = say(&t, 'E', DAY(4), t.proposal);
    final = finish(&t, 'A', DAY(16), "B6000 E4000", "B24000 E16000", "");
    assert_reason(&t, final, UNANSWERED);
    assert_about(&t, final, said->id);
    scene_free(&t.s);
}

static void whom_the_release_credits_has_a_say(void **state)
{
    static struct story t;
    const struct made *release;
    const struct made *said;
    const struct made *final;
    const struct made *work;

    (void)state;
    begin(&t, "profit_share", "leader");
    work = &t.s.made[2];
    release = scene_publish(&t.s, 'A', DAY(1), work, scene_credits("BF"));
    t.income = scene_keep(
        &t.s, make(&t.s.m, KIND_INCOME, 'A', DAY(1) + 1,
                   "{\"release\":\"%s\",\"mode\":\"profit_share\",\"gross\":"
                   "100000,\"costs\":20000,\"currency\":\"EUR\",\"period\":"
                   "\"2026\",\"source\":\"tickets\"}",
                   release->hex));
    t.proposal =
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), GOOD_SHARES, "");
    said = say(&t, 'F', DAY(3), t.proposal);
    final = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    assert_stands(&t, t.income);
    assert_reason(&t, final, UNANSWERED);
    assert_about(&t, final, said->id);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void amounts_are_what_the_shares_say(void **state)
{
    static const struct {
        const char *shares;
        const char *amounts;
        enum void_reason want;
    } cases[] = {
        { "B6000 C4000", "B24000 C16000", VOID_NONE },
        { "B6000 C4000", "C16000 B24000", VOID_NONE },
        { "B6000 C4000", "B24001 C15999", VOID_AMOUNTS },
        { "B6000 C4000", "B24000", VOID_AMOUNTS },
        { "B6000 C4000", "B24000 C16000 D0", VOID_AMOUNTS },
        { "B6000 C4000", "B24000 C16000 C16000", VOID_AMOUNTS },
        { "B6000 C4000", "", VOID_AMOUNTS },
        { "B6000 C3999", "B24000 C16000", VOID_SHARES },
        { "D10000", "D40000", VOID_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct story t;
        const struct made *final;

        begin_split(&t, "leader");
        final = finish(&t, 'A', DAY(16), cases[i].shares, cases[i].amounts, "");
        assert_what(&t, final,
                    cases[i].want == VOID_NONE
                        ? "in force"
                        : void_reason_text(cases[i].want));
        scene_free(&t.s);
    }
}

static void waived_shares_go_to_the_others_in_proportion(void **state)
{
    static struct story t;
    const struct made *final;
    const struct made *receipt;
    char waive[256];

    (void)state;
    (void)snprintf(waive, sizeof waive, ",\"waived\":[\"%s\"]",
                   maker_person_hex('D'));
    begin_split(&t, "leader");
    /* 400.00 by 5000 to 3000: 250.00 and 150.00. */
    final =
        finish(&t, 'A', DAY(16), "B5000 C3000 D2000", "B25000 C15000", waive);
    receipt = receive(&t, 'D', DAY(17), final, 'D', 1, "EUR");
    assert_stands(&t, final);
    assert_reason(&t, receipt, NOT_PAYEE);
    scene_free(&t.s);
}

static void unanimous_means_everybody_and_just_these_shares(void **state)
{
    static struct story t;
    const struct made *final;
    uint8_t person[ID_LEN];

    (void)state;
    begin_split(&t, "unanimous");
    (void)vote(&t, 'B', DAY(3), true);
    final = finish(&t, 'A', DAY(20), GOOD_SHARES, GOOD_AMOUNTS, "");
    assert_reason(&t, final, NOT_ACCEPTED);
    maker_person(person, 'C');
    assert_about(&t, final, person);
    (void)vote(&t, 'C', DAY(4), false); /* one refusal blocks */
    assert_reason(&t, final, NOT_ACCEPTED);
    (void)vote(&t, 'C', DAY(5), true); /* the newest word counts */
    assert_stands(&t, final);
    (void)vote(&t, 'C', DAY(21), false); /* after the final: too late */
    assert_stands(&t, final);
    assert_any_order(&t);
    (void)vote(&t, 'C', DAY(19), false);
    assert_reason(&t, final, NOT_ACCEPTED);
    assert_any_order(&t);
    scene_free(&t.s);

    begin_split(&t, "unanimous");
    (void)vote(&t, 'B', DAY(3), true);
    (void)vote(&t, 'C', DAY(3), true);
    final = finish(&t, 'A', DAY(16), "B5000 C5000", "B20000 C20000", "");
    assert_reason(&t, final, NOT_AS_PROPOSED);
    scene_free(&t.s);
}

static void a_final_is_made_anew_until_the_first_receipt(void **state)
{
    static struct story t;
    const struct made *said;
    const struct made *first;
    const struct made *second;
    const struct made *third;
    const struct made *other;

    (void)state;
    begin_split(&t, "leader");
    said = say(&t, 'D', DAY(3), t.proposal);
    first = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    (void)answer(&t, 'A', DAY(17), said);
    assert_stands(&t, first);
    second = finish(&t, 'A', DAY(18), "D10000", "D40000", "");
    assert_stands(&t, second);
    assert_what(&t, first, "superseded");
    (void)receive(&t, 'X', DAY(19), second, 'X', 1, "EUR"); /* no payee */
    third = finish(&t, 'A', DAY(20), "B10000", "B40000", "");
    assert_stands(&t, third);
    assert_any_order(&t);

    (void)receive(&t, 'D', DAY(19), second, 'D', 1, "EUR");
    assert_stands(&t, second);
    assert_reason(&t, third, SECOND_FINAL);
    assert_about(&t, third, second->id);
    /* Another proposal of the same income is no way round it. */
    t.proposal =
        propose(&t, 'A', DAY(3), t.income, DAY(3), DAY(20), "D10000", "");
    other = finish(&t, 'A', DAY(21), "D10000", "D40000", "");
    assert_reason(&t, other, SECOND_FINAL);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void what_a_leader_paid_by_a_final_keeps_it(void **state)
{
    static struct story t;
    const struct made *first;
    const struct made *second;

    (void)state;
    begin_split(&t, "leader");
    first = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    (void)receive(&t, 'A', DAY(17), first, 'B', 1, "EUR");
    second = finish(&t, 'A', DAY(18), "D10000", "D40000", "");
    assert_stands(&t, first);
    assert_reason(&t, second, SECOND_FINAL);
    scene_free(&t.s);
}

static void receipts_are_by_payees_or_who_pays(void **state)
{
    static struct story t;
    const struct made *final;

    (void)state;
    begin_split(&t, "leader");
    final = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    assert_stands(&t, receive(&t, 'B', DAY(17), final, 'B', 1, "EUR"));
    assert_stands(&t, receive(&t, 'A', DAY(17), final, 'B', 1, "EUR"));
    assert_reason(&t, receive(&t, 'C', DAY(17), final, 'B', 1, "EUR"),
                  NOT_LEADER);
    assert_reason(&t, receive(&t, 'D', DAY(17), final, 'D', 1, "EUR"),
                  NOT_PAYEE);
    assert_reason(&t, receive(&t, 'B', DAY(17), final, 'B', 1, "USD"),
                  CURRENCY);
    assert_reason(&t, receive(&t, 'B', DAY(17), t.proposal, 'B', 1, "EUR"),
                  WRONG_TARGET);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void the_ledger_tells_settled_declared_and_outstanding(void **state)
{
    static const struct {
        unsigned payee;
        unsigned payer;
        unsigned settled;
        unsigned declared;
        unsigned outstanding;
    } cases[] = {
        { 0, 0, 0, 0, 24000 },
        { 24000, 0, 24000, 0, 0 },
        { 0, 24000, 0, 24000, 0 },
        { 24000, 24000, 24000, 0, 0 },
        { 10000, 15000, 10000, 5000, 9000 },
        { 30000, 0, 30000, 0, 0 },
        { 0, 99999, 0, 24000, 0 },
        { 10000, 5000, 10000, 0, 14000 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct story t;
        const struct made *final;
        struct split_shares shares;
        struct topic_state *ts;
        struct topic_list list;
        const struct topic_entry *e;
        struct split_share *b;
        uint8_t person[ID_LEN];

        begin_split(&t, "leader");
        final = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
        if (cases[i].payee > 0)
            (void)receive(&t, 'B', DAY(17), final, 'B', cases[i].payee, "EUR");
        if (cases[i].payer > 0)
            (void)receive(&t, 'A', DAY(17), final, 'B', cases[i].payer, "EUR");
        ts = scene_judge(&t.s, NULL, LATER);
        e = topic_state_find(ts, final->id);
        assert_int_equal(topic_list_open(&list, ts, e), ERR_OK);
        assert_int_equal(split_shares_read(&shares, &list), ERR_OK);
        assert_int_equal(split_shares_pay(&shares, 40000), ERR_OK);
        assert_int_equal(split_shares_paid(&shares, ts, e), ERR_OK);
        maker_person(person, 'B');
        b = split_shares_find(&shares, person);
        assert_int_equal(b->amount, 24000);
        assert_int_equal(b->settled, cases[i].settled);
        assert_int_equal(b->declared, cases[i].declared);
        assert_int_equal(split_share_outstanding(b), cases[i].outstanding);
        split_shares_wipe(&shares);
        topic_list_wipe(&list);
        topic_state_free(ts);
        scene_free(&t.s);
    }
}

/* Shares on two pages; without one of them the proposal cannot be judged. */
static void shares_go_on_in_pages(void **state)
{
    static struct story t;
    const struct made *pages[2];
    const struct made *proposal;
    const struct made *final;
    char more[512];

    (void)state;
    begin_split(&t, "leader");
    pages[0] =
        scene_keep(&t.s, make(&t.s.m, KIND_PAGE, 'A', DAY(2),
                              "{\"of\":\"shares\",\"index\":0,\"items\":[]}"));
    (void)snprintf(more, sizeof more, ",\"pages\":[\"%s\",\"%064d\"]",
                   pages[0]->hex, 0);
    proposal =
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B10000", more);
    assert_reason(&t, proposal, INCOMPLETE);
    (void)snprintf(more, sizeof more, ",\"pages\":[\"%s\"]", pages[0]->hex);
    t.proposal =
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "B10000", more);
    final = finish(&t, 'A', DAY(16), "B10000", "B40000", more);
    assert_stands(&t, t.proposal);
    assert_stands(&t, final);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void
who_accepts_is_asked_for_in_the_proposal_that_they_name(void **state)
{
    static struct story t;
    const struct made *proposals[2];
    const struct made *votes[2][3];

    (void)state;
    begin_split(&t, "unanimous");
    proposals[0] = t.proposal; /* of B and C */
    proposals[1] =
        propose(&t, 'A', DAY(2), t.income, DAY(2), DAY(16), "C5000 D5000", "");
    for (unsigned who = 0; who < 3; who++)
        for (unsigned i = 0; i < 2; i++) {
            t.proposal = proposals[i];
            votes[i][who] =
                vote(&t, (char)('B' + who), DAY(3) + who * 2 + i, true);
        }
    assert_stands(&t, votes[0][0]);
    assert_stands(&t, votes[0][1]);
    assert_reason(&t, votes[0][2], NOT_PAYEE);
    assert_reason(&t, votes[1][0], NOT_PAYEE);
    assert_stands(&t, votes[1][1]);
    assert_stands(&t, votes[1][2]);
    assert_any_order(&t);
    scene_free(&t.s);
}

/* A's device is revoked as of the day of the close. */
static void revoke(struct story *t)
{
    uint8_t seed[32] = { 'A', 1 };
    struct maker m = { .with_person_key = true };
    struct sign_key device;
    char hex[2 * KEY_LEN + 1];

    sign_key_from_seed(&device, seed);
    hex_encode(hex, BYTES_ARRAY(device.public_key));
    maker_person(m.topic, 'A');
    (void)scene_keep(&t->s, make(&m, KIND_DEVICE_REVOKE, 'A', DAY(30),
                                 "{\"device\":\"%s\",\"since\":%llu}", hex,
                                 (unsigned long long)DAY(16)));
}

static void
what_a_revoked_device_signed_is_contested_if_it_says_right(void **state)
{
    static struct story t;
    const struct made *wrong;
    const struct made *contested;
    const struct made *receipt;
    const struct made *owns;

    (void)state;
    begin_split(&t, "leader");
    wrong = finish(&t, 'A', DAY(16), GOOD_SHARES, "B40000 C0", "");
    contested = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    receipt = receive(&t, 'A', DAY(17), contested, 'B', 5, "EUR");
    revoke(&t);
    assert_reason(&t, wrong, AMOUNTS);
    assert_what(&t, contested, "contested");
    assert_what(&t, receipt, "contested");
    assert_any_order(&t);
    /* A final that nobody contests takes its place. */
    t.s.m.with_person_key = true;
    owns = finish(&t, 'A', DAY(31), "D10000", "D40000", "");
    assert_stands(&t, owns);
    assert_what(&t, contested, "superseded");
    assert_what(&t, receipt, "contested");
    assert_any_order(&t);
    scene_free(&t.s);

    /* And keeps it against one that is contested. */
    begin_split(&t, "leader");
    t.s.m.with_person_key = true;
    owns = finish(&t, 'A', DAY(16), "D10000", "D40000", "");
    contested = finish(&t, 'A', DAY(18), GOOD_SHARES, GOOD_AMOUNTS, "");
    revoke(&t);
    assert_stands(&t, owns);
    assert_reason(&t, contested, SECOND_FINAL);
    assert_any_order(&t);
    scene_free(&t.s);
}

static void what_waits_has_no_part(void **state)
{
    static struct story t;
    const struct made *said;
    const struct made *final;

    (void)state;
    begin_split(&t, "leader");
    said = say(&t, 'B', DAY(15), t.proposal);
    final = finish(&t, 'A', DAY(16), GOOD_SHARES, GOOD_AMOUNTS, "");
    (void)answer(&t, 'A', DAY(20), said);
    assert_int_equal(verdict_at(&t, final, DAY(15)).state, VERDICT_WAITING);
    assert_int_equal(verdict_at(&t, final, DAY(19)).reason, VOID_UNANSWERED);
    assert_int_equal(verdict_at(&t, final, DAY(20)).state, VERDICT_IN_FORCE);
    scene_free(&t.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_story_stands),
        cmocka_unit_test(a_split_is_shown_with_all_that_became_of_it),
        cmocka_unit_test(incomes_follow_the_terms),
        cmocka_unit_test(incomes_are_declared_by_leaders_in_a_currency),
        cmocka_unit_test(nothing_of_it_is_revised_or_retracted),
        cmocka_unit_test(a_proposal_keeps_its_rules),
        cmocka_unit_test(feedback_is_anyones_until_the_proposal_closes),
        cmocka_unit_test(a_final_waits_for_the_close_to_the_millisecond),
        cmocka_unit_test(a_final_waits_for_answers_to_those_concerned),
        cmocka_unit_test(who_came_after_the_proposal_is_a_stranger),
        cmocka_unit_test(whom_the_release_credits_has_a_say),
        cmocka_unit_test(amounts_are_what_the_shares_say),
        cmocka_unit_test(waived_shares_go_to_the_others_in_proportion),
        cmocka_unit_test(unanimous_means_everybody_and_just_these_shares),
        cmocka_unit_test(a_final_is_made_anew_until_the_first_receipt),
        cmocka_unit_test(what_a_leader_paid_by_a_final_keeps_it),
        cmocka_unit_test(receipts_are_by_payees_or_who_pays),
        cmocka_unit_test(the_ledger_tells_settled_declared_and_outstanding),
        cmocka_unit_test(shares_go_on_in_pages),
        cmocka_unit_test(
            who_accepts_is_asked_for_in_the_proposal_that_they_name),
        cmocka_unit_test(
            what_a_revoked_device_signed_is_contested_if_it_says_right),
        cmocka_unit_test(what_waits_has_no_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
