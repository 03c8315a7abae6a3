/* What one does not want here, and what one tells others of it. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option none[] = { END };

static const struct option block[] = {
    NEEDS("person", "PERSON", "whose things you do not want here"),
    { "until", OPTION_TIME, 0, NULL, "TIME", "it ends by itself then" },
    { "reason", OPTION_TEXT, 0, NULL, "TEXT", "why, for yourself; for all if it is shared" },
    { "shareable", OPTION_FLAG, 0, NULL, NULL, "say so in your own topic, for others to read" },
    END };

static const struct option unblock[] = {
    NEEDS("person", "PERSON", "whose things shall come back"),
    END };

static const struct option report[] = {
    TAKES("target", "RECORD", "what it is about"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "or whom" },
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, in a line" },
    { "text", OPTION_TEXT, 0, NULL, "TEXT", "what there is to say besides" },
    END };

static const struct option ruling[] = {
    TAKES("target", "RECORD", "what it hides"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "or all that this person made" },
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, in a line" },
    { "until", OPTION_TIME, 0, NULL, "TIME", "it ends by itself then" },
    { "text", OPTION_TEXT, 0, NULL, "TEXT", "what there is to say besides" },
    END };

static const struct option keeper[] = {
    NEEDS("person", "PERSON", "the keeper"),
    END };

static const struct option keeper_allow[] = {
    NEEDS("target", "RECORD or PERSON", "what you want to see all the same"),
    { "end", OPTION_FLAG, 0, NULL, NULL, "let rulings hide it again" },
    END };

static const struct option contact_allow[] = {
    NEEDS("target", "PERSON or COMMENT or all", "whom you let in: a person, one comment alone, or everybody"),
    { "end", OPTION_FLAG, 0, NULL, NULL, "let them wait again" },
    END };

static const struct option retract[] = {
    NEEDS("record", "RECORD", "a record of your own"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, for everybody" },
    { "keep-title", OPTION_FLAG, 0, NULL, NULL, "let its title be shown where it was used" },
    { "keep-licence", OPTION_FLAG, 0, NULL, NULL, "and its licence" },
    END };

static const struct option takedown[] = {
    NEEDS("target", "RECORD or ROOT", "a record, or a file by its root"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, for yourself" },
    END };

static const struct option takedown_lift[] = {
    NEEDS("target", "RECORD or ROOT", "what may be held again"),
    END };

static const struct command rows[] = {
    { .noun = "block", .verb = "list", .method = "block.list", .options = none, .columns = "name id until_ms reason",
      .help = "whom you have blocked" },
    { .noun = "block", .method = "block", .options = block, .said = "blocked here",
      .help = "keep a person's things away from this machine",
      .more = "They stop being shown, fetched and served, and what is held of them leaves the disk. Credits keep their name. Nobody is told, unless you share it.",
      .example = "troupe block 99aabbccddee --until +30d" },
    { .noun = "unblock", .method = "unblock", .options = unblock, .said = "no longer blocked; their things come back from peers",
      .help = "let a person's things in again" },
    { .noun = "report", .method = "report", .options = report, .said = "said and signed",
      .help = "tell keepers of something wrong",
      .more = "A report is public, and changes nothing by itself." },
    { .noun = "ruling", .method = "ruling", .options = ruling, .said = "said and signed",
      .help = "as a keeper, hide something from those who follow your rulings" },
    { .noun = "contact", .verb = "list", .method = "contact.list", .options = none, .flags = COMMAND_LIST, .columns = "author_name text created_ms author id",
      .help = "comments by strangers on works of yours, which wait for your leave" },
    { .noun = "contact", .verb = "allow", .method = "contact.allow", .options = contact_allow, .said = "done, for this machine",
      .help = "let somebody speak to you about your works",
      .more = "What strangers say about a work, a release or a journal entry of yours is not shown here before you have let them in. A stranger is whom you do not follow, and who leads nothing and has no role in that project, nor is vouched for there. Others see their words all the same.",
      .example = "troupe contact list\ntroupe contact allow 99aabbccddee" },
    { .noun = "contact", .verb = "allowed", .method = "contact.allowed", .options = none, .columns = "name id since_ms",
      .help = "whom you have let in" },
    { .noun = "keeper", .verb = "follow", .method = "keeper.follow", .options = keeper, .said = "their rulings count here from now on",
      .help = "let somebody's rulings hide things here" },
    { .noun = "keeper", .verb = "unfollow", .method = "keeper.unfollow", .options = keeper, .said = "their rulings count no more",
      .help = "show what they hide again" },
    { .noun = "keeper", .verb = "list", .method = "keeper.list", .options = none, .columns = "what name id since_ms",
      .help = "keepers you follow, and what is shown against their rulings" },
    { .noun = "keeper", .verb = "allow", .method = "keeper.allow", .options = keeper_allow, .said = "done, for this machine",
      .help = "see something whatever keepers have ruled" },
    { .noun = "retract", .method = "retract", .options = retract, .said = "taken back; willing nodes erase it",
      .help = "take back what you have made",
      .more = "Its text and files are erased wherever nodes are willing. Its id, your name and what others built on it stay. What others rest on, like releases and choices, cannot be taken back.",
      .example = "troupe retract 1f2e3d4c5b6a7988 --reason \"A voice in it is not mine to give\" --keep-title" },
    { .noun = "takedown", .verb = "list", .method = "takedown.list", .options = none, .columns = "what id since_ms reason",
      .help = "what was taken down here, and why" },
    { .noun = "takedown", .verb = "lift", .method = "takedown.lift", .options = takedown_lift, .said = "it may be held again",
      .help = "end a take-down" },
    { .noun = "takedown", .method = "takedown", .options = takedown, .said = "gone from here, and not held again",
      .help = "erase a record or file here, for good",
      .more = "It is never fetched, served or held here again, whoever brings it, until you lift it. Other nodes decide for themselves." },
};
/* clang-format on */

const struct commands commands_safety = { rows, sizeof rows / sizeof rows[0] };
