/* Classes and courage. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option lesson_add[] = {
    NEEDS("project", "CLASS", "a project of medium class"),
    { "demonstration", OPTION_FILE, OPTION_MANY, NULL, "FILE", "how it is done (required)" },
    { "material", OPTION_FILE, OPTION_MANY, "materials", "FILE", "what to work with" },
    { "kind", OPTION_TEXT, 0, "fields.expects.media_kind", "video|audio|image|text|document|other", "what the learner is to make (required)" },
    { "works", OPTION_UINT, 0, "fields.expects.min", "N", "how many of them (1)" },
    END };

static const struct option class_progress[] = {
    NEEDS("project", "CLASS", "a project of medium class"),
    TAKES("person", "PERSON", "one person alone"),
    END };

static const struct option courage_declare[] = {
    NEEDS("thread", "THREAD", "where it is talked about"),
    NEEDS("fields.declaration", "TEXT", "what you think you cannot do"),
    { "helper", OPTION_TEXT, 0, "fields.helper", "PERSON", "whom you ask to walk along" },
    END };

static const struct option courage_help[] = {
    NEEDS("courage", "COURAGE", "somebody's declaration"),
    NEEDS("fields.declaration", "TEXT", "what you will do for them"),
    END };

static const struct option courage_attempt[] = {
    NEEDS("courage", "COURAGE", "your declaration"),
    NEEDS("work", "RECORD", "what you tried"),
    END };

static const struct option courage_keep[] = {
    NEEDS("courage", "COURAGE", "your declaration"),
    NEEDS("release", "RELEASE", "it must credit you both"),
    END };

static const struct option courage[] = {
    NEEDS("courage", "COURAGE", "a declaration"),
    END };

static const struct command rows[] = {
    { .noun = "lesson", .verb = "add", .method = "lesson.add", .options = lesson_add, .kind = "lesson", .said = "the lesson is added",
      .help = "add a lesson to a class that you lead",
      .more = "A lesson is done when the learner has made something, not when a film was watched: `troupe contribute --project CLASS FILE --lesson LESSON`." },
    { .noun = "class", .verb = "progress", .method = "class.progress", .options = class_progress,
      .help = "the lessons of a class and who has done them" },
    { .noun = "courage", .verb = "declare", .method = "courage.declare", .options = courage_declare, .said = "declared",
      .help = "name what you think you cannot do" },
    { .noun = "courage", .verb = "help", .method = "courage.help", .options = courage_help, .said = "you walk along",
      .help = "walk along with somebody" },
    { .noun = "courage", .verb = "attempt", .method = "courage.attempt", .options = courage_attempt, .said = "the attempt is logged",
      .help = "log an attempt" },
    { .noun = "courage", .verb = "keep", .method = "courage.keep", .options = courage_keep, .said = "kept",
      .help = "name the release that you two keep of it" },
    { .noun = "courage", .verb = "show", .method = "courage.show", .options = courage,
      .help = "a declaration, who walks along, and the attempts" },
};
/* clang-format on */

const struct commands commands_class = { rows, sizeof rows / sizeof rows[0] };
