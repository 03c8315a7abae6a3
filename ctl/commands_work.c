/* Works, what they cite, and rights. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option contribute[] = {
    { "items", OPTION_TEXT, OPTION_ARGUMENT | OPTION_MANY, "@items", "REQUEST FILE...", "what it answers and the files, or folders; with --project or --request, files alone" },
    { "request", OPTION_TEXT, 0, NULL, "REQUEST", "what it answers, if not the first word" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "for the project's pool, not for a request" },
    { "kind", OPTION_TEXT, 0, "fields.media_kind", "video|audio|image|text|document|other", "what it is" },
    { "rights", OPTION_TEXT, 0, "fields.rights_statement", "TEXT", "why you may give it (own_work)" },
    { "role", OPTION_ROLE_FILE, OPTION_MANY, "files", "ROLE=FILE", "a file as preview, master, stem, source or document" },
    { "from", OPTION_TEXT, OPTION_MANY, NULL, "RECORD", "an earlier work it is built on" },
    { "relation", OPTION_TEXT, OPTION_MANY, NULL, "used|adapted|performed|inspired", "how (used); the n-th to the n-th source" },
    { "thanks", OPTION_TEXT, OPTION_MANY, NULL, "WORDS", "to whoever made that; the n-th to the n-th source" },
    { "source-text", OPTION_TEXT, OPTION_MANY, "source_texts", "TEXT", "a source that is no record here" },
    { "ai", OPTION_TEXT, 0, "fields.made_with_ai", "none|part|all", "how much was made by a machine" },
    { "lesson", OPTION_TEXT, 0, NULL, "LESSON", "the lesson of a class that it is made for" },
    { "in-place", OPTION_FLAG, 0, "in_place", NULL, "serve the files from where they lie, without a copy" },
    { "accept-terms", OPTION_FLAG, 0, NULL, NULL, "you have read the project's terms" },
    END };

static const struct option contribution_list[] = {
    { "request", OPTION_TEXT, 0, NULL, "REQUEST", "that answer it" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of this project" },
    { "author", OPTION_TEXT, 0, NULL, "PERSON", "of this person" },
    { "never-used", OPTION_FLAG, 0, NULL, NULL, "that are in no release" },
    { "pending", OPTION_FLAG, 0, NULL, NULL, "that no leader has answered" },
    { "decided", OPTION_FLAG, 0, NULL, NULL, "that a leader has answered, by direction or choice" },
    { "mine", OPTION_FLAG, 0, NULL, NULL, "your own" },
    { "led", OPTION_FLAG, 0, NULL, NULL, "in what you lead" },
    { "hidden", OPTION_FLAG, 0, NULL, NULL, "also what a request asks not to show yet" },
    END };

static const struct option contribution[] = {
    NEEDS("contribution", "CONTRIBUTION", "its id"),
    END };

static const struct option get[] = {
    NEEDS("record", "RECORD", "any record with files"),
    { "out", OPTION_PATH, 0, NULL, "DIR", "where to put them (here)" },
    { "file", OPTION_TEXT, 0, NULL, "NAME", "this file alone" },
    END };

static const struct option cat[] = {
    NEEDS("record", "RECORD", "any record with files"),
    { "file", OPTION_TEXT, 0, NULL, "NAME", "which file (the first)" },
    { "range", OPTION_TEXT, 0, "@range", "A-B", "bytes A to B alone, counted from 0" },
    END };

static const struct option cite[] = {
    NEEDS("child", "CHILD", "the work that is built on another"),
    { "source", OPTION_TEXT, 0, NULL, "RECORD", "the work it is built on" },
    { "source-text", OPTION_TEXT, 0, NULL, "TEXT", "a source that is no record here" },
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how (used)" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "to whoever made it" },
    { "url", OPTION_TEXT, 0, NULL, "URL", "where it can be found" },
    END };

static const struct option cite_resolve[] = {
    NEEDS("resource", "RESOURCE", "a citation of yours whose source was a text"),
    { "source", OPTION_TEXT, OPTION_REQUIRED, NULL, "RECORD", "the work that it means" },
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how, if not as before" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "if not as before" },
    END };

static const struct option cite_withdraw[] = {
    NEEDS("resource", "RESOURCE", "a citation or claim of yours"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "why; it stays visible beside it" },
    END };

static const struct option cite_claim[] = {
    NEEDS("child", "CHILD", "somebody else's work"),
    { "source", OPTION_TEXT, 0, NULL, "RECORD", "the work that it is built on" },
    { "source-text", OPTION_TEXT, 0, NULL, "TEXT", "a source that is no record here" },
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how (used)" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "what you say to its author" },
    { "url", OPTION_TEXT, 0, NULL, "URL", "where the source can be found" },
    END };

static const struct option cite_accept[] = {
    NEEDS("claim", "CLAIM", "what somebody says of your work"),
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how, if not as claimed" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "to whoever made the source" },
    END };

static const struct option cite_decline[] = {
    NEEDS("claim", "CLAIM", "what somebody says of your work"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "why it is not so" },
    END };

static const struct option rights_request[] = {
    NEEDS("contribution", "CONTRIBUTION", "the work whose licence does not allow it"),
    { "scope", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "what you want to do with it" },
    { "pay", OPTION_TEXT, 0, NULL, "WORDS", "what its author gets" },
    { "term", OPTION_TEXT, 0, NULL, "WORDS", "for how long" },
    END };

static const struct option rights_grant[] = {
    NEEDS("contribution", "CONTRIBUTION", "your work"),
    { "request", OPTION_TEXT, 0, NULL, "REQUEST", "the request for rights that you answer" },
    { "scope", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "what you allow" },
    { "pay", OPTION_TEXT, 0, NULL, "WORDS", "for what" },
    { "term", OPTION_TEXT, 0, NULL, "WORDS", "for how long" },
    END };

static const struct option rights_list[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of all works of a project" },
    { "contribution", OPTION_TEXT, 0, NULL, "CONTRIBUTION", "of one work" },
    END };

static const struct option tree[] = {
    NEEDS("record", "RECORD", "a work"),
    { "dot", OPTION_FLAG, 0, "@dot", NULL, "as a graph for Graphviz" },
    END };

static const struct command rows[] = {
    { .noun = "contribute", .method = "contribute", .options = contribute, .kind = "contribution", .run = run_contribute, .said = "contributed", .flags = COMMAND_LONG,
      .help = "give a work: to a request, or to a project's pool",
      .more = "Hashes and stores the files, signs, and tells the project. While files are taken in it is in `troupe job list`, and can be ended from there; ^C ends it, too, and nothing is published. The project's terms must have been read: without --accept-terms they are shown, and asked for on a terminal.",
      .example = "troupe contribute 1f2e3d4c5b6a7988 crown.svg --title Crown --licence CC-BY-SA-4.0 --from 99aabbccddeeff00 --thanks \"Your melody set the mood\" --accept-terms" },
    { .noun = "contribution", .verb = "list", .method = "contribution.list", .options = contribution_list, .flags = COMMAND_LIST, .columns = "title kind author created_ms selection licence id",
      .help = "works, by request, project or person",
      .example = "troupe contribution list --led --pending\ntroupe contribution list --mine --decided" },
    { .noun = "contribution", .verb = "show", .method = "contribution.show", .options = contribution,
      .help = "a work and its files" },
    { .noun = "get", .method = "get", .options = get, .run = run_get, .show = render_files, .flags = COMMAND_JOB,
      .help = "fetch the files of a record, checked",
      .more = "An identical file is left alone, a different one never overwritten. An interrupted transfer goes on where it was." },
    { .noun = "cat", .method = "blob.read", .options = cat, .run = run_cat, .flags = COMMAND_LONG | COMMAND_NO_JSON,
      .help = "print a file of a record",
      .more = "Also while it is being fetched: what is read comes first. Of a file that nothing else wants, only the range that is read is fetched." },
    { .noun = "open", .method = "get", .options = get, .run = run_open, .show = render_files, .flags = COMMAND_JOB,
      .help = "fetch the files of a record and look at them" },
    { .noun = "cite", .verb = "claim", .method = "cite.claim", .options = cite_claim, .said = "claimed; its author accepts or declines",
      .help = "say of somebody else's work what it is built on" },
    { .noun = "cite", .verb = "accept", .method = "cite.accept", .options = cite_accept, .said = "accepted: it is cited",
      .help = "accept what somebody says of your work" },
    { .noun = "cite", .verb = "decline", .method = "cite.decline", .options = cite_decline, .said = "declined, with your reason",
      .help = "decline what somebody says of your work" },
    { .noun = "cite", .verb = "resolve", .method = "cite.resolve", .options = cite_resolve, .said = "resolved",
      .help = "name the work that a citation by text means" },
    { .noun = "cite", .verb = "withdraw", .method = "cite.withdraw", .options = cite_withdraw, .said = "withdrawn; it stays visible with your reason",
      .help = "take a citation or a claim back" },
    { .noun = "cite", .method = "cite", .options = cite, .kind = "resource", .said = "cited",
      .help = "say what a work is built on, with thanks" },
    { .noun = "tree", .method = "tree", .options = tree, .run = run_tree, .show = render_tree,
      .help = "what a work came from and what came of it" },
    { .noun = "rights", .verb = "request", .method = "rights.request", .options = rights_request, .said = "asked",
      .help = "ask an author for rights that the licence does not give" },
    { .noun = "rights", .verb = "grant", .method = "rights.grant", .options = rights_grant, .said = "granted for good",
      .help = "grant rights beyond your licence, for good",
      .more = "In this project the licence of the work then keeps nobody from releasing what is built on it. What the grant covers is what its words say. It cannot be taken back." },
    { .noun = "rights", .verb = "list", .method = "rights.list", .options = rights_list, .flags = COMMAND_LIST, .columns = "kind author_name scope state created_ms id",
      .help = "rights asked for and granted" },
};
/* clang-format on */

const struct commands commands_work = { rows, sizeof rows / sizeof rows[0] };
