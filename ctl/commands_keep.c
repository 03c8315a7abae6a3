/* What is held, by whom, and records as they are. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option none[] = { END };

static const struct option record[] = {
    NEEDS("record", "RECORD", "its id"),
    END };

static const struct option seed[] = {
    NEEDS("target", "PROJECT|PERSON|all", "whose everything to hold; all: of everybody, shared with other archivists"),
    { "quota", OPTION_SIZE, 0, "quota_bytes", "BYTES", "at most so much" },
    { "until", OPTION_TIME, 0, "until_ms", "TIME", "until when" },
    { "last-copy", OPTION_FLAG, 0, NULL, NULL, "with an end to all: let go also what no other node has proved to hold" },
    END };

static const struct option want_list[] = {
    { "topic", OPTION_TEXT, 0, NULL, "ID", "of this topic" },
    END };

static const struct option drop[] = {
    NEEDS("target", "RECORD or ROOT", "whose files, or which file by its root"),
    { "last-copy", OPTION_FLAG, 0, NULL, NULL, "also what no other node has proved to hold" },
    END };

static const struct option gc[] = {
    { "dry-run", OPTION_FLAG, 0, NULL, NULL, "list it, remove nothing" },
    END };

static const struct option health[] = {
    TAKES("project", "PROJECT", "else everything that is held here"),
    { "under", OPTION_FLAG, 0, NULL, NULL, "only files with fewer copies than are wanted" },
    { "limit", OPTION_UINT, 0, NULL, "N", "at most so many items" },
    { "after", OPTION_TEXT, 0, NULL, "CURSOR", "go on where `next` of the last list points" },
    END };

static const struct option copies[] = {
    NEEDS("target", "RECORD", "a record, or the root of a file"),
    { "check", OPTION_FLAG, 0, "@check", NULL, "have who holds it show a random piece of it now" },
    END };

static const struct option record_list[] = {
    { "topic", OPTION_TEXT, 0, NULL, "ID", "of this topic" },
    { "kind", OPTION_TEXT, 0, NULL, "KIND", "of this kind" },
    { "author", OPTION_TEXT, 0, NULL, "PERSON", "of this person" },
    { "since", OPTION_UINT, 0, NULL, "SEQ", "stored here after this number" },
    END };

static const struct option record_raw[] = {
    { "records", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED | OPTION_MANY, "@records", "ID...", "which" },
    END };

static const struct option record_import[] = {
    NEEDS("@file", "FILE", "records as `record raw` prints, or drafts as JSON; - for stdin"),
    END };

static const struct command rows[] = {
    { .noun = "seed", .method = "seed", .options = seed, .run = run_seed, .said = "",
      .help = "pledge room to a project, a person or everybody, and hold what is theirs",
      .more = "The pledge is said to peers, signed by this node, and again in time unless it has an end. Of a person: their own topic, and the projects and requests that they founded or lead, within one quota for all of it. With `all`: everything on the call board, of which archivists hold the files in turns, as many copies of each as are wanted. A pledge ends with `project unfollow` or `person unfollow`, and one to everybody with an --until that has passed.",
      .example = "troupe seed 1f2e3d4c5b6a --quota 200GiB\ntroupe seed all --quota 2TiB --until 2027-12-31" },
    { .noun = "pledge", .verb = "list", .method = "pledge.list", .options = none, .run = run_pledge_list, .columns = "node own scope pledged bytes until_ms",
      .help = "who has pledged room, to whom and until when" },
    { .noun = "want", .verb = "list", .method = "want.list", .options = want_list, .flags = COMMAND_LIST, .columns = "state size done_bytes last_node last_ms next_try_ms tries root",
      .help = "files that are to come, why they are not here, and who had them last",
      .more = "due: asked for next. fetching: on its way. no_room: the disk or a quota is full. no_peer: nobody who holds the project is connected. not_found: who is connected has none of it. What is not to be had is asked for again later and holds up nothing else.",
      .example = "troupe want list\ntroupe want list --topic 1f2e3d4c5b6a7988" },
    { .noun = "health", .method = "health", .options = health, .show = render_health, .flags = COMMAND_LONG,
      .help = "which files are held by whom, and which by too few",
      .more = "A copy counts where a node has signed for it and has shown a random piece of it to this one within 7 days. What nodes only say, and what they could not show, is told apart." },
    { .noun = "copies", .method = "copies", .options = copies, .run = run_copies, .show = render_copies, .flags = COMMAND_LONG,
      .help = "who holds the files of a record, or one file",
      .more = "With --check each node that says so is asked for a piece that it could not know before, and has 20 s to show it. Who cannot be asked is told apart: what nobody has shown counts for nothing.",
      .example = "troupe copies 1f2e3d4c5b6a7988 --check" },

    { .noun = "drop", .method = "drop", .options = drop, .columns = "root size copies",
      .help = "let files go from this disk, and not come back by themselves",
      .more = "They stay known, and come again with: troupe get RECORD. What may be the last copy goes only with --last-copy: others count as having one when this node has challenged them within 7 days.",
      .example = "troupe drop 1f2e3d4c5b6a7988" },
    { .noun = "gc", .method = "gc", .options = gc, .show = render_findings, .flags = COMMAND_JOB,
      .help = "collect files that no record names any more",
      .more = "The daemon does so by itself, some times a day. What was taken in less than a day ago stays: its record may be under way.",
      .example = "troupe gc --dry-run" },

    { .noun = "record", .verb = "list", .method = "record.list", .options = record_list, .flags = COMMAND_LIST, .columns = "seq kind created_ms in_force author id void_reason",
      .help = "records held here" },
    { .noun = "record", .verb = "show", .method = "record.show", .options = record,
      .help = "one record and what became of it" },
    { .noun = "record", .verb = "raw", .method = "record.raw", .options = record_raw, .run = run_record_raw, .flags = COMMAND_NO_JSON,
      .help = "print exact records, one after another" },
    { .noun = "record", .verb = "import", .method = "record.import", .options = record_import, .run = run_record_import, .flags = COMMAND_LONG,
      .help = "take in exact records, or make many of a file",
      .more = "FILE has exact records, one after another, or drafts, a line of JSON each: {\"kind\": \"comment\", \"project\": ID, \"fields\": {\"target\": ID, \"text\": \"...\"}}. Fields are those of --fields; \"topic\" may stand for \"project\", \"listed\" and \"revises\" are as with single records. Each draft is signed, stored and passed on; what is refused is told by its line, and keeps no other from being made.",
      .example = "troupe record import comments.jsonl\ntroupe record raw ID > record; troupe record import record" },
};
/* clang-format on */

const struct commands commands_keep = { rows, sizeof rows / sizeof rows[0] };
