/* Releases, archives, income and who gets it. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option attribution[] = {
    NEEDS("record", "RECORD", "a work or a release"),
    { "markdown", OPTION_FLAG, 0, "@markdown", NULL, "as Markdown" },
    { "html", OPTION_PATH, 0, "@html", "FILE", "as a page to be printed" },
    { "thanks", OPTION_FLAG, 0, "@thanks", NULL, "with the words of thanks" },
    END };

static const struct option release_draft[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of which project (required)" },
    { "part", OPTION_TEXT, OPTION_MANY, "parts", "CONTRIBUTION", "what is in it" },
    { "out", OPTION_PATH, 0, "@out", "FILE", "where the credits go (credits.json)" },
    END };

static const struct option release_publish[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of which project (required)" },
    { "file", OPTION_FILE, OPTION_MANY, "files", "FILE", "the finished work" },
    { "role", OPTION_ROLE_FILE, OPTION_MANY, "files", "ROLE=FILE", "a file as preview, master, stem, source or document" },
    { "part", OPTION_TEXT, OPTION_MANY, "parts", "CONTRIBUTION", "what is in it" },
    { "credit", OPTION_CREDIT, OPTION_MANY, "credits", "PERSON=ROLE", "who did what; a name for who has no id" },
    { "credits", OPTION_JSON_FILE, 0, "credits", "FILE", "credits as `release draft` wrote them" },
    { "omit", OPTION_OMIT, OPTION_MANY, "omitted", "PERSON=REASON", "who is left out, and why" },
    END };

static const struct option release[] = {
    NEEDS("release", "RELEASE", "its id"),
    END };

static const struct option release_bundle[] = {
    NEEDS("release", "RELEASE", "its id"),
    { "out", OPTION_PATH, OPTION_REQUIRED, "out", "FILE", "where to write it; - for stdout" },
    { "torrent", OPTION_PATH, 0, "torrent", "FILE", "and a BitTorrent v2 .torrent of its files" },
    END };

static const struct option archive_export[] = {
    NEEDS("project", "PROJECT", "its id"),
    { "out", OPTION_PATH, OPTION_REQUIRED, "out", "FILE", "where to write it; - for stdout" },
    END };

static const struct option archive_import[] = {
    { "file", OPTION_PATH, OPTION_ARGUMENT | OPTION_REQUIRED, "file", "FILE", "as `archive export` or `release bundle` wrote it; - for stdin" },
    END };

static const struct option release_verify[] = {
    { "file", OPTION_PATH, OPTION_ARGUMENT | OPTION_REQUIRED, "@file", "FILE", "a bundle; - for stdin" },
    END };

static const struct option income_declare[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "whose income it is" },
    { "release", OPTION_TEXT, 0, NULL, "RELEASE", "or the release that earned it" },
    { "gross", OPTION_TEXT, OPTION_REQUIRED, "@gross", "AMOUNT", "what came in: 1,000.00" },
    { "costs", OPTION_TEXT, 0, "@costs", "AMOUNT", "what it cost (nothing)" },
    { "currency", OPTION_TEXT, OPTION_REQUIRED, "fields.currency", "CODE", "as in ISO 4217: EUR" },
    { "mode", OPTION_TEXT, 0, "fields.mode", "profit_share|fixed_pool", "how it is shared (as the terms say)" },
    { "period", OPTION_TEXT, OPTION_REQUIRED, "fields.period", "TEXT", "when it was earned: 2026" },
    { "source", OPTION_TEXT, OPTION_REQUIRED, "fields.source", "TEXT", "where it came from" },
    END };

static const struct option split_draft[] = {
    NEEDS("income", "INCOME", "what is to be shared"),
    { "out", OPTION_PATH, 0, "@out", "FILE", "where to write it (shares.json)" },
    END };

static const struct option split_propose[] = {
    NEEDS("income", "INCOME", "what is to be shared"),
    { "share", OPTION_BP, OPTION_MANY, "shares", "PERSON=PERCENT", "somebody's share" },
    { "shares", OPTION_JSON_FILE, 0, "shares", "FILE", "all of them, as `split draft` writes them" },
    { "opens", OPTION_TIME, 0, "fields.opens_at", "TIME", "from when on (now)" },
    { "closes", OPTION_TIME, 0, "fields.closes_at", "TIME", "until when all may say something" },
    { "window", OPTION_DURATION, 0, "window_ms", "DURATION", "or how long they may (14d, which is the least)" },
    END };

static const struct option split_feedback[] = {
    NEEDS("proposal", "PROPOSAL", "its id"),
    { "text", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED, "text", "TEXT", "what you have to say" },
    { "reason", OPTION_TEXT, OPTION_REQUIRED, "reason", "left_out|too_little|too_much|missing_attribution|other", "what is not right" },
    { "proposed", OPTION_SHARE, 0, "proposed_bp", "PERCENT", "the share you think right" },
    END };

static const struct option split_reply[] = {
    NEEDS("feedback", "FEEDBACK", "its id, in `split show`"),
    { "text", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED, "text", "TEXT", "your answer" },
    { "answer", OPTION_TEXT, OPTION_REQUIRED, "answer", "agreed|partly|declined", "in a word" },
    END };

static const struct option split_accept[] = {
    NEEDS("proposal", "PROPOSAL", "its id"),
    TAKES("text", "TEXT", "why"),
    END };

static const struct option split_final[] = {
    NEEDS("proposal", "PROPOSAL", "its id"),
    { "share", OPTION_BP, OPTION_MANY, "shares", "PERSON=PERCENT", "somebody's share (all as proposed)" },
    { "shares", OPTION_JSON_FILE, 0, "shares", "FILE", "all of them from a file" },
    END };

static const struct option split_show[] = {
    NEEDS("split", "PROPOSAL|INCOME", "what was proposed, or what is shared"),
    END };

static const struct option receipt_sign[] = {
    NEEDS("final", "FINAL", "what it was paid by, in `split show`"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "whom you have paid (you were)" },
    { "amount", OPTION_TEXT, 0, "@amount", "AMOUNT", "how much (all that is outstanding)" },
    { "currency", OPTION_TEXT, OPTION_HIDDEN, "@currency", "CODE", "that of the income" },
    END };

static const struct option ledger[] = {
    TAKES("project", "PROJECT", "else all that have an income"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "of this person alone" },
    END };

static const struct command rows[] = {
    { .noun = "release", .verb = "draft", .method = "release.draft", .options = release_draft, .run = run_release_draft, .show = render_credits,
      .help = "who must be credited: writes credits.json to edit" },
    { .noun = "release", .verb = "publish", .method = "release.publish", .options = release_publish, .kind = "release", .run = run_release_publish, .said = "released", .flags = COMMAND_LONG,
      .help = "publish the finished work with complete credits",
      .more = "Adds nobody silently. If somebody whose work is in it, directly or through what it was built on, is neither credited nor omitted with a reason, nothing is published and they are named.",
      .example = "troupe release publish --project 1f2e3d4c5b6a7988 --title \"The Crowned Cat\" --medium short_film --file film.mp4 --part 99aabbccddeeff00 --credits credits.json" },
    { .noun = "release", .verb = "show", .method = "release.show", .options = release,
      .help = "a finished work" },
    { .noun = "release", .verb = "bundle", .method = "release.bundle", .options = release_bundle, .run = run_release_bundle, .show = render_written, .flags = COMMAND_JOB | COMMAND_LONG,
      .help = "a finished work in one file, with all that proves it",
      .more = "It holds the records of the project, the certificates of all who signed, and the files of the release: whoever has it can check it without a network. What was cut off is gone on with. The .torrent names the same files by the same hashes.",
      .example = "troupe release bundle 1f2e3d4c5b6a7988 --out crowned-cat.troupe --torrent crowned-cat.torrent" },
    { .noun = "release", .verb = "verify", .options = release_verify, .run = run_release_verify, .show = render_bundle, .flags = COMMAND_LONG,
      .help = "check a bundle by itself, without a daemon",
      .more = "Checks every signature, the rules by which the release stands, and every byte of its files. Ends with 0 if all is there and right, 5 if the release does not stand, 7 if files are missing, 8 if anything is damaged.",
      .example = "troupe release verify crowned-cat.troupe" },
    { .noun = "archive", .verb = "export", .method = "archive.export", .options = archive_export, .run = run_archive_export, .show = render_written, .flags = COMMAND_JOB | COMMAND_LONG,
      .help = "a project with all its records and files in one file",
      .more = "Whoever holds the same makes the same file. What is not here is listed. If it is cut off, the same command goes on; an existing file is never written over.",
      .example = "troupe archive export 1f2e3d4c5b6a7988 --out film.troupe\ntroupe archive export 1f2e3d4c5b6a7988 --out - | ssh vault 'cat > film.troupe'" },
    { .noun = "archive", .verb = "import", .method = "archive.import", .options = archive_import, .run = run_archive_import, .show = render_taken, .flags = COMMAND_JOB | COMMAND_LONG,
      .help = "take in such a file, without a network",
      .more = "Everything in it is checked and kept as if a peer had brought it: by the same budgets and quotas, and without what you have taken down or blocked. Done twice it changes nothing; if it is cut off, it goes on.",
      .example = "troupe archive import film.troupe" },
    { .noun = "credits", .method = "credits", .options = release, .show = render_credits,
      .help = "who made it" },
    { .noun = "attribution", .method = "attribution", .options = attribution, .run = run_attribution,
      .help = "title, author, licence and sources, ready to be pasted",
      .more = "Of a release all that is in it, with its credits; of a work what it is built on.",
      .example = "troupe attribution 1f2e3d4c5b6a7988 --html credits.html" },
    { .noun = "income", .verb = "declare", .method = "income.declare", .options = income_declare, .kind = "income", .run = run_income_declare, .said = "the income is declared; share it: `troupe split propose`",
      .help = "state what a project or a release has earned",
      .more = "What is shared of it follows from the terms of the project: of a profit share what is left after costs and the house's share, of a fixed pool all.",
      .example = "troupe income declare --project 1f2e3d4c5b6a7988 --gross 1,000.00 --costs 200.00 --currency EUR --period 2026 --source tickets" },
    { .noun = "split", .verb = "draft", .method = "split.draft", .options = split_draft, .run = run_split_draft, .show = render_shares,
      .help = "equal shares for all who are credited: writes shares.json to edit" },
    { .noun = "split", .verb = "propose", .method = "split.propose", .options = split_propose, .kind = "split_proposal", .run = run_split_propose, .said = "the split is proposed; all may say something until it closes",
      .help = "propose who gets which part of an income",
      .more = "A proposal stays open for at least 14 days. Everybody may give feedback; that of all who are paid or have contributed must be answered before there can be a final.",
      .example = "troupe split propose 1f2e3d4c5b6a7988 --share 99aabbccddeeff00=60% --share 1122334455667788=40%" },
    { .noun = "split", .verb = "feedback", .method = "split.feedback", .options = split_feedback, .kind = "split_feedback", .said = "said and signed; a leader has to answer",
      .help = "say what is not right about a proposal",
      .example = "troupe split feedback 1f2e3d4c5b6a7988 \"The violin is mine\" --reason left_out --proposed 10%" },
    { .noun = "split", .verb = "reply", .method = "split.reply", .options = split_reply, .kind = "split_reply", .said = "answered",
      .help = "answer feedback on a proposal" },
    { .noun = "split", .verb = "accept", .method = "split.accept", .options = split_accept, .run = run_split_accept, .said = "accepted",
      .help = "accept a proposal: where all decide, each has to" },
    { .noun = "split", .verb = "refuse", .method = "split.accept", .options = split_accept, .run = run_split_accept, .said = "refused; you may still accept later",
      .help = "refuse a proposal: where all decide, one is enough" },
    { .noun = "split", .verb = "final", .method = "split.final", .options = split_final, .kind = "split_final", .run = run_split_propose, .said = "the split is final",
      .help = "settle who gets what, once the proposal has closed",
      .more = "The amounts are the pool shared out to the last cent. Shares may differ from those proposed, as feedback is for that, unless all who are paid decide." },
    { .noun = "split", .verb = "show", .method = "split.show", .options = split_show, .show = render_split,
      .help = "a split: its pool, shares, feedback, receipts" },
    { .noun = "receipt", .verb = "sign", .method = "receipt.sign", .options = receipt_sign, .kind = "receipt", .run = run_receipt_sign, .said = "signed",
      .help = "sign that you were paid, or that you have paid somebody",
      .more = "Signed by who was paid, it is settled; by who pays alone, it is declared. Troupe never moves money.",
      .example = "troupe receipt sign 1f2e3d4c5b6a7988 --method transfer\ntroupe receipt sign 1f2e3d4c5b6a7988 --person 99aabbccddeeff00 --amount 120.00 --method cash" },
    { .noun = "ledger", .method = "ledger", .options = ledger, .show = render_ledger,
      .help = "who was promised what, and what of it was paid" },
};
/* clang-format on */

const struct commands commands_release = { rows, sizeof rows / sizeof rows[0] };
