/* Choosing, and what is said of works and in projects. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option direct[] = {
    NEEDS("target", "CONTRIBUTION", "what you want changed"),
    NEEDS("text", "TEXT", "what you want"),
    END };

static const struct option select_one[] = {
    NEEDS("contribution", "CONTRIBUTION", "its id"),
    NEEDS("state", "shortlist|change_wanted|chosen|not_used_here", "your choice"),
    { "reason", OPTION_TEXT, 0, NULL, "TEXT", "why" },
    END };

static const struct option comment[] = {
    NEEDS("target", "RECORD", "what you speak of"),
    NEEDS("text", "TEXT", "what you say"),
    { "reply-to", OPTION_TEXT, 0, NULL, "COMMENT", "whom you answer" },
    END };

static const struct option feedback_list[] = {
    NEEDS("target", "RECORD", "what it is about"),
    END };

static const struct option feedback[] = {
    NEEDS("target", "RECORD", "the work you speak of"),
    NEEDS("fields.text", "TEXT", "what you say"),
    { "at", OPTION_TIMECODE, 0, "fields.at.from_ms", "1:23", "where in time it begins" },
    { "until", OPTION_TIMECODE, 0, "fields.at.until_ms", "1:30", "and ends" },
    { "page", OPTION_UINT, 0, "fields.at.page", "N", "on which page" },
    { "region", OPTION_REGION, 0, "fields.at", "LEFT,TOP,WIDTH,HEIGHT", "where in the picture, in percent" },
    MEDIA,
    END };

static const struct option thread_create[] = {
    NEEDS("project", "PROJECT", "the board, or any project"),
    MEDIA,
    END };

static const struct option thread_list[] = {
    NEEDS("project", "PROJECT", "the board, or any project"),
    END };

static const struct option thread_show[] = {
    NEEDS("record", "THREAD", "a thread, or anything with comments"),
    END };

static const struct option journal_write[] = {
    { "file", OPTION_TEXT_FILE, OPTION_ARGUMENT | OPTION_REQUIRED, "fields.text", "FILE", "the text; - reads it from here" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "what it is about" },
    MEDIA,
    END };

static const struct option journal_list[] = {
    TAKES("person", "PERSON", "whose journal; else all that are held"),
    END };

static const struct option recommend[] = {
    NEEDS("target", "RECORD", "what others should see"),
    NEEDS("fields.words", "WORDS", "why"),
    END };

static const struct option collection_create[] = {
    { "items", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED | OPTION_MANY, "items", "RECORD...", "what is in it, in order" },
    END };

static const struct command rows[] = {
    { .noun = "direct", .method = "direct", .options = direct, .kind = "direction", .said = "said",
      .help = "tell the maker of a work what you want" },
    { .noun = "select", .method = "select", .options = select_one, .kind = "selection", .said = "said and signed",
      .help = "choose, or say that you do not" },
    { .noun = "comment", .method = "comment", .options = comment, .kind = "comment", .said = "said",
      .help = "say something about anything" },

    { .noun = "feedback", .verb = "list", .method = "feedback.list", .options = feedback_list, .flags = COMMAND_LIST, .columns = "author_name tone text created_ms id",
      .help = "what was said about a work, oldest first" },
    { .noun = "feedback", .method = "feedback", .options = feedback, .kind = "feedback", .said = "said",
      .help = "tell somebody what you see in their work",
      .more = "One voice for each person and work: what you say again replaces what you said. It may point to a time, a page or a region.",
      .example = "troupe feedback 1f2e3d4c5b6a7988 \"The bridge carries me\" --tone encourage --at 1:23 --until 1:31" },
    { .noun = "recommend", .method = "recommend", .options = recommend, .kind = "recommendation", .said = "recommended",
      .help = "recommend a work in words" },
    { .noun = "collection", .verb = "create", .method = "collection.create", .options = collection_create, .kind = "collection", .said = "the collection is made",
      .help = "put works side by side" },
    { .noun = "thread", .verb = "create", .method = "thread.create", .options = thread_create, .kind = "thread", .said = "the thread is open",
      .help = "begin to talk about something" },
    { .noun = "thread", .verb = "list", .method = "thread.list", .options = thread_list, .flags = COMMAND_LIST, .columns = "title author_name created_ms id",
      .help = "the threads of a board or project" },
    { .noun = "thread", .verb = "show", .method = "thread.show", .options = thread_show, .flags = COMMAND_LIST,
      .help = "a thread with all that was said, pinned words first" },
    { .noun = "journal", .verb = "write", .method = "journal.write", .options = journal_write, .kind = "journal", .said = "it stands in your journal",
      .help = "write into your journal",
      .example = "troupe journal write night.txt --title \"The first night\"" },
    { .noun = "journal", .verb = "list", .method = "journal.list", .options = journal_list, .flags = COMMAND_LIST, .columns = "title author_name created_ms id",
      .help = "journals of people, newest first" },
};
/* clang-format on */

const struct commands commands_said = { rows, sizeof rows / sizeof rows[0] };
