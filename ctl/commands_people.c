/* Oneself, other people and their nodes. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option none[] = { END };

static const struct option start[] = {
    { "at-login", OPTION_FLAG, 0, "@at_login", NULL, "and whenever you log in" },
    END };

static const struct option init[] = {
    { "name", OPTION_TEXT, 0, NULL, "NAME", "how you want to be credited" },
    { "node-only", OPTION_FLAG, 0, NULL, NULL, "an archivist's node, without a person" },
    { "words-out", OPTION_PATH, 0, "@words_out", "FILE", "write the 24 words there, into a new file, instead of showing them" },
    { "passphrase-file", OPTION_PATH, 0, "@passphrase_file", "FILE", "seal the key with the first line of this file" },
    { "paper", OPTION_FLAG, 0, NULL, NULL, "keep the key nowhere but in the words" },
    { "no-passphrase", OPTION_FLAG, 0, NULL, NULL, "keep the key unsealed on this machine" },
    END };

static const struct option person_recover[] = {
    { "words-file", OPTION_PATH, OPTION_REQUIRED, "@words_file", "FILE", "the 24 words, in their order" },
    { "passphrase-file", OPTION_PATH, 0, "@passphrase_file", "FILE", "seal the key with the first line of this file" },
    { "paper", OPTION_FLAG, 0, NULL, NULL, "keep the key nowhere but in the words" },
    { "no-passphrase", OPTION_FLAG, 0, NULL, NULL, "keep the key unsealed on this machine" },
    END };

static const struct option person_show[] = {
    TAKES("person", "PERSON", "else yourself"),
    END };

static const struct option person_follow[] = {
    NEEDS("person", "PERSON", "who it is"),
    END };

static const struct option person_unfollow[] = {
    NEEDS("person", "PERSON", "who it is"),
    { "last-copy", OPTION_FLAG, 0, NULL, NULL, "also what no other node has proved to hold" },
    END };

static const struct option person_list[] = {
    TAKES("text", "TEXT", "words that stand in a profile"),
    { "skill", OPTION_TEXT, 0, NULL, "TAG", "who has this skill" },
    { "seeking", OPTION_TEXT, 0, NULL, "TAG", "who seeks this" },
    END };

static const struct option peer_add[] = {
    NEEDS("@peer", "NODE@HOST:PORT", "as the other's `troupe status` shows it"),
    END };

static const struct option peer[] = {
    NEEDS("node", "NODE", "its id"),
    END };

static const struct option invite[] = {
    TAKES("topic", "PROJECT", "the project to invite to"),
    { "expires", OPTION_TIME, 0, "expires_ms", "TIME", "until when it holds" },
    END };

static const struct option join[] = {
    NEEDS("link", "LINK", "what somebody gave you"),
    { "yes", OPTION_FLAG, 0, "@yes", NULL, "do not ask" },
    END };

static const struct command rows[] = {
    { .noun = "init", .method = NULL, .options = init, .run = run_init_person, .show = render_words, .flags = COMMAND_LONG,
      .help = "begin here: make a person, or an archivist's node",
      .more = "Starts the daemon if none runs, makes your keys and shows 24 words once. Whoever has the words is you: write them on paper. Without a passphrase file, --paper or --no-passphrase it asks for a passphrase on a terminal; elsewhere it does as with --paper.",
      .example = "troupe init --name \"Ada Example\"\ntroupe init --node-only" },
    { .noun = "start", .options = start, .run = run_start, .flags = COMMAND_LONG,
      .help = "start the daemon", .said = "the daemon is running" },
    { .noun = "stop", .options = none, .run = run_stop, .flags = COMMAND_LONG,
      .help = "end the daemon", .said = "no daemon is running now" },
    { .noun = "status", .method = "status", .options = none, .show = render_status,
      .help = "what this machine does, on one screen" },

    { .noun = "person", .verb = "recover", .method = NULL, .options = person_recover, .run = run_person_recover, .said = "you are yourself again, on this machine, too", .flags = COMMAND_LONG,
      .help = "be who you are on a new machine, by your 24 words",
      .more = "Makes a key for this machine that your words sign. What you made comes back from those who hold it: connect to one of them and follow your projects.",
      .example = "troupe person recover --words-file words.txt --paper" },
    { .noun = "person", .verb = "show", .method = "person.show", .options = person_show,
      .help = "somebody's profile, or your own" },
    { .noun = "person", .verb = "list", .method = "person.list", .options = person_list, .flags = COMMAND_LIST, .columns = "name skills seeking person",
      .help = "people whose profiles are held here" },
    { .noun = "person", .verb = "follow", .method = "person.follow", .options = person_follow, .said = "followed: their journal and profile are held here from now on",
      .help = "hold what a person says of themselves" },
    { .noun = "person", .verb = "unfollow", .method = "person.unfollow", .options = person_unfollow, .said = "no longer followed",
      .help = "stop to hold it" },
    { .noun = "person", .verb = "edit", .method = "person.edit", .options = none, .flags = COMMAND_EDITS, .kind = "profile", .said = "your profile is updated",
      .help = "change your profile",
      .example = "troupe person edit --bio \"I draw cats\" --skill drawing:teaching --skill ink" },

    { .noun = "peer", .verb = "add", .method = "peer.add", .options = peer_add, .run = run_peer_add,
      .help = "connect to a node whose address you know" },
    { .noun = "peer", .verb = "list", .method = "peer.list", .options = none, .columns = "state node address direction path topics rtt_ms last_error",
      .help = "nodes we know and how it goes with them" },
    { .noun = "peer", .verb = "remove", .method = "peer.remove", .options = peer, .said = "forgotten",
      .help = "forget a node" },
    { .noun = "peer", .verb = "ban", .method = "peer.ban", .options = peer, .said = "banned",
      .help = "refuse a node" },
    { .noun = "invite", .method = "invite.create", .options = invite, .show = render_link,
      .help = "a link that lets somebody join you" },
    { .noun = "join", .method = "invite.show", .options = join, .run = run_join, .said = "",
      .help = "follow somebody's link",
      .more = "Shows who invites, to which network and project, and asks on a terminal." },
};
/* clang-format on */

const struct commands commands_people = { rows, sizeof rows / sizeof rows[0] };
