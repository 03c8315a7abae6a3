/* Requests, and how they are found. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option none[] = { END };

static const struct option request_publish[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "what it is for; else it stands alone" },
    { "kind", OPTION_TEXT, OPTION_MANY, "fields.media_kinds", "video|audio|image|text|document|other", "what may be sent (required)" },
    { "brief", OPTION_PATH, 0, NULL, "FILE", "the brief: a film, a picture, a text" },
    { "reference", OPTION_REFERENCE, OPTION_MANY, "references", "FILE|ID", "what it should go with" },
    { "interest", OPTION_TEXT, OPTION_MANY, "fields.interests", "TAG", "whom it may interest" },
    { "strict", OPTION_FLAG, 0, NULL, NULL, "refuse what the brief lacks, instead of a warning" },
    END };

static const struct option request_list[] = {
    TAKES("text", "TEXT", "words that stand in it"),
    { "open", OPTION_FLAG, 0, NULL, NULL, "those that can still be answered" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of this project" },
    { "kind", OPTION_TEXT, 0, NULL, "video|audio|image|text|document|other", "that ask for this" },
    { "medium", OPTION_TEXT, 0, NULL, "MEDIUM", "of projects of this medium" },
    { "interest", OPTION_TEXT, 0, NULL, "TAG", "that may interest" },
    { "closing", OPTION_DURATION, 0, "closing_ms", "DURATION", "that close within this time" },
    { "no-answers", OPTION_FLAG, 0, NULL, NULL, "that nobody has answered yet" },
    { "undecided", OPTION_FLAG, 0, NULL, NULL, "that wait for your outcome, their deadline being past" },
    END };

static const struct option request[] = {
    NEEDS("request", "REQUEST", "its id"),
    END };

static const struct option request_close[] = {
    NEEDS("request", "REQUEST", "its id"),
    { "outcome", OPTION_TEXT, 0, NULL, "chosen|none_used|withdrawn|merged", "how it ends (required)" },
    { "note", OPTION_TEXT, 0, NULL, "TEXT", "a word to all who answered (required)" },
    { "into", OPTION_TEXT, 0, NULL, "REQUEST", "the request it is merged into" },
    END };

static const struct option request_extend[] = {
    NEEDS("request", "REQUEST", "its id"),
    { "deadline", OPTION_TIME, 0, "deadline_ms", "TIME", "the new deadline" },
    { "note", OPTION_TEXT, 0, NULL, "TEXT", "why" },
    END };

static const struct option find_text[] = {
    NEEDS("text", "TEXT", "words, or how they begin"),
    { "in", OPTION_TEXT, 0, NULL, "projects|requests|contributions|people", "where to look; else everywhere" },
    END };

static const struct option draw[] = {
    { "in", OPTION_TEXT, 0, NULL, "projects|requests|contributions|people", "among these; else among projects, requests and works" },
    END };

static const struct option inbox[] = {
    { "kind", OPTION_TEXT, 0, NULL, "KIND", "of this kind alone" },
    { "mark-read", OPTION_FLAG, 0, NULL, NULL, "all that is there now counts as read" },
    { "mask", OPTION_TEXT, OPTION_MANY, NULL, "KIND=on|off", "what shall come into it from now on" },
    END };

static const struct command rows[] = {
    { .noun = "request", .verb = "publish", .method = "request.publish", .options = request_publish, .kind = "request", .said = "the request is published", .flags = COMMAND_LONG,
      .help = "ask for something specific",
      .more = "Warns about what the brief lacks: a deliverable, kinds, a reference, a deadline.",
      .example = "troupe request publish --project 1f2e3d4c5b6a7988 --title \"Draw the crown\" --deliverable \"The crown, as SVG\" --kind image --reference cat.jpg --deadline +14d" },
    { .noun = "request", .verb = "list", .method = "request.list", .options = request_list, .flags = COMMAND_LIST, .columns = "title kinds deadline_ms state deliverable id",
      .help = "requests, by what one can and wants to do",
      .example = "troupe request list --open --kind image\ntroupe request list --closing 7d --no-answers" },
    { .noun = "request", .verb = "show", .method = "request.show", .options = request,
      .help = "a request with its brief" },
    { .noun = "request", .verb = "close", .method = "request.close", .options = request_close, .kind = "request_close", .said = "the request is closed",
      .help = "end a request with a stated outcome" },
    { .noun = "request", .verb = "extend", .method = "request.extend", .options = request_extend, .said = "the deadline is extended",
      .help = "move a request's deadline to a later time",
      .more = "Both dates stay visible to everybody.",
      .example = "troupe request extend 1f2e3d4c5b6a7988 --deadline +7d --note \"The mill burnt down\"" },
    { .noun = "request", .verb = "reopen", .method = "request.reopen", .options = request_extend, .said = "the request is open again",
      .help = "open a closed request again" },

    { .noun = "find", .method = "find", .options = find_text, .flags = COMMAND_LIST, .columns = "kind title author created_ms id",
      .help = "what has these words in its title or text",
      .more = "Looks in what this node holds, without a network. Each word given is the beginning of one that is looked for, whatever its case and accents; all of them must be there.",
      .example = "troupe find \"crowned cat\" --in requests" },
    { .noun = "suggest", .method = "suggest", .options = none, .flags = COMMAND_LIST, .columns = "title deadline_ms why id",
      .help = "open requests that fit your skills, what you seek and what you make" },
    { .noun = "random", .method = "random", .options = draw, .columns = "kind title author created_ms id",
      .help = "something you would not have looked for" },
    { .noun = "inbox", .method = "inbox.list", .options = inbox, .flags = COMMAND_LIST, .columns = "kind author text at_ms read about id",
      .help = "what concerns you, newest first",
      .more = "Kinds: cited, answered, welcome (a first work of somebody), directed, chosen, feedback, comment, update, closing (within a day), undecided (a request of yours past its deadline), proposed, final, receipt, reply, invited, contact (a stranger's comment waits). All but comment and update come in from the beginning; a mask says which do from then on.",
      .example = "troupe inbox --mark-read\ntroupe inbox --mask comment=on --mask answered=off" },
};
/* clang-format on */

const struct commands commands_request = { rows, sizeof rows / sizeof rows[0] };
